//! Whether what a rule matched is a secret: random enough, standing alone, and no placeholder.

use std::ops::Range;

use super::rule::{Form, Rule};
use super::surroundings::{begins_alone, ends_alone, line_around, word_start};
use super::words::{is_typed_row, made_of_words, says_its_place};

/// `span` is the secret, `whole` the match around it.
pub fn is_secret(rule: &Rule, text: &str, span: &Range<usize>, whole: &Range<usize>) -> bool {
    let secret = &text[span.clone()];
    if rule.entropy.is_some_and(|least| entropy(secret.as_bytes()) <= least) {
        return false;
    }
    if rule.form != Form::Any && !stands_alone(text, span, whole) {
        return false;
    }
    if rule.form == Form::Random && (!looks_random(secret.as_bytes()) || is_name(&text[span.end..])) {
        return false;
    }
    if is_stand_in(rule.form, &text[..span.start], secret) {
        return false;
    }
    if rule.allowed.is_empty() {
        return true;
    }
    let whole = &text[word_start(text, whole.start)..whole.end];
    let line = line_around(text, span);
    !rule.allowed.iter().any(|allowed| allowed.allows(secret, whole, line))
}

fn stands_alone(text: &str, span: &Range<usize>, whole: &Range<usize>) -> bool {
    // What stands before a group is the expression's own business.
    let begins = span.start > whole.start || begins_alone(text, span.start);
    // `authorization = basic_auth(user)`: what is called is no secret.
    let is_called = span.start > whole.start && text[span.end..].starts_with('(');
    begins && ends_alone(text, span.end) && !is_called
}

/// Whether people wrote this where a secret would stand. `before` is the text before it.
fn is_stand_in(form: Form, before: &str, secret: &str) -> bool {
    if form == Form::Any || says_its_place(secret) {
        return form != Form::Any;
    }
    let secret = secret.trim_end_matches('=');
    if form == Form::Chosen {
        // People choose passwords out of words. But what stands bare behind a gap, `password: CFStringRef`, is a program's word.
        let is_programs = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':');
        let is_bare = before.ends_with(": ") || before.ends_with("= ");
        let is_name = is_bare && (secret.contains("::") || secret.bytes().all(is_programs)) && made_of_words(secret);
        // `postgres:postgres@db`: who repeats the user's name has a default that everybody knows.
        let user = before.strip_suffix(':').and_then(|before| before.strip_suffix(secret));
        return is_name || user.is_some_and(|before| before.ends_with(['/', ' ', '"', '\'']));
    }
    // More than one word is not judged by its words: there may be a secret among them.
    let is_one_word = secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:+/~".contains(&byte));
    is_one_word && (made_of_words(secret) || is_typed_row(secret))
}

/// Whether what stands behind this shows a name in JSON or in a program, and no value: `"name": …`, `Name::new()`.
fn is_name(after: &str) -> bool {
    let named = after.trim_start_matches('\\').strip_prefix(['"', '\'']);
    named.is_some_and(|after| after.starts_with(':')) || after.starts_with("::")
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
