//! Lists the files below a folder: names and stamps, no content.

use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::transcript::Stamp;

/// Folders inside folders; transcripts of workflows lie six deep.
const MOST_DEPTH: usize = 16;

/// A file that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Below the root.
    pub path: PathBuf,
    pub stamp: Stamp,
}

/// What lies below a root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// In the order of their paths.
    pub files: Vec<Found>,
    /// Files and folders that could not be looked at, each with why. What was known of them stays as it is.
    pub unseen: Vec<(PathBuf, String)>,
    /// Links that were passed over: a link may lead out of the root, or in a circle.
    pub links: usize,
}

impl Listing {
    /// Whether a path that is not listed is really gone: nothing on the way to it was hidden from us.
    pub fn is_gone(&self, path: &Path) -> bool {
        !self.unseen.iter().any(|(hidden, _)| path.starts_with(hidden))
    }
}

/// Every file below `root` that `is_wanted` by its path below it. The root may be a link; nothing below it is followed if it
/// is one. None where there is no such folder, or where it is empty: a file system that is not mounted looks so, and it
/// says nothing of what was there.
pub fn list(root: &Path, is_wanted: &dyn Fn(&Path) -> bool) -> Option<Listing> {
    let mut listing = Listing::default();
    let mut is_empty = true;
    let mut folders = vec![(root.to_path_buf(), PathBuf::new(), 0)];
    while let Some((folder, below, depth)) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            // Between listing and opening it may have gone.
            Err(error) if error.kind() == ErrorKind::NotFound && depth > 0 => continue,
            Err(_) if depth == 0 => return None,
            Err(error) => {
                listing.unseen.push((below, error.to_string()));
                continue;
            }
        };
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    listing.unseen.push((below.clone(), error.to_string()));
                    continue;
                }
            };
            is_empty = false;
            let path = below.join(entry.file_name());
            let Ok(kind) = entry.file_type() else {
                listing.unseen.push((path, "its kind can't be told".to_owned()));
                continue;
            };
            if kind.is_symlink() {
                listing.links += 1;
            } else if kind.is_dir() {
                if depth < MOST_DEPTH {
                    folders.push((entry.path(), path, depth + 1));
                } else {
                    listing.unseen.push((path, format!("it lies more than {MOST_DEPTH} folders deep")));
                }
            } else if kind.is_file() && is_wanted(&path) {
                match entry.metadata() {
                    Ok(metadata) => listing.files.push(Found { path, stamp: stamp(&metadata) }),
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => listing.unseen.push((path, error.to_string())),
                }
            }
        }
    }
    // By their bytes: to compare paths folder by folder took a tenth of a run in which nothing was new.
    listing.files.sort_unstable_by(|one, other| one.path.as_os_str().cmp(other.path.as_os_str()));
    (!is_empty).then_some(listing)
}

pub(super) fn stamp(metadata: &Metadata) -> Stamp {
    let modified = i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec());
    Stamp { device: metadata.dev(), inode: metadata.ino(), size: metadata.size(), modified }
}
