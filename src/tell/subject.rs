//! Subject lines: the content of the mail in at most 78 characters.

use crate::edition::{Alert, Digest, Rollup};
use crate::guard::text::one_line;
use crate::tell::words::clip;

/// A header line of 78 characters is never folded (RFC 5322, 2.1.1), and phones show about half of it.
const MOST: usize = 78;

/// "2 changes to make this week: Update claude-code to 2.1.251 or later; …"
pub(super) fn digest(digest: &Digest) -> String {
    let head = headline(digest);
    if digest.actions.is_empty() {
        return format!("{head} ({})", one_line(&digest.week));
    }
    let mut subject = format!("{head}: ");
    let whats: Vec<String> = digest.actions.iter().map(|action| brief(&action.what)).collect();
    for (place, what) in whats.iter().enumerate() {
        let joined = if place == 0 { format!("{subject}{what}") } else { format!("{subject}; {what}") };
        if joined.chars().count() > MOST {
            if place == 0 {
                return clip(&joined, MOST);
            }
            break;
        }
        subject = joined;
    }
    subject
}

/// "2 changes to make this week"; the digest's first heading.
pub(super) fn headline(digest: &Digest) -> String {
    match digest.actions.len() {
        0 => "Nothing needs your action this week".to_owned(),
        1 => "1 change to make this week".to_owned(),
        n => format!("{n} changes to make this week"),
    }
}

/// "Critical: …", so that a phone's first words say what it is.
pub(super) fn alert(alert: &Alert) -> String {
    let title = one_line(&clip(&alert.telling.title, MOST));
    let title = if title.is_empty() { format!("news from {}", one_line(&alert.telling.source)) } else { title };
    clip(&format!("Critical: {title}"), MOST)
}

/// "3 more critical stories today: …".
pub(super) fn rollup(rollup: &Rollup) -> String {
    let titles = rollup.stories.iter().map(|telling| one_line(&telling.title)).collect::<Vec<_>>().join("; ");
    clip(&format!("{}: {titles}", rollup_headline(rollup)), MOST)
}

/// "3 more critical stories today".
pub(super) fn rollup_headline(rollup: &Rollup) -> String {
    match rollup.told.len() {
        1 => "1 more critical story today".to_owned(),
        n => format!("{n} more critical stories today"),
    }
}

/// An action without its command and its full stop.
fn brief(what: &str) -> String {
    let line = one_line(what);
    let line = line.split('`').next().unwrap_or_default();
    line.trim_end_matches([' ', '.', ':', ',', ';']).to_owned()
}
