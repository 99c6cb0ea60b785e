//! Alerts: a critical story is written down and its letters are queued, in the run that judged it; a few a day, the rest
//! rolled up.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::{Context, Result};
use fail::fail_point;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::edition::{EditionId, Rollup};
use crate::keep::Keep;
use crate::story::{Story, StoryId};
use crate::tell::feeds::{self, Raised};
use crate::tell::message::Message;
use crate::tell::{alert, render};
use crate::work::{Duty, Work};

use super::letters::{authority, letters, write_files};
use super::report::Acts;
use super::tellings::telling;
use super::{Setup, send};

/// Writes the alerts that the day has room for, the most pressing first; at the roll-up's hour the others are told together.
/// What comes later than that waits for the next day.
pub(super) fn write(keep: &mut Keep, setup: &Setup, now: Timestamp, acts: &mut Acts) -> Result<()> {
    let works = keep.work(Duty::Alert)?;
    if works.is_empty() {
        return Ok(());
    }
    let day = Day::of(setup, now)?;
    let mut raised = day.raised()?;
    let mut held = Vec::new();
    for (work, story) in by_urgency(keep, works)? {
        let stem = alert::stem(&work.id, day.date);
        let again = raised.contains(&stem);
        if !again && raised.len() >= setup.config.schedule.alerts_a_day {
            held.push((work, story));
            continue;
        }
        match write_one(keep, setup, &work, &story, &day, now) {
            Ok(true) => {
                acts.alerted += 1;
                raised.insert(stem);
            }
            Ok(false) => acts.not_mailed.push(EditionId::Alert(story.id).to_string()),
            Err(error) => {
                tracing::warn!("writing the alert of {}: {error:#}", work.id);
                keep.work_failed(&work, &format!("{error:#}"))?;
                acts.failed += 1;
            }
        }
    }
    acts.held_for_rollup = held.len();
    if !held.is_empty()
        && now >= day.rollup
        && let Err(error) = roll_up(keep, setup, held, &day, now, acts)
    {
        tracing::warn!("writing the roll-up of {}: {error:#}", day.date);
        acts.failed += 1;
    }
    Ok(())
}

/// A day of the lab's zone.
struct Day {
    date: Date,
    start: Timestamp,
    /// When its roll-up leaves.
    rollup: Timestamp,
    /// digests/alerts/ and the date.
    folder: PathBuf,
}

impl Day {
    fn of(setup: &Setup, now: Timestamp) -> Result<Day> {
        let schedule = &setup.config.schedule;
        let date = now.to_zoned(schedule.zone.clone()).date();
        let rollup = date.to_datetime(schedule.rollup).to_zoned(schedule.zone.clone())?.timestamp();
        let start = date.to_zoned(schedule.zone.clone())?.timestamp();
        Ok(Day { date, start, rollup, folder: setup.home.digests().join("alerts").join(date.to_string()) })
    }

    /// The stems of the alerts that were raised on it: those that lie in its folder.
    fn raised(&self) -> Result<BTreeSet<String>> {
        let doing = || format!("listing {}", self.folder.display());
        let mut stems = BTreeSet::new();
        if !self.folder.exists() {
            return Ok(stems);
        }
        for entry in fs::read_dir(&self.folder).with_context(doing)? {
            let name = entry.with_context(doing)?.file_name().to_string_lossy().into_owned();
            if let Some(name) = name.strip_suffix(".json")
                && name != "rollup"
            {
                stems.insert(format!("alerts/{}/{name}", self.date));
            }
        }
        Ok(stems)
    }
}

/// The stories to be told, the most certain alarm first; work on a story that is gone is done.
fn by_urgency(keep: &mut Keep, works: Vec<Work>) -> Result<Vec<(Work, Story)>> {
    let mut found = Vec::new();
    for work in works {
        match keep.story(&StoryId(work.id.clone()))? {
            // A roll-up told it, in a run that was stopped then or by a store that was lost since.
            Some(story) if keep.was_rolled_up(&story.id) => keep.work_done(&work)?,
            Some(story) => found.push((work, story)),
            None => keep.work_done(&work)?,
        }
    }
    // The works come oldest first, and the sort is stable.
    found.sort_by(|(_, one), (_, other)| other.verdict.critical.total_cmp(&one.verdict.critical));
    Ok(found)
}

/// False where the alert was written long ago, by a state/ that this one does not remember.
fn write_one(keep: &mut Keep, setup: &Setup, work: &Work, story: &Story, day: &Day, now: Timestamp) -> Result<bool> {
    // One that was held back is raised on the day that has room for it.
    let at = work.since.max(day.start);
    let alert = alert::raise(telling(keep, setup, story, false)?, at, &setup.config.schedule.zone);
    let stem = alert::stem(&work.id, day.date);
    if was_written_long_ago(setup, &stem, now)? {
        keep.work_done(work)?;
        return Ok(false);
    }
    let rendered = render::alert(&alert)?;
    write_files(setup, rendered.files(&stem))?;
    write_feeds(setup)?;
    let letters = letters(keep, setup, Message::Alert(&alert, &rendered), now)?;
    keep.keep_letters(&letters, now)?;
    fail_point!("alert-queued");
    keep.work_done(work)?;
    fail_point!("alert-done");
    Ok(true)
}

/// Tells what a day's alerts had no room for, once a day. The edition is written before its letters: a run that begins where
/// another was stopped goes on with the same stories.
fn roll_up(
    keep: &mut Keep,
    setup: &Setup,
    held: Vec<(Work, Story)>,
    day: &Day,
    now: Timestamp,
    acts: &mut Acts,
) -> Result<()> {
    let edition = EditionId::Rollup(day.date);
    if keep.closed(&edition)?.is_some() {
        return Ok(());
    }
    let path = day.folder.join("rollup.json");
    let rollup: Rollup = match fs::read_to_string(&path) {
        Ok(text) => serde_json::from_str(&text).with_context(|| format!("reading {}", path.display()))?,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let tellings =
                held.iter().map(|(_, story)| telling(keep, setup, story, false)).collect::<Result<Vec<_>>>()?;
            alert::roll_up(tellings, day.date, day.rollup, &setup.config.schedule.zone)
        }
        Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
    };
    let rendered = render::rollup(&rollup)?;
    write_files(setup, rendered.files(&alert::rollup_stem(day.date)))?;
    write_feeds(setup)?;
    fail_point!("rollup-written");
    let letters = letters(keep, setup, Message::Rollup(&rollup, &rendered), now)?;
    keep.keep_letters(&letters, now)?;
    fail_point!("rollup-queued");
    for (work, story) in &held {
        if rollup.told.contains(&story.id) {
            keep.work_done(work)?;
            acts.rolled_up += 1;
        }
    }
    acts.held_for_rollup -= acts.rolled_up;
    keep.close(&edition, &[], now)
}

/// digests/alerts.atom and alerts.json, from the newest alerts and roll-ups that lie there.
pub(super) fn write_feeds(setup: &Setup) -> Result<()> {
    let folder = setup.home.digests().join("alerts");
    let mut days: Vec<Date> = Vec::new();
    if folder.exists() {
        for entry in fs::read_dir(&folder).with_context(|| format!("listing {}", folder.display()))? {
            days.extend(entry?.file_name().to_str().and_then(|name| name.parse::<Date>().ok()));
        }
    }
    days.sort_by(|one, other| other.cmp(one));
    let mut raised = Vec::new();
    for day in days {
        if raised.len() >= feeds::MOST_ALERTS {
            break;
        }
        let folder = folder.join(day.to_string());
        for entry in fs::read_dir(&folder).with_context(|| format!("listing {}", folder.display()))? {
            let path = entry?.path();
            let Some(name) = path.file_stem().and_then(|name| name.to_str()) else { continue };
            if path.extension().is_none_or(|ending| ending != "json") {
                continue;
            }
            let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
            let stem = format!("alerts/{day}/{name}");
            let read = match name {
                "rollup" => serde_json::from_str(&text).map(|rollup| Raised::Rollup(stem, rollup)),
                _ => serde_json::from_str(&text).map(|alert| Raised::Alert(stem, Box::new(alert))),
            };
            match read {
                Ok(one) => raised.push(one),
                // Somebody may have edited it; the feed can do without one alert, the lab not without the next.
                Err(error) => tracing::warn!("{} is left out of the feeds: {error}", path.display()),
            }
        }
    }
    write_files(setup, feeds::write_alerts(&raised, &authority(setup)?)?)
}

/// Whether the alert of this story lies in a folder of digests/alerts/ whose date is too old to be mailed.
fn was_written_long_ago(setup: &Setup, stem: &str, now: Timestamp) -> Result<bool> {
    let folder = setup.home.digests().join("alerts");
    let name = format!("{}.json", stem.rsplit('/').next().unwrap_or_default());
    let doing = || format!("listing {}", folder.display());
    if !folder.exists() {
        return Ok(false);
    }
    for entry in fs::read_dir(&folder).with_context(doing)? {
        let day = entry.with_context(doing)?.path();
        let date = day.file_name().and_then(|name| name.to_str()?.parse::<Date>().ok());
        let written = date.and_then(|date| date.to_zoned(setup.config.schedule.zone.clone()).ok());
        if written.is_some_and(|written| send::is_old(written.timestamp(), now)) && day.join(&name).exists() {
            return Ok(true);
        }
    }
    Ok(false)
}
