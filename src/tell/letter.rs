//! Writing a letter: one copy of an edition, for one reader, as the exact bytes that will be sent.

use anyhow::Result;
use jiff::Timestamp;

use crate::edition::{Alert, ChannelName, Digest, EditionId, Letter, LetterState, Reader, letter_key, message_hash};
use crate::story::StoryId;
use crate::tell::channel::mail::Sender;
use crate::tell::channel::webhook;
use crate::tell::render::Rendered;

/// What a letter says: an edition, and how it reads.
#[derive(Debug, Clone, Copy)]
pub enum Message<'a> {
    Digest(&'a Digest, &'a Rendered),
    Alert(&'a Alert, &'a Rendered),
}

impl Message<'_> {
    /// The edition's name.
    pub fn edition(&self) -> EditionId {
        match self {
            Message::Digest(digest, _) => EditionId::Digest(digest.week.clone()),
            Message::Alert(alert, _) => EditionId::Alert(alert.telling.story.clone()),
        }
    }

    pub fn rendered(&self) -> &Rendered {
        match self {
            Message::Digest(_, rendered) | Message::Alert(_, rendered) => rendered,
        }
    }

    /// The edition's own time: the end of the week, or when the alert was raised. It dates the letter, so that a letter
    /// written again has the same bytes.
    pub fn at(&self) -> Timestamp {
        match self {
            Message::Digest(digest, _) => digest.to,
            Message::Alert(alert, _) => alert.at,
        }
    }

    /// The stories it tells.
    pub fn stories(&self) -> Vec<StoryId> {
        match self {
            Message::Digest(digest, _) => {
                digest.sections.iter().flat_map(|section| &section.stories).map(|one| one.story.clone()).collect()
            }
            Message::Alert(alert, _) => vec![alert.telling.story.clone()],
        }
    }
}

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
    }
}
