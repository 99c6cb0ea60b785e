//! Friction: what a person keeps correcting in the own sessions, counted, each with a draft of a line for CLAUDE.md.
//!
//! It is for its owner's eyes. Nothing here can be written down or sent: no type has a form for it, and only the command line's own
//! page names them; a test holds that.

mod denial;
mod trouble;
mod correction;
mod draft;

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

pub use draft::Draft;

use crate::session::command::{asks_leave, command_line, split};
use crate::session::{Role, Turn, hash};
use correction::{Correction, Shape, correction};
use denial::{Denial, denial};
use trouble::trouble;

/// What came up in fewer sessions is no habit.
const SESSIONS: usize = 2;

/// Calls that wait for their output; more at once are of a broken file.
const MOST_WAITING: usize = 64;

/// What sort of friction it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A person did not let it through.
    Denied,
    /// The settings did not.
    RuledOut,
    /// It needed leave: asked for by the agent, or with nobody there to give it.
    Waited,
    Error,
    Correction,
}

/// Something that came up again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rub {
    pub kind: Kind,
    /// A command by its name, a folded line of an error, a correction in the words it was last typed in.
    pub what: String,
    pub times: u64,
    pub sessions: usize,
    /// Days of the owner's zone; 0 where no time is known.
    pub days: usize,
    pub last: Option<Date>,
    pub draft: Draft,
}

/// What was found: most sessions first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Friction {
    pub rubs: Vec<Rub>,
    /// Sessions that were looked at, and turns in them.
    pub sessions: usize,
    pub turns: u64,
    /// Things that came up in one session only, and are not told.
    pub once: usize,
}

/// Friction while it is being counted. Transcripts come one after another, each from its beginning.
pub struct Count {
    zone: TimeZone,
    since: Option<Timestamp>,
    rubs: BTreeMap<Key, Tally>,
    sessions: BTreeSet<u32>,
    turns: u64,
    /// Turns by their record's id: forks and resumed sessions repeat them.
    seen: HashSet<u64>,
    transcript: Transcript,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Call { kind: Kind, what: String, is_command: bool },
    Error(String),
    Correction(Shape),
}

#[derive(Default)]
struct Tally {
    times: u64,
    sessions: BTreeSet<u32>,
    days: BTreeSet<Date>,
    /// The latest correction of this shape.
    latest: Option<(Option<Timestamp>, Correction)>,
    /// Commands that met the error.
    commands: BTreeMap<String, u64>,
}

/// What is known of the transcript that is being read.
#[derive(Default)]
struct Transcript {
    session: u32,
    /// Calls without an output, by tool.
    waiting: VecDeque<(Arc<str>, Vec<What>)>,
    /// An agent has spoken since the last prompt.
    agent_spoke: bool,
}

/// What a call is counted as.
#[derive(Debug, Clone, PartialEq, Eq)]
struct What {
    name: String,
    is_command: bool,
}

impl Count {
    /// Turns of which the time is not known count unless `since` is given.
    pub fn new(zone: TimeZone, since: Option<Timestamp>) -> Count {
        Count {
            zone,
            since,
            rubs: BTreeMap::new(),
            sessions: BTreeSet::new(),
            turns: 0,
            seen: HashSet::new(),
            transcript: Transcript::default(),
        }
    }

    /// The turns that follow are of another transcript.
    pub fn begin(&mut self, session: u32) {
        self.transcript = Transcript { session, ..Transcript::default() };
    }

    /// Counts a turn.
    pub fn take(&mut self, turn: &Turn) {
        let is_within = match self.since {
            Some(since) => turn.at.is_some_and(|at| at >= since),
            None => true,
        };
        let is_new = turn.uuid.as_ref().is_none_or(|uuid| self.seen.insert(hash(&format!("{uuid} {}", turn.part))));
        let counts = is_within && is_new;
        if counts {
            self.turns += 1;
            self.sessions.insert(self.transcript.session);
        }
        match turn.role {
            Role::ToolCall => self.called(turn, counts),
            Role::ToolOutput => self.answered(turn, counts),
            Role::Prompt => {
                let is_after_agent = std::mem::take(&mut self.transcript.agent_spoke);
                self.transcript.waiting.clear();
                if counts && is_after_agent && turn.subagent.is_none() {
                    self.corrected(&turn.text, turn.at);
                }
            }
            Role::Answer | Role::Plan => self.transcript.agent_spoke = true,
            _ => {}
        }
    }

    fn called(&mut self, turn: &Turn, counts: bool) {
        self.transcript.agent_spoke = true;
        let whats = whats(turn);
        if counts && asks_leave(turn) {
            for what in &whats {
                self.add(
                    Key::Call { kind: Kind::Waited, what: what.name.clone(), is_command: what.is_command },
                    turn.at,
                );
            }
        }
        let waiting = &mut self.transcript.waiting;
        waiting.push_back((turn.tool.clone().unwrap_or_default(), whats));
        if waiting.len() > MOST_WAITING {
            waiting.pop_front();
        }
    }

    fn answered(&mut self, turn: &Turn, counts: bool) {
        self.transcript.agent_spoke = true;
        let waiting = &mut self.transcript.waiting;
        // Outputs come in the order of the calls, as far as they are of one tool.
        let place = waiting.iter().position(|(tool, _)| Some(tool) == turn.tool.as_ref());
        let whats = place.and_then(|place| waiting.remove(place)).map(|(_, whats)| whats).unwrap_or_default();
        if !counts {
            return;
        }
        if let Some(denial) = denial(turn) {
            let kind = match denial {
                Denial::Person(_) => Kind::Denied,
                Denial::Rule => Kind::RuledOut,
                Denial::Unanswered => Kind::Waited,
            };
            for what in whats {
                self.add(Key::Call { kind, what: what.name, is_command: what.is_command }, turn.at);
            }
            if let Denial::Person(Some(said)) = denial {
                self.corrected(&said, turn.at);
            }
        } else if let Some(error) = trouble(turn) {
            let tally = self.add(Key::Error(error), turn.at);
            for what in whats.into_iter().filter(|what| what.is_command) {
                *tally.commands.entry(what.name).or_default() += 1;
            }
        }
    }

    fn corrected(&mut self, said: &str, at: Option<Timestamp>) {
        let Some(correction) = correction(said) else { return };
        let tally = self.add(Key::Correction(correction.shape.clone()), at);
        if tally.latest.as_ref().is_none_or(|(known, _)| *known <= at) {
            tally.latest = Some((at, correction));
        }
    }

    fn add(&mut self, key: Key, at: Option<Timestamp>) -> &mut Tally {
        let tally = self.rubs.entry(key).or_default();
        tally.times += 1;
        tally.sessions.insert(self.transcript.session);
        tally.days.extend(at.map(|at| self.zone.to_datetime(at).date()));
        tally
    }

    /// What came up in two sessions or more.
    pub fn finish(self) -> Friction {
        let (named, once): (Vec<_>, Vec<_>) =
            self.rubs.into_iter().partition(|(_, tally)| tally.sessions.len() >= SESSIONS);
        let mut rubs: Vec<Rub> = named.into_iter().map(|(key, tally)| rub(key, tally)).collect();
        rubs.sort_by(|a, b| {
            let weight = |rub: &Rub| (std::cmp::Reverse((rub.sessions, rub.times)), rub.kind);
            weight(a).cmp(&weight(b)).then_with(|| a.what.cmp(&b.what))
        });
        Friction { rubs, sessions: self.sessions.len(), turns: self.turns, once: once.len() }
    }
}

fn rub(key: Key, tally: Tally) -> Rub {
    let (kind, what, draft) = match key {
        Key::Call { kind, what, is_command } => {
            let draft = match kind {
                Kind::RuledOut => draft::of_ruled_out(&what, is_command),
                Kind::Waited => draft::of_unanswered(&what, is_command),
                _ => draft::of_denied(&what, is_command),
            };
            (kind, what, draft)
        }
        Key::Error(error) => {
            let command = tally.commands.iter().max_by_key(|(name, times)| (**times, std::cmp::Reverse(name.as_str())));
            let draft = draft::of_error(&error, command.map(|(name, _)| name.as_str()));
            (Kind::Error, error, draft)
        }
        Key::Correction(shape) => {
            let words = tally.latest.map(|(_, correction)| correction.words).unwrap_or_default();
            let correction = Correction { shape, words };
            let draft = draft::of_correction(&correction);
            (Kind::Correction, correction.words, draft)
        }
    };
    let Tally { times, sessions, days, .. } = tally;
    Rub { kind, what, times, sessions: sessions.len(), days: days.len(), last: days.last().copied(), draft }
}

/// Commands that stand beside another and are not what a person minds.
const BESIDE: [&str; 12] = ["cd", "echo", "ls", "pwd", "true", "head", "tail", "cat", "grep", "wc", "sleep", "sort"];

/// What a call is counted as: of a command line each command once, without those that only stand beside it.
fn whats(turn: &Turn) -> Vec<What> {
    if let Some(line) = command_line(turn) {
        let commands = split(&line).commands;
        let mut names: Vec<String> = commands.iter().filter_map(|command| command.name()).collect();
        names.sort();
        names.dedup();
        let is_beside = |name: &String| BESIDE.contains(&name.as_str());
        if !names.iter().all(is_beside) {
            names.retain(|name| !is_beside(name));
        }
        return names.into_iter().map(|name| What { name, is_command: true }).collect();
    }
    let tool = turn.tool.as_deref().unwrap_or("a tool");
    let file = || {
        let path = turn.text.lines().find_map(|line| {
            ["file_path: ", "notebook_path: ", "path: "].iter().find_map(|field| line.strip_prefix(field))
        })?;
        path.trim_end_matches('/').rsplit('/').next().map(str::to_owned)
    };
    let name = match tool {
        // A question that is waved away is no friction.
        "AskUserQuestion" => return Vec::new(),
        "ExitPlanMode" => "a plan".to_owned(),
        "Edit" | "MultiEdit" | "Write" | "NotebookEdit" | "Read" => match file() {
            Some(file) => format!("{tool} of {file}"),
            None => tool.to_owned(),
        },
        _ => tool.to_owned(),
    };
    vec![What { name, is_command: false }]
}
