//! A copy of what is kept, for a rehearsal: made while nobody else can write.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use jiff::Timestamp;

use super::lock::Lock;
use super::{OpenError, private_folder};

/// Copies `state/` of a home into another folder's `state/`, holding the home meanwhile. What is only sent or looked at
/// (outbox, views, exports) and the lock stay behind.
///
/// # Errors
/// `OpenError::Busy` when another process holds the home.
pub fn copy_state(home: &Path, to: &Path, who: &str, now: Timestamp) -> Result<(), OpenError> {
    let (from, to) = (home.join("state"), to.join("state"));
    private_folder(&to)?;
    if !from.exists() {
        return Ok(());
    }
    let _lock = Lock::take(&from.join("lock"), who, now)?;
    for name in ["store", "archive", "told.jsonl", "spending.jsonl", "calibration.json", "lessons.json"] {
        let part = from.join(name);
        if part.exists() {
            copy(&part, &to.join(name)).with_context(|| format!("copying {} for the rehearsal", part.display()))?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() {
        fs::copy(from, to)?;
        return Ok(());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}
