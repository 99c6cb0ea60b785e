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

/// A version after words that say the fault is mended there, or before which it was.
static FIXED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(?:\b(?:fixed in|patched in|fixed by|resolved in|upgrade to|update to|(?:patched|fixed) versions?:?|prior to|earlier than|versions? before)\s+(?:[a-z][\w-]*\s+){0,3}|<\s*)v?(\d{1,4}\.\d{1,4}(?:\.\d{1,5})?)\b",
    )
    .expect("a valid pattern")
});

/// The versions that a text calls affected.
static AFFECTED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(?:(?:>=?|=)\s*v?\d{1,4}(?:\.\d{1,5}){1,2},?\s*)?<=?\s*v?\d{1,4}(?:\.\d{1,5}){1,2}|\b(?:versions? )?(?:before|prior to|earlier than|up to|through) (?:version )?v?\d{1,4}(?:\.\d{1,5}){1,2}|\bversions? v?\d{1,4}(?:\.\d{1,5}){1,2} (?:through|to|until) v?\d{1,4}(?:\.\d{1,5}){1,2}",
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

/// The versions that a text calls affected, as it writes them: "< 2.1.7", ">= 1.2, < 1.4.3", "versions before 1.0.111".
pub fn affected_versions(text: &str) -> Option<String> {
    let found = AFFECTED.find(text)?.as_str();
    Some(found.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Whether a version begins a new minor or major line (`4.13.0`, `5.0`), where behaviour may change.
pub fn begins_a_line(version: &str) -> bool {
    let parts: Vec<&str> = version.split(['.', '-']).collect();
    match parts.as_slice() {
        [_, _, patch, ..] => *patch == "0",
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_versions_affected_and_mended_are_read_as_people_write_them() {
        for (text, affected, fixed) in [
            ("Affected: < 2.1.7", Some("< 2.1.7"), Some("2.1.7")),
            ("affected: >=1.2, <1.4.3", Some(">=1.2, <1.4.3"), Some("1.4.3")),
            ("Versions before 1.0.111 run code.", Some("Versions before 1.0.111"), Some("1.0.111")),
            ("Prior to version 2.0.57, it failed", Some("Prior to version 2.0.57"), Some("2.0.57")),
            ("Versions 0.2.116 through 1.0.23 are open", Some("Versions 0.2.116 through 1.0.23"), None),
            ("Update lantern-code to 4.12.3", None, None),
            ("Fixed in lantern-code 4.12.3.", None, Some("4.12.3")),
            ("1.2 times faster than 3.4", None, None),
        ] {
            assert_eq!((affected_versions(text).as_deref(), fixed_version(text)), (affected, fixed), "{text}");
        }
    }
}
