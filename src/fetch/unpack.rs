//! Unpacks gzip as it comes, one member after the other (RFC 1952, 2.2): the client's own decoder stops behind the first.

use std::io::{self, ErrorKind, Write};

use flate2::write::MultiGzDecoder;

/// How much is unpacked at a time, in bytes: what comes of it is at most a thousand times as much, and is measured before
/// the next piece.
pub(super) const PIECE_BYTES: usize = 1024;

/// A body on its way.
pub(super) enum Body {
    Plain(Vec<u8>),
    Packed { decoder: Box<MultiGzDecoder<Vec<u8>>>, is_over: bool },
}

impl Body {
    pub(super) fn new(is_packed: bool) -> Body {
        match is_packed {
            true => Body::Packed { decoder: Box::new(MultiGzDecoder::new(Vec::new())), is_over: false },
            false => Body::Plain(Vec::new()),
        }
    }

    /// Of what was unpacked so far, in bytes.
    pub(super) fn len(&self) -> usize {
        match self {
            Body::Plain(bytes) => bytes.len(),
            Body::Packed { decoder, .. } => decoder.get_ref().len(),
        }
    }

    /// How much of a chunk should be pushed next.
    pub(super) fn piece<'c>(&self, chunk: &'c [u8]) -> &'c [u8] {
        match self {
            Body::Plain(_) => chunk,
            Body::Packed { .. } => &chunk[..chunk.len().min(PIECE_BYTES)],
        }
    }

    /// Takes a piece in. The error says that it is no gzip.
    pub(super) fn push(&mut self, piece: &[u8]) -> io::Result<()> {
        match self {
            Body::Plain(bytes) => bytes.extend_from_slice(piece),
            Body::Packed { is_over: true, .. } => {}
            Body::Packed { decoder, is_over } => match decoder.write_all(piece) {
                // Zeros and other filling behind a whole member are no member (RFC 1952 knows none; servers do).
                Err(error) if error.kind() == ErrorKind::InvalidInput && !decoder.get_ref().is_empty() => {
                    *is_over = true
                }
                result => result?,
            },
        }
        Ok(())
    }

    /// All that was unpacked. The error says that the last member has no end, where it should have one.
    pub(super) fn finish(self, is_whole: bool) -> io::Result<Vec<u8>> {
        match self {
            Body::Plain(bytes) => Ok(bytes),
            Body::Packed { decoder, is_over: false } if is_whole => decoder.finish(),
            Body::Packed { mut decoder, .. } => Ok(std::mem::take(decoder.get_mut())),
        }
    }
}
