//! How long GitHub asks us to wait, by "REST API: Rate limits".

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// "Otherwise, wait for at least one minute before retrying."
const UNNAMED: Duration = Duration::from_secs(60);
/// A longer wait is not believed.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// How long from `now` on; None where a no is not about a limit. In the documentation's order: `Retry-After`, else the reset of
/// a count that is used up, else a minute where the status or the words (`said`) speak of a limit.
pub(super) fn wait<'h>(
    status: u16,
    header: impl Fn(&str) -> Option<&'h str>,
    said: &str,
    now: Timestamp,
) -> Option<Duration> {
    if !matches!(status, 403 | 429) {
        return None;
    }
    let date = |text: &str| jiff::fmt::rfc2822::parse(text.trim()).ok().map(|date| date.timestamp());
    let until = |until: Timestamp, now: Timestamp| {
        let left: SignedDuration = until.duration_since(now);
        Duration::try_from(left).unwrap_or_default().min(LONGEST)
    };
    if let Some(text) = header("retry-after") {
        if let Ok(seconds) = text.trim().parse::<u64>() {
            return Some(Duration::from_secs(seconds).min(LONGEST));
        }
        if let Some(time) = date(text) {
            return Some(until(time, now));
        }
    }
    if header("x-ratelimit-remaining").is_some_and(|left| left.trim() == "0")
        && let Some(reset) = header("x-ratelimit-reset").and_then(|text| text.trim().parse().ok())
        && let Ok(reset) = Timestamp::from_second(reset)
    {
        // The server's clock counts: it is the one that will say no.
        return Some(until(reset, header("date").and_then(date).unwrap_or(now)));
    }
    let said = said.to_lowercase();
    let is_limit = status == 429 || said.contains("rate limit") || said.contains("abuse detection");
    is_limit.then_some(UNNAMED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(status: u16, headers: &[(&str, &'static str)], said: &str) -> Option<u64> {
        let find = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        wait(status, find, said, "2026-11-16T07:00:00Z".parse().unwrap()).map(|wait| wait.as_secs())
    }

    #[test]
    fn a_limit_is_waited_for_as_github_says_and_else_for_a_minute() {
        const SLOWER: &str = "You have exceeded a secondary rate limit.";
        // 1794812460 is 07:01:00 on that day.
        let used_up = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1794812460")];
        assert_eq!(seconds(403, &[("retry-after", "7"), used_up[0], used_up[1]], SLOWER), Some(7));
        assert_eq!(seconds(429, &[("retry-after", "Mon, 16 Nov 2026 07:00:09 GMT")], ""), Some(9));
        assert_eq!(seconds(403, &used_up, ""), Some(60));
        assert_eq!(seconds(403, &[used_up[0], used_up[1], ("date", "Mon, 16 Nov 2026 07:00:50 GMT")], ""), Some(10));
        assert_eq!(seconds(403, &[("retry-after", "99999999")], ""), Some(86_400));
        assert_eq!(seconds(403, &[], SLOWER), Some(60));
        assert_eq!(seconds(429, &[], ""), Some(60));
        assert_eq!(seconds(403, &[("x-ratelimit-remaining", "4999")], "Resource not accessible"), None);
        assert_eq!(seconds(404, &[("retry-after", "7")], SLOWER), None);
    }
}
