//! Whom a site's robots.txt lets in: asked once for each site, and remembered for a day at most.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::OnceCell;
use url::Url;

use super::robots::Robots;
use super::shown;
use super::trouble::forbidden;
use crate::item::Fault;

/// How long a robots.txt counts: RFC 9309 (2.4) says a day at most. A run is shorter, so a run asks once.
const LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// How long a site is left alone whose robots.txt could not be had; the rest of a run, and an hourly run asks again.
const RETRY: SignedDuration = SignedDuration::from_mins(15);

/// What the sites said, by scheme, host and port.
#[derive(Debug, Default)]
pub(super) struct Permissions {
    sites: Mutex<HashMap<String, Arc<Site>>>,
}

#[derive(Debug)]
struct Site {
    asked: Timestamp,
    said: OnceCell<Result<Robots, Fault>>,
}

impl Permissions {
    /// The rules of the site of `url`, which `ask` gets where they are not known. Those who come meanwhile wait for it.
    ///
    /// # Errors
    /// The fault of asking: as long as a site can't say what it allows, it allows nothing (RFC 9309, 2.3.1.4).
    pub(super) async fn of(
        &self,
        url: &Url,
        now: Timestamp,
        ask: impl Future<Output = Result<Robots, Fault>>,
    ) -> Result<Robots, Fault> {
        let site = self.site(url, now);
        let said = site.said.get_or_init(|| ask).await;
        said.clone().map_err(|mut fault| {
            fault.message.push_str("; until its robots.txt can be read, no page there is asked");
            fault
        })
    }

    fn site(&self, url: &Url, now: Timestamp) -> Arc<Site> {
        let mut sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        let key = url.origin().ascii_serialization();
        let fresh = || Arc::new(Site { asked: now, said: OnceCell::new() });
        let site = sites.entry(key).or_insert_with(fresh);
        let lifetime = if matches!(site.said.get(), Some(Err(_))) { RETRY } else { LIFETIME };
        if now.duration_since(site.asked) >= lifetime {
            *site = fresh();
        }
        Arc::clone(site)
    }
}

/// The fault of a page that its site keeps from programs.
pub(super) fn kept_out(url: &Url, rule: &impl std::fmt::Display) -> Fault {
    let site = shown(&url.join("/robots.txt").unwrap_or_else(|_| url.clone()));
    let why = format!("{site} keeps programs out (`{rule}`); use the site's feed if it has one, or ask its owner");
    forbidden(url, &why)
}
