//! A standing: what keeps letters from a person, because they left a list or because their address refuses them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// So many editions in a row that bounced, and an address gets no more. One may be a server's bad day.
const MOST_BOUNCES: usize = 2;

/// What a person may leave by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum List {
    Digest,
    /// Alerts, and the roll-ups of what a day's alerts had no room for.
    Alert,
}

impl List {
    pub const ALL: [List; 2] = [List::Digest, List::Alert];

    pub fn word(self) -> &'static str {
        match self {
            List::Digest => "digest",
            List::Alert => "alert",
        }
    }

    /// The list to which an edition goes, by the edition's name (`digest/2026-W47`); None for letters to whoever looks after
    /// the home, and for trials.
    pub fn of(edition: &str) -> Option<List> {
        match edition.split('/').next().unwrap_or_default() {
            "alert" | "rollup" => Some(List::Alert),
            "notice" | "trial" => None,
            _ => Some(List::Digest),
        }
    }
}

/// Everybody of whom there is something to say, by address in lower case.
pub type Standings = BTreeMap<String, Standing>;

/// How one address stands. The default gets everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Lists that the person left.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub left: BTreeSet<List>,
    /// Editions that the server refused for this address, since it last took one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bounces: Vec<Bounce>,
    /// Since when it gets nothing, because its letters bounced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<Timestamp>,
}

/// A letter that was refused because of its address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounce {
    pub edition: String,
    pub at: Timestamp,
    /// The server's words.
    pub answer: String,
}

impl Standing {
    /// Whether letters of a list may leave for this address.
    pub fn gets(&self, list: List) -> bool {
        self.suppressed.is_none() && !self.left.contains(&list)
    }

    /// Leaves a list, or comes back to it. Who comes back is tried again, whatever bounced.
    pub fn set(&mut self, list: List, leaves: bool) {
        if leaves {
            self.left.insert(list);
        } else {
            self.left.remove(&list);
            self.bounces.clear();
            self.suppressed = None;
        }
    }

    /// Notes a bounce; true if it was the one too many. Two of one edition count once.
    pub fn bounced(&mut self, bounce: Bounce) -> bool {
        if self.suppressed.is_some() || self.bounces.iter().any(|known| known.edition == bounce.edition) {
            return false;
        }
        let at = bounce.at;
        self.bounces.push(bounce);
        if self.bounces.len() < MOST_BOUNCES {
            return false;
        }
        self.suppressed = Some(at);
        true
    }

    /// There is nothing to remember.
    pub fn is_plain(&self) -> bool {
        *self == Standing::default()
    }
}
