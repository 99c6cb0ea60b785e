//! Heartbeat: where no run has gone well for more than a day, or every source fails, it is told once, and once when it is over.

use std::time::Duration;

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};

use crate::keep::{Heartbeat, Keep, Runs};
use crate::source::Health;
use crate::tell::notice;

use super::Setup;
use super::letters::tell_operators;
use super::report::{SourceReport, Status};

/// A daily run that starts two hours late is no silence.
pub const LONGEST_SILENCE: SignedDuration = SignedDuration::from_hours(26);

/// How this run stands to those before it.
pub(super) struct Beat {
    was: Heartbeat,
    /// Since when no run is known to have gone well.
    since: Timestamp,
    sources: usize,
    asked: usize,
    answered: usize,
    is_late: bool,
    all_fail: bool,
}

impl Beat {
    /// Looks at what was gathered. Queues the one message if people should know that nothing arrives; then it returns true,
    /// and what waits is sent at once: nobody knows how far this run will come.
    pub(super) fn feel(
        keep: &mut Keep,
        setup: &Setup,
        gathered: &[SourceReport],
        now: Timestamp,
    ) -> Result<(Beat, bool)> {
        let was = keep.heartbeat()?;
        let since = was.good.map_or_else(|| keep.first_run(), Ok)?;
        let mut watched = Vec::new();
        for source in &setup.sources {
            watched.extend(keep.watched(&source.name)?);
        }
        let asked = gathered.iter().filter(|source| source.status != Status::NotDue).count();
        let answered =
            gathered.iter().filter(|source| matches!(source.status, Status::Ok | Status::NotModified)).count();
        let fails = |health: Health| matches!(health, Health::Failing | Health::Parked);
        let beat = Beat {
            since,
            sources: setup.sources.len(),
            asked,
            answered,
            is_late: now.duration_since(since) > LONGEST_SILENCE,
            all_fail: watched.len() > 1 && watched.iter().all(|watched| fails(watched.health)),
            was,
        };
        // A home whose sources are all weekly is late without being in trouble; of one source its own notice says enough.
        let is_lab = setup.sources.len() > 1;
        let in_trouble = is_lab && answered == 0 && (asked > 0 || watched.iter().any(|watched| watched.failures > 0));
        let was_cut = beat.was.begun.is_some();
        // Who runs it by hand now and then knows when it last ran. A new home has no habit yet.
        let is_daily = beat.was.is_daily || beat.was.good.is_none();
        let is_news = !beat.was.silent && (beat.all_fail || (beat.is_late && is_daily && (in_trouble || was_cut)));
        if is_news {
            let faults: Vec<(&str, &str)> = gathered
                .iter()
                .filter_map(|source| Some((source.name.as_str(), source.fault.as_ref()?.message.as_str())))
                .collect();
            let why = match (beat.all_fail || answered == 0, was_cut) {
                (true, _) => notice::Silence::NoAnswer(&faults),
                (false, _) => notice::Silence::Cut,
            };
            let rendered = notice::silent(&why, beat.sources, since, &setup.config.schedule.zone);
            tell_operators(keep, setup, &format!("silent-{}", since.as_second()), &rendered, now)?;
        }
        // The first of the runs that did not end says since when.
        let begun = beat.was.begun.or(Some(now));
        let mut runs = beat.was.runs.clone();
        runs.unfinished += u64::from(was_cut);
        keep.keep_heartbeat(&Heartbeat { begun, silent: beat.was.silent || is_news, runs, ..beat.was.clone() })?;
        Ok((beat, is_news))
    }

    fn is_good(&self) -> bool {
        // A home of sessions alone has nobody to ask.
        (self.answered > 0 || self.sources == 0) && !self.all_fail
    }

    /// Before the run's letters leave: that it is over, if it is.
    pub(super) fn over(&self, keep: &mut Keep, setup: &Setup, now: Timestamp) -> Result<()> {
        // A machine that was off could not say so; that alerts came late is worth a word.
        let was_silent = self.was.silent || (self.is_late && self.was.is_daily);
        if self.sources == 0 || !self.is_good() || !was_silent {
            return Ok(());
        }
        let rendered = notice::awake(self.answered, self.sources, self.since, &setup.config.schedule.zone);
        let name = format!("awake-{}", self.since.as_second());
        tell_operators(keep, setup, &name, &rendered, now).map(|_| ())
    }

    /// The run of this id has ended, after so long.
    pub(super) fn end(&self, keep: &mut Keep, run: &str, took: Duration, now: Timestamp) -> Result<()> {
        let was = keep.heartbeat()?;
        let ended = match self.is_good() {
            true => {
                let is_daily = self.was.good.is_some_and(|good| now.duration_since(good) <= LONGEST_SILENCE);
                Heartbeat { good: Some(now), silent: false, is_daily, ..was }
            }
            false => was,
        };
        let runs = self.counted(ended.runs.clone());
        let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        keep.keep_heartbeat(&Heartbeat { begun: None, run: Some(run.to_owned()), milliseconds, runs, ..ended })
    }

    fn counted(&self, mut runs: Runs) -> Runs {
        let count = match (self.is_good(), self.asked) {
            (true, _) => &mut runs.good,
            (false, 0) => &mut runs.idle,
            (false, _) => &mut runs.unanswered,
        };
        *count += 1;
        runs
    }
}
