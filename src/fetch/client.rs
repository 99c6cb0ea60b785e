//! The client behind every door to the web: what it dials, what it calls itself, and what it never does by itself.

use std::sync::Arc;

use anyhow::Context as _;
use reqwest::header::HeaderValue;
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};
use url::{Host, Url};

use super::resolver::Resolver;
use super::trouble::{behind, forbidden};
use crate::config::{Block, Network};
use crate::guard::address;
use crate::item::Fault;

/// Whether an address may be asked, as far as it shows without resolving its name. The error says why not.
pub(super) fn may_ask(url: &Url, allow: &[Block]) -> Result<(), Fault> {
    if let Some(refusal) = address::url_refusal(url) {
        return Err(forbidden(url, refusal));
    }
    let literal = match url.host() {
        Some(Host::Ipv4(address)) => Some(address.into()),
        Some(Host::Ipv6(address)) => Some(address.into()),
        _ => None,
    };
    match literal.and_then(|literal| address::refusal(literal, allow)) {
        Some(sort) => Err(forbidden(url, &behind(&format!("that is {sort}")))),
        None => Ok(()),
    }
}

/// A client that dials public addresses and what `allow` names, and follows no redirect by itself.
pub(super) fn client(network: &Network, user_agent: &HeaderValue, allow: &[Block]) -> ClientBuilder {
    Client::builder()
        .user_agent(user_agent.clone())
        .redirect(Policy::none())
        .referer(false)
        .no_proxy()
        .connect_timeout(network.connect_timeout)
        .dns_resolver(Arc::new(Resolver { allow: allow.to_vec() }))
}

/// Makes the client. The error says what a system lacks that can't make one.
pub(super) fn made(client: ClientBuilder) -> Result<Client, String> {
    client
        .build()
        .context(
            "preparing to ask the web; are this system's certificates installed (package ca-certificates, or \
             SSL_CERT_FILE)?",
        )
        .map_err(|error| format!("{error:#}"))
}

/// How we name ourselves: `tidings/0.1.0 (+https://lab.example.org/tidings)`, or without the brackets if no contact was
/// given. Server owners find a person there before they need a block list.
pub fn user_agent(contact: &str) -> String {
    let name = concat!("tidings/", env!("CARGO_PKG_VERSION"));
    match contact.trim() {
        "" => name.to_owned(),
        contact => format!("{name} (+{contact})"),
    }
}

pub(super) fn user_agent_header(network: &Network) -> anyhow::Result<HeaderValue> {
    HeaderValue::from_str(&user_agent(&network.contact)).context(
        "`contact` in tidings.toml cannot stand in a header; write a mail address or the address of a web page",
    )
}
