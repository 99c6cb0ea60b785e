//! Lessons: what was learnt, how far each has come, and what people said of it.
//!
//! Numbers that were given and lessons that were declined lie beside the store, in state/lessons.json: an older export that is
//! restored must neither give an id twice nor forget a no. What people say while a run is at work waits in state/inbox/.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Write};
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::store::{BATCH, Changes};
use super::{Keep, archive, private_folder, thumbs, whole};
use crate::item::ItemId;
use crate::lesson::adoption::{Adoption, Pace};
use crate::lesson::{Lesson, LessonId, Retirement, State};
use crate::story::StoryId;
use crate::verdict::Level;

const LESSON: &[u8] = b"lesson/";
/// What a story was learnt from, by its input.
const LEARNT: &[u8] = b"learnt/";
const SKILL: &[u8] = b"lessons-skill";
const FORGE: &[u8] = b"lessons-forge";

/// Of lessons.json, of the view and of the files in the inbox; fields may be added under the same number.
const VERSION: u32 = 1;

/// Days for which it is kept, and shown, what became no lesson of a story: an open week and the one before are looked at again.
const DAYS_KEPT: i64 = 30;

/// How such a file in the inbox begins.
const PREFIX: &str = "lesson-";

/// How far a lesson has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Too few bear it out, or the gate refuses it: told in the digest, never proposed.
    Digest,
    /// May be proposed.
    Ready,
    /// Stands in an open request.
    Proposed,
    /// A person has merged it.
    Merged,
    /// A person said no.
    Declined,
    /// It no longer holds.
    Retired,
}

impl Stage {
    pub const ALL: [Stage; 6] =
        [Stage::Digest, Stage::Ready, Stage::Proposed, Stage::Merged, Stage::Declined, Stage::Retired];

    pub fn word(self) -> &'static str {
        match self {
            Stage::Digest => "digest",
            Stage::Ready => "ready",
            Stage::Proposed => "proposed",
            Stage::Merged => "merged",
            Stage::Declined => "declined",
            Stage::Retired => "retired",
        }
    }
}

/// What a person wants done with a lesson.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wish {
    /// Propose it first. The merge is still the gate.
    Accept,
    /// Never propose it, unless its content changes.
    Reject,
    /// It no longer holds.
    Retire,
}

/// A lesson, and all that is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Known {
    pub lesson: Lesson,
    pub stage: Stage,
    /// The highest level of the story it was found in: how much it matters.
    pub level: Level,
    /// Orders lessons of one level; says nothing by itself.
    #[serde(default)]
    pub weight: i32,
    /// The story and the items it was found in.
    pub story: StoryId,
    pub items: Vec<ItemId>,
    /// The quoted words, in the order of the evidence.
    pub spans: Vec<String>,
    /// Why it is a lesson, or why it went no further.
    pub why: String,
    pub found: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged: Option<Timestamp>,
    /// When its signature first stood in a session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_used: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wish: Option<Wish>,
}

impl Known {
    /// When it took which step.
    pub fn adoption(&self) -> Adoption {
        Adoption { found: self.found, proposed: self.proposed, merged: self.merged, used: self.first_used }
    }
}

/// A lesson that was declined, with the hash of what it said then: other content may be proposed again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Declined {
    pub content: String,
    pub at: Timestamp,
    pub lesson: Lesson,
}

/// The skill's own words, as the repository had them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkillText {
    pub text: String,
    pub at: Timestamp,
}

/// What was learnt of a story, so that it is looked at again only when it says something new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LearntOf {
    /// Hash of what was read.
    pub input: String,
    /// Sentences that became no lesson, and why, as `explain` shows them.
    #[serde(default)]
    pub passed: Vec<String>,
    pub at: Timestamp,
}

/// What readers see of lessons without holding the store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LessonView {
    pub version: u32,
    pub at: Timestamp,
    /// By id.
    pub lessons: Vec<Known>,
    /// Stories that were looked at in the last 30 days, with what became no lesson of them.
    #[serde(default)]
    pub stories: BTreeMap<StoryId, LearntOf>,
}

/// The file beside the store.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Marks {
    version: u32,
    /// The last number given in each week, `bp-2026-w47`.
    numbers: BTreeMap<String, u16>,
    declined: Vec<Declined>,
}

/// One file in the inbox.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    version: u32,
    lesson: LessonId,
    wish: Wish,
    at: Timestamp,
}

/// Leaves a wish on a lesson in the inbox of a home. Needs no lock. A later one on the same lesson replaces it.
///
/// # Errors
/// When the file can't be written.
pub fn leave_lesson_wish(home: &Path, lesson: &LessonId, wish: Wish, now: Timestamp) -> Result<()> {
    let state = home.join("state");
    private_folder(&state)?;
    let inbox = state.join("inbox");
    private_folder(&inbox)?;
    let path = inbox.join(format!("{PREFIX}{lesson}.json"));
    let write = || -> Result<()> {
        let mut file = tempfile::Builder::new().prefix(thumbs::UNFINISHED).tempfile_in(&inbox)?;
        serde_json::to_writer(&mut file, &Note { version: VERSION, lesson: lesson.clone(), wish, at: now })?;
        file.write_all(b"\n")?;
        file.as_file().sync_all()?;
        file.persist(&path)?;
        archive::sync_folder(&inbox)
    };
    write().with_context(|| format!("writing {}; check the disk's free space", path.display()))
}

/// What people wish of lessons that the next holder of the home takes in. Needs no lock; a file that holds no wish is left to that
/// holder, who sets it aside.
///
/// # Errors
/// When the inbox can't be listed.
pub fn waiting_wishes(home: &Path) -> Result<BTreeMap<LessonId, Wish>> {
    let files = thumbs::files(&home.join("state/inbox"))?;
    let notes = files.iter().filter(|path| is_wish(path)).filter_map(|path| read_note(path).ok());
    Ok(notes.map(|note| (note.lesson, note.wish)).collect())
}

/// The last written view of a home's lessons; None where nothing was written yet. Needs no lock.
///
/// # Errors
/// When the file can't be read.
pub fn lessons(home: &Path) -> Result<Option<LessonView>> {
    let path = home.join("state/views/lessons.json");
    let doing = || format!("reading {}; `tidings run` writes it anew", path.display());
    match fs::read(&path) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes).with_context(doing)?)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(doing),
    }
}

impl Keep {
    /// All lessons, by id.
    pub fn lessons(&self) -> Result<Vec<Known>> {
        let mut lessons: Vec<Known> = self.store.scan(LESSON).map(|pair| Ok(pair?.1)).collect::<Result<_>>()?;
        lessons.sort_by(|one, other| one.lesson.id.cmp(&other.lesson.id));
        Ok(lessons)
    }

    /// How far the lessons came that were found in a period.
    pub fn lesson_pace(&self, found: Range<Timestamp>) -> Result<Pace> {
        let of_period = self.lessons()?.into_iter().filter(|known| found.contains(&known.found));
        let adoptions: Vec<Adoption> = of_period.map(|known| known.adoption()).collect();
        Ok(Pace::of(&adoptions))
    }

    pub fn lesson(&self, id: &LessonId) -> Result<Option<Known>> {
        self.store.get(&lesson_key(id))
    }

    /// The next id of the week that a day lies in. It is never given again, whatever becomes of it.
    pub fn next_lesson_id(&mut self, day: Date) -> Result<LessonId> {
        let mut marks = self.lesson_marks()?;
        let week = week(&LessonId::new(day, 1));
        let number = marks.numbers.entry(week).or_default();
        *number = number.checked_add(1).context("giving a lesson its number: the week has 65,535 already")?;
        let id = LessonId::new(day, *number);
        // On the disk before anybody sees it.
        self.write_lesson_marks(&marks)?;
        Ok(id)
    }

    /// Keeps lessons as they are now, and what was learnt of a story with them.
    pub fn keep_lessons(&mut self, lessons: &[Known], of: Option<(&StoryId, &LearntOf)>) -> Result<()> {
        let mut changes = Changes::default();
        for known in lessons {
            changes.put(&lesson_key(&known.lesson.id), known);
        }
        if let Some((story, learnt)) = of {
            changes.put(&[LEARNT, story.0.as_bytes()].concat(), learnt);
        }
        self.store.commit(changes)
    }

    /// What was learnt of a story when it was last looked at.
    pub fn learnt_of(&self, story: &StoryId) -> Result<Option<LearntOf>> {
        self.store.get(&[LEARNT, story.0.as_bytes()].concat())
    }

    /// Forgets which stories were looked at long ago; none of them is looked at again.
    pub fn forget_learnt(&mut self, now: Timestamp) -> Result<()> {
        let mut changes = Changes::default();
        for pair in self.store.scan::<LearntOf>(LEARNT) {
            let (story, learnt) = pair?;
            if now.duration_since(learnt.at) > SignedDuration::from_hours(24 * DAYS_KEPT) && changes.len() < BATCH {
                changes.remove(&[LEARNT, &story[..]].concat());
            }
        }
        self.store.commit(changes)
    }

    /// Lessons that people said no to.
    pub fn declined(&self) -> Result<Vec<Declined>> {
        Ok(self.lesson_marks()?.declined)
    }

    /// Whether just this content of a lesson was declined.
    pub fn is_declined(&self, content: &str) -> Result<bool> {
        Ok(self.lesson_marks()?.declined.iter().any(|declined| declined.content == content))
    }

    /// A person said no to a lesson as it is now; false if there is no such lesson.
    pub fn decline_lesson(&mut self, id: &LessonId, now: Timestamp) -> Result<bool> {
        let Some(mut known) = self.lesson(id)? else { return Ok(false) };
        let content = known.lesson.content();
        let mut marks = self.lesson_marks()?;
        if !marks.declined.iter().any(|declined| declined.content == content) {
            marks.declined.push(Declined { content, at: now, lesson: known.lesson.clone() });
            // The no outlives the store, so it is written first.
            self.write_lesson_marks(&marks)?;
        }
        known.stage = Stage::Declined;
        self.keep_lessons(&[known], None)?;
        Ok(true)
    }

    /// Takes in what people said of lessons; returns how many wishes counted. One on a lesson that is not known waits on; what is
    /// none is set aside.
    pub fn take_lesson_wishes(&mut self) -> Result<usize> {
        let inbox = self.state().join("inbox");
        let mut taken = Vec::new();
        for path in thumbs::files(&inbox)?.into_iter().filter(|path| is_wish(path)) {
            match read_note(&path) {
                Ok(note) => {
                    if self.grant(&note)? {
                        taken.push(path);
                    }
                }
                Err(error) => thumbs::set_aside(&inbox, &path, &error),
            }
        }
        if taken.is_empty() {
            return Ok(0);
        }
        // Deleting the files can't be undone.
        self.store.checkpoint()?;
        for path in &taken {
            fs::remove_file(path).with_context(|| format!("removing {}, which was taken in", path.display()))?;
        }
        Ok(taken.len())
    }

    fn grant(&mut self, note: &Note) -> Result<bool> {
        let Some(mut known) = self.lesson(&note.lesson)? else { return Ok(false) };
        match note.wish {
            Wish::Reject => {
                known.wish = Some(Wish::Reject);
                self.keep_lessons(&[known], None)?;
                return self.decline_lesson(&note.lesson, note.at);
            }
            Wish::Accept => {
                // Who said no may change their mind.
                self.lift(&mut known)?;
                known.wish = Some(Wish::Accept);
            }
            Wish::Retire => {
                if known.lesson.is_active() {
                    let on = note.at.to_zoned(TimeZone::UTC).date();
                    known.lesson.state = State::Retired { on, why: Retirement::Withdrawn };
                }
                known.stage = Stage::Retired;
                known.wish = Some(Wish::Retire);
            }
        }
        self.keep_lessons(&[known], None)?;
        Ok(true)
    }

    /// A no was taken back: what was said to this lesson as it is now no longer counts.
    pub fn lift_decline(&mut self, id: &LessonId) -> Result<()> {
        let Some(mut known) = self.lesson(id)? else { return Ok(()) };
        self.lift(&mut known)?;
        self.keep_lessons(&[known], None)
    }

    fn lift(&mut self, known: &mut Known) -> Result<()> {
        if known.stage == Stage::Declined {
            let content = known.lesson.content();
            let mut marks = self.lesson_marks()?;
            marks.declined.retain(|declined| declined.content != content);
            self.write_lesson_marks(&marks)?;
            known.stage = if known.lesson.seen.is_enough() { Stage::Ready } else { Stage::Digest };
        }
        Ok(())
    }

    /// The skill's own words when they were last read; None while nobody has read them.
    pub fn skill_text(&self) -> Result<Option<SkillText>> {
        self.store.get(SKILL)
    }

    pub fn keep_skill_text(&mut self, text: &str, now: Timestamp) -> Result<()> {
        let mut changes = Changes::default();
        changes.put(SKILL, &SkillText { text: text.to_owned(), at: now });
        self.store.commit(changes)
    }

    /// What the forge remembers of its request, whole; keeping does not look inside.
    pub fn forge_memory(&self) -> Result<Option<Value>> {
        self.store.get(FORGE)
    }

    pub fn keep_forge_memory(&mut self, memory: &Value) -> Result<()> {
        let mut changes = Changes::default();
        changes.put(FORGE, memory);
        self.store.commit(changes)
    }

    /// Writes state/views/lessons.json; where nothing was looked at yet there is none.
    pub fn write_lesson_view(&self, now: Timestamp) -> Result<()> {
        let stories = self.store.scan::<LearntOf>(LEARNT).map(|pair| {
            let (story, learnt) = pair?;
            Ok((StoryId(String::from_utf8_lossy(&story).into_owned()), learnt))
        });
        let stories: BTreeMap<StoryId, LearntOf> = stories.collect::<Result<_>>()?;
        let lessons = self.lessons()?;
        if lessons.is_empty() && stories.is_empty() {
            return Ok(());
        }
        let view = LessonView { version: VERSION, at: now, lessons, stories };
        self.write_view("lessons", &view)
    }

    fn lesson_marks(&self) -> Result<Marks> {
        let path = self.state().join("lessons.json");
        let doing = || {
            format!(
                "reading {}: it says which lessons were declined and which ids were given; put a copy in its place, or delete it, \
                 and what was declined may be proposed again",
                path.display()
            )
        };
        let mut marks = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).with_context(doing)?,
            Err(error) if error.kind() == ErrorKind::NotFound => Marks { version: VERSION, ..Marks::default() },
            Err(error) => return Err(error).with_context(doing),
        };
        ensure!(
            marks.version == VERSION,
            "{}: version {} (this program reads {VERSION})",
            path.display(),
            marks.version
        );
        // Should the file be lost, the store still knows the numbers of its own lessons.
        for known in self.lessons()? {
            let number = marks.numbers.entry(week(&known.lesson.id)).or_default();
            *number = (*number).max(known.lesson.id.number());
        }
        Ok(marks)
    }

    fn write_lesson_marks(&self, marks: &Marks) -> Result<()> {
        let mut bytes = serde_json::to_vec_pretty(marks).context("writing what was declined as JSON")?;
        bytes.push(b'\n');
        whole::replace(&self.state().join("lessons.json"), &bytes, 0o600)?;
        archive::sync_folder(&self.state())
    }
}

fn lesson_key(id: &LessonId) -> Vec<u8> {
    [LESSON, id.to_string().as_bytes()].concat()
}

/// `bp-2026-w47`.
fn week(id: &LessonId) -> String {
    let id = id.to_string();
    id.rsplit_once('-').map_or_else(|| id.clone(), |(week, _)| week.to_owned())
}

/// Whether a file in the inbox is a wish, and no thumb.
pub(super) fn is_wish(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(PREFIX.as_bytes()))
}

fn read_note(path: &Path) -> Result<Note> {
    let note: Note = serde_json::from_slice(&thumbs::read_small(path)?)?;
    ensure!(note.version == VERSION, "it has version {} and this program reads {VERSION}", note.version);
    ensure!(path.ends_with(format!("{PREFIX}{}.json", note.lesson)), "its name is not that of its lesson");
    Ok(note)
}
