//! A product the lab watches, and the version numbers that stand beside its name.

use std::sync::LazyLock;

use regex::Regex;

use super::words::{occurrences, words};

/// A watched product, by name.
#[derive(Debug, Clone)]
pub struct Product {
    /// As in tidings.toml; used in what people read.
    pub name: String,
    words: Vec<String>,
}

impl Product {
    pub fn named(name: &str) -> Product {
        Product { name: name.to_owned(), words: words(name) }
    }

    /// Whether the words name it, however they are joined.
    pub fn is_named_in(&self, words: &[String]) -> bool {
        occurrences(words, &self.words) > 0
    }
}

/// A version number with at least two parts; `v` before it is dropped. Dates such as 2026.11.21 pass too: some projects
/// number their releases so.
static VERSION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\bv?(\d{1,4}\.\d{1,4}(?:\.\d{1,5})?(?:-(?:rc|beta|alpha)[.\d]*)?)\b").expect("a valid pattern")
});

/// A version after words that say the fault is mended there.
static FIXED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:fixed in|patched in|fixed by|resolved in|upgrade to|update to|(?:patched|fixed) versions?:?)\s+(?:[a-z][\w-]*\s+){0,3}v?(\d{1,4}\.\d{1,4}(?:\.\d{1,5})?)\b",
    )
    .expect("a valid pattern")
});

/// The first version number in a title.
pub fn version_in(title: &str) -> Option<&str> {
    VERSION.captures(title).and_then(|found| found.get(1)).map(|version| version.as_str())
}

/// The version that a text says mends a fault.
pub fn fixed_version(text: &str) -> Option<&str> {
    FIXED.captures(text).and_then(|found| found.get(1)).map(|version| version.as_str())
}

/// Whether a version begins a new minor or major line (`4.13.0`, `5.0`), where behaviour may change.
pub fn begins_a_line(version: &str) -> bool {
    let parts: Vec<&str> = version.split(['.', '-']).collect();
    match parts.as_slice() {
        [_, _, patch, ..] => *patch == "0",
        _ => true,
    }
}
