//! Health: how a source fares, in one word.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// It answers, or failed once or twice in less than a day.
    #[default]
    Ok,
    /// It answers, and has brought nothing new for three times as long as it usually takes, and for a week at least.
    Quiet,
    /// Three faults in a row, or faults for more than a day.
    Failing,
    /// Its server says that it is gone for good (410). It is asked again every 30 days.
    Parked,
}

impl Health {
    pub fn word(self) -> &'static str {
        match self {
            Health::Ok => "ok",
            Health::Quiet => "quiet",
            Health::Failing => "failing",
            Health::Parked => "parked",
        }
    }
}
