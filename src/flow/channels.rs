//! Channels: which letters a person should look at, how they are sent after all, and whether a channel works.

use anyhow::{Context, Result, bail};
use jiff::Timestamp;

use crate::config::{Config, Schedule};
use crate::edition::{ChannelName, EditionKind, Letter, LetterState, Reader};
use crate::keep::Keep;
use crate::tell::channel::kind;
use crate::tell::message::Message;
use crate::tell::{Outcome, trial};

use super::letters::letter_to;
use super::{Doors, Secrets, Setup, send};

/// Which letters are queued again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replayed {
    All,
    Key(String),
}

/// What came of a test message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    pub taken: bool,
    /// In the words of the other side.
    pub answer: String,
    pub message_id: String,
}

/// Where a channel leads, in words without a secret; None where it is not set up.
pub fn channel_place(config: &Config, channel: ChannelName) -> Option<String> {
    kind(channel).place(config)
}

/// Whether a channel's secrets are there and its settings can be used; nothing is asked or sent.
///
/// # Errors
/// What is missing, or can't be used.
pub fn check_channel(config: &Config, channel: ChannelName, secrets: Secrets<'_>) -> Result<()> {
    kind(channel).open(config, secrets).map(|_| ())
}

/// Whether the other side of a channel takes us, without sending anything; None where that can't be asked, or nothing is set up.
///
/// # Errors
/// What it answered, or why it can't be reached.
pub async fn knock(config: &Config, channel: ChannelName, secrets: Secrets<'_>) -> Option<Result<String, String>> {
    kind(channel).open(config, secrets).ok()??.knock().await
}

/// The editions that a channel tells by itself.
pub fn channel_tells(config: &Config, channel: ChannelName) -> &[EditionKind] {
    kind(channel).tells(config)
}

/// Whether a waiting letter is too old to leave by itself.
pub fn is_held(letter: &Letter, schedule: &Schedule, now: Timestamp) -> bool {
    send::is_held(letter, schedule, now)
}

/// Queues letters again that were refused, given up or held back for their age, with the same key, bytes and Message-ID;
/// returns their keys. The next run sends them.
///
/// # Errors
/// When the home can't be held, the key names no such letter, or its bytes are gone.
pub fn replay_letters(setup: &Setup, which: &Replayed, reason: &str, now: Timestamp) -> Result<Vec<String>> {
    let mut keep = Keep::open(setup.home.folder(), "tidings channels replay", now)?;
    let schedule = &setup.config.schedule;
    let stuck = |letter: &Letter| match letter.state {
        LetterState::Dead => true,
        LetterState::Queued | LetterState::Sending => is_held(letter, schedule, now),
        LetterState::Sent => false,
    };
    let named = |letter: &Letter| match which {
        Replayed::All => true,
        Replayed::Key(key) => letter.key == *key,
    };
    let mut keys: Vec<String> = Vec::new();
    for letter in keep.letters()?.into_iter().filter(|letter| stuck(letter) && named(letter)) {
        if keep.replay_letter(&letter.key, reason, now)? {
            // Who has it sent again has mended the channel.
            keep.note_shut(letter.reader.channel, None)?;
            keys.push(letter.key);
        }
    }
    if let Replayed::Key(key) = which
        && keys.is_empty()
    {
        bail!("no letter `{key}` was refused or held back; `tidings channels dead` names those that were");
    }
    keep.write_views(now)?;
    keep.checkpoint()?;
    Ok(keys)
}

/// Sends one test message to a reader of a channel; on mail, to an address. Nothing is kept.
///
/// # Errors
/// When the channel is not set up, or the reader is none.
pub async fn try_channel(
    setup: &Setup,
    doors: &Doors,
    channel: ChannelName,
    to: Option<&str>,
    now: Timestamp,
) -> Result<Tried> {
    let door = doors.channels.get(&channel).with_context(|| {
        format!("`{0}` is not set up: tidings.toml has no [{0}]; `tidings doctor` says how", channel.word())
    })?;
    let mut known = kind(channel).readers(&setup.config).into_iter();
    let reader = match (channel, to) {
        (ChannelName::Mail, None) => bail!("say who gets the test message: --to ADDRESS"),
        (ChannelName::Mail, Some(address)) => {
            let address = address.to_lowercase();
            let found = known.find(|reader| reader.address == address);
            found.unwrap_or(Reader { channel, address, name: String::new() })
        }
        _ => known.next().with_context(|| format!("tidings.toml has no [{}]", channel.word()))?,
    };
    let rendered = trial::rendered();
    let (letter, bytes) = letter_to(setup, Message::Trial(now, &rendered), &reader, now)?
        .with_context(|| format!("`{}` is not set up", channel.word()))?;
    let outcome = door.deliver(&letter, &bytes, now).await;
    door.close().await;
    let (taken, answer) = match outcome {
        Outcome::Taken { answer } => (true, answer),
        Outcome::Later { answer, .. }
        | Outcome::Refused { answer }
        | Outcome::Bounced { answer }
        | Outcome::Closed { answer }
        | Outcome::Unknown { answer } => (false, answer),
    };
    Ok(Tried { taken, answer, message_id: letter.message_id })
}
