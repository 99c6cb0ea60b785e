//! `tidings lessons`: what was learnt, what people say of it, and what the own sessions teach.

mod friction;
mod permissions;

use std::process::ExitCode;

use serde_json::json;
use tidings::flow::answers::read_when;
use tidings::flow::{self, Heard, KnownLesson, LessonFilter, Wish};
use tidings::lesson::{Advice, LessonId, State};

pub use permissions::preset;

use super::args::{LessonsArgs, LessonsCommand};
use super::exit::Failure;
use super::{Desk, say};

pub fn lessons(desk: &Desk, command: LessonsCommand) -> Result<ExitCode, Failure> {
    match command {
        LessonsCommand::List(args) => list(desk, &args),
        LessonsCommand::Export(args) => {
            desk.print_json(&flow::export_lessons(&desk.home()?, filter(desk, &args)?)?)?;
            Ok(ExitCode::SUCCESS)
        }
        LessonsCommand::Friction(args) => friction::friction(desk, &args),
        LessonsCommand::Permissions(args) => permissions::permissions(desk, &args),
        LessonsCommand::Accept { id } => wish(desk, &id, Wish::Accept),
        LessonsCommand::Reject { id } => wish(desk, &id, Wish::Reject),
        LessonsCommand::Retire { id } => wish(desk, &id, Wish::Retire),
    }
}

fn filter(desk: &Desk, args: &LessonsArgs) -> Result<LessonFilter, Failure> {
    let since = args.since.as_deref().map(|since| read_when(since, desk.now)).transpose()?;
    Ok(LessonFilter { since, kind: args.category })
}

fn list(desk: &Desk, args: &LessonsArgs) -> Result<ExitCode, Failure> {
    let (home, filter) = (desk.home()?, filter(desk, args)?);
    if desk.json {
        desk.print_json(&flow::export_lessons(&home, filter)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (_, lessons) = flow::known_lessons(&home, filter)?;
    for known in &lessons {
        say(&words(known))?;
    }
    if lessons.is_empty() {
        eprintln!("No lessons. Each `tidings run` looks for them in what matters; the README says what becomes one.");
    }
    Ok(ExitCode::SUCCESS)
}

/// A lesson as a person reads it in a terminal.
fn words(known: &KnownLesson) -> String {
    let lesson = &known.lesson;
    let mut text = format!("{}  {}, {}, {}\n", lesson.id, known.stage.word(), lesson.kind.word(), known.level.word());
    text.push_str(&format!("  {}\n  {}\n", lesson.claim, lesson.use_when));
    match &lesson.advice {
        Some(Advice::Command(command)) => text.push_str(&format!("  run: {command}\n")),
        Some(Advice::Settings(settings)) => text.push_str(&format!("  set: {}\n", json!(settings))),
        None => {}
    }
    for evidence in &lesson.evidence {
        text.push_str(&format!("  {} ({}): {}\n", evidence.title, evidence.date, evidence.url));
    }
    let state = match &lesson.state {
        State::Active => format!("holds until {}", lesson.expires),
        State::Retired { on, why } => format!("retired on {on}: {}", why.words()),
    };
    let wish = match known.wish {
        Some(Wish::Accept) => ", accepted",
        Some(Wish::Reject) => ", rejected",
        Some(Wish::Retire) | None => "",
    };
    text.push_str(&format!("  {state}{wish}; {}\n", known.why));
    text
}

fn wish(desk: &Desk, id: &LessonId, wish: Wish) -> Result<ExitCode, Failure> {
    let Some((heard, known)) = flow::wish_for_lesson(&desk.home()?, id, wish, desk.now)? else {
        return Err(Failure::Wrong(format!("no lesson has the id {id}; `tidings lessons list` names them all")));
    };
    if desk.json {
        let counts = if heard == Heard::Now { "now" } else { "from the next run" };
        desk.print_json(&json!({ "version": 1, "lesson": id, "wish": wish, "stage": known.stage, "counts": counts }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let done = match wish {
        Wish::Accept => "Accepted: it is proposed before others; a person still merges it",
        Wish::Reject => "Rejected: it is not proposed again unless it says something else",
        Wish::Retire => "Retired: the next request says so in its line",
    };
    let when = match heard {
        Heard::Now => "",
        Heard::Later => " Another run is at work; the next one takes it in.",
    };
    say(&format!("{done}. {id}: {}{when}", known.lesson.claim))?;
    Ok(ExitCode::SUCCESS)
}
