//! Words are what is worth reading in a value: strings decoded and cleaned, structures written line by line, data left out.

use crate::guard::text;

use super::object;

/// Data without a space as long as this is no text: base64, minified hex. The longest honest words, paths and tokens are shorter.
const DATA_BYTES: usize = 4096;

/// Structures deeper than this are given as they stand; tools' arguments have some five levels.
const MAX_DEPTH: usize = 24;

/// A text as turns hold it: clean, and None if blank. Data is named by its size.
pub(super) fn said(text: String) -> Option<String> {
    if text.bytes().all(|byte| byte.is_ascii_whitespace()) {
        return None;
    }
    if is_data(&text) {
        return Some(format!("[data, {} bytes]", text.len()));
    }
    // A line may be large: only what cleaning may change is copied.
    let text = match text::is_clean(&text) {
        true => text,
        false => text::clean(&text),
    };
    (!text.trim().is_empty()).then_some(text)
}

/// A value as text: a string as it is, a structure with a line for each of its values.
pub(super) fn of(json: &str) -> Option<String> {
    match object::string(json) {
        Some(text) => said(text),
        None => {
            let mut text = String::new();
            write(json, &mut text, 0);
            said(text)
        }
    }
}

/// What a tool got or gave, without the named fields.
pub(super) fn without(json: &str, names: &[&str]) -> Option<String> {
    let mut text = String::new();
    object::every_field(json, |name, value| {
        if !names.contains(&name) {
            write_field(name, value, &mut text, 0);
        }
    });
    said(text)
}

/// The type and size of what stands in base64, as people read it: `[image/png, 1234 bytes]`.
pub(super) fn data(media: Option<&str>, encoded_bytes: usize) -> String {
    // Three bytes are written as four letters.
    format!("[{}, {} bytes]", media.unwrap_or("data"), encoded_bytes / 4 * 3)
}

fn write(json: &str, text: &mut String, depth: usize) {
    let before = text.len();
    if let Some(inner) = object::inside(json) {
        match is_data(inner) {
            true => text.push_str(&data(None, inner.len())),
            false => object::decode(inner, text),
        }
    } else if depth == MAX_DEPTH {
        text.push_str(json);
    } else if object::is_object(json) {
        if field_is(json, "type", "base64") {
            // A picture or document inside a tool's answer.
            let media = object::word(object::field(json, "media_type"));
            let encoded = object::field(json, "data").map_or(0, str::len);
            text.push_str(&data(media.as_deref(), encoded));
        } else {
            object::every_field(json, |name, value| write_field(name, value, text, depth));
        }
    } else if object::is_list(json) {
        object::every_item(json, |item| write(item, text, depth + 1));
    } else if json != "null" {
        text.push_str(json);
    }
    if text.len() > before && !text.ends_with('\n') {
        text.push('\n');
    }
}

fn write_field(name: &str, value: &str, text: &mut String, depth: usize) {
    if matches!(value, "null" | "\"\"" | "[]" | "{}") || name == "signature" || name == "encrypted_content" {
        return;
    }
    if name == "base64" {
        text.push_str(&data(None, value.len()));
        text.push('\n');
        return;
    }
    text.push_str(name);
    text.push_str(if object::is_object(value) || object::is_list(value) { ":\n" } else { ": " });
    write(value, text, depth + 1);
}

fn field_is(json: &str, name: &str, value: &str) -> bool {
    object::word(object::field(json, name)).as_deref() == Some(value)
}

fn is_data(text: &str) -> bool {
    text.len() >= DATA_BYTES
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'='))
}
