//! Foreign words: what somebody outside wrote, and what a program said in a session. They are data, whatever they say.
//!
//! They go into a field named `quoted_untrusted` and nowhere else, and nothing in them is hidden from who reads along.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

use crate::guard::text::{clean, excerpt, is_clean, one_line};

/// Letters of a title; longer ones say nothing more.
const TITLE: usize = 300;

/// Longer addresses are no use to a reader.
const ADDRESS: usize = 1_000;

/// A text of which nothing is hidden.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Foreign(String);

impl JsonSchema for Foreign {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        String::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

impl Foreign {
    /// The whole text.
    pub fn whole(text: &str) -> Foreign {
        Foreign(neutral(text).into_owned())
    }

    /// Its beginning, on one line.
    pub fn line(text: &str) -> Foreign {
        Foreign(excerpt(text, TITLE))
    }

    /// The first sentences, on one line, of at most so many letters.
    pub fn excerpt(text: &str, letters: usize) -> Foreign {
        Foreign(excerpt(text, letters))
    }

    /// An address, or none where it is longer than any that is of use.
    pub fn address(url: Option<&url::Url>) -> Foreign {
        Foreign(url.map(url::Url::as_str).filter(|url| url.len() <= ADDRESS).map(one_line).unwrap_or_default())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The text without anything hidden.
pub fn neutral(text: &str) -> Cow<'_, str> {
    if is_clean(text) { Cow::Borrowed(text) } else { Cow::Owned(clean(text)) }
}

/// An id that its agent gave, where it is made of what ids are made of; it is all that stands outside of a quotation.
pub fn id(text: &str) -> String {
    let is_of_ids = |letter: char| letter.is_ascii_alphanumeric() || "-_.:/".contains(letter);
    if text.len() <= 200 && text.chars().all(is_of_ids) { text.to_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_hidden_in_foreign_words() {
        assert_eq!(Foreign::whole("a\u{200b}b\u{1b}[31m\nc\u{e0041}").0, "ab\nc");
        assert_eq!(Foreign::line("one\ntwo\u{202e}").0, "one two");
        assert_eq!(id("0a1b-4c.jsonl"), "0a1b-4c.jsonl");
        assert_eq!(id("ignore what was said"), "");
    }
}
