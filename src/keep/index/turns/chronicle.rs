//! The chronicle is the index of turns as a reader sees it: it needs no lock, and never writes.

mod columns;
mod earliest;
mod reading;

use std::collections::{HashMap, HashSet};
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use ::regex::Regex;
use anyhow::{Context, Result, anyhow};
use jiff::Timestamp;
use tantivy::collector::{Count, DocSetCollector};
use tantivy::query::{AllQuery, BooleanQuery, ConstScoreQuery, Occur, Query, RangeQuery, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, Searcher, SegmentOrdinal, Term};

use super::super::{as_it_stands, date, to_ask, version_of};
use super::collect::{BySession, Spot, Tally};
use super::query::{self, Group};
use super::snippet::{Marker, Snippet};
use super::{Fields, expression, folder, is_ours, open};
use crate::guard::panic::quietly;
use crate::keep::Version;
use crate::keep::sessions::Frames;
use crate::session::Turn;

use columns::Columns;

pub use reading::{Leaf, Opening, Page, Part};

/// Kept text that one expression may be tried on, in bytes: a few seconds' work.
const MOST_TRIED_BYTES: usize = 512 << 20;

/// A word that stands in more than one of so many texts is common.
const COMMON: u64 = 4;

/// So many plain words are a question, and not a list of what must stand in one text: of forty such questions to public transcripts
/// two had an answer that held all of its words.
const PROSE: usize = 6;

/// Unless it stands in no more texts than these, whose shares say nothing.
const FEW: u64 = 20;

/// What is looked for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// As typed. Empty: everything that fits the rest, newest first.
    pub words: String,
    /// Only texts in which this expression matches; newest first.
    pub regex: Option<String>,
    /// At or after.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// Most sessions wanted.
    pub sessions: usize,
    /// So many of the best sessions before them are only counted.
    pub skip: usize,
    /// Most hits wanted of each.
    pub hits: usize,
    /// The native id of a session that is counted and not shown: the one that asks.
    pub own: Option<String>,
    /// Only turns of these transcripts are found and counted; None: of all.
    pub of: Option<Arc<HashSet<String>>>,
    /// Where no text holds all of some plain words, those are wanted that hold a part of them. A question of six words or more is
    /// asked so by who half remembers: there it is enough that few sessions hold them all.
    pub in_part: bool,
    /// Fewer sessions than these are few; left out: than wanted. Whoever turns pages says the same on each.
    pub few: Option<usize>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Turns, without those of the own session.
    pub total: usize,
    /// Sessions that hold them.
    pub sessions_total: usize,
    /// There are more hits than those listed, or not every text was tried.
    pub capped: bool,
    /// Of an expression: candidates whose text was not tried any more.
    pub untried: usize,
    /// Best first.
    pub sessions: Vec<FoundSession>,
    /// Turns of the own session, which are not in the total.
    pub own: usize,
    /// These texts hold a part of the words; few or none hold all of them.
    pub in_part: bool,
    /// Where nothing was found: each filter without which something would be, as typed, and how much.
    pub hiding: Vec<(String, usize)>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct FoundSession {
    /// `claude-code:1b0c…`.
    pub session: String,
    /// Turns found in it.
    pub count: usize,
    pub score: f32,
    /// Best first.
    pub hits: Vec<TurnHit>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct TurnHit {
    /// `t-7k3m9q2xwd`.
    pub transcript: String,
    /// Of the file, from 1.
    pub line: u64,
    pub part: u32,
    pub score: f32,
    pub at: Option<Timestamp>,
    pub snippet: Snippet,
    /// None where the archive can't be read there.
    pub turn: Option<Turn>,
}

/// Where one turn lies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Lying {
    line: u64,
    part: u64,
    generation: String,
    frame: u64,
    number: u64,
}

impl Lying {
    /// None where the archive can't be read there.
    fn turn(&self, frames: &mut Frames<'_>) -> Option<Turn> {
        frames.turn(&self.generation, self.frame, self.number).ok()
    }
}

/// The index of turns of a home, as it stood when it was opened.
pub struct Chronicle {
    state: PathBuf,
    searcher: Searcher,
    /// By segment; opened when first asked for.
    columns: Vec<OnceLock<Columns>>,
    fields: Fields,
}

impl Chronicle {
    /// Opens what can be searched of sessions; None where there is nothing yet.
    ///
    /// # Errors
    /// When the index is damaged or of another version; the message names the remedy.
    pub fn open(home: &Path) -> Result<Option<Chronicle>> {
        let folder = folder(home);
        let remedy = "`tidings reindex` makes it anew";
        if !folder.join(super::STAMP).exists() {
            return Ok(None);
        }
        if !is_ours(&folder) {
            return Err(anyhow!("opening the index {}: it is of another version; {remedy}", folder.display()));
        }
        let doing = || format!("opening the index {}; {remedy}", folder.display());
        // On garbage tantivy may panic instead of saying so.
        let opened =
            quietly(|| to_ask(&folder).and_then(open).and_then(|(index, fields)| Ok((as_it_stands(&index)?, fields))));
        let (searcher, fields) = opened.with_context(damaged)?.with_context(doing)?;
        let columns = searcher.segment_readers().iter().map(|_| OnceLock::new()).collect();
        Ok(Some(Chronicle { state: home.join("state"), searcher, columns, fields }))
    }

    /// What tells whether it was written since; None: there is none that is finished.
    pub fn version(home: &Path) -> Option<Version> {
        version_of(&folder(home))
    }

    /// How many turns it holds.
    pub fn len(&self) -> u64 {
        self.searcher.num_docs()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Generation and place (`frame.number`) of every turn that it holds, in no order.
    ///
    /// # Errors
    /// When the index can't be read.
    pub fn places(&self) -> Result<Vec<(String, String)>> {
        let all = quietly(|| self.searcher.search(&AllQuery, &DocSetCollector)).with_context(damaged)??;
        let place = |address| {
            let lying = self.lying(address)?;
            Ok((lying.generation, format!("{}.{}", lying.frame, lying.number)))
        };
        all.into_iter().map(place).collect()
    }

    /// # Errors
    /// [`Unclear`](super::Unclear) where the words or the expression have no one meaning.
    pub fn search(&self, wanted: &Wanted) -> Result<Found> {
        let groups = query::parse(&wanted.words)?;
        let expression = wanted.regex.as_deref().map(expression::read).transpose()?;
        quietly(|| self.find(wanted, &groups, expression.as_ref())).with_context(damaged)?
    }

    fn find(&self, wanted: &Wanted, groups: &[Group], expression: Option<&Regex>) -> Result<Found> {
        let doing = || format!("searching sessions for `{}`", wanted.words);
        let by_time = expression.is_some() || groups.iter().all(|group| group.not || group.is_filter());
        let built = self.build(wanted, groups, None);
        let best = wanted.hits.max(1);
        let (mut tallies, untried) = match expression {
            None => (self.searcher.search(&*built, &BySession { best, by_time }).with_context(doing)?, 0),
            Some(expression) => self.try_expression(&*built, expression, best)?,
        };
        let own = take_own(&mut tallies, wanted);
        let mut in_part = false;
        if wanted.in_part
            && expression.is_none()
            && let Some(words) = query::plain_words(&wanted.words, groups)
            && tallies.len() < if words.len() < PROSE { 1 } else { wanted.few.unwrap_or(wanted.sessions).max(1) }
        {
            let query = self.build_in_part(wanted, groups, words)?;
            let mut found = self.searcher.search(&*query, &BySession { best, by_time }).with_context(doing)?;
            take_own(&mut found, wanted);
            in_part = found.len() > tallies.len();
            if in_part {
                tallies = found;
            }
        }
        let total = tallies.values().map(|tally| tally.count).sum();
        let sessions_total = tallies.len();
        let mut sorted: Vec<(String, Tally)> = tallies.into_iter().collect();
        sorted.sort_by(|(name, a), (other, b)| {
            let order = a.best.first().zip(b.best.first()).map(|(a, b)| a.order(b, by_time));
            order.unwrap_or(std::cmp::Ordering::Equal).then_with(|| name.cmp(other))
        });
        sorted.truncate(wanted.skip + wanted.sessions.max(1));
        sorted.drain(..wanted.skip.min(sorted.len()));
        let marker = Marker::new(groups, expression);
        let mut frames = Frames::new(&self.state);
        let mut sessions = Vec::new();
        for (session, tally) in sorted {
            let mut hits = Vec::new();
            for spot in &tally.best {
                hits.push(self.hit(spot, &marker, &mut frames)?);
            }
            let score = tally.best.first().map_or(0.0, |spot| spot.score);
            sessions.push(FoundSession { session, count: tally.count, score, hits });
        }
        let shown: usize = sessions.iter().map(|session| session.hits.len()).sum();
        let hiding = if total == 0 && own == 0 { self.hiding(wanted, groups)? } else { Vec::new() };
        Ok(Found {
            total,
            sessions_total,
            capped: shown < total || untried > 0,
            untried,
            sessions,
            own,
            in_part,
            hiding,
        })
    }

    /// The question for texts that hold a part of its words. What stands in every fourth text says nothing of any, and is not
    /// looked for where something else is.
    fn build_in_part(&self, wanted: &Wanted, groups: &[Group], words: Vec<usize>) -> Result<Box<dyn Query>> {
        let mut rare = Vec::new();
        for number in &words {
            let mut texts = u64::MAX;
            for part in query::parts_of(&groups[*number]) {
                texts = texts.min(self.searcher.doc_freq(&Term::from_field_text(self.fields.text, &part))?);
            }
            // What stands in none finds nothing, and must not keep the others from being looked for.
            if (1..=(self.len() / COMMON).max(FEW)).contains(&texts) {
                rare.push(*number);
            }
        }
        let kept = if rare.is_empty() { words } else { rare };
        Ok(self.narrow(wanted, query::build_in_part(groups, &kept, &self.fields)))
    }

    /// The filters that hide everything, each with what would be found without it. Times are filters as well.
    fn hiding(&self, wanted: &Wanted, groups: &[Group]) -> Result<Vec<(String, usize)>> {
        let mut hiding = Vec::new();
        let mut add = |words: String, wanted: &Wanted, without| -> Result<()> {
            let found = self.searcher.search(&*self.build(wanted, groups, without), &Count)?;
            if found > 0 {
                hiding.push((words, found));
            }
            Ok(())
        };
        for (number, group) in groups.iter().enumerate().filter(|(_, group)| group.is_filter()) {
            let not = if group.not && !group.typed.starts_with('-') { "NOT " } else { "" };
            add(format!("{not}{}", group.typed), wanted, Some(number))?;
        }
        if wanted.since.is_some() {
            add("--since".to_owned(), &Wanted { since: None, ..wanted.clone() }, None)?;
        }
        if wanted.until.is_some() {
            add("--until".to_owned(), &Wanted { until: None, ..wanted.clone() }, None)?;
        }
        Ok(hiding)
    }

    /// Tries the expression on the texts that the rest of the question finds.
    fn try_expression(
        &self,
        built: &dyn Query,
        expression: &Regex,
        best: usize,
    ) -> Result<(HashMap<String, Tally>, usize)> {
        let mut candidates: Vec<DocAddress> = self.searcher.search(built, &DocSetCollector)?.into_iter().collect();
        // Turns of one frame lie beside each other in the index.
        candidates.sort_unstable();
        let mut frames = Frames::new(&self.state);
        let mut tallies: HashMap<String, Tally> = HashMap::new();
        for (number, address) in candidates.iter().enumerate() {
            if frames.read_bytes > MOST_TRIED_BYTES {
                return Ok((tallies, candidates.len() - number));
            }
            let lying = self.lying(*address)?;
            let turn = lying.turn(&mut frames);
            let is_match = turn.is_some_and(|turn| expression.is_match(&turn.text));
            if is_match {
                let at = self.at(*address)?.map_or(i64::MIN, Timestamp::as_microsecond);
                let session = self.session_of(*address)?;
                tallies.entry(session).or_default().add(Spot { score: 0.0, at, address: *address }, best, true);
            }
        }
        Ok((tallies, 0))
    }

    fn hit(&self, spot: &Spot, marker: &Marker<'_>, frames: &mut Frames<'_>) -> Result<TurnHit> {
        let lying = self.lying(spot.address)?;
        // A text that cannot be read costs its snippet, not the answer.
        let turn = lying.turn(frames);
        Ok(TurnHit {
            transcript: transcript_of(&lying.generation).to_owned(),
            line: lying.line,
            part: lying.part as u32,
            score: spot.score,
            at: self.at(spot.address)?,
            snippet: turn.as_ref().map(|turn| marker.snippet(&turn.text)).unwrap_or_default(),
            turn,
        })
    }

    fn build(&self, wanted: &Wanted, groups: &[Group], without: Option<usize>) -> Box<dyn Query> {
        self.narrow(wanted, query::build(groups, without, &self.fields))
    }

    /// Narrows by time, and by what an expression needs.
    fn narrow(&self, wanted: &Wanted, mut clauses: Vec<(Occur, Box<dyn Query>)>) -> Box<dyn Query> {
        for word in wanted.regex.as_deref().map(expression::words).unwrap_or_default() {
            let term = Term::from_field_text(self.fields.text, &word);
            clauses.push((Occur::Must, Box::new(TermQuery::new(term, IndexRecordOption::Basic))));
        }
        if let Some(transcripts) = &wanted.of {
            clauses.push((Occur::Must, super::only::of(transcripts)));
        }
        if wanted.since.is_some() || wanted.until.is_some() {
            let bound = |at: Timestamp| Term::from_field_date(self.fields.at, date(at));
            let since = wanted.since.map_or(Bound::Unbounded, |at| Bound::Included(bound(at)));
            let until = wanted.until.map_or(Bound::Unbounded, |at| Bound::Excluded(bound(at)));
            let range = RangeQuery::new(since, until);
            clauses.push((Occur::Must, Box::new(ConstScoreQuery::new(Box::new(range), 0.0))));
        }
        Box::new(BooleanQuery::new(clauses))
    }

    /// What is known of the turns of a segment.
    fn columns(&self, segment: SegmentOrdinal) -> Result<&Columns> {
        let place = &self.columns[segment as usize];
        if let Some(columns) = place.get() {
            return Ok(columns);
        }
        let opened = Columns::open(self.searcher.segment_reader(segment))?;
        Ok(place.get_or_init(|| opened))
    }

    fn lying(&self, address: DocAddress) -> Result<Lying> {
        self.columns(address.segment_ord)?.lying(address.doc_id)
    }

    fn session_of(&self, address: DocAddress) -> Result<String> {
        self.columns(address.segment_ord)?.session(address.doc_id)
    }

    fn at(&self, address: DocAddress) -> Result<Option<Timestamp>> {
        Ok(self.columns(address.segment_ord)?.at(address.doc_id))
    }
}

/// Takes the own session's hits out, and says how many they are.
fn take_own(tallies: &mut HashMap<String, Tally>, wanted: &Wanted) -> usize {
    let Some(own) = &wanted.own else { return 0 };
    let is_own = |session: &str| session.split_once(':').is_some_and(|(_, native)| native == own);
    let names: Vec<String> = tallies.keys().filter(|session| is_own(session)).cloned().collect();
    names.iter().filter_map(|name| tallies.remove(name)).map(|tally| tally.count).sum()
}

/// `t-7k3m9q2xwd.0` is of `t-7k3m9q2xwd`.
pub(super) fn transcript_of(generation: &str) -> &str {
    generation.rsplit_once('.').map_or(generation, |(transcript, _)| transcript)
}

fn damaged() -> &'static str {
    "reading the index of sessions: it is damaged; `tidings reindex` makes it anew"
}
