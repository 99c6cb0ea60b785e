//! The outline of a feed in XML: which fields stand at its head, and which in each entry; nothing is interpreted yet.
//!
//! A feed is flat: entries hold fields, and what a field holds is its own business. So an entry begins wherever `item` or
//! `entry` begins, and ends at its end tag, at the next entry, or at the end of the feed, however badly the tags between are
//! nested. An entry that the end of the page cuts off is not whole and is left out: half a link would be a wrong one.

use std::collections::HashMap;

use super::damage::{Damage, Flaw};
use super::markup::{self, Kind, Token, Tokens};
use super::recognise::local_name;
use super::reference::{Reference, reference, unescape};
use super::vocabulary::{canonical, namespace};

/// Elements deeper than this are not followed when tags are matched; real feeds stay below 30.
const MAX_DEPTH: usize = 256;

/// How far up a misplaced end tag looks for its start, so that matching stays linear.
const MAX_REACH: usize = 32;

/// One child of the feed's head or of an entry.
#[derive(Debug)]
pub struct Field<'a> {
    /// In lower case, with a prefix that stands for its namespace whatever the feed calls it: `title`, `dc:date`.
    pub name: String,
    pub attributes: &'a str,
    /// What stands between its tags.
    pub inner: &'a str,
}

/// One entry.
#[derive(Debug, Default)]
pub struct Part<'a> {
    pub attributes: &'a str,
    pub fields: Vec<Field<'a>>,
}

#[derive(Debug, Default)]
pub struct Outline<'a> {
    /// Attributes of the root and of `channel`: `xml:base`, `version`.
    pub root: &'a str,
    pub channel: &'a str,
    pub head: Part<'a>,
    pub entries: Vec<Part<'a>>,
    /// Entries that began.
    pub begun: usize,
}

/// Draws the outline of a feed whose root element is the first in `text`. Notes damage to its form.
pub fn draw<'a>(text: &'a str, has_doctype: bool, damage: &mut Damage) -> Outline<'a> {
    let mut drawing = Drawing { text, ..Drawing::default() };
    for token in Tokens::new(text) {
        note_references(&token, has_doctype, damage);
        drawing.take(token, damage);
    }
    drawing.finish(damage)
}

/// Counts what a strict parser would stumble over inside a token.
fn note_references(token: &Token<'_>, has_doctype: bool, damage: &mut Damage) {
    let text = match token.kind {
        Kind::Text(text) | Kind::Start { attributes: text, .. } => text,
        Kind::Bracket => return damage.note(Flaw::Bracket),
        Kind::OpenCdata => return damage.note(Flaw::Cdata),
        _ => return,
    };
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        rest = &rest[at..];
        match reference(rest) {
            Reference::Bare => damage.note(Flaw::Ampersand),
            // A document type may declare it.
            Reference::Name if !has_doctype => damage.note(Flaw::Entity),
            Reference::Nothing(_) => damage.note(Flaw::Control),
            _ => {}
        }
        rest = &rest[1..];
    }
}

/// A field whose end has not come yet.
struct Open<'a> {
    name: String,
    raw: &'a str,
    attributes: &'a str,
    /// Where its inside starts.
    start: usize,
    /// How many elements of the same name are open, itself included.
    same: usize,
}

#[derive(Default)]
struct Drawing<'a> {
    text: &'a str,
    outline: Outline<'a>,
    root: Option<&'a str>,
    root_closed: bool,
    entry: Option<Part<'a>>,
    field: Option<Open<'a>>,
    /// What each prefix stands for, as last declared.
    prefixes: HashMap<&'a str, &'static str>,
    /// Names of open elements, to see whether tags match.
    stack: Vec<&'a str>,
    /// Elements below [`MAX_DEPTH`].
    deeper: usize,
}

impl<'a> Drawing<'a> {
    fn take(&mut self, token: Token<'a>, damage: &mut Damage) {
        match token.kind {
            Kind::Start { name, attributes, closed } => {
                self.declare(attributes);
                if !closed {
                    self.push(name);
                }
                self.start(name, attributes, closed, token, damage);
            }
            Kind::End { name } => {
                self.pop(name, damage);
                self.end(name, token, damage);
            }
            _ => {}
        }
    }

    fn start(&mut self, name: &'a str, attributes: &'a str, closed: bool, token: Token<'a>, damage: &mut Damage) {
        let Some(root) = self.root else {
            self.root = Some(name);
            self.outline.root = attributes;
            let is_entry = local_name(name).eq_ignore_ascii_case("entry");
            if is_entry {
                self.begin_entry(attributes);
            }
            return;
        };
        if self.is_entry(name, root) {
            if self.entry.is_some() {
                damage.note(Flaw::Items);
            }
            self.close_field(token.start);
            self.close_entry();
            self.begin_entry(attributes);
            if closed {
                self.close_entry();
            }
            return;
        }
        if let Some(field) = &mut self.field {
            if !ends_field(&field.name, &canonical(name, &self.prefixes)) {
                field.same += usize::from(!closed && name.eq_ignore_ascii_case(field.raw));
                return;
            }
            damage.note(Flaw::Tags);
            self.close_field(token.start);
        }
        if self.entry.is_none() && is_channel(name) {
            self.outline.channel = attributes;
            return;
        }
        self.field =
            Some(Open { name: canonical(name, &self.prefixes), raw: name, attributes, start: token.end, same: 1 });
        if closed {
            self.close_field(token.end);
        }
    }

    fn end(&mut self, name: &'a str, token: Token<'a>, damage: &mut Damage) {
        if self.entry.is_some() && self.root.is_some_and(|root| self.is_entry(name, root)) {
            if self.field.is_some() {
                damage.note(Flaw::Tags);
                self.close_field(token.start);
            }
            self.close_entry();
            self.root_closed |= self.root == Some(name);
            return;
        }
        let is_root = self.root.is_some_and(|root| name.eq_ignore_ascii_case(root));
        if is_root || is_channel(name) {
            if self.entry.is_some() {
                damage.note(Flaw::Items);
            }
            self.close_field(token.start);
            self.close_entry();
            self.root_closed |= is_root;
            return;
        }
        if let Some(field) = &mut self.field
            && name.eq_ignore_ascii_case(field.raw)
        {
            field.same -= 1;
            if field.same == 0 {
                self.close_field(token.start);
            }
        }
    }

    fn finish(mut self, damage: &mut Damage) -> Outline<'a> {
        if !self.root_closed {
            damage.note(Flaw::Tail);
        }
        // What was still open is not whole; the head's last field may be long or wrong as well.
        self.field = None;
        self.outline
    }

    fn begin_entry(&mut self, attributes: &'a str) {
        self.outline.begun += 1;
        self.entry = Some(Part { attributes, fields: Vec::new() });
    }

    fn close_entry(&mut self) {
        self.outline.entries.extend(self.entry.take());
    }

    fn close_field(&mut self, end: usize) {
        if let Some(open) = self.field.take() {
            let inner = &self.text[open.start.min(end)..end];
            let part = self.entry.as_mut().unwrap_or(&mut self.outline.head);
            part.fields.push(Field { name: open.name, attributes: open.attributes, inner });
        }
    }

    /// `item` and `entry`, unless their prefix says that they belong to another vocabulary.
    fn is_entry(&self, name: &str, root: &str) -> bool {
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        ["item", "entry"].iter().any(|entry| local.eq_ignore_ascii_case(entry))
            && (prefix.is_empty()
                || root.split_once(':').is_some_and(|(root, _)| root == prefix)
                || matches!(self.prefixes.get(prefix), Some(&"" | &"atom")))
    }

    /// Remembers the namespaces that a start tag declares.
    fn declare(&mut self, attributes: &'a str) {
        if !attributes.contains("xmlns") {
            return;
        }
        for (key, value) in markup::attributes(attributes) {
            if let Some(prefix) = key.strip_prefix("xmlns:")
                && let Some(known) = namespace(&unescape(value))
            {
                self.prefixes.insert(prefix, known);
            }
        }
    }

    fn push(&mut self, name: &'a str) {
        if self.stack.len() < MAX_DEPTH { self.stack.push(name) } else { self.deeper += 1 }
    }

    fn pop(&mut self, name: &str, damage: &mut Damage) {
        if self.deeper > 0 {
            self.deeper -= 1;
            return;
        }
        match self.stack.iter().rev().take(MAX_REACH).position(|open| *open == name) {
            Some(0) => {
                self.stack.pop();
            }
            Some(above) => {
                damage.note(Flaw::Tags);
                self.stack.truncate(self.stack.len() - above - 1);
            }
            None => damage.note(Flaw::Tags),
        }
    }
}

/// `channel` of RSS; other vocabularies have theirs, with a prefix (Sparkle's is a field of an entry).
fn is_channel(name: &str) -> bool {
    name.eq_ignore_ascii_case("channel") || name.eq_ignore_ascii_case("rss:channel")
}

/// Whether a field that begins inside an open one shows that the open one lost its end tag: nothing a title or a date
/// holds is called so, and no HTML either.
fn ends_field(open: &str, begins: &str) -> bool {
    const SHORT: [&str; 10] =
        ["title", "link", "guid", "pubdate", "id", "updated", "published", "category", "dc:date", "dc:creator"];
    const LONG: [&str; 4] = ["description", "content:encoded", "summary", "content"];
    const IN_NO_LONG: [&str; 5] = ["guid", "pubdate", "published", "updated", "content:encoded"];
    if open == begins {
        return false;
    }
    match open {
        open if LONG.contains(&open) => IN_NO_LONG.contains(&begins),
        // An author of Atom may hold a name, an address and a link.
        "author" => IN_NO_LONG.contains(&begins) || begins == "description",
        open => (SHORT.contains(&open) || open == "comments") && (SHORT.contains(&begins) || LONG.contains(&begins)),
    }
}
