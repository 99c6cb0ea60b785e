//! A story: one happening, told by one or many items.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::item::{Item, ItemId};
use crate::opinion::Weighed;
use crate::source::Trust;
use crate::verdict::{Level, Verdict};

/// Names a story for ever: `s-` and the letters of the id of the item that founded it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StoryId(pub String);

impl StoryId {
    pub fn founded_by(item: &ItemId) -> StoryId {
        StoryId(format!("s-{}", item.0.trim_start_matches("i-")))
    }
}

impl fmt::Display for StoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One happening. The digest tells each story once; the level never falls, so that nothing told is taken back silently.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Story {
    pub id: StoryId,
    /// The items that tell it, in the order they were judged.
    pub members: Vec<Member>,
    /// The member that speaks for it: the most trusted, then one with a telling title, then the earliest.
    pub lead: ItemId,
    /// The highest verdict among the members.
    pub verdict: Verdict,
    /// Each time it rose to a higher level, oldest first. A digest's week holds the stories that rose in it.
    pub rises: Vec<Rise>,
    /// What a model's opinion made of it; None while no model has read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weighed: Option<Weighed>,
}

impl Story {
    /// What a model should read of it, by name: the lead, and the hash of its words.
    pub fn to_be_read(lead: &Item) -> String {
        format!("{}:{}", lead.id, lead.content)
    }

    /// Whether a model has read just this.
    pub fn was_read(&self, input: &str) -> bool {
        self.weighed.as_ref().is_some_and(|weighed| weighed.input == input)
    }

    /// What stories of one level are ordered by, 0 to 1.
    pub fn score(&self) -> f64 {
        self.weighed.as_ref().map_or(self.verdict.relevance, |weighed| weighed.score)
    }

    /// The level at which a digest tells it. Where the model has shown that it may overrule, it may pass over what no rule
    /// holds up; what was critical stays so.
    pub fn told_level(&self) -> Level {
        let overruled = self.weighed.as_ref().and_then(|weighed| weighed.level);
        let floor = self.verdict.floor.unwrap_or(Level::Noise);
        match overruled {
            Some(level) if self.verdict.level < Level::Critical => level.max(floor),
            _ => self.verdict.level,
        }
    }
}

/// From here on a verdict's `critical` counts as a leg.
pub const LEG: f64 = 0.5;

/// "lantern-code 4.12.3", "Release v4.12.3".
const BARE_WORDS: usize = 2;

/// One of the items that tell a story, with what decides how far it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub item: ItemId,
    pub source: String,
    pub trust: Trust,
    /// Host of the item's link, without `www.`; empty without a link. Two members of one site are one voice.
    pub site: String,
    /// What this item alone was judged.
    pub level: Level,
    /// It raises an alarm: one of the two legs that an alert needs where no maker speaks.
    pub leg: bool,
    /// Its title is a name and a number; one that says more speaks better for the story.
    pub bare: bool,
}

impl Member {
    pub fn of(item: &Item, verdict: &Verdict) -> Member {
        let host = item.link.as_ref().and_then(|link| link.host_str()).unwrap_or_default();
        Member {
            item: item.id.clone(),
            source: item.source.clone(),
            trust: item.trust,
            site: host.strip_prefix("www.").unwrap_or(host).to_owned(),
            level: verdict.level,
            leg: verdict.critical >= LEG,
            bare: item.title.split_whitespace().count() <= BARE_WORDS,
        }
    }
}

/// A story reached a level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rise {
    pub at: Timestamp,
    pub level: Level,
}
