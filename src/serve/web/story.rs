//! A story: what it says, and why it was told or was not.

use axum::extract::{Extension, Path, State};
use axum::response::Response;
use serde::Serialize;

use super::page::{Frame, Trouble, When};
use super::visitor::Visitor;
use super::{Shared, Site};
use crate::flow::{Explanation, explain};
use crate::item::ItemId;
use crate::opinion::{Measure, Opinion};
use crate::verdict::Reason;

/// Letters of a text on the page; feeds of whole papers have more, and the page they link to has them all.
const MOST_TEXT: usize = 20_000;
/// Keys by which a member joined; the command line shows all.
const MOST_KEYS: usize = 3;
/// Sentences that became no lesson.
const MOST_PASSED: usize = 3;

pub(super) async fn item(
    State(site): Shared,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let path = format!("/items/{id}");
    show(&site, &visitor, id, path).await
}

pub(super) async fn story(
    State(site): Shared,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let path = format!("/stories/{id}");
    show(&site, &visitor, id, path).await
}

async fn show(site: &std::sync::Arc<Site>, visitor: &Visitor, id: String, path: String) -> Result<Response, Trouble> {
    if !is_id(&id) {
        return Err(Trouble::unknown("There is no such item or story"));
    }
    let found = site.look(move |site| look(site, &id)).await?;
    let mut told = found.ok_or_else(|| Trouble::unknown("There is no such item or story"))?;
    told.path = path;
    let title = told.title.clone();
    Frame { site, visitor, tab: "", title: &title }.page("story.html", &told)
}

/// `i-7k3m9q2xwd` or `s-7k3m9q2xwd`.
fn is_id(id: &str) -> bool {
    let name = id.strip_prefix("i-").or_else(|| id.strip_prefix("s-"));
    name.is_some_and(|name| (1..=32).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[derive(Debug, Serialize)]
struct Told {
    path: String,
    item: String,
    title: String,
    url: Option<String>,
    source: String,
    trust: &'static str,
    published: Option<When>,
    seen: Option<When>,
    text: String,
    is_cut: bool,
    /// None: it has not been weighed yet.
    weighed: Option<Weighed>,
}

#[derive(Debug, Serialize)]
struct Weighed {
    story: String,
    level: &'static str,
    own_level: &'static str,
    relevance: String,
    critical: String,
    action: Option<String>,
    is_old: bool,
    at: When,
    reasons: Vec<ReasonLine>,
    together: Vec<ReasonLine>,
    opinions: Vec<OpinionLine>,
    members: Vec<MemberLine>,
    rises: Vec<RiseLine>,
    told: Vec<ToldLine>,
    lessons: Vec<LessonLine>,
    passed: Vec<String>,
}

#[derive(Debug, Serialize)]
struct ReasonLine {
    text: String,
    by: String,
}

#[derive(Debug, Serialize)]
struct OpinionLine {
    model: String,
    at: When,
    odds: String,
    is_second: bool,
}

#[derive(Debug, Serialize)]
struct MemberLine {
    item: String,
    title: String,
    /// Source, trust, site, level, and what part it has in the story.
    facts: Vec<String>,
    by: String,
}

#[derive(Debug, Serialize)]
struct RiseLine {
    at: When,
    level: &'static str,
    news: Option<String>,
}

#[derive(Debug, Serialize)]
struct ToldLine {
    at: When,
    edition: String,
    channel: &'static str,
    letters: usize,
    sent: usize,
}

#[derive(Debug, Serialize)]
struct LessonLine {
    id: String,
    stage: &'static str,
    claim: String,
}

fn look(site: &Site, id: &str) -> anyhow::Result<Option<Told>> {
    let explained = explain(site.home(), id)?;
    let item = match &explained {
        Some(explanation) => explanation.why.item.0.as_str(),
        None if id.starts_with("i-") => id,
        None => return Ok(None),
    };
    let shown = site.shelf.library().and_then(|library| library.show(&ItemId(item.to_owned())));
    let (card, text) = match (shown, &explained) {
        (Ok(Some((card, text))), _) => (Some(card), text),
        // The index is away, and what was written down of the judgement is not.
        (Ok(None) | Err(_), Some(_)) => (None, String::new()),
        (Ok(None), None) => return Ok(None),
        (Err(error), None) => return Err(error),
    };
    let why = explained.as_ref().map(|explanation| &explanation.why);
    let title = why.map(|why| why.title.clone()).or_else(|| card.as_ref().map(|card| card.title.clone()));
    let url = why.and_then(|why| why.url.clone()).or_else(|| card.as_ref().and_then(|card| card.url.clone()));
    let source = why.map(|why| why.source.clone()).or_else(|| card.as_ref().map(|card| card.source.clone()));
    let trust = why.map(|why| why.trust).or_else(|| card.as_ref().map(|card| card.trust));
    let cut = text.char_indices().nth(MOST_TEXT).map(|(at, _)| at);
    Ok(Some(Told {
        path: String::new(),
        item: item.to_owned(),
        title: title.filter(|title| !title.trim().is_empty()).unwrap_or_else(|| "(no title)".to_owned()),
        url: url.map(String::from),
        source: source.unwrap_or_default(),
        trust: trust.map_or("", |trust| trust.word()),
        published: why.and_then(|why| why.published).map(|at| site.when(at)),
        seen: why.map(|why| why.seen).or_else(|| card.as_ref().map(|card| card.seen)).map(|at| site.when(at)),
        text: text[..cut.unwrap_or(text.len())].trim().to_owned(),
        is_cut: cut.is_some(),
        weighed: explained.map(|explanation| weighed(site, explanation)),
    }))
}

fn weighed(site: &Site, explanation: Explanation) -> Weighed {
    let why = &explanation.why;
    let reason = |reason: &Reason| ReasonLine { text: reason.text.clone(), by: reason.by.replace("rule:", "rule ") };
    let opinion = |opinion: &Opinion, is_second| OpinionLine {
        model: opinion.model.clone(),
        at: site.when(opinion.at),
        odds: odds(opinion),
        is_second,
    };
    let first = why.opinion.iter().map(|one| opinion(one, false));
    let members = explanation.members.iter().enumerate().map(|(place, member)| {
        let mut facts = vec![member.source.clone(), member.trust.word().to_owned()];
        facts.extend(Some(member.site.clone()).filter(|site| !site.is_empty()));
        facts.push(member.level.word().to_owned());
        facts.extend(member.leg.then(|| "raises an alarm".to_owned()));
        facts.extend(member.lead.then(|| "speaks for the story".to_owned()));
        let keys: Vec<String> = member.by.iter().take(MOST_KEYS).map(|key| key.replacen(':', " ", 1)).collect();
        let by = match (keys.is_empty(), place) {
            (true, 0) => "founded the story".to_owned(),
            (true, _) => "shares no key with a member before it".to_owned(),
            (false, _) => format!("joined by {}", keys.join(", ")),
        };
        let title = if member.title.is_empty() { "(no title kept)".to_owned() } else { member.title.clone() };
        MemberLine { item: member.item.to_string(), title, facts, by }
    });
    Weighed {
        story: why.story.to_string(),
        level: explanation.story_level.word(),
        own_level: why.verdict.level.word(),
        relevance: format!("{:.2}", why.verdict.relevance),
        critical: format!("{:.2}", why.verdict.critical),
        action: why.verdict.action.clone(),
        is_old: why.verdict.old,
        at: site.when(why.verdict.at),
        reasons: why.verdict.why.iter().map(reason).collect(),
        together: explanation.story_why.iter().map(reason).collect(),
        opinions: first.chain(why.second.iter().map(|one| opinion(one, true))).collect(),
        members: members.collect(),
        rises: explanation
            .rises
            .iter()
            .map(|rise| RiseLine { at: site.when(rise.at), level: rise.level.word(), news: rise.news.clone() })
            .collect(),
        told: explanation
            .told
            .iter()
            .map(|told| ToldLine {
                at: site.when(told.at),
                edition: told.edition.clone(),
                channel: told.channel.word(),
                letters: told.letters,
                sent: told.sent,
            })
            .collect(),
        lessons: explanation
            .lessons
            .iter()
            .map(|one| LessonLine { id: one.id.to_string(), stage: one.stage.word(), claim: one.claim.clone() })
            .collect(),
        passed: explanation.no_lessons.iter().take(MOST_PASSED).cloned().collect(),
    }
}

fn odds(opinion: &Opinion) -> String {
    let odds = &opinion.odds;
    let measure = match opinion.measure {
        Measure::Whole => "its exact probabilities",
        Measure::Partial => "from the most probable words that its server shows",
        Measure::Letter => "its answer alone: the server shows no probabilities",
    };
    format!(
        "critical {:.2}, notable {:.2}, routine {:.2}, noise {:.2} ({measure})",
        odds.critical, odds.notable, odds.routine, odds.noise
    )
}
