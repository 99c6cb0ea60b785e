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

use std::collections::VecDeque;
use std::ops::Range;

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// One token: where it lies in the text, and its position. Its word is that piece of the text in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
struct CodeToken {
    range: Range<usize>,
    position: usize,
    whole: bool,
}

/// The words a text is found under, with their positions: parts and wholes.
pub fn code_words(text: &str) -> Vec<(usize, String)> {
    Tokens::of(text).map(|token| (token.position, word(text, &token))).collect()
}

/// Where in a text its tokens lie, what they say, and whether each is a whole identifier.
pub(super) fn ranges(text: &str) -> impl Iterator<Item = (Range<usize>, String, bool)> {
    Tokens::of(text).map(|token| {
        let word = word(text, &token);
        (token.range, word, token.whole)
    })
}

/// The parts of a text in a row, and the whole identifier if the text is one.
pub(super) fn query_words(text: &str) -> (Vec<String>, Option<String>) {
    let (wholes, parts): (Vec<CodeToken>, Vec<CodeToken>) = Tokens::of(text).partition(|token| token.whole);
    let ends = parts.first().zip(parts.last()).map(|(first, last)| first.range.start..last.range.end);
    // Of `HashMap::from` the first half is an identifier, and the text is none.
    let is_all = |token: &CodeToken| {
        ends.as_ref().is_some_and(|ends| token.range.start <= ends.start && token.range.end >= ends.end)
    };
    let whole = wholes.into_iter().find(is_all).map(|token| word(text, &token));
    (parts.iter().map(|token| word(text, token)).collect(), whole)
}

fn word(text: &str, token: &CodeToken) -> String {
    let mut word = String::new();
    write_word(&mut word, &text[token.range.clone()]);
    word
}

/// Nearly every word is ASCII, and nearly every one is in lower case.
fn write_word(word: &mut String, written: &str) {
    if written.is_ascii() {
        word.push_str(written);
        word.make_ascii_lowercase();
    } else {
        word.push_str(&written.to_lowercase());
    }
}

/// The tokens of a text, one identifier at a time: a text of hundreds of megabytes has more of them than fit into memory.
struct Tokens<'t> {
    text: &'t str,
    /// What was not looked at yet begins here.
    from: usize,
    position: usize,
    /// Of the identifier that was read last.
    waiting: VecDeque<CodeToken>,
    parts: Vec<Range<usize>>,
}

impl<'t> Tokens<'t> {
    fn of(text: &'t str) -> Tokens<'t> {
        Tokens { text, from: 0, position: 0, waiting: VecDeque::new(), parts: Vec::new() }
    }

    /// The next stretch of letters that belong together.
    fn stretch(&mut self) -> Option<Range<usize>> {
        let bytes = self.text.as_bytes();
        let mut start = None;
        let mut at = self.from;
        while at < bytes.len() {
            let (is_part, length, stands_alone) = if bytes[at].is_ascii() {
                (is_inside_ascii(bytes[at]), 1, false)
            } else {
                let letter = self.text[at..].chars().next().unwrap_or_default();
                let stands_alone = stands_alone(letter);
                (stands_alone || is_inside(letter), letter.len_utf8(), stands_alone)
            };
            match start {
                // What stands alone ends what stood before it, and comes next.
                Some(start) if !is_part || stands_alone => {
                    self.from = at;
                    return Some(start..at);
                }
                None if stands_alone => {
                    self.from = at + length;
                    return Some(at..self.from);
                }
                None if is_part => start = Some(at),
                _ => {}
            }
            at += length;
        }
        self.from = at;
        start.map(|start| start..at)
    }

    /// Reads one identifier: its parts, and the identifier whole where it has several.
    fn identifier(&mut self, range: Range<usize>) {
        // Most of a text is plain words.
        if self.text[range.clone()].bytes().all(|byte| byte.is_ascii_lowercase()) || self.is_alone(&range) {
            self.waiting.push_back(CodeToken { range, position: self.position, whole: false });
            self.position += 1;
            return;
        }
        let range = trimmed(self.text, range);
        self.parts.clear();
        parts(self.text, range.clone(), &mut self.parts);
        let Some(first) = self.parts.first() else { return };
        let mut wholes = [None, None];
        if self.parts.len() > 1 || *first != range {
            // The last segment of a path, when it is an identifier itself: `store.rs`.
            let last = self.text[range.clone()].rfind('/').map(|slash| range.start + slash + 1..range.end);
            wholes = [Some(range), last];
        }
        for part in &self.parts {
            for place in &mut wholes {
                if let Some(whole) = place.take_if(|whole| whole.start <= part.start)
                    && whole != *part
                {
                    self.waiting.push_back(CodeToken { range: whole, position: self.position, whole: true });
                }
            }
            self.waiting.push_back(CodeToken { range: part.clone(), position: self.position, whole: false });
            self.position += 1;
        }
    }

    fn is_alone(&self, range: &Range<usize>) -> bool {
        let text = &self.text[range.clone()];
        !text.is_ascii()
            && text.chars().next().is_some_and(|letter| letter.len_utf8() == text.len() && stands_alone(letter))
    }
}

impl Iterator for Tokens<'_> {
    type Item = CodeToken;

    fn next(&mut self) -> Option<CodeToken> {
        while self.waiting.is_empty() {
            let stretch = self.stretch()?;
            self.identifier(stretch);
        }
        self.waiting.pop_front()
    }
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

fn is_inside_ascii(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/' | b'~' | b'@')
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

/// Adds the parts of an identifier.
fn parts(text: &str, range: Range<usize>, parts: &mut Vec<Range<usize>>) {
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
}

/// tantivy's door to `tokens`.
#[derive(Clone)]
pub(super) struct CodeTokenizer;

pub(super) struct CodeStream<'t> {
    tokens: Tokens<'t>,
    /// Its text is written over: a string for each word was a sixth of the time that a first run took.
    token: Token,
}

impl Tokenizer for CodeTokenizer {
    type TokenStream<'a> = CodeStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> CodeStream<'a> {
        CodeStream { tokens: Tokens::of(text), token: Token::default() }
    }
}

impl TokenStream for CodeStream<'_> {
    fn advance(&mut self) -> bool {
        let Some(token) = self.tokens.next() else { return false };
        self.token.offset_from = token.range.start;
        self.token.offset_to = token.range.end;
        self.token.position = token.position;
        self.token.text.clear();
        write_word(&mut self.token.text, &self.tokens.text[token.range]);
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
