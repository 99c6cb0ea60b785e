//! Editions as pages of ours show them: the same views that the mail's templates see.

use super::view::{self, Links};
use crate::edition::trends::Trends;
use crate::edition::{Alert, Digest, Rollup};

pub use super::trends::TrendsView;
pub use super::view::{AlertView, DigestView, RollupView, is_story};

pub fn digest(digest: &Digest) -> DigestView {
    view::digest(digest, &[], Links::Long)
}

pub fn alert(alert: &Alert) -> AlertView {
    view::alert(alert, Links::Long)
}

pub fn rollup(rollup: &Rollup) -> RollupView {
    view::rollup(rollup, Links::Long)
}

/// With what its charts say, and their sizes; the pictures themselves lie beside the edition.
pub fn trends(trends: &Trends) -> TrendsView {
    super::trends::view(trends, &super::trends::charts(trends), Links::Long)
}
