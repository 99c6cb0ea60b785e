//! An offer: a feed that a web page or another reader's list names, not yet a source.

use url::Url;

/// A feed somebody could watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// As its publisher calls it; may be empty.
    pub title: String,
    pub url: Url,
    /// The folders it lies in, in a reader's list.
    pub topics: Vec<String>,
}
