//! A transcript's turns on the disk: frames of zstd that only grow, cut before each append to the length that counts.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::ops::Range;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use fail::fail_point;

use super::super::frame::{FRAME_BYTES, compress, decode};
use super::super::private_folder;
use super::Transcript;
use crate::guard::scrub::Scrubbed;
use crate::session::Turn;

/// A frame that claims more was not written by us, unless it holds one long turn.
const MOST_FRAME_BYTES: u64 = 1 << 30;

/// A turn as it was kept, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// Where its frame begins.
    pub frame: u64,
    /// Its place in the frame, from 0.
    pub number: u32,
    pub turn: Turn,
}

/// Where archive files of sessions lie below state/.
fn folder(state: &Path) -> PathBuf {
    state.join("archive/sessions")
}

fn path(state: &Path, generation: &str) -> PathBuf {
    folder(state).join(format!("{generation}.zst"))
}

/// Appends turns, and returns the length of the file behind them. They count once that length is kept. A power loss may take
/// what was not yet on the disk; the file is synced before the store is.
pub(super) fn append(state: &Path, transcript: &Transcript, turns: &[Turn<Scrubbed>]) -> Result<u64> {
    if turns.is_empty() {
        return Ok(transcript.bytes);
    }
    private_folder(&folder(state))?;
    let path = path(state, &transcript.generation_name());
    let doing = || format!("appending to {}; check the disk's free space", path.display());
    let mut bytes = Vec::new();
    let mut frame = Vec::new();
    for (number, turn) in turns.iter().enumerate() {
        serde_json::to_writer(&mut frame, turn).with_context(doing)?;
        frame.push(b'\n');
        if frame.len() >= FRAME_BYTES || number + 1 == turns.len() {
            bytes.extend(compress(&frame).with_context(doing)?);
            frame.clear();
        }
    }
    fail_point!("turns-before-append");
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path).with_context(doing)?;
    // What a run that was stopped left behind is written over.
    file.set_len(transcript.bytes).with_context(doing)?;
    file.seek(SeekFrom::Start(transcript.bytes)).with_context(doing)?;
    file.write_all(&bytes).with_context(doing)?;
    fail_point!("turns-written");
    Ok(transcript.bytes + bytes.len() as u64)
}

/// The turns of every frame that begins at or after `begin` and before `end`. Needs no lock.
///
/// # Errors
/// When the file is missing or damaged there.
pub fn turns_at(state: &Path, generation: &str, begin: u64, end: u64) -> Result<Vec<Kept>> {
    let mut all = Vec::new();
    each_frame(state, generation, begin, end, |kept| {
        all.extend(kept);
        Ok(())
    })?;
    Ok(all)
}

/// Where the lines of a frame lie, one for each turn.
fn lines(frame: &[u8]) -> Vec<Range<usize>> {
    let mut begin = 0;
    let ends = memchr::memchr_iter(b'\n', frame).chain([frame.len()]);
    let lines = ends.map(|end| std::mem::replace(&mut begin, end + 1)..end);
    lines.filter(|line| !line.is_empty()).collect()
}

/// Reads single turns. The frame that was read last is kept: turns that lie together cost decoding it once, and only the turns that
/// are asked for are read out of it.
pub struct Frames<'a> {
    state: &'a Path,
    last: Option<Frame>,
    /// Of all frames that were decoded.
    pub read_bytes: usize,
}

/// A frame that was decoded, and where its turns lie in it.
struct Frame {
    generation: String,
    at: u64,
    bytes: Vec<u8>,
    turns: Vec<Range<usize>>,
}

impl Frames<'_> {
    /// Of the archive below state/.
    pub fn new(state: &Path) -> Frames<'_> {
        Frames { state, last: None, read_bytes: 0 }
    }

    /// One turn by its place.
    ///
    /// # Errors
    /// When the file is missing or damaged there.
    pub fn turn(&mut self, generation: &str, frame: u64, number: u64) -> Result<Turn> {
        let path = path(self.state, generation);
        let doing = || format!("reading {} at byte {frame}", path.display());
        let is_last = |last: &Frame| (last.generation.as_str(), last.at) == (generation, frame);
        let last = match self.last.take_if(|last| is_last(last)) {
            Some(last) => last,
            None => {
                let mut file = File::open(&path).with_context(doing)?;
                let (bytes, _) = decode(&mut file, frame, MOST_FRAME_BYTES).with_context(doing)?;
                self.read_bytes += bytes.len();
                Frame { generation: generation.to_owned(), at: frame, turns: lines(&bytes), bytes }
            }
        };
        let last = self.last.insert(last);
        let turn = last.turns.get(number as usize).with_context(doing)?;
        serde_json::from_slice(&last.bytes[turn.clone()]).with_context(doing)
    }
}

/// Takes those turns a frame at a time: a frame is taken whole or not at all.
pub(in super::super) fn each_frame(
    state: &Path,
    generation: &str,
    begin: u64,
    end: u64,
    mut take: impl FnMut(Vec<Kept>) -> Result<()>,
) -> Result<()> {
    if begin >= end {
        // Where nothing was kept, there is no file.
        return Ok(());
    }
    let path = path(state, generation);
    let doing = |at: u64| format!("reading {} at byte {at}", path.display());
    let mut file = File::open(&path).with_context(|| doing(begin))?;
    let mut at = begin;
    while at < end {
        let (frame, next) = decode(&mut file, at, MOST_FRAME_BYTES).with_context(|| doing(at))?;
        let turn = |(number, line): (usize, Range<usize>)| -> Result<Kept> {
            let turn = serde_json::from_slice(&frame[line]).with_context(|| doing(at))?;
            Ok(Kept { frame: at, number: number as u32, turn })
        };
        let kept = lines(&frame).into_iter().enumerate().map(turn).collect::<Result<_>>()?;
        at = next;
        take(kept)?;
    }
    Ok(())
}

/// Bytes of an archive file; 0 where there is none.
pub(super) fn length(state: &Path, generation: &str) -> u64 {
    fs::metadata(path(state, generation)).map_or(0, |file| file.len())
}

/// Writes archive files to the disk itself, and their names.
pub(in super::super) fn sync(state: &Path, generations: &BTreeSet<String>) -> Result<()> {
    if generations.is_empty() {
        return Ok(());
    }
    for generation in generations {
        let path = path(state, generation);
        match File::open(&path).and_then(|file| file.sync_data()) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("writing {} to disk; check its free space", path.display()));
            }
            // Dropped meanwhile.
            _ => {}
        }
    }
    super::super::archive::sync_folder(&folder(state))?;
    fail_point!("turns-synced");
    Ok(())
}

/// Generations of a transcript of which a file lies in the archive.
pub(super) fn generations(state: &Path, transcript: &str) -> Result<Vec<String>> {
    let folder = folder(state);
    let doing = || format!("listing {}", folder.display());
    let mut found = Vec::new();
    match fs::read_dir(&folder) {
        Ok(entries) => {
            for entry in entries {
                let name = entry.with_context(doing)?.file_name();
                let stem = name.to_str().and_then(|name| name.strip_suffix(".zst"));
                found.extend(stem.filter(|stem| stem.split('.').next() == Some(transcript)).map(str::to_owned));
            }
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(doing),
    }
    Ok(found)
}

/// Removes an archive file that no transcript speaks of.
pub(super) fn remove(state: &Path, generation: &str) -> Result<()> {
    let path = path(state, generation);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", path.display()))
        }
        _ => Ok(()),
    }
}
