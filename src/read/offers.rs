//! Offers: the feeds that a page, or another reader's list, gives to choose from.

use url::Url;

use super::head::head;
use super::markup::{Kind, Tokens, attribute};
use super::recognise::{Recognised, local_name, recognise};
use super::{charset, feed, link, prose};
use crate::guard::panic::quietly;
use crate::page::Page;
use crate::source::Offer;

use super::damage::Damage;

/// Folders within folders that are followed; no reader makes more than a few.
const MOST_FOLDERS: usize = 16;

/// The feeds to be had from a page: itself, if it is a feed with entries; else those that the web page names, those of
/// comments last. None are made up. Never panics.
pub fn offers(page: &Page) -> Vec<Offer> {
    quietly(|| {
        let text = charset::decode(&page.bytes, page.content_type.as_deref(), &mut Damage::default());
        match recognise(&text) {
            Recognised::Other(_) => named(&text, &page.url),
            _ if feed(page).entries.is_empty() => Vec::new(),
            Recognised::Xml { start, .. } => vec![itself(feed_title(&text[start..]), page)],
            Recognised::Json { start } => vec![itself(json_title(&text[start..]), page)],
        }
    })
    .unwrap_or_default()
}

fn itself(title: String, page: &Page) -> Offer {
    Offer { title, url: page.url.clone(), topics: Vec::new() }
}

/// The title of the whole feed: the first that stands before any entry.
fn feed_title(text: &str) -> String {
    let mut tokens = Tokens::new(text);
    while let Some(token) = tokens.next() {
        let Kind::Start { name, closed: false, .. } = token.kind else { continue };
        match local_name(name) {
            "item" | "entry" => break,
            "title" => {
                return match tokens.next().map(|token| token.kind) {
                    Some(Kind::Text(words) | Kind::Cdata(words)) => prose::line(words),
                    _ => String::new(),
                };
            }
            _ => {}
        }
    }
    String::new()
}

fn json_title(text: &str) -> String {
    let value: Option<serde_json::Value> = serde_json::from_str(text).ok();
    value.as_ref().and_then(|value| value["title"].as_str()).map(prose::line).unwrap_or_default()
}

fn named(text: &str, url: &Url) -> Vec<Offer> {
    let head = head(text);
    let base = head.base.and_then(|base| url.join(&base).ok()).unwrap_or_else(|| url.clone());
    let mut offers: Vec<Offer> = Vec::new();
    for (title, href) in head.feeds {
        let Some(url) = link::read(&href, &base) else { continue };
        if offers.iter().any(|offer| offer.url == url) {
            continue;
        }
        let title = if title.is_empty() { head.title.clone() } else { title };
        offers.push(Offer { title, url, topics: Vec::new() });
    }
    offers.sort_by_key(|offer| {
        let words = format!("{} {}", offer.title, offer.url.path()).to_lowercase();
        words.contains("comment")
    });
    offers
}

/// Reads another reader's list: OPML (opml.org/spec2.opml), whose folders become topics, or one address a line. Each feed
/// once, in the list's order. The error says what the text is instead.
pub fn subscriptions(bytes: &[u8]) -> Result<Vec<Offer>, String> {
    let text = charset::decode(bytes, None, &mut Damage::default());
    let is_opml = Tokens::new(&text).take(100).any(
        |token| matches!(token.kind, Kind::Start { name, .. } if name.eq_ignore_ascii_case("opml") || name.eq_ignore_ascii_case("outline")),
    );
    let found = if is_opml { outlines(&text) } else { lines(&text)? };
    let mut offers: Vec<Offer> = Vec::new();
    for offer in found {
        match offers.iter_mut().find(|known| known.url == offer.url) {
            Some(known) => known.topics.extend(offer.topics),
            None => offers.push(offer),
        }
    }
    for offer in &mut offers {
        offer.topics.sort();
        offer.topics.dedup();
    }
    Ok(offers)
}

fn outlines(text: &str) -> Vec<Offer> {
    let mut offers = Vec::new();
    let mut folders: Vec<String> = Vec::new();
    // Of outlines that are open; those beyond the deepest folder name no topic.
    let mut depth = 0;
    for token in Tokens::new(text) {
        match token.kind {
            Kind::Start { name, attributes, closed } if name.eq_ignore_ascii_case("outline") => {
                let title = attribute(attributes, "title").filter(|title| !title.trim().is_empty());
                let title = title.or_else(|| attribute(attributes, "text")).unwrap_or_default();
                let address = attribute(attributes, "xmlUrl").and_then(|url| Url::parse(url.trim()).ok());
                if let Some(url) = address.filter(|url| matches!(url.scheme(), "http" | "https")) {
                    let category = attribute(attributes, "category").unwrap_or_default();
                    let topics = folders.iter().map(String::as_str).chain(category.split([',', '/']));
                    let topics = topics.map(topic).filter(|topic| !topic.is_empty()).collect();
                    offers.push(Offer { title: prose::line(&title), url, topics });
                }
                // A feed's outline may be written with an end tag too, and is then a folder without children.
                if !closed {
                    depth += 1;
                    if depth <= MOST_FOLDERS {
                        let is_feed = attribute(attributes, "xmlUrl").is_some();
                        folders.push(if is_feed { String::new() } else { title.into_owned() });
                    }
                }
            }
            Kind::End { name } if name.eq_ignore_ascii_case("outline") => {
                depth = depth.saturating_sub(1);
                folders.truncate(depth);
            }
            _ => {}
        }
    }
    offers
}

/// `Coding Agents` is the topic `coding-agents`.
fn topic(folder: &str) -> String {
    let words: Vec<String> = folder
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    words.join("-")
}

fn lines(text: &str) -> Result<Vec<Offer>, String> {
    let mut offers = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim().trim_start_matches('\u{feff}');
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        // newsboat writes tags behind the address.
        let address = line.split_whitespace().next().unwrap_or_default();
        match Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https")) {
            Some(url) => offers.push(Offer { title: String::new(), url, topics: Vec::new() }),
            None => {
                let shown: String = line.chars().take(60).collect();
                return Err(format!("line {} is neither OPML nor an address: {shown}", number + 1));
            }
        }
    }
    Ok(offers)
}
