//! The desk is what every tool may know: whose home it answers from, what time it is, and who asks.

use std::sync::Arc;

use anyhow::Context;
use jiff::Timestamp;

use super::answer::Trouble;
use crate::flow::Clock;
use crate::flow::answers::Shelf;
use crate::home::Home;

/// What a run has written meanwhile is seen by the next question.
#[derive(Clone)]
pub struct Desk {
    pub shelf: Arc<Shelf>,
    pub clock: Clock,
    /// The session of the agent that asks.
    pub own: Option<String>,
}

impl Desk {
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// The home, if there is one.
    ///
    /// # Errors
    /// How to make one.
    pub fn home(&self) -> Result<&Home, Trouble> {
        let home = self.shelf.home();
        if home.folder().is_dir() {
            return Ok(home);
        }
        Err(Trouble(format!(
            "there is no home in {}: `tidings init` makes one and `tidings run` fills it (or name another with --home or \
             TIDINGS_HOME where this server is set up)",
            home.folder().display()
        )))
    }
}

/// Says what to do about an index that can't be opened: while it is made anew, to wait.
pub fn or_wait<T>(result: anyhow::Result<T>) -> Result<T, Trouble> {
    let waits = "the index can't be asked now; if a run or `tidings reindex` is at work, ask again in a minute";
    Ok(result.context(waits)?)
}
