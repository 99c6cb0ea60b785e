//! Pace: how soon a daemon may try something again, however due it is.

use std::time::Duration;

use tokio::time::Instant;

/// After a pass that failed; doubled with each further one up to an hour.
const AFTER_FAILURE: Duration = Duration::from_secs(60);
const MOST_AFTER_FAILURE: Duration = Duration::from_secs(3600);

/// When something may be tried again, however due it is.
pub(super) struct Pace {
    pub not_before: Instant,
    failures: u32,
}

impl Pace {
    pub fn new() -> Pace {
        Pace { not_before: Instant::now(), failures: 0 }
    }

    pub fn went_well(&mut self, rest: Duration) {
        *self = Pace { not_before: Instant::now() + rest, failures: 0 };
    }

    /// Returns how long it waits now.
    pub fn went_wrong(&mut self) -> Duration {
        let wait = AFTER_FAILURE.saturating_mul(1 << self.failures.min(10)).min(MOST_AFTER_FAILURE);
        *self = Pace { not_before: Instant::now() + wait, failures: self.failures + 1 };
        wait
    }

    pub fn waits(&mut self, wait: Duration) {
        self.not_before = Instant::now() + wait;
    }
}
