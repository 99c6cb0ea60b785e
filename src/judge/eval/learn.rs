//! What the weights learn from labelled items.

use std::collections::HashMap;

use crate::judge::Judge;
use crate::judge::relevance::Learned;

use super::labelled::Labelled;
use super::standing::Standing;

/// The items as examples, where `is_seen` by their place. What was invented to fool the judge teaches nothing.
pub fn examples(
    judge: &Judge,
    items: &[Labelled],
    standing: &Standing,
    is_seen: impl Fn(usize) -> bool,
) -> Vec<Learned> {
    let seen = items.iter().enumerate().filter(|(at, item)| item.synthetic.is_none() && is_seen(*at));
    seen.map(|(_, labelled)| Learned {
        parts: judge.parts(&standing.item(labelled), &labelled.summary),
        truth: [labelled.is_relevant(), labelled.is_critical()],
        share: 1.0,
        block: week_number(labelled).unsigned_abs(),
    })
    .collect()
}

/// The fold of each item: all items of a week are in one, and all items of a story are where its first one is.
pub fn folds(items: &[Labelled], folds: i64) -> Vec<i64> {
    let mut weeks: Vec<i64> = items.iter().map(week_number).collect();
    let mut first: HashMap<&str, i64> = HashMap::new();
    for (item, week) in items.iter().zip(&weeks) {
        let known = first.entry(item.story()).or_insert(*week);
        *known = (*known).min(*week);
    }
    for (item, week) in items.iter().zip(&mut weeks) {
        *week = first[item.story()];
    }
    weeks.into_iter().map(|week| week.rem_euclid(folds)).collect()
}

/// Weeks since the first Monday of 1970; items without a date share one.
fn week_number(item: &Labelled) -> i64 {
    item.at().map_or(0, |at| (at.as_second() / 86_400 + 3).div_euclid(7))
}
