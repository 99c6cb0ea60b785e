//! A lesson: one piece of advice with its evidence, in fields so narrow that nothing else can reach a skill.

mod proposal;
mod signature;
pub mod adoption;

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::Url;

pub use proposal::{Proposal, ProposedFile};
pub use signature::{Mark, Signature};

/// Characters of a claim, and of when to use it: two lines on a phone.
pub const LONGEST_CLAIM: usize = 140;
/// Characters of an evidence's title.
pub const LONGEST_TITLE: usize = 120;
/// Pages that bear a lesson out; more convince nobody.
pub const MOST_EVIDENCE: usize = 4;
/// Days after which advice that nobody renewed is retired: this field forgets quickly.
pub const DAYS_TO_LIVE: i32 = 90;

/// Names a lesson for ever: `bp-2026-w47-03`, the ISO week in which it was learnt and its number there. Never given twice, so that what
/// a project noted as rejected stays so.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LessonId {
    year: i16,
    week: u8,
    number: u16,
}

impl LessonId {
    /// The `number`th lesson, counted from 1, of the week that a day lies in.
    pub fn new(day: Date, number: u16) -> LessonId {
        let week = day.iso_week_date();
        LessonId { year: week.year(), week: week.week().unsigned_abs(), number }
    }

    pub fn number(&self) -> u16 {
        self.number
    }

    /// Whether both were learnt in one week.
    pub fn is_of_week_of(&self, other: &LessonId) -> bool {
        (self.year, self.week) == (other.year, other.week)
    }
}

impl fmt::Display for LessonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bp-{:04}-w{:02}-{:02}", self.year, self.week, self.number)
    }
}

impl FromStr for LessonId {
    type Err = String;

    fn from_str(text: &str) -> Result<LessonId, String> {
        let read = || {
            let (year, rest) = text.strip_prefix("bp-")?.split_once("-w")?;
            let (week, number) = rest.split_once('-')?;
            let id = LessonId { year: year.parse().ok()?, week: week.parse().ok()?, number: number.parse().ok()? };
            // Only as it is written by us: no sign, no missing zero.
            ((1..=53).contains(&id.week) && id.number > 0 && id.to_string() == text).then_some(id)
        };
        read().ok_or_else(|| format!("`{text}` names no lesson; one is named like `bp-2026-w47-03`"))
    }
}

impl TryFrom<String> for LessonId {
    type Error = String;

    fn try_from(text: String) -> Result<LessonId, String> {
        text.parse()
    }
}

impl From<LessonId> for String {
    fn from(id: LessonId) -> String {
        id.to_string()
    }
}

/// One piece of advice. Texts are foreign words: the gate decides which may enter a skill, whoever wrote them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lesson {
    pub id: LessonId,
    pub kind: Kind,
    /// What holds, in one sentence; code stands between backticks. At most [`LONGEST_CLAIM`] characters.
    pub claim: String,
    /// When to think of it; at most [`LONGEST_CLAIM`] characters.
    pub use_when: String,
    /// What to type or to set, where it comes to that.
    pub advice: Option<Advice>,
    pub since: Option<Since>,
    /// One to [`MOST_EVIDENCE`]; the weightiest first.
    pub evidence: Vec<Evidence>,
    pub seen: Seen,
    pub state: State,
    pub added: Date,
    /// From this day on it is retired unless renewed.
    pub expires: Date,
}

impl Lesson {
    /// A hash of what it says, blind to its evidence, its dates and who has seen it: 12 hexadecimal digits. What a reviewer declined
    /// returns only when this changes.
    pub fn content(&self) -> String {
        let said = (&self.claim, &self.use_when, &self.advice, &self.since);
        let mut hasher = Sha256::new();
        hasher.update(serde_json::to_vec(&said).unwrap_or_default());
        hasher.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
    }

    pub fn is_active(&self) -> bool {
        self.state == State::Active
    }
}

/// What sort of advice it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A fault that was mended, and what to do about it.
    Security,
    /// Something goes, or has changed its meaning.
    Deprecation,
    /// A way of working that its makers recommend.
    Practice,
    /// Something new that one can do.
    Technique,
}

impl Kind {
    /// In the order in which a reader should see them.
    pub const ALL: [Kind; 4] = [Kind::Security, Kind::Deprecation, Kind::Practice, Kind::Technique];

    pub fn word(self) -> &'static str {
        match self {
            Kind::Security => "security",
            Kind::Deprecation => "deprecation",
            Kind::Practice => "practice",
            Kind::Technique => "technique",
        }
    }
}

/// What to do, in a form that can be checked word by word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Advice {
    /// One simple command, for a shell.
    Command(String),
    /// A piece of settings.json: an object.
    Settings(serde_json::Map<String, serde_json::Value>),
}

/// From which version of what it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since {
    /// `claude-code`.
    pub product: String,
    /// `2.1.214`.
    pub version: String,
}

/// A page that bears a lesson out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    pub url: Url,
    /// At most [`LONGEST_TITLE`] characters.
    pub title: String,
    /// The publisher's day, else the day we first saw it.
    pub date: Date,
    /// SHA-256 of the quoted span, 64 hexadecimal digits: should the page be changed later, it shows.
    pub quote: String,
}

/// How many bear a lesson out. Of sessions it is a number, and nothing else ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Sources that speak of their own thing.
    pub official: u32,
    /// Others, of different sites.
    pub others: u32,
    /// The lab's shared sessions in which it came up.
    pub sessions: u32,
}

impl Seen {
    /// One official source, or two others that do not depend on one another: less stays in the digest.
    pub fn is_enough(self) -> bool {
        self.official >= 1 || self.others >= 2
    }
}

/// Whether a lesson still holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Active,
    /// It stays as a line that says so until the next request.
    Retired {
        on: Date,
        why: Retirement,
    },
}

/// Why a lesson no longer holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Retirement {
    /// Nobody has renewed it in time.
    Expired,
    /// A person of the lab said so (`tidings lessons retire`).
    Withdrawn,
    /// Another says it better.
    Superseded(LessonId),
    /// Its source takes it back.
    Reversed,
}

impl Retirement {
    /// As people are told it.
    pub fn words(&self) -> String {
        match self {
            Retirement::Expired => "nobody renewed it".to_owned(),
            Retirement::Withdrawn => "a person took it back".to_owned(),
            Retirement::Superseded(by) => format!("{by} says it better"),
            Retirement::Reversed => "its source takes it back".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_only_as_it_is_written() {
        let id = LessonId::new(jiff::civil::date(2026, 11, 21), 3);
        assert_eq!(id.to_string(), "bp-2026-w47-03");
        assert_eq!("bp-2026-w47-03".parse(), Ok(id));
        for other in
            ["bp-2026-w47-3", "bp-2026-w47-00", "bp-2026-w54-01", "bp-+026-w47-01", "BP-2026-w47-01", "bp-2026-w47"]
        {
            assert!(other.parse::<LessonId>().is_err(), "{other}");
        }
    }
}
