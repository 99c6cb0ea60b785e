//! What stands around a find: word borders, escapes, blobs in base64, lines, and the marks of an earlier scrubbing.

use std::ops::Range;

/// So many bytes of the base64 alphabet in one run beside a find make it part of a blob: no path has so long a word, and
/// every picture, signature and certificate has.
const BLOB: usize = 64;

/// Whether a word begins here: no letter, digit or `_` before it, but for an escape (`\n`, `\u0022`, `%3D`, a colour of a
/// terminal) that another encoding put there; and no run of base64 that it is only the end of.
pub fn begins_alone(text: &str, start: usize) -> bool {
    let before = &text.as_bytes()[..start];
    match before.last() {
        Some(byte) if is_word(*byte) => ends_with_escape(before),
        Some(b'+' | b'/') => before.iter().rev().take(BLOB).take_while(|byte| is_base64(**byte)).count() < BLOB,
        _ => true,
    }
}

/// Whether a word ends here: no letter, digit or `_` after it, nor a run of base64; and nobody cut it off (`sk-ant-api03-Ab...`).
pub fn ends_alone(text: &str, end: usize) -> bool {
    let after = &text.as_bytes()[end..];
    match after.first() {
        Some(byte) if is_word(*byte) => false,
        Some(b'+' | b'/') => after.iter().take(BLOB).take_while(|byte| is_base64(**byte)).count() < BLOB,
        Some(b'.') => !after.starts_with(b".."),
        _ => !text[end..].starts_with('…'),
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

fn ends_with_escape(before: &[u8]) -> bool {
    let hex = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_hexdigit);
    match before {
        [.., b'\\', b'n' | b't' | b'r' | b'b' | b'f'] => true,
        [.., b'%', high, low] if hex(&[*high, *low]) => true,
        [.., b'\\', b'x', high, low] if hex(&[*high, *low]) => true,
        [.., b'\\', b'u', a, b, c, d] if hex(&[*a, *b, *c, *d]) => true,
        // ESC [ numbers m; as bytes, or as JSON and shells write the first of them.
        [start @ .., b'm'] => {
            let numbers =
                start.iter().rev().take_while(|byte| byte.is_ascii_digit() || **byte == b';').take(16).count();
            start[..start.len() - numbers].ends_with(b"[")
        }
        _ => false,
    }
}

/// Where the marks of an earlier scrubbing stand: `[redacted:<rule id>:<8 hex digits>]`.
pub fn marks(text: &str) -> Vec<Range<usize>> {
    const OPENING: &str = "[redacted:";
    let mark = |(at, _): (usize, &str)| {
        let rest = &text.as_bytes()[at + OPENING.len()..];
        let id = rest.iter().take(MOST_ID + 1).position(|byte| !is_id(*byte))?;
        let digits = rest.get(id + 1..id + 9)?;
        let is_mark = id > 0
            && rest[id] == b':'
            && digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
            && rest.get(id + 9) == Some(&b']');
        is_mark.then(|| at..at + OPENING.len() + id + 10)
    };
    text.match_indices(OPENING).filter_map(mark).collect()
}

/// The longest rule id, in bytes; a mark must end somewhere.
pub const MOST_ID: usize = 80;

/// Whether a byte may stand in a rule's id.
pub fn is_id(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

/// The span without half characters at its ends.
pub fn widen(text: &str, span: Range<usize>) -> Range<usize> {
    let (mut start, mut end) = (span.start, span.end);
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

/// Where the name begins that a position stands in: `csrf_token` from `token`. Looks back 64 bytes at most.
pub fn word_start(text: &str, at: usize) -> usize {
    let is_name = |byte: &&u8| is_word(**byte) || matches!(byte, b'-' | b'.');
    at - text.as_bytes()[..at].iter().rev().take(64).take_while(is_name).count()
}

/// The line that a secret stands in, without more than 500 bytes to either side: a file in one line has no lines to speak of.
pub fn line_around<'t>(text: &'t str, span: &Range<usize>) -> &'t str {
    const SIDE: usize = 500;
    let bytes = text.as_bytes();
    let before = bytes[..span.start].iter().rev().take(SIDE).take_while(|byte| **byte != b'\n').count();
    let after = bytes[span.end..].iter().take(SIDE).take_while(|byte| **byte != b'\n').count();
    let line = widen(text, span.start - before..span.end + after);
    &text[line]
}
