//! News: stories that readers were to hear of lately, looked up without holding the store.

use std::collections::{BTreeSet, HashMap};

use anyhow::Result;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use url::Url;

use crate::home::Home;
use crate::item::ItemId;
use crate::keep::{self, Why};
use crate::source::Trust;
use crate::story::{Story, StoryId};
use crate::verdict::{Category, Level};

/// How much older than its last rise a story's founding may be: who tells what is known for longer founds another.
const LONGEST_STORY: SignedDuration = SignedDuration::from_hours(21 * 24);

/// A story that rose to a level at which stories are told.
#[derive(Debug, Clone, PartialEq)]
pub struct News {
    pub story: StoryId,
    /// The item that speaks for it.
    pub item: ItemId,
    /// When it last rose, or when something to do was told about it.
    pub at: Timestamp,
    /// What was new, where it had been at that level before.
    pub said: Option<String>,
    pub level: Level,
    pub category: Category,
    pub topics: Vec<String>,
    /// What a reader could do about it, of recognised parts.
    pub action: Option<String>,
    /// Foreign words.
    pub title: String,
    pub url: Option<Url>,
    pub source: String,
    pub trust: Trust,
    /// Items that tell it.
    pub items: usize,
    /// Other sources than that one which tell it.
    pub others: Vec<String>,
}

/// Stories that rose at or after this time, the newest first; what was old when it was first seen is none. Needs no lock.
///
/// # Errors
/// When a view can't be read.
pub fn news(home: &Home, since: Timestamp) -> Result<Vec<News>> {
    let from = since.checked_sub(LONGEST_STORY).unwrap_or(Timestamp::MIN).to_zoned(TimeZone::UTC).date();
    let mut lines: HashMap<ItemId, Why> = HashMap::new();
    let mut stories = Vec::new();
    for mut line in keep::why_since(home.folder(), from)? {
        stories.extend(line.tells.take());
        lines.insert(line.item.clone(), line);
    }
    let mut news: Vec<News> = stories.into_iter().filter_map(|story| told(story, &lines, since)).collect();
    news.sort_by(|one, other| other.at.cmp(&one.at).then_with(|| one.story.cmp(&other.story)));
    Ok(news)
}

fn told(story: Story, lines: &HashMap<ItemId, Why>, since: Timestamp) -> Option<News> {
    let rise = story.rises.iter().filter(|rise| rise.is_told()).max_by_key(|rise| rise.at)?;
    let founder = story.members.first().map(|member| &member.item);
    let line = lines.get(&story.lead).or_else(|| lines.get(founder?))?;
    if rise.at < since || story.verdict.old {
        return None;
    }
    let sources: BTreeSet<&str> = story.members.iter().map(|member| member.source.as_str()).collect();
    Some(News {
        at: rise.at,
        said: rise.news.clone(),
        others: sources.into_iter().filter(|source| *source != line.source).map(str::to_owned).collect(),
        level: story.told_level(),
        item: line.item.clone(),
        title: line.title.clone(),
        url: line.url.clone(),
        source: line.source.clone(),
        trust: line.trust,
        items: story.members.len(),
        category: story.verdict.category,
        topics: story.verdict.topics,
        action: story.verdict.action,
        story: story.id,
    })
}
