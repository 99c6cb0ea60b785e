//! Pushes: a session that waits for a person is told to that person's phone once, if its owner asked for it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::edition::{ChannelName, EditionKind};
use crate::item::short_hash;
use crate::keep::{Keep, Push, Signs, signs};
use crate::session::project_of;
use crate::session::sign::{AFTERTHOUGHT, Sign};
use crate::tell::channel::kind;
use crate::tell::message::Message;
use crate::tell::push::{Waiting, rendered};

use super::Setup;
use super::letters::letter_to;

/// What has waited longer is no news: the machine was off, or the quiet hours were long.
const LATEST: SignedDuration = SignedDuration::from_hours(12);

/// What is to be said of signs at a time.
struct Due<'s> {
    /// Sessions that wait and are to be told now.
    now: Vec<&'s Sign>,
    /// Signs of waits that are over, or came too late to be told.
    over: Vec<&'s Sign>,
    /// When the next one is to be told.
    next: Option<Timestamp>,
}

/// Queues one message about the sessions that have waited long enough since the last. Returns whether there is one.
pub(super) fn write(keep: &mut Keep, setup: &Setup, now: Timestamp) -> Result<bool> {
    let known = keep.known_signs();
    let due = due(setup, &known, now);
    if !due.now.is_empty() || !due.over.is_empty() {
        let told: Vec<Sign> = due.now.into_iter().cloned().collect();
        let over: Vec<Sign> = due.over.into_iter().cloned().collect();
        let push = (!told.is_empty()).then(|| Push { name: name(&told), at: now, signs: told });
        keep.begin_push(push, &over)?;
    }
    let begun = keep.begun_pushes();
    for push in &begun {
        queue(keep, setup, push, now)?;
    }
    keep.end_pushes()?;
    Ok(!begun.is_empty())
}

/// When the next session has waited long enough to be told of, if one waits.
pub(super) fn next(setup: &Setup, now: Timestamp) -> Option<Timestamp> {
    let known = signs(setup.home.folder()).ok()?;
    let due = due(setup, &known, now);
    if due.now.is_empty() { due.next } else { Some(now) }
}

fn due<'s>(setup: &Setup, signs: &'s Signs, now: Timestamp) -> Due<'s> {
    let mut due = Due { now: Vec::new(), over: Vec::new(), next: None };
    let push = &setup.config.push;
    for sign in signs.values().filter(|sign| !sign.told && push.tells(sign.word)) {
        let at = sign.since.unwrap_or(sign.at).saturating_add(push.after).unwrap_or(Timestamp::MAX);
        if now.duration_since(at) > LATEST || has_gone_on(setup, sign) {
            due.over.push(sign);
        } else if at > now {
            due.next = Some(due.next.map_or(at, |next| next.min(at)));
        } else if setup.config.schedule.is_quiet(Some(EditionKind::Push), now) {
            // Told when the quiet hours end, if it still waits then.
            let end = super::due::end_of_quiet(&setup.config.schedule, now);
            due.next = due.next.into_iter().chain(end).min();
        } else {
            due.now.push(sign);
        }
    }
    due
}

/// Whether something was written to its transcript since. Only files in the folders of sources.toml are looked at, whatever a
/// hook says.
fn has_gone_on(setup: &Setup, sign: &Sign) -> bool {
    let Some(transcript) = &sign.transcript else { return false };
    let is_ours = |folder: &Path| transcript.starts_with(folder);
    if !setup.sessions.iter().any(|source| is_ours(&source.folder)) {
        return false;
    }
    let written = fs::symlink_metadata(transcript).and_then(|file| file.modified());
    written.ok().and_then(|written| Timestamp::try_from(written).ok()).is_some_and(|at| at > sign.at + AFTERTHOUGHT)
}

fn queue(keep: &mut Keep, setup: &Setup, push: &Push, now: Timestamp) -> Result<()> {
    let projects: BTreeMap<String, String> = keep
        .transcripts()?
        .into_iter()
        .filter(|one| one.subagent.is_none() && push.signs.iter().any(|sign| sign.session == one.session.native))
        .filter_map(|one| {
            let project = Path::new(project_of(one.facts.cwd.as_deref()?)).file_name()?.to_str()?.to_owned();
            Some((one.session.native, project))
        })
        .collect();
    let waiting: Vec<Waiting> = push
        .signs
        .iter()
        .map(|sign| Waiting {
            project: projects.get(&sign.session).cloned(),
            session: sign.session.clone(),
            word: sign.word,
            since: sign.since.unwrap_or(sign.at),
        })
        .collect();
    let rendered = rendered(&waiting, &setup.config.schedule.zone);
    let message = Message::Push { name: &push.name, at: push.at, rendered: &rendered };
    for reader in kind(ChannelName::Ntfy).readers(&setup.config) {
        if let Some(letter) = letter_to(setup, message, &reader, now)? {
            keep.keep_letters(&[letter], now)?;
        }
    }
    Ok(())
}

/// The same for the same waits, so that a message that was begun is never a second one.
fn name(signs: &[Sign]) -> String {
    let words: Vec<String> =
        signs.iter().map(|sign| format!("{} {}", sign.session, sign.since.unwrap_or(sign.at))).collect();
    short_hash(Sha256::new_with_prefix(words.join("\n")))
}
