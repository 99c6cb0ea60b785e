//! Which session is meant, and its turns as JSON.

use std::fmt;

use anyhow::Result;
use serde_json::{Value, json};

use super::super::ask::{Chronicle, Part};
use super::known::{Known, first_letters};
use super::sight::Sight;
use crate::session::Turn;

/// The one session that an id means.
#[derive(Debug)]
pub struct Meant {
    /// `claude-code:1b0c…`
    pub session: String,
    /// Its files, the main one first; the one that the id names alone, where it names one.
    pub parts: Vec<Part>,
    /// The line that the id names.
    pub line: Option<u64>,
}

impl Meant {
    /// Which session is meant by its id, a beginning of it, or the id of a transcript or a hit (`t-7k3m9q2xwd:120`); None where
    /// no session has it.
    ///
    /// # Errors
    /// [`Several`] where several sessions begin so; and when the index can't be read.
    pub fn by(chronicle: &Chronicle, typed: &str, sight: &Sight) -> Result<Option<Meant>> {
        let (name, line) = match typed.rsplit_once(':') {
            Some((name, line)) if name.starts_with("t-") => (name, line.parse().ok()),
            _ => (typed, None),
        };
        let mut parts = chronicle.parts(name)?;
        // What somebody may not see makes nothing ambiguous either: it is not there.
        parts.retain(|part| sight.sees(&part.transcript));
        if parts.is_empty() {
            return Ok(None);
        }
        let session = one_session(&parts, name)?.to_owned();
        parts.retain(|part| part.session == session);
        Ok(Some(Meant { session, parts, line }))
    }
}

/// Sessions that begin alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Several {
    pub typed: String,
    /// The first of them.
    pub sessions: Vec<String>,
    pub total: usize,
}

impl fmt::Display for Several {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} sessions begin with `{}`: {}, …", self.total, self.typed, self.sessions.join(", "))
    }
}

impl std::error::Error for Several {}

/// The one session of these files.
fn one_session<'a>(parts: &'a [Part], typed: &str) -> Result<&'a str, Several> {
    let mut sessions: Vec<&str> = parts.iter().map(|part| part.session.as_str()).collect();
    sessions.dedup();
    let is_typed = |session: &&&str| **session == typed || split(session).1 == typed;
    match &sessions[..] {
        [one] => Ok(one),
        many => many.iter().find(is_typed).copied().ok_or_else(|| Several {
            typed: typed.to_owned(),
            sessions: many.iter().take(5).map(|session| (*session).to_owned()).collect(),
            total: many.len(),
        }),
    }
}

/// `claude-code:1b0c…` in its two parts.
pub fn split(session: &str) -> (&str, &str) {
    session.split_once(':').unwrap_or(("", session))
}

/// A file of a session, and those of its turns that are shown; None: it is only named.
pub type File<'a> = (&'a Part, Option<Vec<Turn>>);

/// The shape of `show --json` of a session: at most this many bytes of turns, in their order; what does not fit is counted, and
/// `next` is the id of the first that did not. Of a first turn that is too long, the beginning is shown.
pub fn files_json(session: &str, files: &[File<'_>], known: &Known, most_bytes: usize) -> Value {
    let (agent, native) = split(session);
    let line = known.session(session);
    let mut answer = json!({
        "version": 1, "session": native, "agent": agent, "title": line.and_then(|line| line.title.as_deref()),
        "prompt": line.and_then(|line| line.prompt.as_deref()).map(first_letters),
        "folder": line.and_then(|line| line.cwd.as_deref()), "branch": line.and_then(|line| line.branch.as_deref()),
        "started": line.and_then(|line| line.started), "ended": line.and_then(|line| line.ended),
        "total": 0, "shown": 0, "capped": false, "next": null, "files": [],
    });
    let file = |(part, turns): &File<'_>| {
        let line = known.transcript(&part.transcript);
        json!({
            "transcript": part.transcript, "file": line.map(|line| line.path.as_str()), "is_subagent": part.is_subagent,
            "subagent": line.and_then(|line| line.subagent.as_deref()), "total": part.turns,
            "turns": turns.as_ref().map(|_| Vec::<Value>::new()),
        })
    };
    let mut parts: Vec<Value> = files.iter().map(file).collect();
    let mut left = most_bytes.saturating_sub(printed_bytes(&answer) + parts.iter().map(printed_bytes).sum::<usize>());
    let (mut total, mut shown, mut next) = (0, 0, Value::Null);
    for (number, (part, turns)) in files.iter().enumerate() {
        for turn in turns.iter().flatten() {
            total += 1;
            if !next.is_null() {
                continue;
            }
            let mut value = turn_json(turn);
            let mut text = turn.text.len();
            while shown == 0 && text > 0 && printed_bytes(&value) > left {
                text = turn.text.floor_char_boundary(text / 2);
                value["text"] = turn.text[..text].into();
                value["text_bytes"] = turn.text.len().into();
            }
            match left.checked_sub(printed_bytes(&value)) {
                Some(rest) => {
                    left = rest;
                    shown += 1;
                    parts[number]["turns"].as_array_mut().expect("it was made as one").push(value);
                }
                None => next = format!("{}:{}", part.transcript, turn.line).into(),
            }
        }
    }
    (answer["total"], answer["shown"]) = (total.into(), shown.into());
    (answer["capped"], answer["next"]) = ((!next.is_null()).into(), next);
    answer["files"] = parts.into();
    answer
}

/// Bytes that a value takes when it is printed inside another, at most.
fn printed_bytes(value: &Value) -> usize {
    /// Deeper than any value here lies.
    const INDENT: usize = 12;
    let printed = serde_json::to_string_pretty(value).unwrap_or_default();
    printed.len() + printed.lines().count() * INDENT + ",\n".len()
}

fn turn_json(turn: &Turn) -> Value {
    json!({
        "line": turn.line, "part": turn.part, "role": turn.role.word(), "tool": turn.tool.as_deref(), "at": turn.at,
        "is_error": turn.is_error, "model": turn.model(), "branch": turn.branch(), "folder": turn.cwd(),
        "subagent": turn.subagent.as_deref(), "text": turn.text,
    })
}
