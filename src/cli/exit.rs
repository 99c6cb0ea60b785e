//! How a command ends when it does not end well: words on stderr, and an exit code that scripts can rely on.

use std::process::ExitCode;

use anyhow::anyhow;
use tidings::config::Mistake;
use tidings::flow::answers::Several;
use tidings::flow::ask::Unclear;
use tidings::flow::is_busy;

use super::logs;

/// `EX_TEMPFAIL` of sysexits.h: try again later.
const BUSY: u8 = 75;

/// Why a command did not do what it was asked.
pub enum Failure {
    /// Something went wrong: exit code 1, or 75 when another run holds the home.
    Failed(anyhow::Error),
    /// The command was used wrongly: exit code 2.
    Wrong(String),
    /// The two files of the home have mistakes: exit code 2.
    Mistakes(Vec<Mistake>),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Failure {
        Failure::Failed(error)
    }
}

/// A question with no one meaning was typed, which is wrong use.
impl From<Unclear> for Failure {
    fn from(unclear: Unclear) -> Failure {
        Failure::Wrong(unclear.to_string())
    }
}

impl Failure {
    /// Why a question had no answer: it has no one meaning, or something went wrong.
    pub fn of_question(error: anyhow::Error) -> Failure {
        match error.downcast::<Several>() {
            Ok(several) => Failure::Wrong(several.to_string()),
            Err(error) => error.downcast::<Unclear>().map_or_else(Failure::Failed, Failure::from),
        }
    }

    /// As an error, for what goes on living.
    pub fn in_words(self) -> anyhow::Error {
        match self {
            Failure::Failed(error) => error,
            Failure::Wrong(words) => anyhow!(words),
            Failure::Mistakes(mistakes) => {
                let words: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
                anyhow!(words.join("\n\n"))
            }
        }
    }

    /// Says it, and gives the exit code.
    pub fn report(self) -> ExitCode {
        match self {
            Failure::Failed(error) => {
                logs::tell("ERROR", &format!("tidings: {error:#}"));
                ExitCode::from(if is_busy(&error) { BUSY } else { 1 })
            }
            Failure::Wrong(words) => {
                logs::tell("ERROR", &format!("tidings: {words}"));
                ExitCode::from(2)
            }
            Failure::Mistakes(mistakes) => {
                for mistake in &mistakes {
                    logs::tell("ERROR", &format!("{mistake}\n"));
                }
                let plural = if mistakes.len() == 1 { "mistake" } else { "mistakes" };
                logs::tell("ERROR", &format!("tidings: {} {plural}; nothing was done", mistakes.len()));
                ExitCode::from(2)
            }
        }
    }
}
