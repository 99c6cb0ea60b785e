//! Today: what a fellow should know now, and what whoever looks after the home should see.

use axum::extract::{Extension, State};
use axum::response::Response;
use jiff::SignedDuration;
use serde::Serialize;

use super::page::{Frame, Trouble, When};
use super::visitor::Visitor;
use super::{Shared, Site, editions, sessions};
use crate::flow::{News, ask, news, pulse_of, skill_standing};
use crate::guard::text::excerpt;
use crate::source::Health;
use crate::verdict::Level;

/// What is told as news: a week, so that whoever looks on Fridays misses nothing.
const DAYS: i64 = 7;
/// Stories on the page; the week's digest has the rest.
const MOST: usize = 20;
/// Letters of a text in a list.
const EXCERPT: usize = 240;

pub(super) async fn today(State(site): Shared, Extension(visitor): Extension<Visitor>) -> Result<Response, Trouble> {
    let person = visitor.clone();
    let today = site.look(move |site| look(site, &person)).await?;
    Frame { site: &site, visitor: &visitor, tab: "/", title: "Today" }.page("today.html", &today)
}

#[derive(Debug, Serialize)]
struct Today {
    /// None: nothing has run here yet.
    run: Option<Run>,
    /// The newest digest: what it asks for stands here until the next.
    digest: Option<editions::Latest>,
    stories: Vec<StoryLine>,
    days: i64,
    /// Sessions that wait for a person, or are at work.
    running: Vec<sessions::Running>,
}

/// How the last run left the home.
#[derive(Debug, Serialize)]
struct Run {
    at: When,
    sources: usize,
    items: u64,
    /// What a person should look at, each with the page or the command that says more.
    troubles: Vec<ToLookAt>,
}

#[derive(Debug, Serialize)]
struct ToLookAt {
    words: String,
    page: Option<String>,
}

/// A story in a list.
#[derive(Debug, Serialize)]
pub(super) struct StoryLine {
    pub id: String,
    pub item: String,
    pub title: String,
    pub url: Option<String>,
    pub source: String,
    pub trust: &'static str,
    pub level: &'static str,
    pub at: When,
    pub news: Option<String>,
    pub action: Option<String>,
    pub excerpt: String,
    pub others: Vec<String>,
}

fn look(site: &Site, visitor: &Visitor) -> anyhow::Result<Today> {
    let now = site.now();
    let since = now.checked_sub(SignedDuration::from_hours(24 * DAYS)).unwrap_or(now);
    let mut stories = news(site.home(), since)?;
    stories.retain(|story| story.level >= Level::Notable);
    // They come the latest first, and stay so among those that are critical, and among the others.
    stories.sort_by_key(|story| story.level != Level::Critical);
    stories.truncate(MOST);
    let stories = stories.into_iter().map(|story| line(site, story)).collect();
    let running = sessions::running(site, visitor);
    Ok(Today { run: run(site)?, digest: editions::latest(site)?, stories, days: DAYS, running })
}

fn line(site: &Site, story: News) -> StoryLine {
    // Without an index there is no excerpt, and the story is told all the same.
    let text = site.shelf.library().and_then(|library| library.show(&story.item)).ok().flatten();

    StoryLine {
        at: site.when(story.at),
        id: story.story.to_string(),
        item: story.item.to_string(),
        title: story.title,
        url: story.url.map(String::from),
        source: story.source,
        trust: story.trust.word(),
        level: story.level.word(),
        news: story.said,
        action: story.action,
        excerpt: text.map(|(_, text)| excerpt(&text, EXCERPT)).unwrap_or_default(),
        others: story.others,
    }
}

fn run(site: &Site) -> anyhow::Result<Option<Run>> {
    let Some(status) = ask::status(site.home())? else { return Ok(None) };
    let mut troubles = Vec::new();
    let mut trouble = |words: String, page: Option<&str>| {
        troubles.push(ToLookAt { words, page: page.map(str::to_owned) });
    };
    let pulse = pulse_of(&status, site.now());
    if !pulse.is_good() {
        trouble(pulse.words(), None);
    }
    let failing: Vec<&str> = status
        .sources
        .iter()
        .filter(|source| matches!(source.watched.health, Health::Failing | Health::Parked))
        .map(|source| source.name.as_str())
        .collect();
    match &failing[..] {
        [] => {}
        [one] => trouble(format!("{one} fails"), Some("/sources")),
        [first, second] => trouble(format!("{first} and {second} fail"), Some("/sources")),
        [first, rest @ ..] => trouble(format!("{first} and {} more sources fail", rest.len()), Some("/sources")),
    }
    for stopped in &status.stopped {
        trouble(
            format!("{} was written and not mailed: {}", stopped.edition, stopped.why.join("; ")),
            Some("/editions"),
        );
    }
    if status.letters_dead > 0 {
        trouble(
            format!("{} refused for good; `tidings channels dead` names them", many(status.letters_dead, "letter")),
            None,
        );
    }
    if !status.aside.is_empty() {
        trouble(format!("{} set aside; `tidings status` names them", many(status.aside.len(), "piece of work")), None);
    }
    if let Some(standing) = skill_standing(site.home())? {
        if let Some(request) = standing.request {
            trouble(format!("A request on the skill waits for a person: {request}"), Some("/lessons"));
        }
        if let Some(words) = standing.trouble {
            trouble(format!("Proposing to the skill stopped: {words}"), Some("/lessons"));
        }
    }
    Ok(Some(Run {
        at: site.when(status.heartbeat.good.unwrap_or(status.at)),
        sources: status.sources.len(),
        items: status.sources.iter().map(|source| source.watched.entries).sum(),
        troubles,
    }))
}

/// "1 letter", "2 letters", "2 pieces of work".
fn many(number: usize, noun: &str) -> String {
    let (head, tail) = noun.split_once(' ').map_or((noun, String::new()), |(head, tail)| (head, format!(" {tail}")));
    format!("{number} {head}{}{tail}", if number == 1 { "" } else { "s" })
}
