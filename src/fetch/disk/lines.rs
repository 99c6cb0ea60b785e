//! Lines: a file in pieces of whole lines.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Bytes of a piece: what is read, scrubbed and kept at once.
const PIECE: usize = 8 << 20;
/// A longer line is no record of any agent; it is passed over whole, and counted, lest it take all memory.
const LONGEST: usize = 512 << 20;
/// For the end of a line that is longer than a piece.
const STEP: usize = 8 << 20;

/// Whole lines, with where they stand.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece {
    /// Ends with a line's end.
    pub bytes: Vec<u8>,
    /// Of the first of them, counted from 1.
    pub first_line: u64,
    /// Behind the last of them.
    pub end: u64,
    /// Lines so far, those before the piece included.
    pub lines: u64,
    /// It stands for one line that was too long to be read.
    pub is_too_long: bool,
}

/// Reads a file from an offset on, a piece at a time, as far as it reaches now.
pub struct Lines<'f> {
    file: &'f File,
    offset: u64,
    lines: u64,
    /// Nothing behind it is read, so that a file that grows as fast as it is read comes to an end.
    size: u64,
    piece: usize,
}

impl<'f> Lines<'f> {
    /// From `offset`, before which there are so many lines, to `size`.
    pub fn new(file: &'f File, offset: u64, lines: u64, size: u64) -> Lines<'f> {
        Lines { file, offset, lines, size, piece: PIECE }
    }

    /// The same in pieces of about so many bytes.
    pub fn in_pieces_of(self, piece: usize) -> Lines<'f> {
        Lines { piece: piece.max(1), ..self }
    }

    /// The next piece; None where no whole line is left.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn next_piece(&mut self) -> io::Result<Option<Piece>> {
        let mut bytes = Vec::new();
        let mut wanted = self.piece;
        loop {
            let known = bytes.len();
            let left = self.size.saturating_sub(self.offset + known as u64);
            let more = (wanted.saturating_sub(known) as u64).min(left) as usize;
            if more == 0 {
                return Ok(None);
            }
            bytes.resize(known + more, 0);
            let read = read_at(self.file, &mut bytes[known..], self.offset + known as u64)?;
            bytes.truncate(known + read);
            if let Some(end) = bytes[known..].iter().rposition(|byte| *byte == b'\n') {
                bytes.truncate(known + end + 1);
                return Ok(Some(self.piece(bytes)));
            }
            // It became shorter meanwhile, or ends in half a line.
            if read < more {
                return Ok(None);
            }
            if bytes.len() >= LONGEST {
                return self.pass_over(bytes.len() as u64);
            }
            wanted = bytes.len() + STEP;
        }
    }

    fn piece(&mut self, bytes: Vec<u8>) -> Piece {
        let first_line = self.lines + 1;
        self.lines += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.offset += bytes.len() as u64;
        Piece { bytes, first_line, end: self.offset, lines: self.lines, is_too_long: false }
    }

    /// Looks for the end of a line of which so many bytes were read already.
    fn pass_over(&mut self, known: u64) -> io::Result<Option<Piece>> {
        let mut at = self.offset + known;
        let mut buffer = vec![0; STEP];
        while at < self.size {
            let read = read_at(self.file, &mut buffer, at)?;
            if read == 0 {
                break;
            }
            if let Some(end) = buffer[..read].iter().position(|byte| *byte == b'\n') {
                self.offset = at + end as u64 + 1;
                self.lines += 1;
                let (bytes, first_line) = (b"\n".to_vec(), self.lines);
                return Ok(Some(Piece { bytes, first_line, end: self.offset, lines: self.lines, is_too_long: true }));
            }
            at += read as u64;
        }
        Ok(None)
    }
}

/// Fills the buffer as far as the file reaches.
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
