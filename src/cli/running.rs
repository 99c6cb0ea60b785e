//! `tidings sessions running`: which sessions are at work, wait, or are quiet.

use std::process::ExitCode;

use jiff::Timestamp;
use serde_json::json;
use tidings::flow::answers::Known;
use tidings::flow::{self, RunningSession};
use tidings::session::activity::{Activity, span};

use super::exit::Failure;
use super::{Desk, say};

/// Sessions that are shown; whoever has more is not helped by a list.
const MOST: usize = 200;
/// Characters of a title.
const TITLE: usize = 60;

pub fn running(desk: &Desk, all: bool) -> Result<ExitCode, Failure> {
    let setup = desk.setup()?;
    let mut sessions = flow::running_sessions(&setup, &Known::read(&setup.home)?, all, desk.now)?;
    let total = sessions.len();
    sessions.truncate(MOST);
    if desk.json {
        desk.print_json(&json!({
            "version": 1, "now": desk.now, "total": total, "capped": total > sessions.len(), "sessions": sessions,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    for session in &sessions {
        let id = session.session.split_once(':').map_or(session.session.as_str(), |(_, native)| native);
        let id: String = id.chars().take(8).collect();
        let folder = session.cwd.as_deref().unwrap_or("not read yet");
        let branch = session.branch.as_ref().map(|branch| format!(" ({branch})")).unwrap_or_default();
        say(&format!("{id}  {:<32}  {folder}{branch}", state(session, desk.now)))?;
        if let Some(title) = &session.title {
            let title: String = title.split_whitespace().collect::<Vec<_>>().join(" ");
            say(&format!("    {}", title.chars().take(TITLE).collect::<String>()))?;
        }
    }
    if total == 0 {
        eprintln!("No session was written to in the last twelve hours; `tidings sessions list` has all that are kept.");
    } else if total > sessions.len() {
        eprintln!("{} of {total}.", sessions.len());
    }
    Ok(ExitCode::SUCCESS)
}

fn state(session: &RunningSession, now: Timestamp) -> String {
    let minutes = |since: Timestamp| now.duration_since(since).as_mins().max(0);
    let words = session.activity.words();
    match session.activity {
        Activity::Waiting { since, .. } => format!("{words}, {}", span(minutes(since))),
        Activity::Ended => format!("{words}, written to {} ago", span(minutes(session.written))),
        Activity::Active | Activity::Quiet { .. } => words,
    }
}
