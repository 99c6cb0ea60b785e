//! A proposal: what a pull request on the lab's skill would change, whole, before anybody is asked.

use serde::{Deserialize, Serialize};

use super::LessonId;

/// One rolling pull request: two files, one commit, one body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The commit's subject and the request's title: one line for people, at most 72 characters.
    pub title: String,
    /// The request's text, Markdown, at most 4 kB.
    pub body: String,
    /// The one file that tidings owns in the skill.
    pub reference: ProposedFile,
    /// The plugin's manifest; nothing but the value of `version` differs.
    pub manifest: ProposedFile,
    /// Every lesson that the request adds, changes or retires, with the hash of what it says: closing the request without a merge
    /// declines just these.
    pub entries: Vec<(LessonId, String)>,
}

/// A file of the skills repository, before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposedFile {
    /// Below the repository's root.
    pub path: String,
    /// None: it does not exist there yet.
    pub before: Option<String>,
    pub after: String,
}

impl ProposedFile {
    pub fn is_changed(&self) -> bool {
        self.before.as_deref() != Some(self.after.as_str())
    }
}
