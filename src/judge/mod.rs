//! Judging says what matters and why. It knows no store, no network and no time but the one it is given.
//!
//! A text is made ready (one writing, the points of a list one by one); rules look at it and explain themselves; relevance
//! weighs what they found, the lab's interests and the words into two probabilities: that the lab wants to read it, and that
//! it can't wait. No text raises its own level: words that ask for attention have no rule that listens to them, and an alert
//! needs a maker's advisory or two legs.

pub mod eval;
pub mod group;
pub mod model;
pub mod screening;
pub mod calibration;
mod canary;
pub mod credit;
pub mod fusion;
pub mod budget;
mod answer;
pub mod grounding;
pub mod extraction;
pub mod facts;
pub mod editorial;
pub mod trends;
mod product;
mod ready;
mod sight;
mod rules;
mod relevance;
mod words;

use jiff::{SignedDuration, Timestamp};

use crate::config::Interests;
use crate::item::Item;
use crate::thumb::Thumb;
use crate::verdict::{Category, Level, Reason, Verdict};

use product::Product;
use relevance::{Head, Part, Profile, Weights, probability};
use rules::{Finding, Sight};

pub use rules::check_examples;

/// From this probability an item belongs in the digest; about half of what is told at the border is wanted.
const NOTABLE: f64 = 0.5;
/// Below this nothing speaks for an item.
const ROUTINE: f64 = 0.12;
/// What was published longer than this before we first saw it is history: searchable, not news.
const NEWS: SignedDuration = SignedDuration::from_hours(24 * 14);
/// Pieces of one text that are looked at for what rules point at; a changelog has a tenth of it.
const MOST_PIECES: usize = 400;
/// A maker's advisory on a watched product is as sure as anything here.
const SURE: f64 = 0.97;

/// Everything a verdict needs besides the item: made once from `[interests]`.
#[derive(Clone)]
pub struct Judge {
    profile: Profile,
    watch: Vec<Product>,
    weights: Weights,
}

impl Judge {
    pub fn new(interests: &Interests) -> Judge {
        Judge {
            profile: Profile::read(&interests.profile),
            watch: interests.watch.iter().map(|name| Product::named(name)).collect(),
            weights: Weights::shipped(),
        }
    }

    /// The same judge with the lab's thumbs counted. A few change little; of several on one item the last counts.
    #[must_use]
    pub fn taught(mut self, thumbs: &[Thumb]) -> Judge {
        let is_last = |at: usize| thumbs[at + 1..].iter().all(|later| later.item.id != thumbs[at].item.id);
        let counted: Vec<(Vec<Part>, bool)> = thumbs
            .iter()
            .enumerate()
            .filter(|(at, _)| is_last(*at))
            .map(|(_, thumb)| (self.parts(&thumb.item, &thumb.text), thumb.up))
            .collect();
        self.weights.learn(&counted);
        self
    }

    /// The same judge with other weights.
    fn with_weights(&self, weights: Weights) -> Judge {
        Judge { weights, ..self.clone() }
    }

    /// The verdict on one item with its full text. The same input gives the same verdict.
    pub fn verdict(&self, item: &Item, text: &str, now: Timestamp) -> Verdict {
        self.verdict_on(&Sight::of(item, text, &self.watch), now)
    }

    /// The verdict on one item, and the item as grouping sees it; the text is made ready once for both.
    pub fn weigh(&self, item: &Item, text: &str, now: Timestamp) -> (Verdict, group::Teller) {
        let sight = Sight::of(item, text, &self.watch);
        (self.verdict_on(&sight, now), group::Teller::of(&sight))
    }

    fn verdict_on(&self, sight: &Sight<'_>, now: Timestamp) -> Verdict {
        let item = sight.item;
        let findings = rules::findings(sight);
        let fit = self.profile.score(sight);
        let parts = relevance::parts(sight, &fit, &findings);
        let relevance = probability(self.weights.odds(&parts, Head::Relevant));
        let mut level = match relevance {
            score if score >= NOTABLE => Level::Notable,
            score if score >= ROUTINE => Level::Routine,
            _ => Level::Noise,
        };
        // What decided the level comes first, then how well it fits, then what only names its kind.
        let (decisive, naming): (Vec<&Finding>, Vec<&Finding>) = findings.iter().partition(|one| one.is_decisive());
        let mut why: Vec<Reason> = decisive.into_iter().map(Finding::reason).collect();
        why.push(Reason { by: "relevance".to_owned(), text: relevance::explain(relevance, &fit.matches) });
        why.extend(naming.into_iter().map(Finding::reason));

        let alarm = findings.iter().any(|finding| finding.alarm);
        let floor = findings.iter().filter_map(|finding| finding.at_least).max();
        level = level.max(floor.unwrap_or(Level::Noise));
        let is_critical = level == Level::Critical;
        // No words silence an alarm: who adds "sponsored" to an advisory has not taken it back.
        let least = if alarm { Level::Routine } else { Level::Noise };
        let lowest = findings.iter().filter_map(|finding| finding.at_most).min().filter(|_| !is_critical);
        let mut ceiling = lowest.map(|ceiling| ceiling.max(least));
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
        let critical = probability(self.weights.odds(&parts, Head::Critical));
        let critical = if is_critical { critical.max(SURE) } else { critical };
        Verdict {
            level,
            relevance,
            critical: if old { 0.0 } else { critical },
            alarm: alarm && !old,
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
        let whole = Sight::of(item, text, &self.watch);
        let pieces: Vec<&str> = match &whole.ready.points[..] {
            [] => text.split_inclusive(['.', '\n']).map(str::trim).filter(|piece| !piece.is_empty()).collect(),
            points => points.iter().map(String::as_str).collect(),
        };
        let untitled = Item { title: String::new(), ..item.clone() };
        let points_at = |piece: &&str| {
            let sight = Sight::of(&untitled, piece, &self.watch);
            rules::findings(&sight).iter().any(Finding::is_decisive)
        };
        pieces.into_iter().take(MOST_PIECES).filter(points_at).take(most).map(str::to_owned).collect()
    }

    /// An item as grouping sees it: its keys, and what is compared.
    pub fn teller(&self, item: &Item, text: &str) -> group::Teller {
        group::Teller::of(&Sight::of(item, text, &self.watch))
    }

    /// What each part of an item adds to the log-odds that it is wanted, and that it can't wait; the heaviest first.
    pub fn shares(&self, item: &Item, text: &str) -> Vec<(String, [f64; 2])> {
        let parts = self.parts(item, text);
        self.weights.shares(&parts).into_iter().map(|(name, share)| (name.to_owned(), share)).collect()
    }

    fn parts(&self, item: &Item, text: &str) -> Vec<Part> {
        let sight = Sight::of(item, text, &self.watch);
        relevance::parts(&sight, &self.profile.score(&sight), &rules::findings(&sight))
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
