//! What a month's trends say, before any layout: trends.json. Everything people read of them is rendered from it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::lesson::adoption::Pace;
use crate::verdict::Category;

/// One calendar month in the lab's zone. Parts that have nothing to say are empty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trends {
    /// Of this shape; fields may be added under the same number.
    pub version: u32,
    /// `2026-11`
    pub month: String,
    /// Items first judged at or after `from` and before `to`.
    pub from: Timestamp,
    pub to: Timestamp,
    /// When it closed: it dates the letter.
    pub at: Timestamp,
    /// IANA name of the zone in which months and dates are counted.
    pub zone: String,
    /// What is told far more than in the months before, the surest first; at most eight.
    pub rising: Vec<Move>,
    /// What is told far less; at most five.
    pub fading: Vec<Move>,
    /// What makers say will go, the nearest day first; at most twelve.
    pub retirements: Vec<Deadline>,
    /// What is reported again and again, the most reported first; at most six.
    pub pains: Vec<Pain>,
    /// Tools first told of in the month; at most six.
    pub tools: Vec<Tool>,
    /// By product, the most releases first; at most twelve.
    pub releases: Vec<Releases>,
    /// What the lab's own sessions used; None where fewer than five people share theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions: Option<SessionUse>,
    /// How far lessons came, and how long it took.
    #[serde(default, skip_serializing_if = "Pace::is_empty")]
    pub lessons: Pace,
    /// This month and those before it, the oldest first; at most twelve.
    pub months: Vec<MonthCounts>,
    pub compared: Compared,
}

/// What the month was compared with, so that "nothing stood out" can be weighed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// The months, the oldest first; fewer than two are no comparison.
    pub months: Vec<String>,
    /// Words, phrases, products and topics that could have stood out.
    pub terms: u64,
    /// Stories of this month that took part.
    pub stories: u64,
    /// Sources left out, because they told something in fewer than two of those months.
    pub left_out: Vec<String>,
}

/// A term that is told far more, or far less, than the months before let expect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Move {
    /// As it was first written in the month; of one that fades, in small letters.
    pub term: String,
    /// Other terms of the same stories.
    pub with: Vec<String>,
    /// Different stories with it, of the sources that are compared.
    pub stories: u64,
    /// Different sites that told them first.
    pub sites: u64,
    /// Stories that the months before let expect, at this month's numbers of stories.
    pub expected: f64,
    /// How probable so many (or so few) are by chance.
    pub chance: f64,
    /// Stories with it in each month that was compared, in that order.
    pub before: Vec<u64>,
    /// Some of the stories; none of one that fades.
    pub links: Vec<Link>,
}

/// A page to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    pub title: String,
    pub url: Option<Url>,
    pub source: String,
}

/// Something that its maker says will go, as one sentence of the maker says it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Retirement {
    pub on: Date,
    /// Only the month was said; `on` is its first day.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub month_only: bool,
    pub what: String,
    /// What its maker advises in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<String>,
    /// The maker's own words, at most 240 characters.
    pub quote: String,
    pub url: Option<Url>,
    pub source: String,
}

/// A retirement, seen from the day the edition closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    #[serde(flatten)]
    pub retirement: Retirement,
    /// Negative where it has passed.
    pub days_left: i64,
    /// Said in this month; else it was said earlier and comes near.
    pub is_new: bool,
}

/// A complaint that several people have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pain {
    /// "claude-code: rate limits and quotas".
    pub what: String,
    /// Different stories that report it.
    pub reports: u64,
    /// The two that most sources tell, then the most relevant.
    pub links: Vec<Link>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    #[serde(flatten)]
    pub link: Link,
    /// Its first sentences, at most 150 characters.
    pub excerpt: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Releases {
    pub product: String,
    pub count: u64,
    /// Versions in the order they came.
    pub first: String,
    pub last: String,
    /// Those whose notes speak of breaking changes.
    pub breaking: u64,
    /// Of the last.
    pub url: Option<Url>,
}

/// What the month came to, and those before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthCounts {
    pub month: String,
    pub read: u64,
    pub told: u64,
    pub categories: BTreeMap<Category, u64>,
}

/// Sums over the sessions that people of the lab share. Private to this file: only `of` makes one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionUse {
    people: u64,
    sessions: u64,
    /// By name, the most used first.
    tools: Vec<(String, u64)>,
}

/// A sum over fewer people says something about each of them.
const FEWEST_PEOPLE: u64 = 5;

impl SessionUse {
    /// None below five people: then nothing is said, and nothing can be subtracted.
    pub fn of(people: u64, sessions: u64, tools: Vec<(String, u64)>) -> Option<SessionUse> {
        (people >= FEWEST_PEOPLE).then_some(SessionUse { people, sessions, tools })
    }

    pub fn people(&self) -> u64 {
        self.people
    }

    pub fn sessions(&self) -> u64 {
        self.sessions
    }

    pub fn tools(&self) -> &[(String, u64)] {
        &self.tools
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sessions_used_is_said_from_five_people_up() {
        assert_eq!(SessionUse::of(4, 300, Vec::new()), None);
        assert_eq!(SessionUse::of(5, 300, Vec::new()).map(|used| used.people()), Some(5));
    }
}
