//! The code tokenizer gives identifiers whole and by part: `retryPolicy` is found as itself, as `retry_policy`, and as two words.
//!
//! A stretch of text without white space is cut into identifiers; an identifier is cut into parts at every punctuation
//! mark, at a change from lower to upper case, and between letters and digits. Parts take one position each, so that a
//! phrase of parts finds an identifier however it is written; an identifier as a whole stands at the position of its
//! first part. All is in lower case. Letters of Chinese, Japanese and Korean are a token each and belong to no identifier, so
//! that any run of them inside a longer one is found as a phrase.
//!
//! | written | whole | parts |
//! |---|---|---|
//! | `snake_case` | `snake_case` | snake case |
//! | `CamelCase` | `camelcase` | camel case |
//! | `--flag-name` | `--flag-name` | flag name |
//! | `src/keep/store.rs` | `src/keep/store.rs`, `store.rs` | src keep store rs |
//! | `2.1.251`, `v2.1.251` | `2.1.251` | 2 1 251 |
//! | `東京tower` | | 東 京 tower |

use std::ops::Range;

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// One token: where it lies in the text, its position, its words.
#[derive(Debug, Clone, PartialEq, Eq)]
struct CodeToken {
    range: Range<usize>,
    position: usize,
    text: String,
    whole: bool,
}

/// The words a text is found under, with their positions: parts and wholes.
pub fn code_words(text: &str) -> Vec<(usize, String)> {
    tokens(text).into_iter().map(|token| (token.position, token.text)).collect()
}

/// Where in a text its tokens lie, what they say, and whether each is a whole identifier.
pub(super) fn ranges(text: &str) -> impl Iterator<Item = (Range<usize>, String, bool)> {
    tokens(text).into_iter().map(|token| (token.range, token.text, token.whole))
}

/// The parts of a text in a row, and the whole identifier if the text is one.
pub(super) fn query_words(text: &str) -> (Vec<String>, Option<String>) {
    let (wholes, parts): (Vec<CodeToken>, Vec<CodeToken>) = tokens(text).into_iter().partition(|token| token.whole);
    let ends = parts.first().zip(parts.last()).map(|(first, last)| first.range.start..last.range.end);
    // Of `HashMap::from` the first half is an identifier, and the text is none.
    let is_all = |token: &CodeToken| {
        ends.as_ref().is_some_and(|ends| token.range.start <= ends.start && token.range.end >= ends.end)
    };
    let whole = wholes.into_iter().find(is_all).map(|token| token.text);
    (parts.into_iter().map(|token| token.text).collect(), whole)
}

fn tokens(text: &str) -> Vec<CodeToken> {
    let mut tokens = Vec::new();
    let mut position = 0;
    let mut start = None;
    for (offset, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        let stands_alone = stands_alone(letter);
        match (is_inside(letter) && !stands_alone, start) {
            (true, None) => start = Some(offset),
            (false, Some(from)) => {
                identifier(text, from..offset, &mut position, &mut tokens);
                start = None;
            }
            _ => {}
        }
        if stands_alone {
            let range = offset..offset + letter.len_utf8();
            tokens.push(CodeToken { range, position, text: letter.to_string(), whole: false });
            position += 1;
        }
    }
    tokens
}

/// Letters of scripts that write no spaces between words, and Hangul, whose words change at both ends.
fn stands_alone(letter: char) -> bool {
    // Nearly every letter is settled here.
    letter >= '\u{1100}'
        && letter.is_alphanumeric()
        && matches!(u32::from(letter),
            0x1100..=0x11ff | 0x3005..=0x3007 | 0x3021..=0x3029 | 0x3031..=0x3035 | 0x3038..=0x303c | 0x3040..=0x31ff
            | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xa960..=0xa97f | 0xac00..=0xd7ff | 0xf900..=0xfaff
            | 0xff66..=0xffdc | 0x1_b000..=0x1_b16f | 0x2_0000..=0x3_ffff)
}

/// Marks that join an identifier, besides letters and digits.
fn is_inside(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | '/' | '~' | '@')
}

/// Adds the parts of one identifier, and the identifier whole where it has several parts.
fn identifier(text: &str, range: Range<usize>, position: &mut usize, tokens: &mut Vec<CodeToken>) {
    // Most of a text is plain words.
    if text[range.clone()].bytes().all(|byte| byte.is_ascii_lowercase()) {
        let text = text[range.clone()].to_owned();
        tokens.push(CodeToken { range, position: *position, text, whole: false });
        *position += 1;
        return;
    }
    let range = trimmed(text, range);
    let parts = parts(text, range.clone());
    if parts.is_empty() {
        return;
    }
    let mut wholes = Vec::new();
    if parts.len() > 1 || parts[0] != range {
        wholes.push(range.clone());
        // The last segment of a path, when it is an identifier itself: `store.rs`.
        if let Some(slash) = text[range.clone()].rfind('/') {
            wholes.push(range.start + slash + 1..range.end);
        }
    }
    for part in parts {
        for whole in wholes.extract_if(.., |whole| whole.start <= part.start) {
            if whole != part {
                let text = text[whole.clone()].to_lowercase();
                tokens.push(CodeToken { range: whole, position: *position, text, whole: true });
            }
        }
        let text = text[part.clone()].to_lowercase();
        tokens.push(CodeToken { range: part, position: *position, text, whole: false });
        *position += 1;
    }
}

/// Takes off what belongs to the sentence: a full stop at the end, a dash or dot that starts no flag, path or hidden file.
/// `v2.1.251` is the version `2.1.251`.
fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let word = &text[range.clone()];
    let end = range.start + word.trim_end_matches(['.', '-', '/', '~', '@', '_']).len();
    let word = &text[range.start..end.max(range.start)];
    let start = end - word.trim_start_matches(['@']).len();
    let word = &text[start..end];
    let bare = word.trim_start_matches(['v', 'V']);
    let is_version =
        word.len() - bare.len() == 1 && bare.contains('.') && bare.starts_with(|letter: char| letter.is_ascii_digit());
    if is_version { end - bare.len()..end } else { start..end }
}

fn parts(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    #[derive(PartialEq, Clone, Copy)]
    enum Sort {
        Lower,
        Upper,
        Digit,
        Other,
    }
    let sort = |letter: char| match letter {
        _ if letter.is_numeric() => Sort::Digit,
        _ if letter.is_uppercase() => Sort::Upper,
        _ if letter.is_alphabetic() => Sort::Lower,
        _ => Sort::Other,
    };
    let mut parts = Vec::new();
    let mut start = range.start;
    let mut before = Sort::Other;
    let mut letters =
        text[range.clone()].char_indices().map(|(offset, letter)| (range.start + offset, letter)).peekable();
    while let Some((offset, letter)) = letters.next() {
        let now = sort(letter);
        let next = letters.peek().map(|(_, letter)| sort(*letter));
        let cut = match (before, now) {
            (Sort::Other, _) | (_, Sort::Other) => true,
            (Sort::Digit, Sort::Digit) => false,
            (Sort::Digit, _) | (_, Sort::Digit) => true,
            (Sort::Lower, Sort::Upper) => true,
            // `HTTPServer` is http server.
            (Sort::Upper, Sort::Upper) => next == Some(Sort::Lower),
            _ => false,
        };
        if cut {
            if before != Sort::Other && start < offset {
                parts.push(start..offset);
            }
            start = offset;
        }
        before = now;
    }
    if before != Sort::Other && start < range.end {
        parts.push(start..range.end);
    }
    parts
}

/// tantivy's door to `tokens`.
#[derive(Clone)]
pub(super) struct CodeTokenizer;

pub(super) struct CodeStream {
    tokens: std::vec::IntoIter<CodeToken>,
    token: Token,
}

impl Tokenizer for CodeTokenizer {
    type TokenStream<'a> = CodeStream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> CodeStream {
        CodeStream { tokens: tokens(text).into_iter(), token: Token::default() }
    }
}

impl TokenStream for CodeStream {
    fn advance(&mut self) -> bool {
        let Some(token) = self.tokens.next() else { return false };
        self.token.offset_from = token.range.start;
        self.token.offset_to = token.range.end;
        self.token.position = token.position;
        self.token.text = token.text;
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
