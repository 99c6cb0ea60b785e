//! A passage is what reading made of some whole lines of a transcript.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Facts, Spent, Turn};

/// Turns in the order of the file, what was spent by message, what is known, and what was met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage<T = String> {
    pub turns: Vec<Turn<T>>,
    pub spent: Vec<Spent<T>>,
    pub facts: Facts<T>,
    pub counts: Counts,
}

impl<T> Default for Passage<T> {
    fn default() -> Self {
        Passage { turns: Vec::new(), spent: Vec::new(), facts: Facts::default(), counts: Counts::default() }
    }
}

impl<T: Clone> Passage<T> {
    /// Changes every text that a person or a tool may have written: texts, folders, branches, titles. Settings that turns share
    /// are changed once and stay shared.
    pub fn map<U>(self, mut change: impl FnMut(T) -> U) -> Passage<U> {
        let mut known = HashMap::new();
        let mut setting = |setting: &Arc<super::Setting<T>>, change: &mut dyn FnMut(T) -> U| {
            let (_, changed) = known
                .entry(Arc::as_ptr(setting))
                // The old one is kept alive beside the new one: its address must not be given to another meanwhile.
                .or_insert_with(|| (Arc::clone(setting), Arc::new(setting.map(&mut |text| change(text)))));
            Arc::clone(changed)
        };
        let mut turns = Vec::with_capacity(self.turns.len());
        for turn in self.turns {
            turns.push(Turn {
                line: turn.line,
                part: turn.part,
                role: turn.role,
                tool: turn.tool,
                setting: setting(&turn.setting, &mut change),
                text: change(turn.text),
                at: turn.at,
                uuid: turn.uuid,
                is_error: turn.is_error,
                subagent: turn.subagent,
                apart: turn.apart,
            });
        }
        let mut spent = Vec::with_capacity(self.spent.len());
        for one in self.spent {
            spent.push(Spent {
                message: one.message,
                line: one.line,
                setting: setting(&one.setting, &mut change),
                at: one.at,
                subagent: one.subagent,
                input: one.input,
                output: one.output,
                cache_write_5m: one.cache_write_5m,
                cache_write_1h: one.cache_write_1h,
                cache_read: one.cache_read,
            });
        }
        Passage { turns, spent, facts: self.facts.map(&mut change), counts: self.counts }
    }
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trouble {
    /// It breaks off, as after a crash or a full disk.
    Half,
    /// Bytes that are not UTF-8; what else it says was read.
    Utf8,
    /// NUL bytes, as a power failure leaves them; what else it says was read.
    Nul,
    NotJson,
    /// JSON, but no object.
    NotAnObject,
    /// Reading itself failed on it, which is our mistake.
    Unreadable,
}

impl Trouble {
    /// As people read it.
    pub fn words(self) -> &'static str {
        match self {
            Trouble::Half => "breaks off",
            Trouble::Utf8 => "bytes that are not UTF-8",
            Trouble::Nul => "NUL bytes",
            Trouble::NotJson => "not JSON",
            Trouble::NotAnObject => "not a JSON object",
            Trouble::Unreadable => "cannot be read",
        }
    }
}

/// A line that is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Damage {
    /// Of the file, from 1.
    pub line: u64,
    pub trouble: Trouble,
}

/// What was met while reading.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub lines: u64,
    /// Records by type, `attachment/file` where there are kinds.
    pub records: BTreeMap<String, u64>,
    /// Types that we do not know, alike; they are in `records` as well. Kinds of blocks inside a record stand here only.
    pub unknown: BTreeMap<String, u64>,
    pub damaged: Vec<Damage>,
    /// Damaged lines beyond those listed.
    pub more_damaged: u64,
    /// Records left out because the file has them twice.
    pub repeated: u64,
    /// Images, documents and other data that were named instead of read, and their encoded size.
    pub data: u64,
    pub data_bytes: u64,
}

impl Counts {
    /// Kinds of records that are told apart; a broken program must not fill the memory with names.
    pub const MOST_KINDS: usize = 200;

    /// Damaged lines that are listed one by one.
    pub const MOST_DAMAGED: usize = 1000;

    pub fn record(&mut self, kind: &str) {
        count(&mut self.records, kind, 1);
    }

    pub fn is_unknown(&mut self, kind: &str) {
        count(&mut self.unknown, kind, 1);
    }

    pub fn damage(&mut self, line: u64, trouble: Trouble) {
        match self.damaged.len() < Counts::MOST_DAMAGED {
            true => self.damaged.push(Damage { line, trouble }),
            false => self.more_damaged += 1,
        }
    }

    /// Takes in what was met in other lines.
    pub fn merge(&mut self, other: Counts) {
        self.lines += other.lines;
        for (kind, times) in other.records {
            count(&mut self.records, &kind, times);
        }
        for (kind, times) in other.unknown {
            count(&mut self.unknown, &kind, times);
        }
        for damage in other.damaged {
            self.damage(damage.line, damage.trouble);
        }
        self.more_damaged += other.more_damaged;
        self.repeated += other.repeated;
        self.data += other.data;
        self.data_bytes += other.data_bytes;
    }
}

fn count(kinds: &mut BTreeMap<String, u64>, kind: &str, times: u64) {
    if let Some(before) = kinds.get_mut(kind) {
        *before += times;
        return;
    }
    let kind = match kinds.len() < Counts::MOST_KINDS {
        true => kind.chars().filter(|letter| !letter.is_control()).take(80).collect(),
        false => "others".to_owned(),
    };
    *kinds.entry(kind).or_default() += times;
}
