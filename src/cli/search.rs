//! `tidings search` and `tidings show`.

use std::io::IsTerminal;
use std::process::ExitCode;

use anyhow::anyhow;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tidings::flow::Doors;
use tidings::flow::ask::{self, Found, FoundSession, Hit, Query, Results, Unclear, WantedTurns};
use url::Url;

use super::args::{SearchArgs, ShowArgs};
use super::exit::Failure;
use super::home::secret;
use super::turns::{self, Known};
use super::{Desk, say};

pub fn search(desk: &Desk, args: &SearchArgs) -> Result<ExitCode, Failure> {
    let home = desk.home()?;
    let words = args.query.join(" ");
    let when = |text: &Option<String>| text.as_deref().map(|text| read_when(text, desk.now)).transpose();
    let (since, until) = (when(&args.since)?, when(&args.until)?);
    let limit = usize::from(args.limit);
    let only_items = ask::is_about_items(&words) || args.source.is_some();
    let only_turns = !only_items && (ask::is_about_turns(&words) || args.regex.is_some());
    let chronicle = if only_items { None } else { ask::chronicle(&home)? };
    if only_turns && chronicle.is_none() {
        return Err(anyhow!("no session is kept yet: `from.sessions` in sources.toml names where they lie").into());
    }
    let items = match only_turns {
        true => Results { total: 0, capped: false, hits: Vec::new() },
        false => {
            let (words, source) = (words.clone(), args.source.clone());
            ask::search(&home, &Query { words, limit, since, until, source, level: None, kind: None })?
        }
    };
    let turns = match &chronicle {
        Some(chronicle) => {
            let wanted = WantedTurns {
                words: words.clone(),
                regex: args.regex.clone(),
                since,
                until,
                sessions: limit,
                hits: turns::HITS,
                own: desk.session.clone().filter(|_| !args.own),
                in_part: true,
            };
            Some(chronicle.search(&wanted).map_err(unclear)?)
        }
        None => None,
    };
    let found = Both { items, turns, limit };
    if desk.json {
        desk.print_json(&found.json(desk, &words, args.bytes)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    found.print(desk)?;
    Ok(ExitCode::SUCCESS)
}

/// A question with no one meaning was typed, which is wrong use.
fn unclear(error: anyhow::Error) -> Failure {
    match error.downcast::<Unclear>() {
        Ok(unclear) => Failure::Wrong(unclear.to_string()),
        Err(error) => Failure::Failed(error),
    }
}

/// What was found of items and of sessions.
struct Both {
    items: Results,
    turns: Option<Found>,
    limit: usize,
}

/// One of what was found.
enum One<'a> {
    Item(&'a Hit),
    Session(&'a FoundSession),
}

impl Both {
    /// In turn the best item and the best session: their scores cannot be compared.
    fn in_turn(&self) -> Vec<One<'_>> {
        let sessions = self.turns.as_ref().map_or(&[][..], |turns| &turns.sessions);
        let mut all = Vec::new();
        for place in 0..self.limit {
            all.extend(self.items.hits.get(place).map(One::Item));
            all.extend(sessions.get(place).map(One::Session));
        }
        all.truncate(self.limit);
        all
    }

    fn total(&self) -> usize {
        self.items.total + self.turns.as_ref().map_or(0, |turns| turns.total)
    }

    /// The shape of `search --json`, at most this long: fields may be added, not renamed.
    fn json(&self, desk: &Desk, words: &str, most_bytes: usize) -> anyhow::Result<Value> {
        let known = Known::read(desk)?;
        let (mut hits, mut sessions) = (Vec::new(), Vec::new());
        for one in self.in_turn() {
            match one {
                One::Item(hit) => hits.push(serde_json::to_value(hit)?),
                One::Session(session) => {
                    let (about, of_session) = turns::session_json(session, &known);
                    sessions.push(about);
                    hits.extend(of_session);
                }
            }
        }
        let turns = self.turns.as_ref();
        let hiding: Vec<Value> = turns
            .map_or(&[][..], |turns| &turns.hiding)
            .iter()
            .map(|(filter, count)| json!({ "filter": filter, "hits": count }))
            .collect();
        loop {
            let capped = hits.len() < self.total() || turns.is_some_and(|turns| turns.untried > 0);
            let mut answer =
                json!({ "version": 1, "query": words, "total": self.total(), "capped": capped, "hits": hits });
            if let Some(turns) = turns {
                answer["sessions_total"] = turns.sessions_total.into();
                answer["sessions"] = sessions.clone().into();
                answer["own_left_out"] = turns.own.into();
                answer["untried"] = turns.untried.into();
                answer["in_part"] = turns.in_part.into();
                answer["hidden_by"] = hiding.clone().into();
            }
            let bytes = serde_json::to_string_pretty(&answer)?.len() + 1;
            if bytes <= most_bytes || hits.is_empty() {
                return Ok(answer);
            }
            // The worst go, and with its last hit a session.
            let keep = (hits.len() * most_bytes / bytes).min(hits.len() - 1);
            hits.truncate(keep);
            sessions.retain(|session| hits.iter().any(|hit| hit["session"] == session["session"]));
        }
    }

    fn print(&self, desk: &Desk) -> anyhow::Result<()> {
        let style = Style::for_stdout();
        let known = Known::read(desk)?;
        let shown = self.in_turn();
        for one in &shown {
            match one {
                One::Item(hit) => print_item(hit, &style)?,
                One::Session(session) => turns::print_session(session, &known, &style)?,
            }
        }
        let remarks = self.turns.as_ref().map(turns::remarks).unwrap_or_default();
        let sessions = self.turns.as_ref().map_or(0, |turns| turns.sessions_total);
        match (self.items.total + sessions, self.total()) {
            (0, _) if remarks.is_empty() => say("Nothing found. Fewer words, or a prefix* of one, find more.")?,
            (0, _) => say("Nothing found.")?,
            (all, _) if all > shown.len() => eprintln!("{} of {all} shown; -n shows more", shown.len()),
            (all, _) => eprintln!("{all} found"),
        }
        for remark in remarks {
            eprintln!("{remark}");
        }
        Ok(())
    }
}

fn print_item(hit: &Hit, style: &Style) -> anyhow::Result<()> {
    let level = hit.level.map(|level| level.word()).unwrap_or("not yet weighed");
    let date = hit.at.strftime("%Y-%m-%d");
    say(&format!("{}\n  {date} · {} · {level} · {}", style.strong(&hit.title), hit.source, hit.id))?;
    if !hit.snippet.is_empty() {
        say(&format!("  {}", hit.snippet))?;
    }
    if let Some(url) = &hit.url {
        say(&format!("  {url}"))?;
    }
    say("")
}

pub fn show(desk: &Desk, args: &ShowArgs) -> Result<ExitCode, Failure> {
    let home = desk.home()?;
    let id = args.id.as_str();
    if !id.starts_with("i-")
        && let Some(code) = turns::show(desk, args)?
    {
        return Ok(code);
    }
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
pub fn read_when(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
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
pub struct Style {
    is_terminal: bool,
}

impl Style {
    pub fn for_stdout() -> Style {
        Style { is_terminal: std::io::stdout().is_terminal() }
    }

    pub fn strong(&self, text: &str) -> String {
        if self.is_terminal { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// Bold where these bytes of it are.
    pub fn marked(&self, text: &str, marks: &[(usize, usize)]) -> String {
        let (mut all, mut from) = (String::new(), 0);
        for (begin, end) in marks {
            all.push_str(&text[from..*begin]);
            all.push_str(&self.strong(&text[*begin..*end]));
            from = *end;
        }
        all + &text[from..]
    }
}
