//! Fusion: what a model's opinion does to a story. It orders, it may lift, it never silences a rule.

use jiff::Timestamp;

use super::calibration::fused;
use super::credit::Credit;
use crate::opinion::{Measure, Opinion, Weighed};
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

/// What an opinion says, as far as its model is believed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Said {
    /// The probability that it is to be told, at once or in the digest.
    pub worth: f64,
    /// The probability that it cannot wait.
    pub critical: f64,
    pub weight: Weight,
}

/// From here on the odds lift a story into the digest: a model that is sure, since nobody has measured how often it is right.
const LIFTS: f64 = 0.7;
/// From here on the odds count as one of the two legs that an alert needs.
const MODEL_LEG: f64 = 0.7;
/// From here on the odds contradict what the rules say.
const CONTRADICTS: f64 = 0.7;
/// Weighs an opinion of the story's lead into the story, as far as its model is believed. The same opinion weighed twice
/// changes nothing more.
pub fn weigh_in(story: &mut Story, opinion: Opinion, input: String, credit: &Credit, now: Timestamp) {
    let Said { worth, critical, weight } = credit.says(&opinion);
    let score = fused(weight.share, worth, story.verdict.relevance);
    let disagreement = disagreement(story, worth, critical, &opinion.model);
    // A letter without its odds says nothing of how sure it is.
    let is_sure = opinion.measure != Measure::Letter;
    let overrules = weight.overrules && is_sure;
    let level = overrules.then_some(if score >= 0.5 { Level::Notable } else { Level::Routine });

    let ceiling = story.verdict.ceiling.unwrap_or(Level::Critical);
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
    let has_model_leg = is_sure && critical >= MODEL_LEG;
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
    // A second opinion on these words stays beside the first.
    let second = story.weighed.take().filter(|known| known.input == input).and_then(|known| known.second);
    story.weighed = Some(Weighed { opinion, input, score, level, disagreement, second });
}

/// Weighs what a model said of a story once more, after another voice has joined it.
pub fn weigh_again(story: &mut Story, credit: &Credit, now: Timestamp) {
    if let Some(weighed) = story.weighed.clone() {
        weigh_in(story, weighed.opinion, weighed.input, credit, now);
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
fn disagreement(story: &Story, worth: f64, critical: f64, model: &str) -> Option<String> {
    let verdict = &story.verdict;
    let alarm = verdict.alarm;
    let share = 1.0 - worth;
    if (alarm || verdict.floor >= Some(Level::Notable)) && share >= CONTRADICTS {
        return Some(format!(
            "rules say {}, {model} gives {share:.2} that it may be passed over",
            verdict.level.word()
        ));
    }
    if !alarm && critical >= CONTRADICTS {
        return Some(format!("{model} gives {critical:.2} that it cannot wait, no rule says so"));
    }
    None
}
