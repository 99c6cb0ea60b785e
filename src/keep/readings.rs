//! A reading's entries become items, with their texts and the work they cause, and the mark moves on with them.

use std::collections::HashSet;
use std::sync::PoisonError;

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use tracing::debug;

use super::draft::{Draft, News, Remembered};
use super::identity::{self, Face, Fate, Holding, Key, Matching, Memory};
use super::store::{BATCH, Changes};
use super::watched::Watched;
use super::{Keep, months, watched, works};
use crate::item::{Entry, Fault, FaultKind, Item, ItemId, Reading};
use crate::page::Mark;
use crate::source::Source;
use crate::work::{Duty, Work};

const ITEM: &[u8] = b"item/";
const KEY: &[u8] = b"key/";

/// A date further ahead than this is a mistake or a trick to stay on top; time zones and clocks explain less than a day.
const MOST_AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// So many entries become items at once: usual feeds whole, with one append and one fsync, and the largest in bounded memory.
const AT_A_TIME: usize = 500;

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

/// A draft, the place of its entry among those kept with it, and the keys that name it from now on.
struct Named {
    draft: Draft,
    place: usize,
    keys: Vec<Key>,
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
    pub fn keep_reading(&mut self, source: &Source, reading: Reading, mark: Mark, now: Timestamp) -> Result<Kept> {
        let mut watched = self.watched(&source.name)?.unwrap_or_default();
        let Reading { mut entries, faults } = reading;
        entries.iter_mut().for_each(|entry| mend_dates(entry, now));
        let is_empty = entries.is_empty();
        let mut kept = Kept { entries: entries.len(), ..Kept::default() };
        let mut changes = Changes::default();
        if !is_empty {
            let dates = self.keep_entries(source, entries, &watched, now, &mut kept, &mut changes)?;
            watched.add_dates(dates);
        }
        let mut fault = faults.iter().find(|fault| !fault.kind.is_minor()).or(faults.first()).cloned();
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
                watched.mark = mark;
                watched.turns.ok += 1;
                watched.went_well(source, now);
            }
            Some(fault) => {
                watched.went_wrong(source, fault, now);
                // Whatever was found at a new place, it is not what the source was: its own address is asked again.
                watched.mark.moved = None;
            }
        }
        watched.fault = fault.clone();
        kept.fault = fault;
        watched::put(&mut changes, &source.name, &watched);
        self.store.commit(changes)?;
        Ok(kept)
    }

    /// Keeps entries some at a time, in transactions of a bounded size. The last one is left in `changes` for the mark to
    /// join. If we are stopped in between, the mark has not moved: the page is read again, and what was kept is known by its
    /// keys. Returns the dates of what is new; what was there without a date before the source was watched has none.
    fn keep_entries(
        &mut self,
        source: &Source,
        entries: Vec<Entry>,
        watched: &Watched,
        now: Timestamp,
        kept: &mut Kept,
        changes: &mut Changes,
    ) -> Result<Vec<Timestamp>> {
        let mut dates = Vec::new();
        let (entries, faces) = identity::whole(entries);
        let mut memory = self.memory(&source.name, &faces)?;
        let Matching { fates, keys, void } = identity::matching(&faces, &memory);
        for key in &void {
            self.make_room(1, source, watched, kept, changes)?;
            changes.put(&key_key(&source.name, key), &None::<ItemId>);
        }
        let mut entries = entries.into_iter();
        let mut matched = faces.into_iter().zip(fates).zip(keys);
        while entries.len() > 0 {
            let some: Vec<Entry> = entries.by_ref().take(AT_A_TIME).collect();
            let mut drafts = self.drafts(source, &some, matched.by_ref(), !watched.had_entries, now)?;
            let texts: Vec<&str> =
                drafts.iter().filter(|one| one.draft.archive).map(|one| some[one.place].text.as_str()).collect();
            let mut places = self.archive.append(&texts, now)?.into_iter();
            self.archive.record_lengths(changes);
            for one in &mut drafts {
                // Its keys, itself, two works, when it changed, and the source.
                self.make_room(one.keys.len() + 5, source, watched, kept, changes)?;
                if one.draft.archive
                    && let Some(place) = places.next()
                {
                    one.draft.remembered.item.place = place;
                }
                dates.extend(put(changes, source, one, now, &mut memory, kept));
            }
        }
        Ok(dates)
    }

    /// Commits `changes` if so many more would be too many for one transaction.
    fn make_room(
        &self,
        more: usize,
        source: &Source,
        watched: &Watched,
        kept: &Kept,
        changes: &mut Changes,
    ) -> Result<()> {
        if changes.len() + more < BATCH {
            return Ok(());
        }
        // Should we be stopped here, these items count all the same.
        let entries = watched.entries + kept.new.len() as u64;
        watched::put(changes, &source.name, &Watched { entries, ..watched.clone() });
        self.store.commit(std::mem::take(changes))
    }

    /// What each entry makes of memory; those that repeat another make nothing.
    fn drafts(
        &self,
        source: &Source,
        entries: &[Entry],
        mut matched: impl Iterator<Item = ((Face, Fate), Vec<Key>)>,
        baseline: bool,
        now: Timestamp,
    ) -> Result<Vec<Named>> {
        let mut drafts: Vec<Named> = Vec::new();
        let mut given: HashSet<ItemId> = HashSet::new();
        for (place, entry) in entries.iter().enumerate() {
            let Some(((face, fate), keys)) = matched.next() else { break };
            let draft = match &fate {
                Fate::Twin(_) => continue,
                Fate::Same(id) => match self.remembered(id)? {
                    Some(remembered) => {
                        let is_changed = face.content != remembered.face.content;
                        let text = is_changed.then(|| self.text_or_nothing(&remembered.item));
                        let is_lost = self.archive.has_lost(&remembered.item.place);
                        let mut draft = Draft::of_known(remembered, text.as_deref(), source, entry, face, now);
                        if is_lost && !entry.text.is_empty() {
                            draft.archive_again();
                        }
                        draft
                    }
                    None => continue,
                },
                Fate::New => {
                    let key = keys.first().map_or_else(|| format!("c:{}", face.content), id_key);
                    let mut attempt = 0;
                    let id = loop {
                        let id = ItemId::first_seen(&source.name, &key, attempt);
                        if !given.contains(&id) && !self.store.has(&item_key(&id))? {
                            break id;
                        }
                        attempt += 1;
                    };
                    given.insert(id.clone());
                    Draft::of_new(id, source, entry, face, baseline, now)
                }
            };
            drafts.push(Named { draft, place, keys });
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
fn mend_dates(entry: &mut Entry, now: Timestamp) {
    for date in [&mut entry.published, &mut entry.updated] {
        *date = date.filter(|date| date.duration_since(now) <= MOST_AHEAD);
    }
}

/// Puts an item with its keys and the work it causes into a transaction. Returns the date of a new one, if it has one.
fn put(
    changes: &mut Changes,
    source: &Source,
    one: &Named,
    now: Timestamp,
    memory: &mut Memory,
    kept: &mut Kept,
) -> Option<Timestamp> {
    let draft = &one.draft;
    let item = &draft.remembered.item;
    let holding = Holding::Item(item.id.clone());
    for key in &one.keys {
        let held = memory.keys.get_mut(key);
        if held.as_deref() == Some(&holding) {
            continue;
        }
        changes.put(&key_key(&source.name, key), &Some(&item.id));
        if let Some(held) = held {
            held.clone_from(&holding);
        }
    }
    if !draft.is_changed {
        return None;
    }
    changes.put(&item_key(&item.id), &draft.remembered);
    match draft.news {
        News::New => kept.new.push(item.id.clone()),
        News::Updated => kept.updated.push(item.id.clone()),
        News::None => {}
    }
    if draft.news == News::Updated {
        months::note_change(changes, item, now);
    }
    if draft.news != News::None {
        works::put(changes, &Work::new(Duty::Judge, item.id.0.clone(), item.content.clone(), now));
    }
    if draft.shows {
        works::put(changes, &Work::new(Duty::Index, item.id.0.clone(), item.content.clone(), now));
    }
    (draft.news == News::New).then(|| item.published.or((!item.baseline).then_some(item.seen)))?
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
