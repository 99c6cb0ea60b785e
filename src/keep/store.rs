//! The store is the only door to sled: small JSON values under prefixed keys, changed one batch at a time.

use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::ops::RangeBounds;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use fail::fail_point;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::warn;

use super::OpenError;

/// sled keeps this much in memory, in bytes. Its default is 1 GiB; the values of a lab's year fit into far less, and the
/// machine has other work.
const CACHE_BYTES: u64 = 32 << 20;

/// Most puts in one batch. sled writes a batch as one record that must fit its buffers; a thousand small values do.
pub(super) const BATCH: usize = 1_000;

pub(super) struct Store {
    tree: sled::Db,
    folder: PathBuf,
}

/// Changes that happen together or not at all.
#[derive(Default)]
pub(super) struct Changes {
    batch: sled::Batch,
    count: usize,
}

impl Changes {
    /// Our own values always have a JSON form: no maps with odd keys, no failing Serialize.
    pub(super) fn put<T: Serialize>(&mut self, key: &[u8], value: &T) {
        let bytes = serde_json::to_vec(value).expect("a kept value has a JSON form");
        self.batch.insert(key, bytes);
        self.count += 1;
    }

    pub(super) fn remove(&mut self, key: &[u8]) {
        self.batch.remove(key);
        self.count += 1;
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }
}

impl Store {
    /// Opens the store, helping sled 0.34 over what a killed process leaves behind.
    ///
    /// A process that is killed while sled opens leaves a half-written `snap.*.generating`, and the next open takes it
    /// for the newest snapshot and fails for ever. A snapshot only saves time: without any, sled reads its whole log.
    pub(super) fn open(folder: &Path) -> Result<Store, OpenError> {
        fs::create_dir_all(folder).with_context(|| format!("making the folder {}", folder.display()))?;
        await_last_handle(folder)?;
        for path in snapshots(folder)? {
            if path.extension().is_some_and(|extension| extension == "generating") {
                fs::remove_file(&path).with_context(|| format!("removing the half-written {}", path.display()))?;
            }
        }
        let tree = match open_sled(folder) {
            Ok(tree) => tree,
            Err(sled::Error::Corruption { .. }) => {
                let aside = folder.join("snapshots-aside");
                fs::create_dir_all(&aside).with_context(|| format!("making the folder {}", aside.display()))?;
                for path in snapshots(folder)? {
                    let target = aside.join(path.file_name().unwrap_or_default());
                    fs::rename(&path, &target).with_context(|| format!("moving {} aside", path.display()))?;
                }
                warn!("the store's snapshot was damaged; reading its whole log, which takes longer once");
                open_sled(folder).map_err(|error| damaged(folder, &error))?
            }
            Err(error) => return Err(damaged(folder, &error)),
        };
        Ok(Store { tree, folder: folder.to_path_buf() })
    }

    /// None when there is no value; an error when there is one that cannot be read.
    pub(super) fn get<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>> {
        match self.tree.get(key).with_context(|| format!("reading {} from the store", shown(key)))? {
            Some(bytes) => Ok(Some(parse(key, &bytes)?)),
            None => Ok(None),
        }
    }

    pub(super) fn has(&self, key: &[u8]) -> Result<bool> {
        self.tree.contains_key(key).with_context(|| format!("looking for {} in the store", shown(key)))
    }

    /// Every value under a prefix, in the order of the keys; keys are given without the prefix.
    pub(super) fn scan<T: DeserializeOwned>(
        &self,
        prefix: &[u8],
    ) -> impl Iterator<Item = Result<(Vec<u8>, T)>> + use<T> {
        let skip = prefix.len();
        self.tree.scan_prefix(prefix).map(move |pair| {
            let (key, bytes) = pair.context("scanning the store")?;
            Ok((key[skip..].to_vec(), parse(&key, &bytes)?))
        })
    }

    /// Every value in a range of keys; keys are given whole.
    pub(super) fn range<T: DeserializeOwned>(
        &self,
        range: impl RangeBounds<Vec<u8>>,
    ) -> impl Iterator<Item = Result<(Vec<u8>, T)>> {
        self.tree.range(range).map(|pair| {
            let (key, bytes) = pair.context("scanning the store")?;
            Ok((key.to_vec(), parse(&key, &bytes)?))
        })
    }

    /// All of the changes, or none: also after this process is killed. Only `checkpoint` holds against a power loss.
    pub(super) fn commit(&self, changes: Changes) -> Result<()> {
        if changes.count == 0 {
            return Ok(());
        }
        fail_point!("store-before-commit");
        self.tree
            .apply_batch(changes.batch)
            .with_context(|| format!("writing to the store {}; check the disk's free space", self.folder.display()))?;
        fail_point!("store-committed");
        Ok(())
    }

    /// Writes everything to the disk itself. sled's own flush on Linux stops at `sync_file_range`, which does not promise
    /// to survive a power loss.
    pub(super) fn checkpoint(&self) -> Result<()> {
        let file = self.folder.join("db");
        let doing = || format!("writing the store {} to disk; check the disk's free space", self.folder.display());
        fail_point!("store-before-checkpoint");
        self.tree.flush().with_context(doing)?;
        fail_point!("store-flushed");
        File::open(&file).and_then(|db| db.sync_all()).with_context(doing)?;
        fail_point!("store-checkpointed");
        Ok(())
    }
}

/// Waits until nobody has sled's file. We hold the home's lock, so it can only be sled's own threads, which for a moment
/// outlive a handle that this process has just dropped.
fn await_last_handle(folder: &Path) -> Result<()> {
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

fn open_sled(folder: &Path) -> Result<sled::Db, sled::Error> {
    sled::Config::new().path(folder).cache_capacity(CACHE_BYTES).print_profile_on_drop(false).open()
}

fn damaged(folder: &Path, error: &sled::Error) -> OpenError {
    match error {
        sled::Error::Io(error) => OpenError::Other(
            anyhow!("{error}")
                .context(format!("opening the store {}; check the disk and who owns it", folder.display())),
        ),
        _ => OpenError::Damaged { path: folder.to_path_buf(), message: error.to_string() },
    }
}

fn snapshots(folder: &Path) -> Result<Vec<PathBuf>> {
    let doing = || format!("listing {}", folder.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).with_context(doing)? {
        let entry = entry.with_context(doing)?;
        if entry.file_name().as_encoded_bytes().starts_with(b"snap.") {
            paths.push(entry.path());
        }
    }
    Ok(paths)
}

fn parse<T: DeserializeOwned>(key: &[u8], bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).with_context(|| {
        format!("understanding {} in the store; it may have been written by a newer tidings", shown(key))
    })
}

fn shown(key: &[u8]) -> String {
    key.escape_ascii().to_string()
}
