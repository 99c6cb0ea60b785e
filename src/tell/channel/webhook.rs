//! A webhook: one address that gets each edition as JSON, signed as Standard Webhooks 1.0 says.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use reqwest::StatusCode;
use serde::Serialize;
use sha2::Sha256;

use super::post::{Answer, Post};
use super::{Kind, Secrets, reader};
use crate::config::{self, Config};
use crate::edition::{ChannelName, EditionKind, Letter, Reader, Telling};
use crate::tell::message::Message;
use crate::tell::view::{Links, link};
use crate::tell::words::clip;
use crate::tell::{Channel, Delivered, Outcome, trends};

/// The specification advises thin payloads below 20 kB; what is left out is in digests/.
const MOST_BYTES: usize = 20_000;

/// `[webhook]`.
pub struct Webhook;

impl Kind for Webhook {
    fn readers(&self, config: &Config) -> Vec<Reader> {
        config.webhook.iter().flat_map(|webhook| reader(ChannelName::Webhook, &webhook.name)).collect()
    }

    fn tells<'c>(&self, config: &'c Config) -> &'c [EditionKind] {
        config.webhook.as_ref().map_or(&[], |webhook| &webhook.tells)
    }

    /// The path may hold a token and is not shown.
    fn place(&self, config: &Config) -> Option<String> {
        config.webhook.as_ref()?.url.host_str().map(str::to_owned)
    }

    fn write(&self, message: Message<'_>, _letter: &mut Letter, _config: &Config) -> Result<Vec<u8>> {
        body(message)
    }

    fn open(&self, config: &Config, secrets: Secrets<'_>) -> Result<Option<Arc<dyn Channel>>> {
        let Some(webhook) = &config.webhook else { return Ok(None) };
        let secret = webhook.secret.as_ref().map(secrets).transpose()?;
        Ok(Some(Arc::new(Hook::new(webhook, secret.as_deref())?)))
    }
}

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
fn body(message: Message<'_>) -> Result<Vec<u8>> {
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
        Message::Notice { .. } => ("notice.given", rendered.text.trim_end().to_owned(), Vec::new()),
        Message::Push { .. } => ("sessions.waiting", rendered.text.trim_end().to_owned(), Vec::new()),
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
    post: Post,
    /// None: posted without a signature.
    key: Option<Vec<u8>>,
}

impl Hook {
    /// `secret` is `whsec_` and base64 of 24 to 64 bytes. Fails on a secret of another form.
    pub fn new(webhook: &config::Webhook, secret: Option<&str>) -> Result<Hook> {
        let key = secret.map(|secret| key(secret, &webhook.name)).transpose()?;
        Ok(Hook { post: Post::new(&webhook.url, secret)?, key })
    }

    async fn carry(&self, letter: &Letter, bytes: &[u8], now: Timestamp) -> Outcome {
        let at = now.as_second().to_string();
        let mut request =
            self.post.json(bytes).header("webhook-id", &letter.message_id).header("webhook-timestamp", &at);
        if let Some(key) = &self.key {
            request = request.header("webhook-signature", signature(key, &letter.message_id, &at, bytes));
        }
        match self.post.ask(request, now).await {
            // "410 Gone": the receiver wants nothing any more (Standard Webhooks 1.0, "Delivery failures").
            Ok(Answer { status: StatusCode::GONE, words: answer, .. }) => Outcome::Closed { answer },
            Ok(answer) => answer.outcome("webhook"),
            Err(outcome) => outcome,
        }
    }
}

impl Channel for Hook {
    fn deliver<'a>(&'a self, letter: &'a Letter, bytes: &'a [u8], now: Timestamp) -> Delivered<'a> {
        Box::pin(self.carry(letter, bytes, now))
    }

    fn mark(&self) -> String {
        self.post.mark()
    }
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
