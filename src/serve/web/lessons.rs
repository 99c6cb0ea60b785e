//! Lessons: what was learnt, how far each has come, and a person's yes or no to it.

mod view;

use anyhow::Result;
use axum::Form;
use axum::extract::rejection::{FormRejection, PathRejection, QueryRejection};
use axum::extract::{Extension, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::form_urlencoded::Serializer;

use super::page::{Frame, Trouble, When};
use super::visitor::Visitor;
use super::{Shared, Site};
use crate::flow::{self, KnownLesson, LessonFilter, Stage, Wish};
use crate::lesson::adoption::{Adoption, Pace};
use crate::lesson::{Advice, Kind, LessonId};

use view::{LessonView, view};

/// Lessons of each stage on the page of all, and on a page of one stage.
const FIRST: usize = 5;
const MOST: usize = 20;
/// Letters of a question, in words: longer ones find nothing.
const LONGEST_QUESTION: usize = 200;

/// The stages in the order in which they concern a reader.
const STAGES: [(Stage, &str); 6] = [
    (Stage::Proposed, "In the open request"),
    (Stage::Ready, "Ready to be proposed"),
    (Stage::Merged, "Merged"),
    (Stage::Digest, "Told only"),
    (Stage::Declined, "Declined"),
    (Stage::Retired, "Retired"),
];

/// Which lessons are asked for; empty fields ask for nothing.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Asked {
    stage: String,
    category: String,
    q: String,
    /// The lesson after which the list goes on.
    #[serde(skip_serializing)]
    after: String,
    /// The lesson of which somebody has just said something.
    #[serde(skip_serializing)]
    said: String,
}

/// What a button sends.
#[derive(Debug, Deserialize)]
pub(super) struct Given {
    wish: Wish,
    #[serde(flatten)]
    asked: Asked,
}

#[derive(Debug, Serialize)]
struct Lessons {
    skill: Skill,
    pace: Option<String>,
    asked: Asked,
    stages: Vec<Choice>,
    categories: Vec<Choice>,
    groups: Vec<Group>,
    /// Lessons that the home knows.
    known: usize,
    /// Whether the one who looks may say yes and no.
    may_say: bool,
    /// The lesson of which somebody has just said something, where that waits.
    said: Option<LessonView>,
    /// Only one lesson is shown.
    is_one: bool,
}

#[derive(Debug, Serialize)]
struct Choice {
    word: &'static str,
    title: String,
    is_asked: bool,
}

#[derive(Debug, Serialize)]
struct Group {
    title: &'static str,
    count: usize,
    lessons: Vec<LessonView>,
    /// Where the rest of them is.
    more: Option<String>,
}

/// How it stands with the skill.
#[derive(Debug, Default, Serialize)]
struct Skill {
    is_set_up: bool,
    /// Requests are opened by runs, and not only written down.
    is_open: bool,
    repository: String,
    looked: Option<When>,
    request: Option<String>,
    trouble: Option<String>,
    not_before: Option<When>,
    merged: Option<Merged>,
}

#[derive(Debug, Serialize)]
struct Merged {
    at: When,
    version: String,
    url: Option<String>,
    lessons: usize,
}

pub(super) async fn list(
    State(site): Shared,
    Extension(visitor): Extension<Visitor>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Trouble> {
    let Query(asked) = asked.map_err(|_| unclear())?;
    let may_say = visitor == Visitor::Owner;
    let lessons = site.look(move |site| look(site, &asked, may_say)).await?.ok_or_else(unclear)?;
    Frame { site: &site, visitor: &visitor, tab: "/lessons", title: "Lessons" }.page("lessons.html", &lessons)
}

/// One lesson, for whoever has its id from a request.
pub(super) async fn one(
    State(site): Shared,
    Extension(visitor): Extension<Visitor>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Trouble> {
    let id = named(id)?;
    let (title, may_say) = (id.to_string(), visitor == Visitor::Owner);
    let lessons = site.look(move |site| look_at(site, &id, may_say)).await?.ok_or_else(unknown)?;
    Frame { site: &site, visitor: &visitor, tab: "/lessons", title: &title }.page("lessons.html", &lessons)
}

pub(super) async fn say(
    State(site): Shared,
    Extension(visitor): Extension<Visitor>,
    id: Result<Path<String>, PathRejection>,
    given: Result<Form<Given>, FormRejection>,
) -> Result<Response, Trouble> {
    let id = named(id)?;
    if visitor != Visitor::Owner {
        return Err(Trouble::new(
            StatusCode::FORBIDDEN,
            "Only the owner of this home says yes or no to a lesson",
            "A comment on the open request counts too, of anybody who may write there.",
        ));
    }
    let Form(Given { wish, asked }) = given.map_err(|_| {
        Trouble::wrong("This is no wish for a lesson", "Open the page anew, and press one of its buttons.")
    })?;
    let lesson = id.clone();
    let known = site.look(move |site| flow::leave_lesson_wish(site.home(), &lesson, wish, site.now())).await?;
    known.ok_or_else(unknown)?;
    // The browser opens the page anew, and reloading it repeats nothing (RFC 9110, 15.4.4).
    Ok(Redirect::to(&asked.path(&[("said", &id.to_string())])).into_response())
}

impl Asked {
    /// The page that shows these lessons.
    fn path(&self, more: &[(&str, &str)]) -> String {
        let own = [("stage", self.stage.as_str()), ("category", &self.category), ("q", &self.q)];
        let mut query = Serializer::new(String::new());
        query.extend_pairs(own.iter().chain(more).filter(|(_, value)| !value.is_empty()));
        match query.finish() {
            query if query.is_empty() => "/lessons".to_owned(),
            query => format!("/lessons?{query}"),
        }
    }

    /// Whether a lesson holds all words of the question, whatever their case.
    fn fits(&self, known: &KnownLesson) -> bool {
        let lesson = &known.lesson;
        let advice = match &lesson.advice {
            Some(Advice::Command(command)) => command.clone(),
            Some(Advice::Settings(settings)) => serde_json::Value::Object(settings.clone()).to_string(),
            None => String::new(),
        };
        let since = lesson.since.as_ref().map(|since| format!("{} {}", since.product, since.version));
        let titles: Vec<&str> = lesson.evidence.iter().map(|evidence| evidence.title.as_str()).collect();
        let texts = [
            &lesson.id.to_string(),
            &lesson.claim,
            &lesson.use_when,
            &advice,
            &since.unwrap_or_default(),
            &titles.join(" "),
        ];
        let text = texts.map(|text| text.to_lowercase()).join("\n");
        self.q.to_lowercase().split_whitespace().all(|word| text.contains(word))
            && (self.category.is_empty() || lesson.kind.word() == self.category)
    }
}

/// None: nothing goes by what was asked.
fn look(site: &Site, asked: &Asked, may_say: bool) -> Result<Option<Lessons>> {
    let is_stage = STAGES.iter().any(|(stage, _)| stage.word() == asked.stage);
    let is_category = Kind::ALL.iter().any(|kind| kind.word() == asked.category);
    if !(asked.stage.is_empty() || is_stage)
        || !(asked.category.is_empty() || is_category)
        || asked.q.chars().count() > LONGEST_QUESTION
    {
        return Ok(None);
    }
    let (_, all) = flow::known_lessons(site.home(), LessonFilter::default())?;
    let waiting = flow::waiting_wishes(site.home())?;
    let mut groups = Vec::new();
    for (stage, title) in STAGES {
        if !asked.stage.is_empty() && asked.stage != stage.word() {
            continue;
        }
        let own: Vec<&KnownLesson> = all.iter().filter(|known| known.stage == stage && asked.fits(known)).collect();
        let begin = match asked.after.as_str() {
            "" => 0,
            after => own.iter().position(|known| known.lesson.id.to_string() == after).map_or(0, |place| place + 1),
        };
        let most = if asked.stage.is_empty() { FIRST } else { MOST };
        let shown: Vec<LessonView> =
            own.iter().skip(begin).take(most).map(|known| view(site, known, &waiting, may_say)).collect();
        let stays = Asked { stage: stage.word().to_owned(), ..asked.clone() };
        let more = match shown.last() {
            Some(last) if !asked.stage.is_empty() && begin + shown.len() < own.len() => {
                Some(stays.path(&[("after", &last.id)]))
            }
            _ if asked.stage.is_empty() && shown.len() < own.len() => Some(stays.path(&[])),
            _ => None,
        };
        if !own.is_empty() {
            groups.push(Group { title, count: own.len(), lessons: shown, more });
        }
    }
    let said = all.iter().find(|known| known.lesson.id.to_string() == asked.said);
    let said = said.map(|known| view(site, known, &waiting, may_say)).filter(|said| said.waits.is_some());
    Ok(Some(Lessons { said, groups, ..around(site, &all, asked.clone(), may_say)? }))
}

fn look_at(site: &Site, id: &LessonId, may_say: bool) -> Result<Option<Lessons>> {
    let (_, all) = flow::known_lessons(site.home(), LessonFilter::default())?;
    let waiting = flow::waiting_wishes(site.home())?;
    let Some(known) = all.iter().find(|known| known.lesson.id == *id) else { return Ok(None) };
    let title = STAGES.iter().find(|(stage, _)| *stage == known.stage).map_or("", |(_, title)| title);
    let group = Group { title, count: 1, lessons: vec![view(site, known, &waiting, may_say)], more: None };
    Ok(Some(Lessons { groups: vec![group], is_one: true, ..around(site, &all, Asked::default(), may_say)? }))
}

/// What stands around the lessons.
fn around(site: &Site, all: &[KnownLesson], asked: Asked, may_say: bool) -> Result<Lessons> {
    let adoptions: Vec<Adoption> = all.iter().map(KnownLesson::adoption).collect();
    let choice = |word: &'static str, title: String, asked: &str| Choice { word, title, is_asked: word == asked };
    let count = |stage: Stage| all.iter().filter(|known| known.stage == stage).count();
    let stages =
        STAGES.iter().map(|(stage, title)| choice(stage.word(), format!("{title} ({})", count(*stage)), &asked.stage));
    let categories = Kind::ALL.iter().map(|kind| choice(kind.word(), capital(kind.word()), &asked.category));
    Ok(Lessons {
        skill: skill(site)?,
        pace: Pace::of(&adoptions).words(),
        stages: stages.collect(),
        categories: categories.collect(),
        groups: Vec::new(),
        known: all.len(),
        may_say,
        said: None,
        is_one: false,
        asked,
    })
}

fn skill(site: &Site) -> Result<Skill> {
    let Some(skills) = &site.setup().config.skills else { return Ok(Skill::default()) };
    let set_up =
        Skill { is_set_up: true, is_open: skills.open, repository: skills.repository.to_string(), ..Skill::default() };
    let Some(standing) = flow::skill_standing(site.home())? else { return Ok(set_up) };
    let merged = standing.merged.last().map(|merged| Merged {
        at: when(site, merged.at),
        version: merged.version.clone(),
        url: merged.url.as_ref().map(ToString::to_string),
        lessons: merged.claims.len(),
    });
    Ok(Skill {
        looked: standing.looked.map(|at| when(site, at)),
        request: standing.request,
        trouble: standing.trouble,
        not_before: standing.not_before.filter(|until| *until > site.now()).map(|until| when(site, until)),
        merged,
        ..set_up
    })
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn when(site: &Site, at: Timestamp) -> When {
    When::at(at, site.now(), &site.setup().config.schedule.zone)
}

fn named(id: Result<Path<String>, PathRejection>) -> Result<LessonId, Trouble> {
    id.ok().and_then(|Path(id)| id.parse().ok()).ok_or_else(unknown)
}

fn unknown() -> Trouble {
    Trouble::new(StatusCode::NOT_FOUND, "There is no such lesson", "The page Lessons has all of them.")
}

fn unclear() -> Trouble {
    Trouble::wrong("No lessons can be asked for like this", "Open the page Lessons, and choose there.")
}
