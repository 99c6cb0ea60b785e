//! Where a value stands in a JSON text: the keys of the outermost object with the spans of their values.

use std::ops::Range;

/// Why a text is no object of which a value could be replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// Line and column, counted from 1, and the reader's words.
    NoJson {
        line: usize,
        column: usize,
        why: String,
    },
    NoObject,
}

/// The keys of the outermost object in their order, unescaped, each with the span of its value's text.
pub(super) fn values(text: &str) -> Result<Vec<(String, Range<usize>)>, Unreadable> {
    // A mark at the start that some editors write; it is kept.
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(&text[start..]) {
        let why = error.to_string();
        let why = why.split(" at line ").next().unwrap_or_default().to_owned();
        return Err(Unreadable::NoJson { line: error.line(), column: error.column(), why });
    }
    // From here on the text is known to be good JSON: the walk only has to tell strings from the rest.
    let bytes = text.as_bytes();
    let mut at = skip_space(bytes, start);
    if bytes.get(at) != Some(&b'{') {
        return Err(Unreadable::NoObject);
    }
    let mut values = Vec::new();
    at = skip_space(bytes, at + 1);
    while bytes.get(at) == Some(&b'"') {
        let key_end = skip_value(bytes, at);
        let key = serde_json::from_str(&text[at..key_end]).unwrap_or_default();
        // Over the colon.
        let value = skip_space(bytes, skip_space(bytes, key_end) + 1);
        let value_end = skip_value(bytes, value);
        values.push((key, value..value_end));
        at = skip_space(bytes, value_end);
        // Over the comma; at the closing brace the loop ends.
        at = if bytes.get(at) == Some(&b',') { skip_space(bytes, at + 1) } else { at };
    }
    Ok(values)
}

fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// Where the value that begins here ends.
fn skip_value(bytes: &[u8], start: usize) -> usize {
    let (mut at, mut depth, mut in_string) = (start, 0_usize, false);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if in_string => at += 1,
            b'"' => {
                in_string = !in_string;
                if !in_string && depth == 0 {
                    return at + 1;
                }
            }
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return at,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            b',' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    at
}
