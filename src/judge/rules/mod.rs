//! Rules: what can be decided without a model. Each says what it found, and carries examples of what it is and is not.
//!
//! One small file a family. A rule does three things at most: it holds the level up or down, it raises an alarm (one of the
//! legs that an alert needs), and its name is one of the things that relevance learned a weight for.

mod advisory;
mod breaking;
mod incident;
mod access;
mod launch;
mod release;
mod practice;
mod research;
mod kinds;
mod business;
mod elsewhere;
mod machines;

use std::sync::LazyLock;

use jiff::Timestamp;
use regex::Regex;

use crate::item::{Entry, Item, ItemId, Place};
use crate::source::Trust;
use crate::verdict::{Category, Level, Reason};

use super::product::Product;
pub use super::sight::Sight;
use super::sight::Via;

pub use advisory::advisory_ids;

/// What one rule found.
pub struct Finding {
    pub rule: &'static str,
    pub text: String,
    /// The level is at least this.
    pub at_least: Option<Level>,
    /// The level is at most this, unless it is critical.
    pub at_most: Option<Level>,
    pub category: Option<Category>,
    /// It can't wait, if it is true: one of the two legs of an alert.
    pub alarm: bool,
    pub action: Option<String>,
}

impl Finding {
    fn new(rule: &'static str, text: String) -> Finding {
        Finding { rule, text, at_least: None, at_most: None, category: None, alarm: false, action: None }
    }

    /// It has a say in the level.
    pub fn is_decisive(&self) -> bool {
        self.at_least.is_some() || self.at_most.is_some() || self.alarm
    }

    pub fn reason(&self) -> Reason {
        Reason { by: format!("rule:{}", self.rule), text: self.text.clone() }
    }
}

type Find = fn(&Sight<'_>, &'static str) -> Option<Finding>;

/// Trust, title and text of an example. The examples watch the product `lantern-code`.
type Example = (Trust, &'static str, &'static str);

/// One rule with its examples.
struct Rule {
    name: &'static str,
    find: Find,
    is: &'static [Example],
    is_not: &'static [Example],
}

/// In the order in which their reasons are shown.
const FAMILIES: [&[Rule]; 12] = [
    advisory::RULES,
    incident::RULES,
    access::RULES,
    breaking::RULES,
    launch::RULES,
    release::RULES,
    practice::RULES,
    research::RULES,
    kinds::RULES,
    business::RULES,
    elsewhere::RULES,
    machines::RULES,
];

fn rules() -> impl Iterator<Item = &'static Rule> {
    FAMILIES.into_iter().flatten()
}

/// All that the rules find in one item.
pub fn findings(sight: &Sight<'_>) -> Vec<Finding> {
    rules().filter_map(|rule| (rule.find)(sight, rule.name)).collect()
}

/// Runs every rule on its own examples and returns the examples it gets wrong, in words; empty when all are right.
pub fn check_examples() -> Vec<String> {
    let watch = [Product::named("lantern-code")];
    let mut wrong = Vec::new();
    for rule in rules() {
        if rule.is.is_empty() || rule.is_not.is_empty() {
            wrong.push(format!("{} has no example of what it is, or of what it is not", rule.name));
        }
        let sides = [(rule.is, true), (rule.is_not, false)];
        for (examples, wanted) in sides {
            for (trust, title, text) in examples {
                let item = example(*trust, title);
                let found = (rule.find)(&Sight::of(&item, text, &watch), rule.name).is_some();
                if found != wanted {
                    wrong.push(format!("{}: {title:?} should be {wanted}", rule.name));
                }
            }
        }
    }
    wrong
}

fn example(trust: Trust, title: &str) -> Item {
    let entry = Entry {
        native: None,
        native_is_stable: false,
        link: None,
        title: title.to_owned(),
        text: String::new(),
        author: None,
        published: None,
        updated: None,
        tags: Vec::new(),
    };
    Item {
        id: ItemId::first_seen("example", title, 0),
        source: "example".to_owned(),
        trust,
        topics: Vec::new(),
        content: entry.content_hash(),
        title: entry.title,
        link: None,
        author: None,
        published: None,
        seen: Timestamp::UNIX_EPOCH,
        changed: None,
        baseline: false,
        place: Place { file: String::new(), frame: 0, start: 0, length: 0 },
    }
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a valid pattern")
}

/// What coding agents and their users run on, and what people call them. An attack on one of these may be one on the lab.
static OURS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:claude|anthropic|codex|openai|copilot|cursor|coding agents?|coding assistants?|ai agents?|agentic|agents?|skills?|mcp|llms?|hugging ?face|npm|pypi|crates\.io|vs ?code|github actions?|pytorch|ollama|vllm|slurm|langchain|litellm|api keys?)\b",
    )
});

/// The item is about something the lab runs or talks to.
fn is_ours(sight: &Sight<'_>) -> bool {
    sight.product.is_some() || sight.find(&OURS).is_some()
}
