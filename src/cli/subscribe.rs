//! `tidings sources` add, import and export: what is watched, from and to the rest of the world.

use std::collections::HashSet;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use serde_json::json;
use tidings::config::{read_sources, site_line};
use tidings::flow::{Setup, ask};
use tidings::source::{Offer, Origin, Source, Trust};
use url::Url;

use super::args::AddArgs;
use super::exit::Failure;
use super::home::append;
use super::run::count;
use super::sources::web;
use super::{Desk, say};

/// Finds the feed of an address and writes it at the end of sources.toml.
pub async fn add(desk: &Desk, args: AddArgs) -> Result<ExitCode, Failure> {
    let setup = desk.setup()?;
    let mut names = Names::of(&setup.sources);
    if let Some((name, line)) = site_line(&args.url) {
        let name = args.name.clone().unwrap_or_else(|| names.free(&name, "again"));
        return write(desk, &setup, &args, NewSource::new(name, line, args.trust));
    }
    let doors = web(&setup, desk.now)?;
    let mut offers = ask::find_feeds(&args.url, doors.carrier.as_ref(), desk.now)
        .await
        .with_context(|| format!("looking for a feed at {}", args.url))?;
    if offers.is_empty() {
        return Err(Failure::Wrong(format!(
            "{} is no feed, names none, and has none where feeds usually lie; look on the site for its feed's address",
            args.url
        )));
    }
    let offer = offers.remove(0);
    if let Some(known) = setup.sources.iter().find(|source| is_at(source, &offer.url)) {
        return Err(Failure::Wrong(format!("`{}` watches {} already", known.name, offer.url)));
    }
    let name = args.name.clone().unwrap_or_else(|| names.give(&offer));
    let done = write(desk, &setup, &args, NewSource::new(name, feed_line(&offer.url), args.trust))?;
    for other in offers {
        eprintln!("The page names another feed: {} ({})", other.url, other.title);
    }
    Ok(done)
}

/// Writes one source at the end of sources.toml, and says so.
fn write(desk: &Desk, setup: &Setup, args: &AddArgs, source: NewSource) -> Result<ExitCode, Failure> {
    let source = NewSource { topics: args.topic.clone(), every: args.every.clone(), ..source };
    append(&setup.home.sources(), &source.lines(), read_sources)?;
    if desk.json {
        desk.print_json(&json!({ "version": 1, "added": [{ "name": source.name, "line": source.line }] }))?;
    } else {
        say(&format!("`{}` is watched: {}", source.name, source.line))?;
        say("It is the last of sources.toml; `tidings sources test` shows what would be read.")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Adds the feeds of a list at the end of sources.toml. All or none: a list with a mistake adds nothing.
pub fn import(desk: &Desk, file: &Path, trust: Trust) -> Result<ExitCode, Failure> {
    let setup = desk.setup()?;
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        std::io::stdin().read_to_end(&mut bytes).context("reading feeds from standard input")?;
    } else {
        bytes = fs::read(file).with_context(|| format!("reading feeds from {}", file.display()))?;
    }
    let offers = ask::subscriptions(&bytes).map_err(|error| {
        Failure::Wrong(format!("{}: {error}\nNothing was added. Give OPML, or one address a line.", file.display()))
    })?;
    let mut names = Names::of(&setup.sources);
    let mut added = Vec::new();
    let mut there = 0;
    for offer in offers {
        if setup.sources.iter().any(|source| is_at(source, &offer.url)) {
            there += 1;
            continue;
        }
        let name = names.give(&offer);
        added.push(NewSource { topics: offer.topics, ..NewSource::new(name, feed_line(&offer.url), trust) });
    }
    if !added.is_empty() {
        let title = file.file_name().unwrap_or_default().to_string_lossy();
        let title = title.chars().filter(|letter| !letter.is_control()).collect::<String>();
        // Two empty lines and a comment begin a group.
        let mut lines = format!("\n\n# Imported from {title}.\n");
        added.iter().for_each(|source| lines.push_str(&source.lines()));
        append(&setup.home.sources(), &lines, read_sources)?;
    }
    if desk.json {
        let added: Vec<_> = added.iter().map(|source| json!({ "name": source.name, "line": source.line })).collect();
        desk.print_json(&json!({ "version": 1, "added": added, "there_already": there }))?;
    } else {
        say(&format!("{} added, {there} there already.", count(added.len(), "source")))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints OPML 2.0 (opml.org/spec2.opml): every source that other readers can read, with its topics as categories.
pub fn export(desk: &Desk) -> Result<ExitCode, Failure> {
    let setup = desk.setup()?;
    let mut lines = vec![
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>".to_owned(),
        "<opml version=\"2.0\">".to_owned(),
        "  <head><title>What tidings watches</title></head>".to_owned(),
        "  <body>".to_owned(),
    ];
    let mut left_out = 0;
    for source in &setup.sources {
        let Some(url) = source.from.feed(desk.now) else {
            left_out += 1;
            continue;
        };
        let topics: Vec<String> = source.topics.iter().map(|topic| format!("/{topic}")).collect();
        lines.push(format!(
            "    <outline type=\"rss\" text=\"{}\" title=\"{}\" category=\"{}\" xmlUrl=\"{}\"/>",
            escaped(&source.name),
            escaped(&source.name),
            escaped(&topics.join(",")),
            escaped(url.as_str()),
        ));
    }
    lines.extend(["  </body>".to_owned(), "</opml>".to_owned()]);
    say(&lines.join("\n"))?;
    if left_out > 0 {
        eprintln!("{} left out: there is no feed that another reader could ask.", count(left_out, "source"));
    }
    Ok(ExitCode::SUCCESS)
}

fn is_at(source: &Source, url: &Url) -> bool {
    matches!(&source.from, Origin::Feed(known) if known == url)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// What will stand in sources.toml.
struct NewSource {
    name: String,
    /// `from.feed = "…"`
    line: String,
    trust: Trust,
    topics: Vec<String>,
    every: Option<String>,
}

fn feed_line(url: &Url) -> String {
    format!("from.feed = {}", toml::Value::from(url.as_str()))
}

impl NewSource {
    fn new(name: String, line: String, trust: Trust) -> NewSource {
        NewSource { name, line, trust, topics: Vec::new(), every: None }
    }

    fn lines(&self) -> String {
        let quoted = |text: &str| toml::Value::from(text).to_string();
        let mut lines = format!("\n[[source]]\nname = {}\n{}\n", quoted(&self.name), self.line);
        if let Some(every) = &self.every {
            lines.push_str(&format!("every = {}\n", quoted(every)));
        }
        lines.push_str(&format!("trust = {}\n", quoted(self.trust.word())));
        if !self.topics.is_empty() {
            lines.push_str(&format!("topics = {}\n", toml::Value::from(self.topics.clone())));
        }
        lines
    }
}

/// Names that are taken, in lower case.
struct Names(HashSet<String>);

impl Names {
    fn of(sources: &[Source]) -> Names {
        Names(sources.iter().map(|source| source.name.to_lowercase()).collect())
    }

    /// A free name: the feed's title, else its host; with the host or a number behind it where that is taken.
    fn give(&mut self, offer: &Offer) -> String {
        let host = offer.url.host_str().unwrap_or_default().trim_start_matches("www.").to_owned();
        // A name has 80 characters at most; some room for what follows it.
        let title: String = offer.title.split_whitespace().collect::<Vec<_>>().join(" ");
        let title: String = title.chars().filter(|letter| !letter.is_control()).take(50).collect();
        let title = title.trim();
        let first = if title.is_empty() { host.clone() } else { title.to_owned() };
        self.free(&first, &host.chars().take(25).collect::<String>())
    }

    /// `first` if it is free, else with `more` or a number behind it.
    fn free(&mut self, first: &str, more: &str) -> String {
        let candidates = [first.to_owned(), format!("{first} ({more})")];
        let numbered = (2..).map(|number| format!("{first} {number}"));
        let name = candidates.into_iter().chain(numbered).find(|name| !self.0.contains(&name.to_lowercase()));
        let name = name.expect("there is always a higher number");
        self.0.insert(name.to_lowercase());
        name
    }
}
