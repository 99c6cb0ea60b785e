//! What monitors ask: whether runs go well, and everything that is measured.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::Shared;
use super::page::Trouble;
use crate::serve::metrics;

/// Anybody may ask it: it says no more than whether the house stands.
pub(super) const HEALTH: &str = "/healthz";

pub(super) async fn metrics(State(site): Shared) -> Result<Response, Trouble> {
    let text = site.look(|site| metrics::metrics(site.home(), site.now())).await?;
    Ok(([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response())
}

/// 200, or 503 and why.
pub(super) async fn health(State(site): Shared) -> Result<Response, Trouble> {
    let pulse = site.look(|site| metrics::health(site.home(), site.now())).await?;
    let status = if pulse.is_good() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok((status, format!("{}.\n", pulse.words())).into_response())
}
