//! Releases: what came out in a month, counted by product.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use super::survey::Note;
use crate::edition::trends::Releases;
use crate::judge::product::{Product, version_in};
use crate::judge::words::words;
use crate::source::Trust;
use crate::verdict::Category;

/// Products that are told of; the rest came out, too, and can be searched.
const MOST: usize = 12;

/// A title that names a version and little else.
static NUMBERED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:release:? |version |released? )?(?P<name>[\w./@-]*(?: [\w./@()-]+){0,4}?)[ :,-]*v?\d{1,4}\.\d{1,4}[\w.+-]*(?:\b.{0,30})?$")
        .expect("a valid pattern")
});

#[derive(Debug)]
pub struct ReleaseList {
    watch: Vec<Product>,
    /// By product: the releases in the order they were added.
    found: BTreeMap<String, Vec<Note>>,
}

impl ReleaseList {
    pub fn new(products: &[String]) -> ReleaseList {
        ReleaseList { watch: products.iter().map(|name| Product::named(name)).collect(), found: BTreeMap::new() }
    }

    /// A maker's own item whose title is a product and a version.
    pub fn add(&mut self, note: &Note) {
        if note.trust != Trust::Official || version_in(&note.title).is_none() {
            return;
        }
        let Some(found) = NUMBERED.captures(&note.title) else { return };
        let product = self.product(note, found["name"].trim());
        self.found.entry(product).or_default().push(Note { text: String::new(), ..note.clone() });
    }

    /// A watched product, else the name before the version, else the source's first topic, else the source.
    fn product(&self, note: &Note, name: &str) -> String {
        let title = words(&note.title);
        let watched = |words: &[String]| self.watch.iter().find(|product| product.is_named_in(words));
        let by_topic = || note.topics.iter().find_map(|topic| watched(&words(topic)));
        if let Some(product) = watched(&title).or_else(by_topic) {
            return product.name.clone();
        }
        let is_name = name.chars().filter(|letter| letter.is_alphabetic()).count() > 1;
        match note.topics.first() {
            _ if is_name => name.to_owned(),
            Some(topic) => topic.clone(),
            None => note.source.clone(),
        }
    }

    /// The products with the most releases, each version once.
    pub fn releases(&self) -> Vec<Releases> {
        let mut all: Vec<Releases> =
            self.found.iter().filter_map(|(product, notes)| releases(product, notes)).collect();
        all.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.product.cmp(&other.product)));
        all.truncate(MOST);
        all
    }
}

fn releases(product: &str, notes: &[Note]) -> Option<Releases> {
    let mut by_date: Vec<&Note> = notes.iter().collect();
    by_date.sort_by_key(|note| note.at);
    let mut versions: Vec<(&str, &Note)> = Vec::new();
    for note in by_date {
        let version = version_in(&note.title)?;
        if !versions.iter().any(|(known, _)| *known == version) {
            versions.push((version, note));
        }
    }
    let (first, (last, newest)) = (versions.first()?.0, versions.last()?);
    Some(Releases {
        product: product.to_owned(),
        count: versions.len() as u64,
        first: first.to_owned(),
        last: (*last).to_owned(),
        breaking: versions.iter().filter(|(_, note)| note.category == Category::Breaking).count() as u64,
        url: newest.link.clone(),
    })
}
