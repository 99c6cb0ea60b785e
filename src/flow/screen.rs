//! Screen: have a model read the stories that none has read, the most promising first, and weigh what it says.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};

use crate::config::{self, Config};
use crate::item::Item;
use crate::judge::Judge;
use crate::judge::credit::Credit;
use crate::judge::fusion;
use crate::judge::model::{Model, Trouble};
use crate::judge::screening::{Asked, Screening, canaries, screen as ask_model};
use crate::keep::{Keep, ModelState};
use crate::opinion::Opinion;
use crate::story::{Story, StoryId};
use crate::verdict::Level;
use crate::work::{Duty, Work};

use super::credit::mismatch;
use super::report::Acts;
use super::{Doors, Task};

/// A story that no model has read for so long is told by nobody any more.
const STALE: SignedDuration = SignedDuration::from_hours(24 * 14);
/// A run is hourly: what a slow model has not read by then is read by the next one.
const LONGEST: Duration = Duration::from_secs(40 * 60);
/// Sentences that rules pointed at, of one item.
const MOST_HITS: usize = 3;

/// What is asked about, and what comes of the answer.
struct Question {
    work: Work,
    story: Story,
    asked: Asked,
    key: String,
}

/// Reads what waits. No model, or one that fails, is no error: the stories keep their places and wait, and the state says why.
pub(super) async fn screen(
    keep: &mut Keep,
    judge: &Judge,
    doors: &Doors,
    config: &Config,
    credit: &Credit,
    now: Timestamp,
    acts: &mut Acts,
) -> Result<()> {
    keep.forget_old_opinions(now)?;
    let works = waiting(keep, now)?;
    if works.is_empty() {
        return Ok(());
    }
    let mut state = keep.model_state()?;
    let model = match doors.model.open(Task::Screening).await {
        Ok(Some(writer)) => writer.paid(keep, now),
        // Nobody is to be asked, and that is no trouble.
        Ok(None) => return keep.keep_model_state(&ModelState::default()),
        Err(trouble) => return without(keep, state, trouble, works.len(), acts),
    };
    if state.name.as_deref() != Some(model.name()) {
        state = ModelState { name: Some(model.name().to_owned()), ..ModelState::default() };
    }
    let screening = &Screening::new(&config.interests);
    if let Some(words) = mismatch(credit, model.name(), screening.hash()) {
        tracing::warn!("{words}");
    }
    let sworn = (model.name().to_owned(), screening.hash().to_owned());
    if config.model.canaries && state.passed.as_ref() != Some(&sworn) {
        match canaries(&*model, screening).await {
            Ok(tokens) => acts.tokens += tokens,
            Err(trouble) => return without(keep, state, trouble, works.len(), acts),
        }
        state.passed = Some(sworn);
    }
    let questions = questions(keep, judge, works, &*model, screening, &config.model)?;
    let ended = read(keep, &*model, screening, questions, credit, now, acts).await?;
    if acts.read_by_model > 0 {
        state.answered = Some(now);
    }
    state.trouble = ended.map(|trouble| trouble.to_string());
    acts.unread = keep.work(Duty::Screen)?.len();
    keep.keep_model_state(&state)
}

/// Goes on without the model.
fn without(keep: &mut Keep, state: ModelState, trouble: Trouble, unread: usize, acts: &mut Acts) -> Result<()> {
    tracing::info!("going on without a model: {trouble}");
    acts.unread = unread;
    keep.keep_model_state(&ModelState { trouble: Some(trouble.to_string()), ..state })
}

/// What waits to be read, without what nobody will be told any more.
fn waiting(keep: &mut Keep, now: Timestamp) -> Result<Vec<Work>> {
    let mut works = Vec::new();
    for work in keep.work(Duty::Screen)? {
        if now.duration_since(work.since) > STALE {
            keep.work_done(&work)?;
        } else {
            works.push(work);
        }
    }
    Ok(works)
}

/// The stories to be read in this run, the most promising first, and of one source only a share.
fn questions(
    keep: &mut Keep,
    judge: &Judge,
    works: Vec<Work>,
    model: &dyn Model,
    screening: &Screening,
    config: &config::Model,
) -> Result<Vec<Question>> {
    let mut found: Vec<(Work, Story, Item)> = Vec::new();
    for work in works {
        let story = keep.story(&StoryId(work.id.clone()))?;
        let lead = story.as_ref().map(|story| keep.item(&story.lead)).transpose()?.flatten();
        match (story, lead) {
            (Some(story), Some(lead)) => found.push((work, story, lead)),
            _ => keep.work_done(&work)?,
        }
    }
    found.sort_by(|(_, one, _), (_, other, _)| {
        let rank = |story: &Story| (story.verdict.level, story.verdict.relevance);
        rank(other).partial_cmp(&rank(one)).unwrap_or(std::cmp::Ordering::Equal).then_with(|| one.id.cmp(&other.id))
    });
    let mut by_source: BTreeMap<String, usize> = BTreeMap::new();
    let mut questions = Vec::new();
    for (work, story, lead) in found {
        let share = by_source.entry(lead.source.clone()).or_default();
        if questions.len() >= config.per_run || *share >= config.per_source {
            continue;
        }
        *share += 1;
        let text = keep.text_or_nothing(&lead);
        let asked = asked(judge, story.id.0.clone(), lead, text);
        let key = screening.key(model.name(), &asked);
        questions.push(Question { work, story, asked, key });
    }
    Ok(questions)
}

/// What a model is to read of an item.
pub(super) fn asked(judge: &Judge, id: String, item: Item, text: String) -> Asked {
    let hits = judge.hits(&item, &text, MOST_HITS);
    Asked { id, trust: item.trust.word(), at: item.at(), title: item.title, text, hits }
}

/// Weighs what was said before, and asks about the rest. Returns why it ended early, if it did.
async fn read(
    keep: &mut Keep,
    model: &dyn Model,
    screening: &Screening,
    questions: Vec<Question>,
    credit: &Credit,
    now: Timestamp,
    acts: &mut Acts,
) -> Result<Option<Trouble>> {
    let mut open: BTreeMap<String, Question> = BTreeMap::new();
    let mut asked = Vec::new();
    for question in questions {
        match keep.opinion(&question.key)? {
            Some(opinion) => settle(keep, question, opinion, credit, now, acts)?,
            None => {
                asked.push(question.asked.clone());
                open.insert(question.asked.id.clone(), question);
            }
        }
    }
    if asked.is_empty() {
        return Ok(None);
    }
    // The answers are weighed as they come: whatever ends the run, what was read is kept.
    let (mut faults, mut nonsense) = (VecDeque::new(), None);
    let screened = {
        let tell = |asked: &Asked, said: Result<Opinion, Trouble>| {
            let Some(question) = open.remove(&asked.id) else { return };
            let kept = match said {
                Ok(opinion) => settle(keep, question, opinion, credit, now, acts),
                // It waits for a better day: a bad answer is no opinion, and no reason to give a story up.
                Err(trouble) => {
                    tracing::info!("{} was not read: {trouble}", question.asked.id);
                    nonsense.get_or_insert(trouble);
                    Ok(())
                }
            };
            faults.extend(kept.err());
        };
        tokio::time::timeout(LONGEST, ask_model(model, screening, asked, now, tell)).await
    };
    if let Some(fault) = faults.pop_front() {
        return Err(fault);
    }
    let Ok(screened) = screened else { return Ok(None) };
    acts.tokens += screened.tokens;
    Ok(screened.ended.or(nonsense))
}

/// Keeps an opinion with the story it changes.
fn settle(
    keep: &mut Keep,
    question: Question,
    opinion: Opinion,
    credit: &Credit,
    now: Timestamp,
    acts: &mut Acts,
) -> Result<()> {
    let Question { work, mut story, key, .. } = question;
    let was = story.verdict.level;
    fusion::weigh_in(&mut story, opinion, work.input.clone(), credit, now);
    let mut follow = Vec::new();
    if story.verdict.level == Level::Critical && was < Level::Critical {
        follow.push(Work::new(Duty::Alert, story.id.0.clone(), story.id.0.clone(), now));
    }
    keep.keep_opinion(&work, &key, &story, &follow)?;
    acts.read_by_model += 1;
    Ok(())
}
