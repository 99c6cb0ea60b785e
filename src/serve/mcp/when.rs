//! A time as an agent writes it: a date, a whole time, or a span back from now.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::answer::Trouble;

/// Years in which something may have been written: beyond them the index counts no nanoseconds.
const YEARS: std::ops::Range<i16> = 1900..2200;

/// None of an empty one.
///
/// # Errors
/// What to write instead.
pub fn read(text: &str, now: Timestamp) -> Result<Option<Timestamp>, Trouble> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let day = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    let span = |unit: char, hours: i64| {
        let number: u16 = text.strip_suffix(unit)?.parse().ok()?;
        now.checked_sub(SignedDuration::from_hours(i64::from(number) * hours)).ok()
    };
    let time =
        text.parse().ok().or_else(day).or_else(|| span('h', 1)).or_else(|| span('d', 24)).or_else(|| span('w', 24 * 7));
    match time.filter(|time: &Timestamp| YEARS.contains(&time.to_zoned(TimeZone::UTC).year())) {
        Some(time) => Ok(Some(time)),
        None => Err(Trouble(
            "`since` is a date (2026-11-01), a time (2026-11-01T09:00:00Z) or a span back from now \
                             (12h, 30d, 2w)"
                .to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_times_and_spans_are_read_and_nothing_else() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let read = |text| read(text, now).unwrap().map(|at| at.to_string());
        assert_eq!(read(""), None);
        assert_eq!(read("2026-11-01").as_deref(), Some("2026-11-01T00:00:00Z"));
        assert_eq!(read("2026-11-01T09:00:00Z").as_deref(), Some("2026-11-01T09:00:00Z"));
        assert_eq!(read("36h").as_deref(), Some("2026-11-21T00:00:00Z"));
        assert_eq!(read("2w").as_deref(), Some("2026-11-08T12:00:00Z"));
        for wrong in ["yesterday", "d", "-1d", "1é", "2026-13-01", "99999999d", "9999-01-01", "0001-01-01", "65535w"] {
            assert!(super::read(wrong, now).is_err(), "{wrong}");
        }
    }
}
