//! Repair writes a feed anew, well formed and complete, so that a strict parser can read it.
//!
//! Every feed in XML goes this way, sound or damaged: an entry's keys and text must not depend on the day its publisher
//! forgot to escape an `&`. What is written is the same dialect (RSS 2.0 or Atom 1.0) with only what an entry needs, nested
//! no deeper than the format itself. The rules for ids, links, dates and authors are applied here, because a parser that
//! keeps to the formats does not tell what they need (`isPermaLink`, `rdf:about`, `feedburner:origLink`, Atom 0.3's dates).

use std::borrow::Cow;

use url::Url;

use super::damage::{Damage, Flaw};
use super::markup::{Kind, Tokens, attribute, escape_into, unescape};
use super::outline::{Field, Outline, Part};
use super::recognise::{Dialect, local_name};
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
const BODIES: [&str; 8] = [
    "content:encoded",
    "content",
    "body",
    "xhtml:body",
    "xhtml:div",
    "fullitem",
    "media:description",
    "itunes:summary",
];

const SUMMARIES: [&str; 5] = ["description", "summary", "dc:description", "dcterms:abstract", "itunes:subtitle"];

const PUBLISHED: [&str; 9] = [
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

const UPDATED: [&str; 5] = ["updated", "modified", "dcterms:modified", "lastbuilddate", "lastmodified"];

/// What all entries of a feed share.
pub struct Context {
    dialect: Dialect,
    base: Url,
    author: Option<String>,
}

impl Context {
    pub fn new(outline: &Outline<'_>, dialect: Dialect, page: &Url, damage: &mut Damage) -> Context {
        if dialect == Dialect::Rss && is_rss_without_version(outline) {
            damage.note(Flaw::Version);
        }
        let declared = [outline.root, outline.channel].iter().fold(None, |base: Option<Url>, attributes| {
            attribute(attributes, "xml:base").and_then(|value| rebase(base.as_ref().unwrap_or(page), &value)).or(base)
        });
        // Without xml:base, relative links of a feed mean its site; often the feed itself lies elsewhere.
        let site = || best_link(&outline.head, page).filter(|_| outline.begun > 0);
        let base = declared.or_else(site).unwrap_or_else(|| page.clone());
        Context { dialect, base, author: author(&outline.head) }
    }

    /// Writes one entry; without author and tags if `bare`, for a parser that fails on what people put there.
    pub fn write(&self, part: &Part<'_>, bare: bool) -> String {
        let base = attribute(part.attributes, "xml:base").and_then(|value| rebase(&self.base, &value));
        let base = base.as_ref().unwrap_or(&self.base);
        let mut xml = Xml::default();
        xml.open(self.dialect);
        let title = first(part, &["title", "dc:title", "media:title", "itunes:title"]);
        // A title is read as HTML, whatever it is called, because many that are called text are HTML.
        xml.element("title", &title.unwrap_or_default());
        let summary = longest(part, &SUMMARIES).unwrap_or_default();
        let body = longest(part, &BODIES).or_else(|| media_description(part)).unwrap_or_default();
        let published = first_date(part, &PUBLISHED);
        let updated = first_date(part, &UPDATED);
        let author = author(part).or_else(|| self.author.clone()).filter(|_| !bare);
        let tags = if bare { Vec::new() } else { tags(part) };
        let id = id(part);
        let link = entry_link(part, base);
        match self.dialect {
            Dialect::Rss => {
                xml.optional("guid", id.as_deref());
                xml.optional("link", link.as_ref().map(Url::as_str));
                xml.optional("pubDate", published.as_deref());
                xml.optional("atom:updated", updated.as_deref());
                xml.optional("author", author.as_deref());
                tags.iter().for_each(|tag| xml.element("category", tag));
                xml.element("description", &summary);
                xml.element("content:encoded", &body);
            }
            Dialect::Atom => {
                xml.optional("id", id.as_deref());
                if let Some(link) = link {
                    xml.empty("link", "href", link.as_str());
                }
                xml.optional("published", published.as_deref());
                xml.optional("updated", updated.as_deref());
                if let Some(author) = author {
                    xml.text.push_str("<author>");
                    xml.element("name", &author);
                    xml.text.push_str("</author>");
                }
                tags.iter().for_each(|tag| xml.empty("category", "term", tag));
                xml.element("summary", &summary);
                xml.element("content", &body);
            }
        }
        xml.close(self.dialect);
        xml.text
    }

    /// A whole feed of written entries.
    pub fn feed<'a>(&self, entries: impl Iterator<Item = &'a str>) -> String {
        let (head, tail) = match self.dialect {
            Dialect::Rss => (
                "<rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" \
                 xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel>",
                "</channel></rss>",
            ),
            Dialect::Atom => ("<feed xmlns=\"http://www.w3.org/2005/Atom\">", "</feed>"),
        };
        let mut feed = head.to_owned();
        feed.extend(entries);
        feed.push_str(tail);
        feed
    }
}

/// The versions that were ever published; others are read as 2.0.
fn is_rss_without_version(outline: &Outline<'_>) -> bool {
    const VERSIONS: [&str; 8] = ["0.90", "0.91", "0.92", "0.93", "0.94", "1.0", "2.0", "2.0.1"];
    if outline.root.contains("xmlns") && attribute(outline.root, "version").is_none() {
        // RDF has none.
        return false;
    }
    attribute(outline.root, "version").is_none_or(|version| !VERSIONS.contains(&version.trim()))
}

/// XML being written.
#[derive(Default)]
struct Xml {
    text: String,
}

impl Xml {
    fn open(&mut self, dialect: Dialect) {
        self.text.push_str(match dialect {
            Dialect::Rss => "<item>",
            Dialect::Atom => "<entry>",
        });
    }

    fn close(&mut self, dialect: Dialect) {
        self.text.push_str(match dialect {
            Dialect::Rss => "</item>",
            Dialect::Atom => "</entry>",
        });
    }

    /// Left out when empty.
    fn element(&mut self, name: &str, content: &str) {
        if content.is_empty() {
            return;
        }
        self.text.extend(["<", name, ">"]);
        escape_into(&mut self.text, content);
        self.text.extend(["</", name, ">"]);
    }

    fn optional(&mut self, name: &str, content: Option<&str>) {
        self.element(name, content.unwrap_or_default());
    }

    fn empty(&mut self, name: &str, attribute: &str, value: &str) {
        self.text.extend(["<", name, " ", attribute, "=\""]);
        escape_into(&mut self.text, value);
        self.text.push_str("\"/>");
    }
}

fn fields<'p, 'a>(part: &'p Part<'a>, name: &'p str) -> impl Iterator<Item = &'p Field<'a>> {
    part.fields.iter().filter(move |field| field.name == name)
}

/// What a field says: its text, or, if it holds elements, its markup as HTML.
fn value(field: &Field<'_>) -> String {
    let inner = field.inner;
    if !inner.contains('<') {
        return unescape(inner).trim().to_owned();
    }
    let mut has_elements = false;
    let mut plain = String::with_capacity(inner.len());
    for token in Tokens::new(inner) {
        match token.kind {
            Kind::Text(text) => plain.push_str(&unescape(text)),
            Kind::Cdata(text) => plain.push_str(text),
            Kind::Bracket => plain.push('<'),
            Kind::Start { .. } => has_elements = true,
            // An end tag alone is a slip, as in `<title>A</titel>`.
            Kind::End { .. } | Kind::OpenCdata | Kind::Doctype(_) | Kind::Other => {}
        }
    }
    if !has_elements {
        return plain.trim().to_owned();
    }
    let mut markup = String::with_capacity(inner.len());
    for token in Tokens::new(inner) {
        match token.kind {
            Kind::Cdata(text) => markup.push_str(text),
            Kind::Bracket => markup.push_str("&lt;"),
            Kind::OpenCdata | Kind::Doctype(_) | Kind::Other => {}
            Kind::Text(_) | Kind::Start { .. } | Kind::End { .. } => {
                // Names of XHTML may carry a prefix, which HTML does not know.
                push_unprefixed(&mut markup, &inner[token.start..token.end], token.kind);
            }
        }
    }
    markup.trim().to_owned()
}

fn push_unprefixed(markup: &mut String, raw: &str, kind: Kind<'_>) {
    let prefixed = match kind {
        Kind::Start { name, .. } | Kind::End { name } => name.split_once(':').map(|(prefix, _)| prefix),
        _ => None,
    };
    match prefixed {
        Some(prefix @ ("xhtml" | "html" | "h" | "x")) => {
            let slash = if raw.starts_with("</") { "</" } else { "<" };
            markup.push_str(slash);
            markup.push_str(&raw[slash.len() + prefix.len() + 1..]);
        }
        _ => markup.push_str(raw),
    }
}

/// The first field of these names that says something.
fn first(part: &Part<'_>, names: &[&str]) -> Option<String> {
    names.iter().flat_map(|name| fields(part, name)).map(value).find(|value| !value.is_empty())
}

/// The field of these names that says most.
fn longest(part: &Part<'_>, names: &[&str]) -> Option<String> {
    let candidates = part.fields.iter().filter(|field| names.contains(&field.name.as_str()));
    // Content of another type than text (an image in base64) is nothing to read.
    let readable =
        candidates.filter(|field| attribute(field.attributes, "type").is_none_or(|kind| is_text_type(&kind)));
    readable.map(value).max_by_key(String::len).filter(|value| !value.is_empty())
}

fn is_text_type(kind: &str) -> bool {
    let kind = kind.trim().to_ascii_lowercase();
    !kind.contains('/') || kind.starts_with("text/") || kind.ends_with("xml") || kind.ends_with("html")
}

/// A description that stands in a `media:group`, as on YouTube.
fn media_description(part: &Part<'_>) -> Option<String> {
    let group = fields(part, "media:group").next()?;
    nested(group.inner, "description").filter(|description| !description.is_empty())
}

/// The text of the first element of this local name inside a field.
fn nested(inner: &str, local: &str) -> Option<String> {
    let mut start = None;
    for token in Tokens::new(inner) {
        match (token.kind, start) {
            (Kind::Start { name, closed: false, .. }, None) if is_local(name, local) => start = Some(token.end),
            (Kind::End { name }, Some(start)) if is_local(name, local) => {
                let inner = &inner[start..token.start];
                return Some(value(&Field { name: local.to_owned(), attributes: "", inner }));
            }
            _ => {}
        }
    }
    None
}

fn is_local(name: &str, local: &str) -> bool {
    local_name(name).eq_ignore_ascii_case(local)
}

/// `guid`, `atom:id`, `rdf:about` or `dc:identifier`, as the publisher wrote it.
fn id(part: &Part<'_>) -> Option<String> {
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
fn entry_link(part: &Part<'_>, base: &Url) -> Option<Url> {
    let original = first(part, &["feedburner:origlink", "pheedo:origlink"]);
    original
        .and_then(|original| link::read(&original, base))
        .or_else(|| best_link(part, base))
        .or_else(|| guid_link(part, base))
        .or_else(|| attribute(part.attributes, "rdf:about").and_then(|about| absolute_link(&about, base)))
        .or_else(|| fields(part, "content").find_map(|field| link::read(&attribute(field.attributes, "src")?, base)))
}

/// A `link` of RSS, or the best of Atom: a web page that is the entry itself.
fn best_link(part: &Part<'_>, base: &Url) -> Option<Url> {
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

fn rebase(base: &Url, value: &str) -> Option<Url> {
    base.join(value.trim()).ok().filter(|base| matches!(base.scheme(), "http" | "https"))
}

/// Who wrote it: a name without its mail address.
fn author(part: &Part<'_>) -> Option<String> {
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
fn first_date(part: &Part<'_>, names: &[&str]) -> Option<String> {
    names
        .iter()
        .flat_map(|name| fields(part, name))
        .find_map(|field| date::read(&value(field)))
        .map(|at| at.to_string())
}

fn tags(part: &Part<'_>) -> Vec<String> {
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
