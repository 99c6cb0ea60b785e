//! Send: carry the letters that wait, each once.

use std::collections::BTreeSet;

use anyhow::Result;
use fail::fail_point;
use jiff::{SignedDuration, Timestamp};

use crate::config::Schedule;
use crate::edition::{Letter, LetterState};
use crate::keep::Keep;
use crate::tell::outbox;

use super::Doors;
use super::report::Acts;
use super::week::Week;

/// Nothing older is mailed by itself. A state/ restored from a backup does not know what was sent since, and would mail last
/// month again; two weeks still catch up on a machine that was off over the holidays.
const OLDEST: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Too long ago to be mailed by itself.
pub(super) fn is_old(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at) > OLDEST
}

/// Carries what waits. `tried` are the letters that this run has looked at already: each gets one try a run.
pub(super) async fn send(
    keep: &mut Keep,
    doors: &Doors,
    schedule: &Schedule,
    now: Timestamp,
    tried: &mut BTreeSet<String>,
    acts: &mut Acts,
) -> Result<()> {
    for letter in keep.pending_letters(now)? {
        if !tried.insert(letter.key.clone()) {
            continue;
        }
        if is_held(&letter, schedule, now) {
            acts.letters_held += 1;
            continue;
        }
        let Some(channel) = doors.channels.get(&letter.reader.channel) else {
            acts.letters_waiting += 1;
            continue;
        };
        let bytes = match keep.bytes(&letter) {
            Ok(bytes) => bytes,
            Err(error) => {
                // One letter must not hold up the others, the index and the status.
                tracing::warn!("{error:#}");
                acts.failed += 1;
                continue;
            }
        };
        let Some(letter) = keep.letter_begins(&letter, now)? else { continue };
        fail_point!("letter-begun");
        let outcome = channel.deliver(&letter, &bytes, now).await;
        fail_point!("letter-delivered");
        let (state, next_try, answer) = outbox::after(&letter, &outcome, now);
        keep.letter_ends(&letter, state, next_try, &answer, now)?;
        fail_point!("letter-ended");
        match state {
            LetterState::Sent => acts.letters_sent += 1,
            LetterState::Dead => acts.letters_dead += 1,
            LetterState::Queued | LetterState::Sending => acts.letters_waiting += 1,
        }
    }
    for channel in doors.channels.values() {
        channel.close().await;
    }
    Ok(())
}

/// A letter that was due long ago, or whose week closed long ago, unless a person sends it by hand. It is left as it is: a
/// clock that was wrong for an hour must not cost a letter.
pub(super) fn is_held(letter: &Letter, schedule: &Schedule, now: Timestamp) -> bool {
    let closed = letter.edition.strip_prefix("digest/").and_then(|week| Week::named(schedule, week).ok());
    letter.reason.is_none() && (is_old(letter.next_try, now) || closed.is_some_and(|week| is_old(week.to, now)))
}
