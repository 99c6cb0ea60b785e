//! Next: when something is due again, from what anybody may see of a home; nothing is opened for it.

use anyhow::Result;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::config::Schedule;
use crate::edition::LONGEST_WAIT;
use crate::flow::due::{end_of_quiet, is_held, next_turn};
use crate::flow::month::Month;
use crate::flow::week::Week;
use crate::flow::{Setup, pushes};
use crate::keep::{self, Outbox, Status};
use crate::source::Source;

/// As often as cron: what no clock announces (work that failed, a session that is to be shared) waits no longer than that.
const LONGEST_REST: SignedDuration = SignedDuration::from_hours(1);

/// What is due first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// A source's turn.
    Sources,
    /// The week closes.
    Digest,
    /// The month's trends close.
    Trends,
    /// Critical stories wait for the day's roll-up, or for the next day.
    Alerts,
    /// A letter waits for another try, or for the end of the quiet hours.
    Letters,
    /// Nothing of these for an hour.
    Look,
}

/// When the next pass begins, and why. `seen` is when the last one began that went well; None before the first.
pub(super) fn next(setup: &Setup, seen: Option<Timestamp>, now: Timestamp) -> Result<(Timestamp, Due)> {
    let home = setup.home.folder();
    let (status, outbox) = (keep::status(home)?, keep::outbox(home)?);
    let looked = seen.zip(status.as_ref());
    Ok(looked.map_or((now, Due::Look), |(seen, status)| first(setup, status, outbox.as_ref(), seen, now)))
}

/// When the next session has waited long enough to be told of.
pub(super) fn next_push(setup: &Setup, now: Timestamp) -> Option<Timestamp> {
    let push = &setup.config.push;
    (push.waiting || push.done).then(|| pushes::next(setup, now))?
}

fn first(setup: &Setup, status: &Status, outbox: Option<&Outbox>, seen: Timestamp, now: Timestamp) -> (Timestamp, Due) {
    let schedule = &setup.config.schedule;
    // A last time in the future is none: the clock was set back.
    let seen = seen.min(now);
    let mut due: Vec<_> = setup.sources.iter().map(|source| (turn(source, status, now), Due::Sources)).collect();
    due.extend(closing(schedule, seen));
    if status.alert > 0 {
        due.extend(roll_up(schedule, now).map(|at| (at, Due::Alerts)));
    }
    due.extend(outbox.and_then(|outbox| letter(schedule, outbox, now)).map(|at| (at, Due::Letters)));
    due.push((seen.saturating_add(LONGEST_REST).unwrap_or(now), Due::Look));
    due.into_iter().min_by_key(|(at, _)| *at).expect("a look is always due some time")
}

fn turn(source: &Source, status: &Status, now: Timestamp) -> Timestamp {
    let watched = status.sources.iter().find(|known| known.name == source.name).map(|known| &known.watched);
    let turn = next_turn(source, watched, now);
    let waits = source.from.waits(now);
    let holds = waits.iter().filter_map(|name| status.holds.get(name)).filter(|until| is_held(**until, now));
    holds.copied().max().map_or(turn, |until| turn.max(until))
}

/// When the week and the month close, seen from the last pass: a closing time that was slept through is due.
fn closing(schedule: &Schedule, seen: Timestamp) -> Vec<(Timestamp, Due)> {
    let week = Week::open_at(schedule, seen).ok().map(|week| (week.to, Due::Digest));
    let months = Month::around(schedule, seen).and_then(|month| Ok([month.before(schedule)?, month]));
    let months = months.into_iter().flatten().map(|month| (month.closes, Due::Trends));
    week.into_iter().chain(months).filter(|(at, _)| *at > seen).collect()
}

/// The day's roll-up, or the beginning of the next day, which has room for alerts again.
fn roll_up(schedule: &Schedule, now: Timestamp) -> Option<Timestamp> {
    let local = now.to_zoned(schedule.zone.clone());
    let today = local.date().to_datetime(schedule.rollup).to_zoned(schedule.zone.clone()).ok()?;
    let tomorrow = local.date().checked_add(1.day()).ok()?.to_zoned(schedule.zone.clone()).ok()?;
    Some(if today > local { today.timestamp() } else { tomorrow.timestamp() })
}

/// The next try of a letter. One that could have left with the last pass and did not waits for something else: for the end of
/// the quiet hours, or for a person.
fn letter(schedule: &Schedule, outbox: &Outbox, now: Timestamp) -> Option<Timestamp> {
    let is_ahead = |at: Timestamp| at > outbox.at && at.duration_since(outbox.at) <= LONGEST_WAIT;
    let tries = outbox.waiting.iter().map(|letter| letter.next_try).filter(|at| is_ahead(*at));
    let quiet = outbox
        .waiting
        .iter()
        .any(|letter| !is_ahead(letter.next_try) && schedule.is_quiet(letter.kind(), outbox.at))
        .then(|| end_of_quiet(schedule, outbox.at))
        .flatten();
    tries.chain(quiet).min().map(|at| at.max(now))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config::{read_settings, read_sources};
    use crate::edition::{ChannelName, Letter, LetterState, Reader};
    use crate::home::Home;
    use crate::keep::{SourceStatus, Watched};

    fn at(text: &str) -> Timestamp {
        format!("2026-11-{}Z", text.replace(' ', "T")).parse().unwrap()
    }

    fn setup(settings: &str) -> Setup {
        let sources = "[[source]]\nname = \"Lantern\"\nfrom.feed = \"https://lantern.example/feed.xml\"\nevery = \"40m\"\n\
                       [[source]]\nname = \"Almanac\"\nfrom.feed = \"https://almanac.example/feed.xml\"\nevery = \"6h\"\n";
        Setup {
            home: Home::at("nowhere"),
            sources: read_sources("sources.toml", sources).unwrap(),
            sessions: Vec::new(),
            config: read_settings("tidings.toml", settings).unwrap(),
        }
    }

    /// As a pass at this time left it: both sources were asked then, for the second time at least.
    fn status(seen: &str) -> Status {
        let watched = Watched { asked: Some(at(seen)), first_asked: Some(at("01 00:00:00")), ..Watched::default() };
        let known = |name: &str| SourceStatus { name: name.to_owned(), watched: watched.clone() };
        serde_json::from_value(serde_json::json!({
            "version": 1, "at": at(seen), "first_run": at("01 00:00:00"), "sources": [known("Lantern"), known("Almanac")],
            "judge": 0, "index": 0, "alert": 0, "aside": [], "letters_waiting": 0, "letters_dead": 0,
        }))
        .unwrap()
    }

    fn check(setup: &Setup, status: &Status, outbox: Option<&Outbox>, now: &str, next: &str, due: Due) {
        assert_eq!(first(setup, status, outbox, status.at, at(now)), (at(next), due), "{now}");
    }

    #[test]
    fn a_pass_begins_when_a_sources_whole_interval_is_over() {
        let setup = setup("");
        let now = at("17 10:00:00");
        assert_eq!(next(&setup, None, now).unwrap(), (now, Due::Look), "a new home");
        let mut status = status("17 10:00:00");
        check(&setup, &status, None, "17 10:00:05", "17 10:40:00", Due::Sources);
        // Its host asked us to wait.
        status.holds = BTreeMap::from([("lantern.example".to_owned(), at("17 10:50:00"))]);
        check(&setup, &status, None, "17 10:00:05", "17 10:50:00", Due::Sources);
        status.holds = BTreeMap::from([("lantern.example".to_owned(), at("17 12:00:00"))]);
        check(&setup, &status, None, "17 10:00:05", "17 11:00:00", Due::Look);
        // The clock was set back by two hours.
        check(&setup, &status, None, "17 08:00:00", "17 08:00:00", Due::Sources);
        // A source that was never asked.
        status.sources.pop();
        check(&setup, &status, None, "17 10:00:05", "17 10:00:05", Due::Sources);
    }

    #[test]
    fn weeks_and_months_are_closed_on_the_minute_and_what_was_slept_through_at_once() {
        let settings = "[schedule]\nzone = \"Europe/London\"\ndigest = \"Mon 07:00\"\ntrends = \"24 09:00\"\n";
        let setup = setup(settings);
        check(&setup, &status("23 06:50:00"), None, "23 06:50:05", "23 07:00:00", Due::Digest);
        check(&setup, &status("23 07:00:00"), None, "23 07:00:05", "23 07:40:00", Due::Sources);
        check(&setup, &status("24 08:50:00"), None, "24 08:50:05", "24 09:00:00", Due::Trends);
        check(&setup, &status("23 06:50:00"), None, "23 19:00:00", "23 07:00:00", Due::Digest);
    }

    #[test]
    fn held_alerts_wait_for_the_roll_up_or_the_next_day() {
        let setup = setup("[schedule]\nzone = \"Europe/London\"\nrollup = \"17:00\"\n");
        let held = |seen| Status { alert: 2, ..status(seen) };
        check(&setup, &held("17 16:45:00"), None, "17 16:45:05", "17 17:00:00", Due::Alerts);
        check(&setup, &held("17 17:00:00"), None, "17 17:00:05", "17 17:40:00", Due::Sources);
        check(&setup, &held("17 23:45:00"), None, "17 23:45:05", "18 00:00:00", Due::Alerts);
    }

    #[test]
    fn letters_leave_with_their_next_try_or_when_the_quiet_hours_end() {
        let letter = |next_try: &str| Letter {
            key: "notice/a/lab/ntfy".to_owned(),
            edition: "notice/a".to_owned(),
            reader: Reader { channel: ChannelName::Ntfy, address: "lab".to_owned(), name: String::new() },
            message_id: String::new(),
            stories: Vec::new(),
            file: String::new(),
            state: LetterState::Queued,
            tries: 1,
            next_try: at(next_try),
            answer: None,
            reason: None,
        };
        let outbox = |seen: &str, next_try: &str| Outbox {
            version: 1,
            at: at(seen),
            sent: BTreeMap::new(),
            waiting: vec![letter(next_try)],
            dead: Vec::new(),
            shut: BTreeMap::new(),
        };
        let setup = setup("[schedule]\nquiet = \"22:00-07:00\"\n");
        let now = "17 10:00:05";
        check(
            &setup,
            &status("17 10:00:00"),
            Some(&outbox("17 10:00:00", "17 10:05:00")),
            now,
            "17 10:05:00",
            Due::Letters,
        );
        // It could have left and did not: a person has to look.
        check(
            &setup,
            &status("17 10:00:00"),
            Some(&outbox("17 10:00:00", "17 10:00:00")),
            now,
            "17 10:40:00",
            Due::Sources,
        );
        let quiet = outbox("18 06:45:00", "17 23:00:00");
        check(&setup, &status("18 06:45:00"), Some(&quiet), "18 06:45:05", "18 07:00:00", Due::Letters);
    }
}
