//! Relevance: how well a text fits the lab's interests, from words alone. It is the order when no model answers.

use std::collections::HashMap;

use super::rules::Sight;
use super::words::{occurrences, words};

/// Saturation of repeated phrases and weight of a text's length, as in BM25 (Robertson and Zaragoza 2009, k1 and b).
const K1: f64 = 1.2;
const B: f64 = 0.75;
/// Words in an average entry; there is no collection to take it from when the first item is judged.
const AVERAGE_WORDS: f64 = 300.0;
/// A phrase in a title counts as often as this many in the text.
const TITLE: f64 = 4.0;
/// The sum at which relevance reaches 0.63. One phrase of weight 3 in a title gives about that.
const SCALE: f64 = 6.0;

/// The lab's interests: phrases with weights.
pub struct Profile {
    phrases: Vec<Phrase>,
}

struct Phrase {
    shown: String,
    words: Vec<String>,
    weight: f64,
}

impl Profile {
    /// Reads one phrase a line, or between commas; `^2` behind it is its weight (1 without), negative against.
    pub fn read(text: &str) -> Profile {
        let mut phrases: Vec<Phrase> = Vec::new();
        for line in text.split(['\n', ',']) {
            let (shown, weight) = match line.rsplit_once('^') {
                Some((shown, weight)) => (shown, weight.trim().parse().unwrap_or(1.0)),
                None => (line, 1.0),
            };
            let words = words(shown);
            // "coding agent" and "coding agents" are one phrase once folded.
            if !words.is_empty() && !phrases.iter().any(|phrase| phrase.words == words) {
                phrases.push(Phrase { shown: shown.trim().to_owned(), words, weight });
            }
        }
        Profile { phrases }
    }

    /// Relevance from 0 to 1, and the phrases that made it, strongest first.
    pub fn score(&self, sight: &Sight<'_>) -> (f64, Vec<(&str, f64)>) {
        let length = (sight.title_words.len() + sight.text_words.len()) as f64;
        let norm = K1 * (1.0 - B + B * length / AVERAGE_WORDS);
        let present: HashMap<&str, ()> =
            sight.title_words.iter().chain(&sight.text_words).map(|word| (word.as_str(), ())).collect();
        let mut matches = Vec::new();
        for phrase in &self.phrases {
            if !phrase.words.iter().all(|word| present.contains_key(word.as_str())) {
                continue;
            }
            let count = TITLE * occurrences(&sight.title_words, &phrase.words) as f64
                + occurrences(&sight.text_words, &phrase.words) as f64;
            if count > 0.0 {
                matches.push((phrase.shown.as_str(), phrase.weight * count * (K1 + 1.0) / (count + norm)));
            }
        }
        matches.sort_by(|one, other| other.1.abs().total_cmp(&one.1.abs()).then(one.0.cmp(other.0)));
        let sum: f64 = matches.iter().map(|(_, score)| score).sum();
        (1.0 - (-sum.max(0.0) / SCALE).exp(), matches)
    }
}

/// In words: "fits the lab's interests (0.71): prompt injection, sandbox".
pub fn explain(relevance: f64, matches: &[(&str, f64)]) -> String {
    if matches.is_empty() {
        return "no phrase of the lab's interests".to_owned();
    }
    let shown = matches
        .iter()
        .take(5)
        .map(|(phrase, score)| if *score < 0.0 { format!("against: {phrase}") } else { (*phrase).to_owned() });
    format!("fits the lab's interests ({relevance:.2}): {}", shown.collect::<Vec<_>>().join(", "))
}
