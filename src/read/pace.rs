//! How often a feed says it is worth asking: `ttl` of RSS 2.0, and `updatePeriod` and `updateFrequency` of the Syndication
//! module of RSS 1.0, which stand at its head.

use super::charset;
use super::damage::Damage;
use super::markup::{Kind, Tokens};
use super::recognise::local_name;
use super::reference::unescape;
use crate::guard::panic::quietly;
use crate::page::Page;

/// How far we look: heads are smaller.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// The least time, in seconds, after which the feed's maker expects something new; None where it says nothing that can be
/// understood. Never fails.
pub fn pace(page: &Page) -> Option<u64> {
    quietly(|| {
        let head = &page.bytes[..page.bytes.len().min(MAX_HEAD_BYTES)];
        said(&charset::decode(head, page.content_type.as_deref(), &mut Damage::default()))
    })?
}

fn said(head: &str) -> Option<u64> {
    let (mut ttl, mut period, mut frequency) = (None, None, 1);
    let mut tokens = Tokens::new(head);
    while let Some(token) = tokens.next() {
        let Kind::Start { name, closed: false, .. } = token.kind else { continue };
        let name = local_name(name).to_ascii_lowercase();
        if matches!(name.as_str(), "item" | "entry") {
            break;
        }
        if !matches!(name.as_str(), "ttl" | "updateperiod" | "updatefrequency") {
            continue;
        }
        let Some(Kind::Text(words)) = tokens.next().map(|token| token.kind) else { continue };
        let words = unescape(words).trim().to_ascii_lowercase();
        match name.as_str() {
            "ttl" => ttl = words.parse::<u64>().ok().map(|minutes| minutes.saturating_mul(60)),
            "updateperiod" => period = length(&words),
            _ => frequency = words.parse().unwrap_or(1).max(1),
        }
    }
    ttl.max(period.map(|period| period / frequency)).filter(|seconds| *seconds > 0)
}

fn length(period: &str) -> Option<u64> {
    const DAY: u64 = 86_400;
    Some(match period {
        "hourly" => 3_600,
        "daily" => DAY,
        "weekly" => 7 * DAY,
        "monthly" => 30 * DAY,
        "yearly" => 365 * DAY,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_feed_says_about_its_pace_is_read_from_its_head() {
        let sy = |period: &str, times: &str| {
            format!("<sy:updatePeriod>\n\t{period}\t</sy:updatePeriod><sy:updateFrequency>{times}</sy:updateFrequency>")
        };
        for (head, seconds) in [
            (String::new(), None),
            ("<ttl>60</ttl>".to_owned(), Some(3_600)),
            ("<ttl> 1440 </ttl>".to_owned(), Some(86_400)),
            ("<ttl>soon</ttl>".to_owned(), None),
            ("<ttl>-5</ttl>".to_owned(), None),
            ("<ttl>0</ttl>".to_owned(), None),
            ("<ttl>99999999999999999999</ttl>".to_owned(), None),
            ("<ttl/>".to_owned(), None),
            (sy("hourly", "1"), Some(3_600)),
            (sy("daily", "4"), Some(21_600)),
            (sy("Weekly", "0"), Some(604_800)),
            (sy("often", "2"), None),
            (format!("<ttl>15</ttl>{}", sy("hourly", "1")), Some(3_600)),
            ("<item><ttl>60</ttl></item>".to_owned(), None),
        ] {
            let feed = format!("<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>x</title>{head}<item>");
            assert_eq!(said(&feed), seconds, "{head}");
        }
    }
}
