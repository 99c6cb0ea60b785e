//! Hits are gathered by session while they are found: how many, and the best few.

use std::collections::HashMap;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Column, StrColumn};
use tantivy::error::DataCorruption;
use tantivy::{DateTime, DocAddress, DocId, Score, SegmentOrdinal, SegmentReader};

/// Gathers by session.
pub(super) struct BySession {
    /// Best hits that are kept of each session.
    pub(super) best: usize,
    /// The newest hit is the best; otherwise the one that fits best.
    pub(super) by_time: bool,
}

/// The hits of one session.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    pub(super) count: usize,
    /// Best first.
    pub(super) best: Vec<Spot>,
}

/// Where a hit is, and how good.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    pub(super) score: Score,
    /// Microseconds since 1970; the least number where the turn has no time.
    pub(super) at: i64,
    pub(super) address: DocAddress,
}

impl Spot {
    /// Best first; what is alike stands in the order of the index.
    pub(super) fn order(&self, other: &Spot, by_time: bool) -> std::cmp::Ordering {
        let score = other.score.total_cmp(&self.score);
        let time = other.at.cmp(&self.at);
        let first = if by_time { time.then(score) } else { score.then(time) };
        first.then_with(|| self.address.cmp(&other.address))
    }
}

impl Tally {
    pub(super) fn add(&mut self, spot: Spot, best: usize, by_time: bool) {
        self.count += 1;
        self.keep(spot, best, by_time);
    }

    fn keep(&mut self, spot: Spot, best: usize, by_time: bool) {
        let place = self.best.partition_point(|known| known.order(&spot, by_time).is_lt());
        if place < best {
            self.best.insert(place, spot);
            self.best.truncate(best);
        }
    }

    fn join(&mut self, other: Tally, best: usize, by_time: bool) {
        self.count += other.count;
        for spot in other.best {
            self.keep(spot, best, by_time);
        }
    }
}

impl Collector for BySession {
    type Fruit = HashMap<String, Tally>;
    type Child = InSegment;

    fn for_segment(&self, ordinal: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<InSegment> {
        let sessions = segment.fast_fields().str("session")?;
        let known = sessions.as_ref().map_or(0, |sessions| sessions.num_terms());
        Ok(InSegment {
            ordinal,
            ordinals: sessions.as_ref().map(|sessions| sessions.ords().clone()),
            sessions,
            at: segment.fast_fields().date("at")?,
            tallies: vec![Tally::default(); known],
            best: self.best,
            by_time: self.by_time,
        })
    }

    fn requires_scoring(&self) -> bool {
        !self.by_time
    }

    fn merge_fruits(&self, fruits: Vec<tantivy::Result<Vec<(String, Tally)>>>) -> tantivy::Result<Self::Fruit> {
        let mut all: HashMap<String, Tally> = HashMap::new();
        for fruit in fruits {
            for (session, tally) in fruit? {
                all.entry(session).or_default().join(tally, self.best, self.by_time);
            }
        }
        Ok(all)
    }
}

/// The same in one segment, where sessions are numbers.
pub(super) struct InSegment {
    ordinal: SegmentOrdinal,
    sessions: Option<StrColumn>,
    ordinals: Option<Column<u64>>,
    at: Column<DateTime>,
    tallies: Vec<Tally>,
    best: usize,
    by_time: bool,
}

impl SegmentCollector for InSegment {
    type Fruit = tantivy::Result<Vec<(String, Tally)>>;

    fn collect(&mut self, doc: DocId, score: Score) {
        let session = self.ordinals.as_ref().and_then(|ordinals| ordinals.first(doc));
        let Some(tally) = session.and_then(|session| self.tallies.get_mut(session as usize)) else { return };
        let at = self.at.first(doc).map_or(i64::MIN, DateTime::into_timestamp_micros);
        let address = DocAddress::new(self.ordinal, doc);
        let score = if self.by_time { 0.0 } else { score };
        tally.add(Spot { score, at, address }, self.best, self.by_time);
    }

    fn harvest(self) -> Self::Fruit {
        let Some(sessions) = self.sessions else { return Ok(Vec::new()) };
        let tallies = self.tallies.into_iter().enumerate().filter(|(_, tally)| tally.count > 0);
        let (ordinals, tallies): (Vec<u64>, Vec<Tally>) =
            tallies.map(|(ordinal, tally)| (ordinal as u64, tally)).unzip();
        // All in one walk: to look up one name decodes a block of them.
        let mut names = Vec::with_capacity(ordinals.len());
        let name = |bytes: &[u8]| names.push(String::from_utf8_lossy(bytes).into_owned());
        if !sessions.dictionary().sorted_ords_to_term_cb(&ordinals, name)? {
            return Err(DataCorruption::comment_only("a session has no name").into());
        }
        Ok(names.into_iter().zip(tallies).collect())
    }
}
