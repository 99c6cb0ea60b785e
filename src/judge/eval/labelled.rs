//! Labelled items: what a person made of each, one JSON object a line.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use url::Url;

/// How soon it should be told, in the person's opinion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Critical,
    Notable,
    Routine,
}

/// One line. Fields beyond these are passed over.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Labelled {
    pub id: String,
    pub source: String,
    #[serde(default)]
    pub kind: String,
    pub title: String,
    #[serde(default)]
    pub summary: String,
    #[serde(default)]
    pub url: Option<Url>,
    #[serde(default)]
    pub date: Option<Date>,
    /// 0 (not for this lab) to 3 (must be read).
    pub relevance: u8,
    pub severity: Severity,
    /// Items with the same word here tell one story.
    #[serde(default)]
    pub dup_group: Option<String>,
    /// Looks like news for this lab, and is none.
    #[serde(default)]
    pub hard_negative: bool,
    /// What it tries, if it was invented to move its own judgement.
    #[serde(default)]
    pub synthetic: Option<String>,
    #[serde(default)]
    pub split: String,
}

impl Labelled {
    pub fn is_relevant(&self) -> bool {
        self.relevance >= 2
    }

    pub fn is_critical(&self) -> bool {
        self.severity == Severity::Critical
    }

    /// The story it tells.
    pub fn story(&self) -> &str {
        self.dup_group.as_deref().filter(|group| !group.is_empty()).unwrap_or(&self.id)
    }

    /// Noon of its day, UTC.
    pub fn at(&self) -> Option<Timestamp> {
        Some(self.date?.at(12, 0, 0, 0).to_zoned(TimeZone::UTC).ok()?.timestamp())
    }

    /// Year and number of its ISO week.
    pub fn week(&self) -> Option<(i16, i8)> {
        let week = self.date?.iso_week_date();
        Some((week.year(), week.week()))
    }
}

/// Reads a file of labelled items. `file` is the name used in messages.
///
/// # Errors
/// Every line that is no labelled item, with its number, what is wrong, and what it should be.
pub fn read(file: &str, text: &str) -> Result<Vec<Labelled>, Vec<String>> {
    let (mut items, mut mistakes) = (Vec::<Labelled>::new(), Vec::new());
    let mut seen = std::collections::HashMap::new();
    for (number, line) in text.lines().enumerate().map(|(at, line)| (at + 1, line.trim())) {
        if line.is_empty() {
            continue;
        }
        match serde_json::from_str::<Labelled>(line) {
            Err(error) => {
                let column = error.column();
                let what = error.to_string();
                let what = what.split(" at line ").next().unwrap_or_default();
                mistakes.push(format!(
                    "{file}, line {number}, column {column}: {what}; a line is one JSON object with id, source, title, relevance \
                     (0 to 3) and severity (critical, notable or routine), and best also summary, url and date (2026-11-21)"
                ));
            }
            Ok(item) if item.relevance > 3 => {
                let found = item.relevance;
                mistakes.push(format!("{file}, line {number}: relevance is {found}; write a number from 0 to 3"));
            }
            Ok(item) => match seen.insert(item.id.clone(), number) {
                Some(first) => mistakes.push(format!(
                    "{file}, line {number}: the id `{}` is that of line {first} too; give each item its own",
                    item.id
                )),
                None => items.push(item),
            },
        }
    }
    if items.is_empty() && mistakes.is_empty() {
        mistakes.push(format!("{file}: it holds no items; write one JSON object a line"));
    }
    if mistakes.is_empty() { Ok(items) } else { Err(mistakes) }
}
