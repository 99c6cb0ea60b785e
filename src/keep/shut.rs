//! Channels that were closed from the other side: nothing leaves through them until a person has mended them.

use std::collections::BTreeMap;

use anyhow::Result;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Keep;
use super::store::Changes;
use crate::edition::ChannelName;

const SHUT: &[u8] = b"shut";

/// That a channel was closed, and what was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shut {
    pub at: Timestamp,
    pub answer: String,
    /// Stands for the address and the secret that were used; another one is tried.
    pub mark: String,
}

impl Keep {
    pub fn shut(&self) -> Result<BTreeMap<ChannelName, Shut>> {
        Ok(self.store.get(SHUT)?.unwrap_or_default())
    }

    /// Notes that a channel is closed, or, with None, that it is to be tried again.
    pub fn note_shut(&mut self, channel: ChannelName, shut: Option<Shut>) -> Result<()> {
        let mut all = self.shut()?;
        match shut {
            Some(shut) => all.insert(channel, shut),
            None => all.remove(&channel),
        };
        let mut changes = Changes::default();
        changes.put(SHUT, &all);
        self.store.commit(changes)
    }
}
