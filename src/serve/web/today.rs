//! Today: what a fellow should know now.

use axum::extract::{Extension, State};
use axum::response::Response;
use serde_json::json;

use super::Shared;
use super::page::{Frame, Trouble};
use super::visitor::Visitor;

pub(super) async fn today(State(site): Shared, Extension(visitor): Extension<Visitor>) -> Result<Response, Trouble> {
    Frame { site: &site, visitor: &visitor, tab: "/", title: "Today" }.page("today.html", &json!({}))
}
