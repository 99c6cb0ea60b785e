//! Sentences: the whole sentences and points of a text, each in its own words.
//!
//! A sentence is never cut. What a feed cut off at its end is none, and neither is a line of code or of a table. Only white
//! space is folded; [`plain`] then writes typographic marks (quotation marks, dashes, the ellipsis) as ASCII has them, which
//! changes no letter.

use std::sync::LazyLock;

use regex::Regex;

/// Bytes of a text that are looked at; the longest changelogs have a tenth of it.
const MOST_TEXT: usize = 200_000;
/// Sentences of one text; more is no page for people.
const MOST: usize = 2_000;
/// Two bullets on one line make it a list whose points stand in a row.
const LIST: usize = 2;

/// One sentence, or one point of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// Its own characters, white space folded.
    pub words: String,
    /// A point of a list: it needs no full stop.
    pub is_point: bool,
    /// The heading it stands below, in lower case; empty where there is none.
    pub heading: String,
    /// The line of code that follows it, if one does.
    pub code: Option<String>,
}

static HEADING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:#{1,6}\s+(?P<marked>.{2,80})|(?P<bare>[A-Z][A-Za-z &/]{2,40}):?)$").expect("a valid pattern")
});

/// Where a sentence ends: a mark, white space, and the beginning of another.
static END: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"[.!?]["')\u{2019}\u{201d}`]?\s+(?:["'(`\u{201c}\u{2018}\[]?[A-Z0-9`/-])"#).expect("a valid pattern")
});

/// All sentences of an item: the title (where it says something by itself), then the text's in their order.
pub fn sentences(title: &str, text: &str) -> Vec<Sentence> {
    let mut found = vec![Sentence { words: fold(title), is_point: true, heading: "title".to_owned(), code: None }];
    let text = &text[..text.floor_char_boundary(MOST_TEXT)];
    let (mut heading, mut is_code) = (String::new(), false);
    let lines: Vec<&str> = text.lines().collect();
    let mut place = 0;
    while place < lines.len() && found.len() < MOST {
        let line = lines[place].trim();
        place += 1;
        if line.starts_with("```") || line.starts_with("~~~") {
            is_code = !is_code;
            continue;
        }
        if is_code {
            if let Some(last) = found.last_mut().filter(|last| last.code.is_none() && !line.is_empty()) {
                last.code = Some(line.to_owned());
            }
            continue;
        }
        if line.is_empty() || line.matches('|').count() >= 2 && !line.contains('\u{2022}') {
            continue;
        }
        if let Some(named) = HEADING.captures(line) {
            let name = named.name("marked").or(named.name("bare")).map_or("", |name| name.as_str());
            heading = name.to_lowercase();
            continue;
        }
        if line.matches('\u{2022}').count() >= LIST {
            let points = line.split('\u{2022}').map(fold).filter(|point| !point.is_empty());
            found.extend(points.flat_map(|words| pointed(&words, &heading)));
            continue;
        }
        if let Some(begun) = marked(line) {
            let mut whole = begun.to_owned();
            // A point may go on in lines that are set in.
            while let Some(next) =
                lines.get(place).filter(|next| next.starts_with("  ") && marked(next.trim()).is_none())
            {
                if next.trim().is_empty() {
                    break;
                }
                whole.push(' ');
                whole.push_str(next.trim());
                place += 1;
            }
            found.extend(pointed(&fold(&whole), &heading));
            continue;
        }
        let mut whole = line.to_owned();
        // Prose that is broken into lines: one paragraph up to the next empty line, list or heading.
        while let Some(next) = lines.get(place).map(|next| next.trim()) {
            let is_other = next.is_empty()
                || next.starts_with("```")
                || marked(next).is_some()
                || next.starts_with('#')
                || next.matches('|').count() >= 2;
            if is_other {
                break;
            }
            whole.push(' ');
            whole.push_str(next);
            place += 1;
        }
        found.extend(prose(&fold(&whole), &heading));
    }
    found
}

/// A point as it is where it is one sentence, which needs no full stop; else its sentences.
fn pointed(words: &str, heading: &str) -> Vec<Sentence> {
    let mut found = prose(words, heading);
    if found.len() <= 1 && !END.is_match(words) {
        found = vec![Sentence { words: words.to_owned(), is_point: true, heading: heading.to_owned(), code: None }];
    }
    found.iter_mut().for_each(|sentence| sentence.is_point = true);
    found
}

/// The words of a point behind its mark.
fn marked(line: &str) -> Option<&str> {
    let rest = ["- ", "* ", "+ ", "\u{2022}"].iter().find_map(|mark| line.strip_prefix(mark))?;
    Some(rest.trim()).filter(|rest| !rest.is_empty())
}

/// The whole sentences of a paragraph. What has no end mark is a title or was cut off.
fn prose(paragraph: &str, heading: &str) -> Vec<Sentence> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while let Some(end) = END.find_at(paragraph, at) {
        let mark = end.start() + paragraph[end.start()..].find(char::is_whitespace).unwrap_or(1);
        at = mark;
        if is_abbreviation(&paragraph[start..mark]) {
            continue;
        }
        found.push(paragraph[start..mark].trim().to_owned());
        start = mark;
    }
    found.push(paragraph[start..].trim().to_owned());
    found.retain(|words| {
        words.trim_end_matches(['"', '\'', ')', '`', '\u{2019}', '\u{201d}']).ends_with(['.', '!', '?'])
            && !words.ends_with("..")
    });
    let sentence = |words| Sentence { words, is_point: false, heading: heading.to_owned(), code: None };
    found.into_iter().map(sentence).collect()
}

fn is_abbreviation(sentence: &str) -> bool {
    let last = sentence.rsplit(' ').next().unwrap_or(sentence).trim_start_matches('(').to_lowercase();
    matches!(
        last.as_str(),
        "e.g." | "i.e." | "etc." | "vs." | "cf." | "approx." | "no." | "dr." | "mr." | "ms." | "st." | "al." | "v."
    )
}

/// Runs of white space become one space; nothing else changes. What the hash of a quoted span is made of.
pub fn fold(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Typographic marks as ASCII has them. No letter changes.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\u{2018}' | '\u{2019}' | '\u{201b}' => plain.push('\''),
            '\u{201c}' | '\u{201d}' => plain.push('"'),
            '\u{2010}'..='\u{2015}' => plain.push('-'),
            '\u{2026}' => plain.push_str("..."),
            '\u{a0}' | '\u{2009}' | '\u{202f}' => plain.push(' '),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        sentences("", text).into_iter().skip(1).map(|sentence| sentence.words).collect()
    }

    #[test]
    fn points_and_sentences_are_found_whole() {
        assert_eq!(
            words("\u{2022} One thing \u{2022} Another: with a.b in it"),
            ["One thing", "Another: with a.b in it"]
        );
        assert_eq!(
            words("## Added\n\n- a flag\n  that goes on\n- b\n\nThanks."),
            ["a flag that goes on", "b", "Thanks."]
        );
        assert_eq!(
            words("Use e.g. Python 3.12 here. Then stop!\nIt goes\non. And this was cut off at the"),
            ["Use e.g. Python 3.12 here.", "Then stop!", "It goes on."]
        );
    }

    #[test]
    fn code_and_tables_are_no_sentences_and_code_belongs_to_what_it_follows() {
        let found = sentences("", "Run this first.\n\n```sh\nclaude doctor\n```\n\n| a | b |\n\nDone.");
        assert_eq!(found[1].code.as_deref(), Some("claude doctor"));
        assert_eq!(found[1..].iter().map(|one| one.words.as_str()).collect::<Vec<_>>(), ["Run this first.", "Done."]);
    }

    #[test]
    fn a_heading_is_known_to_what_stands_below_it() {
        let found = sentences("", "### Breaking changes\n- The old flag is gone\n");
        assert_eq!(found[1].heading, "breaking changes");
    }
}
