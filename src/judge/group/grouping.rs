//! A grouping in memory: the same stories as a run makes, without a home. For measuring.

use std::collections::HashMap;
use std::rc::Rc;

use anyhow::Result;

use super::{Headlines, MOST_NEAR, Shelf, belongs_to, join};
use crate::item::{Item, ItemId};
use crate::judge::Judge;
use crate::story::{Story, StoryId};
use crate::verdict::{Category, Level, Verdict};

/// Takes items in the order of their times, and says which story each tells.
pub struct Grouping<'j> {
    judge: &'j Judge,
    headlines: Headlines,
    shelf: Memory,
}

#[derive(Default)]
struct Memory {
    stories: HashMap<StoryId, Rc<Story>>,
    keys: HashMap<String, StoryId>,
    near: HashMap<String, Rc<Vec<StoryId>>>,
}

impl Shelf for Memory {
    fn story_of(&self, key: &str) -> Result<Option<StoryId>> {
        Ok(self.keys.get(key).cloned())
    }

    fn stories_near(&self, key: &str) -> Result<Rc<Vec<StoryId>>> {
        Ok(self.near.get(key).cloned().unwrap_or_default())
    }

    fn story(&self, id: &StoryId) -> Result<Option<Rc<Story>>> {
        Ok(self.stories.get(id).cloned())
    }
}

impl<'j> Grouping<'j> {
    pub fn new(judge: &'j Judge) -> Grouping<'j> {
        Grouping { judge, headlines: Headlines::default(), shelf: Memory::default() }
    }

    /// The story of an item whose verdict does not matter.
    pub fn place(&mut self, item: &Item, text: &str) -> StoryId {
        let verdict = Verdict {
            level: Level::Routine,
            relevance: 0.0,
            critical: 0.0,
            alarm: false,
            category: Category::Other,
            topics: Vec::new(),
            action: None,
            old: false,
            floor: None,
            ceiling: None,
            why: Vec::new(),
            at: item.at(),
        };
        self.place_judged(item, text, &verdict)
    }

    /// The story of an item, which gets the item's verdict as in a run at the time of the verdict.
    pub fn place_judged(&mut self, item: &Item, text: &str, verdict: &Verdict) -> StoryId {
        let teller = self.judge.teller(item, text);
        let known = self.story_of(&item.id);
        let found = known.map(Rc::new).or_else(|| {
            belongs_to(&teller, &self.shelf, &mut self.headlines).expect("a shelf in memory has no errors")
        });
        let story = join(found.map(|story| (*story).clone()), item, &teller, verdict, verdict.at);
        let id = story.id.clone();
        for key in teller.keys.kept() {
            if key.starts_with("near:") {
                let near = self.shelf.near.entry(key).or_default();
                if near.len() < MOST_NEAR && !near.contains(&id) {
                    Rc::make_mut(near).push(id.clone());
                }
            } else {
                self.shelf.keys.insert(key, id.clone());
            }
        }
        self.shelf.keys.insert(format!("item:{}", item.id), id.clone());
        self.shelf.stories.insert(id.clone(), Rc::new(story));
        id
    }

    /// A story as it stands.
    pub fn story(&self, id: &StoryId) -> Option<Story> {
        self.shelf.stories.get(id).map(|story| (**story).clone())
    }

    /// All stories, in no order.
    pub fn stories(&self) -> Vec<Story> {
        self.shelf.stories.values().map(|story| (**story).clone()).collect()
    }

    /// The story that holds an item already.
    fn story_of(&self, item: &ItemId) -> Option<Story> {
        self.story(self.shelf.keys.get(&format!("item:{item}"))?)
    }
}
