//! The lock says who holds a home; the kernel frees it when its holder ends, however it ends.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use anyhow::{Context, anyhow};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{OpenError, private_folder};

/// Who holds a home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    pub pid: u32,
    /// The command that took it, for example `tidings run`. Empty where the holder has not yet written it.
    pub command: String,
    pub since: Timestamp,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.command.is_empty() {
            return f.write_str("it has just begun");
        }
        write!(f, "`{}`, process {}, since {:.0}", self.command, self.pid, self.since)
    }
}

pub(super) struct Lock {
    file: File,
}

impl Lock {
    pub(super) fn take(path: &Path, who: &str, now: Timestamp) -> Result<Lock, OpenError> {
        let doing = || {
            format!("locking {}; check that it is on a local disk with free space and may be written", path.display())
        };
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).with_context(doing)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::Busy(holder(&mut file))),
            Err(TryLockError::Error(error)) => return Err(OpenError::Other(anyhow!(error).context(doing()))),
        }
        let holder = Holder { pid: std::process::id(), command: who.to_owned(), since: now };
        let line = serde_json::to_string(&holder).context("writing the lock's holder")?;
        file.set_len(0).with_context(doing)?;
        file.write_all(line.as_bytes()).with_context(doing)?;
        Ok(Lock { file })
    }
}

/// Keeps a home's daemon the only one, until it is dropped.
///
/// # Errors
/// `OpenError::Busy` where there is one already.
pub fn only_daemon(home: &Path, now: Timestamp) -> Result<OnlyDaemon, OpenError> {
    private_folder(&home.join("state"))?;
    Ok(OnlyDaemon { _lock: Lock::take(&home.join("state/watch.lock"), "tidings watch", now)? })
}

/// A home's only daemon.
pub struct OnlyDaemon {
    _lock: Lock,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Only courtesy to people who look at the file.
        let _ = self.file.set_len(0);
        // The lock ends with the last handle, and a process that is just being started elsewhere in this program has a copy
        // of ours for a moment.
        let _ = self.file.unlock();
    }
}

/// Who wrote the lock, as far as can be read: the holder writes just after locking, so for a moment nothing is there.
fn holder(file: &mut File) -> Holder {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.read_to_string(&mut text));
    read.ok().and_then(|_| serde_json::from_str(&text).ok()).unwrap_or(Holder {
        pid: 0,
        command: String::new(),
        since: Timestamp::UNIX_EPOCH,
    })
}
