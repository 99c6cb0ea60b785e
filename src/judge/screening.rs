//! Screening: one letter from a model for each item, read from how it shares its probability among four.
//!
//! The prompt is one text that stays the same, and the item behind it, fenced and neutralised. No text names its own letter:
//! what is read is data, and what comes back is an opinion that judging weighs.

use std::collections::VecDeque;
use std::sync::LazyLock;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use jiff::Timestamp;
use regex::Regex;
use sha2::{Digest, Sha256};

use super::model::{Choice, Model, Prompt, Trouble};
use crate::config::Interests;
use crate::guard::prompt::neutral;
use crate::guard::text::{excerpt, one_line};
use crate::item::short_hash;
use crate::opinion::{Odds, Opinion, Tokens};

/// Critical, notable, routine, noise: the order of [`Odds`].
pub const LETTERS: [char; 4] = ['A', 'B', 'C', 'D'];

const DOCUMENT: &str = include_str!("prompt/screening.md");

/// Characters of a title; longer ones are texts.
const TITLE: usize = 300;
/// Characters of a text's beginning, and of the sentences that rules pointed at: 1,200 in all, which nine of ten real items
/// stay below. What costs more would read little more.
const HEAD: usize = 800;
const HITS: usize = 400;
/// Characters of the lab's interests in the prompt: the strongest twenty or thirty phrases.
const INTERESTS: usize = 500;
/// Below this the letters are not what the model wanted to say: it does not follow the prompt.
const LEAST_MASS: f64 = 0.5;

/// The prompt around the items, made once from `[interests]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screening {
    system: String,
    hash: String,
}

/// An item as a model is to read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The caller's own name for it; no model sees it.
    pub id: String,
    /// Who speaks: `official`, `expert` or `community`, as [`crate::source::Trust`] has it.
    pub trust: &'static str,
    pub at: Timestamp,
    pub title: String,
    pub text: String,
    /// Sentences or bullets of the text that rules pointed at, strongest first: they are read wherever in the text they stand.
    pub hits: Vec<String>,
}

/// What came of a screening.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Screened {
    /// Items that got an opinion.
    pub read: usize,
    /// Items on which the model said something that can't be used, or failed.
    pub failed: usize,
    /// Items that nobody was asked about, since the model went away; they are to be asked about another time.
    pub unread: usize,
    /// Why it ended early, if it did.
    pub ended: Option<Trouble>,
    pub tokens: Tokens,
}

impl Screening {
    pub fn new(interests: &Interests) -> Screening {
        static COMMENT: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r"(?s)<!--.*?-->\n?").expect("a regular expression that every run uses"));
        let watch = match interests.watch.join(", ") {
            none if none.is_empty() => "nothing by name".to_owned(),
            watch => neutral(&excerpt(&watch, INTERESTS)),
        };
        let text = COMMENT.replace_all(DOCUMENT, "").replace("\n\n\n", "\n\n");
        let system = text
            .replace("{interests}", &neutral(&strongest(&interests.profile)))
            .replace("{watch}", &watch)
            .trim()
            .to_owned();
        let mut hasher = Sha256::new();
        hasher.update(&system);
        // The form of the question belongs to the prompt as well.
        hasher.update(fenced("", "", "", "", ""));
        let hash = short_hash(hasher);
        Screening { system, hash }
    }

    /// Hash of all that stands around an item: opinions under another prompt are others.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Under which an opinion on this text by this model is kept: the same key, the same opinion.
    pub fn key(&self, model: &str, asked: &Asked) -> String {
        let mut hasher = Sha256::new();
        for part in [model, &self.hash, &input(asked)] {
            hasher.update(part);
            hasher.update(b"\0");
        }
        short_hash(hasher)
    }

    /// What a model is asked about an item.
    pub fn prompt(&self, asked: &Asked) -> Prompt {
        self.shortened(asked, 1.0)
    }

    fn shortened(&self, asked: &Asked, share: f64) -> Prompt {
        let (title, text) = read(asked, share);
        // Nobody can close the fence from inside: its name is made from all that stands in it.
        let user = fenced(&input(asked), asked.trust, &date(asked), &title, &text);
        Prompt { system: self.system.clone(), user }
    }
}

fn fenced(nonce: &str, trust: &str, date: &str, title: &str, text: &str) -> String {
    format!("<item id={nonce} source={trust} date={date}>\n{title}\n\n{text}\n</item {nonce}>\nLetter:")
}

fn date(asked: &Asked) -> String {
    asked.at.strftime("%Y-%m-%d").to_string()
}

/// Hash of what is read of an item.
fn input(asked: &Asked) -> String {
    let (title, text) = read(asked, 1.0);
    let mut hasher = Sha256::new();
    for part in [asked.trust, &date(asked), &title, &text] {
        hasher.update(part);
        hasher.update(b"\0");
    }
    short_hash(hasher)
}

/// Title and text as far as they are read, neutralised; of the text the given share of what is usual.
fn read(asked: &Asked, share: f64) -> (String, String) {
    let part = |characters: usize| (characters as f64 * share) as usize;
    let title = clip(&asked.title, TITLE);
    let head = clip(&asked.text, part(HEAD));
    let mut text = head.clone();
    let mut room = part(HITS);
    for hit in &asked.hits {
        let hit = clip(hit, room);
        if hit.is_empty() || head.contains(&hit) {
            continue;
        }
        room = room.saturating_sub(hit.chars().count());
        text.push_str("\n… ");
        text.push_str(&hit);
    }
    (title, text)
}

/// The beginning of a text on one line, neutralised before it is cut, so that no cut hides the half of a token.
fn clip(text: &str, characters: usize) -> String {
    // Escapes take up to a dozen bytes for one character; what is far behind need not be looked at.
    let mut end = text.len().min(characters * 16 + 256);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    neutral(&excerpt(&one_line(&neutral(&text[..end])), characters))
}

/// The phrases that weigh most, without those that speak against an item: the rubric says what is noise.
fn strongest(profile: &str) -> String {
    let read = |line: &str| match line.rsplit_once('^') {
        Some((phrase, weight)) => (phrase.trim().to_owned(), weight.trim().parse().unwrap_or(1.0)),
        None => (line.trim().to_owned(), 1.0),
    };
    let is_phrase = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let mut phrases: Vec<(String, f64)> = profile.split(['\n', ',']).filter(is_phrase).map(read).collect();
    phrases.retain(|(_, weight)| *weight > 0.0);
    phrases.sort_by(|one, other| other.1.total_cmp(&one.1));
    let mut shown = String::new();
    for (phrase, _) in phrases {
        if shown.len() + phrase.len() + 2 > INTERESTS {
            break;
        }
        if !shown.is_empty() {
            shown.push_str(", ");
        }
        shown.push_str(&phrase);
    }
    shown
}

/// Asks the model about each item and tells what it thinks, as the answers come. The first item is asked about alone, so that
/// the server has the prompt in its cache when the others come, as many at once as it has slots. Stops as soon as the model is
/// away or refuses; items that nobody was asked about by then are told of by number only.
pub async fn screen(
    model: &dyn Model,
    screening: &Screening,
    asked: Vec<Asked>,
    now: Timestamp,
    mut tell: impl FnMut(&Asked, Result<Opinion, Trouble>),
) -> Screened {
    let mut screened = Screened { unread: asked.len(), ..Screened::default() };
    let mut waiting: VecDeque<Asked> = asked.into();
    let mut running = FuturesUnordered::new();
    let mut slots = 1;
    loop {
        while running.len() < slots && screened.ended.is_none() {
            let Some(asked) = waiting.pop_front() else { break };
            running.push(async move {
                let mut tokens = Tokens::default();
                let choice = choose(model, screening, &asked, &mut tokens).await;
                (asked, choice, tokens)
            });
        }
        let Some((asked, choice, tokens)) = running.next().await else { return screened };
        slots = model.slots().max(1);
        screened.tokens += tokens;
        let opinion = choice.map(|choice| opinion(model, screening, &asked, &choice, now));
        match &opinion {
            Ok(_) => screened.read += 1,
            Err(trouble @ (Trouble::Away(_) | Trouble::Refused(_) | Trouble::Spent(_))) => {
                screened.ended.get_or_insert_with(|| trouble.clone());
                continue;
            }
            Err(_) => screened.failed += 1,
        }
        screened.unread -= 1;
        tell(&asked, opinion);
    }
}

/// One answer that can be used; a prompt that is too long is shortened once.
async fn choose(
    model: &dyn Model,
    screening: &Screening,
    asked: &Asked,
    tokens: &mut Tokens,
) -> Result<Choice, Trouble> {
    let mut choice = model.choose(&screening.prompt(asked), &LETTERS).await;
    if let Err(Trouble::TooLong { prompt, context }) = choice {
        // The part that stays the same can't give way, so the item gives more than its part.
        let share = 0.8 * context as f64 / prompt.max(context + 1) as f64;
        choice = model.choose(&screening.shortened(asked, share), &LETTERS).await;
    }
    let choice = choice?;
    *tokens += choice.tokens;
    match choice.mass {
        Some(mass) if mass < LEAST_MASS => Err(Trouble::Nonsense(format!(
            "{} gives the letters {:.0} % of its probability: it does not follow the prompt",
            model.name(),
            mass * 100.0
        ))),
        _ => Ok(choice),
    }
}

fn opinion(model: &dyn Model, screening: &Screening, asked: &Asked, choice: &Choice, now: Timestamp) -> Opinion {
    Opinion {
        odds: odds(choice),
        measure: choice.measure,
        model: model.name().to_owned(),
        prompt: screening.hash.clone(),
        input: input(asked),
        at: now,
    }
}

fn odds(choice: &Choice) -> Odds {
    let share = |place: usize| choice.shares.get(place).copied().unwrap_or(0.0);
    Odds { critical: share(0), notable: share(1), routine: share(2), noise: share(3) }
}

/// Asks the model about items whose answer is known. One that is wrong, or no answer, means: go on without the model.
///
/// # Errors
/// Nonsense names the item that was judged wrong; anything else is what the model's server said.
pub async fn canaries(model: &dyn Model, screening: &Screening) -> Result<Tokens, Trouble> {
    let mut tokens = Tokens::default();
    for canary in &super::canary::CANARIES {
        let asked = canary.asked();
        let odds = odds(&choose(model, screening, &asked, &mut tokens).await?);
        if !canary.expects.holds(&odds) {
            return Err(Trouble::Nonsense(format!(
                "{} judges the canary `{}` wrong: {} (critical {:.2}, notable {:.2}, routine {:.2}, noise {:.2}); it is \
                 not asked further",
                model.name(),
                canary.name,
                canary.expects.words(),
                odds.critical,
                odds.notable,
                odds.routine,
                odds.noise
            )));
        }
    }
    Ok(tokens)
}

/// The `is` and `is not` lines of the prompt: letter under which it stands, letter that is right, text.
pub fn examples() -> Vec<(char, char, &'static str)> {
    static LINE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?m)^([A-D]) is(?: not \(([A-D])\))?: (.+)$").expect("a regular expression that a test uses")
    });
    let letter = |text: &str| text.chars().next().unwrap_or_default();
    let read = |found: regex::Captures<'static>| {
        let under = letter(found.get(1).map_or("", |part| part.as_str()));
        let right = found.get(2).map_or(under, |part| letter(part.as_str()));
        (under, right, found.get(3).map_or("", |part| part.as_str()))
    };
    LINE.captures_iter(DOCUMENT).map(read).collect()
}
