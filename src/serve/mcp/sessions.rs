//! Past sessions with coding agents: found by their words, read page by page.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::{
    ANSWER_BYTES, MOST_TEXT, Told, Trouble, beginning, bytes, fitting, hundredths, is_false, is_zero, time,
};
use super::cursor::{self, FURTHEST, Place};
use super::desk::{Desk, or_wait};
use super::foreign::{self, Foreign};
use super::when;
use crate::flow::answers::{Known, Meant, Several, Sight, branch_of, folder_of, hit_id, split};
use crate::flow::ask::{Chronicle, FoundSession, Part, TurnHit, TurnPage, Unclear, WantedTurns};
use crate::session::{Turn, project_of};

/// Sessions that one answer may hold.
const MOST: u32 = 20;

/// Turns that are shown of each session, and of one that the question names.
const HITS: usize = 3;
const HITS_OF_ONE: usize = 20;

/// Letters of a first prompt.
const PROMPT: usize = 160;

/// Turns that are read at a time while a page is filled.
const CHUNK: usize = 60;

/// Less than this of a turn is no use: it stands on the next page.
const LEAST_PIECE: usize = 400;

/// Files of a session that an answer names.
const FILES: usize = 20;

/// How a question is written.
const LANGUAGE: &str = "Words must all occur; \"a phrase\", OR, -word, prefix*; role:prompt, tool:bash, branch:main, \
                        session:ID, error:yes narrow. Marks of code need no quotation marks, and a quotation mark needs \
                        its partner (\\\" is a mark like any other).";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SearchSessions {
    /// Distinctive words that must all occur: identifiers, file names, parts of an error message. "a phrase", OR, -word,
    /// prefix*; role:prompt, tool:bash, branch:main, session:ID, error:yes narrow. Empty: the newest sessions.
    query: String,
    /// Only sessions of this project: the name of its folder.
    project: String,
    /// Nothing older: a date (2026-11-01) or a span back from now (30d, 12h).
    since: String,
    /// Only turns of this role: prompt, answer, thinking, tool-call, tool-output, summary, plan; user, assistant, tool.
    role: String,
    /// Sessions in one answer, at most 20.
    limit: u32,
    /// `next` of the answer before, with the same arguments.
    cursor: String,
    /// Also the session that asks.
    include_own: bool,
}

impl Default for SearchSessions {
    fn default() -> Self {
        let none = String::new;
        let (query, project, since, role, cursor) = (none(), none(), none(), none(), none());
        SearchSessions { query, project, since, role, limit: 8, cursor, include_own: false }
    }
}

/// Sessions that were found, the best first.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FoundSessions {
    /// Turns found in all.
    total: usize,
    sessions_total: usize,
    /// Sessions that come after these.
    left_out: usize,
    /// `cursor` of the next page; none where this is the last.
    #[serde(skip_serializing_if = "String::is_empty")]
    next: String,
    /// Turns of the session that asks, which are not counted.
    #[serde(skip_serializing_if = "is_zero")]
    own_left_out: usize,
    /// No text holds all words; these hold a part of them.
    #[serde(skip_serializing_if = "is_false")]
    in_part: bool,
    /// What else to know, or to try.
    #[serde(skip_serializing_if = "String::is_empty")]
    note: String,
    sessions: Vec<SessionHit>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct SessionHit {
    /// For read_session and `tidings resume`; empty where the agent gave it an odd one (its turns' ids always work).
    session: String,
    agent: String,
    /// Turns found in it.
    hits: usize,
    #[serde(skip_serializing_if = "String::is_empty")]
    started: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    ended: String,
    quoted_untrusted: SessionWords,
    /// The best of them.
    turns: Vec<Found>,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
struct SessionWords {
    #[serde(skip_serializing_if = "Foreign::is_empty")]
    title: Foreign,
    #[serde(skip_serializing_if = "Foreign::is_empty")]
    first_prompt: Foreign,
    #[serde(skip_serializing_if = "Foreign::is_empty")]
    project: Foreign,
    #[serde(skip_serializing_if = "Foreign::is_empty")]
    folder: Foreign,
    #[serde(skip_serializing_if = "Foreign::is_empty")]
    branch: Foreign,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Found {
    /// transcript:line, for read_session.
    id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    at: String,
    role: String,
    score: f64,
    #[serde(skip_serializing_if = "is_false")]
    is_error: bool,
    quoted_untrusted: TurnWords,
}

#[derive(Debug, Serialize, JsonSchema)]
struct TurnWords {
    #[serde(skip_serializing_if = "Foreign::is_empty")]
    tool: Foreign,
    text: Foreign,
}

pub fn search(desk: &Desk, asked: SearchSessions) -> Told<FoundSessions> {
    let chronicle = open(desk)?;
    let words = words(&asked)?;
    let key = ("sessions", &words, &asked.since, asked.include_own);
    let place = match cursor::read(&asked.cursor, &key)? {
        Some(place) => place,
        None => Place { offset: 0, in_part: true, since: when::read(&asked.since, desk.now())? },
    };
    let limit = asked.limit.clamp(1, MOST) as usize;
    let is_of_one = words.split_whitespace().any(|word| word.starts_with("session:"));
    let wanted = WantedTurns {
        regex: None,
        since: place.since,
        until: None,
        sessions: place.offset + limit,
        skip: 0,
        of: None,
        few: None,
        hits: if is_of_one { HITS_OF_ONE } else { HITS },
        own: desk.own.clone().filter(|_| !asked.include_own),
        // A page that goes on is of the kind of the first.
        in_part: place.in_part,
        words: words.clone(),
    };
    let found = chronicle.search(&wanted).map_err(unclear)?;
    let known = desk.shelf.known()?;
    let page: Vec<SessionHit> =
        found.sessions.iter().skip(place.offset).map(|session| session_hit(&known, session)).collect();
    let sessions = if page.is_empty() { page } else { fitting(page, ANSWER_BYTES - 1_000) };
    let shown = place.offset + sessions.len();
    let left_out = found.sessions_total.saturating_sub(shown);
    let goes_on = left_out > 0 && !sessions.is_empty() && shown <= FURTHEST;
    let next = Place { offset: shown, in_part: found.in_part, since: place.since };
    let mut notes = Vec::new();
    if left_out > 0 && !goes_on {
        notes.push("this is as far as pages go: narrow the query".to_owned());
    }
    for (filter, count) in &found.hiding {
        notes.push(format!("without {} there would be {count} turns", filter.replace("--since", "`since`")));
    }
    if found.sessions_total == 0 && found.hiding.is_empty() {
        notes.push("fewer words, or a prefix* of one, find more".to_owned());
    }
    let answer = FoundSessions {
        total: found.total,
        sessions_total: found.sessions_total,
        left_out,
        next: if goes_on { cursor::write(next, &key) } else { String::new() },
        own_left_out: found.own,
        in_part: found.in_part,
        note: notes.join("; "),
        sessions,
    };
    let shown = answer.sessions.len();
    let mut about = format!("{shown} of {} sessions, with {} turns found in all.", answer.sessions_total, answer.total);
    if !answer.next.is_empty() {
        about.push_str(&format!(" {left_out} sessions are left out; cursor `{}` goes on.", answer.next));
    }
    Ok((about, answer))
}

fn open(desk: &Desk) -> Result<Arc<Chronicle>, Trouble> {
    desk.home()?;
    or_wait(desk.shelf.chronicle())?.ok_or_else(|| {
        Trouble(
            "no session is kept yet: `from.sessions` in sources.toml names where they lie (`tidings init` offers it), and \
             `tidings run` reads them"
                .to_owned(),
        )
    })
}

/// The question as a whole. What narrows stands behind, so that a complaint names the letter that was typed.
fn words(asked: &SearchSessions) -> Result<String, Trouble> {
    let mut words = asked.query.trim().to_owned();
    let is_open = words.split_whitespace().last().is_some_and(|last| matches!(last, "OR" | "AND" | "NOT" | "-"));
    if is_open {
        return Err(Trouble(format!("an operator at the end of the query joins it to nothing. {LANGUAGE}")));
    }
    // Marks between the words of a name are nothing to the index.
    let name = project_of(asked.project.trim_end_matches('/')).rsplit('/').next().unwrap_or_default();
    let name: Vec<&str> =
        name.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    if !name.is_empty() {
        words.push_str(&format!(" project:{}", name.join("-")));
    }
    let role = asked.role.trim();
    if !role.is_empty() {
        if !role.chars().all(|letter| letter.is_ascii_alphabetic() || letter == '-' || letter == '*') {
            return Err(Trouble("`role` is one word: prompt, answer, thinking, tool-call, tool-output …".to_owned()));
        }
        words.push_str(&format!(" role:{role}"));
    }
    // A quotation mark without its partner must not find it in what was added.
    let marks = asked.query.replace("\\\"", "").matches('"').count();
    if marks % 2 == 1 {
        return Err(Trouble(format!("the query has a quotation mark without its partner. {LANGUAGE}")));
    }
    Ok(words.trim().to_owned())
}

fn unclear(error: anyhow::Error) -> Trouble {
    match error.downcast::<Unclear>() {
        Ok(unclear) => Trouble(format!("the query has no one meaning: {unclear}. {LANGUAGE}")),
        Err(error) => Trouble(format!("{error:#}")),
    }
}

/// What is quoted of a session.
fn words_of(known: &Known, session: &str, turn: Option<&Turn>) -> SessionWords {
    let line = known.session(session);
    let folder = folder_of(line, turn);
    let quoted = |text: Option<&str>| text.map(Foreign::line).unwrap_or_default();
    SessionWords {
        title: quoted(line.and_then(|line| line.title.as_deref())),
        first_prompt: line
            .and_then(|line| line.prompt.as_deref())
            .map(|prompt| Foreign::excerpt(prompt, PROMPT))
            .unwrap_or_default(),
        project: quoted(folder.as_deref().map(project_of)),
        folder: quoted(folder.as_deref()),
        branch: quoted(branch_of(line, turn).as_deref()),
    }
}

fn session_hit(known: &Known, session: &FoundSession) -> SessionHit {
    let line = known.session(&session.session);
    let (agent, native) = split(&session.session);
    SessionHit {
        session: foreign::id(native),
        agent: foreign::id(agent),
        hits: session.count,
        started: time(line.and_then(|line| line.started)),
        ended: time(line.and_then(|line| line.ended)),
        quoted_untrusted: words_of(known, &session.session, session.hits.first().and_then(|hit| hit.turn.as_ref())),
        turns: session.hits.iter().map(found).collect(),
    }
}

fn found(hit: &TurnHit) -> Found {
    let turn = hit.turn.as_ref();
    Found {
        id: hit_id(hit),
        at: time(hit.at),
        role: turn.map_or("unreadable", |turn| turn.role.word()).to_owned(),
        score: hundredths(hit.score),
        is_error: turn.is_some_and(|turn| turn.is_error),
        quoted_untrusted: TurnWords {
            tool: turn.and_then(|turn| turn.tool.as_deref()).map(Foreign::line).unwrap_or_default(),
            text: Foreign::whole(&hit.snippet.text),
        },
    }
}

/// Ids that others gave stand here only where they are made of what ids are made of.
fn several(error: anyhow::Error) -> Trouble {
    match error.downcast::<Several>() {
        Ok(Several { sessions, total, .. }) => {
            let first: Vec<String> = sessions.iter().map(|one| foreign::id(one)).collect();
            Trouble(format!("{total} sessions begin so: {}, …; write more of it", first.join(", ")))
        }
        Err(error) => Trouble::from(error),
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadSession {
    /// A session's id or its beginning, a transcript's (t-7k3m9q2xwd), or a turn's (t-7k3m9q2xwd:120), as search_sessions
    /// gives them.
    id: String,
    /// Begin at this line of the transcript, or go on where `next` of the answer before says. Empty: at the beginning.
    #[serde(default)]
    from: String,
    /// Characters of text in one answer, 1,000 to 40,000.
    #[serde(default = "page")]
    max_chars: u32,
}

fn page() -> u32 {
    12_000
}

/// Turns of a session in their order, those of its subagents last.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SessionPage {
    session: String,
    agent: String,
    /// Turns of the session, or of the transcript that was named.
    total: usize,
    /// Turns after these, a turn that was cut among them.
    left_out: usize,
    /// `from` of the next page; none where this is the last.
    #[serde(skip_serializing_if = "String::is_empty")]
    next: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    started: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    ended: String,
    quoted_untrusted: SessionWords,
    /// Its files, at most 20: the session's own, then its subagents'.
    transcripts: Vec<File>,
    turns: Vec<Spoken>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct File {
    id: String,
    turns: usize,
    is_subagent: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Spoken {
    /// transcript:line
    id: String,
    role: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    at: String,
    #[serde(skip_serializing_if = "is_false")]
    is_error: bool,
    /// Bytes of its text that stood on the pages before.
    #[serde(skip_serializing_if = "is_zero")]
    bytes_before: usize,
    /// Bytes of its text that stand on the pages after.
    #[serde(skip_serializing_if = "is_zero")]
    bytes_left: usize,
    quoted_untrusted: TurnWords,
}

/// A place in a session: `t-7k3m9q2xwd:120.1+4096`.
struct Spot {
    transcript: String,
    line: u64,
    part: u32,
    byte: usize,
}

impl Spot {
    fn read(text: &str) -> Option<Spot> {
        let (transcript, rest) = text.split_once(':')?;
        let (place, byte) = rest.split_once('+')?;
        let (line, part) = place.split_once('.')?;
        let transcript = transcript.to_owned();
        Some(Spot { transcript, line: line.parse().ok()?, part: part.parse().ok()?, byte: byte.parse().ok()? })
    }
}

pub fn read(desk: &Desk, asked: ReadSession) -> Told<SessionPage> {
    let chronicle = open(desk)?;
    let unknown = || Trouble("no session has this id; search_sessions gives ids, and a beginning will do".to_owned());
    let Meant { session, parts, mut line } =
        Meant::by(&chronicle, asked.id.trim(), &Sight::All).map_err(several)?.ok_or_else(unknown)?;
    let mut spot = None;
    let from = asked.from.trim();
    if let Ok(typed) = from.parse::<u64>() {
        line = Some(typed);
    } else if !from.is_empty() {
        spot = Spot::read(from);
        let is_of_session =
            spot.as_ref().is_some_and(|spot| parts.iter().any(|part| part.transcript == spot.transcript));
        if !is_of_session {
            return Err(Trouble(
                "`from` is a line's number, or `next` of the answer before about the same session".to_owned(),
            ));
        }
    }
    let spot = spot.unwrap_or_else(|| {
        let transcript = parts[0].transcript.clone();
        Spot { transcript, line: line.unwrap_or(0), part: 0, byte: 0 }
    });
    let room = (asked.max_chars as usize).clamp(1_000, MOST_TEXT);
    let mut filling = Filling { left: room, turns: Vec::new(), next: None };
    let first = parts.iter().position(|part| part.transcript == spot.transcript).unwrap_or(0);
    let mut left_out = 0;
    for (number, part) in parts.iter().enumerate().skip(first) {
        if filling.next.is_some() {
            left_out += part.turns;
            continue;
        }
        let begin = if number == first { (spot.line, spot.part, spot.byte) } else { (0, 0, 0) };
        left_out += filling.fill(&chronicle, part, begin)?;
    }
    let known = desk.shelf.known()?;
    let about = known.session(&session);
    let (agent, native) = split(&session);
    let files = parts.iter().take(FILES);
    let answer = SessionPage {
        session: foreign::id(native),
        agent: foreign::id(agent),
        total: parts.iter().map(|part| part.turns).sum(),
        left_out,
        next: filling.next.unwrap_or_default(),
        started: time(about.and_then(|line| line.started)),
        ended: time(about.and_then(|line| line.ended)),
        quoted_untrusted: words_of(&known, &session, None),
        transcripts: files
            .map(|part| File { id: part.transcript.clone(), turns: part.turns, is_subagent: part.is_subagent })
            .collect(),
        turns: filling.turns,
    };
    let mut words = format!("{} of {} turns.", answer.turns.len(), answer.total);
    if !answer.next.is_empty() {
        words.push_str(&format!(" {left_out} are left out; from `{}` it goes on.", answer.next));
    }
    Ok((words, answer))
}

/// A page while it is filled.
struct Filling {
    left: usize,
    turns: Vec<Spoken>,
    /// Where the next page begins, once this one is full.
    next: Option<String>,
}

impl Filling {
    /// Takes turns of a file from a line, a part and a byte on; says how many it left out.
    fn fill(&mut self, chronicle: &Chronicle, part: &Part, from: (u64, u32, usize)) -> Result<usize, Trouble> {
        let all = chronicle.lines(&part.generation)?;
        let mut place = all.partition_point(|(line, number)| (*line, *number) < (from.0, from.1));
        while place < all.len() {
            let page = TurnPage::Around { line: all[place].0, context: CHUNK };
            let chunk = chronicle.read(&part.generation, page)?;
            let known = place;
            for turn in chunk.iter().filter(|turn| (turn.line, turn.part) >= all[known]) {
                // What can't be read any more between two turns is passed over.
                place = all.partition_point(|one| *one < (turn.line, turn.part));
                let skip = if (turn.line, turn.part) == (from.0, from.1) { from.2 } else { 0 };
                if let Some(byte) = self.take(part, turn, skip) {
                    self.next = Some(format!("{}:{}.{}+{byte}", part.transcript, turn.line, turn.part));
                    return Ok(all.len() - place);
                }
                place += 1;
            }
            place = place.max(known + 1);
        }
        Ok(0)
    }

    /// Takes a turn, or as much of it as has room; then the byte at which it goes on.
    fn take(&mut self, part: &Part, turn: &Turn, skip: usize) -> Option<usize> {
        let skip = turn.text.floor_char_boundary(skip);
        let rest = &turn.text[skip..];
        let tool = turn.tool.as_deref().map(Foreign::line).unwrap_or_default();
        let mut spoken = Spoken {
            id: format!("{}:{}", part.transcript, turn.line),
            role: turn.role.word().to_owned(),
            at: time(turn.at),
            is_error: turn.is_error,
            bytes_before: skip,
            bytes_left: rest.len(),
            quoted_untrusted: TurnWords { tool, text: Foreign::default() },
        };
        let around = bytes(&spoken) + 1;
        let room = self.left.saturating_sub(around);
        let piece = beginning(rest, room);
        if piece.len() < rest.len() && room < LEAST_PIECE && !self.turns.is_empty() {
            return Some(skip);
        }
        // The first of a page always comes forward.
        let piece = if piece.is_empty() { beginning(rest, LEAST_PIECE) } else { piece };
        spoken.bytes_left = rest.len() - piece.len();
        spoken.quoted_untrusted.text = Foreign::whole(piece);
        self.left = self.left.saturating_sub(bytes(&spoken) + 1);
        self.turns.push(spoken);
        (piece.len() < rest.len()).then_some(skip + piece.len())
    }
}
