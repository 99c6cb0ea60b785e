//! Restoring makes the store anew from an export, and lets told.jsonl and the archive add what they know better.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use tracing::warn;

use super::archive::{self, Archive, Longer};
use super::lock::Lock;
use super::store::{BATCH, Changes, Store};
use super::{Keep, OpenError, export, judgements, letters, notes, private_folder, told};
use crate::edition::{Letter, LetterState, Reader, message_hash};

/// The new store's folder until it is whole.
const UNFINISHED: &str = "store.restoring";

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Restored {
    /// The export it was made from.
    pub from: PathBuf,
    /// When that was written: what was kept later comes back as far as the feeds still have it.
    pub at: Timestamp,
    /// Values in it.
    pub values: usize,
    /// Where the store lies that was there before; None if there was none.
    pub aside: Option<PathBuf>,
    /// Newer exports that could not be read, and why.
    pub passed_over: Vec<String>,
    /// Letters that only told.jsonl and the outbox knew, and that still wait.
    pub letters: usize,
}

impl Keep {
    /// Makes the store anew from an export (the newest that can be read, unless named) and opens the home. The store that
    /// was there is moved aside once the new one is whole.
    pub fn restore(home: &Path, from: Option<&Path>, now: Timestamp) -> Result<(Keep, Restored), OpenError> {
        let state = home.join("state");
        private_folder(&state)?;
        let lock = Lock::take(&state.join("lock"), "tidings restore", now)?;
        let exports = match from {
            Some(path) => vec![path.to_path_buf()],
            None => export::by_age(&state.join("exports"), now)?,
        };
        if exports.is_empty() {
            return Err(OpenError::Other(anyhow!(
                "there is no export in {}: no run of this home has ended well. Move {} away and run again: the sources are \
                 read anew as a baseline, ids stay the same, and told.jsonl still knows what was told",
                state.join("exports").display(),
                state.join("store").display()
            )));
        }
        let mut passed_over = Vec::new();
        let mut restored = None;
        for path in &exports {
            match load(&state, path) {
                Ok((at, values, letters)) => {
                    restored = Some(Restored {
                        from: path.clone(),
                        at,
                        values,
                        aside: None,
                        passed_over: Vec::new(),
                        letters,
                    });
                    break;
                }
                Err(error) => {
                    warn!("{error:#}");
                    passed_over.push(format!("{error:#}"));
                }
            }
        }
        let Some(mut restored) = restored else {
            return Err(OpenError::Other(anyhow!(
                "no export can be restored, and nothing was changed: {}",
                passed_over.join("; ")
            )));
        };
        restored.passed_over = passed_over;
        restored.aside = put_in_place(&state, now)?;
        Ok((Keep::open_locked(home, lock, now)?, restored))
    }
}

/// Whether a restore was stopped between taking the old store away and putting the new one in its place.
pub(super) fn was_interrupted(state: &Path) -> bool {
    !state.join("store").exists() && state.join(UNFINISHED).exists()
}

/// Makes a whole store beside the present one; returns the export's time, its values and the letters that were found.
fn load(state: &Path, path: &Path) -> Result<(Timestamp, usize, usize)> {
    let folder = state.join(UNFINISHED);
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("removing {}, left by a stopped restore", folder.display()))?;
    }
    let store = Store::open(&folder)?;
    let mut changes = Changes::default();
    let mut values = 0;
    let header = export::read(path, |key, value| {
        changes.put_bytes(&key, value);
        values += 1;
        if changes.len() >= BATCH {
            store.commit(std::mem::take(&mut changes))?;
        }
        Ok(())
    })?;
    store.commit(changes)?;

    let mut changes = Changes::default();
    // Texts appended since the export are found by the items that are read again; no place of theirs is given twice.
    Archive::open(&state.join("archive"), archive::recorded(&store)?, Longer::Adopt)?.record_lengths(&mut changes);
    let told = told::letters(&state.join("told.jsonl"))?;
    for (edition, at) in &told.editions {
        let key = notes::closed_key(edition);
        if edition.starts_with("digest/") && !store.has(&key)? {
            changes.put(&key, at);
        }
    }
    for known in &told.letters {
        // Of an edition that the export did not know as closed: what it told is no longer untold.
        if known.line.edition.starts_with("digest/") && !store.has(&notes::closed_key(&known.line.edition))? {
            known.line.stories.iter().for_each(|story| changes.remove(&judgements::untold_key(story)));
        }
    }
    store.commit(changes)?;
    let letters = adopt_letters(&store, told, &state.join("outbox"))?;
    store.seal()?;
    drop(store);
    Ok((header.at, values, letters))
}

/// Puts letters into the store that were queued after the export: told.jsonl names them, and their bytes wait.
fn adopt_letters(store: &Store, told: told::Known, outbox: &Path) -> Result<usize> {
    private_folder(outbox)?;
    let doing = || format!("listing {}", outbox.display());
    let mut files = BTreeSet::new();
    for entry in fs::read_dir(outbox).with_context(doing)? {
        files.extend(entry.with_context(doing)?.file_name().into_string());
    }
    let mut waiting = 0;
    for chunk in told.letters.chunks(BATCH) {
        let mut changes = Changes::default();
        for known in chunk {
            let key = letters::letter_key(&known.line.key);
            let stem = message_hash(&known.line.key);
            let file = files.range(stem.clone()..).next().filter(|file| file.starts_with(&stem));
            let Some(file) = file.filter(|_| !known.is_sent()) else { continue };
            if store.has(&key)? {
                continue;
            }
            let letter = Letter {
                key: known.line.key.clone(),
                edition: known.line.edition.clone(),
                reader: Reader {
                    channel: known.line.channel,
                    address: known.line.reader.clone(),
                    // It stands in the letter's bytes; only those are sent.
                    name: String::new(),
                },
                message_id: known.line.message_id.clone(),
                stories: known.line.stories.clone(),
                file: file.clone(),
                state: known.state(),
                tries: known.tries,
                next_try: known.line.at,
                answer: None,
                reason: known.line.reason.clone(),
            };
            waiting += usize::from(letter.state != LetterState::Dead);
            changes.put(&key, &letter);
        }
        store.commit(changes)?;
    }
    Ok(waiting)
}

/// Moves the old store aside and the new one in its place.
fn put_in_place(state: &Path, now: Timestamp) -> Result<Option<PathBuf>> {
    let (store, unfinished) = (state.join("store"), state.join(UNFINISHED));
    super::store::await_last_handle(&unfinished)?;
    let mut aside = None;
    if store.exists() {
        let stem = format!("store.bad-{}", now.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ"));
        let names = std::iter::once(stem.clone()).chain((2..).map(|number| format!("{stem}-{number}")));
        let target = names.map(|name| state.join(name)).find(|path| !path.exists()).unwrap_or_default();
        fs::rename(&store, &target).with_context(|| format!("moving the damaged store to {}", target.display()))?;
        aside = Some(target);
    }
    fs::rename(&unfinished, &store).with_context(|| format!("putting the new store at {}", store.display()))?;
    archive::sync_folder(state)?;
    Ok(aside)
}
