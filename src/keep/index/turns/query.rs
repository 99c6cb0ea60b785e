//! What a person typed becomes a question about turns, and it is never read leniently.
//!
//! The language is that of items: words must all occur, `"several words"` is a phrase, `a OR b` either, `-word` or `NOT word`
//! not, `pre*` a beginning. Words are those of the code tokenizer: an identifier is found whole and by part, marks are parts
//! of words or nothing, and letters count as they are written but for case. What is typed without a space, as
//! `tokio::spawn(async`, is found in that order and without another word between. A quotation mark reaches to its partner,
//! also inside a word, and must have one; `\"` is a mark like any other.
//!
//! A question of several plain words, as a person asks it, may be asked for texts that hold a part of them. Whatever has an operator,
//! a quotation mark, a `*` or a mark of code never is.
//!
//! `role:`, `tool:`, `agent:`, `session:`, `model:`, `branch:`, `project:`, `host:`, `owner:`, `version:`, `error:yes` and
//! `subagent:no` narrow. The first four are exact, or a beginning with `*` behind (a session's always is one); the
//! others are words in a row, so that `model:opus`, `branch:feat/index` and `version:2.1` work.

use tantivy::Term;
use tantivy::query::{AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, EmptyQuery, FuzzyTermQuery, Occur, Query};
use tantivy::schema::Field;
use thiserror::Error;

use super::super::query::{WHOLE_BOOST, analysed, beginning, excluded, phrase};
use super::super::{name, tokens};
use super::Fields;
use crate::session::{Agent, Role};

/// A question that has no one meaning; the message says where and what to type instead.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Unclear(pub String);

/// What was typed, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Words(String),
    Prefix(String),
    Filter(Filter, String),
    /// `kind:item`: no turn.
    Nothing,
    /// `kind:turn`: any turn.
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filter {
    Role,
    Tool,
    Agent,
    Session,
    Model,
    Branch,
    Project,
    Host,
    Owner,
    Version,
    Error,
    Subagent,
    Kind,
}

impl Filter {
    const ALL: [Filter; 13] = [
        Filter::Role,
        Filter::Tool,
        Filter::Agent,
        Filter::Session,
        Filter::Model,
        Filter::Branch,
        Filter::Project,
        Filter::Host,
        Filter::Owner,
        Filter::Version,
        Filter::Error,
        Filter::Subagent,
        Filter::Kind,
    ];

    fn word(self) -> &'static str {
        match self {
            Filter::Role => "role",
            Filter::Tool => "tool",
            Filter::Agent => "agent",
            Filter::Session => "session",
            Filter::Model => "model",
            Filter::Branch => "branch",
            Filter::Project => "project",
            Filter::Host => "host",
            Filter::Owner => "owner",
            Filter::Version => "version",
            Filter::Error => "error",
            Filter::Subagent => "subagent",
            Filter::Kind => "kind",
        }
    }
}

/// Alternatives; a question is groups that all must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) any: Vec<Part>,
    pub(super) not: bool,
    /// As it was typed.
    pub(super) typed: String,
}

impl Group {
    /// It narrows by circumstance, and by no word of the text.
    pub(super) fn is_filter(&self) -> bool {
        self.any.iter().all(|part| matches!(part, Part::Filter(..)))
    }
}

/// Whether it narrows by what only turns have.
pub fn is_about_turns(typed: &str) -> bool {
    let Ok(words) = split(typed) else { return false };
    words.iter().any(|word| match word.filter {
        Some(Filter::Kind) => word.text.eq_ignore_ascii_case("turn"),
        Some(_) => true,
        None => false,
    })
}

/// Whether it narrows by what only items have.
pub fn is_about_items(typed: &str) -> bool {
    typed.split_whitespace().any(|word| {
        let word = word.strip_prefix('-').unwrap_or(word);
        let filled =
            |name: &str| word.strip_prefix(name).is_some_and(|value| !value.is_empty() && !value.starts_with(':'));
        word.eq_ignore_ascii_case("kind:item") || filled("source:") || filled("level:")
    })
}

/// Whether what was typed has one meaning.
///
/// # Errors
/// When it has none; the message says where.
pub fn check_question(typed: &str) -> Result<(), Unclear> {
    parse(typed).map(drop)
}

/// Reads what was typed.
pub(super) fn parse(typed: &str) -> Result<Vec<Group>, Unclear> {
    let mut groups: Vec<Group> = Vec::new();
    let (mut or, mut not) = (false, false);
    for word in split(typed)? {
        match (word.text.as_str(), word.is_quoted) {
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
        let Some(part) = part(&word)? else { continue };
        let not_here = std::mem::take(&mut not) || word.minus;
        match groups.last_mut() {
            Some(group) if std::mem::take(&mut or) && !not_here && !group.not => {
                group.any.push(part);
                group.typed = format!("{} OR {}", group.typed, word.typed);
            }
            _ => groups.push(Group { any: vec![part], not: not_here, typed: word.typed }),
        }
    }
    Ok(groups)
}

/// One word as it was typed.
struct Word {
    text: String,
    filter: Option<Filter>,
    /// It begins with a quotation mark.
    is_quoted: bool,
    minus: bool,
    typed: String,
}

fn split(typed: &str) -> Result<Vec<Word>, Unclear> {
    let mut words = Vec::new();
    let mut rest = typed.trim_start();
    while !rest.is_empty() {
        let at_start = rest;
        let mut minus = false;
        if let Some(after) = rest.strip_prefix('-')
            && after.starts_with(|letter: char| letter.is_alphanumeric() || letter == '"')
        {
            minus = true;
            rest = after;
        }
        let filter = Filter::ALL.into_iter().find(|filter| {
            let after = rest.strip_prefix(filter.word()).and_then(|after| after.strip_prefix(':'));
            after.is_some_and(|after| is_value(*filter, after))
        });
        if let Some(filter) = filter {
            rest = &rest[filter.word().len() + 1..];
        }
        let is_quoted = rest.starts_with('"');
        let mut text = String::new();
        // Where the quotation mark stands that waits for its partner.
        let mut open = None;
        let mut letters = rest.char_indices().peekable();
        let mut end = rest.len();
        while let Some((offset, letter)) = letters.next() {
            match letter {
                '\\' if letters.peek().is_some_and(|(_, next)| *next == '"') => {
                    letters.next();
                    text.push(' ');
                }
                '"' => {
                    open = match open {
                        None => Some(offset),
                        Some(_) => None,
                    };
                    // A quoted word ends with its quotation mark; inside a word a mark parts words as any other does.
                    if is_quoted && open.is_none() {
                        end = offset + 1;
                        break;
                    }
                    text.push(if offset == 0 { ' ' } else { letter });
                }
                _ if letter.is_whitespace() && open.is_none() => {
                    end = offset;
                    break;
                }
                _ => text.push(letter),
            }
        }
        if let Some(offset) = open {
            let place = typed[..typed.len() - rest.len() + offset].chars().count() + 1;
            let near: String = rest[offset..].chars().take(20).collect();
            return Err(Unclear(format!(
                "the quotation mark at letter {place} (`{near}`) has no partner; close it, or type \\\" for the mark itself"
            )));
        }
        let after = &rest[end..];
        let typed = at_start[..at_start.len() - after.len()].to_owned();
        words.push(Word { text: text.trim().to_owned(), filter, is_quoted, minus, typed });
        rest = after.trim_start();
    }
    Ok(words)
}

/// Whether what stands behind the colon makes it a filter: `error: cannot find` and `std::fs` are text.
fn is_value(filter: Filter, after: &str) -> bool {
    let value = after.split(char::is_whitespace).next().unwrap_or_default();
    match filter {
        Filter::Error | Filter::Subagent => yes_or_no(value).is_some(),
        Filter::Kind => ["item", "turn"].iter().any(|kind| value.eq_ignore_ascii_case(kind)),
        _ => value.contains(char::is_alphanumeric) && !value.starts_with(':'),
    }
}

fn yes_or_no(value: &str) -> Option<&'static str> {
    match value.to_ascii_lowercase().as_str() {
        "yes" | "true" => Some("yes"),
        "no" | "false" => Some("no"),
        _ => None,
    }
}

fn part(word: &Word) -> Result<Option<Part>, Unclear> {
    match word.filter {
        Some(Filter::Kind) if word.text.eq_ignore_ascii_case("turn") => return Ok(Some(Part::Any)),
        Some(Filter::Kind) => return Ok(Some(Part::Nothing)),
        Some(filter) => {
            check(filter, &word.text)?;
            return Ok(Some(Part::Filter(filter, word.text.clone())));
        }
        None => {}
    }
    if !word.is_quoted
        && let Some(start) = word.text.strip_suffix('*')
        && let (_, Some(start)) | (Some(start), None) = beginning(start)
    {
        return Ok(Some(Part::Prefix(start)));
    }
    // A word of marks alone ("{", "=>") is indexed nowhere: it asks for nothing.
    Ok(word.text.contains(char::is_alphanumeric).then(|| Part::Words(word.text.clone())))
}

/// Refuses a value that no turn can have.
fn check(filter: Filter, value: &str) -> Result<(), Unclear> {
    let known = match filter {
        Filter::Role if roles(value).is_empty() => Role::ALL.map(Role::word).join(", "),
        Filter::Agent if agents(value).is_empty() => Agent::ALL.map(Agent::word).join(", "),
        _ => return Ok(()),
    };
    Err(Unclear(format!("no turn has the {} `{value}`; there are {known}", filter.word())))
}

/// Roles by their word, by a beginning with `*`, or by the names that transcripts give them.
fn roles(value: &str) -> Vec<&'static str> {
    match value.to_lowercase().as_str() {
        "user" => vec![Role::Prompt.word()],
        "assistant" => vec![Role::Answer.word(), Role::Thinking.word()],
        "tool" => vec![Role::ToolCall.word(), Role::ToolOutput.word()],
        value => named(value, &Role::ALL.map(Role::word)),
    }
}

fn agents(value: &str) -> Vec<&'static str> {
    named(&value.to_lowercase(), &Agent::ALL.map(Agent::word))
}

fn named(value: &str, words: &[&'static str]) -> Vec<&'static str> {
    let fits = |word: &&&str| value.strip_suffix('*').map_or(**word == value, |start| word.starts_with(start));
    words.iter().filter(fits).copied().collect()
}

/// The query tantivy runs, without the group of this number. Without any word or filter it finds everything.
pub(super) fn build(groups: &[Group], without: Option<usize>, fields: &Fields) -> Vec<(Occur, Box<dyn Query>)> {
    let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
    for (number, group) in groups.iter().enumerate() {
        if Some(number) == without {
            continue;
        }
        let mut any: Vec<Box<dyn Query>> = group.any.iter().map(|part| part_query(part, fields)).collect();
        let query = match any.len() {
            1 => any.remove(0),
            _ => Box::new(BooleanQuery::union(any)),
        };
        let query = if group.not { excluded(query) } else { query };
        clauses.push((if group.not { Occur::MustNot } else { Occur::Must }, query));
    }
    // Exclusions alone exclude from all.
    if clauses.iter().all(|(occur, _)| *occur == Occur::MustNot) {
        clauses.push((Occur::Must, Box::new(AllQuery)));
    }
    clauses
}

/// The groups that are words, where the question is several plain words and filters, and nothing else.
pub(super) fn plain_words(typed: &str, groups: &[Group]) -> Option<Vec<usize>> {
    // Marks alone become no group, and `=>` is code; AND says that all are meant.
    if !typed.split_whitespace().all(|word| is_plain(word) && word != "AND") {
        return None;
    }
    let mut words = Vec::new();
    for (number, group) in groups.iter().enumerate() {
        match &group.any[..] {
            [Part::Words(_)] if !group.not => words.push(number),
            [Part::Filter(..) | Part::Any] => {}
            _ => return None,
        }
    }
    (words.len() > 1).then_some(words)
}

/// A word of prose, with the marks of its sentence; names of files and identifiers are words too, and so is a filter.
fn is_plain(typed: &str) -> bool {
    let word = typed.trim_end_matches(['.', ',', ':', ';', '?', '!']);
    let word = word.split_once(':').filter(|(_, value)| !value.starts_with(':')).map_or(word, |(_, value)| value);
    word.chars()
        .all(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.' | '/' | '\'' | '’' | '–' | '—'))
}

/// What a group of one word is looked for by.
pub(super) fn parts_of(group: &Group) -> Vec<String> {
    match &group.any[..] {
        [Part::Words(words)] => tokens::query_words(words).0,
        _ => Vec::new(),
    }
}

/// Any of these groups; filters narrow as ever.
pub(super) fn build_in_part(groups: &[Group], words: &[usize], fields: &Fields) -> Vec<(Occur, Box<dyn Query>)> {
    let asked = |number: &usize| groups[*number].any.iter().map(|part| part_query(part, fields));
    let any: Vec<Box<dyn Query>> = words.iter().flat_map(asked).collect();
    let mut clauses: Vec<(Occur, Box<dyn Query>)> = vec![(Occur::Must, Box::new(BooleanQuery::union(any)))];
    let filters: Vec<Group> =
        groups.iter().filter(|group| !matches!(group.any[..], [Part::Words(_)])).cloned().collect();
    if !filters.is_empty() {
        clauses.extend(build(&filters, None, fields));
    }
    clauses
}

fn part_query(part: &Part, fields: &Fields) -> Box<dyn Query> {
    match part {
        Part::Words(words) => words_query(words, fields),
        Part::Prefix(start) => prefix(fields.text, start),
        Part::Filter(filter, value) => Box::new(ConstScoreQuery::new(filter_query(*filter, value, fields), 0.0)),
        Part::Nothing => Box::new(EmptyQuery),
        Part::Any => Box::new(ConstScoreQuery::new(Box::new(AllQuery), 0.0)),
    }
}

/// Words as parts of identifiers in a row; an identifier found as it was typed goes before its parts.
fn words_query(words: &str, fields: &Fields) -> Box<dyn Query> {
    let (parts, whole) = tokens::query_words(words);
    let parts: Vec<(usize, String)> = parts.into_iter().enumerate().collect();
    let Some(parts) = phrase(fields.text, parts) else { return Box::new(EmptyQuery) };
    match whole.filter(|_| !words.contains(char::is_whitespace)) {
        Some(whole) => {
            let whole = phrase(fields.text, vec![(0, whole)]).expect("one word");
            let whole: Box<dyn Query> = Box::new(BoostQuery::new(whole, WHOLE_BOOST));
            Box::new(BooleanQuery::union(vec![parts, whole]))
        }
        None => parts,
    }
}

fn filter_query(filter: Filter, value: &str, fields: &Fields) -> Box<dyn Query> {
    let any = |field, words: Vec<&str>| -> Box<dyn Query> {
        let terms = words.iter().filter_map(|word| phrase(field, vec![(0, (*word).to_owned())])).collect();
        Box::new(BooleanQuery::union(terms))
    };
    let words = |field| phrase(field, analysed(name(), value)).unwrap_or_else(|| Box::new(EmptyQuery));
    match filter {
        Filter::Role => any(fields.role, roles(value)),
        Filter::Agent => any(fields.agent, agents(value)),
        Filter::Error => any(fields.error, yes_or_no(value).into_iter().collect()),
        Filter::Subagent => any(fields.subagent, yes_or_no(value).into_iter().collect()),
        Filter::Tool => {
            let value = value.to_lowercase();
            match value.strip_suffix('*') {
                Some(start) => prefix(fields.tool, start),
                None => any(fields.tool, vec![&value]),
            }
        }
        Filter::Session => session_query(value, fields),
        Filter::Model => words(fields.model),
        Filter::Branch => words(fields.branch),
        Filter::Project => words(fields.project),
        Filter::Host => words(fields.host),
        Filter::Owner => words(fields.owner),
        Filter::Version => words(fields.version),
        Filter::Kind => Box::new(AllQuery),
    }
}

/// Sessions whose id begins so, with or without the agent's name before.
pub(super) fn session_query(value: &str, fields: &Fields) -> Box<dyn Query> {
    let value = value.strip_suffix('*').unwrap_or(value);
    let starts = Agent::ALL.map(|agent| prefix(fields.session, &format!("{}:{value}", agent.word())));
    let mut ways: Vec<Box<dyn Query>> = starts.into_iter().collect();
    if value.contains(':') {
        ways.push(prefix(fields.session, value));
    }
    Box::new(BooleanQuery::union(ways))
}

fn prefix(field: Field, start: &str) -> Box<dyn Query> {
    Box::new(FuzzyTermQuery::new_prefix(Term::from_field_text(field, start), 0, false))
}

/// Turns of the transcript of this id, in whatever generation.
pub(super) fn transcript_query(id: &str, fields: &Fields) -> Box<dyn Query> {
    prefix(fields.generation, &format!("{id}."))
}
