//! Hooks: what agents' hooks said of their sessions. A hook leaves a small file in state/inbox/ and is gone; the next holder
//! takes it into state/signs.json, which anybody of this home may read. Neither has a word of a session.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tracing::warn;

use super::{Keep, private_folder, thumbs, whole};
use crate::item::short_hash;
use crate::session::sign::Sign;
use crate::session::{Agent, SessionId};

/// Of signs.json and of the files in the inbox; fields may be added under the same number.
const VERSION: u32 = 1;

/// How such a file in the inbox begins.
const PREFIX: &str = "hook-";

/// Signs older than this say nothing any more of a session that may be at work.
const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The newest sign of each session, by its id.
pub type Signs = BTreeMap<String, Sign>;

/// One file in the inbox.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    version: u32,
    #[serde(flatten)]
    sign: Sign,
}

/// state/signs.json: the signs, and what is to be told of them.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct File {
    version: u32,
    signs: Signs,
    /// Messages that were begun: written down together with which signs they tell of, so that a run that is stopped between
    /// the two sends neither two of them nor none.
    #[serde(default)]
    pushes: Vec<Push>,
}

/// One message about sessions that wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Push {
    /// Names the message: derived from the sessions and since when they wait.
    pub name: String,
    pub at: Timestamp,
    pub signs: Vec<Sign>,
}

/// Leaves what a hook said in the inbox of a home. Needs no lock; a later word of the same session replaces it. It is not
/// waited for until it is on the disk: an agent waits for its hooks, and what a power loss takes of them the transcript shows.
///
/// # Errors
/// When the file can't be written.
pub fn leave_sign(home: &Path, sign: Sign) -> Result<()> {
    let state = home.join("state");
    private_folder(&state)?;
    let inbox = state.join("inbox");
    private_folder(&inbox)?;
    let path = inbox.join(name(&sign.session));
    let write = || -> Result<()> {
        // What was said a moment ago of the same session may be all that tells since when it waits.
        let sign = match read_note(&path) {
            Ok(before) => sign.after(Some(&before)),
            Err(_) => sign,
        };
        let mut file = tempfile::Builder::new().prefix(thumbs::UNFINISHED).tempfile_in(&inbox)?;
        serde_json::to_writer(&mut file, &Note { version: VERSION, sign })?;
        file.write_all(b"\n")?;
        file.persist(&path)?;
        Ok(())
    };
    write().with_context(|| format!("writing {}; check the disk's free space", path.display()))
}

/// Makes the inbox of a home, so that it can be watched.
///
/// # Errors
/// When it can't be made.
pub fn make_inbox(home: &Path) -> Result<PathBuf> {
    let inbox = home.join("state/inbox");
    private_folder(&home.join("state"))?;
    private_folder(&inbox)?;
    Ok(inbox)
}

/// The newest sign of each session, those that wait in the inbox included. Needs no lock.
///
/// # Errors
/// When the inbox can't be listed.
pub fn signs(home: &Path) -> Result<Signs> {
    let state = home.join("state");
    let mut signs = read(&state.join("signs.json")).signs;
    for path in notes(&state.join("inbox"))? {
        if let Ok(sign) = read_note(&path) {
            let sign = sign.clone().after(signs.get(&sign.session));
            signs.insert(sign.session.clone(), sign);
        }
    }
    Ok(signs)
}

impl Keep {
    /// Takes in what hooks said; returns the signs that are new. What is none is set aside; of sessions that were
    /// forgotten nothing is kept.
    pub fn take_signs(&mut self, now: Timestamp) -> Result<Vec<Sign>> {
        let inbox = self.state().join("inbox");
        let paths = notes(&inbox)?;
        let path = self.state().join("signs.json");
        let before = read(&path);
        let mut file = File { version: VERSION, signs: before.signs.clone(), pushes: before.pushes.clone() };
        // What a clock wrote that was ahead must not outlast what is true now.
        file.signs.values_mut().for_each(|sign| sign.at = sign.at.min(now));
        let (mut taken, mut fresh) = (Vec::new(), Vec::new());
        for path in paths {
            match read_note(&path) {
                Ok(sign) => {
                    let sign = sign.clone().after(file.signs.get(&sign.session));
                    file.signs.insert(sign.session.clone(), sign.clone());
                    fresh.push(sign);
                    taken.push(path);
                }
                Err(error) => thumbs::set_aside(&inbox, &path, &error),
            }
        }
        file.signs.retain(|native, sign| {
            let session = SessionId { agent: Agent::ClaudeCode, native: native.clone() };
            now.duration_since(sign.at) < LONGEST && !self.is_forgotten(&session, None)
        });
        fresh.retain(|sign| file.signs.contains_key(&sign.session));
        if file.signs != before.signs {
            self.write_signs(&file)?;
        }
        for path in &taken {
            fs::remove_file(path).with_context(|| format!("removing {}, which was taken in", path.display()))?;
        }
        Ok(fresh)
    }

    /// The newest sign of each session, as far as they were taken in.
    pub fn known_signs(&self) -> Signs {
        read(&self.state().join("signs.json")).signs
    }

    /// Begins one message about these signs: on return it is on the disk, and the signs count as told.
    pub fn begin_push(&mut self, push: Option<Push>, over: &[Sign]) -> Result<()> {
        let mut file = read(&self.state().join("signs.json"));
        for told in push.iter().flat_map(|push| &push.signs).chain(over) {
            if let Some(sign) = file.signs.get_mut(&told.session).filter(|sign| sign.since == told.since) {
                sign.told = true;
            }
        }
        file.pushes.extend(push);
        self.write_signs(&file)
    }

    /// Messages that were begun and not yet queued.
    pub fn begun_pushes(&self) -> Vec<Push> {
        read(&self.state().join("signs.json")).pushes
    }

    /// The messages that were begun are queued.
    pub fn end_pushes(&mut self) -> Result<()> {
        let mut file = read(&self.state().join("signs.json"));
        if file.pushes.is_empty() {
            return Ok(());
        }
        file.pushes.clear();
        self.write_signs(&file)
    }

    /// Nothing that hooks said of a forgotten session stays.
    pub(super) fn forget_signs(&mut self) -> Result<()> {
        let state = self.state();
        let forgets = |keep: &Keep, native: &str| {
            let session = SessionId { agent: Agent::ClaudeCode, native: native.to_owned() };
            keep.is_forgotten(&session, None)
        };
        for path in notes(&state.join("inbox"))? {
            if read_note(&path).is_ok_and(|sign| forgets(self, &sign.session)) {
                fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))?;
            }
        }
        let mut file = read(&state.join("signs.json"));
        let before = file.signs.len();
        file.signs.retain(|native, _| !forgets(self, native));
        match file.signs.len() == before {
            true => Ok(()),
            false => self.write_signs(&file),
        }
    }

    fn write_signs(&self, file: &File) -> Result<()> {
        let mut bytes = serde_json::to_vec_pretty(file).context("writing the signs as JSON")?;
        bytes.push(b'\n');
        whole::replace(&self.state().join("signs.json"), &bytes, 0o600)
    }
}

/// What signs.json says. One that can't be read is written anew: hooks say it all again, and no message has a second one of
/// its name.
fn read(path: &Path) -> File {
    let read = || -> Result<File> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(File::default()),
            Err(error) => return Err(error.into()),
        };
        let file: File = serde_json::from_slice(&bytes)?;
        ensure!(file.version == VERSION, "version {} (this program reads {VERSION})", file.version);
        Ok(file)
    };
    let file = read().unwrap_or_else(|error| {
        warn!("{} is begun anew: {error:#}", path.display());
        File::default()
    });
    File { version: VERSION, ..file }
}

/// Whether a file in the inbox is what a hook said, and no thumb.
pub(super) fn is_sign(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(PREFIX.as_bytes()))
}

fn name(session: &str) -> String {
    format!("{PREFIX}{}.json", short_hash(Sha256::new_with_prefix(session)))
}

fn notes(inbox: &Path) -> Result<Vec<PathBuf>> {
    Ok(thumbs::files(inbox)?.into_iter().filter(|path| is_sign(path)).collect())
}

fn read_note(path: &Path) -> Result<Sign> {
    let note: Note = serde_json::from_slice(&thumbs::read_small(path)?)?;
    ensure!(note.version == VERSION, "it has version {} and this program reads {VERSION}", note.version);
    ensure!(path.ends_with(name(&note.sign.session)), "its name is not that of its session");
    Ok(note.sign)
}
