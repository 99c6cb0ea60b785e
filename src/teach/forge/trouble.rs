//! What stops a visit to the forge, and what a person can do about it.

use jiff::Timestamp;
use thiserror::Error;

/// Why a visit ended early. Nothing is lost: the next one finds what stands there and goes on. No text here holds the token.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Trouble {
    /// The forge asks us to stay away.
    #[error("{why}; not before {until}")]
    Wait { until: Timestamp, why: String },
    /// A person has to mend it: a right that is missing, a name that is gone.
    #[error("{0}")]
    Refused(String),
    /// Something changed while we looked; the next visit looks anew.
    #[error("{0}")]
    Moved(String),
    /// The network or the server; the next visit tries again.
    #[error("{0}")]
    Later(String),
    /// The proposal would do what is never done. Nothing was written.
    #[error("{0}")]
    Unfit(String),
    /// What we remember could not be kept, so nothing further was done.
    #[error("{0}")]
    NotKept(String),
}

impl Trouble {
    /// Before when nothing should be tried.
    pub fn not_before(&self) -> Option<Timestamp> {
        match self {
            Trouble::Wait { until, .. } => Some(*until),
            _ => None,
        }
    }
}
