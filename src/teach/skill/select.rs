//! Which lessons stand in the file: what is new, what gives way, what has run out. The same lessons on the same day give the same.

use std::cmp::Reverse;

use jiff::civil::Date;

use crate::lesson::{Lesson, LessonId, Retirement, State};

use super::reference::{Reference, RetiredLine};

/// Entries that stand at a time: more are not read.
pub const MOST_ACTIVE: usize = 25;
/// New ones in a request, of which there is one a week: what a person weighs in a few minutes.
pub const MOST_NEW: usize = 5;
/// Days before an entry runs out from which its renewal is worth a request of its own.
const DAYS_BEFORE_EXPIRY: i32 = 14;
/// Days that an entry has its place for itself before one of its own kind takes it.
const DAYS_OF_ITS_OWN: i32 = 28;

/// What the file should hold, and how that differs from what it holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Everything that stands.
    pub active: Vec<Lesson>,
    /// Of these: those that the file does not hold yet.
    pub new: Vec<LessonId>,
    /// Of these: those that say something else than in the file.
    pub corrected: Vec<LessonId>,
    /// Of these: those that would have run out soon and were borne out again.
    pub renewed: Vec<LessonId>,
    /// Those that stand in the file and no longer hold, retired today or before.
    pub retired: Vec<Lesson>,
    /// Good ones for which there is no room now; they may come next week.
    pub waiting: Vec<LessonId>,
}

impl Selection {
    /// Whether it is worth a request. More sessions that saw a lesson, or another page that bears it out, are not: they come along with the
    /// next one.
    pub fn is_news(&self) -> bool {
        !(self.new.is_empty() && self.corrected.is_empty() && self.renewed.is_empty() && self.retired.is_empty())
    }
}

/// Chooses from what the file holds and from the lessons as they are known now: those that the file holds too (renewed, corrected or
/// retired meanwhile) and candidates. Those in the file that are not among `lessons` stay until they run out.
pub fn select(base: &Reference, lessons: &[Lesson], today: Date) -> Selection {
    let mut selection = Selection::default();
    for held in base.active() {
        let known = lessons.iter().find(|lesson| lesson.id == held.id).unwrap_or(held);
        if !known.is_active() {
            selection.retired.push(known.clone());
        } else if known.expires <= today {
            selection.retired.push(retired(known, today, Retirement::Expired));
        } else {
            let says_else = known.content() != held.content() || known.kind != held.kind;
            if says_else {
                selection.corrected.push(known.id.clone());
            } else if known.expires > held.expires && days(today, held.expires) <= DAYS_BEFORE_EXPIRY {
                selection.renewed.push(known.id.clone());
            }
            selection.active.push(known.clone());
        }
    }
    for candidate in candidates(base, lessons, today) {
        let has_room = selection.new.len() < MOST_NEW
            && (selection.active.len() < MOST_ACTIVE || make_room(&mut selection, &candidate, today));
        if has_room {
            selection.new.push(candidate.id.clone());
            selection.active.push(candidate);
        } else {
            selection.waiting.push(candidate.id.clone());
        }
    }
    selection
}

/// What is not in the file, neither by name nor by content; the weightiest first.
fn candidates(base: &Reference, lessons: &[Lesson], today: Date) -> Vec<Lesson> {
    let mut found: Vec<Lesson> = Vec::new();
    for lesson in lessons {
        let is_held = |held: &Lesson| held.id == lesson.id || held.content() == lesson.content();
        let was_held = |line: &RetiredLine| line.id == lesson.id;
        let is_news = lesson.is_active() && lesson.expires > today;
        if is_news
            && !base.active().iter().any(is_held)
            && !base.retired().iter().any(was_held)
            && !found.iter().any(is_held)
        {
            found.push(lesson.clone());
        }
    }
    found.sort_by_key(weight);
    found
}

/// Smaller is weightier.
fn weight(lesson: &Lesson) -> impl Ord + use<> {
    let seen = lesson.seen;
    (
        lesson.kind,
        Reverse(seen.official.min(1)),
        Reverse(seen.official + seen.others),
        Reverse(seen.sessions),
        lesson.id.clone(),
    )
}

/// Retires the lightest entry if the candidate is of a weightier kind, or of the same when the entry has had its time.
fn make_room(selection: &mut Selection, candidate: &Lesson, today: Date) -> bool {
    let lightest = selection
        .active
        .iter()
        .enumerate()
        .filter(|(_, lesson)| !selection.new.contains(&lesson.id))
        .max_by_key(|(_, lesson)| (lesson.kind, Reverse(lesson.added), lesson.id.clone()));
    let Some((at, lightest)) = lightest else { return false };
    let has_had_its_time = lightest.kind == candidate.kind && days(lightest.added, today) >= DAYS_OF_ITS_OWN;
    if lightest.kind > candidate.kind || has_had_its_time {
        let lesson = selection.active.remove(at);
        selection.corrected.retain(|id| *id != lesson.id);
        selection.renewed.retain(|id| *id != lesson.id);
        selection.retired.push(retired(&lesson, today, Retirement::Superseded(candidate.id.clone())));
        return true;
    }
    false
}

fn retired(lesson: &Lesson, on: Date, why: Retirement) -> Lesson {
    Lesson { state: State::Retired { on, why }, ..lesson.clone() }
}

fn days(from: Date, to: Date) -> i32 {
    (to - from).get_days()
}
