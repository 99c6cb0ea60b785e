//! Months: calendar months in the lab's zone, and when each closes.

use anyhow::{Context, Result};
use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};

use crate::config::Schedule;

/// One month's trends: its period, and when it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Month {
    /// `2026-11`
    pub name: String,
    /// From the first moment of the month (included) to that of the next (excluded).
    pub from: Timestamp,
    pub to: Timestamp,
    /// On the day and at the time of `[schedule] trends`, in the month after.
    pub closes: Timestamp,
}

impl Month {
    /// The last month that has closed.
    pub fn closed_at(schedule: &Schedule, now: Timestamp) -> Result<Month> {
        let mut month = Month::around(schedule, now)?.before(schedule)?;
        if month.closes > now {
            month = month.before(schedule)?;
        }
        Ok(month)
    }

    /// The calendar month that `now` lies in.
    pub fn around(schedule: &Schedule, now: Timestamp) -> Result<Month> {
        Month::beginning(schedule, now.to_zoned(schedule.zone.clone()).date().first_of_month())
    }

    pub fn before(&self, schedule: &Schedule) -> Result<Month> {
        let first = self.from.to_zoned(schedule.zone.clone()).date();
        Month::beginning(schedule, first.checked_sub(1.month())?)
    }

    /// The month called `name`.
    ///
    /// # Errors
    /// When the name is not of the form `2026-11`, or there is no such month.
    pub fn named(schedule: &Schedule, name: &str) -> Result<Month> {
        let wrong = || format!("`{name}` names no month: write it like 2026-11");
        let (year, number) = name.split_once('-').with_context(wrong)?;
        let is_plain = year.len() == 4 && number.len() == 2;
        let (year, number) = (year.parse().with_context(wrong)?, number.parse().with_context(wrong)?);
        let first = Date::new(year, number, 1).ok().filter(|_| is_plain).with_context(wrong)?;
        Month::beginning(schedule, first)
    }

    fn beginning(schedule: &Schedule, first: Date) -> Result<Month> {
        let next = first.checked_add(1.month())?;
        let start = |day: Date| anyhow::Ok(day.to_zoned(schedule.zone.clone())?.timestamp());
        let closing = date(next.year(), next.month(), schedule.trends_day).to_datetime(schedule.trends_time);
        Ok(Month {
            name: first.strftime("%Y-%m").to_string(),
            from: start(first)?,
            to: start(next)?,
            closes: closing.to_zoned(schedule.zone.clone())?.timestamp(),
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;
    use jiff::tz::TimeZone;

    use super::*;

    fn schedule(day: i8) -> Schedule {
        let zone = TimeZone::get("Europe/London").unwrap();
        Schedule { zone, trends_day: day, trends_time: time(7, 0, 0, 0), ..Schedule::default() }
    }

    fn check(day: i8, now: &str, name: &str, from: &str, to: &str, closes: &str) {
        let month = Month::closed_at(&schedule(day), now.parse().unwrap()).unwrap();
        let times = [month.from, month.to, month.closes].map(|time| time.to_string());
        assert_eq!((month.name.as_str(), times.each_ref().map(String::as_str)), (name, [from, to, closes]));
        assert_eq!(Month::named(&schedule(day), name).unwrap(), month);
    }

    #[test]
    fn a_month_is_the_calendars_in_the_labs_zone_and_closes_in_the_next() {
        let november = ("2026-11", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z", "2026-12-01T07:00:00Z");
        let check_november = |now| check(1, now, november.0, november.1, november.2, november.3);
        check_november("2026-12-01T07:00:00Z");
        check_november("2027-01-01T06:59:59Z");
        // British summer time: the day begins at 23:00 UTC, and ends on 25 October.
        check(
            1,
            "2026-12-01T06:59:59Z",
            "2026-10",
            "2026-09-30T23:00:00Z",
            "2026-11-01T00:00:00Z",
            "2026-11-01T07:00:00Z",
        );
        check(5, "2027-01-04T12:00:00Z", "2026-11", november.1, november.2, "2026-12-05T07:00:00Z");
    }

    #[test]
    fn other_words_name_no_month() {
        for name in ["2026-W47", "2026-13", "2026-1", "2026", "november", "2026-11-01", "../11"] {
            let error = Month::named(&schedule(1), name).unwrap_err().to_string();
            assert!(error.contains("write it like 2026-11"), "{error}");
        }
    }
}
