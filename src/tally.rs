//! A tally: what the stories of one month said, counted once, so that no text is read again for the months after it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::edition::trends::Retirement;
use crate::verdict::Category;

/// Of the shape, and of the way words are cut: a tally of another version is made anew from what is kept.
pub const VERSION: u32 = 1;

/// A month's counts, derived from the store.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub version: u32,
    /// `2026-11`
    pub month: String,
    /// Items first judged in it.
    pub read: u64,
    /// Stories in the digests that closed in it.
    pub told: u64,
    /// Its stories worth a line, by category.
    pub categories: BTreeMap<Category, u64>,
    /// Who told how many of those stories first, by name; terms point into this list.
    pub sources: Vec<Share>,
    /// In the order of the terms.
    pub terms: Vec<Count>,
    /// What makers said will go, with the day.
    pub retirements: Vec<Retirement>,
}

/// The stories that one source was the first to tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    pub source: String,
    pub stories: u32,
}

/// In how many stories a term stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    pub term: Box<str>,
    /// Place of a source in the tally's list, and how many of its stories have the term.
    pub by: Box<[(u32, u32)]>,
    /// Different sites among them.
    pub sites: u32,
}

impl Count {
    pub fn stories(&self) -> u32 {
        self.by.iter().map(|(_, stories)| stories).sum()
    }
}

impl Tally {
    pub fn stories(&self) -> u64 {
        self.sources.iter().map(|share| u64::from(share.stories)).sum()
    }

    /// None where the month does not have it.
    pub fn count(&self, term: &str) -> Option<&Count> {
        let place = self.terms.binary_search_by(|count| (*count.term).cmp(term)).ok()?;
        Some(&self.terms[place])
    }
}
