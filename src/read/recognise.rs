//! What a page is: a feed in XML, a feed in JSON, or what else.

use super::head::head;
use super::markup::{Kind, Tokens};
use super::prose;

/// How far we look for the beginning of a feed: warnings of a server's program may stand before it.
const MAX_JUNK_BYTES: usize = 16 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// RSS 0.9x, 1.0 and 2.0: entries are `item`.
    Rss,
    /// Atom 0.3 and 1.0: entries are `entry`.
    Atom,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Recognised {
    /// The root element starts at this byte.
    Xml { dialect: Dialect, start: usize },
    /// The object starts at this byte.
    Json { start: usize },
    /// In words that complete "this is …".
    Other(String),
}

pub fn recognise(text: &str) -> Recognised {
    let trimmed = text.trim_start();
    if trimmed.is_empty() {
        return Recognised::Other("an empty answer".to_owned());
    }
    // Before JSON only a guard against scripts may stand, such as `)]}'`.
    if let Some(start) = text.find(['{', '[', '<']).filter(|start| start - (text.len() - trimmed.len()) < 16)
        && !text[start..].starts_with('<')
    {
        return match text.as_bytes()[start] {
            b'{' => Recognised::Json { start },
            _ => match trimmed.starts_with('[') && trimmed[1..].trim_start().starts_with(['{', '[', '"', ']']) {
                true => Recognised::Other("a JSON list".to_owned()),
                false => Recognised::Other("a text that is neither XML nor JSON".to_owned()),
            },
        };
    }
    let mut first = None;
    for token in Tokens::new(text) {
        if token.start > MAX_JUNK_BYTES {
            break;
        }
        match token.kind {
            Kind::Doctype(doctype) if doctype.get(2..).is_some_and(is_html_doctype) => return web_page(text),
            Kind::Start { name, attributes, .. } => {
                let local = local_name(name).to_ascii_lowercase();
                let dialect = match local.as_str() {
                    "rss" | "rdf" => Some(Dialect::Rss),
                    "channel" if first.is_none() => Some(Dialect::Rss),
                    "feed" => Some(Dialect::Atom),
                    "entry" if first.is_none() => Some(Dialect::Atom),
                    "html" => return web_page(text),
                    _ => None,
                };
                if let Some(dialect) = dialect {
                    return Recognised::Xml { dialect, start: token.start };
                }
                first.get_or_insert((local, attributes));
            }
            _ => {}
        }
    }
    match first {
        Some((name, _))
            if matches!(
                name.as_str(),
                "head" | "body" | "meta" | "script" | "div" | "p" | "br" | "b" | "img" | "a" | "span" | "table"
            ) =>
        {
            web_page(text)
        }
        Some((name, _)) => {
            Recognised::Other(format!("a document of the kind <{}>", prose::line(prose::prefix(&name, 40))))
        }
        None if trimmed.starts_with("<?xml") || trimmed.starts_with("<!DOCTYPE") => {
            let kilobytes = MAX_JUNK_BYTES / 1024;
            Recognised::Other(format!("an XML document without a root element in its first {kilobytes} kB"))
        }
        None => Recognised::Other("a text that is neither XML nor JSON".to_owned()),
    }
}

fn is_html_doctype(doctype: &str) -> bool {
    let mut words = doctype.split_whitespace();
    words.next().is_some_and(|word| word.eq_ignore_ascii_case("doctype"))
        && words.next().is_some_and(|word| word.trim_end_matches('>').eq_ignore_ascii_case("html"))
}

/// The part of a name behind its prefix.
pub fn local_name(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

fn web_page(text: &str) -> Recognised {
    let head = head(text);
    let mut words = "a web page".to_owned();
    if !head.title.is_empty() {
        words.push_str(&format!(" (“{}”)", crate::guard::text::excerpt(&head.title, 80)));
    }
    if let Some((_, feed)) = head.feeds.first() {
        words.push_str(&format!(" that names its feed as {}", prose::line(prose::prefix(feed, 300))));
    }
    Recognised::Other(words)
}
