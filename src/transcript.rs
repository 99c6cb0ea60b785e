//! A transcript: a file in which an agent writes a session down, and how far it has been read.

use serde::{Deserialize, Serialize};

/// What a file was when it was last looked at: enough to see by a `stat` that nothing has changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    pub device: u64,
    pub inode: u64,
    pub size: u64,
    /// Nanoseconds since 1970.
    pub modified: i128,
}

/// How far a transcript has been read, with what proves that what was read is still there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadMark {
    pub stamp: Stamp,
    /// Bytes of whole lines that were read; a half line behind them waits for its end.
    pub offset: u64,
    /// Lines in them.
    pub lines: u64,
    /// Hash of the first bytes, as far as they were read.
    pub head: Proof,
    /// Hash of the last bytes before `offset`.
    pub tail: Proof,
}

/// The hash of a run of bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    pub bytes: u64,
    /// SHA-256, its first 16 bytes in hexadecimal; empty for no bytes.
    pub hash: String,
}

/// What became of a transcript since it was last read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Growth {
    /// Nothing that matters: not a byte, or only its time.
    Same,
    /// What was read is still there, and more came behind it.
    Appended,
    /// It is another text now: shortened, written anew, replaced. It is read from its beginning, and what was read is dropped.
    Rewritten,
}
