//! A web page that lists items becomes entries, by the layout that a person or a preset gave.
//!
//! The link of an item is its identity; the same link twice on a page is one item, whose parts come from wherever they are.

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use regex::Regex;
use scraper::{ElementRef, Html, Node, Selector};
use url::Url;

use super::{date, embedded, html, link, pointer, prose};
use crate::guard::panic::quietly;
use crate::guard::text::{excerpt, one_line};
use crate::item::{Entry, Fault, FaultKind, Reading};
use crate::page::Page;
use crate::source::WebPage;

/// Items of one page.
const MAX_ITEMS: usize = 2000;

/// How far around a link its card is looked for, in elements outward, and how many links that card may hold.
const MAX_CARD_DEPTH: usize = 8;
const MAX_CARD_ELEMENTS: usize = 400;

/// Elements that follow a heading and belong to it.
const MAX_SECTION_ELEMENTS: usize = 500;

/// Of a title made from a link's words or an item's text, in characters.
const MADE_TITLE_CHARS: usize = 160;

/// Reads a page: its items in the page's order, each once.
///
/// Never fails and never panics. A page in which nothing is found has a fault of the kind `Empty` that names what was
/// looked for; what is no web page, one of the kind `NotAFeed`.
pub fn web_page(page: &Page, source: &WebPage) -> Reading {
    let name = || format!("{}{}", page.url.host_str().unwrap_or_default(), page.url.path());
    let failed = |kind, message: String| Reading { entries: Vec::new(), faults: vec![Fault::new(kind, message)] };
    let text = html::decode(page);
    let Some(tamed) = html::tame(&text) else {
        let kind = page.content_type.as_deref().map(|kind| one_line(prose::prefix(kind, 60))).unwrap_or_default();
        let what = if text.trim().is_empty() { "an empty answer".to_owned() } else { format!("no HTML ({kind})") };
        return failed(
            FaultKind::NotAFeed,
            format!("reading {}: this is {what}, and not the web page; see what a browser gets there", name()),
        );
    };
    let Some(entries) = quietly(|| read(page, source, &text, &tamed)) else {
        let message = format!("reading {}: the reader itself failed on it; please report the page", name());
        return failed(FaultKind::Damaged, message);
    };
    if entries.is_empty() {
        let message = format!(
            "reading {}: found no items by {}; the page was probably rebuilt: look at its source and mend from.page in \
             sources.toml",
            name(),
            source.layout.words()
        );
        return failed(FaultKind::Empty, message);
    }
    Reading { entries, faults: Vec::new() }
}

fn read(page: &Page, source: &WebPage, text: &str, tamed: &str) -> Vec<Entry> {
    let layout = &source.layout;
    if let Some(embedded) = &layout.embedded {
        let script = embedded.script.as_deref().and_then(|script| Selector::parse(script).ok());
        let documents = embedded::documents(text, script.as_ref());
        let entries = documents
            .iter()
            .filter_map(|document| pointer::entries(document, &embedded.paths, &page.url).ok())
            .flat_map(|found| found.entries)
            .collect();
        let entries = merged(entries);
        if !entries.is_empty() {
            return entries;
        }
    }
    let Some(item) = layout.item.as_deref().and_then(|item| Selector::parse(item).ok()) else {
        return Vec::new();
    };
    let html = Html::parse_document(tamed);
    let parse = |selector: &Option<String>| selector.as_deref().and_then(|text| Selector::parse(text).ok());
    let selectors = Selectors {
        item,
        link: parse(&layout.link),
        title: parse(&layout.title),
        date: parse(&layout.date),
        text: parse(&layout.text),
    };
    let base = base(&html, page);
    let entries = html.select(&selectors.item).take(MAX_ITEMS).filter_map(|item| selectors.entry(item, &base, page));
    merged(entries.collect())
}

/// What relative links are resolved against.
fn base(html: &Html, page: &Page) -> Url {
    let stated = html.select(&BASE).next().and_then(|base| base.attr("href"));
    stated.and_then(|href| page.url.join(href).ok()).unwrap_or_else(|| page.url.clone())
}

static BASE: LazyLock<Selector> = LazyLock::new(|| selector("base[href]"));
static LINK: LazyLock<Selector> = LazyLock::new(|| selector("a[href]"));
static HEADING: LazyLock<Selector> = LazyLock::new(|| selector("h1, h2, h3, h4, h5, h6"));
static TIME: LazyLock<Selector> = LazyLock::new(|| selector("time"));
static NAMED: LazyLock<Selector> = LazyLock::new(|| selector("[id], a[name]"));

fn selector(text: &str) -> Selector {
    Selector::parse(text).expect("a constant selector")
}

struct Selectors {
    item: Selector,
    link: Option<Selector>,
    title: Option<Selector>,
    date: Option<Selector>,
    text: Option<Selector>,
}

impl Selectors {
    fn entry(&self, item: ElementRef<'_>, base: &Url, page: &Page) -> Option<Entry> {
        if HEADING.matches(&item) {
            return self.section(item, base, page);
        }
        let is_link = item.value().name() == "a" && item.attr("href").is_some();
        let anchor = match &self.link {
            Some(selector) => Some(item.select(selector).next()?),
            None if is_link => Some(item),
            None => item.select(&LINK).next(),
        };
        let link = anchor.and_then(|anchor| link::read(anchor.attr("href")?, base));
        // A link to the list itself is a heading of the page, not an item.
        if link.as_ref().is_some_and(|link| is_same_page(link, &page.url)) {
            return None;
        }
        let card = if is_link && self.link.is_none() { card(item, base) } else { item };
        let first = |selector: &Selector| item.select(selector).next().or_else(|| card.select(selector).next());
        let mut title = match &self.title {
            Some(selector) => first(selector).map(words),
            None => first(&HEADING).map(words),
        }
        .unwrap_or_default();
        if title.is_empty() {
            title = anchor.map(words).unwrap_or_default();
        }
        if title.is_empty() {
            title = words(card);
        }
        let title = excerpt(&title, MADE_TITLE_CHARS);
        if title.is_empty() || (link.is_none() && self.link.is_none() && anchor.is_some()) {
            return None;
        }
        let published = match &self.date {
            Some(selector) => first(selector).and_then(stated_date),
            None => first(&TIME).and_then(stated_date).or_else(|| date_in(&words(card))),
        };
        let text = self.text.as_ref().and_then(first).map(|element| prose::text(&element.html())).unwrap_or_default();
        Some(Entry { link, title, text, published, ..nothing() })
    }

    /// A heading and what follows it, up to the next item or a heading above it.
    fn section(&self, heading: ElementRef<'_>, base: &Url, page: &Page) -> Option<Entry> {
        // Sites hang a sign on their headings that copies the address.
        let title = words(heading).trim_end_matches(['#', '¶', '🔗', ' ']).to_owned();
        let inside = heading.select(&LINK).next().and_then(|anchor| anchor.attr("href"));
        let named = std::iter::once(heading)
            .chain(heading.select(&NAMED))
            .find_map(|element| element.attr("id").or_else(|| element.attr("name")));
        let link = match (inside, named) {
            (Some(href), _) => link::read(href, base),
            (None, Some(name)) => {
                let mut link = page.url.clone();
                link.set_fragment(Some(name));
                Some(link)
            }
            (None, None) => None,
        };
        let level = heading.value().name().to_owned();
        let mut following = String::new();
        for element in heading.next_siblings().filter_map(ElementRef::wrap).take(MAX_SECTION_ELEMENTS) {
            let is_above = HEADING.matches(&element) && element.value().name() <= level.as_str();
            if is_above || self.item.matches(&element) || element.select(&self.item).next().is_some() {
                break;
            }
            following.push_str(&element.html());
            if following.len() > 2 * prose::MAX_TEXT_BYTES {
                break;
            }
        }
        let published = match &self.date {
            Some(selector) => heading.select(selector).next().and_then(stated_date),
            None => date_in(&title),
        };
        let text = prose::text(&following);
        if title.is_empty() || (link.is_none() && text.is_empty()) {
            return None;
        }
        Some(Entry { native: link.is_none().then(|| title.clone()), link, title, text, published, ..nothing() })
    }
}

fn nothing() -> Entry {
    Entry {
        native: None,
        native_is_stable: false,
        link: None,
        title: String::new(),
        text: String::new(),
        author: None,
        published: None,
        updated: None,
        tags: Vec::new(),
    }
}

fn is_same_page(link: &Url, page: &Url) -> bool {
    let bare = |url: &Url| (url.host_str().map(str::to_owned), url.path().trim_end_matches('/').to_owned());
    link.fragment().is_none() && link.query().is_none() && bare(link) == bare(page)
}

/// The largest element around a link in which no link leads elsewhere.
fn card<'a>(anchor: ElementRef<'a>, base: &Url) -> ElementRef<'a> {
    let target = anchor.attr("href").and_then(|href| link::read(href, base));
    let mut card = anchor;
    for around in anchor.ancestors().filter_map(ElementRef::wrap).take(MAX_CARD_DEPTH) {
        let is_small = around.descendants().nth(MAX_CARD_ELEMENTS).is_none();
        let leads_elsewhere =
            || around.select(&LINK).any(|other| other.attr("href").and_then(|href| link::read(href, base)) != target);
        if matches!(around.value().name(), "body" | "html" | "main") || !is_small || leads_elsewhere() {
            break;
        }
        card = around;
    }
    card
}

/// The words of an element on one line, apart where its parts are, and without those of its buttons.
fn words(element: ElementRef<'_>) -> String {
    let mut words = String::new();
    for node in element.descendants() {
        let Node::Text(text) = node.value() else { continue };
        let mut around = node.ancestors().take_while(|around| around.id() != element.id());
        if around.any(|around| around.value().as_element().is_some_and(|around| around.name() == "button")) {
            continue;
        }
        words.push_str(text);
        words.push(' ');
    }
    one_line(&words)
}

/// What a `time` or another element says for a date.
fn stated_date(element: ElementRef<'_>) -> Option<Timestamp> {
    let stated = ["datetime", "content", "title"].iter().find_map(|name| date::read(element.attr(name)?));
    stated.or_else(|| {
        let words = words(element);
        date::read(&words).or_else(|| date_in(&words))
    })
}

/// A date among other words: `May 6, 2026`, `May 10th, 2024`, `6 May 2026`, `2026-05-06`.
static DATE: LazyLock<Regex> = LazyLock::new(|| {
    const MONTH: &str = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?";
    let forms = format!(
        r"\b({MONTH})\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}})\b|\b(\d{{1,2}})(?:st|nd|rd|th)?\s+({MONTH}),?\s+(\d{{4}})\b|\b(\d{{4}}-\d{{2}}-\d{{2}})\b"
    );
    Regex::new(&forms).expect("the pattern is a constant")
});

fn date_in(words: &str) -> Option<Timestamp> {
    DATE.captures_iter(prose::prefix(words, 2000)).find_map(|found| {
        let part = |group: usize| found.get(group).map_or("", |part| part.as_str());
        match (part(7), part(3)) {
            ("", "") => date::read(&format!("{} {} {}", part(4), part(5), part(6))),
            ("", year) => date::read(&format!("{} {} {year}", part(2), part(1))),
            (iso, _) => date::read(iso),
        }
    })
}

/// Each link once, in the order of its first appearance: the longest title, and the first date, text and tags there are.
fn merged(entries: Vec<Entry>) -> Vec<Entry> {
    let mut places: HashMap<Url, usize> = HashMap::new();
    let mut merged: Vec<Entry> = Vec::new();
    for entry in entries {
        let known = entry.link.as_ref().and_then(|link| places.get(link)).copied();
        let Some(place) = known else {
            if let Some(link) = &entry.link {
                places.insert(link.clone(), merged.len());
            }
            merged.push(entry);
            continue;
        };
        let first = &mut merged[place];
        first.published = first.published.or(entry.published);
        if first.text.is_empty() {
            first.text = entry.text;
        }
        if first.tags.is_empty() {
            first.tags = entry.tags;
        }
    }
    merged
}
