//! What readers that do not hold the store see of sessions: a line for each transcript, and one for each answer's tokens.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, ErrorKind, Seek, SeekFrom, Write};
use std::path::Path;

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::super::store::{BATCH, Changes};
use super::super::{Keep, whole};
use super::{FRESH, SPENT, SPENT_STALE, STALE, Transcript, TranscriptId};
use crate::session::{SessionId, Spent, hash};

/// A transcript, as state/views/sessions.jsonl has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionLine {
    pub id: TranscriptId,
    pub session: SessionId,
    pub subagent: Option<String>,
    pub source: String,
    pub path: String,
    pub owner: Option<String>,
    pub host: Option<String>,
    pub title: Option<String>,
    /// What a person typed first.
    pub prompt: Option<String>,
    /// The session that it was forked from, or that called it.
    pub parent: Option<String>,
    pub cwd: Option<String>,
    pub branch: Option<String>,
    pub started: Option<Timestamp>,
    pub ended: Option<Timestamp>,
    pub lines: u64,
    pub turns: u64,
    pub generation: u32,
    /// Since when its file has not been there.
    pub gone: Option<Timestamp>,
    /// Version of the rules by which it was scrubbed.
    pub rules: String,
    /// Secrets that were taken out, by rule.
    pub redacted: BTreeMap<String, u64>,
    /// Damaged lines, by what is wrong with them; what is beyond the list stands under `more`.
    pub damaged: BTreeMap<String, u64>,
    /// Types of records that this version does not know.
    pub unknown: BTreeMap<String, u64>,
}

/// How much of state/views/spent.jsonl counts, in bytes.
const LENGTH: &[u8] = b"transcript-spent-length";

/// What one answer cost, as state/views/spent.jsonl has it. Forks, and sessions that are still being written, repeat answers: the
/// same message counts once, with the largest of each figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpentLine {
    pub transcript: TranscriptId,
    /// Hash of the message's id, in hexadecimal.
    pub message: String,
    pub at: Option<Timestamp>,
    pub model: Option<String>,
    pub branch: Option<String>,
    pub cwd: Option<String>,
    /// Tokens.
    pub input: u64,
    pub output: u64,
    pub cache_write_5m: u64,
    pub cache_write_1h: u64,
    pub cache_read: u64,
}

impl SessionLine {
    fn of(transcript: Transcript) -> SessionLine {
        let mut damaged: BTreeMap<String, u64> = BTreeMap::new();
        for damage in &transcript.counts.damaged {
            *damaged.entry(damage.trouble.words().to_owned()).or_default() += 1;
        }
        if transcript.counts.more_damaged > 0 {
            damaged.insert("more".to_owned(), transcript.counts.more_damaged);
        }
        let facts = &transcript.facts;
        let errand = facts.errand.as_ref().and_then(|errand| errand.description.clone());
        let given = facts.custom_title.as_ref().or(facts.given_title.as_ref()).cloned();
        SessionLine {
            title: given.or(errand).or_else(|| facts.title().cloned()),
            prompt: facts.prompt.clone(),
            parent: facts.parent.as_deref().map(str::to_owned),
            cwd: facts.cwd.clone(),
            branch: facts.branch.clone(),
            started: facts.started,
            ended: facts.ended,
            lines: transcript.counts.lines,
            turns: transcript.turns,
            generation: transcript.generation,
            gone: transcript.gone,
            damaged,
            id: transcript.id,
            session: transcript.session,
            subagent: transcript.subagent,
            source: transcript.source,
            path: transcript.path,
            owner: transcript.owner,
            host: transcript.host,
            rules: transcript.rules,
            redacted: transcript.redacted,
            unknown: transcript.counts.unknown,
        }
    }
}

impl SpentLine {
    fn of(transcript: &TranscriptId, spent: Spent) -> SpentLine {
        SpentLine {
            transcript: transcript.clone(),
            message: format!("{:016x}", hash(&spent.message)),
            at: spent.at,
            model: spent.setting.model.as_deref().map(str::to_owned),
            branch: spent.setting.branch.clone(),
            cwd: spent.setting.cwd.clone(),
            input: spent.input,
            output: spent.output,
            cache_write_5m: spent.cache_write_5m,
            cache_write_1h: spent.cache_write_1h,
            cache_read: spent.cache_read,
        }
    }
}

impl Keep {
    /// Writes state/views/sessions.jsonl, and adds to spent.jsonl, if what they show has changed.
    pub fn write_session_views(&mut self) -> Result<()> {
        if !self.store.has(STALE)? {
            return Ok(());
        }
        let views = self.state().join("views");
        self.write_spent_view(&views.join("spent.jsonl"))?;
        whole::replace_with(&views.join("sessions.jsonl"), 0o600, |file| {
            for transcript in self.transcripts()? {
                write_line(file, &SessionLine::of(transcript))?;
            }
            Ok(())
        })?;
        let mut changes = Changes::default();
        changes.remove(STALE);
        self.store.commit(changes)
    }
}

impl Keep {
    /// Adds what is fresh, so that a session that grows does not cost all that was ever spent; or writes the whole of it.
    fn write_spent_view(&mut self, path: &Path) -> Result<()> {
        let doing = || format!("writing {}; check the disk's free space", path.display());
        let fresh: Vec<Vec<u8>> = self.store.scan::<()>(FRESH).map(|pair| Ok(pair?.0)).collect::<Result<_>>()?;
        let known: Option<u64> = self.store.get(LENGTH)?;
        let there = fs::metadata(path).map_or(0, |file| file.len());
        let length = match known.filter(|known| *known <= there) {
            Some(known) if !self.store.has(SPENT_STALE)? => {
                let mut lines = Vec::new();
                for key in &fresh {
                    let generation = key.strip_prefix(SPENT).and_then(|name| std::str::from_utf8(name).ok());
                    let id = generation.and_then(|name| name.split('.').next()).unwrap_or_default().to_owned();
                    for spent in self.store.get::<Vec<Spent>>(key)?.unwrap_or_default() {
                        write_line(&mut lines, &SpentLine::of(&TranscriptId(id.clone()), spent))?;
                    }
                }
                let mut file = OpenOptions::new().write(true).open(path).with_context(doing)?;
                // What a run that was stopped has added is written over.
                file.set_len(known).with_context(doing)?;
                file.seek(SeekFrom::End(0)).with_context(doing)?;
                file.write_all(&lines).with_context(doing)?;
                known + lines.len() as u64
            }
            _ => {
                whole::replace_with(path, 0o600, |file| {
                    for transcript in self.transcripts()? {
                        for spent in self.spent_of(&transcript)? {
                            write_line(file, &SpentLine::of(&transcript.id, spent))?;
                        }
                    }
                    Ok(())
                })?;
                fs::metadata(path).with_context(doing)?.len()
            }
        };
        let mut changes = Changes::default();
        changes.put(LENGTH, &length);
        changes.remove(SPENT_STALE);
        for key in fresh {
            changes.remove(&[FRESH, &key].concat());
            if changes.len() >= BATCH {
                self.store.commit(std::mem::take(&mut changes))?;
            }
        }
        self.store.commit(changes)
    }
}

fn write_line(file: &mut dyn Write, line: &impl Serialize) -> Result<()> {
    serde_json::to_writer(&mut *file, line)?;
    Ok(file.write_all(b"\n")?)
}

/// Every transcript of a home as last written; none before the first run. Needs no lock.
pub fn session_lines(home: &Path) -> Result<Vec<SessionLine>> {
    let path = home.join("state/views/sessions.jsonl");
    let doing = || format!("reading {}; `tidings run` writes it anew when a session has grown", path.display());
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(doing),
    };
    let mut lines = Vec::new();
    for line in BufReader::new(file).lines() {
        lines.push(serde_json::from_str(&line.with_context(doing)?).with_context(doing)?);
    }
    Ok(lines)
}
