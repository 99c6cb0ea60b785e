//! What was read of feeds, pages and repositories: found by its words, shown whole with why it was weighed so.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::{ANSWER_BYTES, MOST_TEXT, Told, Trouble, beginning, fitting, hundredths, is_false, is_zero, time};
use super::cursor::{self, FURTHEST, Place};
use super::desk::{Desk, or_wait};
use super::foreign::{Foreign, neutral};
use super::when;
use crate::flow::ask::Query;
use crate::flow::{Explanation, explain};
use crate::item::ItemId;
use crate::verdict::Level;

/// Items that one answer may hold.
const MOST: u32 = 20;

/// Of what else an answer lists about one item.
const OTHERS: usize = 20;

/// The least level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Least {
    Any,
    Routine,
    Notable,
    Critical,
}

impl Least {
    pub fn level(self) -> Option<Level> {
        match self {
            Least::Any => None,
            Least::Routine => Some(Level::Routine),
            Least::Notable => Some(Level::Notable),
            Least::Critical => Some(Level::Critical),
        }
    }
}

/// What sort of news.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    Any,
    Security,
    Breaking,
    Feature,
    Technique,
    Tool,
    Research,
    Other,
}

impl Sort {
    /// As the index has it.
    fn word(self) -> Option<String> {
        let word = serde_json::to_value(self).ok()?;
        word.as_str().filter(|word| *word != "any").map(str::to_owned)
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SearchItems {
    /// Words that must all occur; "a phrase", OR, -word, prefix*. Identifiers are found whole and by part. Empty: the newest.
    query: String,
    /// What sort of news it is.
    kind: Sort,
    /// Only items of this source: words of its name, as source_status and answers give it.
    source: String,
    /// Nothing older: a date (2026-11-01) or a span back from now (30d, 12h).
    since: String,
    /// Nothing that matters less. `any` also finds what was not weighed yet.
    level: Least,
    /// Items in one answer, at most 20.
    limit: u32,
    /// `next` of the answer before, with the same arguments.
    cursor: String,
}

impl Default for SearchItems {
    fn default() -> Self {
        let none = String::new;
        let (query, source, since, cursor) = (none(), none(), none(), none());
        SearchItems { query, kind: Sort::Any, source, since, level: Least::Any, limit: 10, cursor }
    }
}

/// Items that were found, the best first.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FoundItems {
    total: usize,
    /// Items that come after these.
    left_out: usize,
    /// `cursor` of the next page; none where this is the last.
    #[serde(skip_serializing_if = "String::is_empty")]
    next: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    note: String,
    items: Vec<Found>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Found {
    /// For get_item.
    id: String,
    at: String,
    source: String,
    /// noise, routine, notable or critical; empty where it was not weighed yet.
    #[serde(skip_serializing_if = "String::is_empty")]
    level: String,
    score: f64,
    quoted_untrusted: ItemWords,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ItemWords {
    title: Foreign,
    #[serde(skip_serializing_if = "Foreign::is_empty")]
    snippet: Foreign,
    #[serde(skip_serializing_if = "Foreign::is_empty")]
    url: Foreign,
}

pub fn search(desk: &Desk, asked: SearchItems) -> Told<FoundItems> {
    desk.home()?;
    let key = ("items", &asked.query, asked.kind, &asked.source, &asked.since, asked.level);
    let place = match cursor::read(&asked.cursor, &key)? {
        Some(place) => place,
        None => Place { offset: 0, in_part: false, since: when::read(&asked.since, desk.now())? },
    };
    let limit = asked.limit.clamp(1, MOST) as usize;
    let query = Query {
        words: asked.query.clone(),
        limit: (place.offset + limit).min(FURTHEST),
        skip: 0,
        since: place.since,
        until: None,
        source: Some(asked.source.trim().to_owned()).filter(|source| !source.is_empty()),
        level: asked.level.level(),
        kind: asked.kind.word(),
    };
    let found = or_wait(desk.shelf.library().and_then(|library| library.search(&query)))?;
    let page: Vec<Found> = found
        .hits
        .iter()
        .skip(place.offset)
        .map(|hit| Found {
            id: hit.id.0.clone(),
            at: time(Some(hit.at)),
            source: neutral(&hit.source).into_owned(),
            level: hit.level.map(|level| level.word().to_owned()).unwrap_or_default(),
            score: hundredths(hit.score),
            quoted_untrusted: ItemWords {
                title: Foreign::line(&hit.title),
                snippet: Foreign::whole(&hit.snippet),
                url: Foreign::address(hit.url.as_ref()),
            },
        })
        .collect();
    let items = if page.is_empty() { page } else { fitting(page, ANSWER_BYTES - 500) };
    let shown = place.offset + items.len();
    let left_out = found.total.saturating_sub(shown);
    let goes_on = left_out > 0 && !items.is_empty() && shown < FURTHEST;
    let note = match (left_out, goes_on) {
        (0, _) if found.total == 0 => "fewer words, a prefix* of one, or a lower `level` find more",
        (1.., false) => "this is as far as pages go: narrow the query, or give `since`",
        _ => "",
    };
    let next = cursor::write(Place { offset: shown, ..place }, &key);
    let answer = FoundItems {
        total: found.total,
        left_out,
        next: if goes_on { next } else { String::new() },
        note: note.to_owned(),
        items,
    };
    let mut about = format!("{} of {} items.", answer.items.len(), answer.total);
    if goes_on {
        about.push_str(&format!(" {left_out} are left out; cursor `{}` goes on.", answer.next));
    }
    Ok((about, answer))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetItem {
    /// An item's id (i-7k3m9q2xwd) or a story's (s-7k3m9q2xwd), as search_items and whats_new give them.
    id: String,
    /// Go on with the text where `next` of the answer before says. Empty: at the beginning.
    #[serde(default)]
    from: String,
    /// Characters of text in one answer, 1,000 to 40,000.
    #[serde(default = "page")]
    max_chars: u32,
}

fn page() -> u32 {
    10_000
}

/// An item with its text, why it was weighed so, and its story.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Item {
    id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    story: String,
    source: String,
    /// official (the maker of the thing), expert or community.
    trust: String,
    topics: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    kind: String,
    /// Of this item.
    #[serde(skip_serializing_if = "String::is_empty")]
    level: String,
    /// Of its whole story.
    #[serde(skip_serializing_if = "String::is_empty")]
    story_level: String,
    /// The publisher's date.
    #[serde(skip_serializing_if = "String::is_empty")]
    published: String,
    seen: String,
    /// Who gave each of `quoted_untrusted.why`, in the same order: a rule's name, relevance, or a model.
    why_by: Vec<String>,
    /// Editions in which its story was told.
    told: Vec<TellingOf>,
    /// Lessons learnt of its story, for get_practice.
    practices: Vec<String>,
    /// Items that tell the same story, at most 20.
    also: Vec<Member>,
    #[serde(skip_serializing_if = "is_zero")]
    also_left_out: usize,
    /// Bytes of its text that stood before.
    #[serde(skip_serializing_if = "is_zero")]
    bytes_before: usize,
    /// Bytes of its text that come after.
    bytes_left: usize,
    /// `from` of the rest; none where this is all.
    #[serde(skip_serializing_if = "String::is_empty")]
    next: String,
    quoted_untrusted: WholeWords,
}

#[derive(Debug, Serialize, JsonSchema)]
struct TellingOf {
    /// `digest/2026-W47`, `alert/s-7k3m9q2xwd`
    edition: String,
    channel: String,
    at: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Member {
    id: String,
    source: String,
    level: String,
    /// It speaks for the story.
    #[serde(skip_serializing_if = "is_false")]
    lead: bool,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
struct WholeWords {
    title: Foreign,
    #[serde(skip_serializing_if = "Foreign::is_empty")]
    author: Foreign,
    #[serde(skip_serializing_if = "Foreign::is_empty")]
    url: Foreign,
    /// Why it was weighed so, the strongest reason first.
    why: Vec<Foreign>,
    text: Foreign,
}

pub fn get(desk: &Desk, asked: GetItem) -> Told<Item> {
    let home = desk.home()?;
    let id = asked.id.trim();
    let unknown = || Trouble("no item has this id; search_items gives ids like i-7k3m9q2xwd".to_owned());
    let known = explain(home, id)?;
    let item = known.as_ref().map_or(id, |known| known.why.item.0.as_str());
    let (card, text) = or_wait(desk.shelf.library().and_then(|library| library.show(&ItemId(item.to_owned()))))?
        .ok_or_else(unknown)?;
    let from = asked.from.trim();
    let from: usize = match from {
        "" => 0,
        _ => from.parse().map_err(|_| Trouble("`from` is `next` of the answer before, a number".to_owned()))?,
    };
    let from = text.floor_char_boundary(from);
    let room = (asked.max_chars as usize).clamp(1_000, MOST_TEXT);
    let piece = beginning(&text[from..], room);
    let end = from + piece.len();
    let mut answer = Item {
        id: card.id.0.clone(),
        story: card.story.map(|story| story.0).unwrap_or_default(),
        source: neutral(&card.source).into_owned(),
        trust: card.trust.word().to_owned(),
        topics: card.topics,
        kind: card.category.map(|category| category.word().to_owned()).unwrap_or_default(),
        level: card.level.map(|level| level.word().to_owned()).unwrap_or_default(),
        story_level: String::new(),
        published: time(card.published),
        seen: time(Some(card.seen)),
        why_by: card.why.iter().take(OTHERS).map(|reason| reason.by.clone()).collect(),
        told: Vec::new(),
        practices: Vec::new(),
        also: Vec::new(),
        also_left_out: 0,
        bytes_before: from,
        bytes_left: text.len() - end,
        next: if end < text.len() { end.to_string() } else { String::new() },
        quoted_untrusted: WholeWords {
            title: Foreign::line(&card.title),
            author: card.author.as_deref().map(Foreign::line).unwrap_or_default(),
            url: Foreign::address(card.url.as_ref()),
            why: card.why.iter().take(OTHERS).map(|reason| Foreign::line(&reason.text)).collect(),
            text: Foreign::whole(piece),
        },
    };
    if let Some(known) = known {
        tell_story(&mut answer, &known);
    }
    let mut about = format!("{} ({}), {} bytes of its text.", answer.id, answer.level, piece.len());
    if !answer.next.is_empty() {
        about.push_str(&format!(" {} bytes are left out; from `{}` it goes on.", answer.bytes_left, answer.next));
    }
    Ok((about, answer))
}

fn tell_story(answer: &mut Item, known: &Explanation) {
    answer.story_level = known.story_level.word().to_owned();
    for reason in known.story_why.iter().take(OTHERS) {
        answer.why_by.push(reason.by.clone());
        answer.quoted_untrusted.why.push(Foreign::line(&reason.text));
    }
    let told = known.told.iter().rev().take(OTHERS);
    answer.told = told
        .map(|told| TellingOf {
            edition: told.edition.clone(),
            channel: told.channel.word().to_owned(),
            at: time(Some(told.at)),
        })
        .collect();
    answer.practices = known.lessons.iter().take(OTHERS).map(|lesson| lesson.id.to_string()).collect();
    let others = known.members.iter().filter(|member| member.item.0 != answer.id);
    answer.also = others
        .clone()
        .take(OTHERS)
        .map(|member| Member {
            id: member.item.0.clone(),
            source: neutral(&member.source).into_owned(),
            level: member.level.word().to_owned(),
            lead: member.lead,
        })
        .collect();
    answer.also_left_out = others.count() - answer.also.len();
}
