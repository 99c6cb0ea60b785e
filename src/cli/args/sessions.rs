//! The words of `tidings sessions`.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use tidings::session::usage::By;

#[derive(Debug, Subcommand)]
pub enum SessionsCommand {
    /// Sessions, the latest first
    List {
        /// At most this many
        #[arg(short = 'n', long, default_value_t = 20)]
        limit: usize,
    },
    /// Which are at work, wait for you, or have been quiet for how long; from their files alone
    Running {
        /// Also those that ended in the last twelve hours
        #[arg(long)]
        all: bool,
    },
    /// What they cost: tokens and dollars, each answer counted once, whatever forks and resumed sessions copied
    Usage(UsageArgs),
    /// Remove a session everywhere and for good, also when its file comes back; the file itself is not touched
    Forget {
        /// A session's id, as `sessions list` prints it, or a transcript's (t-7k3m9q2xwd)
        id: String,
    },
    /// Take out of what is kept what the present rules call secrets
    Scrub,
    /// Write what [share] in tidings.toml names into its folder, for the lab's home to read; each run does so too
    Share(ShareArgs),
    /// Take back what was shared, and share it no more
    Unshare(ScopeArgs),
}

#[derive(Debug, Args)]
pub struct ShareArgs {
    #[command(flatten)]
    pub scope: ScopeArgs,

    /// Change nothing: list what goes, what waits and till when, and what is held back and why
    #[arg(long)]
    pub dry_run: bool,
}

/// What of the sessions. With `share` it lifts an `unshare` before.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub struct ScopeArgs {
    /// A session's id, as `sessions list` prints it, or a transcript's (t-7k3m9q2xwd)
    pub id: Option<String>,

    /// Every session of this folder and of those below it
    #[arg(long, value_name = "DIR")]
    pub project: Option<PathBuf>,

    /// Every session
    #[arg(long)]
    pub all: bool,
}

#[derive(Debug, Args)]
pub struct UsageArgs {
    /// Sums of days (of the lab's zone), projects (worktrees count as their repository), models, branches, sessions, or
    /// blocks of five hours
    #[arg(long, value_parser = by(), default_value = "day")]
    pub by: By,

    /// Nothing before this day: a date (2026-11-01) or a span back from today (30d, 2w)
    #[arg(long, value_name = "DAY")]
    pub since: Option<String>,

    /// Nothing after this day
    #[arg(long, value_name = "DAY")]
    pub until: Option<String>,

    /// Every row; else 50 of them, and with --json what fits into 16 KB
    #[arg(long)]
    pub all: bool,

    /// As Markdown, to paste into a diary: a table, and with --by session a line for each
    #[arg(long)]
    pub markdown: bool,
}

/// A way of summing by its name.
fn by() -> impl TypedValueParser<Value = By> {
    let names = PossibleValuesParser::new(By::ALL.map(By::word));
    names.map(|word| By::ALL.into_iter().find(|by| by.word() == word).expect("one of those just listed"))
}
