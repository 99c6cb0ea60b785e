//! One transcript: what was added to it is read in pieces, scrubbed and kept.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, anyhow};

use super::{Folder, Placed, Stopped};
use crate::fetch::disk::{Lines, Piece, growth, growth_of_bytes, mark};
use crate::keep::sessions::{Reading, Transcript};
use crate::read::session;
use crate::session::{Agent, Format, Memory, Passage, Trouble};
use crate::transcript::{Growth, ReadMark, Stamp};

/// Between the folder of a session and the name of an output that is stored apart.
pub(super) const APART: &str = "/tool-results/";

/// Bytes of an output that are read from where it is stored apart; the rest of a longer one is left out.
const MOST_APART: u64 = 64 << 20;

/// A diary is written by hand; a longer file is none.
const MOST_DIARY: u64 = 32 << 20;

/// Bytes of a compressed transcript when it is unpacked, lest a small file fill the disk.
const MOST_UNPACKED: u64 = 8 << 30;

/// Bytes of a compressed transcript that are unpacked at once, and the longest line of one.
const PIECE: usize = 8 << 20;
const LONGEST: usize = 256 << 20;

/// What became of a transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Was {
    New,
    Same,
    Grown,
    Rewritten,
    /// It is one that is not to be kept.
    Forgotten,
}

/// A file that is opened for reading.
pub(super) struct Job<'j> {
    pub(super) file: File,
    pub(super) placed: &'j Placed,
    /// Outputs that are stored apart, by path.
    pub(super) aparts: &'j BTreeMap<String, Stamp>,
    /// It is to be read from its beginning, whatever its bytes say.
    pub(super) is_again: bool,
    /// It has to be read from its beginning whenever it changes.
    pub(super) is_whole: bool,
}

impl Folder<'_> {
    pub(super) fn read_opened(&mut self, transcript: &mut Transcript, job: &Job) -> Result<Was, Stopped> {
        let there = |error: io::Error| Stopped::There(error.into());
        let growth = if self.source.format == Format::Shared { growth_of_bytes } else { growth };
        let (mut became, stamp) = growth(&job.file, &transcript.mark).map_err(there)?;
        if job.is_whole && stamp != transcript.mark.stamp {
            became = Growth::Rewritten;
        }
        let was_unread = transcript.is_unread();
        if !was_unread && (job.is_again || !self.keep.is_archived(transcript)) {
            became = Growth::Rewritten;
        }
        if became == Growth::Rewritten && !was_unread {
            self.keep.restart_transcript(transcript, self.now).map_err(Stopped::Here)?;
        }
        if became != Growth::Same {
            let mut memory = self.keep.memory_of(transcript).map_err(Stopped::Here)?;
            let is_kept = match (self.source.format, job.is_whole) {
                (Format::Of(Agent::Diary), _) => self.read_diary(transcript, job, stamp, &mut memory)?,
                (_, true) => self.read_unpacked(transcript, job, stamp, &mut memory)?,
                (_, false) => self.read_lines(transcript, job, stamp, &mut memory)?,
            };
            if !is_kept {
                return Ok(Was::Forgotten);
            }
        }
        // Only now is it read as far as it reached.
        transcript.mark.stamp = stamp;
        transcript.gone = None;
        self.keep.keep_transcript(transcript).map_err(Stopped::Here)?;
        Ok(match became {
            Growth::Same => Was::Same,
            Growth::Appended => Was::Grown,
            Growth::Rewritten => Was::Rewritten,
        })
    }

    /// Reads the lines that were added. False if it turned out to be a session that was forgotten.
    fn read_lines(
        &mut self,
        transcript: &mut Transcript,
        job: &Job,
        stamp: Stamp,
        memory: &mut Memory,
    ) -> Result<bool, Stopped> {
        let there = |error: io::Error| Stopped::There(error.into());
        let mut lines = Lines::new(&job.file, transcript.mark.offset, transcript.mark.lines, stamp.size);
        while let Some(piece) = lines.next_piece().map_err(there)? {
            // Until the last piece is kept, the file looks changed.
            let half = Stamp { size: piece.end, modified: 0, ..stamp };
            let mark = mark(&job.file, half, piece.end, piece.lines).map_err(there)?;
            if !self.take(transcript, job, &piece, mark, memory)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn read_diary(
        &mut self,
        transcript: &mut Transcript,
        job: &Job,
        stamp: Stamp,
        memory: &mut Memory,
    ) -> Result<bool, Stopped> {
        if stamp.size > MOST_DIARY {
            return Err(Stopped::There(anyhow!("it has {} bytes, which no diary has", stamp.size)));
        }
        let mut bytes = Vec::new();
        (&job.file).take(MOST_DIARY).read_to_end(&mut bytes).map_err(|error| Stopped::There(error.into()))?;
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        let piece = Piece { bytes, first_line: 1, end: stamp.size, lines, is_too_long: false };
        self.take(transcript, job, &piece, ReadMark { lines, ..half_read(stamp) }, memory)
    }

    fn read_unpacked(
        &mut self,
        transcript: &mut Transcript,
        job: &Job,
        stamp: Stamp,
        memory: &mut Memory,
    ) -> Result<bool, Stopped> {
        let there = |error: io::Error| Stopped::There(anyhow!(error).context("unpacking it"));
        let mut unpacked = zstd::Decoder::new(&job.file).map_err(there)?.take(MOST_UNPACKED);
        let (mut rest, mut lines, mut is_over) = (Vec::new(), 0, false);
        let mut offset = 0;
        while !is_over {
            let known = rest.len();
            let read = (&mut unpacked).take(PIECE as u64).read_to_end(&mut rest).map_err(there)?;
            is_over = read == 0;
            let Some(end) = rest[known..].iter().rposition(|byte| *byte == b'\n') else {
                if rest.len() > LONGEST {
                    return Err(Stopped::There(anyhow!("line {} has more than {LONGEST} bytes", lines + 1)));
                }
                continue;
            };
            let after = rest.split_off(known + end + 1);
            let bytes = std::mem::replace(&mut rest, after);
            let first_line = lines + 1;
            lines += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
            offset += bytes.len() as u64;
            let piece = Piece { bytes, first_line, end: offset, lines, is_too_long: false };
            if !self.take(transcript, job, &piece, ReadMark { lines, offset, ..half_read(stamp) }, memory)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Keeps what a piece says.
    fn take(
        &mut self,
        transcript: &mut Transcript,
        job: &Job,
        piece: &Piece,
        mark: ReadMark,
        memory: &mut Memory,
    ) -> Result<bool, Stopped> {
        let mut passage = session::read(self.source.format, &piece.bytes, piece.first_line, memory);
        if piece.is_too_long {
            passage.counts.damage(piece.first_line, Trouble::Unreadable);
        }
        if job.placed.place.session.is_none() && transcript.session.native.is_empty() {
            let stem = job.placed.place.subagent.as_deref().unwrap_or(&job.placed.path);
            transcript.session.native = passage.facts.session.as_deref().unwrap_or(stem).to_owned();
        }
        if self.keep.is_forgotten(&transcript.session, transcript.subagent.as_deref()) {
            return Ok(false);
        }
        let apart = self.whole_outputs(&mut passage, job);
        self.report.turns += passage.turns.len();
        let (passage, redacted) = self.cloth.scrub(passage).map_err(Stopped::Here)?;
        for (rule, times) in &redacted {
            *self.report.redacted.entry(rule.clone()).or_default() += times;
        }
        let memory = self.cloth.scrub_memory(memory.clone()).map_err(Stopped::Here)?;
        let rules = self.cloth.version().map_err(Stopped::Here)?.to_owned();
        let reading = Reading { passage, memory, redacted, rules, apart, mark };
        self.keep.keep_turns(transcript, reading, self.now).map_err(Stopped::Here)?;
        Ok(true)
    }

    /// Gives turns the whole of their text, where it is stored apart; returns what was looked for, and what was there.
    fn whole_outputs(&mut self, passage: &mut Passage, job: &Job) -> BTreeMap<String, Option<Stamp>> {
        let path = &job.placed.path;
        let session = match path.split_once("/subagents/") {
            Some((session, _)) => session,
            None => path.strip_suffix(".jsonl").unwrap_or(path),
        };
        let mut apart = BTreeMap::new();
        for turn in &mut passage.turns {
            let Some(name) = &turn.apart else { continue };
            let path = format!("{session}{APART}{name}");
            let stamp = job.aparts.get(&path).copied();
            apart.insert(name.to_string(), stamp);
            if stamp.is_none() {
                continue;
            }
            match bounded(&self.source.folder.join(&path), MOST_APART) {
                Ok(bytes) => {
                    if let Some(text) = session::apart(&bytes) {
                        *turn = turn.whole(text);
                    }
                }
                Err(error) => self.report.unread(Path::new(&path), &error.to_string()),
            }
        }
        apart
    }
}

/// The mark of a file that is read whole each time, and is not yet.
fn half_read(stamp: Stamp) -> ReadMark {
    ReadMark { stamp: Stamp { size: 0, modified: 0, ..stamp }, ..ReadMark::default() }
}

/// A file as far as it goes, or as far as this.
pub(super) fn bounded(path: &Path, most: u64) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes)).context("reading it")?;
    Ok(bytes)
}
