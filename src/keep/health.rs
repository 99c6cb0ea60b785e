//! How each source fares, from what is remembered of it; a change is noted once.

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};

use super::Keep;
use super::watched::Watched;
use crate::item::FaultKind;
use crate::source::Health;

/// Faults in a row that make a source failing: two may be a server that is being restarted.
const FAILURES: u32 = 3;

/// Faults for longer than this make a source failing, however rarely it is asked.
const FAILS_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Dates that are remembered of a source: its last twenty gaps.
const MOST_DATES: usize = 21;

/// Fewer gaps are no rhythm.
const LEAST_GAPS: usize = 3;

/// A source is quiet after so many of its usual gaps, and not before a week.
const QUIET_GAPS: i32 = 3;
const QUIET_LEAST: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Watched {
    /// When its newest item is dated.
    pub fn newest(&self) -> Option<Timestamp> {
        self.dates.first().copied()
    }

    /// The median of the gaps between its last items, twenty at most; None below three gaps. Items of one time are one.
    pub fn rhythm(&self) -> Option<SignedDuration> {
        let mut gaps: Vec<SignedDuration> = self.dates.windows(2).map(|pair| pair[0].duration_since(pair[1])).collect();
        gaps.sort();
        (gaps.len() >= LEAST_GAPS).then(|| gaps[gaps.len() / 2])
    }

    pub(super) fn add_dates(&mut self, dates: impl IntoIterator<Item = Timestamp>) {
        self.dates.extend(dates);
        self.dates.sort_by(|one, other| other.cmp(one));
        self.dates.dedup();
        self.dates.truncate(MOST_DATES);
    }

    /// How it fares at this time.
    pub fn health_at(&self, now: Timestamp) -> Health {
        let is_gone = self.fault.as_ref().is_some_and(|fault| fault.kind == FaultKind::Gone);
        if self.failures > 0 && is_gone {
            return Health::Parked;
        }
        let fails_long =
            self.failing_since.is_some_and(|since| self.failures > 0 && now.duration_since(since) > FAILS_FOR);
        if self.failures >= FAILURES || fails_long {
            return Health::Failing;
        }
        let is_quiet = || {
            let patience = self.rhythm()?.saturating_mul(QUIET_GAPS).max(QUIET_LEAST);
            Some(now.duration_since(self.newest()?) > patience)
        };
        if is_quiet() == Some(true) { Health::Quiet } else { Health::Ok }
    }

    /// When what made its present health began: the same however often it is asked for.
    pub fn cause_at(&self) -> Option<Timestamp> {
        match self.health {
            Health::Failing | Health::Parked => self.failing_since,
            Health::Quiet => self.newest(),
            Health::Ok => self.recovered.max(self.newest()),
        }
    }
}

impl Keep {
    /// How a source fares now, if that is something else than what was noted last and people should hear of it. A source
    /// that is quiet when it is first read is only noted.
    pub fn turned(&self, source: &str, now: Timestamp) -> Result<Option<Watched>> {
        let Some(watched) = self.watched(source)? else { return Ok(None) };
        let health = watched.health_at(now);
        let is_first = watched.health_since.is_none();
        let is_news = match health {
            Health::Ok | Health::Quiet => !is_first && health != watched.health,
            Health::Failing | Health::Parked => health != watched.health,
        };
        let is_noted = !is_first && health == watched.health;
        let turned = Watched { health, health_since: Some(now), ..watched };
        if !is_noted && !is_news {
            self.note_health(source, &turned)?;
        }
        Ok(is_news.then_some(turned))
    }

    /// Notes how a source fares, after people were told.
    pub fn note_health(&self, source: &str, turned: &Watched) -> Result<()> {
        self.put_watched(source, turned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::Fault;

    fn at(days: i64) -> Timestamp {
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a time");
        start + SignedDuration::from_hours(24 * days)
    }

    fn watched(days: &[i64]) -> Watched {
        let mut watched = Watched::default();
        watched.add_dates(days.iter().map(|day| at(*day)));
        watched
    }

    #[test]
    fn a_rhythm_is_the_median_of_the_last_gaps() {
        assert_eq!(watched(&[]).rhythm(), None);
        assert_eq!(watched(&[1, 2, 3, 3, 3]).rhythm(), None, "two gaps are no rhythm");
        let days = |days: &[i64]| watched(days).rhythm().map(|gap| gap.as_hours() / 24);
        assert_eq!(days(&[1, 2, 3, 33]), Some(1));
        assert_eq!(days(&[40, 1, 33, 11]), Some(10));
        let many: Vec<i64> = (0..100).map(|number| if number < 60 { number } else { 60 + (number - 60) * 5 }).collect();
        assert_eq!((days(&many), watched(&many).dates.len()), (Some(5), MOST_DATES), "what is old is forgotten");
    }

    #[test]
    fn a_source_is_quiet_after_three_of_its_gaps_and_a_week_at_least() {
        for (days, last_ok) in [(&[0, 1, 2, 3][..], 10), (&[0, 5, 10, 15], 30)] {
            let watched = watched(days);
            assert_eq!(watched.health_at(at(last_ok)), Health::Ok, "{days:?}");
            assert_eq!(watched.health_at(at(last_ok + 1)), Health::Quiet, "{days:?}");
        }
        assert_eq!(watched(&[0, 1]).health_at(at(900)), Health::Ok, "no rhythm is known");
    }

    #[test]
    fn three_faults_or_a_day_of_them_are_failing_and_410_is_parked() {
        let failing = |failures, kind| Watched {
            failures,
            failing_since: Some(at(0)),
            fault: Some(Fault::new(kind, "no")),
            ..Watched::default()
        };
        for (failures, day, kind, health) in [
            (0, 9, FaultKind::Damaged, Health::Ok),
            (1, 1, FaultKind::Status, Health::Ok),
            (2, 1, FaultKind::Status, Health::Ok),
            (3, 0, FaultKind::Status, Health::Failing),
            (1, 2, FaultKind::Status, Health::Failing),
            (1, 0, FaultKind::Gone, Health::Parked),
        ] {
            assert_eq!(failing(failures, kind).health_at(at(day)), health, "{failures} {day} {kind:?}");
        }
    }
}
