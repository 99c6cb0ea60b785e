//! Judging says what matters and why. It knows no store, no network and no time but the one it is given.
//!
//! Rules decide first and explain themselves; relevance, a lexical score against the lab's interests, orders the rest. No
//! text raises its own level: words that ask for attention have no rule that listens to them.

pub mod group;
pub mod model;
pub mod screening;
pub mod calibration;
mod canary;
pub mod fusion;
mod product;
mod relevance;
mod rules;
mod words;

use jiff::{SignedDuration, Timestamp};

use crate::config::Interests;
use crate::item::Item;
use crate::source::Trust;
use crate::verdict::{Category, Level, Reason, Verdict};

use product::Product;
use relevance::Profile;
use rules::{Finding, Sight};

pub use rules::check_examples;

/// Above this relevance an item belongs in the digest. Chosen so that one strong phrase of the profile in the title, or
/// several in the text, suffice.
const NOTABLE: f64 = 0.55;
/// Below this nothing speaks for an item.
const ROUTINE: f64 = 0.15;
/// What was published longer than this before we first saw it is history: searchable, not news.
const NEWS: SignedDuration = SignedDuration::from_hours(24 * 14);

/// Everything a verdict needs besides the item: made once from `[interests]`.
pub struct Judge {
    profile: Profile,
    watch: Vec<Product>,
}

impl Judge {
    pub fn new(interests: &Interests) -> Judge {
        Judge {
            profile: Profile::read(&interests.profile),
            watch: interests.watch.iter().map(|name| Product::named(name)).collect(),
        }
    }

    /// The verdict on one item with its full text. The same input gives the same verdict.
    pub fn verdict(&self, item: &Item, text: &str, now: Timestamp) -> Verdict {
        let sight = Sight::of(item, text, &self.watch);
        let findings = rules::findings(&sight);
        let (relevance, matches) = self.profile.score(&sight);
        let prior = match item.trust {
            Trust::Official => 0.10,
            Trust::Expert => 0.05,
            Trust::Community => 0.0,
        };
        let mut level = match relevance + prior {
            score if score >= NOTABLE => Level::Notable,
            score if score >= ROUTINE => Level::Routine,
            _ => Level::Noise,
        };
        // What decided the level comes first, then how well it fits, then what only names its kind.
        let (decisive, naming): (Vec<&Finding>, Vec<&Finding>) = findings.iter().partition(|one| one.is_decisive());
        let mut why: Vec<Reason> = decisive.into_iter().map(Finding::reason).collect();
        why.push(Reason { by: "relevance".to_owned(), text: relevance::explain(relevance, &matches) });
        why.extend(naming.into_iter().map(Finding::reason));

        let floor = findings.iter().filter_map(|finding| finding.at_least).max();
        level = level.max(floor.unwrap_or(Level::Noise));
        let is_critical = level == Level::Critical;
        let mut ceiling = findings.iter().filter_map(|finding| finding.at_most).min().filter(|_| !is_critical);
        level = level.min(ceiling.unwrap_or(Level::Critical));
        let age = history(item);
        if let Some((highest, reason)) = age {
            if level > highest {
                why.push(Reason { by: "rule:history".to_owned(), text: reason.to_owned() });
            }
            level = level.min(highest);
            ceiling = Some(ceiling.map_or(highest, |ceiling| ceiling.min(highest)));
        }
        let old = age.is_some_and(|(ceiling, _)| ceiling < Level::Notable);
        Verdict {
            level,
            relevance,
            critical: if old { 0.0 } else { findings.iter().map(|finding| finding.critical).fold(0.0, f64::max) },
            category: findings.iter().filter_map(|finding| finding.category).min().unwrap_or(Category::Other),
            topics: item.topics.clone(),
            action: findings.iter().find_map(|finding| finding.action.clone()).filter(|_| !old),
            old,
            floor: floor.map(|floor| floor.min(level)),
            ceiling,
            why,
            at: now,
        }
    }

    /// The sentences or bullets that rules point at, at most `most`: a model reads them wherever in the text they stand.
    pub fn hits(&self, item: &Item, text: &str, most: usize) -> Vec<String> {
        rules::hits(&Sight::of(item, text, &self.watch), most)
    }

    /// An item as grouping sees it: its keys, and what is compared.
    pub fn teller(&self, item: &Item, text: &str) -> group::Teller {
        group::Teller::of(&Sight::of(item, text, &self.watch))
    }
}

/// The highest level that an item's age allows.
fn history(item: &Item) -> Option<(Level, &'static str)> {
    let age = item.published.map(|published| item.seen.duration_since(published));
    match age {
        Some(age) if age > NEWS => Some((Level::Routine, "published long before we first saw it")),
        None if item.baseline => Some((Level::Routine, "undated, and there when the source was first read")),
        _ if item.baseline => Some((Level::Notable, "there when the source was first read: no alert")),
        _ => None,
    }
}
