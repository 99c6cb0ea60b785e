//! Second opinions: where rules and the model are far apart, another model reads the story, and a person sees what each says.

use std::collections::{BTreeMap, VecDeque};

use anyhow::Result;
use jiff::Timestamp;

use crate::config::Config;
use crate::judge::Judge;
use crate::judge::model::Trouble;
use crate::judge::screening::{Asked, Screening, canaries, screen as ask_model};
use crate::keep::Keep;
use crate::opinion::Opinion;
use crate::story::Story;

use super::report::Acts;
use super::screen::asked;
use super::{Doors, Task};

/// Stories in one run. They are few: what is over waits for the next.
const MOST: usize = 20;

/// Asks about the stories of the last week that lack it. No route, no answer or a model that judges a canary wrong is no
/// error: the first opinion stands alone, and the next run asks again.
pub(super) async fn second_opinions(
    keep: &mut Keep,
    judge: &Judge,
    doors: &Doors,
    config: &Config,
    now: Timestamp,
    acts: &mut Acts,
) -> Result<()> {
    let mut stories = keep.contested(now)?;
    stories.retain(|story| story.weighed.as_ref().is_some_and(|weighed| weighed.second.is_none()));
    if stories.is_empty() {
        return Ok(());
    }
    let model = match doors.model.open(Task::SecondOpinion).await {
        Ok(Some(writer)) => writer.paid(keep, now),
        Ok(None) => return Ok(()),
        Err(trouble) => {
            tracing::info!("no second opinion: {trouble}");
            return Ok(());
        }
    };
    let screening = Screening::new(&config.interests);
    let mut open: BTreeMap<String, (Story, String)> = BTreeMap::new();
    let mut questions: Vec<Asked> = Vec::new();
    // The newest first: a person looks at those.
    for story in stories.into_iter().rev() {
        let Some(lead) = keep.item(&story.lead)? else { continue };
        let is_other = story.weighed.as_ref().is_some_and(|weighed| weighed.opinion.model != model.name());
        // What the story says has changed since: the first model reads it anew before anybody else does.
        if !is_other || !story.was_read(&Story::to_be_read(&lead)) || questions.len() >= MOST {
            continue;
        }
        let text = keep.text_or_nothing(&lead);
        let asked = asked(judge, story.id.0.clone(), lead, text);
        let key = screening.key(model.name(), &asked);
        match keep.opinion(&key)? {
            Some(opinion) => settle(keep, story, &key, opinion, acts)?,
            None => {
                open.insert(asked.id.clone(), (story, key));
                questions.push(asked);
            }
        }
    }
    if questions.is_empty() {
        return Ok(());
    }
    if config.model.canaries {
        match canaries(&*model, &screening).await {
            Ok(tokens) => acts.tokens += tokens,
            Err(trouble) => {
                tracing::warn!("no second opinion: {trouble}");
                return Ok(());
            }
        }
    }
    let mut faults = VecDeque::new();
    let tell = |asked: &Asked, said: Result<Opinion, Trouble>| {
        let Some((story, key)) = open.remove(&asked.id) else { return };
        match said {
            Ok(opinion) => faults.extend(settle(keep, story, &key, opinion, acts).err()),
            Err(trouble) => tracing::info!("no second opinion on {}: {trouble}", asked.id),
        }
    };
    let screened = ask_model(&*model, &screening, questions, now, tell).await;
    acts.tokens += screened.tokens;
    faults.pop_front().map_or(Ok(()), Err)
}

fn settle(keep: &mut Keep, mut story: Story, key: &str, opinion: Opinion, acts: &mut Acts) -> Result<()> {
    if let Some(weighed) = &mut story.weighed {
        weighed.second = Some(opinion.clone());
        keep.keep_second_opinion(key, &opinion, &story)?;
        acts.second_opinions += 1;
    }
    Ok(())
}
