//! Explain: all that is known about how an item was weighed, and its story, looked up without holding the store.

use std::collections::{BTreeSet, HashMap};

use anyhow::Result;
use jiff::Timestamp;
use serde::Serialize;

use crate::home::Home;
use crate::item::ItemId;
use crate::keep::index::Library;
use crate::keep::{self, Stage, ToldIn, Why};
use crate::lesson::LessonId;
use crate::source::Trust;
use crate::story::{Member, Rise, Story, StoryId};
use crate::verdict::{Level, Reason};

/// Of the JSON shape; fields may be added under the same number.
const VERSION: u32 = 1;

/// How an item was weighed, and what became of its story.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    pub version: u32,
    /// The item that was asked about; of a story, the one that speaks for it.
    #[serde(flatten)]
    pub why: Why,
    /// The level of the whole story.
    pub story_level: Level,
    /// What speaks for that level beyond the reasons of its members one by one: that two sites agree, for example.
    pub story_why: Vec<Reason>,
    /// When the story reached which level.
    pub rises: Vec<Rise>,
    /// In the order in which they joined.
    pub members: Vec<Joined>,
    /// In which editions the story was told, and over which channels.
    pub told: Vec<ToldIn>,
    /// What was learnt of the story.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lessons: Vec<Taught>,
    /// Sentences of it that became no lesson, and why; for 30 days.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub no_lessons: Vec<String>,
}

/// A lesson of the story.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Taught {
    pub id: LessonId,
    pub stage: Stage,
    pub claim: String,
    pub why: String,
}

/// A member of the story, and why it is one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Joined {
    pub item: ItemId,
    pub title: String,
    pub source: String,
    pub trust: Trust,
    pub site: String,
    pub level: Level,
    /// It raises an alarm: one of the two legs that an alert needs where no maker speaks.
    pub leg: bool,
    /// It speaks for the story.
    pub lead: bool,
    /// Keys that it shares with a member before it, most telling first; none for the item that founded the story, nor where
    /// the item has changed since.
    pub by: Vec<String>,
}

/// Why an item, or a story's lead, was weighed as it was. None where no such item or story was judged.
///
/// # Errors
/// When a view can't be read.
pub fn explain(home: &Home, id: &str) -> Result<Option<Explanation>> {
    let shelf = Shelf { library: Library::open(home.folder()).ok(), home };
    let founder_of = |story: &StoryId| ItemId(format!("i-{}", story.0.trim_start_matches("s-")));
    let asked = if id.starts_with("s-") { founder_of(&StoryId(id.to_owned())) } else { ItemId(id.to_owned()) };
    let Some(mut why) = shelf.lines(std::slice::from_ref(&asked))?.remove(&asked) else {
        return Ok(None);
    };
    let founder = founder_of(&why.story);
    let mut lines = shelf.lines(std::slice::from_ref(&founder))?;
    let Some(story) = lines.remove(&founder).and_then(|line| line.tells) else {
        return Ok(None);
    };
    if id.starts_with("s-") && story.id.0 != id {
        return Ok(None);
    }
    let ids: Vec<ItemId> = story.members.iter().map(|member| member.item.clone()).collect();
    let lines = shelf.lines(&ids)?;
    if id.starts_with("s-")
        && let Some(lead) = lines.get(&story.lead)
    {
        why = lead.clone();
    }
    why.tells = None;
    let (lessons, no_lessons) = taught(home, &story.id)?;
    Ok(Some(Explanation {
        lessons,
        no_lessons,
        version: VERSION,
        story_level: story.verdict.level,
        story_why: together(&story, &lines),
        members: joined(&story, &lines),
        told: keep::told_in(home.folder(), &story.id)?,
        rises: story.rises,
        why,
    }))
}

fn taught(home: &Home, story: &StoryId) -> Result<(Vec<Taught>, Vec<String>)> {
    let Some(mut view) = keep::lessons(home.folder())? else { return Ok((Vec::new(), Vec::new())) };
    let passed = view.stories.remove(story).map(|learnt| learnt.passed).unwrap_or_default();
    let own = view.lessons.into_iter().filter(|known| known.story == *story);
    let lessons =
        own.map(|known| Taught { id: known.lesson.id, stage: known.stage, claim: known.lesson.claim, why: known.why });
    Ok((lessons.collect(), passed))
}

fn together(story: &Story, lines: &HashMap<ItemId, Why>) -> Vec<Reason> {
    let alone = |reason: &Reason| lines.values().any(|line| line.verdict.why.contains(reason));
    story.verdict.why.iter().filter(|reason| !alone(reason)).cloned().collect()
}

fn joined(story: &Story, lines: &HashMap<ItemId, Why>) -> Vec<Joined> {
    let mut known = BTreeSet::new();
    let mut members = Vec::new();
    for Member { item, source, trust, site, level, leg, .. } in &story.members {
        let line = lines.get(item);
        let keys = line.map(|line| line.keys.as_slice()).unwrap_or_default();
        members.push(Joined {
            item: item.clone(),
            title: line.map(|line| line.title.clone()).unwrap_or_default(),
            source: source.clone(),
            trust: *trust,
            site: site.clone(),
            level: *level,
            leg: *leg,
            lead: *item == story.lead,
            by: keys.iter().filter(|key| known.contains(*key)).cloned().collect(),
        });
        known.extend(keys);
    }
    members
}

/// Where lines are looked up: the index knows on which day an item was seen, and mostly it was judged on that day.
struct Shelf<'a> {
    home: &'a Home,
    library: Option<Library>,
}

impl Shelf<'_> {
    fn lines(&self, items: &[ItemId]) -> Result<HashMap<ItemId, Why>> {
        let seen = |id: &ItemId| self.library.as_ref()?.show(id).ok()?.map(|(card, _)| card.seen);
        let likely: Vec<Timestamp> = items.iter().filter_map(seen).collect();
        keep::why(self.home.folder(), items, &likely)
    }
}
