//! What a site's robots.txt lets programs ask (RFC 9309), and how slowly.
//!
//! The group that names our product token counts, else the one for `*`; groups of one name are one. Of the rules that match
//! an address the longest wins, and of two as long the one that allows. `*` stands for anything, `$` for the end.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use url::{Position, Url};

/// The word by which a group of robots.txt means us; the User-Agent begins with it.
const PRODUCT_TOKEN: &str = "tidings";

/// What of a robots.txt is read, in bytes: RFC 9309 (2.5) asks for at least 500 KiB, and no honest file has more.
pub(super) const MOST_BYTES: usize = 500 * 1024;

/// The longest crawl-delay that is believed: a person who writes more means "not at all", for which there is `Disallow`.
const LONGEST_DELAY: Duration = Duration::from_secs(60);

/// The rules that are meant for us.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Robots {
    rules: Vec<Rule>,
    /// The least time between two requests. Not of the RFC, and widely written all the same.
    pub(super) delay: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq)]
struct Rule {
    allows: bool,
    /// Normalised, and never empty.
    pattern: String,
}

impl Robots {
    /// Reads a robots.txt. Never fails: a line that says nothing known is passed over, as the RFC wants.
    pub(super) fn read(bytes: &[u8]) -> Robots {
        let bytes = &bytes[..bytes.len().min(MOST_BYTES)];
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = String::from_utf8_lossy(bytes);
        let (mut ours, mut for_all) = (None, Robots::default());
        let (mut means_us, mut means_all) = (false, false);
        let mut is_open = false;
        for line in text.split(['\n', '\r']) {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else { continue };
            let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
            if key == "user-agent" {
                if !is_open {
                    (means_us, means_all) = (false, false);
                }
                is_open = true;
                if token(value).eq_ignore_ascii_case(PRODUCT_TOKEN) {
                    means_us = true;
                    ours.get_or_insert_with(Robots::default);
                }
                means_all |= value.starts_with('*');
                continue;
            }
            let robots = [ours.as_mut().filter(|_| means_us), Some(&mut for_all).filter(|_| means_all)];
            for robots in robots.into_iter().flatten() {
                robots.take(&key, value);
            }
            // Other lines, such as a site map, may stand anywhere and end no list of names (2.2.4).
            if matches!(key.as_str(), "allow" | "disallow" | "crawl-delay") {
                is_open = false;
            }
        }
        ours.unwrap_or(for_all)
    }

    fn take(&mut self, key: &str, value: &str) {
        match key {
            // Without a path it is no rule.
            "allow" | "disallow" if !value.is_empty() => {
                self.rules.push(Rule { allows: key == "allow", pattern: normal(value).into_owned() });
            }
            "crawl-delay" => {
                let seconds: Option<f32> = value.parse().ok().filter(|seconds: &f32| *seconds > 0.0);
                self.delay = seconds.map(|seconds| Duration::from_secs_f32(seconds.min(LONGEST_DELAY.as_secs_f32())));
            }
            _ => {}
        }
    }

    /// The rule that forbids an address; None: it may be asked.
    pub(super) fn refusal(&self, url: &Url) -> Option<&impl fmt::Display> {
        let path = normal(&url[Position::BeforePath..Position::AfterQuery]);
        let longest = self
            .rules
            .iter()
            .filter(|rule| is_match(&rule.pattern, &path))
            .max_by_key(|rule| (rule.pattern.len(), rule.allows));
        longest.filter(|rule| !rule.allows && url.path() != "/robots.txt")
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pattern: String = self.pattern.chars().take(80).collect();
        write!(f, "{}: {pattern}", if self.allows { "Allow" } else { "Disallow" })
    }
}

/// The product token at the beginning of what a line names: `Tidings/1.0` means us too.
fn token(value: &str) -> &str {
    let end = value.find(|letter: char| !letter.is_ascii_alphabetic() && letter != '-' && letter != '_');
    &value[..end.unwrap_or(value.len())]
}

/// Both sides of a comparison as RFC 9309 (2.2.2) wants them: bytes beyond ASCII written with `%`, unreserved characters
/// without.
fn normal(path: &str) -> Cow<'_, str> {
    if path.is_ascii() && !path.contains('%') {
        return Cow::Borrowed(path);
    }
    let bytes = path.as_bytes();
    let mut written = String::with_capacity(path.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = (byte == b'%').then(|| path.get(at + 1..at + 3)).flatten();
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(plain) if plain.is_ascii_alphanumeric() || b"-._~".contains(&plain) => written.push(char::from(plain)),
            Some(other) => written.push_str(&format!("%{other:02X}")),
            None if byte.is_ascii() => written.push(char::from(byte)),
            None => written.push_str(&format!("%{byte:02X}")),
        }
        at += if escaped.is_some_and(|digits| u8::from_str_radix(digits, 16).is_ok()) { 3 } else { 1 };
    }
    Cow::Owned(written)
}

/// Whether a pattern matches the beginning of a path. Each piece between two `*` is looked for behind the one before it, so
/// the time is that of going through both once.
fn is_match(pattern: &str, path: &str) -> bool {
    let (pattern, is_anchored) = match pattern.strip_suffix('$') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = path.strip_prefix(first) else { return false };
    let mut has_star = false;
    let mut last = None;
    for piece in pieces {
        has_star = true;
        // The last piece is held back: before `$` it is sought at the end.
        if let Some(piece) = last.replace(piece) {
            let Some(at) = rest.find(piece) else { return false };
            rest = &rest[at + piece.len()..];
        }
    }
    match (last, is_anchored) {
        (Some(last), true) => rest.ends_with(last),
        (Some(last), false) => rest.contains(last),
        (None, _) => !is_anchored || (rest.is_empty() && !has_star),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(robots: &str, path: &str) -> bool {
        let url = Url::parse("https://example.org/").unwrap().join(path).unwrap();
        Robots::read(robots.as_bytes()).refusal(&url).is_none()
    }

    /// RFC 9309, 5.1: a bot of each name against the groups of the example.
    #[test]
    fn the_simple_example_of_the_rfc_is_read_as_it_says() {
        let group = |name: &str| {
            format!(
                "User-Agent: *\nDisallow: *.gif$\nDisallow: /example/\nAllow: /publications/\n\n\
                 User-Agent: {name}\nDisallow:/\nAllow:/example/page.html\nAllow:/example/allowed.gif\n\n\
                 User-Agent: barbot\nUser-Agent: bazbot\nDisallow: /example/page.html\n\n\
                 User-Agent: quxbot\n\nEOF"
            )
        };
        let other = group("foobot");
        assert!(!allows(&other, "/example/page.html"));
        assert!(!allows(&other, "/pictures/a.gif"));
        assert!(allows(&other, "/publications/a"));
        assert!(allows(&other, "/pictures/a.gif?large"));
        let foobot = group("tidings");
        assert!(allows(&foobot, "/example/page.html"));
        assert!(allows(&foobot, "/example/allowed.gif"));
        assert!(!allows(&foobot, "/publications/"));
        let bazbot = other.replace("bazbot", "Tidings/2.0 (of any version)");
        assert!(!allows(&bazbot, "/example/page.html"));
        assert!(allows(&bazbot, "/example/other.html"));
        let quxbot = other.replace("quxbot", "tidings");
        assert!(allows(&quxbot, "/example/page.html"));
    }

    /// RFC 9309, 5.2.
    #[test]
    fn the_longest_match_wins_and_of_two_as_long_the_one_that_allows() {
        let robots = "User-Agent: tidings\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif\n";
        assert!(!allows(robots, "/example/page/disallowed.gif"));
        assert!(allows(robots, "/example/page/other.gif"));
        for order in ["Allow: /page\nDisallow: /page\n", "Disallow: /page\nAllow: /page\n"] {
            assert!(allows(&format!("User-agent: *\n{order}"), "/page"), "{order}");
        }
    }

    /// RFC 9309, 2.2.2 (its table of encodings) and 2.2.3 (its table of special characters).
    #[test]
    fn patterns_and_addresses_are_compared_as_the_tables_of_the_rfc_say() {
        for (pattern, path, matches) in [
            ("/foo/bar?baz=quz", "/foo/bar?baz=quz", true),
            ("/foo/bar?baz=https://foo.bar", "/foo/bar?baz=https://foo.bar", true),
            ("/foo/bar/\u{30c4}", "/foo/bar/%E3%83%84", true),
            ("/foo/bar/%E3%83%84", "/foo/bar/\u{30c4}", true),
            ("/foo/bar/%62%61%7A", "/foo/bar/baz", true),
            ("/foo/bar/%2f", "/foo/bar/%2F", true),
            ("/foo/bar/%2f", "/foo/bar//", false),
            ("/100%", "/100%25", true),
            ("/allow/this/exactly$", "/allow/this/exactly", true),
            ("/allow/this/exactly$", "/allow/this/exactly/", false),
            ("/this/*/exactly", "/this/path/goes/exactly/here", true),
            ("/this/*/exactly", "/this/exactly", false),
            ("*.php$", "/index.php", true),
            ("*.php$", "/index.php?a", false),
            ("/a*b*b$", "/ab", false),
            ("/a*b*b$", "/abb", true),
            ("/*", "/", true),
            ("*", "/any", true),
            ("$", "/any", false),
            ("/fish*$", "/fishing", true),
        ] {
            let disallowed = !allows(&format!("User-agent: *\nDisallow: {pattern}"), path);
            assert_eq!(disallowed, matches, "{pattern} and {path}");
        }
    }

    #[test]
    fn files_as_people_write_them_are_read() {
        assert!(allows("", "/"));
        assert!(allows("User-agent: *\nDisallow:", "/"));
        assert!(allows("<!DOCTYPE html><title>Disallow: /</title>", "/"));
        assert!(!allows("\u{feff}USER-AGENT : * # all\r\n  disallow\t: / # nothing\r\n", "/a"));
        assert!(!allows("User-agent: a\nSitemap: https://example.org/map\nUser-agent: *\nDisallow: /", "/a"));
        // Rules before any name belong to nobody; groups of one name are one.
        assert!(allows("Disallow: /\nUser-agent: other\nDisallow: /", "/a"));
        let twice = "User-agent: tidings\nDisallow: /a\nUser-agent: *\nDisallow: /\nUser-agent: tidings\nDisallow: /b";
        assert!(!allows(twice, "/a") && !allows(twice, "/b") && allows(twice, "/c"));
        // A longer name is another program's.
        assert!(allows("User-agent: tidings-of-joy\nDisallow: /", "/a"));
        assert!(allows("User-agent: *\nDisallow: /", "/robots.txt"));
    }

    #[test]
    fn a_delay_is_believed_up_to_a_minute() {
        let delay = |value: &str| Robots::read(format!("User-agent: *\nCrawl-delay: {value}").as_bytes()).delay;
        assert_eq!(delay("2.5"), Some(Duration::from_millis(2500)));
        assert_eq!(delay("86400"), Some(Duration::from_secs(60)));
        assert_eq!(delay("inf"), Some(Duration::from_secs(60)));
        for none in ["", "0", "-1", "NaN", "soon"] {
            assert_eq!(delay(none), None, "{none}");
        }
    }

    #[test]
    fn hostile_files_cost_little() {
        let many = format!("User-agent: *\n{}", format!("Disallow: {}\n", "*a".repeat(20)).repeat(20_000));
        let url = Url::parse(&format!("https://example.org/{}", "a".repeat(8000))).unwrap();
        let robots = Robots::read(many.as_bytes());
        assert!(robots.refusal(&url).is_some());
        // What lies behind the limit is not read.
        let late = format!("User-agent: *\n{}Disallow: /", "# nothing\n".repeat(MOST_BYTES / 10));
        assert_eq!(Robots::read(late.as_bytes()), Robots::default());
        assert_eq!(Robots::read(&[0xff; 5000]), Robots::default());
    }
}
