//! `tidings init`: a home, asking what to watch.

use std::fs;
use std::io::{BufRead, IsTerminal, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use jiff::tz::TimeZone;
use tidings::config::{read_every_source, read_sources};

use super::args::InitArgs;
use super::exit::Failure;
use super::home::read_files;
use super::run::count;
use super::{Desk, say};

/// The list that ships with the program.
pub(super) const SOURCES: &str = include_str!("../../sources.toml");

/// How a source begins that is not read unless somebody wants it.
const OFFER: &str = "# [[source]]";

pub fn init(desk: &Desk, args: &InitArgs) -> Result<ExitCode, Failure> {
    let home = desk.home()?;
    if home.sources().exists() {
        return Err(Failure::Wrong(format!(
            "{} is there already; init never writes over what a person wrote",
            home.sources().display()
        )));
    }
    let mut answers = Answers::new(args.yes);
    let folder = home.folder();
    say(&format!("A home for tidings in {}.", folder.display()))?;
    let (preamble, groups) = groups();
    let mut sources = preamble.to_owned();
    for group in groups {
        if group.contains(OFFER) {
            sources.push_str("\n\n");
            sources.push_str(&with_sessions(group, &mut answers)?);
            continue;
        }
        let number = group.matches("[[source]]").count();
        let title = group.lines().next().unwrap_or_default().trim_start_matches("# ");
        if answers.yes(&format!("Watch {}: {title}", count(number, "source")))? {
            sources.push_str("\n\n");
            sources.push_str(group.trim_end());
            sources.push('\n');
        }
    }
    let zone = TimeZone::system().iana_name().unwrap_or("UTC").to_owned();
    let zone = answers.text("Time zone of the lab", &zone, |zone| TimeZone::get(zone).is_ok())?;
    let contact = answers.text("Mail address for the people whose servers are asked (may stay empty)", "", |_| true)?;

    let settings = settings(&zone, &contact);
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("writing {}", path.display()))
    };
    let make = |path: &Path, mode: u32| {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(mode)
            .create(path)
            .with_context(|| format!("making {}", path.display()))
    };
    make(folder, 0o755)?;
    make(&folder.join("state"), 0o700)?;
    make(&folder.join("digests"), 0o755)?;
    write("sources.toml", &sources)?;
    if !home.settings().exists() {
        write("tidings.toml", &settings)?;
    }
    let (read, config) = read_files(&home)?;
    let (asked, sessions) = read.map_err(Failure::Mistakes)?;
    let watched = asked.len() + sessions.len();
    config.map_err(Failure::Mistakes)?;
    let named = desk.home.as_ref().map(|folder| format!(" --home {}", folder.display())).unwrap_or_default();
    say(&format!(
        "\n{} in sources.toml, settings in tidings.toml. Next:\n  tidings{named} run       asks them all; the first time takes about a minute\n  tidings{named} digest    shows the week so far\n  tidings{named} doctor    says what is still missing",
        count(watched, "source")
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// The list's opening words, and its groups: each begins with a comment after two empty lines.
fn groups() -> (&'static str, Vec<&'static str>) {
    let mut parts = SOURCES.split("\n\n\n");
    let preamble = parts.next().unwrap_or_default();
    debug_assert!(read_sources("sources.toml", SOURCES).is_ok());
    (preamble, parts.collect())
}

/// The group of sessions: those that lie on this machine are asked for one by one, and read only after a yes.
fn with_sessions(group: &str, answers: &mut Answers) -> anyhow::Result<String> {
    let user = std::env::home_dir();
    let mut blocks = Vec::new();
    for block in group.trim_end().split("\n\n") {
        let taken: String = block.lines().map(|line| line.trim_start_matches("# ").to_owned() + "\n").collect();
        let offered = if block.starts_with(OFFER) { read_every_source("sources.toml", &taken).ok() } else { None };
        let offered = offered.and_then(|(_, sessions)| sessions.into_iter().next());
        let is_taken = match offered {
            Some(offer) if offer.folder_of(user.as_deref()).is_dir() => answers.no_unless(&format!(
                "Read the sessions in {}, scrubbed of secrets? Only in a home that is yours alone",
                offer.folder.display()
            ))?,
            _ => false,
        };
        blocks.push(if is_taken { taken.trim_end().to_owned() } else { block.to_owned() });
    }
    Ok(blocks.join("\n\n") + "\n")
}

fn settings(zone: &str, contact: &str) -> String {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    format!(
        "# How this home works. Every line may go: each has a default. `tidings sources check` finds mistakes.\n\
         \n\
         [network]\n\
         contact = {}   # in the User-Agent, so that a server's owner finds a person\n\
         \n\
         [schedule]\n\
         zone = {}\n\
         digest = \"Mon 07:00\"\n\
         \n\
         # [interests]\n\
         # watch = [\"claude-code\", \"mcp\"]     # products whose security news is told at once\n\
         # profile = \"\"\"\n\
         # prompt injection ^3\n\
         # sandbox ^2\n\
         # \"\"\"\n\
         \n\
         # [mail]\n\
         # smtp = \"smtps://user@mail.example.org\"\n\
         # from = \"Tidings <tidings@example.org>\"\n\
         # password_env = \"TIDINGS_SMTP_PASSWORD\"\n\
         \n\
         # [[people]]\n\
         # address = \"ana@example.org\"\n\
         # name = \"Ana\"\n",
        quoted(contact),
        quoted(zone)
    )
}

/// Questions to a person at a terminal; elsewhere every answer is the default.
struct Answers {
    asks: bool,
}

impl Answers {
    fn new(yes: bool) -> Answers {
        Answers { asks: !yes && std::io::stdin().is_terminal() }
    }

    fn yes(&mut self, question: &str) -> anyhow::Result<bool> {
        let answer = self.line(&format!("{question} [Y/n] "))?;
        Ok(!answer.trim().to_lowercase().starts_with('n'))
    }

    fn no_unless(&mut self, question: &str) -> anyhow::Result<bool> {
        let answer = self.line(&format!("{question} [y/N] "))?;
        Ok(answer.trim().to_lowercase().starts_with('y'))
    }

    fn text(&mut self, question: &str, default: &str, fits: impl Fn(&str) -> bool) -> anyhow::Result<String> {
        loop {
            let shown = if default.is_empty() { String::new() } else { format!(" [{default}]") };
            let answer = self.line(&format!("{question}{shown} "))?;
            let answer = answer.trim();
            if answer.is_empty() {
                return Ok(default.to_owned());
            }
            if fits(answer) {
                return Ok(answer.to_owned());
            }
            eprintln!("`{answer}` does not fit; Enter takes {default}");
        }
    }

    fn line(&mut self, question: &str) -> anyhow::Result<String> {
        if !self.asks {
            return Ok(String::new());
        }
        eprint!("{question}");
        std::io::stderr().flush().context("asking")?;
        let mut line = String::new();
        // At the end of the input the defaults answer.
        if std::io::stdin().lock().read_line(&mut line).context("reading the answer")? == 0 {
            self.asks = false;
        }
        Ok(line)
    }
}
