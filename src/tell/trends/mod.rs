//! Trends as people read them: what the templates see, and the charts.

mod view;
mod chart;

use crate::edition::trends::{Move, Trends};

pub(super) use chart::{Chart, charts};
pub use view::TrendsView;
pub(super) use view::{summary, view};

/// Where a month's trends lie below digests/, without the ending: `trends/2026-11/trends`.
pub fn stem(month: &str) -> String {
    format!("trends/{month}/trends")
}

/// "November 2026".
fn month_name(trends: &Trends) -> String {
    named(&trends.month).map_or_else(|| trends.month.clone(), |day| day.strftime("%B %Y").to_string())
}

/// "1.4", or "under 0.1".
fn expected(one: &Move) -> String {
    if one.expected < 0.1 { "under 0.1".to_owned() } else { format!("{:.1}", one.expected) }
}

/// The first day of the month with this name.
fn named(month: &str) -> Option<jiff::civil::Date> {
    format!("{month}-01").parse().ok()
}
