//! What a lab's sessions are read from, how they are scrubbed, and how long Claude Code keeps them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use tidings::config::{Config, SessionSource};
use tidings::flow::{self, ask};
use tidings::guard::scrub::Rules;
use tidings::home::Home;
use tidings::session::{Agent, Format};

use super::Findings;
use crate::cli::install::claude_code;
use crate::cli::install::place::Surroundings;
use crate::cli::run::count;

/// Claude Code deletes transcripts that nothing was written to for so many days, unless its settings say otherwise.
const USUAL_DAYS: i64 = 30;

/// What goes within this time is worth a word today.
const SOON_DAYS: i64 = 7;

/// A folder of sessions as it lies there now.
pub fn session_folder(source: &SessionSource, found: &mut Findings) {
    let name = &source.name;
    let Some(folder) = flow::look_at_sessions(source) else {
        let what = format!("{name}: {} is not there, or is empty", source.folder.display());
        return found.advice(what, "the path in sources.toml; what was read of it before stays");
    };
    if folder.transcripts == 0 && folder.others > 0 {
        let others = count(folder.others, "file");
        let what =
            format!("{name}: no transcript, but {others} in JSON Lines elsewhere below {}", source.folder.display());
        return found.advice(what, "the folder that holds the projects: ~/.claude/projects, ~/.codex/sessions");
    }
    let mut what = format!("{name}: {}", count(folder.transcripts, "transcript"));
    if folder.half > 0 {
        what.push_str(&format!("; {} at an end, waiting for the rest", count(folder.half, "half line")));
    }
    if folder.links > 0 {
        what.push_str(&format!("; {} passed over", count(folder.links, "link")));
    }
    found.fine(what);
    if let Some((path, why)) = folder.unread.first() {
        let unread = count(folder.unread.len(), "file");
        let what = format!("{name}: {unread} or folders can't be read, first {} ({why})", path.display());
        found.advice(what, "make them readable for this user; what was read of them before stays");
    }
}

/// What was met in transcripts: their number, damage, records of unknown types, and secrets that were taken out.
pub fn sessions(home: &Home, found: &mut Findings) {
    let lines = match ask::session_lines(home) {
        Ok(lines) if lines.is_empty() => return,
        Ok(lines) => lines,
        Err(error) => return found.broken(format!("{error:#}"), "tidings run"),
    };
    let all = |of: fn(&ask::SessionLine) -> &BTreeMap<String, u64>| {
        let mut sum: BTreeMap<&str, u64> = BTreeMap::new();
        for (word, times) in lines.iter().flat_map(of) {
            *sum.entry(word).or_default() += times;
        }
        sum.iter().map(|(word, times)| format!("{word} {times}")).collect::<Vec<_>>().join(", ")
    };
    found.fine(count(lines.len(), "transcript") + " of sessions");
    let (damaged, unknown) = (all(|line| &line.damaged), all(|line| &line.unknown));
    if !damaged.is_empty() {
        found.fine(format!("damaged lines in transcripts: {damaged}; what else they say was read"));
    }
    if !unknown.is_empty() {
        found.fine(format!("records of types that this version does not know: {unknown}"));
    }
    let redacted = all(|line| &line.redacted);
    if !redacted.is_empty() {
        found.fine(format!("secrets taken out of sessions, by rule: {redacted}"));
    }
}

/// The lab's own rules for what is a secret, and what of them is not used.
pub fn rules(home: &Home, config: &Config, found: &mut Findings) {
    if config.scrub_rules.is_empty() {
        return;
    }
    // Mistakes were told where the files were read.
    let Ok((rules, notes)) = flow::scrub_rules(home, config) else { return };
    let files: Vec<String> = config.scrub_rules.iter().map(|path| path.display().to_string()).collect();
    let all = count(rules.len(), "rule");
    found.fine(format!("{all} for what is a secret, with those of {}", files.join(", ")));
    let ours = Rules::shipped();
    let off: Vec<&str> = ours.ids().filter(|id| rules.ids().all(|known| known != *id)).collect();
    if !off.is_empty() {
        found.fine(format!("rules of tidings that {} switched off: {}", files.join(", "), off.join(", ")));
    }
    for note in &notes {
        found.advice(format!("{}:{}: {}", note.file, note.line, note.message), &note.remedy);
    }
}

/// What Claude Code will delete soon, and what of that has not been taken in as it is now.
pub fn sweep(home: &Home, sources: &[SessionSource], now: Timestamp, found: &mut Findings) {
    let claude: Vec<&SessionSource> =
        sources.iter().filter(|source| source.format == Format::Of(Agent::ClaudeCode)).collect();
    let Some((servers, settings)) = Surroundings::look().claude_code().filter(|_| !claude.is_empty()) else { return };
    let text = fs::read_to_string(&settings).unwrap_or_default();
    let days = days_kept(&text);
    let soon = SignedDuration::from_hours(24 * (days - SOON_DAYS).max(0));
    let lines = ask::session_lines(home).unwrap_or_default();
    let known: BTreeSet<PathBuf> = lines.iter().map(|line| PathBuf::from(&line.path)).collect();
    let last = ask::status(home).ok().flatten().map(|status| status.at);
    let (mut going, mut unread) = (0, 0);
    for source in claude {
        for (path, changed) in transcripts(&source.folder) {
            if now.duration_since(changed) < soon {
                continue;
            }
            going += 1;
            let below = path.strip_prefix(&source.folder).unwrap_or(&path);
            let is_known = known.contains(&path) || known.contains(below);
            unread += usize::from(!is_known || last.is_none_or(|last| changed > last));
        }
    }
    let going = count(going, "transcript");
    match unread {
        0 => found.fine(format!(
            "Claude Code keeps transcripts for {days} days: {going} will go within a week, all taken in"
        )),
        _ => {
            let what = format!(
                "Claude Code keeps transcripts for {days} days: {going} will go within a week, {unread} of them not yet taken in"
            );
            found.broken(
                what,
                "`tidings run` takes them in now; cleanupPeriodDays in Claude Code's settings keeps them longer",
            );
        }
    }
    let servers = fs::read_to_string(servers).unwrap_or_default();
    match claude_code::registered(&servers) {
        true => found.fine("Claude Code knows tidings as an MCP server".to_owned()),
        false => found.advice(
            "Claude Code does not know tidings as an MCP server".to_owned(),
            "tidings install claude-code --yes",
        ),
    }
    let events = claude_code::hooked(&text, home.folder());
    match events.contains(&"SessionEnd") {
        true => found.fine(format!("hooks of Claude Code tell of {}", events.join(", "))),
        false => {
            let what = "no hook takes a session in when it ends; a run does so within the hour".to_owned();
            found.advice(what, "tidings install claude-code --hooks --yes");
        }
    }
}

/// `cleanupPeriodDays` of Claude Code's settings.
fn days_kept(settings: &str) -> i64 {
    let value: serde_json::Value = serde_json::from_str(settings).unwrap_or_default();
    value["cleanupPeriodDays"].as_i64().filter(|days| *days >= 0).unwrap_or(USUAL_DAYS)
}

/// Every transcript below a folder, and when it was last written.
fn transcripts(folder: &Path) -> Vec<(PathBuf, Timestamp)> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let (Ok(there), path) = (entry.metadata(), entry.path()) else { continue };
            if there.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "jsonl")
                && let Some(changed) = there.modified().ok().and_then(|changed| Timestamp::try_from(changed).ok())
            {
                files.push((path, changed));
            }
        }
    }
    files
}
