//! Trends: what a month told far more, or far less, than those before it.

use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::editions::{self, Shown};
use super::page::{Frame, Trouble};
use super::visitor::Visitor;
use super::{Shared, Site};
use crate::edition::EditionKind;
use crate::flow::{self, EditionFile, EditionView};

/// The newest month.
pub(super) async fn newest(State(site): Shared, Extension(visitor): Extension<Visitor>) -> Result<Response, Trouble> {
    let found = site.look(|site| flow::editions(site.home())).await?;
    match found.into_iter().find(|edition| edition.kind == EditionKind::Trends) {
        Some(edition) => {
            let shown = editions::one(&site, &edition).await?.ok_or_else(unknown)?;
            page(&site, &visitor, &shown)
        }
        None => {
            let given = serde_json::json!({});
            Frame { site: &site, visitor: &visitor, tab: "/trends", title: "Trends" }.page("no_trends.html", &given)
        }
    }
}

pub(super) async fn month(
    State(site): Shared,
    Extension(visitor): Extension<Visitor>,
    month: Result<Path<String>, PathRejection>,
) -> Result<Response, Trouble> {
    let Path(month) = month.map_err(|_| unknown())?;
    let edition = EditionFile::named(EditionKind::Trends, &month).ok_or_else(unknown)?;
    let shown = editions::one(&site, &edition).await?.ok_or_else(unknown)?;
    page(&site, &visitor, &shown)
}

fn page(site: &Site, visitor: &Visitor, shown: &Shown) -> Result<Response, Trouble> {
    let template = match &shown.edition {
        Some(EditionView::Trends(_)) => "trends.html",
        _ => "damaged.html",
    };
    let title = format!("Trends of {}", shown.name);
    Frame { site, visitor, tab: "/trends", title: &title }.page(template, shown)
}

fn unknown() -> Trouble {
    Trouble::new(
        StatusCode::NOT_FOUND,
        "There are no trends of such a month",
        "The page Trends leads to those there are.",
    )
}
