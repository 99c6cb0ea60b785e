//! Ask: what people look up without holding the store.

use anyhow::{Context, Result};
use jiff::Timestamp;

use crate::fetch::Carrier;
use crate::home::Home;
use crate::item::{ItemId, Reading};
use crate::keep;
use crate::page::{Answer, Mark, Request};
use crate::read;
use crate::source::Source;

pub use crate::keep::index::{Card, Hit, Query, Results};
pub use crate::keep::{Outbox, SourceStatus, Status};

/// Items that match, best first.
///
/// # Errors
/// When there is no index yet; the message names the remedy.
pub fn search(home: &Home, query: &Query) -> Result<Results> {
    keep::index::Library::open(home.folder())?.search(query)
}

/// One item with its whole text; None where no item has this id.
///
/// # Errors
/// When there is no index yet, or the archive can't be read.
pub fn show(home: &Home, id: &str) -> Result<Option<(Card, String)>> {
    keep::index::Library::open(home.folder())?.show(&ItemId(id.to_owned()))
}

/// How the home stood after its last run; None before the first.
///
/// # Errors
/// When the view can't be read.
pub fn status(home: &Home) -> Result<Option<Status>> {
    keep::status(home.folder())
}

/// How the letters stood after the last run; None before the first.
///
/// # Errors
/// When the view can't be read.
pub fn outbox(home: &Home) -> Result<Option<Outbox>> {
    keep::outbox(home.folder())
}

/// Asks one source now and reads its answer; keeps nothing.
///
/// # Errors
/// When the source gives no page; the fault's own words.
pub async fn test_source(source: &Source, carrier: &dyn Carrier, now: Timestamp) -> Result<Reading> {
    let request = Request { url: source.from.url(now), wanted: source.from.wanted(), mark: Mark::default(), now };
    match carrier.carry(&request).await.map_err(|fault| anyhow::anyhow!(fault.message))? {
        Answer::NotModified(_) => anyhow::bail!("it says that nothing has changed, though nothing was known"),
        Answer::Page(page) => {
            let origin = source.from.clone();
            tokio::task::spawn_blocking(move || read::page(&page, &origin)).await.context("reading the answer")
        }
    }
}
