//! Send: carry the letters that wait, each once.

use anyhow::Result;
use fail::fail_point;
use jiff::Timestamp;

use crate::edition::LetterState;
use crate::keep::Keep;
use crate::tell::outbox;

use super::Doors;
use super::report::Acts;

pub(super) async fn send(keep: &mut Keep, doors: &Doors, now: Timestamp, acts: &mut Acts) -> Result<()> {
    for letter in keep.pending_letters(now)? {
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
