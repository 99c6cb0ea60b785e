//! Letters: an edition's files below digests/, and its copies for the readers.

use std::fs;

use anyhow::{Context, Result};
use jiff::Timestamp;

use crate::edition::{ChannelName, Letter, Reader};
use crate::keep;
use crate::tell::letter;
use crate::tell::message::Message;

use super::Setup;
use super::tellings::{readers, sender};

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
