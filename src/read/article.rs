//! The main text of an article's page: what a reader came for, without the menus, shares and comments around it.
//!
//! What says by its name that it is something else (comments, shares, captions, cookie notices) goes first; dom_smoothie, a
//! port of Mozilla's Readability, then finds the text; where it finds hardly any of the page's paragraphs, all of them count.

use std::sync::LazyLock;

use dom_smoothie::{Config, Readability};
use scraper::{ElementRef, Html, Selector};

use super::rules::person;
use super::{date, html, link, prose};
use crate::guard::panic::quietly;
use crate::guard::text::one_line;
use crate::item::{Entry, Fault, FaultKind};
use crate::page::Page;

/// Elements that dom_smoothie may have to weigh; its time grows faster than their number.
const MAX_ELEMENTS: usize = 30_000;

/// What goes by its name must not be most of the page: a site may call its article whatever it likes.
const LARGEST_SHARE: f64 = 0.4;

/// Paragraphs of fewer characters speak neither for nor against a text.
const LEAST_PARAGRAPH: usize = 80;

/// Below this part of the page's paragraphs, the text that was found is not the main one.
const LEAST_PART: f64 = 0.3;

/// The same of all words that are no links, for pages that know no paragraphs. Low, since comments and sidebars are among
/// them.
const LEAST_PART_OF_ALL: f64 = 0.05;

/// Reads an article: its title, author, dates, link (the one that it calls its own) and main text.
///
/// # Errors
/// The page is none, or holds no text. Never panics.
pub fn article(page: &Page) -> Result<Entry, Fault> {
    let refused = |what: &str| {
        let name = format!("{}{}", page.url.host_str().unwrap_or_default(), page.url.path());
        Fault::new(FaultKind::NotAFeed, format!("reading {name}: {what}; open it in a browser"))
    };
    let text = html::decode(page);
    let tamed = html::tame(&text).ok_or_else(|| refused("this is no web page"))?;
    let entry = quietly(|| read(page, &tamed)).ok_or_else(|| refused("the reader itself failed on it"))?;
    if entry.text.is_empty() { Err(refused("found no text in it")) } else { Ok(entry) }
}

fn read(page: &Page, tamed: &str) -> Entry {
    let mut html = Html::parse_document(tamed);
    remove(&mut html, &STRANGE);
    let config = Config { max_elements_to_parse: MAX_ELEMENTS, ..Config::default() };
    let found =
        Readability::new(html.html(), Some(page.url.as_str()), Some(config)).and_then(|mut reader| reader.parse()).ok();
    let mut entry = Entry {
        native: None,
        native_is_stable: false,
        link: Some(page.url.clone()),
        title: html.select(&TITLE).next().map(|title| words(title)).unwrap_or_default(),
        text: String::new(),
        author: None,
        published: None,
        updated: None,
        tags: Vec::new(),
    };
    if let Some(found) = found {
        entry.link = found.url.and_then(|own| link::read(&own, &page.url)).or(entry.link);
        entry.title = Some(one_line(&found.title)).filter(|title| !title.is_empty()).unwrap_or(entry.title);
        entry.text = prose::text(&without_lists_of_links(&found.content));
        entry.author = found.byline.as_deref().and_then(person);
        entry.published = found.published_time.as_deref().and_then(date::read);
        entry.updated = found.modified_time.as_deref().and_then(date::read);
    }
    // The name of the site behind the title of the article says nothing new.
    if let Some(heading) = html.select(&HEADING).map(words).find(|heading| is_title_of(heading, &entry.title)) {
        entry.title = heading;
    }
    let paragraphs: usize = html
        .select(&PARAGRAPH)
        .map(|paragraph| words(paragraph).len())
        .filter(|length| *length >= LEAST_PARAGRAPH)
        .sum();
    remove(&mut html, &AROUND);
    let linked: usize = html.select(&LINK).map(length).sum();
    let unlinked = length(html.root_element()).saturating_sub(linked);
    let is_too_short =
        (entry.text.len() as f64) < f64::max(LEAST_PART * paragraphs as f64, LEAST_PART_OF_ALL * unlinked as f64);
    if entry.text.is_empty() || is_too_short {
        let all = prose::text(&html.root_element().html());
        if all.len() > entry.text.len() {
            entry.text = all;
        }
    }
    entry
}

/// Takes out what a selector finds, unless it is most of the page's words.
fn remove(html: &mut Html, strange: &Selector) {
    let whole = length(html.root_element()) as f64;
    let found: Vec<_> = html
        .select(strange)
        .filter(|element| {
            !matches!(element.value().name(), "html" | "body" | "main" | "article")
                && length(*element) as f64 <= LARGEST_SHARE * whole
        })
        .map(|element| element.id())
        .collect();
    for id in found {
        if let Some(mut node) = html.tree.get_mut(id) {
            node.detach();
        }
    }
}

/// Lists all of whose words are links lead to other articles; unless there is hardly anything else.
fn without_lists_of_links(content: &str) -> String {
    let mut html = Html::parse_fragment(content);
    let whole = length(html.root_element());
    let found: Vec<_> = html
        .select(&LIST)
        .filter(|list| {
            let all = length(*list);
            let linked: usize = list.select(&LINK).map(length).sum();
            list.select(&LINK).nth(1).is_some() && linked * 10 >= all * 9 && all * 3 < whole
        })
        .map(|list| list.id())
        .collect();
    for id in found {
        if let Some(mut node) = html.tree.get_mut(id) {
            node.detach();
        }
    }
    let images: Vec<_> = html.select(&IMAGE).map(|image| image.id()).collect();
    for id in images {
        if let Some(mut node) = html.tree.get_mut(id) {
            node.detach();
        }
    }
    html.root_element().inner_html()
}

/// Whether a heading is a page's title but for what follows a separator.
fn is_title_of(heading: &str, title: &str) -> bool {
    let rest = title.strip_prefix(heading).map(str::trim_start);
    !heading.is_empty()
        && rest.is_some_and(|rest| rest.starts_with(['|', '-', '–', '—', '·', ':', '\\', '/', '«', '»', '•']))
}

fn length(element: ElementRef<'_>) -> usize {
    element.text().map(|text| text.trim().len()).sum()
}

fn words(element: ElementRef<'_>) -> String {
    one_line(&element.text().collect::<String>())
}

static TITLE: LazyLock<Selector> = LazyLock::new(|| selector("title, h1"));
static HEADING: LazyLock<Selector> = LazyLock::new(|| selector("h1"));
static PARAGRAPH: LazyLock<Selector> = LazyLock::new(|| selector("p"));
static LIST: LazyLock<Selector> = LazyLock::new(|| selector("ul, ol"));
static LINK: LazyLock<Selector> = LazyLock::new(|| selector("a[href]"));
static IMAGE: LazyLock<Selector> = LazyLock::new(|| selector("img"));

/// What stands around any text of a site.
static AROUND: LazyLock<Selector> = LazyLock::new(|| {
    selector("head, nav, footer, aside, form, [role=\"navigation\"], [role=\"banner\"], #header, #footer")
});

/// What says by its name that it is no part of the text. Names are those that publishing programs (WordPress, Drupal,
/// Blogger, Ghost, Disqus and their kind) give, or words that mean one thing only.
static STRANGE: LazyLock<Selector> = LazyLock::new(|| {
    const NAMES: [&str; 55] = [
        "figcaption",
        "nav",
        "dialog",
        "button",
        "select",
        "[hidden]",
        "[aria-hidden=\"true\"]",
        "[role=\"dialog\"]",
        "[role=\"navigation\"]",
        "[role=\"complementary\"]",
        "#comments",
        "#respond",
        "#disqus_thread",
        ".comments",
        ".comment-list",
        ".comments-area",
        ".comment-respond",
        ".commentlist",
        ".akismet_comment_form_privacy_notice",
        "[class*=\"sharedaddy\"]",
        "[class*=\"jp-relatedposts\"]",
        "[class*=\"social-share\"]",
        "[class*=\"share-\"]",
        "[class*=\"sharing\"]",
        "[class*=\"addtoany\"]",
        "[class*=\"related-\"]",
        "[class*=\"-related\"]",
        ".related",
        "#related",
        "[class*=\"recommended\"]",
        "[class*=\"newsletter\"]",
        "[id*=\"newsletter\"]",
        "[class*=\"subscribe\"]",
        "[class*=\"author-bio\"]",
        "[class*=\"author-box\"]",
        "[class*=\"author-info\"]",
        "[class*=\"about-author\"]",
        ".wp-caption-text",
        "[class*=\"caption\"]",
        "[class*=\"gallery\"]",
        "[class*=\"slideshow\"]",
        "[class*=\"breadcrumb\"]",
        "[id*=\"breadcrumb\"]",
        "[class*=\"cookie\"]",
        "[id*=\"cookie\"]",
        ".entry-meta",
        ".post-meta",
        ".entry-footer",
        ".entry-utility",
        ".post-tags",
        ".tags-links",
        ".pagination",
        ".screen-reader-text",
        "[class*=\"outbrain\"]",
        "[class*=\"taboola\"]",
    ];
    selector(&NAMES.join(", "))
});

fn selector(text: &str) -> Selector {
    Selector::parse(text).expect("a constant selector")
}
