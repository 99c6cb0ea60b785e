//! Offer: which lessons a request is made of, and by which terms.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use jiff::Timestamp;

use crate::config::Skills;
use crate::keep::{Keep, Known, Stage, Wish};
use crate::lesson::{Lesson, Proposal, Signature};
use crate::session::Format;
use crate::source::Trust;
use crate::teach::gate::Allowed;
use crate::teach::learn;
use crate::teach::skill::{self, ForeignLine, MOST_NEW, Outcome, Proposed, Rule, Terms, propose};

use super::super::sessions::Cloth;
use super::super::{Setup, learn as learning};
use super::ground::Ground;
use super::record::Record;

/// What a request is held against here, beside what its making sees to; for its reader.
const CHECKS: [&str; 1] = ["No secret by tidings' own rules; of sessions it has counts only."];

/// Works out the request. An error names what a person has to mend first.
pub(super) fn work_out(
    keep: &mut Keep,
    setup: &Setup,
    skills: &Skills,
    ground: &Ground,
    record: &Record,
    now: Timestamp,
) -> Result<Proposed> {
    let mut lessons = candidates(keep.lessons()?, record);
    let shared: BTreeSet<String> = setup
        .sessions
        .iter()
        .filter(|source| source.format == Format::Shared)
        .map(|source| source.name.clone())
        .collect();
    for lesson in &mut lessons {
        if let Some(signature) = Signature::of(lesson) {
            lesson.seen.sessions = keep.sessions_seen(&signature, &shared)?;
        }
    }
    let foreign = foreign_lines(keep, skills, ground, now)?;
    let checks = CHECKS.map(str::to_owned);
    let rule = Rule { days_between_minors: skills.minor_days, ..Rule::default() };
    let allowed = allowed(setup, now);
    let terms = Terms {
        today: now.to_zoned(setup.config.schedule.zone.clone()).date(),
        rule: &rule,
        last_minor: record.last_minor,
        allowed: &allowed,
        checks: &checks,
        foreign: &foreign,
    };
    let proposed = propose(&ground.base(skills), &lessons, &terms)?;
    if let Outcome::Ready(proposal) = &proposed.outcome {
        hold_against_checks(setup, proposal)?;
    }
    Ok(proposed)
}

/// What `CHECKS` says, as far as the proposal's making does not see to it.
fn hold_against_checks(setup: &Setup, proposal: &Proposal) -> Result<()> {
    let file = &proposal.reference;
    let is_same = skill::parse(&file.after).is_ok_and(|read| skill::render(&read) == file.after);
    ensure!(is_same, "{} as it would be does not read back to the same entries; please report this", file.path);
    let cloth = Cloth::of(setup);
    for text in [&file.after, &proposal.body, &proposal.title] {
        let rules = cloth.secrets_in(text)?;
        ensure!(rules.is_empty(), "the proposal would hold a secret ({}), and is not made", rules.join(", "));
    }
    Ok(())
}

/// What may stand in the file: what stands there or in the open request, and of what is ready the weightiest; whoever was
/// accepted by a person goes first.
fn candidates(known: Vec<Known>, record: &Record) -> Vec<Lesson> {
    let may_stand = |known: &Known| {
        known.wish != Some(Wish::Reject)
            && known.lesson.seen.is_enough()
            && !record.forge.is_declined(&known.lesson.id, &known.lesson.content())
    };
    let (mut ready, there): (Vec<Known>, Vec<Known>) = known
        .into_iter()
        .filter(|known| match known.stage {
            Stage::Ready | Stage::Proposed => may_stand(known),
            Stage::Merged => true,
            Stage::Retired => known.merged.is_some(),
            Stage::Digest | Stage::Declined => false,
        })
        .partition(|known| matches!(known.stage, Stage::Ready | Stage::Proposed));
    ready.sort_by_key(|known| {
        let is_accepted = known.wish == Some(Wish::Accept);
        let is_proposed = known.stage == Stage::Proposed;
        (
            Reverse(is_accepted),
            Reverse(is_proposed),
            Reverse(known.level),
            Reverse(known.weight),
            known.lesson.id.clone(),
        )
    });
    ready.truncate(MOST_NEW);
    ready.into_iter().chain(there).map(|known| known.lesson).collect()
}

/// Lines of the skill's own body that recommend what a source takes back.
fn foreign_lines(keep: &Keep, skills: &Skills, ground: &Ground, now: Timestamp) -> Result<Vec<ForeignLine>> {
    let (Some(path), Some(body)) = (&skills.body, &ground.body) else { return Ok(Vec::new()) };
    let recalled = learning::recall(keep, body, now)?;
    let line = |line: learn::ForeignLine| ForeignLine {
        path: path.clone(),
        line: line.line,
        text: line.text,
        why: line.why,
        url: line.url,
    };
    Ok(recalled.lines.into_iter().map(line).collect())
}

/// Evidence lies where sources lie that the lab trusts; where many share a host, below the owner's own path there.
pub(in super::super) fn allowed(setup: &Setup, now: Timestamp) -> Allowed {
    let mut places: BTreeSet<String> = BTreeSet::new();
    for source in setup.sources.iter().filter(|source| source.trust > Trust::Community) {
        let url = source.from.url(now);
        let Some(host) = url.host_str() else { continue };
        let path: Vec<&str> =
            url.path_segments().map(|parts| parts.filter(|part| !part.is_empty()).collect()).unwrap_or_default();
        match (host, &path[..]) {
            ("api.github.com", ["repos", owner, name, ..]) | ("github.com", [owner, name, ..]) => {
                places.insert(format!("github.com/{owner}/{name}"));
            }
            // Bytes of a repository; people read it at its own page.
            ("raw.githubusercontent.com", [owner, name, ..]) => {
                places.insert(format!("github.com/{owner}/{name}"));
                places.insert(format!("raw.githubusercontent.com/{owner}/{name}"));
            }
            ("www.youtube.com" | "www.reddit.com" | "old.reddit.com", _) => {}
            _ => {
                places.insert(host.to_owned());
                // Feeds often lie one name below the pages that they are about.
                places.extend(host.strip_prefix("www.").map(str::to_owned));
            }
        }
    }
    let watched = setup.config.interests.watch.iter().cloned();
    let products = learn::product_names().map(str::to_owned).chain(watched);
    Allowed::new(places, products)
}
