//! Repair writes a feed anew, well formed and complete, so that a strict parser can read it.
//!
//! Every feed in XML goes this way, sound or damaged: an entry's keys and text must not depend on the day its publisher
//! forgot to escape an `&`. What is written is the same dialect (RSS 2.0 or Atom 1.0) with only what an entry needs, nested
//! no deeper than the format itself. The rules for ids, links, dates and authors are applied here, because a parser that
//! keeps to the formats does not tell what they need (`isPermaLink`, `rdf:about`, `feedburner:origLink`, Atom 0.3's dates).

use url::Url;

use super::damage::{Damage, Flaw};
use super::markup::attribute;
use super::outline::{Outline, Part};
use super::recognise::Dialect;
use super::reference::escape_into;
use super::rules::{self, BODIES, PUBLISHED, SUMMARIES, UPDATED, best_link, first_date, rebase};
use super::value::{first, longest};

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
        Context { dialect, base, author: rules::author(&outline.head) }
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
        let body = longest(part, &BODIES).or_else(|| rules::media_description(part)).unwrap_or_default();
        let published = first_date(part, &PUBLISHED);
        let updated = first_date(part, &UPDATED);
        let author = rules::author(part).or_else(|| self.author.clone()).filter(|_| !bare);
        let tags = if bare { Vec::new() } else { rules::tags(part) };
        let id = rules::id(part);
        let link = rules::entry_link(part, base);
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
