//! Judgements are kept with the story they join and the work that follows, in one transaction; many share one.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use anyhow::Result;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::store::{BATCH, Changes};
use super::{Keep, why, works};
use crate::item::{Item, ItemId};
use crate::story::{Rise, Story, StoryId};
use crate::verdict::Verdict;
use crate::work::{Duty, Work};

const JUDGED: &[u8] = b"judged/";
const STORY: &[u8] = b"story/";
const STORY_KEY: &[u8] = b"story-key/";
/// Keys that hold many stories of one day: `story-near/<day>/<name>`.
const STORY_NEAR: &[u8] = b"story-near/";
/// The days on which a page's key was last used: `story-key-day/<day>/<key>`.
const STORY_KEY_DAY: &[u8] = b"story-key-day/";
/// Stories that rose since a digest last told or passed them over.
const UNTOLD: &[u8] = b"untold/";
const RISE: &[u8] = b"rise/";
const FIRST: &[u8] = b"first/";

/// Most stories under one word and day; beyond that the word is so common that it finds nothing. As grouping measures.
const MOST_NEAR: usize = 64;
/// Days after which words are forgotten: no item that is news is older than 14 days, and 14 days are looked at around it.
const NEAR_DAYS: i64 = 14 + 14;
/// Days after which a page's key is forgotten; pages are told anew after 30.
const PAGE_DAYS: i64 = 30;

/// What was decided about one item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    pub verdict: Verdict,
    pub story: StoryId,
    /// When it was judged for the first time; later judgements leave it.
    pub first: Timestamp,
    /// The keys under which it looked for its story.
    #[serde(default)]
    pub keys: Vec<String>,
}

impl Keep {
    /// None while the item has not been judged.
    pub fn judged(&self, id: &ItemId) -> Result<Option<Judged>> {
        self.store.get(&key(JUDGED, &id.0))
    }

    pub fn story(&self, id: &StoryId) -> Result<Option<Story>> {
        self.store.get(&key(STORY, &id.0))
    }

    /// The story known under a key that holds one.
    pub fn story_of(&self, story_key: &str) -> Result<Option<StoryId>> {
        self.store.get(&key(STORY_KEY, story_key))
    }

    /// The stories known under a key that holds many (`near:<day>:<name>`), the first 64.
    pub fn stories_near(&self, story_key: &str) -> Result<Vec<StoryId>> {
        let Some(name) = near_name(story_key) else { return Ok(Vec::new()) };
        Ok(self.store.get(&key(STORY_NEAR, &name))?.unwrap_or_default())
    }

    /// Forgets the keys whose time is over, so that the store grows with the news and not with the years.
    pub fn forget_keys(&mut self, now: Timestamp) -> Result<()> {
        let before = |prefix: &[u8], days: i64| key(prefix, &format!("{:05}/", day(now) - days));
        let words = STORY_NEAR.to_vec()..before(STORY_NEAR, NEAR_DAYS);
        let mut gone: Vec<Vec<u8>> = Vec::new();
        for pair in self.store.range::<Vec<StoryId>>(words) {
            gone.push(pair?.0);
        }
        let pages = |range: Range<Vec<u8>>| -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
            let skip = STORY_KEY_DAY.len() + "00000/".len();
            let days = self.store.range::<()>(range);
            days.map(|pair| pair.map(|(day_key, ())| (key_of(&day_key[skip..]), day_key))).collect()
        };
        let limit = before(STORY_KEY_DAY, PAGE_DAYS);
        let old = pages(STORY_KEY_DAY.to_vec()..limit.clone())?;
        if !old.is_empty() {
            let used: BTreeSet<Vec<u8>> =
                pages(limit..key(STORY_KEY_DAY, "~"))?.into_iter().map(|(page, _)| page).collect();
            for (page, day_key) in old {
                gone.push(day_key);
                if !used.contains(&page) {
                    gone.push(page);
                }
            }
        }
        for chunk in gone.chunks(BATCH) {
            let mut changes = Changes::default();
            chunk.iter().for_each(|key| changes.remove(key));
            self.store.commit(changes)?;
        }
        Ok(())
    }

    /// The stories known under any of these keys, each once, in the order of the keys.
    pub fn stories_of(&self, keys: &[String]) -> Result<Vec<Story>> {
        let mut stories: Vec<Story> = Vec::new();
        for story_key in keys {
            let Some(id) = self.store.get::<StoryId>(&key(STORY_KEY, story_key))? else { continue };
            if stories.iter().any(|story| story.id == id) {
                continue;
            }
            stories.extend(self.story(&id)?);
        }
        Ok(stories)
    }

    /// Keeps the result of one `Judge` work: the verdict, the story the item joined with the keys it is found under, and
    /// the work that follows; the item is indexed again with its level. Returns false, and keeps nothing, if the work is
    /// no longer asked for on this input.
    pub fn keep_judgement(
        &mut self,
        work: &Work,
        verdict: &Verdict,
        story: &Story,
        story_keys: &[String],
        follow: &[Work],
        now: Timestamp,
    ) -> Result<bool> {
        if !works::is_current(&self.store, work)? {
            return Ok(false);
        }
        let item = ItemId(work.id.clone());
        let earlier = self.judged(&item)?;
        let mut changes = Changes::default();
        let first = earlier.map_or(now, |judged| judged.first);
        // Those that hold one story: by them an item is found again. Of the others there are many, for some days.
        let keys = story_keys.iter().filter(|key| near_name(key).is_none()).cloned().collect();
        let judged = Judged { verdict: verdict.clone(), story: story.id.clone(), first, keys };
        why::mark_stale(&mut changes, first);
        // The story stands in the line of the item that founded it.
        let founder = story.members.first().map(|member| &member.item).filter(|founder| **founder != item);
        if let Some(founder) = founder
            && let Some(founder) = self.judged(founder)?
        {
            why::mark_stale(&mut changes, founder.first);
        }
        changes.put(&key(JUDGED, &item.0), &judged);
        changes.put(&time_key(FIRST, first, &item.0), &());
        self.put_story(&mut changes, story)?;
        for story_key in story_keys {
            let Some(name) = near_name(story_key) else {
                changes.put(&key(STORY_KEY, story_key), &story.id);
                if story_key.starts_with("url:") {
                    changes.put(&key(STORY_KEY_DAY, &format!("{:05}/{story_key}", day(now))), &());
                }
                continue;
            };
            let is_over =
                name.split('/').next().and_then(|day| day.parse().ok()).is_none_or(|of: i64| of < day(now) - NEAR_DAYS);
            let mut near = self.stories_near(story_key)?;
            if !is_over && near.len() < MOST_NEAR && !near.contains(&story.id) {
                near.push(story.id.clone());
                changes.put(&key(STORY_NEAR, &name), &near);
            }
        }
        works::remove(&mut changes, work);
        works::put(&mut changes, &Work::new(Duty::Index, item.0.clone(), work.input.clone(), now));
        for work in follow {
            works::put(&mut changes, work);
        }
        // What a kill takes back is judged again and comes out the same, so verdicts may share a transaction.
        self.store.defer(changes)?;
        Ok(true)
    }

    /// Puts a story into a transaction, with where its rises are found.
    pub(super) fn put_story(&self, changes: &mut Changes, story: &Story) -> Result<()> {
        let known_rises = self.story(&story.id)?.map_or(0, |known| known.rises.len());
        if story.rises.iter().skip(known_rises).any(Rise::is_told) {
            changes.put(&untold_key(&story.id), &());
        }
        changes.put(&key(STORY, &story.id.0), story);
        for rise in &story.rises {
            changes.put(&time_key(RISE, rise.at, &story.id.0), &());
        }
        Ok(())
    }

    /// Stories that rose to a level at or after `from` and before `to`, each once, in the order of their first rise there.
    pub fn stories_risen(&self, from: Timestamp, to: Timestamp) -> Result<Vec<Story>> {
        let mut seen = HashSet::new();
        let mut stories: Vec<Story> = Vec::new();
        for id in self.ids_between(RISE, from, to)?.into_iter().map(StoryId) {
            if seen.insert(id.clone()) {
                stories.extend(self.story(&id)?);
            }
        }
        Ok(stories)
    }

    /// Stories that rose since a digest last told or passed them over, in the order of the ids.
    pub fn untold(&self) -> Result<Vec<Story>> {
        let mut stories = Vec::new();
        for pair in self.store.scan::<()>(UNTOLD) {
            stories.extend(self.story(&StoryId(String::from_utf8_lossy(&pair?.0).into_owned()))?);
        }
        Ok(stories)
    }

    /// How many items were first judged at or after `from` and before `to`.
    pub fn judged_count(&self, from: Timestamp, to: Timestamp) -> Result<u64> {
        Ok(self.ids_between(FIRST, from, to)?.len() as u64)
    }

    /// The items that were first judged at or after `from` and before `to`, in the order of that.
    pub(super) fn first_judged(&self, from: Timestamp, to: Timestamp) -> Result<Vec<String>> {
        self.ids_between(FIRST, from, to)
    }

    /// When each item was first judged, as far as days are told apart: one time a day.
    pub(super) fn first_judgements(&self) -> Result<Vec<Timestamp>> {
        const DAY_SECONDS: i64 = 86_400;
        let mut days: Vec<Timestamp> = Vec::new();
        for pair in self.store.scan::<()>(FIRST) {
            let key = pair?.0;
            let digits = std::str::from_utf8(key.get(..16).unwrap_or_default()).unwrap_or_default();
            let Ok(shifted) = u64::from_str_radix(digits, 16) else { continue };
            let Ok(at) = Timestamp::from_microsecond((shifted ^ (1 << 63)) as i64) else { continue };
            let day = |at: Timestamp| at.as_second().div_euclid(DAY_SECONDS);
            if days.last().is_none_or(|last| day(*last) != day(at)) {
                days.push(at);
            }
        }
        Ok(days)
    }

    pub(super) fn ids_between(&self, prefix: &[u8], from: Timestamp, to: Timestamp) -> Result<Vec<String>> {
        if from >= to {
            return Ok(Vec::new());
        }
        let (from, to) = (time_key(prefix, from, ""), time_key(prefix, to, ""));
        let skip = from.len();
        self.store
            .range::<()>(from..to)
            .map(|pair| Ok(String::from_utf8_lossy(&pair?.0[skip..]).into_owned()))
            .collect()
    }

    /// The items that tell a story, in the order they were judged.
    pub fn members(&self, story: &Story) -> Result<Vec<Item>> {
        let mut items = Vec::new();
        for member in &story.members {
            items.extend(self.item(&member.item)?);
        }
        Ok(items)
    }
}

pub(super) fn untold_key(story: &StoryId) -> Vec<u8> {
    key(UNTOLD, &story.0)
}

/// `<day>/<name>` of a key that holds many stories.
fn near_name(story_key: &str) -> Option<String> {
    let (day, name) = story_key.strip_prefix("near:")?.split_once(':')?;
    Some(format!("{day}/{name}"))
}

/// Where a page's key lies.
fn key_of(page: &[u8]) -> Vec<u8> {
    [STORY_KEY, page].concat()
}

/// Days since 1970.
fn day(at: Timestamp) -> i64 {
    at.as_second().div_euclid(24 * 60 * 60).max(0)
}

pub(super) fn key(prefix: &[u8], id: &str) -> Vec<u8> {
    [prefix, id.as_bytes()].concat()
}

/// Keys that sort by time: microseconds since the epoch as 16 hexadecimal digits, shifted so that earlier years sort too.
pub(super) fn time_key(prefix: &[u8], at: Timestamp, id: &str) -> Vec<u8> {
    let shifted = (at.as_microsecond() as u64) ^ (1 << 63);
    [prefix, format!("{shifted:016x}/").as_bytes(), id.as_bytes()].concat()
}
