//! Learn: out of the stories that matter come lessons; those that are known grow old, are borne out again, or are taken back.

use anyhow::Result;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use sha2::{Digest, Sha256};

use crate::edition::Retired;
use crate::extraction::Extraction;
use crate::item::{Item, ItemId, short_hash};
use crate::keep::{Keep, Known, LearntOf, Stage};
use crate::lesson::{DAYS_TO_LIVE, Lesson, LessonId, Retirement, Signature, State};
use crate::story::Story;
use crate::teach::gate::{self, Allowed};
use crate::teach::learn::{self, Finding, Recalled, Telling};
use crate::verdict::Level;

use super::report::Acts;
use super::week::Week;
use super::{Setup, teach};

/// Counts up when the rules of learning change so that stories are worth another look.
const RULES: u32 = 1;

/// An item with what is read of it.
struct Told {
    item: Item,
    text: String,
    extraction: Option<Extraction>,
}

/// Learns from the stories that rose in this week and the one before, as far as they say something that was not looked at, and
/// looks after the lessons that there are. Asks no model and no network.
pub(super) fn learn(keep: &mut Keep, setup: &Setup, now: Timestamp, acts: &mut Acts) -> Result<()> {
    keep.forget_learnt(now)?;
    acts.lessons_retired += expire(keep, setup, now)? + recheck(keep, setup, now)?;
    let week = Week::open_at(&setup.config.schedule, now)?;
    let from = week.before(&setup.config.schedule)?.from;
    for story in stories(keep, from)? {
        let told = told(keep, &story)?;
        let input = input(&story, &told);
        if keep.learnt_of(&story.id)?.is_some_and(|known| known.input == input) {
            continue;
        }
        let (found, retired) = learn_of(keep, setup, &story, &told, input, now)?;
        acts.lessons += found;
        acts.lessons_retired += retired;
    }
    Ok(())
}

/// Looks in sessions for the first use of each lesson that has none yet: a time and no text.
pub(super) fn note_uses(keep: &mut Keep) -> Result<()> {
    let waiting: Vec<Known> = keep
        .lessons()?
        .into_iter()
        .filter(|known| known.first_used.is_none() && !matches!(known.stage, Stage::Declined | Stage::Retired))
        .collect();
    let wanted: Vec<(LessonId, Signature, Timestamp)> = waiting
        .iter()
        .filter_map(|known| Some((known.lesson.id.clone(), Signature::of(&known.lesson)?, known.found)))
        .collect();
    let mut used = Vec::new();
    for (id, first, _) in keep.first_uses(&wanted)? {
        let known = waiting.iter().find(|known| known.lesson.id == id).cloned();
        used.extend(known.map(|known| Known { first_used: Some(first), ..known }));
    }
    keep.keep_lessons(&used, None)
}

/// What official sources have taken back while a lesson lives, and who still recommends it: of our lessons, and of the lines of
/// a skill.
///
/// # Errors
/// When the store can't be read.
pub fn recall(keep: &Keep, skill: &str, now: Timestamp) -> Result<Recalled> {
    let from = now.checked_sub((i64::from(DAYS_TO_LIVE) * 24).hours())?;
    let mut goings = Vec::new();
    for story in stories(keep, from)? {
        for told in told(keep, &story)? {
            goings.extend(learn::goings(&told.telling()));
        }
    }
    let known = keep.lessons()?;
    let lessons: Vec<&Lesson> = known.iter().map(|known| &known.lesson).collect();
    Ok(learn::recalled(&goings, &lessons, Some(skill)))
}

/// Advice of the skill that was taken back in a week, for its digest: not what was never merged, and not what only grew old.
pub(super) fn taken_back(keep: &Keep, week: &Week) -> Result<Vec<Retired>> {
    let mut retired = Vec::new();
    for known in keep.lessons()?.into_iter().filter(|known| known.merged.is_some()) {
        let State::Retired { on, why: Retirement::Reversed | Retirement::Withdrawn } = known.lesson.state else {
            continue;
        };
        let day = on.to_zoned(TimeZone::UTC)?.timestamp();
        if (week.from..week.to).contains(&day) {
            let evidence = known.lesson.evidence.first();
            retired.push(Retired {
                advice: known.lesson.claim,
                why: known.why,
                url: evidence.map(|evidence| evidence.url.clone()),
                source: evidence.map(|evidence| evidence.title.clone()).unwrap_or_default(),
            });
        }
    }
    Ok(retired)
}

/// What may enter a skill. That too few bear it out yet is no reason to look for another sentence.
fn may_enter(lesson: &Lesson, allowed: &Allowed) -> Result<(), String> {
    let refusals = gate::check(lesson, allowed).err().unwrap_or_default();
    let words: Vec<String> =
        refusals.iter().filter(|refusal| refusal.field != "seen").map(ToString::to_string).collect();
    if words.is_empty() { Ok(()) } else { Err(words.join("; ")) }
}

fn stories(keep: &Keep, from: Timestamp) -> Result<Vec<Story>> {
    let mut stories = keep.stories_risen(from, Timestamp::MAX)?;
    stories.retain(|story| !story.verdict.old && story.told_level() >= Level::Notable);
    // In the order in which they happened, so that the same news gives the same ids.
    stories.sort_by(|one, other| {
        let first = |story: &Story| story.rises.first().map(|rise| rise.at);
        first(one).cmp(&first(other)).then_with(|| one.id.cmp(&other.id))
    });
    Ok(stories)
}

/// The members that can be read.
fn told(keep: &Keep, story: &Story) -> Result<Vec<Told>> {
    let mut told = Vec::new();
    for item in keep.members(story)? {
        let text = keep.text_or_nothing(&item);
        let extraction = keep.extraction(&item.id)?;
        told.push(Told { item, text, extraction });
    }
    Ok(told)
}

impl Told {
    fn telling(&self) -> Telling<'_> {
        Telling { item: &self.item, text: &self.text, extraction: self.extraction.as_ref() }
    }
}

/// Changes when there is something new to be learnt of a story.
fn input(story: &Story, told: &[Told]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(RULES.to_be_bytes());
    hasher.update(format!("{:?}", learn::voices(story)));
    for told in told {
        let claim = told.extraction.as_ref().map(|extraction| &extraction.claim);
        hasher.update(format!("{}\0{}\0{claim:?}\n", told.item.id, told.item.content));
    }
    short_hash(hasher)
}

fn learn_of(
    keep: &mut Keep,
    setup: &Setup,
    story: &Story,
    told: &[Told],
    input: String,
    now: Timestamp,
) -> Result<(usize, usize)> {
    let today = now.to_zoned(setup.config.schedule.zone.clone()).date();
    let known = keep.lessons()?;
    let declined = keep.declined()?;
    let skill = keep.skill_text()?;
    let living: Vec<&Lesson> =
        known.iter().filter(|known| known.stage < Stage::Declined).map(|known| &known.lesson).collect();
    // What a person took back does not come back by itself either.
    let withdrawn = known
        .iter()
        .map(|known| &known.lesson)
        .filter(|lesson| matches!(lesson.state, State::Retired { why: Retirement::Withdrawn, .. }));
    let no: Vec<&Lesson> = declined.iter().map(|declined| &declined.lesson).chain(withdrawn).collect();
    let tellings: Vec<Telling> = told.iter().map(Told::telling).collect();
    let allowed = teach::allowed(setup, now);
    let may_enter = |lesson: &Lesson| may_enter(lesson, &allowed);
    let learnt = learn::learn(
        story,
        &tellings,
        learn::Known {
            watched: &setup.config.interests.watch,
            skill: skill.as_ref().map(|skill| skill.text.as_str()),
            lessons: &living,
            declined: &no,
            gate: &may_enter,
        },
        today,
    );
    let mut changed: Vec<Known> = Vec::new();
    for finding in &learnt.found {
        let id = keep.next_lesson_id(today)?;
        changed.push(newly_known(finding, finding.lesson(id, today), story, now));
    }
    let found = changed.len();
    for (id, finding) in &learnt.again {
        let earlier = changed.iter().position(|known| known.lesson.id == *id).map(|at| changed.remove(at));
        let Some(mut known) = earlier.or_else(|| known.iter().find(|known| known.lesson.id == *id).cloned()) else {
            continue;
        };
        (known.lesson, known.spans) = learn::renewed(&known.lesson, &known.spans, finding, today);
        let new: Vec<ItemId> = finding.items.iter().filter(|item| !known.items.contains(item)).cloned().collect();
        known.items.extend(new);
        known.level = known.level.max(story.told_level());
        if known.stage == Stage::Digest && known.lesson.seen.is_enough() && may_enter(&known.lesson).is_ok() {
            known.stage = Stage::Ready;
        }
        changed.push(known);
    }
    let mut retired = 0;
    let goings: Vec<learn::Going> = tellings.iter().flat_map(learn::goings).collect();
    for (id, going) in learn::recalled(&goings, &living, None).lessons {
        let earlier = changed.iter().position(|known| known.lesson.id == id).map(|at| changed.remove(at));
        let Some(known) = earlier.or_else(|| known.iter().find(|known| known.lesson.id == id).cloned()) else {
            continue;
        };
        changed.push(retire(known, Retirement::Reversed, &going.sentence, setup, now));
        retired += 1;
    }
    let passed = learnt.passed.iter().map(|passed| match passed.words.as_str() {
        "" => format!("{}: {}", passed.item, passed.why),
        words => format!("{}: \u{201c}{words}\u{201d}: {}", passed.item, passed.why),
    });
    let of = LearntOf { input, passed: passed.collect(), at: now };
    keep.keep_lessons(&changed, Some((&story.id, &of)))?;
    Ok((found, retired))
}

fn newly_known(finding: &Finding, lesson: Lesson, story: &Story, now: Timestamp) -> Known {
    let (stage, why) = match lesson.seen.is_enough() {
        true => (Stage::Ready, finding.why.clone()),
        false => (Stage::Digest, "one official source or two independent ones are needed".to_owned()),
    };
    Known {
        lesson,
        stage,
        level: story.told_level(),
        weight: finding.weight,
        story: story.id.clone(),
        items: finding.items.clone(),
        spans: finding.spans.clone(),
        why,
        found: now,
        proposed: None,
        merged: None,
        first_used: None,
        wish: None,
    }
}

fn retire(mut known: Known, why: Retirement, words: &str, setup: &Setup, now: Timestamp) -> Known {
    let on = now.to_zoned(setup.config.schedule.zone.clone()).date();
    known.lesson.state = State::Retired { on, why };
    known.stage = Stage::Retired;
    known.why = words.to_owned();
    known
}

/// Retires what nobody has renewed in time.
fn expire(keep: &mut Keep, setup: &Setup, now: Timestamp) -> Result<usize> {
    let today = now.to_zoned(setup.config.schedule.zone.clone()).date();
    let over: Vec<Known> = keep
        .lessons()?
        .into_iter()
        .filter(|known| known.stage < Stage::Declined && known.lesson.is_active() && known.lesson.expires <= today)
        .map(|known| retire(known, Retirement::Expired, "nobody has renewed it in time", setup, now))
        .collect();
    keep.keep_lessons(&over, None)?;
    Ok(over.len())
}

/// Retires what its pages no longer say: what is proposed must be what was read.
fn recheck(keep: &mut Keep, setup: &Setup, now: Timestamp) -> Result<usize> {
    let mut gone = Vec::new();
    for known in keep.lessons()?.into_iter().filter(|known| known.stage < Stage::Declined && known.lesson.is_active()) {
        let mut texts = Vec::new();
        for id in &known.items {
            let Some(item) = keep.item(id)? else { continue };
            // What can't be read now says nothing about what the page says.
            let Ok(text) = keep.text(&item) else { continue };
            texts.push(format!("{}\n{text}", item.title));
        }
        if texts.len() < known.items.len() {
            continue;
        }
        if let Err(why) = learn::recheck(&known.lesson, &known.spans, &texts) {
            gone.push(retire(known, Retirement::Reversed, &why, setup, now));
        }
    }
    keep.keep_lessons(&gone, None)?;
    Ok(gone.len())
}
