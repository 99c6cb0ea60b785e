//! A turn is one text of a session: who speaks, in what slot, and under what circumstances.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Who speaks and in what slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A person typed it.
    Prompt,
    /// One agent gave it to another: a subagent's first words.
    Task,
    /// The harness put it in: reminders, notices, the output of hooks, files that were mentioned.
    Injected,
    Answer,
    Thinking,
    ToolCall,
    ToolOutput,
    /// What stands for turns that are no longer in the context, or tells a person what happened.
    Summary,
    Title,
    Plan,
    /// What the program itself says: errors, states; and a section of a diary.
    Note,
}

impl Role {
    pub const ALL: [Role; 11] = [
        Role::Prompt,
        Role::Task,
        Role::Injected,
        Role::Answer,
        Role::Thinking,
        Role::ToolCall,
        Role::ToolOutput,
        Role::Summary,
        Role::Title,
        Role::Plan,
        Role::Note,
    ];

    /// As queries and output say it.
    pub fn word(self) -> &'static str {
        match self {
            Role::Prompt => "prompt",
            Role::Task => "task",
            Role::Injected => "injected",
            Role::Answer => "answer",
            Role::Thinking => "thinking",
            Role::ToolCall => "tool-call",
            Role::ToolOutput => "tool-output",
            Role::Summary => "summary",
            Role::Title => "title",
            Role::Plan => "plan",
            Role::Note => "note",
        }
    }
}

/// What many turns in a row have in common. It belongs to the record, not to the session: folders, branches and versions
/// change within one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting<T = String> {
    /// Of an answer the model that gave it; of any other turn the one that spoke last before it, so none before the first.
    pub model: Option<Arc<str>>,
    /// Of the agent's program.
    pub version: Option<Arc<str>>,
    pub branch: Option<T>,
    /// The working folder. The name of the folder of transcripts is never decoded to find it: that is not possible.
    pub cwd: Option<T>,
}

impl<T> Default for Setting<T> {
    fn default() -> Self {
        Setting { model: None, version: None, branch: None, cwd: None }
    }
}

impl<T> Setting<T> {
    pub(super) fn map<U>(&self, change: &mut impl FnMut(T) -> U) -> Setting<U>
    where
        T: Clone,
    {
        Setting {
            model: self.model.clone(),
            version: self.version.clone(),
            branch: self.branch.clone().map(&mut *change),
            cwd: self.cwd.clone().map(&mut *change),
        }
    }
}

/// One text of a session. Line and part together name it within its file.
///
/// Whether a turn was abandoned by a rewind is not written on it: only a later line tells, when the turn may long be
/// kept. [`Facts::abandoned`](super::Facts) names the lines instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn<T = String> {
    /// Of the file, from 1.
    pub line: u64,
    /// From 0: one line may hold several texts.
    pub part: u32,
    pub role: Role,
    /// The tool that was called or that answers.
    pub tool: Option<Arc<str>>,
    /// Decoded, and clean as `guard::text` cleans; never blank. Images and other data are named by media type and
    /// size only.
    pub text: T,
    pub setting: Arc<Setting<T>>,
    /// None where the record has none; never guessed.
    pub at: Option<Timestamp>,
    /// The record's own id; several parts share it.
    pub uuid: Option<Box<str>>,
    pub is_error: bool,
    /// The subagent that speaks: its file below `subagents/`, without ending; or the id that a record in the main file names.
    pub subagent: Option<Arc<str>>,
    /// The file of `tool-results/` that holds the whole text, of which this is the beginning.
    pub apart: Option<Box<str>>,
}

impl<T> Turn<T> {
    pub fn model(&self) -> Option<&str> {
        self.setting.model.as_deref()
    }

    pub fn version(&self) -> Option<&str> {
        self.setting.version.as_deref()
    }

    pub fn branch(&self) -> Option<&T> {
        self.setting.branch.as_ref()
    }

    pub fn cwd(&self) -> Option<&T> {
        self.setting.cwd.as_ref()
    }

    /// The same turn with the whole of its text, read from where it is stored [apart](Turn::apart). It has the same line and
    /// part and takes the place of the turn that has only the beginning.
    pub fn whole(&self, text: T) -> Turn<T>
    where
        T: Clone,
    {
        Turn { text, ..self.clone() }
    }
}
