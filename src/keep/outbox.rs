//! The outbox as anyone may see it: how each channel's letters fare, and which ones a person should look at.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Keep, Shut, whole};
use crate::edition::{ChannelName, Letter, LetterState};

/// Of the shape of letters.json; fields may be added under the same number.
const VERSION: u32 = 1;

/// How the letters stood when a holder last wrote it down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outbox {
    pub version: u32,
    pub at: Timestamp,
    pub sent: BTreeMap<ChannelName, usize>,
    /// Letters that wait for a try, in the order of their keys.
    pub waiting: Vec<Letter>,
    /// Letters refused for good or given up.
    pub dead: Vec<Letter>,
    /// Channels that were closed from the other side.
    #[serde(default)]
    pub shut: BTreeMap<ChannelName, Shut>,
}

impl Keep {
    /// Writes state/views/letters.json.
    pub(super) fn write_outbox(&self, letters: Vec<Letter>, now: Timestamp) -> Result<()> {
        let (sent, waiting, dead) = Default::default();
        let mut outbox = Outbox { version: VERSION, at: now, sent, waiting, dead, shut: self.shut()? };
        for letter in letters {
            match letter.state {
                LetterState::Sent => *outbox.sent.entry(letter.reader.channel).or_default() += 1,
                LetterState::Dead => outbox.dead.push(letter),
                LetterState::Queued | LetterState::Sending => outbox.waiting.push(letter),
            }
        }
        let mut bytes = serde_json::to_vec_pretty(&outbox).context("writing the letters as JSON")?;
        bytes.push(b'\n');
        whole::replace(&self.state().join("views/letters.json"), &bytes, 0o600)
    }
}

/// The last written view of the letters; None where nothing was written yet. Needs no lock.
pub fn outbox(home: &Path) -> Result<Option<Outbox>> {
    let path = home.join("state/views/letters.json");
    let doing = || format!("reading {}; `tidings run` writes it anew", path.display());
    match fs::read(&path) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes).with_context(doing)?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(doing),
    }
}
