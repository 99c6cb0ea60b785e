//! Seals: by the hash in its first line tidings knows a text that it wrote, and that nobody has changed it since.

use sha2::{Digest, Sha256};

/// Before the hash.
const MARK: &str = "seal: ";

/// What a text is that lies where we want to write.
#[derive(Debug, PartialEq, Eq)]
pub enum Seal {
    /// Ours, as we wrote it.
    Whole,
    /// Ours, and changed since.
    Broken,
    /// Somebody else's.
    None,
}

/// The text under a first line that says who wrote it, with the hash of all else: `# WORDS; seal: 0123456789abcdef`.
pub fn sealed(words: &str, body: &str) -> String {
    let words = format!("# {words}; ");
    format!("{words}{MARK}{}\n{body}", hash(&words, body))
}

/// Whether a text is one that [`sealed`] returned.
pub fn seal(text: &str) -> Seal {
    let Some((first, body)) = text.split_once('\n') else { return Seal::None };
    let Some((words, found)) = first.rsplit_once(MARK) else { return Seal::None };
    if !words.starts_with("# ") || !words.contains("tidings install") {
        return Seal::None;
    }
    if found == hash(words, body) { Seal::Whole } else { Seal::Broken }
}

fn hash(words: &str, body: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(words.as_bytes());
    hasher.update(body.as_bytes());
    hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_holds_for_its_own_text_alone() {
        let text = sealed("Written by `tidings install systemd`", "[Unit]\n");
        assert_eq!(seal(&text), Seal::Whole);
        assert_eq!(seal(&text.replace("[Unit]", "[Unit] ")), Seal::Broken);
        assert_eq!(seal(&text.replace("Written", "Made")), Seal::Broken);
        for other in ["", "[Unit]\n", "# by hand\n[Unit]\n", "# my tidings; seal: 12\n"] {
            assert_eq!(seal(other), Seal::None, "{other:?}");
        }
    }
}
