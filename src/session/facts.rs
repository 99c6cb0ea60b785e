//! Facts are what is known of a session beside its turns.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Lines of a file, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Lines {
    pub first: u64,
    pub last: u64,
}

/// A summary that names the record at the end of what it sums up. That record is often in another session's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary<T = String> {
    pub leaf: Box<str>,
    pub text: T,
}

/// What a subagent was sent for, as the file beside its transcript says; each part may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Errand<T = String> {
    /// `general-purpose`, or the name of a definition.
    pub kind: Option<Box<str>>,
    pub description: Option<T>,
    pub name: Option<T>,
    pub model: Option<Box<str>>,
    /// The tool call in the parent's transcript that sent it.
    pub call: Option<Box<str>>,
}

/// What is known of a session, or of what one file of it tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts<T = String> {
    /// The id that the records name. In a subagent's file it is the parent's.
    pub session: Option<Box<str>>,
    /// The session that it was forked from or that called it.
    pub parent: Option<Box<str>>,
    /// A person gave it; the last one counts, as with the next.
    pub custom_title: Option<T>,
    /// The program gave it.
    pub given_title: Option<T>,
    pub summaries: Vec<Summary<T>>,
    /// What a person typed first, without bare commands such as `/clear`; at most [`Facts::PROMPT_BYTES`].
    pub prompt: Option<T>,
    /// The last one: where `--resume` finds the session.
    pub cwd: Option<T>,
    /// The last one.
    pub branch: Option<T>,
    /// Smallest and largest time of a turn: records do not always stand in the order of time.
    pub started: Option<Timestamp>,
    pub ended: Option<Timestamp>,
    pub pull_requests: BTreeSet<String>,
    pub errand: Option<Errand<T>>,
    /// Lines that a rewind left behind, in order and without overlap.
    pub abandoned: Vec<Lines>,
}

impl<T> Default for Facts<T> {
    fn default() -> Self {
        Facts {
            session: None,
            parent: None,
            custom_title: None,
            given_title: None,
            summaries: Vec::new(),
            prompt: None,
            cwd: None,
            branch: None,
            started: None,
            ended: None,
            pull_requests: BTreeSet::new(),
            errand: None,
            abandoned: Vec::new(),
        }
    }
}

impl<T> Facts<T> {
    /// Of the first prompt: enough to know it again in a list, and no second copy of what somebody pasted.
    pub const PROMPT_BYTES: usize = 2000;

    /// The best title there is: what a person gave, what the program gave, a summary, the first prompt.
    pub fn title(&self) -> Option<&T> {
        let summary = self.summaries.last().map(|summary| &summary.text);
        self.custom_title.as_ref().or(self.given_title.as_ref()).or(summary).or(self.prompt.as_ref())
    }

    pub fn is_abandoned(&self, line: u64) -> bool {
        self.abandoned.iter().any(|lines| (lines.first..=lines.last).contains(&line))
    }

    /// A rewind left these lines behind.
    pub fn abandon(&mut self, lines: Lines) {
        self.abandoned.push(lines);
        self.abandoned.sort_unstable();
        self.abandoned.dedup_by(|next, before| {
            let touches = next.first <= before.last + 1;
            if touches {
                before.last = before.last.max(next.last);
            }
            touches
        });
    }

    /// A turn happened at this time.
    pub fn happened(&mut self, at: Option<Timestamp>) {
        self.started = self.started.into_iter().chain(at).min();
        self.ended = self.ended.into_iter().chain(at).max();
    }

    /// Takes in what later lines of the same file tell.
    pub fn merge(&mut self, later: Facts<T>) {
        self.session = self.session.take().or(later.session);
        self.parent = self.parent.take().or(later.parent);
        self.custom_title = later.custom_title.or(self.custom_title.take());
        self.given_title = later.given_title.or(self.given_title.take());
        self.summaries.extend(later.summaries);
        self.prompt = self.prompt.take().or(later.prompt);
        self.cwd = later.cwd.or(self.cwd.take());
        self.branch = later.branch.or(self.branch.take());
        self.happened(later.started);
        self.happened(later.ended);
        self.pull_requests.extend(later.pull_requests);
        self.errand = later.errand.or(self.errand.take());
        for lines in later.abandoned {
            self.abandon(lines);
        }
    }

    pub(super) fn map<U>(self, change: &mut impl FnMut(T) -> U) -> Facts<U> {
        Facts {
            session: self.session,
            parent: self.parent,
            custom_title: self.custom_title.map(&mut *change),
            given_title: self.given_title.map(&mut *change),
            summaries: self
                .summaries
                .into_iter()
                .map(|summary| Summary { leaf: summary.leaf, text: change(summary.text) })
                .collect(),
            prompt: self.prompt.map(&mut *change),
            cwd: self.cwd.map(&mut *change),
            branch: self.branch.map(&mut *change),
            started: self.started,
            ended: self.ended,
            pull_requests: self.pull_requests,
            errand: self.errand.map(|errand| Errand {
                kind: errand.kind,
                description: errand.description.map(&mut *change),
                name: errand.name.map(&mut *change),
                model: errand.model,
                call: errand.call,
            }),
            abandoned: self.abandoned,
        }
    }
}
