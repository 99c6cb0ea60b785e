//! Spending: state/spending.jsonl says what each paid call may cost and did cost, on the disk before the call is made.
//!
//! It is append-only like told.jsonl, and for the same reason: a store that is made anew from an older export must not
//! forget what the month has cost.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::Keep;

/// The shape of a line; fields may be added under the same number.
const VERSION: u32 = 1;

/// One line: money put aside, or what became of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Line {
    version: u32,
    at: Timestamp,
    call: u64,
    #[serde(flatten)]
    entry: Entry,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Entry {
    Reserved {
        /// `2026-11`, in UTC.
        month: String,
        /// The name that the routes have for it.
        payer: String,
        model: String,
        /// Millionths of a dollar.
        most: u64,
        /// The month's limit at the time.
        limit: u64,
    },
    Settled {
        cost: u64,
    },
}

/// What one model has cost in a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// `2026-11`, in UTC.
    pub month: String,
    /// `claude`, or an endpoint's name.
    pub payer: String,
    /// The model that was asked last.
    pub model: String,
    /// Millionths of a dollar, with what is put aside for calls of which nobody knows what they cost.
    pub spent: u64,
    /// The month's limit at the last call.
    pub limit: u64,
    pub calls: u64,
}

/// The file, and what it says.
pub struct Spending {
    path: PathBuf,
    book: Mutex<Book>,
}

#[derive(Default)]
struct Book {
    /// Opened for the first call.
    file: Option<File>,
    /// By month and payer.
    spent: BTreeMap<(String, String), Spent>,
    /// What is put aside, by the call's number.
    open: BTreeMap<u64, (String, String, u64)>,
    last: u64,
    /// The file ends in the middle of a line.
    torn: bool,
}

impl Book {
    fn note(&mut self, line: Line) {
        self.last = self.last.max(line.call);
        match line.entry {
            Entry::Reserved { month, payer, model, most, limit } => {
                let spent = self.spent.entry((month.clone(), payer.clone())).or_insert_with(|| Spent {
                    month: month.clone(),
                    payer: payer.clone(),
                    model: String::new(),
                    spent: 0,
                    limit,
                    calls: 0,
                });
                (spent.model, spent.limit) = (model, limit);
                spent.spent = spent.spent.saturating_add(most);
                spent.calls += 1;
                self.open.insert(line.call, (month, payer, most));
            }
            Entry::Settled { cost } => {
                if let Some((month, payer, most)) = self.open.remove(&line.call)
                    && let Some(spent) = self.spent.get_mut(&(month, payer))
                {
                    spent.spent = spent.spent.saturating_sub(most).saturating_add(cost);
                }
            }
        }
    }
}

impl Spending {
    pub(super) fn open(path: &Path) -> Result<Spending> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                return Err(error).with_context(|| {
                    format!("reading {}: it says what the month has cost; check who owns it", path.display())
                });
            }
        };
        let mut book = Book { torn: bytes.last().is_some_and(|byte| *byte != b'\n'), ..Book::default() };
        for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
            match serde_json::from_slice(line) {
                Ok(line) => book.note(line),
                // A torn one ends before its call was made, or leaves what was put aside for it.
                Err(error) => warn!("{} line {}: not understood ({error}); passed over", path.display(), number + 1),
            }
        }
        Ok(Spending { path: path.to_path_buf(), book: Mutex::new(book) })
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends a line; on return it is on the disk.
    fn append(&self, book: &mut Book, line: Line) -> Result<()> {
        let doing = || format!("writing to {}; check the disk's free space", self.path.display());
        let mut text = serde_json::to_string(&line).context("writing what a call costs")?;
        text.push('\n');
        if book.torn {
            text.insert(0, '\n');
        }
        let file = match &mut book.file {
            Some(file) => file,
            None => {
                let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path);
                let file = file.with_context(doing)?;
                if let Some(folder) = self.path.parent() {
                    super::archive::sync_folder(folder)?;
                }
                book.file.insert(file)
            }
        };
        book.torn = true;
        file.write_all(text.as_bytes()).with_context(doing)?;
        book.torn = false;
        file.sync_data().with_context(doing)?;
        book.note(line);
        Ok(())
    }

    /// Puts aside the most that a call can cost, in millionths of a dollar, if the month's `limit` allows it; returns the
    /// call's number, or None where the limit does not. It counts as spent until [`Spending::settle`], also after a kill.
    pub fn reserve(&self, payer: &str, model: &str, most: u64, limit: u64, now: Timestamp) -> Result<Option<u64>> {
        let month = month(now);
        let mut book = self.book();
        let spent = book.spent.get(&(month.clone(), payer.to_owned())).map_or(0, |spent| spent.spent);
        if spent.saturating_add(most) > limit {
            return Ok(None);
        }
        let call = book.last + 1;
        let entry = Entry::Reserved { month, payer: payer.to_owned(), model: model.to_owned(), most, limit };
        self.append(&mut book, Line { version: VERSION, at: now, call, entry })?;
        Ok(Some(call))
    }

    /// What a call really cost, in place of what was put aside for it.
    pub fn settle(&self, call: u64, cost: u64, now: Timestamp) -> Result<()> {
        let mut book = self.book();
        self.append(&mut book, Line { version: VERSION, at: now, call, entry: Entry::Settled { cost } })
    }
}

impl Keep {
    /// Where money is put aside and accounted for; it may be held while other things are kept.
    pub fn spending(&self) -> Arc<Spending> {
        Arc::clone(&self.spending)
    }

    /// What the month of `now` has cost so far, by the name of the payer.
    pub fn spent(&self, now: Timestamp) -> Vec<Spent> {
        let month = month(now);
        self.spending.book().spent.values().filter(|spent| spent.month == month).cloned().collect()
    }
}

fn month(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m").to_string()
}
