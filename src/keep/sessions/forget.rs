//! Forgetting a session: all that is kept of it goes, and a tombstone that names it by hash alone keeps it from coming back.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::super::store::{BATCH, Changes};
use super::super::{Keep, OpenError, export};
use super::{ANEW, MEMORY, STALE, STAMP, TRANSCRIPT, Transcript, TranscriptId, archive, key, path_key};
use crate::session::SessionId;

/// Something was removed that nobody may find any more, and the store's own files may still hold it.
const CLEARING: &[u8] = b"clearing";

/// What was forgotten.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Forgotten {
    pub transcripts: Vec<TranscriptId>,
    pub turns: u64,
}

/// Hashes of what was forgotten, a line each in state/forgotten: it lies beside the store so that no restore loses it.
#[derive(Debug, Default)]
pub(in super::super) struct Tombstones {
    path: PathBuf,
    all: BTreeSet<String>,
}

impl Tombstones {
    pub(in super::super) fn read(state: &Path) -> Result<Tombstones> {
        let path = state.join("forgotten");
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Tombstones { path, all: text.lines().map(str::to_owned).collect() }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Tombstones { path, all: BTreeSet::new() }),
            Err(error) => Err(error).with_context(|| format!("reading {}; check who owns it", path.display())),
        }
    }

    fn add(&mut self, hashes: BTreeSet<String>) -> Result<()> {
        let doing = || format!("writing {}; check the disk's free space", self.path.display());
        let mut text = String::new();
        for hash in hashes.iter().filter(|hash| !self.all.contains(*hash)) {
            text.push_str(hash);
            text.push('\n');
        }
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path).with_context(doing)?;
        file.write_all(text.as_bytes()).with_context(doing)?;
        file.sync_all().with_context(doing)?;
        self.all.extend(hashes);
        Ok(())
    }
}

/// A whole session, or one subagent's part of it.
fn tombstone(session: &SessionId, subagent: Option<&str>) -> String {
    let mut hasher = Sha256::new();
    hasher.update(session.to_string());
    if let Some(subagent) = subagent {
        hasher.update(b"\0");
        hasher.update(subagent);
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Keep {
    /// Whether a session was forgotten, or this subagent's part of it.
    pub fn is_forgotten(&self, session: &SessionId, subagent: Option<&str>) -> bool {
        let all = &self.tombstones.all;
        !all.is_empty()
            && (all.contains(&tombstone(session, None))
                || subagent.is_some_and(|subagent| all.contains(&tombstone(session, Some(subagent)))))
    }

    /// Forgets a session with its subagents, by its id with or without its agent (`claude-code:…`), or what one subagent's file
    /// told, by its transcript's id (`t-…`); the transcript of a session's own file stands for the session. Nothing is found,
    /// nothing is changed. The exports are written anew without it. Until [`Keep::cleared`], its words may still stand in the
    /// store's files.
    pub fn forget_session(&mut self, id: &str) -> Result<Forgotten> {
        let all = self.transcripts()?;
        let named = all.iter().find(|transcript| transcript.id.0 == id);
        let mut hashes = BTreeSet::new();
        let mut chosen: Vec<&Transcript> = Vec::new();
        match named {
            Some(transcript) if transcript.subagent.is_some() => {
                hashes.insert(tombstone(&transcript.session, transcript.subagent.as_deref()));
            }
            Some(transcript) => {
                hashes.insert(tombstone(&transcript.session, None));
            }
            None => {
                for transcript in &all {
                    if transcript.session.native == id || transcript.session.to_string() == id {
                        hashes.insert(tombstone(&transcript.session, None));
                    }
                }
            }
        }
        if hashes.is_empty() {
            return Ok(Forgotten::default());
        }
        self.begin_clearing()?;
        self.tombstones.add(hashes)?;
        chosen.extend(all.iter().filter(|one| self.is_forgotten(&one.session, one.subagent.as_deref())));
        let chosen: Vec<Transcript> = chosen.into_iter().cloned().collect();
        self.remove_transcripts(&chosen)
    }

    /// Removes what is kept of forgotten sessions: what a kill left of them, or an old export has brought back.
    pub fn forget_again(&mut self) -> Result<Forgotten> {
        if self.tombstones.all.is_empty() {
            return Ok(Forgotten::default());
        }
        let all = self.transcripts()?;
        let mut back = Vec::new();
        for transcript in all {
            if self.is_forgotten(&transcript.session, transcript.subagent.as_deref()) {
                back.push(transcript);
            }
        }
        match back.is_empty() {
            true => Ok(Forgotten::default()),
            false => self.remove_transcripts(&back),
        }
    }

    /// From now on the home is cleared when it is opened, unless that was done before.
    pub(super) fn begin_clearing(&mut self) -> Result<()> {
        let mut changes = Changes::default();
        changes.put(CLEARING, &());
        self.store.commit(changes)?;
        self.checkpoint()
    }

    pub(in super::super) fn is_clearing(&self) -> Result<bool> {
        self.store.has(CLEARING)
    }

    /// Leaves nothing of removed values on the disk: the store is written anew, and stores that were set aside go.
    pub fn cleared(self, now: Timestamp) -> Result<Keep, OpenError> {
        let state = self.state();
        for entry in fs::read_dir(&state).with_context(|| format!("listing {}", state.display()))? {
            let entry = entry.with_context(|| format!("listing {}", state.display()))?;
            if entry.file_name().as_encoded_bytes().starts_with(b"store.bad-") {
                let path = entry.path();
                fs::remove_dir_all(&path).with_context(|| format!("removing {}", path.display()))?;
            }
        }
        self.renewed(now)
    }

    /// The same home, its store written anew.
    pub fn renewed(self, now: Timestamp) -> Result<Keep, OpenError> {
        self.checkpoint()?;
        let Keep { home, store, _lock: lock, .. } = self;
        drop(store.renewed(CLEARING)?);
        Keep::open_locked(&home, lock, now)
    }

    /// Removes what is kept of these transcripts, without remembering that it was: should their files be read again, they are
    /// new. The exports are written anew without them, and the store when the home is opened next.
    pub fn remove_sessions(&mut self, transcripts: &[Transcript]) -> Result<()> {
        self.begin_clearing()?;
        self.remove_transcripts(transcripts).map(drop)
    }

    /// The store's own record of them goes last, so that what is stopped half way is done again.
    fn remove_transcripts(&mut self, transcripts: &[Transcript]) -> Result<Forgotten> {
        let mut forgotten = Forgotten::default();
        for transcript in transcripts {
            forgotten.turns += transcript.turns;
            forgotten.transcripts.push(transcript.id.clone());
            for generation in archive::generations(&self.state(), &transcript.id.0)? {
                self.remove_generation(&generation)?;
            }
            self.remove_generation(&transcript.generation_name())?;
        }
        let ids: BTreeSet<&str> = transcripts.iter().map(|transcript| transcript.id.0.as_str()).collect();
        self.drop_turns_for_good(&ids)?;
        self.rewrite_exports(&ids)?;
        for chunk in transcripts.chunks(BATCH / 4) {
            let mut changes = Changes::default();
            for transcript in chunk {
                changes.remove(&key(MEMORY, &transcript.id.0));
                changes.remove(&path_key(STAMP, &transcript.source, &transcript.path));
                changes.remove(&key(TRANSCRIPT, &transcript.id.0));
            }
            changes.put(STALE, &());
            changes.put(ANEW, &());
            self.store.commit(changes)?;
        }
        self.write_session_views()?;
        self.forget_signs()?;
        Ok(forgotten)
    }

    /// Writes every export anew without the values of these transcripts.
    fn rewrite_exports(&self, ids: &BTreeSet<&str>) -> Result<()> {
        export::filter(&self.state().join("exports"), |key, value| {
            let after = |prefix: &[u8]| key.strip_prefix(prefix).and_then(|name| std::str::from_utf8(name).ok());
            if let Some(name) = after(TRANSCRIPT).or_else(|| after(MEMORY)).or_else(|| after(super::SPENT)) {
                return !ids.contains(name.split('.').next().unwrap_or(name));
            }
            if key.starts_with(STAMP) {
                let known = serde_json::from_slice::<super::Known>(value);
                return known.is_ok_and(|known| !ids.contains(known.id.0.as_str()));
            }
            true
        })
    }
}
