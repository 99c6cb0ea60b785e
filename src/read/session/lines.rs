//! The lines of a transcript, each on its own: one that is damaged is counted, mended where that is safe, and harms no other.

use std::borrow::Cow;

use crate::guard::panic::quietly;
use crate::session::{Memory, Passage, Trouble};

use super::draft::Draft;
use super::object;

/// How records of Claude Code and of Codex begin, for finding one that was appended to the half of another.
const BEGINNINGS: [&str; 4] = [r#"{"parentUuid""#, r#"{"type""#, r#"{"timestamp""#, r#"{"isSidechain""#];

/// Where such a record may begin within one line: blocks begin alike, and each costs a look at the rest.
const MOST_TRIES: usize = 64;

/// Reads line by line; `record` gets the JSON of one object.
pub(super) fn read(
    bytes: &[u8],
    first_line: u64,
    memory: &mut Memory,
    record: fn(&mut Draft, &str) -> Result<(), serde_json::Error>,
) -> Passage {
    let mut draft = Draft::new(memory);
    let mut rest = match first_line {
        1 => bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes),
        _ => bytes,
    };
    let mut number = first_line;
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        rest = after.get(1..).unwrap_or_default();
        draft.turn_to(number);
        draft.passage.counts.lines += 1;
        if quietly(|| read_line(&mut draft, line, record)).is_none() {
            draft.passage.counts.damage(number, Trouble::Unreadable);
        }
        number += 1;
    }
    draft.finish()
}

fn read_line(draft: &mut Draft, line: &[u8], record: fn(&mut Draft, &str) -> Result<(), serde_json::Error>) {
    let number = draft.line;
    let is_filling = |byte: &u8| *byte == 0 || byte.is_ascii_whitespace();
    let start = line.iter().position(|byte| !is_filling(byte)).unwrap_or(line.len());
    let end = line.iter().rposition(|byte| !is_filling(byte)).map_or(start, |last| last + 1);
    if line[..start].contains(&0) || line[end..].contains(&0) {
        draft.passage.counts.damage(number, Trouble::Nul);
    }
    let line = &line[start..end];
    if line.is_empty() {
        return;
    }
    let text = match std::str::from_utf8(line) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => {
            draft.passage.counts.damage(number, Trouble::Utf8);
            String::from_utf8_lossy(line)
        }
    };
    if !object::is_object(&text) {
        let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
        let trouble = match is_json {
            true => Trouble::NotAnObject,
            false if salvage(draft, &text, record) => Trouble::Half,
            false => Trouble::NotJson,
        };
        draft.passage.counts.damage(number, trouble);
    } else if let Err(error) = record(draft, &text) {
        let is_half = error.is_eof() || salvage(draft, &text, record);
        draft.passage.counts.damage(number, if is_half { Trouble::Half } else { Trouble::NotJson });
    }
    draft.close();
}

/// Reads a whole record at the end of a broken line: a program that died left half a line without its end, and the next one
/// wrote on behind it. False if there is none.
fn salvage(draft: &mut Draft, text: &str, record: fn(&mut Draft, &str) -> Result<(), serde_json::Error>) -> bool {
    let mut begins: Vec<usize> = BEGINNINGS
        .iter()
        .flat_map(|beginning| text.match_indices(beginning).map(|(at, _)| at).filter(|at| *at > 0).take(MOST_TRIES))
        .collect();
    begins.sort_unstable();
    begins.into_iter().take(MOST_TRIES).any(|at| record(draft, &text[at..]).is_ok())
}
