//! Habits: what the sessions of whoever asks show of how they work. Told to nobody else, written down nowhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;
use jiff::Timestamp;
use thiserror::Error;

use super::Setup;
use crate::keep::sessions::{SessionLine, each_frame_of, session_lines};
use crate::session::{Format, Turn, project_of};
use crate::teach::friction::Count;
use crate::teach::permissions::{Asked, suggest};

pub use crate::teach::friction::{Draft, Friction, Kind as FrictionKind, Rub};
pub use crate::teach::permissions::{Line as PermissionLine, List, Preset, Suggestion};

/// Why a home's sessions are not told to whoever asks.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotYours {
    #[error(
        "this home holds what others shared, and nothing else: that is never shown of one person. Ask in the home that reads your own \
         sessions"
    )]
    Others,
    #[error(
        "this home has sessions of {0} people, and whose you are it cannot know; if all are yours, give their sources in sources.toml \
         the same `owner`"
    )]
    Several(usize),
    #[error(
        "no session is kept here yet: name a folder of them in sources.toml, with from.sessions, and run `tidings run`"
    )]
    None,
    #[error("no session that is kept here worked in {0}; `tidings sessions list` names folders")]
    Elsewhere(String),
}

/// What was told, and what was left out of it.
#[derive(Debug)]
pub struct Own<T> {
    pub told: T,
    /// Transcripts that could not be read to their end.
    pub unread: usize,
    /// Sessions that others shared, or of sources that sources.toml no longer names.
    pub left_out: usize,
}

/// What the owner keeps correcting, since a time.
///
/// # Errors
/// [`NotYours`]; else when the list of sessions can't be read.
pub fn friction(setup: &Setup, since: Option<Timestamp>) -> Result<Own<Friction>> {
    let mut count = Count::new(setup.config.schedule.zone.clone(), since);
    let is_recent = |line: &SessionLine| since.is_none_or(|since| line.ended.is_none_or(|ended| ended >= since));
    let (unread, left_out) = each_own(setup, is_recent, |step| match step {
        Step::Transcript(session) => count.begin(session),
        Step::Turn(turn) => count.take(turn),
    })?;
    Ok(Own { told: count.finish(), unread, left_out })
}

/// A settings.json from what the owner's sessions asked for, in one project or in all.
///
/// # Errors
/// [`NotYours`]; else when the list of sessions can't be read.
pub fn permissions(setup: &Setup, project: Option<&Path>, preset: Preset) -> Result<Own<Suggestion>> {
    let mut asked = Asked::default();
    let mut current = 0;
    // Folders change within a session: each call counts where it was made.
    let is_there = |turn: &Turn| {
        project.is_none_or(|project| turn.cwd().is_some_and(|cwd| Path::new(project_of(cwd)).starts_with(project)))
    };
    let (unread, left_out) = each_own(
        setup,
        |_| true,
        |step| match step {
            Step::Transcript(session) => current = session,
            Step::Turn(turn) if is_there(turn) => asked.take(current, turn),
            Step::Turn(_) => {}
        },
    )?;
    if let Some(project) = project.filter(|_| asked.sessions() == 0) {
        return Err(NotYours::Elsewhere(project.display().to_string()).into());
    }
    Ok(Own { told: suggest(&asked, preset), unread, left_out })
}

/// Reading goes on by one step.
enum Step<'a> {
    /// Another transcript begins, of this session.
    Transcript(u32),
    Turn(&'a Turn),
}

/// Every turn of the sessions that are the owner's. Returns how many transcripts could not be read to their end, and how many sessions
/// were left out as others'.
fn each_own(
    setup: &Setup,
    is_wanted: impl Fn(&SessionLine) -> bool,
    mut take: impl FnMut(Step<'_>),
) -> Result<(usize, usize)> {
    let home = setup.home.folder();
    let lines = session_lines(home)?;
    let own: BTreeSet<&str> = setup
        .sessions
        .iter()
        .filter(|source| source.format != Format::Shared)
        .map(|source| source.name.as_str())
        .collect();
    let (mine, others): (Vec<SessionLine>, Vec<SessionLine>) =
        lines.into_iter().partition(|line| own.contains(line.source.as_str()));
    let owners: BTreeSet<&Option<String>> = mine.iter().map(|line| &line.owner).collect();
    match (owners.len(), others.len()) {
        (0, 0) => return Err(NotYours::None.into()),
        (0, _) => return Err(NotYours::Others.into()),
        (1, _) => {}
        (several, _) => return Err(NotYours::Several(several).into()),
    }
    let mut sessions: BTreeMap<String, u32> = BTreeMap::new();
    let mut unread = 0;
    for line in mine.iter().filter(|line| is_wanted(line)) {
        let next = sessions.len() as u32;
        let session = *sessions.entry(line.session.to_string()).or_insert(next);
        take(Step::Transcript(session));
        let is_read = each_frame_of(home, line, |turns| turns.iter().for_each(|turn| take(Step::Turn(turn))));
        unread += usize::from(!is_read);
    }
    let left_out: BTreeSet<String> = others.iter().map(|line| line.session.to_string()).collect();
    Ok((unread, left_out.len()))
}
