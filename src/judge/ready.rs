//! A text made ready to be weighed: one writing for what reads the same, and the points of a list one by one.

use std::sync::LazyLock;

use regex::Regex;
use unicode_normalization::UnicodeNormalization;

/// Bytes of a text that are weighed: the longest posts there are have a tenth of it, and who pads an advisory to hide a
/// sentence has to send more. What is beyond would cost a run more than its share.
const MOST: usize = 1_000_000;

/// Fewer points than this are paragraphs with a dash, not a list.
const LIST: usize = 2;

/// Characters of a point that a person is shown.
const SHOWN: usize = 160;

/// An item's words in one writing, with the points of its lists.
#[derive(Debug, Clone)]
pub struct Ready {
    pub title: String,
    pub text: String,
    /// The points of a list in the text, as release notes have them; empty where there is none.
    pub points: Vec<String>,
}

/// How many people liked or answered a post is no word of it.
static TALLY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:[\d,.]+k? (?:points?|up|upvotes?|comments?)(?:, | and )?)+(?: on Hacker News)?$")
        .expect("a valid pattern")
});

impl Ready {
    pub fn of(title: &str, text: &str) -> Ready {
        let text = &text[..text.floor_char_boundary(MOST)];
        let text = if TALLY.is_match(text.trim()) { String::new() } else { normal(text) };
        let points = points(&text);
        Ready { title: normal(title), text, points }
    }

    /// Where a pattern is found: in the title, else in the first point that holds it, else in the text. What is shown is the
    /// match; the point around it tells more where there is one.
    pub fn find(&self, pattern: &Regex) -> Option<Found<'_>> {
        if let Some(found) = pattern.find(&self.title) {
            return Some(Found { words: one_line(found.as_str()), point: None });
        }
        for point in &self.points {
            if let Some(found) = pattern.find(point) {
                return Some(Found { words: one_line(found.as_str()), point: Some(point) });
            }
        }
        let found = pattern.find(&self.text)?;
        Some(Found { words: one_line(found.as_str()), point: None })
    }
}

/// What a pattern matched, and the point of a list it stands in.
pub struct Found<'a> {
    pub words: String,
    pub point: Option<&'a str>,
}

impl Found<'_> {
    /// In quotation marks: the point, cut to a line or two, else the words themselves.
    pub fn quote(&self) -> String {
        let quoted = self.point.unwrap_or(&self.words);
        let cut = quoted.char_indices().nth(SHOWN).map(|(at, _)| &quoted[..at]);
        match cut {
            Some(cut) => format!("\u{201c}{}\u{2026}\u{201d}", cut.trim_end()),
            None => format!("\u{201c}{quoted}\u{201d}"),
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One writing for what reads the same: compatibility forms (NFKC), straight quotation marks and dashes, and letters of other
/// scripts that look like Latin ones inside a word that has Latin ones. Words wholly of another script stay as they are.
pub fn normal(text: &str) -> String {
    let plain: String = text.nfkc().map(straight).collect();
    if plain.is_ascii() {
        return plain;
    }
    let mut result = String::with_capacity(plain.len());
    for piece in plain.split_inclusive(|letter: char| !letter.is_alphanumeric()) {
        let mixed = !piece.is_ascii() && piece.chars().any(|letter| letter.is_ascii_alphabetic());
        if mixed { result.extend(piece.chars().map(latin)) } else { result.push_str(piece) }
    }
    result
}

fn straight(letter: char) -> char {
    match letter {
        '\u{2018}' | '\u{2019}' | '\u{201b}' => '\'',
        '\u{201c}' | '\u{201d}' => '"',
        '\u{2010}'..='\u{2012}' => '-',
        '\u{a0}' | '\u{2009}' | '\u{202f}' => ' ',
        other => other,
    }
}

/// The Latin letter that a Cyrillic or Greek one looks like.
fn latin(letter: char) -> char {
    match letter {
        'а' => 'a',
        'А' | 'Α' => 'A',
        'В' | 'Β' => 'B',
        'с' => 'c',
        'С' => 'C',
        'ԁ' => 'd',
        'е' => 'e',
        'Е' | 'Ε' => 'E',
        'Н' | 'Η' => 'H',
        'і' | 'ι' => 'i',
        'І' | 'Ι' => 'I',
        'ј' => 'j',
        'К' | 'Κ' => 'K',
        'М' | 'Μ' => 'M',
        'Ν' => 'N',
        'о' | 'ο' => 'o',
        'О' | 'Ο' => 'O',
        'р' | 'ρ' => 'p',
        'Р' | 'Ρ' => 'P',
        'ѕ' => 's',
        'Т' | 'Τ' => 'T',
        'у' => 'y',
        'У' | 'Υ' => 'Y',
        'х' | 'χ' => 'x',
        'Х' | 'Χ' => 'X',
        'ν' => 'v',
        other => other,
    }
}

/// The points of the lists in a text: lines that begin with a mark, and points strung together by bullets on one line.
fn points(text: &str) -> Vec<String> {
    let mut points: Vec<String> = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        let marked = ["- ", "* ", "+ ", "\u{2022}"].iter().any(|mark| line.starts_with(mark));
        if line.matches('\u{2022}').count() >= LIST {
            points.extend(line.split('\u{2022}').map(one_line));
        } else if marked {
            points.push(one_line(line.trim_start_matches(['-', '*', '+', '\u{2022}'])));
        }
    }
    points.retain(|point| !point.is_empty());
    if points.len() < LIST { Vec::new() } else { points }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_the_same_is_written_the_same() {
        for (text, expected) in [
            ("Ｃｌａｕｄｅ\u{a0}Code", "Claude Code"),
            ("Clаude Cоde", "Claude Code"),
            ("it\u{2019}s \u{201c}fine\u{201d}", "it's \"fine\""),
            ("Новости о моделях", "Новости о моделях"),
        ] {
            assert_eq!(normal(text), expected);
        }
    }

    #[test]
    fn the_points_of_release_notes_are_found_line_by_line_and_strung_together() {
        let lines = Ready::of("Release", "Changes\n\n- Faster start\n- Hooks\n  were fixed\n\nThanks.");
        assert_eq!(lines.points, ["Faster start", "Hooks"]);
        let strung = Ready::of("Release", "• Faster start • Fixed a hole in the sandbox");
        assert_eq!(strung.points, ["Faster start", "Fixed a hole in the sandbox"]);
        assert_eq!(Ready::of("Essay", "- a dash begins this sentence.").points, Vec::<String>::new());
    }

    #[test]
    fn a_count_of_points_and_comments_is_no_text() {
        assert_eq!(Ready::of("A post", "189 points, 66 comments on Hacker News").text, "");
        assert_eq!(Ready::of("A post", "It has 189 points.").text, "It has 189 points.");
    }
}
