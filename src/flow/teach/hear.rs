//! Hear: what people said to requests becomes the lessons' own state.

use anyhow::Result;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::keep::{Keep, Stage};
use crate::lesson::State;
use crate::teach::forge::{Heard, Merged, Seen};
use crate::teach::skill;

use super::record::{MergedRequest, Record};

/// Takes in what was heard, and what is missing at the base although it was merged: a person has taken it out.
pub(super) fn take_in(keep: &mut Keep, record: &mut Record, heard: &Heard, seen: &Seen, now: Timestamp) -> Result<()> {
    for (id, _) in &heard.reopened {
        keep.lift_decline(id)?;
    }
    for merged in &heard.merged {
        take_in_merge(keep, record, merged, seen, now)?;
    }
    for declined in &heard.declined {
        let is_same = keep.lesson(&declined.id)?.is_some_and(|known| known.lesson.content() == declined.content);
        if is_same {
            keep.decline_lesson(&declined.id, now)?;
        }
    }
    // A file that can't be read as ours says nothing here; making the proposal says what is wrong with it.
    let Some(Ok(there)) = seen.reference.as_deref().map(skill::parse) else { return Ok(()) };
    for mut known in keep.lessons()? {
        let id = known.lesson.id.clone();
        if known.stage != Stage::Merged || !known.lesson.is_active() || there.get(&id).is_some() {
            continue;
        }
        match there.retired().iter().find(|line| line.id == id) {
            // Nobody renewed it, or it gave way to another, and a person has merged that.
            Some(line) => {
                known.lesson.state = State::Retired { on: line.on, why: line.why.clone() };
                known.stage = Stage::Retired;
                keep.keep_lessons(&[known], None)?;
            }
            None => drop(keep.decline_lesson(&id, now)?),
        }
    }
    Ok(())
}

fn take_in_merge(keep: &mut Keep, record: &mut Record, merged: &Merged, seen: &Seen, now: Timestamp) -> Result<()> {
    let mut changed = Vec::new();
    let mut claims = Vec::new();
    for (id, _) in &merged.entries {
        let Some(mut known) = keep.lesson(id)? else { continue };
        if known.lesson.is_active() {
            known.stage = Stage::Merged;
            // A run that was stopped before it had noted the merge hears of it once more.
            if known.merged.is_none_or(|at| at == merged.at) {
                claims.push(known.lesson.claim.clone());
            }
        }
        known.merged.get_or_insert(merged.at);
        changed.push(known);
    }
    keep.keep_lessons(&changed, None)?;
    if !claims.is_empty() {
        // New advice is what takes a minor step.
        record.last_minor = Some(merged.at.to_zoned(TimeZone::UTC).date());
    }
    let manifest: Option<serde_json::Value> =
        seen.manifest.as_deref().and_then(|text| serde_json::from_str(text.trim_start_matches('\u{feff}')).ok());
    let version = manifest.and_then(|manifest| Some(manifest.get("version")?.as_str()?.to_owned()));
    let request = seen.requests.iter().find(|request| request.number == merged.request);
    record.note_merge(MergedRequest {
        at: merged.at,
        heard: now,
        url: request.and_then(|request| request.url.parse().ok()),
        version: version.unwrap_or_default(),
        claims,
    });
    Ok(())
}
