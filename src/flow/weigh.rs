//! Weigh: give every item that lacks one its verdict and its story.

use std::rc::Rc;

use anyhow::Result;
use jiff::Timestamp;

use crate::item::ItemId;
use crate::judge::Judge;
use crate::judge::credit::Credit;
use crate::judge::fusion;
use crate::judge::group::{self, Headlines, Shelf};
use crate::keep::Keep;
use crate::story::{Story, StoryId};
use crate::verdict::Level;
use crate::work::{Duty, Work};

use super::report::Acts;

pub(super) fn weigh(keep: &mut Keep, judge: &Judge, credit: &Credit, now: Timestamp, acts: &mut Acts) -> Result<()> {
    let mut works = keep.work(Duty::Judge)?;
    // After a restore, items that came one by one come at once. The one that founded a story people know founds it again,
    // so that the story keeps its name and nobody is told twice.
    works.sort_by_key(|work| !keep.was_told(&StoryId::founded_by(&ItemId(work.id.clone()))));
    let mut headlines = Headlines::default();
    for work in works {
        match weigh_one(keep, judge, credit, &work, &mut headlines, now) {
            Ok(()) => acts.judged += 1,
            Err(error) => {
                tracing::warn!("judging {}: {error:#}", work.id);
                keep.work_failed(&work, &format!("{error:#}"))?;
                acts.failed += 1;
            }
        }
    }
    keep.forget_keys(now)?;
    Ok(())
}

/// The stories of a home, as grouping looks for them.
struct Shelved<'k>(&'k Keep);

impl Shelf for Shelved<'_> {
    fn story_of(&self, key: &str) -> Result<Option<StoryId>> {
        self.0.story_of(key)
    }

    fn stories_near(&self, key: &str) -> Result<Rc<Vec<StoryId>>> {
        self.0.stories_near(key).map(Rc::new)
    }

    fn story(&self, id: &StoryId) -> Result<Option<Rc<Story>>> {
        Ok(self.0.story(id)?.map(Rc::new))
    }
}

fn weigh_one(
    keep: &mut Keep,
    judge: &Judge,
    credit: &Credit,
    work: &Work,
    headlines: &mut Headlines,
    now: Timestamp,
) -> Result<()> {
    let id = ItemId(work.id.clone());
    let Some(item) = keep.item(&id)? else {
        return keep.work_done(work);
    };
    let text = keep.text_or_nothing(&item);
    let (verdict, teller) = judge.weigh(&item, &text, now);

    // An item that was judged before stays in its story, whatever its keys have become. One that founded a story people know
    // founds it again, though it may be like another that does.
    let story = match keep.judged(&id)? {
        Some(judged) => keep.story(&judged.story)?,
        None if keep.was_told(&StoryId::founded_by(&id)) => None,
        None => group::belongs_to(&teller, &Shelved(keep), headlines)?.map(Rc::unwrap_or_clone),
    };
    let was = story.as_ref().map_or(Level::Noise, |story| story.verdict.level);
    let mut story = group::join(story, &item, &teller, &verdict, now);
    fusion::weigh_again(&mut story, credit, now);
    let mut follow = Vec::new();
    // What is old is found by those who look for it, and told to nobody.
    let lead = if story.lead == item.id { Some(item) } else { keep.item(&story.lead)? };
    if let Some(input) = lead.filter(|_| !story.verdict.old).map(|lead| Story::to_be_read(&lead))
        && !story.was_read(&input)
    {
        follow.push(Work::new(Duty::Screen, story.id.0.clone(), input, now));
    }
    if story.verdict.level == Level::Critical && was < Level::Critical {
        follow.push(Work::new(Duty::Alert, story.id.0.clone(), story.id.0.clone(), now));
    }
    keep.keep_judgement(work, &verdict, &story, &teller.keys.kept(), &follow, now)?;
    Ok(())
}
