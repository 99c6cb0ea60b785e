//! Teach: hear what people said to earlier requests, offer the skill what was learnt since, and note what became of it.

mod record;
mod hear;
mod ground;
mod offer;
mod written;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::config::Skills;
use crate::edition::SkillUpdate;
use crate::keep::{Keep, Stage};
use crate::lesson::{LessonId, Proposal};
use crate::teach::forge::{self, Done, Forge, Memory, Plan, Seen, Trouble};
use crate::teach::skill::{Outcome, Proposed};

use super::report::Acts;
use super::week::Week;
use super::{Doors, Setup};
use ground::Ground;
pub(super) use offer::allowed;
use record::Record;

pub use record::{MergedRequest, SkillStanding, standing};

/// From one look at what people said to the next, where nothing else is due: a no is heard within the day.
const BETWEEN_LOOKS: SignedDuration = SignedDuration::from_hours(20);

/// What became of a proposal.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct Offered {
    /// None: there is nothing to say.
    pub proposal: Option<Proposal>,
    /// Where patch, body and calls were written.
    pub folder: Option<PathBuf>,
    /// The request, where one stands now because of us.
    pub request: Option<String>,
    /// What was done about it, or why nothing was, in a sentence.
    pub outcome: String,
    /// Lessons that the gate turned away, and why.
    pub refused: Vec<(LessonId, String)>,
    /// Good ones that wait for room, or for the next minor version.
    pub waiting: Vec<LessonId>,
    /// New advice may take its minor version from this day on.
    pub waits: Option<Date>,
}

/// The weekly request, and once a day a look at what people said. What stops it is noted for the status, and stops no run.
pub(super) async fn teach(
    keep: &mut Keep,
    setup: &Setup,
    doors: &Doors,
    now: Timestamp,
    acts: &mut Acts,
) -> Result<()> {
    let Some(skills) = setup.config.skills.as_ref().filter(|skills| skills.open) else { return Ok(()) };
    let mut record = Record::of(keep, skills)?;
    let schedule = &setup.config.schedule;
    let week = Week::open_at(schedule, now)?.before(schedule)?.name;
    let today = now.to_zoned(schedule.zone.clone()).date();
    let is_weekly = record.week.as_ref() != Some(&week) || record.waits.is_some_and(|until| until <= today);
    if !is_weekly && record.looked.is_some_and(|looked| now.duration_since(looked) < BETWEEN_LOOKS) {
        return Ok(());
    }
    if record.forge.not_before.is_some_and(|until| until > now) {
        return Ok(());
    }
    let visited = match doors.forge.open(&setup.config) {
        Ok(forge) => visit(keep, setup, skills, &mut record, &*forge, is_weekly, now).await,
        Err(error) => Err(error),
    };
    match visited {
        Ok(offered) => {
            record.trouble = None;
            if is_weekly {
                record.week = Some(week);
                record.waits = offered.waits;
            }
            acts.requests += usize::from(offered.request.is_some());
        }
        Err(error) => {
            tracing::warn!("proposing to the skill: {error:#}");
            record.trouble = Some(format!("{error:#}"));
        }
    }
    record.keep(keep, now)
}

/// `tidings propose`: works out the request and writes patch, body and calls below digests/; with `is_open` it is opened now.
/// `checkout` is a folder with the repository's files, for those who have no token.
///
/// # Errors
/// When the home can't be held, `[skills]` is not set up, or the repository can't be read; nothing was sent by then, but with
/// `is_open`.
pub async fn propose(
    setup: &Setup,
    doors: &Doors,
    checkout: Option<&Path>,
    is_open: bool,
    now: Timestamp,
) -> Result<Offered> {
    let Some(skills) = &setup.config.skills else {
        bail!(
            "no skills repository is set up; [skills] in {} names it (the README says how)",
            setup.home.folder().join("tidings.toml").display()
        );
    };
    let mut keep = Keep::open(setup.home.folder(), "tidings propose", now)?;
    keep.take_lesson_wishes()?;
    super::learn::learn(&mut keep, setup, now, &mut Acts::default())?;
    let mut record = Record::of(&keep, skills)?;
    let offered = match checkout {
        Some(folder) => {
            let ground = Ground::of_folder(folder, skills)?;
            let proposed = offer::work_out(&mut keep, setup, skills, &ground, &record, now)?;
            let mut offered = offered(&proposed);
            written::write(setup, &[], now, &mut offered)?;
            offered
        }
        None => {
            let forge = doors.forge.open(&setup.config)?;
            let visited = match is_open {
                true => visit(&mut keep, setup, skills, &mut record, &*forge, true, now).await,
                false => rehearse(&mut keep, setup, skills, &record, &*forge, now).await,
            };
            if is_open {
                record.trouble = visited.as_ref().err().map(|error| format!("{error:#}"));
                record.keep(&mut keep, now)?;
            }
            visited?
        }
    };
    keep.write_views(now)?;
    keep.checkpoint()?;
    Ok(offered)
}

/// Looks, and writes down what would be done. Nothing that people said is taken in: the run that opens does that.
async fn rehearse(
    keep: &mut Keep,
    setup: &Setup,
    skills: &Skills,
    record: &Record,
    forge: &dyn Forge,
    now: Timestamp,
) -> Result<Offered> {
    let seen = forge.look(&record.forge, now).await.map_err(in_words)?;
    let mut record = record.clone();
    record.forge.hear(&seen, now);
    let (mut offered, _) = draw_up(keep, setup, skills, &record, &seen, now)?;
    offered.outcome.push_str("; nothing was sent");
    Ok(offered)
}

/// Works out the request and what is to be done with it, and writes both down.
fn draw_up(
    keep: &mut Keep,
    setup: &Setup,
    skills: &Skills,
    record: &Record,
    seen: &Seen,
    now: Timestamp,
) -> Result<(Offered, Plan)> {
    let proposed = offer::work_out(keep, setup, skills, &Ground::of_seen(seen), record, now)?;
    let mut offered = offered(&proposed);
    if let Some(proposal) = &mut offered.proposal {
        keep_words(proposal, seen);
    }
    // What waits for its day takes nothing back meanwhile.
    let plan = match proposed.outcome {
        Outcome::Waits(_) => Plan::Nothing,
        _ => forge::plan(seen, offered.proposal.as_ref(), &record.forge, now),
    };
    if offered.waits.is_none() {
        offered.outcome = words_of_plan(&plan);
    }
    let calls = offered.proposal.as_ref().map(|proposal| forge::calls(&plan, proposal, seen, skills, now));
    written::write(setup, &calls.unwrap_or_default(), now, &mut offered)?;
    Ok((offered, plan))
}

/// Hears, and in the weekly run offers.
async fn visit(
    keep: &mut Keep,
    setup: &Setup,
    skills: &Skills,
    record: &mut Record,
    forge: &dyn Forge,
    is_weekly: bool,
    now: Timestamp,
) -> Result<Offered> {
    let seen = match forge.look(&record.forge, now).await {
        Ok(seen) => seen,
        Err(trouble) => {
            record.forge.heed(&trouble);
            return Err(in_words(trouble));
        }
    };
    let heard = record.forge.hear(&seen, now);
    hear::take_in(keep, record, &heard, &seen, now)?;
    record.looked = Some(now);
    record.request = seen.open_request().map(|request| request.url.clone());
    if let Some(body) = &seen.body {
        keep.keep_skill_text(body, now)?;
    }
    record.keep(keep, now)?;
    if !is_weekly {
        return Ok(Offered::default());
    }

    let (mut offered, plan) = draw_up(keep, setup, skills, record, &seen, now)?;
    let mut memory = record.forge.clone();
    let mut note = |memory: &Memory| -> Result<()> {
        record.forge = memory.clone();
        record.keep(keep, now)?;
        // What follows can't be taken back.
        keep.checkpoint()
    };
    let done = forge::carry_out(forge, plan, offered.proposal.as_ref(), &seen, &mut memory, &mut note, now).await;
    record.forge = memory;
    match done.map_err(in_words)? {
        Done::Opened(opened) => {
            record.request = Some(opened.url.clone());
            if let Some(proposal) = &offered.proposal {
                mark_proposed(keep, proposal, now)?;
            }
            offered.outcome = match opened.is_new {
                true => format!("opened {}", opened.url),
                false => format!("brought {} up to date", opened.url),
            };
            offered.request = Some(opened.url);
        }
        Done::Withdrawn(number) => {
            record.request = None;
            offered.outcome = format!("closed request {number}, which has nothing left to say");
        }
        Done::Waits(until) => bail!("the forge asked to be left alone until {until}; the next run after that goes on"),
        Done::LeftAlone { who, .. } => offered.outcome = format!("left alone: the branch holds a commit of {who}"),
        Done::Nothing | Done::Declined(_) => {}
    }
    Ok(offered)
}

/// What stands on the branch as it would be made again keeps its words: a title that names another week is no news.
fn keep_words(proposal: &mut Proposal, seen: &Seen) {
    let (Some(branch), Some(request)) = (&seen.branch, seen.open_request()) else { return };
    let is_same = branch.reference.as_ref() == Some(&proposal.reference.after)
        && branch.manifest.as_ref() == Some(&proposal.manifest.after)
        && forge::entries_of(&request.body) == proposal.entries;
    if is_same {
        proposal.title.clone_from(&branch.subject);
        proposal.body.clone_from(&request.body);
    }
}

fn mark_proposed(keep: &mut Keep, proposal: &Proposal, now: Timestamp) -> Result<()> {
    let mut changed = Vec::new();
    for (id, _) in &proposal.entries {
        let Some(mut known) = keep.lesson(id)? else { continue };
        if known.stage == Stage::Ready {
            known.stage = Stage::Proposed;
            known.proposed.get_or_insert(now);
            changed.push(known);
        }
    }
    keep.keep_lessons(&changed, None)
}

/// What the digest of a week tells of requests that people have merged; None where there was none.
pub(super) fn update_of(keep: &Keep, setup: &Setup, week: &Week) -> Result<Option<SkillUpdate>> {
    let Some(skills) = &setup.config.skills else { return Ok(None) };
    let record = Record::of(keep, skills)?;
    let of_week: Vec<&MergedRequest> =
        record.merged.iter().filter(|merged| (week.from..week.to).contains(&merged.heard)).collect();
    let Some(newest) = of_week.last() else { return Ok(None) };
    let commands = skills.plugin.as_ref().map(|plugin| {
        vec![
            format!("claude plugin marketplace update {}", plugin.marketplace),
            format!("claude plugin update {plugin}"),
        ]
    });
    Ok(Some(SkillUpdate {
        version: newest.version.clone(),
        url: newest.url.clone(),
        advice: of_week.iter().flat_map(|merged| merged.claims.iter().cloned()).collect(),
        commands: commands.unwrap_or_default(),
    }))
}

fn offered(proposed: &Proposed) -> Offered {
    let (proposal, waits, outcome) = match &proposed.outcome {
        Outcome::Ready(proposal) => (Some((**proposal).clone()), None, "ready".to_owned()),
        Outcome::Nothing => (None, None, "the skill says all there is to say".to_owned()),
        Outcome::Waits(until) => {
            let words = format!("new advice waits for {until}, when a minor version may be taken again");
            (None, Some(*until), words)
        }
    };
    let refused = proposed.refused.iter().map(|(id, why)| {
        let why: Vec<String> = why.iter().map(ToString::to_string).collect();
        (id.clone(), why.join("; "))
    });
    let (refused, waiting) = (refused.collect(), proposed.waiting.clone());
    Offered { proposal, outcome, refused, waiting, waits, ..Offered::default() }
}

fn words_of_plan(plan: &Plan) -> String {
    match plan {
        Plan::Nothing => "nothing to say that is not said already".to_owned(),
        Plan::Open { .. } => "a request is to be opened".to_owned(),
        Plan::Update { .. } => "the open request is to be brought up to date".to_owned(),
        Plan::HandsOff { who, .. } => format!("the branch holds a commit of {who}, and is left alone"),
        Plan::Declined(_) => "people have declined what would be proposed".to_owned(),
        Plan::Wait(until) => format!("the forge asked to be left alone until {until}"),
        Plan::Withdraw(number) => format!("request {number} has nothing left to say, and is to be closed"),
    }
}

fn in_words(trouble: Trouble) -> anyhow::Error {
    anyhow::Error::new(trouble).context("asking the skills repository")
}
