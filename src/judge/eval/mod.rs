//! Eval: how good the judgements are on items that a person labelled, beside what a plain search would give.
//!
//! The items are judged by the same code as a run's and grouped by the same keys. Every figure has the error of its bootstrap
//! (1,000 resamples, always the same ones), and differences are paired: both sides see the same resamples.

mod labelled;
mod figures;
mod stream;
mod standing;
mod learn;
mod beside;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::source::Source;
use crate::verdict::{Level, Verdict};

use super::Judge;
use super::rules::Sight;

pub use beside::{Beside, Reading};
pub use figures::Figure;
pub use labelled::{Labelled, Severity, read};
pub use standing::Standing;

use figures::{Replicates, Sample, Scored};

/// Folds of weeks when the weights are fitted anew: each week is judged by weights that never saw it.
const FOLDS: i64 = 8;

/// Alerts a day on the dense stream.
const BUDGETS: [usize; 2] = [5, 2];

/// What one way of scoring reaches.
#[derive(Debug, Clone, Serialize)]
pub struct Scores {
    pub by: &'static str,
    pub figures: BTreeMap<&'static str, Figure>,
    /// What judging reaches beyond it; nothing for judging itself.
    pub ours_beyond: BTreeMap<&'static str, Figure>,
}

/// What would have been told at once, on the days the items are of.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Alerts {
    /// From the first week with an item to the last that have at least 15 of them, counted as weeks.
    pub weeks: usize,
    pub stories: usize,
    /// Stories without a critical item among those alerted.
    pub false_stories: usize,
    pub per_week: f64,
    pub false_per_week: f64,
    pub precision: Option<f64>,
    /// Critical stories that were alerted, of those there are.
    pub caught: usize,
    pub critical_stories: usize,
    /// The titles alerted without being labelled critical.
    pub mistaken: Vec<String>,
}

/// Invented items that try to move their own judgement.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Injections {
    pub escalating: usize,
    /// Told at once, or above the score of as many real items as are critical.
    pub escalated: Vec<String>,
    pub suppressing: usize,
    /// Of those on which a rule raises an alarm, the ones that lost it or fell to noise.
    pub suppressed: Vec<String>,
    pub with_alarm: usize,
    /// Below the score of as many real items as are critical.
    pub missed_by_score: usize,
}

#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    pub version: u32,
    pub items: usize,
    pub real: usize,
    pub relevant: usize,
    pub critical: usize,
    pub cross_validated: bool,
    pub scores: Vec<Scores>,
    pub alerts: Alerts,
    pub injections: Injections,
    /// What a model adds, where one was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with_model: Option<Beside>,
    /// Both scores of each item; with the model where one was asked.
    #[serde(skip)]
    pub predictions: Vec<(String, f64, f64)>,
}

/// What to hold against the labels.
pub struct Trial<'a> {
    pub items: &'a [Labelled],
    /// Further examples that the weights learn from where they are fitted anew.
    pub examples: &'a [Labelled],
    /// The sources that say whom to believe.
    pub sources: &'a [Source],
    /// Fit the weights anew for each fold of weeks, on the others. Without it the judge's own weights are tried.
    pub cross_validate: bool,
}

/// Judges the items and holds the result against their labels; beside it, what a model said of the same items.
pub fn evaluate(judge: &Judge, trial: &Trial<'_>, reading: Option<&Reading>, now: Timestamp) -> Outcome {
    let standing = Standing::of(trial.sources, now);
    let verdicts = verdicts(judge, trial, &standing, now);
    let sample = Sample::of(trial.items);

    let ours: Vec<Scored> =
        verdicts.iter().map(|verdict| Scored { relevance: verdict.relevance, critical: verdict.critical }).collect();
    let (keyword, bm25) = baselines(judge, trial.items, &standing);
    let own = sample.replicates(&ours, &BUDGETS, true);
    let mut scores = vec![Scores { by: "tidings", figures: own.figures(), ours_beyond: BTreeMap::new() }];
    for (by, scored) in [("keywords", keyword), ("BM25", bm25)] {
        let theirs: Replicates = sample.replicates(&scored, &BUDGETS, false);
        scores.push(Scores { by, figures: theirs.figures(), ours_beyond: own.beyond(&theirs) });
    }
    let (with_model, together) = reading.map(|reading| beside::beside(trial.items, &verdicts, reading, now)).unzip();
    let real = trial.items.iter().filter(|item| item.synthetic.is_none());
    Outcome {
        version: 1,
        items: trial.items.len(),
        real: real.clone().count(),
        relevant: real.clone().filter(|item| item.is_relevant()).count(),
        critical: real.filter(|item| item.is_critical()).count(),
        cross_validated: trial.cross_validate,
        scores,
        alerts: stream::alerts(judge, trial.items, &verdicts, &standing, now),
        injections: injections(trial.items, &verdicts),
        with_model,
        predictions: trial
            .items
            .iter()
            .zip(together.as_ref().unwrap_or(&ours))
            .map(|(item, one)| (item.id.clone(), one.relevance, one.critical))
            .collect(),
    }
}

/// The weights fitted to labelled items, as the text of coefficients.tsv.
pub fn fit(judge: &Judge, items: &[Labelled], sources: &[Source], now: Timestamp) -> String {
    let standing = Standing::of(sources, now);
    super::relevance::fit(&learn::examples(judge, items, &standing, |_| true)).written()
}

fn verdicts(judge: &Judge, trial: &Trial<'_>, standing: &Standing, now: Timestamp) -> Vec<Verdict> {
    let verdict = |judge: &Judge, labelled: &Labelled| {
        judge.verdict(&standing.item(labelled), &labelled.summary, labelled.at().unwrap_or(now))
    };
    if !trial.cross_validate {
        return trial.items.iter().map(|labelled| verdict(judge, labelled)).collect();
    }
    let folds = learn::folds(trial.items, FOLDS);
    let mut judges = Vec::new();
    for fold in 0..FOLDS {
        let mut examples = learn::examples(judge, trial.items, standing, |at| folds[at] != fold);
        examples.extend(learn::examples(judge, trial.examples, standing, |_| true));
        judges.push(judge.with_weights(super::relevance::fit(&examples)));
    }
    trial.items.iter().zip(&folds).map(|(labelled, fold)| verdict(&judges[*fold as usize], labelled)).collect()
}

/// Words that people would search for to find what can't wait.
const CRITICAL_WORDS: &str = "security ^2\nvulnerability ^2\nadvisory ^2\nCVE ^3\nexploit\nmalware ^2\nmalicious ^2\nleak\nbypass\nsandbox escape ^2\ninjection\n\
     remote code execution ^3\nbreaking ^2\ndeprecated\nretired\noutage\ncritical\nurgent\nclaude\nreleased\nnew model ^2";

/// Two plain ways: counting the profile's phrases, and their BM25.
fn baselines(judge: &Judge, items: &[Labelled], standing: &Standing) -> (Vec<Scored>, Vec<Scored>) {
    let urgent = super::relevance::Profile::read(CRITICAL_WORDS);
    let (mut keyword, mut bm25) = (Vec::new(), Vec::new());
    for labelled in items {
        let item = standing.item(labelled);
        let sight = Sight::of(&item, &labelled.summary, &judge.watch);
        keyword.push(Scored {
            relevance: judge.profile.keywords(&sight) as f64,
            critical: urgent.keywords(&sight) as f64,
        });
        bm25.push(Scored { relevance: judge.profile.bm25(&sight), critical: urgent.bm25(&sight) });
    }
    (keyword, bm25)
}

fn injections(items: &[Labelled], verdicts: &[Verdict]) -> Injections {
    let mut found = Injections::default();
    let mut real: Vec<f64> =
        items.iter().zip(verdicts).filter(|(item, _)| item.synthetic.is_none()).map(|(_, one)| one.critical).collect();
    real.sort_by(|one, other| other.total_cmp(one));
    let critical = items.iter().filter(|item| item.synthetic.is_none() && item.is_critical()).count();
    let bar = critical.checked_sub(1).and_then(|at| real.get(at)).copied().unwrap_or(f64::INFINITY);
    for (item, verdict) in items.iter().zip(verdicts) {
        let kind = item.synthetic.as_deref().unwrap_or_default();
        if kind.starts_with("escalate") || kind.starts_with("exfil") {
            found.escalating += 1;
            if verdict.level == Level::Critical || verdict.critical >= bar {
                found.escalated.push(item.title.clone());
            }
        } else if kind.starts_with("suppress") {
            found.suppressing += 1;
            found.missed_by_score += usize::from(verdict.critical < bar);
            found.with_alarm += usize::from(verdict.alarm);
            if verdict.alarm && verdict.level == Level::Noise {
                found.suppressed.push(item.title.clone());
            }
        }
    }
    found
}
