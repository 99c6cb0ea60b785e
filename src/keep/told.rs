//! told.jsonl says what was told, to whom, and when: append-only, on the disk before we go on, and the truth above the store.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use fail::fail_point;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tracing::warn;

use crate::edition::{ChannelName, Letter};
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
struct Line {
    version: u32,
    at: Timestamp,
    key: String,
    event: Event,
    edition: String,
    reader: String,
    channel: ChannelName,
    message_id: String,
    stories: Vec<StoryId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

pub(super) struct Told {
    path: PathBuf,
    file: File,
    last: HashMap<String, Event>,
    /// The file ends in the middle of a line: a line's end is written before the next one.
    torn: bool,
}

impl Told {
    pub(super) fn open(path: &Path) -> Result<Told> {
        let doing = || format!("opening {}; it says what was told, so nothing is sent without it", path.display());
        let is_new = !path.exists();
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path).with_context(doing)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).with_context(doing)?;
        if is_new && let Some(folder) = path.parent() {
            super::archive::sync_folder(folder)?;
        }
        let mut last = HashMap::new();
        for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            if line.is_empty() {
                continue;
            }
            match serde_json::from_slice::<Line>(line) {
                Ok(line) => note_event(&mut last, line.key, line.event),
                Err(error) => warn!("{} line {}: not understood ({error}); passed over", path.display(), number + 1),
            }
        }
        let torn = bytes.last().is_some_and(|byte| *byte != b'\n');
        Ok(Told { path: path.to_path_buf(), file, last, torn })
    }

    /// The last thing that happened to a key. Sent stays, whatever comes after, and dead until a person replays it.
    pub(super) fn last(&self, key: &str) -> Option<Event> {
        self.last.get(key).copied()
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
        }
        Ok(())
    }
}

fn note_event(last: &mut HashMap<String, Event>, key: String, event: Event) {
    let known = last.entry(key).or_insert(event);
    if !matches!((*known, event), (Event::Sent, _) | (Event::Dead, Event::Queued | Event::Sending | Event::Deferred)) {
        *known = event;
    }
}
