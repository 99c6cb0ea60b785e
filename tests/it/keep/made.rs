//! Histories that are made: what a feed shows step by step, which item each entry truly is, and what may happen to it all.

use jiff::{SignedDuration, Timestamp};
use tidings::item::Entry;

use crate::support::stage::Dice;

/// An entry and the item it truly is.
#[derive(Debug, Clone)]
pub struct Shown {
    pub item: usize,
    pub entry: Entry,
}

/// What a feed shows at each step.
pub type History = Vec<Vec<Shown>>;

/// How a publisher names and words its items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Articles with words of their own.
    Articles,
    /// The same without texts.
    Headlines,
    /// Releases whose titles differ in a number, and many of whose notes are the same words.
    Releases,
    /// The same on one page, told apart by the fragment.
    Changelog,
    /// One title with a number that counts on, and the same words below it.
    Numbered,
    /// One title each week, with words of its own below it.
    Roundup,
}

pub const MANNERS: [Manner; 6] =
    [Manner::Articles, Manner::Headlines, Manner::Releases, Manner::Changelog, Manner::Numbered, Manner::Roundup];

/// What happens to a feed, from the middle of its history on, and again from three quarters on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Another host and other paths, for good.
    Links,
    Hosts,
    Scheme,
    Guids,
    GuidsAtEachBuild,
    GuidsArePlaces,
    GuidsGone,
    OneGuid,
    Empty,
    Reversed,
    Shuffled,
    DatedAtEachBuild,
    DatesShifted,
    DatesGone,
    TextsGone,
    TitleCase,
    OneTitle,
    OneText,
    ShortPage,
    Holes,
}

pub const ACTS: [Act; 20] = [
    Act::Links,
    Act::Hosts,
    Act::Scheme,
    Act::Guids,
    Act::GuidsAtEachBuild,
    Act::GuidsArePlaces,
    Act::GuidsGone,
    Act::OneGuid,
    Act::Empty,
    Act::Reversed,
    Act::Shuffled,
    Act::DatedAtEachBuild,
    Act::DatesShifted,
    Act::DatesGone,
    Act::TextsGone,
    Act::TitleCase,
    Act::OneTitle,
    Act::OneText,
    Act::ShortPage,
    Act::Holes,
];

const WORDS: [&str; 64] = [
    "agent", "sandbox", "prompt", "token", "model", "tool", "reader", "long", "short", "memory", "cache", "deploy",
    "measure", "attack", "defence", "paper", "school", "river", "winter", "garden", "method", "result", "figure",
    "lesson", "review", "branch", "commit", "merge", "queue", "worker", "server", "client", "letter", "window",
    "session", "signal", "filter", "planner", "critic", "judge", "budget", "weight", "gradient", "batch", "kernel",
    "matrix", "vector", "index", "search", "query", "answer", "question", "study", "survey", "trial", "error", "crash",
    "repair", "release", "update", "notice", "guide", "story", "report",
];

fn words(dice: &mut Dice, count: u64) -> String {
    (0..count).map(|_| WORDS[dice.roll(64) as usize]).collect::<Vec<_>>().join(" ")
}

fn start() -> Timestamp {
    "2026-01-01T08:00:00Z".parse().unwrap()
}

/// `steps` pages on which `items` items come in their order; a page shows the newest `window`.
pub fn made(
    manner: Manner,
    items: usize,
    steps: usize,
    window: usize,
    has_guids: bool,
    dated: bool,
    seed: u64,
) -> History {
    let mut dice = Dice::new(seed);
    let mut day = 0;
    let entries: Vec<Entry> = (0..items)
        .map(|item| {
            day += 1 + dice.roll(6) as i64;
            let count = 3 + dice.roll(4);
            let version = format!("{}.{}.{}", 2, 1, 96 + item);
            let same = "Bug fixes and reliability improvements";
            let (title, text) = match manner {
                Manner::Articles => {
                    let long = 8 + dice.roll(60);
                    (words(&mut dice, count), words(&mut dice, long))
                }
                Manner::Headlines => (words(&mut dice, count + 1), String::new()),
                Manner::Releases | Manner::Changelog => {
                    let long = 6 + dice.roll(60);
                    let text = if dice.roll(3) > 0 { same.to_owned() } else { words(&mut dice, long) };
                    (format!("v{version}"), text)
                }
                Manner::Numbered => {
                    (format!("Weekly thread #{}", item + 38), format!("Ask here. {}", WORDS[..30].join(" ")))
                }
                Manner::Roundup => ("Weekly roundup".to_owned(), words(&mut dice, 40)),
            };
            let slug = title.replace([' ', '#'], "-");
            let link = match manner {
                Manner::Changelog => format!("https://feed.example/changelog#{version}"),
                Manner::Roundup => format!("https://feed.example/blog/{slug}-{}", item + 1),
                _ => format!("https://feed.example/blog/{slug}"),
            };
            Entry {
                native: has_guids.then(|| link.clone()),
                native_is_stable: false,
                link: Some(link.parse().unwrap()),
                title,
                text,
                author: None,
                published: dated.then(|| start() + SignedDuration::from_hours(24 * day)),
                updated: None,
                tags: Vec::new(),
            }
        })
        .collect();
    (0..steps)
        .map(|step| {
            let first = items / 2;
            let last = first + (items - first) * (step + 1) / steps;
            (last.saturating_sub(window)..last).rev().map(|item| Shown { item, entry: entries[item].clone() }).collect()
        })
        .collect()
}

/// The history with what the acts do to it.
pub fn damaged(history: &History, acts: &[Act]) -> History {
    let (middle, later) = (history.len() / 2, history.len() * 3 / 4);
    let mut damaged = history.clone();
    for (step, page) in damaged.iter_mut().enumerate().skip(middle) {
        let phase = if step < later { 1 } else { 2 };
        let pauses = (middle..middle + 2).contains(&step) || (later..later + 2).contains(&step);
        for act in acts {
            act.happens_to(page, step, phase, pauses);
        }
    }
    damaged
}

impl Act {
    fn happens_to(self, page: &mut Vec<Shown>, step: usize, phase: usize, pauses: bool) {
        let mut dice = Dice::new(step as u64 * 31 + self as u64);
        // The one item to which something happens: the same at each step as long as the page shows it.
        let chosen = page.iter().map(|shown| shown.item).min_by_key(|item| item * 7919 % 101);
        match self {
            Act::Empty if pauses => page.clear(),
            Act::Empty => {}
            Act::Reversed => page.reverse(),
            Act::Shuffled => {
                for place in (1..page.len()).rev() {
                    page.swap(place, dice.roll(place as u64 + 1) as usize);
                }
            }
            Act::ShortPage if phase == 1 => page.truncate(10),
            Act::ShortPage => {}
            Act::Holes => page.retain(|_| dice.roll(3) > 0),
            _ => {}
        }
        for (place, shown) in page.iter_mut().enumerate() {
            let (item, entry) = (shown.item, &mut shown.entry);
            let build = start() + SignedDuration::from_hours(24 * 365 + 25 * step as i64);
            match self {
                Act::Links => {
                    let name = (item + 7) * 7_654_321 % 1_000_003;
                    entry.link = Some(format!("https://new{phase}.example/{phase}/read/{name}").parse().unwrap());
                }
                Act::Hosts => {
                    if let Some(link) = &mut entry.link {
                        link.set_host(Some(&format!("moved{phase}.example"))).unwrap();
                    }
                }
                Act::Scheme => {
                    if let Some(link) = &mut entry.link {
                        link.set_scheme(if phase == 1 { "http" } else { "https" }).unwrap();
                        let host = link.host_str().unwrap().trim_start_matches("www.").to_owned();
                        link.set_host(Some(&format!("www.{host}"))).unwrap();
                    }
                }
                Act::Guids => entry.native = Some(format!("urn:{phase}:{}", (item + 3) * 8_765_431 % 1_000_003)),
                Act::GuidsAtEachBuild => entry.native = Some(format!("urn:{step}:{}", dice.roll(1 << 40))),
                Act::GuidsArePlaces => entry.native = Some(place.to_string()),
                Act::GuidsGone => entry.native = None,
                Act::OneGuid => entry.native = Some("https://feed.example/feed".to_owned()),
                Act::DatedAtEachBuild => entry.published = Some(build),
                Act::DatesShifted => {
                    entry.published =
                        entry.published.map(|date| date - SignedDuration::from_hours(24 * 40 * phase as i64));
                }
                Act::DatesGone => entry.published = None,
                Act::TextsGone => entry.text.clear(),
                Act::TitleCase => entry.title = entry.title.to_uppercase(),
                Act::OneTitle if Some(item) == chosen => {
                    entry.title = format!("Called otherwise {}", words(&mut Dice::new((item * 2 + phase) as u64), 4))
                }
                Act::OneText if Some(item) == chosen => {
                    entry.text =
                        format!("The author wrote all of it anew for the {phase} time, at length and in other words.");
                }
                _ => {}
            }
        }
    }
}
