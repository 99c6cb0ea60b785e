//! Bytes become characters: the charset is found as XML and HTTP say, and as publishers do.
//!
//! In this order: a byte order mark; zeros where UTF-16 without a mark has them; bytes that are valid UTF-8 and not plain
//! ASCII are UTF-8 whatever is declared (a wrong declaration is frequent, such an accident is not); then the charset of the
//! Content-Type (RFC 7303 gives it precedence) and that of the XML prolog, the first that fits without loss; else
//! windows-1252 where no byte looks like UTF-8, else UTF-8 with U+FFFD for what does not fit.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::guard::text;

use super::damage::{Damage, Flaw};

/// A prolog is the first thing in a document; more bytes are not looked at for it.
const PROLOG_BYTES: usize = 1024;

/// The page as text, without control characters that no format allows.
pub fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>, damage: &mut Damage) -> Cow<'a, str> {
    let mut text = decode_bytes(bytes, content_type, damage);
    let controls = text.chars().filter(|character| is_forbidden(*character)).count();
    if controls > 0 {
        damage.count(Flaw::Control, controls);
        // An escape goes together with its parameters, which alone would be left as text.
        if text.contains('\u{1b}') {
            text = text::clean(&text).into();
        }
        text.to_mut().retain(|character| !is_forbidden(character));
    }
    text
}

/// Outside of `Char` in XML 1.0 (2.2); JSON forbids the same below U+0020.
fn is_forbidden(character: char) -> bool {
    matches!(character, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}' | '\u{fffe}' | '\u{ffff}')
}

fn decode_bytes<'a>(bytes: &'a [u8], content_type: Option<&str>, damage: &mut Damage) -> Cow<'a, str> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return decode_as(encoding, &bytes[mark..], damage);
    }
    match bytes {
        [b'<' | b'{', 0, ..] => return decode_as(UTF_16LE, bytes, damage),
        [0, b'<' | b'{', ..] => return decode_as(UTF_16BE, bytes, damage),
        _ => {}
    }
    let in_header = content_type.and_then(header_charset);
    let in_prolog = prolog_charset(bytes);
    // A document whose prolog could be read byte by byte is not UTF-16, whatever it says.
    let declared: Vec<&'static Encoding> = [in_header, in_prolog]
        .into_iter()
        .flatten()
        .filter(|encoding| ![UTF_16LE, UTF_16BE].contains(encoding))
        .collect();
    // Charsets such as ISO-2022-JP write everything in ASCII bytes, so plain ASCII does not speak for UTF-8.
    if let Ok(text) = std::str::from_utf8(bytes)
        && (!text.is_ascii() || declared.is_empty())
    {
        return text.into();
    }
    for encoding in &declared {
        if let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(bytes) {
            return text;
        }
    }
    match declared.iter().find(|encoding| **encoding != UTF_8) {
        Some(encoding) => decode_as(encoding, bytes, damage),
        None if !has_utf8_sequence(bytes) => {
            damage.note(Flaw::Charset);
            WINDOWS_1252.decode_without_bom_handling(bytes).0
        }
        None => decode_as(UTF_8, bytes, damage),
    }
}

fn decode_as<'a>(encoding: &'static Encoding, bytes: &'a [u8], damage: &mut Damage) -> Cow<'a, str> {
    let (text, has_errors) = encoding.decode_without_bom_handling(bytes);
    if has_errors {
        damage.note(Flaw::Charset);
    }
    text
}

/// Whether at least one character of two or more bytes is valid UTF-8.
fn has_utf8_sequence(bytes: &[u8]) -> bool {
    bytes.utf8_chunks().any(|chunk| !chunk.valid().is_ascii())
}

fn header_charset(content_type: &str) -> Option<&'static Encoding> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("charset")
            .then(|| Encoding::for_label(value.trim().trim_matches(['"', '\'']).as_bytes()))?
    })
}

fn prolog_charset(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(PROLOG_BYTES)]);
    let prolog = &head[head.find("<?xml")?..];
    let prolog = &prolog[..prolog.find("?>")?];
    let after = prolog[prolog.find("encoding")? + "encoding".len()..].trim_start().strip_prefix('=')?.trim_start();
    let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    Encoding::for_label(after[1..].split(quote).next()?.trim().as_bytes())
}
