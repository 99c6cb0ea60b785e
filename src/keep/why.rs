//! Why each item was weighed as it was, for people who do not hold the store: state/views/why/2026-11-21.jsonl has a line for
//! each item that was first judged on that day (UTC). Only days in which something changed are written anew.

use std::collections::HashMap;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::{Context, Result};
use fail::fail_point;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use url::Url;

use super::store::Changes;
use super::{Keep, private_folder, whole};
use crate::item::ItemId;
use crate::opinion::Opinion;
use crate::source::Trust;
use crate::story::{Story, StoryId};
use crate::verdict::Verdict;

/// Days whose file is older than what is kept.
const STALE: &[u8] = b"why-stale/";

/// Of a line; fields may be added under the same number.
const VERSION: u32 = 1;

/// One line: how an item was weighed. `version` and `item` come first, by which it is found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Why {
    pub version: u32,
    pub item: ItemId,
    pub title: String,
    pub url: Option<Url>,
    pub source: String,
    pub trust: Trust,
    /// The publisher's date.
    pub published: Option<Timestamp>,
    pub seen: Timestamp,
    /// When it was judged for the first time.
    pub first: Timestamp,
    pub verdict: Verdict,
    /// What a model made of it; None: no model has read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opinion: Option<Opinion>,
    /// What another model made of it, where rules and the first are far apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<Opinion>,
    /// The keys under which it looked for its story.
    pub keys: Vec<String>,
    pub story: StoryId,
    /// The whole story, in the line of the item that founded it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tells: Option<Story>,
}

impl Keep {
    /// Writes the days anew in which something changed. A day that can't be written is tried again by the next holder.
    pub fn write_why(&self) -> Result<()> {
        let mut days = Vec::new();
        for pair in self.store.scan::<()>(STALE) {
            days.push(String::from_utf8_lossy(&pair?.0).into_owned());
        }
        if days.is_empty() {
            return Ok(());
        }
        let folder = self.state().join("views/why");
        private_folder(&folder)?;
        let mut changes = Changes::default();
        for day in &days {
            changes.remove(&[STALE, day.as_bytes()].concat());
            // Whatever a damaged store may hold, only a day names a file.
            if let Ok(date) = day.parse::<Date>() {
                whole::replace_with(&folder.join(format!("{date}.jsonl")), 0o600, |file| self.write_day(date, file))?;
            }
        }
        fail_point!("why-written");
        self.store.commit(changes)
    }

    /// Writes every day anew.
    pub fn write_why_anew(&self) -> Result<()> {
        let mut changes = Changes::default();
        for at in self.first_judgements()? {
            mark_stale(&mut changes, at);
        }
        self.store.commit(changes)?;
        self.write_why()
    }

    fn write_day(&self, date: Date, file: &mut dyn Write) -> Result<()> {
        let midnight = |date: Date| date.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp());
        let (from, to) = (midnight(date)?, date.tomorrow().and_then(midnight).unwrap_or(Timestamp::MAX));
        for id in self.first_judged(from, to)? {
            let id = ItemId(id);
            let (Some(judged), Some(item)) = (self.judged(&id)?, self.item(&id)?) else { continue };
            let story = self.story(&judged.story)?;
            let read = story.as_ref().filter(|story| story.lead == id).and_then(|story| story.weighed.as_ref());
            let opinion = read.map(|weighed| weighed.opinion.clone());
            let second = read.and_then(|weighed| weighed.second.clone());
            let tells = story.filter(|story| story.id == StoryId::founded_by(&id));
            let why = Why {
                version: VERSION,
                item: id,
                title: item.title,
                url: item.link,
                source: item.source,
                trust: item.trust,
                published: item.published,
                seen: item.seen,
                first: judged.first,
                verdict: judged.verdict,
                opinion,
                second,
                keys: judged.keys,
                story: judged.story,
                tells,
            };
            serde_json::to_writer(&mut *file, &why)?;
            file.write_all(b"\n")?;
        }
        Ok(())
    }
}

/// Notes, with the change itself, that the day of a first judgement is to be written anew.
pub(super) fn mark_stale(changes: &mut Changes, first: Timestamp) {
    changes.put(&[STALE, first.to_zoned(TimeZone::UTC).date().to_string().as_bytes()].concat(), &());
}

/// The lines of these items, as far as there are any. Needs no lock. `likely` are days to look at first; then come all
/// others, the newest first.
///
/// # Errors
/// When a file can't be read.
pub fn why(home: &Path, items: &[ItemId], likely: &[Timestamp]) -> Result<HashMap<ItemId, Why>> {
    let folder = home.join("state/views/why");
    let mut days: Vec<String> = likely.iter().map(|at| file_name(*at)).collect();
    days.dedup();
    let mut found = HashMap::new();
    let mut others = match fs::read_dir(&folder) {
        Ok(entries) => {
            let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
            names.collect::<std::io::Result<Vec<String>>>().with_context(|| format!("listing {}", folder.display()))?
        }
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(error).with_context(|| format!("listing {}", folder.display())),
    };
    others.retain(|name| name.ends_with(".jsonl") && !name.starts_with('.') && !days.contains(name));
    others.sort();
    days.extend(others.into_iter().rev());
    // A line begins so, as `Why` is written.
    let begins = |id: &ItemId| format!("{{\"version\":{VERSION},\"item\":\"{id}\"");
    let mut wanted: Vec<(&ItemId, String)> = items.iter().map(|id| (id, begins(id))).collect();
    wanted.dedup();
    for day in days {
        if wanted.is_empty() {
            break;
        }
        let path = folder.join(&day);
        let doing = || format!("reading {}; `tidings reindex` writes it anew", path.display());
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(error).with_context(doing),
        };
        for line in bytes.split(|byte| *byte == b'\n') {
            if let Some(place) = wanted.iter().position(|(_, start)| line.starts_with(start.as_bytes())) {
                let why: Why = serde_json::from_slice(line).with_context(doing)?;
                found.insert(wanted.swap_remove(place).0.clone(), why);
            }
        }
    }
    Ok(found)
}

/// The lines of all items that were first judged on this day (UTC) or later. Needs no lock.
///
/// # Errors
/// When a file can't be read.
pub fn why_since(home: &Path, first: Date) -> Result<Vec<Why>> {
    let folder = home.join("state/views/why");
    let doing = || format!("listing {}", folder.display());
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(doing),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.with_context(doing)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let day = name.strip_suffix(".jsonl").and_then(|day| day.parse::<Date>().ok());
        if day.is_none_or(|day| day < first) {
            continue;
        }
        let doing = || format!("reading {}; `tidings reindex` writes it anew", path.display());
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            // Written anew meanwhile, and nothing is left of that day.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(error).with_context(doing),
        };
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            found.push(serde_json::from_slice(line).with_context(doing)?);
        }
    }
    Ok(found)
}

fn file_name(at: Timestamp) -> String {
    format!("{}.jsonl", at.to_zoned(TimeZone::UTC).date())
}
