//! An item as judging sees it: made ready and cut into words once.

use regex::Regex;

use crate::item::Item;

use super::product::Product;
use super::ready::{Found, Ready};
use super::words::words;

pub struct Sight<'a> {
    pub item: &'a Item,
    /// The text as it came.
    pub text: &'a str,
    pub ready: Ready,
    pub title_words: Vec<String>,
    pub text_words: Vec<String>,
    /// The words of each point of a list in the text.
    pub point_words: Vec<Vec<String>>,
    /// The watched product it speaks about: named in the title, else named in the text, else the source's own.
    pub product: Option<&'a Product>,
    /// The product is named in the title or is what the source is about, not merely mentioned.
    pub about_product: bool,
    pub via: Via,
}

/// By what way an item came: whose words its title is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// The page it links to says it itself.
    Itself,
    /// Somebody hands on a link.
    HackerNews,
    Reddit,
    /// Papers of strangers.
    Arxiv,
}

impl<'a> Sight<'a> {
    pub fn of(item: &'a Item, text: &'a str, watch: &'a [Product]) -> Sight<'a> {
        let ready = Ready::of(&item.title, text);
        let title_words = words(&ready.title);
        let text_words = words(&ready.text);
        let point_words = ready.points.iter().map(|point| words(point)).collect();
        let in_title = watch.iter().find(|product| product.is_named_in(&title_words));
        let in_topics =
            || watch.iter().find(|product| item.topics.iter().any(|topic| product.is_named_in(&words(topic))));
        let in_text = || watch.iter().find(|product| product.is_named_in(&text_words));
        let about = in_title.or_else(in_topics);
        Sight {
            item,
            text,
            product: about.or_else(in_text),
            about_product: about.is_some(),
            title_words,
            text_words,
            point_words,
            via: via(item),
            ready,
        }
    }

    pub fn find(&self, pattern: &Regex) -> Option<Found<'_>> {
        self.ready.find(pattern)
    }

    pub fn in_title(&self, pattern: &Regex) -> Option<String> {
        Some(pattern.find(&self.ready.title)?.as_str().split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// Host of the item's link without `www.`; empty without a link.
    pub fn host(&self) -> &str {
        let host = self.item.link.as_ref().and_then(|link| link.host_str()).unwrap_or_default();
        host.strip_prefix("www.").unwrap_or(host)
    }
}

fn via(item: &Item) -> Via {
    let source = words(&item.source).join(" ");
    let host = item.link.as_ref().and_then(|link| link.host_str()).unwrap_or_default();
    if source.contains("hackernew") || source.contains("hacker new") || host == "news.ycombinator.com" {
        Via::HackerNews
    } else if source.starts_with("reddit") || source.starts_with("r ") || host.ends_with("reddit.com") {
        Via::Reddit
    } else if host.ends_with("arxiv.org") || host == "alphaxiv.org" {
        Via::Arxiv
    } else {
        Via::Itself
    }
}
