//! Resolving names to addresses that may be asked: what is checked here is what is dialled, so a name cannot change its
//! mind in between.

use std::error::Error;
use std::fmt;
use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::config::Block;
use crate::guard::address;

/// The system's resolver, without the addresses that may not be asked.
pub(super) struct Resolver {
    pub(super) allow: Vec<Block>,
}

/// A name that leads only to addresses that may not be asked.
#[derive(Debug)]
pub(super) struct Refused {
    /// What sort of address it leads to: "a loopback address".
    pub(super) sort: &'static str,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the name leads to {}", self.sort)
    }
}

impl Error for Refused {}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allow = self.allow.clone();
        Box::pin(async move {
            // Port 0 stands for the port of the URL.
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let mut sort = None;
            let open: Vec<SocketAddr> = found
                .into_iter()
                .filter(|socket| {
                    let refusal = address::refusal(socket.ip(), &allow);
                    sort = refusal.or(sort);
                    refusal.is_none()
                })
                .collect();
            match (open.is_empty(), sort) {
                (true, Some(sort)) => Err(Refused { sort }.into()),
                _ => Ok(Box::new(open.into_iter()) as Addrs),
            }
        })
    }
}
