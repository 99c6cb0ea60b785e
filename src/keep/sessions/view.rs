//! What readers that do not hold the store see of sessions: a line for each transcript, and one for each answer's tokens.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, ErrorKind, Seek, SeekFrom, Write};
use std::path::Path;

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::super::store::{BATCH, Changes};
use super::super::{Keep, Version, whole};
use super::{ANEW, CHANGED, FRESH, SPENT, STALE, TRANSCRIPT, Transcript, TranscriptId};
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

/// How much of a view counts: `transcript-view-length/spent`.
const LENGTH: &[u8] = b"transcript-view-length/";
/// A view that has grown to twice what it had when it was written whole, and this many bytes, is written whole again: lines
/// that later ones replace go.
const ROOM: u64 = 1 << 20;

/// Bytes of a view.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Length {
    /// When it was last written whole.
    whole: u64,
    /// With what was added since; what lies beyond was added by a run that was stopped.
    all: u64,
}

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
    /// Adds to state/views/sessions.jsonl and spent.jsonl what has changed, so that a session that grows does not cost all that
    /// there is of others; or writes them anew.
    pub fn write_session_views(&mut self) -> Result<()> {
        if !self.store.has(STALE)? {
            return Ok(());
        }
        let keys =
            |prefix: &[u8]| -> Result<Vec<Vec<u8>>> { self.store.scan::<()>(prefix).map(|pair| Ok(pair?.0)).collect() };
        let (changed, fresh) = (keys(CHANGED)?, keys(FRESH)?);
        let is_whole = self.store.has(ANEW)?;
        let (mut lines, mut spent) = (Vec::new(), Vec::new());
        if !is_whole {
            for id in &changed {
                if let Some(transcript) = self.store.get(&[TRANSCRIPT, id].concat())? {
                    write_line(&mut lines, &SessionLine::of(transcript))?;
                }
            }
            for key in &fresh {
                let generation = key.strip_prefix(SPENT).and_then(|name| std::str::from_utf8(name).ok());
                let id = generation.and_then(|name| name.split('.').next()).unwrap_or_default().to_owned();
                for one in self.store.get::<Vec<Spent>>(key)?.unwrap_or_default() {
                    write_line(&mut spent, &SpentLine::of(&TranscriptId(id.clone()), one))?;
                }
            }
        }
        let sessions = self.grow("sessions", (!is_whole).then_some(lines), |file| {
            self.transcripts()?.into_iter().try_for_each(|transcript| write_line(file, &SessionLine::of(transcript)))
        })?;
        let spent = self.grow("spent", (!is_whole).then_some(spent), |file| {
            for transcript in self.transcripts()? {
                for one in self.spent_of(&transcript)? {
                    write_line(file, &SpentLine::of(&transcript.id, one))?;
                }
            }
            Ok(())
        })?;
        let mut changes = Changes::default();
        changes.put(&[LENGTH, b"sessions"].concat(), &sessions);
        changes.put(&[LENGTH, b"spent"].concat(), &spent);
        let told = changed.iter().map(|id| [CHANGED, id].concat()).chain(fresh.iter().map(|key| [FRESH, key].concat()));
        for key in told {
            changes.remove(&key);
            if changes.len() >= BATCH {
                self.store.commit(std::mem::take(&mut changes))?;
            }
        }
        changes.remove(ANEW);
        changes.remove(STALE);
        self.store.commit(changes)
    }

    /// Adds lines to a view, or writes the whole of it: where there are none to add, and where it has grown enough.
    fn grow(
        &self,
        name: &str,
        added: Option<Vec<u8>>,
        all: impl FnOnce(&mut dyn Write) -> Result<()>,
    ) -> Result<Length> {
        let path = self.state().join("views").join(format!("{name}.jsonl"));
        let doing = || format!("writing {}; check the disk's free space", path.display());
        let there = fs::metadata(&path).map_or(0, |file| file.len());
        let known: Option<Length> = self.store.get(&[LENGTH, name.as_bytes()].concat())?;
        if let (Some(known), Some(lines)) = (known.filter(|known| known.all <= there), added) {
            let length = Length { whole: known.whole, all: known.all + lines.len() as u64 };
            if length.all <= 2 * length.whole + ROOM {
                let mut file = OpenOptions::new().write(true).open(&path).with_context(doing)?;
                if known.all < there {
                    file.set_len(known.all).with_context(doing)?;
                }
                file.seek(SeekFrom::End(0)).with_context(doing)?;
                file.write_all(&lines).with_context(doing)?;
                return Ok(length);
            }
        }
        whole::replace_with(&path, 0o600, all)?;
        let all = fs::metadata(&path).with_context(doing)?.len();
        Ok(Length { whole: all, all })
    }
}

fn write_line(file: &mut dyn Write, line: &impl Serialize) -> Result<()> {
    serde_json::to_writer(&mut *file, line)?;
    Ok(file.write_all(b"\n")?)
}

/// What tells whether the views of sessions were written since.
pub fn views_version(home: &Path) -> Version {
    Version::of(&[&home.join("state/views/sessions.jsonl"), &home.join("state/views/spent.jsonl")])
}

/// Every transcript of a home as last written, in the order of the ids; none before the first run. Needs no lock.
pub fn session_lines(home: &Path) -> Result<Vec<SessionLine>> {
    let path = home.join("state/views/sessions.jsonl");
    let doing = || format!("reading {}; `tidings run` writes it anew when a session has grown", path.display());
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(doing),
    };
    let mut lines: BTreeMap<String, SessionLine> = BTreeMap::new();
    let mut file = BufReader::new(file);
    let mut line = Vec::new();
    // A line without its end is still being written.
    while file.read_until(b'\n', &mut line).with_context(doing)? > 0 && line.ends_with(b"\n") {
        let one: SessionLine = serde_json::from_slice(&line).with_context(doing)?;
        lines.insert(one.id.0.clone(), one);
        line.clear();
    }
    Ok(lines.into_values().collect())
}
