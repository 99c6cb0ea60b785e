//! Trends: each month that has closed is written once, and its letters are queued.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use fail::fail_point;
use jiff::Timestamp;

use crate::edition::EditionId;
use crate::edition::trends::{MonthCounts, Retirement, Trends};
use crate::judge::trends::{deadlines, moves};
use crate::keep::Keep;
use crate::tally::Tally;
use crate::tell::message::Message;
use crate::tell::render::{self, Rendered};
use crate::tell::trends::stem;

use super::harvest::is_edition_closed;
use super::letters::{letters, write_files};
use super::month::Month;
use super::report::{Acts, Report};
use super::tallies::{Taken, before, take};
use super::{Doors, Setup, send};

/// Of the shape of trends.json.
const VERSION: u32 = 1;

/// Writes every month that closed since this home began, oldest first, and queues its letters. A month in which nothing was
/// read is no edition. One that closed too long ago is written once and stays open, as a digest does.
pub(super) fn close_months(keep: &mut Keep, setup: &Setup, now: Timestamp, acts: &mut Acts) -> Result<()> {
    let schedule = &setup.config.schedule;
    let newest = Month::closed_at(schedule, now)?;
    // A home that began in the future began under a wrong clock; when, nobody knows.
    let began = Some(keep.first_run()?).filter(|began| *began <= now).unwrap_or(newest.from);
    let mut months = Vec::new();
    let mut month = newest;
    while month.to > began {
        if !is_edition_closed(keep, &edition(&month), now)? {
            months.push(month.clone());
        }
        month = month.before(schedule)?;
    }
    for month in months.iter().rev() {
        if keep.judged_count(month.from, month.to)? == 0 {
            continue;
        }
        if !send::is_old(month.closes, now) {
            close_month(keep, setup, month, None, now)?;
        } else if !setup.home.digests().join(stem(&month.name)).with_extension("json").exists() {
            write_month(keep, setup, month, now)?;
            acts.not_mailed.push(edition(month).to_string());
        } else {
            continue;
        }
        acts.trends.push(month.name.clone());
    }
    Ok(())
}

/// Writes a month to digests/trends/, and keeps its tally for the months to come.
fn write_month(keep: &Keep, setup: &Setup, month: &Month, now: Timestamp) -> Result<(Trends, Rendered)> {
    let taken = take(keep, setup, month)?;
    keep.keep_tally(&taken.tally)?;
    let trends = compose(keep, setup, month, &taken, now)?;
    let rendered = render::trends(&trends)?;
    write_files(setup, rendered.files(&stem(&month.name)))?;
    fail_point!("trends-written");
    Ok((trends, rendered))
}

/// Writes a month, queues its letters and closes it. `reason` says why a person has an old one mailed.
fn close_month(keep: &mut Keep, setup: &Setup, month: &Month, reason: Option<&str>, now: Timestamp) -> Result<()> {
    let (trends, rendered) = write_month(keep, setup, month, now)?;
    let mut letters = letters(keep, setup, Message::Trends(&trends, &rendered), now)?;
    for (letter, _) in &mut letters {
        letter.reason = reason.map(str::to_owned);
    }
    keep.keep_letters(&letters, now)?;
    fail_point!("month-before-close");
    // Trends tell of terms: no story of theirs is told by them.
    keep.close(&edition(month), &[], now)?;
    fail_point!("month-closed");
    Ok(())
}

fn compose(keep: &Keep, setup: &Setup, month: &Month, taken: &Taken, now: Timestamp) -> Result<Trends> {
    let zone = &setup.config.schedule.zone;
    let before = before(keep, setup, month, now)?;
    let earlier: Vec<Retirement> = before.iter().flat_map(|tally| tally.retirements.iter().cloned()).collect();
    // A month in which the machine was off says nothing of any rate.
    let compared: Vec<&Tally> = before.iter().filter(|tally| tally.stories() > 0).collect();
    let moves = moves(&taken.survey, &compared);
    let today = month.closes.to_zoned(zone.clone()).date();
    Ok(Trends {
        version: VERSION,
        month: month.name.clone(),
        from: month.from,
        to: month.to,
        at: month.closes,
        zone: zone.iana_name().unwrap_or("UTC").to_owned(),
        rising: moves.rising,
        fading: moves.fading,
        retirements: deadlines(&taken.tally.retirements, &earlier, today),
        pains: taken.survey.pains(),
        tools: taken.survey.tools(),
        releases: taken.survey.releases(),
        // Nothing reads the lab's sessions yet.
        sessions: None,
        lessons: keep.lesson_pace(month.from..month.to)?,
        months: before.iter().chain([&taken.tally]).map(counts).collect(),
        compared: moves.compared,
    })
}

fn counts(tally: &Tally) -> MonthCounts {
    let categories = tally.categories.clone();
    MonthCounts { month: tally.month.clone(), read: tally.read, told: tally.told, categories }
}

fn edition(month: &Month) -> EditionId {
    EditionId::Trends(month.name.clone())
}

/// The trends of a month as they would be written now; nothing is written to digests/ or sent. The month that is still open
/// unless named.
///
/// # Errors
/// When the home can't be held, or the month's name is none.
pub fn preview_trends(setup: &Setup, month: Option<&str>, now: Timestamp) -> Result<Rendered> {
    let keep = Keep::open(setup.home.folder(), "tidings trends preview", now)?;
    let schedule = &setup.config.schedule;
    let month = month.map_or_else(|| Month::around(schedule, now), |name| Month::named(schedule, name))?;
    let taken = take(&keep, setup, &month)?;
    render::trends(&compose(&keep, setup, &month, &taken, now)?)
}

/// Writes a closed month to digests/trends/ (the last one, unless named) and queues its letters, if it is not too old to be
/// mailed; returns its name.
///
/// # Errors
/// When the month is still open or not known, or the home can't be held.
pub fn write_trends(setup: &Setup, month: Option<&str>, now: Timestamp) -> Result<String> {
    let mut keep = Keep::open(setup.home.folder(), "tidings trends write", now)?;
    let month = closed_month(setup, month, now)?;
    if send::is_old(month.closes, now) {
        write_month(&keep, setup, &month, now)?;
    } else {
        close_month(&mut keep, setup, &month, None, now)?;
    }
    keep.write_views(now)?;
    keep.checkpoint()?;
    Ok(month.name)
}

/// Writes a closed month and sends it to everybody who has not had it. One that closed more than two weeks ago is sent only
/// for a reason, which is kept with its letters.
///
/// # Errors
/// As `write_trends`, or when an old month is sent without a reason. What became of the letters is in the report.
pub async fn send_trends(
    setup: &Setup,
    doors: &Doors,
    month: Option<&str>,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<Report> {
    let mut keep = Keep::open(setup.home.folder(), "tidings trends send", now)?;
    let month = closed_month(setup, month, now)?;
    if send::is_old(month.closes, now) && reason.is_none() {
        let days = now.duration_since(month.closes).as_hours() / 24;
        bail!(
            "{} closed {days} days ago; after two weeks trends are mailed only for a reason: add --force \"the reason\", \
             which is kept in told.jsonl",
            month.name
        );
    }
    let mut report = Report::new(now);
    close_month(&mut keep, setup, &month, reason, now)?;
    report.acts.trends.push(month.name);
    send::send(&mut keep, setup, doors, now, &mut BTreeSet::new(), &mut report.acts).await?;
    keep.write_views(now)?;
    keep.checkpoint()?;
    Ok(report)
}

fn closed_month(setup: &Setup, month: Option<&str>, now: Timestamp) -> Result<Month> {
    let schedule = &setup.config.schedule;
    let month = month.map_or_else(|| Month::closed_at(schedule, now), |name| Month::named(schedule, name))?;
    if month.closes > now {
        let closes = month.closes.to_zoned(schedule.zone.clone()).strftime("%A %-d %B %H:%M");
        bail!("{} is still open until {closes}; `tidings trends preview` shows it so far", month.name);
    }
    Ok(month)
}
