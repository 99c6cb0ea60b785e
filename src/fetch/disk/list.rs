//! Lists the files below a folder: names and stamps, no content.

use std::fs::{self, DirEntry, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::transcript::Stamp;

/// Folders inside folders; transcripts of workflows lie six deep.
const MOST_DEPTH: usize = 16;
/// Folders that are asked for side by side; a disk is not faster for more.
const MOST_THREADS: usize = 4;

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
pub fn list(root: &Path, is_wanted: &(dyn Fn(&Path) -> bool + Sync)) -> Option<Listing> {
    let walk = Walk { root, is_wanted };
    let mut listing = Listing::default();
    let mut folders = Vec::new();
    if !walk.folder(Path::new(""), &mut listing, &mut folders) {
        return None;
    }
    // Most of the time goes into asking for one file after another: folders are asked for side by side.
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    let shares = share_out(folders, threads);
    let parts: Vec<Listing> = std::thread::scope(|scope| {
        let begun: Vec<_> = shares.into_iter().map(|share| scope.spawn(|| walk.below(share))).collect();
        begun.into_iter().map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    for part in parts {
        listing.files.extend(part.files);
        listing.unseen.extend(part.unseen);
        listing.links += part.links;
    }
    // By their bytes: to compare paths folder by folder took a tenth of a run in which nothing was new.
    listing.files.sort_unstable_by(|one, other| one.path.as_os_str().cmp(other.path.as_os_str()));
    listing.unseen.sort();
    Some(listing)
}

/// In as many shares as there are threads, none empty.
fn share_out(folders: Vec<PathBuf>, threads: usize) -> Vec<Vec<PathBuf>> {
    let mut shares = vec![Vec::new(); threads.min(folders.len())];
    for (number, folder) in folders.into_iter().enumerate() {
        shares[number % threads].push(folder);
    }
    shares
}

struct Walk<'a> {
    root: &'a Path,
    is_wanted: &'a (dyn Fn(&Path) -> bool + Sync),
}

impl Walk<'_> {
    /// All that lies in these folders and below them.
    fn below(&self, mut folders: Vec<PathBuf>) -> Listing {
        let mut listing = Listing::default();
        while let Some(folder) = folders.pop() {
            self.folder(&folder, &mut listing, &mut folders);
        }
        listing
    }

    /// What lies in one folder, named by its path below the root; its own folders wait. False where the root is none, or empty.
    fn folder(&self, below: &Path, listing: &mut Listing, folders: &mut Vec<PathBuf>) -> bool {
        let depth = below.components().count();
        let entries = match fs::read_dir(self.root.join(below)) {
            Ok(entries) => entries,
            // Between listing and opening it may have gone.
            Err(error) if error.kind() == ErrorKind::NotFound && depth > 0 => return true,
            Err(_) if depth == 0 => return false,
            Err(error) => {
                listing.unseen.push((below.to_owned(), error.to_string()));
                return true;
            }
        };
        let mut is_empty = true;
        for entry in entries {
            is_empty = false;
            match entry {
                Ok(entry) => self.entry(&entry, below.join(entry.file_name()), depth, listing, folders),
                Err(error) => listing.unseen.push((below.to_owned(), error.to_string())),
            }
        }
        depth > 0 || !is_empty
    }

    fn entry(&self, entry: &DirEntry, path: PathBuf, depth: usize, listing: &mut Listing, folders: &mut Vec<PathBuf>) {
        let Ok(kind) = entry.file_type() else {
            listing.unseen.push((path, "its kind can't be told".to_owned()));
            return;
        };
        if kind.is_symlink() {
            listing.links += 1;
        } else if kind.is_dir() {
            if depth < MOST_DEPTH {
                folders.push(path);
            } else {
                listing.unseen.push((path, format!("it lies more than {MOST_DEPTH} folders deep")));
            }
        } else if kind.is_file() && (self.is_wanted)(&path) {
            match entry.metadata() {
                Ok(metadata) => listing.files.push(Found { path, stamp: stamp(&metadata) }),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => listing.unseen.push((path, error.to_string())),
            }
        }
    }
}

pub(super) fn stamp(metadata: &Metadata) -> Stamp {
    let modified = i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec());
    Stamp { device: metadata.dev(), inode: metadata.ino(), size: metadata.size(), modified }
}
