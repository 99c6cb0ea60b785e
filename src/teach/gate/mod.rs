//! The gate: what may enter a skill, decided field by field, whoever wrote it.
//!
//! A text is taken as it is or refused, never mended: what was meant to be read otherwise than it looks must not be made to look harmless.
//! Nothing here is clever. Each field has an alphabet and a grammar; what they do not name is refused. What they cannot know is whether a
//! plain sentence is good advice: for that there are sources, two of them where none is official, an expiry, and a person who merges.

mod allowed;
mod prose;
mod lexicon;
mod dotted;
mod span;
mod command;
mod lexer;
mod pattern;
mod class;
mod settings;
mod evidence;

use std::fmt;

use crate::lesson::{Advice, DAYS_TO_LIVE, Evidence, LONGEST_CLAIM, LONGEST_TITLE, Lesson, MOST_EVIDENCE, Since};

pub use allowed::Allowed;
pub use prose::plain;

/// Characters of a command. A longer one is a script.
pub const LONGEST_COMMAND: usize = 160;
/// Characters of a settings snippet, written without spaces.
pub const LONGEST_SETTINGS: usize = 240;

/// Words of claim, use and titles together: with dates, hashes and labels around them an entry has some ninety to a hundred.
pub const MOST_WORDS: usize = 70;

/// Days from being added to running out; a lesson that is renewed keeps the day it was added.
const LONGEST_LIFE: i32 = 3_650;
/// Years in which something may have been published or learnt.
const YEARS: std::ops::RangeInclusive<i16> = 1990..=2999;

/// Why a lesson may not enter: which of its fields, and the reason in words for the person who looks after the sources.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refusal {
    /// `claim`, `use_when`, `advice`, `since`, `evidence 2 title`, `seen`, `expires`.
    pub field: String,
    pub why: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.why)
    }
}

/// Whether a lesson may be written into a skill; else everything that speaks against it.
pub fn check(lesson: &Lesson, allowed: &Allowed) -> Result<(), Vec<Refusal>> {
    let mut refusals = Vec::new();
    let mut note = |field: &str, result: Result<(), String>| {
        if let Err(why) = result {
            refusals.push(Refusal { field: field.to_owned(), why });
        }
    };
    note("claim", prose::check(&lesson.claim, LONGEST_CLAIM, prose::Code::Allowed, allowed));
    note("use_when", prose::check(&lesson.use_when, LONGEST_CLAIM, prose::Code::Allowed, allowed));
    // What a rule looks for may begin in one field and end in the next.
    note("claim and use_when", lexicon::check(&format!("{} {}", lesson.claim, lesson.use_when), allowed));
    match &lesson.advice {
        None => {}
        Some(Advice::Command(command)) => note("advice", command::check(command, allowed)),
        Some(Advice::Settings(settings)) => note("advice", settings::check(settings)),
    }
    if let Some(since) = &lesson.since {
        note("since", check_since(since, allowed));
    }
    // Only a name that is read as it is written names it for ever.
    let is_named = lesson.id.to_string().parse().as_ref() == Ok(&lesson.id);
    note(
        "id",
        if is_named { Ok(()) } else { Err(format!("{} is no name of a lesson", quoted(&lesson.id.to_string()))) },
    );
    note("evidence", check_count(lesson.evidence.len()));
    for (number, evidence) in (1..).zip(&lesson.evidence) {
        let Evidence { url, title, date, quote } = evidence;
        note(&format!("evidence {number} url"), evidence::check_url(url, allowed));
        note(
            &format!("evidence {number} title"),
            prose::check(title, LONGEST_TITLE, prose::Code::Refused, allowed)
                .and_then(|()| lexicon::check(title, allowed)),
        );
        note(&format!("evidence {number} quote"), evidence::check_quote(quote));
        if !YEARS.contains(&date.year()) {
            note(&format!("evidence {number} date"), Err(format!("nothing was published in the year {}", date.year())));
        }
    }
    note("evidence", evidence::check_distinct(&lesson.evidence));
    note("evidence", check_words(lesson));
    if !lesson.seen.is_enough() {
        note("seen", Err("one official source or two independent ones are needed".to_owned()));
    }
    let days = (lesson.expires - lesson.added).get_days();
    if !(1..=LONGEST_LIFE).contains(&days) || !YEARS.contains(&lesson.added.year()) {
        note("expires", Err(format!("it lies {days} days after the day it was added; usual are {DAYS_TO_LIVE}")));
    }
    if refusals.is_empty() { Ok(()) } else { Err(refusals) }
}

/// Whether a claim may be written by itself: what a retired line repeats.
pub fn check_claim(claim: &str, allowed: &Allowed) -> Result<(), Refusal> {
    prose::check(claim, LONGEST_CLAIM, prose::Code::Allowed, allowed)
        .map_err(|why| Refusal { field: "claim".to_owned(), why })
}

fn check_count(evidence: usize) -> Result<(), String> {
    match evidence {
        0 => Err("no page bears it out".to_owned()),
        1..=MOST_EVIDENCE => Ok(()),
        many => Err(format!("{many} pages are named; at most {MOST_EVIDENCE} are")),
    }
}

fn check_words(lesson: &Lesson) -> Result<(), String> {
    let titles = lesson.evidence.iter().map(|evidence| evidence.title.as_str());
    let texts = [lesson.claim.as_str(), lesson.use_when.as_str()].into_iter().chain(titles);
    match texts.map(|text| text.split_whitespace().count()).sum::<usize>() {
        ..=MOST_WORDS => Ok(()),
        words => Err(format!(
            "with the titles of its pages it has {words} words; at most {MOST_WORDS} are read: name fewer pages"
        )),
    }
}

fn check_since(since: &Since, allowed: &Allowed) -> Result<(), String> {
    if !allowed.has_product(&since.product) {
        return Err(format!("the product {} is not one that is watched", quoted(&since.product)));
    }
    if !class::is_version(&since.version) {
        return Err(format!("{} is no version like `2.1.214`", quoted(&since.version)));
    }
    Ok(())
}

/// A word out of a refused text, for a person's terminal: short, and nothing hidden acts from it.
fn quoted(text: &str) -> String {
    let shown: String = text.chars().take(40).flat_map(char::escape_default).collect();
    format!("\"{shown}\"")
}
