//! What is watched, and how it went: each source with its mark, its last good answer and its faults.

use std::collections::BTreeMap;

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Keep;
use super::store::Changes;
use crate::item::{Fault, FaultKind};
use crate::page::Mark;
use crate::source::{Health, PROBE, Source};

const WATCHED: &[u8] = b"watched/";

/// One source, as it was last asked.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Watched {
    /// Of the last good reading; a fault leaves it.
    pub mark: Mark,
    /// The last time it was its turn: it was asked, or would have been if its host had not asked us to wait.
    pub asked: Option<Timestamp>,
    /// The first time.
    #[serde(default)]
    pub first_asked: Option<Timestamp>,
    /// When it is its turn again; a run a few minutes earlier may ask it too.
    #[serde(default)]
    pub next_try: Option<Timestamp>,
    /// The last good answer, a 304 included.
    pub answered: Option<Timestamp>,
    /// Faults in a row since then.
    pub failures: u32,
    /// The first of them.
    #[serde(default)]
    pub failing_since: Option<Timestamp>,
    /// The good answer that ended its last faults in a row; None if it never failed, or fails now.
    #[serde(default)]
    pub recovered: Option<Timestamp>,
    /// What was wrong the last time; a minor one stands beside a good answer.
    pub fault: Option<Fault>,
    /// Items it ever gave.
    pub entries: u64,
    /// It has given entries: what it gives from now on is news, no longer a baseline.
    pub had_entries: bool,
    /// When its last items are dated, or were seen where they have no date; newest first.
    #[serde(default)]
    pub dates: Vec<Timestamp>,
    /// How it fares, as people were last told.
    #[serde(default)]
    pub health: Health,
    /// When they were told; None: it was not looked at yet.
    #[serde(default)]
    pub health_since: Option<Timestamp>,
    /// What became of its turns since the home began.
    #[serde(default, skip_serializing_if = "Turns::is_empty")]
    pub turns: Turns,
}

/// How often a source had its turn, by what came of it. Only ever grows, but for a store that is made anew from an older export.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turns {
    /// It gave what it has, perhaps with a minor fault.
    pub ok: u64,
    /// It said that nothing has changed.
    pub not_modified: u64,
    /// It gave nothing. A host that had asked us to wait, and so was not asked, counts as waiting.
    pub faults: BTreeMap<FaultKind, u64>,
}

impl Turns {
    pub fn is_empty(&self) -> bool {
        *self == Turns::default()
    }

    fn count_fault(&mut self, kind: FaultKind) {
        *self.faults.entry(kind).or_default() += 1;
    }
}

impl Watched {
    /// It answered, perhaps after faults.
    pub(super) fn went_well(&mut self, source: &Source, now: Timestamp) {
        if self.failures > 0 {
            self.recovered = Some(now);
        }
        self.failures = 0;
        self.failing_since = None;
        self.answered = Some(now);
        self.took_its_turn(source, now, now);
    }

    /// It gave nothing. Who was asked to wait waits that long; who is asked again and again waits as long as others that
    /// fail.
    pub(super) fn went_wrong(&mut self, source: &Source, fault: &Fault, now: Timestamp) {
        self.turns.count_fault(fault.kind);
        let known = self.failures;
        self.failures = known.saturating_add(1);
        self.failing_since = self.failing_since.filter(|since| known > 0 && *since <= now).or(Some(now));
        self.recovered = None;
        if fault.kind == FaultKind::Gone {
            self.was_asked(now);
            self.next_try = Some(now.checked_add(PROBE).unwrap_or(Timestamp::MAX));
            return;
        }
        match fault.retry_at.filter(|_| fault.kind == FaultKind::Waiting) {
            Some(retry_at) if known == 0 => {
                self.was_asked(now);
                self.next_try = Some(retry_at);
            }
            Some(retry_at) => self.took_its_turn(source, now, retry_at),
            None => self.took_its_turn(source, now, now),
        }
    }

    /// The time from its last turn to its next one, as sources.toml has it now.
    pub fn interval(&self, source: &Source) -> SignedDuration {
        let holds = self.mark.fresh_seconds.map(|seconds| i64::try_from(seconds).unwrap_or(i64::MAX));
        let pace = source.pace(self.rhythm(), holds.map(SignedDuration::from_secs));
        match self.failures {
            0 if self.asked.is_some() && self.asked == self.first_asked => pace + source.offset(pace),
            failures => source.interval(failures, pace),
        }
    }

    fn was_asked(&mut self, now: Timestamp) {
        if self.asked.is_none() {
            self.first_asked = Some(now);
        }
        self.asked = Some(now);
    }

    fn took_its_turn(&mut self, source: &Source, now: Timestamp, not_before: Timestamp) {
        self.was_asked(now);
        let next = now.checked_add(self.interval(source)).unwrap_or(Timestamp::MAX);
        self.next_try = Some(next.max(not_before));
    }
}

impl Keep {
    /// None: the source was never asked.
    pub fn watched(&self, source: &str) -> Result<Option<Watched>> {
        self.store.get(&watched_key(source))
    }

    /// Every source that was ever asked, by name.
    pub fn all_watched(&self) -> Result<Vec<(String, Watched)>> {
        self.store
            .scan(WATCHED)
            .map(|pair| pair.map(|(name, watched)| (String::from_utf8_lossy(&name).into_owned(), watched)))
            .collect()
    }

    /// Keeps that nothing changed since the mark (HTTP 304).
    pub fn keep_not_modified(&mut self, source: &Source, mark: Mark, now: Timestamp) -> Result<()> {
        let mut watched = self.watched(&source.name)?.unwrap_or_default();
        // What the page was, it still is: a minor fault stays.
        watched.fault = watched.fault.filter(|fault| fault.kind.is_minor());
        watched.mark = mark;
        watched.turns.not_modified += 1;
        watched.went_well(source, now);
        self.put_watched(&source.name, &watched)
    }

    /// Keeps that a source could not be asked or gave nothing, and when to try again.
    pub fn keep_fault(&mut self, source: &Source, fault: &Fault, now: Timestamp) -> Result<()> {
        let mut watched = self.watched(&source.name)?.unwrap_or_default();
        watched.went_wrong(source, fault, now);
        watched.fault = Some(fault.clone());
        self.put_watched(&source.name, &watched)
    }

    /// Keeps that the trouble was not the source's own: it is its turn again after its usual interval, and nothing else is
    /// said of it, but that it was counted.
    pub fn keep_outage(&mut self, source: &Source, fault: &Fault, now: Timestamp) -> Result<()> {
        let mut watched = self.watched(&source.name)?.unwrap_or_default();
        watched.turns.count_fault(fault.kind);
        watched.next_try = now.checked_add(source.every).ok();
        self.put_watched(&source.name, &watched)
    }

    pub(super) fn put_watched(&self, source: &str, watched: &Watched) -> Result<()> {
        let mut changes = Changes::default();
        changes.put(&watched_key(source), watched);
        self.store.commit(changes)
    }
}

/// Puts how a source went into a transaction.
pub(super) fn put(changes: &mut Changes, source: &str, watched: &Watched) {
    changes.put(&watched_key(source), watched);
}

fn watched_key(source: &str) -> Vec<u8> {
    [WATCHED, source.as_bytes()].concat()
}
