//! Harvest: the stories that a week's digest chooses from, and which of them are updates.

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};

use crate::config::Schedule;
use crate::edition::EditionId;
use crate::keep::Keep;
use crate::story::{Story, StoryId};
use crate::verdict::Level;

use super::week::Week;

/// What is dated further ahead than this was dated by a clock that was wrong; people's clocks differ by less.
const MOST_AHEAD: SignedDuration = SignedDuration::from_hours(24);

pub(super) struct Harvest {
    /// Each with whether an earlier digest had it, so that this one tells an update.
    pub(super) stories: Vec<(Story, bool)>,
    /// All that were looked at: the digest tells them or passes them over. Those that no other week covers come last.
    pub(super) ids: Vec<StoryId>,
}

/// The stories that rose in the week. The newest week also takes those that no week covers: they rose after their own
/// week was closed, or at a time that never was, because a clock was wrong.
pub(super) fn harvest(keep: &Keep, schedule: &Schedule, week: &Week, now: Timestamp) -> Result<Harvest> {
    let edition = EditionId::Digest(week.name.clone());
    let mut harvest = Harvest { stories: Vec::new(), ids: Vec::new() };
    for story in keep.stories_risen(week.from, week.to)? {
        harvest.ids.push(story.id.clone());
        // A restored home reads its last items again, and they rise again. What people were told of before it rose here
        // was told by a run that the store has forgotten.
        let has_risen_before = story.rises.iter().any(|rise| rise.at < week.from);
        let is_told_again = !has_risen_before && keep.was_told_before(&story.id, &edition);
        if rose_in(&story, week) && !is_told_again {
            let update = story.rises.iter().any(|rise| rise.level >= Level::Notable && rise.at < week.from);
            harvest.stories.push((story, update));
        }
    }
    let newest = Week::open_at(schedule, now)?.before(schedule)?;
    if week.from < newest.from || is_closed(keep, week, now)? {
        return Ok(harvest);
    }
    // Before the home began, it is this clock that is wrong, and what it takes for the future is not.
    let began = keep.first_run()?;
    let is_doubtful = began > now;
    for story in keep.untold()? {
        let Some(last) = story.rises.iter().rfind(|rise| rise.is_told()) else { continue };
        // A week that is still open, since it closed too long ago to be mailed, keeps its stories to itself.
        let has_no_week = |own: Week| -> Result<bool> { Ok(own.to <= began || is_closed(keep, &own, now)?) };
        let is_left_behind = last.at < week.from && has_no_week(Week::open_at(schedule, last.at)?)?;
        if is_left_behind || (is_ahead(last.at, now) && !is_doubtful) {
            harvest.ids.push(story.id.clone());
            let update = story.rises.iter().rev().skip(1).any(|rise| rise.level >= Level::Notable);
            harvest.stories.push((story, update));
        }
    }
    Ok(harvest)
}

/// Whether a week's digest was written for good. A run whose clock was ahead may have closed a week too early: that
/// counts only if somebody has a letter of it, since nobody gets a second one.
pub(super) fn is_closed(keep: &Keep, week: &Week, now: Timestamp) -> Result<bool> {
    is_edition_closed(keep, &EditionId::Digest(week.name.clone()), now)
}

/// The same of any edition.
pub(super) fn is_edition_closed(keep: &Keep, edition: &EditionId, now: Timestamp) -> Result<bool> {
    let closed = keep.closed(edition)?;
    Ok(closed.is_some_and(|at| !is_ahead(at, now) || keep.has_letters(edition)))
}

fn is_ahead(at: Timestamp, now: Timestamp) -> bool {
    at.duration_since(now) > MOST_AHEAD
}

/// It reached, in this week, a level at which it is told, or something new is to be done about it.
fn rose_in(story: &Story, week: &Week) -> bool {
    story.rises.iter().any(|rise| rise.is_told() && rise.at >= week.from && rise.at < week.to)
}
