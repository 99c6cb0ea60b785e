//! Telling writes editions and sends letters. It knows no store: what to tell comes in, what became of it goes out.

use std::future::Future;
use std::pin::Pin;

use jiff::Timestamp;

use crate::edition::Letter;

pub mod digest;
pub mod trends;
pub mod ranking;
pub mod alert;
pub mod trial;
pub mod notice;
pub mod push;
pub mod render;
pub mod shown;
pub mod message;
pub mod letter;
pub mod channel;
pub mod outbox;
pub mod check;
pub mod feeds;

mod subject;
mod gist;
mod view;
mod escape;
mod words;

pub use view::thousands;

/// What the other side of a channel did with a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It took responsibility.
    Taken { answer: String },
    /// Not now: try again, and not before a time if the other side named one.
    Later { answer: String, not_before: Option<Timestamp> },
    /// Never: this reader or these bytes are refused for good.
    Refused { answer: String },
    /// Refused for good, and because of the reader's address: there is nobody there.
    Bounced { answer: String },
    /// Never, and nothing else either until a person has mended it: the address is gone, or closed to us.
    Closed { answer: String },
    /// The connection broke after the bytes were sent and before the answer came: it may have been taken.
    Unknown { answer: String },
}

impl Outcome {
    /// Not now, with no word on when.
    pub fn later(answer: impl Into<String>) -> Outcome {
        Outcome::Later { answer: answer.into(), not_before: None }
    }
}

pub type Delivered<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// A farewell on its way.
/// What came of asking the other side whether it takes us.
pub type Knocking<'a> = Pin<Box<dyn Future<Output = Option<Result<String, String>>> + Send + 'a>>;

pub type Closing<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// The door through which letters leave. Rendering is done before; a channel only carries stored bytes. It has no clock:
/// the time of the try comes in.
pub trait Channel: Send + Sync {
    fn deliver<'a>(&'a self, letter: &'a Letter, bytes: &'a [u8], now: Timestamp) -> Delivered<'a>;

    /// How many letters it carries at once; one unless it says otherwise.
    fn at_once(&self) -> usize {
        1
    }

    /// Stands for the address and the secret behind it, and tells neither. One that was closed is tried again when it changes.
    fn mark(&self) -> String {
        String::new()
    }

    /// Whether the other side takes us, without sending anything: what it is in words, or what it answered. None of a channel that
    /// has no way to ask.
    fn knock(&self) -> Knocking<'_> {
        Box::pin(async { None })
    }

    /// After the last letter: takes leave of the other side, where that is polite.
    fn close(&self) -> Closing<'_> {
        Box::pin(async {})
    }
}
