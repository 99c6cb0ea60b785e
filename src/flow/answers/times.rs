//! Times as people type them: dates, and spans back from now.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

use super::super::ask::Unclear;

/// A time, a date, or a span back from now: `30d`, `12h`, `2w`.
///
/// # Errors
/// When it is none of them.
pub fn read_when(text: &str, now: Timestamp) -> Result<Timestamp, Unclear> {
    let wrong =
        || Unclear(format!("`{text}` is no time: write a date (2026-11-01) or a span back from now (30d, 12h)"));
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    if let Ok(date) = text.parse::<Date>() {
        return date.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp()).map_err(|_| wrong());
    }
    let split = text.len().saturating_sub(1);
    let (number, unit) = text.is_char_boundary(split).then(|| text.split_at(split)).ok_or_else(wrong)?;
    let hours = match unit {
        "h" => 1,
        "d" => 24,
        "w" => 24 * 7,
        _ => return Err(wrong()),
    };
    let number: u16 = number.parse().map_err(|_| wrong())?;
    now.checked_sub(SignedDuration::from_hours(i64::from(number) * hours)).map_err(|_| wrong())
}

/// `2026-11-01`, or so many days or weeks before today: `30d`, `2w`.
///
/// # Errors
/// When it is neither.
pub fn read_day(text: &str, today: Date) -> Result<Date, Unclear> {
    let wrong =
        || Unclear(format!("`{text}` is no day: write a date (2026-11-01) or a span back from today (30d, 2w)"));
    if let Ok(date) = text.parse::<Date>() {
        return Ok(date);
    }
    let (number, days) = match (text.strip_suffix('d'), text.strip_suffix('w')) {
        (Some(number), _) => (number, 1),
        (_, Some(number)) => (number, 7),
        _ => return Err(wrong()),
    };
    let number: u16 = number.parse().map_err(|_| wrong())?;
    today.checked_sub(Span::new().days(i64::from(number) * days)).map_err(|_| wrong())
}
