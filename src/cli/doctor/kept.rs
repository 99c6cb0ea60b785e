//! What a home holds: who may read it, how old it is, whether it can be searched, and the room that is left.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use tidings::flow::ask::{self, Query};
use tidings::flow::{Pulse, Room, pulse_of, room};
use tidings::home::Home;

use super::Findings;
use crate::cli::install::place::owner;
use crate::cli::run::count;

/// An hourly cron job that has not run for this long has stopped.
const STALE: SignedDuration = SignedDuration::from_hours(26);

/// Each day's first run exports the store.
const EXPORTS: SignedDuration = SignedDuration::from_hours(2 * 24);

/// Below this no run may end: what it keeps, its index and its export need room at once.
const LEAST_FREE: u64 = 200 << 20;
/// Below this a person should look.
const LITTLE_FREE: u64 = 2 << 30;

/// Above this the clock makes dates, schedules and waits wrong.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Whose the home is, and who may read or write it.
pub fn home(home: &Home, found: &mut Findings) {
    let folder = home.folder();
    let Ok(there) = fs::metadata(folder) else { return };
    let (us, theirs) = (rustix::process::geteuid().as_raw(), there.uid());
    if us != theirs {
        let who = owner(folder).unwrap_or_else(|_| format!("user {theirs}"));
        found.broken(
            format!("the home belongs to {who}, and you are somebody else: a run of yours leaves files that {who} can't write"),
            &format!("as {who}: sudo -u {who} tidings …; or `chown -R` it"),
        );
    } else if there.mode() & 0o022 != 0 {
        found.broken(
            "other users may write to the home, and so say what is watched".to_owned(),
            &format!("chmod go-w {}", folder.display()),
        );
    } else {
        found.fine("the home is yours, and only you write to it".to_owned());
    }
    for name in ["sources.toml", "tidings.toml", "state", "index", "digests"] {
        let path = folder.join(name);
        if fs::symlink_metadata(&path).is_ok_and(|there| there.is_symlink()) {
            match path.canonicalize() {
                Ok(to) => found.fine(format!("{name} is a link to {}", to.display())),
                Err(error) => found.broken(
                    format!("{name} is a link that leads nowhere ({error})"),
                    "mend the link; a run would begin anew beside it",
                ),
            }
        }
        if let Ok(there) = fs::metadata(&path)
            && there.uid() != theirs
        {
            found.broken(
                format!("{name} belongs to another user than the home"),
                &format!("chown -R it: {}", path.display()),
            );
        }
    }
    private(&folder.join("state"), "state/", found);
    private(&folder.join("index"), "index/, which holds the words of sessions", found);
}

fn private(folder: &Path, what: &str, found: &mut Findings) {
    let Ok(there) = fs::metadata(folder) else { return };
    match there.permissions().mode() & 0o077 {
        0 => found.fine(format!("{} belongs to its owner alone", what.split(',').next().unwrap_or(what))),
        _ => found.broken(format!("other users may read {what}"), &format!("chmod 700 {}", folder.display())),
    }
}

/// How the last run left it.
pub fn last_run(home: &Home, now: Timestamp, found: &mut Findings) {
    let status = match ask::status(home) {
        Ok(Some(status)) => status,
        Ok(None) => return found.advice("nothing has run here yet".to_owned(), "tidings run"),
        Err(error) => return found.broken(format!("{error:#}"), "tidings run"),
    };
    let age = now.duration_since(status.at);
    if age > STALE {
        let what = format!("the last run is {} old", count(age.as_hours() as usize, "hour"));
        found.broken(what, "look at cron's log or `systemctl --user status tidings`; `tidings install` sets either up");
    } else {
        found.fine(format!("last run {:.0}", status.at));
    }
    if let pulse @ Pulse::Silent { .. } = pulse_of(&status, now)
        && age <= STALE
    {
        found.broken(pulse.words(), "`tidings status` says what fails");
    }
    let failing = status.sources.iter().filter(|source| source.watched.failures > 0).count();
    if failing > 0 {
        found.advice(format!("{} failing", count(failing, "source")), "tidings status");
    }
    if !status.aside.is_empty() {
        found.advice(format!("{} set aside", count(status.aside.len(), "piece of work")), "tidings status");
    }
    clock(&status, found);
    let room = room(home);
    index(home, &status, &room, found);
    exports(&status, &room, now, found);
}

/// What can be searched, and how old it is.
fn index(home: &Home, status: &ask::Status, room: &Room, found: &mut Findings) {
    let probe = Query { words: "tidings".to_owned(), limit: 1, ..Query::default() };
    let written = |at: Option<Timestamp>| at.map_or(String::new(), |at| format!(", last written {at:.0}"));
    match ask::search(home, &probe).and_then(|_| ask::items_indexed(home)) {
        Ok(items) => found.fine(format!(
            "the index can be searched: {}{}",
            count(items as usize, "item"),
            written(room.index_written)
        )),
        Err(error) => found.broken(format!("{error:#}"), "tidings reindex"),
    }
    match ask::chronicle(home) {
        Ok(Some(turns)) => {
            let turns = count(turns.len() as usize, "turn");
            found.fine(format!("so can that of sessions: {turns}{}", written(room.turns_written)));
        }
        Ok(None) => {}
        Err(error) => found.broken(format!("{error:#}"), "tidings reindex"),
    }
    let waiting = status.index + status.index_turns;
    if waiting > 0 {
        found.advice(
            format!("{} not in the index yet", count(waiting, "piece of work")),
            "tidings run; if that does not help, tidings reindex",
        );
    }
}

/// How old the copy is from which a damaged store is made anew.
fn exports(status: &ask::Status, room: &Room, now: Timestamp, found: &mut Findings) {
    match room.exported {
        Some(at) if status.at.duration_since(at) <= EXPORTS || now.duration_since(at) <= EXPORTS => {
            found.fine(format!("the store was last exported {at:.0}"))
        }
        Some(at) => found.broken(
            format!("the store was last exported {at:.0}, before the last runs"),
            "free room on the disk, and `tidings run`",
        ),
        None => found.advice(
            "the store was never exported".to_owned(),
            "the day's first `tidings run` does so, where there is room",
        ),
    }
}

/// The room on the home's disk.
pub fn disk(home: &Home, found: &mut Findings) {
    let room = room(home);
    let Some(free) = room.free else { return };
    let ours = room.index + room.archive + room.store;
    let what = format!("{} free on the disk, the home takes {}", bytes(free), bytes(ours));
    let remedy = "make room, or move the home: `tidings reindex` needs as much again as index/ takes";
    match free {
        _ if free < LEAST_FREE => found.broken(what, remedy),
        _ if free < LITTLE_FREE || free < room.index => found.advice(what, remedy),
        _ => found.fine(what),
    }
}

/// This machine's clock beside those of the servers that answered in the last runs.
fn clock(status: &ask::Status, found: &mut Findings) {
    let mut ahead: Vec<i64> = status.sources.iter().filter_map(|source| source.watched.mark.clock_seconds).collect();
    ahead.sort_unstable();
    // One server's own clock may be wrong; half of them are not.
    let Some(seconds) = ahead.get(ahead.len() / 2).copied() else { return };
    let skew = SignedDuration::from_secs(seconds.saturating_abs());
    let word = if seconds > 0 { "behind" } else { "ahead of" };
    match skew > SKEW {
        true => found.broken(
            format!(
                "the clock was {} {word} those of {} in the last runs",
                minutes(skew),
                count(ahead.len(), "server")
            ),
            "turn on the time service: `timedatectl set-ntp true`, or `apt install systemd-timesyncd`",
        ),
        false => found.fine(format!("the clock agrees with those of {}", count(ahead.len(), "server"))),
    }
}

fn minutes(length: SignedDuration) -> String {
    match length.as_hours() {
        0 => count(length.as_mins() as usize, "minute"),
        hours @ 1..=47 => count(hours as usize, "hour"),
        hours => count(hours as usize / 24, "day"),
    }
}

/// "1.2 GB".
fn bytes(bytes: u64) -> String {
    match bytes {
        1_000_000_000.. => format!("{:.1} GB", bytes as f64 / 1e9),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}
