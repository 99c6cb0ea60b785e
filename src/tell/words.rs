//! Short lines out of foreign words.

/// On one line: white space of any kind becomes one space; controls and direction marks go.
pub(super) fn one_line(text: &str) -> String {
    let kept: String = text
        .chars()
        .map(|letter| if letter.is_whitespace() { ' ' } else { letter })
        .filter(|letter| !letter.is_control() && !is_hidden(*letter))
        .collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_hidden(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// At most `most` characters, cut at a word's end and closed with `…`.
pub(super) fn clip(text: &str, most: usize) -> String {
    // Four bytes a character at most: a title of megabytes is not walked.
    let line = one_line(&text.chars().take(most * 4 + 64).collect::<String>());
    if line.chars().count() <= most {
        return line;
    }
    let head: String = line.chars().take(most.saturating_sub(1)).collect();
    let cut = match head.rfind(' ') {
        Some(space) if space > head.len() / 2 => &head[..space],
        _ => &head,
    };
    format!("{}…", cut.trim_end_matches([' ', ',', ';', ':', '.', '-', '–']))
}
