//! Tallies: each month's stories are gone over once, and counted; the months before are only their counts.

use std::collections::{HashMap, HashSet};

use anyhow::Result;
use jiff::Timestamp;

use crate::edition::Digest;
use crate::item::{Item, ItemId};
use crate::judge::trends::{MOST_MONTHS, Note, Survey};
use crate::keep::Keep;
use crate::story::StoryId;
use crate::tally::Tally;
use crate::verdict::{Category, Level, Verdict};

use super::Setup;
use super::digests::written_digests;
use super::month::Month;

/// Months that are shown beside each other, this one among them.
const SHOWN: usize = 12;

/// What a month's stories say, and its counts.
pub(super) struct Taken {
    pub(super) survey: Survey,
    pub(super) tally: Tally,
}

/// How an item of the month was judged.
struct Judgement {
    item: ItemId,
    level: Level,
    category: Category,
    relevance: f64,
    old: bool,
}

/// Goes over the stories of a month; each text is read once.
pub(super) fn take(keep: &Keep, setup: &Setup, month: &Month) -> Result<Taken> {
    let topics: Vec<String> = setup.sources.iter().flat_map(|source| source.topics.iter().cloned()).collect();
    let mut survey = Survey::new(&setup.config.interests.watch, &topics);
    let ids = keep.judged_between(month.from, month.to)?;
    let read = ids.len() as u64;
    let known: HashSet<ItemId> = ids.iter().cloned().collect();
    for (story, judgements) in by_story(keep, ids)? {
        let Some(story) = keep.story(&story)? else { continue };
        let site =
            |item: &ItemId| story.members.iter().find(|member| member.item == *item).map(|member| member.site.clone());
        let mut notes = Vec::new();
        for judgement in judgements {
            let Some(item) = keep.item(&judgement.item)? else { continue };
            let site = site(&item.id).unwrap_or_default();
            notes.push(note(keep, item, site, &judgement));
        }
        let is_new = story.members.first().is_some_and(|founder| known.contains(&founder.item));
        survey.add(&notes, is_new);
    }
    for id in keep.changed_between(month.from, month.to)?.into_iter().filter(|id| !known.contains(id)) {
        let (Some(item), Some(judged)) = (keep.item(&id)?, keep.judged(&id)?) else { continue };
        let at = item.changed.unwrap_or_else(|| item.at());
        let judgement = Judgement::of(id, &judged.verdict);
        survey.add_change(&Note { at, ..note(keep, item, String::new(), &judgement) });
    }
    let tally = survey.tally(&month.name, read, told(setup, month)?);
    Ok(Taken { survey, tally })
}

/// The stories of these items, in the order in which they first come, with their items.
fn by_story(keep: &Keep, ids: Vec<ItemId>) -> Result<Vec<(StoryId, Vec<Judgement>)>> {
    let mut stories: Vec<(StoryId, Vec<Judgement>)> = Vec::new();
    let mut places: HashMap<StoryId, usize> = HashMap::new();
    for id in ids {
        let Some(judged) = keep.judged(&id)? else { continue };
        let place = *places.entry(judged.story.clone()).or_insert(stories.len());
        if place == stories.len() {
            stories.push((judged.story, Vec::new()));
        }
        stories[place].1.push(Judgement::of(id, &judged.verdict));
    }
    Ok(stories)
}

impl Judgement {
    fn of(item: ItemId, verdict: &Verdict) -> Judgement {
        let Verdict { level, category, relevance, old, .. } = *verdict;
        Judgement { item, level, category, relevance, old }
    }
}

fn note(keep: &Keep, item: Item, site: String, judgement: &Judgement) -> Note {
    let text = keep.text_or_nothing(&item);
    Note {
        site,
        trust: item.trust,
        level: judgement.level,
        category: judgement.category,
        relevance: judgement.relevance,
        fresh: !item.baseline && !judgement.old,
        at: item.at(),
        source: item.source,
        topics: item.topics,
        title: item.title,
        link: item.link,
        text,
    }
}

/// Stories in the digests that closed in the month, as they lie in digests/.
fn told(setup: &Setup, month: &Month) -> Result<u64> {
    let closed = |digest: &Digest| digest.to > month.from && digest.to <= month.to;
    Ok(written_digests(setup)?.iter().filter(|digest| closed(digest)).map(|digest| digest.counts.told).sum())
}

/// The tallies of the months before, the oldest first, as far back as this home goes and as is shown. One that is missing is
/// made anew. Of those too old to be compared the counts of terms are left out.
pub(super) fn before(keep: &Keep, setup: &Setup, month: &Month, now: Timestamp) -> Result<Vec<Tally>> {
    let schedule = &setup.config.schedule;
    let began = keep.first_run()?;
    let mut tallies = Vec::new();
    let mut earlier = month.before(schedule)?;
    while tallies.len() + 1 < SHOWN && earlier.to > began && began <= now {
        let mut tally = match keep.tally(&earlier.name) {
            Some(tally) => tally,
            None => {
                let tally = take(keep, setup, &earlier)?.tally;
                keep.keep_tally(&tally)?;
                tally
            }
        };
        if tallies.len() >= MOST_MONTHS {
            tally.terms = Vec::new();
        }
        tallies.push(tally);
        earlier = earlier.before(schedule)?;
    }
    tallies.reverse();
    Ok(tallies)
}
