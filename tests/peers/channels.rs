//! The tests' stand-ins as servers, and tidings' letters to any address: tests/peers/channels.py puts outside peers between.
//!
//! `channels-peer serve` prints where they are, one JSON line, and what they were asked when standard input ends.
//! `channels-peer tell CHANNEL URL` sends a digest and an alert there, twice, and prints what became of each.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use serde_json::{Value, json};
use tidings::config::{SecretName, read_settings};
use tidings::edition::{Alert, ChannelName, Digest};
use tidings::tell::channel::kind;
use tidings::tell::message::Message;
use tidings::tell::{letter, render};

#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../it/support/server.rs"]
mod server;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../it/support/ntfy_server.rs"]
mod ntfy_server;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../it/support/notion_server.rs"]
mod notion_server;

use notion_server::{NotionServer, TOKEN};
use ntfy_server::NtfyServer;
use server::{Reply, Server};

/// Of Standard Webhooks' own documentation.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

#[tokio::main]
async fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["serve"] => serve(),
        ["tell", channel, url] => tell(channel, url).await,
        _ => bail!("channels-peer serve, or channels-peer tell CHANNEL URL"),
    }
}

fn databases() -> Vec<String> {
    (1..=6).map(|n| format!("{n:032}")).collect()
}

fn serve() -> Result<()> {
    let ids = databases();
    let ntfy = NtfyServer::start(None);
    let notion = NotionServer::start(&ids.iter().map(String::as_str).collect::<Vec<_>>());
    // Takes whatever comes, and remembers it.
    let desk = Server::start(|_| Reply::whole("200 OK", &[], "taken"));
    println!("{}", json!({ "ntfy": ntfy.url(), "notion": notion.url(), "desk": desk.url("/") }));
    std::io::stdin().read_to_end(&mut Vec::new()).context("waiting for standard input to end")?;
    let asked: Vec<Value> = desk
        .log()
        .into_iter()
        .map(|asked| json!({ "path": asked.path, "headers": asked.headers, "body": asked.body }))
        .collect();
    let seen = json!({
        "ntfy": ntfy.messages(),
        "pages": notion.pages().len(),
        "requests": notion.requests().len(),
        "desk": asked,
    });
    println!("{seen}");
    Ok(())
}

async fn tell(channel: &str, url: &str) -> Result<()> {
    let name = ChannelName::named(channel).with_context(|| format!("no channel is called {channel}"))?;
    let mut text = format!("[{channel}]\n");
    match name {
        ChannelName::Webhook => text += &format!("url = \"{url}\"\nsecret_env = \"SECRET\"\n"),
        ChannelName::Ntfy => text += &format!("url = \"{url}\"\ntopic = \"lab\"\n"),
        ChannelName::Notion => {
            text += &format!("url = \"{url}\"\ntoken_env = \"TOKEN\"\n");
            for (key, id) in
                ["reports", "features", "techniques", "tools", "security", "actions"].iter().zip(databases())
            {
                text += &format!("{key} = \"{id}\"\n");
            }
        }
        _ => text += &format!("url = \"{url}\"\n"),
    }
    let config = read_settings("tidings.toml", &text).map_err(|mistakes| anyhow::anyhow!("{mistakes:?}"))?;
    let secrets = |name: &SecretName| match name {
        SecretName::Env(name) if name == "TOKEN" => Ok(TOKEN.to_owned()),
        _ => Ok(SECRET.to_owned()),
    };
    let door = kind(name).open(&config, &secrets)?.context("it is set up")?;
    let reader = kind(name).readers(&config).remove(0);
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let read = |name: &str| std::fs::read_to_string(fixtures.join(name)).with_context(|| format!("reading {name}"));
    let digest: Digest = serde_json::from_str(&read("digest/full.json")?)?;
    let alert: Alert = serde_json::from_str(&read("alert/hostile.json")?)?;
    let (page, raised) = (render::digest(&digest)?, render::alert(&alert)?);
    for message in [Message::Digest(&digest, &page), Message::Alert(&alert, &raised)] {
        for _ in 0..2 {
            let now = Timestamp::now();
            let (letter, bytes) = letter::write(message, &reader, &config, now)?;
            println!("{} {:?}", letter.edition, door.deliver(&letter, &bytes, now).await);
        }
    }
    Ok(())
}
