//! An extraction: what a story says, in a form, each part of it held against the item's own words.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::verdict::Category;

/// What one item says. Commands, versions and the quote are the item's own characters, never a model's copy of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Extraction {
    /// At most 120 characters.
    pub title: String,
    /// At most 400 characters.
    pub summary: String,
    /// The one thing that it says; at most 200 characters.
    pub claim: String,
    /// What a reader could do differently, if it says so.
    pub technique: Option<String>,
    /// At most five.
    pub commands: Vec<String>,
    /// What it says of itself; it decides nothing.
    pub severity: Severity,
    pub category: Category,
    pub affected_versions: Vec<String>,
    pub quote: Quote,
    pub by: By,
    /// Hash of the item's words; other words need another extraction.
    pub input: String,
    pub at: Timestamp,
}

/// How bad an item says that something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    None,
    Low,
    Medium,
    High,
    Critical,
    /// It does not say, or nobody who could tell has read it.
    Unknown,
}

/// Who wrote an extraction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// A model, of this name.
    Model(String),
    /// Nobody: the item's own title and its best sentence.
    Sentence,
}

/// Words of an item, and where they stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    pub part: Part,
    /// Bytes of the part, from the first to behind the last.
    pub start: usize,
    pub end: usize,
    /// The item's own characters from `start` to `end`.
    pub text: String,
}

/// The two texts of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    Title,
    Text,
}
