//! Keys: under which names a story is found by another item that tells it.

use jiff::Timestamp;

use super::address;
use super::headline::Headline;
use super::prints;
use super::version::canonical;
use crate::judge::product::version_in;
use crate::judge::rules::{Sight, advisory_ids};

/// A text that names more advisories than this is a roundup, and none of them is its story.
const ADVISORIES: usize = 2;
/// Words of a title under which it is found: the rarest. More would find the same stories again.
const MOST_WORDS: usize = 10;
/// A word that weighs less is in too many titles to find anything by.
pub const LEAST_WEIGHT: f64 = 0.4;
/// Days around an item on which bands of its text are looked for.
const BAND_DAYS: i64 = 3;
/// Days around an item on which its words are looked for: a running story is told for two weeks.
pub const WORD_DAYS: i64 = 14;

/// The keys of one item.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Keys {
    /// Most telling first: what is shared here is one story. `advisory:GHSA-…`, `paper:arxiv:2611.01234`,
    /// `release:<product>:<version>`.
    pub strong: Vec<String>,
    /// `url:<host><path>`: the page that the item tells of.
    pub url: Option<String>,
    /// Words of the title and bands of the text: where stories with like words are looked for.
    pub near: Vec<String>,
    /// The day on which `near` counts: days since 1970.
    pub day: i64,
}

impl Keys {
    /// All keys under which the item's story is kept, in the form in which the store knows them. Those that begin with `near:`
    /// and a day hold many stories each.
    pub fn kept(&self) -> Vec<String> {
        let near = self.near.iter().map(|name| near_key(self.day, name));
        self.strong.iter().chain(&self.url).cloned().chain(near).collect()
    }

    /// Where stories with this word or band are found, each with its day.
    pub fn around(&self, name: &str) -> impl Iterator<Item = (i64, String)> {
        let days = if prints::is_band(name) { BAND_DAYS } else { WORD_DAYS };
        // What is told of later days came before its time; that is a matter of a day or two.
        (self.day - days..=self.day + days.min(BAND_DAYS)).map(move |day| (day, near_key(day, name)))
    }
}

fn near_key(day: i64, name: &str) -> String {
    // Five digits sort until the year 2243.
    format!("near:{day:05}:{name}")
}

/// The day of a time, as keys count it.
pub fn day(at: Timestamp) -> i64 {
    at.as_second().div_euclid(24 * 60 * 60).max(0)
}

/// The advisories an item is about: those in its title, else those in its text; none of a roundup.
pub fn advisories(sight: &Sight<'_>) -> Vec<String> {
    let in_title = advisory_ids(&sight.item.title, ADVISORIES + 1);
    let ids = if in_title.is_empty() { advisory_ids(sight.text, ADVISORIES + 1) } else { in_title };
    if ids.len() > ADVISORIES { Vec::new() } else { ids }
}

/// The keys of an item, from its parts.
pub fn keys(
    sight: &Sight<'_>,
    ids: &[String],
    paper: Option<&str>,
    page: Option<&url::Url>,
    headline: &Headline,
    text_prints: &[u32],
) -> Keys {
    let mut strong: Vec<String> = ids.iter().map(|id| format!("advisory:{id}")).collect();
    if let Some(paper) = paper {
        strong.push(format!("paper:arxiv:{paper}"));
    }
    if sight.about_product
        && let Some(product) = sight.product
        && let Some(version) = version_in(&sight.item.title)
    {
        let name = product.name.to_lowercase();
        // `2.0.0rc1` is one word in the headline; its number alone is another release.
        let whole = headline.versions.iter().find(|known| known.starts_with(version)).cloned();
        let one = whole.or_else(|| canonical(version)).unwrap_or_else(|| version.to_owned());
        strong.push(format!("release:{name}:{one}"));
        // As it was written in stores before versions had one form.
        if version != one && canonical(version).as_deref() == Some(&one) {
            strong.push(format!("release:{name}:{version}"));
        }
    }
    let mut rare: Vec<(&String, f64)> = headline
        .weights
        .iter()
        .map(|(stem, weight)| (stem, *weight))
        .filter(|(_, weight)| *weight >= LEAST_WEIGHT)
        .collect();
    rare.sort_by(|(one, a), (other, b)| b.total_cmp(a).then_with(|| one.cmp(other)));
    let words = rare.into_iter().take(MOST_WORDS).map(|(stem, _)| stem.clone());
    // Where a model arrives, its name and number may be all that a title has.
    let models = headline.models.iter().map(|(name, number)| format!("{name} {number}"));
    Keys {
        strong,
        url: page.and_then(address::canonical).map(|address| format!("url:{address}")),
        near: words.chain(models).chain(prints::bands(text_prints)).collect(),
        day: day(sight.item.at()),
    }
}
