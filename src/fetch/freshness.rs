//! For how long an answer holds, as its server says (RFC 9111, 5.2.2 and 5.3).

use super::date::http_date;

/// Seconds: `max-age` of Cache-Control, else the time from Date to Expires. None where nothing is said, or that it holds for
/// no time at all.
pub(super) fn freshness<'h>(header: impl Fn(&str) -> Option<&'h str>) -> Option<u64> {
    let control = header("cache-control").unwrap_or_default().to_ascii_lowercase();
    let mut directives = control.split(',').map(str::trim);
    if directives.clone().any(|directive| matches!(directive, "no-cache" | "no-store")) {
        return None;
    }
    let seconds = match directives.find_map(|directive| directive.strip_prefix("max-age=")) {
        Some(digits) => digits.trim_matches('"').parse().ok()?,
        None => {
            let (expires, date) = (http_date(header("expires")?)?, http_date(header("date")?)?);
            u64::try_from(expires.duration_since(date).as_secs()).ok()?
        }
    };
    (seconds > 0).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_an_answer_holds_is_read_from_its_headers() {
        const DATE: &str = "Mon, 16 Nov 2026 07:00:00 GMT";
        for (control, expires, seconds) in [
            ("", "", None),
            ("max-age=300", "", Some(300)),
            ("public, Max-Age=\"86400\", immutable", "", Some(86_400)),
            ("max-age=300, no-cache", "", None),
            ("no-store", "Mon, 16 Nov 2026 08:00:00 GMT", None),
            ("max-age=0", "Mon, 16 Nov 2026 08:00:00 GMT", None),
            ("max-age=soon", "", None),
            ("s-maxage=300", "", None),
            ("private", "Mon, 16 Nov 2026 08:00:00 GMT", Some(3_600)),
            ("", "Mon, 16 Nov 2026 06:00:00 GMT", None),
            ("", "0", None),
        ] {
            let header = |name: &str| match name {
                "cache-control" => Some(control),
                "expires" => Some(expires),
                _ => Some(DATE),
            };
            assert_eq!(freshness(header), seconds, "{control} {expires}");
        }
    }
}
