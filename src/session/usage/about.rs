//! What a diary says of a session beside its tokens.

use jiff::{SignedDuration, Timestamp};

/// A session with its subagents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionAbout {
    /// `claude-code:1b0c…`
    pub id: String,
    /// Whether it is known by its own transcript, and not only by a subagent's.
    pub is_main: bool,
    /// Its transcript began as a copy of another's.
    pub is_fork: bool,
    pub title: Option<String>,
    /// The last one, as with the branch.
    pub cwd: Option<String>,
    pub branch: Option<String>,
    pub started: Option<Timestamp>,
    pub ended: Option<Timestamp>,
    pub turns: u64,
}

impl SessionAbout {
    /// Takes in another transcript of it. What its own says of title, folder and branch counts before what a subagent's says.
    pub fn join(&mut self, other: SessionAbout) {
        let started = self.started.into_iter().chain(other.started).min();
        let ended = self.ended.into_iter().chain(other.ended).max();
        let turns = self.turns + other.turns;
        if other.is_main && !self.is_main {
            *self = other;
        }
        (self.started, self.ended, self.turns) = (started, ended, turns);
    }

    /// From its first turn to its last.
    pub fn length(&self) -> Option<SignedDuration> {
        Some(self.ended?.duration_since(self.started?))
    }
}
