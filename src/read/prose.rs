//! Prose: what an entry says, as plain text for people, search and rules.
//!
//! HTML is first made flat: blocks become paragraphs, list items lines that begin with `* `, table rows lines with ` | `
//! between their cells; scripts, styles and everything inline goes, but not its words. html2text then reads that flat HTML,
//! so no nesting, however deep, ever reaches a parser. Code in `pre` keeps its lines and spaces.

use html2text::config;
use html2text::render::TrivialDecorator;
use url::Url;

use super::markup::{Kind, Tokens, attribute, is_hidden};
use super::reference::unescape;
use crate::guard::text;

/// Of a text, in bytes. The longest posts of the corpus have 150 kB; more is a mistake or an attack, and search does not
/// need it.
pub const MAX_TEXT_BYTES: usize = 200_000;

/// Of the HTML that is looked at for a text: room for ten times as much markup as text.
const MAX_MARKUP_BYTES: usize = 10 * MAX_TEXT_BYTES;

/// Of a title, in characters; the rest is cut with `…`.
const MAX_TITLE_CHARS: usize = 500;

/// Of a title made from an entry's text, in characters.
const MADE_TITLE_CHARS: usize = 80;

/// Of what is looked at for one line, in bytes.
const MAX_LINE_BYTES: usize = 20_000;

/// Hidden elements without an end that are looked for: each costs a look at the whole rest.
const UNENDED: usize = 20;

/// Wider than any text, so that html2text never breaks a line.
const WIDTH: usize = 10 * MAX_MARKUP_BYTES;

/// Elements of HTML that say how words look or stand, with what they do in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Stands on lines of its own.
    Block,
    /// A line of a list.
    Item,
    /// A line of a table.
    Row,
    /// A cell of a table's row.
    Cell,
    Break,
    Preformatted,
    Image,
    /// Its inside is not for readers.
    Hidden,
    /// Changes nothing in a plain text.
    Inline,
}

fn role(name: &str) -> Option<Role> {
    // The longest names have ten letters.
    if name.len() > 10 {
        return None;
    }
    Some(match name.to_ascii_lowercase().as_str() {
        "p" | "div" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "dl" | "dt" | "dd" | "blockquote"
        | "table" | "thead" | "tbody" | "tfoot" | "caption" | "section" | "article" | "aside" | "header" | "footer"
        | "nav" | "main" | "figure" | "figcaption" | "details" | "summary" | "address" | "hr" | "center"
        | "fieldset" | "form" | "html" | "body" => Role::Block,
        "li" => Role::Item,
        "tr" => Role::Row,
        "td" | "th" => Role::Cell,
        "br" => Role::Break,
        "pre" => Role::Preformatted,
        "img" => Role::Image,
        "script" | "style" | "head" | "template" | "noscript" | "iframe" | "object" | "svg" | "math" | "select"
        | "textarea" | "title" | "video" | "audio" | "canvas" => Role::Hidden,
        "a" | "abbr" | "acronym" | "b" | "bdi" | "bdo" | "big" | "cite" | "code" | "del" | "dfn" | "em" | "font"
        | "i" | "ins" | "kbd" | "label" | "mark" | "q" | "s" | "samp" | "small" | "span" | "strike" | "strong"
        | "sub" | "sup" | "time" | "tt" | "u" | "var" | "wbr" | "embed" | "source" | "picture" | "button" | "input" => {
            Role::Inline
        }
        _ => return None,
    })
}

/// The text of an entry: paragraphs apart, at most [`MAX_TEXT_BYTES`].
pub fn text(source: &str) -> String {
    let source = prefix(source, MAX_MARKUP_BYTES);
    if source.contains('\u{1b}') {
        // A parser of HTML would drop the escape and leave its parameters.
        return text(&text::clean(source));
    }
    let flat = if is_html(source) { flatten(source) } else { format!("<pre>{}</pre>", escape_brackets(source)) };
    let plain = text::clean(&render(&flat));
    tidy(&plain)
}

/// The title of an entry: as it is written; else the first words of its text; else its link; else none.
pub fn title(written: Option<&str>, text: &str, link: Option<&Url>) -> String {
    let mut title = written.map(line).unwrap_or_default();
    if title.is_empty() {
        title = text::excerpt(text, MADE_TITLE_CHARS);
    }
    if title.is_empty() {
        title = link.map(Url::to_string).unwrap_or_default();
    }
    title
}

/// A title, a name or a tag on one line: tags gone, entities resolved.
pub fn line(source: &str) -> String {
    let source = prefix(source, MAX_LINE_BYTES);
    let plain = if is_html(source) { render(&flatten(source)) } else { entities(source) };
    let line = text::one_line(&plain);
    if line.chars().count() > MAX_TITLE_CHARS { text::excerpt(&line, MAX_TITLE_CHARS) } else { line }
}

/// Whether a text is meant as HTML: it has an end tag of HTML, or a tag that stands alone. `Vec<String>` has neither.
pub fn is_html(source: &str) -> bool {
    source.contains('<')
        && Tokens::new(source).any(|token| match token.kind {
            Kind::End { name } => role(name).is_some(),
            Kind::Start { name, closed, .. } => {
                matches!(role(name), Some(Role::Break | Role::Image))
                    || (closed && role(name).is_some())
                    || matches!(name, "p" | "P" | "li" | "LI" | "hr" | "HR")
            }
            _ => false,
        })
}

/// Where the flat HTML stands.
struct Flat {
    html: String,
    /// Depth of open `pre`.
    preformatted: usize,
    /// The row has a cell already.
    in_row: bool,
}

impl Flat {
    /// A new line; lines of a list or table stand close together.
    fn line(&mut self) {
        if self.preformatted > 0 {
            return self.html.push('\n');
        }
        if self.html.ends_with("<p>") && self.html.len() > 3 {
            self.html.truncate(self.html.len() - 3);
        }
        self.html.push_str("<br>");
    }

    fn paragraph(&mut self) {
        if self.preformatted > 0 {
            self.html.push('\n');
        } else if !self.html.ends_with("<p>") {
            self.html.push_str("<p>");
        }
    }
}

fn flatten(source: &str) -> String {
    let mut flat = Flat { html: String::with_capacity(source.len()), preformatted: 0, in_row: false };
    let mut tokens = Tokens::new(source);
    let mut unended = 0;
    while let Some(token) = tokens.next() {
        if let Kind::Start { name, attributes, closed: false } = token.kind
            && unended < UNENDED
            && !matches!(role(name), None | Some(Role::Break | Role::Image | Role::Hidden))
            && is_hidden(attributes)
        {
            // Where its end is left out, nobody knows how far it hides.
            if tokens.skip_balanced(name) {
                continue;
            }
            unended += 1;
        }
        match token.kind {
            Kind::Text(words) => flat.html.push_str(words),
            Kind::Cdata(words) => push_escaped(&mut flat.html, words),
            Kind::Bracket => flat.html.push_str("&lt;"),
            Kind::OpenCdata | Kind::Doctype(_) | Kind::Other => {}
            Kind::Start { name, attributes, closed } => match role(name) {
                Some(Role::Hidden) if closed => {}
                Some(Role::Hidden) => tokens.skip_element(name),
                Some(role) => open(&mut flat, role, attributes),
                // A word in angle brackets that HTML does not know is a placeholder or a type.
                None if name.contains([':', '-']) || !attributes.is_empty() => {}
                None => push_escaped(&mut flat.html, &source[token.start..token.end]),
            },
            Kind::End { name } => match role(name) {
                Some(Role::Preformatted) if flat.preformatted > 0 => {
                    flat.preformatted -= 1;
                    if flat.preformatted == 0 {
                        flat.html.push_str("</pre><p>");
                    }
                }
                Some(Role::Block | Role::Item | Role::Row) => {
                    flat.in_row = false;
                    flat.paragraph();
                }
                _ => {}
            },
        }
    }
    flat.html
}

fn open(flat: &mut Flat, role: Role, attributes: &str) {
    match role {
        Role::Block => {
            flat.in_row = false;
            flat.paragraph();
        }
        Role::Item => {
            flat.line();
            flat.html.push_str("* ");
        }
        Role::Row => {
            flat.in_row = false;
            flat.line();
        }
        Role::Cell => {
            if flat.in_row {
                flat.html.push_str(" | ");
            }
            flat.in_row = true;
        }
        Role::Break => flat.html.push_str(if flat.preformatted > 0 { "\n" } else { "<br>" }),
        Role::Preformatted => {
            flat.preformatted += 1;
            if flat.preformatted == 1 {
                flat.html.push_str("<pre>");
            }
        }
        Role::Image => {
            if let Some(alt) = attribute(attributes, "alt") {
                push_escaped(&mut flat.html, &alt);
            }
        }
        Role::Hidden | Role::Inline => {}
    }
}

fn push_escaped(target: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '<' => target.push_str("&lt;"),
            '&' => target.push_str("&amp;"),
            other => target.push(other),
        }
    }
}

fn escape_brackets(text: &str) -> String {
    text.replace('<', "&lt;")
}

fn entities(source: &str) -> String {
    if !source.contains('&') {
        return source.to_owned();
    }
    render(&format!("<pre>{}</pre>", escape_brackets(source)))
}

/// Flat HTML to text.
fn render(flat: &str) -> String {
    config::with_decorator(TrivialDecorator::new())
        .no_link_wrapping()
        .string_from_read(flat.as_bytes(), WIDTH)
        // It fails only for want of width.
        .unwrap_or_else(|_| unescape(flat).into_owned())
}

/// No more than one empty line, no spaces at the ends of lines, and no more than [`MAX_TEXT_BYTES`].
fn tidy(plain: &str) -> String {
    let mut tidied = String::with_capacity(plain.len().min(MAX_TEXT_BYTES));
    let mut empty_lines = 0;
    for line in plain.trim().lines() {
        let line = line.trim_end();
        empty_lines = if line.is_empty() { empty_lines + 1 } else { 0 };
        if empty_lines > 1 {
            continue;
        }
        if tidied.len() + line.len() >= MAX_TEXT_BYTES {
            tidied.push_str(prefix(line, MAX_TEXT_BYTES.saturating_sub(tidied.len())));
            break;
        }
        tidied.push_str(line);
        tidied.push('\n');
    }
    tidied.truncate(tidied.trim_end().len());
    tidied.replace(['\u{a0}', '\u{202f}'], " ")
}

/// At most `max_bytes` of the text, ending between characters.
pub fn prefix(text: &str, max_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(max_bytes)]
}
