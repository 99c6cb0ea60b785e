//! The web: one polite, guarded, bounded GET at a time.

use std::collections::BTreeMap;
use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AGE, CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, LOCATION,
};
use reqwest::{Client, Response};
use url::Url;

use super::client::{client, made, may_ask, user_agent_header};
use super::date::http_date;
use super::limits::{self, Limit};
use super::manners::Manners;
use super::permission::{Permissions, kept_out};
use super::robots::{self, Robots};
use super::room::{Room, Share};
use super::status::{Meaning, meaning, waiting};
use super::trouble::{redirect_fault, too_large, trouble, within};
use super::unpack::Body;
use super::validators::{mark, validators};
use super::{Carried, Carrier, host_of, shown};
use crate::config::{Block, Network};
use crate::item::{Fault, FaultKind};
use crate::page::{self, Answer, Mark, Moved, Page, Request, Wanted};

/// Most redirects followed for one request. Real feeds need one or two (http to https, then to a feed host); browsers stop
/// at 20 and we are not signing in anywhere.
pub(super) const MOST_HOPS: usize = 5;

/// What we unpack: gzip by ourselves (`unpack`), the others by the client.
const CODINGS: &str = "gzip, zstd, br, deflate";

/// What is wanted first; the rest is for servers that label it wrongly.
fn accepted(wanted: Wanted) -> &'static str {
    match wanted {
        Wanted::Feed => {
            "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, \
             application/json;q=0.8, */*;q=0.5"
        }
        Wanted::Page => "text/html, application/xhtml+xml;q=0.9, */*;q=0.5",
        Wanted::Robots => "text/plain, */*;q=0.5",
        Wanted::Text => "text/markdown, text/plain;q=0.9, */*;q=0.5",
        Wanted::Json | Wanted::Reddit | Wanted::Github => "application/json, */*;q=0.5",
    }
}

/// The live web.
///
/// A request is a GET with one User-Agent, no cookies, no Referer, no proxy (a proxy would resolve names out of our sight),
/// and the validators of its mark, which are sent only to the very address they came from: to another address they would be
/// a tracking token at best, and at worst an excuse to answer 304 for words we have not read.
///
/// Blocks of `allow` are open at the host and port of any source's own line, and whoever runs that host's DNS may point it
/// into them; so a home should allow single servers rather than whole networks.
#[derive(Debug)]
pub struct Web {
    user_agent: HeaderValue,
    network: Network,
    /// Dials public addresses only.
    strict: Made,
    /// Dials those and what `allow` names. A client of its own, so that its open connections are never used for a hop that
    /// must be strict.
    lenient: Made,
    manners: Manners,
    permissions: Permissions,
    room: Room,
    /// A run makes it as it begins.
    made: Instant,
}

/// A client, or why there is none. Made for the first request: loading a system's certificates takes longer than all else
/// that a run does when nothing is due.
type Made = OnceLock<Result<Client, String>>;

impl Web {
    /// `holds` are those that [`Carrier::holds`] gave after earlier runs. Fails if the contact cannot stand in a header. A
    /// system without certificates to trust is told by each request.
    pub fn new(network: &Network, holds: BTreeMap<String, Timestamp>) -> anyhow::Result<Web> {
        Ok(Web {
            user_agent: user_agent_header(network)?,
            network: network.clone(),
            strict: Made::new(),
            lenient: Made::new(),
            manners: Manners::new(network.gap, network.per_host, holds),
            permissions: Permissions::default(),
            room: Room::new(),
            made: Instant::now(),
        })
    }

    pub(super) fn user_agent(&self) -> &HeaderValue {
        &self.user_agent
    }

    /// The room that its answers take turns in; another door that shares it keeps within the same bounds.
    pub(super) fn room(&self) -> Room {
        self.room.clone()
    }

    /// Asks where the source has moved to, if that is believed, and else, or if nothing good comes from there, at its own
    /// address. What the new place answered is lost only if the old one has something better.
    async fn try_places(
        &self,
        request: &Request,
        visited: &mut Vec<Url>,
        dress: Option<&Dress>,
    ) -> Result<Answer, Fault> {
        let source = &request.url;
        let Some(to) = request.moved_to() else {
            return self.follow(request, Route { from: source, source, failed: None }, visited, dress).await;
        };
        match self.follow(request, Route { from: to, source, failed: None }, visited, dress).await {
            Err(fault) if fault.kind != FaultKind::Waiting => {
                visited.clear();
                self.follow(request, Route { from: source, source, failed: Some((to, fault)) }, visited, dress).await
            }
            answer => answer,
        }
    }

    /// Follows one request from an address through its redirects. `total_timeout` runs while the request is under way, over
    /// all its hops; it stands still while a hop waits for its turn and an answer for room, so that sources do not cost each
    /// other their time.
    /// `visited` gets every address that was to be asked.
    async fn follow(
        &self,
        request: &Request,
        route: Route<'_>,
        visited: &mut Vec<Url>,
        dress: Option<&Dress>,
    ) -> Result<Answer, Fault> {
        let Route { from, source, failed } = route;
        let mut url = from.clone();
        url.set_fragment(None);
        visited.push(url.clone());
        let mut all_permanent = true;
        let mut left = self.network.total_timeout;
        loop {
            let client = self.client_for(&url, source)?;
            if request.wanted == Wanted::Page {
                self.permit(&url, source, request.now).await?;
            }
            let turn = self
                .manners
                .turn(host_of(&url), request.now)
                .await
                .map_err(|until| waiting(&shown(&url), until, &format!("{} asked us to wait", host_of(&url))))?;
            let step = self.step(client, &url, request, &mut left, dress).await?;
            drop(turn);
            match step {
                Step::Arrived(mut answer) => {
                    let led = (visited.len() > 1 && all_permanent).then_some(&url);
                    answer.mark_mut().moved = Moved::after(request, from, led);
                    return Ok(*answer);
                }
                Step::Moved { to, .. } if visited.contains(&to) => {
                    return Err(redirect_fault(&url, "leads in circles"));
                }
                Step::Moved { .. } if visited.len() > MOST_HOPS => {
                    return Err(redirect_fault(&url, &format!("is the {}th in a row", MOST_HOPS + 1)));
                }
                Step::Moved { to, .. } if failed.as_ref().is_some_and(|(place, _)| **place == to) => {
                    return Err(failed.map(|(_, fault)| fault).expect("it was just looked at"));
                }
                Step::Moved { to: next, permanently } => {
                    all_permanent &= permanently;
                    visited.push(next.clone());
                    url = next;
                }
            }
        }
    }

    /// Whether the site lets programs ask this page.
    async fn permit(&self, url: &Url, source: &Url, now: Timestamp) -> Result<(), Fault> {
        let robots = self.permissions.of(url, now, self.robots(url, source, now)).await?;
        if let Some(delay) = robots.delay {
            self.manners.slow_down(host_of(url), delay);
        }
        match robots.refusal(url) {
            Some(rule) => Err(kept_out(url, rule)),
            None => Ok(()),
        }
    }

    /// Asks for the robots.txt of an address's site.
    async fn robots(&self, url: &Url, source: &Url, now: Timestamp) -> Result<Robots, Fault> {
        let mut place = url.join("/robots.txt").map_err(|_| redirect_fault(url, "names no site"))?;
        place.set_query(None);
        let request = Request { url: place, wanted: Wanted::Robots, mark: Mark::default(), now };
        // Boxed, since it is asked in the midst of following another request.
        let route = Route { from: &request.url, source, failed: None };
        match Box::pin(self.follow(&request, route, &mut Vec::new(), None)).await {
            Ok(Answer::Page(page)) => Ok(Robots::read(&page.bytes)),
            Ok(Answer::NotModified(_)) => Ok(Robots::default()),
            // One that lies behind too many redirects is one that is not there (RFC 9309, 2.3.1.2).
            Err(fault) if fault.kind == FaultKind::Redirect => Ok(Robots::default()),
            Err(fault) => Err(fault),
        }
    }

    /// Waits for something of an answer for as long as is left, and takes the time from what is left.
    async fn within<T>(
        &self,
        left: &mut Duration,
        url: &Url,
        doing: impl Future<Output = reqwest::Result<T>>,
    ) -> Result<T, Fault> {
        within(left, self.network.total_timeout, url, doing).await?.map_err(|error| trouble(url, &error))
    }

    /// One hop: one request, and its answer read to the end.
    async fn step(
        &self,
        client: &Client,
        url: &Url,
        request: &Request,
        left: &mut Duration,
        dress: Option<&Dress>,
    ) -> Result<Step, Fault> {
        let validators = validators(&request.mark, url, &request.url);
        let conditional = !validators.is_empty();
        let mut asked = client
            .get(url.clone())
            .header(ACCEPT, accepted(request.wanted))
            .header(ACCEPT_ENCODING, CODINGS)
            .headers(validators);
        if let Some(dress) = dress.filter(|_| url.origin() == request.url.origin()) {
            asked = asked.headers(dress.headers.clone());
        }
        let response = self.within(left, url, asked.send()).await?;
        if let Some(dress) = dress {
            dress.status.store(response.status().as_u16(), Ordering::SeqCst);
        }
        let status = response.status().as_u16();
        if request.wanted == Wanted::Robots && (400..500).contains(&status) && status != 429 {
            // It is not there, so there are no rules (RFC 9309, 2.3.1.3).
            return Ok(Step::Arrived(Box::new(Answer::Page(empty_page(url)))));
        }
        let named = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        let resets = dress.and_then(|_| self.count(url, named, request.now));
        let retry_after = limits::retry_after(status, named, request.now).or(resets);
        match meaning(status, conditional, retry_after.as_deref(), &shown(url), request.now) {
            Ok(Meaning::Page) => {
                let ahead = self.clock_ahead(response.headers(), request.now);
                let mut page = self.page(url, request.wanted, response, left).await?;
                page.mark.clock_seconds = ahead;
                Ok(Step::Arrived(Box::new(Answer::Page(page))))
            }
            Ok(Meaning::NotModified) => {
                // A 304 may bring newer validators for the same words (RFC 9110, 15.4.5).
                let fresh = mark(url, response.headers());
                let clock_seconds = self.clock_ahead(response.headers(), request.now);
                Ok(Step::Arrived(Box::new(Answer::NotModified(Mark {
                    url: Some(url.clone()),
                    etag: fresh.etag.or_else(|| request.mark.etag.clone()),
                    last_modified: fresh.last_modified.or_else(|| request.mark.last_modified.clone()),
                    // What the page itself said, it still says.
                    fresh_seconds: fresh.fresh_seconds.max(request.mark.fresh_seconds),
                    clock_seconds,
                    ..fresh
                }))))
            }
            Ok(Meaning::Moved { permanently }) => {
                let location = response.headers().get(LOCATION).and_then(|value| str::from_utf8(value.as_bytes()).ok());
                let next = location.and_then(|text| url.join(text.trim()).ok());
                let mut next = next.ok_or_else(|| redirect_fault(url, "names no address"))?;
                next.set_fragment(None);
                Ok(Step::Moved { to: next, permanently })
            }
            Err(fault) => {
                if let (FaultKind::Waiting, Some(retry_at)) = (fault.kind, fault.retry_at) {
                    self.manners.hold(host_of(url), retry_at);
                }
                Err(fault)
            }
        }
    }

    /// Looks at the count that a service keeps of our requests: one that is used up ends this run's requests before the
    /// service has to say no. Returns the seconds until it begins anew.
    fn count<'h>(&self, url: &Url, header: impl Fn(&str) -> Option<&'h str>, now: Timestamp) -> Option<String> {
        let limit = Limit::read(header, now);
        let reset = limit.reset?;
        if limit.is_used_up {
            self.manners.hold(host_of(url), reset);
        }
        Some(reset.duration_since(now).as_secs().to_string())
    }

    /// By how many seconds a server's clock is ahead of ours: its Date, and the Age of an answer out of a cache (RFC 9110, 6.6.1;
    /// RFC 9111, 5.1), beside the run's time and what has passed of it. None where it names none.
    fn clock_ahead(&self, headers: &HeaderMap, now: Timestamp) -> Option<i64> {
        let named = |name: HeaderName| headers.get(name)?.to_str().ok();
        let age: i64 = named(AGE).and_then(|age| age.trim().parse().ok()).filter(|age| *age >= 0).unwrap_or(0);
        let passed = i64::try_from(self.made.elapsed().as_secs()).unwrap_or(0);
        Some(http_date(named(DATE)?)?.as_second().saturating_add(age) - now.as_second() - passed)
    }

    /// Leaves a host alone until then.
    pub(super) fn hold(&self, host: &str, until: Timestamp) {
        self.manners.hold(host, until);
    }

    /// Another door to the same network under another name, with manners of its own and the same room.
    pub(super) fn beside(&self, user_agent: HeaderValue) -> Web {
        let manners = Manners::new(self.network.gap, self.network.per_host, BTreeMap::new());
        let (strict, lenient) = (Made::new(), Made::new());
        let (network, room) = (self.network.clone(), self.room.clone());
        Web {
            user_agent,
            network,
            strict,
            lenient,
            manners,
            permissions: Permissions::default(),
            room,
            made: self.made,
        }
    }

    /// Carries a request as a service wants it.
    pub(super) async fn ask(&self, request: &Request, dress: Option<&Dress>) -> Result<Answer, Fault> {
        let mut visited = Vec::new();
        let answer = self.try_places(request, &mut visited, dress).await;
        answer.map_err(|mut fault| {
            if visited.len() > 1 || request.moved_to() == visited.first() {
                // The message names the hop; a person knows the source's own address.
                fault.message.push_str(&format!(" (redirected from {})", shown(&request.url)));
            }
            fault
        })
    }

    /// Posts a form to an address that a person's own line names; follows no redirect. Returns the status and the body.
    pub(super) async fn post_form(
        &self,
        url: &Url,
        form: String,
        headers: HeaderMap,
        now: Timestamp,
    ) -> Result<(u16, Vec<u8>), Fault> {
        let client = self.client_for(url, url)?;
        let turn = self.manners.turn(host_of(url), now).await;
        let _turn = turn.map_err(|until| waiting(&shown(url), until, &format!("{} asked us to wait", host_of(url))))?;
        let mut left = self.network.total_timeout;
        let asked = client.post(url.clone()).headers(headers).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let response = self.within(&mut left, url, asked.body(form).send()).await?;
        let status = response.status().as_u16();
        let named = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        let retry_after = limits::retry_after(status, named, now);
        if let Err(fault) = meaning(status, false, retry_after.as_deref(), &shown(url), now)
            && let (FaultKind::Waiting, Some(retry_at)) = (fault.kind, fault.retry_at)
        {
            self.manners.hold(host_of(url), retry_at);
            return Err(fault);
        }
        Ok((status, self.page(url, Wanted::Json, response, &mut left).await?.bytes))
    }

    /// Reads the body, and stops at the limit: of what lies beyond, at most one chunk of some kilobytes was ever decoded.
    async fn page(
        &self,
        url: &Url,
        wanted: Wanted,
        mut response: Response,
        left: &mut Duration,
    ) -> Result<Page, Fault> {
        let coding = response.headers().get(CONTENT_ENCODING).map(|coding| coding.as_bytes().to_ascii_lowercase());
        let is_packed = matches!(coding.as_deref(), Some(b"gzip" | b"x-gzip"));
        if let Some(coding) = response.headers().get(CONTENT_ENCODING).filter(|_| !is_packed)
            && !coding.as_bytes().eq_ignore_ascii_case(b"identity")
            && !coding.is_empty()
        {
            // The client takes the header away when it decodes; what is left is gzip, or a coding we never asked for.
            return Err(Fault::new(
                FaultKind::Broken,
                format!(
                    "asking {}: the answer is packed as `{}`, which we did not ask for and cannot unpack",
                    shown(url),
                    String::from_utf8_lossy(coding.as_bytes()).chars().take(40).collect::<String>()
                ),
            ));
        }
        let too_large = || too_large(url, self.network.max_bytes);
        let is_cut = wanted == Wanted::Robots;
        if !is_cut && response.content_length().is_some_and(|length| length > self.network.max_bytes) {
            return Err(too_large());
        }
        let mark = mark(url, response.headers());
        let content_type =
            response.headers().get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let broken = |error: io::Error| {
            let message = format!("asking {}: the answer is packed as gzip, and damaged ({error})", shown(url));
            Fault::new(FaultKind::Broken, message)
        };
        let most = if is_cut { robots::MOST_BYTES } else { usize::MAX };
        let mut body = Body::new(is_packed);
        let mut share = Share::default();
        while let Some(chunk) = self.within(left, url, response.chunk()).await? {
            let mut chunk = &chunk[..];
            while !chunk.is_empty() && body.len() < most {
                let piece = body.piece(chunk);
                let length = body.len() + piece.len();
                if length as u64 > self.network.max_bytes {
                    return Err(too_large());
                }
                while !self.room.fits(&mut share, length) {
                    self.room.more(&mut share).await;
                }
                body.push(piece).map_err(broken)?;
                chunk = &chunk[piece.len()..];
            }
            if body.len() >= most {
                break;
            }
        }
        let is_whole = body.len() < most;
        let bytes = body.finish(is_whole).map_err(broken)?;
        if bytes.len() as u64 > self.network.max_bytes {
            return Err(too_large());
        }
        Ok(Page { url: url.clone(), content_type, bytes, mark, room: page::Room::of(share) })
    }

    /// The client for a hop: the lenient one only at the source's own host and port, where a person's own line leads. The
    /// error says why the hop may not be asked at all. Names are left to the client's resolver, but a literal address never
    /// reaches a resolver, so it is judged here.
    fn client_for(&self, url: &Url, source: &Url) -> Result<&Client, Fault> {
        let own = url.host() == source.host() && url.port_or_known_default() == source.port_or_known_default();
        let allow = if own { &self.network.allow[..] } else { &[] };
        may_ask(url, allow)?;
        self.client(allow).map_err(|message| Fault::new(FaultKind::Unreachable, message))
    }

    /// The client that dials public addresses and what `allow` names.
    fn client(&self, allow: &[Block]) -> Result<&Client, &str> {
        let kept = if allow.is_empty() { &self.strict } else { &self.lenient };
        let make = || made(client(&self.network, &self.user_agent, allow).no_gzip());
        kept.get_or_init(make).as_ref().map_err(String::as_str)
    }
}

impl Carrier for Web {
    fn carry<'a>(&'a self, request: &'a Request) -> Carried<'a> {
        Box::pin(self.ask(request, None))
    }

    fn holds(&self) -> BTreeMap<String, Timestamp> {
        self.manners.holds()
    }
}

/// What a door of one service adds to its requests, and learns from them.
pub(super) struct Dress {
    /// Sent to the very host that was to be asked, and on no redirect elsewhere.
    pub(super) headers: HeaderMap,
    /// Of the last answer; 0 before it.
    pub(super) status: AtomicU16,
}

fn empty_page(url: &Url) -> Page {
    Page { url: url.clone(), content_type: None, bytes: Vec::new(), mark: Mark::default(), room: page::Room::default() }
}

/// Where a request begins, and how far it may go.
struct Route<'r> {
    from: &'r Url,
    /// Where a person's own line leads.
    source: &'r Url,
    /// An address that is known to give nothing now, and its fault.
    failed: Option<(&'r Url, Fault)>,
}

/// Where one hop led.
enum Step {
    /// Boxed, since an answer is many times larger than an address.
    Arrived(Box<Answer>),
    Moved {
        to: Url,
        permanently: bool,
    },
}
