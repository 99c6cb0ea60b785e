//! What a daemon needs from outside, and whom it tells what it does.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;
use tokio::time::Instant;

use super::{Due, TakenIn};
use crate::flow::{Clock, Doors, Report, Setup, Watcher};

/// What a daemon needs from outside.
pub struct Means<'m> {
    /// Reads the home's two files.
    pub setup: &'m (dyn Fn() -> Result<Setup> + Send + Sync),
    /// Opens the doors, secrets read anew.
    pub doors: &'m (dyn Fn(&Setup, Timestamp) -> Result<Doors> + Send + Sync),
    pub clock: Clock,
    pub onlooker: &'m dyn Onlooker,
}

/// Whom the daemon tells what it does: a terminal, a journal, systemd.
pub trait Onlooker: Watcher {
    fn happens(&self, happening: Happening<'_>);

    /// Until then the daemon lives, even if nothing more is heard of it.
    fn lives_until(&self, _until: Instant) {}
}

/// What happens in a daemon's life.
#[derive(Debug)]
pub enum Happening<'h> {
    /// The home was looked at, and work begins.
    Ready,
    /// A pass begins.
    Begins(Due),
    Passed(&'h Report, &'h Setup),
    /// Sessions that grew are taken in, without asking any source.
    TookIn(&'h TakenIn),
    /// Nothing is due before this time.
    Rests {
        until: Timestamp,
        due: Due,
        setup: &'h Setup,
    },
    /// Another process holds the home. Told once.
    Busy(&'h anyhow::Error),
    /// Something failed and is tried again after so long.
    Failed {
        error: &'h anyhow::Error,
        again: Duration,
    },
    /// One of the two files is wrong now; what it said before goes on. Told once.
    Mistaken(&'h anyhow::Error),
    /// The two files are read anew.
    Read,
    /// A folder of sessions tells of no change, and is looked at each minute. Told once.
    Blind {
        folder: &'h Path,
        why: &'h str,
    },
    Stopping,
}
