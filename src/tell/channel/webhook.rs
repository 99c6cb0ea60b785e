//! A webhook: one address that gets each edition as JSON, signed as Standard Webhooks 1.0 says.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, redirect};
use serde::Serialize;
use sha2::Sha256;
use url::Url;

use crate::config;
use crate::edition::{Letter, Telling};
use crate::tell::message::Message;
use crate::tell::view::{Links, link};
use crate::tell::words::clip;
use crate::tell::{Channel, Delivered, Outcome, trends};

/// The specification advises thin payloads below 20 kB; what is left out is in digests/.
const MOST_BYTES: usize = 20_000;
/// For one try, all of it; the specification asks receivers to answer within 15 to 30 seconds.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Of an answer, in characters.
const REMARK: usize = 300;
/// Of an answer's body, in bytes: enough for an error message.
const MOST_ANSWER: usize = 4_096;

/// The body: `{"type", "timestamp", "data"}`.
#[derive(Serialize)]
struct Payload<'a> {
    r#type: &'a str,
    /// The edition's own time.
    timestamp: Timestamp,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    edition: String,
    subject: &'a str,
    /// One or two sentences for a notification.
    summary: String,
    stories: Vec<Brief<'a>>,
    /// Stories of the edition that did not fit here.
    more: usize,
}

#[derive(Serialize)]
struct Brief<'a> {
    story: &'a str,
    title: String,
    url: Option<String>,
    source: String,
    trust: &'a str,
    level: &'a str,
    action: Option<String>,
}

/// The bytes of a message to a webhook, below 20 kB, in which the same edition gives the same bytes.
pub(in crate::tell) fn body(message: Message<'_>) -> Result<Vec<u8>> {
    let rendered = message.rendered();
    let (kind, summary, tellings): (_, _, Vec<&Telling>) = match message {
        Message::Digest(digest, _) => (
            "digest.published",
            format!("{}. {} read, {} told.", rendered.subject, digest.counts.read, digest.counts.told),
            digest.sections.iter().flat_map(|section| &section.stories).collect(),
        ),
        Message::Trends(trends, _) => ("trends.published", trends::summary(trends), Vec::new()),
        Message::Alert(alert, _) => ("alert.raised", rendered.subject.clone(), vec![&alert.telling]),
        Message::Rollup(rollup, _) => ("alerts.rolled_up", rendered.subject.clone(), rollup.stories.iter().collect()),
        Message::Notice { .. } => ("source.changed", rendered.text.trim_end().to_owned(), Vec::new()),
        Message::Trial(..) => ("channel.tried", rendered.text.trim_end().to_owned(), Vec::new()),
    };
    let data = Data {
        edition: message.edition().to_string(),
        subject: &rendered.subject,
        summary,
        stories: tellings.into_iter().map(brief).collect(),
        more: 0,
    };
    let mut payload = Payload { r#type: kind, timestamp: message.at(), data };
    loop {
        let bytes = serde_json::to_vec(&payload).context("writing a webhook's message as JSON")?;
        if bytes.len() < MOST_BYTES || payload.data.stories.pop().is_none() {
            return Ok(bytes);
        }
        payload.data.more += 1;
    }
}

fn brief(telling: &Telling) -> Brief<'_> {
    Brief {
        story: &telling.story.0,
        title: clip(&telling.title, 200),
        url: link(telling.url.as_ref(), Links::Short),
        source: clip(&telling.source, 80),
        trust: telling.trust.word(),
        level: telling.level.word(),
        action: telling.action.as_ref().map(|action| clip(action, 240)),
    }
}

/// One address to post to.
pub struct Hook {
    url: Url,
    /// None: posted without a signature.
    key: Option<Vec<u8>>,
    client: Client,
}

impl Hook {
    /// `secret` is `whsec_` and base64 of 24 to 64 bytes. Fails on a secret of another form.
    pub fn new(webhook: &config::Webhook, secret: Option<&str>) -> Result<Hook> {
        let key = secret.map(|secret| key(secret, &webhook.name)).transpose()?;
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(TIMEOUT)
            .user_agent(concat!("tidings/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("preparing the HTTP client for the webhook")?;
        Ok(Hook { url: webhook.url.clone(), key, client })
    }

    async fn post(&self, letter: &Letter, bytes: &[u8], now: Timestamp) -> Outcome {
        let at = now.as_second().to_string();
        let mut request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &letter.message_id)
            .header("webhook-timestamp", &at)
            .body(bytes.to_vec());
        if let Some(key) = &self.key {
            request = request.header("webhook-signature", signature(key, &letter.message_id, &at, bytes));
        }
        match request.send().await {
            Ok(response) => outcome(response, now).await,
            // The address may hold a token: it is not put into words that are kept and shown.
            Err(error) if error.is_connect() || error.is_builder() => {
                Outcome::later(format!("nothing answers at {}: {}", self.host(), chain(&error.without_url())))
            }
            Err(error) => Outcome::Unknown {
                answer: format!("no whole answer from {}: {}", self.host(), chain(&error.without_url())),
            },
        }
    }

    fn host(&self) -> &str {
        self.url.host_str().unwrap_or("the webhook")
    }
}

impl Channel for Hook {
    fn deliver<'a>(&'a self, letter: &'a Letter, bytes: &'a [u8], now: Timestamp) -> Delivered<'a> {
        Box::pin(self.post(letter, bytes, now))
    }
}

/// 2xx: taken. 400, 403, 404, 410, 413 and other refusals of the message or the address: never, a person has to look.
/// 401 (our secret), 408, 425, 429, every redirect (none is followed: the address in tidings.toml has moved) and 5xx: later.
async fn outcome(response: Response, now: Timestamp) -> Outcome {
    let status = response.status();
    let not_before = response.headers().get(RETRY_AFTER).and_then(|value| retry_after(value.to_str().ok()?, now));
    let words = body_start(response).await;
    let answer = clip(&format!("{} {words}", status.as_u16()), REMARK);
    match status {
        status if status.is_success() => Outcome::Taken { answer },
        status if status.is_redirection() => {
            Outcome::later(format!("{answer}; it has moved, mend `url` under [webhook]"))
        }
        StatusCode::UNAUTHORIZED
        | StatusCode::REQUEST_TIMEOUT
        | StatusCode::TOO_EARLY
        | StatusCode::TOO_MANY_REQUESTS => Outcome::Later { answer, not_before },
        status if status.is_client_error() => Outcome::Refused { answer },
        _ => Outcome::Later { answer, not_before },
    }
}

/// The first words of an answer, whatever they are.
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

/// Retry-After in both its forms (RFC 9110, 10.2.3): seconds, or a date.
fn retry_after(value: &str, now: Timestamp) -> Option<Timestamp> {
    if let Ok(seconds) = value.trim().parse::<u32>() {
        return now.checked_add(SignedDuration::from_secs(seconds.into())).ok();
    }
    jiff::fmt::rfc2822::parse(value.trim()).ok().map(|date| date.timestamp())
}

/// `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`.
fn signature(key: &[u8], id: &str, at: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(format!("{id}.{at}.").as_bytes());
    mac.update(body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

fn key(secret: &str, name: &str) -> Result<Vec<u8>> {
    let Some(Ok(key)) = secret.trim().strip_prefix("whsec_").map(|words| STANDARD.decode(words)) else {
        bail!("the secret of the webhook {name} is not `whsec_` and base64; copy it as the receiver shows it");
    };
    if !(24..=64).contains(&key.len()) {
        bail!("the secret of the webhook {name} has {} bytes; Standard Webhooks asks for 24 to 64", key.len());
    }
    Ok(key)
}

/// An error with its causes, which is where reqwest keeps the telling part.
fn chain(error: &reqwest::Error) -> String {
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        words.push_str(": ");
        words.push_str(&error.to_string());
        cause = error.source();
    }
    clip(&words, REMARK)
}
