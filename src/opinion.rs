//! An opinion: what a language model made of one text. It never decides alone; judging weighs it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::verdict::Level;

/// How the four answers share the probability; the sum is 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Odds {
    /// It cannot wait until the week's digest.
    pub critical: f64,
    /// It belongs in the week's digest.
    pub notable: f64,
    /// It is about the lab's things, and may be passed over.
    pub routine: f64,
    /// It is not for this lab.
    pub noise: f64,
}

/// How far the odds can be trusted as probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
    /// The exact distribution over the four answers.
    Whole,
    /// Made from the most probable tokens that the server shows; an answer missing there has the least of them as its bound.
    Partial,
    /// The server showed no probabilities: the answer alone was read.
    Letter,
}

/// What a model made of one text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opinion {
    pub odds: Odds,
    pub measure: Measure,
    /// The model, as its server names it.
    pub model: String,
    /// Hash of the prompt around the text; another prompt makes another opinion.
    pub prompt: String,
    /// Hash of the text that was read.
    pub input: String,
    pub at: Timestamp,
}

/// What an opinion made of a story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Weighed {
    /// Of the story's lead.
    pub opinion: Opinion,
    /// What was read: the lead and its words, as `Story::to_be_read` names them.
    pub input: String,
    /// Relevance with the opinion in it, 0 to 1: what stories of one level are ordered by.
    pub score: f64,
    /// The level that the score gives, where the model has shown that it may overrule; None: it only orders and lifts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Rules and model are far apart: what each says, for a person to look at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disagreement: Option<String>,
    /// What another model makes of the same words, where the two are far apart. It changes nothing: a person decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<Opinion>,
}

impl Weighed {
    /// Where rules and model are far apart: what each says, and what another model says.
    pub fn voices(&self) -> Option<String> {
        let words = self.disagreement.as_ref()?;
        let Some(Opinion { odds, model, .. }) = &self.second else { return Some(words.clone()) };
        let (passed, urgent) = (odds.routine + odds.noise, odds.critical);
        Some(format!(
            "{words}; {model} gives {passed:.2} that it may be passed over and {urgent:.2} that it cannot wait"
        ))
    }
}

/// What asking a model cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Of the prompt, those found in the server's cache included.
    pub prompt: u64,
    /// Of the prompt, those that the server had in its cache.
    pub cached: u64,
    pub generated: u64,
}

impl std::ops::AddAssign for Tokens {
    fn add_assign(&mut self, more: Tokens) {
        self.prompt += more.prompt;
        self.cached += more.cached;
        self.generated += more.generated;
    }
}
