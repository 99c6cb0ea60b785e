//! Figures: how good an order is, and how far another sample of items could have given another figure.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::labelled::Labelled;

const RESAMPLES: usize = 1_000;
/// Any number would do; a fixed one gives the same errors each time.
const SEED: u64 = 0x7469_6469_6e67_7321;

/// A week with fewer items has no order worth measuring.
pub const WEEK: usize = 15;
/// Items in a day of the dense stream.
const DAY: usize = 60;
/// Bins of the calibration's error.
const BINS: usize = 10;

/// What one way of scoring gives an item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    pub relevance: f64,
    pub critical: f64,
}

/// A value with its bootstrap error (standard deviation over the resamples).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figure {
    pub value: f64,
    pub error: f64,
}

/// The real items among the labelled ones, with what resampling needs.
pub struct Sample<'a> {
    items: Vec<&'a Labelled>,
    /// Their places among all items.
    places: Vec<usize>,
    weeks: Vec<Vec<usize>>,
    /// The dense stream: places among the real items, in its order.
    dense: Vec<usize>,
    stories: Vec<&'a str>,
}

/// One way of scoring: each figure with what it is in each resample.
pub struct Replicates(BTreeMap<&'static str, (f64, Vec<f64>)>);

impl<'a> Sample<'a> {
    pub fn of(all: &'a [Labelled]) -> Sample<'a> {
        let (places, items): (Vec<usize>, Vec<&Labelled>) =
            all.iter().enumerate().filter(|(_, item)| item.synthetic.is_none()).unzip();
        let mut weeks: BTreeMap<(i16, i8), Vec<usize>> = BTreeMap::new();
        for (at, item) in items.iter().enumerate() {
            weeks.entry(item.week().unwrap_or_default()).or_default().push(at);
        }
        weeks.remove(&(0, 0));
        // Shuffled so that every 60 items are as good as any other 60.
        let lot = |at: &usize| {
            let item = items[*at];
            Sha256::digest(format!("day:{}{}", item.story(), item.id))
        };
        let mut dense: Vec<usize> = (0..items.len()).collect();
        dense.sort_by_cached_key(lot);
        let critical: BTreeSet<&str> =
            items.iter().filter(|item| item.is_critical()).map(|item| item.story()).collect();
        Sample {
            weeks: weeks.into_values().filter(|week| week.len() >= WEEK).collect(),
            stories: critical.into_iter().collect(),
            items,
            places,
            dense,
        }
    }

    /// All figures of one way of scoring. Calibration is measured only where the scores are meant as probabilities.
    pub fn replicates(&self, scored: &[Scored], budgets: &[usize], probabilities: bool) -> Replicates {
        let scored: Vec<Scored> = self.places.iter().map(|place| scored[*place]).collect();
        let relevance: Vec<f64> = scored.iter().map(|one| one.relevance).collect();
        let critical: Vec<f64> = scored.iter().map(|one| one.critical).collect();
        let is_relevant: Vec<bool> = self.items.iter().map(|item| item.is_relevant()).collect();
        let is_critical: Vec<bool> = self.items.iter().map(|item| item.is_critical()).collect();
        let mut figures = BTreeMap::new();

        let drawn = draws(self.items.len());
        for (name, scores, truth) in
            [("ap_relevant", &relevance, &is_relevant), ("ap_critical", &critical, &is_critical)]
        {
            let order = ordered(scores);
            let whole = average_precision(&order, truth, None);
            figures.insert(
                name,
                (whole, drawn.iter().map(|counts| average_precision(&order, truth, Some(counts))).collect()),
            );
        }

        let weeks: Vec<f64> = self.weeks.iter().filter_map(|week| self.ndcg(week, &relevance)).collect();
        figures.insert("ndcg10_week", over(&weeks));

        for budget in budgets {
            let sent = self.sent(&critical, *budget);
            let caught: Vec<f64> = self.stories.iter().map(|story| f64::from(u8::from(sent.contains(story)))).collect();
            figures.insert(if *budget == 5 { "dense_recall_5" } else { "dense_recall_2" }, over(&caught));
        }

        if probabilities {
            for (ece, brier, scores, truth) in [
                ("ece_relevance", "brier_relevance", &relevance, &is_relevant),
                ("ece_critical", "brier_critical", &critical, &is_critical),
            ] {
                let off = |counts: Option<&[u32]>| calibration(scores, truth, counts);
                let whole = off(None);
                let resampled: Vec<(f64, f64)> = drawn.iter().map(|counts| off(Some(counts))).collect();
                figures.insert(ece, (whole.0, resampled.iter().map(|one| one.0).collect()));
                figures.insert(brier, (whole.1, resampled.iter().map(|one| one.1).collect()));
            }
        }
        Replicates(figures)
    }

    /// The gain of the first ten beside the best possible first ten; None where nothing could be gained.
    fn ndcg(&self, week: &[usize], scores: &[f64]) -> Option<f64> {
        let gain = |labels: &mut dyn Iterator<Item = u8>| -> f64 {
            let gains = labels.take(10).enumerate();
            gains.map(|(at, label)| (f64::from(1 << label) - 1.0) / ((at + 2) as f64).log2()).sum()
        };
        let mut ours = week.to_vec();
        ours.sort_by(|one, other| scores[*other].total_cmp(&scores[*one]));
        let mut best: Vec<u8> = week.iter().map(|at| self.items[*at].relevance).collect();
        best.sort_by(|one, other| other.cmp(one));
        let best = gain(&mut best.into_iter());
        (best > 0.0).then(|| gain(&mut ours.iter().map(|at| self.items[*at].relevance)) / best)
    }

    /// The stories that a number of alerts a day would tell on the dense stream, each once.
    fn sent(&self, critical: &[f64], budget: usize) -> BTreeSet<&'a str> {
        let mut sent = BTreeSet::new();
        for day in self.dense.chunks(DAY) {
            let mut day = day.to_vec();
            day.sort_by(|one, other| {
                critical[*other]
                    .total_cmp(&critical[*one])
                    .then_with(|| self.items[*one].id.cmp(&self.items[*other].id))
            });
            let mut alerts = 0;
            for at in day {
                if alerts == budget {
                    break;
                }
                alerts += usize::from(sent.insert(self.items[at].story()));
            }
        }
        sent
    }
}

impl Replicates {
    pub fn figures(&self) -> BTreeMap<&'static str, Figure> {
        self.0.iter().map(|(name, (value, resampled))| (*name, figure(*value, resampled.iter().copied()))).collect()
    }

    /// How much these are above others, resample by resample.
    pub fn beyond(&self, others: &Replicates) -> BTreeMap<&'static str, Figure> {
        let mut beyond = BTreeMap::new();
        for (name, (value, resampled)) in &self.0 {
            let Some((their_value, theirs)) = others.0.get(name) else { continue };
            let differences = resampled.iter().zip(theirs).map(|(ours, theirs)| ours - theirs);
            beyond.insert(*name, figure(value - their_value, differences));
        }
        beyond
    }
}

fn figure(value: f64, resampled: impl Iterator<Item = f64>) -> Figure {
    let resampled: Vec<f64> = resampled.filter(|one| one.is_finite()).collect();
    let number = resampled.len().max(1) as f64;
    let mean = resampled.iter().sum::<f64>() / number;
    let variance = resampled.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / number;
    Figure { value, error: variance.sqrt() }
}

/// A mean, and the means of its resamples.
fn over(values: &[f64]) -> (f64, Vec<f64>) {
    let number = values.len().max(1) as f64;
    let mean = |counts: &Vec<u32>| {
        counts.iter().zip(values).map(|(count, value)| f64::from(*count) * value).sum::<f64>() / number
    };
    let resampled = draws(values.len()).iter().map(mean).collect();
    (values.iter().sum::<f64>() / number, resampled)
}

/// How often each of so many things is drawn, for each resample. The same for the same number.
fn draws(number: usize) -> Vec<Vec<u32>> {
    let mut state = SEED;
    let mut next = move || {
        // SplitMix64 (Steele, Lea and Flood 2014).
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    let mut draw = || {
        let mut counts = vec![0; number];
        for _ in 0..number {
            counts[(next() % number as u64) as usize] += 1;
        }
        counts
    };
    (0..RESAMPLES).map(|_| draw()).collect()
}

/// The places in the order of their scores, highest first; equal ones as they came.
fn ordered(scores: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|one, other| scores[*other].total_cmp(&scores[*one]));
    order
}

/// The mean precision at each wanted item; NaN where none is wanted.
fn average_precision(order: &[usize], truth: &[bool], counts: Option<&[u32]>) -> f64 {
    let (mut seen, mut hits, mut sum) = (0.0, 0.0, 0.0);
    for at in order {
        for _ in 0..counts.map_or(1, |counts| counts[*at]) {
            seen += 1.0;
            if truth[*at] {
                hits += 1.0;
                sum += hits / seen;
            }
        }
    }
    sum / hits
}

/// Expected calibration error over bins of equal width, and Brier's score (1950).
fn calibration(scores: &[f64], truth: &[bool], counts: Option<&[u32]>) -> (f64, f64) {
    let mut bins: HashMap<usize, (f64, f64)> = HashMap::new();
    let (mut brier, mut number) = (0.0, 0.0);
    for (at, (score, truth)) in scores.iter().zip(truth).enumerate() {
        let count = counts.map_or(1.0, |counts| f64::from(counts[at]));
        let truth = f64::from(u8::from(*truth));
        let bin = bins.entry(((score * BINS as f64) as usize).min(BINS - 1)).or_default();
        bin.0 += count * score;
        bin.1 += count * truth;
        brier += count * (score - truth).powi(2);
        number += count;
    }
    let mut offs: Vec<(usize, f64)> =
        bins.into_iter().map(|(bin, (score, truth))| (bin, (score - truth).abs())).collect();
    // In one order, so that the last digit is always the same.
    offs.sort_by_key(|(bin, _)| *bin);
    (offs.iter().map(|(_, off)| off).sum::<f64>() / number, brier / number)
}
