//! Writing a letter: one copy of an edition, for one reader, as the exact bytes that will be sent.

use anyhow::Result;
use jiff::Timestamp;

use crate::config::Config;
use crate::edition::{ChannelName, Letter, LetterState, Reader, letter_key, message_hash};
use crate::tell::channel::kind;
use crate::tell::channel::mail::{self, Sender};
use crate::tell::message::Message;

/// A letter to one reader, over that reader's channel. Fails if the reader's address is none.
pub fn write(message: Message<'_>, reader: &Reader, config: &Config, now: Timestamp) -> Result<(Letter, Vec<u8>)> {
    let mut letter = blank(message, reader, now);
    let bytes = kind(reader.channel).write(message, &mut letter, config)?;
    Ok((letter, bytes))
}

/// A mail to one reader, from this sender. Fails if the reader's address is none.
pub fn mail(message: Message<'_>, reader: &Reader, sender: &Sender, now: Timestamp) -> Result<(Letter, Vec<u8>)> {
    let mut letter = blank(message, reader, now);
    let bytes = mail::post(message, &mut letter, sender)?;
    Ok((letter, bytes))
}

fn blank(message: Message<'_>, reader: &Reader, now: Timestamp) -> Letter {
    let edition = message.edition();
    let key = letter_key(&edition, reader);
    let hash = message_hash(&key);
    let ending = match reader.channel {
        ChannelName::Mail => "eml",
        _ => "json",
    };
    Letter {
        file: format!("{hash}.{ending}"),
        message_id: hash,
        key,
        edition: edition.to_string(),
        reader: reader.clone(),
        stories: message.stories(),
        state: LetterState::Queued,
        tries: 0,
        next_try: now,
        answer: None,
        reason: None,
    }
}
