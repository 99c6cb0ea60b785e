//! The reference file read back: the exact inverse of writing it. Nothing in it is made sense of but its form.

use std::fmt;

use jiff::civil::Date;
use url::Url;

use crate::lesson::{Advice, Evidence, Kind, Lesson, LessonId, Retirement, Seen, Since, State};

use super::reference::{Reference, RetiredLine};
use super::render::{self, HEAD, RETIRED};

/// Why a file is not as tidings wrote it: where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Counted from 1.
    pub line: usize,
    pub why: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

/// A line with its number, counted from 1.
type Line<'t> = (usize, &'t str);

/// Reads the file. Entries that a person deleted are simply not there, nor are lines of retired ones; empty lines count for nothing, and
/// line ends may be those of Windows. Whatever else was changed by hand is a mistake.
pub fn parse(text: &str) -> Result<Reference, Mistake> {
    let lines: Vec<Line<'_>> = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()).collect();
    let mut rest = lines.as_slice();
    for (number, expected) in HEAD.iter().enumerate() {
        match rest.split_first() {
            Some(((_, line), after)) if line == expected => rest = after,
            found => {
                let line = found.map_or(1, |((line, _), _)| *line);
                let why = if number == 0 {
                    "this is no file that tidings wrote; name another path in [skills] reference, or take the file away"
                        .to_owned()
                } else {
                    format!("the head was changed by hand; it reads: {expected}")
                };
                return Err(Mistake { line, why });
            }
        }
    }
    let (mut active, mut retired) = (Vec::new(), Vec::new());
    let mut kind = None;
    let mut in_retired = false;
    while let Some((&(number, line), after)) = rest.split_first() {
        if let Some(found) = Kind::ALL.into_iter().find(|kind| render::section(*kind) == line) {
            (kind, in_retired, rest) = (Some(found), false, after);
        } else if line == RETIRED {
            (kind, in_retired, rest) = (None, true, after);
        } else if let (Some(kind), Some(id)) = (kind, line.strip_prefix("### ")) {
            let end = after.iter().position(|(_, line)| line.starts_with('#')).unwrap_or(after.len());
            let (body, after) = after.split_at(end);
            let lesson = entry(kind, id, body).map_err(|(at, what)| changed(at.unwrap_or(number), id, &what))?;
            // The seal, and everything that reading overlooked.
            let written = render::entry(&lesson);
            let written = written.lines().filter(|line| !line.is_empty());
            let found = std::iter::once((number, line)).chain(body.iter().copied());
            if let Some(((at, _), _)) = found.zip(written).find(|((_, found), written)| found != written) {
                return Err(changed(at, id, "it does not fit its seal"));
            }
            active.push(lesson);
            rest = after;
        } else if in_retired {
            let read = line.strip_prefix("- ").and_then(retired_line).filter(|read| render::retired(read) == line);
            let why = || "this line is not as tidings wrote it; restore it, or delete it whole".to_owned();
            retired.push(read.ok_or_else(|| Mistake { line: number, why: why() })?);
            rest = after;
        } else {
            let why =
                "this line was written by hand; what people have to say belongs into the skill's own files".to_owned();
            return Err(Mistake { line: number, why });
        }
    }
    let (count, lines) = ((active.len(), retired.len()), &lines);
    let reference = Reference::new(active, retired);
    if (reference.active().len(), reference.retired().len()) != count {
        let why = "an entry stands in the file twice; delete one of the two".to_owned();
        return Err(Mistake { line: twice(lines), why });
    }
    let order = |text: &str| -> Vec<String> {
        text.lines().filter(|line| line.starts_with("### ") || line.starts_with("- bp-")).map(str::to_owned).collect()
    };
    let found = order(text);
    if let Some(at) =
        found.iter().zip(order(&render::render(&reference))).position(|(found, written)| *found != written)
    {
        let line = lines.iter().find(|(_, line)| *line == found[at]).map_or(1, |(line, _)| *line);
        return Err(Mistake { line, why: "entries were put into another order; restore the one they had".to_owned() });
    }
    Ok(reference)
}

fn changed(line: usize, id: &str, what: &str) -> Mistake {
    let id: String = id.chars().take(20).collect();
    let why = format!(
        "the entry {id} was changed by hand ({what}); restore it as it was merged, or delete it whole, from its `###` line on, which declines it"
    );
    Mistake { line, why }
}

/// The second line that says the same as one before.
fn twice(lines: &[Line<'_>]) -> usize {
    let name = |line: &str| {
        line.strip_prefix("### ")
            .or(line.strip_prefix("- bp-").map(|rest| rest.split(',').next().unwrap_or(rest)))
            .map(str::to_owned)
    };
    let mut seen = std::collections::BTreeSet::new();
    lines.iter().find(|(_, line)| name(line).is_some_and(|name| !seen.insert(name))).map_or(1, |(line, _)| *line)
}

/// What an entry's lines say; else where it stops making sense, and how.
fn entry(kind: Kind, id: &str, body: &[Line<'_>]) -> Result<Lesson, (Option<usize>, String)> {
    let id: LessonId = id.parse().map_err(|why| (None, why))?;
    let mut lines = body.iter().peekable();
    let mut next = |begin: &str| match lines.peek() {
        Some((_, line)) => line.strip_prefix(begin).inspect(|_| {
            lines.next();
        }),
        None => None,
    };
    let missing = |what: &str| (body.first().map(|(line, _)| *line), format!("its {what} is missing"));
    let claim = next("").ok_or_else(|| missing("claim"))?.to_owned();
    let use_when = next("- When: ").ok_or_else(|| missing("`When`"))?.to_owned();
    let command = next("- Command: ").map(|code| uncoded(code).map(|code| Advice::Command(code.to_owned())));
    let settings = next("- Settings: ")
        .map(|code| uncoded(code).and_then(|code| serde_json::from_str(code).ok()).map(Advice::Settings));
    let advice = match (command, settings) {
        (None, None) => None,
        (Some(Some(advice)), None) | (None, Some(Some(advice))) => Some(advice),
        _ => return Err(missing("command, or settings snippet,")),
    };
    let since = match next("- Since: ") {
        None => None,
        Some(text) => {
            let (product, version) = text.split_once(' ').ok_or_else(|| missing("version"))?;
            Some(Since { product: product.to_owned(), version: version.to_owned() })
        }
    };
    let mut evidence = Vec::new();
    while let Some(text) = next("- Source: ") {
        evidence.push(source(text).ok_or_else(|| missing("source, as it was written,"))?);
    }
    let seen = next("- Seen: ").and_then(seen).ok_or_else(|| missing("`Seen`"))?;
    let dates = next("- Added ").and_then(|text| text.split_once(", expires ")).and_then(|(added, rest)| {
        let (expires, _seal) = rest.split_once(", seal ")?;
        Some((date(added)?, date(expires)?))
    });
    let (added, expires) = dates.ok_or_else(|| missing("`Added`"))?;
    if let Some((line, _)) = lines.next() {
        return Err((Some(*line), "a line was added".to_owned()));
    }
    Ok(Lesson { id, kind, claim, use_when, advice, since, evidence, seen, state: State::Active, added, expires })
}

fn uncoded(code: &str) -> Option<&str> {
    code.strip_prefix('`')?.strip_suffix('`')
}

/// Only as it is written by us: `2026-11-21`.
fn date(text: &str) -> Option<Date> {
    text.parse::<Date>().ok().filter(|date| date.to_string() == text)
}

/// `[host: title](url), date, quote hash`; a title holds no bracket, an address no parenthesis.
fn source(text: &str) -> Option<Evidence> {
    let (label, rest) = text.strip_prefix('[')?.split_once("](")?;
    let (url, rest) = rest.split_once("), ")?;
    let (day, quote) = rest.split_once(", quote ")?;
    let url: Url = url.parse().ok()?;
    let title = label.strip_prefix(url.host_str()?)?.strip_prefix(": ")?;
    Some(Evidence { title: title.to_owned(), date: date(day)?, quote: quote.to_owned(), url })
}

fn seen(text: &str) -> Option<Seen> {
    let mut numbers = text
        .split(", ")
        .zip([" official", " others", " sessions"])
        .map(|(part, word)| part.strip_suffix(word)?.parse().ok());
    Some(Seen { official: numbers.next()??, others: numbers.next()??, sessions: numbers.next()?? })
}

fn retired_line(text: &str) -> Option<RetiredLine> {
    let (id, rest) = text.split_once(", ")?;
    let (on, rest) = rest.split_once(", ")?;
    let (why, rest) = rest.split_once(", seal ")?;
    let (_seal, claim) = rest.split_once(": ").map_or((rest, None), |(seal, claim)| (seal, Some(claim.to_owned())));
    let known = [Retirement::Expired, Retirement::Withdrawn, Retirement::Reversed]
        .into_iter()
        .find(|known| render::why(known) == why);
    let why = match known {
        Some(known) => known,
        None => Retirement::Superseded(why.strip_prefix("gave way to ")?.parse().ok()?),
    };
    Some(RetiredLine { id: id.parse().ok()?, on: date(on)?, why, claim })
}
