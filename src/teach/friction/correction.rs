//! A correction: what a person types right after an agent's turn to set it right, by its shape.
//!
//! Only the beginning of a short prompt is looked at, in English. A shape is what repeats; the words around it do not.

use std::sync::LazyLock;

use regex::Regex;

/// A longer prompt is a task of its own.
const LONGEST: usize = 600;
/// Sentences at the beginning that are looked at.
const SENTENCES: usize = 3;
/// Words that say what a "don't" is about.
const CONTENT: usize = 2;
/// Characters of what is quoted.
const QUOTED: usize = 60;

/// What sort of correction it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    /// "use X instead of Y", "X, not Y".
    Use { this: String, not: Option<String> },
    /// "don't …", "never …", "stop …ing": the verb and what it is about, as words that compare.
    Dont(String),
    /// "always …", "make sure …".
    Always(String),
    /// "I said …", "as I told you".
    Said,
    /// "undo that", "revert".
    Undo,
    /// "that's wrong", "not what I asked".
    Wrong,
    /// "no, …" and nothing of the above.
    No,
}

/// A correction with the words that a line for CLAUDE.md can be made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    pub shape: Shape,
    pub words: String,
}

const WORD: &str = r"[`'\x22]?([A-Za-z0-9][\w.:/@+-]*(?: (?:install|run|test|build|check|add|rebase|merge))?)[`'\x22]?";

static LEAD: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"(?i)^(?:(?:(?:no+|nope|hmm+|ugh|argh|again|actually|sorry|hey|ok(?:ay)?|but|and|so|well|please|pls)\b|(?:stop|wait)[,.!:;–—-])[\s,.!:;–—-]*)+",
    )
});
static NO: LazyLock<Regex> = LazyLock::new(|| expression(r"(?i)^(?:no+|nope|stop|wait)\b[\s]*(?:[,.!:;–—-]|$)"));
static DONT: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"(?i)^(?:please )?(?:you (?:must|should) (?:not|never)|don[’']?t|do not|never|stop)(?: ever| just)? ([a-z][^.!?\n;]{2,})",
    )
});
static INSTEAD: LazyLock<Regex> = LazyLock::new(|| {
    expression(&format!(r"(?i)\buse {WORD}(?:,| \w+)?(?: \w+)? (?:instead|rather)(?: (?:of|than) (?:the )?{WORD})?"))
});
static NOT: LazyLock<Regex> = LazyLock::new(|| expression(&format!(r"(?i)\buse {WORD},? (?:and )?not {WORD}")));
static RATHER: LazyLock<Regex> =
    LazyLock::new(|| expression(&format!(r"(?i)\b(?:instead of|rather than) (?:using )?{WORD},? use {WORD}")));
static ALWAYS: LazyLock<Regex> = LazyLock::new(|| {
    expression(r"(?i)^(?:always|make sure (?:to|you)|remember to|you should have) ([a-z][^.!?\n;]{2,})")
});
static SAID: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"(?i)^(?:as )?i (?:already |just |clearly )?(?:said|told you|asked (?:you|for)|meant|wanted)\b|^like i said|^what did i say",
    )
});
static UNDO: LazyLock<Regex> = LazyLock::new(|| {
    expression(r"(?i)^(?:undo|revert|roll (?:it|that|this) back|put (?:it|that|this) back|take (?:it|that) back)\b")
});
static WRONG: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"(?i)^(?:(?:that|this|it)(?:[’']s| is| was) (?:wrong|not (?:right|correct|it|true|what)|incorrect|still (?:broken|wrong|failing))|(?:that|this|it) (?:doesn[’']t|didn[’']t|does not|did not) work|wrong\b|not what i|why (?:did|are|would) you)",
    )
});

fn expression(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

/// The correction in a prompt that came after an agent's turn; None where it sets nothing right.
pub fn correction(prompt: &str) -> Option<Correction> {
    let prompt = prompt.trim();
    // Commands to the program, and pages that were pasted.
    if prompt.is_empty() || prompt.starts_with(['/', '!', '#', '<', '{']) || prompt.chars().count() > LONGEST {
        return None;
    }
    let prompt = prompt.replace('’', "'");
    let is_no = NO.is_match(&prompt);
    let sentences = sentences(&prompt);
    let found =
        sentences.iter().take(SENTENCES).enumerate().find_map(|(number, sentence)| shape(sentence, number == 0));
    found.or_else(|| is_no.then(|| Correction { shape: Shape::No, words: quoted(&prompt) }))
}

fn shape(sentence: &str, is_first: bool) -> Option<Correction> {
    let rest = LEAD.replace(sentence, "");
    let rest = rest.trim();
    let take = |shape: Shape| Some(Correction { shape, words: quoted(rest) });
    let word = |text: &str| text.trim_end_matches(['.', ',', ':']).to_lowercase();
    for (pattern, this, not) in [(&*NOT, 1, 2), (&*RATHER, 2, 1), (&*INSTEAD, 1, 2)] {
        if let Some(found) = pattern.captures(rest)
            && let Some(this) = found.get(this).map(|this| word(this.as_str())).filter(|this| !is_empty_word(this))
        {
            let not = found.get(not).map(|not| word(not.as_str())).filter(|not| !is_empty_word(not));
            return take(Shape::Use { this, not });
        }
    }
    if let Some(found) = DONT.captures(rest) {
        let key = content(&found[1]);
        return (!key.is_empty()).then(|| Correction { shape: Shape::Dont(key), words: quoted(clause(&found[1])) });
    }
    if let Some(found) = ALWAYS.captures(rest) {
        let key = content(&found[1]);
        return (!key.is_empty()).then(|| Correction { shape: Shape::Always(key), words: quoted(clause(&found[1])) });
    }
    match () {
        () if SAID.is_match(rest) => take(Shape::Said),
        // Later in a prompt these are part of a task.
        () if is_first && UNDO.is_match(rest) => take(Shape::Undo),
        () if is_first && WRONG.is_match(rest) => take(Shape::Wrong),
        () => None,
    }
}

fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut start = 0;
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let ends = letter == '\n'
            || matches!(letter, '.' | '!' | '?' | ';') && letters.peek().is_none_or(|(_, next)| next.is_whitespace());
        if ends {
            sentences.push(text[start..at + letter.len_utf8()].trim());
            start = at + letter.len_utf8();
        }
    }
    sentences.push(text[start..].trim());
    sentences.retain(|sentence| sentence.chars().any(char::is_alphanumeric));
    sentences
}

/// The words that say what it is about, in a form that compares: "pushing to main" and "push to the main" are one.
fn content(text: &str) -> String {
    const EMPTY: [&str; 27] = [
        "the", "a", "an", "any", "this", "that", "these", "those", "to", "it", "its", "my", "your", "me", "again",
        "just", "ever", "in", "on", "of", "for", "with", "into", "be", "please", "so", "at",
    ];
    let words = clause(text).split(|letter: char| letter.is_whitespace() || "`'\"(),".contains(letter));
    let words = words.map(str::to_lowercase).filter(|word| !word.is_empty() && !EMPTY.contains(&word.as_str()));
    words.take(CONTENT).map(|word| stem(&word)).collect::<Vec<_>>().join(" ")
}

/// Up to where another thought begins.
fn clause(text: &str) -> &str {
    let end = [", ", " because", " since ", " but ", " unless ", " - ", " – ", " — ", ":"];
    let end = end.iter().filter_map(|mark| text.find(mark)).min().unwrap_or(text.len());
    text[..end].trim()
}

fn stem(word: &str) -> String {
    let word = word.trim_end_matches(['.', ',', '!', '?']);
    let stem = match word.strip_suffix("ing").filter(|stem| stem.len() > 1) {
        Some(stem) => stem,
        None => word.strip_suffix('s').filter(|stem| stem.len() > 3 && !stem.ends_with('s')).unwrap_or(word),
    };
    // "committing" is of "commit"; "using" of "use".
    let letters: Vec<char> = stem.chars().collect();
    let is_doubled =
        word.ends_with("ing") && letters.len() > 3 && letters[letters.len() - 1] == letters[letters.len() - 2];
    let stem = if is_doubled { &stem[..stem.len() - letters[letters.len() - 1].len_utf8()] } else { stem };
    stem.trim_end_matches('e').to_owned()
}

/// "use it instead" names nothing.
fn is_empty_word(word: &str) -> bool {
    ["it", "that", "this", "the", "a", "an", "my", "your", "something", "one", "what", "these", "those"].contains(&word)
}

fn quoted(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.trim_end_matches(['.', '!', ',', ';', ':']);
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Shape, correction};

    fn shape(prompt: &str) -> Option<Shape> {
        correction(prompt).map(|correction| correction.shape)
    }

    #[test]
    fn corrections_of_one_shape_are_one_however_they_are_worded() {
        let uv = Some(Shape::Use { this: "uv".to_owned(), not: Some("pip".to_owned()) });
        for prompt in [
            "use uv instead of pip",
            "No, use `uv`, not `pip`!",
            "nope. Use uv instead of pip please",
            "instead of pip, use uv",
            "please use uv not pip",
            "That failed. Use uv rather than pip.",
        ] {
            assert_eq!(shape(prompt), uv, "{prompt}");
        }
        for (prompt, key) in [
            ("don't push to main", "push main"),
            ("no, do not push to the main branch", "push main"),
            ("Stop pushing to main.", "push main"),
            ("never commit without asking", "commit without"),
            ("please don’t add comments, they are noise", "add comment"),
            ("you should never use mocks", "us mock"),
            ("stop using mocks", "us mock"),
        ] {
            assert_eq!(shape(prompt), Some(Shape::Dont(key.to_owned())), "{prompt}");
        }
        assert_eq!(shape("always run the linter first"), Some(Shape::Always("run linter".to_owned())));
        for prompt in ["I said no new files", "no, I already told you", "as I said, keep it short"] {
            assert_eq!(shape(prompt), Some(Shape::Said), "{prompt}");
        }
        assert_eq!(shape("undo that"), Some(Shape::Undo));
        assert_eq!(shape("that's not what I asked for"), Some(Shape::Wrong));
        assert_eq!(shape("no, the other file"), Some(Shape::No));
    }

    #[test]
    fn what_sets_nothing_right_is_no_correction() {
        for prompt in [
            "yes",
            "now add a test for the loader",
            "nobody uses this function, remove it",
            "no problem, go on",
            "Notes: the run ended at 3",
            "/clear",
            "!git status",
            "why is the loss not falling?",
            "do you think we don't need the cache?",
            "use it instead",
            "",
        ] {
            assert_eq!(shape(prompt), None, "{prompt}");
        }
        assert_eq!(shape(&format!("no, {}", "and then this ".repeat(60))), None, "a task of its own");
    }
}
