//! A set of rules: the shipped one, a lab's, or both.

use std::fmt::Write;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::reading;
use super::rule::{Form, Reach, Rule};
use crate::config::Mistake;

/// Raised whenever the same rules come to find something else, because the code that applies them changed.
const ENGINE: u32 = 2;

/// Rules in their order: where two claim the same bytes, the first names them.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    rules: Vec<Arc<Rule>>,
}

impl Rules {
    /// The rules of `rules.toml`, written from what vendors document about their tokens.
    ///
    /// # Panics
    /// Never: tests read the same file.
    pub fn shipped() -> Rules {
        let (rules, mistakes) = reading::read("rules.toml", include_str!("rules.toml"), reading::Origin::Shipped);
        assert!(mistakes.is_empty(), "the shipped rules are right");
        Rules { rules }
    }

    /// Reads a lab's rules in the form of gitleaks.toml; `file` is its name in messages. What can't be used is a mistake with
    /// its line and a remedy, and all else stays: a lab that sees the mistakes decides whether to go on.
    ///
    /// Used are `id`, `regex` (Go's RE2: bytes, ASCII classes), `keywords`, `entropy`, `secretGroup`, and allowlists with
    /// `regexes`, `stopwords`, `regexTarget` and `condition`, of a rule or of the file. A transcript has no path and no commit,
    /// so a rule that has only a `path` is left out, one that has both is tried on every text, and allowlists by `paths` or
    /// `commits` are left out; each is told among the mistakes.
    pub fn read(file: &str, text: &str) -> (Rules, Vec<Mistake>) {
        let (rules, mistakes) = reading::read(file, text, reading::Origin::Lab);
        (Rules { rules }, mistakes)
    }

    /// These rules, and then the others. The allowlist of a file holds for the rules of that file.
    pub fn and(mut self, other: Rules) -> Rules {
        self.rules.extend(other.rules);
        self
    }

    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| rule.id.as_str())
    }

    pub fn len(&self) -> usize {
        self.rules.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Twelve hex digits over all that decides what is found. Texts scrubbed under another version want scrubbing again.
    pub fn version(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(ENGINE.to_le_bytes());
        for rule in &self.rules {
            let mut line = String::new();
            let form = match rule.form {
                Form::Any => "any",
                Form::Chosen => "chosen",
                Form::Alone => "alone",
                Form::Random => "random",
            };
            let reach = if rule.reach == Reach::Keyword { "keyword" } else { "text" };
            write!(
                line,
                "{:?}{:?}{:?}{:?}{:?}{form}{reach}",
                rule.id, rule.expression, rule.keywords, rule.entropy, rule.group
            )
            .expect("a String takes everything");
            for allowed in &rule.allowed {
                let (expressions, stopwords) = (&allowed.expressions, &allowed.stopwords);
                write!(line, "{expressions:?}{stopwords:?}{:?}{}", allowed.target, allowed.all)
                    .expect("a String takes everything");
            }
            hash.update((line.len() as u64).to_le_bytes());
            hash.update(line);
        }
        let digest = hash.finalize();
        digest[..6].iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a String takes everything");
            hex
        })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().map(Arc::as_ref)
    }

    pub(super) fn rule(&self, number: usize) -> &Rule {
        &self.rules[number]
    }
}
