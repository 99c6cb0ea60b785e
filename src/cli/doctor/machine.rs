//! The machine: whether cron or a daemon runs the home, and whether files that grow can be watched.

use std::fs;
use std::path::{Path, PathBuf};

use tidings::config::SessionSource;
use tidings::home::Home;

use super::Findings;
use crate::cli::install::place::{self, Surroundings};
use crate::cli::install::{cron, unit_of};
use crate::cli::run::count;

/// Who starts runs of this home.
pub fn runner(home: &Home, found: &mut Findings) {
    let around = Surroundings::look();
    let mut runners = Vec::new();
    let user = around.config_folder().map(|folder| folder.join("systemd/user"));
    for folder in user.into_iter().chain([PathBuf::from("/etc/systemd/system")]) {
        runners.extend(unit_of(home.folder(), &folder).map(|unit| format!("systemd ({})", unit.display())));
    }
    // A machine without cron is told so by `install cron`, where it matters.
    if place::read_crontab().is_ok_and(|text| cron::runs(&text, home.folder())) {
        runners.push("cron (your crontab)".to_owned());
    }
    match runners.is_empty() {
        false => found.fine(format!("run by {}", runners.join(" and "))),
        true => {
            let what = "neither your crontab nor a unit of systemd that tidings wrote runs this home".to_owned();
            found.advice(what, "`tidings install cron --yes`, or `tidings install systemd --yes`");
        }
    }
}

/// Whether the system lets one user watch as many folders as sessions lie in.
pub fn watching(sources: &[SessionSource], found: &mut Findings) {
    let limit = |name: &str| -> Option<usize> {
        fs::read_to_string(Path::new("/proc/sys/fs/inotify").join(name)).ok()?.trim().parse().ok()
    };
    let folders: usize = sources.iter().map(|source| folders(&source.folder)).sum();
    let Some(watches) = limit("max_user_watches").filter(|_| folders > 0) else { return };
    let what = format!("sessions lie in {}, and the system lets a user watch {watches}", count(folders, "folder"));
    // Editors and agents of the same user watch, too.
    match folders * 2 > watches {
        true => found.advice(
            what,
            &format!(
                "sysctl fs.inotify.max_user_watches={}; till then `tidings watch` looks now and then",
                (folders * 8).max(65_536)
            ),
        ),
        false => found.fine(what),
    }
}

fn folders(folder: &Path) -> usize {
    let (mut number, mut folders) = (0, vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        number += 1;
        folders.extend(
            entries
                .flatten()
                .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
                .map(|entry| entry.path()),
        );
    }
    number
}
