//! An alert: one story, told at once.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::edition::{Alert, Telling};
use crate::tell::digest::bounded;

/// The alert of a story, with texts of bounded length.
pub fn raise(telling: Telling, at: Timestamp, zone: &TimeZone) -> Alert {
    Alert { version: 1, at, zone: zone.iana_name().unwrap_or("UTC").to_owned(), telling: bounded(telling) }
}

/// Where an alert lies below digests/, without the ending: `alerts/2026-11-21/s-7k3m9q2xwd`, the date in the alert's zone.
pub fn stem(alert: &Alert) -> String {
    let zone = TimeZone::get(&alert.zone).unwrap_or(TimeZone::UTC);
    let date = alert.at.to_zoned(zone).date();
    // The id is ours; what is not a letter, a digit or a dash in a hand-made one must not become a path.
    let name: String = alert.telling.story.0.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    format!("alerts/{date}/{name}")
}
