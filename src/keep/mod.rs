//! Keeping remembers: what was read, what it means, what is still to be done, and what was told.
//!
//! One process at a time holds a home (`lock`). Small values live in sled (`store`), texts in compressed files
//! (`archive`), what can be searched in tantivy (`index`), what was told in an append-only file (`told`). A thing and the
//! work it causes are kept in one transaction. Keeping knows no clock: every time comes in as a value.

mod lock;
mod store;
mod frame;
mod archive;
mod identity;
mod change;
mod draft;
mod watched;
mod health;
mod readings;
mod works;
mod judgements;
mod months;
mod opinions;
mod extractions;
mod calibration;
mod letters;
mod outbox;
mod shut;
mod thumbs;
mod people;
mod hooks;
mod lessons;
mod key;
mod stopped;
mod told;
mod spending;
mod notes;
mod heartbeat;
mod views;
mod why;
mod whole;
mod version;
pub mod sessions;
mod copy;
mod export;
mod restore;
pub mod index;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use jiff::Timestamp;
use thiserror::Error;

pub use calibration::{calibration, keep_calibration};
pub use copy::copy_state;
pub use heartbeat::{Heartbeat, Runs};
pub use hooks::{Push, Signs, leave_sign, make_inbox, signs};
pub use judgements::Judged;
pub use key::{known_leaving_key, leaving_key, scrub_key};
pub use lessons::{
    Declined, Known, LearntOf, LessonView, SkillText, Stage, Wish, leave_lesson_wish, lessons, waiting_wishes,
};
pub use lock::{Holder, OnlyDaemon, only_daemon};
pub use opinions::{Disagreement, ModelState};
pub use outbox::{Outbox, outbox};
pub use people::{leave_word, standings};
pub use readings::Kept;
pub use restore::Restored;
pub use shut::Shut;
pub use spending::{Spending, Spent};
pub use stopped::Stopped;
pub use thumbs::{Inbox, inbox, leave_thumb};
pub use told::{ToldIn, told_in};
pub use version::Version;
pub use views::{SourceStatus, Status, status};
pub use watched::{Turns, Watched};
pub use whole::replace;
pub use why::{Why, why, why_since};

use archive::{Archive, Longer};
use lock::Lock;
use store::{Changes, Store};
use told::Told;

use crate::item::ItemId;
use crate::standing::Standings;

/// The memory of one home, held by one process at a time. Dropping it closes the store and frees the lock.
pub struct Keep {
    home: PathBuf,
    told: Told,
    spending: Arc<Spending>,
    people: Standings,
    archive: Archive,
    store: Store,
    /// Items whose text was asked for and could not be read.
    unreadable: Mutex<BTreeSet<ItemId>>,
    /// Archive files of sessions that are not yet on the disk itself.
    unsynced: Mutex<BTreeSet<String>>,
    /// Sessions that were forgotten.
    tombstones: sessions::Tombstones,
    /// Freed last: fields are dropped in the order they are declared.
    _lock: Lock,
}

/// Why a home could not be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Another process holds the home; leave with exit code 75.
    #[error("another run is at work in this home: {0}. Wait for it to end, then try again.")]
    Busy(Holder),
    /// The store cannot be read even after sled's own recovery was helped.
    #[error(
        "opening the store {path}: it is damaged ({message}). `tidings restore` makes it anew from the last export and \
         leaves the damaged one beside it."
    )]
    Damaged { path: PathBuf, message: String },
    #[error(transparent)]
    Other(#[from] anyhow::Error),
}

impl Keep {
    /// Opens the memory of a home, making what is missing. `who` is the command that will hold it, as a person would
    /// recognise it (`tidings run`).
    pub fn open(home: &Path, who: &str, now: Timestamp) -> Result<Keep, OpenError> {
        let state = home.join("state");
        private_folder(&state)?;
        let lock = Lock::take(&state.join("lock"), who, now)?;
        Keep::open_locked(home, lock, now)
    }

    fn open_locked(home: &Path, lock: Lock, now: Timestamp) -> Result<Keep, OpenError> {
        let state = home.join("state");
        private_folder(&state.join("outbox"))?;
        private_folder(&state.join("views"))?;
        // Its words are those of sessions, too. What is no folder there is made anew as one.
        if home.join("index").is_dir() {
            private_folder(&home.join("index"))?;
        }
        let path = state.join("store");
        if restore::was_interrupted(&state) {
            return Err(OpenError::Damaged { path, message: "a restore was interrupted".to_owned() });
        }
        let store = Store::open(&path)?;
        let archive = Archive::open(&state.join("archive"), archive::recorded(&store)?, Longer::Cut)?;
        let told = Told::open(&state.join("told.jsonl"))?;
        let spending = Arc::new(Spending::open(&state.join("spending.jsonl"))?);
        let people = people::read(&state.join("people.json"))?;
        let tombstones = sessions::Tombstones::read(&state)?;
        let (unreadable, unsynced) = Default::default();
        let home = home.to_path_buf();
        let mut keep =
            Keep { home, told, spending, people, archive, store, unreadable, unsynced, tombstones, _lock: lock };
        keep.begin(now)?;
        if keep.is_clearing()? {
            // What was stopped meanwhile is done to its end.
            keep.forget_again()?;
            return keep.cleared(now);
        }
        Ok(keep)
    }

    /// Makes all that was kept survive a power loss, not only the end of this process.
    pub fn checkpoint(&self) -> Result<()> {
        // What the store says is in the archive has to be there first.
        let waiting = self.unsynced_before()?;
        let mut unsynced = self.unsynced();
        unsynced.extend(waiting);
        sessions::sync(&self.state(), &unsynced)?;
        unsynced.clear();
        drop(unsynced);
        self.store.seal()
    }

    /// The first thing after opening: a new home notes when it began, and letters are set to what told.jsonl says.
    fn begin(&mut self, now: Timestamp) -> Result<()> {
        if self.note(notes::FIRST_RUN)?.is_none() {
            let mut changes = Changes::default();
            // A store made anew beside archives that exist adopts them: their texts stay where they are.
            self.archive.record_lengths(&mut changes);
            changes.put(&notes::note_key(notes::FIRST_RUN), &now.to_string());
            self.store.commit(changes)?;
            // From now on an empty store in this place is a damaged one, and no new home.
            self.store.seal()?;
        } else if self.archive.was_found_short() {
            let mut changes = Changes::default();
            self.archive.record_lengths(&mut changes);
            self.store.commit(changes)?;
        }
        self.heal_letters(now)
    }

    fn state(&self) -> PathBuf {
        self.home.join("state")
    }
}

/// Makes a folder that only its owner may enter, and closes one that was open to others.
fn private_folder(path: &Path) -> Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("making the folder {}; check that its parent may be written", path.display()))?;
    let mode = fs::metadata(path).with_context(|| format!("looking at {}", path.display()))?.permissions().mode();
    if mode & 0o077 != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))
            .with_context(|| format!("closing {} to other users; check who owns it", path.display()))?;
    }
    Ok(())
}
