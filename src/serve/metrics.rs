//! Metrics: how a home fares, for Prometheus and for whoever only asks whether it lives. Computed from files alone.
//!
//! Counters live in the store and survive a restart; after `tidings restore` they go on from the export, which Prometheus takes
//! for a reset. What a run that was killed had not written out is asked again, and counted then. Times are Unix seconds: how long ago something was is the reader's own subtraction.

mod families;
mod text;

use anyhow::Result;
use jiff::Timestamp;

use crate::flow::{Pulse, pulse};
use crate::home::Home;

/// What an answer to `/metrics` is declared as (Prometheus text format 0.0.4).
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Everything that is measured of a home, in Prometheus' text format.
///
/// # Errors
/// When a view can't be read; before the first run there is none, and little is told.
pub fn metrics(home: &Home, now: Timestamp) -> Result<String> {
    let mut page = text::Page::default();
    families::home(&mut page, home, now)?;
    page.text()
}

/// Whether runs go well: `is_good()` is 200 at `/healthz`, all else 503 with `words()`.
///
/// # Errors
/// When the view can't be read.
pub fn health(home: &Home, now: Timestamp) -> Result<Pulse> {
    pulse(home, now)
}
