//! A visit: requests one after another, each within GitHub's rules, and what an answer means.

use std::time::Duration;

use http_body_util::{BodyExt as _, Limited};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;

use super::super::calls::Call;
use super::super::memory::Memory;
use super::super::trouble::Trouble;
use super::{Github, limit, refusal};

/// "REST API: Getting started" recommends it. The version of the API that it goes with, 2022-11-28, octocrab adds.
const MEDIA_TYPE: &str = "application/vnd.github+json";
/// Of GitHub's words, in characters.
const MAX_SAID_CHARS: usize = 300;

/// The right a request needs, as the page of a fine-grained token calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Right {
    Read,
    Contents,
    Pulls,
}

/// One answer, other than a wait.
pub(super) struct Said {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) json: Value,
    /// GitHub's own words where it says no, on one line.
    pub(super) words: String,
}

pub(super) struct Visit<'g> {
    pub(super) github: &'g Github,
    now: Timestamp,
    began: Instant,
    /// Of the patience.
    waited: Duration,
    has_written: bool,
}

impl Github {
    /// # Errors
    /// When the forge asked us to stay away until later than `now`.
    pub(super) fn visit(&self, memory: &Memory, now: Timestamp) -> Result<Visit<'_>, Trouble> {
        if let Some(until) = memory.not_before.filter(|until| *until > now) {
            return Err(Trouble::Wait { until, why: "GitHub asked us to wait".to_owned() });
        }
        Ok(Visit { github: self, now, began: Instant::now(), waited: Duration::ZERO, has_written: false })
    }
}

impl Visit<'_> {
    /// The time now: that of the visit's beginning and what has passed since.
    pub(super) fn now(&self) -> Timestamp {
        let passed = SignedDuration::try_from(self.began.elapsed()).unwrap_or_default();
        self.now.checked_add(passed).unwrap_or(self.now)
    }

    /// Something that must be there. `doing` says what for, in words that go on "asking GitHub …".
    pub(super) async fn read<T: DeserializeOwned>(&mut self, path: &str, doing: &str) -> Result<T, Trouble> {
        let said = self.ask(Method::GET, path, None, doing).await?;
        match said.status {
            200..=299 => self.parsed(said.json, doing),
            _ => Err(self.refused(&said, doing, Right::Read)),
        }
    }

    /// Something that may be missing.
    pub(super) async fn find<T: DeserializeOwned>(&mut self, path: &str, doing: &str) -> Result<Option<T>, Trouble> {
        let said = self.ask(Method::GET, path, None, doing).await?;
        match said.status {
            200..=299 => self.parsed(said.json, doing).map(Some),
            404 => Ok(None),
            _ => Err(self.refused(&said, doing, Right::Read)),
        }
    }

    /// Whatever a read says, but a wait or a broken server.
    pub(super) async fn get(&mut self, path: &str, doing: &str) -> Result<Said, Trouble> {
        self.ask(Method::GET, path, None, doing).await
    }

    /// A call that writes; whatever it says, but a wait or a broken server.
    pub(super) async fn write(&mut self, call: &Call, doing: &str) -> Result<Said, Trouble> {
        if std::mem::replace(&mut self.has_written, true) {
            // "Best practices for using the REST API": at least one second between requests that write.
            tokio::time::sleep(self.github.network.gap).await;
        }
        let method = Method::from_bytes(call.method.as_bytes()).expect("a method's name");
        self.ask(method, &call.path, Some(&call.body), doing).await
    }

    /// A call that writes and must succeed.
    pub(super) async fn make<T: DeserializeOwned>(
        &mut self,
        call: &Call,
        doing: &str,
        right: Right,
    ) -> Result<T, Trouble> {
        let said = self.write(call, doing).await?;
        match said.status {
            200..=299 => self.parsed(said.json, doing),
            _ => Err(self.refused(&said, doing, right)),
        }
    }

    pub(super) fn parsed<T: DeserializeOwned>(&self, json: Value, doing: &str) -> Result<T, Trouble> {
        serde_json::from_value(json).map_err(|error| {
            Trouble::Later(format!("asking GitHub {doing}: the answer is not what GitHub documents ({error})"))
        })
    }

    pub(super) fn refused(&self, said: &Said, doing: &str, right: Right) -> Trouble {
        refusal::refused(said, doing, right, &self.github.skills)
    }

    /// One request. A limit is waited for as long as patience lasts: GitHub has done nothing then, so asking again is safe.
    async fn ask(&mut self, method: Method, path: &str, body: Option<&Value>, doing: &str) -> Result<Said, Trouble> {
        loop {
            let said = self.once(&method, path, body, doing).await?;
            if said.headers.contains_key("x-oauth-scopes") {
                return Err(Trouble::Refused(refusal::no_classic(&self.github.skills)));
            }
            let header = |name: &str| said.headers.get(name).and_then(|value| value.to_str().ok());
            if let Some(wait) = limit::wait(said.status, header, &said.words, self.now()) {
                let left = self.github.patience.saturating_sub(self.waited);
                // However short the waits, there is an end to them.
                let spent = wait.max(Duration::from_secs(1));
                if spent > left {
                    let until = self.now().checked_add(wait).unwrap_or(Timestamp::MAX);
                    let why = format!("asking GitHub {doing}: it asked us to go slower (its rate limit)");
                    return Err(Trouble::Wait { until, why });
                }
                self.waited += spent;
                tokio::time::sleep(wait).await;
                continue;
            }
            return match said.status {
                401 => Err(Trouble::Refused(refusal::bad_token(&said, doing, &self.github.skills))),
                301..=303 | 307 | 308 => Err(Trouble::Refused(refusal::moved(doing, &self.github.skills))),
                500..=599 => Err(Trouble::Later(format!(
                    "asking GitHub {doing}: it answered {}; the trouble is on its side, and the next run asks again",
                    said.status
                ))),
                _ => Ok(said),
            };
        }
    }

    async fn once(&self, method: &Method, path: &str, body: Option<&Value>, doing: &str) -> Result<Said, Trouble> {
        let github = self.github;
        let url = format!("{}{path}", github.skills.api.as_str().trim_end_matches('/'));
        let request = http::Request::builder()
            .method(method.clone())
            .uri(url)
            .header(ACCEPT, MEDIA_TYPE)
            .header(AUTHORIZATION, github.authorization.clone());
        let unmade = |_| Trouble::Later(format!("asking GitHub {doing}: the request could not be made"));
        let request = github.api.build_request(request, body).map_err(unmade)?;
        let answered = async {
            let response = github.api.execute(request).await.map_err(|error| lost(&error))?;
            let (parts, body) = response.into_parts();
            let most = usize::try_from(github.network.max_bytes).unwrap_or(usize::MAX);
            let bytes = Limited::new(body, most).collect().await.map_err(|error| lost(error.as_ref()))?.to_bytes();
            Ok::<_, String>((parts, bytes))
        };
        let outcome = tokio::time::timeout(github.network.total_timeout, answered).await;
        let outcome = outcome.unwrap_or_else(|_| Err("no whole answer in time".to_owned()));
        let (parts, bytes) = outcome.map_err(|why| {
            Trouble::Later(format!("asking GitHub {doing}: {why}; the next run goes on from what stands there"))
        })?;
        let status = parts.status.as_u16();
        let words = if status >= 400 { self.words(&bytes) } else { String::new() };
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Ok(Said { status, headers: parts.headers, json, words })
    }

    /// What an answer that says no says besides, on one line, without the token.
    fn words(&self, bytes: &[u8]) -> String {
        #[derive(Deserialize)]
        struct Refusal {
            message: String,
            #[serde(default)]
            errors: Vec<Value>,
        }
        let Ok(Refusal { message, errors }) = serde_json::from_slice(bytes) else { return String::new() };
        let more = errors.iter().filter_map(|error| error.as_str().or_else(|| error.get("message")?.as_str()));
        let all: Vec<&str> = std::iter::once(message.as_str()).chain(more).collect();
        let plain: String = all.join(": ").chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect();
        plain.replace(&self.github.token, "…").chars().take(MAX_SAID_CHARS).collect()
    }
}

/// Why no answer came. octocrab's own words hold a backtrace, and those of the client an address; what lies below is telling.
fn lost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = Some(error);
    while let Some(inner) = cause {
        if let Some(error) = inner.downcast_ref::<reqwest::Error>() {
            let mut words = match (error.is_connect(), error.is_timeout()) {
                (true, _) => "nothing answers there".to_owned(),
                (_, true) => "no answer in time".to_owned(),
                _ => "the answer broke off".to_owned(),
            };
            let mut below = std::error::Error::source(error);
            while let Some(inner) = below.filter(|inner| inner.source().is_none() || error.is_connect()) {
                words.push_str(&format!(": {inner}"));
                below = inner.source();
            }
            return words;
        }
        cause = inner.source();
    }
    "the answer broke off".to_owned()
}
