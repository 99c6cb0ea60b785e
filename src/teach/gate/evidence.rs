//! Evidence: pages at places that are watched, written plainly, and the hash of what was quoted.

use std::collections::BTreeSet;
use std::net::IpAddr;

use url::Url;

use crate::lesson::Evidence;

use super::{Allowed, lexicon, quoted};

/// Characters of an address; a longer one carries something.
const LONGEST_URL: usize = 200;
/// What chooses a page and says nothing else: a video, a paper, a discussion.
const QUERY_KEYS: [&str; 2] = ["v", "id"];
/// What a browser fetches and opens, or git clones: no page.
const DOWNLOADS: [&str; 20] = [
    ".sh", ".exe", ".zip", ".gz", ".tgz", ".tar", ".git", ".ps1", ".bat", ".cmd", ".msi", ".dmg", ".pkg", ".deb",
    ".rpm", ".jar", ".apk", ".whl", ".crate", ".svg",
];

pub(super) fn check_url(url: &Url, allowed: &Allowed) -> Result<(), String> {
    let text = url.as_str();
    if text.len() > LONGEST_URL {
        return Err(format!("it has {} characters; at most {LONGEST_URL} are read", text.len()));
    }
    if url.scheme() != "https" {
        return Err("only https pages bear anything out".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() || url.port().is_some() || text.contains('@') {
        return Err("it names a user, a password or a port".to_owned());
    }
    let host = url.host_str().unwrap_or_default();
    if !is_host(host) {
        return Err(format!("{} is no plain name of a host", quoted(host)));
    }
    if !allowed.has_place(url) {
        return Err(format!("{} is no place of a source that is watched", quoted(&format!("{host}{}", url.path()))));
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'/' | b'~' | b'+');
    if !url.path().bytes().all(plain) || url.path().contains("//") || url.path().contains("..") {
        return Err("its path holds other signs than letters, figures and `._-/~+`".to_owned());
    }
    let path = url.path().to_ascii_lowercase();
    if let Some(end) = DOWNLOADS.iter().find(|end| path.ends_with(*end)) {
        return Err(format!("it ends in {end}: that is a download, no page"));
    }
    // Words can be read out of an address as well.
    let said = format!("{} {}", url.path(), url.fragment().unwrap_or_default());
    lexicon::check_dangers(&said.replace(['/', '-', '_', '+', '~'], " "))?;
    let value = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if let Some(query) = url.query() {
        let (key, chosen) = query.split_once('=').unwrap_or((query, ""));
        if !QUERY_KEYS.contains(&key) || !(1..=20).contains(&chosen.len()) || !chosen.bytes().all(value) {
            return Err("it holds a query".to_owned());
        }
    }
    if let Some(fragment) = url.fragment() {
        let plain = |b: u8| value(b) || b == b'.';
        if fragment.is_empty() || fragment.len() > 80 || !fragment.bytes().all(plain) {
            return Err("its fragment holds other signs than letters, figures and `._-`".to_owned());
        }
    }
    Ok(())
}

/// A SHA-256 as it is written down.
pub(super) fn check_quote(quote: &str) -> Result<(), String> {
    let digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if quote.len() == 64 && quote.bytes().all(digit) {
        Ok(())
    } else {
        Err("the hash of the quoted span is no 64 hexadecimal digits in small letters".to_owned())
    }
}

/// One page named twice looks like two.
pub(super) fn check_distinct(evidence: &[Evidence]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    match evidence.iter().find(|evidence| !seen.insert(evidence.url.as_str())) {
        Some(evidence) => Err(format!("{} is named twice", quoted(evidence.url.as_str()))),
        None => Ok(()),
    }
}

/// `code.claude.com`: small letters, two labels at least, no number's or another alphabet's name in disguise.
pub(super) fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
            && !label.starts_with("xn--")
    };
    host.len() <= 100
        && host.contains('.')
        && host.split('.').all(label)
        && host.parse::<IpAddr>().is_err()
        && host.rsplit('.').next().is_some_and(|end| end.bytes().all(|b| b.is_ascii_lowercase()))
}
