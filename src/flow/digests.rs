//! Digests: each week that has closed is written once, and its letters are queued.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;

use anyhow::{Context, Result, anyhow, bail};
use fail::fail_point;
use jiff::{SignedDuration, Timestamp};
use url::Url;

use crate::edition::{ChannelName, Counts, Digest, EditionId, Letter, Trouble};
use crate::keep::{Keep, Stopped};
use crate::opinion::Opinion;
use crate::source::{Health, Trust};
use crate::story::{Story, StoryId};
use crate::stream::streams;
use crate::tell::check::{LastTime, check};
use crate::tell::digest::{Period, choose, stem};
use crate::tell::feeds;
use crate::tell::notice;
use crate::tell::ranking::Ranking;
use crate::tell::render::{self, Rendered};
use crate::verdict::Level;

use super::editorial::{LONGEST, add_editorial};
use super::harvest::{harvest, is_closed};
use super::letters::{Written, authority, digest_letters, tell_operators, write_files};
use super::report::{Acts, Report};
use super::tellings::telling;
use super::week::Week;
use super::{Doors, ModelDoor, Setup, Task, alerts, health, learn, send, teach};

/// A routine story may fill room that is left if its maker tells it or its relevance is at least this; one word of the
/// profile in a newspaper's title is less.
const FILLS_ROOM: f64 = 0.5;

/// Writes every week that closed since this home began, oldest first, and queues its letters. A week in which nothing was
/// judged and nothing rose is no edition. One that closed too long ago is written once and stays open: it is mailed if a
/// person says so, or if it was the clock that ran ahead.
pub(super) async fn close_weeks(
    keep: &mut Keep,
    setup: &Setup,
    doors: &Doors,
    now: Timestamp,
    acts: &mut Acts,
) -> Result<()> {
    let schedule = &setup.config.schedule;
    let newest = Week::open_at(schedule, now)?.before(schedule)?;
    // A home that began in the future began under a wrong clock; when, nobody knows.
    let began = Some(keep.first_run()?).filter(|began| *began <= now).unwrap_or(newest.from);
    let mut weeks = Vec::new();
    let mut week = newest;
    while week.to > began {
        if !is_closed(keep, &week, now)? && !keep.is_stopped(&EditionId::Digest(week.name.clone()))? {
            weeks.push(week.clone());
        }
        week = week.before(schedule)?;
    }
    for week in weeks.iter().rev() {
        let has_stories =
            keep.judged_count(week.from, week.to)? > 0 || !harvest(keep, schedule, week, now)?.ids.is_empty();
        if has_stories || teach::update_of(keep, setup, week)?.is_some() {
            let edition = EditionId::Digest(week.name.clone());
            if !send::is_old(week.to, now) {
                acts.stopped.extend(close_week(keep, setup, &doors.model, week, None, now).await?);
            } else if !setup.home.digests().join(stem(&week.name)).with_extension("json").exists() {
                write_week(keep, setup, &doors.model, week, now).await?;
                acts.not_mailed.push(edition.to_string());
            } else {
                continue;
            }
            acts.digests.push(week.name.clone());
        }
    }
    Ok(())
}

/// Writes a week to digests/ and makes the feeds anew.
async fn write_week(
    keep: &Keep,
    setup: &Setup,
    models: &ModelDoor,
    week: &Week,
    now: Timestamp,
) -> Result<(Digest, Rendered, Vec<StoryId>)> {
    let harvest = harvest(keep, &setup.config.schedule, week, now)?;
    let mut digest = compose(keep, setup, week, harvest.stories)?;
    let writers = models.writers(Task::Editorial).await;
    add_editorial(keep, &mut digest, &writers, LONGEST, now).await;
    let rendered = render::digest(&digest)?;
    write_files(setup, rendered.files(&stem(&week.name)))?;
    fail_point!("digest-written");
    write_feeds(setup)?;
    fail_point!("feeds-written");
    Ok((digest, rendered, harvest.ids))
}

/// Writes a week, queues its letters and closes it; or stops before, if something about it needs a person's look. `reason` says
/// why a person has it mailed all the same.
async fn close_week(
    keep: &mut Keep,
    setup: &Setup,
    models: &ModelDoor,
    week: &Week,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<Option<Stopped>> {
    let edition = EditionId::Digest(week.name.clone());
    let (digest, rendered, stories) = write_week(keep, setup, models, week, now).await?;
    let (mut letters, pages) = digest_letters(keep, setup, &digest, &rendered, now)?;
    // Nobody gets a letter twice, and a week that all have is sent to nobody.
    let mut has_new = false;
    for (letter, _) in &letters {
        has_new |= keep.letter(&letter.key)?.is_none();
    }
    if reason.is_none() && has_new {
        let why = objections(keep, setup, &digest, &pages, &letters)?;
        if !why.is_empty() {
            let stopped = Stopped { edition: edition.to_string(), at: now, why };
            tell_operators(
                keep,
                setup,
                &format!("stopped-{}", week.name),
                &notice::stopped(&week.name, &stopped.why),
                now,
            )?;
            keep.stop(&stopped)?;
            return Ok(Some(stopped));
        }
    }
    for (letter, _) in &mut letters {
        letter.reason = reason.map(str::to_owned);
    }
    keep.keep_letters(&letters, now)?;
    fail_point!("week-before-close");
    keep.close(&edition, &stories, now)?;
    keep.unstop(&edition)?;
    fail_point!("week-closed");
    Ok(None)
}

/// What speaks against mailing a digest, in the light of the ones before it.
fn objections(
    keep: &Keep,
    setup: &Setup,
    digest: &Digest,
    pages: &[Rendered],
    letters: &[Written],
) -> Result<Vec<String>> {
    let by_mail = |letter: &&Letter| letter.reader.channel == ChannelName::Mail;
    let readers = letters.iter().map(|(letter, _)| letter).filter(by_mail).count();
    let edition = EditionId::Digest(digest.week.clone()).to_string();
    let mut earlier: BTreeMap<String, usize> = BTreeMap::new();
    for letter in keep.letters()?.iter().filter(by_mail) {
        // Week names sort as the weeks do.
        if letter.edition.starts_with("digest/") && letter.edition < edition {
            *earlier.entry(letter.edition.clone()).or_default() += 1;
        }
    }
    let last = LastTime { readers: earlier.into_values().next_back(), sizes: last_sizes(setup, &digest.week)? };
    let mail = setup.config.mail.as_ref();
    let own: Vec<String> = setup
        .config
        .web
        .url
        .iter()
        .map(Url::to_string)
        .chain(mail.and_then(|mail| mail.admin.as_ref()).map(|admin| format!("mailto:{admin}")))
        .collect();
    Ok(check(digest, pages, readers, &last, &own))
}

/// How many of the last editions tell what size is usual.
const USUAL: usize = 8;

/// Bytes of HTML of the last digests before this week.
fn last_sizes(setup: &Setup, week: &str) -> Result<Vec<usize>> {
    let mut sizes = BTreeMap::new();
    for entry in fs::read_dir(setup.home.digests()).context("listing the digests")? {
        let folder = entry?.path();
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.contains("-W")
            && *name < *week
            && let Ok(page) = fs::metadata(folder.join("digest.html"))
        {
            sizes.insert(name, page.len() as usize);
        }
    }
    Ok(sizes.into_values().rev().take(USUAL).collect())
}

/// What a person is told who asked for a digest that was stopped.
fn refusal(stopped: &Stopped) -> anyhow::Error {
    anyhow!(
        "{} was written and not mailed: {}. Look at it in digests/ and mend what is wrong; if it is right as it is, \
         `tidings digest send --force \"the reason\"` mails it, and keeps the reason in told.jsonl",
        stopped.edition,
        stopped.why.join("; ")
    )
}

fn compose(keep: &Keep, setup: &Setup, week: &Week, mut stories: Vec<(Story, bool)>) -> Result<Digest> {
    let ranking = ranking(keep, &stories)?;
    stories.retain(|(story, _)| is_worth_a_line(story));
    stories.sort_by(|(one, _), (other, _)| {
        let rank = |story: &Story| (story.told_level(), story.members.len().min(3));
        Reverse(rank(one))
            .cmp(&Reverse(rank(other)))
            .then(other.score().total_cmp(&one.score()))
            .then_with(|| one.id.cmp(&other.id))
    });
    let tellings =
        stories.iter().map(|(story, update)| telling(keep, setup, story, *update)).collect::<Result<Vec<_>>>()?;
    let period =
        Period { week: week.name.clone(), from: week.from, to: week.to, zone: setup.config.schedule.zone.clone() };
    let (troubles, failing) = troubles(keep, setup, week)?;
    let counts = Counts {
        read: keep.judged_count(week.from, week.to)?,
        told: 0,
        sources: setup.sources.len() as u64,
        sources_failing: failing,
        set_aside: keep.aside()?.len() as u64,
    };
    let shares = setup.sources.iter().filter_map(|source| Some((source.name.clone(), source.most?))).collect();
    let mut digest = choose(tellings, &period, counts, troubles, &shares, &ranking);
    let topics: HashMap<&StoryId, &[String]> =
        stories.iter().map(|(story, _)| (&story.id, story.verdict.topics.as_slice())).collect();
    for telling in digest.sections.iter_mut().flat_map(|section| &mut section.stories) {
        let topics = topics.get(&telling.story).copied().unwrap_or_default();
        telling.streams = streams(&[&telling.title, &telling.excerpt], topics, telling.category);
    }
    digest.skill = teach::update_of(keep, setup, week)?;
    digest.retired = learn::taken_back(keep, week)?;
    Ok(digest)
}

/// Who put these stories in order, and why nobody else did.
fn ranking(keep: &Keep, stories: &[(Story, bool)]) -> Result<Ranking> {
    let to_tell = || stories.iter().map(|(story, _)| story).filter(|story| !story.verdict.old);
    let read: Vec<&Opinion> = to_tell().filter_map(|story| Some(&story.weighed.as_ref()?.opinion)).collect();
    let mut models: Vec<String> = read.iter().map(|opinion| opinion.model.clone()).collect();
    models.sort();
    models.dedup();
    let unread = to_tell().count() - read.len();
    let trouble = keep.model_state()?.trouble.filter(|_| unread > 0);
    Ok(Ranking { models, stories: to_tell().count(), read: read.len(), trouble })
}

fn is_worth_a_line(story: &Story) -> bool {
    let by_maker = || story.members.iter().any(|member| member.trust == Trust::Official);
    match story.told_level() {
        Level::Critical | Level::Notable => true,
        Level::Routine => !story.verdict.old && (by_maker() || story.score() >= FILLS_ROOM),
        Level::Noise => false,
    }
}

/// How far back news of sources is looked for that no digest told.
const LONGEST_SILENCE: SignedDuration = SignedDuration::from_hours(24 * 7 * 8);

/// The sources that fail, and those of which something else was first said in the week: that they are quiet, gone, or good
/// again. With the number of those that give nothing.
fn troubles(keep: &Keep, setup: &Setup, week: &Week) -> Result<(Vec<Trouble>, u64)> {
    let (mut troubles, mut failing) = (Vec::new(), 0);
    // A week without an edition leaves its news to the next one.
    let schedule = &setup.config.schedule;
    let mut from = week.from;
    let mut before = week.before(schedule)?;
    while week.to.duration_since(before.from) <= LONGEST_SILENCE
        && keep.closed(&EditionId::Digest(before.name.clone()))?.is_none()
    {
        from = before.from;
        before = before.before(schedule)?;
    }
    for source in &setup.sources {
        let Some(watched) = keep.watched(&source.name)? else { continue };
        failing += u64::from(watched.failures > 0);
        let is_parked = watched.health == Health::Parked;
        let is_news = watched.health_since.is_some_and(|since| since >= from && since < week.to);
        let is_good_again = watched.recovered.is_some_and(|at| at >= from && at < week.to);
        let message = match &watched.fault {
            Some(fault) if watched.failures > 0 && !is_parked => fault.message.clone(),
            _ if is_news && (watched.health != Health::Ok || is_good_again) => health::words(&watched),
            _ => continue,
        };
        troubles.push(Trouble { source: source.name.clone(), message, last_good: watched.answered });
    }
    Ok((troubles, failing))
}

/// digests/feed.atom and feed.json, from the digests that lie there, and the feeds of alerts beside them.
fn write_feeds(setup: &Setup) -> Result<()> {
    write_files(setup, feeds::write(&written_digests(setup)?, &authority(setup)?)?)?;
    // Here too, so that it can be subscribed to before the first alert.
    alerts::write_feeds(setup)
}

/// The digests that lie in digests/.
pub(super) fn written_digests(setup: &Setup) -> Result<Vec<Digest>> {
    let mut digests = Vec::new();
    if !setup.home.digests().exists() {
        return Ok(digests);
    }
    for entry in fs::read_dir(setup.home.digests()).context("listing the digests")? {
        let path = entry?.path().join("digest.json");
        let is_week = path
            .parent()
            .and_then(|folder| folder.file_name())
            .is_some_and(|name| name.to_string_lossy().contains("-W"));
        if is_week && path.exists() {
            let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
            match serde_json::from_str(&text) {
                Ok(digest) => digests.push(digest),
                // Somebody may have edited it; feeds and trends can do without one week, the lab not without the next digest.
                Err(error) => tracing::warn!("{} is left out of feeds and trends: {error}", path.display()),
            }
        }
    }
    Ok(digests)
}

/// The digest of a week as it would be written now; nothing is kept or sent.
///
/// # Errors
/// When the home can't be held, or the week's name is none.
pub fn preview_digest(setup: &Setup, week: Option<&str>, now: Timestamp) -> Result<Rendered> {
    let keep = Keep::open(setup.home.folder(), "tidings digest preview", now)?;
    let schedule = &setup.config.schedule;
    let week = week.map_or_else(|| Week::open_at(schedule, now), |name| Week::named(schedule, name))?;
    let harvest = harvest(&keep, schedule, &week, now)?;
    render::digest(&compose(&keep, setup, &week, harvest.stories)?)
}

/// Writes a closed week to digests/ (the last one, unless named) and queues its letters, if it is not too old to be mailed;
/// returns its name.
///
/// # Errors
/// When the week is still open or not known, or the home can't be held.
pub async fn write_digest(setup: &Setup, models: &ModelDoor, week: Option<&str>, now: Timestamp) -> Result<String> {
    let mut keep = Keep::open(setup.home.folder(), "tidings digest write", now)?;
    let week = closed_week(setup, week, now)?;
    if send::is_old(week.to, now) {
        write_week(&keep, setup, models, &week, now).await?;
    } else {
        let stopped = close_week(&mut keep, setup, models, &week, None, now).await?;
        if let Some(stopped) = stopped {
            keep.write_views(now)?;
            keep.checkpoint()?;
            return Err(refusal(&stopped));
        }
    }
    keep.write_views(now)?;
    keep.checkpoint()?;
    Ok(week.name)
}

/// Writes a closed week and sends it to everybody who has not had it. One that closed more than two weeks ago is sent only
/// for a reason, which is kept with its letters.
///
/// # Errors
/// As `write_digest`, or when an old week is sent without a reason. What became of the letters is in the report.
pub async fn send_digest(
    setup: &Setup,
    doors: &Doors,
    week: Option<&str>,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<Report> {
    let mut keep = Keep::open(setup.home.folder(), "tidings digest send", now)?;
    let week = closed_week(setup, week, now)?;
    if send::is_old(week.to, now) && reason.is_none() {
        let days = now.duration_since(week.to).as_hours() / 24;
        bail!(
            "{} closed {days} days ago; after two weeks a digest is mailed only for a reason: add --force \"the reason\", \
             which is kept in told.jsonl",
            week.name
        );
    }
    let mut report = Report::new(now);
    keep.take_people()?;
    let stopped = close_week(&mut keep, setup, &doors.model, &week, reason, now).await?;
    report.acts.digests.push(week.name);
    // Whoever sends it by hand means now.
    let mut awake = setup.clone();
    awake.config.schedule.quiet = None;
    send::send(&mut keep, &awake, doors, now, &mut BTreeSet::new(), &mut report.acts).await?;
    keep.write_views(now)?;
    keep.checkpoint()?;
    match stopped {
        Some(stopped) => Err(refusal(&stopped)),
        None => Ok(report),
    }
}

fn closed_week(setup: &Setup, week: Option<&str>, now: Timestamp) -> Result<Week> {
    let schedule = &setup.config.schedule;
    let open = Week::open_at(schedule, now)?;
    let week = week.map_or_else(|| open.before(schedule), |name| Week::named(schedule, name))?;
    if week.to > now {
        let closes = week.to.to_zoned(schedule.zone.clone()).strftime("%A %-d %B %H:%M");
        bail!("{} is still open until {closes}; `tidings digest preview` shows it so far", week.name);
    }
    Ok(week)
}
