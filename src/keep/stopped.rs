//! Editions that were written and not mailed, because something about them is not as it should be; a person decides.

use anyhow::Result;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Keep;
use super::store::Changes;
use crate::edition::EditionId;

const STOPPED: &[u8] = b"stopped/";

/// An edition that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// `digest/2026-W47`
    pub edition: String,
    pub at: Timestamp,
    /// Everything that speaks against mailing it, each with what to look at.
    pub why: Vec<String>,
}

impl Keep {
    /// Keeps an edition from being mailed by itself.
    pub fn stop(&mut self, stopped: &Stopped) -> Result<()> {
        let mut changes = Changes::default();
        changes.put(&key(&stopped.edition), stopped);
        self.store.commit(changes)
    }

    /// It is mailed after all.
    pub fn unstop(&mut self, edition: &EditionId) -> Result<()> {
        let mut changes = Changes::default();
        changes.remove(&key(&edition.to_string()));
        self.store.commit(changes)
    }

    /// Whether an edition waits for a person.
    pub fn is_stopped(&self, edition: &EditionId) -> Result<bool> {
        Ok(self.store.get::<Stopped>(&key(&edition.to_string()))?.is_some())
    }

    /// All that wait for a person, in the order of their names.
    pub fn stopped(&self) -> Result<Vec<Stopped>> {
        self.store.scan(STOPPED).map(|pair| Ok(pair?.1)).collect()
    }
}

fn key(edition: &str) -> Vec<u8> {
    [STOPPED, edition.as_bytes()].concat()
}
