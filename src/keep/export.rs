//! Exports are copies of the whole store as compressed JSON Lines, one a day: what a store is made anew from.
//!
//! The first line says what the file is; every other one is `{"key":…,"value":…}`. Keys are bytes, and each stands as the
//! character of its number (ISO 8859-1), so that most can be read.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::{Keep, archive, private_folder};

/// Of the lines' form.
const VERSION: u32 = 1;

/// Newest exports that are kept: damage that nobody saw over a long weekend still leaves sound ones.
const KEPT: usize = 7;

/// zstd's own default: an export of 100,000 values takes well below a second.
const LEVEL: i32 = 3;

const ENDING: &str = ".jsonl.zst";

/// The first line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Header {
    tidings_export: u32,
    /// The time of the run that wrote it.
    pub(super) at: Timestamp,
    /// The program that wrote it.
    program: String,
}

impl Keep {
    /// Writes the day's export (in UTC) unless there is one, and lets the oldest go. Whatever stops it, no half export
    /// stays under a name that counts.
    pub fn export_daily(&self, now: Timestamp) -> Result<()> {
        let folder = self.state().join("exports");
        let path = folder.join(format!("{}{ENDING}", day(now)));
        match path.exists() {
            true => Ok(()),
            false => self.write_export_of(now),
        }
    }

    /// Writes the day's export, and lets all others go: they hold what is not to stay.
    pub fn export_alone(&self, now: Timestamp) -> Result<()> {
        self.write_export_of(now)?;
        let folder = self.state().join("exports");
        let today = folder.join(format!("{}{ENDING}", day(now)));
        for other in by_age(&folder, now)?.iter().filter(|path| **path != today) {
            fs::remove_file(other).with_context(|| format!("removing the old export {}", other.display()))?;
        }
        Ok(())
    }

    fn write_export_of(&self, now: Timestamp) -> Result<()> {
        let folder = self.state().join("exports");
        let path = folder.join(format!("{}{ENDING}", day(now)));
        private_folder(&folder)?;
        // The home's lock is ours, so one name is enough, and what a killed run left is written over.
        let unfinished = folder.join("unfinished");
        let write = || -> Result<()> {
            let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
            self.write_export(file, now)?;
            fs::rename(&unfinished, &path)?;
            archive::sync_folder(&folder)
        };
        let written =
            write().with_context(|| format!("writing the export {}; check the disk's free space", path.display()));
        if written.is_err() {
            // On a full disk the rest of it would be missed elsewhere.
            let _ = fs::remove_file(&unfinished);
        }
        written?;
        for old in by_age(&folder, now)?.iter().skip(KEPT) {
            fs::remove_file(old).with_context(|| format!("removing the old export {}", old.display()))?;
        }
        Ok(())
    }

    fn write_export(&self, file: File, now: Timestamp) -> Result<()> {
        let mut encoder = zstd::Encoder::new(BufWriter::new(file), LEVEL)?;
        encoder.include_checksum(true)?;
        let program = format!("tidings {}", env!("CARGO_PKG_VERSION"));
        serde_json::to_writer(&mut encoder, &Header { tidings_export: VERSION, at: now, program })?;
        for pair in self.store.all() {
            let (key, value) = pair?;
            let key: String = key.iter().copied().map(char::from).collect();
            serde_json::from_slice::<IgnoredAny>(&value).with_context(|| {
                format!(
                    "the value of {} is no JSON; `tidings restore` goes back to the last export",
                    key.escape_default()
                )
            })?;
            write!(encoder, "\n{{\"key\":{},\"value\":", serde_json::to_string(&key)?)?;
            encoder.write_all(&value)?;
            encoder.write_all(b"}")?;
        }
        encoder.write_all(b"\n")?;
        let file = encoder.finish()?.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        Ok(file.sync_all()?)
    }
}

/// The exports of a home, the best one to restore first: the newest, and behind them those of days that have not come
/// yet, which a wrong clock has dated.
pub(super) fn by_age(folder: &Path, now: Timestamp) -> Result<Vec<PathBuf>> {
    let doing = || format!("listing the exports {}", folder.display());
    let mut names = Vec::new();
    match fs::read_dir(folder) {
        Ok(entries) => {
            for entry in entries {
                let name = entry.with_context(doing)?.file_name();
                names.extend(name.to_str().filter(|name| name.ends_with(ENDING)).map(str::to_owned));
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(doing),
    }
    let today = format!("{}{ENDING}", day(now));
    names.sort_by_key(|name| (*name <= today, name.clone()));
    Ok(names.iter().rev().map(|name| folder.join(name)).collect())
}

/// Reads an export and hands over each key with the bytes of its value.
pub(super) fn read(path: &Path, mut each: impl FnMut(Vec<u8>, &[u8]) -> Result<()>) -> Result<Header> {
    let doing = || format!("reading the export {}", path.display());
    let file = File::open(path).with_context(doing)?;
    let mut lines = BufReader::new(zstd::Decoder::new(file).with_context(doing)?).split(b'\n');
    let first = lines.next().with_context(|| format!("{}: it is empty", doing()))?.with_context(doing)?;
    let header: Header =
        serde_json::from_slice(&first).with_context(|| format!("{}: it does not begin as an export", doing()))?;
    ensure!(
        header.tidings_export == VERSION,
        "{}: it has version {} and this program reads {VERSION}; a newer tidings reads it",
        doing(),
        header.tidings_export
    );
    for (number, line) in lines.enumerate() {
        let line = line.with_context(doing)?;
        let Some((key, value)) = pair(&line) else { bail!("{}: line {} is not understood", doing(), number + 2) };
        each(key, value)?;
    }
    Ok(header)
}

/// Writes the exports anew that hold values which are not to stay. One that can't be read is no export, and goes.
pub(super) fn filter(folder: &Path, stays: impl Fn(&[u8], &[u8]) -> bool) -> Result<()> {
    for path in by_age(folder, Timestamp::MAX)? {
        let doing = || format!("writing the export {} anew; check the disk's free space", path.display());
        let unfinished = folder.join("unfinished");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&unfinished)
            .with_context(doing)?;
        let mut lines = Vec::new();
        let mut left_out = false;
        let mut encoder = zstd::Encoder::new(BufWriter::new(&mut file), LEVEL).with_context(doing)?;
        encoder.include_checksum(true).with_context(doing)?;
        let read = read(&path, |key, value| {
            if !stays(&key, value) {
                left_out = true;
                return Ok(());
            }
            let key: String = key.iter().copied().map(char::from).collect();
            write!(lines, "\n{{\"key\":{},\"value\":", serde_json::to_string(&key)?)?;
            lines.extend_from_slice(value);
            lines.push(b'}');
            Ok(())
        });
        let Ok(header) = read else {
            fs::remove_file(&path).with_context(doing)?;
            continue;
        };
        if !left_out {
            continue;
        }
        serde_json::to_writer(&mut encoder, &header).with_context(doing)?;
        encoder.write_all(&lines).with_context(doing)?;
        encoder.write_all(b"\n").with_context(doing)?;
        encoder.finish().with_context(doing)?.flush().with_context(doing)?;
        file.sync_all().with_context(doing)?;
        fs::rename(&unfinished, &path).with_context(doing)?;
        archive::sync_folder(folder)?;
    }
    match fs::remove_file(folder.join("unfinished")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("clearing up {}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// Key and value of a line, the value's bytes as they were exported.
fn pair(line: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let rest = line.strip_prefix(b"{\"key\":")?;
    let mut keys = serde_json::Deserializer::from_slice(rest).into_iter::<String>();
    let key = keys.next()?.ok()?;
    let value = rest[keys.byte_offset()..].strip_prefix(b",\"value\":")?.strip_suffix(b"}")?;
    serde_json::from_slice::<IgnoredAny>(value).ok()?;
    let key = key.chars().map(|letter| u8::try_from(u32::from(letter)).ok()).collect::<Option<Vec<u8>>>()?;
    Some((key, value))
}

fn day(now: Timestamp) -> String {
    now.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d").to_string()
}
