//! Alerts: a critical story is written down and its letters are queued, in the run that judged it.

use std::fs;

use anyhow::{Context, Result};
use fail::fail_point;
use jiff::Timestamp;

use crate::edition::{ChannelName, Letter};
use crate::keep::{self, Keep};
use crate::story::StoryId;
use crate::tell::letter;
use crate::tell::message::Message;
use crate::tell::{alert, render};
use crate::work::{Duty, Work};

use super::Setup;
use super::report::Acts;
use super::tellings::{readers, sender, telling};

pub(super) fn write(keep: &mut Keep, setup: &Setup, now: Timestamp, acts: &mut Acts) -> Result<()> {
    for work in keep.work(Duty::Alert)? {
        match write_one(keep, setup, &work, now) {
            Ok(()) => acts.alerted += 1,
            Err(error) => {
                tracing::warn!("writing the alert of {}: {error:#}", work.id);
                keep.work_failed(&work, &format!("{error:#}"))?;
                acts.failed += 1;
            }
        }
    }
    Ok(())
}

fn write_one(keep: &mut Keep, setup: &Setup, work: &Work, now: Timestamp) -> Result<()> {
    let Some(story) = keep.story(&StoryId(work.id.clone()))? else {
        return keep.work_done(work);
    };
    let alert = alert::raise(telling(keep, &story, false)?, work.since, &setup.config.schedule.zone);
    let rendered = render::alert(&alert)?;
    write_files(setup, rendered.files(&alert::stem(&alert)))?;
    let letters = letters(setup, Message::Alert(&alert, &rendered), now)?;
    keep.keep_letters(&letters, now)?;
    fail_point!("alert-queued");
    keep.work_done(work)?;
    fail_point!("alert-done");
    Ok(())
}

/// One letter for every reader.
pub(super) fn letters(setup: &Setup, message: Message<'_>, now: Timestamp) -> Result<Vec<(Letter, Vec<u8>)>> {
    let sender = sender(setup)?;
    let mut letters = Vec::new();
    for reader in readers(setup) {
        letters.push(match (reader.channel, &sender) {
            (ChannelName::Mail, Some(sender)) => letter::mail(message, &reader, sender, now)?,
            (ChannelName::Mail, None) => continue,
            (ChannelName::Webhook, _) => letter::webhook(message, &reader, now)?,
        });
    }
    Ok(letters)
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
