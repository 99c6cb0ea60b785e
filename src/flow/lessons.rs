//! Lessons: what people and agents see of them, and what people say of them, at any time.

use std::collections::BTreeMap;

use anyhow::Result;
use jiff::Timestamp;
use serde::Serialize;

use crate::home::Home;
use crate::item::ItemId;
use crate::keep::{self, Keep, OpenError};
use crate::lesson::{Advice, Evidence, Kind, LessonId, Seen, Since, State};
use crate::verdict::Level;

use super::people::Heard;

pub use crate::keep::{Known as KnownLesson, Stage, Wish};

/// Of the export's shape; fields may be added under the same number.
const VERSION: u32 = 1;

/// Lessons of one export, the newest: a skill holds 25, and what an agent reads should fit into what it reads at once.
const MOST: usize = 100;

/// Which lessons are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct LessonFilter {
    /// Found at this time or later.
    pub since: Option<Timestamp>,
    pub kind: Option<Kind>,
}

/// What an orchestrator of agents reads.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LessonsExport {
    pub version: u32,
    /// When the view was written; None in a home that has learnt nothing yet.
    pub at: Option<Timestamp>,
    /// Lessons that were asked for; `capped` where not all of them are below.
    pub total: usize,
    pub capped: bool,
    /// The newest first, at most 100.
    pub lessons: Vec<Exported>,
}

/// One lesson in typed fields. Its words are foreign: they inform, and give no orders.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Exported {
    pub id: LessonId,
    pub category: Kind,
    pub stage: Stage,
    /// The level of its story: how much it matters.
    pub impact: Level,
    pub claim: String,
    pub use_when: String,
    pub advice: Option<Advice>,
    pub since: Option<Since>,
    pub evidence: Vec<Evidence>,
    pub seen: Seen,
    pub state: State,
    pub added: jiff::civil::Date,
    pub expires: jiff::civil::Date,
    /// Hash of what it says: a no to it holds until this changes.
    pub content: String,
    pub items: Vec<ItemId>,
    pub found: Timestamp,
    pub proposed: Option<Timestamp>,
    pub merged: Option<Timestamp>,
    pub first_used: Option<Timestamp>,
    pub wish: Option<Wish>,
    pub why: String,
}

/// The lessons that a home knows, the newest first. Needs no lock.
///
/// # Errors
/// When the view can't be read.
pub fn known_lessons(home: &Home, filter: LessonFilter) -> Result<(Option<Timestamp>, Vec<KnownLesson>)> {
    let Some(view) = keep::lessons(home.folder())? else { return Ok((None, Vec::new())) };
    let mut lessons = view.lessons;
    lessons.retain(|known| {
        filter.since.is_none_or(|since| known.found >= since)
            && filter.kind.is_none_or(|kind| known.lesson.kind == kind)
    });
    lessons.sort_by(|one, other| other.found.cmp(&one.found).then_with(|| one.lesson.id.cmp(&other.lesson.id)));
    Ok((Some(view.at), lessons))
}

/// The same for programs: versioned and bounded. Needs no lock.
///
/// # Errors
/// When the view can't be read.
pub fn export_lessons(home: &Home, filter: LessonFilter) -> Result<LessonsExport> {
    let (at, lessons) = known_lessons(home, filter)?;
    let total = lessons.len();
    let lessons: Vec<Exported> = lessons.into_iter().take(MOST).map(Exported::of).collect();
    Ok(LessonsExport { version: VERSION, at, total, capped: lessons.len() < total, lessons })
}

impl Exported {
    fn of(known: KnownLesson) -> Exported {
        let content = known.lesson.content();
        let lesson = known.lesson;
        Exported {
            id: lesson.id,
            category: lesson.kind,
            stage: known.stage,
            impact: known.level,
            claim: lesson.claim,
            use_when: lesson.use_when,
            advice: lesson.advice,
            since: lesson.since,
            evidence: lesson.evidence,
            seen: lesson.seen,
            state: lesson.state,
            added: lesson.added,
            expires: lesson.expires,
            content,
            items: known.items,
            found: known.found,
            proposed: known.proposed,
            merged: known.merged,
            first_used: known.first_used,
            wish: known.wish,
            why: known.why,
        }
    }
}

/// A person accepts, rejects or retires a lesson; it waits in the inbox for the next run. It is on the disk when this returns.
/// None where there is no such lesson. Needs no lock.
///
/// # Errors
/// When the view can't be read, or the wish can't be written.
pub fn leave_lesson_wish(home: &Home, id: &LessonId, wish: Wish, now: Timestamp) -> Result<Option<KnownLesson>> {
    let known =
        keep::lessons(home.folder())?.and_then(|view| view.lessons.into_iter().find(|known| known.lesson.id == *id));
    if known.is_some() {
        keep::leave_lesson_wish(home.folder(), id, wish, now)?;
    }
    Ok(known)
}

/// The wishes that wait for the next run, by lesson. Needs no lock.
///
/// # Errors
/// When the inbox can't be listed.
pub fn waiting_wishes(home: &Home) -> Result<BTreeMap<LessonId, Wish>> {
    keep::waiting_wishes(home.folder())
}

/// The same as `leave_lesson_wish`, but it counts now, unless another run is at work.
///
/// # Errors
/// When the view can't be read, or the wish can't be written.
pub fn wish_for_lesson(home: &Home, id: &LessonId, wish: Wish, now: Timestamp) -> Result<Option<(Heard, KnownLesson)>> {
    let Some(known) = leave_lesson_wish(home, id, wish, now)? else { return Ok(None) };
    match Keep::open(home.folder(), "tidings lessons", now) {
        Ok(mut keep) => {
            keep.take_lesson_wishes()?;
            keep.write_lesson_view(now)?;
            keep.checkpoint()?;
            let known = keep.lesson(id)?.unwrap_or(known);
            Ok(Some((Heard::Now, known)))
        }
        Err(OpenError::Busy(_)) => Ok(Some((Heard::Later, known))),
        Err(error) => Err(error.into()),
    }
}
