//! A source: one place that is watched, and how far it may be trusted.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

mod health;
mod offer;
mod origin;

pub use health::Health;
pub use offer::Offer;
pub use origin::Origin;

/// The longest interval between two tries of a failing source, unless it is asked more rarely anyway: whatever was mended is
/// noticed within a day, and one request a day costs nobody anything.
const LONGEST_INTERVAL: SignedDuration = SignedDuration::from_hours(24);

/// When a source is asked again that is gone for good: often enough that a server's mistake costs a month at most.
pub const PROBE: SignedDuration = SignedDuration::from_hours(24 * 30);

/// One `[[source]]` of sources.toml.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// What people call it; unique in a home, and part of every item's identity, so a renamed source starts anew.
    pub name: String,
    pub from: Origin,
    /// The least time between two requests for it.
    pub every: SignedDuration,
    pub trust: Trust,
    /// What it is about, in the lab's words; shown with its items and counted by relevance.
    pub topics: Vec<String>,
}

impl Source {
    /// The least time between two requests: `every`, doubled with each failure in a row after the first, up to a day, and up
    /// to 20 % shorter or longer so that sources that failed together are not asked together for ever. Never less than
    /// `every`. The same for the same name and number of failures.
    pub fn interval(&self, failures: u32) -> SignedDuration {
        let longest = LONGEST_INTERVAL.max(self.every);
        let Some(doublings) = failures.checked_sub(1) else { return self.every };
        // 2^31 is past the cap for any `every` of a second or more.
        let grown = self.every.saturating_mul(1 << doublings.min(30)).min(longest);
        let hash = Sha256::digest(format!("{}\0{failures}", self.name));
        let percent = 80 + i32::from(u16::from_be_bytes([hash[0], hash[1]]) % 41);
        (grown / 100).saturating_mul(percent).clamp(self.every, longest)
    }
}

/// How far a source is believed. It belongs to whoever controls the bytes: a community mirror of an official page is
/// community.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trust {
    /// Anybody: forums, mirrors, aggregators.
    Community,
    /// A person or organisation known for being right about the subject.
    Expert,
    /// The maker of the thing it speaks about.
    Official,
}

impl Trust {
    pub const ALL: [Trust; 3] = [Trust::Official, Trust::Expert, Trust::Community];

    /// The word used in sources.toml, in JSON and in the digest.
    pub fn word(self) -> &'static str {
        match self {
            Trust::Official => "official",
            Trust::Expert => "expert",
            Trust::Community => "community",
        }
    }
}
