//! A change counts when the words of an entry change, not its white space, its dates or its counters.

use std::sync::LazyLock;

use regex::Regex;
use sha2::{Digest, Sha256};

use super::identity::words;
use crate::item::short_hash;

/// What pages change by themselves: "3 hours ago", "14:30", "21 Nov 2026", "2026-11-21".
static PASSING: LazyLock<Regex> = LazyLock::new(|| {
    const MONTH: &str = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*";
    Regex::new(&format!(
        r"(?ix)
        \b(?:\d+|an?|one)\ (?:second|minute|min|hour|day|week|month|year)s?\ ago\b
        | \b\d{{4}}-\d\d-\d\d(?:[t\ ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:z|[+-]\d\d:?\d\d)?)?\b
        | \b\d{{1,2}}:\d\d(?::\d\d)?(?:\ ?[ap]m)?\b
        | \b\d{{1,2}}\ {MONTH}\.?(?:,?\ \d{{4}})?\b
        | \b{MONTH}\.?\ \d{{1,2}}(?:st|nd|rd|th)?(?:,?\ \d{{4}})?\b
        | \b(?:points|comments|views|votes|stars|replies|likes|shares|downloads):?\ \d+\b
        | \b\d+\ (?:points?|comments?|views?|votes?|stars?|repl(?:y|ies)|likes?|shares?|downloads?)\b
        "
    ))
    .expect("the pattern is constant and a test runs it")
});

/// Hash of the words of a title and a text that count: two wordings with the same one are the same to a reader.
pub(super) fn words_hash(title: &str, text: &str) -> String {
    let mut hasher = Sha256::new();
    for part in [title, text] {
        for word in words(&PASSING.replace_all(part, " ").to_lowercase()) {
            hasher.update(word.as_bytes());
            hasher.update(b" ");
        }
        hasher.update(b"\n");
    }
    short_hash(hasher)
}
