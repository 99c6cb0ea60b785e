//! What was shared of sessions, and what is not to be: two small files beside the store, so that no restore loses them.

mod folder;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use folder::SharedFolder;

use super::super::{Keep, whole};
use super::{SPENT, Transcript, TranscriptId, archive, key};
use crate::session::{SessionId, Spent, Turn, hash};

/// state/shared.json: which files lie in the folder of what is shared. A file stands here before its first byte is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shares {
    /// The folder; empty before the first.
    pub folder: PathBuf,
    pub files: BTreeMap<TranscriptId, SharedFile>,
    /// Where transcripts of sessions that may be shared worked.
    pub places: BTreeMap<TranscriptId, Places>,
}

/// A transcript in that folder, as it was last written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedFile {
    pub session: SessionId,
    /// Below the folder.
    pub path: String,
    /// Counts up whenever it is written anew.
    pub edition: u32,
    /// Of the transcript: generation, bytes of its archive, and how far what was spent was read.
    pub generation: u32,
    pub bytes: u64,
    pub offset: u64,
    /// Hash of what the header says that never changes, and of facts that may.
    pub whose: u64,
    pub facts: u64,
    /// Version of the rules by which it was scrubbed.
    pub rules: String,
    /// Bytes of the file; 0 until it is written.
    pub length: u64,
}

/// The working folders of a transcript's turns and answers, as far as it was looked through.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Places {
    pub generation: u32,
    pub bytes: u64,
    pub offset: u64,
    pub folders: BTreeSet<String>,
    /// Hashes of its first answers' names: a session that was forked from another, or took it up, begins with the same.
    pub begins: BTreeSet<u64>,
}

/// What tells that one session was copied from another.
const BEGINS: usize = 8;

/// state/unshared.json: what its owner took back on the command line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Unshared {
    pub all: bool,
    pub projects: BTreeSet<PathBuf>,
    /// `claude-code:1b0c…`.
    pub sessions: BTreeSet<String>,
}

impl Keep {
    /// What lies in the folder of what is shared.
    ///
    /// # Errors
    /// When the file that says it can't be read.
    pub fn shares(&self) -> Result<Shares> {
        read(&self.state().join("shared.json"))
    }

    pub fn keep_shares(&mut self, shares: &Shares) -> Result<()> {
        write(&self.state().join("shared.json"), shares)
    }

    /// What is not to be shared.
    ///
    /// # Errors
    /// When the file that says it can't be read.
    pub fn unshared(&self) -> Result<Unshared> {
        read(&self.state().join("unshared.json"))
    }

    pub fn keep_unshared(&mut self, unshared: &Unshared) -> Result<()> {
        write(&self.state().join("unshared.json"), unshared)
    }

    /// The sessions that an id names, with or without its agent; a transcript's id (`t-…`) names its session.
    pub fn sessions_named(&self, id: &str) -> Result<BTreeSet<SessionId>> {
        let all = self.transcripts()?.into_iter();
        let is_named = |one: &Transcript| one.id.0 == id || one.session.native == id || one.session.to_string() == id;
        Ok(all.filter(is_named).map(|one| one.session).collect())
    }

    /// Brings the places of a transcript up to date.
    ///
    /// # Errors
    /// When its archive can't be read; then nothing is known of where it worked.
    pub fn look_at_places(&self, transcript: &Transcript, places: &mut Places) -> Result<()> {
        let now = (transcript.generation, transcript.bytes, transcript.mark.offset);
        if (places.generation, places.bytes, places.offset) == now {
            return Ok(());
        }
        if places.generation != transcript.generation || places.bytes > transcript.bytes {
            *places = Places::default();
        }
        let mut folders = std::mem::take(&mut places.folders);
        let mut look = |from| {
            self.each_turns(transcript, from, |turns| {
                for cwd in
                    turns.iter().filter_map(Turn::cwd).filter(|cwd| !folders.contains(*cwd)).collect::<BTreeSet<_>>()
                {
                    folders.insert(cwd.clone());
                }
                Ok(())
            })
        };
        // Frames may lie elsewhere since an older store came back.
        look(places.bytes).or_else(|_| look(0))?;
        let spent = self.spent_of(transcript)?;
        folders.extend(spent.iter().filter_map(|spent| spent.setting.cwd.clone()));
        let begins = spent.iter().take(BEGINS).map(|spent| hash(&spent.message)).collect();
        *places = Places { generation: now.0, bytes: now.1, offset: now.2, folders, begins };
        Ok(())
    }

    /// Takes the turns of a transcript from this byte of its archive on, a frame at a time.
    pub fn each_turns(
        &self,
        transcript: &Transcript,
        from: u64,
        mut take: impl FnMut(Vec<Turn>) -> Result<()>,
    ) -> Result<()> {
        archive::each_frame(&self.state(), &transcript.generation_name(), from, transcript.bytes, |frame| {
            take(frame.into_iter().map(|kept| kept.turn).collect())
        })
    }

    /// What answers cost that were read behind this byte of the transcript's file.
    pub fn spent_after(&self, transcript: &Transcript, offset: u64) -> Result<Vec<Spent>> {
        let mut spent = Vec::new();
        for pair in self.store.scan::<Vec<Spent>>(&key(SPENT, &format!("{}@", transcript.generation_name()))) {
            let (at, some) = pair?;
            if std::str::from_utf8(&at).ok().and_then(|at| at.parse::<u64>().ok()).is_none_or(|at| at > offset) {
                spent.extend(some);
            }
        }
        Ok(spent)
    }
}

fn read<T: DeserializeOwned + Default>(path: &Path) -> Result<T> {
    let doing = || format!("reading {}; nothing is shared until it is mended", path.display());
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).with_context(doing),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(T::default()),
        Err(error) => Err(error).with_context(doing),
    }
}

fn write(path: &Path, value: &impl Serialize) -> Result<()> {
    whole::replace(path, &serde_json::to_vec(value)?, 0o600)
}
