//! The head of a web page: how it names itself and its feeds.

use super::markup::{Kind, Tokens, attribute};
use super::prose;

/// How far we look into a web page for its title and the feeds it names; heads of pages are smaller.
const MAX_HEAD_BYTES: usize = 256 * 1024;

/// Feeds named by one page that are looked at; real pages name two or three.
const MOST_FEEDS: usize = 20;

/// What a web page says of itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Head {
    pub title: String,
    /// Where relative addresses begin, if the page says so.
    pub base: Option<String>,
    /// Of each feed: its title and its address, as they are written.
    pub feeds: Vec<(String, String)>,
}

/// Reads the head of a page.
pub fn head(text: &str) -> Head {
    let mut head = Head::default();
    let mut tokens = Tokens::new(prose::prefix(text, MAX_HEAD_BYTES));
    while let Some(token) = tokens.next() {
        let Kind::Start { name, attributes, .. } = token.kind else {
            continue;
        };
        match name.to_ascii_lowercase().as_str() {
            "title" if head.title.is_empty() => {
                if let Some(Kind::Text(words)) = tokens.next().map(|token| token.kind) {
                    head.title = prose::line(words);
                }
            }
            "base" if head.base.is_none() => head.base = attribute(attributes, "href").map(|href| href.into_owned()),
            "link" if head.feeds.len() < MOST_FEEDS && names_a_feed(attributes) => {
                if let Some(href) = attribute(attributes, "href") {
                    let title = attribute(attributes, "title").map(|title| prose::line(&title)).unwrap_or_default();
                    head.feeds.push((title, href.into_owned()));
                }
            }
            "script" | "style" => tokens.skip_element(name),
            _ => {}
        }
    }
    head
}

/// `rel` is a list of words (HTML, 4.6.7); the types are those that feeds are registered or known under.
fn names_a_feed(attributes: &str) -> bool {
    const TYPES: [&str; 3] = ["application/rss+xml", "application/atom+xml", "application/feed+json"];
    let alternate = attribute(attributes, "rel")
        .is_some_and(|rel| rel.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case("alternate")));
    let kind = attribute(attributes, "type");
    let kind = kind.as_deref().and_then(|kind| kind.split(';').next()).map(str::trim);
    alternate && kind.is_some_and(|kind| TYPES.iter().any(|known| kind.eq_ignore_ascii_case(known)))
}
