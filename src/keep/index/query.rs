//! What a person typed becomes a query. Nothing is ever refused: what has no meaning as a query is looked for as words.
//!
//! Words must all occur. `"several words"` is a phrase; `a OR b` either; `-word` or `NOT word` not; `pre*` a beginning;
//! `source:`, `level:` and `kind:` narrow. A word with two dashes is a flag (`--print`). Any other mark is part of a word.

use tantivy::Term;
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, DisjunctionMaxQuery, EmptyQuery, FuzzyTermQuery, Occur, PhraseQuery, Query,
    TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::tokenizer::TextAnalyzer;

use super::{Fields, name, prose, tokens};

/// A word in the title says more about an item than one in its text.
const TITLE_BOOST: f32 = 2.5;

/// An identifier found as it was typed goes before its parts.
pub(super) const WHOLE_BOOST: f32 = 1.5;

/// How much the weaker ways of matching one word add to the best one.
const TIE: f32 = 0.1;

/// What was typed, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Words(String),
    Prefix(String),
    Filter(Filter, String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filter {
    Source,
    Level,
    Kind,
}

/// One group of alternatives; a query is groups that all must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) any: Vec<Part>,
    pub(super) not: bool,
}

/// Reads what was typed.
pub(super) fn parse(typed: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut or = false;
    let mut not = false;
    for word in split(typed) {
        match (word.text.as_str(), word.quoted) {
            ("OR", false) => {
                or = !groups.is_empty();
                continue;
            }
            ("AND", false) => continue,
            ("NOT", false) => {
                not = true;
                continue;
            }
            _ => {}
        }
        let Some(part) = part(&word) else { continue };
        let not_here = std::mem::take(&mut not) || word.minus;
        match groups.last_mut() {
            Some(group) if std::mem::take(&mut or) && !not_here && !group.not => group.any.push(part),
            _ => groups.push(Group { any: vec![part], not: not_here }),
        }
    }
    groups
}

/// One word as it was typed.
struct Word {
    text: String,
    /// A field's name before a colon, if it is one of ours.
    filter: Option<Filter>,
    quoted: bool,
    minus: bool,
}

fn split(typed: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = typed.trim_start();
    while !rest.is_empty() {
        let mut minus = false;
        if let Some(after) = rest.strip_prefix('-')
            && after.starts_with(|letter: char| letter.is_alphanumeric() || letter == '"')
        {
            minus = true;
            rest = after;
        }
        let mut filter = None;
        for (name, which) in [("source:", Filter::Source), ("level:", Filter::Level), ("kind:", Filter::Kind)] {
            if let Some(after) = rest.strip_prefix(name)
                && !after.starts_with([':', ' '])
                && !after.is_empty()
            {
                filter = Some(which);
                rest = after;
                break;
            }
        }
        // A phrase needs its second quotation mark; a lone one is a mark like any other.
        let quoted = rest.strip_prefix('"').and_then(|after| after.split_once('"'));
        let (text, after) = match quoted {
            Some((text, after)) => (text, after),
            None => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
        };
        words.push(Word { text: text.to_owned(), filter, quoted: quoted.is_some(), minus });
        rest = after.trim_start();
    }
    words
}

fn part(word: &Word) -> Option<Part> {
    if let Some(filter) = word.filter {
        return Some(Part::Filter(filter, word.text.clone()));
    }
    if !word.quoted
        && let Some(start) = word.text.strip_suffix('*')
        && let (_, Some(start)) | (Some(start), None) = beginning(start)
    {
        return Some(Part::Prefix(start));
    }
    // A word of marks alone ("{", "=>") is indexed nowhere: it asks for nothing.
    word.text.contains(char::is_alphanumeric).then(|| Part::Words(word.text.clone()))
}

/// The one part, or the whole, that a prefix stands for.
pub(super) fn beginning(text: &str) -> (Option<String>, Option<String>) {
    let (mut parts, whole) = tokens::query_words(text);
    match (parts.len(), whole) {
        (0, _) => (None, None),
        (_, Some(whole)) => (None, Some(whole)),
        (1, None) => (parts.pop(), None),
        _ => (None, None),
    }
}

/// The query tantivy runs. Without any word or filter it finds nothing.
pub(super) fn build(groups: &[Group], fields: &Fields) -> Box<dyn Query> {
    let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
    for group in groups {
        let mut any: Vec<Box<dyn Query>> = group.any.iter().map(|part| part_query(part, fields)).collect();
        let query = match any.len() {
            1 => any.remove(0),
            _ => Box::new(BooleanQuery::union(any)),
        };
        let query = if group.not { excluded(query) } else { query };
        clauses.push((if group.not { Occur::MustNot } else { Occur::Must }, query));
    }
    if clauses.is_empty() {
        return Box::new(EmptyQuery);
    }
    if clauses.iter().all(|(occur, _)| *occur == Occur::MustNot) {
        clauses.push((Occur::Must, Box::new(AllQuery)));
    }
    Box::new(BooleanQuery::new(clauses))
}

/// tantivy 0.27 asks a phrase that it excludes for places that the phrase has already passed, which its own assertion forbids; it
/// may ask a union.
pub(super) fn excluded(query: Box<dyn Query>) -> Box<dyn Query> {
    Box::new(BooleanQuery::union(vec![query.box_clone(), query]))
}

fn part_query(part: &Part, fields: &Fields) -> Box<dyn Query> {
    match part {
        Part::Words(words) => words_query(words, fields),
        Part::Prefix(start) => {
            let prefix = |field, boost| -> Box<dyn Query> {
                let query = FuzzyTermQuery::new_prefix(Term::from_field_text(field, start), 0, false);
                Box::new(BoostQuery::new(Box::new(query), boost))
            };
            best_of(vec![prefix(fields.title_code, TITLE_BOOST), prefix(fields.body_code, 1.0)])
        }
        Part::Filter(filter, value) => filter_query(*filter, value, fields),
    }
}

/// Narrows without adding to the score.
pub(super) fn filter_query(filter: Filter, value: &str, fields: &Fields) -> Box<dyn Query> {
    let query = match filter {
        Filter::Source => phrase(fields.source, analysed(name(), value)),
        Filter::Level => phrase(fields.level, vec![(0, value.to_lowercase())]),
        Filter::Kind => phrase(fields.kind, vec![(0, value.to_lowercase())]),
    };
    match query {
        Some(query) => Box::new(tantivy::query::ConstScoreQuery::new(query, 0.0)),
        None => Box::new(EmptyQuery),
    }
}

/// Words as prose, as parts of identifiers, and as one identifier; the best way counts.
fn words_query(words: &str, fields: &Fields) -> Box<dyn Query> {
    let prose = analysed(prose(), words);
    let (parts, whole) = tokens::query_words(words);
    let parts: Vec<(usize, String)> = parts.into_iter().enumerate().collect();
    let mut ways: Vec<Box<dyn Query>> = Vec::new();
    let mut add = |query: Option<Box<dyn Query>>, boost: f32| {
        ways.extend(query.map(|query| -> Box<dyn Query> { Box::new(BoostQuery::new(query, boost)) }));
    };
    for (field, code_field, boost) in
        [(fields.title, fields.title_code, TITLE_BOOST), (fields.body, fields.body_code, 1.0)]
    {
        add(phrase(field, prose.clone()), boost);
        add(phrase(code_field, parts.clone()), boost);
        if let Some(whole) = &whole
            && !words.contains(char::is_whitespace)
        {
            add(phrase(code_field, vec![(0, whole.clone())]), boost * WHOLE_BOOST);
        }
    }
    best_of(ways)
}

fn best_of(ways: Vec<Box<dyn Query>>) -> Box<dyn Query> {
    match ways.len() {
        0 => Box::new(EmptyQuery),
        _ => Box::new(DisjunctionMaxQuery::with_tie_breaker(ways, TIE)),
    }
}

pub(super) fn phrase(field: Field, words: Vec<(usize, String)>) -> Option<Box<dyn Query>> {
    let mut terms: Vec<(usize, Term)> =
        words.into_iter().map(|(position, word)| (position, Term::from_field_text(field, &word))).collect();
    match terms.len() {
        0 => None,
        1 => Some(Box::new(TermQuery::new(terms.remove(0).1, IndexRecordOption::WithFreqs))),
        _ => Some(Box::new(PhraseQuery::new_with_offset(terms))),
    }
}

pub(super) fn analysed(mut analyzer: TextAnalyzer, text: &str) -> Vec<(usize, String)> {
    let mut words = Vec::new();
    analyzer.token_stream(text).process(&mut |token| words.push((token.position, token.text.clone())));
    words
}
