//! Credit: how far a home believes its model, read from what `tidings judge eval FILE --with-model --keep` found.

use anyhow::{Context, Result, anyhow};

use crate::config::Interests;
use crate::home::Home;
use crate::judge::credit::Credit;
use crate::judge::screening::Screening;
use crate::keep;

pub use crate::judge::credit::Measured;

/// How a model is measured.
const REMEDY: &str = "`tidings judge eval FILE --with-model --keep` measures it";

/// What was measured and kept; None where nothing was.
///
/// # Errors
/// When the file can't be read or holds no measurement; the message names the remedy.
pub fn measured(home: &Home) -> Result<Option<Measured>> {
    let Some(bytes) = keep::calibration(home.folder())? else { return Ok(None) };
    let read =
        Measured::read(&bytes).map_err(|words| anyhow!("{words}. The model orders and lifts only; {REMEDY} anew"));
    read.map(Some).context("reading state/calibration.json")
}

/// Whether a measurement counts: it is of this model, where one is known, under the prompt that these interests make.
pub fn is_in_force(measured: &Measured, model: Option<&str>, interests: &Interests) -> bool {
    let calibration = &measured.calibration;
    calibration.is_of(model.unwrap_or(&calibration.model), Screening::new(interests).hash())
}

/// Keeps a measurement for the runs to come, in place of the one before. Needs no lock.
///
/// # Errors
/// When the file can't be written.
pub fn keep_measured(home: &Home, measured: &Measured) -> Result<()> {
    let mut bytes = serde_json::to_vec_pretty(measured).context("writing the calibration as JSON")?;
    bytes.push(b'\n');
    keep::keep_calibration(home.folder(), &bytes)
}

/// The credit of a run. A damaged file costs the model its word, and nothing else.
pub(super) fn credit(home: &Home) -> Credit {
    match measured(home) {
        Ok(measured) => measured.map_or_else(Credit::default, Credit::of),
        Err(error) => {
            tracing::warn!("{error:#}");
            Credit::default()
        }
    }
}

/// That what was measured is not this model under this prompt, in words.
pub(super) fn mismatch(credit: &Credit, model: &str, prompt: &str) -> Option<String> {
    let calibration = &credit.measured()?.calibration;
    if calibration.is_of(model, prompt) {
        return None;
    }
    let what = match calibration.model == model {
        true => "of another prompt ([interests] are part of it)".to_owned(),
        false => format!("of {}", calibration.model),
    };
    Some(format!("state/calibration.json is {what}, so {model} orders and lifts only; {REMEDY}"))
}
