//! Running: which sessions are at work, quiet or waiting, from what lies on the disk. The store is not opened.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::Result;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Setup;
use super::answers::Known;
use crate::fetch::disk::list;
use crate::keep;
use crate::read::session::{Kind, place};
use crate::session::activity::{Activity, OVER, Traces};
use crate::session::{Agent, Format, SessionId, project_of};

/// Files that say which process holds a session, beside Claude Code's projects; a home has as many as windows are open.
const MOST_HELD: usize = 1_000;
/// Of such a file, in bytes; they have some hundreds.
const MOST_BYTES: u64 = 64 << 10;

/// A session whose files were written to of late.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunningSession {
    /// `claude-code:0b9d2c1e-…`
    pub session: String,
    pub source: String,
    #[serde(flatten)]
    pub activity: Activity,
    /// When its last file was last written to.
    pub written: Timestamp,
    /// These are known once a run has read it.
    pub title: Option<String>,
    pub cwd: Option<String>,
    /// Its folder, with worktrees counted as their repository.
    pub project: Option<String>,
    pub branch: Option<String>,
    pub owner: Option<String>,
    pub host: Option<String>,
    pub turns: u64,
}

/// The sessions of a home that were written to within half a day, or that hooks or running processes still speak of: those
/// that wait first, then those at work, then by their last word. With `all` those that ended within half a day too. What is
/// shared from elsewhere comes a day late, and is left out.
///
/// # Errors
/// When what hooks have said can't be read. A folder that is away has none.
pub fn running_sessions(setup: &Setup, known: &Known, all: bool, now: Timestamp) -> Result<Vec<RunningSession>> {
    let home = setup.home.folder();
    let signs = keep::signs(home)?;
    let mut written: BTreeMap<(String, SessionId), Timestamp> = BTreeMap::new();
    let mut held = BTreeSet::new();
    for source in &setup.sessions {
        let Format::Of(agent @ (Agent::ClaudeCode | Agent::Codex)) = source.format else { continue };
        let format = source.format;
        let is_wanted =
            |path: &Path| place(format, path).is_some_and(|place| matches!(place.kind, Kind::Main | Kind::Subagent));
        for found in list(&source.folder, &is_wanted).map(|listing| listing.files).unwrap_or_default() {
            let native = place(format, &found.path).and_then(|place| place.session);
            let (Some(native), Ok(at)) = (native, Timestamp::from_nanosecond(found.stamp.modified)) else { continue };
            let last = written.entry((source.name.clone(), SessionId { agent, native })).or_insert(at);
            *last = at.max(*last);
        }
        if agent == Agent::ClaudeCode {
            held.extend(held_in(&source.folder));
        }
    }
    let mut running: Vec<RunningSession> = written
        .into_iter()
        .filter_map(|((source, id), written)| {
            let sign = signs.get(&id.native).filter(|_| id.agent == Agent::ClaudeCode);
            let is_held = held.contains(&id.native);
            let activity = Activity::of(Traces { written, sign, is_held }, now);
            let is_late = now.duration_since(written) < OVER;
            if activity == Activity::Ended && !(all && is_late) {
                return None;
            }
            let session = id.to_string();
            let line = known.session(&session);
            let cwd = line.and_then(|line| line.cwd.clone());
            Some(RunningSession {
                turns: known.turns(&session),
                session,
                source,
                activity,
                written,
                title: line.and_then(|line| line.title.clone().or_else(|| line.prompt.clone())),
                project: cwd.as_deref().map(|cwd| project_of(cwd).to_owned()),
                cwd,
                branch: line.and_then(|line| line.branch.clone()),
                owner: line.and_then(|line| line.owner.clone()),
                host: line.and_then(|line| line.host.clone()),
            })
        })
        .collect();
    running.sort_by_key(|one| (rank(one.activity), std::cmp::Reverse(one.written), one.session.clone()));
    Ok(running)
}

fn rank(activity: Activity) -> u8 {
    match activity {
        Activity::Waiting { .. } => 0,
        Activity::Active => 1,
        Activity::Quiet { .. } => 2,
        Activity::Ended => 3,
    }
}

/// The sessions that living processes hold open. Claude Code writes `sessions/PID.json` beside its projects and takes it away
/// when it ends; one that was killed leaves it. None of it is promised: where there is no such file, nothing is held.
fn held_in(projects: &Path) -> BTreeSet<String> {
    #[derive(Deserialize)]
    struct Held {
        #[serde(rename = "sessionId")]
        session: String,
    }
    // A source may name the folder of projects or the one above it.
    let folders = [projects.parent().map(|above| above.join("sessions")), Some(projects.join("sessions"))];
    let entries = folders.into_iter().flatten().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
    entries
        .take(MOST_HELD)
        .filter_map(|entry| {
            let path = entry.path();
            let process: u32 = path.file_name()?.to_str()?.strip_suffix(".json")?.parse().ok()?;
            let is_small = entry.metadata().is_ok_and(|file| file.is_file() && file.len() <= MOST_BYTES);
            if !is_small || !Path::new("/proc").join(process.to_string()).exists() {
                return None;
            }
            serde_json::from_slice::<Held>(&fs::read(path).ok()?).ok().map(|held| held.session)
        })
        .collect()
}
