//! Markup as it is found in the wild, cut into tokens: nothing is an error, and every byte is looked at a bounded number of
//! times.
//!
//! It serves XML (feeds) and HTML (what entries contain) alike. A `<` that begins no tag is text; a tag that breaks off
//! ends at its first `>`, or was no tag; a comment or CDATA section without its end is text as well.

use std::borrow::Cow;

use super::reference::unescape;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind<'a> {
    /// `<name attributes>`; `closed` for `<name/>`.
    Start {
        name: &'a str,
        attributes: &'a str,
        closed: bool,
    },
    End {
        name: &'a str,
    },
    /// References are still in it.
    Text(&'a str),
    /// The inside of a CDATA section, to be taken as it is.
    Cdata(&'a str),
    /// A `<` that begins no tag.
    Bracket,
    /// `<![CDATA[` whose end is missing; what follows comes as further tokens.
    OpenCdata,
    Doctype(&'a str),
    /// A comment or processing instruction.
    Other,
}

#[derive(Debug, Clone, Copy)]
pub struct Token<'a> {
    /// Byte range in the text.
    pub start: usize,
    pub end: usize,
    pub kind: Kind<'a>,
}

pub struct Tokens<'a> {
    text: &'a str,
    at: usize,
    /// Ends that are known not to come any more, so that they are looked for only once.
    no_comment_end: bool,
    no_instruction_end: bool,
    no_doctype_end: bool,
    /// Where the next `]]>` is, once looked for.
    cdata_end: Option<usize>,
    /// How many bytes may still be looked at beyond a `<` inside quotes; none in XML, where such a tag has broken off.
    patience: usize,
}

impl<'a> Tokens<'a> {
    pub fn new(text: &'a str) -> Tokens<'a> {
        Tokens {
            text,
            at: 0,
            no_comment_end: false,
            no_instruction_end: false,
            no_doctype_end: false,
            cdata_end: None,
            patience: 0,
        }
    }

    /// Of a page of HTML, where attributes may hold `<`.
    pub fn of_html(text: &'a str) -> Tokens<'a> {
        // Each byte is looked at a few times at most, however many quotes are never closed.
        Tokens { patience: text.len().saturating_mul(4), ..Tokens::new(text) }
    }

    /// Where the next token begins, in bytes.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Goes on behind the next `</name`, or to the end; for elements such as `script`, whose inside is not markup.
    pub fn skip_element(&mut self, name: &str) {
        let bytes = self.text.as_bytes();
        let mut from = self.at;
        while let Some(found) = self.text[from..].find("</") {
            from += found + 2;
            if bytes.len() >= from + name.len() && bytes[from..from + name.len()].eq_ignore_ascii_case(name.as_bytes())
            {
                self.at = self.text[from..].find('>').map_or(bytes.len(), |end| from + end + 1);
                return;
            }
        }
        self.at = bytes.len();
    }

    /// Passes over the element whose start tag was just read, with all elements inside it. False, and nothing is passed over,
    /// if its end tag is missing.
    pub fn skip_balanced(&mut self, name: &str) -> bool {
        let start = self.at;
        let mut depth = 1;
        for token in self.by_ref() {
            match token.kind {
                Kind::Start { name: inner, closed: false, .. } if inner.eq_ignore_ascii_case(name) => depth += 1,
                Kind::End { name: inner } if inner.eq_ignore_ascii_case(name) => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return true;
            }
        }
        self.at = start;
        false
    }

    fn next_kind(&mut self) -> (usize, Kind<'a>) {
        let rest = &self.text[self.at..];
        if !rest.starts_with('<') {
            let length = rest.find('<').unwrap_or(rest.len());
            return (self.at + length, Kind::Text(&rest[..length]));
        }
        let found = if let Some(after) = rest.strip_prefix("</") {
            end_tag(after).map(|(length, name)| (length + 2, Kind::End { name }))
        } else if rest.starts_with("<!--") {
            self.comment(rest)
        } else if let Some(after) = rest.strip_prefix("<![CDATA[") {
            Some(self.cdata(after))
        } else if rest.starts_with("<?") {
            self.instruction(rest)
        } else if rest.starts_with("<!") {
            self.doctype(rest)
        } else {
            self.start_tag(rest)
        };
        match found {
            Some((length, kind)) => (self.at + length, kind),
            None => (self.at + 1, Kind::Bracket),
        }
    }

    fn comment(&mut self, rest: &'a str) -> Option<(usize, Kind<'a>)> {
        if self.no_comment_end {
            return None;
        }
        let end = rest["<!--".len()..].find("-->");
        self.no_comment_end = end.is_none();
        end.map(|end| ("<!--".len() + end + "-->".len(), Kind::Other))
    }

    fn instruction(&mut self, rest: &'a str) -> Option<(usize, Kind<'a>)> {
        if self.no_instruction_end {
            return None;
        }
        let end = rest.find("?>");
        self.no_instruction_end = end.is_none();
        end.map(|end| (end + "?>".len(), Kind::Other))
    }

    fn cdata(&mut self, after: &'a str) -> (usize, Kind<'a>) {
        const OPEN: usize = "<![CDATA[".len();
        let inside = self.at + OPEN;
        if self.cdata_end.is_none_or(|end| end < inside) {
            self.cdata_end = Some(self.text[inside..].find("]]>").map_or(usize::MAX, |end| inside + end));
        }
        let end = match self.cdata_end {
            Some(end) if end != usize::MAX => end - inside,
            _ => return (OPEN, Kind::OpenCdata),
        };
        let content = &after[..end];
        // A section that runs over the end of its entry into the next one has lost its own end.
        if let Some(next) = content.find("<![CDATA[")
            && ["</item>", "</entry>"].iter().any(|close| content[..next].contains(close))
        {
            return (OPEN, Kind::OpenCdata);
        }
        (OPEN + end + "]]>".len(), Kind::Cdata(content))
    }

    fn doctype(&mut self, rest: &'a str) -> Option<(usize, Kind<'a>)> {
        if self.no_doctype_end {
            return None;
        }
        // An internal subset stands in brackets and holds further `>`.
        let mut in_subset = false;
        let end = rest.bytes().position(|byte| {
            match byte {
                b'[' => in_subset = true,
                b']' => in_subset = false,
                _ => {}
            }
            byte == b'>' && !in_subset
        });
        self.no_doctype_end = end.is_none();
        end.map(|end| (end + 1, Kind::Doctype(&rest[..end + 1])))
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        if self.at >= self.text.len() {
            return None;
        }
        let start = self.at;
        let (end, kind) = self.next_kind();
        self.at = end;
        Some(Token { start, end, kind })
    }
}

fn is_name_start(character: char) -> bool {
    character.is_alphabetic() || matches!(character, '_' | ':')
}

fn name_length(text: &str) -> usize {
    text.find(|character: char| character.is_whitespace() || matches!(character, '/' | '>' | '<' | '=' | '"' | '\''))
        .unwrap_or(text.len())
}

/// What follows `</`: its length with the `>`, and the name.
fn end_tag(after: &str) -> Option<(usize, &str)> {
    if !after.starts_with(is_name_start) {
        return None;
    }
    let name = &after[..name_length(after)];
    // An end tag without its `>` ends before the next `<`.
    let end = after.find(['>', '<'])?;
    let closing = usize::from(after.as_bytes()[end] == b'>');
    Some((end + closing, name))
}

impl<'a> Tokens<'a> {
    fn start_tag(&mut self, rest: &'a str) -> Option<(usize, Kind<'a>)> {
        if self.patience == 0 {
            return start_tag(rest, false);
        }
        let found = start_tag(rest, true);
        self.patience = self.patience.saturating_sub(found.as_ref().map_or(rest.len(), |(length, _)| *length));
        found.or_else(|| start_tag(rest, false))
    }
}

/// `in_html`: a `<` inside quotes belongs to the value.
fn start_tag(rest: &str, in_html: bool) -> Option<(usize, Kind<'_>)> {
    let after = &rest[1..];
    if !after.starts_with(is_name_start) {
        return None;
    }
    let name = &after[..name_length(after)];
    let inside = 1 + name.len();
    let bytes = rest.as_bytes();
    let mut quote: Option<u8> = None;
    let mut first_close = None;
    let mut end = None;
    let mut last = b' ';
    for (at, byte) in bytes.iter().copied().enumerate().skip(inside) {
        match (quote, byte) {
            // No tag holds a `<`: this one has broken off before it.
            (None, b'<') => break,
            (Some(_), b'<') if !in_html => break,
            (Some(open), _) if byte == open => quote = None,
            (Some(_), b'>') => first_close = first_close.or(Some(at)),
            (Some(_), _) => {}
            (None, b'>') => {
                end = Some(at);
                break;
            }
            (None, b'"' | b'\'') if last == b'=' => quote = Some(byte),
            (None, _) => {}
        }
        if !byte.is_ascii_whitespace() {
            last = byte;
        }
    }
    // In HTML a quote that is never closed takes the whole rest; the other way of reading is better then.
    let end = if in_html { end? } else { end.or(first_close)? };
    let mut attributes = &rest[inside..end];
    let closed = attributes.ends_with('/');
    if closed {
        attributes = &attributes[..attributes.len() - 1];
    }
    Some((end + 1, Kind::Start { name, attributes: attributes.trim(), closed }))
}

/// Attributes of a start tag that have a value, in their order; values are still escaped.
pub fn attributes(text: &str) -> impl Iterator<Item = (&str, &str)> {
    every_attribute(text).filter_map(|(name, value)| Some((name, value?)))
}

/// The same, and those without a value.
fn every_attribute(mut text: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    std::iter::from_fn(move || {
        text = text.trim_start_matches(|character: char| {
            character.is_whitespace() || matches!(character, '/' | '"' | '\'' | '=' | '<' | '>')
        });
        if text.is_empty() {
            return None;
        }
        let length = name_length(text);
        if length == 0 {
            return None;
        }
        let name = &text[..length];
        text = text[length..].trim_start();
        let Some(after) = text.strip_prefix('=') else {
            return Some((name, None));
        };
        let after = after.trim_start();
        let (value, rest) = match after.chars().next() {
            Some(quote @ ('"' | '\'')) => match after[1..].find(quote) {
                Some(end) => (&after[1..1 + end], &after[end + 2..]),
                None => (&after[1..], ""),
            },
            _ => after.split_at(after.find(char::is_whitespace).unwrap_or(after.len())),
        };
        text = rest;
        Some((name, Some(value)))
    })
}

/// Whether a start tag keeps its element from readers' eyes: by an attribute, or by its own style. What a style sheet does
/// elsewhere is not known, and colours are not weighed against what lies behind them.
pub fn is_hidden(text: &str) -> bool {
    every_attribute(text).any(|(key, value)| match key.to_ascii_lowercase().as_str() {
        "hidden" => true,
        "aria-hidden" => value.unwrap_or_default().eq_ignore_ascii_case("true"),
        "style" => {
            let style: String =
                unescape(value.unwrap_or_default()).chars().filter(|character| !character.is_whitespace()).collect();
            style.to_ascii_lowercase().split(';').any(|rule| {
                let Some((property, value)) = rule.split_once(':') else { return false };
                let value = value.trim_end_matches("!important");
                match property {
                    "display" => value == "none",
                    "visibility" => matches!(value, "hidden" | "collapse"),
                    "opacity" => value.parse() == Ok(0.0),
                    "font-size" => {
                        let digits = value
                            .trim_end_matches(|character: char| character.is_ascii_lowercase() || character == '%');
                        let is_pixels = matches!(&value[digits.len()..], "px" | "pt");
                        digits.parse::<f64>().is_ok_and(|size| size == 0.0 || (is_pixels && size <= 1.0))
                    }
                    "clip" => value.starts_with("rect(0"),
                    "text-indent" | "left" | "top" => value.starts_with("-9999"),
                    _ => false,
                }
            })
        }
        _ => false,
    })
}

/// The value of one attribute, unescaped; names are compared without regard to case.
pub fn attribute<'a>(text: &'a str, name: &str) -> Option<Cow<'a, str>> {
    attributes(text).find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| unescape(value))
}
