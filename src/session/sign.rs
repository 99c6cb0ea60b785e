//! A sign: what an agent's own hooks said of a session. No word of the session is in it.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// What is written to a transcript so soon after a sign belongs to what the sign told: an agent notes the end of its turn, and
/// what a hook of it said, when the hooks have run.
pub const AFTERTHOUGHT: SignedDuration = SignedDuration::from_secs(3);

/// What a hook may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// It began, or was taken up again.
    Started,
    /// It needs a person's leave for a call of a tool.
    AsksLeave,
    /// It needs a person's answer.
    AsksAnswer,
    /// The agent's turn has ended.
    Done,
    /// Nobody holds it open any more.
    Ended,
}

impl Word {
    pub const ALL: [Word; 5] = [Word::Started, Word::AsksLeave, Word::AsksAnswer, Word::Done, Word::Ended];

    /// Whether it is a person's turn.
    pub fn waits(self) -> bool {
        matches!(self, Word::AsksLeave | Word::AsksAnswer | Word::Done)
    }

    /// Whether the agent asked for that person.
    pub fn asks(self) -> bool {
        matches!(self, Word::AsksLeave | Word::AsksAnswer)
    }
}

/// The newest thing that hooks said of one session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sign {
    /// The session's id, as its agent gave it.
    pub session: String,
    pub word: Word,
    pub at: Timestamp,
    /// Where the agent says that it writes the session down.
    #[serde(default)]
    pub transcript: Option<PathBuf>,
    /// When that file was last written to, as the hook found it.
    #[serde(default)]
    pub written: Option<Timestamp>,
    /// Since when it has been the person's turn without a break.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// The person was told of this turn of theirs, or need not be.
    #[serde(default)]
    pub told: bool,
}

impl Sign {
    /// This sign, known what came before it. An agent says several things of one wait: that its turn ended, and after a
    /// minute that nobody answers. Where nothing was written in between, it is the same wait, and is told once.
    pub fn after(self, before: Option<&Sign>) -> Sign {
        let Some(before) = before else { return self.fresh() };
        if before.at > self.at {
            return before.clone();
        }
        let went_on = self.written.is_some_and(|written| written > before.at + AFTERTHOUGHT);
        match self.word.waits() && before.word.waits() && !went_on {
            true => {
                // A turn that ended was told as that; that it is waited for now is no news.
                let word = if self.word == Word::Done { before.word } else { self.word };
                Sign { word, since: before.since, told: before.told, ..self }
            }
            false => self.fresh(),
        }
    }

    fn fresh(self) -> Sign {
        let since = self.word.waits().then(|| self.since.unwrap_or(self.at));
        Sign { since, told: false, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Timestamp {
        format!("2026-11-16T{time}Z").parse().unwrap()
    }

    /// Signs as `time word written`, and of the last `word since told`, where `told` was set after the first.
    fn check(signs: &[(&str, Word, &str)], last: (Word, Option<&str>, bool)) {
        let mut known: Option<Sign> = None;
        for (time, word, written) in signs {
            let sign = Sign {
                session: "0b9d".to_owned(),
                word: *word,
                at: at(time),
                transcript: None,
                written: Some(at(written)),
                since: None,
                told: false,
            };
            let is_first = known.is_none();
            let mut next = sign.after(known.as_ref());
            next.told |= is_first;
            known = Some(next);
        }
        let known = known.unwrap();
        assert_eq!((known.word, known.since, known.told), (last.0, last.1.map(at), last.2), "{signs:?}");
    }

    #[test]
    fn one_wait_is_one_wait_however_often_it_is_said() {
        use Word::*;
        check(&[("10:00:00", Done, "10:00:00")], (Done, Some("10:00:00"), true));
        // A minute later the agent says that nobody answers.
        check(
            &[("10:00:00", Done, "10:00:00"), ("10:01:00", AsksAnswer, "10:00:02")],
            (AsksAnswer, Some("10:00:00"), true),
        );
        check(
            &[("10:00:00", AsksLeave, "09:59:59"), ("10:01:00", AsksAnswer, "09:59:59")],
            (AsksAnswer, Some("10:00:00"), true),
        );
        // Somebody answered in between.
        check(
            &[("10:00:00", AsksLeave, "09:59:59"), ("10:01:00", AsksLeave, "10:00:30")],
            (AsksLeave, Some("10:01:00"), false),
        );
        check(&[("10:00:00", Done, "10:00:00"), ("10:05:00", Ended, "10:00:01")], (Ended, None, false));
        check(&[("10:00:00", Ended, "10:00:00"), ("10:05:00", Started, "10:00:00")], (Started, None, false));
        // What comes late is older than what is known.
        check(&[("10:00:00", Done, "10:00:00"), ("09:00:00", AsksLeave, "09:00:00")], (Done, Some("10:00:00"), true));
    }
}
