//! `tidings search` and `tidings show`.

use std::io::IsTerminal;
use std::process::ExitCode;

use anyhow::anyhow;
use serde_json::json;
use tidings::flow::Doors;
use tidings::flow::answers::{self, Answer, Known, One, Question, Shelf, read_when};
use tidings::flow::ask::{self, Hit};
use url::Url;

use super::args::{SearchArgs, ShowArgs};
use super::exit::Failure;
use super::home::secret;
use super::{Desk, say, turns};

pub fn search(desk: &Desk, args: &SearchArgs) -> Result<ExitCode, Failure> {
    let home = desk.home()?;
    let words = args.query.join(" ");
    let when = |text: &Option<String>| text.as_deref().map(|text| read_when(text, desk.now)).transpose();
    let question = Question {
        words: words.clone(),
        regex: args.regex.clone(),
        since: when(&args.since)?,
        until: when(&args.until)?,
        source: args.source.clone(),
        limit: usize::from(args.limit),
        own: desk.session.clone().filter(|_| !args.own),
        ..Question::default()
    };
    let found = answers::search(&Shelf::of(&home), &question).map_err(Failure::of_question)?;
    let known = Known::read(&home)?;
    match desk.json {
        true => desk.print_json(&found.json(&words, &known, args.bytes)?)?,
        false => print(&found, &known)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn print(found: &Answer, known: &Known) -> anyhow::Result<()> {
    let style = Style::for_stdout();
    let shown = found.in_turn();
    for one in &shown {
        match one {
            One::Item(hit) => print_item(hit, &style)?,
            One::Session(session) => turns::print_session(session, known, &style)?,
        }
    }
    let remarks = found.remarks();
    match found.places() {
        0 if remarks.is_empty() => say("Nothing found. Fewer words, or a prefix* of one, find more.")?,
        0 => say("Nothing found.")?,
        all if all > shown.len() => eprintln!("{} of {all} shown; -n shows more", shown.len()),
        all => eprintln!("{all} found"),
    }
    for remark in remarks {
        eprintln!("{remark}");
    }
    Ok(())
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
