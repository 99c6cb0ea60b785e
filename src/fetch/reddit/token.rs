//! A token of Reddit: asked for once, kept until it ends.
//!
//! OAuth 2 as Reddit does it (<https://github.com/reddit-archive/reddit/wiki/OAuth2>): a POST with Basic authentication by the
//! application's id and secret, for itself (`client_credentials`) or for the person it belongs to (`password`).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::{Url, form_urlencoded};

use super::Account;
use crate::fetch::shown;
use crate::fetch::web::Web;
use crate::item::{Fault, FaultKind};

/// A token is not used in its last minute, so that it does not end under way.
const MARGIN: Duration = Duration::from_secs(60);

/// Tokens last a day, and an answer that says nothing means no longer than an hour.
const UNNAMED_LIFE_SECONDS: u64 = 3600;

pub(super) struct Tokens {
    account: Account,
    url: Url,
    /// What the last try gave; a refusal counts for the run. Whoever holds the lock asks, and the others wait for it.
    last: Mutex<Option<Result<Token, Fault>>>,
}

#[derive(Clone)]
struct Token {
    header: HeaderValue,
    ends: Instant,
}

#[derive(Deserialize)]
struct Given {
    access_token: Option<String>,
    expires_in: Option<u64>,
    error: Option<serde_json::Value>,
}

impl Tokens {
    pub(super) fn new(account: Account, login: Url) -> Tokens {
        let mut url = login;
        url.set_path(&format!("{}/api/v1/access_token", url.path().trim_end_matches('/')));
        Tokens { account, url, last: Mutex::default() }
    }

    /// The `Authorization` of a request to the API.
    pub(super) async fn token(&self, web: &Web, now: Timestamp) -> Result<HeaderValue, Fault> {
        let mut last = self.last.lock().await;
        match &*last {
            Some(Ok(token)) if Instant::now() < token.ends => return Ok(token.header.clone()),
            Some(Err(fault)) => return Err(fault.clone()),
            _ => {}
        }
        let found = self.ask(web, now).await;
        *last = Some(found.clone());
        found.map(|token| token.header)
    }

    pub(super) async fn forget(&self) {
        *self.last.lock().await = None;
    }

    fn form(&self) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        match &self.account.person {
            None => form.append_pair("grant_type", "client_credentials"),
            Some((name, password)) => {
                form.extend_pairs([("grant_type", "password"), ("username", name), ("password", password)])
            }
        };
        form.finish()
    }

    async fn ask(&self, web: &Web, now: Timestamp) -> Result<Token, Fault> {
        let basic = STANDARD.encode(format!("{}:{}", self.account.id, self.account.secret));
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, secret_header(&format!("Basic {basic}"))?);
        let (status, bytes) = web.post_form(&self.url, self.form(), headers, now).await?;
        let given: Option<Given> = serde_json::from_slice(&bytes).ok();
        let refused = |what: &str| {
            let message = format!(
                "asking {} for a token: {what}; look at the id, the secret and the password that [reddit] in tidings.toml \
                 names, and at the application on https://www.reddit.com/prefs/apps",
                shown(&self.url)
            );
            Err(Fault::new(FaultKind::Status, message))
        };
        let Some(given) = given.filter(|_| status == 200) else {
            return refused(&format!("Reddit answered {status}"));
        };
        let Some(token) = given.access_token.filter(|token| !token.is_empty()) else {
            return refused(match given.error.as_ref().and_then(|error| error.as_str()) {
                Some("invalid_grant") => "Reddit does not know this name and password (invalid_grant)",
                _ => "Reddit gave none",
            });
        };
        let life = Duration::from_secs(given.expires_in.unwrap_or(UNNAMED_LIFE_SECONDS));
        let header = secret_header(&format!("Bearer {token}"))?;
        Ok(Token { header, ends: Instant::now() + life.saturating_sub(MARGIN) })
    }
}

/// A header that no log shows.
fn secret_header(text: &str) -> Result<HeaderValue, Fault> {
    let mut header = HeaderValue::from_str(text).map_err(|_| {
        Fault::new(FaultKind::Status, "asking Reddit: its secret or token cannot stand in a header; look at [reddit]")
    })?;
    header.set_sensitive(true);
    Ok(header)
}
