//! The archive holds every text once: files of zstd frames that only grow, cut on opening to the length the store recorded.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use fail::fail_point;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tracing::warn;

use super::frame::{FRAME_BYTES, compress, decode};
use super::private_folder;
use super::store::{Changes, Store};
use crate::item::Place;

const LENGTHS: &[u8] = b"archive/";

/// Files that lost a part of what was recorded.
const SHORT: &[u8] = b"archive-short/";

/// A frame that claims more than this was not written by us (one text is at most 200 kB when it is read).
const MOST_FRAME_BYTES: u64 = 64 << 20;

pub(super) struct Archive {
    folder: PathBuf,
    /// By file below the folder: the length that counts, in bytes.
    lengths: BTreeMap<String, u64>,
    /// Files that lost something: their texts may be unreadable.
    short: BTreeSet<String>,
    /// One of them was found just now.
    found_short: bool,
    /// Decoded frames by file and offset: judging and indexing read a page's items one by one.
    decoded: Mutex<Decoded>,
}

#[derive(Default)]
struct Decoded {
    frames: HashMap<(String, u64), Arc<Vec<u8>>>,
    bytes: usize,
}

/// Decoded frames are kept up to this many bytes; then all are let go. Works come in the order of their ids, which is none in
/// the archive: where its frames do not fit, nearly every text costs decoding one. With a bound of 32 frames, a first run over
/// 40 feeds decoded 1,800 times.
const MOST_DECODED_BYTES: usize = 8 << 20;

/// What the store knows of the archive's files.
pub(super) struct Recorded {
    lengths: BTreeMap<String, u64>,
    short: BTreeSet<String>,
}

/// What is done with a file that is longer than it was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Longer {
    /// What was appended and never recorded is cut off.
    Cut,
    /// The record may be older than the file.
    Adopt,
}

/// The archive files as last recorded. None: the store has never recorded anything (it is new).
pub(super) fn recorded(store: &Store) -> Result<Option<Recorded>> {
    if !store.has(&super::notes::note_key(super::notes::FIRST_RUN))? {
        return Ok(None);
    }
    let mut recorded = Recorded { lengths: BTreeMap::new(), short: BTreeSet::new() };
    for pair in store.scan::<u64>(LENGTHS) {
        let (file, length) = pair?;
        recorded.lengths.insert(String::from_utf8_lossy(&file).into_owned(), length);
    }
    for pair in store.scan::<()>(SHORT) {
        recorded.short.insert(String::from_utf8_lossy(&pair?.0).into_owned());
    }
    Ok(Some(recorded))
}

impl Archive {
    /// Opens the archive. A new store adopts the files as they are. A file that is shorter than it was recorded keeps its
    /// recorded length for what is appended: no place is given twice, so that no item ever shows another one's text.
    pub(super) fn open(folder: &Path, recorded: Option<Recorded>, longer: Longer) -> Result<Archive> {
        private_folder(&folder.join("items"))?;
        let longer = if recorded.is_none() { Longer::Adopt } else { longer };
        let Recorded { mut lengths, mut short } =
            recorded.unwrap_or(Recorded { lengths: BTreeMap::new(), short: BTreeSet::new() });
        let mut actual = files(folder)?;
        for (file, recorded) in &lengths {
            let length = *actual.entry(file.clone()).or_insert(0);
            if length < *recorded && !short.contains(file) {
                warn!(
                    "the archive {} has {length} bytes, and {recorded} were written: some texts are lost. They come back as \
                     far as their feeds still give them",
                    folder.join(file).display()
                );
            }
        }
        let mut found_short = false;
        for (file, length) in actual {
            let recorded = lengths.entry(file.clone()).or_insert(0);
            if length > *recorded {
                match longer {
                    Longer::Adopt => *recorded = length,
                    Longer::Cut => {
                        let path = folder.join(&file);
                        let handle = OpenOptions::new().write(true).open(&path);
                        handle
                            .and_then(|handle| handle.set_len(*recorded))
                            .with_context(|| format!("opening the archive {}; check who owns it", path.display()))?;
                    }
                }
            } else if length < *recorded {
                found_short |= short.insert(file);
            }
        }
        Ok(Archive { folder: folder.to_path_buf(), lengths, short, found_short, decoded: Mutex::default() })
    }

    pub(super) fn was_found_short(&self) -> bool {
        self.found_short
    }

    /// Files that lost something, below the archive's folder.
    pub(super) fn short(&self) -> impl Iterator<Item = &str> {
        self.short.iter().map(String::as_str)
    }

    /// Whether a text was lost with a part of its file. Where no file lost anything, nothing is read to know it.
    pub(super) fn has_lost(&self, place: &Place) -> bool {
        self.short.contains(&place.file) && self.text(place).is_err()
    }

    /// Appends texts to this month's file and returns where each lies, in order. On return the bytes are on the disk; they
    /// count once `record_lengths` is committed.
    pub(super) fn append(&mut self, texts: &[&str], now: Timestamp) -> Result<Vec<Place>> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let file = format!("items/{}.zst", now.to_zoned(TimeZone::UTC).strftime("%Y-%m"));
        let begin = self.lengths.get(&file).copied().unwrap_or(0);
        let mut bytes = Vec::new();
        let mut places = Vec::with_capacity(texts.len());
        let mut frame = Vec::new();
        for (number, text) in texts.iter().enumerate() {
            places.push(Place {
                file: file.clone(),
                frame: begin + bytes.len() as u64,
                start: frame.len() as u64,
                length: text.len() as u64,
            });
            frame.extend_from_slice(text.as_bytes());
            if frame.len() >= FRAME_BYTES || number + 1 == texts.len() {
                bytes.extend(compress(&frame).context("compressing texts for the archive")?);
                frame.clear();
            }
        }
        fail_point!("archive-before-append");
        let path = self.folder.join(&file);
        let doing = || format!("appending to the archive {}; check the disk's free space", path.display());
        let is_new = !path.exists();
        let mut handle =
            OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path).with_context(doing)?;
        // What a failed append left behind is written over.
        handle.set_len(begin).with_context(doing)?;
        handle.seek(SeekFrom::Start(begin)).with_context(doing)?;
        handle.write_all(&bytes).with_context(doing)?;
        fail_point!("archive-written");
        handle.sync_data().with_context(doing)?;
        if is_new {
            sync_folder(&self.folder.join("items"))?;
        }
        fail_point!("archive-synced");
        self.lengths.insert(file, begin + bytes.len() as u64);
        Ok(places)
    }

    /// Puts the length of every file into a transaction.
    pub(super) fn record_lengths(&self, changes: &mut Changes) {
        for (file, length) in &self.lengths {
            changes.put(&[LENGTHS, file.as_bytes()].concat(), length);
        }
        for file in &self.short {
            changes.put(&[SHORT, file.as_bytes()].concat(), &());
        }
    }

    pub(super) fn text(&self, place: &Place) -> Result<String> {
        let key = (place.file.clone(), place.frame);
        // A panic elsewhere can't leave the map half-changed in a way that matters: it only saves time.
        let mut decoded = self.decoded.lock().unwrap_or_else(PoisonError::into_inner);
        let frame = match decoded.frames.get(&key) {
            Some(frame) => frame.clone(),
            None => {
                let frame = Arc::new(frame(&self.folder, place)?);
                if decoded.bytes + frame.len() > MOST_DECODED_BYTES {
                    *decoded = Decoded::default();
                }
                decoded.bytes += frame.len();
                decoded.frames.insert(key, frame.clone());
                frame
            }
        };
        drop(decoded);
        cut(&frame, place)
    }
}

/// Reads one text. Needs no lock: what a place points at never changes.
pub(super) fn text(folder: &Path, place: &Place) -> Result<String> {
    cut(&frame(folder, place)?, place)
}

/// Decodes the whole frame that a place points into.
fn frame(folder: &Path, place: &Place) -> Result<Vec<u8>> {
    let path = folder.join(&place.file);
    let doing = || format!("reading a text from the archive {} at byte {}", path.display(), place.frame);
    let mut file = File::open(&path).with_context(doing)?;
    Ok(decode(&mut file, place.frame, MOST_FRAME_BYTES).with_context(doing)?.0)
}

/// The text at a place of a decoded frame.
fn cut(frame: &[u8], place: &Place) -> Result<String> {
    let end = place.start.saturating_add(place.length);
    let range = usize::try_from(place.start).ok().zip(usize::try_from(end).ok());
    let bytes = range.and_then(|(start, end)| frame.get(start..end)).with_context(|| {
        format!("reading the archive {} at byte {}: the frame is shorter than it should be", place.file, place.frame)
    })?;
    String::from_utf8(bytes.to_vec()).with_context(|| format!("reading the archive {}: not UTF-8", place.file))
}

/// Archive files, as paths below the folder, with their lengths in bytes.
fn files(folder: &Path) -> Result<BTreeMap<String, u64>> {
    let items = folder.join("items");
    let doing = || format!("listing the archive {}; check who owns it", items.display());
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(&items).with_context(doing)? {
        let entry = entry.with_context(doing)?;
        if let Some(name) = entry.file_name().to_str().filter(|name| name.ends_with(".zst")) {
            files.insert(format!("items/{name}"), entry.metadata().with_context(doing)?.len());
        }
    }
    Ok(files)
}

/// A new name in a folder is on the disk only once the folder is.
pub(super) fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .with_context(|| format!("writing the folder {} to disk", folder.display()))
}
