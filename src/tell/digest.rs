//! Choosing what a week's digest says: the order, the sections, the actions, and how much fits.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::edition::{Action, Counts, Digest, Facts, HeldBack, Section, Telling, Trouble};
use crate::source::Trust;
use crate::story::StoryId;
use crate::stream::Stream;
use crate::tell::ranking::Ranking;
use crate::tell::words::clip;
use crate::verdict::{Category, Level};

/// Most stories in one digest: about what a person reads in five minutes. Critical ones are told beyond it.
const MOST_STORIES: usize = 25;
/// About as many words of titles, excerpts and actions: five to six minutes at 200 to 240 words a minute.
const MOST_WORDS: usize = 1_200;
/// Most actions: more than three are not done.
const MOST_ACTIONS: usize = 3;
/// Most stories led by one source that is not official, where its line names no other number, so that one busy source cannot
/// drown the rest. What the maker of a thing says about it is never too much.
const MOST_BY_SOURCE: usize = 5;
/// Most one-line stories (level routine), of all and led by one source: they fill room, and a digest is never padded.
const MOST_ROUTINE: usize = 8;
const MOST_ROUTINE_BY_SOURCE: usize = 2;
/// Lengths, in characters, that keep one hostile text from filling the page.
pub(super) const TITLE: usize = 200;
pub(super) const EXCERPT: usize = 320;
pub(super) const ACTION: usize = 240;
pub(super) const VERSIONS: usize = 80;

/// The sections in the order they are read, and what goes into each.
const SECTIONS: [(Category, &str, &[Category]); 6] = [
    (Category::Security, "Breaking and security", &[Category::Security, Category::Breaking]),
    (Category::Feature, "Features", &[Category::Feature]),
    (Category::Technique, "Techniques", &[Category::Technique]),
    (Category::Tool, "Tools", &[Category::Tool]),
    (Category::Research, "Research", &[Category::Research]),
    (Category::Other, "Other news", &[Category::Other]),
];

/// The week a digest covers.
#[derive(Debug, Clone)]
pub struct Period {
    /// `2026-W47`
    pub week: String,
    /// Stories that rose at or after `from` and before `to`.
    pub from: Timestamp,
    pub to: Timestamp,
    /// In which dates are shown.
    pub zone: TimeZone,
}

/// The digest of a week. `tellings` come best first: among equals their order is kept. Told are at most 25 stories and
/// about 1,200 words (an entry that no longer fits is told without its excerpt, then not at all), and of one source as many as
/// `shares` says, by its name, else five, and any number if it is official; critical stories are always told, and so is what
/// there is to do. What a source's share leaves out is counted by source. `counts.told` is set here. No tellings at all still
/// give a digest.
pub fn choose(
    tellings: Vec<Telling>,
    period: &Period,
    counts: Counts,
    troubles: Vec<Trouble>,
    shares: &BTreeMap<String, usize>,
    ranking: &Ranking,
) -> Digest {
    let offered = tellings.iter().filter(|telling| telling.level > Level::Noise).count();
    let ranked = rank(tellings);
    let actions = actions(&ranked);
    let needed: HashSet<&StoryId> = actions.iter().map(|action| &action.story).collect();
    let spent = actions.iter().map(action_words).sum();
    let (told, held_back) = fit(ranked, &needed, shares, spent);
    let counts = Counts { told: told.len() as u64, ..counts };
    let left_out = (offered - told.len()) as u64;
    Digest {
        version: 1,
        week: period.week.clone(),
        from: period.from,
        to: period.to,
        zone: period.zone.iana_name().unwrap_or("UTC").to_owned(),
        actions,
        sections: sections(told),
        counts,
        left_out,
        held_back,
        troubles,
        ranked: ranking.header(),
        ranked_by: ranking.footer(),
        editorial: None,
        sessions: None,
        skill: None,
        retired: Vec::new(),
        remarks: Vec::new(),
    }
}

/// The same digest as somebody of these streams reads it: within a section and a level, what concerns them comes first. It
/// tells the same stories, and what to do stays where it is.
pub fn ordered_for(digest: &Digest, streams: &[Stream]) -> Digest {
    let mut digest = digest.clone();
    for section in &mut digest.sections {
        section.stories.sort_by_key(|telling| {
            let is_mine = telling.streams.iter().any(|stream| streams.contains(stream));
            (std::cmp::Reverse(telling.level), urgency(telling.category), !is_mine)
        });
    }
    digest
}

/// Where a digest lies below digests/, without the ending: `2026-W47/digest`.
pub fn stem(week: &str) -> String {
    format!("{week}/digest")
}

/// Level first, then what breaks or endangers; the rest as given. Noise is never told.
fn rank(tellings: Vec<Telling>) -> Vec<Telling> {
    let mut ranked: Vec<Telling> =
        tellings.into_iter().filter(|telling| telling.level > Level::Noise).map(bounded).collect();
    ranked.sort_by_key(|telling| (std::cmp::Reverse(telling.level), urgency(telling.category)));
    ranked
}

fn urgency(category: Category) -> u8 {
    match category {
        Category::Security => 0,
        Category::Breaking => 1,
        _ => 2,
    }
}

/// The same telling with texts of bounded length, so that digest.json is bounded too.
pub(super) fn bounded(mut telling: Telling) -> Telling {
    telling.title = clip(&telling.title, TITLE);
    telling.excerpt = clip(&telling.excerpt, EXCERPT);
    telling.action = telling.action.map(|action| clip(&action, ACTION)).filter(|action| !action.is_empty());
    telling.facts.affected = telling.facts.affected.map(|affected| clip(&affected, VERSIONS));
    telling.facts.fixed = telling.facts.fixed.map(|fixed| clip(&fixed, VERSIONS));
    telling
}

/// The first three different things to do, in the order of the stories.
fn actions(ranked: &[Telling]) -> Vec<Action> {
    let mut seen = HashSet::new();
    ranked
        .iter()
        .filter_map(|telling| {
            let what = telling.action.clone()?;
            seen.insert(what.to_lowercase()).then(|| Action {
                story: telling.story.clone(),
                what,
                why: telling.title.clone(),
                url: telling.url.clone(),
                source: telling.source.clone(),
                reason: telling.why.first().map(|reason| clip(&reason.text, ACTION)).unwrap_or_default(),
                command: telling.facts.command.clone(),
                applies_to: applies_to(&telling.facts),
            })
        })
        .take(MOST_ACTIONS)
        .collect()
}

/// "everybody who uses lantern-code (versions before 4.12.3)".
fn applies_to(facts: &Facts) -> String {
    let Some(product) = &facts.product else { return String::new() };
    let versions = match (&facts.affected, &facts.fixed) {
        (Some(affected), _) => format!(" ({})", affected.to_lowercase()),
        (None, Some(fixed)) => format!(" (older than {fixed})"),
        (None, None) => String::new(),
    };
    clip(&format!("everybody who uses {product}{versions}"), ACTION)
}

/// What there is room for beside the words that are spent, and how many more there were of sources whose share was full, those with the most first.
fn fit(
    ranked: Vec<Telling>,
    needed: &HashSet<&StoryId>,
    shares: &BTreeMap<String, usize>,
    spent: usize,
) -> (Vec<Telling>, Vec<HeldBack>) {
    let mut told: Vec<Telling> = Vec::new();
    let mut held_back: BTreeMap<String, u64> = BTreeMap::new();
    let mut by_source: HashMap<String, usize> = HashMap::new();
    let mut routine_by_source: HashMap<String, usize> = HashMap::new();
    let (mut words, mut routine) = (spent, 0);
    for mut telling in ranked {
        let is_routine = telling.level == Level::Routine;
        if is_routine {
            // A routine story is one line.
            telling.excerpt.clear();
        }
        let must = telling.level == Level::Critical || needed.contains(&telling.story);
        let led = by_source.entry(telling.source.clone()).or_default();
        let led_routine = routine_by_source.entry(telling.source.clone()).or_default();
        let share = shares.get(&telling.source).copied();
        let is_share_full =
            *led >= share.unwrap_or(if telling.trust == Trust::Official { usize::MAX } else { MOST_BY_SOURCE });
        let full = told.len() >= MOST_STORIES
            || is_share_full
            || (is_routine && (routine >= MOST_ROUTINE || *led_routine >= MOST_ROUTINE_BY_SOURCE));
        if full && !must {
            if is_share_full {
                *held_back.entry(telling.source).or_default() += 1;
            }
            continue;
        }
        if words + count_words(&telling) > MOST_WORDS {
            telling.excerpt.clear();
        }
        if words + count_words(&telling) > MOST_WORDS && !must {
            continue;
        }
        words += count_words(&telling);
        *led += 1;
        *led_routine += usize::from(is_routine);
        routine += usize::from(is_routine);
        told.push(telling);
    }
    let mut held_back: Vec<HeldBack> =
        held_back.into_iter().map(|(source, stories)| HeldBack { source, stories }).collect();
    held_back.sort_by_key(|held| std::cmp::Reverse(held.stories));
    (told, held_back)
}

fn count_words(telling: &Telling) -> usize {
    [telling.title.as_str(), &telling.excerpt, telling.action.as_deref().unwrap_or_default()]
        .iter()
        .flat_map(|text| text.split_whitespace())
        .map(weight)
        .sum()
}

/// One for a word; more for what is no word but longer, and one for two signs of a script that parts no words (Chinese,
/// Japanese, Korean and what stands beyond them in Unicode).
fn weight(word: &str) -> usize {
    let signs = word.chars().filter(|letter| *letter >= '\u{2e80}').count();
    if signs > 0 { signs.div_ceil(2) } else { 1 + word.len() / 20 }
}

/// The words a reader meets, for the time it takes.
pub(super) fn words(digest: &Digest) -> usize {
    let stories: usize = digest.sections.iter().flat_map(|section| &section.stories).map(count_words).sum();
    let skill = digest.skill.iter().flat_map(|skill| skill.advice.iter().chain(&skill.commands));
    let skill: usize = skill.flat_map(|text| text.split_whitespace()).map(weight).sum();
    stories + skill + digest.actions.iter().map(action_words).sum::<usize>()
}

fn action_words(action: &Action) -> usize {
    let command = action.command.as_deref().unwrap_or_default();
    let texts = [action.what.as_str(), &action.why, &action.reason, command, &action.applies_to];
    texts.iter().flat_map(|text| text.split_whitespace()).map(weight).sum()
}

fn sections(told: Vec<Telling>) -> Vec<Section> {
    SECTIONS
        .iter()
        .map(|(category, title, holds)| Section {
            category: *category,
            title: (*title).to_owned(),
            stories: told.iter().filter(|telling| holds.contains(&telling.category)).cloned().collect(),
        })
        .filter(|section| !section.stories.is_empty())
        .collect()
}
