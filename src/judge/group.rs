//! Grouping: which items tell the same story, and what the story is worth.

use jiff::Timestamp;

use crate::item::Item;
use crate::source::Trust;
use crate::story::{Member, Rise, Story, StoryId};
use crate::verdict::{Level, Reason, Verdict};

use super::product::version_in;
use super::rules::{Sight, advisory_ids};

/// A text that names more advisories than this is a roundup, and none of them is its story.
const ADVISORIES: usize = 2;

/// The keys of an item's story, most telling first: advisory ids, the release of a watched product, the address. Two items
/// that share a key tell one story. The form is kept in the store: `advisory:GHSA-…`, `release:<product>:<version>`,
/// `url:<host><path>`.
pub fn keys(sight: &Sight<'_>) -> Vec<String> {
    let mut keys = Vec::new();
    let in_title = advisory_ids(&sight.item.title, ADVISORIES + 1);
    let advisories = if in_title.is_empty() { advisory_ids(sight.text, ADVISORIES + 1) } else { in_title };
    if advisories.len() <= ADVISORIES {
        keys.extend(advisories.into_iter().map(|id| format!("advisory:{id}")));
    }
    if sight.about_product
        && let Some(product) = sight.product
        && let Some(version) = version_in(&sight.item.title)
    {
        keys.push(format!("release:{}:{version}", product.name.to_lowercase()));
    }
    // A site's front page is everybody's address.
    if let Some(link) = &sight.item.link
        && (link.path().len() > 1 || link.query().is_some())
    {
        let host = link.host_str().unwrap_or_default();
        let host = host.strip_prefix("www.").unwrap_or(host);
        let mut key = format!("url:{host}{}", link.path().trim_end_matches('/'));
        for (mark, part) in [('?', link.query()), ('#', link.fragment())] {
            if let Some(part) = part {
                key.push(mark);
                key.push_str(part);
            }
        }
        keys.push(key);
    }
    keys
}

/// Of the stories that share a key with the item, the one it belongs to: the oldest that has no other item of the same
/// source. What one source tells apart are two stories, whatever their keys.
pub fn belongs_to(item: &Item, candidates: Vec<Story>) -> Option<Story> {
    let told_apart =
        |story: &Story| story.members.iter().any(|member| member.source == item.source && member.item != item.id);
    candidates.into_iter().filter(|story| !told_apart(story)).min_by(|one, other| {
        let age = |story: &Story| story.rises.first().map_or(story.verdict.at, |rise| rise.at);
        age(one).cmp(&age(other)).then_with(|| one.id.cmp(&other.id))
    })
}

/// The story with this item in it: a new one, or an old one with one more voice or a changed verdict.
pub fn join(story: Option<Story>, item: &Item, verdict: &Verdict, now: Timestamp) -> Story {
    let member = Member::of(item, verdict);
    let Some(mut story) = story else {
        let rises = vec![Rise { at: now, level: verdict.level }];
        let (id, lead) = (StoryId::founded_by(&item.id), item.id.clone());
        return Story { id, members: vec![member], lead, verdict: verdict.clone(), rises, weighed: None };
    };
    match story.members.iter_mut().find(|known| known.item == member.item) {
        Some(known) => *known = member,
        None => story.members.push(member),
    }
    // The first of the best: `max_by_key` would give the last.
    if let Some(best) = story.members.iter().rev().max_by_key(|member| (member.trust, !member.bare)) {
        story.lead = best.item.clone();
    }
    if verdict.level > story.verdict.level
        || (verdict.level == story.verdict.level && verdict.critical > story.verdict.critical)
    {
        let action = verdict.action.clone().or(story.verdict.action.take());
        story.verdict = Verdict { action, ..verdict.clone() };
    }
    if story.verdict.level < Level::Critical && has_two_legs(&story) && !item.baseline {
        story.verdict.level = Level::Critical;
        story.verdict.why.insert(
            0,
            Reason {
                by: "rule:two-legs".to_owned(),
                text: "told by two sites, one of them known to be right".to_owned(),
            },
        );
    }
    if story.rises.iter().all(|rise| rise.level < story.verdict.level) {
        story.rises.push(Rise { at: now, level: story.verdict.level });
    }
    story
}

/// Two sites raise the same alarm, and one of them is official or expert.
fn has_two_legs(story: &Story) -> bool {
    let legs = || story.members.iter().filter(|member| member.leg && !member.site.is_empty());
    let known = legs().any(|leg| leg.trust >= Trust::Expert);
    let sites = legs().map(|leg| &leg.site).collect::<std::collections::BTreeSet<_>>();
    known && sites.len() >= 2
}
