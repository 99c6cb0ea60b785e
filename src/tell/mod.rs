//! Telling writes editions and sends letters. It knows no store: what to tell comes in, what became of it goes out.

use std::future::Future;
use std::pin::Pin;

use crate::edition::Letter;

/// What the other side of a channel did with a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It took responsibility.
    Taken { answer: String },
    /// Not now: try again.
    Later { answer: String },
    /// Never: this reader or these bytes are refused for good.
    Refused { answer: String },
    /// The connection broke after the bytes were sent and before the answer came: it may have been taken.
    Unknown { answer: String },
}

pub type Delivered<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// The door through which letters leave. Rendering is done before; a channel only carries stored bytes.
pub trait Channel: Send + Sync {
    fn deliver<'a>(&'a self, letter: &'a Letter, bytes: &'a [u8]) -> Delivered<'a>;
}
