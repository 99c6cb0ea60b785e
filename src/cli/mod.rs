//! The command line: what a person types becomes a call of the flow, and its result becomes words or JSON.

pub mod args;
pub mod points;
mod memory;
mod home;
mod secrets;
mod exit;
mod logs;
mod progress;
mod run;
mod watch;
mod systemd;
pub mod hook;
mod running;
mod demo;
mod search;
mod turns;
mod init;
mod sources;
mod sessions;
mod grid;
mod usage;
mod sharing;
mod subscribe;
mod digest;
mod trends;
mod judge;
mod thumbs;
mod lessons;
mod propose;
mod people;
mod channels;
mod status;
mod eval;
mod beside;
mod serve;
mod doctor;
mod wrap;
mod install;
mod manual;
mod mcp;

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use tidings::flow::Clock;

use args::{Cli, Command};
use exit::Failure;

/// What every command may know: where it is, what time it is, and how to answer.
#[derive(Clone)]
pub struct Desk {
    /// `--home` or TIDINGS_HOME.
    pub home: Option<std::path::PathBuf>,
    pub now: Timestamp,
    /// `now` is pretended: time stands still.
    pub is_pretended: bool,
    pub json: bool,
    /// The session of an agent from which the command is called.
    pub session: Option<String>,
}

impl Desk {
    /// Tells the time to what lives longer than one pass.
    pub fn clock(&self) -> Clock {
        let now = self.now;
        if self.is_pretended { Arc::new(move || now) } else { Arc::new(Timestamp::now) }
    }

    /// Prints one JSON value on stdout.
    pub fn print_json(&self, value: &impl Serialize) -> anyhow::Result<()> {
        say(&serde_json::to_string_pretty(value)?)
    }
}

/// Prints an answer on stdout. A reader that has left (`| head`) is no failure.
pub fn say(text: &str) -> anyhow::Result<()> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}

/// Runs the command and gives its exit code: 0 done; 1 failed; 2 wrong use or wrong configuration; 75 another run is at work.
pub fn main(cli: Cli) -> ExitCode {
    if matches!(cli.command, Command::Hook) {
        return hook::hook(cli);
    }
    memory::give_back();
    // Whoever reads the journal of a daemon wants to know what it did.
    logs::start(if matches!(cli.command, Command::Watch) { cli.verbose.max(1) } else { cli.verbose }, cli.log);
    if let Some(file) = &cli.secrets
        && let Err(error) = secrets::set(file)
    {
        return Failure::Wrong(format!("{error:#}")).report();
    }
    let session = std::env::var("CLAUDE_CODE_SESSION_ID").ok().filter(|session| !session.is_empty());
    let is_pretended = cli.now.is_some();
    let now = cli.now.unwrap_or_else(Timestamp::now);
    let desk = Desk { home: cli.home, now, is_pretended, json: cli.json, session };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::from(anyhow::Error::new(error)).report(),
    };
    let result = runtime.block_on(async {
        match cli.command {
            Command::Run(args) => run::run(&desk, args).await,
            Command::Watch => watch::watch(&desk).await,
            Command::Hook => Ok(ExitCode::SUCCESS),
            Command::Demo => demo::demo(&desk).await,
            Command::Search(args) => search::search(&desk, &args),
            Command::Show(args) if args.article => search::show_article(&desk, &args.id).await,
            Command::Show(args) => search::show(&desk, &args),
            Command::Resume { id } => turns::resume(&desk, &id),
            Command::Init(args) => init::init(&desk, &args),
            Command::Sources { command } => sources::sources(&desk, command).await,
            Command::Sessions { command } => sessions::sessions(&desk, command),
            Command::Digest { command } => digest::digest(&desk, command).await,
            Command::Trends { command } => trends::trends(&desk, command).await,
            Command::Judge { command } => judge::judge(&desk, &command).await,
            Command::Thumbs { command } => thumbs::thumbs(&desk, &command),
            Command::Lessons { command } => lessons::lessons(&desk, command),
            Command::Propose(args) => propose::propose(&desk, &args).await,
            Command::People { command } => people::people(&desk, command),
            Command::Channels { command } => channels::channels(&desk, command).await,
            Command::Status { metrics: true, .. } => status::metrics(&desk),
            Command::Status { check: true, .. } => status::check(&desk),
            Command::Status { .. } => status::status(&desk),
            Command::Serve(args) => serve::serve(&desk, &args).await,
            Command::Doctor => doctor::doctor(&desk).await,
            Command::Install { command } => install::install(&desk, &command),
            Command::Completions(args) => manual::completions(args.shell),
            Command::Man { folder } => manual::man(folder.as_deref()),
            Command::Mcp => mcp::mcp(&desk, cli.now).await,
            Command::Reindex => run::reindex(&desk),
            Command::Restore { from } => run::restore(&desk, from.as_deref()),
        }
    });
    // Pages that are still being read are nobody's any more.
    runtime.shutdown_background();
    result.unwrap_or_else(Failure::report)
}
