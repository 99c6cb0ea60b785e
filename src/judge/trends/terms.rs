//! Terms: the words, two-word phrases and names in a text that can make a trend.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use crate::judge::ready::normal;
use crate::judge::words::{occurrences, words};

/// Characters of a text behind its title that are looked at: its first sentences, which say what it is about. A whole text
/// names a thousand things in passing.
const LEAD: usize = 400;
/// Letters of a term; longer ones are paths and hashes.
const LONGEST: usize = 40;
/// A number behind a word is part of a name ("opus 9"), up to this; what is larger counts something, or is a year.
const LARGEST: u32 = 999;

static STOP: LazyLock<HashSet<String>> = LazyLock::new(|| list(include_str!("stop.txt")));
static SEASONAL: LazyLock<HashSet<String>> = LazyLock::new(|| list(include_str!("seasonal.txt")));

/// The words of a list, folded as those of texts are.
fn list(text: &str) -> HashSet<String> {
    text.lines().filter(|line| !line.starts_with('#')).flat_map(words).collect()
}

/// Products and topics of the lab: terms of any number of words.
#[derive(Debug, Clone, Default)]
pub struct Names {
    names: Vec<(String, Vec<String>)>,
}

impl Names {
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Names {
        let mut seen = HashSet::new();
        // Shorter ones are found as words and phrases anyway.
        let named = names.into_iter().map(|name| (name.to_owned(), words(name))).filter(|(_, words)| words.len() > 2);
        Names { names: named.filter(|(_, words)| seen.insert(words.clone())).collect() }
    }
}

/// The terms of one text, each once, with the way it is written there.
pub fn terms(title: &str, text: &str, names: &Names) -> HashMap<String, String> {
    let lead: String = text.chars().take(LEAD).collect();
    let whole = normal(&format!("{title}\n{lead}"));
    let mut found = HashMap::new();
    for clause in
        whole.split(['.', '!', '?', ';', ':', ',', '(', ')', '[', ']', '"', '|', '\n', '\u{2014}', '\u{2013}'])
    {
        let written: Vec<&str> =
            clause.split(|letter: char| !letter.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
        let folded: Vec<String> = written.iter().map(|word| words(word).concat()).collect();
        for (place, word) in folded.iter().enumerate() {
            if !says_something(word) {
                continue;
            }
            if is_long_enough(word) {
                found.entry(word.clone()).or_insert_with(|| written[place].to_owned());
            }
            if let Some(next) = folded.get(place + 1).filter(|next| says_something(next) || is_small_number(next)) {
                let phrase = format!("{word} {next}");
                if phrase.len() <= LONGEST {
                    found.entry(phrase).or_insert_with(|| format!("{} {}", written[place], written[place + 1]));
                }
            }
        }
    }
    if !names.names.is_empty() {
        let all = words(&whole);
        for (name, name_words) in names.names.iter().filter(|(_, name_words)| occurrences(&all, name_words) > 0) {
            found.entry(name_words.join(" ")).or_insert_with(|| name.clone());
        }
    }
    found
}

/// A word with a letter that is not in anything, and not of a season.
fn says_something(word: &str) -> bool {
    word.len() <= LONGEST
        && word.chars().any(char::is_alphabetic)
        && !STOP.contains(word)
        && !SEASONAL.contains(word)
        && !is_year(word)
}

/// Two letters say little, unless one of them is a digit ("o3", "r1") or a sign stands for a word.
fn is_long_enough(word: &str) -> bool {
    let letters = word.chars().count();
    letters >= 3 || (letters == 2 && word.bytes().any(|byte| byte.is_ascii_digit() || !byte.is_ascii()))
}

/// "2026", "2026s", "26th".
fn is_year(word: &str) -> bool {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &word[digits..];
    (digits == 4 && matches!(&word[..2], "19" | "20")) || (digits > 0 && matches!(rest, "st" | "nd" | "rd" | "th"))
}

fn is_small_number(word: &str) -> bool {
    word.parse::<u32>().is_ok_and(|number| number <= LARGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(title: &str, text: &str, expected: &[&str]) {
        let mut found: Vec<String> = terms(title, text, &Names::of(["Model Context Protocol"])).into_keys().collect();
        found.sort();
        assert_eq!(found, expected);
    }

    #[test]
    fn words_phrases_and_names_are_found_without_what_joins_them() {
        check("Claude Code hooks, again", "", &["claude", "claude code", "code", "code hook", "hook"]);
        check("Opus 9 is here", "", &["opus", "opus 9"]);
        check(
            "A Model Context Protocol",
            "",
            &["context", "context protocol", "model", "model context", "model context protocol", "protocol"],
        );
        check("Ｓandboxes", "", &["sandboxe"]);
    }

    #[test]
    fn what_comes_back_each_year_is_no_term() {
        check("NeurIPS 2026 in December", "ICML 26, November 3rd, Q4 2026, the 26th of Jan", &[]);
    }

    #[test]
    fn a_term_is_shown_as_it_was_written() {
        let found = terms("Claude Code Hooks", "", &Names::default());
        assert_eq!(found["claude code"], "Claude Code");
    }
}
