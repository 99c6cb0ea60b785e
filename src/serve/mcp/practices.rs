//! Lessons: short advice with its evidence, the same that is proposed to the lab's skill.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::{ANSWER_BYTES, Told, Trouble, fitting, time};
use super::cursor::{self, Place};
use super::desk::Desk;
use super::foreign::Foreign;
use crate::flow::{KnownLesson, LessonFilter, Stage, known_lessons};
use crate::lesson::{Advice, LessonId, Retirement, State};

/// Lessons that one answer may hold.
const MOST: u32 = 30;

/// How far a lesson has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Active,
    Digest,
    Ready,
    Proposed,
    Merged,
    Declined,
    Retired,
    Any,
}

impl Status {
    fn takes(self, known: &KnownLesson) -> bool {
        let stage = known.stage;
        match self {
            Status::Any => true,
            Status::Active => known.lesson.is_active() && !matches!(stage, Stage::Declined | Stage::Retired),
            Status::Digest => stage == Stage::Digest,
            Status::Ready => stage == Stage::Ready,
            Status::Proposed => stage == Stage::Proposed,
            Status::Merged => stage == Stage::Merged,
            Status::Declined => stage == Stage::Declined,
            Status::Retired => stage == Stage::Retired,
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListPractices {
    /// Words that a lesson must hold: a product, a kind (security, deprecation, practice, technique), or what it is about.
    topic: String,
    /// active: what holds and nobody declined; merged: what stands in the skill; digest: too few bear it out.
    status: Status,
    /// Lessons in one answer, at most 30.
    limit: u32,
    /// `next` of the answer before, with the same arguments.
    cursor: String,
}

impl Default for ListPractices {
    fn default() -> Self {
        ListPractices { topic: String::new(), status: Status::Active, limit: 15, cursor: String::new() }
    }
}

/// Lessons, the newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Practices {
    total: usize,
    /// Lessons that come after these.
    left_out: usize,
    /// `cursor` of the next page; none where this is the last.
    #[serde(skip_serializing_if = "String::is_empty")]
    next: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    note: String,
    practices: Vec<Practice>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Practice {
    /// For get_practice.
    id: String,
    /// security, deprecation, practice or technique.
    kind: String,
    /// digest, ready, proposed, merged, declined or retired.
    stage: String,
    /// How much its story matters.
    level: String,
    /// From which version of what it holds.
    #[serde(skip_serializing_if = "String::is_empty")]
    since: String,
    /// How many bear it out: official sources, others of different sites, shared sessions of the lab.
    seen_official: u32,
    seen_others: u32,
    seen_sessions: u32,
    added: String,
    /// From this day on it is retired unless renewed.
    expires: String,
    /// Why it no longer holds.
    #[serde(skip_serializing_if = "String::is_empty")]
    retired: String,
    quoted_untrusted: PracticeWords,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
struct PracticeWords {
    claim: Foreign,
    use_when: Foreign,
    /// To be looked at before it is typed.
    #[serde(skip_serializing_if = "Foreign::is_empty")]
    command: Foreign,
    /// A piece of settings.json.
    #[serde(skip_serializing_if = "Foreign::is_empty")]
    settings: Foreign,
    evidence: Vec<Evidence>,
    /// The words that were quoted, in the order of the evidence.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    quotes: Vec<Foreign>,
    /// Why it is a lesson, or why it went no further.
    #[serde(skip_serializing_if = "Foreign::is_empty")]
    why: Foreign,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Evidence {
    title: Foreign,
    url: Foreign,
    date: String,
}

pub fn list(desk: &Desk, asked: ListPractices) -> Told<Practices> {
    let home = desk.home()?;
    let key = ("practices", &asked.topic, asked.status);
    let place = cursor::read(&asked.cursor, &key)?.unwrap_or(Place { offset: 0, in_part: false, since: None });
    let (at, mut known) = known_lessons(home, LessonFilter::default())?;
    if at.is_none() {
        return Err(none_yet());
    }
    known.retain(|known| is_about(known, &asked.topic));
    let all = known.len();
    known.retain(|known| asked.status.takes(known));
    let limit = asked.limit.clamp(1, MOST) as usize;
    let page: Vec<Practice> = known.iter().skip(place.offset).take(limit).map(|known| practice(known, false)).collect();
    let practices = if page.is_empty() { page } else { fitting(page, ANSWER_BYTES - 500) };
    let shown = place.offset + practices.len();
    let left_out = known.len().saturating_sub(shown);
    let goes_on = left_out > 0 && !practices.is_empty();
    let next = cursor::write(Place { offset: shown, ..place }, &key);
    let note = match (known.len(), all) {
        (0, 0) => "no lesson holds these words; an empty `topic` lists all".to_owned(),
        (0, all) => format!("{all} of another status: status `any` lists them"),
        _ => String::new(),
    };
    let answer =
        Practices { total: known.len(), left_out, next: if goes_on { next } else { String::new() }, note, practices };
    let mut about = format!("{} of {} lessons.", answer.practices.len(), answer.total);
    if goes_on {
        about.push_str(&format!(" {left_out} are left out; cursor `{}` goes on.", answer.next));
    }
    Ok((about, answer))
}

fn none_yet() -> Trouble {
    Trouble("no lesson was learnt yet: each `tidings run` learns from what matters".to_owned())
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetPractice {
    /// bp-2026-w47-03, as list_practices gives it.
    id: String,
}

/// One lesson with what it rests on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WholePractice {
    #[serde(flatten)]
    practice: Practice,
    /// The story it was learnt of, and its items, for get_item.
    story: String,
    items: Vec<String>,
    found: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    proposed: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    merged: String,
    /// When it first stood in a session of the lab.
    #[serde(skip_serializing_if = "String::is_empty")]
    first_used: String,
}

pub fn get(desk: &Desk, asked: GetPractice) -> Told<WholePractice> {
    let home = desk.home()?;
    let id: LessonId = asked.id.trim().parse().map_err(Trouble)?;
    let (at, known) = known_lessons(home, LessonFilter::default())?;
    if at.is_none() {
        return Err(none_yet());
    }
    let known = known.into_iter().find(|known| known.lesson.id == id);
    let known = known.ok_or_else(|| Trouble(format!("no lesson is named {id}; list_practices names them")))?;
    let answer = WholePractice {
        practice: practice(&known, true),
        story: known.story.0.clone(),
        items: known.items.iter().take(20).map(|item| item.0.clone()).collect(),
        found: time(Some(known.found)),
        proposed: time(known.proposed),
        merged: time(known.merged),
        first_used: time(known.first_used),
    };
    Ok((format!("{id}: {}, {}.", answer.practice.kind, answer.practice.stage), answer))
}

fn practice(known: &KnownLesson, is_whole: bool) -> Practice {
    let lesson = &known.lesson;
    let (command, settings) = match &lesson.advice {
        Some(Advice::Command(command)) => (Foreign::whole(command), Foreign::default()),
        Some(Advice::Settings(settings)) => {
            let settings = serde_json::to_string(settings).unwrap_or_default();
            (Foreign::default(), Foreign::whole(&settings))
        }
        None => Default::default(),
    };
    let evidence = lesson.evidence.iter().take(if is_whole { usize::MAX } else { 1 });
    let evidence = evidence.map(|page| Evidence {
        title: Foreign::line(&page.title),
        url: Foreign::address(Some(&page.url)),
        date: page.date.to_string(),
    });
    Practice {
        id: lesson.id.to_string(),
        kind: lesson.kind.word().to_owned(),
        stage: known.stage.word().to_owned(),
        level: known.level.word().to_owned(),
        since: lesson.since.as_ref().map(|since| format!("{} >= {}", since.product, since.version)).unwrap_or_default(),
        seen_official: lesson.seen.official,
        seen_others: lesson.seen.others,
        seen_sessions: lesson.seen.sessions,
        added: lesson.added.to_string(),
        expires: lesson.expires.to_string(),
        retired: retired(&lesson.state),
        quoted_untrusted: PracticeWords {
            claim: Foreign::line(&lesson.claim),
            use_when: Foreign::line(&lesson.use_when),
            command,
            settings,
            evidence: evidence.collect(),
            quotes: if is_whole {
                known.spans.iter().map(|span| Foreign::excerpt(span, 600)).collect()
            } else {
                Vec::new()
            },
            why: if is_whole { Foreign::line(&known.why) } else { Foreign::default() },
        },
    }
}

fn retired(state: &State) -> String {
    let State::Retired { on, why } = state else { return String::new() };
    let why = match why {
        Retirement::Expired => "nobody renewed it in time".to_owned(),
        Retirement::Withdrawn => "a person said so".to_owned(),
        Retirement::Superseded(other) => format!("{other} says it better"),
        Retirement::Reversed => "its source takes it back".to_owned(),
    };
    format!("{on}: {why}")
}

/// Whether it holds each of these words.
fn is_about(known: &KnownLesson, topic: &str) -> bool {
    let lesson = &known.lesson;
    let product = lesson.since.as_ref().map_or("", |since| since.product.as_str());
    let mut words = [lesson.kind.word(), product, &lesson.claim, &lesson.use_when].join(" ").to_lowercase();
    for page in &lesson.evidence {
        words.push(' ');
        words.push_str(&page.title.to_lowercase());
    }
    topic.to_lowercase().split_whitespace().all(|word| words.contains(word))
}
