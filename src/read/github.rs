//! GitHub's answers become entries: a list of JSON objects, each read on its own.
//!
//! Only what an entry needs is asked of an object, so that nothing is lost for want of a field that nobody reads. Objects
//! are read by the documentation of the REST API, version 2022-11-28.

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;

use super::{advisory, commit, prose, release, search};
use crate::guard::panic::quietly;
use crate::guard::text;
use crate::item::{Entry, Fault, FaultKind, Reading};
use crate::page::Page;
use crate::source::{Github, Repository};

/// Of what is shown of an answer that is something else, in characters.
const SHOWN_CHARS: usize = 120;

/// Reads one answer of the API. Never fails and never panics; as [`super::feed`], with the same words for faults.
pub fn github(page: &Page, github: &Github) -> Reading {
    quietly(|| read(page, github)).unwrap_or_else(|| Reading {
        entries: Vec::new(),
        faults: vec![Fault::new(
            FaultKind::NotAFeed,
            format!(
                "reading {}: the reader itself failed on it; please report it to the makers of tidings",
                name(page)
            ),
        )],
    })
}

fn read(page: &Page, github: &Github) -> Reading {
    match github {
        Github::Releases { repository, prereleases, drafts } => {
            list(page, Some(repository), |found| release::entry(found, repository, *prereleases, *drafts))
        }
        Github::Commits { repository, .. } => list(page, Some(repository), commit::entry),
        Github::Advisories(repository) => {
            list(page, Some(repository), |found| advisory::entry(found, &repository.name))
        }
        Github::PackageAdvisories { package, .. } => list(page, None, |found| advisory::entry(found, package)),
        Github::RepositorySearch(_) => list(page, None, search::repository),
        Github::IssueSearch(_) => list(page, None, search::issue),
    }
}

/// A list, or what a search found.
struct List<'a> {
    objects: Vec<&'a RawValue>,
    /// The search ran out of time.
    is_partial: bool,
}

/// The object around what a search found.
#[derive(Deserialize)]
struct Searched<'a> {
    #[serde(borrow)]
    items: Vec<&'a RawValue>,
    #[serde(default)]
    incomplete_results: bool,
}

/// How GitHub says no.
#[derive(Deserialize)]
struct Refusal {
    message: String,
}

fn list<T: DeserializeOwned>(
    page: &Page,
    repository: Option<&Repository>,
    entry: impl Fn(T) -> Option<Entry>,
) -> Reading {
    let List { objects, is_partial } = match objects(&page.bytes, repository.is_none()) {
        Ok(list) => list,
        Err(what) => {
            let message = format!(
                "reading {}: this is {what}, and not the list that was asked for; the next run asks again, and if it stays \
                 so, look at `api` under [github] in tidings.toml (\"https://api.github.com\", or \
                 \"https://HOST/api/v3\")",
                name(page)
            );
            return Reading { entries: Vec::new(), faults: vec![Fault::new(FaultKind::NotAFeed, message)] };
        }
    };
    let begun = objects.len();
    let mut reading = Reading::default();
    let (mut odd, mut odds) = (None, 0);
    for object in objects {
        match serde_json::from_str(object.get()).map(&entry) {
            // None is sound, and not wanted: a draft, a pre-release, what was withdrawn.
            Ok(found) => reading.entries.extend(found),
            Err(error) => {
                odds += 1;
                odd = odd.or_else(|| Some(text::excerpt(&error.to_string(), SHOWN_CHARS)));
            }
        }
    }
    if let Some(odd) = odd {
        let message = format!(
            "reading {}: {odds} of its {begun} entries are not as GitHub documents them ({odd}); if it stays so, please \
             report it to the makers of tidings",
            name(page)
        );
        // Where all are odd the list is none of ours, and what it holds is still to be read.
        let kind = if odds == begun { FaultKind::NotAFeed } else { FaultKind::Damaged };
        reading.faults.push(Fault::new(kind, message));
    }
    if is_partial {
        let message = format!(
            "reading {}: GitHub's search ran out of time and says that its answer is not whole; a narrower search helps",
            name(page)
        );
        reading.faults.push(Fault::new(FaultKind::Damaged, message));
    }
    reading.faults.extend(repository.and_then(|repository| renamed(&reading.entries, repository)));
    reading
}

/// The objects of a list; Err says what the answer is instead.
fn objects(bytes: &[u8], is_search: bool) -> Result<List<'_>, String> {
    let text = str::from_utf8(bytes).map_err(|_| "no text")?;
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Err("an empty answer".to_owned());
    }
    if text.starts_with('<') {
        return Err("a web page".to_owned());
    }
    if let Ok(objects) = serde_json::from_str(text) {
        return Ok(List { objects, is_partial: false });
    }
    let searched = serde_json::from_str(text).ok().filter(|_| is_search);
    if let Some(Searched { items, incomplete_results }) = searched {
        return Ok(List { objects: items, is_partial: incomplete_results });
    }
    Err(match serde_json::from_str::<Refusal>(text) {
        Ok(Refusal { message }) => {
            format!("GitHub's word \u{201c}{}\u{201d}", text::excerpt(&text::one_line(&message), SHOWN_CHARS))
        }
        Err(_) if serde_json::from_str::<IgnoredAny>(text).is_ok() => "a JSON document of another kind".to_owned(),
        Err(_) => "broken JSON".to_owned(),
    })
}

/// Says so when the entries live under another name than the source's line: GitHub leads from the old name to the new one
/// until somebody else takes the old one.
fn renamed(entries: &[Entry], repository: &Repository) -> Option<Fault> {
    let mut path = entries.first()?.link.as_ref()?.path_segments()?;
    let (owner, name) = (path.next()?, path.next()?);
    if owner.eq_ignore_ascii_case(&repository.owner) && name.eq_ignore_ascii_case(&repository.name) {
        return None;
    }
    let message = format!(
        "reading {repository}: the repository is called {owner}/{name} now; write the new name into sources.toml, before \
         somebody else takes the old one"
    );
    Some(Fault::new(FaultKind::Renamed, message))
}

/// Host and path: a query may be long.
fn name(page: &Page) -> String {
    format!("{}{}", page.url.host_str().unwrap_or_default(), page.url.path())
}

/// A person or program; None for those who are gone.
#[derive(Deserialize)]
pub(super) struct Account {
    pub(super) login: Option<String>,
}

/// The name of an account that is still there.
pub(super) fn login(account: Option<Account>) -> Option<String> {
    account?.login.map(|login| prose::line(&login)).filter(|login| !login.is_empty())
}

/// Markdown as people wrote it, with what HTML they mixed in taken out; its lines stay lines.
pub(super) fn markdown(source: Option<&str>) -> String {
    let source = source.unwrap_or_default().replace("\r\n", "\n");
    match prose::is_html(&source) {
        true => prose::text(&source.replace('\n', "<br>")),
        false => prose::text(&source),
    }
}

/// A title that names its product: `lantern-code v4.12.3` says more than `v4.12.3` between other news, and rules look for
/// the name.
pub(super) fn titled(product: &str, title: &str, between: &str) -> String {
    let words = |text: &str| {
        let words = text.to_lowercase();
        words.replace(|letter: char| !letter.is_alphanumeric(), " ").split_whitespace().collect::<Vec<_>>().join(" ")
    };
    match format!(" {} ", words(title)).contains(&format!(" {} ", words(product))) {
        true => title.to_owned(),
        false => format!("{product}{between}{title}"),
    }
}
