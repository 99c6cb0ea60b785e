//! The profile: how well a text fits the lab's interests, from words alone.

use std::collections::HashSet;

use crate::judge::sight::Sight;
use crate::judge::words::{occurrences, words};

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
#[derive(Clone)]
pub struct Profile {
    phrases: Vec<Phrase>,
}

#[derive(Clone)]
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

    /// How well the whole fits, and the phrases that make it, strongest first.
    pub fn score(&self, sight: &Sight<'_>) -> Fit<'_> {
        let matches = self.matches(&sight.title_words, &sight.text_words);
        let sum = |sign: f64| matches.iter().map(|(_, score)| (score * sign).max(0.0)).sum::<f64>();
        // A long list of points dilutes the one that matters, so the best of them counts by itself.
        let point = |point: &Vec<String>| self.matches(&[], point).iter().map(|(_, score)| score).sum::<f64>();
        let best = sight.point_words.iter().map(point).fold(0.0, f64::max);
        Fit { whole: squashed(sum(1.0)), against: squashed(sum(-1.0)), best_point: squashed(best), matches }
    }

    /// BM25 of the profile's phrases, as one plain sum: what other ways of scoring are measured against.
    pub fn bm25(&self, sight: &Sight<'_>) -> f64 {
        self.matches(&sight.title_words, &sight.text_words).iter().map(|(_, score)| score).sum()
    }

    /// How many phrases that speak for an item occur in it.
    pub fn keywords(&self, sight: &Sight<'_>) -> usize {
        self.matches(&sight.title_words, &sight.text_words).iter().filter(|(_, score)| *score > 0.0).count()
    }

    fn matches(&self, title: &[String], text: &[String]) -> Vec<(&str, f64)> {
        let length = (title.len() + text.len()) as f64;
        let norm = K1 * (1.0 - B + B * length / AVERAGE_WORDS);
        let present: HashSet<&str> = title.iter().chain(text).map(String::as_str).collect();
        let mut matches = Vec::new();
        for phrase in &self.phrases {
            if !phrase.words.iter().all(|word| present.contains(word.as_str())) {
                continue;
            }
            let count = TITLE * occurrences(title, &phrase.words) as f64 + occurrences(text, &phrase.words) as f64;
            if count > 0.0 {
                matches.push((phrase.shown.as_str(), phrase.weight * count * (K1 + 1.0) / (count + norm)));
            }
        }
        matches.sort_by(|one, other| other.1.abs().total_cmp(&one.1.abs()).then(one.0.cmp(other.0)));
        matches
    }
}

/// From 0 to 1.
fn squashed(sum: f64) -> f64 {
    1.0 - (-sum.max(0.0) / SCALE).exp()
}

/// How well an item fits the profile; each from 0 to 1.
pub struct Fit<'a> {
    pub whole: f64,
    pub against: f64,
    /// Of the points of a list in it, the best.
    pub best_point: f64,
    pub matches: Vec<(&'a str, f64)>,
}

/// In words: "fits the lab's interests (0.71): prompt injection, sandbox".
pub fn explain(relevance: f64, matches: &[(&str, f64)]) -> String {
    if matches.is_empty() {
        return format!("fits the lab's interests ({relevance:.2}), though it has no phrase of the profile");
    }
    let shown = matches
        .iter()
        .take(5)
        .map(|(phrase, score)| if *score < 0.0 { format!("against: {phrase}") } else { (*phrase).to_owned() });
    format!("fits the lab's interests ({relevance:.2}): {}", shown.collect::<Vec<_>>().join(", "))
}
