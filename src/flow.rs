//! THE page: what one run does, in order. Only here do the acts meet.

mod gather;
mod due;
mod health;
mod heartbeat;
mod weigh;
mod screen;
mod second;
mod models;
mod writers;
mod extract;
pub mod credit;
mod alerts;
mod editorial;
mod digests;
mod trends;
mod tallies;
mod letters;
mod people;
mod send;
mod channels;
mod tellings;
mod week;
mod month;
mod harvest;
mod report;
mod pulse;
mod room;
mod doors;
mod clock;
mod news;
mod forge;
mod rehearse;
mod explain;
mod editions;
mod learn;
mod teach;
mod lessons;
mod thumbs;
mod replay;
mod sessions;
mod pushes;
mod running;
mod watch;
pub mod habits;
pub mod ask;
pub mod answers;
pub mod eval;

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;
use jiff::Timestamp;
use tokio::time::Instant;

use crate::config::{Config, SessionSource};
use crate::home::Home;
use crate::judge::Judge;
use crate::keep::{Keep, OpenError};
use crate::source::Source;

use heartbeat::Beat;
use report::run_id;

pub use crate::keep::{Restored, Version};
pub use channels::{
    Replayed, Tried, channel_place, channel_tells, check_channel, is_held, knock, replay_letters, try_channel,
};
pub use clock::Clock;
pub use digests::{preview_digest, send_digest, write_digest};
pub use doors::{Doors, ForgeDoor, Secrets};
pub use editions::{
    EditionFile, EditionLine, EditionView, Opened, Said, edition_endings, edition_file, edition_lines, edition_text,
    editions, feed, feeds, latest_digest, open_edition,
};
pub use editorial::{LONGEST, add_editorial};
pub use explain::{Explanation, Joined, Taught, explain};
pub use extract::{Extracted, extract_stories};
pub use forge::{check_forge, open_forge};
pub use gather::Asked;
pub use heartbeat::LONGEST_SILENCE;
pub use learn::recall;
pub use lessons::{
    Exported, KnownLesson, LessonFilter, LessonsExport, Stage, Wish, export_lessons, known_lessons, leave_lesson_wish,
    waiting_wishes, wish_for_lesson,
};
pub use models::{Lookup, ModelDoor, Task};
pub use news::{News, news};
pub use people::{Heard, Left, heard_by_link, leave_by_link, leave_lists};
pub use pulse::{Pulse, pulse, pulse_of};
pub use rehearse::rehearse;
pub use replay::{lay_out_demo, replay};
pub use report::{Change, Report, SessionReport, ShareReport, SharedSession, SourceReport, Status, What};
pub use room::{Room, room};
pub use running::{RunningSession, running_sessions};
pub use sessions::{
    Scope, SessionFolder, forget_session, look_at_sessions, scrub_rules, scrub_sessions, share_sessions,
    unshare_sessions,
};
pub use teach::{MergedRequest, Offered, SkillStanding, propose, standing as skill_standing};
pub use thumbs::{Thumbed, give_thumb};
pub use trends::{preview_trends, send_trends, write_trends};
pub use watch::{Due, Happening, Means, Onlooker, TakenIn, leave_sign, watch};
pub use writers::{Writer, dollars};

/// What a home is set up to do: its two files, read.
#[derive(Debug, Clone)]
pub struct Setup {
    pub home: Home,
    pub sources: Vec<Source>,
    /// Folders in which sessions are written down, their paths whole.
    pub sessions: Vec<SessionSource>,
    pub config: Config,
}

impl Setup {
    /// What the two files are now: where it is another, they are to be read again.
    pub fn version(home: &Home) -> Version {
        Version::of(&[&home.sources(), &home.settings()])
    }

    /// Names of all that is watched.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let folders = self.sessions.iter().map(|source| source.name.as_str());
        self.sources.iter().map(|source| source.name.as_str()).chain(folders)
    }
}

/// What happens while it happens, for a person who waits.
pub trait Watcher: Send + Sync {
    fn asking(&self, _sources: usize) {}
    fn answered(&self, _source: &str) {}
    fn doing(&self, _what: &str) {}
}

/// Nobody waits.
pub struct Unwatched;

impl Watcher for Unwatched {}

/// One run: does what is due, and leaves the rest as work for the next. Whatever stops it, the next run goes on from there.
///
/// # Errors
/// When the home can't be held, read or written. A source or a channel that fails is no error: it is in the report.
pub async fn run(setup: &Setup, doors: &Doors, asked: &Asked, now: Timestamp, watcher: &dyn Watcher) -> Result<Report> {
    let keep = Keep::open(setup.home.folder(), "tidings run", now)?;
    pass(keep, setup, doors, asked, now, watcher).await
}

/// The river itself, from its spring to the sea. Each line that is logged meanwhile has the run's id; of the level of an error, so
/// that a log of errors alone names it.
#[tracing::instrument(name = "run", level = "error", skip_all, fields(id = run_id(setup.home.folder(), now)))]
async fn pass(
    mut keep: Keep,
    setup: &Setup,
    doors: &Doors,
    asked: &Asked,
    now: Timestamp,
    watcher: &dyn Watcher,
) -> Result<Report> {
    let started = Instant::now();
    keep.take_thumbs()?;
    keep.take_people()?;
    keep.take_lesson_wishes()?;
    keep.take_signs(now)?;
    let judge = Judge::new(&setup.config.interests).taught(&keep.thumbs()?);
    let credit = credit::credit(&setup.home);
    let mut report = Report { run: run_id(setup.home.folder(), now), ..Report::new(now) };

    (report.sources, report.changes) = gather::gather(&mut keep, setup, &doors.carrier, asked, now, watcher).await?;
    if !setup.sessions.is_empty() {
        watcher.doing("reading sessions");
    }
    report.sessions = sessions::gather(&mut keep, setup, asked, now)?;
    let mut tried = BTreeSet::new();
    let (beat, is_silent) = Beat::feel(&mut keep, setup, &report.sources, now)?;
    if is_silent {
        send::send(&mut keep, setup, doors, now, &mut tried, &mut report.acts).await?;
    }

    watcher.doing("weighing what is new");
    weigh::weigh(&mut keep, &judge, &credit, now, &mut report.acts)?;

    alerts::write(&mut keep, setup, now, &mut report.acts)?;
    if report.acts.alerted > 0 {
        // What cannot wait does not wait for a model either.
        send::send(&mut keep, setup, doors, now, &mut tried, &mut report.acts).await?;
    }

    watcher.doing("having the model read");
    screen::screen(&mut keep, &judge, doors, &setup.config, &credit, now, &mut report.acts).await?;
    second::second_opinions(&mut keep, &judge, doors, &setup.config, now, &mut report.acts).await?;
    alerts::write(&mut keep, setup, now, &mut report.acts)?;

    extract::extract_what_matters(&mut keep, setup, doors, now, &mut report.acts).await?;
    digests::close_weeks(&mut keep, setup, doors, now, &mut report.acts).await?;
    trends::close_months(&mut keep, setup, now, &mut report.acts)?;
    learn::learn(&mut keep, setup, now, &mut report.acts)?;
    if setup.config.skills.is_some() {
        watcher.doing("asking the skills repository");
    }
    teach::teach(&mut keep, setup, doors, now, &mut report.acts).await?;

    watcher.doing("sending letters");
    pushes::write(&mut keep, setup, now)?;
    beat.over(&mut keep, setup, now)?;
    send::send(&mut keep, setup, doors, now, &mut tried, &mut report.acts).await?;

    watcher.doing("writing the index");
    report.acts.indexed = keep.index_pending()?;
    report.acts.turns_indexed = keep.index_turns_pending()?;
    if report.acts.turns_indexed + report.acts.lessons > 0 {
        learn::note_uses(&mut keep)?;
    }
    report.share = sessions::share_what_is_due(&mut keep, setup, now)?;
    beat.end(&mut keep, &report.run, started.elapsed(), now)?;

    keep.write_views(now)?;
    keep.write_session_views()?;
    keep.checkpoint()?;
    keep.export_daily(now)?;
    report.note_unreadable(&keep.unreadable());
    report.seconds = started.elapsed().as_secs_f64();
    Ok(report)
}

/// Makes the search index anew from what is kept, and what is shown of judgements; what else is derived, the tallies of past
/// months, goes and is made anew when it is needed. Returns how many items it holds.
///
/// # Errors
/// When the home can't be held, or the archive can't be read.
pub fn reindex(home: &Home, now: Timestamp) -> Result<usize> {
    let mut keep = Keep::open(home.folder(), "tidings reindex", now)?;
    let items = keep.reindex()?;
    keep.reindex_turns()?;
    keep.write_why_anew()?;
    keep.forget_tallies()?;
    Ok(items)
}

/// Makes the store anew from an export (the newest that can be read, unless named), and the index with it.
///
/// # Errors
/// When the home can't be held, or no export can be read; then nothing was changed.
pub fn restore(home: &Home, from: Option<&Path>, now: Timestamp) -> Result<(Restored, usize)> {
    let (mut keep, restored) = Keep::restore(home.folder(), from, now)?;
    // An older export may know what was forgotten since, and what the archive no longer has.
    if !keep.forget_again()?.transcripts.is_empty() {
        keep = keep.renewed(now)?;
    }
    keep.mend_transcripts(now)?;
    let items = keep.reindex()?;
    keep.reindex_turns()?;
    keep.write_why_anew()?;
    keep.write_views(now)?;
    keep.write_session_views()?;
    keep.checkpoint()?;
    Ok((restored, items))
}

/// Whether an error says that another process holds the home.
pub fn is_busy(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| matches!(cause.downcast_ref(), Some(OpenError::Busy(_))))
}
