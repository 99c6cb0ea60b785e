//! The store is the only door to sled: small JSON values under prefixed keys, changed one batch at a time.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Write};
use std::ops::RangeBounds;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use fail::fail_point;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::warn;

use super::OpenError;
use crate::guard::panic::quietly;

/// sled keeps this much in memory, in bytes. Its default is 1 GiB; the values of a lab's year fit into far less, and the
/// machine has other work.
const CACHE_BYTES: u64 = 32 << 20;

/// Most puts in one batch. sled writes a batch as one record that must fit its buffers; a thousand small values do.
pub(super) const BATCH: usize = 1_000;

/// Counts the seals: once in the store, and once in a file of this name beside it.
const SEAL: &str = "seal";

/// Endings of the folders of a store that is being written anew, and of the one it replaces.
const ANEW: &str = "anew";
const OLD: &str = "old";

/// What stands in a message about damage, so that a person knows what to do.
const REMEDY: &str = "`tidings restore` makes the store anew from the last export";

pub(super) struct Store {
    tree: sled::Db,
    folder: PathBuf,
    /// Something was committed since it was opened or sealed.
    is_changed: AtomicBool,
    /// What was deferred and is not yet committed.
    waiting: Mutex<Changes>,
}

/// Why sled could not do what it was asked.
enum Trouble {
    /// What lies on the disk is not what was written.
    Damage(String),
    /// The machine: space, rights, handles.
    Machine(std::io::Error),
}

/// Changes that happen together or not at all.
#[derive(Default)]
pub(super) struct Changes {
    /// By key: its new value, or None where it is removed.
    values: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl Changes {
    /// Our own values always have a JSON form: no maps with odd keys, no failing Serialize.
    pub(super) fn put<T: Serialize>(&mut self, key: &[u8], value: &T) {
        let bytes = serde_json::to_vec(value).expect("a kept value has a JSON form");
        self.values.insert(key.to_vec(), Some(bytes));
    }

    /// A value as it was exported.
    pub(super) fn put_bytes(&mut self, key: &[u8], value: &[u8]) {
        self.values.insert(key.to_vec(), Some(value.to_vec()));
    }

    pub(super) fn remove(&mut self, key: &[u8]) {
        self.values.insert(key.to_vec(), None);
    }

    /// How many keys change.
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    fn batch(&self) -> sled::Batch {
        let mut batch = sled::Batch::default();
        for (key, value) in &self.values {
            match value {
                Some(value) => batch.insert(&key[..], &value[..]),
                None => batch.remove(&key[..]),
            }
        }
        batch
    }
}

impl Store {
    /// Opens the store, helping sled 0.34 over what a killed process leaves behind.
    ///
    /// A process that is killed while sled opens leaves a half-written `snap.*.generating`, and the next open takes it
    /// for the newest snapshot and fails for ever. A snapshot only saves time: without any, sled reads its whole log.
    pub(super) fn open(folder: &Path) -> Result<Store, OpenError> {
        finish_renewal(folder)?;
        fs::create_dir_all(folder).with_context(|| format!("making the folder {}", folder.display()))?;
        await_last_handle(folder)?;
        let damaged = |message: String| OpenError::Damaged { path: folder.to_path_buf(), message };
        if !folder.join("db").exists() && !is_bare(folder)? {
            return Err(damaged("its file db is missing".to_owned()));
        }
        for path in derived(folder)? {
            if path.extension().is_some_and(|extension| extension == "generating") {
                fs::remove_file(&path).with_context(|| format!("removing the half-written {}", path.display()))?;
            }
        }
        let opened = match Store::attempt(folder) {
            Err(Trouble::Damage(message)) => {
                let aside = folder.join("set-aside");
                fs::create_dir_all(&aside).with_context(|| format!("making the folder {}", aside.display()))?;
                for path in derived(folder)? {
                    let target = aside.join(path.file_name().unwrap_or_default());
                    fs::rename(&path, &target).with_context(|| format!("moving {} aside", path.display()))?;
                }
                warn!("the store {} is damaged ({message}); reading its whole log instead", folder.display());
                await_last_handle(folder)?;
                Store::attempt(folder)
            }
            opened => opened,
        };
        match opened {
            Ok(store) => Ok(store),
            Err(Trouble::Damage(message)) => Err(damaged(message)),
            Err(Trouble::Machine(error)) => Err(OpenError::Other(
                anyhow!("{error}")
                    .context(format!("opening the store {}; check its free space and who owns it", folder.display())),
            )),
        }
    }

    /// Opens the store as it lies there, and holds it against its seal.
    fn attempt(folder: &Path) -> Result<Store, Trouble> {
        let config = sled::Config::new().path(folder).cache_capacity(CACHE_BYTES).print_profile_on_drop(false);
        let tree = contained(|| config.open())?;
        let store =
            Store { tree, folder: folder.to_path_buf(), is_changed: AtomicBool::new(false), waiting: Mutex::default() };
        let sealed = store.sealed_outside();
        let known = contained(|| store.tree.get(SEAL))?;
        let known = known.and_then(|bytes| serde_json::from_slice::<u64>(&bytes).ok()).unwrap_or(0);
        if known < sealed {
            return Err(Trouble::Damage(format!(
                "it has lost what was written last: it knows of {known} runs, and there were {sealed}"
            )));
        }
        Ok(store)
    }

    /// None when there is no value; an error when there is one that cannot be read.
    pub(super) fn get<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>> {
        if let Some(value) = self.waiting().values.get(key) {
            return value.as_ref().map(|bytes| parse(key, bytes)).transpose();
        }
        match self.safely("reading", key, || self.tree.get(key))? {
            Some(bytes) => Ok(Some(parse(key, &bytes)?)),
            None => Ok(None),
        }
    }

    pub(super) fn has(&self, key: &[u8]) -> Result<bool> {
        if let Some(value) = self.waiting().values.get(key) {
            return Ok(value.is_some());
        }
        self.safely("looking for", key, || self.tree.contains_key(key))
    }

    /// Every value under a prefix, in the order of the keys; keys are given without the prefix.
    pub(super) fn scan<T: DeserializeOwned>(
        &self,
        prefix: &[u8],
    ) -> impl Iterator<Item = Result<(Vec<u8>, T)>> + use<'_, T> {
        let skip = prefix.len();
        self.walk(self.settle(), self.tree.scan_prefix(prefix)).map(move |pair| {
            let (key, bytes) = pair?;
            Ok((key[skip..].to_vec(), parse(&key, &bytes)?))
        })
    }

    /// Every value in a range of keys; keys are given whole.
    pub(super) fn range<T: DeserializeOwned>(
        &self,
        range: impl RangeBounds<Vec<u8>>,
    ) -> impl Iterator<Item = Result<(Vec<u8>, T)>> {
        self.walk(self.settle(), self.tree.range(range)).map(|pair| {
            let (key, bytes) = pair?;
            Ok((key.to_vec(), parse(&key, &bytes)?))
        })
    }

    /// Every key with the bytes of its value.
    pub(super) fn all(&self) -> impl Iterator<Item = Result<(sled::IVec, sled::IVec)>> {
        self.walk(self.settle(), self.tree.iter())
    }

    /// What sled's iterator gives, up to the first trouble: what it would give after that is not to be trusted. What was
    /// deferred must be settled before the iterator is made.
    fn walk(
        &self,
        settled: Result<()>,
        mut pairs: sled::Iter,
    ) -> impl Iterator<Item = Result<(sled::IVec, sled::IVec)>> + use<'_> {
        let mut trouble = settled.err();
        let mut is_over = false;
        std::iter::from_fn(move || {
            if is_over {
                return None;
            }
            if let Some(error) = trouble.take() {
                is_over = true;
                return Some(Err(error));
            }
            let pair = self.safely("scanning", b"", || pairs.next().transpose()).transpose();
            is_over = !matches!(pair, Some(Ok(_)));
            pair
        })
    }

    /// All of the changes, or none: also after this process is killed. Only `checkpoint` holds against a power loss.
    pub(super) fn commit(&self, changes: Changes) -> Result<()> {
        if changes.len() == 0 {
            return Ok(());
        }
        self.settle()?;
        self.apply(&changes)
    }

    /// Changes that cost nothing to make again. They are read from now on, and committed with those that follow: when they
    /// fill a batch, or before anything is scanned, committed or written to disk. Those of one call are never parted. If the
    /// process is killed meanwhile, none of them happened.
    pub(super) fn defer(&self, changes: Changes) -> Result<()> {
        if self.waiting().len() + changes.len() > BATCH {
            self.settle()?;
        }
        self.waiting().values.extend(changes.values);
        Ok(())
    }

    /// Commits what was deferred. What cannot be written waits on.
    fn settle(&self) -> Result<()> {
        let mut waiting = self.waiting();
        if waiting.len() > 0 {
            self.apply(&waiting)?;
            waiting.values.clear();
        }
        Ok(())
    }

    /// A panic elsewhere leaves whole changes: they are added by one call, and cleared by one.
    fn waiting(&self) -> MutexGuard<'_, Changes> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn apply(&self, changes: &Changes) -> Result<()> {
        fail_point!("store-before-commit");
        self.is_changed.store(true, Ordering::Relaxed);
        let doing = || format!("writing to the store {}; check the disk's free space", self.folder.display());
        contained(|| self.tree.apply_batch(changes.batch()))
            .map_err(|trouble| anyhow!(trouble.words()))
            .with_context(doing)?;
        fail_point!("store-committed");
        Ok(())
    }

    /// Writes everything to the disk itself. sled's own flush on Linux stops at `sync_file_range`, which does not promise
    /// to survive a power loss.
    pub(super) fn checkpoint(&self) -> Result<()> {
        self.settle()?;
        let file = self.folder.join("db");
        let doing = || format!("writing the store {} to disk; check the disk's free space", self.folder.display());
        fail_point!("store-before-checkpoint");
        contained(|| self.tree.flush()).map_err(|trouble| anyhow!(trouble.words())).with_context(doing)?;
        fail_point!("store-flushed");
        File::open(&file).and_then(|db| db.sync_all()).with_context(doing)?;
        fail_point!("store-checkpointed");
        Ok(())
    }

    /// A checkpoint that is counted inside the store and beside it. A store that later knows of fewer seals than the file
    /// has lost something, even where sled opens it without a word: of a log that was cut it reads what is left.
    pub(super) fn seal(&self) -> Result<()> {
        self.settle()?;
        if !self.is_changed.load(Ordering::Relaxed) {
            return self.checkpoint();
        }
        let number = self.sealed_outside().max(self.get(SEAL.as_bytes())?.unwrap_or(0)) + 1;
        let mut changes = Changes::default();
        changes.put(SEAL.as_bytes(), &number);
        self.commit(changes)?;
        self.checkpoint()?;
        let path = self.folder.join(SEAL);
        let write = || -> std::io::Result<()> {
            // The home's lock is ours, so one name is enough.
            let unfinished = self.folder.join("seal.unfinished");
            let mut file = File::create(&unfinished)?;
            write!(file, "{number}")?;
            file.sync_all()?;
            fs::rename(&unfinished, &path)
        };
        write().with_context(|| format!("writing {}; check the disk's free space", path.display()))?;
        self.is_changed.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Writes every value but one into a new store in this one's place. sled keeps what was removed in its files until it writes
    /// over it; nothing of the old files stays.
    pub(super) fn renewed(self, without: &[u8]) -> Result<Store, OpenError> {
        let folder = self.folder.clone();
        let (anew, old) = (folder.with_extension(ANEW), folder.with_extension(OLD));
        let doing = || format!("writing the store {} anew; check the disk's free space", folder.display());
        if anew.exists() {
            fs::remove_dir_all(&anew).with_context(doing)?;
        }
        let store = Store::open(&anew)?;
        let mut changes = Changes::default();
        for pair in self.all() {
            let (key, value) = pair?;
            if &key[..] != without {
                changes.put_bytes(&key, &value);
            }
            if changes.len() >= BATCH {
                store.commit(std::mem::take(&mut changes))?;
            }
        }
        store.commit(changes)?;
        store.seal()?;
        drop((self, store));
        await_last_handle(&anew)?;
        await_last_handle(&folder)?;
        fs::rename(&folder, &old).with_context(doing)?;
        Store::open(&folder)
    }

    /// What the file beside the store says; 0 where there is none, as in a store that was never sealed.
    fn sealed_outside(&self) -> u64 {
        fs::read_to_string(self.folder.join(SEAL)).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
    }

    fn safely<T>(&self, doing: &str, key: &[u8], ask: impl FnOnce() -> sled::Result<T>) -> Result<T> {
        contained(ask).map_err(|trouble| {
            let remedy = if matches!(trouble, Trouble::Damage(_)) { REMEDY } else { "check the disk" };
            let what = format!("{doing} {} in the store {}", shown(key), self.folder.display());
            anyhow!("{what}: {}; {remedy}", trouble.words())
        })
    }
}

impl Drop for Store {
    /// An orderly end writes what waits. What it cannot write is made again by the next run.
    fn drop(&mut self) {
        if !thread::panicking()
            && let Err(error) = self.settle()
        {
            warn!("{error:#}");
        }
    }
}

impl Trouble {
    fn words(&self) -> String {
        match self {
            Trouble::Damage(message) => format!("it is damaged ({message})"),
            // sled hands errors on as the debug form of what the system said.
            Trouble::Machine(error) if error.raw_os_error().is_none() => error.kind().to_string(),
            Trouble::Machine(error) => error.to_string(),
        }
    }
}

/// Asks sled something. On damage it may panic instead of saying so.
fn contained<T>(ask: impl FnOnce() -> sled::Result<T>) -> Result<T, Trouble> {
    match quietly(ask) {
        Some(Ok(answer)) => Ok(answer),
        Some(Err(sled::Error::Io(error))) => Err(match error.kind() {
            ErrorKind::UnexpectedEof
            | ErrorKind::InvalidData
            | ErrorKind::InvalidInput
            | ErrorKind::NotFound
            | ErrorKind::IsADirectory
            | ErrorKind::NotADirectory => Trouble::Damage(error.to_string()),
            _ => Trouble::Machine(error),
        }),
        Some(Err(error)) => Err(Trouble::Damage(error.to_string())),
        None => Err(Trouble::Damage("sled gave up on it".to_owned())),
    }
}

/// Puts a store that was written anew in the place of the old one, which is out of the way already, and clears that up.
fn finish_renewal(folder: &Path) -> Result<()> {
    let (anew, old) = (folder.with_extension(ANEW), folder.with_extension(OLD));
    let doing = || format!("putting the new store at {}", folder.display());
    if !old.exists() {
        return Ok(());
    }
    if !folder.exists() {
        fs::rename(&anew, folder).with_context(doing)?;
    }
    if let Some(state) = folder.parent() {
        super::archive::sync_folder(state)?;
    }
    fs::remove_dir_all(&old).with_context(|| format!("removing {}", old.display()))
}

/// Waits until nobody has sled's file. We hold the home's lock, so it can only be sled's own threads, which for a moment
/// outlive a handle that this process has just dropped.
pub(super) fn await_last_handle(folder: &Path) -> Result<()> {
    const PAUSE: Duration = Duration::from_millis(5);
    // Five seconds; the threads need some milliseconds, on a busy machine some tens.
    const PAUSES: u32 = 1_000;
    let path = folder.join("db");
    for _ in 0..PAUSES {
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error).with_context(|| format!("opening {}", path.display())),
        };
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("locking {}; it must lie on a local disk", path.display()));
            }
        }
    }
    bail!("opening {}: another program holds it; end that program, then try again", path.display())
}

/// Whether nothing was ever written here: sled makes its folder for large values before its file.
fn is_bare(folder: &Path) -> Result<bool> {
    let is_empty = |path: &Path| fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
    Ok(derived(folder)?.iter().all(|path| !is_snapshot(path))
        && !folder.join(SEAL).exists()
        && (!folder.join("blobs").exists() || is_empty(&folder.join("blobs"))))
}

/// What sled can do without: snapshots, which save it from reading its whole log, and its settings, which are always the
/// same.
fn derived(folder: &Path) -> Result<Vec<PathBuf>> {
    let doing = || format!("listing {}", folder.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).with_context(doing)? {
        let path = entry.with_context(doing)?.path();
        if is_snapshot(&path) || path.ends_with("conf") {
            paths.push(path);
        }
    }
    Ok(paths)
}

fn is_snapshot(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"snap."))
}

fn parse<T: DeserializeOwned>(key: &[u8], bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).with_context(|| {
        format!("understanding {} in the store; it may have been written by a newer tidings", shown(key))
    })
}

fn shown(key: &[u8]) -> String {
    key.escape_ascii().to_string()
}
