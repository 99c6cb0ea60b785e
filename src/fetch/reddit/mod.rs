//! Reddit: its API with an account, the feeds of the site without one.
//!
//! A source's address is that of the public site (`https://www.reddit.com/r/NAME/new.json?…`); here it becomes the one that is
//! asked. Requests go through the web's own door, so its limits and manners hold.

mod token;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use url::Url;

use self::token::Tokens;
use super::status::waiting;
use super::web::{Dress, Web};
use super::{Carried, Carrier, host_of, shown};
use crate::config;
use crate::item::{Fault, FaultKind};
use crate::page::{Answer, Request};
use crate::source::feed_of;

/// The host of every source of this kind, under which waits are remembered.
const HOST: &str = "www.reddit.com";

/// How long the site is left alone that shuts us out.
const SHUT_OUT_WAIT: SignedDuration = SignedDuration::from_hours(1);

/// What an account is: an application of it, and perhaps the person it belongs to.
#[derive(Clone)]
pub struct Account {
    pub id: String,
    pub secret: String,
    /// Name and password; without them the application asks for itself.
    pub person: Option<(String, String)>,
}

/// The door to Reddit.
pub struct Reddit {
    web: Web,
    api: Url,
    site: Url,
    /// None: there is no account. Err: tidings.toml names one, and its secrets are not where it says.
    tokens: Option<Result<Tokens, String>>,
}

/// How Reddit wants clients to name themselves: `platform:app:version (by /u/name)`
/// (<https://github.com/reddit-archive/reddit/wiki/API>). Without a name, as everywhere.
fn user_agent(user: Option<&str>, web: &Web) -> anyhow::Result<HeaderValue> {
    let Some(user) = user else { return Ok(web.user_agent().clone()) };
    HeaderValue::from_str(&format!("linux:org.lab.tidings:v{} (by /u/{user})", env!("CARGO_PKG_VERSION")))
        .context("`user` of [reddit] in tidings.toml cannot stand in a header")
}

impl Reddit {
    /// Shares the room of `web`, so that all answers together stay within it. `account` is what looking for it gave, if
    /// tidings.toml names one.
    ///
    /// # Errors
    /// If the name in tidings.toml cannot stand in a header.
    pub fn new(
        settings: &config::Reddit,
        account: Option<anyhow::Result<Account>>,
        web: &Web,
    ) -> anyhow::Result<Reddit> {
        let user_agent = user_agent(settings.user.as_deref(), web)?;
        let tokens = account.map(|found| match found {
            Ok(account) => Ok(Tokens::new(account, settings.login.clone())),
            Err(error) => Err(format!("{error:#}")),
        });
        Ok(Reddit { web: web.beside(user_agent), api: settings.api.clone(), site: settings.login.clone(), tokens })
    }

    async fn ask(&self, request: &Request) -> Result<Answer, Fault> {
        let Some(tokens) = &self.tokens else { return self.ask_the_site(request).await };
        let tokens = tokens.as_ref().map_err(|why| {
            Fault::new(
                FaultKind::Status,
                format!("not asking Reddit: the account of [reddit] in tidings.toml: {why}; set it, or take it out"),
            )
        })?;
        let asked = at(&self.api, request, request.url.path(), request.url.query());
        // A token may end before its time; then one more is asked for, and no third.
        for is_last in [false, true] {
            let token = tokens.token(&self.web, request.now).await?;
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, token);
            let dress = Dress { headers, status: AtomicU16::new(0) };
            let answer = self.web.ask(&asked, Some(&dress)).await;
            match (answer, dress.status.load(Ordering::SeqCst)) {
                (Err(_), 401) if !is_last => tokens.forget().await,
                (Err(fault), 403) if fault.kind == FaultKind::Status => {
                    return Err(Fault::new(
                        FaultKind::Status,
                        format!(
                            "asking {}: the subreddit is private or in quarantine; nobody reads it by an application",
                            shown(&request.url)
                        ),
                    ));
                }
                (answer, _) => return answer,
            }
        }
        unreachable!("the last round returns")
    }

    /// The feed that everybody may read, though not from everywhere.
    async fn ask_the_site(&self, request: &Request) -> Result<Answer, Fault> {
        let feed = feed_of(&request.url);
        let asked = at(&self.site, request, feed.path(), feed.query());
        let dress = Dress { headers: HeaderMap::new(), status: AtomicU16::new(0) };
        let answer = self.web.ask(&asked, Some(&dress)).await;
        answer.map_err(|fault| {
            if dress.status.load(Ordering::SeqCst) != 403 || fault.kind != FaultKind::Status {
                return fault;
            }
            let until = request.now.checked_add(SHUT_OUT_WAIT).unwrap_or(Timestamp::MAX);
            self.web.hold(host_of(&asked.url), until);
            waiting(
                &shown(&request.url),
                until,
                "Reddit refuses addresses of data centres without an account; make an application at \
                 https://www.reddit.com/prefs/apps and name it in [reddit] of tidings.toml (see the README)",
            )
        })
    }
}

/// The same question at another address.
fn at(base: &Url, request: &Request, path: &str, query: Option<&str>) -> Request {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    url.set_query(query);
    Request { url, ..request.clone() }
}

impl Carrier for Reddit {
    fn carry<'a>(&'a self, request: &'a Request) -> Carried<'a> {
        Box::pin(self.ask(request))
    }

    /// Whichever of its hosts asked us to wait, all sources of this kind wait.
    fn holds(&self) -> BTreeMap<String, Timestamp> {
        self.web.holds().into_values().max().map(|until| (HOST.to_owned(), until)).into_iter().collect()
    }
}
