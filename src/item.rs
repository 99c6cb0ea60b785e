//! An entry is what a page said; an item is what we remember of it, under an id that is given once.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::Url;

use crate::source::Trust;

/// One entry of a page, as reading understood it. Its keys (`native`, `link`, content) are matched by keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The publisher's own id (guid, atom:id, JSON Feed id), where there is one.
    pub native: Option<String>,
    /// The reader vouches for `native`: the publisher gives it once to one thing and never again to another, whatever becomes
    /// of words, link and dates (a release's number, a commit's hash, a post's full name). Then it alone decides: two such
    /// ids are two items, one is one. A feed's guid is not of this kind: feeds change theirs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub native_is_stable: bool,
    /// Absolute, http or https only.
    pub link: Option<Url>,
    /// Plain text on one line; may be empty.
    pub title: String,
    /// Plain text; markup is gone, paragraphs are kept.
    pub text: String,
    pub author: Option<String>,
    pub published: Option<Timestamp>,
    pub updated: Option<Timestamp>,
    pub tags: Vec<String>,
}

impl Entry {
    /// Hash of what a reader would see, blind to white space: changes when the words do, and only then.
    pub fn content_hash(&self) -> String {
        let mut hasher = Sha256::new();
        for part in [&self.title, &self.text] {
            for word in part.split_whitespace() {
                hasher.update(word.as_bytes());
                hasher.update(b" ");
            }
            hasher.update(b"\n");
        }
        short_hash(hasher)
    }
}

/// What reading made of one page: all it understood, and what it did not.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// In the page's own order.
    pub entries: Vec<Entry>,
    /// What went wrong without costing the page. A page that is no feed at all has a fault and no entries.
    pub faults: Vec<Fault>,
}

/// Something that went wrong with one source; it never stops another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    pub kind: FaultKind,
    /// What was being done, to what, and what to try, in one sentence.
    pub message: String,
    /// When asking again makes sense, if the server said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
}

impl Fault {
    pub fn new(kind: FaultKind, message: impl Into<String>) -> Fault {
        Fault { kind, message: message.into(), retry_at: None }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The kinds of fault, as `run --json` names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// The name does not resolve, or nothing answers there.
    Unreachable,
    /// Connecting or answering took longer than allowed.
    Timeout,
    /// The connection broke, or what came was not HTTP.
    Broken,
    /// The server said no (a status of 400 or more).
    Status,
    /// The server said that it is gone for good (410): asked again after 30 days.
    Gone,
    /// The server asked us to wait (429; 403 or 503 with Retry-After), now or in an earlier run.
    Waiting,
    /// An address that may not be asked.
    Forbidden,
    /// A redirect that leads nowhere, in circles, or too far.
    Redirect,
    /// More bytes than allowed.
    TooLarge,
    /// An answer that is not a feed, or not the list that was asked for.
    NotAFeed,
    /// A feed, but damaged: what could be read was kept.
    Damaged,
    /// The answer came, but what it is about has a new name that belongs into sources.toml.
    Renamed,
    /// No entries, where there were some before.
    Empty,
}

impl FaultKind {
    /// As `run --json` and the metrics name it.
    pub fn word(self) -> &'static str {
        match self {
            FaultKind::Unreachable => "unreachable",
            FaultKind::Timeout => "timeout",
            FaultKind::Broken => "broken",
            FaultKind::Status => "status",
            FaultKind::Gone => "gone",
            FaultKind::Waiting => "waiting",
            FaultKind::Forbidden => "forbidden",
            FaultKind::Redirect => "redirect",
            FaultKind::TooLarge => "too-large",
            FaultKind::NotAFeed => "not-a-feed",
            FaultKind::Damaged => "damaged",
            FaultKind::Renamed => "renamed",
            FaultKind::Empty => "empty",
        }
    }

    /// Whether the source still gave what it had: such a fault is told, but the source counts as answered.
    pub fn is_minor(self) -> bool {
        matches!(self, FaultKind::Damaged | FaultKind::Renamed)
    }
}

/// Names an item for ever: `i-` and ten letters of Crockford's base32 (50 bits), made from the source's name and the key
/// under which the item was first seen. The same after restore and reindex.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ItemId(pub String);

impl ItemId {
    /// `attempt` is 0, and counts up only while the id is taken by another item.
    pub fn first_seen(source_name: &str, key: &str, attempt: u32) -> ItemId {
        let mut hasher = Sha256::new();
        hasher.update(b"tidings item\0");
        hasher.update(source_name.as_bytes());
        hasher.update(b"\0");
        hasher.update(key.as_bytes());
        if attempt > 0 {
            hasher.update(b"\0");
            hasher.update(attempt.to_be_bytes());
        }
        ItemId(format!("i-{}", short_hash(hasher)))
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What we remember of an entry. Its text lives in the archive, at `place`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    pub id: ItemId,
    /// Name of the source it came from.
    pub source: String,
    /// The source's trust and topics when the item was last read, so that an item outlives its line in sources.toml.
    pub trust: Trust,
    pub topics: Vec<String>,
    pub title: String,
    pub link: Option<Url>,
    pub author: Option<String>,
    /// As the publisher dates it. Never in the future by more than a day; else None.
    pub published: Option<Timestamp>,
    /// When we first saw it.
    pub seen: Timestamp,
    /// When its words last changed, if they did.
    pub changed: Option<Timestamp>,
    /// Of the entry's title and text.
    pub content: String,
    /// Read on the source's first fetch: history, searchable, never an alert.
    pub baseline: bool,
    pub place: Place,
}

impl Item {
    /// The time a person would give it: the publisher's, else when we first saw it.
    pub fn at(&self) -> Timestamp {
        self.published.unwrap_or(self.seen)
    }
}

/// Where a text lies: a frame of an archive file, and a range of bytes in the decoded frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Path below state/archive/, for example `items/2026-11.zst`.
    pub file: String,
    /// Offset of the frame in the file, in bytes.
    pub frame: u64,
    /// Range in the decoded frame, in bytes.
    pub start: u64,
    pub length: u64,
}

/// Ten letters of Crockford's base32 in lower case (no i, l, o, u): 50 bits, readable aloud.
pub fn short_hash(hasher: Sha256) -> String {
    const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let digest = hasher.finalize();
    let bits = u64::from_be_bytes(digest[..8].try_into().expect("a SHA-256 has 32 bytes"));
    (0..10).map(|place| LETTERS[(bits >> (59 - 5 * place)) as usize & 31] as char).collect()
}
