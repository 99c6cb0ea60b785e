//! The words of `tidings install`, `completions` and `man`, and their help.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub enum InstallCommand {
    /// The lines of your crontab that run this home each hour, and look each day whether that goes well
    Cron(CronArgs),
    /// A unit that runs `tidings watch` for as long as the machine runs
    Systemd(SystemdArgs),
    /// Searching for Claude Code: its list of MCP servers, and with --hooks what tells of sessions as they begin, wait and end
    ClaudeCode(ClaudeCodeArgs),
}

/// What every kind of installing knows.
#[derive(Debug, Args)]
pub struct Deed {
    /// Write it; without this nothing is changed, and what would be written is shown
    #[arg(long)]
    pub yes: bool,

    /// Take out again what was installed (with --yes; else show it)
    #[arg(long)]
    pub remove: bool,

    /// This program in what is written [default: the one that runs now]
    #[arg(long, value_name = "FILE")]
    pub program: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct CronArgs {
    #[command(flatten)]
    pub deed: Deed,

    /// The minute of each hour [default: one that follows from the home's path, so that not all labs ask at once]
    #[arg(long, value_name = "MINUTE", value_parser = clap::value_parser!(u8).range(0..60))]
    pub at: Option<u8>,

    /// File of secrets for cron, which knows none of your shell's variables: NAME=value lines, readable by you alone
    #[arg(long, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct SystemdArgs {
    #[command(flatten)]
    pub deed: Deed,

    /// For the whole machine, in /etc/systemd/system, as the user who owns the home; needs root to write
    #[arg(long)]
    pub system: bool,

    /// Instead of the daemon, a timer that does `tidings run` each hour
    #[arg(long)]
    pub timer: bool,

    /// Instead of the daemon, the pages: `tidings serve`
    #[arg(long, conflicts_with = "timer")]
    pub pages: bool,

    /// File of secrets, NAME=value lines (EnvironmentFile=), readable by its owner alone
    #[arg(long, value_name = "FILE")]
    pub env_file: Option<PathBuf>,

    /// The unit's name, for a second home on one machine
    #[arg(long, default_value = "tidings")]
    pub name: String,

    /// Write the units into this folder instead, for another machine
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ClaudeCodeArgs {
    #[command(flatten)]
    pub deed: Deed,

    /// Also hooks: a session's end takes its transcript in before Claude Code deletes it, its questions tell who waits
    #[arg(long)]
    pub hooks: bool,

    /// Only in this project (its .mcp.json and .claude/settings.local.json) [default: wherever you use Claude Code]
    #[arg(long, value_name = "DIR")]
    pub project: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// The shells that completions are written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
}
