//! Eval: judging is tried on items that a person labelled, beside a model if one is asked, and fitted to them. Nothing needs a
//! home's store.

use anyhow::{Result, anyhow, bail};
use jiff::Timestamp;

use crate::config::Interests;
use crate::judge::model::Trouble;
use crate::judge::screening::{Asked, Screening, canaries, screen};
use crate::judge::{Judge, eval};
use crate::opinion::Opinion;
use crate::source::Source;

use super::screen::asked;
use super::{ModelDoor, Task, Watcher, Writer};

pub use crate::judge::eval::{Beside, Figure, Labelled, Outcome, Reading, Trial, read as read_labelled};

/// How good the judgements of this version are, for these interests; beside them, what a model said.
pub fn evaluate(interests: &Interests, trial: &Trial<'_>, reading: Option<&Reading>, now: Timestamp) -> Outcome {
    eval::evaluate(&Judge::new(interests), trial, reading, now)
}

/// Asks the model about each labelled item, as a run would ask about it; with `sworn` about the canaries first.
///
/// # Errors
/// When no model answers, it judges a canary wrong, or it read nothing at all; the message says what to try.
pub async fn have_read(
    interests: &Interests,
    trial: &Trial<'_>,
    door: &ModelDoor,
    sworn: bool,
    now: Timestamp,
    watcher: &dyn Watcher,
) -> Result<Reading> {
    watcher.doing("looking for the model");
    let Some(Writer { model, .. }) = door.open(Task::Screening).await? else {
        bail!("[model] endpoint is \"off\", so no model is asked; set it to \"auto\" or to an address in tidings.toml");
    };
    let (judge, screening) = (Judge::new(interests), Screening::new(interests));
    let standing = eval::Standing::of(trial.sources, now);
    let mut reading = Reading {
        model: model.name().to_owned(),
        prompt: screening.hash().to_owned(),
        opinions: vec![None; trial.items.len()],
        trouble: None,
        tokens: Default::default(),
    };
    if sworn {
        watcher.doing("asking it about the canaries");
        reading.tokens += canaries(&*model, &screening).await?;
    }
    let questions =
        trial.items.iter().enumerate().map(|(place, labelled)| {
            asked(&judge, place.to_string(), standing.item(labelled), labelled.summary.clone())
        });
    let (all, mut done) = (trial.items.len(), 0);
    let tell = |asked: &Asked, said: Result<Opinion, Trouble>| {
        done += 1;
        watcher.doing(&format!("{} has read {done} of {all} items", model.name()));
        match (said, asked.id.parse::<usize>()) {
            (Ok(opinion), Ok(place)) => reading.opinions[place] = Some(opinion),
            (Err(trouble), _) => reading.trouble = reading.trouble.take().or(Some(trouble.to_string())),
            (Ok(_), Err(_)) => {}
        }
    };
    let screened = screen(&*model, &screening, questions.collect(), now, tell).await;
    reading.tokens += screened.tokens;
    reading.trouble = screened.ended.map(|trouble| trouble.to_string()).or(reading.trouble);
    if screened.read == 0 {
        let why = reading.trouble.as_deref().unwrap_or("it gave no reason");
        return Err(anyhow!("{} read none of the items: {why}", reading.model));
    }
    Ok(reading)
}

/// The weights of relevance fitted to labelled items: the text of src/judge/relevance/coefficients.tsv. The same items give
/// the same bytes.
pub fn fit(interests: &Interests, items: &[Labelled], sources: &[Source], now: Timestamp) -> String {
    eval::fit(&Judge::new(interests), items, sources, now)
}
