//! Sessions are kept by transcript: how far it was read, what is known of it, and its scrubbed turns in frames of their own.
//!
//! Turns live in state/archive/sessions/, a file for each transcript and generation: what is written anew gets a new file, and
//! the old one goes. A frame, the mark behind it and the work of indexing it are kept in one transaction.

mod archive;
mod forget;
mod scrub;
mod share;
mod transcript;
mod view;
mod usage;
mod through;
mod uses;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use archive::{Frames, Kept, turns_at};
pub use forget::Forgotten;
pub use share::{Places, SharedFile, SharedFolder, Shares, Unshared};
pub use through::each_frame_of;
pub use transcript::{Transcript, TranscriptId};
pub use usage::{OwnUsage, Usage, WantedUsage, usage};
pub use view::{SessionLine, SpentLine, session_lines, views_version};

pub(super) use archive::{each_frame, sync};
pub(super) use forget::Tombstones;

use super::store::{BATCH, Changes};
use super::{Keep, works};
use crate::guard::scrub::Scrubbed;
use crate::session::{Errand, Memory, Passage, SessionId, Spent};
use crate::transcript::{ReadMark, Stamp};
use crate::work::{Duty, Work};

const TRANSCRIPT: &[u8] = b"transcript/";
/// Which transcript lies at a path, and how it looked: a run in which nothing grew reads only these.
const STAMP: &[u8] = b"transcript-stamp/";
/// How a file beside transcripts looked when it was last read with one of them.
const BESIDE: &[u8] = b"transcript-beside/";
const MEMORY: &[u8] = b"transcript-memory/";
/// What was spent, by generation and by where the passage began: `t-….0@…`. The same answer may stand in several.
const SPENT: &[u8] = b"transcript-spent/";
/// The views of sessions no longer say what is kept.
const STALE: &[u8] = b"transcript-view-stale";
/// Transcripts that have changed since state/views/sessions.jsonl was written: they are added there.
const CHANGED: &[u8] = b"transcript-view-changed/";
/// Keys of what was spent since state/views/spent.jsonl was written: it is added there.
const FRESH: &[u8] = b"transcript-spent-fresh/";
/// Views say what is no longer kept: they are written anew.
const ANEW: &[u8] = b"transcript-view-anew";

/// What a run knows of a file before it opens it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    pub id: TranscriptId,
    pub stamp: Stamp,
    /// It was not there when its folder was last listed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gone: bool,
}

/// What was read of some whole lines, scrubbed, with what reading must know of them.
pub struct Reading {
    pub passage: Passage<Scrubbed>,
    /// Scrubbed.
    pub memory: Memory,
    /// Secrets that were taken out, by rule.
    pub redacted: BTreeMap<String, u64>,
    /// Version of the rules that were used.
    pub rules: String,
    /// Files that turns name, and what they were.
    pub apart: BTreeMap<String, Option<Stamp>>,
    pub mark: ReadMark,
}

impl Keep {
    /// Every transcript of a source by its path below the root.
    pub fn known_transcripts(&self, source: &str) -> Result<BTreeMap<String, Known>> {
        self.by_path(STAMP, source)
    }

    /// Every file that was read with transcripts of a source, by its path below the root.
    pub fn known_beside(&self, source: &str) -> Result<BTreeMap<String, Stamp>> {
        self.by_path(BESIDE, source)
    }

    fn by_path<T: serde::de::DeserializeOwned>(&self, prefix: &[u8], source: &str) -> Result<BTreeMap<String, T>> {
        let prefix = path_key(prefix, source, "");
        let mut known = BTreeMap::new();
        for pair in self.store.scan::<T>(&prefix) {
            let (path, value) = pair?;
            known.insert(String::from_utf8_lossy(&path).into_owned(), value);
        }
        Ok(known)
    }

    pub fn transcript(&self, id: &TranscriptId) -> Result<Option<Transcript>> {
        self.store.get(&key(TRANSCRIPT, &id.0))
    }

    /// The transcript whose file lies at this path, as far as is known.
    pub fn transcript_at(&self, source: &str, path: &str) -> Result<Option<Transcript>> {
        match self.store.get::<Known>(&path_key(STAMP, source, path))? {
            Some(known) => self.transcript(&known.id),
            None => Ok(None),
        }
    }

    /// Every transcript, in the order of the ids.
    pub fn transcripts(&self) -> Result<Vec<Transcript>> {
        self.store.scan(TRANSCRIPT).map(|pair| Ok(pair?.1)).collect()
    }

    /// A transcript that has not been read yet, under an id that no other has. Nothing is kept of it until it is read.
    pub fn new_transcript(
        &self,
        source: &str,
        path: &str,
        session: SessionId,
        subagent: Option<String>,
    ) -> Result<Transcript> {
        let mut number = 0;
        loop {
            let transcript = Transcript::new(source, path, number, session.clone(), subagent.clone());
            if !self.store.has(&key(TRANSCRIPT, &transcript.id.0))? {
                return Ok(transcript);
            }
            number += 1;
        }
    }

    /// What reading must know of a transcript's earlier lines.
    pub fn memory_of(&self, transcript: &Transcript) -> Result<Memory> {
        let known = self.store.get(&key(MEMORY, &transcript.id.0))?;
        Ok(known.unwrap_or_else(|| Memory::new(transcript.subagent.as_deref())))
    }

    /// Every turn of a transcript, in the order of its file.
    pub fn turns_of(&self, transcript: &Transcript) -> Result<Vec<Kept>> {
        turns_at(&self.state(), &transcript.generation_name(), 0, transcript.bytes)
    }

    /// What a transcript's answers cost, each answer once.
    pub fn spent_of(&self, transcript: &Transcript) -> Result<Vec<Spent>> {
        let mut spent: Vec<Spent> = Vec::new();
        let mut places: BTreeMap<Box<str>, usize> = BTreeMap::new();
        for pair in self.store.scan::<Vec<Spent>>(&key(SPENT, &format!("{}@", transcript.generation_name()))) {
            for one in pair?.1 {
                match places.get(&one.message) {
                    Some(place) => spent[*place].join(&one),
                    None => {
                        places.insert(one.message.clone(), spent.len());
                        spent.push(one);
                    }
                }
            }
        }
        Ok(spent)
    }

    /// Whether the archive still has all that was kept of a transcript.
    pub fn is_archived(&self, transcript: &Transcript) -> bool {
        archive::length(&self.state(), &transcript.generation_name()) >= transcript.bytes
    }

    /// Keeps what was read of some whole lines. The turns and the mark behind them count together.
    pub fn keep_turns(&mut self, transcript: &mut Transcript, reading: Reading, now: Timestamp) -> Result<()> {
        let Reading { passage, memory, redacted, rules, apart, mark } = reading;
        let begin = transcript.bytes;
        let end = archive::append(&self.state(), transcript, &passage.turns)?;
        if end > begin {
            self.unsynced().insert(transcript.generation_name());
        }
        transcript.bytes = end;
        transcript.turns += passage.turns.len() as u64;
        if transcript.rules.is_empty() {
            transcript.rules = rules;
        }
        transcript.apart.extend(apart);

        let mut changes = Changes::default();
        changes.put(&key(MEMORY, &transcript.id.0), &memory);
        if !passage.spent.is_empty() {
            let key = spent_key(transcript, mark.offset);
            changes.put(&[FRESH, &key].concat(), &());
            changes.put(&key, &passage.spent);
        }
        transcript.mark = mark;
        transcript.gone = None;
        transcript.take_in(passage, redacted);
        put_transcript(&mut changes, transcript);
        if end > begin {
            let work = Work::new(Duty::IndexTurns, transcript.frame_name(begin), end.to_string(), now);
            works::put(&mut changes, &work);
        }
        self.store.defer(changes)
    }

    /// Keeps what changed of a transcript beside its turns: its mark, what a subagent was sent for.
    pub fn keep_transcript(&mut self, transcript: &Transcript) -> Result<()> {
        let mut changes = Changes::default();
        put_transcript(&mut changes, transcript);
        self.store.defer(changes)
    }

    /// Keeps what a subagent was sent for.
    pub fn keep_errand(&mut self, transcript: &mut Transcript, errand: Option<Errand>) -> Result<()> {
        transcript.facts.errand = errand;
        self.keep_transcript(transcript)
    }

    /// Files beside transcripts were read with them, or wait to be.
    pub fn keep_beside(&mut self, source: &str, files: &BTreeMap<String, Stamp>) -> Result<()> {
        let files: Vec<_> = files.iter().collect();
        for chunk in files.chunks(BATCH) {
            let mut changes = Changes::default();
            for (path, stamp) in chunk {
                changes.put(&path_key(BESIDE, source, path), stamp);
            }
            self.store.defer(changes)?;
        }
        Ok(())
    }

    /// A file was written anew: what was read of it is dropped, and it is read from its beginning into a new archive file.
    pub fn restart_transcript(&mut self, transcript: &mut Transcript, now: Timestamp) -> Result<()> {
        let mut changes = Changes::default();
        put_removal(&mut changes, transcript, now);
        transcript.restart();
        changes.remove(&key(MEMORY, &transcript.id.0));
        put_transcript(&mut changes, transcript);
        self.store.commit(changes)
    }

    /// After a restore: transcripts of which the archive no longer has all that was kept are read anew, and the views, which may
    /// know more or less than the store now does, are written anew. Returns how many transcripts.
    pub fn mend_transcripts(&mut self, now: Timestamp) -> Result<usize> {
        let mut changes = Changes::default();
        changes.put(ANEW, &());
        changes.put(STALE, &());
        self.store.commit(changes)?;
        let mut mended = 0;
        for mut transcript in self.transcripts()? {
            if !self.is_archived(&transcript) {
                self.restart_transcript(&mut transcript, now)?;
                mended += 1;
            }
        }
        Ok(mended)
    }

    /// A file is at another path now: its turns stay.
    pub fn move_transcript(&mut self, transcript: &mut Transcript, path: &str) -> Result<()> {
        let mut changes = Changes::default();
        let before = path_key(STAMP, &transcript.source, &transcript.path);
        // Another file may have taken its place there, and be known already.
        let known: Option<Known> = self.store.get(&before)?;
        if known.is_some_and(|known| known.id == transcript.id) {
            changes.remove(&before);
        }
        transcript.path = path.to_owned();
        transcript.gone = None;
        put_transcript(&mut changes, transcript);
        self.store.commit(changes)
    }

    /// A file is gone: its turns stay.
    pub fn transcript_is_gone(&mut self, transcript: &mut Transcript, now: Timestamp) -> Result<()> {
        transcript.gone = Some(now);
        self.keep_transcript(transcript)
    }

    /// What a run that was stopped may have appended, and nobody has written to the disk since: it waits for the index.
    pub(super) fn unsynced_before(&self) -> Result<Vec<String>> {
        let generation = |work: Work| work.id.split('@').next().map(str::to_owned);
        Ok(self.work(Duty::IndexTurns)?.into_iter().filter_map(generation).collect())
    }

    pub(super) fn unsynced(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.unsynced.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// After the turns of a generation have left the index: its archive file goes, and what was spent in it.
    pub(super) fn remove_generation(&mut self, generation: &str) -> Result<()> {
        archive::remove(&self.state(), generation)?;
        self.unsynced().remove(generation);
        let prefix = key(SPENT, &format!("{generation}@"));
        let keys: Vec<Vec<u8>> = self
            .store
            .scan::<serde::de::IgnoredAny>(&prefix)
            .map(|pair| Ok([&prefix[..], &pair?.0].concat()))
            .collect::<Result<_>>()?;
        for chunk in keys.chunks(BATCH) {
            let mut changes = Changes::default();
            chunk.iter().for_each(|key| changes.remove(key));
            self.store.commit(changes)?;
        }
        Ok(())
    }
}

fn put_transcript(changes: &mut Changes, transcript: &Transcript) {
    changes.put(&key(TRANSCRIPT, &transcript.id.0), transcript);
    let known = Known { id: transcript.id.clone(), stamp: transcript.mark.stamp, gone: transcript.gone.is_some() };
    changes.put(&path_key(STAMP, &transcript.source, &transcript.path), &known);
    changes.put(&key(CHANGED, &transcript.id.0), &());
    changes.put(STALE, &());
}

/// Work that takes a transcript's present turns out of the index, and then its archive file from the disk.
fn put_removal(changes: &mut Changes, transcript: &Transcript, now: Timestamp) {
    works::put(changes, &Work::new(Duty::DropTurns, transcript.generation_name(), "", now));
    changes.put(ANEW, &());
}

fn key(prefix: &[u8], name: &str) -> Vec<u8> {
    [prefix, name.as_bytes()].concat()
}

fn path_key(prefix: &[u8], source: &str, path: &str) -> Vec<u8> {
    [prefix, source.as_bytes(), b"\0", path.as_bytes()].concat()
}

/// In the order of the file.
fn spent_key(transcript: &Transcript, offset: u64) -> Vec<u8> {
    key(SPENT, &format!("{}@{offset:020}", transcript.generation_name()))
}
