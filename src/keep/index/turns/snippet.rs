//! A snippet is the piece of a text in which most of what was looked for stands together, on one line, with marks.

use std::ops::Range;

use regex::Regex;
use serde::Serialize;

use super::super::tokens;
use super::query::{Group, Part};

/// Length of a snippet, in letters: two or three lines of a terminal.
const LETTERS: usize = 200;

/// Letters shown before the first mark.
const BEFORE: usize = 40;

/// Marks of one text that are looked at.
const MOST_MARKS: usize = 2_000;

/// A piece of a text, with an ellipsis where it was cut.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Snippet {
    pub text: String,
    /// What was looked for: bytes of `text`, begin and end.
    pub marks: Vec<(usize, usize)>,
}

/// What is to be marked.
pub(super) struct Marker<'a> {
    needles: Vec<Needle>,
    expression: Option<&'a Regex>,
}

enum Needle {
    /// Parts of identifiers in a row.
    Row(Vec<String>),
    Beginning(String),
}

impl Marker<'_> {
    pub(super) fn new<'a>(groups: &[Group], expression: Option<&'a Regex>) -> Marker<'a> {
        let parts = groups.iter().filter(|group| !group.not).flat_map(|group| &group.any);
        let needles = parts.filter_map(|part| match part {
            Part::Words(words) => Some(Needle::Row(tokens::query_words(words).0)),
            Part::Prefix(start) => Some(Needle::Beginning(start.clone())),
            _ => None,
        });
        Marker { needles: needles.collect(), expression }
    }

    /// What stands in a text, by the needle's number, in the order of the text.
    fn marks(&self, text: &str) -> Vec<(Range<usize>, usize)> {
        let mut marks = Vec::new();
        if let Some(expression) = self.expression {
            let found = expression.find_iter(text).filter(|found| !found.is_empty()).take(MOST_MARKS);
            marks.extend(found.map(|found| (found.range(), usize::MAX)));
        }
        if !self.needles.is_empty() {
            let tokens: Vec<_> = tokens::ranges(text).collect();
            let parts: Vec<_> = tokens.iter().filter(|(_, _, is_whole)| !is_whole).collect();
            for (number, needle) in self.needles.iter().enumerate() {
                match needle {
                    Needle::Row(row) => marks.extend(
                        parts
                            .windows(row.len().max(1))
                            .filter(|window| window.iter().map(|(_, word, _)| word).eq(row))
                            .take(MOST_MARKS)
                            .map(|window| (window[0].0.start..window[window.len() - 1].0.end, number)),
                    ),
                    Needle::Beginning(start) => marks.extend(
                        tokens
                            .iter()
                            .filter(|(_, word, _)| word.starts_with(start))
                            .take(MOST_MARKS)
                            .map(|(range, _, _)| (range.clone(), number)),
                    ),
                }
            }
        }
        marks.sort_by_key(|(range, number)| (range.start, range.end, *number));
        marks
    }

    /// The best piece; the text's beginning where nothing is to be marked.
    pub(super) fn snippet(&self, text: &str) -> Snippet {
        let marks = self.marks(text);
        let best = (0..marks.len()).max_by_key(|first| {
            let begin = marks[*first].0.start;
            let together = marks[*first..].iter().take_while(|(range, _)| range.end <= begin + (LETTERS - BEFORE));
            let mut needles: Vec<usize> = together.take(50).map(|(_, number)| *number).collect();
            needles.sort_unstable();
            needles.dedup();
            // Of equally good ones the first.
            (needles.len(), std::cmp::Reverse(*first))
        });
        let begin = best.map_or(0, |best| start_before(text, marks[best].0.start));
        let end = text[begin..].char_indices().nth(LETTERS).map_or(text.len(), |(offset, _)| begin + offset);
        let marks = joined(marks.into_iter().map(|(range, _)| range.start.max(begin)..range.end.min(end)));
        let mut snippet = Snippet::default();
        if begin > 0 {
            snippet.text.push('…');
        }
        let mut marks = marks.into_iter().peekable();
        let mut open = None;
        for (offset, letter) in text[begin..end].char_indices().map(|(offset, letter)| (begin + offset, letter)) {
            if let Some(mark) = marks.peek()
                && offset >= mark.end
            {
                snippet.marks.extend(open.take().map(|open| (open, snippet.text.trim_end().len())));
                marks.next();
            }
            let is_blank = letter.is_whitespace();
            if let Some(mark) = marks.peek()
                && open.is_none()
                && mark.contains(&offset)
            {
                open = Some(snippet.text.len());
            }
            match is_blank {
                true if snippet.text.ends_with([' ', '…']) || snippet.text.is_empty() => {}
                true => snippet.text.push(' '),
                false => snippet.text.push(letter),
            }
        }
        snippet.text.truncate(snippet.text.trim_end().len());
        snippet.marks.extend(open.map(|open| (open, snippet.text.len())));
        snippet.marks.retain(|(begin, end)| begin < end);
        if end < text.trim_end().len() {
            snippet.text.push('…');
        }
        snippet
    }
}

/// Where a snippet begins that shows this place: some letters before, at a word's beginning.
fn start_before(text: &str, place: usize) -> usize {
    let Some((begin, _)) = text[..place].char_indices().rev().nth(BEFORE - 1).filter(|(offset, _)| *offset > 0) else {
        return 0;
    };
    let blank = text[begin..place].char_indices().find(|(_, letter)| letter.is_whitespace());
    blank.map_or(begin, |(offset, letter)| begin + offset + letter.len_utf8())
}

/// Ranges in order, those that touch as one, empty ones left out.
fn joined(ranges: impl Iterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    let mut all: Vec<Range<usize>> = Vec::new();
    for range in ranges.filter(|range| range.start < range.end) {
        match all.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => all.push(range),
        }
    }
    all
}
