//! Secrets leave a text before anything else sees it; what is left is a [`Scrubbed`] text, and only a [`Scrubber`] makes one.
//!
//! A rule says what a secret looks like: its keyword, an expression, how random it must be. Rules come from the shipped
//! `rules.toml`, written from what vendors document, and from a lab's own gitleaks.toml. No rule redacts by randomness alone:
//! what has no known form must be given a telling name (`DB_PASSWORD=…`), stand in an address or in a header.
//!
//! Scrubbing knows no file, no clock and no log, and never shows what it took.

mod find;
mod judge;
mod reading;
mod rule;
mod rules;
mod surroundings;
mod words;

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use hmac::{Hmac, Mac};
use serde::Serialize;
use sha2::Sha256;

use find::Finder;
pub use rules::Rules;

/// A text without secrets, as far as the rules know them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct Scrubbed(String);

impl Scrubbed {
    /// Reads back what a scrubber wrote into our own archive. For nothing else: a text that comes from anywhere but there has
    /// to pass [`Scrubber::scrub`].
    pub fn from_archive(text: String) -> Scrubbed {
        Scrubbed(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

/// What scrubbing gave: the text, and how many secrets each rule took out of it. The secrets are nowhere in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scrubbing {
    pub text: Scrubbed,
    /// By rule id; rules that took nothing are left out.
    pub counts: BTreeMap<String, u64>,
}

/// Takes secrets out of texts, by rules and with one key.
pub struct Scrubber {
    finder: Finder,
    rules: Rules,
    hmac: Hmac<Sha256>,
}

impl Scrubber {
    /// `key` belongs to one home: under it a secret is the same word in every text, so that it can still be searched and
    /// joined, and nobody without the key can try guesses against that word.
    pub fn new(rules: Rules, key: [u8; 32]) -> Scrubber {
        let hmac = Hmac::new_from_slice(&key).expect("HMAC takes a key of any length");
        Scrubber { finder: Finder::new(&rules), rules, hmac }
    }

    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Puts `[redacted:<rule id>:<8 hex digits>]` in the place of each secret and touches nothing else. The digits are the
    /// beginning of the HMAC-SHA256 of the secret. The same text gives the same result; scrubbing that changes nothing.
    ///
    /// Takes time in proportion to the text's length, with no more stack for a long text than for a short one.
    pub fn scrub(&self, text: &str) -> Scrubbing {
        let mut counts = BTreeMap::new();
        let mut scrubbed: Option<String> = None;
        // What stood beside a secret stands beside a bracket now, and may be seen with other eyes. Each round takes at least
        // one byte that is not part of a mark, so this ends; nearly always with the second round.
        loop {
            let current = scrubbed.as_deref().unwrap_or(text);
            let found = self.finder.find(&self.rules, current);
            if found.is_empty() {
                break;
            }
            let mut next = String::with_capacity(current.len());
            let mut from = 0;
            for secret in found {
                next.push_str(&current[from..secret.span.start]);
                let id = self.rules.rule(secret.rule).id.as_str();
                self.mark(&mut next, id, &current[secret.span.clone()]);
                *counts.entry(id.to_owned()).or_insert(0) += 1;
                from = secret.span.end;
            }
            next.push_str(&current[from..]);
            scrubbed = Some(next);
        }
        Scrubbing { text: Scrubbed(scrubbed.unwrap_or_else(|| text.to_owned())), counts }
    }

    fn mark(&self, out: &mut String, id: &str, secret: &str) {
        let mut hmac = self.hmac.clone();
        hmac.update(secret.as_bytes());
        let digest = hmac.finalize().into_bytes();
        write!(out, "[redacted:{id}:{:02x}{:02x}{:02x}{:02x}]", digest[0], digest[1], digest[2], digest[3])
            .expect("a String takes everything");
    }
}

impl fmt::Debug for Scrubber {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scrubber").field("rules", &self.rules.version()).finish_non_exhaustive()
    }
}
