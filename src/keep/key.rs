//! Keys of a home, made once and known to it alone: one signs the links that take people off a list, one names secrets.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use anyhow::{Context, Result};

use super::private_folder;
use crate::guard::token::Key;

const LEAVING: &str = "leaving.key";

/// The key of a home; made, and written with mode 0600, where there is none. Without it, or with another, the links in letters
/// that were sent no longer lead anywhere, and the address in each letter still does.
///
/// # Errors
/// When it can't be read or written, or is none.
pub fn leaving_key(home: &Path) -> Result<Key> {
    key(home, LEAVING)
}

/// The same, where there is one; makes none.
///
/// # Errors
/// When it can't be read, or is none.
pub fn known_leaving_key(home: &Path) -> Result<Option<Key>> {
    match home.join("state").join(LEAVING).exists() {
        true => key(home, LEAVING).map(Some),
        false => Ok(None),
    }
}

/// The key under which secrets that were taken out of sessions become words; made as the other. With another key the same
/// secret becomes another word from then on.
///
/// # Errors
/// When it can't be read or written, or is none.
pub fn scrub_key(home: &Path) -> Result<Key> {
    key(home, "scrub.key")
}

fn key(home: &Path, name: &str) -> Result<Key> {
    let state = home.join("state");
    let path = state.join(name);
    let doing = || format!("reading {}; delete it, and a new one is made", path.display());
    match fs::read(&path) {
        Ok(bytes) => return Key::try_from(bytes.as_slice()).with_context(doing),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(doing),
    }
    private_folder(&state)?;
    let make = || -> Result<()> {
        let mut key = Key::default();
        File::open("/dev/urandom")?.read_exact(&mut key)?;
        let mut file = tempfile::Builder::new().prefix(&format!(".{name}-")).tempfile_in(&state)?;
        file.write_all(&key)?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(&path) {
            // Another process was faster, and its key is the one.
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {}
            persisted => drop(persisted?),
        }
        super::archive::sync_folder(&state)
    };
    make().with_context(|| format!("making {}; check the disk's free space", path.display()))?;
    let bytes = fs::read(&path).with_context(doing)?;
    Key::try_from(bytes.as_slice()).with_context(doing)
}
