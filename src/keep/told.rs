//! told.jsonl says what was told, to whom, and when: append-only, on the disk before we go on, and the truth above the store.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use fail::fail_point;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tracing::warn;

use crate::edition::{ChannelName, Letter, LetterState};
use crate::story::StoryId;

/// The shape of a line; fields may be added under the same number.
const VERSION: u32 = 1;

/// What happened to a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Event {
    Queued,
    /// A try begins.
    Sending,
    Sent,
    /// A try ended; another will follow.
    Deferred,
    Dead,
    /// A person queued a dead letter again.
    Replayed,
}

/// One line.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Line {
    version: u32,
    pub(super) at: Timestamp,
    pub(super) key: String,
    event: Event,
    pub(super) edition: String,
    pub(super) reader: String,
    pub(super) channel: ChannelName,
    pub(super) message_id: String,
    pub(super) stories: Vec<StoryId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
}

pub(super) struct Told {
    path: PathBuf,
    file: File,
    last: HashMap<String, Event>,
    /// The editions in which each story was told.
    stories: HashMap<StoryId, BTreeSet<String>>,
    editions: BTreeSet<String>,
    /// The file ends in the middle of a line: a line's end is written before the next one.
    torn: bool,
}

impl Told {
    pub(super) fn open(path: &Path) -> Result<Told> {
        let doing = || {
            format!(
                "opening {}: it says what was told, and nothing is sent without it; check who owns it, or put a copy in its \
                 place",
                path.display()
            )
        };
        let is_new = !path.exists();
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path).with_context(doing)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).with_context(doing)?;
        if is_new && let Some(folder) = path.parent() {
            super::archive::sync_folder(folder)?;
        }
        let mut last = HashMap::new();
        let mut stories: HashMap<StoryId, BTreeSet<String>> = HashMap::new();
        let mut editions = BTreeSet::new();
        for line in lines(path, &bytes) {
            editions.insert(line.edition.clone());
            for story in line.stories {
                stories.entry(story).or_default().insert(line.edition.clone());
            }
            note_event(&mut last, line.key, line.event);
        }
        let torn = bytes.last().is_some_and(|byte| *byte != b'\n');
        Ok(Told { path: path.to_path_buf(), file, last, stories, editions, torn })
    }

    /// The last thing that happened to a key. Sent stays, whatever comes after, and dead until a person replays it.
    pub(super) fn last(&self, key: &str) -> Option<Event> {
        self.last.get(key).copied()
    }

    /// The editions in which a story was told, in the order of their names.
    pub(super) fn editions_of(&self, story: &StoryId) -> impl Iterator<Item = &str> {
        self.stories.get(story).into_iter().flatten().map(String::as_str)
    }

    /// Whether any letter of an edition was ever queued.
    pub(super) fn has_edition(&self, edition: &str) -> bool {
        self.editions.contains(edition)
    }

    /// Appends one line a letter; on return they are on the disk.
    pub(super) fn append(&mut self, letters: &[&Letter], event: Event, now: Timestamp) -> Result<()> {
        if letters.is_empty() {
            return Ok(());
        }
        let mut text = String::new();
        if self.torn {
            text.push('\n');
        }
        for letter in letters {
            let line = Line {
                version: VERSION,
                at: now,
                key: letter.key.clone(),
                event,
                edition: letter.edition.clone(),
                reader: letter.reader.address.clone(),
                channel: letter.reader.channel,
                message_id: letter.message_id.clone(),
                stories: letter.stories.clone(),
                reason: letter.reason.clone(),
            };
            text.push_str(&serde_json::to_string(&line).context("writing what was told")?);
            text.push('\n');
        }
        let doing = || format!("writing to {}; check the disk's free space", self.path.display());
        fail_point!("told-before-append");
        // Until the whole text is written, the file may end in the middle of a line.
        self.torn = true;
        self.file.write_all(text.as_bytes()).with_context(doing)?;
        self.torn = false;
        fail_point!("told-written");
        self.file.sync_data().with_context(doing)?;
        fail_point!("told-synced");
        for letter in letters {
            note_event(&mut self.last, letter.key.clone(), event);
            self.editions.insert(letter.edition.clone());
            for story in &letter.stories {
                self.stories.entry(story.clone()).or_default().insert(letter.edition.clone());
            }
        }
        Ok(())
    }
}

/// What told.jsonl knows of one letter.
pub(super) struct KnownLetter {
    /// The last one about it.
    pub(super) line: Line,
    /// Tries that began.
    pub(super) tries: u32,
    last: Event,
}

impl KnownLetter {
    pub(super) fn is_sent(&self) -> bool {
        self.last == Event::Sent
    }

    pub(super) fn state(&self) -> LetterState {
        match self.last {
            Event::Queued | Event::Deferred | Event::Replayed => LetterState::Queued,
            Event::Sending => LetterState::Sending,
            Event::Sent => LetterState::Sent,
            Event::Dead => LetterState::Dead,
        }
    }
}

/// All that told.jsonl knows, for a store that is made anew.
#[derive(Default)]
pub(super) struct Known {
    pub(super) letters: Vec<KnownLetter>,
    /// Editions, with the time of their first letter.
    pub(super) editions: BTreeMap<String, Timestamp>,
}

/// Reads told.jsonl. A home that told nothing yet has none.
pub(super) fn letters(path: &Path) -> Result<Known> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Known::default()),
        Err(error) => return Err(error).with_context(|| format!("reading {}; it says what was told", path.display())),
    };
    let mut known = Known::default();
    let mut places: HashMap<String, usize> = HashMap::new();
    for line in lines(path, &bytes) {
        known.editions.entry(line.edition.clone()).or_insert(line.at);
        let begun = u32::from(line.event == Event::Sending);
        match places.get(&line.key) {
            None => {
                places.insert(line.key.clone(), known.letters.len());
                let last = line.event;
                known.letters.push(KnownLetter { line, tries: begun, last });
            }
            Some(place) => {
                let letter = &mut known.letters[*place];
                letter.tries += begun;
                if !matches!(letter.last, Event::Sent | Event::Dead) {
                    letter.last = line.event;
                    letter.line = line;
                }
            }
        }
    }
    Ok(known)
}

/// That a story stood in letters of one edition over one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ToldIn {
    /// `digest/2026-W47`, `alert/s-7k3m9q2xwd`
    pub edition: String,
    pub channel: ChannelName,
    /// When the last of them left; of letters that have not, when they were last tried or queued.
    pub at: Timestamp,
    pub letters: usize,
    /// Of them, those that were taken by the other side.
    pub sent: usize,
}

/// Where and when a story was told, as told.jsonl has it; oldest first, and without any address. Needs no lock.
///
/// # Errors
/// When told.jsonl can't be read.
pub fn told_in(home: &Path, story: &StoryId) -> Result<Vec<ToldIn>> {
    let known = letters(&home.join("state/told.jsonl"))?;
    let mut told: BTreeMap<(String, ChannelName), ToldIn> = BTreeMap::new();
    for letter in known.letters.iter().filter(|letter| letter.line.stories.contains(story)) {
        let line = &letter.line;
        let one = told.entry((line.edition.clone(), line.channel)).or_insert_with(|| ToldIn {
            edition: line.edition.clone(),
            channel: line.channel,
            at: line.at,
            letters: 0,
            sent: 0,
        });
        one.letters += 1;
        one.sent += usize::from(letter.is_sent());
        one.at = one.at.max(line.at);
    }
    let mut told: Vec<ToldIn> = told.into_values().collect();
    told.sort_by_key(|one| one.at);
    Ok(told)
}

/// The lines that are understood. One that isn't is passed over: a torn one ends before anything happened.
fn lines(path: &Path, bytes: &[u8]) -> impl Iterator<Item = Line> {
    bytes.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty()).filter_map(|(number, line)| {
        serde_json::from_slice(line)
            .inspect_err(|error| warn!("{} line {}: not understood ({error}); passed over", path.display(), number + 1))
            .ok()
    })
}

fn note_event(last: &mut HashMap<String, Event>, key: String, event: Event) {
    let known = last.entry(key).or_insert(event);
    if !matches!((*known, event), (Event::Sent, _) | (Event::Dead, Event::Queued | Event::Sending | Event::Deferred)) {
        *known = event;
    }
}
