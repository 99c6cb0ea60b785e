//! A page: the raw bytes a source answered with, and the mark that says how far it has been read.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::{Position, Url};

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

impl Request {
    /// Where the source has moved for good, if that is known and believed.
    pub fn moved_to(&self) -> Option<&Url> {
        let moved = self.mark.moved.as_ref()?;
        (moved.from == self.url && moved.is_believed()).then_some(&moved.to)
    }
}

/// What an answer should be; it decides how, and by whom, is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// RSS, Atom or JSON Feed.
    Feed,
    /// HTML, made for people. Asked only where the site's robots.txt lets programs in.
    Page,
    /// A robots.txt (RFC 9309): one that is not there is empty, and of a long one only the beginning is taken.
    Robots,
    /// Markdown or plain text.
    Text,
    Json,
    /// A listing of Reddit.
    Reddit,
    /// A list of GitHub's REST API.
    Github,
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
    /// Where the last good answer was found, if nothing but permanent redirects led there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<Moved>,
    /// For how many seconds the last good answer holds, as its server or its maker said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fresh_seconds: Option<u64>,
    /// By how many seconds its server's clock was ahead of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_seconds: Option<i64>,
}

/// Permanent redirects that lead to the same place in so many answers are believed: one alone may be a slip of a server that
/// is being rebuilt.
const SIGHTS: u32 = 2;

/// A source that moved, as its server says (301 or 308 at every hop).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The address that a person wrote. Where another one is asked, nothing of this holds.
    pub from: Url,
    pub to: Url,
    /// Good answers in a row that were found there.
    pub sights: u32,
}

impl Moved {
    /// What is known after an answer to `request`: `asked` is the address that was asked first, `led` where redirects led
    /// from it, all of them permanent. None also where a redirect leads from https to http: that is followed, and never
    /// preferred.
    pub fn after(request: &Request, asked: &Url, led: Option<&Url>) -> Option<Moved> {
        let known = request.mark.moved.as_ref().filter(|moved| moved.from == request.url);
        match led {
            Some(to) if request.url.scheme() == "https" && to.scheme() != "https" => None,
            Some(to) => {
                let sights = known.filter(|moved| moved.to == *to).map_or(0, |moved| moved.sights);
                Some(Moved { from: request.url.clone(), to: to.clone(), sights: sights.saturating_add(1) })
            }
            None => known.filter(|moved| moved.to == *asked).cloned(),
        }
    }

    /// Whether the new place is asked directly from now on.
    pub fn is_believed(&self) -> bool {
        self.sights >= SIGHTS
    }

    /// What a person should do about it. Of the new address only host and path are told: a query may hold a key, and these
    /// words go into logs.
    pub fn words(&self) -> String {
        let query = if self.to.query().is_some() { "?…" } else { "" };
        format!(
            "it moved to {}{query} for good; put the new address into sources.toml",
            &self.to[..Position::AfterPath]
        )
    }
}

/// What the world answered.
#[derive(Debug, Clone)]
pub enum Answer {
    Page(Page),
    /// Nothing has changed since the mark (HTTP 304); the mark to send next time.
    NotModified(Mark),
}

impl Answer {
    pub fn mark_mut(&mut self) -> &mut Mark {
        match self {
            Answer::Page(page) => &mut page.mark,
            Answer::NotModified(mark) => mark,
        }
    }
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
