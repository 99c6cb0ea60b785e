//! Room: what a home takes on its disk, and how much is left there.

use std::fs;
use std::path::Path;

use jiff::Timestamp;

use crate::home::Home;

/// More files than any folder of ours has; one that has more is counted so far.
const MOST_FILES: usize = 200_000;

/// Bytes, and when the derived was last written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Room {
    /// Of the disk, for this user and in all; None where the system does not say.
    pub free: Option<u64>,
    pub total: Option<u64>,
    pub index: u64,
    pub archive: u64,
    pub store: u64,
    /// When the index of items, and that of turns, was last written; None where there is none.
    pub index_written: Option<Timestamp>,
    pub turns_written: Option<Timestamp>,
    /// When the newest export was written.
    pub exported: Option<Timestamp>,
}

/// Looks at a home's folders.
pub fn room(home: &Home) -> Room {
    let folder = home.folder();
    let disk = rustix::fs::statvfs(folder).ok();
    let exports = fs::read_dir(folder.join("state/exports")).into_iter().flatten().flatten();
    Room {
        free: disk.as_ref().map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize)),
        total: disk.as_ref().map(|disk| disk.f_blocks.saturating_mul(disk.f_frsize)),
        index: bytes(&folder.join("index")),
        archive: bytes(&folder.join("state/archive")),
        store: bytes(&folder.join("state/store")),
        index_written: written(&folder.join("index")),
        turns_written: written(&folder.join("index/turns")),
        exported: exports.filter_map(|entry| changed(&entry.path())).max(),
    }
}

/// When the newest file right in an index's folder was written.
fn written(folder: &Path) -> Option<Timestamp> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    files
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .filter_map(|entry| changed(&entry.path()))
        .max()
}

fn changed(path: &Path) -> Option<Timestamp> {
    Timestamp::try_from(fs::metadata(path).ok()?.modified().ok()?).ok()
}

/// Of all files below a folder; links are not followed.
fn bytes(folder: &Path) -> u64 {
    let (mut sum, mut files, mut folders) = (0, 0, vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(there) = entry.metadata() else { continue };
            if there.is_dir() {
                folders.push(entry.path());
            } else if there.is_file() {
                sum += there.len();
            }
            files += 1;
            if files >= MOST_FILES {
                return sum;
            }
        }
    }
    sum
}
