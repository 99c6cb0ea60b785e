//! A request worked out whole, from what the base branch holds and what was learnt: or that there is nothing to say.

use std::fmt;

use jiff::civil::Date;
use url::Url;

use crate::lesson::{Lesson, LessonId, Proposal, ProposedFile, Retirement, State};
use crate::teach::gate::{self, Allowed, Refusal};

use super::body::{self, Asked};
use super::parse::{self, Mistake};
use super::reference::{Reference, RetiredLine};
use super::render::render;
use super::select::{Selection, select};
use super::version::{self, Manifest, Next, Rule, Step, VersionTrouble};

/// A file of the base branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BaseFile<'t> {
    /// Below the repository's root, with `/`.
    pub path: &'t str,
    /// None: it does not exist there.
    pub text: Option<&'t str>,
}

/// What the base branch holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Base<'t> {
    /// The file that tidings owns.
    pub reference: BaseFile<'t>,
    /// plugin.json.
    pub manifest: BaseFile<'t>,
    /// SKILL.md or commands/*.md, which should point at the reference file. None: nobody named one.
    pub body: Option<BaseFile<'t>>,
    /// marketplace.json's text, where there is one.
    pub marketplace: Option<&'t str>,
}

/// A line of the skill's own files that a source takes back; a person mends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignLine {
    pub path: String,
    /// Counted from 1.
    pub line: usize,
    pub text: String,
    /// The source's own sentence, and where it stands.
    pub why: String,
    pub url: Url,
}

/// What the request goes by.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'t> {
    pub today: Date,
    pub rule: &'t Rule,
    /// The day on which the last minor step of ours was merged.
    pub last_minor: Option<Date>,
    pub allowed: &'t Allowed,
    /// What was checked before, a line each: "claude plugin validate 2.1.329: no new warning".
    pub checks: &'t [String],
    pub foreign: &'t [ForeignLine],
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    pub outcome: Outcome,
    /// Lessons that the gate turned away, and why. Of those in the file already, the entry is retired.
    pub refused: Vec<(LessonId, Vec<Refusal>)>,
    /// Good lessons that wait for room, or for the next minor step.
    pub waiting: Vec<LessonId>,
    /// Lessons that the request retires, as they are to be kept once it is merged: some were told so, others ran out, made room, or are
    /// no longer let through.
    pub retired: Vec<Lesson>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The base branch says all there is to say: no request, and no call that writes.
    Nothing,
    /// There is new advice and nothing else, and a minor step may be taken again on this day.
    Waits(Date),
    Ready(Box<Proposal>),
}

/// Why no request can be worked out: a person has to look first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The reference file was changed by hand.
    Reference { path: String, mistake: Mistake },
    /// plugin.json names no version that could be moved on.
    Version(VersionTrouble),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Reference { path, mistake } => write!(f, "{path}, {mistake}"),
            Trouble::Version(trouble) => trouble.fmt(f),
        }
    }
}

impl std::error::Error for Trouble {}

/// Works out the request for all of `lessons`, as they are known now: those of the file and candidates. Declined ones are left out by the
/// caller. Two calls with the same values give the same.
pub fn propose(base: &Base<'_>, lessons: &[Lesson], terms: &Terms<'_>) -> Result<Proposed, Trouble> {
    let held = match base.reference.text {
        None => Reference::default(),
        Some(text) => parse::parse(text)
            .map_err(|mistake| Trouble::Reference { path: base.reference.path.to_owned(), mistake })?,
    };
    let (lessons, refused) = admit(&held, lessons, terms);
    let mut selection = select(&held, &lessons, terms.today);
    let mut waiting = selection.waiting.clone();
    let waits = terms.rule.minor_waits_until(terms.last_minor, terms.today);
    if let (Some(until), Step::Minor, false) = (waits, terms.rule.new_advice, selection.new.is_empty()) {
        // What is new waits for its step; what mends or retires need not.
        waiting.extend(selection.new.iter().cloned());
        let known: Vec<Lesson> = lessons.into_iter().filter(|lesson| held.get(&lesson.id).is_some()).collect();
        selection = select(&held, &known, terms.today);
        if !selection.is_news() {
            return Ok(Proposed { outcome: Outcome::Waits(until), refused, waiting, retired: Vec::new() });
        }
    }
    if !selection.is_news() {
        return Ok(Proposed { outcome: Outcome::Nothing, refused, waiting, retired: Vec::new() });
    }
    Ok(match assemble(base, &held, &selection, terms)? {
        Some(proposal) => {
            let outcome = Outcome::Ready(Box::new(proposal));
            Proposed { outcome, refused, waiting, retired: selection.retired }
        }
        None => Proposed { outcome: Outcome::Nothing, refused, waiting, retired: Vec::new() },
    })
}

/// The lessons that pass the gate. One in the file that no longer passes, since a host or a package is no longer reviewed, is retired.
fn admit(held: &Reference, lessons: &[Lesson], terms: &Terms<'_>) -> (Vec<Lesson>, Vec<(LessonId, Vec<Refusal>)>) {
    let (mut admitted, mut refused) = (Vec::new(), Vec::new());
    let unknown = held.active().iter().filter(|held| !lessons.iter().any(|lesson| lesson.id == held.id));
    for lesson in lessons.iter().chain(unknown) {
        match gate::check(lesson, terms.allowed) {
            Ok(()) => admitted.push(lesson.clone()),
            Err(why) => {
                refused.push((lesson.id.clone(), why));
                // A correction that does not pass leaves what stands; what stands and does not pass goes.
                let stands = held.get(&lesson.id).filter(|held| gate::check(held, terms.allowed).is_ok());
                if let (Some(held), true) = (stands, lesson.is_active()) {
                    admitted.push(held.clone());
                } else if held.get(&lesson.id).is_some() {
                    let state = match &lesson.state {
                        State::Active => State::Retired { on: terms.today, why: Retirement::Withdrawn },
                        retired => retired.clone(),
                    };
                    admitted.push(Lesson { state, ..lesson.clone() });
                }
            }
        }
    }
    (admitted, refused)
}

fn assemble(
    base: &Base<'_>,
    held: &Reference,
    selection: &Selection,
    terms: &Terms<'_>,
) -> Result<Option<Proposal>, Trouble> {
    let step = if selection.new.is_empty() { terms.rule.corrections } else { terms.rule.new_advice };
    // Lines of what was retired before go with the first request that brings something new: everybody is asked to look at that one.
    let old_lines = if selection.new.is_empty() { held.retired().to_vec() } else { Vec::new() };
    let new_lines = selection.retired.iter().filter_map(RetiredLine::of);
    let lines: Vec<RetiredLine> = new_lines
        .chain(old_lines)
        .map(|line| {
            let claim = line.claim.filter(|claim| gate::check_claim(claim, terms.allowed).is_ok());
            let passes = selection.retired.iter().find(|lesson| lesson.id == line.id).is_none_or(|lesson| {
                let as_active = Lesson { state: State::Active, ..lesson.clone() };
                gate::check(&as_active, terms.allowed).is_ok()
            });
            RetiredLine { claim: claim.filter(|_| passes), ..line }
        })
        .collect();
    let retired_now: Vec<RetiredLine> =
        lines.iter().filter(|line| selection.retired.iter().any(|lesson| lesson.id == line.id)).cloned().collect();
    let after = render(&Reference::new(selection.active.iter().cloned(), lines));
    if base.reference.text == Some(after.as_str()) {
        return Ok(None);
    }
    let manifest = Manifest {
        path: base.manifest.path,
        text: base.manifest.text.unwrap_or_default(),
        marketplace: base.marketplace,
    };
    let bump =
        match version::next(&manifest, step, terms.rule, terms.last_minor, terms.today).map_err(Trouble::Version)? {
            Next::Bump(bump) => bump,
            // A rule that asks for a minor step even to correct something waits like any other.
            Next::Waits(_) => return Ok(None),
        };
    let changed = |id: &LessonId| {
        selection.new.contains(id) || selection.corrected.contains(id) || selection.renewed.contains(id)
    };
    let lessons: Vec<&Lesson> = selection.active.iter().filter(|lesson| changed(&lesson.id)).collect();
    let entries: Vec<(LessonId, String)> =
        lessons.iter().copied().chain(&selection.retired).map(|lesson| (lesson.id.clone(), lesson.content())).collect();
    let asked = Asked { base, selection, lessons: &lessons, retired: &retired_now, bump: &bump, terms };
    Ok(Some(Proposal {
        title: body::title(&asked),
        body: body::body(&asked, &entries),
        reference: ProposedFile {
            path: base.reference.path.to_owned(),
            before: base.reference.text.map(str::to_owned),
            after,
        },
        manifest: ProposedFile {
            path: base.manifest.path.to_owned(),
            before: base.manifest.text.map(str::to_owned),
            after: bump.text,
        },
        entries,
    }))
}
