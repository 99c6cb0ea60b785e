//! How a command ends when it does not end well: words on stderr, and an exit code that scripts can rely on.

use std::process::ExitCode;

use tidings::config::Mistake;
use tidings::flow::is_busy;

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

impl Failure {
    /// Says it, and gives the exit code.
    pub fn report(self) -> ExitCode {
        match self {
            Failure::Failed(error) => {
                eprintln!("tidings: {error:#}");
                ExitCode::from(if is_busy(&error) { BUSY } else { 1 })
            }
            Failure::Wrong(words) => {
                eprintln!("tidings: {words}");
                ExitCode::from(2)
            }
            Failure::Mistakes(mistakes) => {
                for mistake in &mistakes {
                    eprintln!("{mistake}\n");
                }
                let plural = if mistakes.len() == 1 { "mistake" } else { "mistakes" };
                eprintln!("tidings: {} {plural}; nothing was done", mistakes.len());
                ExitCode::from(2)
            }
        }
    }
}
