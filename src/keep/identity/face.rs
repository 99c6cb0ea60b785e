//! The face of an entry: the few features by which it is recognised again.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::item::Entry;

/// What identity looks at, of an entry or of an item as it was last seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::keep) struct Face {
    pub(in crate::keep) native: Option<String>,
    /// `Entry::native_is_stable`, where there is a native id.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::keep) is_stable: bool,
    /// The address without scheme, `www.` and a last slash, with its fragment.
    pub(in crate::keep) link: Option<String>,
    /// The title's words in lower case, with single spaces.
    pub(in crate::keep) title: String,
    /// `Entry::content_hash`.
    pub(in crate::keep) content: String,
    pub(in crate::keep) published: Option<Timestamp>,
    /// How many words the text has.
    pub(in crate::keep) words: u32,
    /// Simhash of the text's pairs of words (Charikar 2002): texts that differ little differ in few of its bits.
    pub(in crate::keep) sketch: u64,
}

/// A text from this many words on is not said twice by chance.
const LONG_WORDS: u32 = 20;

/// Of 64 bits, unrelated texts differ in 32 with a deviation of 4; a text of which a tenth is edited, in about 10.
const NEAR_BITS: u32 = 12;

/// Below this many words a simhash says little; such texts are near only when equal.
const SKETCH_WORDS: u32 = 12;

/// More words than this are no title; a page that puts its text there must not be kept twice.
const TITLE_WORDS: usize = 60;

/// Two dates this far apart are not one date in two time zones.
pub(super) const SAME_DATE: SignedDuration = SignedDuration::from_hours(24);

impl Face {
    pub(in crate::keep) fn of(entry: &Entry) -> Face {
        let text = entry.text.to_lowercase();
        let text: Vec<&str> = words(&text).collect();
        let native = entry.native.as_deref().map(str::trim).filter(|native| !native.is_empty()).map(str::to_owned);
        Face {
            is_stable: entry.native_is_stable && native.is_some(),
            native,
            link: entry.link.as_ref().map(link_key),
            title: joined_words(&entry.title),
            content: entry.content_hash(),
            published: entry.published,
            words: text.len().try_into().unwrap_or(u32::MAX),
            sketch: sketch(&text),
        }
    }

    /// Native, link and content in one.
    pub(super) fn whole(&self) -> String {
        let native = self.native.as_deref().unwrap_or_default();
        let link = self.link.as_deref().unwrap_or_default();
        format!("{native}\n{link}\n{}", self.content)
    }

    pub(super) fn is_long(&self) -> bool {
        self.words >= LONG_WORDS
    }

    /// Nearly the same title, or nearly the same text. Numbers in the title must agree: `2.1.250` and `2.1.251` are two
    /// releases however alike the rest is.
    pub(super) fn is_near(&self, other: &Face) -> bool {
        self.text_is_near_too(other)
            || (numbers(&self.title) == numbers(&other.title) && are_near(&self.title, &other.title))
    }

    /// Nearly the same text, below a title with the same numbers.
    pub(super) fn text_is_near_too(&self, other: &Face) -> bool {
        numbers(&self.title) == numbers(&other.title) && self.text_is_near(other)
    }

    fn text_is_near(&self, other: &Face) -> bool {
        if self.words == 0 || other.words == 0 {
            return false;
        }
        if self.words < SKETCH_WORDS || other.words < SKETCH_WORDS {
            return self.words == other.words && self.sketch == other.sketch;
        }
        (self.sketch ^ other.sketch).count_ones() <= NEAR_BITS
    }

    /// Two addresses in one folder whose last parts are nearly the same words and the same numbers: a mended address. Not
    /// `daily-thread` and `daily-thread-2`.
    pub(super) fn is_moved_nearby(&self, other: &Face) -> bool {
        self.last_parts(other).is_some_and(|[ours, theirs]| are_near(&ours, &theirs))
    }

    /// Two addresses in one folder where the words of one are all in the other: `auto-review`, `agent-auto-review`. It says
    /// less than `is_moved_nearby`.
    pub(super) fn is_moved_within(&self, other: &Face) -> bool {
        self.last_parts(other).is_some_and(|[ours, theirs]| {
            let has_all = |some: &str, all: &str| {
                !some.is_empty() && some.split(' ').all(|word| all.split(' ').any(|other| other == word))
            };
            has_all(&ours, &theirs) || has_all(&theirs, &ours)
        })
    }

    /// The words of the last parts of two addresses in one folder, where their numbers agree.
    fn last_parts(&self, other: &Face) -> Option<[String; 2]> {
        let (folder, ours) = self.link.as_ref()?.rsplit_once('/')?;
        let (other_folder, theirs) = other.link.as_ref()?.rsplit_once('/')?;
        let (ours, theirs) = (joined_words(ours), joined_words(theirs));
        (folder == other_folder && numbers(&ours) == numbers(&theirs)).then_some([ours, theirs])
    }

    /// Both texts say the same, as far as there are any.
    pub(super) fn texts_agree(&self, other: &Face) -> bool {
        self.words == 0 || other.words == 0 || self.text_is_near(other)
    }

    /// One entry in two pieces on one page: the same link and title, and other text. A title that says little ("Update")
    /// may be borne by several entries; with a number in it, or on one date, it is one entry's.
    pub(super) fn is_piece_of(&self, other: &Face) -> bool {
        let one_id = self.native.is_some() && self.native == other.native;
        !self.is_stable
            && !self.title.is_empty()
            && (&self.link, &self.title) == (&other.link, &other.title)
            && ((one_id && dates_agree(self, other)) || self.is_numbered())
            && (one_id || self.link.is_some())
            && !self.texts_agree(other)
    }

    /// Its title has a number in it.
    pub(super) fn is_numbered(&self) -> bool {
        !numbers(&self.title).is_empty()
    }

    /// One entry, listed twice on one page.
    pub(super) fn is_twin_of(&self, other: &Face) -> bool {
        if self.is_stable && other.is_stable {
            return self.native == other.native;
        }
        let same_link = match (&self.link, &other.link) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => true,
        };
        if !same_link {
            return false;
        }
        match (&self.native, &other.native) {
            (Some(ours), Some(theirs)) => {
                let edited = numbers(&self.title) == numbers(&other.title) && self.text_is_near(other);
                ours == theirs && (self.content == other.content || edited)
            }
            // Without an id, the same words on another day may be another happening: "Service restored".
            _ => self.content == other.content && (self.published == other.published || self.is_long()),
        }
    }
}

/// Both dated, and alike to the second.
pub(super) fn dates_agree(one: &Face, other: &Face) -> bool {
    one.published.is_some() && one.published == other.published
}

/// Both dated, more than a day apart.
pub(super) fn dates_differ(one: &Face, other: &Face) -> bool {
    match (one.published, other.published) {
        (Some(one), Some(other)) => one.duration_since(other).abs() > SAME_DATE,
        _ => false,
    }
}

/// The address as a key: what changes when a site moves to https, drops `www.` or adds a last slash is left out.
fn link_key(link: &Url) -> String {
    let host = link.host_str().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host);
    let mut key = host.to_ascii_lowercase();
    if let Some(port) = link.port() {
        key.push_str(&format!(":{port}"));
    }
    key.push_str(link.path().trim_end_matches('/'));
    if let Some(query) = link.query().filter(|query| !query.is_empty()) {
        key.push('?');
        key.push_str(query);
    }
    if let Some(fragment) = link.fragment().filter(|fragment| !fragment.is_empty()) {
        key.push('#');
        key.push_str(fragment);
    }
    key
}

/// Runs of letters and digits.
pub(in crate::keep) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// The words in lower case, with single spaces.
fn joined_words(text: &str) -> String {
    words(&text.to_lowercase()).take(TITLE_WORDS).collect::<Vec<_>>().join(" ")
}

/// At least three of five words in common.
fn are_near(ours: &str, theirs: &str) -> bool {
    let [ours, theirs] = [ours, theirs].map(|text| {
        let mut words: Vec<&str> = text.split_whitespace().collect();
        words.sort_unstable();
        words.dedup();
        words
    });
    let common = ours.iter().filter(|word| theirs.binary_search(word).is_ok()).count();
    let all = ours.len() + theirs.len() - common;
    common > 0 && common * 5 >= all * 3
}

fn numbers(title: &str) -> Vec<&str> {
    title.split_whitespace().filter(|word| word.contains(|letter: char| letter.is_ascii_digit())).collect()
}

fn sketch(words: &[&str]) -> u64 {
    let mut sums = [0i32; 64];
    let mut count = |hash: u64| {
        for (bit, sum) in sums.iter_mut().enumerate() {
            *sum += if hash >> bit & 1 == 1 { 1 } else { -1 };
        }
    };
    match words {
        [] => return 0,
        [only] => count(hash(&[only])),
        _ => words.windows(2).for_each(|pair| count(hash(pair))),
    }
    sums.iter().enumerate().fold(0, |sketch, (bit, sum)| if *sum > 0 { sketch | 1 << bit } else { sketch })
}

/// FNV-1a with 64 bits, and a last stir (from MurmurHash3) so that every bit depends on every letter. Kept sketches depend
/// on it: it can't change without reading all texts again.
fn hash(words: &[&str]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for word in words {
        for byte in word.bytes().chain([b' ']) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    hash
}
