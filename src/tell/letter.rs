//! Writing a letter: one copy of an edition, for one reader, as the exact bytes that will be sent.

use anyhow::Result;
use jiff::Timestamp;

use crate::edition::{ChannelName, Letter, LetterState, Reader, letter_key, message_hash};
use crate::tell::channel::mail::Sender;
use crate::tell::channel::webhook;
use crate::tell::message::Message;

/// A mail to one reader. Fails if the reader's address is none.
pub fn mail(message: Message<'_>, reader: &Reader, sender: &Sender, now: Timestamp) -> Result<(Letter, Vec<u8>)> {
    let mut letter = blank(message, reader, now);
    letter.message_id = sender.message_id(&letter.key);
    let bytes = sender.write(&letter, message.rendered(), message.at())?;
    Ok((letter, bytes))
}

/// A message to a webhook.
pub fn webhook(message: Message<'_>, reader: &Reader, now: Timestamp) -> Result<(Letter, Vec<u8>)> {
    let letter = blank(message, reader, now);
    let bytes = webhook::body(message)?;
    Ok((letter, bytes))
}

fn blank(message: Message<'_>, reader: &Reader, now: Timestamp) -> Letter {
    let edition = message.edition();
    let key = letter_key(&edition, reader);
    let hash = message_hash(&key);
    let ending = match reader.channel {
        ChannelName::Mail => "eml",
        ChannelName::Webhook => "json",
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
