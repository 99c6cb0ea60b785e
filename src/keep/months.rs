//! Months: which items belong to one, and its tally, which is derived and can be made anew.

use std::fs::{self, File};
use std::io::{BufReader, ErrorKind};
use std::path::PathBuf;

use anyhow::{Context, Result};
use jiff::Timestamp;
use tracing::warn;

use super::store::Changes;
use super::{Keep, judgements, private_folder, whole};
use crate::item::{Item, ItemId};
use crate::source::Trust;
use crate::tally::{Tally, VERSION};

/// Official items by the time their words changed: what a maker says will go is often added to a page that is known.
const CHANGED: &[u8] = b"changed/";

/// zstd's own default.
const LEVEL: i32 = 3;

/// Notes that an item's words changed.
pub(super) fn note_change(changes: &mut Changes, item: &Item, now: Timestamp) {
    if item.trust == Trust::Official {
        changes.put(&judgements::time_key(CHANGED, now, &item.id.0), &());
    }
}

impl Keep {
    /// The items first judged at or after `from` and before `to`, in the order of that.
    pub fn judged_between(&self, from: Timestamp, to: Timestamp) -> Result<Vec<ItemId>> {
        Ok(self.first_judged(from, to)?.into_iter().map(ItemId).collect())
    }

    /// The official items whose words changed at or after `from` and before `to`, each once, in the order of the ids.
    pub fn changed_between(&self, from: Timestamp, to: Timestamp) -> Result<Vec<ItemId>> {
        let mut ids = self.ids_between(CHANGED, from, to)?;
        ids.sort();
        ids.dedup();
        Ok(ids.into_iter().map(ItemId).collect())
    }

    /// A month's tally, if one of this version was kept and can be read.
    pub fn tally(&self, month: &str) -> Option<Tally> {
        let path = self.tally_path(month);
        let read = || -> Result<Tally> {
            let decoder = zstd::Decoder::new(File::open(&path)?)?;
            Ok(serde_json::from_reader(BufReader::new(decoder))?)
        };
        match read() {
            Ok(tally) => Some(tally).filter(|tally| tally.version == VERSION && tally.month == month),
            Err(error) => {
                let is_missing =
                    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::NotFound);
                if !is_missing {
                    warn!("{} can't be read and is made anew: {error:#}", path.display());
                }
                None
            }
        }
    }

    /// Keeps a month's tally in place of an earlier one.
    pub fn keep_tally(&self, tally: &Tally) -> Result<()> {
        let path = self.tally_path(&tally.month);
        private_folder(&self.months())?;
        whole::replace_with(&path, 0o600, |file| {
            let mut encoder = zstd::Encoder::new(file, LEVEL)?;
            encoder.include_checksum(true)?;
            serde_json::to_writer(&mut encoder, tally).context("writing a tally as JSON")?;
            encoder.finish()?;
            Ok(())
        })
    }

    /// Lets all tallies go: they are made anew when they are needed.
    pub fn forget_tallies(&self) -> Result<()> {
        match fs::remove_dir_all(self.months()) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("removing {}", self.months().display()))
            }
            _ => Ok(()),
        }
    }

    fn months(&self) -> PathBuf {
        self.state().join("months")
    }

    fn tally_path(&self, month: &str) -> PathBuf {
        self.months().join(format!("{month}.json.zst"))
    }
}
