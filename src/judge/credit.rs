//! Credit: how far a model is believed here, as labels have shown, or by default where nobody has measured it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::calibration::{self, Calibration, LEAST_LABELS};
use super::fusion::{Said, Weight};
use crate::opinion::Opinion;

/// Of the shape of a kept measurement; fields may be added under the same number.
const VERSION: u32 = 1;

/// What labels have shown of one model under one prompt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    pub version: u32,
    pub at: Timestamp,
    #[serde(flatten)]
    pub calibration: Calibration,
    /// Of the model against relevance, in logits, 0 to 1; 0 where it did not show that it ranks better.
    pub share: f64,
    pub overrules: bool,
    /// Why it may not overrule.
    pub why_not: Vec<String>,
    /// What the share rests on.
    pub figures: calibration::Weight,
}

impl Measured {
    pub fn new(
        calibration: Calibration,
        figures: calibration::Weight,
        why_not: Vec<String>,
        at: Timestamp,
    ) -> Measured {
        let overrules = figures.may_overrule() && why_not.is_empty();
        Measured { version: VERSION, at, calibration, share: figures.w, overrules, why_not, figures }
    }

    /// Reads one that was kept.
    ///
    /// # Errors
    /// In words, where it is no such thing, or says what no measurement gives: it is not believed then.
    pub fn read(bytes: &[u8]) -> Result<Measured, String> {
        let measured: Measured = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let Measured { version, share, overrules, calibration, .. } = &measured;
        if *version != VERSION {
            return Err(format!("it has version {version}, and this program reads {VERSION}"));
        }
        if !(0.0..=1.0).contains(share) || [calibration.critical, calibration.relevance].iter().any(|one| one.a < 0.0) {
            return Err("its numbers are none that a measurement gives".to_owned());
        }
        if *overrules && (calibration.n < LEAST_LABELS || *share == 0.0) {
            return Err(format!("it lets a model overrule without a gain on {LEAST_LABELS} labels"));
        }
        Ok(measured)
    }
}

/// How far the models of a home are believed; made once for a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Credit(Option<Measured>);

impl Credit {
    pub fn of(measured: Measured) -> Credit {
        Credit(Some(measured))
    }

    pub fn measured(&self) -> Option<&Measured> {
        self.0.as_ref()
    }

    /// What an opinion says. What was measured counts for opinions of that very model and prompt alone.
    pub fn says(&self, opinion: &Opinion) -> Said {
        let applied = self.0.as_ref().and_then(|one| Some((one, one.calibration.apply(opinion)?)));
        match applied {
            Some((Measured { share, overrules, .. }, (critical, worth))) => {
                Said { worth, critical, weight: Weight { share: *share, overrules: *overrules } }
            }
            None => {
                let odds = opinion.odds;
                Said { worth: odds.critical + odds.notable, critical: odds.critical, weight: Weight::default() }
            }
        }
    }
}
