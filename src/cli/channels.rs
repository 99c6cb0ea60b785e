//! `tidings channels`: how letters leave, which ones did not, and what a person can do about it.

use std::process::ExitCode;

use serde_json::json;
use tidings::edition::{ChannelName, Letter};
use tidings::flow::ask::{self, Outbox};
use tidings::flow::{self, Doors, Replayed};

use super::args::ChannelsCommand;
use super::exit::Failure;
use super::home::secret;
use super::people::standing_words;
use super::run::count;
use super::{Desk, say};

pub async fn channels(desk: &Desk, command: ChannelsCommand) -> Result<ExitCode, Failure> {
    match command {
        ChannelsCommand::List => list(desk),
        ChannelsCommand::Dead => dead(desk),
        ChannelsCommand::Replay { key, reason, .. } => replay(desk, key, &reason),
        ChannelsCommand::Test { channel, to } => test(desk, channel, to.as_deref()).await,
    }
}

fn list(desk: &Desk) -> Result<ExitCode, Failure> {
    let setup = desk.setup()?;
    let outbox = ask::outbox(&setup.home)?;
    let mut rows = Vec::new();
    for channel in ChannelName::ALL {
        let place = flow::channel_place(&setup.config, channel);
        let of = |letters: &[Letter]| letters.iter().filter(|letter| letter.reader.channel == channel).count();
        let held = |outbox: &Outbox| {
            let waiting = outbox.waiting.iter().filter(|letter| letter.reader.channel == channel);
            waiting.filter(|letter| flow::is_held(letter, &setup.config.schedule, desk.now)).count()
        };
        let next_try = outbox.as_ref().and_then(|outbox| {
            let waiting = outbox.waiting.iter().filter(|letter| letter.reader.channel == channel);
            waiting.map(|letter| letter.next_try).min()
        });
        rows.push(json!({
            "channel": channel.word(),
            "to": place,
            "sent": outbox.as_ref().map_or(0, |outbox| outbox.sent.get(&channel).copied().unwrap_or(0)),
            "waiting": outbox.as_ref().map_or(0, |outbox| of(&outbox.waiting)),
            "held": outbox.as_ref().map_or(0, held),
            "dead": outbox.as_ref().map_or(0, |outbox| of(&outbox.dead)),
            "next_try": next_try,
            "closed": outbox.as_ref().and_then(|outbox| outbox.shut.get(&channel)),
        }));
    }
    if desk.json {
        desk.print_json(&json!({ "version": 1, "at": outbox.map(|outbox| outbox.at), "channels": rows }))?;
        return Ok(ExitCode::SUCCESS);
    }
    for row in rows {
        let number = |name: &str| row[name].as_u64().unwrap_or_default() as usize;
        let to = row["to"].as_str().map_or_else(|| "not set up".to_owned(), |to| format!("to {to}"));
        let held = match number("held") {
            0 => String::new(),
            held => format!(" ({held} too old to leave by themselves)"),
        };
        let name = row["channel"].as_str().unwrap_or_default();
        let (sent, waiting, dead) = (count(number("sent"), "letter"), number("waiting"), number("dead"));
        say(&format!("{name} {to}: {sent} sent, {waiting} waiting{held}, {dead} refused for good"))?;
        if let (Some(at), Some(answer)) = (row["closed"]["at"].as_str(), row["closed"]["answer"].as_str()) {
            say(&format!("  closed since {at}: {answer}"))?;
            say(
                "  its letters leave once the address or the secret has changed, or after `tidings channels replay --all`",
            )?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn dead(desk: &Desk) -> Result<ExitCode, Failure> {
    let setup = desk.setup()?;
    let outbox = ask::outbox(&setup.home)?;
    let (dead, waiting) = outbox.map(|outbox| (outbox.dead, outbox.waiting)).unwrap_or_default();
    let held: Vec<Letter> =
        waiting.into_iter().filter(|letter| flow::is_held(letter, &setup.config.schedule, desk.now)).collect();
    let mut suppressed = ask::standings(&setup.home)?;
    suppressed.retain(|_, standing| standing.suppressed.is_some());
    if desk.json {
        desk.print_json(&json!({ "version": 1, "dead": dead, "held": held, "suppressed": suppressed }))?;
        return Ok(ExitCode::SUCCESS);
    }
    for letter in &dead {
        let tries = if letter.tries == 1 { "1 try".to_owned() } else { format!("{} tries", letter.tries) };
        let answer = letter.answer.as_deref().unwrap_or("no reason kept");
        say(&format!("{}\n  refused after {tries}: {answer}", letter.key))?;
    }
    for letter in &held {
        say(&format!("{}\n  held back: it was due on {}, and may have been sent since", letter.key, letter.next_try))?;
    }
    for (address, standing) in &suppressed {
        say(&format!("{address}{}\n  `tidings people subscribe {address}` tries it again", standing_words(standing)))?;
    }
    if dead.len() + held.len() > 0 {
        eprintln!("`tidings channels replay KEY` queues one again, --all all of them.");
    } else {
        eprintln!("No letter was refused or held back.");
    }
    Ok(ExitCode::SUCCESS)
}

fn replay(desk: &Desk, key: Option<String>, reason: &str) -> Result<ExitCode, Failure> {
    let which = key.map_or(Replayed::All, Replayed::Key);
    let keys = flow::replay_letters(&desk.setup()?, &which, reason, desk.now)?;
    if desk.json {
        desk.print_json(&json!({ "version": 1, "queued": keys }))?;
    } else {
        say(&format!("{} queued again; the next run sends them.", count(keys.len(), "letter")))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn test(desk: &Desk, channel: ChannelName, to: Option<&str>) -> Result<ExitCode, Failure> {
    let setup = desk.setup()?;
    if flow::channel_place(&setup.config, channel).is_none() {
        return Err(Failure::Wrong(format!("tidings.toml has no [{}]; `tidings doctor` says more", channel.word())));
    }
    if channel == ChannelName::Mail && to.is_none() {
        return Err(Failure::Wrong("say who gets the test message: --to ADDRESS".to_owned()));
    }
    let doors = Doors::open(&setup.config, None, &secret, desk.now)?;
    let tried = flow::try_channel(&setup, &doors, channel, to, desk.now).await?;
    if desk.json {
        let (taken, answer, id) = (tried.taken, &tried.answer, &tried.message_id);
        desk.print_json(&json!({ "version": 1, "taken": taken, "answer": answer, "message_id": id }))?;
    } else if tried.taken {
        say(&format!("Taken: {}\nMessage-ID {}", tried.answer, tried.message_id))?;
    } else {
        eprintln!("Not taken: {}", tried.answer);
    }
    Ok(if tried.taken { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
