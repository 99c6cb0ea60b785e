//! Pulse: whether runs go well, for whoever only wants to know that.

use anyhow::Result;
use jiff::Timestamp;
use serde::Serialize;

use super::heartbeat::LONGEST_SILENCE;
use crate::home::Home;
use crate::keep;

/// How runs go, by what the last one wrote down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Pulse {
    /// The last one that went well is not long ago, or the home is new.
    Good { last_good: Option<Timestamp> },
    /// Nothing has run in this home yet.
    NeverRan,
    /// None has gone well for more than 26 hours, or every source fails.
    Silent {
        since: Timestamp,
        /// None ever did; `since` is the first run.
        never_good: bool,
    },
}

impl Pulse {
    pub fn is_good(&self) -> bool {
        matches!(self, Pulse::Good { .. })
    }

    /// Without a full stop.
    pub fn words(&self) -> String {
        match self {
            Pulse::Good { last_good: Some(at) } => format!("The last good run was at {at:.0}"),
            Pulse::Good { last_good: None } => {
                "No run has gone well yet, and the first was less than 26 hours ago".to_owned()
            }
            Pulse::NeverRan => "Nothing has run in this home yet".to_owned(),
            Pulse::Silent { since, never_good: true } => format!("No run has gone well in this home since {since:.0}"),
            Pulse::Silent { since, never_good: false } => format!("No run has gone well since {since:.0}"),
        }
    }
}

/// How the runs of a home go. Needs no lock.
///
/// # Errors
/// When the view can't be read.
pub fn pulse(home: &Home, now: Timestamp) -> Result<Pulse> {
    Ok(keep::status(home.folder())?.map_or(Pulse::NeverRan, |status| pulse_of(&status, now)))
}

/// How they go by a status that was read already.
pub fn pulse_of(status: &keep::Status, now: Timestamp) -> Pulse {
    let good = status.heartbeat.good;
    let since = good.unwrap_or(status.first_run);
    if status.heartbeat.silent || now.duration_since(since) > LONGEST_SILENCE {
        return Pulse::Silent { since, never_good: good.is_none() };
    }
    Pulse::Good { last_good: good }
}
