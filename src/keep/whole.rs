//! A file that people read is replaced whole or not at all, and a killed process leaves no litter that stays.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{BufWriter, IntoInnerError, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use fail::fail_point;

/// Writes a file beside its place, to the disk, and moves it there. `mode` is that of a new file. Only the holder of a home
/// may do so: the unfinished file always has the same name (`.status.json.part`), so the next holder writes over it.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    replace_with(path, mode, |file| Ok(file.write_all(bytes)?))
}

/// The same, for a file that is too long to be made in memory first.
pub fn replace_with(path: &Path, mode: u32, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let doing = || format!("writing {}; check the disk's free space", path.display());
    let mut name = OsString::from(".");
    name.push(path.file_name().with_context(doing)?);
    name.push(".part");
    let part = path.with_file_name(name);
    fail_point!("file-before-write");
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&part).with_context(doing)?;
    fail_point!("file-created");
    let mut file = BufWriter::new(file);
    write(&mut file).with_context(doing)?;
    let file = file.into_inner().map_err(IntoInnerError::into_error).with_context(doing)?;
    file.sync_all().with_context(doing)?;
    fail_point!("file-before-rename");
    fs::rename(&part, path).with_context(doing)?;
    fail_point!("file-renamed");
    Ok(())
}
