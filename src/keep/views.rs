//! Views are what people may see of the store without holding it: small files in state/views/, replaced whole.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use fail::fail_point;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::heartbeat::Heartbeat;
use super::opinions::{Disagreement, ModelState};
use super::spending::Spent;
use super::stopped::Stopped;
use super::watched::Watched;
use super::{Keep, whole};
use crate::edition::LetterState;
use crate::lesson::adoption::Pace;
use crate::work::{Duty, Work};

/// Of the shape of status.json; fields may be added under the same number.
const VERSION: u32 = 1;

/// How the home stood when a holder last wrote it down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    pub version: u32,
    pub at: Timestamp,
    /// The id of the last run that ended, as it stands in its log.
    #[serde(default)]
    pub run: Option<String>,
    pub first_run: Timestamp,
    pub sources: Vec<SourceStatus>,
    /// Pieces of work that wait, by duty.
    pub judge: usize,
    pub index: usize,
    pub alert: usize,
    /// Stories that no model has read yet.
    #[serde(default)]
    pub screen: usize,
    /// Transcripts with turns that are not yet in their index.
    #[serde(default)]
    pub index_turns: usize,
    /// How the model fared when it was last needed.
    #[serde(default)]
    pub model: ModelState,
    /// Stories told in the last week about which rules and model are far apart, each with what the two say.
    #[serde(default)]
    pub disagreements: Vec<Disagreement>,
    /// Work that failed too often.
    pub aside: Vec<Work>,
    /// Letters that wait for a try, and letters refused for good.
    pub letters_waiting: usize,
    pub letters_dead: usize,
    /// Editions that were written and not mailed: a person decides.
    #[serde(default)]
    pub stopped: Vec<Stopped>,
    /// Files of the archive that lost something.
    #[serde(default)]
    pub archives_short: Vec<String>,
    /// Thumbs that count.
    #[serde(default)]
    pub thumbs_up: usize,
    #[serde(default)]
    pub thumbs_down: usize,
    /// What models have cost in the month.
    #[serde(default)]
    pub spending: Vec<Spent>,
    /// When a run last went well.
    #[serde(default)]
    pub heartbeat: Heartbeat,
    /// Hosts that asked us to wait, and until when.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub holds: BTreeMap<String, Timestamp>,
    /// How far lessons came.
    #[serde(default, skip_serializing_if = "Pace::is_empty")]
    pub lessons: Pace,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceStatus {
    pub name: String,
    #[serde(flatten)]
    pub watched: Watched,
}

impl Keep {
    /// Writes state/views/NAME.json; its shape is the caller's.
    pub fn write_view(&self, name: &str, value: &impl Serialize) -> Result<()> {
        let mut bytes = serde_json::to_vec_pretty(value).with_context(|| format!("writing {name} as JSON"))?;
        bytes.push(b'\n');
        whole::replace(&self.state().join("views").join(format!("{name}.json")), &bytes, 0o600)
    }

    /// Writes state/views/status.json, letters.json, lessons.json, and the days of why/ in which something changed.
    pub fn write_views(&self, now: Timestamp) -> Result<()> {
        let letters = self.letters()?;
        let (up, down): (Vec<_>, Vec<_>) = self.thumbs()?.into_iter().partition(|thumb| thumb.up);
        let waiting = |state| matches!(state, LetterState::Queued | LetterState::Sending);
        let status = Status {
            version: VERSION,
            at: now,
            run: self.heartbeat()?.run,
            first_run: self.first_run()?,
            sources: self.all_watched()?.into_iter().map(|(name, watched)| SourceStatus { name, watched }).collect(),
            judge: self.work(Duty::Judge)?.len(),
            index: self.work(Duty::Index)?.len(),
            alert: self.work(Duty::Alert)?.len(),
            screen: self.work(Duty::Screen)?.len(),
            index_turns: self.work(Duty::IndexTurns)?.len() + self.work(Duty::DropTurns)?.len(),
            model: self.model_state()?,
            disagreements: self.disagreements(now)?,
            aside: self.aside()?,
            letters_waiting: letters.iter().filter(|letter| waiting(letter.state)).count(),
            letters_dead: letters.iter().filter(|letter| letter.state == LetterState::Dead).count(),
            stopped: self.stopped()?,
            archives_short: self.archive.short().map(str::to_owned).collect(),
            thumbs_up: up.len(),
            thumbs_down: down.len(),
            spending: self.spent(now),
            heartbeat: self.heartbeat()?,
            holds: self.holds()?,
            lessons: self.lesson_pace(Timestamp::MIN..Timestamp::MAX)?,
        };
        fail_point!("views-before-write");
        let mut bytes = serde_json::to_vec_pretty(&status).context("writing the status as JSON")?;
        bytes.push(b'\n');
        whole::replace(&self.state().join("views/status.json"), &bytes, 0o600)?;
        self.write_outbox(letters, now)?;
        self.write_lesson_view(now)?;
        self.write_why()?;
        fail_point!("views-written");
        Ok(())
    }
}

/// The last written status of a home; None where nothing was written yet. Needs no lock.
pub fn status(home: &Path) -> Result<Option<Status>> {
    let path = home.join("state/views/status.json");
    let doing = || format!("reading {}; `tidings run` writes it anew", path.display());
    match fs::read(&path) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes).with_context(doing)?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(doing),
    }
}
