//! Words for a request's body on GitHub, where they stay words: no person is called, no issue referred to, nothing linked or drawn.

/// Prose that passed the gate, or words of ours with others among them, for one line or one cell of a table. Code between single backticks
/// stays code.
pub(super) fn prose(text: &str) -> String {
    let pieces: Vec<&str> = text.split('`').collect();
    // A backtick without a partner is a sign like others.
    if pieces.len().is_multiple_of(2) || text.contains("``") {
        return words(text);
    }
    let piece = |(number, piece): (usize, &&str)| if number % 2 == 0 { words(piece) } else { code(piece) };
    pieces.iter().enumerate().map(piece).collect()
}

/// Text as a piece of code for one line or one cell: without backticks, line ends and hidden characters, at most 260 characters.
pub(super) fn code(text: &str) -> String {
    let shown: String = text
        .chars()
        .take(260)
        .map(|letter| match letter {
            '`' => '\'',
            letter if letter.is_control() || !letter.is_ascii() => '?',
            letter => letter,
        })
        .collect();
    let shown = shown.trim();
    if shown.is_empty() {
        return String::new();
    }
    // In code nothing but the table's own sign has a meaning; programs that look for mentions read the source, though.
    format!("`{}`", quiet(&shown.replace('|', "\\|")))
}

/// Whether nobody is called and no issue is referred to, not even in code.
pub(super) fn is_quiet(code: &str) -> bool {
    quiet(code) == code && !code.contains("GH-")
}

/// `@name` at a word's start as `(at)name`, `#12` as `(no)12`; `mats@alignment-hive` calls nobody.
fn quiet(code: &str) -> String {
    let mut out = String::with_capacity(code.len() + 8);
    let mut before = ' ';
    let mut letters = code.chars().peekable();
    while let Some(letter) = letters.next() {
        let next = letters.peek().copied().unwrap_or(' ');
        match letter {
            '@' if !before.is_ascii_alphanumeric() && next.is_ascii_alphanumeric() => out.push_str("(at)"),
            '#' if next.is_ascii_digit() => out.push_str("(no)"),
            letter => out.push(letter),
        }
        before = letter;
    }
    out
}

fn words(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '@' => out.push_str("&#64;"),
            // Issues and pull requests; `GH-1` is another way of writing them.
            '#' => out.push_str("&#35;"),
            '-' if ends_with_word(&out, "gh") => out.push_str("&#45;"),
            '.' if ends_with_word(&out, "www") => out.push_str("&#46;"),
            // An address, or a picture between two colons; before a space it is punctuation.
            ':' if letters.peek().is_some_and(|next| *next != ' ') => out.push_str("&#58;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '!' | '|' | '~' | '$' | '{' | '}' => {
                out.push('\\');
                out.push(letter);
            }
            letter if letter.is_control() || is_hidden(letter) => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}

fn ends_with_word(text: &str, word: &str) -> bool {
    text.len()
        .checked_sub(word.len())
        .and_then(|start| text.get(start..))
        .is_some_and(|end| end.eq_ignore_ascii_case(word))
}

/// What leaves no trace on a page: joiners, marks of direction, tags, selectors.
fn is_hidden(letter: char) -> bool {
    matches!(u32::from(letter), 0xAD | 0x180E | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0xFE00..=0xFE0F | 0xFEFF | 0xE0000..=0xE0FFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_called_and_nothing_referred_to() {
        let shown =
            prose("See @ada, lab/x#12, GH-7 and #3 at www.evil.example or https://evil.example ![x](y) <b> a|b");
        for sign in ["@", "x#", "GH-", "www.", "://", "![", "<b>"] {
            assert!(!shown.contains(sign), "{sign}: {shown}");
        }
        assert_eq!(prose("Use `Edit|Write` | now"), "Use `Edit\\|Write` \\| now");
        assert_eq!(code("by @ada for mats@hive `x`"), "`by (at)ada for mats@hive 'x'`");
        assert_eq!(prose("odd ` one"), "odd \\` one");
    }
}
