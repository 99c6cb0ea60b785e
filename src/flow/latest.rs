//! Latest: the stories that rose lately, looked up without holding the store.

use std::collections::{BTreeSet, HashMap};

use anyhow::Result;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::guard::text::{excerpt, one_line};
use crate::home::Home;
use crate::item::ItemId;
use crate::keep::index::Library;
use crate::keep::{self, Why};
use crate::source::Trust;
use crate::story::{Rise, StoryId};
use crate::verdict::{Category, Level};
use url::Url;

/// How long before it rises a story may have begun and still be found: most rise within days.
const GESTATION: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Letters of a text that a list shows.
const EXCERPT: usize = 240;

/// A story that rose.
#[derive(Debug, Clone, PartialEq)]
pub struct Latest {
    pub story: StoryId,
    /// The item that speaks for it, with its words.
    pub item: ItemId,
    pub title: String,
    pub url: Option<Url>,
    pub source: String,
    pub trust: Trust,
    pub level: Level,
    pub category: Category,
    /// When it last rose, and what was new if it had been at that level before.
    pub at: Timestamp,
    pub news: Option<String>,
    /// What a reader could do about it.
    pub action: Option<String>,
    /// The beginning of its text; empty where there is none, or no index.
    pub excerpt: String,
    /// Other sources that tell it.
    pub others: Vec<String>,
}

/// The stories of this level or a higher one that rose at or after `since`: the critical ones first, then the latest. What was old
/// when it was first seen is none of them.
///
/// # Errors
/// When a view can't be read.
pub fn latest(home: &Home, least: Level, since: Timestamp, limit: usize) -> Result<Vec<Latest>> {
    let first = since.checked_sub(GESTATION).unwrap_or(Timestamp::MIN).to_zoned(TimeZone::UTC).date();
    let mut lines: HashMap<ItemId, Why> = HashMap::new();
    let mut stories = Vec::new();
    for mut why in keep::why_since(home.folder(), first)? {
        stories.extend(why.tells.take());
        lines.insert(why.item.clone(), why);
    }
    let mut found = Vec::new();
    for story in stories {
        let Some(rise) = story.rises.iter().rfind(|rise| rise.is_told()) else { continue };
        let level = story.told_level();
        if rise.at < since || level < least || story.verdict.old {
            continue;
        }
        let speaks = lines.get(&story.lead).or_else(|| lines.get(&story.members.first()?.item));
        let Some(speaks) = speaks else { continue };
        let others: BTreeSet<&str> = story.members.iter().map(|member| member.source.as_str()).collect();
        let Rise { at, news, .. } = rise.clone();
        found.push(Latest {
            item: speaks.item.clone(),
            title: one_line(&speaks.title),
            url: speaks.url.clone(),
            source: speaks.source.clone(),
            trust: speaks.trust,
            level,
            category: story.verdict.category,
            at,
            news,
            action: story.verdict.action.clone(),
            excerpt: String::new(),
            others: others.into_iter().filter(|source| *source != speaks.source).map(str::to_owned).collect(),
            story: story.id,
        });
    }
    found.sort_by(|one, other| {
        let key = |one: &Latest| (one.level == Level::Critical, one.at);
        key(other).cmp(&key(one)).then_with(|| one.story.cmp(&other.story))
    });
    found.truncate(limit);
    // Without an index there are no excerpts, and the stories are told all the same.
    if let Ok(library) = Library::open(home.folder()) {
        for one in &mut found {
            if let Ok(Some((_, text))) = library.show(&one.item) {
                one.excerpt = excerpt(&text, EXCERPT);
            }
        }
    }
    Ok(found)
}
