//! What a file among transcripts is, told by its path alone.
//!
//! Layouts: Claude Code as documented for 2.1 and as seen from 1.0 to 2.1.220 (subagents beside the session until 2.1.2, below
//! `subagents/` since then, below `subagents/workflows/` since 2.1.154); Codex as in codex-rs/rollout.

use std::path::Path;

use crate::session::{Agent, Format};

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// The session itself.
    Main,
    /// What a subagent said and did.
    Subagent,
    /// The record of a workflow, which starts subagents and has their results.
    Journal,
    /// What a subagent was sent for: [`errand`](super::errand) reads it.
    Errand,
    /// The whole output of a tool, named by a turn of the session: [`apart`](super::apart) reads it.
    Apart(String),
    /// What was shared and is taken back: [`withdrawn`](super::withdrawn) reads it.
    Withdrawn,
}

/// Where a file belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The id of the session; None for a subagent's file of before 2.1.2, whose records alone name it.
    pub session: Option<String>,
    /// The path below `subagents/` without ending. Pieces of one subagent lie under several projects if it changed worktrees,
    /// with the same path below the session's folder.
    pub subagent: Option<String>,
    pub kind: Kind,
}

/// What the file at this path, relative to the root of the transcripts, is; None if it is no transcript.
pub fn place(format: impl Into<Format>, path: &Path) -> Option<Place> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.components() {
        parts.push(part.as_os_str().to_str()?);
    }
    match format.into() {
        Format::Of(Agent::ClaudeCode) => claude_code(&parts),
        Format::Of(Agent::Codex) => codex(parts.last()?),
        Format::Of(Agent::Diary) => diary(&parts),
        Format::Shared => shared(parts.last()?),
    }
}

fn claude_code(parts: &[&str]) -> Option<Place> {
    // A source may name the folder of projects or the one above it.
    let parts = parts.strip_prefix(&["projects"]).unwrap_or(parts);
    let (file, folders) = parts.split_last()?;
    let below = |folder: &str| {
        let at = folders.iter().position(|name| *name == folder)?;
        let session = folders[..at].last()?;
        Some((session.to_string(), &folders[at + 1..]))
    };
    if let Some((session, folders)) = below("subagents") {
        let (stem, kind) = if let Some(stem) = file.strip_suffix(".meta.json") {
            (stem, Kind::Errand)
        } else {
            (file.strip_suffix(".jsonl")?, if *file == "journal.jsonl" { Kind::Journal } else { Kind::Subagent })
        };
        let subagent = folders.iter().copied().chain([stem]).collect::<Vec<_>>().join("/");
        return Some(Place { session: Some(session), subagent: Some(subagent), kind });
    }
    if let Some((session, [])) = below("tool-results") {
        let is_text = [".txt", ".json", ".md"].iter().any(|ending| file.ends_with(ending));
        return is_text.then(|| Place { session: Some(session), subagent: None, kind: Kind::Apart(file.to_string()) });
    }
    let stem = file.strip_suffix(".jsonl")?;
    // The list of all prompts, above the projects.
    if folders.len() > 1 || stem.is_empty() || (folders.is_empty() && stem == "history") {
        return None;
    }
    match stem.starts_with("agent-") {
        true => Some(Place { session: None, subagent: Some(stem.to_owned()), kind: Kind::Subagent }),
        false => Some(Place { session: Some(stem.to_owned()), subagent: None, kind: Kind::Main }),
    }
}

/// `rollout-2026-08-03T10-48-56-<uuid>.jsonl`, also compressed; the folders are the date.
fn codex(file: &str) -> Option<Place> {
    let stem = file.strip_suffix(".zst").unwrap_or(file).strip_suffix(".jsonl")?.strip_prefix("rollout-")?;
    let session = stem.get(stem.len().checked_sub(36)?..)?;
    let is_uuid = session.bytes().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    });
    is_uuid.then(|| Place { session: Some(session.to_owned()), subagent: None, kind: Kind::Main })
}

fn diary(parts: &[&str]) -> Option<Place> {
    let file = parts.last()?;
    let is_known = ["SCRATCH.md", "CONTINUATION.md", "REPO_MAP.md", "ENV.md"].contains(file);
    is_known.then(|| Place { session: Some(parts.join("/")), subagent: None, kind: Kind::Main })
}

/// `t-7k3m9q2xwd.jsonl`, whose first line says whose it is, or `withdrawn`; the folders are owner and session.
fn shared(file: &str) -> Option<Place> {
    let kind = match file {
        super::WITHDRAWN => Kind::Withdrawn,
        _ if file.strip_suffix(".jsonl")?.starts_with("t-") => Kind::Main,
        _ => return None,
    };
    Some(Place { session: None, subagent: None, kind })
}
