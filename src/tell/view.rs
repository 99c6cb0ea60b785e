//! What the templates see: every date, number and foreign text already fit to print.

use std::collections::HashSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use url::Url;

use crate::edition::{
    Action, Alert, Also, Digest, Editorial, HeldBack, Retired, Rollup, Section, Sentence, Sessions, SkillUpdate,
    Telling, Trouble,
};
use crate::guard::text::one_line;
use crate::story::StoryId;
use crate::stream::Stream;
use crate::tell::digest::{ACTION, EXCERPT, TITLE, VERSIONS, words};
use crate::tell::subject;
use crate::tell::words::clip;
use crate::verdict::{Category, Level};

/// Names of sources, sections and weeks; longer ones would break the line they stand on.
pub(super) const NAME: usize = 80;
/// Reasons and faults: one line or two on a phone.
const REMARK: usize = 160;
/// What a mail program shows beside the subject; longer is cut by it.
pub(super) const PREHEADER: usize = 110;
/// Others that tell the same story, by name; the rest are counted.
const MOST_ALSO: usize = 5;
/// Sources whose share was full, by name.
const MOST_HELD: usize = 3;
/// Of an editorial; a digest that was written by hand may have more.
const MOST_PARAGRAPHS: usize = 5;
/// Advice that is taken back, in one digest.
const MOST_RETIRED: usize = 5;
/// Claims of a merged request that are shown; as many come in in a week.
const MOST_ADVICE: usize = 5;
/// Ids of advisories beside a story.
const MOST_IDS: usize = 3;
/// A sum over fewer people would tell of one of them.
const LEAST_PEOPLE: u64 = 5;
/// Words a minute, the slow end of silent reading.
pub(super) const READING_SPEED: usize = 200;

/// How long an address may be to become a link: what is longer is told without one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Links {
    /// Up to 1,000 characters; ordinary addresses have fewer than 200.
    Long,
    /// Up to 200 characters, for a page that would else grow beyond what mail programs show.
    Short,
}

/// A digest, ready for a template.
#[derive(Debug, Serialize)]
pub struct DigestView {
    pub subject: String,
    pub headline: String,
    pub preheader: String,
    pub week: String,
    /// "16 to 23 Nov 2026"
    pub period: String,
    pub zone: String,
    pub minutes: usize,
    pub actions: Vec<ActionView>,
    pub sections: Vec<SectionView>,
    pub read: String,
    pub told: String,
    pub left_out: u64,
    /// "37 more from X, 2 more from Y"; empty where no source had more than its share.
    pub held_back: String,
    pub sources: String,
    pub sources_failing: u64,
    pub set_aside: u64,
    pub troubles: Vec<TroubleView>,
    pub ranked: String,
    pub ranked_by: String,
    pub editorial: Option<EditorialView>,
    /// What the lab's own sessions show, a line each; numbers and our words only.
    pub sessions: Vec<String>,
    pub skill: Option<SkillView>,
    pub retired: Vec<RetiredView>,
    pub remarks: Vec<String>,
    /// "evals and policy": whose stories come first in this copy; empty in the one for everybody.
    pub streams: String,
}

#[derive(Debug, Serialize)]
pub struct SkillView {
    pub version: String,
    pub url: Option<String>,
    pub advice: Vec<Vec<Piece>>,
    /// How many more came in than are shown.
    pub more: usize,
    pub commands: Vec<String>,
}

#[derive(Debug, Serialize)]
pub struct RetiredView {
    pub advice: String,
    pub why: String,
    pub url: Option<String>,
    pub source: String,
}

/// The week in short.
#[derive(Debug, Serialize)]
pub struct EditorialView {
    pub model: String,
    pub paragraphs: Vec<Vec<SentenceView>>,
}

#[derive(Debug, Serialize)]
pub struct SentenceView {
    pub text: String,
    /// The stories it rests on, by the names of their sources.
    pub stories: Vec<AlsoView>,
}

#[derive(Debug, Serialize)]
pub struct AlertView {
    pub subject: String,
    pub preheader: String,
    /// "21 Nov 2026, 09:05"
    pub at: String,
    pub zone: String,
    pub story: StoryView,
}

#[derive(Debug, Serialize)]
pub struct RollupView {
    pub subject: String,
    pub headline: String,
    pub preheader: String,
    /// "21 Nov 2026"
    pub date: String,
    pub zone: String,
    pub stories: Vec<StoryView>,
    /// How many more there were than are shown.
    pub more: usize,
}

#[derive(Debug, Serialize)]
pub struct ActionView {
    /// Of the story that says so; empty where it is none of ours.
    pub id: String,
    pub what: Vec<Piece>,
    pub title: String,
    pub url: Option<String>,
    pub source: String,
    pub reason: String,
    /// To be copied whole.
    pub command: String,
    pub applies_to: String,
}

#[derive(Debug, Serialize)]
pub struct SectionView {
    pub title: String,
    pub stories: Vec<StoryView>,
}

#[derive(Debug, Serialize)]
pub struct StoryView {
    /// `s-7k3m9q2xwd`; empty where it is none of ours.
    pub id: String,
    pub title: String,
    pub url: Option<String>,
    pub source: String,
    pub trust: String,
    pub date: String,
    pub excerpt: String,
    pub critical: bool,
    pub update: bool,
    /// "Affected: < 4.12.3 · fixed in 4.12.3 · GHSA-…", of what breaks or endangers.
    pub versions: String,
    /// Empty when there is nothing to do, or when it stands at the top already.
    pub action: Vec<Piece>,
    pub why: String,
    pub also: Vec<AlsoView>,
    pub also_more: usize,
}

#[derive(Debug, Serialize)]
pub struct AlsoView {
    pub source: String,
    pub url: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct TroubleView {
    pub source: String,
    pub message: String,
    /// Empty: it never answered.
    pub last_good: String,
}

/// A stretch of an action: prose, or a command to be typed as it stands (written between back quotes).
#[derive(Debug, Serialize)]
pub struct Piece {
    pub code: bool,
    pub text: String,
}

pub(super) fn digest(digest: &Digest, streams: &[Stream], links: Links) -> DigestView {
    let zone = zone(&digest.zone);
    let topmost: Vec<&StoryId> = digest.actions.iter().map(|action| &action.story).collect();
    DigestView {
        subject: subject::digest(digest),
        headline: subject::headline(digest),
        preheader: digest_preheader(digest),
        week: clip(&digest.week, NAME),
        period: period(digest.from, digest.to, &zone),
        zone: name(&zone),
        minutes: words(digest).div_ceil(READING_SPEED).max(1),
        actions: digest.actions.iter().map(|one| action(one, links)).collect(),
        sections: digest.sections.iter().map(|one| section(one, &topmost, &zone, links)).collect(),
        read: thousands(digest.counts.read),
        told: thousands(digest.counts.told),
        left_out: digest.left_out,
        held_back: held_back(&digest.held_back),
        sources: thousands(digest.counts.sources),
        sources_failing: digest.counts.sources_failing,
        set_aside: digest.counts.set_aside,
        troubles: digest.troubles.iter().map(|one| trouble(one, &zone)).collect(),
        ranked: clip(&digest.ranked, REMARK),
        ranked_by: clip(&digest.ranked_by, 2 * REMARK),
        editorial: digest.editorial.as_ref().and_then(|editorial| editorial_view(editorial, digest, links)),
        sessions: digest.sessions.iter().flat_map(sessions).collect(),
        skill: digest.skill.as_ref().map(|update| skill(update, links)),
        retired: digest.retired.iter().take(MOST_RETIRED).map(|one| retired(one, links)).collect(),
        remarks: digest.remarks.iter().map(|remark| clip(remark, REMARK)).collect(),
        streams: listed(&streams.iter().map(|stream| stream.word()).collect::<Vec<_>>()),
    }
}

/// "a", "a and b", "a, b and c".
fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn sessions(sessions: &Sessions) -> Vec<String> {
    if sessions.people < LEAST_PEOPLE {
        return Vec::new();
    }
    vec![
        format!("{} sessions of {} people.", thousands(sessions.sessions), thousands(sessions.people)),
        format!(
            "{} calls of tools, {} of them failed.",
            thousands(sessions.tool_calls),
            thousands(sessions.tool_failures)
        ),
    ]
}

fn skill(update: &SkillUpdate, links: Links) -> SkillView {
    SkillView {
        version: clip(&update.version, NAME),
        url: link(update.url.as_ref(), links),
        advice: update.advice.iter().take(MOST_ADVICE).map(|claim| pieces(claim)).collect(),
        more: update.advice.len().saturating_sub(MOST_ADVICE),
        commands: update.commands.iter().map(|command| clip(command, ACTION)).collect(),
    }
}

fn retired(retired: &Retired, links: Links) -> RetiredView {
    RetiredView {
        advice: clip(&retired.advice, TITLE),
        why: clip(&retired.why, EXCERPT),
        url: link(retired.url.as_ref(), links),
        source: clip(&retired.source, NAME),
    }
}

/// Versions and ids of what breaks or endangers; empty where its words name none.
fn versions(telling: &Telling) -> String {
    if !matches!(telling.category, Category::Security | Category::Breaking) {
        return String::new();
    }
    let facts = &telling.facts;
    let affected = facts.affected.as_ref().map(|affected| format!("Affected: {}", clip(affected, VERSIONS)));
    let fixed = facts.fixed.as_ref().map(|fixed| format!("Fixed in: {}", clip(fixed, VERSIONS)));
    let ids = facts.advisories.iter().take(MOST_IDS).map(|id| clip(id, VERSIONS));
    affected.into_iter().chain(fixed).chain(ids).collect::<Vec<_>>().join(" · ")
}

pub(super) fn alert(alert: &Alert, links: Links) -> AlertView {
    let zone = zone(&alert.zone);
    let telling = &alert.telling;
    let source = clip(&telling.source, NAME);
    let preheader = match &telling.action {
        Some(action) => format!("{} Told by {source}, {}.", one_line(action).replace('`', ""), telling.trust.word()),
        None => format!("Told by {source}, {}. {}", telling.trust.word(), telling.excerpt),
    };
    AlertView {
        subject: subject::alert(alert),
        preheader: clip(&preheader, PREHEADER),
        at: alert.at.to_zoned(zone.clone()).strftime("%-d %b %Y, %H:%M").to_string(),
        zone: name(&zone),
        story: story(telling, &[], &zone, links),
    }
}

pub(super) fn rollup(rollup: &Rollup, links: Links) -> RollupView {
    let zone = zone(&rollup.zone);
    let sources: Vec<String> = rollup.stories.iter().map(|telling| clip(&telling.source, NAME)).collect();
    RollupView {
        subject: subject::rollup(rollup),
        headline: subject::rollup_headline(rollup),
        preheader: clip(&format!("Beyond the day's alerts. Told by {}.", sources.join(", ")), PREHEADER),
        date: rollup.date.strftime("%-d %b %Y").to_string(),
        zone: name(&zone),
        stories: rollup.stories.iter().map(|telling| story(telling, &[], &zone, links)).collect(),
        more: rollup.told.len().saturating_sub(rollup.stories.len()),
    }
}

/// The three sources that had the most beyond their share; digest.json has them all.
fn held_back(held: &[HeldBack]) -> String {
    let named: Vec<String> = held
        .iter()
        .take(MOST_HELD)
        .map(|held| format!("{} more from {}", thousands(held.stories), clip(&held.source, NAME)))
        .collect();
    named.join(", ")
}

/// The sentences whose stories are told here; a sentence that lost all of them is not shown.
fn editorial_view(editorial: &Editorial, digest: &Digest, links: Links) -> Option<EditorialView> {
    let told: Vec<&Telling> = digest.sections.iter().flat_map(|section| &section.stories).collect();
    let sentence = |sentence: &Sentence| {
        let stories = sentence.stories.iter().filter_map(|id| told.iter().find(|telling| telling.story == *id));
        let stories: Vec<AlsoView> = stories
            .take(MOST_ALSO)
            .map(|telling| AlsoView { source: clip(&telling.source, NAME), url: link(telling.url.as_ref(), links) })
            .collect();
        (!stories.is_empty()).then(|| SentenceView { text: clip(&sentence.text, EXCERPT), stories })
    };
    let paragraphs = editorial.paragraphs.iter().take(MOST_PARAGRAPHS);
    let paragraphs: Vec<Vec<SentenceView>> = paragraphs
        .map(|sentences| sentences.iter().filter_map(sentence).collect())
        .filter(|sentences: &Vec<SentenceView>| !sentences.is_empty())
        .collect();
    (!paragraphs.is_empty()).then(|| EditorialView { model: clip(&editorial.model, NAME), paragraphs })
}

fn section(section: &Section, topmost: &[&StoryId], zone: &TimeZone, links: Links) -> SectionView {
    SectionView {
        title: clip(&section.title, NAME),
        stories: section.stories.iter().map(|telling| story(telling, topmost, zone, links)).collect(),
    }
}

fn story(telling: &Telling, topmost: &[&StoryId], zone: &TimeZone, links: Links) -> StoryView {
    let routine = telling.level <= Level::Routine;
    let others = others(telling);
    let shown = telling.action.as_deref().filter(|_| !topmost.contains(&&telling.story));
    StoryView {
        id: own_id(&telling.story),
        title: title(telling),
        url: link(telling.url.as_ref(), links),
        source: clip(&telling.source, NAME),
        trust: match telling.unverified {
            true => format!("{}, unverified", telling.trust.word()),
            false => telling.trust.word().to_owned(),
        },
        date: date(telling.at, zone),
        excerpt: if routine { String::new() } else { clip(&telling.excerpt, EXCERPT) },
        critical: telling.level == Level::Critical,
        update: telling.update,
        versions: versions(telling),
        action: shown.map(pieces).unwrap_or_default(),
        why: match telling.why.first() {
            Some(reason) if !routine => clip(&reason.text, REMARK),
            _ => String::new(),
        },
        also: others.iter().take(MOST_ALSO).map(|one| also(one, links)).collect(),
        also_more: others.len().saturating_sub(MOST_ALSO),
    }
}

/// The other sources that tell it, each once, however many of its items do.
fn others(telling: &Telling) -> Vec<&Also> {
    let mut seen = HashSet::from([telling.source.as_str()]);
    telling.also.iter().filter(|also| seen.insert(&also.source)).collect()
}

/// A story is never nameless: without a title it is known by its source.
fn title(telling: &Telling) -> String {
    let title = clip(&telling.title, TITLE);
    if title.is_empty() { format!("Untitled, from {}", clip(&telling.source, NAME)) } else { title }
}

fn action(action: &Action, links: Links) -> ActionView {
    ActionView {
        id: own_id(&action.story),
        what: pieces(&action.what),
        title: clip(&action.why, TITLE),
        url: link(action.url.as_ref(), links),
        source: clip(&action.source, NAME),
        reason: clip(&action.reason, REMARK),
        command: action.command.as_deref().map(|command| clip(command, ACTION)).unwrap_or_default(),
        applies_to: clip(&action.applies_to, REMARK),
    }
}

fn also(also: &Also, links: Links) -> AlsoView {
    AlsoView { source: clip(&also.source, NAME), url: link(also.url.as_ref(), links) }
}

fn trouble(trouble: &Trouble, zone: &TimeZone) -> TroubleView {
    TroubleView {
        source: clip(&trouble.source, NAME),
        message: clip(&trouble.message, REMARK),
        last_good: trouble.last_good.map(|at| date(at, zone)).unwrap_or_default(),
    }
}

/// Every odd piece between back quotes is a command; an unclosed quote is only a mark.
fn pieces(text: &str) -> Vec<Piece> {
    let line = clip(text, ACTION);
    let parts: Vec<&str> = line.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return vec![Piece { code: false, text: line.replace('`', "'") }];
    }
    let pieces = parts.iter().enumerate().map(|(place, part)| Piece { code: place % 2 == 1, text: (*part).to_owned() });
    // A full stop after a command would stand alone; it is part of neither.
    pieces.filter(|piece| piece.text.chars().any(char::is_alphanumeric)).collect()
}

/// Whether this is a story's id as we give them.
pub fn is_story(name: &str) -> bool {
    name.strip_prefix("s-").is_some_and(|id| {
        (1..=40).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

/// An edition may have been edited by hand: what is no id leads nowhere.
fn own_id(story: &StoryId) -> String {
    Some(&story.0).filter(|id| is_story(id)).cloned().unwrap_or_default()
}

/// Only addresses of the web become links; a `javascript:` one is no address.
pub(super) fn link(url: Option<&Url>, links: Links) -> Option<String> {
    let most = match links {
        Links::Long => 1_000,
        Links::Short => 200,
    };
    url.filter(|url| matches!(url.scheme(), "http" | "https") && url.as_str().len() <= most).map(Url::to_string)
}

/// The zone of a digest; UTC if this machine's tables do not know it.
pub(super) fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// Of the zone that dates are really shown in.
pub(super) fn name(zone: &TimeZone) -> String {
    zone.iana_name().unwrap_or("UTC").to_owned()
}

fn date(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%-d %b %Y").to_string()
}

/// "16 to 23 Nov 2026", or both in full where month or year differ.
fn period(from: Timestamp, to: Timestamp, zone: &TimeZone) -> String {
    let (first, last) = (from.to_zoned(zone.clone()), to.to_zoned(zone.clone()));
    let head = match (first.year() == last.year(), first.month() == last.month()) {
        (true, true) => first.strftime("%-d").to_string(),
        (true, false) => first.strftime("%-d %b").to_string(),
        (false, _) => first.strftime("%-d %b %Y").to_string(),
    };
    format!("{head} to {}", last.strftime("%-d %b %Y"))
}

fn digest_preheader(digest: &Digest) -> String {
    let counts = &digest.counts;
    let read = format!("{} read, {} told.", thousands(counts.read), thousands(counts.told));
    let first = digest.sections.iter().flat_map(|section| &section.stories).next();
    let line = match first {
        Some(telling) => format!("{read} First: {}", title(telling)),
        None => format!("{read} Nothing in this week's {} sources was worth your time.", thousands(counts.sources)),
    };
    clip(&line, PREHEADER)
}

/// 1204 as "1,204".
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
