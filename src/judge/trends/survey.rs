//! A survey: the stories of one month, one after the other, made into counts and into what they say.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use url::Url;

use super::pain::Pains;
use super::release::ReleaseList;
use super::retirement::retirements;
use super::terms::{Names, terms};
use crate::edition::trends::{Link, Pain, Releases, Retirement, Tool};
use crate::guard::text::excerpt;
use crate::judge::product::version_in;
use crate::source::Trust;
use crate::tally::{Count, Share, Tally, VERSION};
use crate::verdict::{Category, Level};

/// Items of one story whose words count: more of them only repeat the first ones.
const MOST_WORDED: usize = 3;
/// Tools that are told of, and characters of what each says of itself.
const MOST_TOOLS: usize = 6;
const EXCERPT: usize = 150;

/// One item, as trends see it.
#[derive(Debug, Clone)]
pub struct Note {
    pub source: String,
    /// Whose words it is (`Member::site`); empty without a link.
    pub site: String,
    pub trust: Trust,
    pub topics: Vec<String>,
    pub level: Level,
    pub category: Category,
    pub relevance: f64,
    /// It was news in this month: not there before the source was watched, and not published long before.
    pub fresh: bool,
    pub title: String,
    pub text: String,
    pub link: Option<Url>,
    pub at: Timestamp,
}

impl Note {
    pub fn link(&self) -> Link {
        Link { title: self.title.clone(), url: self.link.clone(), source: self.source.clone() }
    }
}

/// What a month's stories say. Feed it story by story, in the same order for the same result.
pub struct Survey {
    names: Names,
    pub(super) stories: Vec<Told>,
    pub(super) terms: HashMap<String, Term>,
    sources: Places,
    sites: Places,
    categories: BTreeMap<Category, u64>,
    retirements: Vec<Retirement>,
    releases: ReleaseList,
    pains: Pains,
    /// With how many sources tell it, and how relevant it is.
    tools: Vec<(usize, f64, Tool)>,
}

/// A tool that belongs in a digest. A version of one that is known is a release.
fn is_tool(note: &Note) -> bool {
    note.category == Category::Tool && note.level >= Level::Notable && version_in(&note.title).is_none()
}

/// One story that counts.
pub(super) struct Told {
    /// Source and site of each item, in the order they came.
    pub(super) by: Vec<(u32, u32)>,
    pub(super) link: Link,
    pub(super) relevance: f64,
}

/// Where a term stands.
pub(super) struct Term {
    pub(super) shown: Box<str>,
    /// Places in the survey's stories, rising.
    pub(super) stories: Vec<u32>,
}

/// Names in the order they were first met.
#[derive(Default)]
pub(super) struct Places {
    pub(super) names: Vec<String>,
    places: HashMap<String, u32>,
}

impl Places {
    fn of(&mut self, name: &str) -> u32 {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let place = self.names.len() as u32;
        self.names.push(name.to_owned());
        self.places.insert(name.to_owned(), place);
        place
    }
}

impl Survey {
    /// `products` are those that the lab watches, `topics` its words for what sources are about.
    pub fn new(products: &[String], topics: &[String]) -> Survey {
        Survey {
            names: Names::of(products.iter().chain(topics).map(String::as_str)),
            stories: Vec::new(),
            terms: HashMap::new(),
            sources: Places::default(),
            sites: Places::default(),
            categories: BTreeMap::new(),
            retirements: Vec::new(),
            releases: ReleaseList::new(products),
            pains: Pains::new(products),
            tools: Vec::new(),
        }
    }

    /// One story of the month with those of its items that were first judged in it, in that order. `is_new` says that it
    /// began in this month.
    pub fn add(&mut self, notes: &[Note], is_new: bool) {
        notes.iter().for_each(|note| self.add_change(note));
        let fresh: Vec<&Note> = notes.iter().filter(|note| note.fresh).collect();
        self.pains.add(&fresh);
        fresh.iter().for_each(|note| self.releases.add(note));
        // What nothing speaks for is no news for the lab, and so no trend for it.
        let counted: Vec<&Note> = fresh.into_iter().filter(|note| note.level >= Level::Routine).collect();
        let Some(first) = counted.first() else { return };
        if is_new && let Some(tool) = counted.iter().find(|note| is_tool(note)) {
            let sources: BTreeSet<&str> = counted.iter().map(|note| note.source.as_str()).collect();
            let told = Tool { link: tool.link(), excerpt: excerpt(&tool.text, EXCERPT) };
            self.tools.push((sources.len(), tool.relevance, told));
        }
        let story = u32::try_from(self.stories.len()).expect("a month has fewer stories than numbers");
        let category = counted.iter().map(|note| note.category).min().unwrap_or(first.category);
        *self.categories.entry(category).or_default() += 1;
        for note in counted.iter().take(MOST_WORDED) {
            for (term, shown) in terms(&note.title, &note.text, &self.names) {
                let term = self
                    .terms
                    .entry(term)
                    .or_insert_with(|| Term { shown: shown.into_boxed_str(), stories: Vec::new() });
                if term.stories.last() != Some(&story) {
                    term.stories.push(story);
                }
            }
        }
        let by = counted.iter().map(|note| {
            let site = if note.site.is_empty() { &note.source } else { &note.site };
            (self.sources.of(&note.source), self.sites.of(site))
        });
        let by: Vec<(u32, u32)> = by.collect();
        self.stories.push(Told { by, link: first.link(), relevance: first.relevance });
    }

    /// An item of an earlier month whose words changed in this one: only what it says will go is news.
    pub fn add_change(&mut self, note: &Note) {
        if note.trust == Trust::Official {
            self.retirements.extend(retirements(note));
        }
    }

    /// Tools first told of in the month, those that most sources tell first, then the most relevant.
    pub fn tools(&self) -> Vec<Tool> {
        let mut all: Vec<&(usize, f64, Tool)> = self.tools.iter().collect();
        all.sort_by(|one, other| {
            other.0.cmp(&one.0).then(other.1.total_cmp(&one.1)).then_with(|| one.2.link.title.cmp(&other.2.link.title))
        });
        all.into_iter().take(MOST_TOOLS).map(|(.., tool)| tool.clone()).collect()
    }

    /// The month's counts. `read` and `told` are counted elsewhere.
    pub fn tally(&self, month: &str, read: u64, told: u64) -> Tally {
        let mut sources: Vec<Share> =
            self.sources.names.iter().map(|name| Share { source: name.clone(), stories: 0 }).collect();
        for story in &self.stories {
            sources[story.by[0].0 as usize].stories += 1;
        }
        let mut counts: Vec<Count> = self.terms.iter().map(|(term, found)| self.count(term, found)).collect();
        counts.sort_by(|one, other| one.term.cmp(&other.term));
        let mut retirements = self.retirements.clone();
        retirements.sort();
        retirements.dedup_by(|one, other| (one.on, &one.what) == (other.on, &other.what));
        Tally {
            version: VERSION,
            month: month.to_owned(),
            read,
            told,
            categories: self.categories.clone(),
            sources,
            terms: counts,
            retirements,
        }
    }

    /// What came out, by product.
    pub fn releases(&self) -> Vec<Releases> {
        self.releases.releases()
    }

    /// What people report again and again.
    pub fn pains(&self) -> Vec<Pain> {
        self.pains.pains()
    }

    fn count(&self, term: &str, found: &Term) -> Count {
        let (mut by, mut sites) = (BTreeMap::<u32, u32>::new(), Vec::new());
        for story in &found.stories {
            let (source, site) = self.stories[*story as usize].by[0];
            *by.entry(source).or_default() += 1;
            sites.push(site);
        }
        sites.sort_unstable();
        sites.dedup();
        Count { term: term.into(), by: by.into_iter().collect(), sites: sites.len() as u32 }
    }

    pub(super) fn source_names(&self) -> &[String] {
        &self.sources.names
    }
}
