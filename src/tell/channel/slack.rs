//! Slack: one channel of a workspace, by an incoming webhook (<https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>).

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use reqwest::StatusCode;
use serde_json::{Value, json};
use url::{Host, Url};

use super::post::{Answer, Post};
use super::{Kind, Secrets, reader};
use crate::config::Config;
use crate::edition::{ChannelName, EditionKind, Letter, Reader};
use crate::tell::gist::{Gist, Part, Short, Step, gist, more_words};
use crate::tell::message::Message;
use crate::tell::words::clip;
use crate::tell::{Channel, Delivered, Outcome};

/// Blocks of one message; the 50th says how many more there are.
const MOST_BLOCKS: usize = 50;
/// Of a header, in characters.
const MOST_HEADER: usize = 150;
/// Of a section's text, in characters after escaping.
const MOST_SECTION: usize = 3_000;
/// Of an address after escaping, in bytes: a title beside it still finds room in the section.
const LONGEST_LINK: usize = 1_500;
/// Of all blocks as JSON, in characters. Beyond some 13,200 Slack answers `msg_blocks_too_long`, which no document of its says.
const MOST_IN_ALL: usize = 12_000;
/// Of the text that notifications and screen readers have, in bytes.
const MOST_TEXT: usize = 4_000;

/// `[slack]`.
pub struct Slack;

impl Kind for Slack {
    fn readers(&self, config: &Config) -> Vec<Reader> {
        config.slack.iter().flat_map(|slack| reader(ChannelName::Slack, &slack.name)).collect()
    }

    fn tells<'c>(&self, config: &'c Config) -> &'c [EditionKind] {
        config.slack.as_ref().map_or(&[], |slack| &slack.tells)
    }

    /// The address is itself a secret.
    fn place(&self, config: &Config) -> Option<String> {
        config.slack.as_ref().map(|_| "an incoming webhook".to_owned())
    }

    fn write(&self, message: Message<'_>, _letter: &mut Letter, _config: &Config) -> Result<Vec<u8>> {
        body(&gist(message))
    }

    fn open(&self, config: &Config, secrets: Secrets<'_>) -> Result<Option<Arc<dyn Channel>>> {
        let Some(slack) = &config.slack else { return Ok(None) };
        Ok(Some(Arc::new(Incoming::new(&secrets(&slack.url)?)?)))
    }
}

fn body(gist: &Gist) -> Result<Vec<u8>> {
    let text = escape(&format!("{}\n{}", gist.subject, gist.text(MOST_TEXT / 2)));
    let payload = json!({
        "text": clip_escaped(&text, MOST_TEXT),
        "blocks": blocks(gist),
        // No picture and no page of others is fetched and shown beside it.
        "unfurl_links": false,
        "unfurl_media": false,
    });
    serde_json::to_vec(&payload).context("writing a message for Slack as JSON")
}

/// As many blocks as Slack takes, and at the end how many stories found no room.
fn blocks(gist: &Gist) -> Vec<Value> {
    let mut blocks = vec![(json!({ "type": "header", "text": plain(&clip(&gist.subject, MOST_HEADER)) }), false)];
    if !gist.summary.is_empty() {
        blocks.push((section(&[&escape(&gist.summary)]), false));
    }
    blocks.extend(gist.actions.iter().map(|step| (action(step, gist.kind), false)));
    for part in &gist.sections {
        blocks.extend(stories(part).map(|block| (block, true)));
    }
    let stories = gist.stories().count() + gist.more;
    for kept in (1..=blocks.len()).rev() {
        let shown = blocks[..kept].iter().filter(|(_, is_story)| *is_story).count();
        let left_out = (stories > shown).then(|| section(&[&escape(&more_words(stories - shown))]));
        let chosen: Vec<Value> = blocks[..kept].iter().map(|(block, _)| block.clone()).chain(left_out).collect();
        if chosen.len() <= MOST_BLOCKS && length(&Value::from(chosen.clone()).to_string()) <= MOST_IN_ALL {
            return chosen;
        }
    }
    Vec::new()
}

/// The stories of a part, its heading with the first of them.
fn stories(part: &Part) -> impl Iterator<Item = Value> {
    part.stories.iter().enumerate().map(|(place, story)| {
        let heading =
            if place == 0 && !part.title.is_empty() { format!("*{}*", escape(&part.title)) } else { String::new() };
        story_block(&heading, story)
    })
}

fn story_block(heading: &str, story: &Short) -> Value {
    let title = linked(&story.title, story.url.as_deref());
    let by = escape(&format!("{}, {}", story.source, story.trust));
    let action = story.action.as_ref().map(|action| format!("To do: {}", escape(action))).unwrap_or_default();
    section(&[heading, &title, &by, &action, &escape(&story.excerpt)])
}

fn action(step: &Step, kind: EditionKind) -> Value {
    let because = match kind {
        // The story stands right below.
        EditionKind::Alert => String::new(),
        _ => format!("Because: {} ({})", linked(&step.why, step.url.as_deref()), escape(&step.source)),
    };
    section(&[&format!("*To do:* {}", escape(&step.what)), &because])
}

/// As many of these lines as a section has room for; the first ones matter most.
fn section(lines: &[&str]) -> Value {
    let mut lines = lines.iter().filter(|line| !line.is_empty());
    let mut text = lines.next().map(|line| clip_escaped(line, MOST_SECTION)).unwrap_or_default();
    for line in lines {
        if length(&text) + 1 + length(line) > MOST_SECTION {
            break;
        }
        text.push('\n');
        text.push_str(line);
    }
    // Verbatim: Slack makes links and mentions of nothing but what is written as one.
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true } })
}

/// In UTF-16 units, of which there are never fewer than characters: which of the two Slack counts, it does not say.
fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Text of which nothing should be made; for whoever makes something of it all the same, without the signs of a mention.
fn plain(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text.replace('<', "‹").replace('>', "›"), "emoji": false })
}

/// `<address|words>`. A `|` in the address would end it.
fn linked(words: &str, url: Option<&str>) -> String {
    match url {
        Some(url) => {
            let address = escape(&url.replace('|', "%7C"));
            match address.len() <= LONGEST_LINK {
                true => format!("<{address}|{}>", escape(words)),
                false => escape(words),
            }
        }
        None => escape(words),
    }
}

/// Slack's three signs; without them nothing is a mention, a channel or a link.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Cut so that no escape is cut in two.
fn clip_escaped(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let mut end = most;
    while !text.is_char_boundary(end) || text[..end].rfind('&').is_some_and(|at| !text[at..end].contains(';')) {
        end -= 1;
    }
    text[..end].to_owned()
}

/// One incoming webhook.
pub struct Incoming {
    post: Post,
}

impl Incoming {
    /// `address` as Slack shows it, `https://hooks.slack.com/services/…`. Fails on what is none, without repeating it.
    pub fn new(address: &str) -> Result<Incoming> {
        let Ok(url) = Url::parse(address.trim()) else {
            bail!("the address of Slack's webhook is none; copy it whole, https://hooks.slack.com/services/…");
        };
        let is_here = match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            _ => false,
        };
        if url.scheme() != "https" && !is_here {
            bail!("the address of Slack's webhook does not begin with https://, and would travel in the clear");
        }
        Ok(Incoming { post: Post::new(&url, None)? })
    }

    async fn carry(&self, bytes: &[u8], now: Timestamp) -> Outcome {
        match self.post.ask(self.post.json(bytes), now).await {
            Ok(answer) => outcome(answer),
            Err(outcome) => outcome,
        }
    }
}

/// Answers are words: `ok`; 400 `invalid_payload`, `no_text`; 403 `action_prohibited`; 404 `no_service`, `channel_not_found`;
/// 410 `channel_is_archived`.
fn outcome(answer: Answer) -> Outcome {
    match answer.status {
        StatusCode::OK if answer.body.trim() != "ok" => Outcome::Closed {
            answer: format!("{}; that is not Slack, mend the address named under [slack]", answer.words),
        },
        StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::GONE => Outcome::Closed {
            answer: format!("{}; make a new incoming webhook and put its address where [slack] says", answer.words),
        },
        _ => answer.outcome("slack"),
    }
}

impl Channel for Incoming {
    fn deliver<'a>(&'a self, _letter: &'a Letter, bytes: &'a [u8], now: Timestamp) -> Delivered<'a> {
        Box::pin(self.carry(bytes, now))
    }

    fn mark(&self) -> String {
        self.post.mark()
    }
}
