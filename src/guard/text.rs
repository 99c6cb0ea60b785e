//! Clean text for people and terminals: what cannot be seen but could act (controls, escapes, hidden characters) is gone.
//!
//! Nothing here decides meaning. A text that came from outside passes [`clean`] or [`one_line`] once, when it is read, so
//! that nothing hostile is stored; everything later may print it as it is.
//!
//! Removed: control characters but for `\n` and `\t`; ANSI escape sequences with their parameters; bidirectional marks,
//! embeddings, overrides and isolates (they can make text read other than it is, "Trojan Source", CVE-2021-42574); zero-width
//! and other invisible characters; the tag block U+E0000–U+E007F and variation selectors, which can carry hidden words to a
//! model. Kept: U+FE0F after a character that has an emoji form, the zero width joiner between two emoji, and both joiners
//! after a letter of the scripts that need them (Arabic to Khmer, and Mongolian). Flags spelled with tag characters
//! (England, Scotland, Wales) become a plain black flag.

/// The text without anything hidden; line ends become `\n`.
pub fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    // The last character that was kept; decides whether a joiner or selector after it has a meaning.
    let mut last = ' ';
    while let Some(character) = characters.next() {
        let kept = match character {
            '\u{1b}' => {
                skip_escape(&mut characters);
                continue;
            }
            // The one-character form of `ESC [`.
            '\u{9b}' => {
                skip_parameters(&mut characters);
                continue;
            }
            '\r' => {
                characters.next_if_eq(&'\n');
                '\n'
            }
            '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
            '\n' | '\t' => character,
            '\u{fe0f}' if has_emoji_form(last) => character,
            '\u{200d}' if joins_emoji(last, characters.peek()) || needs_joiners(last) => character,
            '\u{200c}' if needs_joiners(last) => character,
            hidden if is_hidden(hidden) => continue,
            visible => visible,
        };
        cleaned.push(kept);
        last = kept;
    }
    cleaned
}

/// Whether [`clean`] leaves a text as it is, told quickly and without a copy; false where it may change something.
pub fn is_clean(text: &str) -> bool {
    let mut rest = text;
    loop {
        rest = &rest[plain_prefix(rest.as_bytes())..];
        let Some(character) = rest.chars().next() else { return true };
        // U+0085 and below are controls, which are hidden; so are joiners and selectors, which may stay.
        if character <= '\u{85}' || matches!(character, '\u{2028}' | '\u{2029}') || is_hidden(character) {
            return false;
        }
        rest = &rest[character.len_utf8()..];
    }
}

/// How many bytes of visible ASCII, line ends and tabs a text begins with.
fn plain_prefix(bytes: &[u8]) -> usize {
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n' | b'\t');
    // Without a way out inside, a chunk is looked at as a whole by the processor.
    let chunks = bytes.chunks_exact(32).take_while(|chunk| chunk.iter().fold(true, |all, byte| all & is_plain(byte)));
    let whole = chunks.count() * 32;
    whole + bytes[whole..].iter().take_while(|byte| is_plain(byte)).count()
}

/// [`clean`], and every run of white space becomes one space; none at the ends.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(1024));
    for word in clean(text).split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// The beginning of a text on one line, without the marks of its lists, at most `max_chars` characters: whole sentences where they fill at least half of
/// that, else whole words and `…`, else (one long word) cut and `…`.
pub fn excerpt(text: &str, max_chars: usize) -> String {
    // A character has at most four bytes, and white space may shrink: a generous prefix keeps long texts cheap.
    let mut end = text.len().min(max_chars.saturating_mul(16).saturating_add(1024));
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    // On one line the marks of a list stand in the way of its sentences.
    let unmarked = |line: &'_ str| line.strip_prefix("* ").or(line.strip_prefix("- ")).unwrap_or(line).to_owned();
    let line = one_line(&text[..end].lines().map(unmarked).collect::<Vec<_>>().join("\n"));
    let Some((cut, _)) = line.char_indices().nth(max_chars) else {
        return line;
    };
    if max_chars == 0 {
        return String::new();
    }
    let ends_sentence = |(at, character): &(usize, char)| {
        let after = &line[at + character.len_utf8()..];
        *character == '。' || (matches!(character, '.' | '!' | '?') && (after.is_empty() || after.starts_with(' ')))
    };
    let sentence_end = line[..cut].char_indices().rfind(ends_sentence).map(|(at, last)| at + last.len_utf8());
    if let Some(sentence_end) = sentence_end
        && line[..sentence_end].chars().count() * 2 >= max_chars
    {
        return line[..sentence_end].to_owned();
    }
    // One character is spent on the ellipsis.
    let room = line.char_indices().nth(max_chars - 1).map_or(cut, |(at, _)| at);
    let words = match line[..room].rfind(' ') {
        _ if line[room..].starts_with(' ') => &line[..room],
        Some(space) => &line[..space],
        None => &line[..room],
    };
    format!("{}…", words.trim_end_matches([' ', ',', ';', ':', '.', '-', '–', '—']))
}

/// What follows ESC: a control sequence `[ … final`, a string `] … BEL` or `… ESC \`, or a single character.
fn skip_escape(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match characters.peek() {
        Some('[') => {
            characters.next();
            skip_parameters(characters);
        }
        Some(']' | 'P' | '_' | '^' | 'X') => {
            // A string without its end would swallow the text, so it ends with the line as well.
            while let Some(&character) = characters.peek() {
                if matches!(character, '\n' | '\r') {
                    return;
                }
                characters.next();
                match character {
                    '\u{7}' | '\u{9c}' => return,
                    '\u{1b}' => {
                        characters.next_if_eq(&'\\');
                        return;
                    }
                    _ => {}
                }
            }
        }
        Some('(' | ')' | '*' | '+' | '#') => {
            characters.next();
            characters.next_if(|character| character.is_ascii_alphanumeric());
        }
        Some('a'..='z' | 'A'..='Z' | '0'..='9' | '=' | '>' | '<' | '\\') => {
            characters.next();
        }
        _ => {}
    }
}

/// Parameters and the final character of a control sequence (ECMA-48, 5.4).
fn skip_parameters(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while characters.next_if(|character| matches!(character, ' '..='?')).is_some() {}
    characters.next_if(|character| matches!(character, '@'..='~'));
}

fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
        // Noncharacters, for example U+FFFE, have no business in a text.
        || (character as u32 & 0xfffe) == 0xfffe
        || matches!(character, '\u{fdd0}'..='\u{fdef}')
}

fn has_emoji_form(character: char) -> bool {
    is_emoji(character)
        || matches!(character, '0'..='9' | '#' | '*' | '©' | '®' | '\u{203c}' | '\u{2049}' | '™' | 'ℹ')
        || matches!(character, '\u{2190}'..='\u{21ff}' | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}')
}

/// Blocks that hold emoji, and what may stand before a joiner in one (skin tones, U+FE0F).
fn is_emoji(character: char) -> bool {
    matches!(character, '\u{2300}'..='\u{23ff}' | '\u{2460}'..='\u{27bf}' | '\u{2900}'..='\u{297f}'
        | '\u{2b00}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}

fn joins_emoji(before: char, after: Option<&char>) -> bool {
    (is_emoji(before) || before == '\u{fe0f}') && after.is_some_and(|after| is_emoji(*after) || is_sex_sign(*after))
}

fn is_sex_sign(character: char) -> bool {
    matches!(character, '♀' | '♂')
}

/// Letters of scripts in which a joiner changes the spelling: Arabic to Sinhala, Myanmar, Khmer, Mongolian.
fn needs_joiners(character: char) -> bool {
    matches!(character, '\u{620}'..='\u{dff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17b3}'
        | '\u{17b6}'..='\u{17ff}' | '\u{1820}'..='\u{18aa}')
}
