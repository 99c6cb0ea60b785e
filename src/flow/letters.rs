//! Letters: an edition's files below digests/, and its copies for the readers.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};
use jiff::Timestamp;

use crate::edition::{ChannelName, Digest, EditionId, EditionKind, Letter, Reader};
use crate::keep::{self, Keep};
use crate::standing::List;
use crate::stream::Stream;
use crate::tell::channel::kind;
use crate::tell::channel::mail::Sender;
use crate::tell::digest::ordered_for;
use crate::tell::letter;
use crate::tell::message::Message;
use crate::tell::render::{self, Rendered};

use super::Setup;
use super::tellings::{operators, readers, sender};

/// A letter with its bytes.
pub(super) type Written = (Letter, Vec<u8>);

/// One letter for every reader who has not left the list.
pub(super) fn letters(keep: &Keep, setup: &Setup, message: Message<'_>, now: Timestamp) -> Result<Vec<Written>> {
    let sender = sender(setup)?;
    let readers = readers_of(keep, setup, &message.edition(), message.kind());
    let letters = readers.iter().map(|reader| write(setup, message, reader, sender.as_ref(), now));
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
    for reader in readers_of(keep, setup, &EditionId::Digest(digest.week.clone()), EditionKind::Digest) {
        let person = setup.config.people.iter().find(|person| person.address == reader.address);
        let streams = person.map(|person| person.streams.clone()).unwrap_or_default();
        if streams.is_empty() || reader.channel != ChannelName::Mail {
            letters.extend(write(setup, Message::Digest(digest, rendered), &reader, sender.as_ref(), now)?);
            continue;
        }
        if !orders.contains_key(&streams) {
            let ordered = ordered_for(digest, &streams);
            let page = render::digest_for(&ordered, &streams)?;
            orders.insert(streams.clone(), (ordered, page));
        }
        let (ordered, page) = &orders[&streams];
        letters.extend(write(setup, Message::Digest(ordered, page), &reader, sender.as_ref(), now)?);
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
    write(setup, message, reader, sender(setup)?.as_ref(), now)
}

/// Queues a notice for whoever looks after this home and for the channels that tell notices; false where nobody is new to it.
pub(super) fn tell_operators(
    keep: &mut Keep,
    setup: &Setup,
    name: &str,
    rendered: &Rendered,
    now: Timestamp,
) -> Result<bool> {
    let sender = sender(setup)?;
    let mut letters = Vec::new();
    for reader in operators(setup) {
        let notice = Message::Notice { name, at: now, rendered };
        letters.extend(write(setup, notice, &reader, sender.as_ref(), now)?);
    }
    Ok(keep.keep_letters(&letters, now)? > 0)
}

fn write(
    setup: &Setup,
    message: Message<'_>,
    reader: &Reader,
    sender: Option<&Sender>,
    now: Timestamp,
) -> Result<Option<Written>> {
    match (reader.channel, sender) {
        (ChannelName::Mail, Some(sender)) => letter::mail(message, reader, sender, now).map(Some),
        (ChannelName::Mail, None) => Ok(None),
        (channel, _) if kind(channel).place(&setup.config).is_none() => Ok(None),
        _ => letter::write(message, reader, &setup.config, now).map(Some),
    }
}

/// Everybody an edition goes to who has not left its list and whose address takes letters.
fn readers_of(keep: &Keep, setup: &Setup, edition: &EditionId, kind: EditionKind) -> Vec<Reader> {
    let list = List::of(&edition.to_string());
    let gets = |reader: &Reader| match (list, keep.people().get(&reader.address)) {
        (Some(list), Some(standing)) if reader.channel == ChannelName::Mail => standing.gets(list),
        _ => true,
    };
    readers(setup, kind).into_iter().filter(gets).collect()
}

/// Owner of the ids in feeds where no mail address names a domain (RFC 4151 wants one).
const AUTHORITY: &str = "tidings.invalid";

/// The domain that owns the ids in feeds.
pub(super) fn authority(setup: &Setup) -> Result<String> {
    Ok(sender(setup)?.map_or_else(|| AUTHORITY.to_owned(), |sender| sender.domain()))
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
