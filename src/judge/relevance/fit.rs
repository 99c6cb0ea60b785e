//! Fitting the weights to examples: logistic regression with L2, all examples at once, the same result on every machine.

use std::collections::BTreeMap;

use super::Part;
use super::weights::{BASE, Head, Weights, probability};

/// Steps of the descent; the gradient has died away long before.
const STEPS: usize = 400;

/// How strongly a weight is held to zero: the higher, the more examples it takes to move it.
const HOLD: [f64; 2] = [1.0, 0.7];

/// A word or a site in fewer examples than this is chance.
const LEAST: usize = 3;

/// Parts of the fit that correct its own over-confidence, each held out once.
const FOLDS: usize = 5;

/// An example: its parts, and what is true of it.
#[derive(Debug, Clone)]
pub struct Learned {
    pub parts: Vec<Part>,
    /// Relevant, critical.
    pub truth: [bool; 2],
    /// How much it counts beside the others.
    pub share: f64,
    /// Examples of one block are held out together: they tell of the same days.
    pub block: u64,
}

/// The weights that fit the examples best, as sure of themselves as they are right about examples they have not seen.
pub fn fit(examples: &[Learned]) -> Weights {
    let mut weights = raw(examples);
    for head in [Head::Relevant, Head::Critical] {
        let mut odds = Vec::new();
        for fold in 0..FOLDS as u64 {
            let (held, kept): (Vec<&Learned>, Vec<&Learned>) =
                examples.iter().partition(|example| example.block % FOLDS as u64 == fold);
            let kept: Vec<Learned> = kept.into_iter().cloned().collect();
            let weights = raw(&kept);
            odds.extend(held.iter().map(|one| (weights.odds(&one.parts, head), one.truth[head as usize], one.share)));
        }
        let (steepness, shift) = platt(&odds);
        for row in weights.rows.values_mut() {
            row[head as usize] *= steepness;
        }
        weights.rows.entry(BASE.to_owned()).or_default()[head as usize] += shift;
    }
    // As they are read back from the file.
    Weights::read(&weights.written()).expect("what was written can be read")
}

fn raw(examples: &[Learned]) -> Weights {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, _) in examples.iter().flat_map(|example| &example.parts) {
        *counts.entry(name).or_default() += 1;
    }
    let names: Vec<&str> = counts.into_iter().filter(|(_, count)| *count >= LEAST).map(|(name, _)| name).collect();
    let place = |name: &str| names.binary_search(&name).ok();
    let rows: Vec<Vec<(usize, f64)>> = examples
        .iter()
        .map(|example| example.parts.iter().filter_map(|(name, value)| Some((place(name)?, *value))).collect())
        .collect();
    let mut weights = Weights::default();
    weights.rows.insert(BASE.to_owned(), [0.0; 2]);
    for head in [Head::Relevant, Head::Critical] {
        let (base, found) = descend(&rows, examples, head, names.len());
        weights.rows.entry(BASE.to_owned()).or_default()[head as usize] = base;
        for (name, weight) in names.iter().zip(found) {
            weights.rows.entry((*name).to_owned()).or_default()[head as usize] = weight;
        }
    }
    weights
}

/// Nesterov's accelerated descent; the base is not held.
fn descend(rows: &[Vec<(usize, f64)>], examples: &[Learned], head: Head, width: usize) -> (f64, Vec<f64>) {
    let norm = |row: &Vec<(usize, f64)>| 1.0 + row.iter().map(|(_, value)| value * value).sum::<f64>();
    // A bound of the curvature: the sum of the examples' own.
    let total: f64 = examples.iter().map(|example| example.share).sum();
    let steepest = rows.iter().map(norm).fold(1.0, f64::max);
    let hold = HOLD[head as usize];
    let step = 1.0 / (0.25 * steepest * total.max(1.0) * 0.5 + hold);
    let mut now = vec![0.0; width + 1];
    let mut ahead = now.clone();
    let mut pace = 1.0_f64;
    for _ in 0..STEPS {
        let mut slope: Vec<f64> = ahead.iter().map(|weight| weight * hold).collect();
        slope[width] = 0.0;
        for (row, example) in rows.iter().zip(examples) {
            let odds = ahead[width] + row.iter().map(|(at, value)| ahead[*at] * value).sum::<f64>();
            let off = example.share * (probability(odds) - f64::from(u8::from(example.truth[head as usize])));
            for (at, value) in row {
                slope[*at] += off * value;
            }
            slope[width] += off;
        }
        let next: Vec<f64> = ahead.iter().zip(&slope).map(|(weight, slope)| weight - step * slope).collect();
        let quicker = f64::midpoint(1.0, (1.0 + 4.0 * pace * pace).sqrt());
        let drive = (pace - 1.0) / quicker;
        ahead = next.iter().zip(&now).map(|(next, now)| next + drive * (next - now)).collect();
        (now, pace) = (next, quicker);
    }
    let base = now.pop().unwrap_or_default();
    (base, now)
}

/// How much the log-odds must be stretched and shifted to be right on average (Platt 1999): Newton's steps, held to (1, 0).
fn platt(odds: &[(f64, bool, f64)]) -> (f64, f64) {
    let (mut steepness, mut shift) = (1.0, 0.0);
    for _ in 0..30 {
        // A light hold, so that a handful of examples can't turn the weights around.
        let (mut slope_a, mut slope_b) = (steepness - 1.0, shift);
        let (mut curve_aa, mut curve_ab, mut curve_bb) = (1.0, 0.0, 1.0);
        for (odds, truth, share) in odds {
            let p = probability(steepness * odds + shift);
            let off = share * (p - f64::from(u8::from(*truth)));
            let curve = share * p * (1.0 - p);
            slope_a += off * odds;
            slope_b += off;
            curve_aa += curve * odds * odds;
            curve_ab += curve * odds;
            curve_bb += curve;
        }
        let size = curve_aa * curve_bb - curve_ab * curve_ab;
        if size.abs() < 1e-9 {
            break;
        }
        steepness -= (curve_bb * slope_a - curve_ab * slope_b) / size;
        shift -= (curve_aa * slope_b - curve_ab * slope_a) / size;
    }
    (steepness.clamp(0.2, 2.0), shift.clamp(-2.0, 2.0))
}
