//! Fetching asks the world, politely. It knows no store and no meaning: a request goes in, an answer or a fault comes out.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use jiff::Timestamp;
use url::Url;

use crate::item::Fault;
use crate::page::{Answer, Request};

pub use status::LONGEST_WAIT;

pub mod router;
pub mod web;
pub mod reddit;
pub mod github;
pub mod disk;
pub mod manners;
pub mod recorded;
mod resolver;
mod room;
mod message;
mod permission;
mod robots;
mod status;
mod limits;
mod trouble;
mod date;
mod freshness;
mod unpack;
pub mod client;
mod validators;

/// An answer on its way.
pub type Carried<'a> = Pin<Box<dyn Future<Output = Result<Answer, Fault>> + Send + 'a>>;

/// The door through which pages come in: the web, or a recorded one.
pub trait Carrier: Send + Sync {
    fn carry<'a>(&'a self, request: &'a Request) -> Carried<'a>;

    /// Hosts that asked us to wait, and until when; remembered across runs by whoever runs us. A time that has passed may
    /// still be among them.
    fn holds(&self) -> BTreeMap<String, Timestamp>;
}

/// A URL as messages may show it: without user, password, query and fragment, where secrets live, and at most 200
/// characters long, since a redirect may be of any length.
fn shown(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let host = url.host_str().unwrap_or_default();
    let mut text = format!("{}://{host}{port}{}", url.scheme(), url.path());
    if text.len() > 200 {
        // A serialized URL is ASCII, so every byte is a character's end.
        text.truncate(200);
        text.push('…');
    }
    text
}

/// The host as manners and holds know it: a name or an IP literal, without port and without the dot of a rooted name.
fn host_of(url: &Url) -> &str {
    url.host_str().unwrap_or_default().trim_end_matches('.')
}
