//! What a page as a whole says: what its keys are worth, whether it makes them anew, and what it no longer shows.

use std::collections::HashSet;

use jiff::Timestamp;

use super::face::{Face, SAME_DATE, dates_differ};
use super::{Candidate, Kind, Memory, weigh};

/// What the keys of a kind are worth on this page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nearly all that are known lead to the words they led to before: one that leads to a wholly other text, title and date
    /// is an item that was written anew.
    Trusted,
    /// They changed hands: several lead to other words, while these words are known of other items. Alone, such a key says
    /// nothing, dated or not.
    Places,
    Unsure,
}

pub(super) fn standing(kind: Kind, candidates: &[Candidate], memory: &Memory) -> Standing {
    let (mut kept, mut changed, mut handed) = (0, 0, 0);
    for candidate in candidates {
        let key = if kind == Kind::Native { candidate.native } else { candidate.link };
        let Some(key) = key else { continue };
        let its_key =
            |face: &&Face| if kind == Kind::Native { &face.native } else { &face.link }.as_deref() == Some(key);
        let mut known = candidate.items.iter().filter_map(|id| memory.faces.get(*id));
        let Some(face) = known.clone().find(its_key) else { continue };
        if candidate.words_agree(face) {
            kept += 1;
        } else {
            changed += 1;
            handed += usize::from(known.any(|face| !its_key(&face) && candidate.words_agree(face)));
        }
    }
    match () {
        () if kept >= LEAST_KEPT && kept > 4 * changed => Standing::Trusted,
        () if handed >= LEAST_HANDED && handed > kept => Standing::Places,
        () => Standing::Unsure,
    }
}

/// One key that changed hands may be a mistake.
const LEAST_HANDED: usize = 2;

/// What a page as a whole says about an item that it may no longer show.
pub(super) struct Page<'a> {
    natives: HashSet<&'a str>,
    links: HashSet<&'a str>,
    oldest: Option<Timestamp>,
    /// Its dates are the time at which it was built: all are one.
    pub(super) is_dated_at_once: bool,
}

impl<'a> Page<'a> {
    pub(super) fn of(faces: &'a [Face]) -> Page<'a> {
        let dates = || faces.iter().map(|face| face.published);
        let (oldest, newest) = (dates().flatten().min(), dates().flatten().max());
        Page {
            natives: faces.iter().filter_map(|face| face.native.as_deref()).collect(),
            links: faces.iter().filter_map(|face| face.link.as_deref()).collect(),
            oldest,
            is_dated_at_once: faces.len() >= LEAST_KEPT && oldest == newest && dates().all(|date| date.is_some()),
        }
    }

    /// A headline without text comes back within a day of its date, and the item's own names are gone although the page
    /// reaches back beyond it: it was renamed and its date set right. A text, or a short title, may be a daily thread's.
    pub(super) fn dates_anew(&self, entry: &Face, item: &Face) -> bool {
        let is_named = item.native.as_deref().is_some_and(|native| self.natives.contains(native))
            || item.link.as_deref().is_some_and(|link| self.links.contains(link));
        let reaches_beyond = matches!(
            (self.oldest, item.published),
            (Some(oldest), Some(date)) if date.duration_since(oldest) > SAME_DATE
        );
        !is_named
            && reaches_beyond
            && entry.published.is_some()
            && !dates_differ(entry, item)
            && (entry.words, item.words) == (0, 0)
            && entry.title.split(' ').count() >= HEADLINE_WORDS
    }
}

/// A title of so many words is one article's, not the name of a series.
const HEADLINE_WORDS: usize = 5;

/// Fewer entries that stayed as they were say nothing about the rest.
const LEAST_KEPT: usize = 3;

/// Whether the page makes its keys anew: many entries at once would be known items, were it not for their native id (or,
/// without one, their link). One such entry is an edit; two, and more than stayed as they were, are a new way of making
/// keys. Entries without any name are asked for themselves: for them it is the date that was made anew.
pub(super) fn is_wholesale(candidates: &[Candidate], memory: &Memory, page: &Page, nameless: bool) -> bool {
    let mut kept = 0;
    let mut changed = 0;
    for candidate in candidates.iter().filter(|candidate| candidate.is_nameless() == nameless) {
        let mut known = candidate.items.iter().filter_map(|id| memory.faces.get(*id));
        let stays = match (candidate.native, candidate.link) {
            // An id that leads to other words, while another key leads to these, has changed hands: it is a place on the page.
            (Some(native), _) => {
                let is_its_own = |face: &&Face| face.native.as_deref() == Some(native);
                candidate.native_is_known
                    && (known.clone().filter(is_its_own).any(|face| candidate.words_agree(face))
                        || !known.clone().filter(|face| !is_its_own(face)).any(|face| candidate.words_agree(face)))
            }
            (None, Some(link)) => known.clone().any(|face| face.link.as_deref() == Some(link)),
            // Undated, it can't tell.
            (None, None) if candidate.face.published.is_none() => continue,
            (None, None) => {
                known.clone().any(|face| face.content == candidate.face.content && !dates_differ(face, candidate.face))
            }
        };
        if stays {
            kept += 1;
        } else if known.any(|face| weigh(candidate, face, true, [Standing::Unsure; 2], page).is_some()) {
            changed += 1;
        }
    }
    changed > kept && (changed >= 2 || nameless)
}
