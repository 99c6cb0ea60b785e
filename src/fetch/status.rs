//! What a status line means for a feed, be it live or recorded.

use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;

use super::date::http_date;
use crate::item::{Fault, FaultKind};

/// How long a host rests that says 429 and not for how long: the rest of this run leaves it alone, an hourly run asks
/// again.
const UNNAMED_WAIT: SignedDuration = SignedDuration::from_mins(15);

/// The longest wait we believe. A typo or a hostile `Retry-After` must not silence a source for good; a day later one
/// request costs the host nothing.
pub const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(24);

/// The shortest wait. "0" and dates in the past still end this run's requests to the host.
pub(super) const SHORTEST_WAIT: SignedDuration = SignedDuration::from_secs(1);

/// What an answer is, judged by its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Page,
    NotModified,
    /// Look at `Location`; whether it is for good (RFC 9110, 15.4.2 and 15.4.9).
    Moved {
        permanently: bool,
    },
}

/// Judges a status. `conditional` says whether validators were sent; `retry_after` is the header as it came; `shown` names
/// the address in messages.
pub(super) fn meaning(
    status: u16,
    conditional: bool,
    retry_after: Option<&str>,
    shown: &str,
    now: Timestamp,
) -> Result<Meaning, Fault> {
    match status {
        200..=299 => Ok(Meaning::Page),
        304 if conditional => Ok(Meaning::NotModified),
        304 => Err(Fault::new(
            FaultKind::Broken,
            format!(
                "asking {shown}: it answered 304 (not modified), though we asked for the whole; its server or a cache before it is at fault"
            ),
        )),
        301 | 308 => Ok(Meaning::Moved { permanently: true }),
        302 | 303 | 307 => Ok(Meaning::Moved { permanently: false }),
        300..=399 => Err(Fault::new(
            FaultKind::Redirect,
            format!(
                "asking {shown}: it answered {}, which leads nowhere; look in a browser for the feed's address",
                named(status)
            ),
        )),
        429 => {
            let retry_at = retry_after.and_then(|text| wait_until(text, now)).unwrap_or_else(|| add(now, UNNAMED_WAIT));
            Err(waiting(shown, retry_at, &format!("it answered {}", named(status))))
        }
        403 | 503 if let Some(retry_at) = retry_after.and_then(|text| wait_until(text, now)) => {
            Err(waiting(shown, retry_at, &format!("it answered {}", named(status))))
        }
        _ => Err(Fault::new(
            if status == 410 { FaultKind::Gone } else { FaultKind::Status },
            format!("asking {shown}: it answered {}; {}", named(status), advice(status)),
        )),
    }
}

/// The fault of a host that asked us to wait, now or earlier.
pub(super) fn waiting(shown: &str, retry_at: Timestamp, why: &str) -> Fault {
    let message = format!("asking {shown}: {why}; it is not asked before {retry_at:.0}");
    Fault { kind: FaultKind::Waiting, message, retry_at: Some(retry_at) }
}

/// Reads `Retry-After`: seconds, or a date (RFC 9110, 10.2.3). None: it is neither.
pub(super) fn wait_until(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.trim();
    let asked = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number that does not fit is longer than we believe anyway.
        let seconds: i64 = text.parse().unwrap_or(i64::MAX);
        SignedDuration::from_secs(seconds)
    } else {
        http_date(text)?.duration_since(now)
    };
    Some(add(now, asked.clamp(SHORTEST_WAIT, LONGEST_WAIT)))
}

/// At the end of time there is nothing to wait for.
pub(super) fn add(now: Timestamp, wait: SignedDuration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// `404 (Not Found)`.
pub(super) fn named(status: u16) -> String {
    match StatusCode::from_u16(status).ok().and_then(|code| code.canonical_reason()) {
        Some(reason) => format!("{status} ({reason})"),
        None => status.to_string(),
    }
}

/// What a person could try.
fn advice(status: u16) -> &'static str {
    match status {
        401 | 407 => "it wants a login, and tidings reads only open feeds; look for a public address",
        403 => {
            "it does not let us in; see whether a browser gets the feed, and whether `contact` is set in tidings.toml"
        }
        404 => "look on the site for the feed's new address",
        410 => "it is gone for good; look for another feed, or take the source out of sources.toml",
        451 => "it may not be shown here for legal reasons",
        500..=599 => "the trouble is on its side, and the next run asks again",
        _ => "see what a browser gets there, and mend the address in sources.toml",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retry_at(status: u16, header: Option<&str>) -> Option<String> {
        let now = "2026-11-16T07:00:00Z".parse().expect("a time");
        meaning(status, false, header, "x", now).expect_err("a fault").retry_at.map(|at| at.to_string())
    }

    #[test]
    fn a_wait_is_read_in_both_forms() {
        for status in [403, 429, 503] {
            assert_eq!(retry_at(status, Some("120")).as_deref(), Some("2026-11-16T07:02:00Z"));
            let date = Some("Mon, 16 Nov 2026 09:00:00 GMT");
            assert_eq!(retry_at(status, date).as_deref(), Some("2026-11-16T09:00:00Z"));
        }
    }

    #[test]
    fn a_wait_is_at_least_a_second_and_at_most_a_day() {
        for header in ["0", "Mon, 16 Nov 2020 09:00:00 GMT"] {
            assert_eq!(retry_at(503, Some(header)).as_deref(), Some("2026-11-16T07:00:01Z"));
        }
        for header in ["864000", "99999999999999999999999999", "Mon, 16 Nov 2099 09:00:00 GMT"] {
            assert_eq!(retry_at(503, Some(header)).as_deref(), Some("2026-11-17T07:00:00Z"));
        }
    }

    #[test]
    fn a_wait_that_is_not_named_is_a_quarter_of_an_hour_after_429_and_none_after_others() {
        for header in [None, Some("soon"), Some("-5"), Some("")] {
            assert_eq!(retry_at(429, header).as_deref(), Some("2026-11-16T07:15:00Z"));
            assert_eq!(retry_at(503, header), None);
            assert_eq!(retry_at(403, header), None);
        }
    }
}
