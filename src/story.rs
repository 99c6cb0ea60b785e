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
    /// The member that speaks for it: the most trusted, then the maker of the thing itself, then one with a telling title,
    /// then the earliest.
    pub lead: ItemId,
    /// The highest verdict among the members.
    pub verdict: Verdict,
    /// Each time it rose to a higher level or was reopened, oldest first. A digest's week holds the stories that rose in it.
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

    /// Whether what is written of this item says something of the whole story: it founded it, or speaks for it.
    pub fn is_in_line_of(&self, item: &ItemId) -> bool {
        self.lead == *item || self.members.first().is_some_and(|founder| founder.item == *item)
    }

    /// What stories of one level are ordered by, 0 to 1.
    pub fn score(&self) -> f64 {
        self.weighed.as_ref().map_or(self.verdict.relevance, |weighed| weighed.score)
    }

    /// The level at which a digest tells it. Where the model has shown that it may overrule, it may pass over what no rule
    /// holds up; what was critical stays so. It raises nothing here: lifting knows the ceilings that rules set.
    pub fn told_level(&self) -> Level {
        let overruled = self.weighed.as_ref().and_then(|weighed| weighed.level);
        let floor = self.verdict.floor.unwrap_or(Level::Noise);
        match overruled {
            Some(level) if self.verdict.level < Level::Critical => level.min(self.verdict.level).max(floor),
            _ => self.verdict.level,
        }
    }
}

/// One of the items that tell a story, with what decides how far it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub item: ItemId,
    pub source: String,
    pub trust: Trust,
    /// The registered domain that the words come from (`example.co.uk`), or the owner's own where many share one
    /// (`github.com/owner`); empty without a link. Two members of one site are one voice.
    pub site: String,
    /// What this item alone was judged.
    pub level: Level,
    /// It raises an alarm: one of the two legs that an alert needs where no maker speaks.
    pub leg: bool,
    /// Its title is a name and a number; one that says more speaks better for the story.
    pub bare: bool,
    /// Whose thing it is: the site's name or owner stands in the title, or the page is the paper itself.
    #[serde(default)]
    pub maker: bool,
    /// What likeness is judged by; None in stories of older stores, which are found by their keys alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sketch: Option<Sketch>,
}

/// What remains of an item's words for comparing it with others: about half a kilobyte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sketch {
    /// The publisher's time, else when we first saw it.
    pub at: Timestamp,
    /// At most 300 characters of it.
    pub title: String,
    /// Advisories it is about (not those of a roundup).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
    /// The paper it is about, as arXiv names it, without the version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paper: Option<String>,
    /// The version that mends a fault, as a maker or an expert says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<String>,
    /// MinHash of the text's three-word runs; empty for a short text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prints: Vec<u32>,
}

/// A story reached a level, or somebody told something new about it at the same level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rise {
    pub at: Timestamp,
    pub level: Level,
    /// What was new, in words, where the level was the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub news: Option<String>,
    /// The news is something to do: only then is the story told again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asks: bool,
}

impl Rise {
    pub fn to(level: Level, at: Timestamp) -> Rise {
        Rise { at, level, news: None, asks: false }
    }

    /// Whether readers hear of it: it reached a level at which stories are told, and that is higher, or asks for something.
    pub fn is_told(&self) -> bool {
        self.level >= Level::Routine && (self.news.is_none() || self.asks)
    }
}
