//! News of a known story: what a later member says that nobody said before.
//!
//! It reopens a story that is an alarm. It never raises a level, and it is believed only of makers and experts: a stranger
//! who adds an id to a story would else have it told again. Readers meet it so:
//! - in the next digest, as an update with its reason, if there is something new to do; else not at all;
//! - no second alert. An alert is told once for each story, and again for none: who was alerted knows the story and its link,
//!   and the digest puts the new version under "to do". A story that was told in a digest and becomes critical is alerted,
//!   since its level rose.

use crate::source::Trust;
use crate::story::{Member, Story};
use crate::verdict::{Category, Level};

/// What is new, in words; None if nothing is, or if it is nobody's to say.
pub fn of(story: &Story, member: &Member) -> Option<String> {
    let is_alarm = story.verdict.level == Level::Critical
        || story.verdict.category == Category::Security
        || story.members.iter().any(|known| known.leg);
    let sketch = member.sketch.as_ref()?;
    if !is_alarm || member.trust < Trust::Expert || story.members.iter().any(|known| known.item == member.item) {
        return None;
    }
    let known = || story.members.iter().filter_map(|member| member.sketch.as_ref());
    // Members of an older store don't say what they named; then nothing is known to be new.
    if known().count() < story.members.len() {
        return None;
    }
    let ids: Vec<&str> =
        sketch.ids.iter().filter(|id| !known().any(|known| known.ids.contains(id))).map(String::as_str).collect();
    let fixed = sketch.fixed.as_ref().filter(|fixed| !known().any(|known| known.fixed.as_ref() == Some(fixed)));
    let is_confirmed =
        member.trust == Trust::Official && story.members.iter().all(|known| known.trust < Trust::Official);
    let mut news = Vec::new();
    if is_confirmed {
        news.push("confirmed by the maker".to_owned());
    }
    if let Some(fixed) = fixed {
        news.push(format!("mended in {fixed}"));
    }
    if !ids.is_empty() {
        news.push(format!("now known as {}", ids.join(" and ")));
    }
    (!news.is_empty()).then(|| format!("new: {}", news.join(", ")))
}
