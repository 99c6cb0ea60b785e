//! What a field says, as text or as HTML.

use super::markup::{Kind, Tokens, attribute};
use super::outline::{Field, Part};
use super::recognise::local_name;
use super::reference::unescape;

/// The fields of one name.
pub fn fields<'p, 'a>(part: &'p Part<'a>, name: &'p str) -> impl Iterator<Item = &'p Field<'a>> {
    part.fields.iter().filter(move |field| field.name == name)
}

/// What a field says: its text, or, if it holds elements, its markup as HTML.
pub fn value(field: &Field<'_>) -> String {
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
pub fn first(part: &Part<'_>, names: &[&str]) -> Option<String> {
    names.iter().flat_map(|name| fields(part, name)).map(value).find(|value| !value.is_empty())
}

/// The field of these names that says most.
pub fn longest(part: &Part<'_>, names: &[&str]) -> Option<String> {
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

/// The text of the first element of this local name inside a field.
pub fn nested(inner: &str, local: &str) -> Option<String> {
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
