//! A headline: a title cut into what decides whether two tell one happening.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use super::version::canonical;
use super::vocabulary::{sides, stem, weight};

/// Words of a title that are looked at; a title in which the whole post stands is no headline.
const MOST_WORDS: usize = 40;

/// One word with what it weighs.
#[derive(Debug, Clone)]
pub struct Word {
    /// In small letters, as it stands.
    pub plain: String,
    pub stem: String,
    pub weight: f64,
    /// Written as names are, and not only because every word of the title is.
    pub is_name: bool,
}

/// A title, read.
#[derive(Debug, Clone, Default)]
pub struct Headline {
    pub words: Vec<Word>,
    /// Weights by stem, each once.
    pub weights: BTreeMap<String, f64>,
    /// Names with the number behind them: `fable 5.0`, `lantern-code 4.12.3`.
    pub models: BTreeSet<(String, String)>,
    /// Versions, wherever they stand.
    pub versions: BTreeSet<String>,
    /// What tells one of a row from the next: `part 2`, `# 13`, `quarter 3`, `month 6`, `year 2026`, `id rustsec-2026-0057`.
    pub labels: BTreeMap<&'static str, BTreeSet<String>>,
    /// All other numbers, with their unit.
    pub measures: BTreeSet<String>,
    /// Pairs of opposites, with the side it is on.
    sides: BTreeSet<(usize, bool)>,
    /// Every word has a capital, so that capitals say nothing.
    pub is_shouted: bool,
    /// The watched product it is about, in words: told of every day, it says little.
    pub product: Vec<String>,
    /// Words before the first colon.
    pub before_colon: usize,
}

/// Ids of rows and registers: RUSTSEC-2026-0057, PEP-2026-12.
static ID: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:[a-z]{2,8}-\d{4}-\d{2,7}|ghsa(?:-[a-z0-9]{4}){3})\b").expect("a valid pattern")
});

static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        v?\d+(?:[.,]\d+)*(?:[-.]?(?:rc|beta|alpha|preview|pre|dev)(?:[.-]?\d+)?\b|[ab]\d+\b)?[\p{L}]{0,3}%?
        | [\p{L}\p{N}]+(?:[’']\p{L}+)*",
    )
    .expect("a valid pattern")
});

/// Words before a number that count in a row, and the row's name.
const ROWS: [(&str, &str); 22] = [
    ("part", "part"),
    ("pt", "part"),
    ("chapter", "part"),
    ("lesson", "part"),
    ("section", "part"),
    ("week", "week"),
    ("day", "day"),
    ("episode", "#"),
    ("ep", "#"),
    ("issue", "#"),
    ("no", "#"),
    ("number", "#"),
    ("volume", "#"),
    ("vol", "#"),
    ("edition", "#"),
    ("round", "#"),
    ("season", "season"),
    ("phase", "phase"),
    ("stage", "phase"),
    ("step", "part"),
    ("series", "series"),
    ("tier", "tier"),
];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Before a number and capital, but no name.
const NO_NAMES: [&str; 20] = [
    "top", "the", "best", "show", "over", "about", "only", "these", "our", "my", "why", "how", "and", "in", "for",
    "with", "at", "to", "of", "all",
];

impl Headline {
    pub fn read(title: &str) -> Headline {
        let mut headline = Headline::default();
        for found in ID.find_iter(title) {
            headline.label("id", found.as_str().to_ascii_lowercase());
        }
        let title = ID.replace_all(title, " ");
        let tokens: Vec<(usize, &str)> =
            TOKEN.find_iter(&title).take(MOST_WORDS).map(|found| (found.start(), found.as_str())).collect();
        let letters = tokens.iter().filter(|(_, token)| token.starts_with(char::is_alphabetic));
        let long = letters.clone().filter(|(_, token)| token.chars().count() > 3).count();
        let capital = letters.filter(|(_, token)| token.chars().count() > 3 && token.starts_with(char::is_uppercase));
        let is_shouted = capital.count() * 10 > long * 7;
        headline.is_shouted = is_shouted;
        let colon = title.find(':').unwrap_or(0);
        headline.before_colon = tokens.iter().take_while(|(start, _)| *start < colon).count();
        for (place, (start, token)) in tokens.iter().enumerate() {
            let before = place.checked_sub(1).map(|place| tokens[place].1);
            let after = tokens.get(place + 1).map(|(_, token)| *token);
            let is_versioned =
                token.len() > 1 && token.starts_with('v') && token[1..].starts_with(|c: char| c.is_ascii_digit());
            if token.starts_with(|c: char| c.is_ascii_digit()) || is_versioned {
                let sign = title[..*start].chars().next_back();
                headline.number(token, sign, before, after);
                continue;
            }
            headline.word(token, place == 0, is_shouted);
        }
        headline
    }

    fn word(&mut self, token: &str, is_first: bool, is_shouted: bool) {
        let plain = token.to_lowercase().replace('’', "'");
        let plain = plain.strip_suffix("'s").unwrap_or(&plain).to_owned();
        if let Some(month) = MONTHS.iter().position(|month| *month == plain)
            && (plain != "may" && plain != "march" || token.starts_with(char::is_uppercase) && !is_shouted && !is_first)
        {
            self.label("month", month.to_string());
        }
        if let Some(day) = DAYS.iter().position(|day| *day == plain) {
            self.label("weekday", day.to_string());
        }
        let mut letters = plain.chars();
        if let (Some('q' | 'h'), Some(number), None) = (letters.next(), letters.next(), letters.next())
            && number.is_ascii_digit()
        {
            self.label("quarter", plain.clone());
        }
        self.sides.extend(sides(&plain));
        let stem = stem(&plain);
        let weight = weight(&stem);
        let has_capital = token.starts_with(char::is_uppercase);
        let has_inner = token.chars().skip(1).any(|letter| letter.is_uppercase() || letter.is_ascii_digit());
        let is_name = has_inner || (has_capital && (!(is_shouted || is_first) || weight > 0.85));
        if weight > 0.0 {
            self.weights.insert(stem.clone(), weight);
        }
        self.words.push(Word { plain, stem, weight, is_name });
    }

    fn number(&mut self, token: &str, sign: Option<char>, before: Option<&str>, after: Option<&str>) {
        let token = token.to_lowercase();
        let name = before.map(str::to_lowercase).unwrap_or_default();
        let digits = token.chars().all(|letter| letter.is_ascii_digit());
        let is_unit = after.is_some_and(|after| {
            [
                "percent", "million", "billion", "trillion", "times", "x", "days", "hours", "years", "minutes",
                "points", "bugs",
            ]
            .contains(&after.to_lowercase().as_str())
        });
        let row = ROWS.iter().find(|(word, _)| *word == name).map(|(_, row)| *row);
        let is_year = digits && token.len() == 4 && (token.starts_with("19") || token.starts_with("20"));
        let is_money = matches!(sign, Some('$' | '€' | '£' | '¥'));
        let month = |word: &str| MONTHS.iter().any(|month| month.starts_with(&word.to_lowercase()) && word.len() >= 3);
        if sign == Some('#') {
            self.label("#", token.clone());
        } else if let Some(row) = row {
            self.label(row, token.clone());
        } else if is_year {
            self.label("year", token.clone());
        } else if digits && token.len() <= 2 && (before.is_some_and(month) || after.is_some_and(month)) {
            self.label("date", token.clone());
        } else if let Some(version) = canonical(&token).filter(|_| !is_money && !is_unit && !token.ends_with('%')) {
            let has_name = before.is_some_and(|before| {
                before.starts_with(char::is_alphabetic)
                    && (before.contains(char::is_uppercase) || sign == Some('-') || token.contains('.'))
                    && !NO_NAMES.contains(&name.as_str())
            });
            let is_version = token.starts_with('v') || version.contains('-') || version.matches('.').count() > 1;
            if has_name && (!digits || token.len() <= 3) {
                self.models.insert((name, version.clone()));
            }
            if is_version || (has_name && token.contains('.')) {
                self.versions.insert(version.clone());
            } else if !has_name {
                self.measures.insert(token.clone());
            }
        } else {
            self.measures.insert(if is_money { format!("${token}") } else { token.clone() });
        }
        let weight = weight(&token).min(0.3);
        self.weights.insert(token.clone(), weight);
        self.words.push(Word { plain: token.clone(), stem: token, weight, is_name: true });
    }

    fn label(&mut self, row: &'static str, value: String) {
        self.labels.entry(row).or_default().insert(value);
    }

    /// Each is on another side of one pair of opposites, and neither on both.
    pub fn opposes(&self, other: &Headline) -> bool {
        self.sides.iter().any(|(pair, side)| {
            other.sides.contains(&(*pair, !side))
                && !other.sides.contains(&(*pair, *side))
                && !self.sides.contains(&(*pair, !side))
        })
    }

    /// The other undoes what this does: "bans" and "lifts the ban".
    pub fn is_undone_by(&self, other: &Headline) -> bool {
        self.sides.iter().any(|(pair, side)| {
            !side
                && !self.sides.contains(&(*pair, true))
                && other.sides.contains(&(*pair, false))
                && other.sides.contains(&(*pair, true))
        })
    }
}
