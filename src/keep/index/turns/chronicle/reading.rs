//! Reading what a session holds: its files, and the turns of each in their order.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, Result};
use tantivy::collector::DocSetCollector;
use tantivy::query::{BooleanQuery, Query, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, Term};

use super::super::query;
use super::columns::{Columns, text_at};
use super::{Chronicle, Lying, damaged, transcript_of};
use crate::guard::panic::quietly;
use crate::keep::sessions::Frames;
use crate::session::Turn;

/// Which turns of a transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    All,
    /// Those of this line, or of the next one that has any, and as many turns before and after.
    Around {
        line: u64,
        context: usize,
    },
}

/// Some turns in a row of a long transcript.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaf {
    /// From 0.
    pub number: usize,
    /// Leaves of the transcript; one at least.
    pub leaves: usize,
    pub turns: Vec<Turn>,
}

/// Which leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// From 0; the last one where there are not so many.
    Number(usize),
    /// The one that has this line, or the next that has any turn.
    Line(u64),
}

/// One file of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub transcript: String,
    pub generation: String,
    pub session: String,
    pub is_subagent: bool,
    pub turns: usize,
}

impl Chronicle {
    /// The files of every session whose id begins so, and of the transcript of this id; main files first.
    ///
    /// # Errors
    /// When the index can't be read.
    pub fn parts(&self, id: &str) -> Result<Vec<Part>> {
        quietly(|| self.find_parts(id)).with_context(damaged)?
    }

    fn find_parts(&self, id: &str) -> Result<Vec<Part>> {
        // Nothing begins every id.
        if id.is_empty() {
            return Ok(Vec::new());
        }
        let query = match id.starts_with("t-") {
            true => query::transcript_query(id, &self.fields),
            false => query::session_query(id, &self.fields),
        };
        let of_subagents = TermQuery::new(Term::from_field_text(self.fields.subagent, "yes"), IndexRecordOption::Basic);
        let both: Vec<Box<dyn Query>> = vec![query.box_clone(), Box::new(of_subagents)];
        let spoken = self.searcher.search(&BooleanQuery::intersection(both), &DocSetCollector)?;
        let mut parts: BTreeMap<String, Part> = BTreeMap::new();
        for (segment, addresses) in self.by_segment(&*query)? {
            // A file's name is read once, and not for each of its turns.
            let Columns { generations, sessions, .. } = self.columns(segment)?;
            let mut files: HashMap<Option<u64>, (Option<u64>, usize, bool)> = HashMap::new();
            for address in addresses {
                let session = || sessions.ords().first(address.doc_id);
                let generation = generations.ords().first(address.doc_id);
                let file = files.entry(generation).or_insert_with(|| (session(), 0, true));
                file.1 += 1;
                file.2 &= spoken.contains(&address);
            }
            for (generation, (session, turns, is_subagent)) in files {
                let generation = text_at(generations, generation)?;
                let part = match parts.get_mut(&generation) {
                    Some(part) => part,
                    None => {
                        let transcript = transcript_of(&generation).to_owned();
                        let session = text_at(sessions, session)?;
                        let part =
                            Part { transcript, generation: generation.clone(), session, is_subagent: true, turns: 0 };
                        parts.entry(generation).or_insert(part)
                    }
                };
                part.turns += turns;
                part.is_subagent &= is_subagent;
            }
        }
        let mut parts: Vec<Part> = parts.into_values().collect();
        parts.sort_by(|a, b| (&a.session, a.is_subagent).cmp(&(&b.session, b.is_subagent)));
        Ok(parts)
    }

    /// Turns of a transcript's generation in the order of its file.
    ///
    /// # Errors
    /// When the index or the archive can't be read.
    pub fn read(&self, generation: &str, page: Page) -> Result<Vec<Turn>> {
        quietly(|| self.read_page(generation, page)).with_context(damaged)?
    }

    /// One leaf of a transcript's generation, of so many turns: a session of hundreds of megabytes is read leaf by leaf.
    ///
    /// # Errors
    /// When the index or the archive can't be read.
    pub fn leaf(&self, generation: &str, opening: Opening, size: usize) -> Result<Leaf> {
        quietly(|| self.read_leaf(generation, opening, size.max(1))).with_context(damaged)?
    }

    fn read_leaf(&self, generation: &str, opening: Opening, size: usize) -> Result<Leaf> {
        let all = self.all_lying(generation)?;
        let leaves = all.len().div_ceil(size).max(1);
        let number = match opening {
            Opening::Number(number) => number,
            Opening::Line(line) => all.partition_point(|lying| lying.line < line) / size,
        };
        let number = number.min(leaves - 1);
        let end = all.len().min((number + 1) * size);
        Ok(Leaf { number, leaves, turns: self.turns(generation, &all[number * size..end])? })
    }

    fn read_page(&self, generation: &str, page: Page) -> Result<Vec<Turn>> {
        let all = self.all_lying(generation)?;
        let shown = match page {
            Page::All => &all[..],
            Page::Around { line, context } => {
                let first = all.partition_point(|lying| lying.line < line).min(all.len().saturating_sub(1));
                let line = all.get(first).map_or(line, |lying| lying.line);
                let last = all.partition_point(|lying| lying.line <= line);
                &all[first.saturating_sub(context)..(last + context).min(all.len())]
            }
        };
        self.turns(generation, shown)
    }

    /// Line and part of each turn of a transcript's generation, in the order of its file.
    ///
    /// # Errors
    /// When the index can't be read.
    pub fn lines(&self, generation: &str) -> Result<Vec<(u64, u32)>> {
        let all = quietly(|| self.all_lying(generation)).with_context(damaged)??;
        Ok(all.into_iter().map(|lying| (lying.line, lying.part as u32)).collect())
    }

    /// Where every turn of a transcript's generation lies, in the order of its file.
    fn all_lying(&self, generation: &str) -> Result<Vec<Lying>> {
        let term = Term::from_field_text(self.fields.generation, generation);
        let mut all = Vec::new();
        for (segment, addresses) in self.by_segment(&TermQuery::new(term, IndexRecordOption::Basic))? {
            let columns = self.columns(segment)?;
            let lying = |address: DocAddress| columns.lying_in(generation.to_owned(), address.doc_id);
            all.extend(addresses.into_iter().map(lying));
        }
        all.sort();
        Ok(all)
    }

    /// What a question finds, by segment.
    fn by_segment(&self, query: &dyn Query) -> Result<BTreeMap<u32, Vec<DocAddress>>> {
        let mut segments: BTreeMap<u32, Vec<DocAddress>> = BTreeMap::new();
        for address in self.searcher.search(query, &DocSetCollector)? {
            segments.entry(address.segment_ord).or_default().push(address);
        }
        Ok(segments)
    }

    /// The turns that lie there.
    fn turns(&self, generation: &str, places: &[Lying]) -> Result<Vec<Turn>> {
        let mut frames = Frames::new(&self.state);
        let turn = |lying: &Lying| frames.turn(generation, lying.frame, lying.number);
        places.iter().map(turn).collect()
    }
}
