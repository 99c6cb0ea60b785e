//! Transcripts of coding agents become turns, purely: one file a format, bytes in, turns out.
//!
//! Formats are internal to their programs and change between versions. So a record of an unknown type is counted and costs
//! nothing else, a line that is damaged costs itself alone, and a text that stands in a place we do not know is read rather
//! than lost.

mod place;
mod lines;
mod draft;
mod object;
mod words;
mod envelope;
mod claude_code;
mod codex;
mod diary;
mod shared;
mod hook;

pub use claude_code::errand;
pub use hook::{Said, hook};
pub use place::{Kind, Place, place};
pub use shared::{WITHDRAWN, header, withdrawn};

use crate::session::{Agent, Format, Memory, Passage};

/// Reads whole lines of a transcript, the first of which is line `first_line` of the file (from 1). `memory` is what the lines
/// before have left, and is kept up to date: cut anywhere between lines, a file gives the same turns. A diary is edited in
/// place and must come whole.
///
/// Never fails and never panics; what could not be read is counted. While it reads a line it needs about the line's size
/// beside the line, and as much again where its bytes are no UTF-8 or its text has to be cleaned.
pub fn read(format: impl Into<Format>, bytes: &[u8], first_line: u64, memory: &mut Memory) -> Passage {
    match format.into() {
        Format::Of(Agent::ClaudeCode) => lines::read(bytes, first_line, memory, claude_code::record),
        Format::Of(Agent::Codex) => lines::read(bytes, first_line, memory, codex::record),
        Format::Of(Agent::Diary) => diary::read(bytes),
        Format::Shared => lines::read(bytes, first_line, memory, shared::record),
    }
}

/// The text of a file of `tool-results/`, for the turn that [names it](crate::session::Turn::apart). None if it is blank.
pub fn apart(bytes: &[u8]) -> Option<String> {
    words::said(String::from_utf8_lossy(bytes).into_owned())
}
