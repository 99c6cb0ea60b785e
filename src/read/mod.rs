//! Reading turns bytes into entries, purely: it knows no clock, no file system, no network and no async.

mod feed;
mod offers;
mod pace;
mod changelog;
mod recognise;
mod head;
mod charset;
mod markup;
mod reference;
mod outline;
mod vocabulary;
mod repair;
mod rules;
mod value;
mod json;
mod pointer;
mod list;
mod paper;
mod post;
mod github;
mod release;
mod commit;
mod advisory;
mod search;
mod html;
mod embedded;
mod web_page;
mod article;
mod damage;
mod date;
mod link;
mod prose;
pub mod session;

pub use article::article;
pub use changelog::changelog;
pub use feed::feed;
pub use list::list;
pub use offers::{offers, subscriptions};
pub use pace::pace;
pub use paper::papers;
pub use post::posts;

use crate::item::Reading;
use crate::page::Page;
use crate::source::Origin;

/// Reads a page as what its source says it is. Never fails and never panics, as [`feed`].
pub fn page(page: &Page, origin: &Origin) -> Reading {
    match origin {
        Origin::Feed(url) if paper::is_arxiv(url) => papers(page),
        Origin::Feed(_) | Origin::Youtube(_) => feed(page),
        Origin::Changelog(_) => changelog(page),
        Origin::List(source) => list(page, source),
        Origin::Arxiv(_) => papers(page),
        Origin::Reddit(source) => posts(page, source),
        Origin::Github(list) => github::github(page, list),
        Origin::Page(source) => web_page::web_page(page, source),
    }
}

/// Host and path, as messages name a page: a query may hold a key.
fn name(page: &Page) -> String {
    format!("{}{}", page.url.host_str().unwrap_or_default(), page.url.path())
}
