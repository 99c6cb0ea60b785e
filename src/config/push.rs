//! Reads `[sessions]`: whether a phone is told when a session waits for somebody.

use jiff::SignedDuration;

use super::channels::read_topic;
use super::sources::read_duration;
use super::table::{Table, nearest};
use crate::session::sign::Word;

/// Whoever sits in front of it has answered by then.
const USUAL_AFTER: SignedDuration = SignedDuration::from_mins(1);

/// What waited longer is told no more.
const LONGEST_AFTER: SignedDuration = SignedDuration::from_hours(6);

/// Which sessions are told of over `[ntfy]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Push {
    /// Those that ask for leave or for an answer.
    pub waiting: bool,
    /// Those whose agent's turn has ended.
    pub done: bool,
    /// How long it must have been a person's turn.
    pub after: SignedDuration,
    /// None: the topic of `[ntfy]`.
    pub topic: Option<String>,
}

impl Push {
    /// Whether its owner wants to be told of this.
    pub fn tells(&self, word: Word) -> bool {
        (self.waiting && word.asks()) || (self.done && word == Word::Done)
    }
}

/// `has_ntfy`: tidings.toml has a table for it.
pub(super) fn read(table: Table<'_, '_>, has_ntfy: bool) -> Push {
    const KNOWN: [&str; 2] = ["waiting", "done"];
    let mut push = Push { after: USUAL_AFTER, ..Push::default() };
    for found in table.strings("push").unwrap_or_default() {
        match found.value.as_str() {
            "waiting" => push.waiting = true,
            "done" => push.done = true,
            word => {
                let remedy = match nearest(word, &KNOWN) {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => format!("any of {}", KNOWN.join(", ")),
                };
                table.document.mistake(found.span, format!("`push`: a session is never `{word}`"), remedy);
            }
        }
    }
    let read_after = |text: &str| {
        let after = read_duration(text)?;
        (after <= LONGEST_AFTER).then_some(after).ok_or_else(|| format!("`{text}` is more than six hours"))
    };
    if let Some(found) = table.parsed("after", read_after, "a number and a unit: \"1m\", \"10m\"") {
        push.after = found.value;
    }
    push.topic = table.parsed("topic", read_topic, "topic = \"letters, digits, - and _\"").map(|found| found.value);
    if (push.waiting || push.done) && !has_ntfy {
        table.mistake("[sessions] pushes over [ntfy], and there is none".to_owned(), "add [ntfy] with url and topic");
    }
    table.finish();
    push
}
