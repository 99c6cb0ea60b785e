//! Columns: what the index knows of each turn of one segment, opened once.

use anyhow::{Context, Result};
use jiff::Timestamp;
use tantivy::columnar::{Column, StrColumn};
use tantivy::{DateTime, DocId, SegmentReader};

use super::{Lying, damaged};

pub(super) struct Columns {
    line: Column<u64>,
    part: Column<u64>,
    frame: Column<u64>,
    number: Column<u64>,
    at: Column<DateTime>,
    pub(super) generations: StrColumn,
    pub(super) sessions: StrColumn,
}

impl Columns {
    pub(super) fn open(segment: &SegmentReader) -> Result<Columns> {
        let fast = segment.fast_fields();
        let texts = |field| -> Result<StrColumn> { fast.str(field)?.with_context(damaged) };
        Ok(Columns {
            line: fast.u64("line")?,
            part: fast.u64("part")?,
            frame: fast.u64("frame")?,
            number: fast.u64("number")?,
            at: fast.date("at")?,
            generations: texts("generation")?,
            sessions: texts("session")?,
        })
    }

    pub(super) fn lying(&self, doc: DocId) -> Result<Lying> {
        Ok(self.lying_in(text_at(&self.generations, self.generations.ords().first(doc))?, doc))
    }

    /// The same of a turn whose generation is known.
    pub(super) fn lying_in(&self, generation: String, doc: DocId) -> Lying {
        let number = |column: &Column<u64>| column.first(doc).unwrap_or_default();
        Lying {
            line: number(&self.line),
            part: number(&self.part),
            generation,
            frame: number(&self.frame),
            number: number(&self.number),
        }
    }

    pub(super) fn session(&self, doc: DocId) -> Result<String> {
        text_at(&self.sessions, self.sessions.ords().first(doc))
    }

    pub(super) fn at(&self, doc: DocId) -> Option<Timestamp> {
        let at = self.at.first(doc).map(DateTime::into_timestamp_micros);
        at.and_then(|at| Timestamp::from_microsecond(at).ok())
    }
}

/// The text of this number in a column; none is the empty one.
pub(super) fn text_at(column: &StrColumn, ordinal: Option<u64>) -> Result<String> {
    let mut text = String::new();
    if let Some(ordinal) = ordinal {
        column.ord_to_str(ordinal, &mut text)?;
    }
    Ok(text)
}
