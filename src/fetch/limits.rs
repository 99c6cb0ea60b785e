//! Limits: what a server says, in headers that no standard names, of how often it may be asked.

use jiff::{SignedDuration, Timestamp};

use super::date::http_date;
use super::status::{LONGEST_WAIT, SHORTEST_WAIT, add};

/// Numbers from here on are a time since 1970 in seconds; smaller ones say how many seconds are left. GitHub writes the
/// first, Reddit and others the second.
const EPOCH: f64 = 1e9;

/// `x-ratelimit-remaining` and `x-ratelimit-reset`, as far as they are there.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Limit {
    /// No further request is answered before `reset`.
    pub(super) is_used_up: bool,
    /// By our clock, a second to a day from now.
    pub(super) reset: Option<Timestamp>,
}

impl Limit {
    /// `header` gives the first header of a name.
    pub(super) fn read<'h>(header: impl Fn(&str) -> Option<&'h str>, now: Timestamp) -> Limit {
        let number = |name| header(name)?.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        let left = number("x-ratelimit-reset").map(|reset| {
            // The server's clock counts: it is the one that will say no.
            let servers_now = header("date").and_then(http_date).unwrap_or(now);
            let seconds = if reset >= EPOCH { reset - servers_now.as_second() as f64 } else { reset };
            SignedDuration::from_secs(seconds.ceil() as i64).clamp(SHORTEST_WAIT, LONGEST_WAIT)
        });
        Limit {
            is_used_up: number("x-ratelimit-remaining").is_some_and(|remaining| remaining < 1.0),
            reset: left.map(|left| add(now, left)),
        }
    }
}

/// `Retry-After` as it came; where there is none and a limit is used up, what it would say.
pub(super) fn retry_after<'h>(status: u16, header: impl Fn(&str) -> Option<&'h str>, now: Timestamp) -> Option<String> {
    if let Some(asked) = header("retry-after") {
        return Some(asked.to_owned());
    }
    let limit = Limit::read(header, now);
    let reset = limit.reset.filter(|_| status == 429 || (status == 403 && limit.is_used_up))?;
    Some(reset.duration_since(now).as_secs().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(status: u16, headers: &[(&str, &'static str)]) -> Option<String> {
        let find = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        retry_after(status, find, "2026-11-16T07:00:00Z".parse().expect("a time"))
    }

    #[test]
    fn a_limit_that_is_used_up_is_a_wait_until_its_reset() {
        // 1794812460 is 07:01:00 on that day.
        let used_up = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1794812460")];
        assert_eq!(wait(403, &used_up).as_deref(), Some("60"));
        assert_eq!(wait(429, &used_up[1..]).as_deref(), Some("60"));
        let seconds = [("x-ratelimit-remaining", "0.0"), ("x-ratelimit-reset", "90")];
        assert_eq!(wait(429, &seconds).as_deref(), Some("90"));
    }

    #[test]
    fn the_servers_clock_counts_and_a_wait_is_believed_for_a_day_at_most() {
        let limit = |date, reset| [("x-ratelimit-remaining", "0"), ("date", date), ("x-ratelimit-reset", reset)];
        let ahead = limit("Mon, 16 Nov 2026 07:00:30 GMT", "1794812460");
        assert_eq!(wait(403, &ahead).as_deref(), Some("30"));
        assert_eq!(wait(403, &limit("", "99999999999")).as_deref(), Some("86400"));
        assert_eq!(wait(403, &limit("", "1000000000")).as_deref(), Some("1"));
    }

    #[test]
    fn a_no_that_is_not_about_a_limit_is_no_wait() {
        assert_eq!(wait(403, &[("x-ratelimit-remaining", "59"), ("x-ratelimit-reset", "1794812460")]), None);
        assert_eq!(wait(403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "soon")]), None);
        assert_eq!(wait(500, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "60")]), None);
        assert_eq!(wait(429, &[("retry-after", "7"), ("x-ratelimit-reset", "60")]).as_deref(), Some("7"));
    }
}
