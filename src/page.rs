//! A page: the raw bytes a source answered with, and the mark that says how far it has been read.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

/// What is asked of the world, once.
#[derive(Debug, Clone)]
pub struct Request {
    pub url: Url,
    pub wanted: Wanted,
    /// From the last answer; makes the request conditional.
    pub mark: Mark,
    /// The time of the asking, for answers that name a delay.
    pub now: Timestamp,
}

/// What an answer should be; it decides how, and by whom, is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// RSS, Atom or JSON Feed.
    Feed,
    /// HTML, made for people.
    Page,
    /// Markdown or plain text.
    Text,
    Json,
}

/// How far a source has been read: the validators of its last full answer, sent back as they came (RFC 9110, 13.1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The address whose answer the validators came from; they are sent to no other, since they say nothing about it.
    /// None: the address that is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Url>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
}

/// What the world answered.
#[derive(Debug, Clone)]
pub enum Answer {
    Page(Page),
    /// Nothing has changed since the mark (HTTP 304); the mark to send next time.
    NotModified(Mark),
}

/// Bytes as they came, after content decoding and before any reading.
#[derive(Debug, Clone)]
pub struct Page {
    /// Where the bytes were found, after redirects; relative links are resolved against it.
    pub url: Url,
    pub content_type: Option<String>,
    pub bytes: Vec<u8>,
    pub mark: Mark,
    /// Keep it as long as anything made of the bytes is in memory.
    pub room: Room,
}

/// A share of the memory that all pages may take together, given back when the last copy is dropped. By default, none.
#[derive(Clone, Default)]
pub struct Room {
    _share: Option<Arc<dyn Any + Send + Sync>>,
}

impl Room {
    pub fn of(share: impl Any + Send + Sync) -> Room {
        Room { _share: Some(Arc::new(share)) }
    }
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Room")
    }
}
