//! Due: whether it is a source's turn, whatever the clock did meanwhile.

use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::config::Schedule;
use crate::fetch;
use crate::keep::Watched;
use crate::source::Source;

/// Cron is never exact: an hourly source counts as due a little before its hour is over, or it would be asked every other.
const SLACK: SignedDuration = SignedDuration::from_mins(5);

/// Whether a source is to be asked. One that answered is asked after its interval as sources.toml has it now; one that
/// failed, when its next try has come. A last time in the future is none: the clock was set back.
pub(super) fn is_due(source: &Source, watched: Option<&Watched>, now: Timestamp) -> bool {
    let Some((watched, last)) = watched.and_then(|watched| Some((watched, watched.asked?))) else { return true };
    let interval = watched.interval(source);
    let slack = SLACK.min(interval / 10);
    let age = now.duration_since(last);
    if age.is_negative() {
        return true;
    }
    match watched.next_try.filter(|_| watched.failures > 0) {
        Some(next_try) => now.duration_since(next_try) + slack >= SignedDuration::ZERO,
        None => age + slack >= interval,
    }
}

/// When it is a source's turn, if it waits until its interval is wholly over. Then [`is_due`] says so too.
pub(super) fn next_turn(source: &Source, watched: Option<&Watched>, now: Timestamp) -> Timestamp {
    let Some((watched, last)) = watched.and_then(|watched| Some((watched, watched.asked?))) else { return now };
    let usual = last.checked_add(watched.interval(source)).unwrap_or(Timestamp::MAX);
    match watched.next_try.filter(|_| watched.failures > 0) {
        _ if last > now => now,
        Some(next_try) => next_try,
        None => usual,
    }
}

/// When the quiet hours that hold now end; None where none do.
pub(super) fn end_of_quiet(schedule: &Schedule, now: Timestamp) -> Option<Timestamp> {
    let quiet = schedule.quiet?;
    let local = now.to_zoned(schedule.zone.clone());
    if !quiet.holds(local.time()) {
        return None;
    }
    let today = local.date().to_datetime(quiet.to).to_zoned(schedule.zone.clone()).ok()?;
    let end = if today > local { today } else { today.checked_add(1.day()).ok()? };
    Some(end.timestamp())
}

/// Whether a host's wait still counts. One that ends later than any that fetch believes was noted by a clock that was wrong
/// then or is wrong now, and must not silence a host until the clock has caught up.
pub(super) fn is_held(until: Timestamp, now: Timestamp) -> bool {
    let left = until.duration_since(now);
    left > SignedDuration::ZERO && left <= fetch::LONGEST_WAIT
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::Mark;
    use crate::source::{Origin, Trust};

    fn source(every: &str) -> Source {
        Source {
            name: "Lantern".to_owned(),
            from: Origin::Feed("https://lantern.example/feed.xml".parse().expect("an address")),
            every: every.parse().expect("a length"),
            is_every_written: true,
            trust: Trust::Expert,
            most: None,
            topics: Vec::new(),
        }
    }

    fn at(text: &str) -> Timestamp {
        format!("2026-11-{text}Z").parse().expect("a time")
    }

    #[test]
    fn a_source_is_due_when_its_turn_has_come() {
        // every, failures, asked, next try, now, due
        let table = [
            ("1h", 0, "16T07:00:00", "16T08:00:00", "16T07:54:59", false),
            ("1h", 0, "16T07:00:00", "16T08:00:00", "16T07:55:00", true),
            ("10m", 0, "16T07:00:00", "16T07:10:00", "16T07:08:59", false),
            ("10m", 0, "16T07:00:00", "16T07:10:00", "16T07:09:00", true),
            // Its interval was a day when it was asked, and was made an hour since.
            ("1h", 0, "16T07:00:00", "17T07:00:00", "16T08:00:00", true),
            // It fails: its next try counts, not its interval.
            ("1h", 3, "16T07:00:00", "16T11:10:00", "16T11:04:59", false),
            ("1h", 3, "16T07:00:00", "16T11:10:00", "16T11:05:00", true),
            // Its server asked for two minutes.
            ("6h", 1, "16T07:00:00", "16T07:02:00", "16T07:05:00", true),
            // The clock was set back, for a moment or by years; and it jumped ahead.
            ("1h", 0, "16T07:00:00", "16T08:00:00", "16T06:59:59", true),
            ("1h", 5, "16T07:00:00", "17T01:00:00", "01T07:00:00", true),
            ("1h", 5, "16T07:00:00", "17T01:00:00", "30T07:00:00", true),
        ];
        for (every, failures, asked, next_try, now, due) in table {
            let watched =
                Watched { asked: Some(at(asked)), next_try: Some(at(next_try)), failures, ..Watched::default() };
            let case = format!("every {every}, {failures} failures, asked {asked}, next try {next_try}, now {now}");
            assert_eq!(is_due(&source(every), Some(&watched), at(now)), due, "{case}");
            // Who waits for its whole interval never comes too early, nor twice.
            let turn = next_turn(&source(every), Some(&watched), at(now)).max(at(now));
            assert!(is_due(&source(every), Some(&watched), turn), "{case}: {turn}");
        }
        assert!(is_due(&source("1h"), None, at("16T07:00:00")), "never asked");
        assert!(is_due(&source("1h"), Some(&Watched::default()), at("16T07:00:00")), "never its turn");
    }

    #[test]
    fn quiet_hours_end_on_the_same_day_or_the_next() {
        use crate::config::read_settings;
        let check = |quiet: &str, now: &str, end: Option<&str>| {
            let text = format!("[schedule]\nzone = \"Europe/London\"\nquiet = \"{quiet}\"\n");
            let schedule = read_settings("tidings.toml", &text).unwrap().schedule;
            assert_eq!(end_of_quiet(&schedule, at(now)), end.map(at), "{quiet} at {now}");
        };
        check("22:00-07:00", "16T21:59:00", None);
        check("22:00-07:00", "16T22:00:00", Some("17T07:00:00"));
        check("22:00-07:00", "17T06:59:59", Some("17T07:00:00"));
        check("22:00-07:00", "17T07:00:00", None);
        check("12:00-13:00", "17T12:30:00", Some("17T13:00:00"));
    }

    #[test]
    fn a_wait_counts_until_it_is_over_and_for_a_day_at_most() {
        let now = at("16T07:00:00");
        for (until, held) in [
            ("16T06:59:59", false),
            ("16T07:00:00", false),
            ("16T07:00:01", true),
            ("17T07:00:00", true),
            ("17T07:00:01", false),
        ] {
            assert_eq!(is_held(at(until), now), held, "{until}");
        }
    }

    #[test]
    fn intervals_grow_with_each_failure_up_to_a_day_and_are_spread() {
        let hourly = source("1h");
        let hours = |failures| hourly.interval(failures, hourly.every).as_secs_f64() / 3600.0;
        assert_eq!(hours(0), 1.0);
        for (failures, least, most) in [
            (1, 1.0, 1.2),
            (2, 1.6, 2.4),
            (3, 3.2, 4.8),
            (4, 6.4, 9.6),
            (5, 12.8, 19.2),
            (6, 19.2, 24.0),
            (u32::MAX, 19.2, 24.0),
        ] {
            assert!((least..=most).contains(&hours(failures)), "{failures}: {} h", hours(failures));
        }
        let named = |number: u32| {
            Source { name: format!("source {number}"), ..source("1h") }.interval(3, SignedDuration::from_hours(1))
        };
        let mut spread: Vec<_> = (0..100).map(named).collect();
        spread.sort();
        // 96 minutes are the whole window.
        assert!(spread[99] - spread[0] >= SignedDuration::from_mins(90), "{} to {}", spread[0], spread[99]);
        for every in ["1s", "48h", "8760h"] {
            let (source, day) = (source(every), SignedDuration::from_hours(24));
            for failures in 0..40 {
                let interval = source.interval(failures, source.every);
                assert!(
                    interval >= source.every && interval <= day.max(source.every),
                    "{every}, {failures}: {interval}"
                );
            }
        }
    }

    /// An hourly run asks it so many hours apart, where its items come so many hours apart and its server says that an
    /// answer holds for so many.
    fn hours_apart(source: &Source, gap: i64, holds: Option<u64>) -> i64 {
        let now = at("16T07:00:00");
        let dates = (0..5).map(|number| now - SignedDuration::from_hours(number * gap)).collect();
        let mark = Mark { fresh_seconds: holds.map(|hours| hours * 3600), ..Mark::default() };
        let watched = Watched { asked: Some(now), dates, mark, ..Watched::default() };
        // Cron is a little early, now and then.
        let run = |hour: &i64| now + SignedDuration::from_hours(*hour) - SignedDuration::from_mins(2);
        (1..100).find(|hour| is_due(source, Some(&watched), run(hour))).expect("it is asked in the end")
    }

    #[test]
    fn what_decides_how_often_a_source_is_asked() {
        let written = source("1h");
        let own = Source { is_every_written: false, ..source("1h") };
        let official = Source { trust: Trust::Official, ..own.clone() };
        for (gap, holds, hours) in [
            // Its own rhythm, between an hour and a day; "Lantern" draws its lot.
            (1, None, 1..=1),
            (48, None, 5..=6),
            (24 * 14, None, 24..=24),
            // What its server says, up to a day.
            (1, Some(1), 1..=1),
            (1, Some(3), 3..=3),
            (48, Some(3), 5..=6),
            (1, Some(24 * 365), 24..=24),
        ] {
            assert!(hours.contains(&hours_apart(&own, gap, holds)), "{gap} {holds:?}");
            assert_eq!(hours_apart(&written, gap, holds), 1, "a person's word counts: {gap} {holds:?}");
            assert_eq!(hours_apart(&official, gap, holds), 1, "security keeps no rhythm: {gap} {holds:?}");
        }
        let rare = Source { is_every_written: false, ..source("48h") };
        assert_eq!(hours_apart(&rare, 1, Some(1)), 48, "its kind's usual interval is the least");
    }

    #[test]
    fn sources_that_began_together_part_after_their_first_request() {
        let now = at("16T07:00:00");
        let second = |every: &str, number: u32| {
            let source = Source { name: format!("source {number}"), ..source(every) };
            let watched = Watched { asked: Some(now), first_asked: Some(now), ..Watched::default() };
            (1..20)
                .find(|hour| is_due(&source, Some(&watched), now + SignedDuration::from_hours(*hour)))
                .expect("an hour")
        };
        let hours = |every| (0..100).map(|number| second(every, number)).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(hours("1h").into_iter().collect::<Vec<_>>(), [1]);
        assert_eq!(hours("6h").into_iter().collect::<Vec<_>>(), [6, 7, 8, 9]);
    }
}
