//! Retirements: what a maker's own page says will go, on which day, and what comes in its place.
//!
//! Read are sentences of prose, lines such as "Retirement date: …", and rows of a table whose head names such a date. Only a
//! sentence with both a word that something goes and a day counts, and only a day that is not long past when it is said.

use std::sync::LazyLock;

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use regex::{Captures, Regex};

use super::survey::Note;
use crate::edition::trends::{Deadline, Retirement};
use crate::judge::ready::normal;

/// Bytes of a text that are looked at: the longest changelogs have a tenth of it.
const MOST_TEXT: usize = 200_000;
/// Of one text; a table of models has some dozens of rows.
const MOST_FOUND: usize = 60;
/// Characters shown.
const QUOTE: usize = 240;
const WHAT: usize = 100;
/// A day so long before it is said has passed: such a sentence tells history.
const PAST_DAYS: i64 = 7;
/// What was said earlier is told again when it comes so near.
const NEAR_DAYS: i64 = 62;
/// Told at most.
const MOST: usize = 12;

const MONTHS: &str = r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?";

/// A day, or a month and year.
static DAY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?i)\b(?:(?P<iso>20\d\d-\d\d-\d\d)|(?P<us>(?:{MONTHS})\.? \d{{1,2}}(?:st|nd|rd|th)?(?:,? 20\d\d)?)|(?P<eu>\d{{1,2}}(?:st|nd|rd|th)? (?:of )?(?:{MONTHS})\.?(?:,? 20\d\d)?)|(?P<month>(?:{MONTHS})\.?,? 20\d\d))\b"
    ))
});

/// Words before a day that make it another day than that of going.
static OTHER_DAY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:announced|told|published|posted|released|launched|introduced|updated|said|since|as we (?:said|wrote)|not (?:sooner|earlier|before)(?: than)?|no (?:sooner|earlier) than|at least until|deprecated|asked)(?: this)?(?: on| in|:| -)?\s*$",
    )
});

/// That something goes: with its subject before it, or its object behind it.
static GOING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?ix)\b(?:
          (?P<passive>(?:will\ be|is\ being|are\ being|is|are|be|gets?|to\ be|have\ been|has\ been)\ (?:scheduled\ (?:to\ be|for)\ )?(?:now\ )?(?:fully\ |permanently\ |officially\ )?(?:deprecated|retired|removed|sunset|sunsetted|shut\ ?down|turned\ off|switched\ off|discontinued|decommissioned|disabled|retirement|removal|deprecation|shutdown))
        | (?P<reaches>(?:will\ )?(?:reach(?:es)?|enters?)\ (?:its\ |their\ )?end[-\ ]of[-\ ](?:life|support|service))
        | (?P<stops>(?:will\ )?(?:sunsets?|retires?|shuts?\ down|goes\ away|go\ away|stops?\ working|stops?\ being\ (?:supported|available)|ends?|expires?)\b)
        | (?P<nolonger>(?:will\ )?no\ longer\ (?:be\ )?(?:supports?|accepts?|serves?|receives?)\ )
        | (?P<unavailable>(?:will\ |is\ |are\ )?no\ longer\ (?:be\ )?(?:supported|accepted|available|served|maintained|works?|working))
        | (?P<active>(?:we(?:\ are|'re|\ will(?:\ be)?|'ll(?:\ be)?)?|and\ will|to|is|are)\ (?:also\ )?(?:deprecat(?:e|ing)|retir(?:e|ing)|remov(?:e|ing)|sunset(?:ting)?|shut(?:ting)?\ down|discontinu(?:e|ing)|end(?:ing)?\ (?:support\ (?:for|of)|access\ to)|drop(?:ping)?\ support\ for|turn(?:ing)?\ off)\ )
        | (?P<noun>(?:retirement|deprecation|sunset|sunsetting|shutdown|end[-\ ]of[-\ ](?:life|support)|removal|discontinuation)\ of\ )
        )",
    )
});

/// `Retirement date: January 5, 2027`.
static LABEL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^(?:(?P<title>[^:]{2,80}): )?(?:tentative |planned |scheduled )?(?:retirement|shut ?down|sunset|end[- ]of[- ](?:life|support|service)|eol|discontinuation|removal|retired)(?: date| on)?\s*[:|]\s*(?P<rest>.{4,60})$|^(?P<named>[^:|]{2,80}): (?:tentative |planned )?(?:retirement|shut ?down|sunset|end[- ]of[- ]life) date (?P<when>.{4,40})$",
    )
});

static HEAD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:retire(?:ment|d|s)?|shut ?down|sunset|end[- ]of[- ](?:life|support)|eol|removal|discontinu\w+)(?: date| on)?\b",
    )
});

static INSTEAD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:(?:please )?(?:use|migrate to|move to|switch to|upgrade to|moving to|migrating to|replaced (?:by|with)|superseded by|in fav(?:ou)?r of|recommended replacement(?: is)?:?|replacement:?|successor(?: is)?:?)) (?:the |our )?(?:new )?(?P<name>[^.;,()|]{2,60}?)(?: instead| before| by| until| to (?:avoid|keep)| if | when |[.;,()|]|$)",
    )
});

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a valid pattern")
}

/// What one official item says will go.
pub fn retirements(note: &Note) -> Vec<Retirement> {
    let text = &note.text[..note.text.floor_char_boundary(MOST_TEXT)];
    let (title, text) = (normal(&note.title), normal(text));
    let mut found: Vec<Found> = Vec::new();
    let mut head: Option<Vec<String>> = None;
    for line in std::iter::once(title.as_str()).chain(text.lines()) {
        let line = line.trim().trim_start_matches(['-', '*', '+', '\u{2022}', '#']).trim();
        if line.matches('|').count() > 0 {
            let cells: Vec<String> = line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
            match &head {
                Some(names) if names.len() == cells.len() => found.extend(row(names, &cells, note.at)),
                _ => head = cells.iter().any(|cell| HEAD.is_match(cell)).then_some(cells),
            }
            continue;
        }
        head = None;
        if let Some(one) = label(line, &title, &text, note.at) {
            found.push(one);
            continue;
        }
        let sentences = sentences(line);
        for (place, sentence) in sentences.iter().enumerate() {
            if let Some(mut one) = prose(sentence, &title, note.at) {
                let next = sentences.get(place + 1).copied().unwrap_or_default();
                one.instead = instead(sentence).or_else(|| instead(next));
                found.push(one);
            }
        }
    }
    let mut kept: Vec<Retirement> = Vec::new();
    for one in found.into_iter().take(MOST_FOUND) {
        let what = cut(&one.what, WHAT);
        // The same thing and day, said again in other words: the first stands, and learns what comes instead.
        match kept.iter_mut().find(|known| known.on == one.on && is_same(&known.what, &what)) {
            Some(known) => known.instead = known.instead.take().or(one.instead),
            None => kept.push(Retirement {
                on: one.on,
                month_only: one.month_only,
                what,
                instead: one.instead,
                quote: cut(&one.quote, QUOTE),
                url: note.link.clone(),
                source: note.source.clone(),
            }),
        }
    }
    kept
}

/// What is told of in a month that closed on `today`: what this month said and has not passed before it closed, and what was
/// said earlier and comes within two months; each once, the nearest first, at most twelve.
pub fn deadlines(now: &[Retirement], earlier: &[Retirement], today: Date) -> Vec<Deadline> {
    let days = |on: Date| i64::from(today.until(on).map_or(0, |span| span.get_days()));
    let mut all: Vec<Deadline> = Vec::new();
    // The newest word on a thing counts: days are moved.
    for (retirement, is_new) in now.iter().map(|one| (one, true)).chain(earlier.iter().rev().map(|one| (one, false))) {
        let days_left = days(retirement.on);
        if all.iter().any(|known| is_same(&known.retirement.what, &retirement.what)) {
            continue;
        }
        all.push(Deadline { retirement: retirement.clone(), days_left, is_new });
    }
    all.retain(|one| one.days_left >= -31 * i64::from(one.is_new) && (one.is_new || one.days_left <= NEAR_DAYS));
    all.sort_by(|one, other| {
        (one.days_left < 0, one.days_left, &one.retirement).cmp(&(
            other.days_left < 0,
            other.days_left,
            &other.retirement,
        ))
    });
    all.truncate(MOST);
    all
}

struct Found {
    on: Date,
    month_only: bool,
    what: String,
    instead: Option<String>,
    quote: String,
}

/// A sentence that says what goes and when.
fn prose(sentence: &str, title: &str, at: Timestamp) -> Option<Found> {
    let days: Vec<(usize, Date, bool)> = DAY
        .captures_iter(sentence)
        .filter_map(|found| {
            let start = found.get(0)?.start();
            let (on, month_only) = day(&found, at)?;
            (!OTHER_DAY.is_match(&sentence[..start]) && is_ahead(on, at)).then_some((start, on, month_only))
        })
        .collect();
    for going in GOING.captures_iter(sentence) {
        let whole = going.get(0)?;
        // The first day behind the word that it goes, else the last before it.
        let behind = days.iter().find(|(start, ..)| *start >= whole.start());
        let Some((_, on, month_only)) = behind.or_else(|| days.iter().rfind(|(start, ..)| *start < whole.start()))
        else {
            continue;
        };
        let has_object = ["nolonger", "active", "noun"].iter().any(|name| going.name(name).is_some());
        let what = if has_object { object(&sentence[whole.end()..]) } else { subject(&sentence[..whole.start()]) };
        let what = what.unwrap_or_else(|| title.to_owned());
        return Some(Found { on: *on, month_only: *month_only, what, instead: None, quote: sentence.to_owned() });
    }
    None
}

/// A line of the form "Retirement date: …"; what goes stands in a line of its own, or in the title.
fn label(line: &str, title: &str, text: &str, at: Timestamp) -> Option<Found> {
    let found = LABEL.captures(line)?;
    let rest = found.name("rest").or(found.name("when"))?.as_str();
    let captured = DAY.captures(rest)?;
    let start = captured.get(0)?.start();
    if OTHER_DAY.is_match(&rest[..start]) {
        return None;
    }
    let (on, month_only) = day(&captured, at).filter(|(on, _)| is_ahead(*on, at))?;
    let value = |names: &[&str]| {
        text.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            names.iter().any(|wanted| name.trim().eq_ignore_ascii_case(wanted)).then(|| value.trim().to_owned())
        })
    };
    let named = found.name("title").or(found.name("named")).map(|name| name.as_str().to_owned());
    let what = value(&["model", "api model name", "name", "deprecated model", "endpoint", "feature"])
        .or(named)
        .unwrap_or_else(|| title.split(": ").next().unwrap_or(title).to_owned());
    let instead = value(&["recommended replacement", "replacement", "substitute", "successor"]);
    Some(Found { on, month_only, what, instead, quote: line.to_owned() })
}

/// A row of a table whose head names the day of going.
fn row(names: &[String], cells: &[String], at: Timestamp) -> Option<Found> {
    let is = |place: usize, words: &[&str]| {
        let name = names[place].to_lowercase();
        words.iter().any(|word| name.contains(word))
    };
    let when = (0..names.len()).find(|place| HEAD.is_match(&names[*place]) && DAY.is_match(&cells[*place]))?;
    let captured = DAY.captures(&cells[when])?;
    if OTHER_DAY.is_match(&cells[when][..captured.get(0)?.start()]) {
        return None;
    }
    let (on, month_only) = day(&captured, at).filter(|(on, _)| is_ahead(*on, at))?;
    let other = |words: &[&str]| (0..names.len()).find(|place| *place != when && is(*place, words));
    let replacement = other(&["replacement", "substitute", "successor", "instead"]);
    let what = other(&["deprecated model", "model", "endpoint", "feature", "name", "product", "version", "api"])
        .filter(|place| Some(*place) != replacement)
        .or_else(|| (0..names.len()).find(|place| *place != when && Some(*place) != replacement))?;
    let filled = |place: usize| Some(cells[place].clone()).filter(|cell| cell.chars().any(char::is_alphanumeric));
    Some(Found { on, month_only, what: filled(what)?, instead: replacement.and_then(filled), quote: cells.join(" | ") })
}

/// The date of a match: one without a year is the next such day from two weeks before it was said on.
fn day(found: &Captures<'_>, at: Timestamp) -> Option<(Date, bool)> {
    let said = at.to_zoned(TimeZone::UTC).date();
    if let Some(iso) = found.name("iso") {
        return Some((iso.as_str().parse().ok()?, false));
    }
    let words = found.get(0)?.as_str().to_lowercase();
    let month = words.split(|letter: char| !letter.is_alphabetic()).find_map(month_number)?;
    let numbers: Vec<i16> =
        words.split(|letter: char| !letter.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect();
    let year = numbers.iter().copied().find(|number| *number > 1_000);
    if found.name("month").is_some() {
        return Some((Date::new(year?, month, 1).ok()?, true));
    }
    let day = i8::try_from(*numbers.iter().find(|number| **number <= 31)?).ok()?;
    if let Some(year) = year {
        return Some((Date::new(year, month, day).ok()?, false));
    }
    let earliest = said.checked_sub(14.days()).unwrap_or(said);
    let candidates = [said.year(), said.year() + 1].into_iter().filter_map(|year| Date::new(year, month, day).ok());
    candidates.into_iter().find(|on| *on >= earliest).map(|on| (on, false))
}

fn month_number(word: &str) -> Option<i8> {
    const NAMES: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let place = NAMES.iter().position(|name| word.starts_with(name))?;
    i8::try_from(place + 1).ok()
}

/// Not long past when it is said, and no further than a hand can count.
fn is_ahead(on: Date, at: Timestamp) -> bool {
    let said = at.to_zoned(TimeZone::UTC).date();
    let first = said.checked_sub(PAST_DAYS.days()).unwrap_or(said);
    (first..date(said.year().saturating_add(10), 1, 1)).contains(&on)
}

/// What stands behind "retiring", up to the next clause.
fn object(behind: &str) -> Option<String> {
    static END: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)(?:[,;()]|\. |\.$| (?:on|by|from|after|until|as of|starting|effective|before|beginning|at the end|in (?:favou?r|20|january|february|march|april|may|june|july|august|september|october|november|december)|and|is|will|for)\b)",
        )
    });
    let end = END.find(behind).map_or(behind.len(), |found| found.start());
    named(&behind[..end])
}

/// What stands before "will be retired", from the last clause on.
fn subject(before: &str) -> Option<String> {
    static START: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)(?:[,;:()] | (?:that|and|because|so) |\b(?:support|access) (?:for|to) |\b(?:the |our )?(?:retirement|deprecation|end of life) of )",
        )
    });
    let start = START.find_iter(before).last().map_or(0, |found| found.end());
    named(&before[start..]).or_else(|| START.find(before).and_then(|found| named(&before[..found.start()])))
}

/// A name without its article and marks, if it is one.
fn named(words: &str) -> Option<String> {
    static ARTICLE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)^(?:the|our|all|both|a|an|existing|old)\s+"));
    static EMPTY: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?i)^(?:it|this|that|they|these|those|which|we|you|support|access|and|there)$"));
    let trimmed = words.trim_matches(|letter: char| letter.is_whitespace() || "*_:,;\"'-".contains(letter));
    let name = ARTICLE.replace(trimmed, "").into_owned();
    let is_name =
        name.chars().any(char::is_alphabetic) && name.split_whitespace().count() <= 12 && !EMPTY.is_match(&name);
    (is_name && DAY.find(&name).is_none_or(|day| day.len() < name.len())).then_some(name)
}

fn instead(sentence: &str) -> Option<String> {
    let name = INSTEAD.captures(sentence)?.name("name")?.as_str();
    named(name).map(|name| cut(&name, WHAT))
}

/// Sentences of a line. A full stop within a name or a version ends none.
fn sentences(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut from = 0;
    for (at, _) in line.match_indices(['.', '!', '?']) {
        let rest = &line[at + 1..];
        let before = line[from..at].rsplit(' ').next().unwrap_or_default();
        let is_short = before.len() <= 3 && month_number(&before.to_lowercase()).is_some();
        if rest.starts_with(' ')
            && !is_short
            && rest.trim_start().chars().next().is_some_and(|next| !next.is_lowercase())
        {
            found.push(line[from..=at].trim());
            from = at + 1;
        }
    }
    found.push(line[from..].trim());
    found.retain(|sentence| !sentence.is_empty());
    found
}

/// The same words, whatever their marks.
fn is_same(one: &str, other: &str) -> bool {
    let plain = |text: &str| {
        text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>()
    };
    let (one, other) = (plain(one), plain(other));
    one == other || (one.len().min(other.len()) > 6 && (one.contains(&other) || other.contains(&one)))
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}\u{2026}", text[..at].trim_end()),
        None => text.to_owned(),
    }
}

/// Title and text of an official item of 20 November 2026, and what it says will go: the thing, the day, what comes instead.
type Example = (&'static str, &'static str, &'static [(&'static str, &'static str, &'static str)]);

const IS: &[Example] = &[
    (
        "Old hooks",
        "The v1 hooks endpoint will be shut down on March 1, 2027. Use the v2 endpoint instead.",
        &[("v1 hooks endpoint", "2027-03-01", "v2 endpoint")],
    ),
    ("Notice", "lantern-code will no longer accept lantern-2 after 2027-01-15.", &[("lantern-2", "2027-01-15", "")]),
    (
        "Notice",
        "We are deprecating the text export on 15 January 2027 in favour of JSON.",
        &[("text export", "2027-01-15", "JSON")],
    ),
    ("Notice", "Support for Node 18 ends on April 30, 2027.", &[("Node 18", "2027-04-30", "")]),
    ("Notice", "Python 3.9 reaches end of life in October 2027.", &[("Python 3.9", "2027-10-01", "")]),
    (
        "Notice",
        "Starting February 3, 2027, legacy tokens are no longer accepted; please migrate to scoped tokens.",
        &[("legacy tokens", "2027-02-03", "scoped tokens")],
    ),
    (
        "Notice",
        "As announced on June 30, 2026, quillon-small will be retired on January 5.",
        &[("quillon-small", "2027-01-05", "")],
    ),
    (
        "quillon-large: tentative retirement date January 5, 2027",
        "API model name: quillon-large\nRetirement date: January 5, 2027\nModel: quillon-large\nRecommended replacement: quillon-next",
        &[("quillon-large", "2027-01-05", "quillon-next")],
    ),
    (
        "Model deprecations",
        "Retirement date | Deprecated model | Recommended replacement\nJanuary 5, 2027 | quillon-large | quillon-next\nFebruary 6, 2027 | quillon-tiny | quillon-next",
        &[("quillon-large", "2027-01-05", "quillon-next"), ("quillon-tiny", "2027-02-06", "quillon-next")],
    ),
    (
        "lantern-code 4.14.0",
        "- Faster start\n- The `--plain` flag is deprecated and will be removed on 2027-02-01. Use `--format text`.\n- New hooks",
        &[("`--plain` flag", "2027-02-01", "`--format text`")],
    ),
];

const IS_NOT: &[(&str, &str)] = &[
    ("A model", "Tentative retirement date: Not sooner than March 7, 2027"),
    ("A model", "It was deprecated on June 30, 2025 and retired on January 5, 2026."),
    ("lantern-code 4.14.0", "Released on November 19, 2026. The --plain flag is deprecated."),
    ("Lantern is here", "We are launching Lantern on January 5, 2027."),
    ("People", "Our founder retires to the sea, she said on a walk."),
    ("Thanks", "The conference ends with a dinner. Join us on 3 December 2026."),
    ("Research", "Deprecated APIs in training data: 2027-01-15 is a made date. Agents still call them."),
];

/// Runs the examples; returns those that come out wrong, in words.
pub fn check_examples() -> Vec<String> {
    let at: Timestamp = "2026-11-20T12:00:00Z".parse().expect("a time");
    let found = |title: &str, text: &str| -> Vec<(String, String, String)> {
        let note = Note {
            source: "Lantern".to_owned(),
            site: "lantern.example".to_owned(),
            trust: crate::source::Trust::Official,
            topics: Vec::new(),
            level: crate::verdict::Level::Notable,
            category: crate::verdict::Category::Breaking,
            relevance: 0.5,
            fresh: true,
            title: title.to_owned(),
            text: text.to_owned(),
            link: None,
            at,
        };
        retirements(&note)
            .into_iter()
            .map(|one| (one.what, one.on.to_string(), one.instead.unwrap_or_default()))
            .collect()
    };
    let mut wrong = Vec::new();
    for (title, text, wanted) in IS {
        let wanted: Vec<(String, String, String)> =
            wanted.iter().map(|(what, on, instead)| ((*what).into(), (*on).into(), (*instead).into())).collect();
        let got = found(title, text);
        if got != wanted {
            wrong.push(format!("{text:?} says {wanted:?}, not {got:?}"));
        }
    }
    for (title, text) in IS_NOT {
        let got = found(title, text);
        if !got.is_empty() {
            wrong.push(format!("{text:?} says nothing of the kind, not {got:?}"));
        }
    }
    wrong
}
