//! What readers that do not hold the store see of sessions: a line for each transcript, and one for each answer's tokens.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::Path;

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::super::store::Changes;
use super::super::{Keep, whole};
use super::{STALE, Transcript, TranscriptId};
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

/// What one answer cost, as state/views/spent.jsonl has it. Forks repeat answers: the same message counts once, with the largest
/// of each figure.
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
    /// Writes state/views/sessions.jsonl and spent.jsonl, if what they show has changed.
    pub fn write_session_views(&mut self) -> Result<()> {
        if !self.store.has(STALE)? {
            return Ok(());
        }
        let views = self.state().join("views");
        whole::replace_with(&views.join("spent.jsonl"), 0o600, |file| {
            for transcript in self.transcripts()? {
                for spent in self.spent_of(&transcript)? {
                    serde_json::to_writer(&mut *file, &SpentLine::of(&transcript.id, spent))?;
                    file.write_all(b"\n")?;
                }
            }
            Ok(())
        })?;
        whole::replace_with(&views.join("sessions.jsonl"), 0o600, |file| {
            for transcript in self.transcripts()? {
                serde_json::to_writer(&mut *file, &SessionLine::of(transcript))?;
                file.write_all(b"\n")?;
            }
            Ok(())
        })?;
        let mut changes = Changes::default();
        changes.remove(STALE);
        self.store.commit(changes)
    }
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
