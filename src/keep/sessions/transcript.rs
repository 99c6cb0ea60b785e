//! A transcript as it is remembered.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::guard::scrub::Scrubbed;
use crate::item::short_hash;
use crate::session::{Counts, Facts, Passage, SessionId};
use crate::transcript::{ReadMark, Stamp};

/// Names a transcript for ever: given by where it was first seen, and kept when the file moves.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TranscriptId(pub String);

impl fmt::Display for TranscriptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One file of a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transcript {
    pub id: TranscriptId,
    pub source: String,
    /// Below the source's folder.
    pub path: String,
    pub session: SessionId,
    /// Whose it is, if a subagent's.
    pub subagent: Option<String>,
    /// Who had the session, and on which machine.
    pub owner: Option<String>,
    pub host: Option<String>,
    pub mark: ReadMark,
    /// Counts up whenever the file was written anew.
    pub generation: u32,
    /// Of its archive file, those that count.
    pub bytes: u64,
    pub turns: u64,
    /// Scrubbed.
    pub facts: Facts,
    pub counts: Counts,
    /// Outputs of tools that its turns name by file, and what that file was when it was read; None if it was not there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub apart: BTreeMap<String, Option<Stamp>>,
    /// Version of the rules by which it was scrubbed, the oldest of them.
    pub rules: String,
    /// Secrets that were taken out, by rule.
    pub redacted: BTreeMap<String, u64>,
    /// Since when the file has not been there.
    pub gone: Option<Timestamp>,
}

impl Transcript {
    /// One that has not been read yet. `number` is 0 unless a transcript that came from the same place has the id.
    pub fn new(source: &str, path: &str, number: u32, session: SessionId, subagent: Option<String>) -> Transcript {
        let mut hasher = Sha256::new();
        hasher.update(source);
        hasher.update(b"\0");
        hasher.update(path);
        if number > 0 {
            hasher.update(b"\0");
            hasher.update(number.to_le_bytes());
        }
        Transcript {
            id: TranscriptId(format!("t-{}", short_hash(hasher))),
            source: source.to_owned(),
            path: path.to_owned(),
            session,
            subagent,
            owner: None,
            host: None,
            mark: ReadMark::default(),
            generation: 0,
            bytes: 0,
            turns: 0,
            facts: Facts::default(),
            counts: Counts::default(),
            apart: BTreeMap::new(),
            rules: String::new(),
            redacted: BTreeMap::new(),
            gone: None,
        }
    }

    /// `t-7k3m9q2xwd.0`: its archive file without ending, and its turns in the index.
    pub fn generation_name(&self) -> String {
        format!("{}.{}", self.id, self.generation)
    }

    /// Whether anything of it was ever kept under this generation.
    pub fn is_unread(&self) -> bool {
        self.mark == ReadMark::default() && self.bytes == 0
    }

    /// `t-7k3m9q2xwd.0@1024`: what was appended there.
    pub(super) fn frame_name(&self, begin: u64) -> String {
        format!("{}@{begin}", self.generation_name())
    }

    pub(super) fn restart(&mut self) {
        self.generation += 1;
        (self.bytes, self.turns) = (0, 0);
        self.mark = ReadMark::default();
        self.facts = Facts::default();
        self.counts = Counts::default();
        self.apart = BTreeMap::new();
        self.rules = String::new();
        self.redacted = BTreeMap::new();
    }

    pub(super) fn take_in(&mut self, passage: Passage<Scrubbed>, redacted: BTreeMap<String, u64>) {
        let Passage { facts, counts, .. } = passage.map(Scrubbed::into_string);
        self.facts.merge(facts);
        self.counts.merge(counts);
        for (rule, times) in redacted {
            *self.redacted.entry(rule).or_default() += times;
        }
    }
}
