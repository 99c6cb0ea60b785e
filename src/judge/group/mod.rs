//! Grouping: which items tell the same story, who speaks for it, and when it is news again.
//!
//! An item joins a story, in this order:
//! 1. by what names one happening (`keys`): an advisory's id, a paper, the release of a watched product;
//! 2. by the page it tells of, within 30 days, if nothing speaks against it;
//! 3. by its words within 72 hours: titles that share rare words, or texts that are copies (`likeness`, `prints`); within 14
//!    days if they share far more;
//! 4. by the words that a story of several members keeps repeating (`refrain`).
//!
//! How much a word says is learnt from the stream: one that was used before these days, by other stories, says little; one
//! that comes up now may be used by as many as like.
//!
//! What speaks against it (`likeness::conflict`) wins over any number of words in 2 to 4: other versions, advisories, models,
//! numbers of a row, names in the same sentence. And what one source tells apart about one site stays apart.

mod address;
mod grouping;
mod headline;
mod keys;
mod lead;
mod likeness;
mod news;
mod prints;
mod refrain;
mod site;
mod teller;
mod version;
mod vocabulary;

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};

use crate::item::{Item, ItemId};
use crate::source::Trust;
use crate::story::{Member, Rise, Sketch, Story, StoryId};
use crate::verdict::{Level, Reason, Verdict};

use headline::Headline;
use keys::WORD_DAYS;
use likeness::{arrive_together, conflict, likeness, share_template, without_template};

pub use grouping::Grouping;
pub use keys::{Keys, day};
pub use teller::Teller;

/// Where only words say that two items tell one story, they lie at most this far apart.
const WINDOW: SignedDuration = SignedDuration::from_hours(72);
/// And at most this far where the words say it loudly: an affair, a lawsuit or a retirement goes on for two weeks.
const LONG_WINDOW: SignedDuration = SignedDuration::from_hours(24 * WORD_DAYS);
/// After so long a page that is told of again is told anew.
const PAGE_WINDOW: SignedDuration = SignedDuration::from_hours(24 * 30);
/// Titles at least so alike (cosine of weighed words) tell one story. Chosen on the labelled half for a precision of 0.9.
const ALIKE: f64 = 0.25;
/// And their common words weigh at least this: more than one rare word.
const SHARED: f64 = 1.25;
/// The same for titles further apart than `WINDOW`.
const LONG_ALIKE: f64 = 0.40;
const LONG_SHARED: f64 = 2.2;
/// The mean over a story's members is at least this part of what one member must reach, lest stories grow like chains.
const MEAN: f64 = 0.6;
/// Texts whose word runs are common to so large a part are copies.
const COPY: f64 = 0.6;
/// How much less a watched product's name says: it is in the news every day.
const WATCHED: f64 = 0.4;
/// A word that so many stories used in the days before says nothing.
const CROWD: f64 = 64.0;
/// Most stories that are kept under one word and day; what is in more finds nothing.
pub const MOST_NEAR: usize = 64;
/// Days before an item that are not yet the past: who uses its words there may tell the same.
const EARLIER: i64 = 3;
/// Stories that are compared, those with the most common words first; a bound on the time.
const MOST_CANDIDATES: usize = 16;
/// Members of a story that are compared, the newest.
const MOST_MEMBERS: usize = 12;

/// Where stories are found; the run's is the store, that of measuring is in memory.
pub trait Shelf {
    /// The story known under a key that holds one.
    fn story_of(&self, key: &str) -> Result<Option<StoryId>>;
    /// The stories known under a key that holds many.
    fn stories_near(&self, key: &str) -> Result<Rc<Vec<StoryId>>>;
    fn story(&self, id: &StoryId) -> Result<Option<Rc<Story>>>;
}

/// Titles that were read before, so that each is read once a run.
#[derive(Default)]
pub struct Headlines(HashMap<ItemId, (String, Rc<Headline>)>);

impl Headlines {
    fn of(&mut self, item: &ItemId, sketch: &Sketch) -> Rc<Headline> {
        if let Some((known, headline)) = self.0.get(item)
            && *known == sketch.title
        {
            return Rc::clone(headline);
        }
        let headline = Rc::new(Headline::read(&sketch.title));
        self.0.insert(item.clone(), (sketch.title.clone(), Rc::clone(&headline)));
        headline
    }
}

/// The story an item belongs to; None if it founds one.
///
/// # Errors
/// Those of the shelf.
pub fn belongs_to(teller: &Teller, shelf: &dyn Shelf, headlines: &mut Headlines) -> Result<Option<Rc<Story>>> {
    let mut found = Vec::new();
    for key in &teller.keys.strong {
        found.extend(load(shelf, shelf.story_of(key)?)?);
    }
    if let Some(story) = oldest(found.into_iter().filter(|story| !is_told_apart(teller, story))) {
        return Ok(Some(story));
    }
    let of_page = match &teller.keys.url {
        Some(key) => load(shelf, shelf.story_of(key)?)?,
        None => None,
    };
    if let Some(story) = of_page
        && is_within(teller, &story, PAGE_WINDOW)
        && !is_told_apart(teller, &story)
        && !contradicts(teller, &story, headlines)
    {
        return Ok(Some(story));
    }
    nearest(teller, shelf, headlines)
}

fn load(shelf: &dyn Shelf, id: Option<StoryId>) -> Result<Option<Rc<Story>>> {
    id.map_or(Ok(None), |id| shelf.story(&id))
}

fn oldest(stories: impl Iterator<Item = Rc<Story>>) -> Option<Rc<Story>> {
    stories.min_by(|one, other| {
        let age = |story: &Story| story.rises.first().map_or(story.verdict.at, |rise| rise.at);
        age(one).cmp(&age(other)).then_with(|| one.id.cmp(&other.id))
    })
}

/// What one source tells apart about one site are two stories, whatever their keys; unless the source tells this story from
/// several sites, and so only carries others' words.
fn is_told_apart(teller: &Teller, story: &Story) -> bool {
    let own = || story.members.iter().filter(|member| member.source == teller.source && member.item != teller.item);
    let is_carrier = own().any(|member| !member.site.is_empty() && own().any(|other| other.site != member.site));
    !is_carrier
        && own().any(|member| member.site.is_empty() || (member.site == teller.site && !site::is_carrier(&member.site)))
}

fn is_within(teller: &Teller, story: &Story, window: SignedDuration) -> bool {
    // Members of an older store say no time; what is known of them is that they are in this story.
    story.members.iter().any(|member| {
        member.sketch.as_ref().is_none_or(|sketch| sketch.at.duration_since(teller.sketch.at).abs() <= window)
    })
}

/// The members that may be compared by words, the newest first.
fn comparable<'s>(teller: &'s Teller, story: &'s Story) -> impl Iterator<Item = (&'s Member, &'s Sketch)> {
    let sketched = story.members.iter().rev().filter_map(|member| Some((member, member.sketch.as_ref()?)));
    sketched.filter(|(_, sketch)| apart(teller, sketch) <= LONG_WINDOW).take(MOST_MEMBERS)
}

fn apart(teller: &Teller, sketch: &Sketch) -> SignedDuration {
    sketch.at.duration_since(teller.sketch.at).abs()
}

fn contradicts(teller: &Teller, story: &Story, headlines: &mut Headlines) -> bool {
    comparable(teller, story).any(|(member, sketch)| {
        let other = headlines.of(&member.item, sketch);
        tells_of_another(teller, sketch, &other)
    })
}

fn tells_of_another(teller: &Teller, sketch: &Sketch, other: &Headline) -> bool {
    let ids = (&teller.sketch.ids, &sketch.ids);
    let other_ids = !ids.0.is_empty() && !ids.1.is_empty() && ids.0.iter().all(|id| !ids.1.contains(id));
    let papers = (&teller.sketch.paper, &sketch.paper);
    let other_paper = papers.0.is_some() && papers.1.is_some() && papers.0 != papers.1;
    other_ids || other_paper || conflict(&teller.headline, other).is_some()
}

/// Of the stories with like words, the one that is most alike, if it is alike enough.
fn nearest(teller: &Teller, shelf: &dyn Shelf, headlines: &mut Headlines) -> Result<Option<Rc<Story>>> {
    let mut before = Before::default();
    let mut found: HashMap<StoryId, f64> = HashMap::new();
    for name in &teller.keys.near {
        let mut near: Vec<(StoryId, bool)> = Vec::new();
        for (day, key) in teller.keys.around(name) {
            let is_now = day >= teller.keys.day - EARLIER;
            near.extend(shelf.stories_near(&key)?.iter().map(|id| (id.clone(), is_now)));
            // The days come oldest first: a word that so many used before says nothing, whoever uses it now.
            if !is_now && near.len() >= CROWD as usize {
                break;
            }
        }
        if near.len() >= CROWD as usize && near.iter().all(|(_, is_now)| !is_now) {
            before.crowd(name, near.len());
            continue;
        }
        // Of a story's several days the earliest is left.
        near.sort_unstable();
        near.dedup_by(|other, one| other.0 == one.0);
        let earlier: Vec<StoryId> = near.iter().filter(|(_, is_now)| !is_now).map(|(id, _)| id.clone()).collect();
        // A band of a text or a model's name finds what its words may not.
        let weight = teller.headline.weights.get(name).copied().unwrap_or(SHARED) * crowded(earlier.len());
        before.stories.insert(name, earlier);
        for (id, _) in near {
            *found.entry(id).or_default() += weight;
        }
    }
    let mut ranked: Vec<(StoryId, f64)> = found.into_iter().filter(|(_, weight)| *weight > 0.0).collect();
    ranked.sort_by(|(one, a), (other, b)| b.total_cmp(a).then_with(|| one.cmp(other)));
    let watched = |stem: &str| {
        let is_watched = teller.headline.product.iter().any(|word| word == stem);
        if is_watched { WATCHED } else { 1.0 }
    };
    let damp = |stem: &str| before.damp(stem) * watched(stem);
    let mut best: Option<(f64, Rc<Story>)> = None;
    for (id, weight) in ranked.into_iter().take(MOST_CANDIDATES) {
        let Some(story) = shelf.story(&id)? else { continue };
        // What shares less with a story of one member can't be of it; only a refrain makes do with one word.
        if (weight < SHARED && story.members.len() < 2) || is_told_apart(teller, &story) {
            continue;
        }
        let says = |stem: &str, members: usize| before.says(stem, members, &id) * watched(stem);
        let Some(strength) = strength(teller, &story, headlines, &damp, &says) else { continue };
        if best.as_ref().is_none_or(|(known, _)| strength > *known) {
            best = Some((strength, story));
        }
    }
    Ok(best.map(|(_, story)| story))
}

/// The stories that used each of an item's words in the two weeks before these days.
#[derive(Default)]
struct Before<'t> {
    stories: HashMap<&'t str, Vec<StoryId>>,
    /// Words of so many that nobody need be named.
    crowds: HashMap<&'t str, usize>,
}

impl<'t> Before<'t> {
    fn crowd(&mut self, stem: &'t str, many: usize) {
        self.crowds.insert(stem, many);
    }

    fn damp(&self, stem: &str) -> f64 {
        if self.crowds.contains_key(stem) {
            return 0.0;
        }
        self.stories.get(stem).map_or(1.0, |stories| crowded(stories.len()))
    }

    /// How far a word that so many members of a story use is this story's own; a common one is nobody's.
    fn says(&self, stem: &str, members: usize, story: &StoryId) -> f64 {
        if let Some(many) = self.crowds.get(stem) {
            return members as f64 / (members + many) as f64;
        }
        let Some(stories) = self.stories.get(stem) else { return 0.0 };
        let others = stories.iter().filter(|other| *other != story).count();
        members as f64 / (members + others) as f64
    }
}

fn crowded(stories: usize) -> f64 {
    (1.0 - (stories.max(1) as f64).ln() / CROWD.ln()).max(0.0)
}

/// How far a story is the item's, 1 being just enough; None if it is not, or something speaks against it.
fn strength(
    teller: &Teller,
    story: &Story,
    headlines: &mut Headlines,
    damp: &dyn Fn(&str) -> f64,
    says: &dyn Fn(&str, usize) -> f64,
) -> Option<f64> {
    let (mut most, mut sum, mut count, mut is_arrival, mut is_near) = (0.0_f64, 0.0, 0.0, false, false);
    let mut others = Vec::new();
    for (member, sketch) in comparable(teller, story) {
        let other = headlines.of(&member.item, sketch);
        let alike = alike(teller, member, sketch, &other, damp);
        if apart(teller, sketch) <= WINDOW {
            is_near = true;
            // Whatever else is told of a model since it came, its arrival is one story.
            is_arrival |= arrive_together(&teller.headline, &other);
        }
        most = most.max(alike);
        sum += alike;
        count += 1.0;
        if member.source != teller.source || !share_template(&teller.headline, &other) {
            others.push(other);
        }
    }
    // An alarm gathers no bystanders: what joins it by words alone is like one of its members.
    let is_alarm = story.members.iter().any(|member| member.leg);
    let refrain = if is_alarm { 0.0 } else { refrain::shared(&teller.headline, &others, is_near, says) };
    let is_alike = (most >= 1.0 && sum / count >= MEAN) || refrain >= 1.0 || is_arrival;
    // An arrival belongs to the arrival, even if another story has more of its words.
    let strength = most.max(refrain) + if is_arrival { 1.0 } else { 0.0 };
    (is_alike && !contradicts(teller, story, headlines)).then_some(strength)
}

fn alike(teller: &Teller, member: &Member, sketch: &Sketch, other: &Headline, damp: &dyn Fn(&str) -> f64) -> f64 {
    let is_near = apart(teller, sketch) <= WINDOW;
    let resemblance = prints::resemblance(&teller.sketch.prints, &sketch.prints);
    if is_near && resemblance >= COPY {
        return 1.0 + resemblance;
    }
    let headline = &*teller.headline;
    let alike = if member.source != teller.source {
        likeness(&headline.weights, &other.weights, damp)
    } else if is_near && headline.weights == other.weights && !other.weights.is_empty() {
        return 1.0;
    } else if share_template(headline, other) {
        let (one, other) = without_template(headline, other);
        likeness(&one, &other, damp)
    } else {
        likeness(&headline.weights, &other.weights, damp)
    };
    let (least, shared) = if is_near { (ALIKE, SHARED) } else { (LONG_ALIKE, LONG_SHARED) };
    if alike.shared >= shared { alike.cosine / least } else { 0.0 }
}

/// The story with this item in it: a new one, or an old one with one more voice or a changed verdict.
pub fn join(story: Option<Story>, item: &Item, teller: &Teller, verdict: &Verdict, now: Timestamp) -> Story {
    let member = teller.member(verdict);
    let Some(mut story) = story else {
        let rises = vec![Rise::to(verdict.level, now)];
        let (id, lead) = (StoryId::founded_by(&item.id), item.id.clone());
        return Story { id, members: vec![member], lead, verdict: verdict.clone(), rises, weighed: None };
    };
    let news = if item.baseline || verdict.old { None } else { news::of(&story, &member) };
    match story.members.iter_mut().find(|known| known.item == member.item) {
        Some(known) => *known = member,
        None => story.members.push(member),
    }
    if let Some(best) = lead::of(&story.members) {
        story.lead = best.item.clone();
    }
    let is_known = story.rises.iter().all(|rise| rise.at < now);
    let known_action = story.verdict.action.clone();
    if verdict.level > story.verdict.level
        || (verdict.level == story.verdict.level && verdict.critical > story.verdict.critical)
    {
        let action = verdict.action.clone().or(story.verdict.action.take());
        story.verdict = Verdict { action, ..verdict.clone() };
    }
    if story.verdict.level < Level::Critical && has_two_legs(&story) && !item.baseline {
        story.verdict.level = Level::Critical;
        story.verdict.why.insert(
            0,
            Reason {
                by: "rule:two-legs".to_owned(),
                text: "told by two sites, one of them known to be right".to_owned(),
            },
        );
    }
    if let Some(news) = &news {
        // The newest thing to do is the one that holds: a later version mends more.
        story.verdict.action = verdict.action.clone().or(story.verdict.action.take());
        let reason = Reason { by: "rule:news".to_owned(), text: news.clone() };
        // Who reads of the story for the first time wants to know first what it is.
        let place = if is_known { 0 } else { story.verdict.why.len() };
        story.verdict.why.insert(place, reason);
    }
    if story.rises.iter().all(|rise| rise.level < story.verdict.level) {
        story.rises.push(Rise::to(story.verdict.level, now));
    } else if let Some(news) = news.filter(|_| is_known) {
        let asks = story.verdict.action.is_some() && story.verdict.action != known_action;
        story.rises.push(Rise { at: now, level: story.verdict.level, news: Some(news), asks });
    }
    story
}

/// Two sites raise the same alarm, and one of them is official or expert.
fn has_two_legs(story: &Story) -> bool {
    let legs = || story.members.iter().filter(|member| member.leg && !member.site.is_empty());
    let known = legs().any(|leg| leg.trust >= Trust::Expert);
    let sites = legs().map(|leg| &leg.site).collect::<BTreeSet<_>>();
    known && sites.len() >= 2
}
