//! `tidings people`: who gets mail, and how more are added.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use serde_json::json;
use tidings::config::{Person, read_settings};
use tidings::flow::{self, Heard, ask};
use tidings::standing::{List, Standing};

use super::args::{LeaveArgs, Lists, PeopleCommand};
use super::exit::Failure;
use super::home::append;
use super::run::count;
use super::{Desk, say};

pub fn people(desk: &Desk, command: PeopleCommand) -> Result<ExitCode, Failure> {
    match command {
        PeopleCommand::List => list(desk),
        PeopleCommand::Import { file } => import(desk, &file),
        PeopleCommand::Unsubscribe(args) => leave(desk, &args, true),
        PeopleCommand::Subscribe(args) => leave(desk, &args, false),
    }
}

fn leave(desk: &Desk, args: &LeaveArgs, leaves: bool) -> Result<ExitCode, Failure> {
    let lists: &[List] = match args.list {
        Lists::Digest => &[List::Digest],
        Lists::Alert => &[List::Alert],
        Lists::All => &List::ALL,
    };
    let heard = flow::leave_lists(&desk.setup()?, &args.address, lists, leaves, desk.now)?;
    if desk.json {
        desk.print_json(&json!({ "version": 1, "counts_now": heard == Heard::Now }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let gets = if leaves { "no more of" } else { "again all of" };
    let lists: Vec<&str> = lists.iter().map(|list| list.word()).collect();
    let when = match heard {
        Heard::Now => "",
        Heard::Later => " A run is at work; what it sends before it ends may still arrive.",
    };
    say(&format!("{} gets {gets}: {}.{when}", args.address, lists.join(", ")))?;
    Ok(ExitCode::SUCCESS)
}

fn list(desk: &Desk) -> Result<ExitCode, Failure> {
    let setup = desk.setup()?;
    let people = &setup.config.people;
    let standings = ask::standings(&setup.home)?;
    if desk.json {
        let people: Vec<_> = people
            .iter()
            .map(|person| {
                let channels: Vec<&str> = person.channels.iter().map(|channel| channel.word()).collect();
                let standing = standings.get(&person.address);
                json!({
                    "address": person.address,
                    "name": person.name,
                    "streams": person.streams,
                    "channels": channels,
                    "left": standing.map(|standing| &standing.left),
                    "suppressed": standing.and_then(|standing| standing.suppressed),
                    "bounces": standing.map(|standing| &standing.bounces),
                })
            })
            .collect();
        desk.print_json(&json!({ "version": 1, "people": people }))?;
        return Ok(ExitCode::SUCCESS);
    }
    for person in people {
        let streams: Vec<&str> = person.streams.iter().map(|stream| stream.word()).collect();
        let mut line = written(person);
        if !streams.is_empty() {
            line.push_str(&format!(" ({})", streams.join(", ")));
        }
        if person.channels.is_empty() {
            line.push_str(", reached by no channel");
        }
        if let Some(standing) = standings.get(&person.address) {
            line.push_str(&standing_words(standing));
        }
        say(&line)?;
    }
    if people.is_empty() {
        eprintln!("Nobody yet. `tidings people import FILE` adds people, one `Name <address>` a line.");
    }
    Ok(ExitCode::SUCCESS)
}

/// ", left: digest", ", refused 2 editions since 2026-11-23: 550 no such person".
pub fn standing_words(standing: &Standing) -> String {
    let mut words = String::new();
    if !standing.left.is_empty() {
        let left: Vec<&str> = standing.left.iter().map(|list| list.word()).collect();
        words.push_str(&format!(", left: {}", left.join(", ")));
    }
    let answer = standing.bounces.last().map_or("no reason kept", |bounce| &bounce.answer);
    if let Some(since) = standing.suppressed {
        words.push_str(&format!(", gets nothing since {}: {answer}", since.strftime("%Y-%m-%d")));
    } else if !standing.bounces.is_empty() {
        words.push_str(&format!(", last letter refused: {answer}"));
    }
    words
}

/// `Name <address>`, or the address alone.
fn written(person: &Person) -> String {
    match person.name.as_str() {
        "" => person.address.clone(),
        name => format!("{name} <{}>", person.address),
    }
}

/// Adds people at the end of tidings.toml, where their lines can be changed like any other. All or nobody: a list with a
/// mistake adds nothing.
fn import(desk: &Desk, file: &Path) -> Result<ExitCode, Failure> {
    let setup = desk.setup()?;
    let mut text = String::new();
    if file == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).context("reading people from standard input")?;
    } else {
        text = fs::read_to_string(file).with_context(|| format!("reading people from {}", file.display()))?;
    }
    let mut known: BTreeSet<String> = setup.config.people.iter().map(|person| person.address.clone()).collect();
    let (mut added, mut there, mut odd) = (String::new(), 0, Vec::new());
    let mut new = 0;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim().trim_start_matches('\u{feff}');
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((address, name)) = read_line(line) else {
            odd.push(format!("{}:{}: `{line}` holds no mail address", file.display(), number + 1));
            continue;
        };
        if !known.insert(address.clone()) {
            there += 1;
            continue;
        }
        new += 1;
        added.push_str(&format!("\n[[people]]\naddress = {}\n", toml::Value::from(address)));
        if !name.is_empty() {
            added.push_str(&format!("name = {}\n", toml::Value::from(name)));
        }
    }
    if !odd.is_empty() {
        odd.push("Nobody was added. Write one `address`, `Name <address>` or `address,name` a line.".to_owned());
        return Err(Failure::Wrong(odd.join("\n")));
    }
    if new > 0 {
        append(&setup.home.settings(), &added, read_settings)?;
    }
    say(&format!("{} added, {there} there already.", count(new, "person")))?;
    Ok(ExitCode::SUCCESS)
}

/// `address`, `Name <address>`, or `address,name` in either order.
fn read_line(line: &str) -> Option<(String, String)> {
    let bare = |text: &str| text.trim().trim_matches('"').trim().to_owned();
    let (address, name) = if let Some((name, rest)) = line.split_once('<') {
        (bare(rest.split('>').next()?), bare(name))
    } else if let Some((one, other)) = line.split_once([',', ';', '\t']) {
        let (one, other) = (bare(one), bare(other));
        if one.contains('@') { (one, other) } else { (other, one) }
    } else {
        (bare(line), String::new())
    };
    let person = format!("[[people]]\naddress = {}\n", toml::Value::from(address.clone()));
    // The same check as for a line that a person writes.
    let people = read_settings("tidings.toml", &person).ok()?.people;
    Some((people.into_iter().next()?.address, name))
}
