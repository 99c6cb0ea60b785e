//! Finds secrets in a text: keywords first, all at once, and a rule's expression only where its keyword stands.

use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use regex_automata::{Anchored, Input, util::captures::Captures};

use super::judge::is_secret;
use super::rule::{Form, Reach, Rule};
use super::rules::Rules;
use super::surroundings::{begins_alone, marks, widen};

/// How far a rule looks from its keyword on, in bytes. It keeps a text that repeats a keyword from being walked again and again;
/// no vendor documents a token of half that length. Private keys may be longer: their rule looks at the whole text.
const LONGEST: usize = 16 << 10;

/// Where a secret stands, and which rule found it, by its number in the rules.
pub struct Secret {
    pub span: Range<usize>,
    pub rule: usize,
}

/// The keywords of all rules in one automaton.
pub struct Finder {
    keywords: AhoCorasick,
    /// For each keyword the numbers of its rules.
    rules_of: Vec<Vec<usize>>,
    /// Rules without keywords are tried on every text.
    always: Vec<usize>,
}

impl Finder {
    pub fn new(rules: &Rules) -> Finder {
        let mut words: Vec<String> = Vec::new();
        let mut rules_of: Vec<Vec<usize>> = Vec::new();
        let mut always = Vec::new();
        for (number, rule) in rules.iter().enumerate() {
            if rule.keywords.is_empty() {
                always.push(number);
            }
            for keyword in &rule.keywords {
                let keyword = keyword.to_ascii_lowercase();
                match words.iter().position(|word| *word == keyword) {
                    Some(at) => rules_of[at].push(number),
                    None => {
                        words.push(keyword);
                        rules_of.push(vec![number]);
                    }
                }
            }
        }
        let keywords = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .build(&words)
            .expect("a few hundred short words fit an automaton");
        Finder { keywords, rules_of, always }
    }

    /// The secrets of a text in their order, none overlapping another. What several rules claim is taken as one, under the
    /// name of the rule that stands first.
    pub fn find(&self, rules: &Rules, text: &str) -> Vec<Secret> {
        let marks = marks(text);
        let mut found = Vec::new();
        let mut everywhere = self.always.clone();
        // Up to where each rule has taken the text: a keyword inside a secret that its rule has found is no beginning.
        let mut taken: Vec<usize> = Vec::new();
        for keyword in self.keywords.find_overlapping_iter(text) {
            let at = keyword.start();
            taken.resize(rules.len(), 0);
            for &number in &self.rules_of[keyword.pattern().as_usize()] {
                let rule = rules.rule(number);
                if rule.reach == Reach::Text {
                    if taken[number] == 0 {
                        taken[number] = 1;
                        everywhere.push(number);
                    }
                    continue;
                }
                if at < taken[number] || overlaps(&marks, &(at..at + 1)) {
                    continue;
                }
                if let Some(secret) = try_at(rule, number, text, at, &marks) {
                    taken[number] = secret.span.end;
                    found.push(secret);
                }
            }
        }
        for number in everywhere {
            let rule = rules.rule(number);
            let mut from = 0;
            let mut captures = rule.regex().create_captures();
            while from <= text.len() {
                rule.regex().search_captures(&Input::new(text).range(from..), &mut captures);
                let Some(whole) = captures.get_match() else { break };
                found.extend(secret_of(rule, number, text, &captures, &marks));
                from = whole.end().max(whole.start() + 1);
            }
        }
        merged(found)
    }
}

/// Tries a rule from a keyword on.
fn try_at(rule: &Rule, number: usize, text: &str, at: usize, marks: &[Range<usize>]) -> Option<Secret> {
    let regex = rule.regex();
    let input = Input::new(text).range(at..text.len().min(at + LONGEST)).anchored(Anchored::Yes);
    if regex.captures_len() == 1 && rule.form != Form::Any && !begins_alone(text, at) {
        // The match is the secret, and would be no word of its own.
        return None;
    }
    // Most keywords stand in plain words. Asking for the end alone is many times cheaper than asking for groups.
    regex.search_half(&input)?;
    let mut captures = regex.create_captures();
    regex.search_captures(&input, &mut captures);
    secret_of(rule, number, text, &captures, marks)
}

/// What of a match is the secret, if it is one.
fn secret_of(rule: &Rule, number: usize, text: &str, captures: &Captures, marks: &[Range<usize>]) -> Option<Secret> {
    let whole = captures.get_match()?;
    let group = match rule.group {
        Some(group) => captures.get_group(group),
        None => (1..captures.group_len()).filter_map(|group| captures.get_group(group)).find(|span| !span.is_empty()),
    };
    let span = group.map_or(whole.range(), |span| span.range());
    // Bytes, not characters, are matched; half a character is none.
    let span = widen(text, span);
    if span.is_empty() || overlaps(marks, &span) {
        return None;
    }
    is_secret(rule, text, &span, &widen(text, whole.range())).then_some(Secret { span, rule: number })
}

fn overlaps(marks: &[Range<usize>], span: &Range<usize>) -> bool {
    let first = marks.partition_point(|mark| mark.end <= span.start);
    marks.get(first).is_some_and(|mark| mark.start < span.end)
}

fn merged(mut found: Vec<Secret>) -> Vec<Secret> {
    found.sort_by_key(|secret| (secret.span.start, secret.rule));
    let mut merged: Vec<Secret> = Vec::with_capacity(found.len());
    for secret in found {
        match merged.last_mut() {
            Some(last) if secret.span.start < last.span.end => {
                last.span.end = last.span.end.max(secret.span.end);
                last.rule = last.rule.min(secret.rule);
            }
            _ => merged.push(secret),
        }
    }
    merged
}
