//! Fetching, from the outside: what is asked, what is not, and what comes back.

mod disk;
mod web;
mod limits;
mod redirects;
mod guard;
mod manners;
mod recorded;
mod robots;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use tidings::config::Network;
use tidings::fetch::Carrier;
use tidings::fetch::web::Web;
use tidings::item::{Fault, FaultKind};
use tidings::page::{Answer, Mark, Page, Request, Wanted};
use url::Url;

/// A network that may ask loopback and is in no hurry to give up.
fn network() -> Network {
    Network {
        contact: "news@lab.example.org".into(),
        allow: vec!["127.0.0.0/8".parse().expect("a block")],
        gap: Duration::ZERO,
        per_host: 2,
        connect_timeout: Duration::from_secs(20),
        total_timeout: Duration::from_secs(20),
        max_bytes: 1_000_000,
    }
}

fn web(network: &Network) -> Web {
    Web::new(network, BTreeMap::new()).expect("a web client")
}

fn now() -> Timestamp {
    "2026-11-16T07:00:00Z".parse().expect("a time")
}

fn request(url: &Url) -> Request {
    Request { url: url.clone(), wanted: Wanted::Feed, mark: Mark::default(), now: now() }
}

async fn carry(carrier: &impl Carrier, url: &Url) -> Result<Answer, Fault> {
    carrier.carry(&request(url)).await
}

#[track_caller]
fn page(answer: Result<Answer, Fault>) -> Page {
    match answer {
        Ok(Answer::Page(page)) => page,
        other => panic!("expected a page, not {other:?}"),
    }
}

#[track_caller]
fn fault(answer: Result<Answer, Fault>, kind: FaultKind) -> Fault {
    match answer {
        Err(fault) if fault.kind == kind => fault,
        other => panic!("expected a fault of kind {kind:?}, not {other:?}"),
    }
}
