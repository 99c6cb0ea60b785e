//! Vocabulary: what a word weighs in a title, which words mean the same, and which the opposite.

use std::collections::HashMap;
use std::sync::LazyLock;

/// How common words are, `class: stems`; the class is ten times the weight. Fitted on about 6,000 titles of feeds: the weight
/// is 1 for a word in fewer than one of 2,000 titles and falls with the logarithm of its share.
const COMMON: &str = include_str!("common.txt");
const SAME: &str = include_str!("same.txt");
const OPPOSITE: &str = include_str!("opposite.txt");

/// Words that join other words, and what reporters put around a fact.
const EMPTY: &str = "a an the of to in on for and or is are was be by with from at as it its that this how what why who new \
    now not no you your we our i my he his she her they their them will can may has have had do does did after over about \
    into more than up out says say said saying report reports reported reportedly via using use used pdf video show hn ask \
    tell so if then just very all some any been being were would could should there here when where which while also";

/// A word that means the same as others is no rare word.
const KNOWN: f64 = 0.8;

/// A number counts a little: many happenings share a 5.
const NUMBER: f64 = 0.3;

static WEIGHTS: LazyLock<HashMap<String, f64>> = LazyLock::new(|| {
    let mut weights = HashMap::new();
    for line in COMMON.lines() {
        if let Some((class, words)) = line.split_once(':') {
            let weight = class.parse::<f64>().unwrap_or(10.0) / 10.0;
            for word in words.split_whitespace() {
                weights.insert(word.to_owned(), weight);
            }
        }
    }
    for word in EMPTY.split_whitespace() {
        weights.insert(bare_stem(word), 0.0);
    }
    // Words that mean the same are together as common as the most common of them.
    for line in SAME.lines().filter(|line| !line.starts_with('#')) {
        let stems: Vec<String> = line.split_whitespace().map(bare_stem).collect();
        let least = stems.iter().filter_map(|stem| weights.get(stem)).fold(KNOWN, |least, weight| least.min(*weight));
        weights.insert(stems[0].clone(), least);
    }
    weights
});

static SAME_AS: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let mut same = HashMap::new();
    for line in SAME.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_whitespace().map(bare_stem);
        let Some(first) = words.next() else { continue };
        for word in words {
            same.entry(word).or_insert_with(|| first.clone());
        }
    }
    same
});

/// By the word in small letters as it stands in a title: the pairs it is in, and on which side.
static SIDES: LazyLock<HashMap<String, Vec<(usize, bool)>>> = LazyLock::new(|| {
    let mut sides: HashMap<String, Vec<(usize, bool)>> = HashMap::new();
    for (number, line) in OPPOSITE.lines().filter(|line| !line.starts_with('#')).enumerate() {
        if let Some((one, other)) = line.split_once('|') {
            for (words, side) in [(one, false), (other, true)] {
                for word in words.split_whitespace() {
                    sides.entry(word.to_owned()).or_default().push((number, side));
                }
            }
        }
    }
    sides
});

/// What a stem weighs, 0 to 1: nothing for a joining word, 1 for a rare one.
pub fn weight(stem: &str) -> f64 {
    match WEIGHTS.get(stem) {
        Some(weight) => *weight,
        None if stem.bytes().all(|byte| byte.is_ascii_digit()) => NUMBER,
        None if stem.len() < 2 => 0.0,
        None => 1.0,
    }
}

/// The stem of a word in small letters, and of all words that tell the same happening one stem.
pub fn stem(word: &str) -> String {
    let stem = bare_stem(word);
    SAME_AS.get(&stem).cloned().unwrap_or(stem)
}

/// The pairs of opposites a word belongs to, each with its side.
pub fn sides(word: &str) -> &'static [(usize, bool)] {
    SIDES.get(word).map_or(&[], Vec::as_slice)
}

/// English endings folded roughly: the same word in another form gets the same stem, and a few others do too.
fn bare_stem(word: &str) -> String {
    let mut stem = word.to_owned();
    if let Some(base) = stem.strip_suffix("ies").filter(|base| base.len() > 1) {
        stem = format!("{base}y");
    } else if stem.ends_with("sses") {
        stem.truncate(stem.len() - 2);
    } else if stem.len() > 3 && stem.ends_with('s') && !["ss", "us", "is", "os"].iter().any(|end| stem.ends_with(end)) {
        stem.pop();
    }
    for end in ["ing", "ed"] {
        if stem.len() >= end.len() + 4 && stem.ends_with(end) {
            stem.truncate(stem.len() - end.len());
            let mut last = stem.chars().rev();
            if let (Some(one), Some(other)) = (last.next(), last.next())
                && one == other
                && !matches!(one, 's' | 'l')
            {
                stem.pop();
            }
            break;
        }
    }
    if stem.len() > 4 && stem.ends_with('e') {
        stem.pop();
    }
    stem
}
