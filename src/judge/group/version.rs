//! Versions written in several ways, made one.

/// Letters that begin a pre-release.
const BEFORE: [&str; 8] = ["rc", "beta", "alpha", "preview", "pre", "dev", "a", "b"];

/// `v2.0` and `2.0.0` become `2.0`, `2` becomes `2.0`, `v2.0.0-rc1` and `2.0rc.1` become `2.0-rc.1`. None if it is no version.
pub fn canonical(text: &str) -> Option<String> {
    let text = text.to_ascii_lowercase();
    let text = text.strip_prefix('v').unwrap_or(&text);
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let mut parts: Vec<&str> = number.trim_matches('.').split('.').collect();
    if parts.iter().any(|part| part.is_empty() || part.len() > 8) {
        return None;
    }
    while parts.len() > 2 && parts.last() == Some(&"0") {
        parts.pop();
    }
    if parts.len() == 1 {
        parts.push("0");
    }
    let mut version = parts.join(".");
    let rest = rest.trim_matches(['-', '.', '_', '+']);
    if !rest.is_empty() {
        let letters: String = rest.chars().take_while(char::is_ascii_alphabetic).collect();
        if !BEFORE.contains(&letters.as_str()) {
            return None;
        }
        let number: String = rest.chars().filter(char::is_ascii_digit).collect();
        version.push('-');
        version.push_str(&letters);
        if !number.is_empty() {
            version.push('.');
            version.push_str(&number);
        }
    }
    Some(version)
}
