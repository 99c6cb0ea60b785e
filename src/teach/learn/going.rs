//! Going: what an official source takes back, and who still recommends it: a lesson of ours, or a line of the skill that a
//! person has to change.

use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use super::code;
use super::product::signature;
use super::sentences::sentences;
use super::{Telling, plain};
use crate::lesson::{Advice, Kind, Lesson, LessonId};
use crate::source::Trust;

/// Something that an official source says will go, or is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Going {
    /// As code names it (`--nap`), or as people do (`Claude Tea 3`).
    pub names: Vec<String>,
    /// The source's own sentence.
    pub sentence: String,
    pub url: Url,
}

/// A line of the skill that recommends what goes. It is not ours to change: the request's body names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignLine {
    /// Counted from 1.
    pub line: usize,
    pub text: String,
    pub why: String,
    pub url: Url,
}

/// Who still recommends what goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recalled {
    /// Our own, with the sentence that takes it back.
    pub lessons: Vec<(LessonId, Going)>,
    pub lines: Vec<ForeignLine>,
}

/// What goes is named behind such a word…
static OBJECT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:Removed|Deprecated|Dropped|Discontinued|Retired|Sunset|Remove|Deprecate|Renamed)\b(?: support for)?(?P<what>.+)$",
    )
});

/// …or before such words.
static SUBJECT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?P<what>.+?) (?:is|are|was|were|has been|have been|will be)(?: now)? (?:deprecated|removed|retired|discontinued|sunset|no longer (?:supported|available|accepted))\b",
    )
});

/// Where the name of it ends: what follows is the place it goes from, or what comes instead.
static END: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)[;,]| (?:from|in favou?r|instead|use|replaced|which|because|as of|since|after|before|on|to) |\. |\.$|:",
    )
});

/// A name that is no code: `Removed doze feature`, `Removed the "Nap mode" setting`.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?:"(?P<quoted>[^"]{4,60})"|\b(?P<bare>[a-z][a-z0-9-]{4,30}) (?:features?|modes?|commands?|settings?|flags?|options?|tools?|skills?)\b)"#,
    )
});

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a valid pattern")
}

/// What an official item says will go; others decide nothing.
pub fn goings(telling: &Telling) -> Vec<Going> {
    let Some(url) = telling.item.link.as_ref().filter(|_| telling.item.trust == Trust::Official) else {
        return Vec::new();
    };
    let mut goings = Vec::new();
    for sentence in sentences(&telling.item.title, telling.text) {
        let words = plain(&sentence.words);
        let Some(found) = OBJECT.captures(&words).or_else(|| SUBJECT.captures(&words)) else { continue };
        let what = &found["what"];
        // Before its verb the whole clause is the name; behind it the name comes first.
        let what = match words.ends_with(what) {
            true => &what[..END.find(what).map_or(what.len(), |end| end.start())],
            false => what.rsplit([';', ',', ':']).next().unwrap_or(what),
        };
        let mut names: Vec<String> = code::tokens(what).into_iter().map(str::to_owned).collect();
        if names.is_empty() {
            let named = NAMED.captures_iter(what);
            let name = |found: regex::Captures| Some(found.name("quoted").or(found.name("bare"))?.as_str().to_owned());
            names.extend(named.filter_map(name).filter(|name| !is_common(name)));
        }
        names.retain(|name| name.len() > 3);
        if !names.is_empty() {
            goings.push(Going { names, sentence: words, url: url.clone() });
        }
    }
    goings
}

/// Words before `feature` or `command` that name none.
fn is_common(name: &str) -> bool {
    matches!(
        name,
        "default"
            | "legacy"
            | "unused"
            | "redundant"
            | "hidden"
            | "several"
            | "other"
            | "these"
            | "those"
            | "extra"
            | "experimental"
    )
}

/// Lessons and lines of the skill that recommend what goes. A lesson that says itself that it goes stays.
pub fn recalled(goings: &[Going], lessons: &[&Lesson], skill: Option<&str>) -> Recalled {
    let mut recalled = Recalled::default();
    for going in goings {
        for lesson in lessons {
            let says_so =
                lesson.kind == Kind::Deprecation || lesson.evidence.iter().any(|known| known.url == going.url);
            let is_known = recalled.lessons.iter().any(|(id, _)| *id == lesson.id);
            if !says_so
                && !is_known
                && lesson.is_active()
                && names_of(lesson).iter().any(|name| going.names.contains(name))
            {
                recalled.lessons.push((lesson.id.clone(), going.clone()));
            }
        }
        for (number, line) in skill.unwrap_or_default().lines().enumerate() {
            let is_known = recalled.lines.iter().any(|known| known.line == number + 1);
            if let Some(name) = going.names.iter().find(|name| stands_in(name, line)).filter(|_| !is_known) {
                recalled.lines.push(ForeignLine {
                    line: number + 1,
                    text: line.trim().to_owned(),
                    why: format!("{name}: {}", going.sentence),
                    url: going.url.clone(),
                });
            }
        }
    }
    recalled
}

/// The code that a lesson recommends.
fn names_of(lesson: &Lesson) -> Vec<String> {
    let mut names = signature(&lesson.claim);
    match &lesson.advice {
        Some(Advice::Command(command)) => {
            names.push(command.clone());
            names.extend(command.split(' ').filter(|word| word.starts_with("--")).map(str::to_owned));
        }
        Some(Advice::Settings(map)) => names.extend(map.keys().cloned()),
        None => {}
    }
    names
}

/// Whether a name stands in a line as a whole word.
fn stands_in(name: &str, line: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_');
    line.match_indices(name).any(|(at, _)| {
        !line[..at].ends_with(is_part) && !line[at + name.len()..].starts_with(|letter: char| is_part(letter))
    })
}
