//! A web page as a parser of HTML may safely get it: decoded, and without what makes a tree deep, large or slow.
//!
//! A tree builder that follows the standard needs quadratic time where elements lie thousands deep, and copies formatting
//! elements that are never closed into every paragraph that follows. So elements beyond [`MAX_DEPTH`] and [`MAX_ELEMENTS`]
//! lose their tags and keep their words, and tags that only say how words look go altogether.

use std::collections::HashMap;

use encoding_rs::Encoding;

use super::charset;
use super::damage::Damage;
use super::markup::{Kind, Tokens, attribute};
use super::prose::prefix;
use crate::page::Page;

/// Elements that may lie within one another. Pages of 2026 nest about 40.
const MAX_DEPTH: usize = 200;

/// Elements of one page. The largest pages of our corpus have about 20,000.
const MAX_ELEMENTS: usize = 50_000;

/// Of a page, in bytes; what lies behind is not looked at.
const MAX_BYTES: usize = 4_000_000;

/// Where a page names its charset: the standard says within the first 1024 bytes, and publishers are late.
const HEAD_BYTES: usize = 4096;

/// The page's text.
pub fn decode(page: &Page) -> String {
    let in_header = page.content_type.as_deref().is_some_and(|kind| kind.to_ascii_lowercase().contains("charset"));
    let named = if in_header { None } else { meta_charset(&page.bytes) };
    let content_type = named.map(|encoding| format!("text/html; charset={}", encoding.name()));
    let content_type = content_type.as_deref().or(page.content_type.as_deref());
    prefix(&charset::decode(&page.bytes, content_type, &mut Damage::default()), MAX_BYTES).to_owned()
}

fn meta_charset(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(HEAD_BYTES)]);
    Tokens::new(&head).find_map(|token| {
        let Kind::Start { name, attributes, .. } = token.kind else { return None };
        if !name.eq_ignore_ascii_case("meta") {
            return None;
        }
        let label = attribute(attributes, "charset").or_else(|| {
            let content = attribute(attributes, "content")?;
            let at = content.to_ascii_lowercase().find("charset=")?;
            Some(content[at + "charset=".len()..].split(';').next()?.trim().to_owned().into())
        })?;
        Encoding::for_label(label.trim().as_bytes())
    })
}

/// The page's HTML for a parser; None where it is none: no tag of HTML in it.
pub fn tame(text: &str) -> Option<String> {
    let mut tamed = Tamed { html: String::with_capacity(text.len() / 2), open: Vec::new(), dropped: HashMap::new() };
    let mut elements = 0;
    let mut tokens = Tokens::of_html(text);
    while let Some(token) = tokens.next() {
        let whole = &text[token.start..token.end];
        match token.kind {
            Kind::Text(words) => tamed.html.push_str(words),
            Kind::Cdata(_) | Kind::Doctype(_) | Kind::Other => {}
            Kind::Bracket | Kind::OpenCdata => tamed.html.push_str("&lt;"),
            Kind::Start { name, closed, .. } => {
                let lower = name.to_ascii_lowercase();
                elements += 1;
                match lower.as_str() {
                    "script" | "style" | "template" | "svg" | "math" | "iframe" | "object" | "noscript"
                    | "textarea" | "xmp" | "plaintext" | "noembed" | "noframes" => {
                        // `<svg/>` has no end tag to look for.
                        if !(closed && matches!(lower.as_str(), "svg" | "math")) {
                            tokens.skip_element(name);
                        }
                    }
                    name if is_formatting(name) => {}
                    _ if elements > MAX_ELEMENTS => {}
                    name => tamed.start(name, whole),
                }
            }
            Kind::End { name } => tamed.end(&name.to_ascii_lowercase(), whole),
        }
    }
    (elements > 0).then_some(tamed.html)
}

struct Tamed {
    html: String,
    open: Vec<String>,
    /// Start tags that were left out for being too deep, so that their end tags are as well.
    dropped: HashMap<String, usize>,
}

impl Tamed {
    fn start(&mut self, name: &str, tag: &str) {
        if !is_void(name) && !ends_by_itself(name) {
            if self.open.len() >= MAX_DEPTH {
                *self.dropped.entry(name.to_owned()).or_default() += 1;
                return;
            }
            self.open.push(name.to_owned());
        }
        self.html.push_str(tag);
    }

    fn end(&mut self, name: &str, tag: &str) {
        if is_formatting(name) {
            return;
        }
        if ends_by_itself(name) {
            self.html.push_str(tag);
            return;
        }
        if let Some(count) = self.dropped.get_mut(name).filter(|count| **count > 0) {
            *count -= 1;
            return;
        }
        if let Some(at) = self.open.iter().rposition(|open| open == name) {
            self.open.truncate(at);
            self.html.push_str(tag);
        }
    }
}

/// Elements that the standard's tree builder opens anew in each paragraph until they are closed. `a` is one, but never two
/// of them are open.
fn is_formatting(name: &str) -> bool {
    matches!(
        name,
        "b" | "big"
            | "em"
            | "font"
            | "i"
            | "nobr"
            | "s"
            | "small"
            | "strike"
            | "strong"
            | "tt"
            | "u"
            | "abbr"
            | "mark"
            | "wbr"
    )
}

fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "source"
            | "track"
            | "param"
    )
}

/// What ends where its next neighbour begins, so that a page may leave its end tags out.
fn ends_by_itself(name: &str) -> bool {
    matches!(
        name,
        "p" | "li"
            | "dt"
            | "dd"
            | "option"
            | "optgroup"
            | "tr"
            | "td"
            | "th"
            | "thead"
            | "tbody"
            | "tfoot"
            | "colgroup"
            | "caption"
            | "rb"
            | "rt"
            | "rp"
            | "html"
            | "head"
            | "body"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_and_number_are_bounded_and_words_are_kept() {
        let deep = format!("{}<p>words{}", "<div>".repeat(100_000), "</div>".repeat(100_000));
        let tamed = tame(&deep).unwrap();
        assert_eq!(tamed.matches("<div>").count(), MAX_DEPTH);
        assert_eq!(tamed.matches("</div>").count(), MAX_DEPTH);
        assert!(tamed.contains("words"));
        let many = tame(&"<p>word".repeat(1_000_000)).unwrap();
        assert_eq!(many.matches("<p>").count(), MAX_ELEMENTS);
        assert_eq!(many.matches("word").count(), 1_000_000);
    }

    #[test]
    fn old_pages_that_close_nothing_keep_their_paragraphs() {
        let old = tame(&"<p>One<li>two<tr><td>three".repeat(1000)).unwrap();
        assert_eq!(old.matches("<li>").count(), 1000);
    }

    #[test]
    fn what_is_not_for_readers_goes_and_what_is_no_html_is_none() {
        assert_eq!(tame("<p>a<script>if (a < b) {}</script><b>c</b>").as_deref(), Some("<p>ac"));
        assert_eq!(tame("only words"), None);
        assert_eq!(tame(""), None);
    }
}
