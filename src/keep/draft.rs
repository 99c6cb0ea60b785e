//! A draft is an item as a reading leaves it, before it is kept: new, changed, or as it was.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::change;
use super::identity::Face;
use crate::item::{Entry, Item, ItemId, Place};
use crate::source::Source;

/// How many earlier wordings are remembered: servers of one site that give two versions in turn cause no work each time.
const WORDINGS: usize = 4;

/// An item and what it is recognised by: one value in the store.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Remembered {
    #[serde(flatten)]
    pub(super) item: Item,
    pub(super) face: Face,
    /// `change::words_hash` of its wordings before the present one, newest last.
    pub(super) wordings: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    New,
    Updated,
    None,
}

/// An item as it will be kept.
pub(super) struct Draft {
    pub(super) remembered: Remembered,
    pub(super) news: News,
    /// The entry's text goes into the archive.
    pub(super) archive: bool,
    /// Something differs from what is kept.
    pub(super) is_changed: bool,
    /// Something differs that people see: the index must be told.
    pub(super) shows: bool,
}

impl Draft {
    pub(super) fn of_new(
        id: ItemId,
        source: &Source,
        entry: &Entry,
        face: Face,
        baseline: bool,
        now: Timestamp,
    ) -> Draft {
        let item = Item {
            id,
            source: source.name.clone(),
            trust: source.trust,
            topics: source.topics.clone(),
            title: entry.title.clone(),
            link: entry.link.clone(),
            author: entry.author.clone(),
            published: entry.published.or(entry.updated),
            seen: now,
            changed: None,
            content: face.content.clone(),
            baseline,
            place: Place { file: String::new(), frame: 0, start: 0, length: 0 },
        };
        let remembered = Remembered { item, face, wordings: Vec::new() };
        Draft { remembered, news: News::New, archive: true, is_changed: true, shows: true }
    }

    pub(super) fn of_known(
        before: Remembered,
        // The kept text, where the content differs.
        earlier_text: Option<&str>,
        source: &Source,
        entry: &Entry,
        face: Face,
        now: Timestamp,
    ) -> Draft {
        let mut remembered = before.clone();
        let item = &mut remembered.item;
        item.trust = source.trust;
        item.topics.clone_from(&source.topics);
        if entry.link.is_some() {
            item.link.clone_from(&entry.link);
        }
        if item.author.is_none() {
            item.author.clone_from(&entry.author);
        }
        // The first date stays: a page that dates itself anew must not bring old items to the top.
        item.published = item.published.or(entry.published).or(entry.updated);
        let mut news = News::None;
        let mut archive = false;
        if let Some(earlier_text) = earlier_text {
            // A feed that stops giving texts takes nothing away: the text we have stays, and only the title can be news.
            let emptied = entry.text.trim().is_empty() && !earlier_text.is_empty();
            let text = if emptied { earlier_text } else { &entry.text };
            let earlier = change::words_hash(&item.title, earlier_text);
            let words = change::words_hash(&entry.title, text);
            if words != earlier && !remembered.wordings.contains(&words) {
                remembered.wordings.push(earlier);
                let surplus = remembered.wordings.len().saturating_sub(WORDINGS);
                remembered.wordings.drain(..surplus);
                news = News::Updated;
                archive = !emptied;
                item.title.clone_from(&entry.title);
                item.content.clone_from(&face.content);
                item.changed = Some(now);
            }
        }
        remembered.face = face;
        let shows = remembered.item != before.item;
        let is_changed = shows || remembered.face != before.face;
        Draft { remembered, news, archive, is_changed, shows }
    }

    /// The kept text was lost, and the entry still has it.
    pub(super) fn archive_again(&mut self) {
        self.archive = true;
        self.is_changed = true;
        self.shows = true;
    }
}
