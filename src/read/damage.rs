//! Damage is what had to be mended before a feed could be read, counted by kind.

use std::collections::BTreeMap;

/// One kind of damage. The order is the order in which it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flaw {
    /// The declared or guessed charset does not fit the bytes.
    Charset,
    /// U+0000 and other characters that XML and JSON forbid.
    Control,
    /// Text before the feed begins.
    Junk,
    /// `<rss>` or JSON Feed without a version, or with one that does not exist.
    Version,
    /// `&` that begins no reference.
    Ampersand,
    /// `&nbsp;` and others that XML does not know.
    Entity,
    /// `<` that begins no tag.
    Bracket,
    /// Tags that do not match.
    Tags,
    /// A CDATA section without its end.
    Cdata,
    /// An item that begins before the one before it ended.
    Items,
    /// A value of another type than the format says.
    Types,
    /// JSON that breaks off or is not JSON.
    Syntax,
    /// The end is missing.
    Tail,
    /// An entry that could not be read at all.
    Entry,
    /// An element that the parser could not take was left out.
    Element,
}

impl Flaw {
    fn words(self) -> &'static str {
        match self {
            Flaw::Charset => "bytes outside its charset",
            Flaw::Control => "control characters",
            Flaw::Junk => "text before the feed",
            Flaw::Version => "missing or unknown version",
            Flaw::Ampersand => "bare `&`",
            Flaw::Entity => "entities that XML does not know",
            Flaw::Bracket => "bare `<`",
            Flaw::Tags => "tags that do not match",
            Flaw::Cdata => "CDATA without its end",
            Flaw::Items => "entries that are not closed",
            Flaw::Types => "values of the wrong type",
            Flaw::Syntax => "broken JSON",
            Flaw::Tail => "cut off before its end",
            Flaw::Entry => "unreadable entries",
            Flaw::Element => "an element that cannot be parsed",
        }
    }
}

/// All that was mended in one page.
#[derive(Debug, Default)]
pub struct Damage(BTreeMap<Flaw, usize>);

impl Damage {
    pub fn note(&mut self, flaw: Flaw) {
        self.count(flaw, 1);
    }

    pub fn count(&mut self, flaw: Flaw, times: usize) {
        if times > 0 {
            *self.0.entry(flaw).or_default() += times;
        }
    }

    pub fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// "bare `&` (3), tags that do not match, cut off before its end".
    pub fn words(&self) -> String {
        let words: Vec<String> = self
            .0
            .iter()
            .map(|(flaw, times)| match times {
                1 => flaw.words().to_owned(),
                _ => format!("{} ({times})", flaw.words()),
            })
            .collect();
        words.join(", ")
    }
}
