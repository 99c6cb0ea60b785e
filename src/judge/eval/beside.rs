//! Beside judging: what a model's opinions reach alone and together with it, and whether the model may overrule.
//!
//! Only items that the model read are compared. Calibration and share are chosen for each fifth of the stories on the other
//! four, so that no figure has seen its own labels; what is kept for the runs is chosen on all of them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::judge::calibration::{Calibration, Label, Pair, folds, fused, honest_weights, weigh};
use crate::judge::credit::Measured;
use crate::judge::fusion::Weight;
use crate::opinion::{Measure, Opinion, Tokens};
use crate::verdict::Verdict;

use super::BUDGETS;
use super::figures::{Figure, Sample, Scored};
use super::labelled::Labelled;

/// What a model said of labelled items.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// As its server names it.
    pub model: String,
    /// Hash of the prompt around the items.
    pub prompt: String,
    /// In the order of the items; None for one that it did not read.
    pub opinions: Vec<Option<Opinion>>,
    /// Why it did not read some.
    pub trouble: Option<String>,
    pub tokens: Tokens,
}

type Figures = BTreeMap<&'static str, Figure>;

/// The model beside judging, on the real items that it read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Beside {
    pub model: String,
    pub prompt: String,
    pub read: usize,
    pub unread: usize,
    /// Why some were not read.
    pub trouble: Option<String>,
    pub tokens: Tokens,
    pub without: Figures,
    pub alone: Figures,
    pub together: Figures,
    /// What both together reach beyond judging without the model; paired resamples.
    pub gain: Figures,
    /// The figures of the model alone, calibrated on the other fifths; none where it can't be calibrated.
    pub calibrated: Option<Figures>,
    pub may_overrule: bool,
    /// Why it may not.
    pub why_not: Vec<String>,
    /// What can be kept for the runs; None where there are too few labels, or they are all alike.
    pub measured: Option<Measured>,
}

/// One real item that was read.
struct Read<'a> {
    place: usize,
    opinion: &'a Opinion,
    label: Label,
    block: u64,
}

/// Compares, and gives the scores of all items together with the model: those of judging where it did not read one.
pub(super) fn beside(
    items: &[Labelled],
    verdicts: &[Verdict],
    reading: &Reading,
    now: Timestamp,
) -> (Beside, Vec<Scored>) {
    let plain: Vec<Scored> =
        verdicts.iter().map(|one| Scored { relevance: one.relevance, critical: one.critical }).collect();
    let read = read(items, reading);
    let unread = items.iter().filter(|item| item.synthetic.is_none()).count() - read.len();

    let pairs: Vec<(Opinion, Label)> = read.iter().map(|one| (one.opinion.clone(), one.label)).collect();
    let calibration = Calibration::fit(&pairs);
    let calibrated: Option<Vec<Scored>> = calibration.as_ref().ok().map(|whole| calibrated(&read, &pairs, whole));

    // As a run would mix them today, where nothing can be learned.
    let mut together = plain.clone();
    let raw: Vec<Option<Scored>> = reading.opinions.iter().map(|one| one.as_ref().map(scored)).collect();
    for (both, model) in together.iter_mut().zip(&raw) {
        *both = model.map_or(*both, |model| mixed(Weight::default().share, model, *both));
    }
    let mut why_not = Vec::new();
    let mut measured = None;
    match (calibration, &calibrated) {
        (Ok(calibration), Some(calibrated)) => {
            let fused: Vec<Pair> = read
                .iter()
                .zip(calibrated)
                .map(|(one, model)| Pair {
                    model: model.relevance,
                    prefilter: plain[one.place].relevance,
                    label: one.label.relevant,
                    block: one.block,
                })
                .collect();
            let weight = weigh(&fused);
            // Invented items have no label to learn from: to them the calibration of all others is honest.
            for (place, opinion) in reading.opinions.iter().enumerate() {
                if let Some((critical, relevance)) = opinion.as_ref().and_then(|one| calibration.apply(one)) {
                    together[place] = mixed(weight.w, Scored { relevance, critical }, plain[place]);
                }
            }
            for ((one, model), w) in read.iter().zip(calibrated).zip(honest_weights(&fused)) {
                together[one.place] = mixed(w, *model, plain[one.place]);
            }
            if !weight.may_overrule() {
                why_not.push(format!(
                    "its gain in average precision, {:+.3}, is within the error: 95 of 100 resamples gain more than {:+.3}",
                    weight.fused - weight.alone,
                    weight.sure
                ));
            }
            why_not.extend(unread_words(unread, reading));
            if read.iter().any(|one| one.opinion.measure == Measure::Letter) {
                why_not.push("its server shows letters without their odds".to_owned());
            }
            measured = Some(Measured::new(calibration, weight, why_not.clone(), now));
        }
        (calibration, _) => {
            why_not.extend(calibration.err());
            why_not.extend(unread_words(unread, reading));
        }
    }

    let compared: Vec<Labelled> = read.iter().map(|one| items[one.place].clone()).collect();
    let sample = Sample::of(&compared);
    let of_read = |scores: &[Scored]| read.iter().map(|one| scores[one.place]).collect::<Vec<_>>();
    let alone: Vec<Scored> = read.iter().map(|one| scored(one.opinion)).collect();
    let figures = |scores: &[Scored]| sample.replicates(scores, &BUDGETS, true);
    let (without, both) = (figures(&of_read(&plain)), figures(&of_read(&together)));
    let beside = Beside {
        model: reading.model.clone(),
        prompt: reading.prompt.clone(),
        read: read.len(),
        unread,
        trouble: reading.trouble.clone(),
        tokens: reading.tokens,
        without: without.figures(),
        alone: figures(&alone).figures(),
        together: both.figures(),
        gain: both.beyond(&without),
        calibrated: calibrated.map(|scores| figures(&scores).figures()),
        may_overrule: measured.as_ref().is_some_and(|one| one.overrules),
        why_not,
        measured,
    };
    (beside, together)
}

fn unread_words(unread: usize, reading: &Reading) -> Option<String> {
    let why = reading.trouble.as_deref().unwrap_or("no reason was given");
    (unread > 0).then(|| format!("it left {unread} of the items unread: {why}"))
}

/// The real items with an opinion. Those of one story are one block.
fn read<'a>(items: &[Labelled], reading: &'a Reading) -> Vec<Read<'a>> {
    let mut stories: BTreeMap<&str, u64> = BTreeMap::new();
    let mut read = Vec::new();
    for (place, (item, opinion)) in items.iter().zip(&reading.opinions).enumerate() {
        let Some(opinion) = opinion.as_ref().filter(|_| item.synthetic.is_none()) else { continue };
        let next = stories.len() as u64;
        let block = *stories.entry(item.story()).or_insert(next);
        let label = Label { relevant: item.is_relevant(), critical: item.is_critical() };
        read.push(Read { place, opinion, label, block });
    }
    read
}

/// Each item as the model sees it, calibrated on the fifths in which it does not lie; on all where those are all alike.
fn calibrated(read: &[Read<'_>], pairs: &[(Opinion, Label)], whole: &Calibration) -> Vec<Scored> {
    let folds = folds(&read.iter().map(|one| one.block).collect::<Vec<_>>());
    let mut learned: BTreeMap<u64, Calibration> = BTreeMap::new();
    for fold in &folds {
        learned.entry(*fold).or_insert_with(|| {
            let others = pairs.iter().zip(&folds).filter(|(_, other)| *other != fold).map(|(pair, _)| pair.clone());
            Calibration::learned(&others.collect::<Vec<_>>()).unwrap_or_else(|_| whole.clone())
        });
    }
    let apply = |one: &Read<'_>, fold: &u64| {
        let (critical, relevance) = learned[fold].apply(one.opinion)?;
        Some(Scored { relevance, critical })
    };
    read.iter().zip(&folds).map(|(one, fold)| apply(one, fold).unwrap_or_else(|| scored(one.opinion))).collect()
}

fn scored(opinion: &Opinion) -> Scored {
    let odds = opinion.odds;
    Scored { relevance: odds.critical + odds.notable, critical: odds.critical }
}

fn mixed(share: f64, model: Scored, plain: Scored) -> Scored {
    Scored {
        relevance: fused(share, model.relevance, plain.relevance),
        critical: fused(share, model.critical, plain.critical),
    }
}
