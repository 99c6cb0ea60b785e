//! What a home remembers of teaching from one run to the next, and what people may see of it.

use std::fs;
use std::io::ErrorKind;

use anyhow::{Context, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::config::Skills;
use crate::home::Home;
use crate::keep::Keep;
use crate::teach::forge::Memory;

/// Merged requests that are remembered: a digest tells each once, and nobody asks for older ones here.
const MOST_MERGED: usize = 20;

/// Of the view's shape; fields may be added under the same number.
const VERSION: u32 = 1;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Record {
    pub forge: Memory,
    /// When the forge was last looked at.
    pub looked: Option<Timestamp>,
    /// The last week that was offered.
    pub week: Option<String>,
    /// What had to wait for its minor version is offered on this day, in the middle of a week.
    pub waits: Option<Date>,
    /// When everybody was last asked to review.
    pub last_minor: Option<Date>,
    /// The newest last.
    pub merged: Vec<MergedRequest>,
    /// The request that is open.
    pub request: Option<String>,
    /// Why the last visit stopped.
    pub trouble: Option<String>,
}

/// A request of ours that people merged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergedRequest {
    pub at: Timestamp,
    /// When we heard of it: the digest of that week tells it.
    pub heard: Timestamp,
    pub url: Option<Url>,
    /// The plugin's version after it.
    pub version: String,
    /// The claims that came in with it.
    pub claims: Vec<String>,
}

/// How it stands with the skill: state/views/skill.json.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SkillStanding {
    pub version: u32,
    pub at: Timestamp,
    pub looked: Option<Timestamp>,
    pub request: Option<String>,
    pub merged: Vec<MergedRequest>,
    pub declined: usize,
    /// Nothing is asked before, because the forge said so.
    pub not_before: Option<Timestamp>,
    pub trouble: Option<String>,
}

impl Record {
    pub fn of(keep: &Keep, skills: &Skills) -> Result<Record> {
        let mut record: Record = match keep.forge_memory()? {
            Some(value) => serde_json::from_value(value).context("reading what is remembered of requests")?,
            None => Record::default(),
        };
        record.forge = std::mem::take(&mut record.forge).of(skills);
        Ok(record)
    }

    pub fn keep(&self, keep: &mut Keep, now: Timestamp) -> Result<()> {
        keep.keep_forge_memory(&serde_json::to_value(self).context("writing what is remembered of requests")?)?;
        let standing = SkillStanding {
            version: VERSION,
            at: now,
            looked: self.looked,
            request: self.request.clone(),
            merged: self.merged.clone(),
            declined: self.forge.declined.len(),
            not_before: self.forge.not_before.filter(|until| *until > now),
            trouble: self.trouble.clone(),
        };
        keep.write_view("skill", &standing)
    }

    pub fn note_merge(&mut self, merged: MergedRequest) {
        self.merged.push(merged);
        let over = self.merged.len().saturating_sub(MOST_MERGED);
        self.merged.drain(..over);
    }
}

/// How it stood with the skill when it was last looked at; None in a home that has never looked. Needs no lock.
///
/// # Errors
/// When the view can't be read.
pub fn standing(home: &Home) -> Result<Option<SkillStanding>> {
    let path = home.folder().join("state/views/skill.json");
    let doing = || format!("reading {}; the next run writes it anew", path.display());
    match fs::read(&path) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes).with_context(doing)?)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(doing),
    }
}
