//! Posting: what the channels over HTTP share, one request and its answer, without a secret in any word that is kept.

use std::time::Duration;

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, redirect};
use sha2::{Digest, Sha256};
use url::Url;

use crate::tell::Outcome;
use crate::tell::words::clip;

/// For one request, all of it. Standard Webhooks asks receivers to answer within 15 to 30 seconds.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Of an answer, in characters, as it is kept and shown.
const REMARK: usize = 300;
/// Of an answer's body, in bytes; a page of Notion with many properties has some 20 kB.
const MOST_ANSWER: usize = 256 * 1024;
/// A shorter part of an address is no secret, and hiding it everywhere would make answers unreadable.
const SHORTEST_SECRET: usize = 8;

/// One server that is posted to.
pub(super) struct Post {
    client: Client,
    url: Url,
    /// What must not be shown: parts of the address, and the token.
    hidden: Vec<String>,
    mark: String,
}

/// What came back.
pub(super) struct Answer {
    pub status: StatusCode,
    /// When the server wants to be asked again.
    pub not_before: Option<Timestamp>,
    /// The body, or its beginning.
    pub body: String,
    /// The status and the first words of the body, fit to be shown.
    pub words: String,
}

impl Post {
    /// Fails only if no HTTP client can be had.
    pub fn new(url: &Url, token: Option<&str>) -> Result<Post> {
        let client = Client::builder()
            // None is followed: the address in tidings.toml is the one that a person has written.
            .redirect(redirect::Policy::none())
            .timeout(TIMEOUT)
            .user_agent(concat!("tidings/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("preparing an HTTP client")?;
        let mark = mark(url.as_str(), token.unwrap_or_default());
        let parts = [Some(url.path()), url.query(), url.password(), token].into_iter().flatten();
        // The whole path first, so that what a server repeats of it vanishes as one.
        let mut hidden: Vec<String> = parts.map(str::to_owned).collect();
        hidden.extend(url.path_segments().into_iter().flatten().map(str::to_owned));
        hidden.extend(url.query_pairs().map(|(_, value)| value.into_owned()));
        hidden.retain(|part| part.len() >= SHORTEST_SECRET);
        Ok(Post { client, url: url.clone(), hidden, mark })
    }

    /// The same, where this word leads further: it is not shown either, and another one is another place.
    pub fn leading_to(mut self, word: &str) -> Post {
        self.mark = mark(&self.mark, word);
        self.hidden.push(word.to_owned());
        self
    }

    /// The same, where this word is not shown either.
    pub fn hiding(mut self, word: &str) -> Post {
        self.hidden.push(word.to_owned());
        self
    }

    /// Words from outside, fit to be kept and shown.
    pub fn fit(&self, words: &str) -> String {
        clip(&self.without_secrets(words), REMARK)
    }

    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or("its server")
    }

    /// A request to a path below the address.
    pub fn below(&self, method: Method, path: &str) -> RequestBuilder {
        let mut url = self.url.clone();
        url.set_path(&format!("{}/{path}", self.url.path().trim_end_matches('/')));
        self.client.request(method, url)
    }

    /// A request with these bytes as JSON to the address as it is.
    pub fn json(&self, bytes: &[u8]) -> RequestBuilder {
        self.client.post(self.url.clone()).header(CONTENT_TYPE, "application/json").body(bytes.to_vec())
    }

    /// Stands for the address and the token behind it, and tells neither.
    pub fn mark(&self) -> String {
        self.mark.clone()
    }

    /// Sends it. What never became an answer is an outcome: later where nobody listens, unknown where the bytes may have
    /// arrived.
    pub async fn ask(&self, request: RequestBuilder, now: Timestamp) -> Result<Answer, Outcome> {
        match request.send().await {
            Ok(response) => Ok(self.read(response, now).await),
            // The address may hold a token: it is not put into words that are kept and shown.
            Err(error) if error.is_connect() || error.is_builder() => {
                Err(Outcome::later(format!("nothing answers at {}: {}", self.host(), self.chain(error))))
            }
            Err(error) => {
                Err(Outcome::Unknown { answer: format!("no whole answer from {}: {}", self.host(), self.chain(error)) })
            }
        }
    }

    async fn read(&self, response: Response, now: Timestamp) -> Answer {
        let status = response.status();
        let header = response.headers().get(RETRY_AFTER);
        let not_before = header.and_then(|value| retry_after(value.to_str().ok()?, now));
        let body = body_start(response).await;
        let words = self.fit(&format!("{} {body}", status.as_u16()));
        Answer { status, not_before, body, words }
    }

    /// A server, or a proxy before it, likes to repeat the address it was asked at.
    fn without_secrets(&self, words: &str) -> String {
        self.hidden.iter().fold(words.to_owned(), |words, part| words.replace(part.as_str(), "…"))
    }

    /// An error with its causes, which is where reqwest keeps the telling part.
    fn chain(&self, error: reqwest::Error) -> String {
        let error = error.without_url();
        let mut words = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            words.push_str(": ");
            words.push_str(&error.to_string());
            cause = error.source();
        }
        self.fit(&words)
    }
}

impl Answer {
    /// What a status means where a service has no dialect of its own. 2xx: taken. 401 (our secret), 408, 425, 429, every
    /// redirect and 5xx: later. Other refusals of the message or the address: never, a person has to look. `table` is the
    /// one in tidings.toml.
    pub fn outcome(self, table: &str) -> Outcome {
        let Answer { status, not_before, words: answer, .. } = self;
        match status {
            status if status.is_success() => Outcome::Taken { answer },
            status if status.is_redirection() => {
                Outcome::later(format!("{answer}; it has moved, mend `url` under [{table}]"))
            }
            StatusCode::UNAUTHORIZED
            | StatusCode::REQUEST_TIMEOUT
            | StatusCode::TOO_EARLY
            | StatusCode::TOO_MANY_REQUESTS => Outcome::Later { answer, not_before },
            status if status.is_client_error() => Outcome::Refused { answer },
            _ => Outcome::Later { answer, not_before },
        }
    }
}

/// 16 hexadecimal digits of a hash over both.
fn mark(one: &str, other: &str) -> String {
    let digest = Sha256::digest(format!("tidings channel\0{one}\0{other}"));
    digest[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The beginning of an answer's body, whatever it is.
async fn body_start(mut response: Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < MOST_ANSWER {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            _ => break,
        }
    }
    bytes.truncate(MOST_ANSWER);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Retry-After in both its forms (RFC 9110, 10.2.3): seconds, or a date. How long is waited at most, the outbox knows.
fn retry_after(value: &str, now: Timestamp) -> Option<Timestamp> {
    if let Ok(seconds) = value.trim().parse::<u32>() {
        return now.checked_add(SignedDuration::from_secs(seconds.into())).ok();
    }
    jiff::fmt::rfc2822::parse(value.trim()).ok().map(|date| date.timestamp())
}
