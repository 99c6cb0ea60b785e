//! Likeness: whether two headlines tell one happening, and what speaks against it.

use std::collections::{BTreeMap, BTreeSet};

use super::headline::{Headline, Word};
use super::keys::LEAST_WEIGHT;

/// Titles that share this much but for one number, name or variant were made from one template.
const TEMPLATE: f64 = 0.6;

/// Titles that share this much speak of the same things.
const ALMOST: f64 = 0.45;

/// Two titles are the same sentence, with a name changed, if so much of their weight stands in both in the same order.
const SAME_SENTENCE: f64 = 0.45;
/// Where every word has a capital, what looks like a name may be any word.
const SAME_SHOUTED: f64 = 0.6;

/// What stands beside a model's name in a title that tells no more than that it is there.
const ARRIVAL: [&str; 26] = [
    "launch",
    "system",
    "card",
    "benchmark",
    "result",
    "price",
    "available",
    "availabl",
    "preview",
    "review",
    "tomorrow",
    "today",
    "model",
    "meet",
    "here",
    "general",
    "generally",
    "gener",
    "overview",
    "family",
    "famili",
    "hand",
    "first",
    "look",
    "announcement",
    "news",
];

/// How much of their weighed words two headlines share.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Likeness {
    /// Cosine, 0 to 1.
    pub cosine: f64,
    /// The weight of what is shared; one rare word weighs 1.
    pub shared: f64,
}

/// Compares two headlines; `damp` says how far a word counts now (less while many stories use it).
pub fn likeness(one: &BTreeMap<String, f64>, other: &BTreeMap<String, f64>, damp: &dyn Fn(&str) -> f64) -> Likeness {
    let mut likeness = Likeness::default();
    let mut lengths = [0.0, 0.0];
    for (place, weights) in [one, other].into_iter().enumerate() {
        lengths[place] = weights.iter().map(|(stem, weight)| (weight * damp(stem)).powi(2)).sum();
    }
    let mut product = 0.0;
    for (stem, weight) in one {
        if other.contains_key(stem) {
            let weight = weight * damp(stem);
            // A number is shared by chance, or belongs to a name that is counted; a common word is shared by chance too.
            if one[stem] >= LEAST_WEIGHT && !stem.starts_with(|letter: char| letter.is_ascii_digit()) {
                likeness.shared += weight;
            }
            product += weight * weight;
        }
    }
    let length: f64 = lengths[0] * lengths[1];
    if length > 0.0 {
        likeness.cosine = product / length.sqrt();
    }
    likeness
}

/// Both begin with the same words before a colon, as one source's titles do: "Add resource: …".
pub fn share_template(one: &Headline, other: &Headline) -> bool {
    let words = one.before_colon;
    words > 0
        && words == other.before_colon
        && one.words.iter().zip(&other.words).take(words).all(|(one, other)| one.stem == other.stem)
}

/// The weights of two headlines of one source without what its titles have in common at their beginnings and ends.
pub fn without_template(one: &Headline, other: &Headline) -> (BTreeMap<String, f64>, BTreeMap<String, f64>) {
    let (a, b) = (&one.words, &other.words);
    let same = |(x, y): &(&Word, &Word)| x.stem == y.stem;
    let start = a.iter().zip(b).take_while(same).count();
    let most = a.len().min(b.len()) - start;
    let end = a.iter().rev().zip(b.iter().rev()).take_while(same).count().min(most);
    let rest = |words: &[Word]| {
        words[start..words.len() - end].iter().map(|word| (word.stem.clone(), word.weight)).collect::<BTreeMap<_, _>>()
    };
    (rest(a), rest(b))
}

/// Why two headlines can't tell one happening, however alike their words are; None if nothing speaks against it.
pub fn conflict(one: &Headline, other: &Headline) -> Option<&'static str> {
    let apart = |one: &BTreeSet<String>, other: &BTreeSet<String>| {
        !one.is_empty() && !other.is_empty() && one.is_disjoint(other)
    };
    for (row, values) in &one.labels {
        // "2026" in one title and "2025" in the other may both be mentioned in passing, and so may a weekday.
        let is_weak = *row == "weekday";
        if let Some(others) = other.labels.get(row)
            && apart(values, others)
            && !is_weak
        {
            return Some("another of a row");
        }
    }
    if !one.models.is_empty() && !other.models.is_empty() && one.models.is_disjoint(&other.models) {
        return Some("another model or version");
    }
    if apart(&one.versions, &other.versions) {
        return Some("another version");
    }
    let full = likeness(&one.weights, &other.weights, &|_| 1.0);
    if one.opposes(other) {
        return Some("the opposite");
    }
    if full.cosine > ALMOST && (one.is_undone_by(other) || other.is_undone_by(one)) {
        return Some("what undoes it");
    }
    if full.cosine > TEMPLATE {
        // Made from one template, both have as many.
        if one.measures.len() == other.measures.len() && apart(&one.measures, &other.measures) {
            return Some("another number");
        }
        if one.labels.get("weekday") != other.labels.get("weekday")
            && one.labels.contains_key("weekday")
            && other.labels.contains_key("weekday")
        {
            return Some("another day");
        }
        if negates(one) != negates(other) {
            return Some("a negation");
        }
    }
    (swapped(one, other)).then_some("another name in the same sentence")
}

fn negates(headline: &Headline) -> bool {
    headline.words.iter().any(|word| {
        matches!(word.plain.as_str(), "not" | "no" | "never" | "without" | "nobody" | "isn't" | "won't" | "doesn't")
            || word.plain.ends_with("n't")
    })
}

/// The sentence is the same, and a name in it is another: "Acme passes audit in Tokyo", "… in Lima".
fn swapped(one: &Headline, other: &Headline) -> bool {
    let (a, b) = (&one.words, &other.words);
    let pairs = common(a, b);
    let kept: f64 = pairs.iter().map(|(place, _)| a[*place].weight.max(0.1)).sum();
    let sum = |words: &[Word]| words.iter().map(|word| word.weight.max(0.1)).sum::<f64>();
    let least = if one.is_shouted || other.is_shouted { SAME_SHOUTED } else { SAME_SENTENCE };
    if pairs.len() < 2 || kept < least * sum(a).max(sum(b)) {
        return false;
    }
    let mut ends = pairs;
    ends.push((a.len(), b.len()));
    let (mut i, mut j) = (0, 0);
    for (x, y) in ends {
        let (left, right) = (&a[i..x], &b[j..y]);
        let tells = |word: &&Word| (word.is_name && word.weight > 0.35) || word.weight > 0.85;
        let names = |words: &[Word]| words.iter().any(|word| tells(&word));
        let fits = |words: &[Word]| (1..=3).contains(&words.iter().filter(|word| word.weight > 0.0).count());
        if fits(left) && fits(right) && names(left) && names(right) {
            // A name that only stands elsewhere in the other title is no other name.
            let is_new = |words: &[Word], other: &Headline| {
                words.iter().filter(tells).all(|word| !other.weights.contains_key(&word.stem))
            };
            if is_new(left, other) && is_new(right, one) {
                return true;
            }
        }
        (i, j) = (x + 1, y + 1);
    }
    false
}

/// The longest common run of stems, as places in both.
fn common(a: &[Word], b: &[Word]) -> Vec<(usize, usize)> {
    let mut best = vec![vec![0_u16; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            best[i][j] =
                if a[i].stem == b[j].stem { best[i + 1][j + 1] + 1 } else { best[i + 1][j].max(best[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
    while i < a.len() && j < b.len() {
        if a[i].stem == b[j].stem {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if best[i + 1][j] >= best[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

/// Both say of the same model that it is there, and hardly more.
pub fn arrive_together(one: &Headline, other: &Headline) -> bool {
    !one.models.is_disjoint(&other.models) && is_arrival(one) && is_arrival(other)
}

fn is_arrival(headline: &Headline) -> bool {
    !headline.models.is_empty()
        && headline.words.iter().all(|word| {
            word.weight < 0.35
                || headline.models.iter().any(|(name, _)| *name == word.plain)
                || ARRIVAL.contains(&word.stem.as_str())
                || ARRIVAL.contains(&word.plain.as_str())
        })
}
