//! `tidings sources`: list, check, test.

use std::process::ExitCode;

use anyhow::anyhow;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tidings::flow::{Doors, Setup, ask};

use super::args::SourcesCommand;
use super::exit::Failure;
use super::home::{read_files, secret};
use super::run::count;
use super::{Desk, say, subscribe};

/// Entries that `sources test` prints; enough to see that they are the right ones.
const SHOWN: usize = 10;

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
                json!({
                    "name": source.name, "kind": source.from.kind(), "url": source.from.url(desk.now),
                    "every_seconds": source.every.as_secs(), "trust": source.trust, "topics": source.topics,
                    "last_good": known(&source.name).and_then(|known| known.watched.answered),
                    "next_try": known(&source.name).and_then(|known| known.watched.next_try),
                    "moved_to": moved(&source.name),
                    "failures": known(&source.name).map_or(0, |known| known.watched.failures),
                })
            })
            .collect();
        desk.print_json(&json!({ "version": 1, "sources": sources }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let width = setup.sources.iter().map(|source| source.name.chars().count()).max().unwrap_or(0);
    for source in &setup.sources {
        let state = match known(&source.name) {
            None => "not asked yet".to_owned(),
            Some(known) if known.watched.failures > 0 => format!("failing ({} in a row)", known.watched.failures),
            Some(known) => count(known.watched.entries as usize, "item"),
        };
        say(&format!(
            "{:<width$}  {}  {:<9}  every {:<4} {state}",
            source.name,
            source.from.kind(),
            source.trust.word(),
            interval(source.every),
        ))?;
        if let Some(to) = moved(&source.name) {
            say(&format!("{:<width$}  moved to {to}; put it into sources.toml", ""))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// "10m", "6h", "1d", as a person writes it in sources.toml.
fn interval(every: SignedDuration) -> String {
    let seconds = every.as_secs();
    for (unit, length) in [("d", 86_400), ("h", 3_600), ("m", 60)] {
        if seconds >= length && seconds % length == 0 {
            return format!("{}{unit}", seconds / length);
        }
    }
    format!("{seconds}s")
}

fn check(desk: &Desk) -> Result<ExitCode, Failure> {
    let home = desk.home()?;
    let (sources, config) = read_files(&home)?;
    match (sources, config) {
        (Ok(sources), Ok(_)) => {
            if desk.json {
                desk.print_json(&json!({ "version": 1, "sources": sources.len(), "mistakes": [] }))?;
            } else {
                say(&format!("No mistakes: {} in {}.", count(sources.len(), "source"), home.sources().display()))?;
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
    (config.mail, config.webhook) = (None, None);
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
