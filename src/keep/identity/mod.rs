//! Identity matches what a page said to what we remember, so that no item is raised twice and no new one is lost.
//!
//! Pure: it sees the entries of one reading, and what memory holds under their keys. An entry has up to six keys:
//!
//! | key | what it is | void when |
//! |---|---|---|
//! | native | the publisher's own id, as it came | several entries of one reading share it; then for ever |
//! | link | the address without scheme, `www.` and a last slash; the fragment stays | likewise |
//! | content | hash of title and text, blind to white space | shared in this reading |
//! | dated | content and the publisher's date, for entries that repeat the same words | shared in this reading |
//! | title | the title's words | shared in this reading, or no words |
//! | whole | native, link and content together, for entries all of whose other keys are void | never |
//!
//! Entries that repeat one another within a page (same native and words, or same link and words) count once. Then every
//! entry is paired with the items its keys lead to, each pair is weighed by what else agrees (`weigh`), and pairs are
//! taken from the heaviest down, each item at most once. What finds no pair is new. A key always leads to the item that
//! bore it last.
//!
//! A native id that its reader vouches for (`Entry::native_is_stable`) is asked alone: two of them are two items however
//! alike the words, one is one item whatever was edited, and on one page twice it counts once.
//!
//! Keys are trusted by what they do on the page (`Standing`): where nearly all lead to the words they led to before, one
//! that leads to other words, on another date, is an item written anew; where many do, it is a key used again; and where
//! they lead to one another's words, they are places on the page and say nothing alone.
//!
//! A publisher that changes all its ids, or moves all its pages, shows as many entries at once whose native id is unknown
//! though their link or words are known: then (`wholesale`) a new native id is no sign of a new item.

mod face;
mod page;

pub(super) use face::words;

use std::collections::HashMap;

pub(super) use face::Face;
use face::{dates_agree, dates_differ};
use page::{Page, Standing, is_wholesale, standing};

use crate::item::{Entry, ItemId};

/// Which of an entry's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Native,
    Link,
    Content,
    Dated,
    Title,
    Whole,
}

/// In the order in which an item's id prefers them.
const KINDS: [Kind; 6] = [Kind::Native, Kind::Link, Kind::Content, Kind::Dated, Kind::Title, Kind::Whole];

impl Kind {
    /// One byte in the store's keys.
    pub(super) fn letter(self) -> u8 {
        match self {
            Kind::Native => b'n',
            Kind::Link => b'l',
            Kind::Content => b'c',
            Kind::Dated => b'd',
            Kind::Title => b't',
            Kind::Whole => b'w',
        }
    }
}

/// A key: its kind and its text.
pub(super) type Key = (Kind, String);

/// What memory holds under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Holding {
    Item(ItemId),
    /// Several entries of one page shared it: it names nothing.
    Void,
}

/// What memory holds under the keys of one reading.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) keys: HashMap<Key, Holding>,
    pub(super) faces: HashMap<ItemId, Face>,
}

/// What an entry turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    Same(ItemId),
    New,
    /// It repeats an earlier entry of the page, given by its number.
    Twin(usize),
}

/// The matching of one reading.
#[derive(Debug)]
pub(super) struct Matching {
    /// One for each entry, in order.
    pub(super) fates: Vec<Fate>,
    /// For each entry: the keys that name it from now on, those of its twins behind its own. Of a new one, the first is the
    /// key its id is made from.
    pub(super) keys: Vec<Vec<Key>>,
    /// Keys that name nothing from now on.
    pub(super) void: Vec<Key>,
}

/// Every key that memory should be asked for.
pub(super) fn keys(face: &Face) -> Vec<Key> {
    KINDS.iter().filter_map(|kind| key(face, *kind)).collect()
}

fn key(face: &Face, kind: Kind) -> Option<Key> {
    let text = match kind {
        Kind::Native => face.native.clone()?,
        Kind::Link => face.link.clone()?,
        Kind::Content => face.content.clone(),
        Kind::Dated => format!("{}@{}", face.content, face.published?),
        Kind::Title => Some(face.title.clone()).filter(|title| !title.is_empty())?,
        Kind::Whole => face.whole(),
    };
    Some((kind, text))
}

/// Entries with their faces, where one entry in several pieces is made whole: a page may list a release once for each part
/// of its notes.
pub(super) fn whole(entries: Vec<Entry>) -> (Vec<Entry>, Vec<Face>) {
    let mut whole: Vec<Entry> = Vec::new();
    let mut faces: Vec<Face> = Vec::new();
    let all: Vec<Face> = entries.iter().map(Face::of).collect();
    let mut counts: HashMap<_, usize> = HashMap::new();
    let mut titles: HashMap<_, Option<&str>> = HashMap::new();
    for face in &all {
        let title = titles.entry(&face.link).or_insert(Some(&face.title));
        *title = title.filter(|title| *title == face.title);
    }
    // A numbered title at an address that bears no other is one release, whatever ids its pieces are given.
    let name = |face: &Face| {
        let is_one = face.link.is_some() && titles.get(&face.link).copied().flatten().is_some() && face.is_numbered();
        (face.native.clone().filter(|_| !is_one), face.link.clone(), face.title.clone())
    };
    let names: Vec<_> = all.iter().map(name).collect();
    for name in &names {
        *counts.entry(name).or_default() += 1;
    }
    let mut firsts: HashMap<_, usize> = HashMap::new();
    for ((entry, face), name) in entries.into_iter().zip(&all).zip(&names) {
        let first = *firsts.entry(name).or_insert(whole.len());
        if counts[name] <= MOST_PIECES && faces.get(first).is_some_and(|first| face.is_piece_of(first)) {
            let joined = &mut whole[first];
            if !joined.text.contains(&entry.text) {
                joined.text = format!("{}\n\n{}", joined.text, entry.text);
                faces[first] = Face::of(joined);
            }
        } else {
            whole.push(entry);
            faces.push(face.clone());
        }
    }
    (whole, faces)
}

/// More entries of one name than this are no pieces of one, but entries of a page that names all alike.
const MOST_PIECES: usize = 8;

/// Matches one reading. The same reading and memory always give the same matching.
pub(super) fn matching(faces: &[Face], memory: &Memory) -> Matching {
    let twins = twins(faces);
    let shared = shared(faces, &twins);
    let candidates: Vec<Candidate> = faces
        .iter()
        .enumerate()
        .filter(|(number, _)| twins[*number].is_none())
        .map(|(number, face)| Candidate::new(number, face, memory, &shared))
        .collect();
    let page = Page::of(faces);
    let wholesale = [false, true].map(|nameless| is_wholesale(&candidates, memory, &page, nameless));
    let standings = [Kind::Native, Kind::Link].map(|kind| standing(kind, &candidates, memory));

    let mut pairs: Vec<(u32, usize, &ItemId)> = Vec::new();
    for candidate in &candidates {
        for id in &candidate.items {
            let Some(face) = memory.faces.get(*id) else { continue };
            if let Some(weight) =
                weigh(candidate, face, wholesale[usize::from(candidate.is_nameless())], standings, &page)
            {
                pairs.push((weight, candidate.number, *id));
            }
        }
    }
    pairs.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)).then(a.2.cmp(b.2)));
    let mut chosen: HashMap<usize, &ItemId> = HashMap::new();
    let mut taken: HashMap<&ItemId, usize> = HashMap::new();
    for (_, number, id) in pairs {
        if !chosen.contains_key(&number) && !taken.contains_key(id) {
            chosen.insert(number, id);
            taken.insert(id, number);
        }
    }

    let fates = (0..faces.len())
        .map(|number| match (twins[number], chosen.get(&number)) {
            (Some(first), _) => Fate::Twin(first),
            (None, Some(id)) => Fate::Same((*id).clone()),
            (None, None) => Fate::New,
        })
        .collect();
    let mut keys: Vec<Vec<Key>> = faces.iter().map(|face| naming_keys(face, memory, &shared)).collect();
    for (number, twin) in twins.iter().enumerate() {
        if let Some(first) = twin {
            let twins_keys = std::mem::take(&mut keys[number]);
            keys[*first].extend(twins_keys);
        }
    }
    let mut void: Vec<Key> = shared.into_keys().filter(|key| matches!(key.0, Kind::Native | Kind::Link)).collect();
    void.retain(|key| memory.keys.get(key) != Some(&Holding::Void));
    void.sort();
    Matching { fates, keys, void }
}

/// An entry to be matched, with its usable keys and the items they lead to.
struct Candidate<'a> {
    number: usize,
    face: &'a Face,
    native: Option<&'a str>,
    link: Option<&'a str>,
    /// Title and content are each borne by this entry only.
    title_is_own: bool,
    content_is_own: bool,
    items: Vec<&'a ItemId>,
    native_is_known: bool,
}

impl<'a> Candidate<'a> {
    fn new(number: usize, face: &'a Face, memory: &'a Memory, shared: &HashMap<Key, usize>) -> Candidate<'a> {
        let usable = |key: &Key| is_usable(key, face, memory, shared);
        let keys = keys(face);
        let is_usable = |kind: Kind| keys.iter().any(|key| key.0 == kind && usable(key));
        let mut items: Vec<&ItemId> = Vec::new();
        let mut native_is_known = false;
        for key in keys.iter().filter(|key| usable(key)) {
            if let Some(Holding::Item(id)) = memory.keys.get(key) {
                native_is_known |= key.0 == Kind::Native;
                if !items.contains(&id) {
                    items.push(id);
                }
            }
        }
        Candidate {
            number,
            face,
            native: face.native.as_deref().filter(|_| is_usable(Kind::Native)),
            link: face.link.as_deref().filter(|_| is_usable(Kind::Link)),
            title_is_own: is_usable(Kind::Title),
            content_is_own: is_usable(Kind::Content),
            items,
            native_is_known,
        }
    }

    /// Content, or a title of its own, is the item's.
    fn words_agree(&self, item: &Face) -> bool {
        self.face.content == item.content || (self.title_is_own && self.face.title == item.title)
    }

    /// Neither a native id nor a link names it.
    fn is_nameless(&self) -> bool {
        self.native.is_none() && self.link.is_none()
    }
}

/// How much speaks for an entry being an item; None: too little. Only the order of the weights means something.
fn weigh(
    candidate: &Candidate,
    item: &Face,
    wholesale: bool,
    [natives, links]: [Standing; 2],
    page: &Page,
) -> Option<u32> {
    let entry = candidate.face;
    let native = candidate.native.is_some() && candidate.native == item.native.as_deref();
    // A vouched id decides alone. An item that was never read with one (its source was a feed then) is found as any other.
    if entry.is_stable && (native || item.is_stable) {
        return native.then_some(120);
    }
    if entry.whole() == item.whole() && !dates_differ(entry, item) {
        return Some(110);
    }
    let link = candidate.link.is_some() && candidate.link == item.link.as_deref();
    let dated_alike = dates_agree(entry, item);
    let content = entry.content == item.content && (candidate.content_is_own || dated_alike);
    let title = candidate.title_is_own && entry.title == item.title;
    // A title that others on the page bear as well ("Weekly roundup") brings no entry nearer to an item.
    let near = if candidate.title_is_own { entry.is_near(item) } else { entry.text_is_near_too(item) };
    // Dates move and words are edited, but when dates, title and text are all others, a key in common is a key used again:
    // `latest`, a position in the page, the address of a page that shows whatever is newest.
    let used_again = |keys: Standing| {
        !content
            && !title
            && match keys {
                Standing::Trusted => false,
                Standing::Places => !near,
                Standing::Unsure => !entry.is_near(item) && dates_differ(entry, item),
            }
    };
    if native {
        return match () {
            () if link || content || title => Some(100),
            () if near => Some(96),
            () if used_again(natives) => None,
            () => Some(70),
        };
    }
    let other_native = candidate.native.is_some() && item.native.is_some() && !wholesale;
    if link {
        return match () {
            // More than an id whose item has other words by now: ids may be places on the page.
            () if content => Some(98),
            () if title => Some(90),
            () if near => Some(85),
            // Two ids on one page with other words: two items, as in a changelog of one address.
            () if other_native || used_again(links) => None,
            () => Some(60),
        };
    }
    // A slug that grew on another day is a series; where all dates are the page's own, they don't tell.
    let slug_is_mended = entry.is_moved_within(item)
        && (page.is_dated_at_once
            || (entry.published.is_some() && item.published.is_some() && !dates_differ(entry, item)));
    let nameless = candidate.is_nameless();
    if content {
        let renamed = other_native || (candidate.link.is_some() && item.link.is_some());
        let undated = entry.published.is_none() || item.published.is_none();
        // The words stayed and the name moved. Short words ("Maintenance") may simply be said again, and on another day
        // long ones too ("Daily thread").
        let same = wholesale
            || dated_alike
            || entry.is_moved_nearby(item)
            || slug_is_mended
            || page.dates_anew(entry, item)
            || if renamed { entry.is_long() && undated } else { entry.is_long() || !dates_differ(entry, item) };
        return same.then_some(50);
    }
    let texts_agree = entry.texts_agree(item);
    if title && texts_agree && (entry.is_moved_nearby(item) || slug_is_mended) {
        return Some(45);
    }
    if title && (wholesale || nameless || dated_alike) {
        let same =
            (dated_alike && (texts_agree || wholesale || nameless)) || (texts_agree && !dates_differ(entry, item));
        return same.then_some(40);
    }
    None
}

/// For each entry, the number of the earlier entry it repeats.
fn twins(faces: &[Face]) -> Vec<Option<usize>> {
    let mut twins = vec![None; faces.len()];
    // Twins share a native id or their words; only entries of one group are compared, each with the group's firsts.
    let mut groups: HashMap<Key, Vec<usize>> = HashMap::new();
    for (number, face) in faces.iter().enumerate() {
        let mut found = None;
        for key in
            [face.native.clone().map(|native| (Kind::Native, native)), Some((Kind::Content, face.content.clone()))]
        {
            let Some(key) = key else { continue };
            let group = groups.entry(key).or_default();
            if found.is_none() {
                found = group.iter().copied().take(MOST_COMPARED).find(|first| faces[*first].is_twin_of(face));
            }
            if found.is_none() {
                group.push(number);
            }
        }
        twins[number] = found;
    }
    twins
}

/// A page of 20,000 entries under one id must not cost 20,000 squared comparisons; a real page repeats an entry a few times.
const MOST_COMPARED: usize = 16;

/// Keys that several entries of the page bear, twins counted once.
fn shared(faces: &[Face], twins: &[Option<usize>]) -> HashMap<Key, usize> {
    let mut shared = HashMap::new();
    // One kind after the other: a page of 20,000 entries has 120,000 keys.
    for kind in KINDS {
        let mut counts: HashMap<Key, usize> = HashMap::new();
        for (face, _) in faces.iter().zip(twins).filter(|(_, twin)| twin.is_none()) {
            if let Some(key) = key(face, kind) {
                *counts.entry(key).or_default() += 1;
            }
        }
        shared.extend(counts.into_iter().filter(|(_, count)| *count > 1));
    }
    shared
}

/// Whether the key names this entry and no other. What was void as long as nobody vouched for it counts again.
fn is_usable(key: &Key, face: &Face, memory: &Memory, shared: &HashMap<Key, usize>) -> bool {
    let is_vouched = key.0 == Kind::Native && face.is_stable;
    is_vouched || (!shared.contains_key(key) && memory.keys.get(key) != Some(&Holding::Void))
}

/// The keys an entry may be found under later, best first.
fn naming_keys(face: &Face, memory: &Memory, shared: &HashMap<Key, usize>) -> Vec<Key> {
    let mut all = keys(face);
    let usable: Vec<Kind> = all.iter().filter(|key| is_usable(key, face, memory, shared)).map(|key| key.0).collect();
    let is_usable = |kind| usable.contains(&kind);
    let is_nameless = !is_usable(Kind::Native) && !is_usable(Kind::Link);
    all.retain(|key| match key.0 {
        // The date tells repeated words apart; an entry with a name or with words of its own needs none.
        Kind::Dated => is_usable(Kind::Dated) && (is_nameless || !is_usable(Kind::Content)),
        Kind::Whole => is_nameless && !is_usable(Kind::Content) && !is_usable(Kind::Dated),
        kind => is_usable(kind),
    });
    all
}
