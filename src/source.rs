//! A source: one place that is watched, and how far it may be trusted.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub mod github;
mod health;
mod list;
mod offer;
mod origin;
mod paths;
mod reddit;
mod web_page;

pub use github::{Github, Repository, Search};
pub use health::Health;
pub use list::List;
pub use offer::Offer;
pub use origin::Origin;
pub use paths::{Paths, Piece, Place, Pointer, Step};
pub use reddit::{Listing, Period, Reddit, feed_of};
pub use web_page::{Embedded, Layout, WebPage};

/// The longest interval between two tries of a failing source, unless it is asked more rarely anyway: whatever was mended is
/// noticed within a day, and one request a day costs nobody anything.
const LONGEST_INTERVAL: SignedDuration = SignedDuration::from_hours(24);

/// Requests in the gap between two items: what is new is read after a sixteenth of the gap on average.
const ASKS_PER_GAP: i32 = 8;

/// See [`Source::offset`].
const MOST_OFFSET: SignedDuration = SignedDuration::from_hours(6);

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
    /// A person wrote that; else it is usual for its kind, and may grow.
    pub is_every_written: bool,
    pub trust: Trust,
    /// Most stories of it in one digest; None: as many as its trust allows. What is critical is told beyond it.
    pub most: Option<usize>,
    /// What it is about, in the lab's words; shown with its items and counted by relevance.
    pub topics: Vec<String>,
}

impl Source {
    /// The time from one request to the next while all is well.
    ///
    /// Where a person wrote `every`, that is it, and neither its rhythm nor a server's caching changes it: who writes
    /// `every = "1h"` wants security news within the hour, and `max-age` is often what some content network puts on all its
    /// files. An official source keeps its kind's usual interval too, since security releases keep no rhythm. All others are
    /// asked eight times in the gap that their items usually have (up to 20 % more often, by name, so that they spread), and
    /// not before the server's or the maker's own words say that there may be something new: no more often than usual for
    /// their kind, and once a day at least.
    pub fn pace(&self, rhythm: Option<SignedDuration>, holds: Option<SignedDuration>) -> SignedDuration {
        if self.is_every_written || self.trust == Trust::Official {
            return self.every;
        }
        let percent = 80 + i32::from(self.lot("pace") % 21);
        let own = rhythm.map(|gap| (gap / (100 * ASKS_PER_GAP)).saturating_mul(percent));
        self.every.max(own.max(holds).unwrap_or_default()).min(LONGEST_INTERVAL.max(self.every))
    }

    /// The least time between two requests: its pace, doubled with each failure in a row after the first, up to a day, and
    /// up to 20 % shorter or longer so that sources that failed together are not asked together for ever. Never less than
    /// its pace. The same for the same name and number of failures.
    pub fn interval(&self, failures: u32, pace: SignedDuration) -> SignedDuration {
        let longest = LONGEST_INTERVAL.max(pace);
        let Some(doublings) = failures.checked_sub(1) else { return pace };
        // 2^31 is past the cap for any pace of a second or more.
        let grown = pace.saturating_mul(1 << doublings.min(30)).min(longest);
        let percent = 80 + i32::from(self.lot(&failures.to_string()) % 41);
        (grown / 100).saturating_mul(percent).clamp(pace, longest)
    }

    /// How much longer it waits after its very first request: sources that began in the same run spread over the hours that
    /// follow, once and for good. Up to half its pace and six hours; nothing for those that an hourly run asks each time.
    pub fn offset(&self, pace: SignedDuration) -> SignedDuration {
        if pace <= SignedDuration::from_hours(1) {
            return SignedDuration::ZERO;
        }
        (pace / 2).min(MOST_OFFSET) / 100 * i32::from(self.lot("offset") % 101)
    }

    /// The same number for the same name and purpose.
    fn lot(&self, purpose: &str) -> u16 {
        let hash = Sha256::digest(format!("{}\0{purpose}", self.name));
        u16::from_be_bytes([hash[0], hash[1]])
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
