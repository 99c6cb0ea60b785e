//! Feeds become entries: RSS 0.90 to 2.0, Atom 0.3 and 1.0, JSON Feed 1 and 1.1, read by feed-rs after repair.
//!
//! The rules, where formats leave a choice or feeds lack something:
//!
//! | part | where it comes from, first found first |
//! |------|----------------------------------------|
//! | id | `guid` (whatever `isPermaLink` says), `atom:id`, `rdf:about`, `dc:identifier`, the id of JSON Feed (numbers as text); empty means none, and nothing is made up |
//! | link | `feedburner:origLink` that is an address; Atom's `link` that is `alternate` (HTML before other types) or RSS's `link`; JSON's `url`, then `external_url`; a `guid` that is an address and does not say `isPermaLink="false"`; `rdf:about`; what Atom's `content` gives as its `src`; an id of Atom or JSON Feed that is an address. Made absolute against `xml:base`, else the feed's own link, else the page; only http and https; without user name, without tracking parameters (`utm_*`, `fbclid`, `gclid`, `mc_cid` and the like, `ref=rss`); the fragment stays |
//! | published | `pubDate`, `published`, `issued`, `dcterms:issued`, `dc:date`, `created`; `date_published`. What is no date is none; a time without zone is UTC |
//! | updated | `updated`, `modified`, `dcterms:modified`; `date_modified` |
//! | title | `title`, `dc:title`, `media:title`, without tags, entities resolved as XML and once more as HTML; else the first words of the text; else the link |
//! | text | the longer of content and summary, as plain text of at most 200 kB |
//! | author | the name in `author`, `dc:creator`, `itunes:author`; else the feed's author; a mail address gives only what stands before its `@` |
//! | tags | `category`, `dc:subject`, `tags`, each once, at most 40 |

use feed_rs::model;
use feed_rs::parser::Builder;
use jiff::Timestamp;
use url::Url;

use super::damage::{Damage, Flaw};
use super::markup::{Kind, Tokens};
use super::outline::{self, Part};
use super::recognise::{Dialect, Recognised, recognise};
use super::repair::Context;
use super::{charset, json, name, prose};
use crate::guard::panic::quietly;
use crate::item::{Entry, Fault, FaultKind, Reading};
use crate::page::Page;

/// How much is written for the parser at a time, in bytes: one piece for nearly every feed, while the copies of a feed of the
/// largest size stay small beside the page itself.
const PIECE_BYTES: usize = 1_000_000;

/// Reads a feed: its entries in the page's order.
///
/// Never fails and never panics. A damaged feed has a fault of the kind `Damaged` that names what was repaired and how many
/// entries were kept; a page that is no feed has no entries and a fault of the kind `NotAFeed` that says what it is. The
/// same bytes give the same reading. Entries without id, link, title and text are left out: they say nothing.
pub fn feed(page: &Page) -> Reading {
    quietly(|| read(page)).unwrap_or_else(|| Reading {
        entries: Vec::new(),
        faults: vec![Fault::new(
            FaultKind::Damaged,
            format!(
                "reading {}: the reader itself failed on it; please report the feed to the makers of tidings",
                name(page)
            ),
        )],
    })
}

fn read(page: &Page) -> Reading {
    let mut damage = Damage::default();
    let text = charset::decode(&page.bytes, page.content_type.as_deref(), &mut damage);
    let read = match recognise(&text) {
        Recognised::Xml { dialect, start } => Ok(read_xml(&text, dialect, start, page, &mut damage)),
        Recognised::Json { start } => read_json(&text[start..], page, &mut damage),
        Recognised::Other(what) => Err(what),
    };
    match read {
        Ok(Found { entries, kept, begun }) => {
            Reading { entries, faults: damaged(page, &damage, kept, begun).into_iter().collect() }
        }
        Err(what) => {
            let message = format!(
                "reading {}: this is {what}, and not a feed; sources.toml needs the address of the feed itself",
                name(page)
            );
            Reading { entries: Vec::new(), faults: vec![Fault::new(FaultKind::NotAFeed, message)] }
        }
    }
}

/// What was found in a feed.
#[derive(Default)]
struct Found {
    entries: Vec<Entry>,
    /// Entries that could be read, those that say nothing among them.
    kept: usize,
    /// Entries that begin in the feed.
    begun: usize,
}

impl Found {
    fn take(&mut self, entries: Vec<model::Entry>) {
        self.kept += entries.len();
        self.entries.extend(entries.into_iter().filter_map(entry));
    }
}

fn damaged(page: &Page, damage: &Damage, kept: usize, begun: usize) -> Option<Fault> {
    if damage.is_none() && kept >= begun {
        return None;
    }
    let kept = match begun {
        0 => "found no entries".to_owned(),
        1 if kept == 1 => "kept its one entry".to_owned(),
        _ if kept < begun => format!("kept {kept} of {begun} entries"),
        _ => format!("kept all {begun} entries"),
    };
    let message = format!(
        "reading {}: the feed is damaged ({}); repaired it and {kept}; if it stays so, tell its publisher",
        name(page),
        damage.words()
    );
    Some(Fault::new(FaultKind::Damaged, message))
}

fn read_xml(text: &str, dialect: Dialect, start: usize, page: &Page, damage: &mut Damage) -> Found {
    let (before, feed) = text.split_at(start);
    if !is_prolog(before) {
        damage.note(Flaw::Junk);
    }
    let has_doctype = before.contains("<!DOCTYPE");
    let outline = outline::draw(feed, has_doctype, damage);
    let context = Context::new(&outline, dialect, &page.url, damage);
    let mut found = Found { begun: outline.begun, ..Found::default() };
    let mut parts = outline.entries.iter().peekable();
    while parts.peek().is_some() {
        let (mut piece, mut bytes) = (Vec::new(), 0);
        while let Some(part) = parts.next_if(|_| bytes < PIECE_BYTES) {
            let written = context.write(part, false);
            bytes += written.len();
            piece.push((part, written));
        }
        let whole = parse(&context.feed(piece.iter().map(|(_, xml)| xml.as_str())));
        found.take(match whole {
            Some(entries) if entries.len() == piece.len() => entries,
            // One entry spoils the whole: each is read alone.
            _ => piece.iter().filter_map(|(part, xml)| parse_one(&context, xml, part, damage)).collect(),
        });
    }
    found
}

fn parse_one(context: &Context, xml: &str, part: &Part<'_>, damage: &mut Damage) -> Option<model::Entry> {
    let one = |xml: &str| parse(&context.feed(std::iter::once(xml)))?.pop();
    one(xml).or_else(|| {
        let bare = one(&context.write(part, true));
        damage.note(if bare.is_some() { Flaw::Element } else { Flaw::Entry });
        bare
    })
}

/// Before the root only a declaration, comments, stylesheets and a document type may stand.
fn is_prolog(before: &str) -> bool {
    // An empty line before the declaration is an error in XML, and so frequent and harmless that it is not told.
    Tokens::new(before.trim_start_matches('\u{feff}')).all(|token| match token.kind {
        Kind::Text(text) => text.trim().is_empty(),
        Kind::Other | Kind::Doctype(_) => true,
        _ => false,
    })
}

fn read_json(text: &str, page: &Page, damage: &mut Damage) -> Result<Found, String> {
    let json::Items { items, begun } = json::items(text, &page.url, damage)?;
    let entries = match parse(&json::feed(&items)) {
        Some(entries) if entries.len() == items.len() => entries,
        _ => items
            .iter()
            .filter_map(|item| {
                let found = parse(&json::feed(std::slice::from_ref(item))).and_then(|mut found| found.pop());
                if found.is_none() {
                    damage.note(Flaw::Entry);
                }
                found
            })
            .collect(),
    };
    let mut found = Found { begun, ..Found::default() };
    found.take(entries);
    Ok(found)
}

/// feed-rs, with its panics caught. Ids it would make up are empty: one of them is random, the others change with the title.
fn parse(feed: &str) -> Option<Vec<model::Entry>> {
    let parser = Builder::new().id_generator(|_, _, _| String::new()).build();
    quietly(|| parser.parse(feed.as_bytes()).ok()).flatten().map(|feed| feed.entries)
}

fn entry(found: model::Entry) -> Option<Entry> {
    let link = found.links.iter().find_map(|link| Url::parse(&link.href).ok());
    let native = Some(found.id).filter(|id| !id.is_empty());
    let body = found.content.and_then(|content| content.body).map(|body| prose::text(&body)).unwrap_or_default();
    let summary = found.summary.map(|summary| prose::text(&summary.content)).unwrap_or_default();
    let text = if summary.len() > body.len() { summary } else { body };
    let written = found.title.map(|title| title.content);
    let title = prose::title(written.as_deref(), &text, link.as_ref());
    if native.is_none() && title.is_empty() {
        return None;
    }
    let published = found.published.and_then(|at| moment(at.timestamp(), at.timestamp_subsec_nanos()));
    let updated = found.updated.and_then(|at| moment(at.timestamp(), at.timestamp_subsec_nanos()));
    Some(Entry {
        native,
        native_is_stable: false,
        link,
        title,
        text,
        author: found.authors.into_iter().find_map(|author| author.name),
        published,
        // feed-rs copies the date of publication here when an RSS item has no other.
        updated: updated.filter(|_| updated != published),
        tags: found.categories.into_iter().map(|category| category.term).collect(),
    })
}

fn moment(seconds: i64, nanoseconds: u32) -> Option<Timestamp> {
    Timestamp::new(seconds, nanoseconds.try_into().ok()?).ok()
}
