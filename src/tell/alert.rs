//! An alert: one story, told at once; and the roll-up of those that a day's alerts had no room for.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::edition::{Alert, Rollup, Telling};
use crate::tell::digest::bounded;

/// The alert of a story, with texts of bounded length.
pub fn raise(telling: Telling, at: Timestamp, zone: &TimeZone) -> Alert {
    Alert { version: 1, at, zone: zone.iana_name().unwrap_or("UTC").to_owned(), telling: bounded(telling) }
}

/// Where the alert of a story lies below digests/, without the ending: `alerts/2026-11-21/s-7k3m9q2xwd`.
pub fn stem(story: &str, date: Date) -> String {
    // The id is ours; what is not a letter, a digit or a dash in a hand-made one must not become a path.
    let name: String = story.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    format!("alerts/{date}/{name}")
}

/// More than a person reads in one letter; the others are counted, and stand in the week's digest.
const MOST: usize = 25;

/// The roll-up of a day; `tellings` come the most pressing first.
pub fn roll_up(tellings: Vec<Telling>, date: Date, at: Timestamp, zone: &TimeZone) -> Rollup {
    let told = tellings.iter().map(|telling| telling.story.clone()).collect();
    let stories = tellings.into_iter().take(MOST).map(bounded).collect();
    Rollup { version: 1, date, at, zone: zone.iana_name().unwrap_or("UTC").to_owned(), stories, told }
}

/// Where a day's roll-up lies below digests/, without the ending: `alerts/2026-11-21/rollup`.
pub fn rollup_stem(date: Date) -> String {
    format!("alerts/{date}/rollup")
}
