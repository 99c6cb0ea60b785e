//! Fetching asks the world, politely. It knows no store and no meaning: a request goes in, an answer or a fault comes out.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use jiff::Timestamp;

use crate::item::Fault;
use crate::page::{Answer, Request};

/// An answer on its way.
pub type Carried<'a> = Pin<Box<dyn Future<Output = Result<Answer, Fault>> + Send + 'a>>;

/// The door through which pages come in: the web, or a recorded one.
pub trait Carrier: Send + Sync {
    fn carry<'a>(&'a self, request: &'a Request) -> Carried<'a>;

    /// Hosts that asked us to wait, and until when; remembered across runs by whoever runs us.
    fn holds(&self) -> BTreeMap<String, Timestamp>;
}
