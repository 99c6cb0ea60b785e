//! `tidings search` and `tidings show`.

use std::io::IsTerminal;
use std::process::ExitCode;

use anyhow::anyhow;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::json;
use tidings::flow::Doors;
use tidings::flow::ask::{self, Query, Results};
use url::Url;

use super::args::SearchArgs;
use super::exit::Failure;
use super::home::secret;
use super::{Desk, say};

/// The shape of `search --json`: fields may be added, not renamed.
#[derive(Serialize)]
struct Answer<'a> {
    version: u32,
    query: &'a str,
    #[serde(flatten)]
    results: &'a Results,
}

pub fn search(desk: &Desk, args: &SearchArgs) -> Result<ExitCode, Failure> {
    let home = desk.home()?;
    let words = args.query.join(" ");
    let when = |text: &Option<String>| text.as_deref().map(|text| read_when(text, desk.now)).transpose();
    let query = Query {
        words: words.clone(),
        limit: usize::from(args.limit),
        since: when(&args.since)?,
        until: when(&args.until)?,
        source: args.source.clone(),
        level: None,
        kind: None,
    };
    let results = ask::search(&home, &query)?;
    if desk.json {
        desk.print_json(&Answer { version: 1, query: &words, results: &results })?;
        return Ok(ExitCode::SUCCESS);
    }
    let bold = Style::for_stdout();
    for hit in &results.hits {
        let level = hit.level.map(|level| level.word()).unwrap_or("not yet weighed");
        let date = hit.at.strftime("%Y-%m-%d");
        say(&format!("{}\n  {date} · {} · {level} · {}", bold.strong(&hit.title), hit.source, hit.id))?;
        if !hit.snippet.is_empty() {
            say(&format!("  {}", hit.snippet))?;
        }
        if let Some(url) = &hit.url {
            say(&format!("  {url}"))?;
        }
        say("")?;
    }
    match (results.total, results.capped) {
        (0, _) => say("Nothing found. Fewer words, or a prefix* of one, find more.")?,
        (total, true) => eprintln!("{} of {total} shown; -n shows more", results.hits.len()),
        (total, false) => eprintln!("{total} found"),
    }
    Ok(ExitCode::SUCCESS)
}

pub fn show(desk: &Desk, id: &str) -> Result<ExitCode, Failure> {
    let home = desk.home()?;
    let Some((card, text)) = ask::show(&home, id)? else {
        return Err(unknown(id));
    };
    if desk.json {
        let mut value = serde_json::to_value(&card).map_err(anyhow::Error::new)?;
        value["version"] = 1.into();
        value["text"] = text.into();
        desk.print_json(&value)?;
        return Ok(ExitCode::SUCCESS);
    }
    let bold = Style::for_stdout();
    say(&bold.strong(&card.title))?;
    let level = card.level.map(|level| level.word()).unwrap_or("not yet weighed");
    say(&format!("{} · {} · {} · {level}", card.at.strftime("%Y-%m-%d %H:%M UTC"), card.source, card.trust.word()))?;
    if let Some(url) = &card.url {
        say(url.as_str())?;
    }
    for reason in &card.why {
        say(&format!("  why: {} ({})", reason.text, reason.by))?;
    }
    say(&format!("\n{}", text.trim_end()))?;
    Ok(ExitCode::SUCCESS)
}

/// Asks for the page that an item links to, and prints its main text.
pub async fn show_article(desk: &Desk, id: &str) -> Result<ExitCode, Failure> {
    let setup = desk.setup()?;
    let Some((card, _)) = ask::show(&setup.home, id)? else {
        return Err(unknown(id));
    };
    let Some(url) = card.url else {
        return Err(anyhow!("the item {id} has no link, so there is no page to ask for").into());
    };
    let mut config = setup.config.clone();
    // Only the web is needed: a missing mail password must not stand in the way.
    config.mute();
    // What is behind the firewall is open to a person's own lines alone, and this address comes from a feed.
    let place = |url: &Url| (url.host_str().map(str::to_owned), url.port_or_known_default());
    if !setup.sources.iter().any(|source| place(&source.from.url(desk.now)) == place(&url)) {
        config.network.allow.clear();
    }
    let doors = Doors::open(&config, None, &secret, desk.now)?;
    let article = ask::article(&url, doors.carrier.as_ref(), desk.now).await?;
    let link = article.link.as_ref().unwrap_or(&url);
    if desk.json {
        desk.print_json(&json!({
            "version": 1, "id": id, "title": article.title, "author": article.author, "published": article.published,
            "url": link, "text": article.text,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    say(&Style::for_stdout().strong(&article.title))?;
    let date = article.published.map(|at| at.strftime("%Y-%m-%d").to_string());
    let line: Vec<&str> = [article.author.as_deref(), date.as_deref()].into_iter().flatten().collect();
    if !line.is_empty() {
        say(&line.join(" · "))?;
    }
    say(&format!("{link}\n\n{}", article.text))?;
    Ok(ExitCode::SUCCESS)
}

fn unknown(id: &str) -> Failure {
    Failure::Wrong(format!("no item has the id `{id}`; `tidings search` prints ids like i-7k3m9q2xwd"))
}

/// A date, or a span back from now: `30d`, `12h`, `2w`.
fn read_when(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    let wrong =
        || Failure::Wrong(format!("`{text}` is no time: write a date (2026-11-01) or a span back from now (30d, 12h)"));
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    if let Ok(date) = text.parse::<Date>() {
        return date.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp()).map_err(|_| wrong());
    }
    let split = text.len().saturating_sub(1);
    let (number, unit) = text.is_char_boundary(split).then(|| text.split_at(split)).ok_or_else(wrong)?;
    let hours = match unit {
        "h" => 1,
        "d" => 24,
        "w" => 24 * 7,
        _ => return Err(wrong()),
    };
    let number: u16 = number.parse().map_err(|_| wrong())?;
    now.checked_sub(SignedDuration::from_hours(i64::from(number) * hours)).map_err(|_| wrong())
}

/// Bold on a terminal, plain elsewhere.
struct Style {
    is_terminal: bool,
}

impl Style {
    fn for_stdout() -> Style {
        Style { is_terminal: std::io::stdout().is_terminal() }
    }

    fn strong(&self, text: &str) -> String {
        if self.is_terminal { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
    }
}
