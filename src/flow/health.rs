//! Health: what changed about how the sources fare is told once.

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::item::short_hash;
use crate::keep::{Keep, Watched};
use crate::source::Health;
use crate::tell::notice;

use super::Setup;
use super::letters::tell_operators;
use super::report::{Change, What};

/// Looks at every source, tells the admin and the channels of notices, and notes what was told; the changes are for the report.
pub(super) fn look(keep: &mut Keep, setup: &Setup, now: Timestamp) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    for source in &setup.sources {
        let Some(turned) = keep.turned(&source.name, now)? else { continue };
        let message = words(&turned);
        let rendered = notice::rendered(&source.name, turned.health, &message, turned.answered);
        tell_operators(keep, setup, &notice_name(&source.name, &turned), &rendered, now)?;
        // Last: a run that is stopped before tells it again, and the letter's key keeps it from being sent twice.
        keep.note_health(&source.name, &turned)?;
        let (source, what, last_good) = (source.name.clone(), What::of(turned.health), turned.answered);
        changes.push(Change { source, what, message, last_good });
    }
    Ok(changes)
}

/// Names the change, not the run that found it: `failing-0123456789-1763276400`.
fn notice_name(source: &str, turned: &Watched) -> String {
    let cause = turned.cause_at().map_or(0, Timestamp::as_second);
    format!("{}-{}-{cause}", turned.health.word(), short_hash(Sha256::new_with_prefix(source)))
}

/// Why a source fares as it does, in one sentence.
pub(super) fn words(watched: &Watched) -> String {
    let fault = watched.fault.as_ref().map_or("no reason kept", |fault| fault.message.as_str());
    let day = |at: Option<Timestamp>| at.map_or("never".to_owned(), |at| at.strftime("%-d %b %Y").to_string());
    match watched.health {
        Health::Ok => "good again".to_owned(),
        Health::Quiet => {
            let gap = watched.rhythm().unwrap_or_default();
            format!(
                "quiet: its newest item is of {}, and it used to bring one every {}; see whether it has moved or ended",
                day(watched.newest()),
                span(gap)
            )
        }
        Health::Failing => format!("failing ({} in a row): {fault}", watched.failures),
        Health::Parked => format!("parked, and asked again on {}: {fault}", day(watched.next_try)),
    }
}

/// "5 hours", "3 days": rounded to the nearest.
fn span(gap: SignedDuration) -> String {
    let hours = (gap.as_secs() + 1800) / 3600;
    match hours {
        ..=1 => "hour".to_owned(),
        2..48 => format!("{hours} hours"),
        _ => format!("{} days", (hours + 12) / 24),
    }
}
