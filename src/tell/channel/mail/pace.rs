//! Pace: no more letters a minute than a mail server wants from one sender.

use std::time::Duration;

use tokio::time::Instant;

/// When the next letter may leave.
pub(super) struct Pace {
    gap: Duration,
    next: Option<Instant>,
}

impl Pace {
    /// So many letters a minute, evenly; None: any number.
    pub(super) fn of(per_minute: Option<u32>) -> Pace {
        let gap = per_minute.map_or(Duration::ZERO, |number| Duration::from_secs(60) / number.max(1));
        Pace { gap, next: None }
    }

    /// The time at which one more letter may leave, if it is asked for now. What is given is taken.
    pub(super) fn slot(&mut self, now: Instant) -> Instant {
        let slot = self.next.map_or(now, |next| next.max(now));
        self.next = Some(slot + self.gap);
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn letters_leave_evenly_and_a_pause_is_not_made_up_for() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut pace = Pace::of(Some(30));
        assert_eq!([pace.slot(start), pace.slot(start), pace.slot(start)], [at(0), at(2), at(4)]);
        assert_eq!([pace.slot(at(100)), pace.slot(at(100))], [at(100), at(102)]);
        let mut unbound = Pace::of(None);
        assert_eq!([unbound.slot(start), unbound.slot(start)], [start, start]);
    }
}
