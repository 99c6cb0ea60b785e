//! Who asks: the owner of the home, or a person whom a proxy names. Purely; nobody is asked.

use anyhow::{Result, ensure};
use axum::http::header::{AUTHORIZATION, FORWARDED};
use axum::http::{HeaderMap, HeaderName};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use url::{Host, Url};

use crate::config::{Proxy, Web};

/// Of a token: 16 random letters are beyond guessing over a network.
const SHORTEST_TOKEN: usize = 16;

/// Of a name that a proxy gives; mail addresses have at most 254.
const LONGEST_NAME: usize = 254;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Visitor {
    /// The user whose home it is, or who knows the token.
    Owner,
    /// As the proxy names them.
    Person(String),
}

/// The other end of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer {
    pub address: IpAddr,
    /// It is a program on this machine, of the user who serves.
    pub is_ours: bool,
}

/// Who may come in, and by which name.
pub(super) struct Access {
    /// Names of hosts beside those that no name server can forge.
    hosts: Vec<String>,
    token: Option<[u8; 32]>,
    proxy: Option<Proxy>,
}

impl Access {
    pub fn new(web: &Web, token: Option<&str>) -> Result<Access> {
        let token = token.map(str::trim);
        ensure!(
            token.is_none_or(|token| token.len() >= SHORTEST_TOKEN),
            "the token of [web] is short: `openssl rand -hex 24` makes a good one"
        );
        let own = web.url.as_ref().and_then(Url::host_str).map(str::to_owned);
        Ok(Access {
            hosts: own.into_iter().chain(web.hosts.iter().cloned()).collect(),
            token: token.map(hash),
            proxy: web.proxy.clone(),
        })
    }

    /// Whether the pages are asked for by a name of theirs. A page elsewhere can have its own name lead here (DNS rebinding), but
    /// can't have that name be an address, `localhost`, or one of ours.
    pub fn is_ours(&self, authority: &str) -> bool {
        match host_of(authority) {
            Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
            Some(Host::Domain(name)) => {
                let name = name.trim_end_matches('.');
                name == "localhost" || self.hosts.iter().any(|host| host == name)
            }
            None => false,
        }
    }

    /// Whether a login would help: there is a token.
    pub fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Who asks; None: somebody who may see nothing.
    pub fn visitor(&self, peer: Peer, headers: &HeaderMap) -> Option<Visitor> {
        if let Some(proxy) = &self.proxy {
            let named: Vec<_> = headers.get_all(proxy.user_header.as_str()).iter().collect();
            match &named[..] {
                [] => {}
                // Two of them: one was not set by the proxy.
                [name] if proxy.from.iter().any(|block| block.contains(peer.address)) => {
                    let name = name.to_str().ok()?.trim();
                    return (1..=LONGEST_NAME).contains(&name.len()).then(|| Visitor::Person(name.to_lowercase()));
                }
                _ => return None,
            }
        }
        if let (Some(token), Some(given)) = (&self.token, given_token(headers)) {
            return (hash(&given) == *token).then_some(Visitor::Owner);
        }
        // What was handed on by another program comes from somebody else, whoever runs that program.
        let handed_on =
            headers.contains_key(FORWARDED) || headers.contains_key(HeaderName::from_static("x-forwarded-for"));
        (peer.is_ours && !handed_on).then_some(Visitor::Owner)
    }
}

/// The token of `Authorization: Bearer …`, or the password of `Basic …`, which browsers ask for by themselves.
fn given_token(headers: &HeaderMap) -> Option<String> {
    let (scheme, rest) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
    decoded.split_once(':').map(|(_, password)| password.to_owned())
}

/// Two hashes are compared in place of two tokens: how far they agree tells nothing of the token.
fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// The host of `name:port`.
pub(super) fn host_of(authority: &str) -> Option<Host<String>> {
    let bracket = authority.rfind(']').map_or(0, |at| at + 1);
    let name = match authority[bracket..].rsplit_once(':') {
        Some((rest, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => &authority[..bracket + rest.len()],
        Some(_) => return None,
        None => authority,
    };
    Host::parse(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    const TOKEN: &str = "0123456789abcdef";

    fn access(with_proxy: bool) -> Access {
        let proxy =
            with_proxy.then(|| Proxy { user_header: "x-user".to_owned(), from: vec!["10.0.0.0/8".parse().unwrap()] });
        let url = Some("https://tidings.example".parse().unwrap());
        let web = Web { url, hosts: vec!["box.ts.example".to_owned()], proxy, ..Web::default() };
        Access::new(&web, Some(TOKEN)).unwrap()
    }

    fn visitor(access: &Access, from: &str, is_ours: bool, headers: &[(&'static str, &str)]) -> Option<Visitor> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        access.visitor(Peer { address: from.parse().unwrap(), is_ours }, &map)
    }

    #[test]
    fn a_program_of_the_owner_on_this_machine_needs_no_account_and_nobody_else_comes_in_without() {
        let access = access(false);
        assert_eq!(visitor(&access, "127.0.0.1", true, &[]), Some(Visitor::Owner));
        assert_eq!(visitor(&access, "127.0.0.1", false, &[]), None);
        assert_eq!(visitor(&access, "10.0.0.1", false, &[]), None);
        assert_eq!(visitor(&access, "127.0.0.1", true, &[("x-forwarded-for", "203.0.113.9")]), None);
        assert_eq!(visitor(&access, "127.0.0.1", true, &[("forwarded", "for=203.0.113.9")]), None);
        // A header that nobody set up names nobody.
        assert_eq!(visitor(&access, "10.0.0.1", false, &[("x-user", "ana")]), None);
    }

    #[test]
    fn the_token_opens_from_anywhere_as_bearer_or_as_password() {
        let access = access(false);
        let basic = format!("Basic {}", STANDARD.encode(format!("ana:{TOKEN}")));
        for header in [format!("Bearer {TOKEN}"), format!("bearer  {TOKEN}"), basic] {
            assert_eq!(visitor(&access, "203.0.113.9", false, &[("authorization", &header)]), Some(Visitor::Owner));
        }
        let wrong = format!("Basic {}", STANDARD.encode("ana:guess"));
        for header in ["Bearer guess", "Bearer ", "Digest x", "Basic ?", &wrong] {
            assert_eq!(visitor(&access, "203.0.113.9", false, &[("authorization", header)]), None, "{header}");
        }
        assert!(Access::new(&Web::default(), Some("short")).is_err());
    }

    #[test]
    fn a_person_is_believed_to_be_who_the_proxy_says_and_only_from_where_it_asks() {
        let access = access(true);
        let ana = Some(Visitor::Person("ana@lab.example".to_owned()));
        assert_eq!(visitor(&access, "10.1.2.3", false, &[("x-user", "Ana@lab.example")]), ana);
        assert_eq!(visitor(&access, "127.0.0.1", true, &[("x-user", "ana@lab.example")]), None);
        assert_eq!(visitor(&access, "10.1.2.3", false, &[("x-user", "ana"), ("x-user", "ben")]), None);
        assert_eq!(visitor(&access, "10.1.2.3", false, &[("x-user", " ")]), None);
        assert_eq!(visitor(&access, "10.1.2.3", false, &[]), None);
    }

    #[test]
    fn a_name_that_is_not_ours_is_somebody_elses_page() {
        let access = access(false);
        for ours in [
            "localhost:8410",
            "LOCALHOST",
            "localhost.",
            "127.0.0.1:8410",
            "[::1]:8410",
            "[::1]",
            "tidings.example",
            "Tidings.Example:443",
            "box.ts.example",
        ] {
            assert!(access.is_ours(ours), "{ours}");
        }
        for other in [
            "evil.example",
            "evil.example:8410",
            "localhost.evil.example",
            "tidings.example.evil",
            "",
            ":80",
            "a b",
            "localhost:80:80",
            "user@localhost:8410",
            "[::1",
            "localhost:x",
        ] {
            assert!(!access.is_ours(other), "{other}");
        }
    }
}
