//! Regular expressions over kept texts: the index finds what may match, the texts decide.

use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Hir, HirKind};

use super::super::{MOST_WORD_BYTES, tokens};
use super::query::Unclear;

/// Memory that one expression may take, in bytes: what a person types needs far less.
const MOST_EXPRESSION_BYTES: usize = 10 << 20;

/// Reads an expression; `^` and `$` are the ends of lines.
pub(super) fn read(typed: &str) -> Result<Regex, Unclear> {
    let built = RegexBuilder::new(typed).multi_line(true).size_limit(MOST_EXPRESSION_BYTES).build();
    built.map_err(|error| Unclear(format!("--regex: {error}")))
}

/// Words that stand in every text in which the expression matches, as parts of identifiers. There may be none.
pub(super) fn words(typed: &str) -> Vec<String> {
    let Ok(expression) = regex_syntax::ParserBuilder::new().multi_line(true).build().parse(typed) else {
        return Vec::new();
    };
    let mut runs = vec![String::new()];
    gather(&expression, &mut runs);
    let mut words = Vec::new();
    for run in runs {
        for (range, word, is_whole) in tokens::ranges(&run) {
            // What touches the run's ends may go on in the text.
            let is_inside = range.start > 0 && range.end < run.len();
            if is_inside && !is_whole && word.len() <= MOST_WORD_BYTES {
                words.push(word);
            }
        }
    }
    words
}

/// The runs of letters that must all occur; whatever else an expression holds parts two runs.
fn gather(part: &Hir, runs: &mut Vec<String>) {
    match part.kind() {
        HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
            Ok(text) => runs.last_mut().expect("there is always one").push_str(text),
            Err(_) => runs.push(String::new()),
        },
        HirKind::Concat(parts) => parts.iter().for_each(|part| gather(part, runs)),
        HirKind::Capture(capture) => gather(&capture.sub, runs),
        _ => runs.push(String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn only_words_that_no_match_can_do_without_are_asked_of_the_index() {
        for (typed, wanted) in [
            (r"error: cannot find \w+", &["cannot", "find"][..]),
            (r"fn (foo_bar)\(x", &["foo", "bar"]),
            (r"retry", &[]),
            (r" retry ", &["retry"]),
            (r" a | b ", &[]),
            (r"(?i) retry ", &[]),
            (r" retry +now ", &[]),
            (r" (maybe )?sure ", &[]),
            (r" (one) two three\b", &["one", "two"]),
        ] {
            assert_eq!(words(typed), wanted, "{typed}");
        }
    }
}
