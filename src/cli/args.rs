//! The words of the command line, and their help.

mod install;
mod lessons;
mod sessions;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use tidings::edition::ChannelName;
use tidings::source::Trust;
use url::Url;

pub use install::{ClaudeCodeArgs, CompletionsArgs, CronArgs, Deed, InstallCommand, Shell, SystemdArgs};
pub use lessons::{FrictionArgs, LessonsArgs, LessonsCommand, PermissionsArgs, ProposeArgs};
pub use sessions::{ScopeArgs, SessionsCommand, ShareArgs, UsageArgs};

/// Watches where news about coding agents and research practice appears, and tells a lab what matters.
#[derive(Debug, Parser)]
#[command(name = "tidings", version, max_term_width = 100, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 done; 1 failed; 2 wrong use or wrong configuration; 75 another run is at work.\n\
                        New here? `tidings demo` shows the whole river without network or accounts."
)]
pub struct Cli {
    /// Folder with sources.toml, tidings.toml, digests/, index/ and state/ [default: the current folder if it holds
    /// sources.toml, else tidings/ in the XDG data folder]
    #[arg(long, global = true, env = "TIDINGS_HOME", value_name = "DIR", hide_env_values = true)]
    pub home: Option<PathBuf>,

    /// Pretend it is this time, to try a schedule: 2026-11-23T07:00:00Z
    #[arg(long, global = true, value_name = "RFC3339")]
    pub now: Option<Timestamp>,

    /// Print one JSON object on stdout instead of words
    #[arg(long, global = true)]
    pub json: bool,

    /// Log what happens to stderr; twice for more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,

    /// How stderr reads: text for people, json for programs, with the time and the run's id in each line
    #[arg(
        long,
        global = true,
        value_enum,
        env = "TIDINGS_LOG_FORMAT",
        value_name = "FORMAT",
        default_value = "text",
        hide_env_values = true
    )]
    pub log: LogFormat,

    /// File of NAME=value lines that stand in for environment variables, readable by you alone; for cron
    #[arg(long, global = true, env = "TIDINGS_SECRETS", value_name = "FILE", hide_env_values = true)]
    pub secrets: Option<PathBuf>,

    #[command(subcommand)]
    pub command: Command,
}

/// How stderr reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Do what is due: ask the sources, weigh what is new, send alerts, the week's digest and the month's trends
    Run(RunArgs),
    /// The same without cron: lives on, does what is due when it is due, and takes in sessions while they grow
    #[command(
        after_help = "SIGTERM and SIGINT end it with exit code 0: at once while it rests; at work it breaks off where it waits \
                            for an answer, and finishes a step that does not wait, for 20 seconds at most. Nothing is lost: the next \
                            pass goes on from there. A second signal ends it at once. Between passes it does not hold the home, \
                            and other commands find it free. Under systemd: Type=notify, and WatchdogSec= if you like."
    )]
    Watch,
    /// For agents: take what a hook of Claude Code says on standard input; prints nothing and never fails
    Hook,
    /// Show the whole river on a recorded world: no network, no accounts, a few seconds
    Demo,
    /// Search everything that was read, and past sessions with coding agents
    Search(SearchArgs),
    /// Show one item whole, or turns of a session
    Show(ShowArgs),
    /// Print the command that takes up a session again, in its folder
    Resume {
        /// A session's id or its beginning, or a transcript's (t-7k3m9q2xwd)
        id: String,
    },
    /// Make a home, asking what to watch
    Init(InitArgs),
    /// List the sources, check sources.toml and tidings.toml, or try one source
    Sources {
        #[command(subcommand)]
        command: SourcesCommand,
    },
    /// List what is kept of sessions with coding agents, forget one, or scrub them again
    Sessions {
        #[command(subcommand)]
        command: SessionsCommand,
    },
    /// Preview, write or send one week's digest
    Digest {
        #[command(subcommand)]
        command: Option<DigestCommand>,
    },
    /// Preview, write or send one month's trends
    Trends {
        #[command(subcommand)]
        command: Option<TrendsCommand>,
    },
    /// Say why an item was weighed as it was, or how good the judgements are
    Judge {
        #[command(subcommand)]
        command: JudgeCommand,
    },
    /// Say that an item was worth reading, or was not
    Thumbs {
        #[command(subcommand)]
        command: ThumbsCommand,
    },
    /// List what was learnt, say yes or no to a lesson, or see what your own sessions teach
    Lessons {
        #[command(subcommand)]
        command: LessonsCommand,
    },
    /// Work out the pull request on the lab's skill and write it down; nothing is sent unless asked for
    Propose(ProposeArgs),
    /// List or import the people who get mail, and take them off a list or put them back
    People {
        #[command(subcommand)]
        command: PeopleCommand,
    },
    /// Show how letters leave, send again what was refused, or try a channel
    Channels {
        #[command(subcommand)]
        command: ChannelsCommand,
    },
    /// Show how the sources fare, what is still to be done, and what was set aside
    Status {
        /// Say nothing and exit with 0 while runs go well; say why and exit with 1 when none did for 26 hours
        #[arg(long)]
        check: bool,
        /// Print everything that is measured in Prometheus' text format, for node_exporter's textfile collector
        #[arg(long, conflicts_with = "check")]
        metrics: bool,
    },
    /// Show it all to browsers: what was told, a search over everything, past sessions, how the sources fare
    Serve(ServeArgs),
    /// Say what is missing for a working home, and how to get it
    Doctor,
    /// Have cron or systemd run this home, or Claude Code search it: shows what it would write, and writes it with --yes
    Install {
        #[command(subcommand)]
        command: InstallCommand,
    },
    /// Print completions of this command line for a shell
    Completions(CompletionsArgs),
    /// Write the manual: the page of every command
    Man {
        /// Into this folder; else the main page on stdout
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
    /// Answer an agent's questions about sessions, news and lessons, over MCP on standard input and output
    #[command(
        after_help = "An MCP client starts it. In Claude Code, once:\n  claude mcp add --scope user tidings -- tidings mcp\n\n\
                            It reads and changes nothing. `--home DIR` behind `mcp` names another home."
    )]
    Mcp,
    /// Make the search index anew from what is kept
    Reindex,
    /// Make a damaged store anew from the last export, and the index with it
    Restore {
        /// This export; else the newest in state/exports/ that can be read
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub struct RunArgs {
    /// Ask only this source, even if it is not due; may be given several times
    #[arg(long, value_name = "NAME")]
    pub source: Vec<String>,

    /// Ask, read and judge, but keep nothing and send nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Instead of the network, answer from a recorded world, one run for each pass in it
    #[arg(long, value_name = "DIR", conflicts_with = "record")]
    pub replay: Option<PathBuf>,

    /// Write every answer of the network into a recorded world
    #[arg(long, value_name = "DIR")]
    pub record: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ServeArgs {
    /// An address and a port of this machine; port 0 takes any that is free [default: 127.0.0.1:8410, or `listen` of [web]]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
}

#[derive(Debug, Args)]
pub struct SearchArgs {
    /// Words that must all occur; "a phrase", OR, NOT, prefix*; for items source:name, level:notable; for sessions role:prompt,
    /// tool:bash, model:opus, branch:main, project:atlas, session:ID, agent:codex, host:, owner:, version:, error:yes,
    /// subagent:no; kind:item or kind:turn for one of the two
    #[arg(required_unless_present = "regex", value_name = "QUERY")]
    pub query: Vec<String>,

    /// Only turns of sessions in whose text this expression matches; the query narrows them first
    #[arg(long, value_name = "RE")]
    pub regex: Option<String>,

    /// Also the session of the agent that asks (CLAUDE_CODE_SESSION_ID)
    #[arg(long)]
    pub own: bool,

    /// With --json: at most this much, in bytes
    #[arg(long, default_value_t = 16_384)]
    pub bytes: usize,

    /// At most this many items and sessions
    #[arg(short = 'n', long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=200))]
    pub limit: u16,

    /// Nothing older: a date (2026-11-01) or a span back from now (30d)
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,

    /// Nothing newer: a date or a span back from now
    #[arg(long, value_name = "WHEN")]
    pub until: Option<String>,

    /// Only items of this source
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
}

#[derive(Debug, Args)]
pub struct ShowArgs {
    /// An item's id (i-7k3m9q2xwd), a session's or its beginning, or a transcript's with or without a line
    /// (t-7k3m9q2xwd:120), as search prints them
    pub id: String,

    /// Ask for the page that an item links to, and show that page's main text; keeps nothing
    #[arg(long)]
    pub article: bool,

    /// Of a session: the turns of this line of its file, and those around it
    #[arg(long, value_name = "LINE", conflicts_with_all = ["article", "all"])]
    pub around: Option<u64>,

    /// Turns before and after that line
    #[arg(short = 'C', long, value_name = "TURNS", default_value_t = 5)]
    pub context: usize,

    /// Of a session: every turn, those of its subagents last
    #[arg(long, conflicts_with = "article")]
    pub all: bool,

    /// Of a session, with --json: at most this much, in bytes; `next` says where it goes on
    #[arg(long, value_name = "BYTES", default_value_t = 16_384)]
    pub bytes: usize,
}

#[derive(Debug, Args)]
pub struct InitArgs {
    /// Ask nothing: watch all shipped sources, in UTC
    #[arg(long)]
    pub yes: bool,
}

#[derive(Debug, Subcommand)]
pub enum SourcesCommand {
    /// What is watched, with its kind, trust and interval
    List,
    /// Check sources.toml and tidings.toml: file, line, column and remedy of every mistake at once
    Check,
    /// Ask one source now and show what would be read; keeps nothing
    Test {
        /// Its name in sources.toml
        name: String,
    },
    /// Watch an address: finds the feed of a page, and writes it into sources.toml
    Add(AddArgs),
    /// Watch the feeds of another reader's list: OPML, or one address a line; all or none
    Import {
        /// `-` reads standard input
        file: PathBuf,
        /// How far they are believed; who controls the bytes decides
        #[arg(long, value_parser = read_trust, default_value = "community")]
        trust: Trust,
    },
    /// Print what is watched as OPML, for other feed readers
    Export,
}

#[derive(Debug, Args)]
pub struct AddArgs {
    /// A feed, a page that names one, or a repository, subreddit or channel
    pub url: Url,

    /// What people call it [default: the feed's own title]
    #[arg(long)]
    pub name: Option<String>,

    /// official (the maker of the thing), expert or community; who controls the bytes decides
    #[arg(long, value_parser = read_trust, default_value = "community")]
    pub trust: Trust,

    /// The lab's own word for what it is about; may be given several times
    #[arg(long, value_name = "TOPIC")]
    pub topic: Vec<String>,

    /// The least time between two requests: 1h, 1d
    #[arg(long, value_name = "TIME")]
    pub every: Option<String>,
}

fn read_trust(word: &str) -> Result<Trust, String> {
    let known = Trust::ALL.map(Trust::word).join(", ");
    Trust::ALL.into_iter().find(|trust| trust.word() == word).ok_or_else(|| format!("one of {known}"))
}

#[derive(Debug, Subcommand)]
pub enum DigestCommand {
    /// Print the digest of the week that is still open, or of another; keeps and sends nothing
    Preview {
        /// 2026-W47
        #[arg(long)]
        week: Option<String>,
        /// Also write it as digest.json, .md, .html and .txt into this folder
        #[arg(long, value_name = "DIR")]
        to: Option<PathBuf>,
    },
    /// Write the last closed week, or another closed one, to digests/
    Write {
        /// 2026-W47
        #[arg(long)]
        week: Option<String>,
    },
    /// Write a closed week and send it to everybody who has not had it yet
    Send {
        /// 2026-W47
        #[arg(long)]
        week: Option<String>,
        /// Send it even if it closed more than two weeks ago, or was stopped before it was mailed, for this reason, which is kept
        #[arg(long, value_name = "REASON")]
        force: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub enum TrendsCommand {
    /// Print the trends of the month that is still open, or of another; sends nothing
    Preview {
        /// 2026-11
        month: Option<String>,
        /// Also write them as trends.json, .md, .html and .txt, with the pictures, into this folder
        #[arg(long, value_name = "DIR")]
        to: Option<PathBuf>,
    },
    /// Write the last closed month, or another closed one, to digests/trends/
    Write {
        /// 2026-11
        month: Option<String>,
    },
    /// Write a closed month and send it to everybody who has not had it yet
    Send {
        /// 2026-11
        month: Option<String>,
        /// Send it even if it closed more than two weeks ago, for this reason, which is kept
        #[arg(long, value_name = "REASON")]
        force: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub enum JudgeCommand {
    /// Every rule, both scores, what a model made of it, its story with who tells it, and where it was told
    Explain {
        /// An item's id, as search and digest print it (i-7k3m9q2xwd), or a story's (s-7k3m9q2xwd)
        id: String,
    },
    /// Say how good the judgements are on labelled items, beside counting keywords and beside BM25
    Eval(EvalArgs),
    /// Fit the weights of relevance to labelled items
    Fit(FitArgs),
}

#[derive(Debug, Args)]
pub struct EvalArgs {
    /// Labelled items, one JSON object a line: id, source, kind, title, summary, url, date, relevance (0 to 3), severity
    pub file: PathBuf,

    /// Judge each week by weights that were fitted to the other weeks: honest where the shipped ones were fitted to this file
    #[arg(long)]
    pub cross_validate: bool,

    /// With --cross-validate: fit to these items too; may be given several times
    #[arg(long, value_name = "FILE", requires = "cross_validate")]
    pub with: Vec<PathBuf>,

    /// Have the model of [model] read each item too, and say what it adds and whether it may overrule
    #[arg(long)]
    pub with_model: bool,

    /// With --with-model: keep what was learned of the model for the runs to come, in state/calibration.json
    #[arg(long, requires = "with_model")]
    pub keep: bool,

    /// Write both scores of each item as {"id","relevance","critical"}, one a line; with --with-model those with the model
    #[arg(long, value_name = "FILE")]
    pub predictions: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct FitArgs {
    /// Labelled items, as `judge eval` takes them
    #[arg(required = true)]
    pub file: Vec<PathBuf>,

    /// Write the weights here instead of printing them
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum ThumbsCommand {
    /// More like this; counts from the next run
    Up(ThumbArgs),
    /// Less like this; counts from the next run
    Down(ThumbArgs),
}

#[derive(Debug, Args)]
pub struct ThumbArgs {
    /// An item's id (i-7k3m9q2xwd), or a story's (s-7k3m9q2xwd), which stands for the item that speaks for it
    pub id: String,

    /// Take the thumb back instead, whichever it was
    #[arg(long)]
    pub clear: bool,
}

#[derive(Debug, Subcommand)]
pub enum PeopleCommand {
    /// Who gets mail, who left a list, and whose address refuses letters
    List,
    /// Take a person off a list; counts at once, or from the next run if one is at work
    Unsubscribe(LeaveArgs),
    /// Put a person back on a list, and try an address again that refused letters
    Subscribe(LeaveArgs),
    /// Add people to tidings.toml from a file: one `address` or `Name <address>` or `address,name` a line
    Import {
        /// `-` reads standard input
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub struct LeaveArgs {
    /// As in tidings.toml
    pub address: String,

    /// Which letters: the week's digest, alerts with their roll-ups, or all
    #[arg(long, value_enum, default_value_t = Lists::All)]
    pub list: Lists,
}

/// The lists that can be left.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Lists {
    Digest,
    Alert,
    All,
}

#[derive(Debug, Subcommand)]
pub enum ChannelsCommand {
    /// What is set up, and how its letters fared up to the last run
    List,
    /// Letters that were refused for good, and letters too old to leave by themselves, with the reason
    Dead,
    /// Queue such letters again: same key, same bytes, same Message-ID; the next run sends them
    #[command(group = clap::ArgGroup::new("which").required(true))]
    Replay {
        /// The letter's key, as `channels dead` prints it
        #[arg(group = "which")]
        key: Option<String>,
        /// All of them
        #[arg(long, group = "which")]
        all: bool,
        /// Why; kept in told.jsonl
        #[arg(long, default_value = "replayed by hand")]
        reason: String,
    },
    /// Send one test message now; nothing is kept
    Test {
        #[arg(value_parser = channel_name())]
        channel: ChannelName,
        /// Who gets it, on mail
        #[arg(long, value_name = "ADDRESS")]
        to: Option<String>,
    },
}

/// A channel by its name, one of those there are.
fn channel_name() -> impl TypedValueParser<Value = ChannelName> {
    let names = PossibleValuesParser::new(ChannelName::ALL.map(ChannelName::word));
    names.map(|word| ChannelName::named(&word).expect("one of those just listed"))
}
