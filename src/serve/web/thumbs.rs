//! Thumbs: a person says whether a story was worth their time. It goes to the inbox; the next run learns from it.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{HeaderValue, LOCATION};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::Site;
use super::page::Trouble;
use crate::flow::give_thumb;

#[derive(Debug, Deserialize)]
pub(super) struct Given {
    /// An item's id, or a story's.
    id: String,
    way: String,
    /// The page that asks.
    back: Option<String>,
}

pub(super) async fn give(State(site): State<Arc<Site>>, Form(given): Form<Given>) -> Result<Response, Trouble> {
    let up = match given.way.as_str() {
        "up" => Some(true),
        "down" => Some(false),
        "none" => None,
        _ => return Err(Trouble::wrong("This is no thumb", "`way` is up, down or none.")),
    };
    let id = given.id.clone();
    let thumbed = site.look(move |site| give_thumb(site.home(), &id, up, site.now())).await?;
    if thumbed.is_none() {
        return Err(Trouble::unknown("There is no such item or story"));
    }
    let back = given.back.as_deref().and_then(own_path).unwrap_or("/");
    let joint = if back.contains('?') { '&' } else { '?' };
    back_to(&format!("{back}{joint}said={}", given.way))
}

/// What a page says after a thumb, by the last field of its address.
pub(super) fn said(query: &str) -> Option<&'static str> {
    match query.rsplit('&').next()?.strip_prefix("said=")? {
        "up" => Some("Noted: worth reading. It counts from the next run."),
        "down" => Some("Noted: not worth reading. It counts from the next run."),
        "none" => Some("Noted: the thumb is taken back."),
        _ => None,
    }
}

/// A path on these pages without a fragment, and without what was said before; anything else leads nowhere.
fn own_path(path: &str) -> Option<&str> {
    let is_ours = path.starts_with('/') && !path.starts_with("//") && path.bytes().all(|byte| byte.is_ascii_graphic());
    let path = path.split('#').next().filter(|path| is_ours && !path.contains('\\') && path.len() < 2_048)?;
    path.split_once("?said=").or(path.split_once("&said=")).map(|(path, _)| path).or(Some(path))
}

/// 303: the browser opens the page anew, and reloading it repeats nothing (RFC 9110, 15.4.4).
pub(super) fn back_to(path: &str) -> Result<Response, Trouble> {
    let path = HeaderValue::from_str(path).map_err(|_| Trouble::wrong("This leads nowhere", "Open the page anew."))?;
    Ok((StatusCode::SEE_OTHER, [(LOCATION, path)]).into_response())
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn a_thumb_leads_back_to_a_page_of_ours_and_nowhere_else() {
        assert_eq!(own_path("/"), Some("/"));
        assert_eq!(own_path("/search?q=hooks#i-1"), Some("/search?q=hooks"));
        assert_eq!(own_path("/search?q=hooks&said=up"), Some("/search?q=hooks"));
        assert_eq!(own_path("/?said=down"), Some("/"));
        for other in ["", "//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nSet-Cookie: b", "search"]
        {
            assert_eq!(own_path(other), None, "{other}");
        }
    }
}
