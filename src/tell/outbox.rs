//! What becomes of a letter after a try: pure rules, kept by whoever keeps the letters.

use jiff::{SignedDuration, Timestamp};

use crate::edition::{LONGEST_WAIT, Letter, LetterState};
use crate::tell::Outcome;

/// Waits after the first, second, … try that was put off. The first is nothing: the next run may try at once, which is
/// what greylisting servers expect. After the last one listed, a day each.
const WAITS: [SignedDuration; 4] =
    [SignedDuration::ZERO, SignedDuration::from_mins(15), SignedDuration::from_hours(1), SignedDuration::from_hours(4)];
/// With the waits above the tenth try begins at least five days after the first. News that old is no news, and five days
/// are what mail servers themselves give a letter (RFC 5321, 4.5.4.1).
const LAST_TRY: u32 = 10;
/// Least wait when it is not known whether the letter was taken: a slow server gets time to finish.
const UNSURE_WAIT: SignedDuration = SignedDuration::from_mins(15);

/// The next state of a letter, the time before which it is not tried again, and what the other side said. `letter.tries`
/// counts the tries that began, this one included.
pub fn after(letter: &Letter, outcome: &Outcome, now: Timestamp) -> (LetterState, Timestamp, String) {
    match outcome {
        Outcome::Taken { answer } => (LetterState::Sent, now, answer.clone()),
        Outcome::Refused { answer } | Outcome::Bounced { answer } | Outcome::Closed { answer } => {
            (LetterState::Dead, now, answer.clone())
        }
        _ if letter.tries >= LAST_TRY => {
            (LetterState::Dead, now, format!("given up after {} tries; last: {}", letter.tries, answer(outcome)))
        }
        Outcome::Later { answer, not_before } => {
            let latest = later(now, LONGEST_WAIT);
            let asked = not_before.unwrap_or(now).min(latest);
            (LetterState::Queued, later(now, wait(letter.tries)).max(asked), answer.clone())
        }
        Outcome::Unknown { answer } => {
            (LetterState::Sending, later(now, wait(letter.tries).max(UNSURE_WAIT)), answer.clone())
        }
    }
}

fn wait(tries: u32) -> SignedDuration {
    WAITS.get(tries.saturating_sub(1) as usize).copied().unwrap_or(LONGEST_WAIT)
}

/// Never fails: at the end of time it stays there.
fn later(now: Timestamp, wait: SignedDuration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

fn answer(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Taken { answer }
        | Outcome::Later { answer, .. }
        | Outcome::Refused { answer }
        | Outcome::Bounced { answer }
        | Outcome::Closed { answer }
        | Outcome::Unknown { answer } => answer,
    }
}
