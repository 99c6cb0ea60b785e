//! Weeks: when a digest closes, which week it is, and which weeks are due.

use anyhow::{Context, Result};
use jiff::civil::ISOWeekDate;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};

use crate::config::Schedule;
use crate::edition::week_name;

/// One digest's period: from one closing time (included) to the next (excluded).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Week {
    /// `2026-W47`: the ISO week in which the middle of the period lies.
    pub name: String,
    pub from: Timestamp,
    pub to: Timestamp,
}

impl Week {
    /// The period that `now` lies in.
    pub fn open_at(schedule: &Schedule, now: Timestamp) -> Result<Week> {
        let local = now.to_zoned(schedule.zone.clone());
        let mut to = closing_on(schedule, &local)?;
        if to <= local {
            to = closing_on(schedule, &local.checked_add(7.days())?)?;
        }
        Week::ending(schedule, &to)
    }

    /// The period before this one.
    pub fn before(&self, schedule: &Schedule) -> Result<Week> {
        Week::ending(schedule, &self.from.to_zoned(schedule.zone.clone()))
    }

    /// The period called `name`.
    ///
    /// # Errors
    /// When the name is not of the form `2026-W47`, or there is no such week.
    pub fn named(schedule: &Schedule, name: &str) -> Result<Week> {
        let wrong = || format!("`{name}` names no week: write it like 2026-W47");
        let (year, week) = name.split_once("-W").with_context(wrong)?;
        let (year, week) = (year.parse().with_context(wrong)?, week.parse().with_context(wrong)?);
        let thursday = ISOWeekDate::new(year, week, jiff::civil::Weekday::Thursday).with_context(wrong)?;
        let noon = thursday.date().at(12, 0, 0, 0).to_zoned(schedule.zone.clone()).with_context(wrong)?;
        // The closing time moves the period by up to half a week against the ISO week.
        let found = [-4, 0, 4]
            .into_iter()
            .map(|days| -> Result<Week> { Week::open_at(schedule, noon.checked_add(days.days())?.timestamp()) });
        found.filter_map(Result::ok).find(|week| week.name == name).with_context(wrong)
    }

    fn ending(schedule: &Schedule, to: &Zoned) -> Result<Week> {
        let from = closing_on(schedule, &to.checked_sub(7.days())?)?;
        let middle = from.checked_add(SignedDuration::from_hours(84))?;
        Ok(Week { name: week_name(middle.date().iso_week_date()), from: from.timestamp(), to: to.timestamp() })
    }
}

/// The closing time in the ISO week of `day`. A time that a clock change skips is taken an hour later, as clocks show it.
fn closing_on(schedule: &Schedule, day: &Zoned) -> Result<Zoned> {
    let week = day.date().iso_week_date();
    let date = ISOWeekDate::new(week.year(), week.week(), schedule.digest_day)?.date();
    Ok(date.to_datetime(schedule.digest_time).to_zoned(schedule.zone.clone())?)
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Weekday, time};
    use jiff::tz::TimeZone;

    use super::*;

    fn check(day: Weekday, now: &str, name: &str, from: &str, to: &str) {
        let zone = TimeZone::get("Europe/London").unwrap();
        let schedule = Schedule { zone, digest_day: day, digest_time: time(7, 0, 0, 0), ..Schedule::default() };
        let week = Week::open_at(&schedule, now.parse().unwrap()).unwrap();
        assert_eq!((week.name.as_str(), week.from.to_string(), week.to.to_string()), (name, from.into(), to.into()));
        assert_eq!(Week::named(&schedule, name).unwrap(), week);
    }

    #[test]
    fn a_week_lies_between_two_closing_times_in_the_labs_zone() {
        use Weekday::{Friday, Monday};
        check(Monday, "2026-11-19T08:00:00Z", "2026-W47", "2026-11-16T07:00:00Z", "2026-11-23T07:00:00Z");
        // The closing time itself belongs to the new week.
        check(Monday, "2026-11-23T07:00:00Z", "2026-W48", "2026-11-23T07:00:00Z", "2026-11-30T07:00:00Z");
        check(Monday, "2026-11-23T06:59:59Z", "2026-W47", "2026-11-16T07:00:00Z", "2026-11-23T07:00:00Z");
        check(Friday, "2026-11-19T08:00:00Z", "2026-W47", "2026-11-13T07:00:00Z", "2026-11-20T07:00:00Z");
        // British summer time ends on 25 October: the week is an hour longer.
        check(Monday, "2026-10-25T12:00:00Z", "2026-W43", "2026-10-19T06:00:00Z", "2026-10-26T07:00:00Z");
        // The year has 53 weeks.
        check(Monday, "2026-12-31T12:00:00Z", "2026-W53", "2026-12-28T07:00:00Z", "2027-01-04T07:00:00Z");
    }
}
