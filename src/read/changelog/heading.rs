//! A heading of a changelog: a version, a date, what is not released yet, or other words.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use regex::Regex;

use super::super::date;
use crate::guard::text::excerpt;

/// Of a title, in characters.
const MAX_TITLE_CHARS: usize = 300;

/// Words before a version that are no name.
const MARKS: [&str; 7] = ["version", "release", "released", "ver", "ver.", "v", "tag"];

/// Words before a version that make it another's: `Upgrading to 2.0`, `Tested with Python 3.14`.
const TURNS: [&str; 12] =
    ["to", "from", "for", "since", "until", "before", "after", "with", "in", "on", "and", "python"];

/// Words in the heading of what is still to come.
static COMING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:un-?released|not (?:yet )?released|upcoming|in development|in progress|tbd|tba)\b")
        .expect("a constant pattern")
});

static DATE: LazyLock<Regex> = LazyLock::new(|| {
    let month = "(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]*\\.?";
    Regex::new(&format!(
        r"(?i)\b(?:\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{1,2}}(?:st|nd|rd|th)?\s+{month},?\s+\d{{4}}|{month}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}})\b"
    ))
    .expect("a constant pattern")
});

/// `1.2`, `v2`, `2.1.240`, `1.0.0-rc.1`, `0.5b2`, `2026.11.3`.
static VERSION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:v?(\d+(?:\.\d+){1,3}(?:(?:[-+.]|(?:a|b|rc|post|dev))[0-9a-z][0-9a-z.+-]*)?)|v(\d+))$")
        .expect("a constant pattern")
});

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sort {
    /// Without `v`, with the name before it if the heading gives one.
    Version(String),
    Date(Timestamp),
    Unreleased,
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Heading {
    pub(super) words: String,
    pub(super) sort: Sort,
    /// Nothing but a version or a date, or both.
    pub(super) is_bare: bool,
    pub(super) date: Option<Timestamp>,
}

impl Heading {
    pub(super) fn read(words: &str) -> Heading {
        let found = DATE.find(words);
        let date = found.and_then(|found| date::read(found.as_str()));
        let mut heading = Heading { words: words.to_owned(), sort: Sort::Other, is_bare: false, date };
        let first = words.trim_matches(|letter: char| !letter.is_alphanumeric()).to_lowercase();
        if matches!(first.as_str(), "next" | "main" | "master" | "head" | "trunk") || COMING.is_match(words) {
            heading.sort = Sort::Unreleased;
        } else if let Some((version, rest)) = version(words) {
            heading.is_bare = is_nothing(&DATE.replace(rest, "")) && !version.contains(' ');
            heading.sort = Sort::Version(version);
        } else if let (Some(found), Some(date)) = (found, date)
            && begins(&words[..found.start()])
        {
            heading.is_bare = is_nothing(&words[found.end()..]);
            heading.sort = Sort::Date(date);
        }
        heading
    }

    pub(super) fn is_version(&self) -> bool {
        matches!(self.sort, Sort::Version(_))
    }

    /// The id of the section below it.
    pub(super) fn native(&self) -> String {
        match &self.sort {
            Sort::Version(version) => version.clone(),
            Sort::Date(date) => date.to_zoned(TimeZone::UTC).date().to_string(),
            Sort::Unreleased | Sort::Other => self.words.clone(),
        }
    }

    /// What people read; `document` may be empty.
    pub(super) fn title(&self, document: &str) -> String {
        let title = match &self.sort {
            Sort::Version(version) if self.is_bare => format!("{document} {version}"),
            _ if document.is_empty() || self.words.to_lowercase().contains(&document.to_lowercase()) => {
                self.words.clone()
            }
            _ => format!("{document}: {}", self.words),
        };
        excerpt(title.trim(), MAX_TITLE_CHARS)
    }
}

/// A version at the beginning of a heading, behind a name of at most three words; and what follows it.
fn version(words: &str) -> Option<(String, &str)> {
    let mut name: Vec<String> = Vec::new();
    let mut rest = words;
    for _ in 0..4 {
        rest = rest.trim_start();
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        // `core@1.2.0`
        let (owner, number) = word.rsplit_once('@').filter(|(owner, _)| !owner.is_empty()).unwrap_or(("", word));
        let number = number.trim_matches(|letter: char| !letter.is_alphanumeric());
        if let Some(found) = VERSION.captures(number) {
            let number = found.get(1).or(found.get(2))?.as_str().to_lowercase();
            // `2026-11-19` is none, for it has no dots; `2026.11.19` may be either, and is told by its number.
            if !follows(after) {
                return None;
            }
            name.extend((!owner.is_empty()).then(|| owner.to_lowercase()));
            name.push(number);
            return Some((name.join(" "), after));
        }
        let plain = word.trim_matches(|letter: char| !letter.is_alphanumeric()).to_lowercase();
        if TURNS.contains(&plain.as_str()) || plain.starts_with(|letter: char| letter.is_ascii_digit()) {
            return None;
        }
        if !plain.is_empty() && !MARKS.contains(&plain.as_str()) {
            name.push(plain);
        }
        rest = after;
    }
    None
}

/// Whether this may stand behind a version: nothing, a date, a mark and then any words. Not `2.5 times faster`.
fn follows(rest: &str) -> bool {
    let rest = rest.trim_start();
    let word: String = rest.chars().take_while(|letter| letter.is_alphabetic()).collect();
    word.is_empty()
        || matches!(word.to_lowercase().as_str(), "released" | "release" | "yanked" | "alpha" | "beta" | "rc")
        || DATE.find(rest).is_some_and(|date| date.start() == 0)
}

/// Whether only a weekday, brackets and the like stand before a date.
fn begins(before: &str) -> bool {
    let before = before.trim_matches(|letter: char| !letter.is_alphabetic()).to_lowercase();
    before.is_empty()
        || ["mon", "tue", "wed", "thu", "fri", "sat", "sun", "update", "released"]
            .iter()
            .any(|day| before.starts_with(day) && !before.contains(char::is_whitespace))
}

fn is_nothing(rest: &str) -> bool {
    !rest.contains(char::is_alphanumeric)
}

/// The date of a line that says little else: `Released on 2026-11-19`, `*November 19, 2026*`.
pub(super) fn date_alone(line: &str) -> Option<Timestamp> {
    let found = DATE.find(line)?;
    let other = format!("{}{}", &line[..found.start()], &line[found.end()..]).to_lowercase();
    let says_little = other
        .split(|letter: char| !letter.is_alphabetic())
        .all(|word| matches!(word, "" | "released" | "release" | "date" | "on" | "published" | "at"));
    says_little.then(|| date::read(found.as_str()))?
}

pub(super) fn holds_a_date(words: &str) -> bool {
    DATE.is_match(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(words: &str, expected: &str, is_bare: bool) {
        let heading = Heading::read(words);
        let found = match heading.sort {
            Sort::Version(_) | Sort::Date(_) => heading.native(),
            Sort::Unreleased => "unreleased".to_owned(),
            Sort::Other => "other".to_owned(),
        };
        assert_eq!((found.as_str(), heading.is_bare), (expected, is_bare), "{words}");
    }

    #[test]
    fn versions_are_told_from_dates_and_other_words() {
        check("2.1.240", "2.1.240", true);
        check("[1.2.0] - 2026-01-02", "1.2.0", true);
        check("v0.3.1 (12 Nov 2026)", "0.3.1", true);
        check("Version 4.0", "4.0", true);
        check("v3", "3", true);
        check("0.5b2, November 3rd, 2026", "0.5b2", true);
        check("1.0.0-rc.1+build.5 / 2026-11-02", "1.0.0-rc.1+build.5", true);
        check("2026.11.3", "2026.11.3", true);
        check("2.0.0 – The big one", "2.0.0", false);
        check("[0.0.9] - 2026-01-02 [YANKED]", "0.0.9", false);
        check("Lantern Code 4.12.1", "lantern code 4.12.1", false);
        check("@lantern/core@1.2.0", "@lantern/core 1.2.0", false);
        check("2026-11-19", "2026-11-19", true);
        check("Thursday, November 19, 2026", "2026-11-19", true);
        check("2026-11-19: Lantern 3.5 models", "2026-11-19", false);
        check("19th Nov. 2026", "2026-11-19", true);
        check("[Unreleased]", "unreleased", false);
        check("1.3.0 (unreleased)", "unreleased", false);
        check("Next", "unreleased", false);
        for words in [
            "Changelog",
            "Upgrading to 2.0",
            "2.5 times faster",
            "1. First",
            "Features",
            "",
            "7",
            "2026",
            "What's new on 2026-11-19",
        ] {
            check(words, "other", false);
        }
    }

    #[test]
    fn a_date_below_a_heading_counts_where_it_stands_alone() {
        for line in ["Released on 2026-11-19", "November 19, 2026", "Release date: 19 November 2026."] {
            assert_eq!(date_alone(line).map(|at| at.to_string()).as_deref(), Some("2026-11-19T00:00:00Z"), "{line}");
        }
        assert_eq!(date_alone("* Fixes what broke on 2026-11-19"), None);
    }
}
