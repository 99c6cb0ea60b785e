//! Frames of zstd: what archives are made of. Each is decoded by itself, and tells by a checksum when it is damaged.

use std::cell::RefCell;
use std::fs::File;
use std::io::{ErrorKind, Read, Result, Seek, SeekFrom};

use zstd::bulk::Compressor;
use zstd::stream::raw::{self, Operation};

/// A frame is closed when it holds this much, in bytes: showing one hit costs decoding one frame, and must take well below a
/// millisecond.
pub(super) const FRAME_BYTES: usize = 128 << 10;

/// zstd's own default: a feed's text shrinks to about a third, at some 200 MB a second.
const LEVEL: i32 = 3;

/// One frame that holds these bytes.
pub(super) fn compress(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut compressor = Compressor::new(LEVEL)?;
    compressor.include_checksum(true)?;
    compressor.compress(bytes)
}

/// What the frame holds that begins at this byte, and where the next one begins.
///
/// # Errors
/// When it can't be read, is damaged, or holds more bytes than `most`: then it was not written by us.
pub(super) fn decode(file: &mut File, at: u64, most: u64) -> Result<(Vec<u8>, u64)> {
    thread_local! {
        static DECODER: RefCell<Option<Decoder>> = const { RefCell::new(None) };
    }
    DECODER.with_borrow_mut(|decoder| {
        let decoder = match decoder {
            Some(decoder) => decoder,
            none => none.insert(Decoder::new()?),
        };
        decoder.decode(file, at, most)
    })
}

/// It is made once for many frames: whoever makes one asks the processor what it can do, and a virtual machine takes longer to
/// answer than a frame takes to be decoded.
struct Decoder {
    raw: raw::Decoder<'static>,
    input: Box<[u8]>,
}

impl Decoder {
    fn new() -> Result<Decoder> {
        Ok(Decoder { raw: raw::Decoder::new()?, input: vec![0; FRAME_BYTES / 4].into() })
    }

    fn decode(&mut self, file: &mut File, at: u64, most: u64) -> Result<(Vec<u8>, u64)> {
        file.seek(SeekFrom::Start(at))?;
        self.raw.reinit()?;
        let (mut frame, mut length) = (vec![0; FRAME_BYTES + FRAME_BYTES / 4], 0);
        let (mut next, mut unread) = (at, 0..0);
        loop {
            if length == frame.len() {
                if length as u64 > most {
                    return Err(ErrorKind::InvalidData.into());
                }
                // The decoder may still hold some, although it has taken all there was to read.
                frame.resize(2 * length, 0);
            } else if unread.is_empty() {
                unread = 0..file.read(&mut self.input)?;
                if unread.is_empty() {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
            }
            let done = self.raw.run_on_buffers(&self.input[unread.clone()], &mut frame[length..])?;
            length += done.bytes_written;
            unread.start += done.bytes_read;
            next += done.bytes_read as u64;
            if done.remaining == 0 {
                frame.truncate(length);
                return Ok((frame, next));
            }
        }
    }
}
