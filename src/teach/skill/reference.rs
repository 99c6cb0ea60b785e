//! What the reference file holds: the advice that stands, and a line for each that no longer does.

use jiff::civil::Date;

use crate::lesson::{Lesson, LessonId, Retirement, State};

/// The reference file's content, in the file's order: active lessons by kind and then the newest first, retired ones the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reference {
    active: Vec<Lesson>,
    retired: Vec<RetiredLine>,
}

/// What stays of a lesson that no longer holds, until the next request with new advice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetiredLine {
    pub id: LessonId,
    pub on: Date,
    pub why: Retirement,
    /// What it said; None where the gate no longer lets that pass.
    pub claim: Option<String>,
}

impl Reference {
    /// Lessons that are retired give a line each; of several with one id the first counts.
    pub fn new(lessons: impl IntoIterator<Item = Lesson>, retired: impl IntoIterator<Item = RetiredLine>) -> Reference {
        let mut reference = Reference { active: Vec::new(), retired: retired.into_iter().collect() };
        for lesson in lessons {
            match RetiredLine::of(&lesson) {
                Some(line) => reference.retired.push(line),
                None => reference.active.push(lesson),
            }
        }
        reference.active.sort_by(|one, other| (one.kind, &other.id).cmp(&(other.kind, &one.id)));
        reference.active.dedup_by(|later, earlier| later.id == earlier.id);
        reference.retired.sort_by(|one, other| other.id.cmp(&one.id));
        reference.retired.dedup_by(|later, earlier| later.id == earlier.id);
        reference
    }

    pub fn active(&self) -> &[Lesson] {
        &self.active
    }

    pub fn retired(&self) -> &[RetiredLine] {
        &self.retired
    }

    /// The active lesson of this id.
    pub fn get(&self, id: &LessonId) -> Option<&Lesson> {
        self.active.iter().find(|lesson| lesson.id == *id)
    }
}

impl RetiredLine {
    /// None: the lesson is active.
    pub fn of(lesson: &Lesson) -> Option<RetiredLine> {
        match &lesson.state {
            State::Active => None,
            State::Retired { on, why } => Some(RetiredLine {
                id: lesson.id.clone(),
                on: *on,
                why: why.clone(),
                claim: Some(lesson.claim.clone()),
            }),
        }
    }
}
