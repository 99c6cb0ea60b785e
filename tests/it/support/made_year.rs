//! A year that is made from a seed: sources that tell stories in words of their own, and what is planted among them.

use tidings::judge::trends::{Moves, Note, Survey, moves};
use tidings::source::Trust;
use tidings::tally::Tally;
use tidings::verdict::{Category, Level};

use super::dice::Dice;

/// What a made year is like.
#[derive(Debug, Clone)]
pub struct Year {
    pub seed: u64,
    /// Stories in each month, about.
    pub stories: u64,
    pub sources: u64,
    pub plants: Vec<Plant>,
}

/// Something that happens in one month, 0 to 11.
#[derive(Debug, Clone)]
pub enum Plant {
    /// A phrase stands in so many stories more, told by all sources alike.
    Burst { month: usize, phrase: &'static str, stories: u64 },
    /// One blog tells so many stories more, all with the phrase.
    LoudBlog { month: usize, phrase: &'static str, stories: u64 },
    /// So many times the stories.
    Busy { month: usize, times: u64 },
    /// From this month on a source tells as many stories as all others, of many sites, in words of its own.
    NewSource { month: usize },
    /// From this month on a word that was common is used no more.
    Gone { month: usize, phrase: &'static str },
}

/// One story.
#[derive(Debug, Clone)]
pub struct Made {
    pub source: String,
    pub site: String,
    pub title: String,
    pub text: String,
}

/// Words in the common vocabulary; the rank of each decides how often it is used, as in any language (Zipf).
const WORDS: u64 = 4_000;
/// Words that one source uses for itself.
const OWN_WORDS: u64 = 300;
/// The first sources gather links of many sites.
const GATHERERS: u64 = 3;
const SITES: u64 = 150;

impl Year {
    pub fn flat(seed: u64) -> Year {
        Year { seed, stories: 200, sources: 12, plants: Vec::new() }
    }

    #[must_use]
    pub fn with(mut self, plant: Plant) -> Year {
        self.plants.push(plant);
        self
    }

    /// The stories of one month, 0 to 11, in the order they are told.
    pub fn month(&self, month: usize) -> Vec<Made> {
        let mut dice = Dice::new(self.seed.wrapping_mul(1_000).wrapping_add(month as u64));
        let mut stories = Vec::new();
        // Months differ by a fifth or so.
        let mut many = self.stories * (90 + dice.roll(21)) / 100;
        for plant in &self.plants {
            if let Plant::Busy { month: busy, times } = plant
                && *busy == month
            {
                many *= times;
            }
        }
        for _ in 0..many {
            let source = dice.roll(self.sources);
            stories.push(self.story(&mut dice, source, month));
        }
        for plant in &self.plants {
            match plant {
                Plant::Burst { month: at, phrase, stories: more } if *at == month => {
                    for number in 0..*more {
                        let mut story = self.story(&mut dice, number % self.sources, month);
                        story.title = format!("{phrase} {}", story.title);
                        stories.push(story);
                    }
                }
                Plant::LoudBlog { month: at, phrase, stories: more } if *at == month => {
                    for _ in 0..*more {
                        let mut story = self.story(&mut dice, self.sources - 1, month);
                        story.title = format!("{phrase} {}", story.title);
                        stories.push(story);
                    }
                    // Two others take it up once.
                    for source in [4, 5] {
                        let mut story = self.story(&mut dice, source, month);
                        story.title = format!("{phrase} {}", story.title);
                        stories.push(story);
                    }
                }
                Plant::NewSource { month: at } if *at <= month => {
                    for _ in 0..many {
                        stories.push(self.story(&mut dice, 0, month).of_new_source(&mut dice));
                    }
                }
                Plant::Gone { month: at, phrase } if month < *at => {
                    for number in 0..many / 10 {
                        let mut story = self.story(&mut dice, number % self.sources, month);
                        story.title = format!("{} {phrase}", story.title);
                        stories.push(story);
                    }
                }
                _ => {}
            }
        }
        // As they would come: mixed.
        for place in (1..stories.len()).rev() {
            stories.swap(place, dice.roll(place as u64 + 1) as usize);
        }
        stories
    }

    /// Each of the first months compared with those before it.
    pub fn compared(&self, months: usize) -> Vec<Moves> {
        let mut before: Vec<Tally> = Vec::new();
        let mut found = Vec::new();
        for month in 0..months {
            let mut survey = Survey::new(&[], &[]);
            for made in self.month(month) {
                survey.add(&[made.note()], true);
            }
            found.push(moves(&survey, &before.iter().collect::<Vec<_>>()));
            before.push(survey.tally(&format!("2026-{:02}", month + 1), 0, 0));
        }
        found
    }

    fn story(&self, dice: &mut Dice, source: u64, month: usize) -> Made {
        let site = if source < GATHERERS {
            format!("site{}.example", dice.roll(SITES))
        } else {
            format!("blog{source}.example")
        };
        let mut say = |words: u64| {
            let said: Vec<String> = (0..words)
                .map(|_| match dice.roll(5) {
                    0 => word(WORDS + source * OWN_WORDS + dice.roll(OWN_WORDS)),
                    _ => word(self.common(dice, month)),
                })
                .collect();
            said.join(" ")
        };
        Made { source: format!("Source {source}"), site, title: say(7), text: format!("{}. {}.", say(6), say(6)) }
    }

    /// A word of the common vocabulary. Each is said up to 1.7 times as often in one month, and half as often in another,
    /// without being a trend.
    fn common(&self, dice: &mut Dice, month: usize) -> u64 {
        loop {
            let rank = zipf(dice);
            let mood = Dice::new(self.seed ^ (rank << 20) ^ ((month as u64) << 50)).roll(120);
            if dice.roll(170) < 50 + mood {
                return rank;
            }
        }
    }
}

impl Made {
    /// As a survey takes it in.
    fn note(&self) -> Note {
        Note {
            source: self.source.clone(),
            site: self.site.clone(),
            trust: Trust::Community,
            topics: Vec::new(),
            level: Level::Notable,
            category: Category::Other,
            relevance: 0.5,
            fresh: true,
            title: self.title.clone(),
            text: self.text.clone(),
            link: None,
            at: "2026-01-15T12:00:00Z".parse().expect("a time"),
        }
    }

    fn of_new_source(mut self, dice: &mut Dice) -> Made {
        self.source = "The new one".to_owned();
        self.site = format!("fresh{}.example", dice.roll(SITES));
        self.title = format!("{} quillon mesh {}", word(90_000 + dice.roll(40)), self.title);
        self
    }
}

/// A rank of the common vocabulary: the first are drawn most.
fn zipf(dice: &mut Dice) -> u64 {
    let even = (dice.roll(1_000_000) + 1) as f64 / 1_000_000.0;
    ((WORDS as f64).powf(even) - 1.0) as u64
}

/// A word that nobody uses, the same for the same number.
pub fn word(number: u64) -> String {
    const SYLLABLES: [&str; 20] = [
        "ba", "co", "du", "fen", "gi", "hul", "jor", "ka", "lem", "mo", "nir", "pol", "qua", "rik", "sol", "tam",
        "vex", "wor", "yun", "zed",
    ];
    let mut dice = Dice::new(number);
    (0..3).map(|_| SYLLABLES[dice.roll(20) as usize]).chain([SYLLABLES[(number % 20) as usize]]).collect()
}
