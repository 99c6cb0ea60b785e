//! Sessions in `tidings search` and `show`, and `tidings resume`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use anyhow::anyhow;
use serde_json::{Value, json};
use tidings::flow::ask::{self, Chronicle, Found, FoundSession, Part, SessionLine, TurnHit, TurnPage};
use tidings::session::{Turn, project_of};

use super::args::ShowArgs;
use super::exit::Failure;
use super::search::Style;
use super::{Desk, say};

/// Hits of one session that a search shows.
pub const HITS: usize = 3;

/// Letters of a first prompt that a search shows.
const PROMPT_LETTERS: usize = 160;

/// What is known of sessions beside their turns.
pub struct Known {
    /// By transcript.
    lines: BTreeMap<String, SessionLine>,
    /// The main file's transcript by session, `claude-code:1b0c…`.
    main: BTreeMap<String, String>,
}

impl Known {
    pub fn read(desk: &Desk) -> anyhow::Result<Known> {
        let mut known = Known { lines: BTreeMap::new(), main: BTreeMap::new() };
        for line in ask::session_lines(&desk.home()?)? {
            if line.subagent.is_none() {
                known.main.insert(line.session.to_string(), line.id.to_string());
            }
            known.lines.insert(line.id.to_string(), line);
        }
        Ok(known)
    }

    /// What its main file says of a session.
    fn session(&self, session: &str) -> Option<&SessionLine> {
        self.lines.get(self.main.get(session)?)
    }
}

/// A session that was found, for people who look at a terminal.
pub fn print_session(session: &FoundSession, known: &Known, style: &Style) -> anyhow::Result<()> {
    let line = known.session(&session.session);
    let title = line.and_then(|line| line.title.as_deref()).map(one_line);
    say(&style.strong(title.as_deref().unwrap_or(&session.session)))?;
    let turn = session.hits.first().and_then(|hit| hit.turn.as_ref());
    let at = line.and_then(|line| line.ended).or_else(|| session.hits.first().and_then(|hit| hit.at));
    let at = at.map(|at| at.strftime("%Y-%m-%d %H:%M").to_string());
    let hits = match session.count {
        1 => "1 hit".to_owned(),
        count => format!("{count} hits"),
    };
    let about = [at, folder(line, turn), branch(line, turn), Some(hits), Some(session.session.clone())];
    say(&format!("  {}", about.into_iter().flatten().collect::<Vec<_>>().join(" · ")))?;
    if let Some(prompt) = line.and_then(|line| line.prompt.as_deref()) {
        let prompt = first_letters(prompt);
        if title.as_deref() != Some(prompt.as_str()) {
            say(&format!("  “{prompt}”"))?;
        }
    }
    for hit in &session.hits {
        let role = hit.turn.as_ref().map_or("unreadable", |turn| turn.role.word());
        let tool = hit.turn.as_ref().and_then(|turn| turn.tool.as_deref()).map(|tool| format!(" {tool}"));
        let marked = style.marked(&hit.snippet.text, &hit.snippet.marks);
        say(&format!("    {} {role}{}: {marked}", id(hit), tool.unwrap_or_default()))?;
    }
    say("")
}

/// A session that was found, as JSON: what it is, and its hits.
pub fn session_json(session: &FoundSession, known: &Known) -> (Value, Vec<Value>) {
    let line = known.session(&session.session);
    let turn = session.hits.first().and_then(|hit| hit.turn.as_ref());
    let (agent, native) = split(&session.session);
    let title = line.and_then(|line| line.title.as_deref()).map(one_line);
    let folder = folder(line, turn);
    let about = json!({
        "session": native, "agent": agent, "title": title, "prompt": line.and_then(|line| line.prompt.as_deref()).map(first_letters),
        "project": folder.as_deref().map(project_of), "folder": folder, "branch": branch(line, turn),
        "started": line.and_then(|line| line.started), "ended": line.and_then(|line| line.ended), "hits": session.count,
    });
    let hits = session.hits.iter().map(|hit| {
        let turn = hit.turn.as_ref();
        json!({
            "kind": "turn", "id": id(hit), "title": title, "score": hit.score, "snippet": hit.snippet.text,
            "marks": hit.snippet.marks, "at": hit.at, "session": native, "agent": agent,
            "file": known.lines.get(&hit.transcript).map(|line| line.path.as_str()), "line": hit.line,
            "role": turn.map(|turn| turn.role.word()), "tool": turn.and_then(|turn| turn.tool.as_deref()),
            "project": turn.and_then(Turn::cwd).map(|cwd| project_of(cwd)), "branch": turn.and_then(Turn::branch),
            "model": turn.and_then(Turn::model), "subagent": turn.and_then(|turn| turn.subagent.as_deref()),
        })
    });
    (about, hits.collect())
}

/// What a search must say beside its hits; on stderr.
pub fn remarks(found: &Found) -> Vec<String> {
    let mut remarks = Vec::new();
    if found.in_part {
        remarks.push(
            "these texts of sessions hold a part of the words; quotation marks or AND ask for all of them".to_owned(),
        );
    }
    for (filter, count) in &found.hiding {
        remarks.push(format!("without {filter} there would be {count}"));
    }
    if found.own > 0 {
        remarks.push(format!("{} in the session that asks are left out; --own shows them", found.own));
    }
    if found.untried > 0 {
        remarks.push(format!("the expression was not tried on {} turns; narrow them", found.untried));
    }
    remarks
}

/// Shows turns of a session; None where no session has this id.
pub fn show(desk: &Desk, args: &ShowArgs) -> Result<Option<ExitCode>, Failure> {
    let Some(chronicle) = ask::chronicle(&desk.home()?)? else { return Ok(None) };
    let (name, line) = match args.id.rsplit_once(':') {
        Some((name, line)) if name.starts_with("t-") => (name, line.parse().ok()),
        _ => (args.id.as_str(), None),
    };
    let parts = chronicle.parts(name)?;
    if parts.is_empty() {
        return Ok(None);
    }
    let session = one_session(&parts, name)?;
    let known = Known::read(desk)?;
    let page = match args.around.or(line) {
        Some(line) => Some(TurnPage::Around { line, context: args.context }),
        None => args.all.then_some(TurnPage::All),
    };
    // A line is one of the main file, unless a transcript is named.
    let shown = if matches!(page, Some(TurnPage::Around { .. })) { &parts[..1] } else { &parts[..] };
    let mut files = Vec::new();
    for part in shown {
        files.push((part, page.map(|page| chronicle.read(&part.generation, page)).transpose()?));
    }
    match desk.json {
        true => desk.print_json(&show_json(session, &files, &known, args.bytes))?,
        false => print_parts(session, &files, &known)?,
    }
    Ok(Some(ExitCode::SUCCESS))
}

type File<'a> = (&'a Part, Option<Vec<Turn>>);

/// At most this many bytes of turns, in their order; what does not fit is counted, and `next` is the id of the first that did not.
/// Of a first turn that is too long, the beginning is shown.
fn show_json(session: &str, files: &[File<'_>], known: &Known, most_bytes: usize) -> Value {
    let (agent, native) = split(session);
    let line = known.session(session);
    let mut answer = json!({
        "version": 1, "session": native, "agent": agent, "title": line.and_then(|line| line.title.as_deref()),
        "prompt": line.and_then(|line| line.prompt.as_deref()).map(first_letters),
        "folder": line.and_then(|line| line.cwd.as_deref()), "branch": line.and_then(|line| line.branch.as_deref()),
        "started": line.and_then(|line| line.started), "ended": line.and_then(|line| line.ended),
        "total": 0, "shown": 0, "capped": false, "next": null, "files": [],
    });
    let file = |(part, turns): &File<'_>| {
        let line = known.lines.get(&part.transcript);
        json!({
            "transcript": part.transcript, "file": line.map(|line| line.path.as_str()), "is_subagent": part.is_subagent,
            "subagent": line.and_then(|line| line.subagent.as_deref()), "total": part.turns,
            "turns": turns.as_ref().map(|_| Vec::<Value>::new()),
        })
    };
    let mut parts: Vec<Value> = files.iter().map(file).collect();
    let mut left = most_bytes.saturating_sub(printed_bytes(&answer) + parts.iter().map(printed_bytes).sum::<usize>());
    let (mut total, mut shown, mut next) = (0, 0, Value::Null);
    for (number, (part, turns)) in files.iter().enumerate() {
        for turn in turns.iter().flatten() {
            total += 1;
            if !next.is_null() {
                continue;
            }
            let mut value = turn_json(turn);
            let mut text = turn.text.len();
            while shown == 0 && text > 0 && printed_bytes(&value) > left {
                text = turn.text.floor_char_boundary(text / 2);
                value["text"] = turn.text[..text].into();
                value["text_bytes"] = turn.text.len().into();
            }
            match left.checked_sub(printed_bytes(&value)) {
                Some(rest) => {
                    left = rest;
                    shown += 1;
                    parts[number]["turns"].as_array_mut().expect("it was made as one").push(value);
                }
                None => next = format!("{}:{}", part.transcript, turn.line).into(),
            }
        }
    }
    (answer["total"], answer["shown"]) = (total.into(), shown.into());
    (answer["capped"], answer["next"]) = ((!next.is_null()).into(), next);
    answer["files"] = parts.into();
    answer
}

/// Bytes that a value takes when it is printed inside another, at most.
fn printed_bytes(value: &Value) -> usize {
    /// Deeper than any value here lies.
    const INDENT: usize = 12;
    let printed = serde_json::to_string_pretty(value).unwrap_or_default();
    printed.len() + printed.lines().count() * INDENT + ",\n".len()
}

fn turn_json(turn: &Turn) -> Value {
    json!({
        "line": turn.line, "part": turn.part, "role": turn.role.word(), "tool": turn.tool.as_deref(), "at": turn.at,
        "is_error": turn.is_error, "model": turn.model(), "branch": turn.branch(), "folder": turn.cwd(),
        "subagent": turn.subagent.as_deref(), "text": turn.text,
    })
}

fn print_parts(session: &str, files: &[File<'_>], known: &Known) -> anyhow::Result<()> {
    let line = known.session(session);
    let title = line.and_then(|line| line.title.as_deref()).map(one_line);
    say(&Style::for_stdout().strong(title.as_deref().unwrap_or(session)))?;
    let at = line.and_then(|line| line.started).map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string());
    let about = [Some(session.to_owned()), at, folder(line, None), branch(line, None)];
    say(&about.into_iter().flatten().collect::<Vec<_>>().join(" · "))?;
    for (part, turns) in files {
        let path = known.lines.get(&part.transcript).map(|line| format!(" · {}", line.path)).unwrap_or_default();
        let of = if part.is_subagent { " · a subagent's" } else { "" };
        say(&format!("\n{} · {} turns{of}{path}", part.transcript, part.turns))?;
        for turn in turns.iter().flatten() {
            let at = turn.at.map(|at| at.strftime(" · %Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default();
            let tool = turn.tool.as_deref().map(|tool| format!(" {tool}")).unwrap_or_default();
            let failed = if turn.is_error { " · failed" } else { "" };
            say(&format!("\n--- {} {}{tool}{failed}{at}\n{}", turn.line, turn.role.word(), turn.text.trim_end()))?;
        }
    }
    if files.iter().all(|(_, turns)| turns.is_none()) {
        eprintln!("\n--all shows every turn, --around LINE those around a line");
    }
    Ok(())
}

/// Prints what takes a session up again.
pub fn resume(desk: &Desk, id: &str) -> Result<ExitCode, Failure> {
    let unknown = || {
        Failure::Wrong(format!("no session has the id `{id}`; `tidings search` prints ids, and a beginning will do"))
    };
    let chronicle = ask::chronicle(&desk.home()?)?.ok_or_else(unknown)?;
    let name = if id.starts_with("t-") { id.split(':').next().unwrap_or(id) } else { id };
    let named = chronicle.parts(name)?;
    if named.is_empty() {
        return Err(unknown());
    }
    // A subagent is taken up with the session that called it.
    let session = one_session(&named, name)?;
    let known = Known::read(desk)?;
    let line = known.session(session);
    let (agent, native) = split(session);
    let program = match agent {
        "claude-code" => "claude --resume",
        "codex" => "codex resume",
        _ => return Err(anyhow!("{session} is no session of an agent; it cannot be taken up again").into()),
    };
    let folder = match line.and_then(|line| line.cwd.clone()) {
        Some(folder) => Some(folder),
        None => last_folder(&chronicle, session)?,
    };
    let is_there = folder.as_ref().is_none_or(|folder| Path::new(folder).is_dir());
    let start = format!("{program} {}", quoted(native));
    let command = match &folder {
        Some(folder) => format!("cd {} && {start}", quoted(folder)),
        None => start,
    };
    let is_gone = line.is_some_and(|line| line.gone.is_some());
    if desk.json {
        desk.print_json(&json!({
            "version": 1, "session": native, "agent": agent, "folder": folder, "folder_exists": is_there,
            "transcript_exists": !is_gone, "command": command,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    say(&command)?;
    if let Some(folder) = folder.filter(|_| !is_there) {
        eprintln!("tidings: the folder {folder} is gone; make it again, or resume from another");
    }
    if is_gone {
        eprintln!("tidings: the agent's own file of this session is gone; `tidings show {native} --all` still has it");
    }
    Ok(ExitCode::SUCCESS)
}

/// Where the session last worked, as its turns say.
fn last_folder(chronicle: &Chronicle, session: &str) -> anyhow::Result<Option<String>> {
    let parts = chronicle.parts(session)?;
    let Some(main) = parts.iter().find(|part| part.session == session) else { return Ok(None) };
    let turns = chronicle.read(&main.generation, TurnPage::Around { line: u64::MAX, context: 20 })?;
    Ok(turns.iter().rev().find_map(Turn::cwd).cloned())
}

/// The one session of these files.
fn one_session<'a>(parts: &'a [Part], typed: &str) -> Result<&'a str, Failure> {
    let mut sessions: Vec<&str> = parts.iter().map(|part| part.session.as_str()).collect();
    sessions.dedup();
    let is_typed = |session: &&&str| **session == typed || split(session).1 == typed;
    match &sessions[..] {
        [one] => Ok(one),
        many => many.iter().find(is_typed).copied().ok_or_else(|| {
            let first: Vec<&str> = many.iter().take(5).copied().collect();
            Failure::Wrong(format!("{} sessions begin with `{typed}`: {}, …", many.len(), first.join(", ")))
        }),
    }
}

fn id(hit: &TurnHit) -> String {
    format!("{}:{}", hit.transcript, hit.line)
}

/// `claude-code:1b0c…` in its two parts.
fn split(session: &str) -> (&str, &str) {
    session.split_once(':').unwrap_or(("", session))
}

fn folder(line: Option<&SessionLine>, turn: Option<&Turn>) -> Option<String> {
    line.and_then(|line| line.cwd.clone()).or_else(|| turn.and_then(Turn::cwd).cloned())
}

fn branch(line: Option<&SessionLine>, turn: Option<&Turn>) -> Option<String> {
    line.and_then(|line| line.branch.clone()).or_else(|| turn.and_then(Turn::branch).cloned())
}

fn one_line(text: &str) -> String {
    first_letters(text)
}

/// The beginning of a text, on one line.
fn first_letters(text: &str) -> String {
    let mut words = String::new();
    for word in text.split_whitespace() {
        if words.len() > PROMPT_LETTERS * 4 {
            break;
        }
        words.push_str(if words.is_empty() { "" } else { " " });
        words.push_str(word);
    }
    match words.char_indices().nth(PROMPT_LETTERS) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}

/// A word as a POSIX shell takes it literally.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+:@%=,".contains(letter);
    match !word.is_empty() && !word.starts_with(['-', '=']) && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_word_reaches_the_program_as_it_is() {
        for word in
            ["/home/ada/atlas", "/home/ada/my folder", "it's", "$(rm -rf x)", "`x`", "a\"b", "", "東京", "a\nb", "~x"]
        {
            let shell = std::process::Command::new("sh").args(["-c", &format!("printf %s {}", quoted(word))]).output();
            assert_eq!(String::from_utf8(shell.unwrap().stdout).unwrap(), word);
        }
    }
}
