//! The library is the index as a reader sees it: it needs no lock, and never writes.

use std::ops::{Bound, Range};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use jiff::Timestamp;
use serde::Serialize;
use tantivy::collector::{Count, TopDocs};
use tantivy::query::{BooleanQuery, Occur, RangeQuery, TermQuery};
use tantivy::schema::{IndexRecordOption, Value};
use tantivy::snippet::SnippetGenerator;
use tantivy::{DocAddress, Order, Searcher, TantivyDocument, Term};
use url::Url;

use super::super::archive;
use super::super::version::Version;
use super::query::{self, Filter};
use super::{Card, Fields, as_it_stands, date, is_ours, open, to_ask, version_of};
use crate::guard::panic::quietly;
use crate::item::ItemId;
use crate::verdict::Level;

/// Most hits in one answer; each costs reading a text for its snippet.
const MOST_HITS: usize = 1_000;

/// Length of a snippet, in letters: two or three lines of a terminal.
const SNIPPET_LETTERS: usize = 200;

/// What is looked for.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// As typed. Empty: everything that fits the rest, newest first.
    pub words: String,
    /// Most hits wanted; at most 1,000.
    pub limit: usize,
    /// So many of them, the best, are only counted.
    pub skip: usize,
    /// At or after.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// Words of the source's name.
    pub source: Option<String>,
    /// This one or a higher one.
    pub level: Option<Level>,
    /// `item`, or a category: `security`; other kinds find nothing.
    pub kind: Option<String>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Results {
    pub total: usize,
    /// There are more than the hits listed.
    pub capped: bool,
    /// Best first, from the first that was not skipped.
    pub hits: Vec<Hit>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hit {
    pub kind: &'static str,
    pub id: ItemId,
    pub title: String,
    pub score: f32,
    /// The piece of the text that fits best, on one line; the text's beginning if the words are in the title only.
    pub snippet: String,
    /// What was looked for: bytes of the snippet, begin and end.
    #[serde(skip)]
    pub marks: Vec<(usize, usize)>,
    pub at: Timestamp,
    pub url: Option<Url>,
    pub source: String,
    pub level: Option<Level>,
}

/// The index of a home, as it stood when it was opened.
pub struct Library {
    archive: PathBuf,
    searcher: Searcher,
    fields: Fields,
}

impl Library {
    /// Opens what can be searched. The error says what to do when there is nothing yet.
    pub fn open(home: &Path) -> Result<Library> {
        let folder = home.join("index");
        let remedy = "`tidings run` fills it, `tidings reindex` makes it anew";
        if !is_ours(&folder) {
            return Err(anyhow!("opening the index {}: there is none of this version; {remedy}", folder.display()));
        }
        let doing = || format!("opening the index {}; {remedy}", folder.display());
        // On garbage tantivy may panic instead of saying so.
        let opened =
            quietly(|| to_ask(&folder).and_then(open).and_then(|(index, fields)| Ok((as_it_stands(&index)?, fields))));
        let (searcher, fields) = opened.with_context(damaged)?.with_context(doing)?;
        Ok(Library { archive: home.join("state/archive"), searcher, fields })
    }

    /// What tells whether it was written since; None: there is none that is finished.
    pub fn version(home: &Path) -> Option<Version> {
        version_of(&home.join("index"))
    }

    /// How many items it holds.
    pub fn len(&self) -> u64 {
        self.searcher.num_docs()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn search(&self, query: &Query) -> Result<Results> {
        quietly(|| self.find(query)).with_context(damaged)?
    }

    fn find(&self, query: &Query) -> Result<Results> {
        let doing =
            || format!("searching for `{}`; if the index is damaged, `tidings reindex` makes it anew", query.words);
        let built = self.build(query);
        let limit = query.limit.clamp(1, MOST_HITS);
        let (total, found) = if query.words.trim().is_empty() {
            let newest = TopDocs::with_limit(limit).order_by_fast_field::<tantivy::DateTime>("at", Order::Desc);
            let (total, found) = self.searcher.search(&*built, &(Count, newest)).with_context(doing)?;
            (total, found.into_iter().map(|(_, address)| (0.0, address)).collect::<Vec<_>>())
        } else {
            let best = TopDocs::with_limit(limit).order_by_score();
            self.searcher.search(&*built, &(Count, best)).with_context(doing)?
        };
        let snippets = [self.fields.body, self.fields.body_code].map(|field| {
            SnippetGenerator::create(&self.searcher, &*built, field).map(|mut snippets| {
                snippets.set_max_num_chars(SNIPPET_LETTERS);
                snippets
            })
        });
        let [prose, code] = snippets;
        let (prose, code) = (prose.with_context(doing)?, code.with_context(doing)?);
        let all = found.len();
        let mut hits = Vec::with_capacity(all.saturating_sub(query.skip));
        for (score, address) in found.into_iter().skip(query.skip) {
            let card = self.card(address)?;
            // A text that cannot be read costs its snippet, not the answer.
            let text = archive::text(&self.archive, &card.place).unwrap_or_default();
            let (snippet, marks) = snippet(&text, &[&prose, &code]);
            hits.push(Hit {
                kind: "item",
                snippet,
                marks,
                id: card.id,
                title: card.title,
                score,
                at: card.at,
                url: card.url,
                source: card.source,
                level: card.level,
            });
        }
        Ok(Results { total, capped: total > all, hits })
    }

    /// An item's card and its text; None where the id is not in the index.
    pub fn show(&self, id: &ItemId) -> Result<Option<(Card, String)>> {
        let term = TermQuery::new(Term::from_field_text(self.fields.id, &id.0), IndexRecordOption::Basic);
        let card = quietly(|| {
            let found = self
                .searcher
                .search(&term, &TopDocs::with_limit(1).order_by_score())
                .with_context(|| format!("looking for {id} in the index; `tidings reindex` makes it anew"))?;
            found.first().map(|(_, address)| self.card(*address)).transpose()
        });
        let Some(card) = card.with_context(damaged)?? else { return Ok(None) };
        let text = archive::text(&self.archive, &card.place).unwrap_or_else(|error| {
            format!("(Its text is lost: {error:#}. It comes back with a run in which its feed still gives it.)")
        });
        Ok(Some((card, text)))
    }

    fn build(&self, query: &Query) -> Box<dyn tantivy::query::Query> {
        let mut clauses: Vec<(Occur, Box<dyn tantivy::query::Query>)> = Vec::new();
        if !query.words.trim().is_empty() {
            clauses.push((Occur::Must, query::build(&query::parse(&query.words), &self.fields)));
        }
        if let Some(least) = query.level {
            let enough = Level::ALL.into_iter().filter(|level| *level >= least);
            let any = enough.map(|level| query::filter_query(Filter::Level, level.word(), &self.fields)).collect();
            clauses.push((Occur::Must, Box::new(BooleanQuery::union(any))));
        }
        for (filter, value) in [(Filter::Source, query.source.as_ref()), (Filter::Kind, query.kind.as_ref())] {
            if let Some(value) = value {
                clauses.push((Occur::Must, query::filter_query(filter, value, &self.fields)));
            }
        }
        if query.since.is_some() || query.until.is_some() {
            let bound = |at: Timestamp| Term::from_field_date(self.fields.at, date(at));
            let since = query.since.map_or(Bound::Unbounded, |at| Bound::Included(bound(at)));
            let until = query.until.map_or(Bound::Unbounded, |at| Bound::Excluded(bound(at)));
            let range = RangeQuery::new(since, until);
            clauses.push((Occur::Must, Box::new(tantivy::query::ConstScoreQuery::new(Box::new(range), 0.0))));
        }
        match clauses.len() {
            0 => Box::new(tantivy::query::AllQuery),
            _ => Box::new(BooleanQuery::new(clauses)),
        }
    }

    fn card(&self, address: DocAddress) -> Result<Card> {
        let doing = || "reading an item's card from the index; `tidings reindex` makes it anew";
        let document: TantivyDocument = self.searcher.doc(address).with_context(doing)?;
        let bytes = document.get_first(self.fields.card).and_then(|value| value.as_bytes()).unwrap_or_default();
        serde_json::from_slice(bytes).with_context(doing)
    }
}

fn damaged() -> &'static str {
    "reading the index: it is damaged; `tidings reindex` makes it anew"
}

/// The best piece of a text, on one line, with an ellipsis where it was cut, and what is marked in it.
fn snippet(text: &str, ways: &[&SnippetGenerator]) -> (String, Vec<(usize, usize)>) {
    let best = ways.iter().map(|way| way.snippet(text)).find(|snippet| !snippet.highlighted().is_empty());
    let range = match &best {
        Some(snippet) => snippet.fragment_range(),
        None => 0..text.char_indices().nth(SNIPPET_LETTERS).map_or(text.len(), |(offset, _)| offset),
    };
    let piece = text.get(range.clone()).unwrap_or_default();
    let marked = best.iter().flat_map(|snippet| snippet.highlighted()).cloned();
    let (piece, mut marks) = on_one_line(piece, marked);
    let before = if range.start > 0 { "…" } else { "" };
    let after = if range.end < text.trim_end().len() { "…" } else { "" };
    if piece.is_empty() {
        return (piece, Vec::new());
    }
    for (begin, end) in &mut marks {
        *begin += before.len();
        *end += before.len();
    }
    (format!("{before}{piece}{after}"), marks)
}

/// The words of a text with one space between, and where in that these ranges of it lie. They are in order and apart.
fn on_one_line(text: &str, ranges: impl Iterator<Item = Range<usize>>) -> (String, Vec<(usize, usize)>) {
    let mut line = String::with_capacity(text.len());
    let mut marks: Vec<(usize, usize)> = Vec::new();
    let mut ranges = ranges.filter(|range| range.start < range.end).peekable();
    for (offset, letter) in text.char_indices() {
        while ranges.peek().is_some_and(|range| range.end <= offset) {
            ranges.next();
        }
        if letter.is_whitespace() {
            if !line.is_empty() && !line.ends_with(' ') {
                line.push(' ');
            }
            continue;
        }
        let begin = line.len();
        line.push(letter);
        if ranges.peek().is_some_and(|range| range.contains(&offset)) {
            match marks.last_mut() {
                Some(last) if last.1 == begin => last.1 = line.len(),
                _ => marks.push((begin, line.len())),
            }
        }
    }
    line.truncate(line.trim_end().len());
    (line, marks)
}

#[cfg(test)]
mod tests {
    use super::on_one_line;

    #[test]
    fn marks_lie_where_their_words_are_when_a_text_is_on_one_line() {
        let text = "  a\n\n the  söft\tend \n";
        let words = ["the", "söft"].map(|word| text.find(word).map(|at| at..at + word.len()).unwrap());
        let (line, marks) = on_one_line(text, words.into_iter());
        assert_eq!(line, "a the söft end");
        let marked: Vec<&str> = marks.iter().map(|(begin, end)| &line[*begin..*end]).collect();
        assert_eq!(marked, ["the", "söft"]);
    }
}
