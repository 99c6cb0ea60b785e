//! A block is five hours of answers, as subscriptions to coding agents limit them.
//!
//! The first answer's hour (UTC) begins one, and five hours later it ends; the next answer begins the next. So a pause of more
//! than five hours always lies between two blocks. ccusage documents the same rule.

use jiff::{SignedDuration, Timestamp};

use super::{Key, Row, Sum, Window};

const HOURS: i64 = 5;

/// One block; the end is no longer in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub start: Timestamp,
    pub end: Timestamp,
    pub sum: Sum,
}

impl Block {
    pub fn is_running(&self, now: Timestamp) -> bool {
        (self.start..self.end).contains(&now)
    }

    /// What is left of its time.
    pub fn left(&self, now: Timestamp) -> SignedDuration {
        self.end.duration_since(now.clamp(self.start, self.end))
    }

    /// Tokens of all kinds for each minute from its first answer until now, or until the last where the clock says it is yet
    /// to come; less than a minute counts as one.
    pub fn tokens_per_minute(&self, now: Timestamp) -> f64 {
        let seconds =
            |first: Timestamp| now.min(self.end).max(self.sum.last.unwrap_or(now)).duration_since(first).as_secs_f64();
        let minutes = self.sum.first.map_or(1.0, |first| seconds(first) / 60.0).max(1.0);
        self.sum.tokens().all() as f64 / minutes
    }
}

/// The blocks of these hours, in the order of time, that have a part in the window. They must be all hours there are: where a
/// block begins depends on the one before it. What has no time is in none.
pub fn blocks(hours: &[Row], window: Window) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let second = |hour: i64| Timestamp::from_second(hour.saturating_mul(3_600)).unwrap_or(Timestamp::MAX);
    for row in hours {
        let Key::Hour(Some(hour)) = row.key else { continue };
        match blocks.last_mut().filter(|block| second(hour) < block.end) {
            Some(block) => block.sum.merge(&row.sum),
            None => blocks.push(Block { start: second(hour), end: second(hour + HOURS), sum: row.sum.clone() }),
        }
    }
    let is_after = |block: &Block| window.since.is_none_or(|since| since < block.end);
    let is_before = |block: &Block| window.until.is_none_or(|until| block.start < until);
    blocks.retain(|block| is_after(block) && is_before(block));
    blocks
}
