//! The small pass: sessions that grew and what was said in the inbox are taken in, and no source is asked.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Result;
use jiff::Timestamp;
use tokio::time::Instant;

use super::{Means, Names};
use crate::flow::report::{Acts, SessionReport};
use crate::flow::{Asked, Setup, learn, pushes, send, sessions};
use crate::home::Home;
use crate::keep::{self, Keep};
use crate::read::session::hook;
use crate::session::sign::Sign;

/// What a small pass did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TakenIn {
    /// Folders of sessions that were read.
    pub sessions: Vec<SessionReport>,
    /// Turns that can be found from now on.
    pub indexed: usize,
    /// Sessions of which hooks said something new.
    pub signs: usize,
    /// A phone was told that a session waits.
    pub pushed: bool,
    pub seconds: f64,
}

pub(super) async fn take_in(setup: &Setup, means: &Means<'_>, sources: &Names, now: Timestamp) -> Result<TakenIn> {
    let started = Instant::now();
    let mut taken = TakenIn::default();
    let mut keep = Keep::open(setup.home.folder(), "tidings watch", now)?;
    keep.take_thumbs()?;
    keep.take_people()?;
    keep.take_lesson_wishes()?;
    let signs = keep.take_signs(now)?;
    taken.signs = signs.len();
    // Who says that a session ended says where it lies: it is read before its agent sweeps it away.
    let mut names = sources.clone();
    for transcript in signs.iter().filter_map(|sign| sign.transcript.as_deref()) {
        names.extend(
            setup.sessions.iter().filter(|one| transcript.starts_with(&one.folder)).map(|one| one.name.clone()),
        );
    }
    if !names.is_empty() {
        let asked = Asked::Named(names.into_iter().collect());
        taken.sessions = sessions::gather(&mut keep, setup, &asked, now)?;
        taken.indexed = keep.index_turns_pending()?;
        if taken.indexed > 0 {
            learn::note_uses(&mut keep)?;
        }
        keep.write_session_views()?;
    }
    if pushes::write(&mut keep, setup, now)? {
        taken.pushed = true;
        let doors = (means.doors)(setup, now)?;
        let (mut tried, mut acts) = (BTreeSet::new(), Acts::default());
        send::send(&mut keep, setup, &doors, now, &mut tried, &mut acts).await?;
        keep.write_views(now)?;
    }
    keep.checkpoint()?;
    taken.seconds = started.elapsed().as_secs_f64();
    Ok(taken)
}

/// Leaves what an agent's hook said in the inbox of a home; the next holder takes it in. False where the bytes say nothing of
/// how a session stands. Needs no lock, opens no store.
///
/// # Errors
/// When it can't be written.
pub fn leave_sign(home: &Home, bytes: &[u8], now: Timestamp) -> Result<bool> {
    let Some(said) = hook(bytes) else { return Ok(false) };
    let written = |path: &Path| fs::symlink_metadata(path).ok()?.modified().ok()?.try_into().ok();
    let written: Option<Timestamp> = said.transcript.as_deref().and_then(written);
    let transcript = said.transcript;
    let sign = Sign { session: said.session, word: said.word, at: now, transcript, written, since: None, told: false };
    keep::leave_sign(home.folder(), sign)?;
    Ok(true)
}
