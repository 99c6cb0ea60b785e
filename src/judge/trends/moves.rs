//! Moves: the terms that a month tells far more, or far less, than the months before let expect.
//!
//! Counted are different stories, of the sources that also told something in at least two of the months compared: a source
//! that is new brings words of its own, and they are no trend. Of such a source `s` let the months compared have `N_s`
//! stories, `K_s` of them with the term, and this month `n_s`; `N`, `K` and `n` are the sums. Then
//!
//! - the rate in a source is `p_s = (K_s + 20 K/N) / (N_s + 20)`: its own, drawn to that of all where it told little;
//! - expected are `E = Σ n_s p_s + n/2N` stories. More stories, or more from some sources, thus expect more of each of their
//!   words. The last part is what is not known of a term that was never seen (Jeffreys' prior, half a story);
//! - the count is taken as negative binomial with mean `E` and size `r`, `1/r = 1/(K + ½) + ω`: the first part is how
//!   uncertain so few months leave the rate (a Poisson count whose rate has a gamma distribution), the second how much the
//!   term varies from month to month anyway. Of that `M` months say little: `ω` is 0.15, worth five months, drawn to the
//!   term's own `max(0, M/(M-1) Σ(K_m − E_m)² − ΣE_m) / ΣE_m²`, worth `M − 1` months where the term is frequent and less
//!   where it is rare (times `ΣE_m² / (ΣE_m² + 20)`);
//! - the chance is the upper tail at the stories of this month, in which no site counts more than all others together.
//!
//! Told is what has at least 5 stories of 3 sites, twice what was expected, and is among the discoveries of Benjamini and
//! Hochberg at 1 % of all terms that stood anywhere in these months: a never-seen term thus needs about 8 stories in a thousand
//! a month, and fewer in a smaller home. A term fades by the lower tail, where 6 or more were expected and at most a third
//! came, among all that were expected so and steady.
//!
//! Limits: with two months before, only what is loud stands out; a term that comes each year in the same month stands out
//! unless it is in seasonal.txt; one happening that grouping tells as ten stories is ten.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::chance::{Counts, discoveries};
use super::survey::{Survey, Term, Told};
use crate::edition::trends::{Compared, Link, Move};
use crate::tally::{Count, Tally};

/// Fewer months let nothing be compared.
pub const LEAST_MONTHS: usize = 2;
/// More are not compared: what was said a year ago is another field.
pub const MOST_MONTHS: usize = 6;
/// Months in which a source must have told something to take part.
const LEAST_PRESENT: usize = 2;
/// Fewer stories are a coincidence that nobody calls a trend, however improbable.
const LEAST_STORIES: u64 = 5;
/// One busy blog is none, and two may copy each other.
const LEAST_SITES: usize = 3;
/// Below twice the expected, a reader would not notice.
const RISE: f64 = 2.0;
const FALL: f64 = 1.0 / 3.0;
/// Expected of a term that can fade.
const LEAST_EXPECTED: f64 = 6.0;
/// Share of false ones among what is told, of a month in which all is chance: one such month in a hundred tells something.
const FALSE_SHARE: f64 = 0.01;
/// Stories that a source's own rate must outweigh.
const POOL: f64 = 20.0;
/// What a term varies from month to month (the square of the relative deviation, beyond Poisson's), as many months' worth of
/// its own say, and the stories squared that it takes to say it.
const VARIES: f64 = 0.15;
const VARIES_MONTHS: f64 = 5.0;
const VARIES_SQUARE: f64 = 20.0;
/// Of a term never seen: half a story in all the months (Jeffreys).
const UNSEEN: f64 = 0.5;
/// Two terms share so much of the smaller one's stories, and it has a third of the larger one's: they are one trend.
const SAME: f64 = 0.6;
/// A longer phrase names a trend if it stands in this much of its stories.
const NAMES: f64 = 0.6;
/// Told at most, so that the page is read.
const MOST_RISING: usize = 8;
const MOST_FADING: usize = 5;
const MOST_WITH: usize = 4;
const MOST_LINKS: usize = 3;

/// Rising and fading terms, the surest first, and what was compared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Moves {
    pub rising: Vec<Move>,
    pub fading: Vec<Move>,
    pub compared: Compared,
}

/// Compares a month with those before it, the oldest first; the last six count.
pub fn moves(survey: &Survey, before: &[&Tally]) -> Moves {
    let before = &before[before.len().saturating_sub(MOST_MONTHS)..];
    let panel = Panel::of(survey, before);
    let mut compared = Compared {
        months: before.iter().map(|tally| tally.month.clone()).collect(),
        terms: 0,
        stories: panel.now as u64,
        left_out: Vec::new(),
    };
    if before.len() >= LEAST_MONTHS {
        compared.left_out = panel.left_out(survey);
    }
    if before.len() < LEAST_MONTHS || panel.now == 0.0 || panel.base == 0.0 {
        return Moves { compared, ..Moves::default() };
    }
    let history = History::of(survey, &panel, before);
    compared.terms = history.all;
    let mut rising: Vec<Seen<'_>> = Vec::new();
    let mut fading: Vec<Seen<'_>> = Vec::new();
    let mut could_fade = 0;
    let none = Term { shown: Box::default(), stories: Vec::new() };
    let gone = history.terms.keys().filter(|term| !survey.terms.contains_key(**term)).map(|term| (*term, &none));
    for (term, found) in survey.terms.iter().map(|(term, found)| (term.as_str(), found)).chain(gone) {
        let now = panel.count(found);
        let past = history.terms.get(term);
        if now.counted + past.map_or(0, |past| past.total) < LEAST_STORIES {
            continue;
        }
        let expected = panel.expected(past);
        could_fade += u64::from(expected >= LEAST_EXPECTED && past.is_some_and(Past::is_steady));
        let could_rise = now.counted >= LEAST_STORIES && now.sites >= LEAST_SITES;
        if could_rise && now.counted as f64 >= RISE * expected {
            let chance = panel.counts(past, expected).at_least(now.counted);
            rising.push(Seen { term, found, now, expected, chance, past });
        } else if let Some(past) = past
            && expected >= LEAST_EXPECTED
            && now.stories.len() as f64 <= FALL * expected
            && past.is_steady()
        {
            let chance = panel.counts(Some(past), expected).at_most(now.stories.len() as u64);
            fading.push(Seen { term, found, now, expected, chance, past: Some(past) });
        }
    }
    Moves {
        rising: surest(rising, compared.terms, before.len(), survey, MOST_RISING),
        fading: surest(fading, could_fade, before.len(), survey, MOST_FADING),
        compared,
    }
}

/// The sources that take part, and how many stories they have.
struct Panel {
    /// In the order of their names, so that sums come out the same each time.
    sources: Vec<Part>,
    /// Place among them by name.
    places: HashMap<String, usize>,
    /// For each story of the survey: the first source that takes part, as a place among them, and its site.
    by: Vec<Option<(usize, u32)>>,
    now: f64,
    base: f64,
}

/// One source that takes part.
struct Part {
    now: f64,
    months: Vec<f64>,
    base: f64,
}

/// A term's stories this month.
struct Now {
    stories: Vec<u32>,
    sites: usize,
    /// Stories, where no site counts more than all others together.
    counted: u64,
}

/// A term in the months before.
struct Past {
    total: u64,
    months: Vec<u64>,
    /// By the place of the source in the panel.
    by: BTreeMap<usize, u64>,
    /// The most sites in one of the months.
    sites: u32,
}

impl Past {
    /// It was told in most of these months and by several sites: not one affair that is over.
    fn is_steady(&self) -> bool {
        let present = self.months.iter().filter(|stories| **stories > 0).count();
        present * 3 >= self.months.len() * 2 && self.sites as usize >= LEAST_SITES
    }
}

struct Seen<'a> {
    term: &'a str,
    found: &'a Term,
    now: Now,
    expected: f64,
    chance: f64,
    past: Option<&'a Past>,
}

impl Panel {
    fn of(survey: &Survey, before: &[&Tally]) -> Panel {
        let mut told: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for (month, tally) in before.iter().enumerate() {
            for share in &tally.sources {
                told.entry(&share.source).or_insert_with(|| vec![0.0; before.len()])[month] += f64::from(share.stories);
            }
        }
        let names = survey.source_names();
        let present = |months: &[f64]| months.iter().filter(|stories| **stories > 0.0).count();
        // Those that told nothing this month are out as well: they may be gone, and their words with them.
        told.retain(|name, months| present(months) >= LEAST_PRESENT && names.iter().any(|other| other == name));
        let places: HashMap<String, usize> =
            told.keys().enumerate().map(|(place, name)| ((*name).to_owned(), place)).collect();
        let mut sources: Vec<Part> =
            told.into_values().map(|months| Part { now: 0.0, base: months.iter().sum(), months }).collect();
        let in_panel: Vec<Option<usize>> = names.iter().map(|name| places.get(name).copied()).collect();
        let first =
            |story: &Told| story.by.iter().find_map(|(source, site)| Some((in_panel[*source as usize]?, *site)));
        let by: Vec<Option<(usize, u32)>> = survey.stories.iter().map(first).collect();
        by.iter().flatten().for_each(|(place, _)| sources[*place].now += 1.0);
        let now = sources.iter().map(|part| part.now).sum();
        Panel { now, base: sources.iter().map(|part| part.base).sum(), sources, places, by }
    }

    /// The sources of this month that take no part.
    fn left_out(&self, survey: &Survey) -> Vec<String> {
        let names = survey.source_names().iter().filter(|name| !self.places.contains_key(*name));
        names.cloned().collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn count(&self, found: &Term) -> Now {
        let stories: Vec<u32> =
            found.stories.iter().copied().filter(|story| self.by[*story as usize].is_some()).collect();
        let mut sites: HashMap<u32, u64> = HashMap::new();
        stories
            .iter()
            .filter_map(|story| self.by[*story as usize])
            .for_each(|(_, site)| *sites.entry(site).or_default() += 1);
        let loudest = sites.values().copied().max().unwrap_or(0);
        let others = stories.len() as u64 - loudest;
        Now { sites: sites.len(), counted: others + loudest.min(others), stories }
    }

    /// The rate of a term in a source.
    fn rate(&self, place: usize, past: &Past) -> f64 {
        let own = past.by.get(&place).copied().unwrap_or(0) as f64;
        (own + POOL * past.total as f64 / self.base) / (self.sources[place].base + POOL)
    }

    fn expected(&self, past: Option<&Past>) -> f64 {
        let unseen = UNSEEN * self.now / self.base;
        let Some(past) = past else { return unseen };
        unseen + self.sources.iter().enumerate().map(|(place, part)| part.now * self.rate(place, past)).sum::<f64>()
    }

    fn counts(&self, past: Option<&Past>, expected: f64) -> Counts {
        let total = past.map_or(0, |past| past.total) as f64;
        let varies = past.map_or(VARIES, |past| self.varies(past));
        Counts::new(expected, 1.0 / (1.0 / (total + UNSEEN) + varies))
    }

    /// How much a term varied from month to month beyond Poisson's chance.
    fn varies(&self, past: &Past) -> f64 {
        let months = past.months.len() as f64;
        let (mut apart, mut mean, mut square) = (0.0, 0.0, 0.0);
        for (month, stories) in past.months.iter().enumerate() {
            let of = |(place, part): (usize, &Part)| part.months[month] * self.rate(place, past);
            let expected = self.sources.iter().enumerate().map(of).sum::<f64>();
            apart += (*stories as f64 - expected).powi(2);
            mean += expected;
            square += expected.powi(2);
        }
        let own = ((apart * months / (months - 1.0) - mean) / square.max(1e-9)).max(0.0);
        let weight = (months - 1.0) * square / (square + VARIES_SQUARE);
        (VARIES * VARIES_MONTHS + own * weight) / (VARIES_MONTHS + weight)
    }
}

/// The terms that stood in enough stories, those of this month counted, to be told of.
struct History<'a> {
    terms: HashMap<&'a str, Past>,
    /// Terms that stood anywhere, in this month or before.
    all: u64,
}

impl<'a> History<'a> {
    fn of(survey: &Survey, panel: &Panel, before: &[&'a Tally]) -> History<'a> {
        let places: Vec<Vec<Option<usize>>> = before
            .iter()
            .map(|tally| tally.sources.iter().map(|share| panel.places.get(&share.source).copied()).collect())
            .collect();
        let in_panel = |month: usize, count: &'a Count| {
            let places = &places[month];
            let by = count
                .by
                .iter()
                .filter_map(|(source, stories)| Some((places.get(*source as usize).copied()??, u64::from(*stories))));
            by.collect::<Vec<(usize, u64)>>()
        };
        // Most terms stand in one story of all: they are only counted.
        let mut totals: HashMap<&'a str, u64> = HashMap::new();
        for (month, tally) in before.iter().enumerate() {
            for count in &tally.terms {
                *totals.entry(&count.term).or_default() +=
                    in_panel(month, count).iter().map(|(_, stories)| stories).sum::<u64>();
            }
        }
        totals.retain(|_, total| *total > 0);
        let unseen = survey.terms.keys().filter(|term| !totals.contains_key(term.as_str())).count();
        let all = (totals.len() + unseen) as u64;
        totals.retain(|term, total| {
            let now = survey.terms.get(*term).map_or(0, |found| found.stories.len() as u64);
            *total + now >= LEAST_STORIES
        });
        let past = |total| Past { total, months: vec![0; before.len()], by: BTreeMap::new(), sites: 0 };
        let mut terms: HashMap<&'a str, Past> = totals.into_iter().map(|(term, total)| (term, past(total))).collect();
        for (month, tally) in before.iter().enumerate() {
            for count in &tally.terms {
                let Some(past) = terms.get_mut(&*count.term) else { continue };
                for (place, stories) in in_panel(month, count) {
                    past.months[month] += stories;
                    *past.by.entry(place).or_default() += stories;
                }
                past.sites = past.sites.max(count.sites);
            }
        }
        History { terms, all }
    }
}

/// The discoveries, of which those that share their stories are one; the surest first.
fn surest(mut seen: Vec<Seen<'_>>, looked_at: u64, months: usize, survey: &Survey, most: usize) -> Vec<Move> {
    seen.sort_by(|one, other| one.chance.total_cmp(&other.chance).then_with(|| one.term.cmp(other.term)));
    let chances: Vec<f64> = seen.iter().map(|seen| seen.chance).collect();
    seen.truncate(discoveries(&chances, looked_at, FALSE_SHARE));
    let mut groups: Vec<Vec<Seen<'_>>> = Vec::new();
    for one in seen {
        match groups.iter_mut().find(|group| group.iter().any(|other| is_same(&one, other))) {
            Some(group) => group.push(one),
            None => groups.push(vec![one]),
        }
    }
    groups.into_iter().take(most).map(|group| told(&group, months, survey)).collect()
}

/// Whether two terms are one trend: about the same stories, or, of terms that have few, one within the other.
fn is_same(one: &Seen<'_>, other: &Seen<'_>) -> bool {
    let (few, many) = if one.now.stories.len() <= other.now.stories.len() { (one, other) } else { (other, one) };
    let held = |term: &str, within: &str| format!(" {within} ").contains(&format!(" {term} "));
    if (few.now.stories.len() as u64) < LEAST_STORIES {
        return held(one.term, other.term) || held(other.term, one.term);
    }
    let shared = few.now.stories.iter().filter(|story| many.now.stories.binary_search(story).is_ok()).count();
    shared as f64 >= SAME * few.now.stories.len() as f64 && few.now.stories.len() * 3 >= many.now.stories.len()
}

/// A trend is named by its longest phrase, if that stands in most of its stories, and the surest of these.
fn told(group: &[Seen<'_>], months: usize, survey: &Survey) -> Move {
    let widest = group.iter().map(|seen| seen.now.stories.len()).max().unwrap_or(0);
    let is_wide = |seen: &&Seen<'_>| seen.now.stories.len() as f64 >= NAMES * widest as f64;
    let length = |seen: &Seen<'_>| seen.term.split(' ').count();
    let longest = group.iter().filter(is_wide).map(length).max().unwrap_or(1);
    let named = group.iter().filter(is_wide).find(|seen| length(seen) == longest).unwrap_or(&group[0]);
    let shown =
        |seen: &Seen<'_>| if seen.found.shown.is_empty() { seen.term.to_owned() } else { seen.found.shown.to_string() };
    let held = |seen: &&Seen<'_>| !format!(" {} ", named.term).contains(&format!(" {} ", seen.term));
    let with = group.iter().filter(|seen| seen.term != named.term).filter(held).map(shown).take(MOST_WITH).collect();
    Move {
        term: shown(named),
        with,
        stories: named.now.stories.len() as u64,
        sites: named.now.sites as u64,
        expected: (named.expected * 10.0).round() / 10.0,
        chance: named.chance,
        before: named.past.map_or_else(|| vec![0; months], |past| past.months.clone()),
        links: links(named, survey),
    }
}

/// The stories that most sources tell, of the most relevant ones; each site once.
fn links(seen: &Seen<'_>, survey: &Survey) -> Vec<Link> {
    let mut stories: Vec<_> = seen.now.stories.iter().map(|story| &survey.stories[*story as usize]).collect();
    stories.sort_by(|one, other| {
        let by = |story: &Told| story.by.len();
        by(other)
            .cmp(&by(one))
            .then(other.relevance.total_cmp(&one.relevance))
            .then(one.link.title.cmp(&other.link.title))
    });
    let mut sites = BTreeSet::new();
    let each = stories.into_iter().filter(|story| sites.insert(story.by[0].1));
    each.take(MOST_LINKS).map(|story| story.link.clone()).collect()
}
