//! Sentences: one line of printable ASCII in which nothing is markup, an address or a call, and code stands between single backticks.

use std::sync::LazyLock;

use regex::Regex;

use super::{Allowed, dotted, lexicon, quoted, span};

/// Whether a field may hold inline code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    Allowed,
    Refused,
}

/// Whether a text may stand as prose of at most `longest` characters.
pub(super) fn check(text: &str, longest: usize, code: Code, allowed: &Allowed) -> Result<(), String> {
    if let Some(letter) = text.chars().find(|letter| !matches!(letter, ' '..='~')) {
        return Err(format!("it holds U+{:04X}, which is no printable ASCII", u32::from(letter)));
    }
    if text.len() > longest {
        return Err(format!("it has {} characters; at most {longest} are read", text.len()));
    }
    if text.trim() != text || text.contains("  ") {
        return Err("it has spaces at an end, or two in a row".to_owned());
    }
    // `v2.1.214` is a title, and no sentence.
    let (least, calm) = if code == Code::Allowed { (8, 0) } else { (3, 12) };
    if text.len() < least || (text.len() > calm && !text.contains(|letter: char| letter.is_ascii_lowercase())) {
        return Err("it is no sentence".to_owned());
    }
    let spans = spans(text)?;
    if code == Code::Refused && spans.iter().any(|part| matches!(part, Part::Code(_))) {
        return Err("code stands in it".to_owned());
    }
    begins_as_a_sentence(text)?;
    for part in &spans {
        match part {
            Part::Prose(prose) => {
                alphabet(prose)?;
                words(prose, allowed)?;
            }
            Part::Code(code) => span::check(code, allowed)?,
        }
    }
    // `evil`.com reads like one word.
    let joined = |pair: &[Part<'_>]| match pair {
        [Part::Code(_), Part::Prose(after)] => {
            after.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
        }
        [Part::Prose(before), Part::Code(_)] => {
            before.strip_suffix('.').is_some_and(|rest| rest.ends_with(|c: char| c.is_ascii_alphanumeric()))
        }
        _ => false,
    };
    if spans.windows(2).any(joined) {
        return Err("a dot joins code and other words to one name".to_owned());
    }
    for (found, why) in MARKUP.iter() {
        // Looked for in the whole, so that a backtick between two halves hides nothing; code is blanked where it may hold such signs.
        if let Some(found) = found.find(&without_code(&spans)) {
            return Err(format!("{}: {why}", quoted(found.as_str())));
        }
    }
    lexicon::check(text, allowed)
}

/// Typographic marks as ASCII writes them: a hyphen for each dash, straight quotes, three dots for an ellipsis, `to` for an arrow, and
/// `VSCode: ` for a leading `[VSCode] `, NAME for `<name>` in code. Everything else stays as it is, so that the gate sees it: a maker's sentence stays word for word,
/// and none of the characters that hide are touched.
pub fn plain(text: &str) -> String {
    // In code manuals write `<name>` or NAME for what one fills in.
    static PLACEHOLDER: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"<([a-z][a-z0-9_-]{0,20})>").expect("a literal"));
    let pieces: Vec<String> = text
        .split('`')
        .enumerate()
        .map(|(number, piece)| match number % 2 {
            0 => piece.to_owned(),
            _ => PLACEHOLDER.replace_all(piece, |name: &regex::Captures<'_>| name[1].to_ascii_uppercase()).into_owned(),
        })
        .collect();
    let text = pieces.join("`");
    let text = text.as_str();
    let mut plain = String::with_capacity(text.len());
    let label = text.strip_prefix('[').and_then(|rest| rest.split_once("] "));
    let label = label.filter(|(label, _)| {
        (1..=20).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b' ')
    });
    let text = if let Some((label, rest)) = label { &format!("{label}: {rest}") } else { text };
    for letter in text.replace(" -> ", " to ").chars() {
        match letter {
            '\u{2018}' | '\u{2019}' => plain.push('\''),
            '\u{201c}' | '\u{201d}' => plain.push('"'),
            '\u{2013}' | '\u{2014}' | '\u{2011}' | '\u{2212}' => plain.push('-'),
            '\u{2026}' => plain.push_str("..."),
            '\u{a0}' | '\u{202f}' => plain.push(' '),
            '\u{2192}' => plain.push_str("to"),
            '\u{d7}' => plain.push('x'),
            letter => plain.push(letter),
        }
    }
    plain
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part<'t> {
    Prose(&'t str),
    Code(&'t str),
}

/// The text cut at its backticks: single ones, in pairs, with something between.
fn spans(text: &str) -> Result<Vec<Part<'_>>, String> {
    if text.contains("``") {
        return Err("two backticks stand side by side; code stands between single ones".to_owned());
    }
    if text.contains("!`") {
        return Err("`!` before a backtick runs a command where skills are read".to_owned());
    }
    let pieces: Vec<&str> = text.split('`').collect();
    if pieces.len().is_multiple_of(2) {
        return Err("a backtick has no partner".to_owned());
    }
    let part = |(number, piece)| if number % 2 == 0 { Part::Prose(piece) } else { Part::Code(piece) };
    Ok(pieces.into_iter().enumerate().map(part).collect())
}

/// Code as one letter, so that what stands on its two sides does not grow together.
fn without_code(parts: &[Part<'_>]) -> String {
    parts.iter().map(|part| if let Part::Prose(prose) = part { prose } else { "`" }).collect()
}

/// Nothing that makes a line a heading, a list, a quotation, a table, a fence or a rule.
fn begins_as_a_sentence(text: &str) -> Result<(), String> {
    static OPENING: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"^(?:["'(]?[A-Za-z0-9`]|["'(]?--?[a-z]|["'(]?/[a-z]|\.[a-z])"#).expect("a literal")
    });
    static COUNTED: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[0-9]{1,9}[.)](?: |$)").expect("a literal"));
    if !OPENING.is_match(text) || COUNTED.is_match(text) {
        return Err("it begins like markup, not like a sentence".to_owned());
    }
    Ok(())
}

/// Signs that Markdown, a shell, HTML or a template gives a meaning.
fn alphabet(prose: &str) -> Result<(), String> {
    // `~25k` and `~/.claude` at a word's start neither open nor close anything.
    static ABOUT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(^|[ (])~([0-9]|/\.)").expect("a literal"));
    let prose = ABOUT.replace_all(prose, "$1$2");
    let sign = prose
        .chars()
        .find(|sign| matches!(sign, '<' | '>' | '[' | ']' | '{' | '}' | '\\' | '|' | '*' | '~' | '^' | '$'));
    match sign {
        Some(sign) => Err(format!("`{sign}` stands outside of code")),
        None => Ok(()),
    }
}

static MARKUP: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let rows = [
        (r"(?i)&#?[a-z0-9]+;?(?:$|[^ a-z0-9])|&#|&[a-z]+;", "a character reference"),
        (r"#[0-9]|(?i)\bgh-[0-9]", "GitHub makes a reference to an issue of it"),
        // `@-mention` is how the harness itself calls its feature.
        (r"@[A-Za-z0-9_./~]|@-(?:[^m]|$)", "GitHub calls a person so, and a skill reads a file"),
        (r"!!|![^ \x22')]", "an exclamation mark that begins markup, or shouts"),
        (r"(?:^|[^A-Za-z0-9])_|_(?:$|[^A-Za-z0-9])", "an underscore at a word's edge is emphasis"),
        (r":[A-Za-z0-9_+-]+:", "GitHub makes a picture of it"),
        (
            r"(?i)\b(?:[a-z][a-z0-9+.-]*):/|//|\bwww\b|\b(?:mailto|file|data|javascript|vbscript|xmpp|ftp|ssh|tel|blob|urn|git|http|https|ws|wss):\S",
            "an address; addresses stand only in the evidence",
        ),
        (r"%[0-9A-Fa-f]{2}", "an encoded sign"),
        (
            r"={3,}|-{3,}|\+{3,}|:{2,}|\.{4,}|,{2,}|;{2,}|\?{2,}|'{2,}|(?:^|[^A-Za-z])0x[0-9a-fA-F]",
            "signs in a row that no sentence has",
        ),
        (r";\s*$|&&|\$\(", "a shell's sign"),
    ];
    rows.into_iter().map(|(pattern, why)| (Regex::new(pattern).expect("a literal"), why)).collect()
});

/// Each word by itself: how long, and whether it names a host.
fn words(prose: &str, allowed: &Allowed) -> Result<(), String> {
    let mut single_letters = 0;
    for word in prose.split([' ', '(', ')', ',', ';', '"', '\'']) {
        let word = word.trim_end_matches(['.', ':', '?', '!']);
        if word.is_empty() {
            continue;
        }
        single_letters =
            if word.len() == 1 && word.bytes().all(|b| b.is_ascii_alphabetic()) { single_letters + 1 } else { 0 };
        if single_letters > 2 {
            return Err("letters stand apart, as if to be read as one word".to_owned());
        }
        lexicon::check_run(word)?;
        for piece in word.split(['/', '=', ':', '@', '?', '&', '+']) {
            dotted::check(piece, dotted::Place::Prose, allowed)?;
        }
        if word.contains('/') && !span::is_slashed_prose(word) {
            return Err(format!("{} is a path outside of code", quoted(word)));
        }
    }
    Ok(())
}
