//! GitHub's REST API, asked by its own rules: one GET at a time, with a version, validators, and a token if there is one.

mod answer;
mod refusal;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use octocrab::{AuthState, OctoBody, Octocrab, OctocrabBuilder};
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue, LOCATION};
use url::Url;

use super::client::{client, made, may_ask, user_agent_header};
use super::limits::Limit;
use super::manners::Manners;
use super::room::Room;
use super::status::{meaning, named, wait_until, waiting};
use super::trouble::{redirect_fault, trouble, within};
use super::validators::{mark, validators};
use super::web::{MOST_HOPS, Web};
use super::{Carried, Carrier, shown};
use crate::config::Network;
use crate::item::{Fault, FaultKind};
use crate::page::{Answer, Mark, Request};
use crate::source::github::{API, HOST, counted};

/// "REST API: Getting started" recommends it. The version of the API that it goes with, 2022-11-28, octocrab adds.
const MEDIA_TYPE: &str = "application/vnd.github+json";

/// The live API of github.com, or of the Enterprise server that tidings.toml names.
///
/// Requests name the public API, and so do marks and holds; what is dialled is the base that a person wrote. The token goes
/// there and nowhere else: a redirect to another host or port is not followed. The base may lie inside `allow`.
pub struct Github {
    base: Url,
    /// The token; or why there is none, though tidings.toml names its place.
    token: Option<Result<String, String>>,
    /// GitHub said that the token is none. It will say so again.
    refused: AtomicBool,
    user_agent: HeaderValue,
    network: Network,
    /// Made for the first request, like the client that it asks through.
    api: OnceLock<Result<Octocrab, String>>,
    manners: Manners,
    room: Room,
}

/// The token stays out of every log.
impl fmt::Debug for Github {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Github").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl Github {
    /// Shares the room of `web`, so that all answers together stay within it. `base` is the API's address; `token` is what
    /// looking for it gave, if tidings.toml names one: where it is missing, each request says so.
    ///
    /// # Errors
    /// If the contact cannot stand in a header.
    pub fn new(
        base: &Url,
        token: Option<anyhow::Result<String>>,
        network: &Network,
        web: &Web,
        holds: BTreeMap<String, Timestamp>,
    ) -> anyhow::Result<Github> {
        Ok(Github {
            base: base.clone(),
            token: token.map(|found| match found {
                Ok(token) if is_token(&token) => Ok(token),
                Ok(_) => Err("it is empty, or no text that a header could hold".to_owned()),
                Err(error) => Err(format!("{error:#}")),
            }),
            refused: AtomicBool::new(false),
            user_agent: user_agent_header(network)?,
            network: network.clone(),
            api: OnceLock::new(),
            manners: Manners::new(network.gap, network.per_host, holds),
            room: web.room(),
        })
    }

    /// Follows one request. `total_timeout` runs while the request is under way, over all its hops.
    async fn follow(&self, request: &Request) -> Result<Answer, Fault> {
        let count = counted(count_of(&request.url));
        if let Some(Err(why)) = &self.token {
            return Err(refusal::missing_token(why));
        }
        let api = self.api()?;
        let mut url = request.url.clone();
        url.set_fragment(None);
        let mut left = self.network.total_timeout;
        for _ in 0..=MOST_HOPS {
            let waits = |until| waiting(&shown(&url), until, "GitHub asked us to wait");
            let turn = self.manners.turn(HOST, request.now).await.map_err(waits)?;
            // Asked when the turn has come, since the answer before may have been the last of its count.
            self.manners.hold_of(&count, request.now).map_err(waits)?;
            if self.refused.load(Ordering::SeqCst) {
                return Err(refusal::refused_before(&url));
            }
            let step = self.step(api, &url, request, &mut left).await?;
            drop(turn);
            match step {
                Step::Arrived(answer) => return Ok(*answer),
                Step::Moved(next) => url = next,
            }
        }
        Err(redirect_fault(&request.url, &format!("is the {}th in a row", MOST_HOPS + 1)))
    }

    /// One hop: one request, and its answer read to the end.
    async fn step(&self, api: &Octocrab, url: &Url, request: &Request, left: &mut Duration) -> Result<Step, Fault> {
        let mut headers = validators(&request.mark, url, &request.url);
        let conditional = !headers.is_empty();
        headers.insert(ACCEPT, HeaderValue::from_static(MEDIA_TYPE));
        if let Some(Ok(token)) = &self.token {
            let mut bearer = HeaderValue::from_str(&format!("Bearer {token}")).expect("a token is plain text");
            bearer.set_sensitive(true);
            headers.insert(AUTHORIZATION, bearer);
        }
        let dialled = self.dialled(url);
        let response = self.within(left, url, api._get_with_headers(dialled.as_str(), Some(headers))).await?;
        let (parts, body) = response.into_parts();
        let status = parts.status.as_u16();
        self.note_limit(url, &parts.headers, request.now);
        match status {
            200..=299 => {
                let page = self.page(url, &parts.headers, body, left).await?;
                Ok(Step::Arrived(Box::new(Answer::Page(page))))
            }
            304 => {
                meaning(status, conditional, None, &shown(url), request.now)?;
                let fresh = mark(url, &parts.headers);
                Ok(Step::Arrived(Box::new(Answer::NotModified(Mark {
                    url: Some(url.clone()),
                    etag: fresh.etag.or_else(|| request.mark.etag.clone()),
                    last_modified: fresh.last_modified.or_else(|| request.mark.last_modified.clone()),
                    fresh_seconds: fresh.fresh_seconds.max(request.mark.fresh_seconds),
                    ..fresh
                }))))
            }
            301..=303 | 307 | 308 => Ok(Step::Moved(self.moved(url, header(&parts.headers, LOCATION.as_str()))?)),
            _ => {
                let said = self.said(url, body, left).await;
                Err(self.refusal(status, &parts.headers, &said, url, request))
            }
        }
    }

    /// An answer that is no list: whom it concerns, how long, and what to try.
    fn refusal(&self, status: u16, headers: &HeaderMap, said: &str, url: &Url, request: &Request) -> Fault {
        if status == 401 && self.token.is_some() && self.refused.swap(true, Ordering::SeqCst) {
            return refusal::refused_before(url);
        }
        let read = |name: &str| header(headers, name);
        if let Some(limited) = refusal::limited(status, read, said, request.now) {
            let name = if limited.is_count { counted(resource(headers, url)) } else { HOST.to_owned() };
            self.manners.hold(&name, limited.until);
            return waiting(&shown(url), limited.until, &limited.why(self.token.is_some()));
        }
        if status == 503
            && let Some(until) = read("retry-after").and_then(|text| wait_until(text, request.now))
        {
            self.manners.hold(HOST, until);
            return waiting(&shown(url), until, &format!("it answered {}", named(status)));
        }
        refusal::refusal(status, said, url, self.token.is_some())
    }

    /// A count that is used up ends this run's requests on it before GitHub has to say no.
    fn note_limit(&self, url: &Url, headers: &HeaderMap, now: Timestamp) {
        let limit = Limit::read(|name| header(headers, name), now);
        if let (true, Some(reset)) = (limit.is_used_up, limit.reset) {
            self.manners.hold(&counted(resource(headers, url)), reset);
        }
    }

    /// Where a redirect leads, as the public API would call it. GitHub redirects what was renamed to the API's own address
    /// of the same thing by its number.
    fn moved(&self, url: &Url, location: Option<&str>) -> Result<Url, Fault> {
        let next = location.and_then(|text| self.dialled(url).join(text.trim()).ok());
        let next = next.ok_or_else(|| redirect_fault(url, "names no address"))?;
        let path = next.path().strip_prefix(self.base.path().trim_end_matches('/'));
        match path.filter(|path| next.origin() == self.base.origin() && path.starts_with('/')) {
            Some(path) => {
                let mut moved = Url::parse(API).expect("an address");
                moved.set_path(path);
                moved.set_query(next.query());
                Ok(moved)
            }
            None => Err(redirect_fault(url, "leads away from the API, where neither question nor token go")),
        }
    }

    /// The address that is dialled for one of the public API.
    fn dialled(&self, url: &Url) -> Url {
        let mut dialled = self.base.clone();
        dialled.set_path(&format!("{}{}", self.base.path().trim_end_matches('/'), url.path()));
        dialled.set_query(url.query());
        dialled
    }

    /// Waits for something of an answer, and names what went wrong.
    async fn within<T>(
        &self,
        left: &mut Duration,
        url: &Url,
        doing: impl Future<Output = octocrab::Result<T>>,
    ) -> Result<T, Fault> {
        within(left, self.network.total_timeout, url, doing).await?.map_err(|error| {
            // octocrab's own words hold a backtrace; the client's error lies somewhere below them.
            let mut cause: Option<&dyn std::error::Error> = Some(&error);
            while let Some(inner) = cause {
                if let Some(error) = inner.downcast_ref::<reqwest::Error>() {
                    return trouble(url, error);
                }
                cause = inner.source();
            }
            Fault::new(FaultKind::Broken, format!("asking {}: the request could not be made", shown(url)))
        })
    }

    fn api(&self) -> Result<&Octocrab, Fault> {
        may_ask(&self.base, &self.network.allow)?;
        let make = || {
            let client = made(client(&self.network, &self.user_agent, &self.network.allow))?;
            // `build_with_reqwest` would do the same, and send a second User-Agent.
            let service = tower::service_fn(move |request: http::Request<OctoBody>| {
                let client = client.clone();
                async move {
                    let request = reqwest::Request::try_from(request.map(reqwest::Body::wrap))?;
                    client.execute(request).await.map(http::Response::<reqwest::Body>::from)
                }
            });
            let Ok(api) = OctocrabBuilder::new_empty().with_service(service).with_auth(AuthState::None).build();
            Ok(api)
        };
        let api = self.api.get_or_init(make);
        api.as_ref().map_err(|message| Fault::new(FaultKind::Unreachable, message.clone()))
    }
}

/// Which count an answer belongs to.
const RESOURCE: &str = "x-ratelimit-resource";

fn resource<'h>(headers: &'h HeaderMap, url: &Url) -> &'h str {
    header(headers, RESOURCE).unwrap_or_else(|| count_of(url))
}

/// The count that an address draws on.
fn count_of(url: &Url) -> &'static str {
    if url.path().starts_with("/search/") { "search" } else { "core" }
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

impl Carrier for Github {
    fn carry<'a>(&'a self, request: &'a Request) -> Carried<'a> {
        Box::pin(self.follow(request))
    }

    fn holds(&self) -> BTreeMap<String, Timestamp> {
        self.manners.holds()
    }
}

/// Where one hop led.
enum Step {
    /// Boxed, since an answer is many times larger than an address.
    Arrived(Box<Answer>),
    /// As the public API would call it.
    Moved(Url),
}
