//! Work: what is still to be done, and to what.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How often a piece of work may fail before it is set aside by name and shown to a person.
pub const TRIES: u32 = 5;

/// What has to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Duty {
    /// Give an item its verdict and its story.
    Judge,
    /// Write an item into the search index.
    Index,
    /// Tell a story at once.
    Alert,
    /// Have a model read a story's lead.
    Screen,
    /// Write turns that were appended to a transcript's archive into the index of turns.
    IndexTurns,
    /// Take a transcript's dropped turns out of that index, and then its archive file from the disk.
    DropTurns,
}

impl Duty {
    pub fn word(self) -> &'static str {
        match self {
            Duty::Judge => "judge",
            Duty::Index => "index",
            Duty::Alert => "alert",
            Duty::Screen => "screen",
            Duty::IndexTurns => "index-turns",
            Duty::DropTurns => "drop-turns",
        }
    }
}

/// One piece of work. Its key is duty + id; a result counts only for the input it was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    pub duty: Duty,
    /// An item's id, or a story's for an alert and for a model.
    pub id: String,
    /// Hash of what the work is to be done on.
    pub input: String,
    #[serde(default)]
    pub tries: u32,
    /// What the last try said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    pub since: Timestamp,
}

impl Work {
    pub fn new(duty: Duty, id: impl Into<String>, input: impl Into<String>, now: Timestamp) -> Work {
        Work { duty, id: id.into(), input: input.into(), tries: 0, fault: None, since: now }
    }

    /// Set aside: shown in the status, and not tried again by itself.
    pub fn is_aside(&self) -> bool {
        self.tries >= TRIES
    }
}
