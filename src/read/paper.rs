//! Papers of arXiv: its feeds, with one id for all versions of a paper.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use super::{feed, name};
use crate::guard::text;
use crate::item::{Fault, FaultKind, Reading};
use crate::page::Page;

/// An identifier as `http://arxiv.org/abs/2411.01234v2`, `oai:arXiv.org:2411.01234v1` or `…/hep-th/9901001v3`
/// (<https://info.arxiv.org/help/arxiv_identifier.html>), without its version.
static IDENTIFIER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:arxiv\.org/abs/|oai:arxiv\.org:)([a-z-]+(?:\.[a-z]{2})?/\d{7}|\d{4}\.\d{4,5})(?:v\d+)?$")
        .expect("a constant pattern")
});

/// What rss.arxiv.org puts before an abstract; it changes with each version.
static ANNOUNCEMENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?is)^\s*arXiv:\S+\s+Announce Type:\s*\S+\s*(?:Abstract:\s*)?").expect("a constant pattern")
});

/// Whether a feed is one of arXiv's own.
pub fn is_arxiv(url: &Url) -> bool {
    url.host_str().is_some_and(|host| host == "arxiv.org" || host.ends_with(".arxiv.org"))
}

/// Reads a feed of arXiv as `feed` does, and then: the id is `arXiv:` and the identifier without its version, the link leads to
/// the newest version, a paper that is listed twice counts once, and an error, which the API writes as an entry, is a fault.
pub fn papers(page: &Page) -> Reading {
    let mut reading = feed(page);
    let mut known = HashSet::new();
    let mut faults = Vec::new();
    reading.entries.retain_mut(|entry| {
        let native = entry.native.clone().unwrap_or_default();
        if native.contains("arxiv.org/api/errors") {
            let message = format!(
                "reading {}: arXiv says “{}”; mend the query in sources.toml",
                name(page),
                text::excerpt(&entry.text, 200)
            );
            faults.push(Fault::new(FaultKind::Status, message));
            return false;
        }
        let Some(found) = IDENTIFIER.captures(&native) else { return true };
        let identifier = found[1].to_owned();
        entry.link = Url::parse(&format!("https://arxiv.org/abs/{identifier}")).ok();
        entry.native = Some(format!("arXiv:{identifier}"));
        entry.native_is_stable = true;
        entry.text = ANNOUNCEMENT.replace(&entry.text, "").into_owned();
        known.insert(identifier)
    });
    reading.faults.extend(faults);
    reading
}
