//! Editions: what was said, as it lies in digests/. Needs no lock.

mod said;
mod shelf;

use std::collections::BTreeSet;

use anyhow::Result;
use jiff::civil::{Date, ISOWeekDate, Weekday};
use jiff::{Timestamp, ToSpan};

use crate::edition::{EditionKind, week_name};
use crate::home::Home;
use crate::tell::shown::is_story;

pub use said::{EditionView, Opened, Said};

use shelf::Shelf;

/// An edition that lies in digests/.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditionFile {
    /// Digest, trends, alert or roll-up.
    pub kind: EditionKind,
    /// `2026-W47`, `2026-11`, `2026-11-21/s-7k3m9q2xwd` or `2026-11-21/rollup`.
    pub name: String,
    /// The day after the week or the month that it tells; of alerts and roll-ups their own.
    pub at: Date,
    /// Where it lies below digests/, without the ending: `2026-W47/digest`.
    pub stem: String,
}

/// Endings under which an edition lies.
const ENDINGS: [&str; 4] = ["json", "md", "html", "txt"];

/// Pictures that lie beside a month's trends.
const PICTURES: [&str; 2] = ["rising.png", "months.png"];

/// The feeds of digests and of alerts.
const FEEDS: [&str; 4] = ["feed.atom", "feed.json", "alerts.atom", "alerts.json"];

impl EditionFile {
    /// The edition of this kind and name, whether it lies there or not; None where no edition is named so. What is no week,
    /// month, day or story names no file.
    pub fn named(kind: EditionKind, name: &str) -> Option<EditionFile> {
        let (at, stem) = match kind {
            EditionKind::Digest => (after_week(name)?, format!("{name}/digest")),
            EditionKind::Trends => (after_month(name)?, format!("trends/{name}/trends")),
            EditionKind::Alert | EditionKind::Rollup => {
                let (day, story) = name.split_once('/')?;
                let fits = if kind == EditionKind::Rollup { story == "rollup" } else { is_story(story) };
                let date: Date = day.parse().ok()?;
                (fits && date.to_string() == day).then(|| (date, format!("alerts/{name}")))?
            }
            EditionKind::Notice | EditionKind::Push | EditionKind::Trial => return None,
        };
        Some(EditionFile { kind, name: name.to_owned(), at, stem })
    }

    /// What a path below digests/ names: an edition alone (`2026-W47`, `alerts/2026-11-21/s-…`, `trends/2026-11`), or with the
    /// ending of one of its files (`2026-W47/digest.md`) or the name of one of its pictures. None where it names neither.
    pub fn at_path(path: &str) -> Option<(EditionFile, Option<&str>)> {
        if let Some(rest) = path.strip_prefix("alerts/") {
            let (name, ending) = rest.split_once('.').map_or((rest, None), |(name, ending)| (name, Some(ending)));
            let kind = if name.ends_with("/rollup") { EditionKind::Rollup } else { EditionKind::Alert };
            let edition = EditionFile::named(kind, name)?;
            return ending.is_none_or(|ending| ENDINGS.contains(&ending)).then_some((edition, ending));
        }
        let (kind, rest) = match path.strip_prefix("trends/") {
            Some(rest) => (EditionKind::Trends, rest),
            None => (EditionKind::Digest, path),
        };
        let Some((name, file)) = rest.split_once('/') else { return Some((EditionFile::named(kind, rest)?, None)) };
        let edition = EditionFile::named(kind, name)?;
        if kind == EditionKind::Trends && PICTURES.contains(&file) {
            return Some((edition, Some(file)));
        }
        let ending = file.strip_prefix(kind.word())?.strip_prefix('.')?;
        ENDINGS.contains(&ending).then_some((edition, Some(ending)))
    }
}

/// Monday after a week that is written as we write it.
fn after_week(name: &str) -> Option<Date> {
    let (year, week) = name.split_once("-W")?;
    let week = ISOWeekDate::new(year.parse().ok()?, week.parse().ok()?, Weekday::Monday).ok()?;
    (week_name(week) == name).then(|| week.date().checked_add(1.week()).ok())?
}

/// The first day after a month that is written as we write it.
fn after_month(name: &str) -> Option<Date> {
    let (year, month) = name.split_once('-')?;
    let first = Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok()?;
    (first.strftime("%Y-%m").to_string() == name).then(|| first.checked_add(1.month()).ok())?
}

/// Every edition that lies in digests/, the newest first.
///
/// # Errors
/// When a folder can't be listed.
pub fn editions(home: &Home) -> Result<Vec<EditionFile>> {
    let Some(shelf) = Shelf::open(home)? else { return Ok(Vec::new()) };
    let mut found = periods(&shelf, EditionKind::Digest)?;
    found.extend(periods(&shelf, EditionKind::Trends)?);
    for day in shelf.names("alerts")?.into_iter().filter(|name| name.parse::<Date>().is_ok()) {
        // The same alert has a file for each ending.
        let mut alerts = BTreeSet::new();
        for file in shelf.names(&format!("alerts/{day}"))? {
            if let Some((edition, Some(_))) = EditionFile::at_path(&format!("alerts/{day}/{file}")) {
                alerts.insert((edition.kind, edition.name));
            }
        }
        found.extend(alerts.iter().filter_map(|(kind, name)| EditionFile::named(*kind, name)));
    }
    sort(&mut found);
    Ok(found)
}

/// The weeks, or the months, of which anything lies there.
fn periods(shelf: &Shelf, kind: EditionKind) -> Result<Vec<EditionFile>> {
    let folder = if kind == EditionKind::Trends { "trends" } else { "" };
    let mut found: Vec<EditionFile> =
        shelf.names(folder)?.iter().filter_map(|name| EditionFile::named(kind, name)).collect();
    found.retain(|edition| !endings(shelf, edition).is_empty());
    sort(&mut found);
    Ok(found)
}

fn sort(editions: &mut [EditionFile]) {
    editions.sort_by(|one, other| other.at.cmp(&one.at).then_with(|| one.stem.cmp(&other.stem)));
}

fn endings(shelf: &Shelf, edition: &EditionFile) -> Vec<&'static str> {
    ENDINGS.into_iter().filter(|ending| shelf.holds(&format!("{}.{ending}", edition.stem))).collect()
}

/// The endings under which an edition lies in digests/: json, md, html, txt.
///
/// # Errors
/// When digests/ can't be looked at.
pub fn edition_endings(home: &Home, edition: &EditionFile) -> Result<Vec<&'static str>> {
    let known = EditionFile::named(edition.kind, &edition.name);
    let (Some(shelf), Some(known)) = (Shelf::open(home)?, known) else { return Ok(Vec::new()) };
    Ok(endings(&shelf, &known))
}

/// What an edition says, in one of its forms: json, md, html or txt. None where it does not lie there so.
///
/// # Errors
/// When its file can't be read.
pub fn edition_text(home: &Home, edition: &EditionFile, ending: &str) -> Result<Option<String>> {
    Ok(edition_file(home, edition, ending)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

/// The bytes of one file of an edition, by its ending, or the name of a picture of a month's trends. None where it does not lie
/// there; what a symlink leads to outside digests/ does not.
///
/// # Errors
/// When the file can't be read, or is too long to be one of ours.
pub fn edition_file(home: &Home, edition: &EditionFile, ending: &str) -> Result<Option<Vec<u8>>> {
    // A name that somebody typed becomes a path through `named` alone.
    let Some(known) = EditionFile::named(edition.kind, &edition.name) else { return Ok(None) };
    let path = match known.stem.strip_suffix("trends") {
        Some(folder) if PICTURES.contains(&ending) => format!("{folder}{ending}"),
        _ if ENDINGS.contains(&ending) => format!("{}.{ending}", known.stem),
        _ => return Ok(None),
    };
    match Shelf::open(home)? {
        Some(shelf) => shelf.read(&path),
        None => Ok(None),
    }
}

/// A feed as it was last written: `feed.atom` or `feed.json` of digests, `alerts.atom` or `alerts.json`. None where there is none.
///
/// # Errors
/// When the file can't be read.
pub fn feed(home: &Home, name: &str) -> Result<Option<Vec<u8>>> {
    match Shelf::open(home)?.filter(|_| FEEDS.contains(&name)) {
        Some(shelf) => shelf.read(name),
        None => Ok(None),
    }
}

/// The feeds there are, by name; none before the first edition.
///
/// # Errors
/// When digests/ can't be looked at.
pub fn feeds(home: &Home) -> Result<Vec<&'static str>> {
    let Some(shelf) = Shelf::open(home)? else { return Ok(Vec::new()) };
    Ok(FEEDS.into_iter().filter(|name| shelf.holds(name)).collect())
}

/// An edition as its typed value; where its JSON is damaged or newer than this program, what is the matter and its plain words.
/// None where nothing of it lies there.
///
/// # Errors
/// When its files can't be read.
pub fn open_edition(home: &Home, edition: &EditionFile) -> Result<Option<Opened>> {
    let why = match edition_file(home, edition, "json") {
        Ok(Some(bytes)) => match Said::read(edition.kind, &bytes) {
            Ok(said) => return Ok(Some(Opened::Whole(said))),
            Err(why) => why,
        },
        Ok(None) => "it is not there".to_owned(),
        Err(error) => format!("{error:#}"),
    };
    let why = format!("digests/{}.json can't be shown: {why}", edition.stem);
    for ending in ["txt", "md"] {
        if let Ok(Some(text)) = edition_text(home, edition, ending) {
            return Ok(Some(Opened::Damaged { why, text: Some(text) }));
        }
    }
    let lies_there = edition_endings(home, edition)?.contains(&"json");
    Ok(lies_there.then_some(Opened::Damaged { why, text: None }))
}

/// An edition in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct EditionLine {
    pub edition: EditionFile,
    /// When it was written; None where it can't be read.
    pub at: Option<Timestamp>,
    /// What it says, in one line; None where it can't be read.
    pub headline: Option<String>,
}

/// What editions say, each in a line.
pub fn edition_lines(home: &Home, editions: &[EditionFile]) -> Vec<EditionLine> {
    let line = |edition: &EditionFile| {
        let said = match open_edition(home, edition) {
            Ok(Some(Opened::Whole(said))) => Some(said),
            Ok(_) | Err(_) => None,
        };
        EditionLine {
            edition: edition.clone(),
            at: said.as_ref().map(Said::at),
            headline: said.as_ref().map(Said::headline),
        }
    };
    editions.iter().map(line).collect()
}

/// The newest digest that can be read. None where there is none.
///
/// # Errors
/// When digests/ can't be listed.
pub fn latest_digest(home: &Home) -> Result<Option<(EditionFile, Said)>> {
    let Some(shelf) = Shelf::open(home)? else { return Ok(None) };
    for edition in periods(&shelf, EditionKind::Digest)? {
        if let Ok(Some(Opened::Whole(said))) = open_edition(home, &edition) {
            return Ok(Some((edition, said)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edition_is_read_only_under_a_name_as_we_write_it() {
        let named =
            |kind, name: &str| EditionFile::named(kind, name).map(|edition| (edition.stem, edition.at.to_string()));
        let (week, month) = (EditionKind::Digest, EditionKind::Trends);
        assert_eq!(named(week, "2026-W47"), Some(("2026-W47/digest".to_owned(), "2026-11-23".to_owned())));
        assert_eq!(named(month, "2026-12"), Some(("trends/2026-12/trends".to_owned(), "2027-01-01".to_owned())));
        let alert = named(EditionKind::Alert, "2026-11-21/s-7k3m9q2xwd");
        assert_eq!(alert, Some(("alerts/2026-11-21/s-7k3m9q2xwd".to_owned(), "2026-11-21".to_owned())));
        assert!(named(EditionKind::Rollup, "2026-11-21/rollup").is_some());
        for (kind, name) in [
            (week, "2026-W54"),
            (week, "2026-W7"),
            (week, "../2026-W47"),
            (week, "2026-W47/../.."),
            (month, "2026-13"),
            (month, "2026-1"),
            (month, "trends"),
            (EditionKind::Alert, "2026-11-21/../../state"),
            (EditionKind::Alert, "2026-11-21/s-"),
            (EditionKind::Alert, "2026-11-21/s-a/b"),
            (EditionKind::Alert, "/etc/passwd"),
            (EditionKind::Rollup, "2026-11-21/s-7k3m9q2xwd"),
            (EditionKind::Notice, "2026-W47"),
        ] {
            assert_eq!(named(kind, name), None, "{name}");
        }
    }

    #[test]
    fn a_path_names_an_edition_or_one_of_its_files_and_nothing_else() {
        let named =
            |path: &str| EditionFile::at_path(path).map(|(edition, file)| (edition.stem, file.map(str::to_owned)));
        let some = |stem: &str, file: Option<&str>| Some((stem.to_owned(), file.map(str::to_owned)));
        assert_eq!(named("2026-W47"), some("2026-W47/digest", None));
        assert_eq!(named("2026-W47/digest.md"), some("2026-W47/digest", Some("md")));
        assert_eq!(named("trends/2026-11"), some("trends/2026-11/trends", None));
        assert_eq!(named("trends/2026-11/trends.txt"), some("trends/2026-11/trends", Some("txt")));
        assert_eq!(named("trends/2026-11/rising.png"), some("trends/2026-11/trends", Some("rising.png")));
        assert_eq!(named("alerts/2026-11-19/s-abc"), some("alerts/2026-11-19/s-abc", None));
        assert_eq!(named("alerts/2026-11-19/s-abc.html"), some("alerts/2026-11-19/s-abc", Some("html")));
        assert_eq!(named("alerts/2026-11-19/rollup.json"), some("alerts/2026-11-19/rollup", Some("json")));
        for path in [
            "",
            "..",
            "2026-W47/",
            "2026-W47/digest",
            "2026-W47/digest.exe",
            "2026-W47/rising.png",
            "2026-W47/../state/told.jsonl",
            "2026-W47/digest.md/..",
            "2026-W47\0",
            "/2026-W47",
            "2026-W47//digest.md",
            "trends/2026-11/secret.png",
            "trends/../2026-W47/digest.md",
            "alerts/2026-11-19/s-abc.md.html",
            "alerts/2026-11-19/..",
            "alerts/2026-11-19/s-..",
            "alerts/2026-11-19",
            "feed.atom",
        ] {
            assert_eq!(named(path), None, "{path:?}");
        }
    }
}
