//! A set of rules: the shipped one, a lab's, or both.

use std::fmt::Write;
use std::sync::{Arc, OnceLock};

use sha2::{Digest, Sha256};

use super::reading;
use super::rule::{Allowed, Form, Reach, Rule};
use crate::config::Mistake;

/// Raised whenever the same rules come to find something else, because the code that applies them changed.
const ENGINE: u32 = 2;

/// Rules in their order: where two claim the same bytes, the first names them.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    rules: Vec<Arc<Rule>>,
    /// Ids of rules that these switch off among the ones they are added to.
    pub(super) off: Vec<String>,
    /// What these allow the rules that they are added to.
    pub(super) shared: Vec<Shared>,
}

/// What is no secret for rules of other files too.
#[derive(Debug, Clone)]
pub struct Shared {
    /// Empty: for all of them.
    pub ids: Vec<String>,
    pub allowed: Arc<Allowed>,
}

impl Rules {
    /// The rules of `rules.toml`, written from what vendors document about their tokens.
    ///
    /// # Panics
    /// Never: tests read the same file.
    pub fn shipped() -> Rules {
        static SHIPPED: OnceLock<Rules> = OnceLock::new();
        let read = || {
            let (rules, _) = reading::read("rules.toml", include_str!("rules.toml"), reading::Origin::Shipped)
                .expect("the shipped rules are right");
            rules
        };
        SHIPPED.get_or_init(read).clone()
    }

    /// Reads a lab's rules in the form of gitleaks.toml; `file` is its name in messages. Beside the rules it says what of the
    /// file is not used though nothing is wrong with it, with its line.
    ///
    /// Used are `id`, `regex` (Go's RE2: bytes, ASCII classes), `keywords`, `entropy`, `secretGroup`, `[extend]` with
    /// `disabledRules` and `useDefault`, and allowlists with `regexes`, `stopwords`, `regexTarget`, `condition` and `targetRules`,
    /// of a rule or of the file. A transcript has no path and no commit, so a rule that has only a `path` is left out, one that
    /// has both is tried on every text, and allowlists by `paths` or `commits` are left out.
    ///
    /// # Errors
    /// Every mistake, with its line and a remedy. Then nothing may be scrubbed: somebody relies on what is missing.
    pub fn read(file: &str, text: &str) -> Result<(Rules, Vec<Mistake>), Vec<Mistake>> {
        reading::read(file, text, reading::Origin::Lab)
    }

    /// These rules, and then the others, without those of these that the others switch off or have under the same id.
    ///
    /// The allowlist of a file holds for the rules of that file; for these too where it names them in `targetRules`, and where
    /// the file says `useDefault = true`, as it does in gitleaks.
    pub fn and(mut self, other: Rules) -> Rules {
        self.rules.retain(|rule| !other.off.contains(&rule.id) && other.ids().all(|id| id != rule.id));
        for Shared { ids, allowed } in &other.shared {
            self.allow(ids, allowed);
        }
        self.rules.extend(other.rules);
        self
    }

    /// Adds to what the rules of these ids allow; no id means all.
    pub(super) fn allow(&mut self, ids: &[String], allowed: &Arc<Allowed>) {
        for rule in self.rules.iter_mut().filter(|rule| ids.is_empty() || ids.contains(&rule.id)) {
            Arc::make_mut(rule).allowed.push(allowed.clone());
        }
    }

    pub(super) fn push(&mut self, rule: Rule) {
        self.rules.push(Arc::new(rule));
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
