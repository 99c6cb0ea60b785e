//! Eval: judging is tried on items that a person labelled, and fitted to them. Neither needs a home's store.

use jiff::Timestamp;

use crate::config::Interests;
use crate::judge::{Judge, eval};
use crate::source::Source;

pub use crate::judge::eval::{Figure, Labelled, Outcome, Trial, read as read_labelled};

/// How good the judgements of this version are, for these interests.
pub fn evaluate(interests: &Interests, trial: &Trial<'_>, now: Timestamp) -> Outcome {
    eval::evaluate(&Judge::new(interests), trial, now)
}

/// The weights of relevance fitted to labelled items: the text of src/judge/relevance/coefficients.tsv. The same items give
/// the same bytes.
pub fn fit(interests: &Interests, items: &[Labelled], sources: &[Source], now: Timestamp) -> String {
    eval::fit(&Judge::new(interests), items, sources, now)
}
