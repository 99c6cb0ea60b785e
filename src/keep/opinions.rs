//! Opinions are kept by model, prompt and text, so that nothing is read twice; with the stories they were weighed into.

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::judgements::{key, time_key};
use super::store::{BATCH, Changes};
use super::{Keep, why, works};
use crate::opinion::Opinion;
use crate::story::{Story, StoryId};
use crate::work::Work;

const OPINION: &[u8] = b"opinion/";
/// Opinions by when they were given, for forgetting them.
const GIVEN: &[u8] = b"opinion-given/";
const MODEL: &[u8] = b"model";
/// A text that was not told within this time is not told any more, and need not be known to a model.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 60);

/// How the model fared when it was last needed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ModelState {
    /// As its server names it; None if none answered.
    pub name: Option<String>,
    /// When it last gave an opinion.
    pub answered: Option<Timestamp>,
    /// Why it was not asked, or stopped answering.
    pub trouble: Option<String>,
    /// The model and the prompt that passed the canaries.
    pub passed: Option<(String, String)>,
}

/// A story about which rules and model are far apart; a person looks at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disagreement {
    pub story: StoryId,
    pub title: String,
    pub words: String,
}

/// How far back disagreements are shown: whoever looks once a week sees each.
const SHOWN: SignedDuration = SignedDuration::from_hours(24 * 7);

impl Keep {
    /// Stories of the last week about which rules and model are far apart, newest last.
    pub fn contested(&self, now: Timestamp) -> Result<Vec<Story>> {
        let Ok(from) = now.checked_sub(SHOWN) else { return Ok(Vec::new()) };
        let mut stories = self.stories_risen(from, Timestamp::MAX)?;
        stories.retain(|story| story.weighed.as_ref().is_some_and(|weighed| weighed.disagreement.is_some()));
        Ok(stories)
    }

    /// What is said of each of them.
    pub(super) fn disagreements(&self, now: Timestamp) -> Result<Vec<Disagreement>> {
        let mut found = Vec::new();
        for story in self.contested(now)? {
            let Some(words) = story.weighed.and_then(|weighed| weighed.voices()) else { continue };
            let title = self.item(&story.lead)?.map(|lead| lead.title).unwrap_or_default();
            found.push(Disagreement { story: story.id, title, words });
        }
        Ok(found)
    }

    /// What a model said of a text before; the key is of model, prompt and text.
    pub fn opinion(&self, opinion_key: &str) -> Result<Option<Opinion>> {
        self.store.get(&key(OPINION, opinion_key))
    }

    /// Keeps the result of one `Screen` work: the opinion, the story it was weighed into, and the work that follows. Returns
    /// false, and keeps nothing, if the work is no longer asked for on this input.
    pub fn keep_opinion(&mut self, work: &Work, opinion_key: &str, story: &Story, follow: &[Work]) -> Result<bool> {
        if !works::is_current(&self.store, work)? {
            return Ok(false);
        }
        let mut changes = Changes::default();
        if let Some(weighed) = &story.weighed {
            self.put_opinion(&mut changes, opinion_key, &weighed.opinion, story)?;
        }
        works::remove(&mut changes, work);
        for work in follow {
            works::put(&mut changes, work);
        }
        self.store.defer(changes)?;
        Ok(true)
    }

    /// Keeps what another model makes of a story, with the story.
    pub fn keep_second_opinion(&mut self, opinion_key: &str, second: &Opinion, story: &Story) -> Result<()> {
        let mut changes = Changes::default();
        self.put_opinion(&mut changes, opinion_key, second, story)?;
        self.store.commit(changes)
    }

    /// An opinion and the story it belongs to; what is shown of the story is written anew.
    fn put_opinion(&self, changes: &mut Changes, opinion_key: &str, opinion: &Opinion, story: &Story) -> Result<()> {
        changes.put(&key(OPINION, opinion_key), opinion);
        changes.put(&time_key(GIVEN, opinion.at, opinion_key), &());
        self.put_story(changes, story)?;
        for member in story.members.iter().filter(|member| story.is_in_line_of(&member.item)) {
            if let Some(judged) = self.judged(&member.item)? {
                why::mark_stale(changes, judged.first);
            }
        }
        Ok(())
    }

    /// Forgets opinions that nobody will ask for again.
    pub fn forget_old_opinions(&mut self, now: Timestamp) -> Result<()> {
        let Ok(until) = now.checked_sub(KEPT) else { return Ok(()) };
        let old = self.ids_between(GIVEN, Timestamp::MIN, until)?;
        for opinion_keys in old.chunks(BATCH / 2) {
            let mut changes = Changes::default();
            for opinion_key in opinion_keys {
                if let Some(opinion) = self.opinion(opinion_key)? {
                    changes.remove(&time_key(GIVEN, opinion.at, opinion_key));
                }
                changes.remove(&key(OPINION, opinion_key));
            }
            self.store.commit(changes)?;
        }
        Ok(())
    }

    /// How the model fared when it was last needed.
    pub fn model_state(&self) -> Result<ModelState> {
        Ok(self.store.get(MODEL)?.unwrap_or_default())
    }

    pub fn keep_model_state(&mut self, state: &ModelState) -> Result<()> {
        if *state == self.model_state()? {
            return Ok(());
        }
        let mut changes = Changes::default();
        changes.put(MODEL, state);
        self.store.commit(changes)
    }
}
