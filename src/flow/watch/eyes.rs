//! Eyes: which sessions grew, by the system's word, or by looking each minute where it has none.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::Names;
use crate::fetch::disk::{Depth, Events, list};
use crate::flow::Setup;
use crate::read::session::place;

/// Between two looks at a folder that tells of no change.
const LOOK: Duration = Duration::from_secs(60);

/// What was heard of and not yet looked at.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Heard {
    /// Folders of sessions in which something changed, by the names of their sources.
    pub sources: Names,
    /// Somebody, or a hook, left a word in the inbox.
    pub inbox: bool,
    /// One of the home's two files changed.
    pub settings: bool,
}

impl Heard {
    pub fn is_nothing(&self) -> bool {
        *self == Heard::default()
    }

    pub fn add(&mut self, other: Heard) {
        self.sources.extend(other.sources);
        self.inbox |= other.inbox;
        self.settings |= other.settings;
    }
}

/// What is watched of a home.
pub(super) struct Eyes {
    events: Events,
    inbox: PathBuf,
    /// Folders that tell of no change, and how each looked last; None: it was not looked at.
    blind: BTreeMap<PathBuf, Option<u64>>,
    /// Those that have begun to tell: what came before is not told.
    sighted: BTreeSet<PathBuf>,
    /// Those of which it was told.
    told: BTreeSet<PathBuf>,
    next_look: Instant,
}

impl Eyes {
    pub fn new(inbox: PathBuf) -> Eyes {
        let (events, blind, sighted, told) = Default::default();
        Eyes { events, inbox, blind, sighted, told, next_look: Instant::now() + LOOK }
    }

    /// Watches what a home has now. Returns the folders of sessions that tell of no change, each the first time, and why.
    pub fn open(&mut self, setup: &Setup) -> Vec<(PathBuf, String)> {
        // Without it every folder counts as a near one.
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let mut folders: BTreeMap<PathBuf, Depth> =
            setup.sessions.iter().map(|source| (source.folder.clone(), Depth::Below)).collect();
        folders.entry(self.inbox.clone()).or_insert(Depth::Folder);
        folders.entry(setup.home.folder().to_owned()).or_insert(Depth::Folder);
        let blind = self.events.watch(&folders, &mounts);
        self.sighted.extend(self.blind.keys().filter(|folder| !blind.contains_key(*folder)).cloned());
        self.blind = blind.keys().map(|folder| (folder.clone(), self.blind.get(folder).copied().flatten())).collect();
        let is_of_sessions = |folder: &Path| setup.sessions.iter().any(|source| source.folder == folder);
        let new = blind.into_iter().filter(|(folder, _)| is_of_sessions(folder) && !self.told.contains(folder));
        let new: Vec<_> = new.collect();
        self.told.extend(new.iter().map(|(folder, _)| folder.clone()));
        new
    }

    /// Waits until something that matters may have changed.
    pub async fn hear(&mut self, setup: &Setup) -> Heard {
        if !self.sighted.is_empty() {
            let mut heard = Heard::default();
            std::mem::take(&mut self.sighted).iter().for_each(|folder| heard.add(self.of(folder, setup)));
            return heard;
        }
        tokio::select! {
            changed = self.events.changed() => {
                if changed.is_more {
                    let sources = setup.sessions.iter().map(|source| source.name.clone()).collect();
                    return Heard { sources, inbox: true, settings: true };
                }
                let mut heard = Heard::default();
                changed.paths.iter().for_each(|path| heard.add(self.meaning(path, setup)));
                heard
            }
            () = sleep_until(self.next_look) => self.look(setup),
        }
    }

    /// What the change of a path means.
    fn meaning(&self, path: &Path, setup: &Setup) -> Heard {
        let mut heard = Heard::default();
        if *path == setup.home.sources() || *path == setup.home.settings() {
            heard.settings = true;
        } else if path.parent() == Some(&self.inbox) {
            // What is just being written has another name, and what was taken in is gone.
            let is_whole = path.file_name().is_some_and(|name| !name.as_encoded_bytes().starts_with(b"."));
            heard.inbox = is_whole && path.is_file();
        }
        for source in &setup.sessions {
            let Ok(below) = path.strip_prefix(&source.folder) else { continue };
            // Of a folder that has just come, files may have been written before it was watched.
            if place(source.format, below).is_some() || path.is_dir() {
                heard.sources.insert(source.name.clone());
            }
        }
        heard
    }

    /// Looks at the folders that tell of no change. The first look at one knows no earlier, and says that it changed.
    fn look(&mut self, setup: &Setup) -> Heard {
        self.next_look = Instant::now() + LOOK;
        let mut heard = Heard::default();
        if self.blind.is_empty() {
            return heard;
        }
        self.open(setup);
        let mut changed = Vec::new();
        for (folder, known) in &mut self.blind {
            let mut hasher = DefaultHasher::new();
            let of_sessions: Vec<_> = setup.sessions.iter().filter(|source| source.folder == *folder).collect();
            let is_wanted = |path: &Path| match of_sessions.is_empty() {
                true => path.components().count() == 1,
                false => of_sessions.iter().any(|source| place(source.format, path).is_some()),
            };
            for found in list(folder, &is_wanted).map(|listing| listing.files).unwrap_or_default() {
                (&found.path, found.stamp.size, found.stamp.modified, found.stamp.inode).hash(&mut hasher);
            }
            let looks = hasher.finish();
            if known.replace(looks) == Some(looks) {
                continue;
            }
            changed.push(folder.clone());
        }
        changed.iter().for_each(|folder| heard.add(self.of(folder, setup)));
        heard
    }

    /// That anything may have changed in one of the folders that are watched.
    fn of(&self, folder: &Path, setup: &Setup) -> Heard {
        let of_sessions = setup.sessions.iter().filter(|source| source.folder == folder);
        Heard {
            sources: of_sessions.map(|source| source.name.clone()).collect(),
            inbox: folder == self.inbox,
            settings: folder == setup.home.folder(),
        }
    }
}
