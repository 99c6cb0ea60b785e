//! Alerts: a critical story is written down and its letters are queued, in the run that judged it.

use std::fs;

use anyhow::{Context, Result};
use fail::fail_point;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::edition::{ChannelName, EditionId, Letter, Reader};
use crate::keep::{self, Keep};
use crate::story::StoryId;
use crate::tell::letter;
use crate::tell::message::Message;
use crate::tell::{alert, render};
use crate::work::{Duty, Work};

use super::report::Acts;
use super::tellings::{readers, sender, telling};
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

/// One letter for every reader.
pub(super) fn letters(setup: &Setup, message: Message<'_>, now: Timestamp) -> Result<Vec<(Letter, Vec<u8>)>> {
    let letters = readers(setup).into_iter().map(|reader| letter_to(setup, message, &reader, now));
    letters.filter_map(Result::transpose).collect()
}

/// The letter for one reader; None where the reader's channel is not set up.
pub(super) fn letter_to(
    setup: &Setup,
    message: Message<'_>,
    reader: &Reader,
    now: Timestamp,
) -> Result<Option<(Letter, Vec<u8>)>> {
    match (reader.channel, sender(setup)?) {
        (ChannelName::Mail, Some(sender)) => letter::mail(message, reader, &sender, now).map(Some),
        (ChannelName::Mail, None) => Ok(None),
        (ChannelName::Webhook, _) => letter::webhook(message, reader, now).map(Some),
    }
}

/// Writes files below digests/, each whole or not at all.
pub(super) fn write_files(setup: &Setup, files: Vec<(String, Vec<u8>)>) -> Result<()> {
    for (name, bytes) in files {
        let path = setup.home.digests().join(name);
        let folder = path.parent().context("a file lies in a folder")?;
        fs::create_dir_all(folder).with_context(|| format!("making the folder {}", folder.display()))?;
        // What we said may be read by everybody on the machine.
        keep::replace(&path, &bytes, 0o644)?;
    }
    Ok(())
}
