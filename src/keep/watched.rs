//! What is watched, and how it went: each source with its mark, its last good answer and its faults.

use anyhow::Result;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Keep;
use super::store::Changes;
use crate::item::{Fault, FaultKind};
use crate::page::Mark;
use crate::source::Source;

const WATCHED: &[u8] = b"watched/";

/// One source, as it was last asked.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Watched {
    /// Of the last good reading; a fault leaves it.
    pub mark: Mark,
    /// The last time it was asked.
    pub asked: Option<Timestamp>,
    /// The last good answer, a 304 included.
    pub answered: Option<Timestamp>,
    /// Faults in a row since then.
    pub failures: u32,
    /// What was wrong the last time; a minor one stands beside a good answer.
    pub fault: Option<Fault>,
    /// Items it ever gave.
    pub entries: u64,
    /// It has given entries: what it gives from now on is news, no longer a baseline.
    pub had_entries: bool,
}

impl Keep {
    /// None: the source was never asked.
    pub fn watched(&self, source: &str) -> Result<Option<Watched>> {
        self.store.get(&watched_key(source))
    }

    /// Every source that was ever asked, by name.
    pub fn all_watched(&self) -> Result<Vec<(String, Watched)>> {
        self.store
            .scan(WATCHED)
            .map(|pair| pair.map(|(name, watched)| (String::from_utf8_lossy(&name).into_owned(), watched)))
            .collect()
    }

    /// Keeps that nothing changed since the mark (HTTP 304).
    pub fn keep_not_modified(&mut self, source: &Source, mark: Mark, now: Timestamp) -> Result<()> {
        let mut watched = self.watched(&source.name)?.unwrap_or_default();
        // What the page was, it still is: a minor fault stays.
        watched.fault = watched.fault.filter(|fault| fault.kind.is_minor());
        watched.failures = 0;
        watched.asked = Some(now);
        watched.answered = Some(now);
        watched.mark = mark;
        self.put_watched(&source.name, &watched)
    }

    /// Keeps that a source could not be asked or gave nothing. A wait that a server asked for is no failure of the source.
    pub fn keep_fault(&mut self, source: &Source, fault: &Fault, now: Timestamp) -> Result<()> {
        let mut watched = self.watched(&source.name)?.unwrap_or_default();
        if fault.kind != FaultKind::Waiting {
            watched.asked = Some(now);
            watched.failures = watched.failures.saturating_add(1);
        }
        watched.fault = Some(fault.clone());
        self.put_watched(&source.name, &watched)
    }

    fn put_watched(&self, source: &str, watched: &Watched) -> Result<()> {
        let mut changes = Changes::default();
        changes.put(&watched_key(source), watched);
        self.store.commit(changes)
    }
}

/// Puts how a source went into a transaction.
pub(super) fn put(changes: &mut Changes, source: &str, watched: &Watched) {
    changes.put(&watched_key(source), watched);
}

fn watched_key(source: &str) -> Vec<u8> {
    [WATCHED, source.as_bytes()].concat()
}
