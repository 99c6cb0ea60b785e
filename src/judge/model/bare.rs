//! What some models put around their answer, taken off: thoughts before it, a fence around it.

/// What comes after the thoughts. None: they have no end.
pub fn without_thoughts(content: &str) -> Option<&str> {
    match content.trim_start().strip_prefix("<think>") {
        None => Some(content),
        Some(thoughts) => thoughts.split_once("</think>").map(|(_, text)| text),
    }
}

/// What stands in a fence, where all of the text does: "```json", the text, "```".
pub fn without_fence(text: &str) -> &str {
    let inner = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    match inner.and_then(|inner| inner.split_once('\n')) {
        Some((language, inner)) if language.trim().chars().all(char::is_alphanumeric) => inner.trim(),
        _ => text,
    }
}
