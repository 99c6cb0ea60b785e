//! What an address asks: its fields as a form sends them, each read once, and addresses that ask the like.

use url::form_urlencoded;

/// Letters of one field that are read; a question may be longer than what narrows it.
const MOST_LETTERS: usize = 1_000;

/// The fields behind the `?` of an address.
#[derive(Debug, Default, Clone)]
pub(super) struct Asked(Vec<(String, String)>);

impl Asked {
    pub fn read(query: Option<&str>) -> Asked {
        let fields = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        Asked(fields.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// What a field says, without space around it; empty where it is not there. Of several the last counts.
    pub fn text(&self, name: &str) -> String {
        let value = self.0.iter().rev().find(|(field, _)| field == name).map_or("", |(_, value)| value.trim());
        value.chars().take(MOST_LETTERS + 1).collect()
    }

    /// A field that says something.
    pub fn some(&self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|value| !value.is_empty())
    }

    /// A number from 1; 1 where there is none.
    pub fn number(&self, name: &str) -> usize {
        self.text(name).parse().unwrap_or(1).max(1)
    }

    /// Whether the question is longer than is read.
    pub fn is_too_long(&self, name: &str) -> bool {
        self.text(name).chars().count() > MOST_LETTERS
    }
}

/// An address with these fields, the empty ones left out.
pub(super) fn address(path: &str, fields: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(fields.iter().filter(|(_, value)| !value.is_empty()));
    match query.finish() {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

/// A name as one part of a path: also one with slashes.
pub(super) fn part(name: &str) -> String {
    let mut part = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' | b':' => part.push(byte.into()),
            // A part of two dots leads up.
            b'.' if name.contains(|letter| letter != '.') => part.push('.'),
            _ => part += &format!("%{byte:02X}"),
        }
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_again_what_was_asked() {
        let asked = Asked::read(Some("q=a+b%26c&q=%C3%BCber%00&page=x&kind=+&n=7"));
        assert_eq!((asked.text("q").as_str(), asked.some("kind"), asked.number("page")), ("über\0", None, 1));
        assert_eq!(asked.number("n"), 7);
        let again = address("/search", &[("q", "a b&c\""), ("kind", ""), ("since", "7d")]);
        assert_eq!(again, "/search?q=a+b%26c%22&since=7d");
        assert_eq!(Asked::read(again.split_once('?').map(|(_, query)| query)).text("q"), "a b&c\"");
        assert_eq!(part("diary:notes/über day.md"), "diary:notes%2F%C3%BCber%20day.md");
        assert_eq!(part(".."), "%2E%2E");
        assert!(Asked::read(Some(&format!("q={}", "x".repeat(1_001)))).is_too_long("q"));
    }
}
