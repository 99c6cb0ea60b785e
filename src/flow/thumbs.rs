//! Thumbs: a person says whether an item was worth their time; the next run takes it in.

use anyhow::Result;
use jiff::Timestamp;

use super::explain::explain;
use crate::home::Home;
use crate::item::ItemId;
use crate::keep::{self, index::Library};

/// The item that got the thumb.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thumbed {
    pub item: ItemId,
    pub title: String,
}

/// Leaves a thumb (None takes it back) on an item, or on the item that speaks for a story. None where there is no such item.
/// Needs no lock.
///
/// # Errors
/// When there is no index yet, or the thumb can't be written.
pub fn give_thumb(home: &Home, id: &str, up: Option<bool>, now: Timestamp) -> Result<Option<Thumbed>> {
    let item = match if id.starts_with("s-") { explain(home, id)? } else { None } {
        Some(explanation) => explanation.why.item,
        None => ItemId(id.to_owned()),
    };
    let Some((card, _)) = Library::open(home.folder())?.show(&item)? else {
        return Ok(None);
    };
    keep::leave_thumb(home.folder(), &item, up, now)?;
    Ok(Some(Thumbed { item, title: card.title }))
}
