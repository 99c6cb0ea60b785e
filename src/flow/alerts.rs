//! Alerts: a critical story is written down and its letters are queued, in the run that judged it.

use std::fs;

use anyhow::{Context, Result};
use fail::fail_point;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::edition::EditionId;
use crate::keep::Keep;
use crate::story::StoryId;
use crate::tell::message::Message;
use crate::tell::{alert, render};
use crate::work::{Duty, Work};

use super::letters::{letters, write_files};
use super::report::Acts;
use super::tellings::telling;
use super::{Setup, send};

pub(super) fn write(keep: &mut Keep, setup: &Setup, now: Timestamp, acts: &mut Acts) -> Result<()> {
    for work in keep.work(Duty::Alert)? {
        match write_one(keep, setup, &work, now) {
            Ok(true) => acts.alerted += 1,
            Ok(false) => acts.not_mailed.push(EditionId::Alert(StoryId(work.id.clone())).to_string()),
            Err(error) => {
                tracing::warn!("writing the alert of {}: {error:#}", work.id);
                keep.work_failed(&work, &format!("{error:#}"))?;
                acts.failed += 1;
            }
        }
    }
    Ok(())
}

/// False where the alert was written long ago, by a state/ that this one does not remember.
fn write_one(keep: &mut Keep, setup: &Setup, work: &Work, now: Timestamp) -> Result<bool> {
    let Some(story) = keep.story(&StoryId(work.id.clone()))? else {
        keep.work_done(work)?;
        return Ok(true);
    };
    let alert = alert::raise(telling(keep, &story, false)?, work.since, &setup.config.schedule.zone);
    let stem = alert::stem(&alert);
    if was_written_long_ago(setup, &stem, now)? {
        keep.work_done(work)?;
        return Ok(false);
    }
    let rendered = render::alert(&alert)?;
    write_files(setup, rendered.files(&stem))?;
    let letters = letters(setup, Message::Alert(&alert, &rendered), now)?;
    keep.keep_letters(&letters, now)?;
    fail_point!("alert-queued");
    keep.work_done(work)?;
    fail_point!("alert-done");
    Ok(true)
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
