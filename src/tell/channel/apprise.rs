//! Apprise: JSON as apprise itself sends it to a `json://` address, for a box that passes it on to any of its services.

use std::sync::Arc;

use anyhow::{Context, Result};
use jiff::Timestamp;
use reqwest::StatusCode;
use serde::Serialize;

use super::post::{Answer, Post};
use super::{Kind, Secrets, reader};
use crate::config::{self, Config};
use crate::edition::{ChannelName, EditionKind, Letter, Reader};
use crate::tell::gist::gist;
use crate::tell::message::Message;
use crate::tell::{Channel, Delivered, Outcome};

/// Of the text, in bytes. Each service behind it cuts where its own limit is; most have more room than this.
const MOST_BYTES: usize = 8_000;

/// `[apprise]`.
pub struct Apprise;

impl Kind for Apprise {
    fn readers(&self, config: &Config) -> Vec<Reader> {
        config.apprise.iter().flat_map(|apprise| reader(ChannelName::Apprise, &apprise.name)).collect()
    }

    fn tells<'c>(&self, config: &'c Config) -> &'c [EditionKind] {
        config.apprise.as_ref().map_or(&[], |apprise| &apprise.tells)
    }

    /// The path names a configuration of the box, and is not shown.
    fn place(&self, config: &Config) -> Option<String> {
        config.apprise.as_ref()?.url.host_str().map(str::to_owned)
    }

    fn write(&self, message: Message<'_>, _letter: &mut Letter, _config: &Config) -> Result<Vec<u8>> {
        body(message)
    }

    fn open(&self, config: &Config, _secrets: Secrets<'_>) -> Result<Option<Arc<dyn Channel>>> {
        let Some(apprise) = &config.apprise else { return Ok(None) };
        Ok(Some(Arc::new(Relay::new(apprise)?)))
    }
}

#[derive(Serialize)]
struct Payload<'a> {
    version: &'static str,
    title: &'a str,
    message: &'a str,
    /// The same, under the name that apprise-api wants.
    body: &'a str,
    attachments: [(); 0],
    r#type: &'static str,
}

fn body(message: Message<'_>) -> Result<Vec<u8>> {
    let gist = gist(message);
    let kind = match gist.kind {
        EditionKind::Alert => "failure",
        EditionKind::Rollup | EditionKind::Notice | EditionKind::Push => "warning",
        EditionKind::Digest | EditionKind::Trends | EditionKind::Trial => "info",
    };
    let text = gist.text(MOST_BYTES);
    let payload =
        Payload { version: "1.0", title: &gist.subject, message: &text, body: &text, attachments: [], r#type: kind };
    serde_json::to_vec(&payload).context("writing a message for apprise as JSON")
}

/// One box.
pub struct Relay {
    post: Post,
}

impl Relay {
    /// Fails only if no HTTP client can be had.
    pub fn new(apprise: &config::Apprise) -> Result<Relay> {
        Ok(Relay { post: Post::new(&apprise.url, None)? })
    }

    async fn carry(&self, bytes: &[u8], now: Timestamp) -> Outcome {
        match self.post.ask(self.post.json(bytes), now).await {
            Ok(answer) => outcome(answer),
            Err(outcome) => outcome,
        }
    }
}

/// apprise-api answers 204 where its key has no services, and 424 where some of them failed: the others have it, and would
/// have it twice, so that one is for a person to look at.
fn outcome(answer: Answer) -> Outcome {
    match answer.status {
        StatusCode::NO_CONTENT => Outcome::Closed {
            answer: format!("{}: the box knows no service under the key in `url` of [apprise]", answer.words.trim()),
        },
        StatusCode::FAILED_DEPENDENCY => Outcome::Refused {
            answer: format!("{}; not every service behind the box took it, its log says which", answer.words),
        },
        _ => answer.outcome("apprise"),
    }
}

impl Channel for Relay {
    fn deliver<'a>(&'a self, _letter: &'a Letter, bytes: &'a [u8], now: Timestamp) -> Delivered<'a> {
        Box::pin(self.carry(bytes, now))
    }

    fn mark(&self) -> String {
        self.post.mark()
    }
}
