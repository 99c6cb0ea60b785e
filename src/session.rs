//! A session is one conversation with a coding agent as it was written down: its turns, what they cost, what is known of it.
//!
//! Everything that a person or a tool may have written is of the type `T`: a `String` when it was just read, and whatever
//! a later act makes of it with [`Passage::map`], the one way from one to the other.

mod turn;
mod spent;
mod facts;
mod passage;
mod memory;
mod names;
mod project;
pub mod sign;
pub mod activity;
pub mod usage;
mod shared;
pub mod command;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use facts::{Errand, Facts, Lines, Summary};
pub use memory::{Copies, Memory, Seen, hash};
pub use passage::{Counts, Damage, Passage, Trouble};
pub use project::project_of;
pub use shared::{Header, SharedLine};
pub use spent::Spent;
pub use turn::{Role, Setting, Turn};

/// Whose transcripts they are; each is a format of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agent {
    ClaudeCode,
    Codex,
    /// Notes in Markdown that an agent or a person keeps beside the work: SCRATCH.md and its kin.
    Diary,
}

impl Agent {
    pub const ALL: [Agent; 3] = [Agent::ClaudeCode, Agent::Codex, Agent::Diary];

    /// As sources.toml and output say it.
    pub fn word(self) -> &'static str {
        match self {
            Agent::ClaudeCode => "claude-code",
            Agent::Codex => "codex",
            Agent::Diary => "diary",
        }
    }
}

/// How a file tells a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// As its agent wrote it down.
    Of(Agent),
    /// As somebody [shared](SharedLine) it, whatever the agent.
    Shared,
}

impl Format {
    pub const ALL: [Format; 4] =
        [Format::Of(Agent::ClaudeCode), Format::Of(Agent::Codex), Format::Of(Agent::Diary), Format::Shared];

    /// As sources.toml says it.
    pub fn word(self) -> &'static str {
        match self {
            Format::Of(agent) => agent.word(),
            Format::Shared => "shared",
        }
    }
}

impl From<Agent> for Format {
    fn from(agent: Agent) -> Format {
        Format::Of(agent)
    }
}

/// The agent and the id that its own tool gave: what `claude --resume` takes. A diary's is its path below its root.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SessionId {
    pub agent: Agent,
    pub native: String,
}

impl fmt::Display for SessionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.agent.word(), self.native)
    }
}
