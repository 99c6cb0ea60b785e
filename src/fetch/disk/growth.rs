//! Growth: whether what was read of a file is still there, proved by its bytes.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use sha2::{Digest, Sha256};

use super::list::stamp;
use crate::transcript::{Growth, Proof, ReadMark, Stamp};

/// Bytes at the beginning that are held against what they were: another session has another first line.
const HEAD: u64 = 4 << 10;
/// And before the mark: whoever writes a file anew hardly ends this much of it with the same bytes at the same place.
const TAIL: u64 = 64 << 10;

/// What became of an opened file, and its stamp now. Reads 68 kB at most; where the stamp is as it was, nothing.
///
/// # Errors
/// When it can't be read; then nothing is known of it.
pub fn growth(file: &File, known: &ReadMark) -> io::Result<(Growth, Stamp)> {
    let now = stamp(&file.metadata()?);
    if now == known.stamp {
        return Ok((Growth::Same, now));
    }
    match (now.device, now.inode) == (known.stamp.device, known.stamp.inode) {
        true => growth_of_bytes(file, known),
        false => Ok((Growth::Rewritten, now)),
    }
}

/// The same of a file that was carried here from elsewhere: who copies it may put a new file in the old one's place, and only the
/// bytes say what became of it.
///
/// # Errors
/// When it can't be read; then nothing is known of it.
pub fn growth_of_bytes(file: &File, known: &ReadMark) -> io::Result<(Growth, Stamp)> {
    let now = stamp(&file.metadata()?);
    if now.size < known.offset {
        return Ok((Growth::Rewritten, now));
    }
    let is_there = proof(file, 0, known.head.bytes)?.as_ref() == Some(&known.head)
        && proof(file, known.offset.saturating_sub(known.tail.bytes), known.tail.bytes)?.as_ref() == Some(&known.tail);
    let growth = match is_there {
        false => Growth::Rewritten,
        // What stood behind the last whole line may have changed at the same length; reading it again shows it.
        true if now.size == known.offset => Growth::Same,
        true => Growth::Appended,
    };
    Ok((growth, now))
}

/// The mark of a file that was read up to `offset`, a line's end.
///
/// # Errors
/// When it can't be read, or has become shorter meanwhile: then it was written anew, and what was read of it does not count.
pub fn mark(file: &File, stamp: Stamp, offset: u64, lines: u64) -> io::Result<ReadMark> {
    let shrunk = || io::Error::new(io::ErrorKind::UnexpectedEof, "it became shorter while it was read");
    let head = proof(file, 0, offset.min(HEAD))?.ok_or_else(shrunk)?;
    let length = offset.min(TAIL);
    let tail = proof(file, offset - length, length)?.ok_or_else(shrunk)?;
    Ok(ReadMark { stamp, offset, lines, head, tail })
}

/// The hash of a run of bytes; None where the file ends before.
fn proof(file: &File, from: u64, bytes: u64) -> io::Result<Option<Proof>> {
    if bytes == 0 {
        return Ok(Some(Proof::default()));
    }
    let mut buffer = vec![0; bytes.min(TAIL) as usize];
    match file.read_exact_at(&mut buffer, from) {
        Ok(()) => {
            let hash = Sha256::digest(&buffer)[..16].iter().map(|byte| format!("{byte:02x}")).collect();
            Ok(Some(Proof { bytes, hash }))
        }
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}
