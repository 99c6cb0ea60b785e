//! Heartbeat: when a run last went well, and whether people know that none does.

use anyhow::Result;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Keep;
use super::store::Changes;

const HEARTBEAT: &[u8] = b"heartbeat";

/// What is remembered from run to run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// When the last run began that ended and in which a source answered, or which had none to ask.
    pub good: Option<Timestamp>,
    /// When a run began that has not ended: the present one, or one that was stopped.
    pub begun: Option<Timestamp>,
    /// People were told that no run goes well, and not yet that it is over.
    pub silent: bool,
    /// The last two good runs lay no further apart than a silence begins: somebody, or cron, runs this home every day.
    #[serde(default)]
    pub is_daily: bool,
    /// The last run that ended: its id, and how long it took in milliseconds.
    #[serde(default)]
    pub run: Option<String>,
    #[serde(default)]
    pub milliseconds: u64,
    /// How the runs of this home ended.
    #[serde(default)]
    pub runs: Runs,
}

/// How many runs there were since the home began, by how they ended. Only ever grows, but for a store that is made anew from an
/// older export.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runs {
    /// A source answered, or there is none to ask.
    pub good: u64,
    /// It was no source's turn.
    pub idle: u64,
    /// Sources were asked, and none answered.
    pub unanswered: u64,
    /// They were stopped before their end; known to the next run.
    pub unfinished: u64,
}

impl Keep {
    pub fn heartbeat(&self) -> Result<Heartbeat> {
        Ok(self.store.get(HEARTBEAT)?.unwrap_or_default())
    }

    pub fn keep_heartbeat(&mut self, heartbeat: &Heartbeat) -> Result<()> {
        if *heartbeat == self.heartbeat()? {
            return Ok(());
        }
        let mut changes = Changes::default();
        changes.put(HEARTBEAT, heartbeat);
        self.store.commit(changes)
    }
}
