//! Thumbs: what people thought of items. They give one at any time, as a small file in state/inbox/; the next holder of the
//! home takes it into the store, from where it is exported and restored with everything else.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::store::Changes;
use super::{Keep, hooks, lessons, people, private_folder};
use crate::item::ItemId;
use crate::thumb::Thumb;

const THUMB: &[u8] = b"thumb/";

/// Of a file in the inbox; fields may be added under the same number.
const VERSION: u32 = 1;

/// Where files go that hold nothing we understand, so that a person can look at them.
const ASIDE: &str = "aside";

/// How the name of a file begins that is just being written.
pub(super) const UNFINISHED: &str = ".thumb-";

/// Of a file in the inbox, in bytes; ours have about a hundred.
const MAX_BYTES: u64 = 10_000;

/// Of an item's text that a thumb keeps, in bytes: learning needs its words, not all of a changelog.
const MAX_TEXT_BYTES: usize = 8_000;

/// One file in the inbox.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    version: u32,
    item: ItemId,
    /// Up, down, or (None) taken back.
    up: Option<bool>,
    at: Timestamp,
}

/// What lies in the inbox.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Inbox {
    /// Thumbs that the next run takes in.
    pub waiting: usize,
    /// Words of people who leave a list, or come back to it, that the next run takes in.
    pub people_waiting: usize,
    /// Wishes about lessons that the next run takes in.
    pub wishes_waiting: usize,
    /// Files that were set aside because they hold nothing we understand, by name.
    pub aside: Vec<String>,
}

/// Leaves a thumb on an item (None takes it back) in the inbox of a home. Needs no lock. A later one on the same item
/// replaces it.
///
/// # Errors
/// When the file can't be written.
pub fn leave_thumb(home: &Path, item: &ItemId, up: Option<bool>, now: Timestamp) -> Result<()> {
    let state = home.join("state");
    private_folder(&state)?;
    let inbox = state.join("inbox");
    private_folder(&inbox)?;
    let path = inbox.join(format!("thumb-{item}.json"));
    let write = || -> Result<()> {
        // Several people may do so at once, so the unfinished file has a name of its own; 0600 is how it is made.
        let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&inbox)?;
        serde_json::to_writer(&mut file, &Note { version: VERSION, item: item.clone(), up, at: now })?;
        file.write_all(b"\n")?;
        file.as_file().sync_all()?;
        file.persist(&path)?;
        super::archive::sync_folder(&inbox)
    };
    write().with_context(|| format!("writing {}; check the disk's free space", path.display()))
}

/// What lies in the inbox of a home. Needs no lock.
pub fn inbox(home: &Path) -> Result<Inbox> {
    let folder = home.join("state/inbox");
    let (people, others): (Vec<_>, Vec<_>) = files(&folder)?.into_iter().partition(|path| people::is_word(path));
    let (wishes, others): (Vec<_>, Vec<_>) = others.into_iter().partition(|path| lessons::is_wish(path));
    // What hooks said is no person's word, and nobody waits for it to count.
    let thumbs: Vec<_> = others.into_iter().filter(|path| !hooks::is_sign(path)).collect();
    let aside = files(&folder.join(ASIDE))?;
    let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (people_waiting, wishes_waiting) = (people.len(), wishes.len());
    Ok(Inbox { waiting: thumbs.len(), people_waiting, wishes_waiting, aside: aside.iter().map(name).collect() })
}

impl Keep {
    /// Takes the thumbs in the inbox into the store; returns how many. One on an item that is not known (the store is older
    /// than the thumb) waits on. What is no thumb is set aside.
    pub fn take_thumbs(&mut self) -> Result<usize> {
        let inbox = self.state().join("inbox");
        let mut changes = Changes::default();
        let mut taken = Vec::new();
        let is_other = |path: &PathBuf| people::is_word(path) || lessons::is_wish(path) || hooks::is_sign(path);
        for path in files(&inbox)?.into_iter().filter(|path| !is_other(path)) {
            let note = match read_note(&path) {
                Ok(note) => note,
                Err(error) => {
                    set_aside(&inbox, &path, &error);
                    continue;
                }
            };
            let Some(item) = self.item(&note.item)? else { continue };
            match note.up {
                Some(up) => {
                    let text = self.text_or_nothing(&item);
                    let text = text[..text.floor_char_boundary(MAX_TEXT_BYTES)].to_owned();
                    changes.put(&thumb_key(&note.item), &Thumb { item, text, up, at: note.at });
                }
                None => changes.remove(&thumb_key(&note.item)),
            }
            taken.push(path);
        }
        if taken.is_empty() {
            return Ok(0);
        }
        self.store.commit(changes)?;
        // Deleting the files can't be undone.
        self.store.checkpoint()?;
        for path in &taken {
            fs::remove_file(path).with_context(|| format!("removing {}, which was taken in", path.display()))?;
        }
        Ok(taken.len())
    }

    /// All thumbs, the oldest first.
    pub fn thumbs(&self) -> Result<Vec<Thumb>> {
        let mut thumbs: Vec<Thumb> = self.store.scan(THUMB).map(|pair| Ok(pair?.1)).collect::<Result<_>>()?;
        thumbs.sort_by(|one, other| (one.at, &one.item.id).cmp(&(other.at, &other.item.id)));
        Ok(thumbs)
    }
}

fn thumb_key(item: &ItemId) -> Vec<u8> {
    [THUMB, item.0.as_bytes()].concat()
}

/// Everything in a folder but its subfolder for what was set aside and what is just being written, by name.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let doing = || format!("listing {}; check who owns it", folder.display());
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(doing),
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.with_context(doing)?;
        let name = entry.file_name();
        if name != ASIDE && !name.as_encoded_bytes().starts_with(UNFINISHED.as_bytes()) {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

fn read_note(path: &Path) -> Result<Note> {
    let note: Note = serde_json::from_slice(&read_small(path)?)?;
    anyhow::ensure!(note.version == VERSION, "it has version {} and this program reads {VERSION}", note.version);
    let name = format!("thumb-{}.json", note.item);
    anyhow::ensure!(path.file_name().is_some_and(|there| *there == *name), "its name is not {name}");
    Ok(note)
}

/// A file in the inbox that is as small as ours are.
pub(super) fn read_small(path: &Path) -> Result<Vec<u8>> {
    let metadata = fs::symlink_metadata(path)?;
    anyhow::ensure!(metadata.is_file(), "it is no file");
    anyhow::ensure!(metadata.len() <= MAX_BYTES, "it has more than {MAX_BYTES} bytes");
    Ok(fs::read(path)?)
}

/// Never fatal: what cannot even be moved stays, and is looked at again.
pub(super) fn set_aside(inbox: &Path, path: &Path, error: &anyhow::Error) {
    let aside = inbox.join(ASIDE);
    let moved = private_folder(&aside)
        .and_then(|()| Ok(fs::rename(path, aside.join(path.file_name().unwrap_or_default()))?))
        .map_or_else(|trouble| format!("and it can't be moved ({trouble:#})"), |()| "moved to inbox/aside".to_owned());
    warn!("{} is nothing of ours ({error:#}); {moved}", path.display());
}
