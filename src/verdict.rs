//! A verdict: how much something matters, why, and who said so.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How loudly something is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Kept and searchable, never told.
    Noise,
    /// Worth a line when there is room.
    Routine,
    /// Belongs in the week's digest.
    Notable,
    /// Is told at once.
    Critical,
}

impl Level {
    /// The lowest first.
    pub const ALL: [Level; 4] = [Level::Noise, Level::Routine, Level::Notable, Level::Critical];

    pub fn word(self) -> &'static str {
        match self {
            Level::Noise => "noise",
            Level::Routine => "routine",
            Level::Notable => "notable",
            Level::Critical => "critical",
        }
    }
}

/// What sort of news it is; the digest's sections follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    Security,
    Breaking,
    Feature,
    Technique,
    Tool,
    Research,
    Other,
}

impl Category {
    /// As output and queries say it.
    pub fn word(self) -> &'static str {
        match self {
            Category::Security => "security",
            Category::Breaking => "breaking",
            Category::Feature => "feature",
            Category::Technique => "technique",
            Category::Tool => "tool",
            Category::Research => "research",
            Category::Other => "other",
        }
    }
}

/// The judgement of one item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    pub level: Level,
    /// The probability that the lab wants to read it, 0 to 1.
    pub relevance: f64,
    /// The probability that it cannot wait, 0 to 1. It orders; by itself it never makes an alert.
    pub critical: f64,
    /// A rule says that it cannot wait, if it is true: one of the two legs of an alert.
    #[serde(default)]
    pub alarm: bool,
    pub category: Category,
    pub topics: Vec<String>,
    /// What a reader could do about it, composed from recognised parts (product, version), never from free text.
    pub action: Option<String>,
    /// It was old when we first saw it: searchable, but nothing to do about it and no line in a digest by itself.
    #[serde(default)]
    pub old: bool,
    /// The least and the highest level that rules allow; nothing but rules passes them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<Level>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceiling: Option<Level>,
    /// Every reason, strongest first.
    pub why: Vec<Reason>,
    pub at: Timestamp,
}

/// One reason of a verdict: who says it, and what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// `rule:<name>` or `relevance`.
    pub by: String,
    pub text: String,
}
