//! Words: how judging cuts a text into the pieces it compares.

/// The words of a text in order: lower case, without punctuation, plural endings folded. Names keep their inner `-`, `_` and
/// `.` parts as words of their own, so that `claude-code`, `claude code` and `Claude Code` are the same two words.
pub fn words(text: &str) -> Vec<String> {
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).map(fold).collect()
}

fn fold(word: &str) -> String {
    let mut word = word.to_lowercase();
    let keeps_its_s = word.len() <= 3 || ["ss", "us", "is", "os"].iter().any(|end| word.ends_with(end));
    if word.ends_with('s') && !keeps_its_s {
        word.pop();
    }
    word
}

/// Where `phrase` begins in `words`.
pub fn occurrences(words: &[String], phrase: &[String]) -> usize {
    if phrase.is_empty() || words.len() < phrase.len() {
        return 0;
    }
    words.windows(phrase.len()).filter(|window| *window == phrase).count()
}
