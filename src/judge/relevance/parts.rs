//! The parts of an item that have a weight.

use std::collections::BTreeMap;

use crate::judge::rules::Finding;
use crate::judge::sight::{Sight, Via};
use crate::source::Trust;

use super::profile::Fit;

/// A name with a value. Names are the rows of coefficients.tsv: `rule:…`, `trust:…`, `via:…`, `site:…`, `word:…`, `pair:…`,
/// `text:…`, `topic:…`, and a few of their own.
pub type Part = (String, f64);

/// Together the words of a title weigh as much as this, whatever its length; a rule weighs 1.
const TITLE: f64 = 1.0;
const TEXT: f64 = 0.7;

/// Words of a text that are looked at: what a thing is about stands at its beginning.
const TEXT_WORDS: usize = 150;

/// Words that name nothing.
const EMPTY: [&str; 48] = [
    "a", "an", "the", "and", "or", "of", "to", "in", "on", "for", "with", "by", "at", "from", "as", "is", "are", "was",
    "be", "it", "its", "that", "this", "these", "we", "you", "your", "our", "i", "they", "their", "s", "t", "not",
    "now", "have", "has", "had", "can", "will", "but", "into", "more", "than", "so", "up", "out", "about",
];

/// All parts of an item, by name.
pub fn parts(sight: &Sight<'_>, fit: &Fit<'_>, findings: &[Finding]) -> Vec<Part> {
    let mut parts: BTreeMap<String, f64> = BTreeMap::new();
    let mut add = |name: String, value: f64| *parts.entry(name).or_default() += value;

    add("profile".to_owned(), fit.whole);
    add("profile:against".to_owned(), fit.against);
    add("profile:point".to_owned(), fit.best_point);
    for finding in findings {
        add(format!("rule:{}", finding.rule), 1.0);
    }
    // Who says it decides how much an alarm is worth.
    let trust = sight.item.trust.word();
    if findings.iter().any(|finding| finding.alarm) {
        add(format!("alarm:{trust}"), 1.0);
    }
    add(format!("trust:{trust}"), 1.0);
    add("product:about".to_owned(), f64::from(u8::from(sight.about_product)));
    add("product:named".to_owned(), f64::from(u8::from(sight.product.is_some())));
    add(format!("via:{}", via(sight.via)), 1.0);
    if sight.item.trust == Trust::Official || sight.via == Via::Itself {
        for site in sites(sight) {
            add(format!("site:{site}"), 0.7);
        }
    }
    for topic in &sight.item.topics {
        add(format!("topic:{topic}"), 0.5);
    }
    let words = sight.title_words.len() as f64;
    add("length:title".to_owned(), (words / 12.0).min(1.5));
    add("length:text".to_owned(), ((sight.text_words.len() as f64).ln_1p() / 6.0).min(1.5));

    let title: Vec<&String> = sight.title_words.iter().filter(|word| tells(word)).collect();
    let share = TITLE / (title.len().max(1) as f64).sqrt();
    for word in &title {
        add(format!("word:{word}"), share);
    }
    for pair in sight.title_words.windows(2).filter(|pair| pair.iter().any(|word| tells(word))) {
        add(format!("pair:{} {}", pair[0], pair[1]), share * 0.7);
    }
    let mut text: Vec<&String> = sight.text_words.iter().take(TEXT_WORDS).filter(|word| tells(word)).collect();
    text.sort();
    text.dedup();
    let share = TEXT / (text.len().max(1) as f64).sqrt();
    for word in text {
        add(format!("text:{word}"), share);
    }
    parts.into_iter().filter(|(_, value)| *value != 0.0).collect()
}

fn via(via: Via) -> &'static str {
    match via {
        Via::Itself => "itself",
        Via::HackerNews => "hacker-news",
        Via::Reddit => "reddit",
        Via::Arxiv => "arxiv",
    }
}

/// Numbers change with each release; what they stand for is a rule's to read.
fn tells(word: &str) -> bool {
    !EMPTY.contains(&word) && word.chars().any(char::is_alphabetic) && word.len() > 1
}

/// The link's host, and with the first part of its path: `anthropic.com`, `anthropic.com/engineering`.
fn sites(sight: &Sight<'_>) -> Vec<String> {
    let host = sight.host();
    let Some(link) = sight.item.link.as_ref().filter(|_| !host.is_empty()) else { return Vec::new() };
    let first = link.path_segments().and_then(|mut parts| parts.next()).filter(|part| !part.is_empty());
    // A forge's host says nothing; its owners do.
    let mut sites = if host == "github.com" { Vec::new() } else { vec![host.to_owned()] };
    if let Some(first) = first {
        sites.push(format!("{host}/{first}"));
    }
    sites
}
