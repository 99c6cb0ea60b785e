//! A thumb: what a person thought of one item. Judging learns from it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::item::Item;

/// One thumb, with the item as it was: learning needs its words and where it came from, and outlives the item's text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Thumb {
    pub item: Item,
    /// The item's text, or its beginning; judging reads no more than it would of the item itself.
    pub text: String,
    /// Up: more like this. Down: less.
    pub up: bool,
    pub at: Timestamp,
}
