//! Addresses: the one form of a page's many, and the paper that an address leads to.

use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use crate::guard::link::strip_tracking;

/// Links of a text that are looked at: those of a roundup's end are not its story.
const MOST_LINKS: usize = 8;

/// More papers than this in a text make a list, and none of them its story.
const MOST_PAPERS: usize = 1;

static LINK: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"https?://[^\s<>"')\]]+"#).expect("a valid pattern"));

/// arXiv's identifiers (<https://info.arxiv.org/help/arxiv_identifier.html>) in its own links (abs, pdf, html), and in those
/// of sites that show the same papers, without the version.
static PAPER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(?:arxiv\.org/(?:abs|pdf|html|format|ps)/|alphaxiv\.org/(?:abs|pdf|overview)/|huggingface\.co/papers/|hf\.co/papers/|arxiv\.org/|10\.48550/arxiv\.|\barxiv:\s?)([a-z-]+(?:\.[a-z]{2})?/\d{7}|\d{4}\.\d{4,5})(?:v\d+)?\b",
    )
    .expect("a valid pattern")
});

/// The web addresses in a text, the first few, without what only counts clicks.
pub fn links(text: &str) -> impl Iterator<Item = Url> {
    LINK.find_iter(text).take(MOST_LINKS).filter_map(|found| {
        let mut link = Url::parse(found.as_str().trim_end_matches(['.', ',', ';', ':', '!', '?'])).ok()?;
        strip_tracking(&mut link);
        Some(link)
    })
}

/// The paper that an item is about: its link's, else the only one that its words name.
pub fn paper(link: Option<&Url>, title: &str, text: &str) -> Option<String> {
    if let Some(found) = link.and_then(|link| identifier(link.as_str())) {
        return Some(found);
    }
    let mut papers: Vec<String> = Vec::new();
    for found in PAPER.captures_iter(title).chain(PAPER.captures_iter(text)) {
        let identifier = found[1].to_ascii_lowercase();
        if !papers.contains(&identifier) {
            papers.push(identifier);
        }
        if papers.len() > MOST_PAPERS {
            return None;
        }
    }
    papers.pop()
}

fn identifier(link: &str) -> Option<String> {
    PAPER.captures(link).map(|found| found[1].to_ascii_lowercase())
}

/// The one form of an address: without scheme, `www.`, `m.` or `amp.`, an ending slash, `index.html`, and what only counts
/// clicks. The query stays, since many sites name their pages there, and so does the fragment, by which a changelog's items
/// differ. None for a site's front page, which is everybody's address.
pub fn canonical(link: &Url) -> Option<String> {
    let mut link = link.clone();
    strip_tracking(&mut link);
    let host = link.host_str()?;
    let host = ["www.", "m.", "amp."].iter().find_map(|start| host.strip_prefix(start)).unwrap_or(host);
    let path = link.path().trim_end_matches('/');
    let path = path.strip_suffix("/index.html").unwrap_or(path);
    let path = path.strip_suffix("/amp").unwrap_or(path);
    if path.is_empty() && link.query().is_none() {
        return None;
    }
    let mut key = format!("{host}{path}");
    for (mark, part) in [('?', link.query()), ('#', link.fragment())] {
        if let Some(part) = part.filter(|part| !part.is_empty()) {
            key.push(mark);
            key.push_str(part);
        }
    }
    Some(key)
}
