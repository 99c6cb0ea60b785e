//! Short lines out of foreign words.

use crate::guard::text::one_line;

/// One line of at most `most` characters, cut at a word's end and closed with `…`. Unlike the guard's `excerpt` it keeps
/// to the words: a title is not cut down to its first sentence.
pub(super) fn clip(text: &str, most: usize) -> String {
    // White space and hidden characters may shrink away; a generous head keeps a text of megabytes cheap.
    let head: String = text.chars().take(most * 8 + 256).collect();
    let line = one_line(&head);
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
