//! The way out: the page behind the link in a letter, by which its reader leaves the list (RFC 8058).

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::Site;
use super::page::{Frame, Trouble};
use super::visitor::Visitor;
use crate::flow::{Left, heard_by_link, leave_by_link};
use crate::standing::List;

/// What the button sends, or a mail program: `List-Unsubscribe=One-Click`, and `again` from the button that comes after.
#[derive(Debug, Deserialize)]
pub(super) struct Sent {
    again: Option<String>,
}

/// Only shows a button: programs that look through mail open every link.
pub(super) async fn show(State(site): State<Arc<Site>>, Path(token): Path<String>) -> Result<Response, Trouble> {
    let left = site.look(move |site| heard_by_link(site.home(), &site.setup().config.people, &token)).await?;
    page(&site, left.ok_or_else(unknown)?)
}

pub(super) async fn leave(
    State(site): State<Arc<Site>>,
    Path(token): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Trouble> {
    let leaves = sent.again.is_none();
    let left = site
        .look(move |site| leave_by_link(site.home(), &site.setup().config.people, &token, leaves, site.now()))
        .await?;
    page(&site, left.ok_or_else(unknown)?)
}

#[derive(Debug, Serialize)]
struct Leaving {
    list: &'static str,
    /// Not whole: whoever got a forwarded letter must not learn the address.
    address: String,
    has_left: bool,
}

fn page(site: &Site, left: Left) -> Result<Response, Trouble> {
    let list = match left.list {
        List::Digest => "the weekly digest and the monthly trends",
        List::Alert => "alerts",
    };
    let leaving = Leaving { list, address: masked(&left.address), has_left: left.has_left };
    // Nobody is known here: the link is all that was shown.
    let nobody = Visitor::Owner;
    Frame { site, visitor: &nobody, tab: "", title: "Leaving a list" }.page("leave.html", &leaving)
}

/// "a…@lab.example"
fn masked(address: &str) -> String {
    let (name, domain) = address.split_once('@').unwrap_or((address, ""));
    format!("{}…@{domain}", name.chars().next().unwrap_or('?'))
}

fn unknown() -> Trouble {
    Trouble::new(
        axum::http::StatusCode::NOT_FOUND,
        "This link takes nobody off a list",
        "It may be cut, or older than the lab's key. Answer the letter with the word \"unsubscribe\" instead: a person reads it.",
    )
}
