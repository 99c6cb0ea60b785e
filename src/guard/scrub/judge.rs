//! Whether what a rule matched is a secret: random enough, standing alone, and no placeholder.

use std::ops::Range;

use super::rule::{Form, Rule};
use super::surroundings::{begins_alone, ends_alone, line_around, word_start};

/// `span` is the secret, `whole` the match around it.
pub fn is_secret(rule: &Rule, text: &str, span: &Range<usize>, whole: &Range<usize>) -> bool {
    let secret = &text[span.clone()];
    if rule.entropy.is_some_and(|least| entropy(secret.as_bytes()) <= least) {
        return false;
    }
    match rule.form {
        Form::Any => {}
        // What stands before a group is the expression's own business.
        Form::Alone | Form::Random if span.start == whole.start && !begins_alone(text, span.start) => return false,
        Form::Alone | Form::Random if !ends_alone(text, span.end) => return false,
        // `authorization = basic_auth(user)`: what is called is no secret.
        Form::Alone | Form::Random if span.start > whole.start && text[span.end..].starts_with('(') => return false,
        Form::Random if !looks_random(secret.as_bytes()) => return false,
        Form::Alone | Form::Random => {}
    }
    if rule.allowed.is_empty() {
        return true;
    }
    let whole = &text[word_start(text, whole.start)..whole.end];
    let line = line_around(text, span);
    !rule.allowed.iter().any(|allowed| allowed.allows(secret, whole, line))
}

/// Shannon's entropy in bits a byte: 0 for one byte repeated, at most log2 of the length.
pub fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0u32; 256];
    for &byte in bytes {
        counts[usize::from(byte)] += 1;
    }
    let total = bytes.len() as f64;
    counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| {
            let share = f64::from(count) / total;
            -share * share.log2()
        })
        .sum()
}

/// Whether letters, capitals and digits change places as lots do and words, names and versions do not.
///
/// Drawn from letters and digits, neighbours are of different kinds in 30 to 47 of 100 places; in names that people give
/// (`web21-prod`, `X25519.KeyPair`) in fewer than 20. A capital that begins a word is no change.
pub fn looks_random(bytes: &[u8]) -> bool {
    let has = |kind: fn(&u8) -> bool| bytes.iter().any(kind);
    if !has(u8::is_ascii_digit) || !has(u8::is_ascii_alphabetic) {
        return false;
    }
    let kind = |byte: u8| match byte {
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        b'0'..=b'9' => 3,
        _ => 0,
    };
    let changes = bytes
        .windows(2)
        .filter(|pair| {
            let (before, after) = (kind(pair[0]), kind(pair[1]));
            before != 0 && after != 0 && before != after && (before, after) != (2, 1)
        })
        .count();
    changes >= 3 && changes * 20 >= bytes.len() * 3
}
