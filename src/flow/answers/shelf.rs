//! The shelf holds open what questions are asked of, and opens it again when it was written: for what asks again and again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock, TryLockError};
use std::time::{Duration, Instant};

use anyhow::Result;

use super::super::ask::{self, Chronicle, Library, WantedUsage};
use super::known::Known;
use crate::home::Home;
use crate::keep::Version;
use crate::keep::sessions::views_version;
use crate::session::usage::{By, Key, Row, Sum, Window};

/// What can be searched of a home, and what is known of its sessions.
pub struct Shelf {
    home: Home,
    library: Slot<Library>,
    chronicle: Slot<Chronicle>,
    known: Slot<Known>,
    costs: Slot<BTreeMap<String, Sum>>,
}

/// To count what sessions cost reads every answer there is, and while sessions are at work there are new ones all the time. What
/// was counted holds this long.
const COSTS_HOLD: Duration = Duration::from_secs(10);

impl Shelf {
    pub fn of(home: &Home) -> Shelf {
        let home = home.clone();
        Shelf {
            home,
            library: Slot::default(),
            chronicle: Slot::default(),
            known: Slot::default(),
            costs: Slot { hold: COSTS_HOLD, ..Slot::default() },
        }
    }

    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The index of items, as it stands. While it is made anew, as it stood before.
    ///
    /// # Errors
    /// When there is none yet; the message names the remedy.
    pub fn library(&self) -> Result<Arc<Library>> {
        let folder = self.home.folder();
        self.library.get(Library::version(folder), || Library::open(folder))
    }

    /// The index of turns, likewise; None where no session is kept.
    ///
    /// # Errors
    /// When it is damaged or of another version; the message names the remedy.
    pub fn chronicle(&self) -> Result<Option<Arc<Chronicle>>> {
        let folder = self.home.folder();
        self.chronicle.get_if_any(Chronicle::version(folder), || Chronicle::open(folder))
    }

    /// What is known of sessions beside their turns.
    ///
    /// # Errors
    /// When the view can't be read.
    pub fn known(&self) -> Result<Arc<Known>> {
        self.known.get(Some(views_version(self.home.folder())), || Known::read(&self.home))
    }

    /// What each session cost, where the home is one person's; empty where it is not.
    ///
    /// # Errors
    /// When a view can't be read.
    pub fn costs(&self, wanted: &WantedUsage) -> Result<Arc<BTreeMap<String, Sum>>> {
        let wanted = WantedUsage { by: By::Session, window: Window::default(), ..wanted.clone() };
        self.costs.get(Some(views_version(self.home.folder())), || {
            let ask::Usage::Own(own) = ask::usage(&self.home, &wanted)? else { return Ok(BTreeMap::new()) };
            let of_session = |row: Row| match row.key {
                Key::Session(place) => own.sessions.get(place as usize).map(|about| (about.id.clone(), row.sum)),
                _ => None,
            };
            Ok(own.rows.into_iter().filter_map(of_session).collect())
        })
    }
}

/// Something that was opened, and what its files were then.
struct Slot<T> {
    held: RwLock<Option<Held<T>>>,
    /// It is not opened again sooner than this.
    hold: Duration,
    /// Whoever opens it again; others go on with what was there.
    opening: Mutex<()>,
}

struct Held<T> {
    version: Option<Version>,
    since: Instant,
    value: Arc<T>,
}

impl<T> Default for Slot<T> {
    fn default() -> Slot<T> {
        Slot { held: RwLock::new(None), hold: Duration::ZERO, opening: Mutex::new(()) }
    }
}

impl<T> Slot<T> {
    fn get(&self, version: Option<Version>, open: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
        Ok(self.get_if_any(version, || open().map(Some))?.expect("what opens without an error is there"))
    }

    /// What is held if it is of this version, and else what is opened. Where that does not go, because it is being written anew, what
    /// is held still answers: its files stay readable for whoever has them open. Only who has nothing at all waits for others.
    fn get_if_any(&self, version: Option<Version>, open: impl FnOnce() -> Result<Option<T>>) -> Result<Option<Arc<T>>> {
        // What is held, and whether it will do.
        let held = || {
            let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
            held.as_ref().map(|held| {
                let is_current = version.is_none() || held.version == version;
                (held.value.clone(), is_current || held.since.elapsed() < self.hold)
            })
        };
        let old = match held() {
            Some((value, true)) => return Ok(Some(value)),
            old => old.map(|(value, _)| value),
        };
        let _turn = match (self.opening.try_lock(), &old) {
            (Ok(turn), _) => turn,
            (Err(TryLockError::Poisoned(turn)), _) => turn.into_inner(),
            (Err(TryLockError::WouldBlock), Some(old)) => return Ok(Some(old.clone())),
            (Err(TryLockError::WouldBlock), None) => self.opening.lock().unwrap_or_else(PoisonError::into_inner),
        };
        // It may have been opened while we waited.
        if let Some((value, true)) = held() {
            return Ok(Some(value));
        }
        let opened = match (open(), old) {
            (Ok(Some(opened)), _) => Arc::new(opened),
            (Ok(None) | Err(_), Some(old)) => return Ok(Some(old)),
            (Ok(None), None) => return Ok(None),
            (Err(error), None) => return Err(error),
        };
        let held = Held { version, since: Instant::now(), value: opened.clone() };
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(held);
        Ok(Some(opened))
    }
}
