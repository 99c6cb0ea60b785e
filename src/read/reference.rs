//! References of XML: `&amp;`, `&#233;`, and what feeds write instead.

use std::borrow::Cow;

/// What an `&` begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference {
    /// One of XML's five, or a number: a character, and the length of the reference.
    Character(char, usize),
    /// A number that names no character; its length.
    Nothing(usize),
    /// A name that XML does not know.
    Name,
    /// Just an `&`.
    Bare,
}

/// Reads the reference at the beginning of `text`, which starts with `&` (XML 1.0, 4.1).
pub fn reference(text: &str) -> Reference {
    // The longest name in HTML has 31 letters.
    let Some(end) = text.bytes().take(40).skip(1).position(|byte| !byte.is_ascii_alphanumeric() && byte != b'#') else {
        return Reference::Bare;
    };
    let (name, length) = (&text[1..1 + end], end + 2);
    if name.is_empty() || !text[1 + end..].starts_with(';') {
        return Reference::Bare;
    }
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        return match code {
            // Many write the byte of windows-1252 where the number of the character belongs (HTML, 13.2.5.80).
            Ok(code @ 0x80..=0x9f) => {
                let byte = [code as u8];
                let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&byte);
                text.chars().next().map_or(Reference::Nothing(length), |found| Reference::Character(found, length))
            }
            // An escape is taken out later, with its parameters.
            Ok(code) => char::from_u32(code)
                .filter(|found| !found.is_control() || matches!(found, '\t' | '\n' | '\r' | '\u{1b}'))
                .map_or(Reference::Nothing(length), |found| Reference::Character(found, length)),
            Err(_) if number.bytes().all(|byte| byte.is_ascii_digit()) && !number.is_empty() => {
                Reference::Nothing(length)
            }
            Err(_) => Reference::Bare,
        };
    }
    match name {
        "amp" => Reference::Character('&', length),
        "lt" => Reference::Character('<', length),
        "gt" => Reference::Character('>', length),
        "quot" => Reference::Character('"', length),
        "apos" => Reference::Character('\'', length),
        _ if name.starts_with(|first: char| first.is_ascii_alphabetic()) => Reference::Name,
        _ => Reference::Bare,
    }
}

/// Resolves XML's own references once. Names of HTML stay as they are, for whoever reads the value as HTML.
pub fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = match reference(rest) {
            Reference::Character(character, length) => {
                plain.push(character);
                length
            }
            Reference::Nothing(length) => length,
            Reference::Name | Reference::Bare => {
                plain.push('&');
                1
            }
        };
        rest = &rest[length..];
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// Escapes for text and attribute values of XML alike.
pub fn escape_into(target: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => target.push_str("&amp;"),
            '<' => target.push_str("&lt;"),
            '>' => target.push_str("&gt;"),
            '"' => target.push_str("&quot;"),
            // A parser would turn a bare one into a line feed.
            '\r' => target.push_str("&#13;"),
            other => target.push(other),
        }
    }
}
