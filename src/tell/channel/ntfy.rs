//! ntfy: one topic of an ntfy server, published to as JSON (<https://docs.ntfy.sh/publish/#publish-as-json>).

use std::sync::Arc;

use anyhow::{Context, Result};
use jiff::Timestamp;
use reqwest::StatusCode;
use serde::{Deserialize, Serialize};

use super::post::{Answer, Post};
use super::{Kind, Secrets, reader};
use crate::config::{self, Config};
use crate::edition::{ChannelName, EditionKind, Letter, Reader};
use crate::tell::gist::gist;
use crate::tell::message::Message;
use crate::tell::{Channel, Delivered, Outcome};

/// Of `message`, in bytes: a server takes fewer than 4,096, and makes an attachment of what is longer without a word.
const MOST_BYTES: usize = 4_000;

/// `[ntfy]`.
pub struct Ntfy;

impl Kind for Ntfy {
    fn readers(&self, config: &Config) -> Vec<Reader> {
        config.ntfy.iter().flat_map(|ntfy| reader(ChannelName::Ntfy, &ntfy.name)).collect()
    }

    fn tells<'c>(&self, config: &'c Config) -> &'c [EditionKind] {
        config.ntfy.as_ref().map_or(&[], |ntfy| &ntfy.tells)
    }

    /// Who knows a topic may read it: it is not shown.
    fn place(&self, config: &Config) -> Option<String> {
        Some(format!("a topic on {}", config.ntfy.as_ref()?.url.host_str()?))
    }

    fn write(&self, message: Message<'_>, _letter: &mut Letter, config: &Config) -> Result<Vec<u8>> {
        let ntfy = config.ntfy.as_ref().context("tidings.toml has no [ntfy]")?;
        let topic = match message.kind() {
            EditionKind::Push => config.push.topic.as_ref().unwrap_or(&ntfy.topic),
            _ => &ntfy.topic,
        };
        body(message, topic)
    }

    fn open(&self, config: &Config, secrets: Secrets<'_>) -> Result<Option<Arc<dyn Channel>>> {
        let Some(ntfy) = &config.ntfy else { return Ok(None) };
        let token = ntfy.token.as_ref().map(secrets).transpose()?;
        let topic = Topic::new(ntfy, token)?;
        Ok(Some(Arc::new(match &config.push.topic {
            Some(other) => topic.and_to(other),
            None => topic,
        })))
    }
}

/// The body that a server takes at its base address.
#[derive(Serialize)]
struct Payload<'a> {
    topic: &'a str,
    title: &'a str,
    message: String,
    /// 5 rings through a phone's silence, 4 rings, 3 is the default.
    priority: u8,
    tags: Vec<&'static str>,
    /// Opened when the notification is touched.
    #[serde(skip_serializing_if = "Option::is_none")]
    click: Option<&'a str>,
}

fn body(message: Message<'_>, topic: &str) -> Result<Vec<u8>> {
    let gist = gist(message);
    let (priority, tags) = match gist.kind {
        // The server shows this one word as a sign.
        EditionKind::Alert => (5, vec!["warning"]),
        EditionKind::Rollup | EditionKind::Notice | EditionKind::Push => (4, Vec::new()),
        EditionKind::Digest | EditionKind::Trends | EditionKind::Trial => (3, Vec::new()),
    };
    let click = match gist.kind {
        EditionKind::Alert => gist.stories().find_map(|story| story.url.as_deref()),
        _ => None,
    };
    let message = gist.text(MOST_BYTES);
    let payload = Payload { topic, title: &gist.subject, message, priority, tags, click };
    serde_json::to_vec(&payload).context("writing a message for ntfy as JSON")
}

/// One topic. The server knows no message twice: a letter that was taken without a word comes a second time.
pub struct Topic {
    post: Post,
    token: Option<String>,
}

/// What a server says, well or badly.
#[derive(Deserialize)]
struct Said {
    id: Option<String>,
    code: Option<u32>,
    error: Option<String>,
}

impl Topic {
    /// `token` is an access token of the server, `tk_…`. Fails only if no HTTP client can be had.
    pub fn new(ntfy: &config::Ntfy, token: Option<String>) -> Result<Topic> {
        Ok(Topic { post: Post::new(&ntfy.url, token.as_deref())?.leading_to(&ntfy.topic), token })
    }

    /// The same, which also leads to another topic of the server.
    fn and_to(self, topic: &str) -> Topic {
        Topic { post: self.post.hiding(topic), ..self }
    }

    async fn carry(&self, bytes: &[u8], now: Timestamp) -> Outcome {
        let mut request = self.post.json(bytes);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        match self.post.ask(request, now).await {
            Ok(answer) => self.outcome(answer),
            Err(outcome) => outcome,
        }
    }

    /// Errors come as `{"code": 42901, "http": 429, "error": "…", "link": "…"}`.
    fn outcome(&self, answer: Answer) -> Outcome {
        let said: Option<Said> = serde_json::from_str(&answer.body).ok();
        let words = match said.as_ref().and_then(|said| Some((said.code?, said.error.as_deref()?))) {
            Some((code, error)) => self.post.fit(&format!("{} ({code}) {error}", answer.status.as_u16())),
            None => answer.words.clone(),
        };
        match answer.status {
            StatusCode::OK => match said.and_then(|said| said.id) {
                Some(id) => Outcome::Taken { answer: self.post.fit(&format!("200 {id}")) },
                None => Outcome::Closed { answer: format!("{words}; that is no ntfy server, mend `url` under [ntfy]") },
            },
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Outcome::Closed {
                answer: format!("{words}; the token named under [ntfy] needs the right to write to the topic"),
            },
            StatusCode::NOT_FOUND => Outcome::Closed {
                answer: format!("{words}; `url` under [ntfy] is the server's base, without the topic"),
            },
            _ => Answer { words, ..answer }.outcome("ntfy"),
        }
    }
}

impl Channel for Topic {
    fn deliver<'a>(&'a self, _letter: &'a Letter, bytes: &'a [u8], now: Timestamp) -> Delivered<'a> {
        Box::pin(self.carry(bytes, now))
    }

    fn mark(&self) -> String {
        self.post.mark()
    }
}
