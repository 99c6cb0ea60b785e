//! Events: the system's word that something below a folder has changed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use notify::event::ModifyKind;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

use super::far;

/// Paths that are remembered one by one until somebody asks; of more it is only known that there were.
const MOST: usize = 4_096;

/// How far down a folder is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// What lies in the folder itself.
    Folder,
    /// And all below it.
    Below,
}

/// Folders that are watched, and what changed in them.
#[derive(Default)]
pub struct Events {
    watcher: Option<RecommendedWatcher>,
    watched: BTreeMap<PathBuf, Depth>,
    heard: Arc<Heard>,
}

#[derive(Default)]
struct Heard {
    changed: Mutex<Changed>,
    bell: Notify,
}

/// What changed since it was last asked.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Changed {
    pub paths: BTreeSet<PathBuf>,
    /// There were more than were remembered, or the system lost some: anything may have changed.
    pub is_more: bool,
}

impl Events {
    /// From now on these folders are watched, and no others. Returns those that are not, and why; asking again tries again.
    /// `mounts` is what /proc/self/mounts says.
    pub fn watch(&mut self, folders: &BTreeMap<PathBuf, Depth>, mounts: &str) -> BTreeMap<PathBuf, String> {
        let gone: Vec<PathBuf> = self
            .watched
            .iter()
            .filter(|(folder, depth)| folders.get(*folder) != Some(*depth) || !folder.is_dir())
            .map(|(folder, _)| folder.clone())
            .collect();
        for folder in gone {
            self.unwatch(&folder);
        }
        let mut blind = BTreeMap::new();
        for (folder, depth) in folders {
            if !self.watched.contains_key(folder)
                && let Err(why) = self.begin(folder, *depth, mounts)
            {
                blind.insert(folder.clone(), why);
            }
        }
        blind
    }

    fn begin(&mut self, folder: &Path, depth: Depth, mounts: &str) -> Result<(), String> {
        if !folder.is_dir() {
            return Err("it is not there".to_owned());
        }
        if let Some(kind) = far(folder, mounts) {
            return Err(format!("it lies on {kind}, which tells of no change"));
        }
        let watcher = match &mut self.watcher {
            Some(watcher) => watcher,
            None => {
                let heard = Arc::clone(&self.heard);
                // A link may lead out of the folder, and nothing behind one is read either.
                let config = notify::Config::default().with_follow_symlinks(false);
                let watcher = RecommendedWatcher::new(move |event| heard.hear(event), config).map_err(words)?;
                self.watcher.insert(watcher)
            }
        };
        let mode = match depth {
            Depth::Folder => RecursiveMode::NonRecursive,
            Depth::Below => RecursiveMode::Recursive,
        };
        if let Err(error) = watcher.watch(folder, mode) {
            // Half a tree that is watched would look like a whole one.
            let _ = watcher.unwatch(folder);
            return Err(words(error));
        }
        self.watched.insert(folder.to_owned(), depth);
        Ok(())
    }

    fn unwatch(&mut self, folder: &Path) {
        self.watched.remove(folder);
        if let Some(watcher) = &mut self.watcher {
            // The system may have done so already, when the folder went.
            let _ = watcher.unwatch(folder);
        }
    }

    /// Waits until something has changed.
    pub async fn changed(&mut self) -> Changed {
        loop {
            self.heard.bell.notified().await;
            let changed = std::mem::take(&mut *self.heard.lock());
            if changed.is_more || !changed.paths.is_empty() {
                // Another folder may come to lie where a watched one lay: it is not the one that is watched.
                let moved: Vec<PathBuf> =
                    changed.paths.iter().filter(|path| self.watched.contains_key(*path)).cloned().collect();
                moved.iter().for_each(|folder| self.unwatch(folder));
                return changed;
            }
        }
    }
}

impl Heard {
    fn lock(&self) -> std::sync::MutexGuard<'_, Changed> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, event: notify::Result<Event>) {
        let mut changed = self.lock();
        match event {
            Ok(event) if event.need_rescan() => changed.is_more = true,
            // That a file is opened, read or touched is no news, and we do so ourselves.
            Ok(Event { kind: EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_)), .. }) => return,
            Ok(event) => {
                for path in event.paths {
                    match changed.paths.len() < MOST {
                        true => drop(changed.paths.insert(path)),
                        false => changed.is_more = true,
                    }
                }
            }
            Err(_) => changed.is_more = true,
        }
        drop(changed);
        self.bell.notify_one();
    }
}

fn words(error: notify::Error) -> String {
    match error.kind {
        notify::ErrorKind::MaxFilesWatch => {
            "the system watches no more folders for this user; fs.inotify.max_user_watches says how many".to_owned()
        }
        // With its paths it would say the folder twice.
        kind => notify::Error::new(kind).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::time::Duration;

    /// Waits until a path is heard of; the time is a limit, and no rest.
    async fn hear(events: &mut Events, path: &Path) {
        let heard = async { while !events.changed().await.paths.contains(path) {} };
        tokio::time::timeout(Duration::from_secs(20), heard).await.expect("the change is heard of");
    }

    #[tokio::test]
    async fn what_is_written_below_a_folder_is_heard_of_and_what_is_read_is_not() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("projects");
        fs::create_dir_all(folder.join("atlas")).unwrap();
        let transcript = folder.join("atlas/one.jsonl");
        fs::write(&transcript, "{}\n").unwrap();
        let mut events = Events::default();
        let folders = BTreeMap::from([(folder.clone(), Depth::Below)]);
        assert_eq!(events.watch(&folders, ""), BTreeMap::new());
        fs::read(&transcript).unwrap();
        fs::write(folder.join("atlas/two.jsonl"), "{}\n").unwrap();
        let first = events.changed().await;
        assert!(!first.paths.contains(&transcript), "{first:?}");
        fs::write(&transcript, "{}\n{}\n").unwrap();
        hear(&mut events, &transcript).await;
        // A folder that comes later is watched too.
        fs::create_dir_all(folder.join("borealis")).unwrap();
        hear(&mut events, &folder.join("borealis")).await;
    }

    #[tokio::test]
    async fn a_folder_that_can_not_be_watched_is_named_and_tried_again() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("projects");
        let folders = BTreeMap::from([(folder.clone(), Depth::Below)]);
        let mut events = Events::default();
        assert_eq!(events.watch(&folders, "")[&folder], "it is not there");
        fs::create_dir(&folder).unwrap();
        let far = format!("server:/home {} nfs rw 0 0\n", root.path().display());
        assert_eq!(events.watch(&folders, &far)[&folder], "it lies on nfs, which tells of no change");
        assert_eq!(events.watch(&folders, ""), BTreeMap::new());
        fs::write(folder.join("one.jsonl"), "{}\n").unwrap();
        hear(&mut events, &folder.join("one.jsonl")).await;
        // It goes, and another one takes its place.
        fs::remove_dir_all(&folder).unwrap();
        hear(&mut events, &folder).await;
        assert_eq!(events.watch(&folders, "")[&folder], "it is not there");
        fs::create_dir(&folder).unwrap();
        assert_eq!(events.watch(&folders, ""), BTreeMap::new());
        fs::write(folder.join("two.jsonl"), "{}\n").unwrap();
        hear(&mut events, &folder.join("two.jsonl")).await;
    }
}
