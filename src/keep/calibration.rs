//! The calibration of a home's model: one small file, replaced whole, that a person may look at or delete.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::private_folder;

/// Where it lies, below the home.
fn path(home: &Path) -> PathBuf {
    home.join("state/calibration.json")
}

/// Keeps a calibration in place of the one before. Needs no lock.
///
/// # Errors
/// When the file can't be written; then the one before is still there.
pub fn keep_calibration(home: &Path, bytes: &[u8]) -> Result<()> {
    let state = home.join("state");
    private_folder(&state)?;
    let path = path(home);
    let write = || -> Result<()> {
        // Without the lock two may do so at once, so the unfinished file has a name of its own; 0600 is how it is made.
        let mut file = tempfile::Builder::new().prefix(".calibration-").tempfile_in(&state)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(&path)?;
        super::archive::sync_folder(&state)
    };
    write().with_context(|| format!("writing {}; check the disk's free space", path.display()))
}

/// The bytes of the calibration; None where none was kept. Needs no lock.
///
/// # Errors
/// When the file can't be read.
pub fn calibration(home: &Path) -> Result<Option<Vec<u8>>> {
    let path = path(home);
    match fs::read(&path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("reading {}; check who owns it", path.display())),
    }
}
