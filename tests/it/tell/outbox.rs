//! When a letter is tried again, and when it is given up.

use jiff::{SignedDuration, Timestamp};
use tidings::config::Config;
use tidings::edition::{Letter, LetterState};
use tidings::tell::letter;
use tidings::tell::message::Message;
use tidings::tell::outbox::after;
use tidings::tell::{Outcome, render};

use super::samples::{desk, digest, telling, time};

const NOW: &str = "2026-11-23T07:00:00Z";

fn tried(tries: u32) -> Letter {
    let digest = digest(vec![telling(1)]);
    let rendered = render::digest(&digest).unwrap();
    let (letter, _) =
        letter::write(Message::Digest(&digest, &rendered), &desk(), &Config::default(), time(NOW)).unwrap();
    Letter { tries, ..letter }
}

fn minutes(until: Timestamp) -> i64 {
    until.duration_since(time(NOW)).as_mins()
}

fn unknown() -> Outcome {
    Outcome::Unknown { answer: "cut".to_owned() }
}

#[test]
fn a_taken_letter_is_sent_and_a_refused_one_dead() {
    let taken = after(&tried(1), &Outcome::Taken { answer: "250 ok".to_owned() }, time(NOW));
    assert_eq!(taken, (LetterState::Sent, time(NOW), "250 ok".to_owned()));
    let refused = after(&tried(1), &Outcome::Refused { answer: "550 no".to_owned() }, time(NOW));
    assert_eq!((refused.0, refused.2), (LetterState::Dead, "550 no".to_owned()));
}

#[test]
fn waits_grow_from_nothing_to_a_day() {
    let waits: Vec<i64> =
        (1..=9).map(|tries| minutes(after(&tried(tries), &Outcome::later("451"), time(NOW)).1)).collect();
    assert_eq!(waits, [0, 15, 60, 240, 1_440, 1_440, 1_440, 1_440, 1_440]);
    let total: i64 = waits.iter().sum();
    assert!(total >= 5 * 24 * 60, "the last try begins five days after the first: {total}");
}

#[test]
fn a_letter_waits_in_the_queue_until_its_tenth_try_failed() {
    assert_eq!(after(&tried(9), &Outcome::later("451"), time(NOW)).0, LetterState::Queued);
    let (state, _, answer) = after(&tried(10), &Outcome::later("451"), time(NOW));
    assert_eq!((state, answer.as_str()), (LetterState::Dead, "given up after 10 tries; last: 451"));
}

#[test]
fn a_letter_that_may_have_been_taken_stays_sending_and_gives_the_server_time() {
    let (state, next, _) = after(&tried(1), &unknown(), time(NOW));
    assert_eq!((state, minutes(next)), (LetterState::Sending, 15));
    assert_eq!(after(&tried(10), &unknown(), time(NOW)).0, LetterState::Dead);
}

#[test]
fn a_time_the_server_names_is_kept_up_to_a_day() {
    let asked = |wait: SignedDuration| {
        let not_before = Some(time(NOW) + wait);
        minutes(after(&tried(1), &Outcome::Later { answer: String::new(), not_before }, time(NOW)).1)
    };
    assert_eq!(asked(SignedDuration::from_mins(7)), 7);
    assert_eq!(asked(SignedDuration::from_hours(24 * 365)), 1_440);
    assert_eq!(asked(SignedDuration::from_hours(-5)), 0);
}
