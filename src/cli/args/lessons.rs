//! What may be asked of lessons, and of the proposal that is made of them.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use tidings::flow::habits::Preset;
use tidings::lesson::{Kind, LessonId};

#[derive(Debug, Subcommand)]
pub enum LessonsCommand {
    /// What was learnt, the newest first: what it says, what bears it out, and how far it has come
    List(LessonsArgs),
    /// Propose this one first; optional, since the merge is the gate
    Accept {
        /// As `lessons list` prints it (bp-2026-w47-03)
        id: LessonId,
    },
    /// Never propose this one, unless its content changes
    Reject {
        /// As `lessons list` prints it
        id: LessonId,
    },
    /// Say that this one no longer holds; the next request marks it so
    Retire {
        /// As `lessons list` prints it
        id: LessonId,
    },
    /// Print lessons as JSON for an orchestrator of agents: typed, at most 100, with how much each matters and how far it came
    Export(LessonsArgs),
    /// What you keep correcting: calls that were denied, errors that come back, what you type after an agent's turn; each
    /// with a draft of a line for CLAUDE.md. It is shown to its owner alone, and written down nowhere
    Friction(FrictionArgs),
    /// Suggest a settings.json for Claude Code from the commands of the own sessions; it is printed, and never applied
    Permissions(PermissionsArgs),
}

#[derive(Debug, Args)]
pub struct ProposeArgs {
    /// Open the request now, or bring the open one up to date
    #[arg(long, conflicts_with = "checkout")]
    pub open: bool,

    /// Read the skill from this folder, a clone of its repository, instead of asking the forge: needs no token
    #[arg(long, value_name = "FOLDER")]
    pub checkout: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct LessonsArgs {
    /// Nothing found earlier: a date (2026-11-01) or a span back from now (30d)
    #[arg(long, value_name = "DATE")]
    pub since: Option<String>,

    /// Only lessons of this kind
    #[arg(long, value_parser = kind())]
    pub category: Option<Kind>,
}

/// A kind of lesson by its name.
fn kind() -> impl TypedValueParser<Value = Kind> {
    let names = PossibleValuesParser::new(Kind::ALL.map(Kind::word));
    names.map(|word| Kind::ALL.into_iter().find(|kind| kind.word() == word).expect("one of those just listed"))
}

#[derive(Debug, Args)]
pub struct FrictionArgs {
    /// Your own; has to be said, since nobody else's is ever shown
    #[arg(long)]
    pub mine: bool,

    /// Only the last so many days
    #[arg(long, value_name = "N")]
    pub days: Option<u16>,

    /// Every line; else seven of each kind
    #[arg(long)]
    pub all: bool,
}

#[derive(Debug, Args)]
pub struct PermissionsArgs {
    /// Only what was asked in this folder and below it; worktrees count as their repository
    #[arg(long, value_name = "DIR")]
    pub project: Option<PathBuf>,

    /// ordinary; sensitive (nothing reaches the web, more is asked); unattended (nobody is there: denied instead of asked)
    #[arg(long, value_parser = crate::cli::lessons::preset, default_value = "ordinary", value_name = "PRESET")]
    pub preset: Preset,
}
