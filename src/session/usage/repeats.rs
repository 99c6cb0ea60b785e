//! Repeats are answers that stand in several transcripts, as forks and resumed sessions copy them; each counts once.
//!
//! Two walks over all answers, so that memory grows by eight bytes for an answer and by more only for a copied one.

use std::collections::BTreeMap;

use super::Answer;

/// The first walk: which messages come again.
#[derive(Debug, Default)]
pub struct Repeats {
    all: Vec<u64>,
}

impl Repeats {
    pub fn note(&mut self, message: u64) {
        self.all.push(message);
    }

    pub fn finish(mut self) -> Joined {
        self.all.sort_unstable();
        let repeated = self.all.chunk_by(|one, next| one == next).filter(|same| same.len() > 1);
        Joined { copies: repeated.map(|same| (same[0], None)).collect() }
    }
}

/// The second walk: each answer once, with the largest of each figure.
#[derive(Debug, Clone)]
pub struct Joined {
    copies: BTreeMap<u64, Option<Answer>>,
}

impl Joined {
    /// An answer that stands nowhere else is given back; copies wait for [`Joined::rest`].
    pub fn pass(&mut self, answer: Answer) -> Option<Answer> {
        let Some(known) = self.copies.get_mut(&answer.message) else { return Some(answer) };
        *known = Some(match known.take() {
            Some(before) => before.join(answer),
            None => answer,
        });
        None
    }

    /// What was copied, once each.
    pub fn rest(self) -> impl Iterator<Item = Answer> {
        self.copies.into_values().flatten()
    }
}
