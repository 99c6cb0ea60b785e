//! An answer is data of at most so many bytes with a sentence about it, or words on what went wrong and what to do.

use jiff::Timestamp;
use serde::Serialize;

/// Bytes of JSON of one answer, some 4,000 tokens: an agent asks for more when it wants more.
pub const ANSWER_BYTES: usize = 16_000;

/// Bytes of text that one answer may be asked for. With what stands around it, it stays below 60,000.
pub const MOST_TEXT: usize = 40_000;

/// Why a tool gave no answer, in words for the agent that called it. No foreign word stands in it.
#[derive(Debug)]
pub struct Trouble(pub String);

impl From<anyhow::Error> for Trouble {
    fn from(error: anyhow::Error) -> Trouble {
        Trouble(format!("{error:#}"))
    }
}

/// A sentence about the answer, and the answer.
pub type Told<T> = Result<(String, T), Trouble>;

/// Bytes of a value as JSON.
pub fn bytes(value: &impl Serialize) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX, |json| json.len())
}

/// As many of them, in their order, as fit; one at least.
pub fn fitting<T: Serialize>(mut entries: Vec<T>, room: usize) -> Vec<T> {
    let mut left = room;
    let count = entries.iter().take_while(|entry| {
        let size = bytes(entry) + 1;
        let fits = size <= left;
        left = left.saturating_sub(size);
        fits
    });
    let count = count.count().max(1);
    entries.truncate(count);
    entries
}

/// The beginning of a text that takes at most so many bytes as JSON.
pub fn beginning(text: &str, room: usize) -> &str {
    let mut piece = &text[..text.floor_char_boundary(room)];
    loop {
        // Without the quotation marks.
        let size = bytes(&piece) - 2;
        if size <= room {
            return piece;
        }
        let shorter = (piece.len() as u128 * room as u128 / size as u128) as usize;
        piece = &piece[..piece.floor_char_boundary(shorter.min(piece.len() - 1))];
    }
}

/// A time to the second; empty where there is none.
pub fn time(at: Option<Timestamp>) -> String {
    at.map(|at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default()
}

/// A score, no finer than anybody reads it.
pub fn hundredths(score: f32) -> f64 {
    (f64::from(score) * 100.0).round() / 100.0
}

/// What stands for nothing is left out.
pub fn is_zero(number: &usize) -> bool {
    *number == 0
}

pub fn is_false(value: &bool) -> bool {
    !*value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_fits_as_json_and_pieces_make_the_whole() {
        let text = "a \"quoted\"\n\u{1f600} line \u{7}".repeat(40);
        for room in [7, 13, 100, 10_000] {
            let (mut rest, mut whole) = (text.as_str(), String::new());
            while !rest.is_empty() {
                let piece = beginning(rest, room);
                assert!(!piece.is_empty() && bytes(&piece) <= room + 2, "{room}: {piece}");
                whole.push_str(piece);
                rest = &rest[piece.len()..];
            }
            assert_eq!(whole, text);
        }
    }
}
