//! Fusion: what a model's opinion does to a story. It orders, it may lift, it never silences a rule.

use jiff::Timestamp;

use crate::opinion::{Measure, Odds, Opinion, Weighed};
use crate::source::Trust;
use crate::story::{Rise, Story};
use crate::verdict::{Level, Reason};

/// How far a model is trusted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weight {
    /// Of the model against relevance, in logits, 0 to 1.
    pub share: f64,
    /// It showed on labelled items that it ranks better, beyond the error: it may pass over what no rule holds up.
    pub overrules: bool,
}

impl Default for Weight {
    /// Until a lab has measured it, a model counts as much as relevance does.
    fn default() -> Weight {
        Weight { share: 0.5, overrules: false }
    }
}

/// From here on the odds lift a story into the digest: a model that is sure, since nobody has measured how often it is right.
const LIFTS: f64 = 0.7;
/// From here on the odds count as one of the two legs that an alert needs.
const MODEL_LEG: f64 = 0.7;
/// From here on the odds contradict what the rules say.
const CONTRADICTS: f64 = 0.7;
/// A probability of 0 or 1 would outweigh everything else.
const EDGE: f64 = 0.001;

/// Weighs an opinion of the story's lead into the story. The same opinion weighed twice changes nothing more.
pub fn weigh_in(story: &mut Story, opinion: Opinion, input: String, weight: Weight, now: Timestamp) {
    let odds = opinion.odds;
    let worth = odds.critical + odds.notable;
    let score = mixed(worth, story.verdict.relevance, weight.share);
    let disagreement = disagreement(story, odds, &opinion.model);
    let level = weight.overrules.then_some(if score >= 0.5 { Level::Notable } else { Level::Routine });

    let ceiling = story.verdict.ceiling.unwrap_or(Level::Critical);
    // A letter without its odds says nothing of how sure it is.
    let is_sure = opinion.measure != Measure::Letter;
    if is_sure && worth >= LIFTS && story.verdict.level < Level::Notable && ceiling >= Level::Notable {
        rise(
            story,
            Level::Notable,
            now,
            Reason {
                by: format!("model:{}", opinion.model),
                text: format!("{} gives it {worth:.2} to belong in the digest", opinion.model),
            },
        );
    }
    let has_model_leg = is_sure && odds.critical >= MODEL_LEG;
    if has_model_leg && story.verdict.level < Level::Critical && ceiling == Level::Critical && has_second_leg(story) {
        rise(
            story,
            Level::Critical,
            now,
            Reason {
                by: "rule:two-legs".to_owned(),
                text: format!("a rule or a second site, and {}, say that it cannot wait", opinion.model),
            },
        );
    }
    story.weighed = Some(Weighed { opinion, input, score, level, disagreement });
}

/// Weighs what a model said of a story once more, after another voice has joined it.
pub fn weigh_again(story: &mut Story, weight: Weight, now: Timestamp) {
    if let Some(weighed) = story.weighed.take() {
        weigh_in(story, weighed.opinion, weighed.input, weight, now);
    }
}

/// Besides the model, a rule or a second site raises the alarm, and who tells it is official or expert.
fn has_second_leg(story: &Story) -> bool {
    let known = story.members.iter().any(|member| member.trust >= Trust::Expert);
    let by_rule = story.members.iter().any(|member| member.leg && member.trust >= Trust::Expert);
    let mut sites: Vec<&str> =
        story.members.iter().map(|member| member.site.as_str()).filter(|site| !site.is_empty()).collect();
    sites.sort_unstable();
    sites.dedup();
    by_rule || (known && sites.len() >= 2)
}

fn rise(story: &mut Story, level: Level, now: Timestamp, reason: Reason) {
    story.verdict.level = level;
    story.verdict.why.insert(0, reason);
    if story.rises.iter().all(|rise| rise.level < level) {
        story.rises.push(Rise::to(level, now));
    }
}

/// What the two say where they are far apart.
fn disagreement(story: &Story, odds: Odds, model: &str) -> Option<String> {
    let verdict = &story.verdict;
    let alarm = verdict.alarm;
    if (alarm || verdict.floor >= Some(Level::Notable)) && odds.noise + odds.routine >= CONTRADICTS {
        let share = odds.noise + odds.routine;
        return Some(format!(
            "rules say {}, {model} gives {share:.2} that it may be passed over",
            verdict.level.word()
        ));
    }
    if !alarm && odds.critical >= CONTRADICTS {
        return Some(format!("{model} gives {:.2} that it cannot wait, no rule says so", odds.critical));
    }
    None
}

/// Two probabilities, mixed as logits.
fn mixed(model: f64, relevance: f64, share: f64) -> f64 {
    let logit = |p: f64| {
        let p = p.clamp(EDGE, 1.0 - EDGE);
        (p / (1.0 - p)).ln()
    };
    1.0 / (1.0 + (-(share * logit(model) + (1.0 - share) * logit(relevance))).exp())
}
