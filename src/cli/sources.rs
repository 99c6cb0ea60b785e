//! `tidings sources`: list, check, test.

use std::process::ExitCode;

use anyhow::anyhow;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tidings::flow::ask::Watched;
use tidings::flow::{Doors, Setup, ask};

use super::args::SourcesCommand;
use super::exit::Failure;
use super::home::{read_files, secret};
use super::run::count;
use super::{Desk, say, subscribe};

/// Entries that `sources test` prints; enough to see that they are the right ones.
const SHOWN: usize = 10;

/// Characters of a name in the list, so that a line has fewer than 80.
const NAME: usize = 27;

pub async fn sources(desk: &Desk, command: SourcesCommand) -> Result<ExitCode, Failure> {
    match command {
        SourcesCommand::List => list(desk),
        SourcesCommand::Check => check(desk),
        SourcesCommand::Test { name } => test(desk, &name).await,
        SourcesCommand::Add(args) => subscribe::add(desk, args).await,
        SourcesCommand::Import { file, trust } => subscribe::import(desk, &file, trust),
        SourcesCommand::Export => subscribe::export(desk),
    }
}

fn list(desk: &Desk) -> Result<ExitCode, Failure> {
    let setup = desk.setup()?;
    let status = ask::status(&setup.home)?;
    let known = |name: &str| status.as_ref()?.sources.iter().find(|source| source.name == name);
    let moved = |name: &str| {
        let moved = known(name)?.watched.mark.moved.as_ref().filter(|moved| moved.is_believed())?;
        setup.sources.iter().any(|source| source.from.url(desk.now) == moved.from).then_some(&moved.to)
    };
    if desk.json {
        let sources: Vec<_> = setup
            .sources
            .iter()
            .map(|source| {
                let watched = known(&source.name).map(|known| known.watched.clone()).unwrap_or_default();
                json!({
                    "name": source.name, "kind": source.from.kind(), "url": source.from.url(desk.now),
                    "every_seconds": source.every.as_secs(), "trust": source.trust, "topics": source.topics,
                    "state": watched.health, "state_since": watched.health_since, "last_good": watched.answered,
                    "newest": watched.newest(), "rhythm_seconds": watched.rhythm().map(|gap| gap.as_secs()),
                    "next_try": watched.next_try, "failures": watched.failures, "failing_since": watched.failing_since,
                    "reason": watched.fault.as_ref().map(|fault| &fault.message), "moved_to": moved(&source.name),
                })
            })
            .collect();
        let sessions: Vec<_> = setup
            .sessions
            .iter()
            .map(|source| {
                json!({
                    "name": source.name, "path": source.folder, "format": source.format.word(), "owner": source.owner,
                    "host": source.host,
                })
            })
            .collect();
        desk.print_json(&json!({ "version": 1, "sources": sources, "sessions": sessions }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let unknown = Watched::default();
    say(&format!(
        "{:<8}{:<27} {:>8}{:>8}{:>8}{:>9}{:>6}",
        "state", "source", "good", "newest", "rhythm", "next", "fails"
    ))?;
    for source in &setup.sources {
        let watched = known(&source.name).map_or(&unknown, |known| &known.watched);
        let is_new = watched.asked.is_none();
        let since = |at: Option<Timestamp>| at.map_or("-".to_owned(), |at| short(desk.now.duration_since(at)));
        let next = match watched.next_try.map(|at| at.duration_since(desk.now)) {
            Some(left) if left > SignedDuration::ZERO => short(left),
            _ => "now".to_owned(),
        };
        say(&format!(
            "{:<8}{:<27} {:>8}{:>8}{:>8}{next:>9}{:>6}",
            if is_new { "new" } else { watched.health.word() },
            cut(&source.name),
            since(watched.answered),
            since(watched.newest()),
            watched.rhythm().map_or("-".to_owned(), short),
            watched.failures,
        ))?;
        if let Some(to) = moved(&source.name) {
            say(&note(&format!("moved to {to}; put it into sources.toml")))?;
        }
        if let Some(fault) = &watched.fault {
            say(&note(&fault.message))?;
        }
    }
    for source in &setup.sessions {
        let state = if source.folder.is_dir() { "ok" } else { "away" };
        say(&format!("{state:<8}{:<27} {} of {}", cut(&source.name), source.folder.display(), source.format.word()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A name that fits its column.
fn cut(name: &str) -> String {
    if name.chars().count() <= NAME { name.to_owned() } else { name.chars().take(NAME - 1).chain(['…']).collect() }
}

/// Words below a line of the list: indented, on lines of fewer than 80 characters. A longer word, such as an address,
/// keeps a line of its own, so that it can be copied.
fn note(words: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() < 80 => *line += &format!(" {word}"),
            _ => lines.push(format!("        {word}")),
        }
    }
    lines.join("\n")
}

/// A length of time in five characters: "45m", "3h", "12d". What lies in the future is "ahead".
fn short(length: SignedDuration) -> String {
    match length.as_secs() {
        ..0 => "ahead".to_owned(),
        seconds @ 0..3_600 => format!("{}m", seconds / 60),
        seconds @ 3_600..172_800 => format!("{}h", seconds / 3_600),
        seconds => format!("{}d", seconds / 86_400),
    }
}

fn check(desk: &Desk) -> Result<ExitCode, Failure> {
    let home = desk.home()?;
    let (sources, config) = read_files(&home)?;
    match (sources, config) {
        (Ok((sources, sessions)), Ok(_)) => {
            let all = sources.len() + sessions.len();
            if desk.json {
                desk.print_json(&json!({ "version": 1, "sources": all, "mistakes": [] }))?;
            } else {
                say(&format!("No mistakes: {} in {}.", count(all, "source"), home.sources().display()))?;
            }
            Ok(ExitCode::SUCCESS)
        }
        (sources, config) => {
            let mistakes: Vec<_> = [sources.err(), config.err()].into_iter().flatten().flatten().collect();
            if desk.json {
                let shown: Vec<_> = mistakes
                    .iter()
                    .map(|mistake| {
                        json!({
                            "file": mistake.file, "line": mistake.line, "column": mistake.column,
                            "message": mistake.message, "remedy": mistake.remedy,
                        })
                    })
                    .collect();
                desk.print_json(&json!({ "version": 1, "mistakes": shown }))?;
            }
            Err(Failure::Mistakes(mistakes))
        }
    }
}

/// The door to the web alone: a missing mail password must not stand in the way.
pub fn web(setup: &Setup, now: Timestamp) -> anyhow::Result<Doors> {
    let mut config = setup.config.clone();
    config.mute();
    Doors::open(&config, None, &secret, now)
}

async fn test(desk: &Desk, name: &str) -> Result<ExitCode, Failure> {
    let setup = desk.setup()?;
    let Some(source) = setup.sources.iter().find(|source| source.name == name) else {
        return Err(Failure::Wrong(format!("there is no source named `{name}`; `tidings sources list` names them")));
    };
    let reading = ask::test_source(source, web(&setup, desk.now)?.carrier.as_ref(), desk.now).await?;
    if desk.json {
        desk.print_json(
            &json!({ "version": 1, "source": source.name, "entries": reading.entries, "faults": reading.faults }),
        )?;
    } else {
        for fault in &reading.faults {
            eprintln!("{}", fault.message);
        }
        for entry in reading.entries.iter().take(SHOWN) {
            let date = entry.published.map_or("undated   ".to_owned(), |at| at.strftime("%Y-%m-%d").to_string());
            let link = entry.link.as_ref().map_or("no link", |link| link.as_str());
            say(&format!("{date}  {}\n            {link}", entry.title))?;
        }
        eprintln!("{} read; nothing was kept", count(reading.entries.len(), "item"));
    }
    if reading.entries.is_empty() && !reading.faults.is_empty() {
        return Err(anyhow!("nothing could be read from `{}`", source.name).into());
    }
    Ok(ExitCode::SUCCESS)
}
