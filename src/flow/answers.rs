//! Answers: what a question finds among items and sessions, and what a session holds, for whoever shows it to people or programs.

mod shelf;
mod known;
mod sight;
mod hits;
mod session;
mod resume;
mod times;
mod costs;

use std::ops::Range;

use anyhow::Result;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::ask::{self, Found, FoundSession, Hit, Query, Results, WantedTurns};
use crate::verdict::Level;

pub use costs::{
    CostRow, Costs, dollars_words, duration, lab_name, money, name, plain, thousands, usage_window, weekday,
};
pub use hits::{branch_of, folder_of, hit_id};
pub use known::{Known, first_letters};
pub use resume::{Resume, resume};
pub use session::{File, Meant, Several, files_json, split};
pub use shelf::Shelf;
pub use sight::Sight;
pub use times::{read_day, read_when};

/// Hits of one session that a search shows.
const HITS: usize = 3;

/// What is asked of all that can be searched.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// As typed. Empty: everything that fits the rest, newest first.
    pub words: String,
    /// Only turns in which this expression matches.
    pub regex: Option<String>,
    /// At or after.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// Words of a source's name; only items have a source.
    pub source: Option<String>,
    /// Only items have one.
    pub level: Option<Level>,
    /// Only items, or only sessions.
    pub only: Option<Only>,
    /// Most items and sessions together.
    pub limit: usize,
    /// So many before them, of items and sessions in turn, are only counted.
    pub skip: usize,
    /// The native id of a session that is counted and not shown: the one that asks.
    pub own: Option<String>,
    /// Most hits of one session; left out: three.
    pub hits: Option<usize>,
    pub sight: Sight,
}

/// One of the two that are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Only {
    Items,
    Sessions,
}

/// What was found.
#[derive(Debug)]
pub struct Answer {
    pub items: Results,
    /// None: sessions were not asked, or none is kept.
    pub turns: Option<Found>,
    /// How many of the best items, and sessions, are not among them.
    skipped: (usize, usize),
    /// Of items and sessions in turn.
    window: Range<usize>,
}

/// One of what was found.
#[derive(Debug, Clone, Copy)]
pub enum One<'a> {
    Item(&'a Hit),
    Session(&'a FoundSession),
}

/// Asks items and sessions. What narrows by something that only one of the two has asks that one alone.
///
/// # Errors
/// [`Unclear`](ask::Unclear) where the question has no one meaning, or is about sessions and none is kept; and when there is no index, or it can't be read: the message
/// names the remedy.
pub fn search(shelf: &Shelf, question: &Question) -> Result<Answer> {
    let Question { words, regex, since, until, source, level, only, limit, skip, own, hits, sight } = question.clone();
    let only_items = only == Some(Only::Items) || ask::is_about_items(&words) || source.is_some() || level.is_some();
    let only_turns = !only_items && (only == Some(Only::Sessions) || ask::is_about_turns(&words) || regex.is_some());
    let chronicle = if only_items { None } else { shelf.chronicle()? };
    if only_turns && chronicle.is_none() {
        let words = "no session is kept yet: `from.sessions` in sources.toml names where they lie";
        return Err(ask::Unclear(words.to_owned()).into());
    }
    let window = skip..skip.saturating_add(limit);
    // Before the first place of the window, half are items where there are as many sessions, and more where there are fewer.
    let first_item = if chronicle.is_some() { skip / 2 } else { skip };
    let items = match only_turns {
        true => Results { total: 0, capped: false, hits: Vec::new() },
        false => {
            let words = words.clone();
            let query = Query { words, limit: window.end, skip: first_item, since, until, source, level, kind: None };
            shelf.library()?.search(&query)?
        }
    };
    // Where a session comes depends on how many items there are.
    let places: Vec<usize> =
        (0..window.end).filter(|number| window.contains(&(number + (number + 1).min(items.total)))).collect();
    let first_session = places.first().copied().unwrap_or(window.end);
    let wanted = WantedTurns {
        words,
        regex,
        since,
        until,
        sessions: places.len(),
        skip: first_session,
        hits: hits.unwrap_or(HITS),
        own,
        of: sight.narrowed(),
        in_part: true,
        few: Some(limit),
    };
    let turns = chronicle.map(|chronicle| chronicle.search(&wanted)).transpose()?;
    Ok(Answer { items, turns, skipped: (first_item, first_session), window })
}

impl Answer {
    /// In turn the best item and the best session: their scores cannot be compared.
    pub fn in_turn(&self) -> Vec<One<'_>> {
        let (items, sessions) = (self.items.total, self.turns.as_ref().map_or(0, |turns| turns.sessions_total));
        let found = self.turns.as_ref().map_or(&[][..], |turns| &turns.sessions);
        let numbered = |first: usize| move |(place, one)| (first + place, one);
        let in_place = self.items.hits.iter().map(One::Item).enumerate().map(numbered(self.skipped.0));
        let mut all: Vec<(usize, One<'_>)> =
            in_place.map(|(number, one)| (number + number.min(sessions), one)).collect();
        let in_place = found.iter().map(One::Session).enumerate().map(numbered(self.skipped.1));
        all.extend(in_place.map(|(number, one)| (number + (number + 1).min(items), one)));
        all.retain(|(place, _)| self.window.contains(place));
        all.sort_by_key(|(place, _)| *place);
        all.into_iter().map(|(_, one)| one).collect()
    }

    /// Items and turns.
    pub fn total(&self) -> usize {
        self.items.total + self.turns.as_ref().map_or(0, |turns| turns.total)
    }

    /// Items and sessions.
    pub fn places(&self) -> usize {
        self.items.total + self.turns.as_ref().map_or(0, |turns| turns.sessions_total)
    }

    /// The shape of `search --json`, at most this long in bytes: fields may be added, not renamed.
    ///
    /// # Errors
    /// When something in it can't be written as JSON.
    pub fn json(&self, words: &str, known: &Known, most_bytes: usize) -> Result<Value> {
        let (mut hits, mut sessions) = (Vec::new(), Vec::new());
        for one in self.in_turn() {
            match one {
                One::Item(hit) => hits.push(serde_json::to_value(hit)?),
                One::Session(session) => {
                    let (about, of_session) = hits::session_json(session, known);
                    sessions.push(about);
                    hits.extend(of_session);
                }
            }
        }
        let turns = self.turns.as_ref();
        let hiding: Vec<Value> = turns
            .map_or(&[][..], |turns| &turns.hiding)
            .iter()
            .map(|(filter, count)| json!({ "filter": filter, "hits": count }))
            .collect();
        loop {
            let capped = hits.len() < self.total() || turns.is_some_and(|turns| turns.untried > 0);
            let mut answer =
                json!({ "version": 1, "query": words, "total": self.total(), "capped": capped, "hits": hits });
            if let Some(turns) = turns {
                answer["sessions_total"] = turns.sessions_total.into();
                answer["sessions"] = sessions.clone().into();
                answer["own_left_out"] = turns.own.into();
                answer["untried"] = turns.untried.into();
                answer["in_part"] = turns.in_part.into();
                answer["hidden_by"] = hiding.clone().into();
            }
            let bytes = serde_json::to_string_pretty(&answer)?.len() + 1;
            if bytes <= most_bytes || hits.is_empty() {
                return Ok(answer);
            }
            // The worst go, and with its last hit a session.
            let keep = (hits.len() * most_bytes / bytes).min(hits.len() - 1);
            hits.truncate(keep);
            sessions.retain(|session| hits.iter().any(|hit| hit["session"] == session["session"]));
        }
    }

    /// What must be said beside the hits.
    pub fn remarks(&self) -> Vec<String> {
        self.turns.as_ref().map(hits::remarks).unwrap_or_default()
    }
}
