//! `tidings lessons friction --mine`: what one keeps correcting, for one's own eyes.

use std::process::ExitCode;

use jiff::civil::Date;
use jiff::{Span, Timestamp};
use serde_json::json;
use tidings::flow::habits::{self, Friction, FrictionKind, NotYours, Own, Rub};

use super::super::args::FrictionArgs;
use super::super::exit::Failure;
use super::super::run::count;
use super::super::wrap::{WIDTH, wrapped};
use super::super::{Desk, say};

/// Of each kind that a person is shown at once, unless --all is given.
const SHOWN: usize = 7;
/// Of JSON.
const MOST: usize = 100;
/// Columns of "12× in 3 sessions, 2 days", with the space before them.
const FIGURES: usize = 31;

pub fn friction(desk: &Desk, args: &FrictionArgs) -> Result<ExitCode, Failure> {
    if !args.mine {
        let why = "friction is shown to its owner alone, so --mine has to be said; nobody else's is ever shown";
        return Err(Failure::Wrong(why.to_owned()));
    }
    let setup = desk.setup()?;
    let since = args.days.map(|days| days_before(desk.now, days)).transpose()?;
    let Own { told, unread, left_out } = habits::friction(&setup, since).map_err(not_yours)?;
    let zone = &setup.config.schedule.zone;
    let since = since.map(|since| zone.to_datetime(since).date());
    match desk.json {
        true => print_json(desk, &told, since)?,
        false => print(&told, since, args.all)?,
    }
    remarks(unread, left_out);
    Ok(ExitCode::SUCCESS)
}

/// What is not the asker's is a wrong use, and no failure of the program.
pub(super) fn not_yours(error: anyhow::Error) -> Failure {
    match error.downcast_ref::<NotYours>() {
        Some(why) => Failure::Wrong(why.to_string()),
        None => error.into(),
    }
}

pub(super) fn remarks(unread: usize, left_out: usize) {
    if unread > 0 {
        eprintln!("{} could not be read to the end; a run may be writing.", count(unread, "transcript"));
    }
    if left_out > 0 {
        eprintln!("{} of others, or of sources that are no longer named, left out.", count(left_out, "session"));
    }
}

fn days_before(now: Timestamp, days: u16) -> Result<Timestamp, Failure> {
    let span = Span::new().hours(i64::from(days) * 24);
    now.checked_sub(span).map_err(|_| Failure::Wrong(format!("there is no time {days} days ago")))
}

const KINDS: [(FrictionKind, &str, &str); 5] = [
    (FrictionKind::Denied, "denied", "You did not let these run"),
    (FrictionKind::Correction, "correction", "You typed these after an agent's turn"),
    (FrictionKind::Error, "error", "These errors came back"),
    (FrictionKind::RuledOut, "ruled-out", "Your settings denied these"),
    (FrictionKind::Waited, "waited", "These waited for leave"),
];

fn print(friction: &Friction, since: Option<Date>, all: bool) -> Result<(), Failure> {
    let span = since.map_or(String::new(), |since| format!(" since {since}"));
    let sessions = count(friction.sessions, "session");
    if friction.rubs.is_empty() {
        say(&format!("Nothing came up in two sessions or more, of {sessions}{span}."))?;
        return Ok(());
    }
    let told = "It is shown here and nowhere else. Below each stands a draft for CLAUDE.md; behind a ? you know better what to write.";
    for line in wrapped(&format!("What came up again and again in {sessions} of yours{span}. {told}"), WIDTH) {
        say(&line)?;
    }
    for (kind, _, heading) in KINDS {
        let rubs: Vec<&Rub> = friction.rubs.iter().filter(|rub| rub.kind == kind).collect();
        if rubs.is_empty() {
            continue;
        }
        say(&format!("\n{heading}"))?;
        let shown = if all { rubs.len() } else { SHOWN };
        for rub in rubs.iter().take(shown) {
            for line in lines(rub) {
                say(&line)?;
            }
        }
        if rubs.len() > shown {
            say(&format!("  … and {} more; --all shows them", rubs.len() - shown))?;
        }
    }
    if friction.once > 0 {
        let more = if friction.once == 1 { "is" } else { "are" };
        eprintln!("\n{} came up in one session only, and {more} not told.", count(friction.once, "thing"));
    }
    Ok(())
}

/// What it is with its figures, and the draft below.
fn lines(rub: &Rub) -> Vec<String> {
    let days = if rub.days > 0 { format!(", {}", count(rub.days, "day")) } else { String::new() };
    let figures = format!("{}× in {}{days}", rub.times, count(rub.sessions, "session"));
    let name = match rub.kind {
        FrictionKind::Correction => format!("“{}”", rub.what),
        _ => rub.what.clone(),
    };
    let mut what = wrapped(&name, WIDTH - 2 - FIGURES);
    let first = what.remove(0);
    let mut lines = vec![format!("  {first:<width$}{figures:>FIGURES$}", width = WIDTH - 2 - FIGURES)];
    lines.extend(what.into_iter().map(|line| format!("    {line}")));
    let mark = if rub.draft.is_hint { "?" } else { "+" };
    for (number, line) in wrapped(&rub.draft.line, WIDTH - 6).into_iter().enumerate() {
        lines.push(format!("    {} {line}", if number == 0 { mark } else { " " }));
    }
    lines
}

fn print_json(desk: &Desk, friction: &Friction, since: Option<Date>) -> Result<(), Failure> {
    let word = |kind: FrictionKind| KINDS.iter().find(|(known, ..)| *known == kind).map(|(_, word, _)| *word);
    let rubs: Vec<_> = friction
        .rubs
        .iter()
        .take(MOST)
        .map(|rub| {
            json!({
                "kind": word(rub.kind), "what": rub.what, "times": rub.times, "sessions": rub.sessions, "days": rub.days,
                "last": rub.last, "draft": rub.draft.line, "is_hint": rub.draft.is_hint,
            })
        })
        .collect();
    desk.print_json(&json!({
        "version": 1, "since": since, "sessions": friction.sessions, "turns": friction.turns, "once": friction.once,
        "total": friction.rubs.len(), "capped": friction.rubs.len() > rubs.len(), "friction": rubs,
    }))?;
    Ok(())
}
