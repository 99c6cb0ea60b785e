//! `tidings sessions`: what is kept of sessions, forgetting one, and scrubbing again.

use std::collections::BTreeMap;
use std::process::ExitCode;

use serde_json::json;
use tidings::flow::{self, ask};

use super::args::SessionsCommand;
use super::exit::Failure;
use super::run::count;
use super::{Desk, running, say, sharing, usage};

/// Characters of a title in the list.
const TITLE: usize = 60;

pub fn sessions(desk: &Desk, command: SessionsCommand) -> Result<ExitCode, Failure> {
    match command {
        SessionsCommand::List { limit } => list(desk, limit),
        SessionsCommand::Running { all } => running::running(desk, all),
        SessionsCommand::Usage(args) => usage::usage(desk, &args),
        SessionsCommand::Forget { id } => forget(desk, &id),
        SessionsCommand::Scrub => scrub(desk),
        SessionsCommand::Share(args) => sharing::share(desk, args),
        SessionsCommand::Unshare(scope) => sharing::unshare(desk, scope),
    }
}

/// A session with its subagents on one line, the latest first.
fn list(desk: &Desk, limit: usize) -> Result<ExitCode, Failure> {
    let lines = ask::session_lines(&desk.home()?)?;
    let mut sessions: BTreeMap<String, Vec<&ask::SessionLine>> = BTreeMap::new();
    for line in &lines {
        sessions.entry(line.session.to_string()).or_default().push(line);
    }
    let mut sessions: Vec<_> = sessions.into_iter().collect();
    sessions.sort_by_key(|(_, lines)| std::cmp::Reverse(lines.iter().filter_map(|line| line.ended).max()));
    let total = sessions.len();
    sessions.truncate(limit);
    if desk.json {
        let shown: Vec<_> = sessions
            .iter()
            .map(|(id, lines)| {
                let main = main_of(lines);
                json!({
                    "session": id, "source": main.source, "title": main.title, "prompt": main.prompt, "cwd": main.cwd,
                    "branch": main.branch, "owner": main.owner, "host": main.host,
                    "started": lines.iter().filter_map(|line| line.started).min(),
                    "ended": lines.iter().filter_map(|line| line.ended).max(),
                    "turns": lines.iter().map(|line| line.turns).sum::<u64>(),
                    "gone": main.gone,
                    "transcripts": lines.iter().map(|line| json!({
                        "id": line.id, "subagent": line.subagent, "path": line.path, "turns": line.turns,
                    })).collect::<Vec<_>>(),
                })
            })
            .collect();
        let capped = total > shown.len();
        desk.print_json(&json!({ "version": 1, "total": total, "capped": capped, "sessions": shown }))?;
        return Ok(ExitCode::SUCCESS);
    }
    for (id, lines) in &sessions {
        let main = main_of(lines);
        let ended = lines.iter().filter_map(|line| line.ended).max();
        let day = ended.map_or("-".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M").to_string());
        let turns = lines.iter().map(|line| line.turns).sum::<u64>();
        let gone = if main.gone.is_some() { ", its file is gone" } else { "" };
        let subagents = match lines.len() - 1 {
            0 => String::new(),
            more => format!(", {}", count(more, "subagent")),
        };
        say(&format!("{id}  {day}  {}{subagents}{gone}", count(turns as usize, "turn")))?;
        if let Some(title) = &main.title {
            let title: String = title.split_whitespace().collect::<Vec<_>>().join(" ");
            say(&format!("    {}", title.chars().take(TITLE).collect::<String>()))?;
        }
        if let Some(cwd) = &main.cwd {
            say(&format!("    {cwd}"))?;
        }
    }
    if total == 0 {
        eprintln!("No sessions yet: name a folder of them in sources.toml, with from.sessions, and run `tidings run`.");
    } else if total > sessions.len() {
        eprintln!("{} of {}; `--limit` shows more.", sessions.len(), count(total, "session"));
    }
    Ok(ExitCode::SUCCESS)
}

/// The session's own transcript, if there is one.
fn main_of<'l>(lines: &[&'l ask::SessionLine]) -> &'l ask::SessionLine {
    lines.iter().find(|line| line.subagent.is_none()).unwrap_or(&lines[0])
}

fn forget(desk: &Desk, id: &str) -> Result<ExitCode, Failure> {
    let forgotten = flow::forget_session(&desk.home()?, id, desk.now)?;
    if forgotten.transcripts.is_empty() {
        return Err(Failure::Wrong(format!("no session has the id `{id}`; `tidings sessions list` names them")));
    }
    if desk.json {
        desk.print_json(&json!({ "version": 1, "forgotten": forgotten }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let (transcripts, turns) =
        (count(forgotten.transcripts.len(), "transcript"), count(forgotten.turns as usize, "turn"));
    say(&format!(
        "Forgotten: {transcripts} with {turns}. The agent's own file was not touched, and is not read again."
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn scrub(desk: &Desk) -> Result<ExitCode, Failure> {
    let (transcripts, taken) = flow::scrub_sessions(&desk.setup()?, desk.now)?;
    if desk.json {
        desk.print_json(&json!({ "version": 1, "transcripts": transcripts, "redacted": taken }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let secrets = count(taken.values().sum::<u64>() as usize, "secret");
    say(&format!("{} scrubbed again by the present rules; {secrets} taken out.", count(transcripts, "transcript")))?;
    Ok(ExitCode::SUCCESS)
}
