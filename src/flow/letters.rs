//! Letters: an edition's files below digests/, and its copies for the readers.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};
use jiff::Timestamp;

use crate::edition::{ChannelName, Digest, EditionId, Letter, Reader};
use crate::keep::{self, Keep};
use crate::standing::List;
use crate::stream::Stream;
use crate::tell::channel::mail::Sender;
use crate::tell::digest::ordered_for;
use crate::tell::letter;
use crate::tell::message::Message;
use crate::tell::render::{self, Rendered};

use super::Setup;
use super::tellings::{readers, sender};

/// A letter with its bytes.
pub(super) type Written = (Letter, Vec<u8>);

/// One letter for every reader who has not left the list.
pub(super) fn letters(keep: &Keep, setup: &Setup, message: Message<'_>, now: Timestamp) -> Result<Vec<Written>> {
    let sender = sender(setup)?;
    let readers = readers_of(keep, setup, &message.edition());
    let letters = readers.iter().map(|reader| write(message, reader, sender.as_ref(), now));
    letters.filter_map(Result::transpose).collect()
}

/// A digest's letters, each in the order of its reader's streams, and the pages they were made from: the one for everybody
/// first, each other order once.
pub(super) fn digest_letters(
    keep: &Keep,
    setup: &Setup,
    digest: &Digest,
    rendered: &Rendered,
    now: Timestamp,
) -> Result<(Vec<Written>, Vec<Rendered>)> {
    let sender = sender(setup)?;
    let mut orders: BTreeMap<Vec<Stream>, (Digest, Rendered)> = BTreeMap::new();
    let mut letters = Vec::new();
    for reader in readers_of(keep, setup, &EditionId::Digest(digest.week.clone())) {
        let person = setup.config.people.iter().find(|person| person.address == reader.address);
        let streams = person.map(|person| person.streams.clone()).unwrap_or_default();
        if streams.is_empty() || reader.channel != ChannelName::Mail {
            letters.extend(write(Message::Digest(digest, rendered), &reader, sender.as_ref(), now)?);
            continue;
        }
        if !orders.contains_key(&streams) {
            let ordered = ordered_for(digest, &streams);
            let page = render::digest_for(&ordered, &streams)?;
            orders.insert(streams.clone(), (ordered, page));
        }
        let (ordered, page) = &orders[&streams];
        letters.extend(write(Message::Digest(ordered, page), &reader, sender.as_ref(), now)?);
    }
    let pages = std::iter::once(rendered.clone()).chain(orders.into_values().map(|(_, page)| page)).collect();
    Ok((letters, pages))
}

/// The letter for one reader; None where the reader's channel is not set up.
pub(super) fn letter_to(
    setup: &Setup,
    message: Message<'_>,
    reader: &Reader,
    now: Timestamp,
) -> Result<Option<Written>> {
    write(message, reader, sender(setup)?.as_ref(), now)
}

/// Queues a notice to whoever looks after the home; false where nobody does.
pub(super) fn tell_admin(
    keep: &mut Keep,
    setup: &Setup,
    name: &str,
    rendered: &Rendered,
    now: Timestamp,
) -> Result<bool> {
    let Some(admin) = setup.config.mail.as_ref().and_then(|mail| mail.admin.clone()) else { return Ok(false) };
    let reader = Reader { channel: ChannelName::Mail, address: admin, name: String::new() };
    let notice = Message::Notice { name, at: now, rendered };
    let letters: Vec<_> = letter_to(setup, notice, &reader, now)?.into_iter().collect();
    Ok(keep.keep_letters(&letters, now)? > 0)
}

fn write(message: Message<'_>, reader: &Reader, sender: Option<&Sender>, now: Timestamp) -> Result<Option<Written>> {
    match (reader.channel, sender) {
        (ChannelName::Mail, Some(sender)) => letter::mail(message, reader, sender, now).map(Some),
        (ChannelName::Mail, None) => Ok(None),
        (ChannelName::Webhook, _) => letter::webhook(message, reader, now).map(Some),
    }
}

/// Everybody an edition goes to who has not left its list and whose address takes letters.
fn readers_of(keep: &Keep, setup: &Setup, edition: &EditionId) -> Vec<Reader> {
    let list = List::of(&edition.to_string());
    let gets = |reader: &Reader| match (list, keep.people().get(&reader.address)) {
        (Some(list), Some(standing)) if reader.channel == ChannelName::Mail => standing.gets(list),
        _ => true,
    };
    readers(setup).into_iter().filter(gets).collect()
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
