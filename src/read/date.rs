//! Dates as feeds write them.
//!
//! Read: RFC 3339 and the other forms of ISO 8601 in the W3C's note (`2025-06-03`, `2025-06-03 09:00:00`, `2025-06`,
//! `20250603T0900Z`), also with spaces around the `T` and with numbers of one digit; RFC 2822 with or without weekday,
//! seconds and zone, zones as numbers or by name (`CEST`, `PDT`, `GMT+2`), two-digit years (RFC 2822, 4.3), C's `asctime`,
//! `June 3, 2025 9:00 AM`, months in several European languages, and seconds since 1970. A time without zone is UTC; a date
//! without time is its midnight. Numeric dates such as `03/06/2025` are read only when one of the two numbers can be no
//! month. Not a date: what names no day that exists, and years before 1971 (the zero dates of broken programs) or after 2200.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use regex::Regex;

/// The longest honest dates (weekday, month and zone in words) have about 60 bytes; more is no date.
const MAX_BYTES: usize = 120;

static ISO: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?|(\d{2})(\d{2}))?(?:(?:\s*[Tt]|[ _])\s*(.+)|([Zz]|[+-]\d\d:?\d\d))?$",
    )
});

/// The time of a date in ISO form: also `0900`, and `9:5:0` as some programs count.
static ISO_TIME: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^(\d{1,2})(?:[:.]?(\d{2}|\b\d)(?:[:.]?(\d{2}|\b\d)(?:[.,](\d+))?)?)?\s*([AaPp][Mm]\b)?(.*)$")
});

/// `09-00-00`; `09:00-05` has a zone instead.
static DASHED_TIME: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(\d\d)-(\d\d)-(\d\d)"));

static CLOCK: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,:](\d+))?)?(?:\s*\b?([AaPp])\.?[Mm]\b\.?)?"));

/// What may follow a time: a name, a number, or both.
static ZONE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^\s*\(?\s*(?:([A-Za-z]{1,5})\b)?\s*(?:([+-])\s*(\d{1,2}):?(\d{2})?\b)?(?:\s*\([^)]*\))?\)?")
});

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is a constant")
}

/// The moment a text names, or None.
pub fn read(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.is_empty() || text.len() > MAX_BYTES {
        return None;
    }
    let found = epoch(text).or_else(|| iso(text)).or_else(|| words(text))?;
    (1971..=2200).contains(&Offset::UTC.to_datetime(found).year()).then_some(found)
}

/// Seconds (10 digits) or milliseconds (13 digits) since 1970.
fn epoch(text: &str) -> Option<Timestamp> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match text.len() {
        10 => Timestamp::from_second(text.parse().ok()?).ok(),
        13 => Timestamp::from_millisecond(text.parse().ok()?).ok(),
        _ => None,
    }
}

fn iso(text: &str) -> Option<Timestamp> {
    let parts = ISO.captures(text)?;
    let number = |group| parts.get(group).and_then(|part| part.as_str().parse::<i64>().ok());
    let date = (number(1)?, number(2).or(number(4)).unwrap_or(1), number(3).or(number(5)).unwrap_or(1));
    let Some(time) = parts.get(6) else {
        return moment(date, [0; 4], zone(parts.get(7).map_or("", |zone| zone.as_str()))?.0);
    };
    let time = DASHED_TIME.replace(time.as_str(), "$1:$2:$3");
    let parts = ISO_TIME.captures(&time)?;
    let clock = clock(&parts)?;
    let (offset, rest) = zone(parts.get(6)?.as_str())?;
    rest.trim().is_empty().then(|| moment(date, clock, offset))?
}

/// Dates in words: RFC 2822, asctime, and what people write.
fn words(text: &str) -> Option<Timestamp> {
    let mut clock_parts = [0; 4];
    let mut offset = 0;
    let mut rest = text.to_owned();
    if let Some(parts) = CLOCK.captures(text) {
        clock_parts = clock(&parts)?;
        let whole = parts.get(0)?;
        let (found, after) = zone(&text[whole.end()..])?;
        offset = found;
        rest = format!("{} {after}", &text[..whole.start()]);
    }
    let mut year = None;
    let mut month = None;
    let mut numbers = Vec::new();
    for word in rest.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let digits = word.trim_end_matches(|character: char| character.is_alphabetic());
        if digits.is_empty() {
            month = month.or_else(|| month_named(word));
        } else if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        } else if digits.len() == 4 && year.is_none() {
            year = Some(digits.parse().ok()?);
        } else if digits.len() <= 2 {
            numbers.push(digits.parse::<i64>().ok()?);
        } else {
            return None;
        }
    }
    let mut numbers = numbers.into_iter();
    let (month, day) = match month {
        Some(month) => (month, numbers.next()?),
        None => match (numbers.next()?, numbers.next()?) {
            (day @ 13.., month) => (month, day),
            (month, day @ 13..) => (month, day),
            (month, day) if month == day => (month, day),
            _ => return None,
        },
    };
    let year = match (year, numbers.next()) {
        (Some(year), _) => year,
        (None, Some(short @ 0..=49)) => 2000 + short,
        (None, Some(short @ 50..)) => 1900 + short,
        _ => return None,
    };
    moment((year, month, day), clock_parts, offset)
}

/// Hour, minute, second and nanosecond from groups 1 to 4, and a half of the day from group 5.
fn clock(parts: &regex::Captures<'_>) -> Option<[i64; 4]> {
    let number = |group| parts.get(group).map_or(Some(0), |part| part.as_str().parse::<i64>().ok());
    let fraction = parts.get(4).map_or("", |part| part.as_str());
    let nanoseconds = format!("{:0<9}", &fraction[..fraction.len().min(9)]).parse().ok()?;
    let hour = match (number(1)?, parts.get(5).map(|half| half.as_str().as_bytes()[0].to_ascii_lowercase())) {
        (12, Some(b'a')) => 0,
        (hour @ 1..=11, Some(b'p')) => hour + 12,
        (hour, _) => hour,
    };
    Some([hour, number(2)?, number(3)?, nanoseconds])
}

/// Minutes east of UTC, and what follows the zone. No zone is UTC, and so is a name nobody knows: RFC 2822 (4.3) says so.
fn zone(text: &str) -> Option<(i64, &str)> {
    let parts = ZONE.captures(text)?;
    let name = parts.get(1).map(|name| name.as_str());
    // A month or weekday behind the time belongs to the date.
    if name.is_some_and(|name| month_named(name).is_some() && named_offset(name).is_none()) {
        return Some((0, text));
    }
    let named = name.and_then(named_offset);
    let after = &text[parts.get(0)?.end()..];
    let Some(hours) = parts.get(3) else {
        return Some((named.unwrap_or(0), after));
    };
    let hours: i64 = hours.as_str().parse().ok()?;
    let minutes: i64 = parts.get(4).map_or(Some(0), |minutes| minutes.as_str().parse().ok())?;
    if hours > 14 || minutes > 59 {
        return None;
    }
    let sign = if &parts[2] == "-" { -1 } else { 1 };
    Some((sign * (hours * 60 + minutes), after))
}

/// The usual names, in minutes. Where two zones share a name, the one that feeds mean (the United States, Britain, India).
fn named_offset(name: &str) -> Option<i64> {
    let hours = match name.to_ascii_uppercase().as_str() {
        "UT" | "UTC" | "GMT" | "Z" | "WET" => 0.0,
        "EST" | "CDT" => -5.0,
        "EDT" | "AST" => -4.0,
        "CST" | "MDT" => -6.0,
        "MST" | "PDT" => -7.0,
        "PST" | "AKDT" => -8.0,
        "AKST" => -9.0,
        "HST" => -10.0,
        "BRT" | "ART" | "ADT" => -3.0,
        "NST" => -3.5,
        "NDT" => -2.5,
        "BST" | "CET" | "MEZ" | "WEST" => 1.0,
        "CEST" | "MESZ" | "EET" | "SAST" | "CAT" => 2.0,
        "EEST" | "MSK" | "EAT" => 3.0,
        "GST" => 4.0,
        "PKT" => 5.0,
        "IST" => 5.5,
        "ICT" | "WIB" => 7.0,
        "HKT" | "SGT" | "AWST" | "PHT" => 8.0,
        "JST" | "KST" => 9.0,
        "ACST" => 9.5,
        "AEST" => 10.0,
        "ACDT" => 10.5,
        "AEDT" => 11.0,
        "NZST" => 12.0,
        "NZDT" => 13.0,
        _ => return None,
    };
    Some((hours * 60.0) as i64)
}

/// English, German, French, Spanish, Italian, Portuguese, Dutch, Polish and Scandinavian names, long or short.
fn month_named(word: &str) -> Option<i64> {
    let word = word.to_lowercase();
    // Weekdays that begin like a month: French and Italian for Tuesday, Spanish for Tuesday.
    if matches!(word.as_str(), "mardi" | "martedì" | "martedi" | "martes") || word.chars().count() < 3 {
        return None;
    }
    const STEMS: [(&str, i64); 44] = [
        ("jan", 1),
        ("jän", 1),
        ("ene", 1),
        ("gen", 1),
        ("sty", 1),
        ("feb", 2),
        ("fév", 2),
        ("fev", 2),
        ("lut", 2),
        ("mar", 3),
        ("mär", 3),
        ("mrz", 3),
        ("maa", 3),
        ("mrt", 3),
        ("apr", 4),
        ("avr", 4),
        ("abr", 4),
        ("kwi", 4),
        ("may", 5),
        ("mai", 5),
        ("mag", 5),
        ("mei", 5),
        ("maj", 5),
        ("jun", 6),
        ("juin", 6),
        ("giu", 6),
        ("cze", 6),
        ("jul", 7),
        ("juil", 7),
        ("lug", 7),
        ("lip", 7),
        ("aug", 8),
        ("aoû", 8),
        ("aou", 8),
        ("ago", 8),
        ("sie", 8),
        ("sep", 9),
        ("set", 9),
        ("wrz", 9),
        ("oct", 10),
        ("okt", 10),
        ("nov", 11),
        ("dec", 12),
        ("dez", 12),
    ];
    const MORE: [(&str, i64); 6] = [("ott", 10), ("out", 10), ("paź", 10), ("lis", 11), ("dic", 12), ("déc", 12)];
    // "juin" and "juil" share their first letters; the longer stems stand for them, so "jui" alone is neither.
    STEMS.iter().chain(&MORE).find(|(stem, _)| word.starts_with(stem)).map(|(_, month)| *month)
}

fn moment(
    (year, month, day): (i64, i64, i64),
    [hour, minute, second, nanosecond]: [i64; 4],
    offset: i64,
) -> Option<Timestamp> {
    let date = Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()?;
    // ISO 8601 allows 24:00 for the end of a day; a leap second is read as the one before it.
    let (date, hour) = if (hour, minute, second) == (24, 0, 0) { (date.tomorrow().ok()?, 0) } else { (date, hour) };
    let time = Time::new(
        hour.try_into().ok()?,
        minute.try_into().ok()?,
        second.min(if second == 60 { 59 } else { second }).try_into().ok()?,
        nanosecond.try_into().ok()?,
    )
    .ok()?;
    let offset = Offset::from_seconds((offset * 60).try_into().ok()?).ok()?;
    offset.to_timestamp(DateTime::from_parts(date, time)).ok()
}
