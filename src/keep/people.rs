//! People: who left a list, and whose address refuses letters, in state/people.json. It lies beside the store, so that no
//! export that is restored mails somebody who has left. What people say while a run is at work waits in state/inbox/.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Keep, archive, private_folder, thumbs, whole};
use crate::item::short_hash;
use crate::standing::{Bounce, List, Standings};

/// Of people.json and of the files in the inbox; fields may be added under the same number.
const VERSION: u32 = 1;

/// How such a file in the inbox begins.
pub(super) const PREFIX: &str = "person-";

#[derive(Debug, Serialize, Deserialize)]
struct File {
    version: u32,
    people: Standings,
}

/// One file in the inbox.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    version: u32,
    address: String,
    list: List,
    leaves: bool,
    at: Timestamp,
}

/// Leaves word in the inbox of a home that a person leaves a list, or comes back to it. Needs no lock. A later word on the
/// same list replaces it.
///
/// # Errors
/// When the file can't be written.
pub fn leave_word(home: &Path, address: &str, list: List, leaves: bool, now: Timestamp) -> Result<()> {
    let state = home.join("state");
    private_folder(&state)?;
    let inbox = state.join("inbox");
    private_folder(&inbox)?;
    let address = address.to_lowercase();
    let path = inbox.join(name(&address, list));
    let write = || -> Result<()> {
        let mut file = tempfile::Builder::new().prefix(thumbs::UNFINISHED).tempfile_in(&inbox)?;
        serde_json::to_writer(&mut file, &Note { version: VERSION, address, list, leaves, at: now })?;
        file.write_all(b"\n")?;
        file.as_file().sync_all()?;
        file.persist(&path)?;
        archive::sync_folder(&inbox)
    };
    write().with_context(|| format!("writing {}; check the disk's free space", path.display()))
}

/// How people stand, with what still waits in the inbox. Needs no lock.
///
/// # Errors
/// When people.json can't be read.
pub fn standings(home: &Path) -> Result<Standings> {
    let state = home.join("state");
    let mut people = read(&state.join("people.json"))?;
    for (_, note) in notes(&state.join("inbox"))? {
        if let Ok(note) = note {
            people.entry(note.address).or_default().set(note.list, note.leaves);
        }
    }
    people.retain(|_, standing| !standing.is_plain());
    Ok(people)
}

impl Keep {
    /// How people stand. Whoever is not named gets everything.
    pub fn people(&self) -> &Standings {
        &self.people
    }

    /// Takes in what people said; returns how many words of theirs. What is none is set aside.
    pub fn take_people(&mut self) -> Result<usize> {
        let inbox = self.state().join("inbox");
        let mut taken = Vec::new();
        for (path, note) in notes(&inbox)? {
            match note {
                Ok(note) => {
                    self.people.entry(note.address).or_default().set(note.list, note.leaves);
                    taken.push(path);
                }
                Err(error) => thumbs::set_aside(&inbox, &path, &error),
            }
        }
        if taken.is_empty() {
            return Ok(0);
        }
        // On the disk before the words go.
        self.write_people()?;
        for path in &taken {
            fs::remove_file(path).with_context(|| format!("removing {}, which was taken in", path.display()))?;
        }
        Ok(taken.len())
    }

    /// Notes that an address refused a letter; true if it gets no more from now on.
    pub fn note_bounce(&mut self, address: &str, edition: &str, answer: &str, now: Timestamp) -> Result<bool> {
        let bounce = Bounce { edition: edition.to_owned(), at: now, answer: answer.to_owned() };
        let standing = self.people.entry(address.to_owned()).or_default();
        let before = standing.clone();
        let is_last = standing.bounced(bounce);
        if *standing != before {
            self.write_people()?;
        }
        Ok(is_last)
    }

    /// Notes that an address took a letter: what bounced before is over.
    pub fn note_taken(&mut self, address: &str) -> Result<()> {
        match self.people.get_mut(address) {
            Some(standing) if !standing.bounces.is_empty() && standing.suppressed.is_none() => {
                standing.bounces.clear();
                self.write_people()
            }
            _ => Ok(()),
        }
    }

    fn write_people(&mut self) -> Result<()> {
        self.people.retain(|_, standing| !standing.is_plain());
        let file = File { version: VERSION, people: self.people.clone() };
        let mut bytes = serde_json::to_vec_pretty(&file).context("writing how people stand as JSON")?;
        bytes.push(b'\n');
        whole::replace(&self.state().join("people.json"), &bytes, 0o600)?;
        archive::sync_folder(&self.state())
    }
}

/// What people.json says; a home in which nobody left anything has none.
pub(super) fn read(path: &Path) -> Result<Standings> {
    let doing = || {
        format!(
            "reading {}: it says who has left, and nothing is sent without it; put a copy in its place, or delete it, and \
             whoever left gets mail again",
            path.display()
        )
    };
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Standings::new()),
        Err(error) => return Err(error).with_context(doing),
    };
    let file: File = serde_json::from_slice(&bytes).with_context(doing)?;
    ensure!(file.version == VERSION, "{}: version {} (this program reads {VERSION})", path.display(), file.version);
    Ok(file.people)
}

fn name(address: &str, list: List) -> String {
    format!("{PREFIX}{}-{}.json", short_hash(Sha256::new_with_prefix(address)), list.word())
}

/// What waits in the inbox, in the order in which it was said.
fn notes(inbox: &Path) -> Result<Vec<(PathBuf, Result<Note>)>> {
    let paths = thumbs::files(inbox)?;
    let paths = paths.into_iter().filter(|path| is_word(path));
    let mut notes: Vec<(PathBuf, Result<Note>)> = paths.map(|path| (path.clone(), read_note(&path))).collect();
    notes.sort_by_key(|(_, note)| note.as_ref().ok().map(|note| note.at));
    Ok(notes)
}

/// Whether a file in the inbox is a person's word, and no thumb.
pub(super) fn is_word(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(PREFIX.as_bytes()))
}

fn read_note(path: &Path) -> Result<Note> {
    let note: Note = serde_json::from_slice(&thumbs::read_small(path)?)?;
    ensure!(note.version == VERSION, "it has version {} and this program reads {VERSION}", note.version);
    ensure!(path.ends_with(name(&note.address, note.list)), "its name is not that of its address and list");
    Ok(note)
}
