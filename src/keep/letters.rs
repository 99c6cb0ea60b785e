//! Letters wait here with their exact bytes until the other side has taken them; told.jsonl decides what was told.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use fail::fail_point;
use jiff::Timestamp;

use super::store::{BATCH, Changes};
use super::told::Event;
use super::{Keep, archive};
use crate::edition::{EditionId, LONGEST_WAIT, Letter, LetterState};
use crate::story::StoryId;

const LETTER: &[u8] = b"letter/";

impl Keep {
    /// Queues letters with their bytes, and returns how many were new. A letter whose key is known, here or in told.jsonl
    /// as sent or refused, is left alone: told once. If the store was lost while a letter was under way, its stored bytes
    /// are queued again.
    pub fn keep_letters(&mut self, letters: &[(Letter, Vec<u8>)], now: Timestamp) -> Result<usize> {
        let outbox = self.outbox();
        let mut queued: Vec<&Letter> = Vec::new();
        for (letter, bytes) in letters {
            let told = matches!(self.told.last(&letter.key), Some(Event::Sent | Event::Dead));
            if told || self.letter(&letter.key)?.is_some() || queued.iter().any(|other| other.key == letter.key) {
                continue;
            }
            let path = outbox_file(&outbox, letter)?;
            let under_way = self.told.last(&letter.key).is_some();
            if !(under_way && path.exists()) {
                write_durably(&path, bytes)?;
            }
            queued.push(letter);
        }
        if queued.is_empty() {
            return Ok(0);
        }
        archive::sync_folder(&outbox)?;
        fail_point!("outbox-synced");
        for chunk in queued.chunks(BATCH) {
            let mut changes = Changes::default();
            for letter in chunk {
                changes.put(&letter_key(&letter.key), letter);
            }
            self.store.commit(changes)?;
        }
        self.store.checkpoint()?;
        self.told.append(&queued, Event::Queued, now)?;
        Ok(queued.len())
    }

    /// Whether people know a story: a letter with it was queued.
    pub fn was_told(&self, story: &StoryId) -> bool {
        self.told.editions_of(story).next().is_some()
    }

    /// Whether a day's roll-up told a story.
    pub fn was_rolled_up(&self, story: &StoryId) -> bool {
        self.told.editions_of(story).any(|edition| edition.starts_with("rollup/"))
    }

    /// Whether the digest of an earlier week told a story.
    pub fn was_told_before(&self, story: &StoryId, edition: &EditionId) -> bool {
        let edition = edition.to_string();
        // Week names sort as the weeks do.
        self.told.editions_of(story).any(|earlier| earlier.starts_with("digest/") && *earlier < *edition)
    }

    /// Whether any letter of an edition was ever queued.
    pub fn has_letters(&self, edition: &EditionId) -> bool {
        self.told.has_edition(&edition.to_string())
    }

    /// Letters that wait for a try at this time, oldest first. A try that lies further ahead than anything waits was
    /// planned by a clock that was wrong, and is due.
    pub fn pending_letters(&self, now: Timestamp) -> Result<Vec<Letter>> {
        let mut letters = self.letters()?;
        letters.retain(|letter| {
            matches!(letter.state, LetterState::Queued | LetterState::Sending) && !is_ahead(letter.next_try, now)
        });
        letters.sort_by(|a, b| a.next_try.cmp(&b.next_try).then_with(|| a.key.cmp(&b.key)));
        Ok(letters)
    }

    /// Every letter we know, in the order of the keys.
    pub fn letters(&self) -> Result<Vec<Letter>> {
        self.store.scan(LETTER).map(|pair| Ok(pair?.1)).collect()
    }

    pub fn letter(&self, key: &str) -> Result<Option<Letter>> {
        self.store.get(&letter_key(key))
    }

    /// The exact bytes of a letter that is not yet taken.
    pub fn bytes(&self, letter: &Letter) -> Result<Vec<u8>> {
        let path = outbox_file(&self.outbox(), letter)?;
        // Not by its key, in which its reader's address stands: this is logged.
        fs::read(&path).with_context(|| format!("reading a letter of {} from {}", letter.edition, path.display()))
    }

    /// Notes that a try begins. On return it is on the disk, so that a letter is never sent without a trace. Returns the
    /// letter as it now stands, or None if it was taken or refused before and must not be sent.
    pub fn letter_begins(&mut self, letter: &Letter, now: Timestamp) -> Result<Option<Letter>> {
        let Some(mut letter) = self.letter(&letter.key)? else { return Ok(None) };
        let over = matches!(self.told.last(&letter.key), Some(Event::Sent | Event::Dead));
        if over || !matches!(letter.state, LetterState::Queued | LetterState::Sending) {
            return Ok(None);
        }
        self.told.append(&[&letter], Event::Sending, now)?;
        letter.state = LetterState::Sending;
        letter.tries += 1;
        self.put_letter(&letter)?;
        self.store.checkpoint()?;
        Ok(Some(letter))
    }

    /// Notes how a try ended. The bytes of a letter that was taken are no longer needed and go; those of a refused one stay.
    pub fn letter_ends(
        &mut self,
        letter: &Letter,
        state: LetterState,
        next_try: Timestamp,
        answer: &str,
        now: Timestamp,
    ) -> Result<()> {
        let event = match state {
            LetterState::Sent => Event::Sent,
            LetterState::Dead => Event::Dead,
            LetterState::Queued | LetterState::Sending => Event::Deferred,
        };
        self.told.append(&[letter], event, now)?;
        let ended = Letter { state, next_try, answer: Some(answer.to_owned()), ..letter.clone() };
        self.put_letter(&ended)?;
        if state == LetterState::Sent {
            self.store.checkpoint()?;
            fail_point!("outbox-before-remove");
            remove_if_there(&outbox_file(&self.outbox(), letter)?)?;
            fail_point!("outbox-removed");
        }
        Ok(())
    }

    /// Queues a letter again that was refused or given up, or lets one leave that is too old to leave by itself: same key,
    /// same bytes, same Message-ID. Returns false, and changes nothing, if it is not known, was sent, or waits anyway.
    pub fn replay_letter(&mut self, key: &str, reason: &str, now: Timestamp) -> Result<bool> {
        let Some(mut letter) = self.letter(key)? else { return Ok(false) };
        if letter.state == LetterState::Sent || (letter.state != LetterState::Dead && letter.reason.is_some()) {
            return Ok(false);
        }
        // Without its bytes it could not be sent; better said now than by the next run.
        self.bytes(&letter)?;
        letter.reason = Some(reason.to_owned());
        self.told.append(&[&letter], Event::Replayed, now)?;
        self.put_letter(&waiting_again(letter, now))?;
        self.store.checkpoint()?;
        Ok(true)
    }

    /// After a crash or a lost store: letters stand as told.jsonl says, and the bytes of those that were sent go.
    pub(super) fn heal_letters(&mut self, now: Timestamp) -> Result<()> {
        let left = self.outbox_files()?;
        for mut letter in self.letters()? {
            let sent = self.told.last(&letter.key) == Some(Event::Sent);
            if sent && left.contains(OsStr::new(&letter.file)) {
                remove_if_there(&outbox_file(&self.outbox(), &letter)?)?;
            }
            let state = match self.told.last(&letter.key) {
                Some(Event::Sent) => LetterState::Sent,
                Some(Event::Dead) => LetterState::Dead,
                Some(Event::Sending) => LetterState::Sending,
                // Only the replay itself was written down.
                Some(Event::Replayed) if letter.state == LetterState::Dead => {
                    self.put_letter(&waiting_again(letter, now))?;
                    continue;
                }
                Some(Event::Queued | Event::Deferred | Event::Replayed) => continue,
                None => {
                    // told.jsonl was lost, or a run ended between the two.
                    self.told.append(&[&letter], event_of(letter.state), now)?;
                    continue;
                }
            };
            if letter.state != state {
                letter.state = state;
                self.put_letter(&letter)?;
            }
        }
        Ok(())
    }

    fn put_letter(&self, letter: &Letter) -> Result<()> {
        let mut changes = Changes::default();
        changes.put(&letter_key(&letter.key), letter);
        self.store.commit(changes)
    }

    /// Names in the outbox. Most of the time there are none.
    fn outbox_files(&self) -> Result<BTreeSet<OsString>> {
        let doing = || format!("listing {}", self.outbox().display());
        let names = fs::read_dir(self.outbox()).with_context(doing)?.map(|entry| Ok(entry?.file_name()));
        names.collect::<std::io::Result<_>>().with_context(doing)
    }

    fn outbox(&self) -> PathBuf {
        self.state().join("outbox")
    }
}

fn waiting_again(letter: Letter, now: Timestamp) -> Letter {
    Letter { state: LetterState::Queued, tries: 0, next_try: now, ..letter }
}

/// Whether the time for a letter's next try has not come.
fn is_ahead(next_try: Timestamp, now: Timestamp) -> bool {
    next_try > now && next_try.duration_since(now) <= LONGEST_WAIT
}

fn event_of(state: LetterState) -> Event {
    match state {
        LetterState::Queued => Event::Queued,
        LetterState::Sending => Event::Sending,
        LetterState::Sent => Event::Sent,
        LetterState::Dead => Event::Dead,
    }
}

pub(super) fn letter_key(key: &str) -> Vec<u8> {
    [LETTER, key.as_bytes()].concat()
}

fn outbox_file(outbox: &Path, letter: &Letter) -> Result<PathBuf> {
    let name = Path::new(&letter.file);
    ensure!(
        name.file_name() == Some(name.as_os_str()),
        "a letter of {}: `{}` is not the name of a file in the outbox",
        letter.edition,
        letter.file
    );
    Ok(outbox.join(name))
}

fn write_durably(path: &Path, bytes: &[u8]) -> Result<()> {
    let doing = || format!("writing {}; check the disk's free space", path.display());
    fail_point!("outbox-before-write");
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path).with_context(doing)?;
    fail_point!("outbox-created");
    file.write_all(bytes).with_context(doing)?;
    fail_point!("outbox-written");
    file.sync_all().with_context(doing)
}

fn remove_if_there(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", path.display()))
        }
        _ => Ok(()),
    }
}
