//! Extractions are kept by the item they were made of; the item's words tell whether they still hold.

use anyhow::Result;

use super::Keep;
use super::store::Changes;
use crate::extraction::Extraction;
use crate::item::ItemId;

impl Keep {
    /// The last extraction of an item. Its `input` is the item's `content` as it was then.
    pub fn extraction(&self, item: &ItemId) -> Result<Option<Extraction>> {
        self.store.get(&key(item))
    }

    /// Keeps an extraction in place of an earlier one.
    pub fn keep_extraction(&mut self, item: &ItemId, extraction: &Extraction) -> Result<()> {
        let mut changes = Changes::default();
        changes.put(&key(item), extraction);
        self.store.commit(changes)
    }
}

fn key(item: &ItemId) -> Vec<u8> {
    format!("extraction/{item}").into_bytes()
}
