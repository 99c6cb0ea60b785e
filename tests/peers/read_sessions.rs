//! Reads every transcript below a folder and tells what was met: `tests/peers/run sessions FOLDER`.
//!
//! Where the folder has `needles.jsonl` and `truth.json`, each planted text must stand in a turn of the right session, line, slot
//! and setting, and the tokens must be those of the truth. It leaves with 1 where one of them is not, or reading panicked.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tidings::read::session::{self, Kind};
use tidings::session::{Agent, Counts, Facts, Memory, Role, Spent, Trouble, Turn};

#[derive(Default)]
struct Found {
    files: u64,
    bytes: u64,
    text_bytes: u64,
    /// Of the processor, for reading alone.
    spent_reading: Duration,
    roles: BTreeMap<Role, u64>,
    counts: Counts,
    abandoned: u64,
    /// Files that give other turns when they are read in pieces.
    differ: usize,
    spent: HashMap<(Agent, Box<str>), Spent>,
    facts: HashMap<String, Facts>,
    /// By file, relative to the folder.
    turns: HashMap<String, Vec<Turn>>,
    /// Outputs stored apart, by file name, with the turn that names them.
    apart: HashMap<String, Turn>,
}

fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).expect("usage: read-sessions FOLDER"));
    let mut files = Vec::new();
    walk(&folder, &mut files);
    files.sort();
    let needles = std::fs::read_to_string(folder.join("needles.jsonl")).ok();
    let mut found = Found::default();
    // Main files first: they name what is stored apart.
    files.sort_by_key(|file| file.components().any(|part| part.as_os_str() == "tool-results"));
    for file in &files {
        read(&folder, file, needles.is_some(), &mut found);
    }
    tell(&found);
    let mut wrong =
        found.counts.damaged.iter().filter(|damage| damage.trouble == Trouble::Unreadable).count() + found.differ;
    if let Some(needles) = needles {
        wrong += check_needles(&folder, &needles, &found);
        wrong += check_truth(&folder, &found);
    }
    std::process::exit(i32::from(wrong > 0));
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            walk(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// What this thread had of a processor so far: others may be at work on the machine. Zero where the system does not tell.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0))
}

/// The path below the last folder of projects, which is where a source begins.
fn below_root(path: &Path) -> PathBuf {
    let parts: Vec<_> = path.components().collect();
    match parts.iter().rposition(|part| part.as_os_str() == "projects") {
        Some(at) => parts[at + 1..].iter().collect(),
        None => path.file_name().map(PathBuf::from).unwrap_or_default(),
    }
}

fn read(folder: &Path, path: &Path, keep: bool, found: &mut Found) {
    let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
    if ["needles.jsonl", "secrets.jsonl", "truth.json"].contains(&name.as_str()) {
        return;
    }
    let is_codex = name.to_lowercase().contains("codex") || name.contains("rollout-");
    let agent = if is_codex { Agent::Codex } else { Agent::ClaudeCode };
    let place = session::place(agent, &below_root(path));
    let is_lines = path.extension().is_some_and(|extension| extension == "jsonl");
    let subagent = match place {
        Some(place) => match place.kind {
            Kind::Errand => return,
            Kind::Apart(file) => return read_apart(path, name, &file, found),
            _ => place.subagent,
        },
        None if is_lines => None,
        None => return,
    };
    let bytes = std::fs::read(path).unwrap();
    let mut memory = Memory::new(subagent.as_deref());
    let started = processor_time();
    let passage = session::read(agent, &bytes, 1, &mut memory);
    found.spent_reading += processor_time() - started;
    found.files += 1;
    found.bytes += bytes.len() as u64;
    if !is_same_in_pieces(agent, &bytes, subagent.as_deref(), &passage.turns) {
        println!("differs when it is read in pieces: {name}");
        found.differ += 1;
    }
    for turn in &passage.turns {
        found.text_bytes += turn.text.len() as u64;
        *found.roles.entry(turn.role).or_default() += 1;
        if let Some(file) = turn.apart.as_deref().filter(|_| keep) {
            found.apart.insert(file.to_owned(), turn.clone());
        }
    }
    for spent in passage.spent {
        found.spent.entry((agent, spent.message.clone())).and_modify(|before| before.join(&spent)).or_insert(spent);
    }
    found.abandoned += passage.facts.abandoned.len() as u64;
    if passage.counts.unknown.values().sum::<u64>() > 0 && std::env::var_os("WHERE").is_some() {
        eprintln!("{name}: {:?}", passage.counts.unknown);
    }
    found.counts.merge(passage.counts);
    if keep {
        found.turns.insert(name.clone(), passage.turns);
        found.facts.insert(name, passage.facts);
    }
}

/// Whether a file gives the same turns when it is read in ten pieces, as it might have grown.
fn is_same_in_pieces(agent: Agent, bytes: &[u8], subagent: Option<&str>, whole: &[Turn]) -> bool {
    let mut memory = Memory::new(subagent);
    let (mut line, mut seen, mut rest) = (1, 0, bytes);
    while !rest.is_empty() {
        let wanted = (bytes.len() / 10).min(rest.len() - 1);
        let end =
            rest[wanted..].iter().position(|byte| *byte == b'\n').map_or(rest.len(), |length| wanted + length + 1);
        let (piece, after) = rest.split_at(end);
        let turns = session::read(agent, piece, line, &mut memory).turns;
        if whole.get(seen..seen + turns.len()) != Some(&turns[..]) {
            return false;
        }
        seen += turns.len();
        line += piece.iter().filter(|byte| **byte == b'\n').count() as u64;
        rest = after;
    }
    seen == whole.len()
}

fn read_apart(path: &Path, name: String, file: &str, found: &mut Found) {
    let bytes = std::fs::read(path).unwrap();
    let started = processor_time();
    let text = session::apart(&bytes);
    found.spent_reading += processor_time() - started;
    found.files += 1;
    found.bytes += bytes.len() as u64;
    if let (Some(text), Some(owner)) = (text, found.apart.get(file)) {
        found.turns.insert(name, vec![owner.whole(text)]);
    }
}

fn tell(found: &Found) {
    let seconds = found.spent_reading.as_secs_f64();
    println!(
        "{} files, {:.1} MB, {} lines, read in {seconds:.2} s of processor: {:.0} MB/s; {:.1} MB of text",
        found.files,
        found.bytes as f64 / 1e6,
        found.counts.lines,
        found.bytes as f64 / 1e6 / seconds,
        found.text_bytes as f64 / 1e6,
    );
    println!("read in ten pieces: {} of {} files give other turns", found.differ, found.files);
    for (role, turns) in &found.roles {
        println!("  {:12} {turns}", role.word());
    }
    println!("unknown: {:?}", found.counts.unknown);
    let mut troubles: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for damage in &found.counts.damaged {
        troubles.entry(damage.trouble.words()).or_default().push(damage.line);
    }
    println!("damaged: {troubles:?}, and {} more", found.counts.more_damaged);
    println!(
        "repeated {}, data {} ({:.1} MB), abandoned {} times",
        found.counts.repeated,
        found.counts.data,
        found.counts.data_bytes as f64 / 1e6,
        found.abandoned
    );
    for agent in Agent::ALL {
        let sum = sums(found, agent);
        if sum != [0; 4] {
            println!(
                "{}: input {}, output {}, cache writes {}, cache reads {}",
                agent.word(),
                sum[0],
                sum[1],
                sum[2],
                sum[3]
            );
        }
    }
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
        println!(
            "peak memory, with all turns kept where there are needles: {}",
            peak.trim_start_matches("VmHWM:").trim()
        );
    }
}

fn sums(found: &Found, agent: Agent) -> [u64; 4] {
    let mut sum = [0; 4];
    for ((_, _), spent) in found.spent.iter().filter(|((of, _), _)| *of == agent) {
        sum[0] += spent.input;
        sum[1] += spent.output;
        sum[2] += spent.cache_write_5m + spent.cache_write_1h;
        sum[3] += spent.cache_read;
    }
    sum
}

fn check_needles(folder: &Path, needles: &str, found: &Found) -> usize {
    let (mut all, mut wrong) = (0, 0);
    let truth: Value = serde_json::from_slice(&std::fs::read(folder.join("truth.json")).unwrap()).unwrap();
    for line in needles.lines() {
        let needle: Value = serde_json::from_str(line).unwrap();
        all += 1;
        if let Err(why) = find(&needle, &truth["chaos"], found) {
            wrong += 1;
            println!("missed: {why}: {line}");
        }
    }
    println!("needles: {} of {all}", all - wrong);
    wrong
}

fn find(needle: &Value, damage: &Value, found: &Found) -> Result<(), String> {
    let text = |name: &str| needle[name].as_str();
    let file = text("file").unwrap();
    let turns = found.turns.get(file).ok_or("no turns of that file")?;
    let query = text("query").unwrap();
    let holding: Vec<&Turn> = turns.iter().filter(|turn| turn.text.contains(query)).collect();
    // Where twenty lines were doubled after the truth was written, those below stand lower.
    let is_moved = damage.as_array().unwrap().iter().any(|one| one[0] == "duplicate_block" && one[1] == file);
    let is_there = |turn: &Turn, line: u64| turn.line == line || (is_moved && turn.line == line + 20);
    let turn = holding
        .iter()
        .find(|turn| needle["line"].as_u64().is_none_or(|line| is_there(turn, line)))
        .ok_or_else(|| format!("not in that line, but in {} turns", holding.len()))?;
    let roles: &[Role] = match (text("slot").unwrap(), text("role").unwrap()) {
        ("user" | "queued", _) => &[Role::Prompt],
        ("assistant", _) | ("subagent", "assistant") => &[Role::Answer],
        ("subagent", "user") => &[Role::Task],
        ("thinking", _) => &[Role::Thinking],
        ("tool_input", _) => &[Role::ToolCall],
        ("tool_result" | "persisted", _) => &[Role::ToolOutput],
        (slot, _) => return Err(format!("a slot {slot}")),
    };
    let session = session_of(file);
    let spoken = turns.iter().find_map(|turn| turn.model());
    let same = [
        ("role", roles.contains(&turn.role)),
        ("tool", text("tool") == turn.tool.as_deref()),
        // Before the first answer nobody has spoken yet.
        ("model", turn.model().or(spoken) == text("model") || turns.len() == 1),
        ("branch", turn.branch().map(String::as_str) == text("branch")),
        ("version", turn.version() == text("version")),
        ("project", turn.cwd().map(String::as_str) == text("project")),
        ("uuid", text("uuid") == turn.uuid.as_deref()),
        ("timestamp", text("timestamp").and_then(|at| at.parse().ok()) == turn.at),
        ("session", text("session") == Some(session)),
        ("in_subagent", needle["in_subagent"].as_bool() == Some(turn.subagent.is_some())),
    ];
    match same.iter().find(|(_, is_same)| !is_same) {
        Some((what, _)) => Err(format!("its {what} differs: {:?} {:?} {:?}", turn.role, turn.tool, turn.setting)),
        None => Ok(()),
    }
}

/// As the place of a file says it.
fn session_of(file: &str) -> &str {
    let below = file.rsplit_once("projects/").map_or(file, |(_, below)| below);
    let place = session::place(Agent::ClaudeCode, Path::new(below));
    let session = place.and_then(|place| place.session).unwrap_or_default();
    below.split(['/', '.']).find(|part| *part == session).unwrap_or_default()
}

fn check_truth(folder: &Path, found: &Found) -> usize {
    let truth: Value = serde_json::from_slice(&std::fs::read(folder.join("truth.json")).unwrap()).unwrap();
    let names = ["input", "output", "cache_creation", "cache_read"];
    let expected = names.map(|name| truth["tokens_dedup"][name].as_u64().unwrap());
    let sum = sums(found, Agent::ClaudeCode);
    let is_same = sum == expected;
    println!("tokens {}: {sum:?}, truth {expected:?}", if is_same { "equal" } else { "DIFFER" });
    println!("planted damage: {}; the half line is in the truth with what it cost, if it is an answer", truth["chaos"]);
    usize::from(!is_same)
}
