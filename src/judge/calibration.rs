//! Calibration: what a model's probabilities are worth here, learned from labels, and whether it may overrule what came
//! before it.
//!
//! Pure: it is given opinions and labels, and gives numbers. A calibration holds for one model and one prompt.

use serde::{Deserialize, Serialize};

use crate::opinion::Opinion;

/// Below this nothing is learned: the error of a rate among so few is larger than what a model could gain.
pub const LEAST_LABELS: usize = 60;
/// Probabilities are kept this far from 0 and 1, where logits have no end.
const EDGE: f64 = 1e-4;
/// Where two probabilities are mixed, one near 0 or 1 would outweigh everything else.
const MIXED_EDGE: f64 = 1e-3;
/// Bins of the expected calibration error (Guo and others, 2017, use 15 on thousands).
const BINS: usize = 10;
/// Times that blocks are drawn anew.
const DRAWS: usize = 1_000;
/// Weights that are tried: 0, 0.05 … 1.
const STEPS: u32 = 20;
/// Parts of the labels; each is ranked with a weight that was chosen on the others.
const FOLDS: u64 = 5;

/// What a person says of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// It should be told, at once or in the digest.
    pub relevant: bool,
    pub critical: bool,
}

/// `1 / (1 + exp(-(a·logit(p) + b)))` (Platt 1999), with what it is worth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Platt {
    pub a: f64,
    pub b: f64,
    /// Expected calibration error of the raw and of the calibrated probabilities, on the labels it was fitted to.
    pub error_before: f64,
    pub error_after: f64,
}

/// What was learned of one model under one prompt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    pub model: String,
    pub prompt: String,
    /// Labels.
    pub n: usize,
    pub critical: Platt,
    pub relevance: Platt,
}

impl Calibration {
    /// Learned from opinions of one model under one prompt, and what people say of the same items.
    ///
    /// # Errors
    /// In words, where the labels are too few or all alike, or the opinions are not of one model and prompt.
    pub fn fit(pairs: &[(Opinion, Label)]) -> Result<Calibration, String> {
        let n = pairs.len();
        if n < LEAST_LABELS {
            return Err(format!("{n} labels; a calibration needs {LEAST_LABELS}"));
        }
        Calibration::learned(pairs)
    }

    /// The same from however few: for the parts of labels that are enough together.
    ///
    /// # Errors
    /// As [`Calibration::fit`], but for their number.
    pub fn learned(pairs: &[(Opinion, Label)]) -> Result<Calibration, String> {
        let n = pairs.len();
        let Some((first, _)) = pairs.first() else { return Err("no labels".to_owned()) };
        if pairs.iter().any(|(one, _)| one.model != first.model || one.prompt != first.prompt) {
            return Err("the opinions are of several models or prompts; a calibration is of one".to_owned());
        }
        let critical: Vec<(f64, bool)> = pairs.iter().map(|(one, label)| (one.odds.critical, label.critical)).collect();
        let relevance: Vec<(f64, bool)> = pairs.iter().map(|(one, label)| (relevant(one), label.relevant)).collect();
        Ok(Calibration {
            model: first.model.clone(),
            prompt: first.prompt.clone(),
            n,
            critical: Platt::fit(&critical).ok_or("no label, or every label, says critical")?,
            relevance: Platt::fit(&relevance).ok_or("no label, or every label, says relevant")?,
        })
    }

    /// Whether it says anything about opinions of this model under this prompt.
    pub fn is_of(&self, model: &str, prompt: &str) -> bool {
        self.model == model && self.prompt == prompt
    }

    /// Probabilities that the item is critical and that it is relevant; None for an opinion of another model or prompt.
    pub fn apply(&self, opinion: &Opinion) -> Option<(f64, f64)> {
        self.is_of(&opinion.model, &opinion.prompt)
            .then(|| (self.critical.apply(opinion.odds.critical), self.relevance.apply(relevant(opinion))))
    }
}

fn relevant(opinion: &Opinion) -> f64 {
    opinion.odds.critical + opinion.odds.notable
}

impl Platt {
    /// By Newton's method on the logarithm of the likelihood, with Platt's own targets, which keep it from certainty. None
    /// where all labels are alike.
    fn fit(pairs: &[(f64, bool)]) -> Option<Platt> {
        let positive = pairs.iter().filter(|(_, label)| *label).count() as f64;
        let negative = pairs.len() as f64 - positive;
        if positive == 0.0 || negative == 0.0 {
            return None;
        }
        let (high, low) = ((positive + 1.0) / (positive + 2.0), 1.0 / (negative + 2.0));
        let points: Vec<(f64, f64)> =
            pairs.iter().map(|(p, label)| (logit(*p), if *label { high } else { low })).collect();
        let loss = |a: f64, b: f64| -> f64 {
            let one = |(x, target): &(f64, f64)| {
                let score = a * x + b;
                // log(1 + exp(score)) - target·score, without overflow.
                score.max(0.0) + (-score.abs()).exp().ln_1p() - target * score
            };
            points.iter().map(one).sum::<f64>() + RIDGE * a * a
        };
        /// Keeps `a` finite where a threshold separates the labels.
        const RIDGE: f64 = 1e-3;
        let (mut a, mut b) = (1.0, 0.0);
        for _ in 0..100 {
            let (mut ga, mut gb, mut haa, mut hab, mut hbb) = (2.0 * RIDGE * a, 0.0, 2.0 * RIDGE, 0.0, 1e-9);
            for (x, target) in &points {
                let p = sigmoid(a * x + b);
                let weight = p * (1.0 - p);
                ga += (p - target) * x;
                gb += p - target;
                haa += weight * x * x;
                hab += weight * x;
                hbb += weight;
            }
            let determinant = haa * hbb - hab * hab;
            if determinant <= 1e-12 {
                break;
            }
            let (da, db) = ((hbb * ga - hab * gb) / determinant, (haa * gb - hab * ga) / determinant);
            // Half the step until it is a step down: Newton alone may leap out of the valley.
            let (before, mut step) = (loss(a, b), 1.0);
            while step > 1e-6 && loss(a - step * da, b - step * db) > before {
                step /= 2.0;
            }
            a -= step * da;
            b -= step * db;
            if (step * da).abs() + (step * db).abs() < 1e-9 {
                break;
            }
        }
        // A model that ranks the wrong way round tells nothing; turning it round would believe it.
        if a < 0.0 {
            let mean = points.iter().map(|(_, target)| target).sum::<f64>() / points.len() as f64;
            (a, b) = (0.0, logit(mean));
        }
        let mut platt = Platt { a, b, error_before: calibration_error(pairs), error_after: 0.0 };
        let after: Vec<(f64, bool)> = pairs.iter().map(|(p, label)| (platt.apply(*p), *label)).collect();
        platt.error_after = calibration_error(&after);
        Some(platt)
    }

    pub fn apply(&self, probability: f64) -> f64 {
        sigmoid(self.a * logit(probability) + self.b)
    }
}

/// Expected calibration error: how far, on average, the rate of each tenth of the scale is from what it was called.
pub fn calibration_error(pairs: &[(f64, bool)]) -> f64 {
    let mut bins = [(0.0, 0.0, 0.0); BINS];
    for (p, label) in pairs {
        let bin = &mut bins[((p * BINS as f64) as usize).min(BINS - 1)];
        bin.0 += p;
        bin.1 += f64::from(u8::from(*label));
        bin.2 += 1.0;
    }
    let gaps = bins.iter().map(|(called, were, _)| (called - were).abs());
    gaps.sum::<f64>() / pairs.len().max(1) as f64
}

/// One labelled item: what the model and what the prefilter think of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// Both as probabilities, calibrated or not.
    pub model: f64,
    pub prefilter: f64,
    pub label: bool,
    /// Items of one block (a week, or a story) are drawn together and never lie on both sides of a fold, since they are alike.
    pub block: u64,
}

/// Whether the model may overrule the prefilter.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Weight {
    /// Of the model, 0 to 1: 0 unless it has earned more.
    pub w: f64,
    pub n: usize,
    /// Average precision of the prefilter alone, and of both, each part ranked with a weight chosen on the others.
    pub alone: f64,
    pub fused: f64,
    /// The gain that 95 of 100 drawings of the blocks exceed. The model has earned its weight where it is above 0.
    pub sure: f64,
}

impl Weight {
    pub fn may_overrule(&self) -> bool {
        self.w > 0.0
    }
}

/// `w·model + (1-w)·prefilter`, in logits.
pub fn fused(w: f64, model: f64, prefilter: f64) -> f64 {
    let logit = |p: f64| logit(p.clamp(MIXED_EDGE, 1.0 - MIXED_EDGE));
    sigmoid(w * logit(model) + (1.0 - w) * logit(prefilter))
}

/// The part in which each block lies, 0 to 4.
pub fn folds(blocks: &[u64]) -> Vec<u64> {
    let mut all = blocks.to_vec();
    all.sort_unstable();
    all.dedup();
    blocks.iter().map(|block| all.partition_point(|other| other < block) as u64 % FOLDS).collect()
}

/// The weight for each pair, chosen without a look at its own label or one like it.
pub fn honest_weights(pairs: &[Pair]) -> Vec<f64> {
    let folds = folds(&pairs.iter().map(|pair| pair.block).collect::<Vec<_>>());
    let others = |fold| pairs.iter().zip(&folds).filter(move |(_, other)| **other != fold).map(|(pair, _)| *pair);
    let weights: Vec<f64> = (0..FOLDS).map(|fold| best(&others(fold).collect::<Vec<_>>())).collect();
    folds.iter().map(|fold| weights[*fold as usize]).collect()
}

/// The weight that ranks these pairs best; the least among equals.
fn best(pairs: &[Pair]) -> f64 {
    let scores = |w: f64| -> Vec<(f64, bool)> {
        pairs.iter().map(|pair| (fused(w, pair.model, pair.prefilter), pair.label)).collect()
    };
    let tried = (0..=STEPS).map(|step| f64::from(step) / f64::from(STEPS));
    let better = |best: (f64, f64), w: f64| match average_precision(&scores(w)) {
        found if found > best.1 + 1e-9 => (w, found),
        _ => best,
    };
    tried.fold((0.0, f64::NEG_INFINITY), better).0
}

/// The model's weight beside the prefilter, and whether it is better than none beyond chance. The same pairs give the same.
pub fn weigh(pairs: &[Pair]) -> Weight {
    let mut blocks: Vec<u64> = pairs.iter().map(|pair| pair.block).collect();
    blocks.sort_unstable();
    blocks.dedup();
    let honest: Vec<Honest> = pairs
        .iter()
        .zip(honest_weights(pairs))
        .map(|(pair, w)| (fused(w, pair.model, pair.prefilter), pair.prefilter, pair.label, pair.block))
        .collect();
    let gain = |drawn: &[&Honest]| {
        let fused: Vec<_> = drawn.iter().map(|one| (one.0, one.2)).collect();
        let alone: Vec<_> = drawn.iter().map(|one| (one.1, one.2)).collect();
        (average_precision(&alone), average_precision(&fused))
    };
    let (alone, both) = gain(&honest.iter().collect::<Vec<_>>());
    let sure = lowest_gain(&honest, &blocks, gain);
    let has_earned = pairs.len() >= LEAST_LABELS && sure > 0.0;
    Weight { w: if has_earned { best(pairs) } else { 0.0 }, n: pairs.len(), alone, fused: both, sure }
}

type Honest = (f64, f64, bool, u64);

/// The fifth percentile of the gain over drawings of whole blocks, with replacement.
fn lowest_gain(honest: &[Honest], blocks: &[u64], gain: impl Fn(&[&Honest]) -> (f64, f64)) -> f64 {
    if blocks.is_empty() {
        return 0.0;
    }
    let members: Vec<Vec<&Honest>> =
        blocks.iter().map(|block| honest.iter().filter(|one| one.3 == *block).collect()).collect();
    let mut chance = Chance(0x7469_6469_6e67_7321);
    let mut gains: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let drawn: Vec<&Honest> =
                blocks.iter().flat_map(|_| members[chance.below(blocks.len())].iter().copied()).collect();
            let (alone, both) = gain(&drawn);
            both - alone
        })
        .collect();
    gains.sort_by(f64::total_cmp);
    gains[DRAWS / 20]
}

/// Area under precision over recall. Equal scores count as one step, so that their order in the list does not matter.
fn average_precision(scores: &[(f64, bool)]) -> f64 {
    let positive = scores.iter().filter(|(_, label)| *label).count() as f64;
    if positive == 0.0 {
        return 0.0;
    }
    let mut sorted = scores.to_vec();
    sorted.sort_by(|one, other| other.0.total_cmp(&one.0));
    let (mut seen, mut found, mut area) = (0.0, 0.0, 0.0);
    for step in sorted.chunk_by(|one, other| one.0 == other.0) {
        let here = step.iter().filter(|(_, label)| *label).count() as f64;
        seen += step.len() as f64;
        found += here;
        area += here / positive * (found / seen);
    }
    area
}

fn logit(probability: f64) -> f64 {
    let p = probability.clamp(EDGE, 1.0 - EDGE);
    (p / (1.0 - p)).ln()
}

fn sigmoid(score: f64) -> f64 {
    1.0 / (1.0 + (-score).exp())
}

/// SplitMix64 (Steele, Lea and Flood 2014): the same numbers everywhere, for drawings that can be repeated.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        // The upper half, scaled: without the bias of a remainder.
        ((((z ^ (z >> 31)) >> 32) * bound as u64) >> 32) as usize
    }
}
