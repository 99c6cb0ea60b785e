//! Diaries: Markdown that an agent or a person keeps beside the work (SCRATCH.md, CONTINUATION.md, REPO_MAP.md, ENV.md). Each
//! section under a heading is a turn.

use std::sync::LazyLock;

use jiff::Timestamp;
use regex::Regex;

use crate::session::{Memory, Passage, Role, Trouble};

use super::super::date;
use super::draft::Draft;
use super::words;

/// A day in a heading, or a moment: `2026-11-21`, `2026-11-21 14:30`, `21 November 2026`, `Nov 21, 2026, 9:05`.
static DAY: LazyLock<Regex> = LazyLock::new(|| {
    let month = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]*\.?";
    let time = r"(?:(?:T|,?\s+(?:at\s+)?)\d{1,2}:\d{2}(?::\d{2})?(?:\s*(?:Z|UTC|[+-]\d\d:?\d\d))?)?";
    Regex::new(&format!(
        r"(?i)\b(?:\d{{4}}-\d{{2}}-\d{{2}}|\d{{1,2}}(?:st|nd|rd|th)?\s+{month},?\s+\d{{4}}|{month}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}){time}"
    ))
    .expect("a constant pattern")
});

/// A time alone, which belongs to the day above it.
static CLOCK: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\W*(\d{1,2}:\d{2}(?::\d{2})?)\b").expect("a constant pattern"));

static ORDINAL: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\b(\d{1,2})(?:st|nd|rd|th)\b").expect("a constant pattern"));

/// Reads a whole diary. A section without a date has the day of the section it stands in.
pub(super) fn read(bytes: &[u8]) -> Passage {
    let mut memory = Memory::default();
    let mut draft = Draft::new(&mut memory);
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = String::from_utf8_lossy(bytes);
    let mut section = Section { line: 1, text: String::new(), at: None };
    // The headings that the present line stands under: depth, date.
    let mut above: Vec<(usize, Option<Timestamp>)> = Vec::new();
    let mut fence: Option<&str> = None;
    for (number, (line, raw)) in (1..).zip(text.split_inclusive('\n').zip(bytes.split_inclusive(|byte| *byte == b'\n')))
    {
        draft.passage.counts.lines += 1;
        if std::str::from_utf8(raw).is_err() {
            draft.passage.counts.damage(number, Trouble::Utf8);
        }
        let trimmed = line.trim();
        match fence {
            Some(mark) => {
                if trimmed.starts_with(mark) {
                    fence = None;
                }
            }
            None => fence = ["```", "~~~"].into_iter().find(|mark| trimmed.starts_with(mark)),
        }
        if let Some((depth, words)) = heading(line).filter(|_| fence.is_none()) {
            section.close(&mut draft);
            above.retain(|(other, _)| *other < depth);
            let day = above.iter().rev().find_map(|(_, at)| *at);
            let at = dated(words, day);
            above.push((depth, at.or(day)));
            section = Section { line: number, text: String::new(), at: at.or(day) };
            if depth == 1 && draft.passage.facts.given_title.is_none() {
                draft.passage.facts.given_title = words::said(words.to_owned());
            }
        }
        section.text.push_str(line);
    }
    section.close(&mut draft);
    draft.finish()
}

struct Section {
    line: u64,
    text: String,
    at: Option<Timestamp>,
}

impl Section {
    fn close(&mut self, draft: &mut Draft) {
        draft.turn_to(self.line);
        draft.at = self.at;
        draft.say(Role::Note, words::said(self.text.trim_end().to_owned()));
    }
}

/// The depth and the words of a heading (CommonMark 0.31, 4.2).
fn heading(line: &str) -> Option<(usize, &str)> {
    let line = line.trim_end();
    let indented = line.trim_start_matches(' ');
    let rest = indented.trim_start_matches('#');
    let depth = indented.len() - rest.len();
    let is_heading = line.len() - indented.len() < 4
        && (1..=6).contains(&depth)
        && (rest.is_empty() || rest.starts_with([' ', '\t']));
    is_heading.then(|| (depth, rest.trim().trim_end_matches('#').trim_end()))
}

/// The moment that a heading names: by itself, or by a time on the day of the section above. Without a zone it is UTC.
fn dated(words: &str, day: Option<Timestamp>) -> Option<Timestamp> {
    if let Some(found) = DAY.find(words) {
        return date::read(&ORDINAL.replace_all(found.as_str(), "$1"));
    }
    let clock = CLOCK.captures(words)?.get(1)?.as_str();
    let day = day?.to_string();
    date::read(&format!("{} {clock}", day.get(..10)?))
}
