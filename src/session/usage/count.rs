//! A count is answers summed by day, project, model, branch or session, and apart for each person.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::super::project_of;
use super::{By, Cost, PriceList, Tokens};

/// One answer of a model, and what it counts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Hash of the message's id.
    pub message: u64,
    /// Place in a list of sessions in which originals stand before their forks. A subagent's is its parent's.
    pub session: u32,
    /// Place in a list of people.
    pub owner: u32,
    pub at: Option<Timestamp>,
    pub model: Option<Arc<str>>,
    pub branch: Option<Arc<str>>,
    pub cwd: Option<Arc<str>>,
    pub tokens: Tokens,
}

impl Answer {
    /// Another copy of the same answer: the largest of each figure, counted where it stood first.
    #[must_use]
    pub fn join(self, other: Answer) -> Answer {
        let tokens = self.tokens.max(other.tokens);
        let order = |answer: &Answer| (answer.at.is_none(), answer.at, answer.session);
        let mut first = if order(&self) <= order(&other) { self } else { other };
        first.tokens = tokens;
        first
    }
}

/// From when and until when answers count; where one is given, an answer without a time does not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Window {
    /// The first that counts.
    pub since: Option<Timestamp>,
    /// The first that no longer counts.
    pub until: Option<Timestamp>,
}

impl Window {
    pub fn is_open(&self) -> bool {
        self.since.is_none() && self.until.is_none()
    }

    pub fn holds(&self, at: Option<Timestamp>) -> bool {
        match at {
            Some(at) => self.since.is_none_or(|since| since <= at) && self.until.is_none_or(|until| at < until),
            None => self.is_open(),
        }
    }
}

/// What a sum is of. None in it: the transcript does not say.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    Day(Option<Date>),
    Project(Option<Arc<str>>),
    Model(Option<Arc<str>>),
    Branch {
        project: Option<Arc<str>>,
        branch: Option<Arc<str>>,
    },
    /// Its place in the list of sessions.
    Session(u32),
    /// Since 1970, UTC: a block of five hours begins with one.
    Hour(Option<i64>),
}

impl Key {
    fn of(by: By, answer: &Answer, zone: &TimeZone) -> Key {
        let project = || answer.cwd.as_deref().map(|cwd| Arc::from(project_of(cwd)));
        match by {
            By::Day => Key::Day(answer.at.map(|at| zone.to_datetime(at).date())),
            By::Project => Key::Project(project()),
            By::Model => Key::Model(answer.model.clone()),
            By::Branch => Key::Branch { project: project(), branch: answer.branch.clone() },
            By::Session => Key::Session(answer.session),
            By::Block => Key::Hour(answer.at.map(|at| at.as_second().div_euclid(3_600))),
        }
    }
}

/// Tokens by model, since each has its price.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sum {
    pub answers: u64,
    /// Smallest and largest time of an answer.
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
    models: BTreeMap<Option<Arc<str>>, Tokens>,
}

impl Sum {
    fn add(&mut self, answer: &Answer) {
        self.answers += 1;
        self.happened(answer.at, answer.at);
        match self.models.get_mut(&answer.model) {
            Some(tokens) => *tokens += answer.tokens,
            None => {
                self.models.insert(answer.model.clone(), answer.tokens);
            }
        }
    }

    pub fn merge(&mut self, other: &Sum) {
        self.answers += other.answers;
        self.happened(other.first, other.last);
        for (model, tokens) in &other.models {
            *self.models.entry(model.clone()).or_default() += *tokens;
        }
    }

    fn happened(&mut self, first: Option<Timestamp>, last: Option<Timestamp>) {
        self.first = self.first.into_iter().chain(first).min();
        self.last = self.last.into_iter().chain(last).max();
    }

    pub fn tokens(&self) -> Tokens {
        let mut sum = Tokens::default();
        for tokens in self.models.values() {
            sum += *tokens;
        }
        sum
    }

    pub fn cost(&self, prices: &PriceList) -> Cost {
        Cost::of(self.models.iter().map(|(model, tokens)| {
            let price = model.as_deref().and_then(|model| prices.of(model));
            price.map_or((tokens.all() == 0).then_some(0), |(_, price)| price.of(tokens))
        }))
    }

    /// Models that have tokens without a price; `?` is one that has no name.
    pub fn unpriced(&self, prices: &PriceList) -> BTreeSet<Arc<str>> {
        let lacks = |model: Option<&str>, tokens: &Tokens| {
            let price = model.and_then(|model| prices.of(model));
            price.map_or(tokens.all() > 0, |(_, price)| price.of(tokens).is_none())
        };
        let lacking = self.models.iter().filter(|(model, tokens)| lacks(model.as_deref(), tokens));
        lacking.map(|(model, _)| model.clone().unwrap_or_else(|| "?".into())).collect()
    }
}

/// What each person has of one group.
pub type Cell = BTreeMap<u32, Sum>;

/// A group and what it sums up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub key: Key,
    pub sum: Sum,
}

/// Answers of one window, by group and person.
#[derive(Debug)]
pub struct Count {
    by: By,
    zone: TimeZone,
    window: Window,
    cells: BTreeMap<Key, Cell>,
    /// Answers that were left out because it is not known when they were given.
    pub undated: u64,
}

impl Count {
    pub fn new(by: By, zone: TimeZone, window: Window) -> Count {
        Count { by, zone, window, cells: BTreeMap::new(), undated: 0 }
    }

    pub fn take(&mut self, answer: &Answer) {
        if !self.window.holds(answer.at) {
            self.undated += u64::from(answer.at.is_none());
            return;
        }
        let key = Key::of(self.by, answer, &self.zone);
        self.cells.entry(key).or_default().entry(answer.owner).or_default().add(answer);
    }

    /// By group; the people are told apart no more.
    pub fn into_rows(self) -> Vec<Row> {
        self.cells.into_iter().map(|(key, cell)| Row { key, sum: merged(&cell) }).collect()
    }

    pub fn into_cells(self) -> BTreeMap<Key, Cell> {
        self.cells
    }
}

pub(super) fn merged<'s>(cell: impl IntoIterator<Item = (&'s u32, &'s Sum)>) -> Sum {
    let mut sum = Sum::default();
    for (_, one) in cell {
        sum.merge(one);
    }
    sum
}
