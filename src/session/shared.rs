//! A session as its owner shares it: lines of JSON, the same for every agent, without secrets.

use serde::{Deserialize, Serialize};

use super::{Facts, SessionId, Spent, Turn};

/// One line of a shared transcript. The first is a header; what follows is only ever added to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SharedLine<T = String> {
    Header(Box<Header<T>>),
    Turn(Turn<T>),
    /// What an answer cost. The same answer may come again with larger figures, as in [`Spent`].
    Spent(Spent<T>),
    /// What became known since the header was written; joined as [`Facts::merge`] says.
    Facts(Box<Facts<T>>),
}

/// Whose transcript a shared file is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header<T = String> {
    /// [`Header::VERSION`]; what a newer program writes may need one to be read.
    pub version: u32,
    /// Counts up whenever the file is written anew instead of added to, so that its first bytes tell one from the other.
    pub edition: u32,
    pub session: SessionId,
    pub subagent: Option<String>,
    pub owner: Option<String>,
    pub host: Option<String>,
    /// Version of the rules by which it was scrubbed.
    pub rules: String,
    /// What was known when the header was written.
    pub facts: Facts<T>,
}

impl Header {
    pub const VERSION: u32 = 1;
}
