//! A reading's entries become items, with their texts and the work they cause, and the mark moves on with them.

use std::collections::HashMap;
use std::sync::PoisonError;

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use tracing::debug;

use super::draft::{Draft, News, Remembered};
use super::identity::{self, Face, Fate, Holding, Key, Matching, Memory};
use super::store::{BATCH, Changes};
use super::watched::Watched;
use super::{Keep, watched, works};
use crate::item::{Entry, Fault, FaultKind, Item, ItemId, Reading};
use crate::page::Mark;
use crate::source::Source;
use crate::work::{Duty, Work};

const ITEM: &[u8] = b"item/";
const KEY: &[u8] = b"key/";

/// A date further ahead than this is a mistake or a trick to stay on top; time zones and clocks explain less than a day.
const MOST_AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// What keeping a reading came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    pub new: Vec<ItemId>,
    /// Known items whose words changed.
    pub updated: Vec<ItemId>,
    /// Entries in the reading.
    pub entries: usize,
    /// What was wrong with the answer as a whole, now kept with the source.
    pub fault: Option<Fault>,
}

impl Keep {
    pub fn item(&self, id: &ItemId) -> Result<Option<Item>> {
        Ok(self.remembered(id)?.map(|remembered| remembered.item))
    }

    /// Every item, in the order of the ids.
    pub(super) fn items(&self) -> impl Iterator<Item = Result<Item>> {
        self.store.scan::<Item>(ITEM).map(|pair| Ok(pair?.1))
    }

    /// The item's text, from the archive.
    pub fn text(&self, item: &Item) -> Result<String> {
        self.archive.text(&item.place)
    }

    /// The item's text, or nothing where it can't be read: that costs the item its text, and nothing else. Such items are
    /// noted and named by `unreadable`.
    pub fn text_or_nothing(&self, item: &Item) -> String {
        self.text(item).unwrap_or_else(|error| {
            // A panic elsewhere leaves a set of names as good as it was.
            let mut unreadable = self.unreadable.lock().unwrap_or_else(PoisonError::into_inner);
            if unreadable.insert(item.id.clone()) {
                debug!("{}: {error:#}", item.id);
            }
            String::new()
        })
    }

    /// Items whose text was asked for since the home was opened and could not be read, in the order of the ids.
    pub fn unreadable(&self) -> Vec<ItemId> {
        self.unreadable.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Keeps what a page said: new items, changed items, the work they cause (`Judge` and `Index`), and the mark.
    ///
    /// The first reading with entries is a baseline. A page with a fault that is not minor, or without entries where there
    /// were some before, is kept as that fault, and the mark stays, so that the next request brings the whole page again.
    pub fn keep_reading(&mut self, source: &Source, reading: &Reading, mark: Mark, now: Timestamp) -> Result<Kept> {
        let mut watched = self.watched(&source.name)?.unwrap_or_default();
        let entries: Vec<Entry> = reading.entries.iter().map(|entry| sound_dates(entry, now)).collect();
        let is_empty = entries.is_empty();
        let mut kept = Kept { entries: entries.len(), ..Kept::default() };
        let mut changes = Changes::default();
        if !is_empty {
            self.keep_entries(source, entries, &watched, now, &mut kept, &mut changes)?;
        }
        let mut fault = reading.faults.iter().find(|fault| !fault.kind.is_minor()).or(reading.faults.first()).cloned();
        if fault.is_none() && is_empty && watched.had_entries && !source.from.may_be_empty() {
            let message = format!(
                "reading `{}`: no entries, where there were some before; it may be passing, else look at {}",
                source.name,
                source.from.url(now)
            );
            fault = Some(Fault::new(FaultKind::Empty, message));
        }
        watched.entries += kept.new.len() as u64;
        watched.had_entries |= !is_empty;
        match fault.as_ref().filter(|fault| !fault.kind.is_minor()) {
            None => {
                watched.went_well(source, now);
                watched.mark = mark;
            }
            Some(fault) => watched.went_wrong(source, fault, now),
        }
        watched.fault = fault.clone();
        kept.fault = fault;
        watched::put(&mut changes, &source.name, &watched);
        self.store.commit(changes)?;
        Ok(kept)
    }

    /// Keeps entries in transactions of a bounded size. The last one is left in `changes` for the mark to join. If we are
    /// stopped in between, the mark has not moved: the page is read again, and what was kept is known by its keys.
    fn keep_entries(
        &mut self,
        source: &Source,
        entries: Vec<Entry>,
        watched: &Watched,
        now: Timestamp,
        kept: &mut Kept,
        changes: &mut Changes,
    ) -> Result<()> {
        let (entries, faces) = identity::whole(entries);
        let entries = &entries[..];
        let mut memory = self.memory(&source.name, &faces)?;
        let matching = identity::matching(&faces, &memory);
        let mut drafts = self.drafts(source, entries, faces, &matching, !watched.had_entries, now)?;
        let texts: Vec<&str> =
            drafts.iter().filter(|draft| draft.archive).map(|draft| entries[draft.number].text.as_str()).collect();
        let mut places = self.archive.append(&texts, now)?.into_iter();
        self.archive.record_lengths(changes);
        for key in &matching.void {
            changes.put(&key_key(&source.name, key), &None::<ItemId>);
        }
        for draft in &mut drafts {
            if changes.len() + 10 > BATCH {
                // Should we be stopped here, these items count all the same.
                let entries = watched.entries + kept.new.len() as u64;
                watched::put(changes, &source.name, &Watched { entries, ..watched.clone() });
                self.store.commit(std::mem::take(changes))?;
            }
            if draft.archive
                && let Some(place) = places.next()
            {
                draft.remembered.item.place = place;
            }
            let item = &draft.remembered.item;
            for number in std::iter::once(&draft.number).chain(&draft.twins) {
                for key in &matching.keys[*number] {
                    let holding = Holding::Item(item.id.clone());
                    if memory.keys.get(key) != Some(&holding) {
                        changes.put(&key_key(&source.name, key), &Some(&item.id));
                        memory.keys.insert(key.clone(), holding);
                    }
                }
            }
            if !draft.is_changed {
                continue;
            }
            changes.put(&item_key(&item.id), &draft.remembered);
            match draft.news {
                News::New => kept.new.push(item.id.clone()),
                News::Updated => kept.updated.push(item.id.clone()),
                News::None => {}
            }
            if draft.news != News::None {
                works::put(changes, &Work::new(Duty::Judge, item.id.0.clone(), item.content.clone(), now));
            }
            if draft.shows {
                works::put(changes, &Work::new(Duty::Index, item.id.0.clone(), item.content.clone(), now));
            }
        }
        Ok(())
    }

    /// What each entry makes of memory, twins folded into their first.
    fn drafts(
        &self,
        source: &Source,
        entries: &[Entry],
        faces: Vec<Face>,
        matching: &Matching,
        baseline: bool,
        now: Timestamp,
    ) -> Result<Vec<Draft>> {
        let mut drafts: Vec<Draft> = Vec::new();
        let mut by_number: HashMap<usize, usize> = HashMap::new();
        let mut given: HashMap<ItemId, usize> = HashMap::new();
        for (number, face) in faces.into_iter().enumerate() {
            let entry = &entries[number];
            let draft = match &matching.fates[number] {
                Fate::Twin(first) => {
                    if let Some(draft) = by_number.get(first).and_then(|position| drafts.get_mut(*position)) {
                        draft.twins.push(number);
                    }
                    continue;
                }
                Fate::Same(id) => match self.remembered(id)? {
                    Some(remembered) => {
                        let is_changed = face.content != remembered.face.content;
                        let text = is_changed.then(|| self.text_or_nothing(&remembered.item));
                        let is_lost = self.archive.has_lost(&remembered.item.place);
                        let mut draft = Draft::of_known(number, remembered, text.as_deref(), source, entry, face, now);
                        if is_lost && !entry.text.is_empty() {
                            draft.archive_again();
                        }
                        draft
                    }
                    None => continue,
                },
                Fate::New => {
                    let key = matching.keys[number].first().cloned();
                    let key = key.map_or_else(|| format!("c:{}", face.content), |key| id_key(&key));
                    let mut attempt = 0;
                    let id = loop {
                        let id = ItemId::first_seen(&source.name, &key, attempt);
                        if !given.contains_key(&id) && !self.store.has(&item_key(&id))? {
                            break id;
                        }
                        attempt += 1;
                    };
                    given.insert(id.clone(), number);
                    Draft::of_new(number, id, source, entry, face, baseline, now)
                }
            };
            by_number.insert(number, drafts.len());
            drafts.push(draft);
        }
        Ok(drafts)
    }

    fn memory(&self, source: &str, faces: &[Face]) -> Result<Memory> {
        let mut memory = Memory::default();
        for key in faces.iter().flat_map(identity::keys) {
            if memory.keys.contains_key(&key) {
                continue;
            }
            let Some(held) = self.store.get::<Option<ItemId>>(&key_key(source, &key))? else { continue };
            let Some(id) = held else {
                memory.keys.insert(key, Holding::Void);
                continue;
            };
            if !memory.faces.contains_key(&id) {
                let Some(remembered) = self.remembered(&id)? else { continue };
                memory.faces.insert(id.clone(), remembered.face);
            }
            memory.keys.insert(key, Holding::Item(id));
        }
        Ok(memory)
    }

    fn remembered(&self, id: &ItemId) -> Result<Option<Remembered>> {
        self.store.get(&item_key(id))
    }
}

/// Dates ahead of us are no dates.
fn sound_dates(entry: &Entry, now: Timestamp) -> Entry {
    let sound = |date: Option<Timestamp>| date.filter(|date| date.duration_since(now) <= MOST_AHEAD);
    Entry { published: sound(entry.published), updated: sound(entry.updated), ..entry.clone() }
}

fn item_key(id: &ItemId) -> Vec<u8> {
    [ITEM, id.0.as_bytes()].concat()
}

/// The key of an item's id (see `ItemId::first_seen`): never to be changed.
fn id_key(key: &Key) -> String {
    format!("{}:{}", char::from(key.0.letter()), key.1)
}

/// Keys of any length, by source, in 16 bytes each.
fn key_key(source: &str, key: &Key) -> Vec<u8> {
    let hash = |text: &str| Sha256::digest(text.as_bytes());
    [KEY, &hash(source)[..8], &[key.0.letter()], &hash(&key.1)[..16]].concat()
}
