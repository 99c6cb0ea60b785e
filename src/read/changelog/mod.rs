//! A changelog in Markdown becomes one entry for each version or each date that has a heading.
//!
//! The rules, where changelogs differ:
//!
//! | part | what it is |
//! |------|------------|
//! | entry | the section of a heading that begins with a version or a date, whichever most headings of one level begin with; also versions that stand on other levels (`# 2.0.0` above `## 1.9.4`). What is called unreleased, upcoming or next is not told until it has a version |
//! | id | the version without `v` and brackets, behind the name that the heading gives (`core 1.2.0`); or the date, as `2026-11-19` |
//! | link | the page for people (for raw files of GitHub and GitLab, and Anthropic's `.md` pages) with the heading's anchor as GitHub makes it |
//! | published | the date in the heading, else alone on the first line below, else of the dated heading above |
//! | title | the heading; a bare version or date stands behind the name of the repository, else of the document |
//! | text | the section as plain text; sections of one id are joined |
//!
//! A document without such headings, but with tables that have a column for models and one for dates, gives an entry for each
//! model: its rows, as lines. Where there are dated headings, they are what was announced, and the tables are their text: an
//! announcement is one thing to read, however many models it names.

mod heading;
mod place;
mod table;

use std::collections::HashMap;

use jiff::Timestamp;
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use self::heading::{Heading, Sort};
use self::place::{Anchors, document_name};
use super::damage::{Damage, Flaw};
use super::{charset, name, prose};
use crate::guard::panic::quietly;
use crate::item::{Entry, Fault, FaultKind, Reading};
use crate::page::Page;

/// Of a document, in bytes: ten times the largest changelog we know. Versions beyond it are the oldest.
const MAX_BYTES: usize = 4_000_000;

/// Quotes and lists inside one another on one line. Deeper is no prose, and costs the parser more at every line below.
const MAX_DEPTH: usize = 40;

/// Empty lines in a row that are kept; more say nothing, and each costs as much as the document is deep.
const MAX_EMPTY_LINES: usize = 3;

/// Reads a changelog. Never fails and never panics: a document that is none has a fault and no entries.
pub fn changelog(page: &Page) -> Reading {
    quietly(|| read(page)).unwrap_or_else(|| {
        let message = format!("reading {}: the reader itself failed on it; please report it", name(page));
        Reading { entries: Vec::new(), faults: vec![Fault::new(FaultKind::Damaged, message)] }
    })
}

fn read(page: &Page) -> Reading {
    let mut damage = Damage::default();
    let text = charset::decode(&page.bytes, page.content_type.as_deref(), &mut damage);
    if let Some(what) = other_than_markdown(&text) {
        return refused(page, &format!("this is {what}"));
    }
    if text.len() > MAX_BYTES {
        damage.note(Flaw::Tail);
    }
    let text = shallow(prose::prefix(&text, MAX_BYTES));
    let document = Document::parse(&text, page);
    let mut entries = document.sections();
    if entries.is_empty() {
        entries = document.rows();
    }
    if entries.is_empty() && !document.headings.iter().any(|heading| heading.heading.sort == Sort::Unreleased) {
        return refused(page, "no heading of it begins with a version or a date");
    }
    let mut faults = Vec::new();
    if !damage.is_none() {
        let message = format!(
            "reading {}: the changelog is damaged ({}); kept {} entries",
            name(page),
            damage.words(),
            entries.len()
        );
        faults.push(Fault::new(FaultKind::Damaged, message));
    }
    Reading { entries, faults }
}

fn refused(page: &Page, what: &str) -> Reading {
    let message = format!(
        "reading {}: {what}, so it is not a changelog in Markdown; give the address of the raw file, such as \
         https://raw.githubusercontent.com/owner/name/main/CHANGELOG.md",
        name(page)
    );
    Reading { entries: Vec::new(), faults: vec![Fault::new(FaultKind::NotAFeed, message)] }
}

/// In words that complete "this is …"; None for what may be Markdown.
fn other_than_markdown(text: &str) -> Option<&'static str> {
    let start = text.trim_start();
    let begins = |word: &str| start.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    match () {
        () if start.is_empty() => Some("an empty answer"),
        () if begins("<!doctype html") || begins("<html") => Some("a web page"),
        () if begins("<?xml") || begins("<rss") || begins("<feed") => Some("XML; if it is a feed, from.feed reads it"),
        () if begins("{") => Some("JSON"),
        () => None,
    }
}

/// The document without what makes a parser of Markdown slow: quotes and lists in one another without end.
fn shallow(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut empty_lines = 0;
    for line in text.lines() {
        empty_lines = if line.trim().is_empty() { empty_lines + 1 } else { 0 };
        if empty_lines <= MAX_EMPTY_LINES {
            kept.push_str(if depth(line) > MAX_DEPTH { line.trim_start_matches(is_marker) } else { line });
            kept.push('\n');
        }
    }
    kept
}

fn is_marker(letter: char) -> bool {
    letter.is_ascii_digit() || " \t>-*+.)".contains(letter)
}

/// How many quotes and lists a line may open, at most.
fn depth(line: &str) -> usize {
    let markers = &line[..line.find(|letter| !is_marker(letter)).unwrap_or(line.len())];
    markers.split_whitespace().map(|word| word.matches('>').count().max(1)).sum()
}

/// A document, parsed: its events, and where its headings stand among them.
struct Document<'t> {
    events: Vec<Event<'t>>,
    headings: Vec<Placed>,
    name: String,
    place: url::Url,
}

/// A heading in its document.
struct Placed {
    heading: Heading,
    level: HeadingLevel,
    anchor: String,
    /// Its first event, and the first behind it.
    start: usize,
    end: usize,
}

impl<'t> Document<'t> {
    fn parse(text: &'t str, page: &Page) -> Document<'t> {
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
        let events: Vec<Event<'t>> = Parser::new_ext(text, options).collect();
        let mut headings: Vec<Placed> = Vec::new();
        let mut anchors = Anchors::default();
        let (mut depth, mut start) = (0_usize, 0);
        for (at, event) in events.iter().enumerate() {
            match event {
                Event::Start(Tag::Heading { .. }) if depth == 0 => {
                    start = at;
                    depth += 1;
                }
                Event::Start(_) => depth += 1,
                Event::End(end) => {
                    depth = depth.saturating_sub(1);
                    if let TagEnd::Heading(level) = end
                        && depth == 0
                    {
                        let words = plain(&events[start..at]);
                        let anchor = anchors.next(&words);
                        let heading = Heading::read(&words);
                        headings.push(Placed { heading, level: *level, anchor, start, end: at + 1 });
                    }
                }
                _ => {}
            }
        }
        let is_title = |placed: &&Placed| placed.level == HeadingLevel::H1 && placed.heading.sort == Sort::Other;
        let first = headings.iter().find(is_title);
        let name = document_name(&page.url, first.map(|placed| &placed.heading));
        Document { events, headings, name, place: place::for_people(&page.url) }
    }

    /// The level and the sort of headings that most entries have, and are told by; None without any.
    fn custom(&self) -> Option<(HeadingLevel, bool)> {
        let mut counts: HashMap<(HeadingLevel, bool), usize> = HashMap::new();
        for placed in &self.headings {
            if let Sort::Version(_) | Sort::Date(_) = placed.heading.sort {
                *counts.entry((placed.level, placed.heading.is_version())).or_default() += 1;
            }
        }
        counts
            .into_iter()
            .max_by_key(|((level, is_version), count)| (*count, *is_version, -(*level as i8)))
            .map(|(custom, _)| custom)
    }

    fn sections(&self) -> Vec<Entry> {
        let Some((level, versions)) = self.custom() else { return Vec::new() };
        let is_entry = |placed: &Placed| match placed.heading.sort {
            Sort::Version(_) => versions && (placed.level <= level || placed.heading.is_bare),
            Sort::Date(_) => !versions && placed.level <= level,
            _ => false,
        };
        let mut entries: Vec<Entry> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut above: Option<(HeadingLevel, Timestamp)> = None;
        for (number, placed) in self.headings.iter().enumerate() {
            above = above.filter(|(level, _)| placed.level > *level);
            if let Sort::Date(date) = placed.heading.sort {
                above = Some((placed.level, date));
            }
            if !is_entry(placed) {
                continue;
            }
            let rest = &self.headings[number + 1..];
            let end = rest.iter().find(|next| next.level <= placed.level || is_entry(next));
            let end = end.map_or(self.events.len(), |next| next.start);
            let entry = self.entry(placed, end, above.map(|(_, date)| date));
            let native = entry.native.clone().unwrap_or_default();
            match known.get(&native) {
                Some(first) => join(&mut entries[*first], &entry),
                None => {
                    known.insert(native, entries.len());
                    entries.push(entry);
                }
            }
        }
        entries
    }

    fn entry(&self, placed: &Placed, end: usize, above: Option<Timestamp>) -> Entry {
        let text = text(&self.events[placed.end..end]);
        let published = placed.heading.date.or_else(|| heading::date_alone(text.lines().next()?)).or(above);
        let mut link = self.place.clone();
        link.set_fragment(Some(&placed.anchor));
        Entry {
            native: Some(placed.heading.native()),
            native_is_stable: true,
            link: Some(link),
            title: placed.heading.title(&self.name),
            text,
            author: None,
            published,
            updated: None,
            tags: Vec::new(),
        }
    }

    fn rows(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        for row in table::rows(&self.events) {
            let mut link = self.place.clone();
            let above = self.headings.iter().rev().find(|placed| placed.start < row.at);
            link.set_fragment(above.map(|placed| placed.anchor.as_str()));
            let native = row.model.to_lowercase();
            let entry = Entry {
                native: Some(native.clone()),
                native_is_stable: true,
                link: Some(link),
                title: row.title,
                text: row.text,
                author: None,
                published: None,
                updated: None,
                tags: Vec::new(),
            };
            match entries.iter_mut().find(|known| known.native.as_ref() == Some(&native)) {
                Some(known) => join(known, &entry),
                None => entries.push(entry),
            }
        }
        entries
    }
}

/// A second section of the same id.
fn join(first: &mut Entry, second: &Entry) {
    if !second.text.is_empty() && !first.text.contains(&second.text) {
        let joined = format!("{}\n\n{}", first.text, second.text);
        first.text = prose::prefix(joined.trim(), prose::MAX_TEXT_BYTES).to_owned();
    }
    first.published = first.published.or(second.published);
}

/// Events as plain text.
fn text(events: &[Event<'_>]) -> String {
    if events.is_empty() {
        return String::new();
    }
    // The first paragraph of a list's item stands beside its mark.
    let first = Event::Start(Tag::Paragraph);
    let kept = events.iter().enumerate().filter(|(at, event)| {
        **event != first || *at == 0 || !matches!(events[at - 1], Event::Start(Tag::Item) | Event::TaskListMarker(_))
    });
    let mut body = String::new();
    html::push_html(&mut body, kept.map(|(_, event)| event.clone()));
    // Line ends between tags say nothing; inside code there are no tags.
    prose::text(&body.replace(">\n<", "><"))
}

/// The words of events, on one line.
fn plain(events: &[Event<'_>]) -> String {
    let mut words = String::new();
    for event in events {
        match event {
            Event::Text(text) | Event::Code(text) => words.push_str(text),
            Event::SoftBreak | Event::HardBreak => words.push(' '),
            _ => {}
        }
    }
    crate::guard::text::one_line(&words)
}
