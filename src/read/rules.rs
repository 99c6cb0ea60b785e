//! The rules for ids, links, authors, dates and tags, as [`super::feed`] lists them.

use std::borrow::Cow;

use url::Url;

use super::markup::attribute;
use super::outline::Part;
use super::value::{fields, first, nested, value};
use super::{date, link, prose};
use crate::guard::text::{excerpt, one_line};

/// A longer id is no id: it could not be kept as a key.
const MAX_ID_BYTES: usize = 2048;

/// Tags beyond this are stuffing.
const MAX_TAGS: usize = 40;

/// A longer tag is a sentence; it is cut.
const MAX_TAG_CHARS: usize = 100;

/// A longer name is none; it is cut.
const MAX_NAME_CHARS: usize = 200;

/// Fields that hold the body of an entry, in no order: the longest counts.
pub const BODIES: [&str; 8] = [
    "content:encoded",
    "content",
    "body",
    "xhtml:body",
    "xhtml:div",
    "fullitem",
    "media:description",
    "itunes:summary",
];

pub const SUMMARIES: [&str; 5] = ["description", "summary", "dc:description", "dcterms:abstract", "itunes:subtitle"];

pub const PUBLISHED: [&str; 9] = [
    "pubdate",
    "published",
    "issued",
    "dcterms:issued",
    "dc:date",
    "created",
    "dcterms:created",
    "date",
    "dcterms:date",
];

pub const UPDATED: [&str; 5] = ["updated", "modified", "dcterms:modified", "lastbuilddate", "lastmodified"];

/// `guid`, `atom:id`, `rdf:about` or `dc:identifier`, as the publisher wrote it.
pub fn id(part: &Part<'_>) -> Option<String> {
    let stated = first(part, &["guid", "id"])
        .or_else(|| attribute(part.attributes, "rdf:about").map(|about| about.into_owned()))
        .or_else(|| first(part, &["dc:identifier"]))?;
    key(&stated)
}

/// An id as it can be kept; None if nothing is left of it.
pub fn key(stated: &str) -> Option<String> {
    let id = one_line(stated);
    (!id.is_empty() && id.len() <= MAX_ID_BYTES).then_some(id)
}

/// The address of an entry, by the rules in [`super::feed`].
pub fn entry_link(part: &Part<'_>, base: &Url) -> Option<Url> {
    let original = first(part, &["feedburner:origlink", "pheedo:origlink"]);
    original
        .and_then(|original| absolute_link(&original, base))
        .or_else(|| best_link(part, base))
        .or_else(|| guid_link(part, base))
        .or_else(|| attribute(part.attributes, "rdf:about").and_then(|about| absolute_link(&about, base)))
        .or_else(|| fields(part, "content").find_map(|field| link::read(&attribute(field.attributes, "src")?, base)))
        // An address of the web given as an id is nearly always the entry's page, and better than no link at all.
        .or_else(|| absolute_link(&first(part, &["id"])?, base))
}

/// A `link` of RSS, or the best of Atom: a web page that is the entry itself.
pub fn best_link(part: &Part<'_>, base: &Url) -> Option<Url> {
    fields(part, "link")
        .filter_map(|field| {
            let own_base = attribute(field.attributes, "xml:base").and_then(|value| rebase(base, &value));
            let base = own_base.as_ref().unwrap_or(base);
            let Some(href) =
                attribute(field.attributes, "href").or_else(|| attribute(field.attributes, "rdf:resource"))
            else {
                return Some((1, link::read(&value(field), base)?));
            };
            let relation = attribute(field.attributes, "rel").unwrap_or_default().to_ascii_lowercase();
            // RFC 4287 (4.2.7.2): no relation is `alternate`, and a relation may be written as an address.
            if !matches!(relation.trim().rsplit('/').next(), Some("" | "alternate")) {
                return None;
            }
            let kind = attribute(field.attributes, "type").unwrap_or_default();
            let rank = if kind.is_empty() || kind.contains("html") { 0 } else { 2 };
            Some((rank, link::read(&href, base)?))
        })
        // The first of the best: `min_by_key` keeps the earlier of two equals.
        .min_by_key(|(rank, _)| *rank)
        .map(|(_, link)| link)
}

/// A guid is an address unless it says that it is none (RSS 2.0, `isPermaLink`).
fn guid_link(part: &Part<'_>, base: &Url) -> Option<Url> {
    let guid = fields(part, "guid").next()?;
    let denied =
        attribute(guid.attributes, "isPermaLink").is_some_and(|value| value.trim().eq_ignore_ascii_case("false"));
    if denied { None } else { absolute_link(&value(guid), base) }
}

/// An address that is complete in itself: an id such as `post-7` is none, although it could be resolved.
fn absolute_link(text: &str, base: &Url) -> Option<Url> {
    let text = text.trim();
    Url::parse(text).is_ok().then(|| link::read(text, base))?
}

pub fn rebase(base: &Url, value: &str) -> Option<Url> {
    base.join(value.trim()).ok().filter(|base| matches!(base.scheme(), "http" | "https"))
}

/// Who wrote it: a name without its mail address.
pub fn author(part: &Part<'_>) -> Option<String> {
    let named = fields(part, "author").find_map(|field| {
        let name = nested(field.inner, "name").filter(|name| !name.is_empty());
        let whole = || if field.inner.contains('<') { nested(field.inner, "email") } else { None };
        person(&name.or_else(whole).unwrap_or_else(|| value(field)))
    });
    named.or_else(|| {
        first(part, &["dc:creator", "itunes:author", "media:credit", "dc:publisher"]).and_then(|name| person(&name))
    })
}

/// `jo@example.org (Jo Doe)` and `Jo Doe <jo@example.org>` are Jo Doe; `jo@example.org` alone is jo.
pub fn person(text: &str) -> Option<String> {
    let line = prose::line(text);
    let mut words: Vec<&str> = Vec::new();
    let mut address = None;
    for word in line.split(' ') {
        let bare = word.trim_matches(['<', '>', '(', ')', '[', ']', ',', ';', '"', '\'']);
        let bare = bare.strip_prefix("mailto:").unwrap_or(bare);
        match bare.split_once('@') {
            Some((name, host)) if host.contains('.') && !name.is_empty() => address = address.or(Some(name)),
            _ => words.push(word),
        }
    }
    let name = words.join(" ");
    let name = name.trim().trim_start_matches('(').trim_end_matches(')').trim();
    let name = if name.is_empty() { address? } else { name };
    Some(excerpt(name, MAX_NAME_CHARS)).filter(|name| !name.is_empty())
}

/// The first of these fields that is a date, as RFC 3339.
pub fn first_date(part: &Part<'_>, names: &[&str]) -> Option<String> {
    names
        .iter()
        .flat_map(|name| fields(part, name))
        .find_map(|field| date::read(&value(field)))
        .map(|at| at.to_string())
}

pub fn tags(part: &Part<'_>) -> Vec<String> {
    let stated = part.fields.iter().filter_map(|field| match field.name.as_str() {
        "category" => {
            let term = ["label", "term"].iter().find_map(|name| attribute(field.attributes, name));
            Some(term.map_or_else(|| value(field), Cow::into_owned))
        }
        "dc:subject" => Some(value(field)),
        _ => None,
    });
    distinct(stated)
}

/// Tags on one line each, each once.
pub fn distinct(stated: impl Iterator<Item = impl AsRef<str>>) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for tag in stated {
        if tags.len() == MAX_TAGS {
            break;
        }
        let tag = excerpt(&prose::line(tag.as_ref()), MAX_TAG_CHARS);
        if !tag.is_empty() && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags
}

/// A description that stands in a `media:group`, as on YouTube.
pub fn media_description(part: &Part<'_>) -> Option<String> {
    let group = fields(part, "media:group").next()?;
    nested(group.inner, "description").filter(|description| !description.is_empty())
}
