//! Editions: what was told week by week, the alerts, and both as feeds.

use anyhow::Result;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Extension, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};

use super::file::file;
use super::page::{Frame, Trouble, When};
use super::visitor::Visitor;
use super::{Shared, Site};
use crate::edition::EditionKind;
use crate::flow::{self, EditionFile, EditionView, Opened};

/// Editions of one sort on the first page, and on a page of that sort alone.
const FIRST: usize = 12;
const MOST: usize = 60;
/// Letters of the plain words that stand in for an edition that can't be read; the file has them all.
const MOST_TEXT: usize = 40_000;

/// Which part of the list is asked for.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    /// `weeks`, `alerts` or `months`
    of: Option<String>,
    /// The name of the edition after which it goes on.
    after: Option<String>,
}

#[derive(Debug, Serialize)]
struct List {
    parts: Vec<Part>,
    /// Only one sort is shown.
    is_part: bool,
    feeds: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
struct Part {
    title: &'static str,
    /// What is said where there is none.
    none: &'static str,
    lines: Vec<Line>,
    /// Where the list goes on.
    older: Option<String>,
}

#[derive(Debug, Serialize)]
struct Line {
    name: String,
    path: String,
    at: Option<When>,
    headline: Option<String>,
}

/// Another edition, by its name.
#[derive(Debug, Serialize)]
pub(super) struct Other {
    pub name: String,
    pub path: String,
}

/// What a page of one edition is given.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    pub name: String,
    /// Its own page.
    pub path: String,
    /// None: it can't be read.
    pub edition: Option<EditionView>,
    pub at: Option<When>,
    /// Why it can't be read, and the plain words there are.
    pub why: Option<String>,
    pub text: Option<String>,
    pub is_cut: bool,
    /// Its files, by ending.
    pub files: Vec<Other>,
    pub earlier: Option<Other>,
    pub later: Option<Other>,
    pub feeds: Vec<&'static str>,
    /// Where its pictures lie.
    pub folder: String,
}

pub(super) async fn list(
    State(site): Shared,
    Extension(visitor): Extension<Visitor>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Trouble> {
    let Query(asked) = asked.map_err(|_| Trouble::wrong("This is no part of the list", "Open the list anew."))?;
    let found = site.look(move |site| look(site, &asked)).await?;
    let list = found.ok_or_else(|| Trouble::wrong("This is no part of the list", "Open the list anew."))?;
    Frame { site: &site, visitor: &visitor, tab: "/editions", title: "Editions" }.page("editions.html", &list)
}

/// None: nothing goes by what was asked.
fn look(site: &Site, asked: &Asked) -> Result<Option<List>> {
    const PARTS: [(&str, &str, &str, &[EditionKind]); 3] = [
        ("weeks", "Digests", "None yet: a run writes the digest when a week has closed.", &[EditionKind::Digest]),
        (
            "alerts",
            "Alerts",
            "None yet: only what can't wait for the digest is one.",
            &[EditionKind::Alert, EditionKind::Rollup],
        ),
        ("months", "Trends", "None yet: a run writes them when a month has closed.", &[EditionKind::Trends]),
    ];
    let editions = flow::editions(site.home())?;
    let mut parts = Vec::new();
    for (word, title, none, kinds) in PARTS {
        if asked.of.as_deref().is_some_and(|of| of != word) {
            continue;
        }
        let own: Vec<EditionFile> = editions.iter().filter(|edition| kinds.contains(&edition.kind)).cloned().collect();
        let begin = match &asked.after {
            None => 0,
            Some(after) => match own.iter().position(|edition| edition.name == *after) {
                Some(place) => place + 1,
                None => return Ok(None),
            },
        };
        let most = if asked.of.is_some() { MOST } else { FIRST };
        let end = own.len().min(begin + most);
        let older = own.get(..end).and_then(<[_]>::last).filter(|_| end < own.len());
        let older = older.map(|last| format!("/editions?of={word}&after={}", last.name));
        let lines = flow::edition_lines(site.home(), &own[begin..end]);
        let lines = lines.into_iter().map(|line| Line {
            name: name(&line.edition),
            path: path(&line.edition),
            at: line.at.map(|at| when(site, at)),
            headline: line.headline,
        });
        parts.push(Part { title, none, lines: lines.collect(), older });
    }
    let feeds = flow::feeds(site.home())?;
    Ok((!parts.is_empty()).then_some(List { parts, is_part: asked.of.is_some(), feeds }))
}

/// An edition's own page, or one of its files.
pub(super) async fn open(
    State(site): Shared,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
    asked: Result<Path<String>, PathRejection>,
) -> Result<Response, Trouble> {
    let Path(asked) = asked.map_err(|_| unknown())?;
    let (edition, part) = EditionFile::at_path(&asked).ok_or_else(unknown)?;
    match part {
        None if edition.kind == EditionKind::Trends => Ok(Redirect::to(&path(&edition)).into_response()),
        // What is mailed looks right in mail programs; here its words have a page of their own.
        Some("html") => Ok(Redirect::to(&path(&edition)).into_response()),
        None => {
            let shown = one(&site, &edition).await?.ok_or_else(unknown)?;
            let template = match &shown.edition {
                Some(EditionView::Digest(_)) => "digest.html",
                Some(EditionView::Alert(_)) => "alert.html",
                Some(EditionView::Rollup(_)) => "rollup.html",
                Some(EditionView::Trends(_)) | None => "damaged.html",
            };
            let title = shown.name.clone();
            Frame { site: &site, visitor: &visitor, tab: "/editions", title: &title }.page(template, &shown)
        }
        Some(part) => {
            let ending = part.to_owned();
            let bytes = site.look(move |site| flow::edition_file(site.home(), &edition, &ending)).await?;
            Ok(file(&headers, part, bytes.ok_or_else(unknown)?))
        }
    }
}

/// A feed. Its entries name editions beside it, as they lie in digests/; here they lie a floor up.
pub(super) async fn feed(
    State(site): Shared,
    headers: HeaderMap,
    asked: Result<Path<String>, PathRejection>,
) -> Result<Response, Trouble> {
    let Path(asked) = asked.map_err(|_| unknown())?;
    if let Some((edition, _)) = EditionFile::at_path(&asked) {
        return Ok(Redirect::to(&path(&edition)).into_response());
    }
    let name = asked.clone();
    let bytes = site.look(move |site| flow::feed(site.home(), &name)).await?;
    Ok(file(&headers, &asked, bytes.ok_or_else(unknown)?))
}

/// All that the page of an edition shows; None where nothing of it lies there.
pub(super) async fn one(site: &std::sync::Arc<Site>, edition: &EditionFile) -> Result<Option<Shown>, Trouble> {
    let edition = edition.clone();
    site.look(move |site| {
        let Some(opened) = flow::open_edition(site.home(), &edition)? else { return Ok(None) };
        let editions = flow::editions(site.home())?;
        let is_alert = |kind| matches!(kind, EditionKind::Alert | EditionKind::Rollup);
        let kin = |other: &&EditionFile| other.kind == edition.kind || is_alert(other.kind) && is_alert(edition.kind);
        let kin: Vec<&EditionFile> = editions.iter().filter(kin).collect();
        let place = kin.iter().position(|other| **other == edition);
        let other = |place: Option<usize>| {
            let other = kin.get(place?)?;
            Some(Other { name: name(other), path: path(other) })
        };
        let mut shown = Shown {
            name: name(&edition),
            path: path(&edition),
            edition: None,
            at: None,
            why: None,
            text: None,
            is_cut: false,
            files: files(site, &edition)?,
            earlier: other(place.map(|place| place + 1)),
            later: other(place.and_then(|place| place.checked_sub(1))),
            feeds: flow::feeds(site.home())?,
            folder: format!("/editions/{}", edition.stem.rsplit_once('/').map_or("", |(folder, _)| folder)),
        };
        match opened {
            Opened::Whole(said) => {
                shown.at = Some(when(site, said.at()));
                shown.edition = Some(said.view());
            }
            Opened::Damaged { why, text } => {
                shown.why = Some(why);
                shown.is_cut = text.as_ref().is_some_and(|text| text.chars().nth(MOST_TEXT).is_some());
                shown.text = text.map(|text| text.chars().take(MOST_TEXT).collect());
            }
        }
        Ok(Some(shown))
    })
    .await
}

/// What Today says of the newest digest.
#[derive(Debug, Serialize)]
pub(super) struct Latest {
    pub name: String,
    pub path: String,
    pub at: When,
    /// With `headline` and `actions`; the macro of do_this_week.html reads them.
    pub edition: EditionView,
}

/// The newest digest that can be read; None where there is none.
pub(super) fn latest(site: &Site) -> Result<Option<Latest>> {
    let found = flow::latest_digest(site.home())?;
    Ok(found.map(|(edition, said)| Latest {
        name: name(&edition),
        path: path(&edition),
        at: when(site, said.at()),
        edition: said.view(),
    }))
}

fn files(site: &Site, edition: &EditionFile) -> Result<Vec<Other>> {
    let endings = flow::edition_endings(site.home(), edition)?;
    let shown = [("Markdown", "md"), ("plain text", "txt"), ("JSON", "json")];
    let shown = shown.into_iter().filter(|(_, ending)| endings.contains(ending));
    let file = |(name, ending): (&str, &str)| Other {
        name: name.to_owned(),
        path: format!("/editions/{}.{ending}", edition.stem),
    };
    Ok(shown.map(file).collect())
}

/// As a person calls it.
pub(super) fn name(edition: &EditionFile) -> String {
    let day = |name: &str| name.parse::<jiff::civil::Date>().ok();
    match edition.kind {
        EditionKind::Trends => day(&format!("{}-01", edition.name))
            .map_or_else(|| edition.name.clone(), |day| day.strftime("%B %Y").to_string()),
        EditionKind::Alert => format!("Alert of {}", edition.at.strftime("%-d %b %Y")),
        EditionKind::Rollup => format!("Roll-up of {}", edition.at.strftime("%-d %b %Y")),
        _ => edition.name.clone(),
    }
}

/// Its page.
pub(super) fn path(edition: &EditionFile) -> String {
    match edition.kind {
        EditionKind::Trends => format!("/trends/{}", edition.name),
        EditionKind::Alert | EditionKind::Rollup => format!("/editions/alerts/{}", edition.name),
        _ => format!("/editions/{}", edition.name),
    }
}

fn when(site: &Site, at: jiff::Timestamp) -> When {
    When::at(at, site.now(), &site.setup().config.schedule.zone)
}

fn unknown() -> Trouble {
    Trouble::new(StatusCode::NOT_FOUND, "There is no such edition", "The page Editions lists those there are.")
}
