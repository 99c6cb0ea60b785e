//! Notes are the small facts of a home: when it began, who asked us to wait, which editions are closed.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use jiff::Timestamp;

use super::Keep;
use super::judgements::untold_key;
use super::store::{BATCH, Changes};
use crate::edition::EditionId;
use crate::story::StoryId;

pub(super) const FIRST_RUN: &str = "first-run";
const HOLDS: &[u8] = b"holds";
const CLOSED: &[u8] = b"closed/";

pub(super) fn note_key(name: &str) -> Vec<u8> {
    format!("note/{name}").into_bytes()
}

impl Keep {
    /// When this home was first opened.
    pub fn first_run(&self) -> Result<Timestamp> {
        let text = self.note(FIRST_RUN)?.context("reading when this home began: no note of it")?;
        text.parse().context("reading when this home began")
    }

    /// A small value under a name.
    pub(super) fn note(&self, name: &str) -> Result<Option<String>> {
        self.store.get(&note_key(name))
    }

    /// Hosts that asked us to wait, and until when.
    pub fn holds(&self) -> Result<BTreeMap<String, Timestamp>> {
        Ok(self.store.get(HOLDS)?.unwrap_or_default())
    }

    /// Replaces the hosts that asked us to wait.
    pub fn keep_holds(&mut self, holds: &BTreeMap<String, Timestamp>) -> Result<()> {
        if *holds == self.holds()? {
            return Ok(());
        }
        let mut changes = Changes::default();
        changes.put(HOLDS, holds);
        self.store.commit(changes)
    }

    /// When an edition was closed (written and its letters queued); None while it is open.
    pub fn closed(&self, edition: &EditionId) -> Result<Option<Timestamp>> {
        self.store.get(&closed_key(&edition.to_string()))
    }

    /// Closes an edition that told, or passed over, these stories. What it says is not changed any more by a later run.
    pub fn close(&mut self, edition: &EditionId, stories: &[StoryId], now: Timestamp) -> Result<()> {
        let mut changes = Changes::default();
        for story in stories {
            changes.remove(&untold_key(story));
            if changes.len() + 1 >= BATCH {
                self.store.commit(std::mem::take(&mut changes))?;
            }
        }
        changes.put(&closed_key(&edition.to_string()), &now);
        self.store.commit(changes)
    }
}

pub(super) fn closed_key(edition: &str) -> Vec<u8> {
    [CLOSED, edition.as_bytes()].concat()
}
