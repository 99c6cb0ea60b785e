//! Spent is what one answer of a model cost in tokens.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Setting;

/// The tokens of one answer, under the id that the model's service gave it.
///
/// A transcript has a record for each block of an answer, repeats the figures on each, and in some versions writes
/// placeholders before the last; forks and resumed sessions copy all of them. So the same id may come again from anywhere,
/// and [`Spent::join`] keeps the largest of each figure: never the sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent<T = String> {
    /// Unique over all sessions of an agent.
    pub message: Box<str>,
    /// The line where it was first seen.
    pub line: u64,
    /// Model, folder and branch it is counted for.
    pub setting: Arc<Setting<T>>,
    pub at: Option<Timestamp>,
    pub subagent: Option<Arc<str>>,
    /// Tokens that were read without the cache.
    pub input: u64,
    pub output: u64,
    /// Tokens written to the cache for five minutes.
    pub cache_write_5m: u64,
    /// Tokens written to the cache for an hour.
    pub cache_write_1h: u64,
    pub cache_read: u64,
}

impl<T> Spent<T> {
    /// Takes in another record of the same answer.
    pub fn join<U>(&mut self, other: &Spent<U>) {
        self.input = self.input.max(other.input);
        self.output = self.output.max(other.output);
        self.cache_write_5m = self.cache_write_5m.max(other.cache_write_5m);
        self.cache_write_1h = self.cache_write_1h.max(other.cache_write_1h);
        self.cache_read = self.cache_read.max(other.cache_read);
    }
}
