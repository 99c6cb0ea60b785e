//! One lesson as a page shows it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use super::super::Site;
use super::super::page::When;
use super::when;
use crate::flow::{KnownLesson, Stage, Wish};
use crate::lesson::{Advice, LessonId, Seen, State as Standing};

#[derive(Debug, Serialize)]
pub(super) struct LessonView {
    pub id: String,
    stage: &'static str,
    category: &'static str,
    level: &'static str,
    claim: Vec<Piece>,
    use_when: Vec<Piece>,
    /// A command or a piece of settings.json.
    command: Option<String>,
    settings: Option<String>,
    since: Option<String>,
    evidence: Vec<EvidenceView>,
    seen: String,
    /// "holds until 17 Feb 2027", "retired on …: nobody renewed it".
    standing: String,
    found: When,
    /// "proposed 2 days later", in their order.
    steps: Vec<String>,
    why: String,
    story: String,
    wish: Option<&'static str>,
    /// What waits for the next run.
    pub waits: Option<&'static str>,
    /// What may still be said: the word of a wish, and its button.
    buttons: Vec<(&'static str, &'static str)>,
}

#[derive(Debug, Serialize)]
struct EvidenceView {
    title: String,
    url: String,
    date: String,
}

/// A stretch of prose, or of code.
#[derive(Debug, Serialize)]
struct Piece {
    code: bool,
    text: String,
}

pub(super) fn view(site: &Site, known: &KnownLesson, waiting: &BTreeMap<LessonId, Wish>, may_say: bool) -> LessonView {
    let lesson = &known.lesson;
    let waits = waiting.get(&lesson.id);
    let (command, settings) = match &lesson.advice {
        Some(Advice::Command(command)) => (Some(command.clone()), None),
        Some(Advice::Settings(settings)) => (None, serde_json::to_string_pretty(settings).ok()),
        None => (None, None),
    };
    let evidence = lesson.evidence.iter().map(|evidence| EvidenceView {
        title: evidence.title.clone(),
        url: evidence.url.to_string(),
        date: words(evidence.date),
    });
    LessonView {
        id: lesson.id.to_string(),
        stage: known.stage.word(),
        category: lesson.kind.word(),
        level: known.level.word(),
        claim: pieces(&lesson.claim),
        use_when: pieces(&lesson.use_when),
        command,
        settings,
        since: lesson.since.as_ref().map(|since| format!("{} {}", since.product, since.version)),
        evidence: evidence.collect(),
        seen: seen(lesson.seen),
        standing: match &lesson.state {
            Standing::Active => format!("holds until {}", words(lesson.expires)),
            Standing::Retired { on, why } => format!("retired on {}: {}", words(*on), why.words()),
        },
        found: when(site, known.found),
        steps: steps(known),
        why: known.why.clone(),
        story: known.story.to_string(),
        wish: known.wish.map(past),
        waits: waits.copied().map(past),
        buttons: if may_say { buttons(known, waits.copied()) } else { Vec::new() },
    }
}

/// What there is still to be said of a lesson.
fn buttons(known: &KnownLesson, waits: Option<Wish>) -> Vec<(&'static str, &'static str)> {
    let said = waits.or(known.wish);
    let may = |wish: Wish| said != Some(wish);
    let accept = may(Wish::Accept).then_some(("accept", "Accept"));
    let reject = may(Wish::Reject).then_some(("reject", "Reject"));
    let retire = may(Wish::Retire).then_some(("retire", "Retire"));
    let fit = match known.stage {
        Stage::Proposed | Stage::Ready | Stage::Digest => [accept, reject, retire],
        Stage::Merged => [None, reject, retire],
        Stage::Declined => [accept, None, None],
        Stage::Retired => [None, None, None],
    };
    fit.into_iter().flatten().collect()
}

fn past(wish: Wish) -> &'static str {
    match wish {
        Wish::Accept => "accepted",
        Wish::Reject => "rejected",
        Wish::Retire => "retired",
    }
}

/// How long each step took, from the one before.
fn steps(known: &KnownLesson) -> Vec<String> {
    let mut before = known.found;
    let mut steps = Vec::new();
    for (word, at) in [("proposed", known.proposed), ("merged", known.merged), ("first used", known.first_used)] {
        let Some(at) = at else { continue };
        let days = (at.duration_since(before).as_secs_f64() / 86_400.0).max(0.0).round() as i64;
        steps.push(match days {
            0 => format!("{word} the same day"),
            1 => format!("{word} 1 day later"),
            days => format!("{word} {days} days later"),
        });
        before = at.max(before);
    }
    steps
}

/// "1 official source, 2 others, 3 sessions"
fn seen(seen: Seen) -> String {
    let many = |number: u32, one: &str, many: &str| match number {
        0 => None,
        1 => Some(format!("1 {one}")),
        number => Some(format!("{number} {many}")),
    };
    let parts = [
        many(seen.official, "official source", "official sources"),
        many(seen.others, "other site", "other sites"),
        many(seen.sessions, "session of the lab", "sessions of the lab"),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Every odd piece between back quotes is code; an unclosed quote is only a mark.
fn pieces(text: &str) -> Vec<Piece> {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return vec![Piece { code: false, text: text.to_owned() }];
    }
    let pieces = parts.iter().enumerate().filter(|(_, part)| !part.is_empty());
    pieces.map(|(place, part)| Piece { code: place % 2 == 1, text: (*part).to_owned() }).collect()
}

fn words(day: Date) -> String {
    day.strftime("%-d %b %Y").to_string()
}
