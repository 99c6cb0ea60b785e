//! Editions on a topic of ntfy: what is taken, and what each of its errors means.

use serde_json::Value;
use tidings::config;
use tidings::edition::{ChannelName, Letter, Reader, Telling};
use tidings::tell::channel::ntfy::Topic;
use tidings::tell::letter;
use tidings::tell::message::Message;
use tidings::tell::{Channel, Outcome, alert, render};
use tidings::verdict::Level;
use url::Url;

use crate::support::ntfy_server::NtfyServer;
use crate::support::server::{Reply, Server};

use super::channels::settings;
use super::samples::{digest, period, telling, time};

const NOW: &str = "2026-11-23T07:05:00Z";

fn topic(url: &Url, token: Option<&str>) -> Topic {
    let ntfy = config::Ntfy { url: url.clone(), ..settings().ntfy.unwrap() };
    Topic::new(&ntfy, token.map(str::to_owned)).unwrap()
}

fn raised(telling: Telling) -> (Letter, Vec<u8>) {
    let alert = alert::raise(telling, time(NOW), &period().zone);
    let rendered = render::alert(&alert).unwrap();
    let reader = Reader { channel: ChannelName::Ntfy, address: "lab".to_owned(), name: String::new() };
    letter::write(Message::Alert(&alert, &rendered), &reader, &settings(), time(NOW)).unwrap()
}

async fn post(topic: &Topic) -> Outcome {
    let (letter, bytes) = raised(telling(1));
    topic.deliver(&letter, &bytes, time(NOW)).await
}

#[tokio::test]
async fn an_alert_rings_and_opens_what_it_tells_of() {
    let server = NtfyServer::start(Some("tk_lab"));
    let outcome = post(&topic(&server.url(), Some("tk_lab"))).await;
    assert_eq!(outcome, Outcome::Taken { answer: "200 m00000000000".to_owned() });
    let message = &server.messages()[0];
    assert_eq!((&message["topic"], &message["priority"]), (&"lab-tidings".into(), &5.into()));
    assert_eq!(message["click"], "https://news.example/1");
    assert_eq!(message["title"], "Critical: Title 1");
}

#[tokio::test]
async fn the_longest_message_stays_below_the_servers_limit_in_every_script() {
    let server = NtfyServer::start(None);
    let topic = topic(&server.url(), None);
    for word in ["word ", "語", "𝔴", "&"] {
        let long = |n: usize| Telling {
            title: word.repeat(5_000),
            source: word.repeat(500),
            excerpt: word.repeat(5_000),
            action: Some(word.repeat(5_000)),
            url: Some(format!("https://news.example/{}", "a".repeat(970)).parse().unwrap()),
            level: Level::Critical,
            ..telling(n)
        };
        let (letter, bytes) = raised(long(1));
        assert!(matches!(topic.deliver(&letter, &bytes, time(NOW)).await, Outcome::Taken { .. }), "an alert of {word}");
        let digest = digest((0..25).map(long).collect());
        let rendered = render::digest(&digest).unwrap();
        let bytes = super::channels::written(ChannelName::Ntfy, Message::Digest(&digest, &rendered));
        assert!(matches!(topic.deliver(&letter, &bytes, time(NOW)).await, Outcome::Taken { .. }), "a digest of {word}");
    }
    assert!(server.messages().iter().all(|message| message["message"].as_str().unwrap().len() > 200));
}

#[tokio::test]
async fn a_token_that_is_missing_or_wrong_closes_the_channel_with_a_remedy() {
    let server = NtfyServer::start(Some("tk_lab"));
    for (token, code) in [(None, "403 (40301)"), (Some("tk_other"), "401 (40101)")] {
        let Outcome::Closed { answer } = post(&topic(&server.url(), token)).await else { panic!("{token:?}") };
        assert!(answer.starts_with(code) && answer.contains("right to write"), "{answer}");
        assert!(!answer.contains("tk_"), "{answer}");
    }
}

#[tokio::test]
async fn a_limit_that_is_reached_means_later() {
    let server = NtfyServer::start(None);
    server.has_room_for(1);
    let topic = topic(&server.url(), None);
    assert!(matches!(post(&topic).await, Outcome::Taken { .. }));
    let Outcome::Later { answer, .. } = post(&topic).await else { panic!("429") };
    assert_eq!(answer, "429 (42901) limit reached: too many requests");
}

#[tokio::test]
async fn each_other_error_means_never_or_later() {
    let cases = [
        ("400 Bad Request", 40009, "topic invalid", "never"),
        ("413 Request Entity Too Large", 41301, "attachment too large", "never"),
        ("500 Internal Server Error", 50001, "internal server error", "later"),
        ("507 Insufficient Storage", 50701, "cannot publish", "later"),
        ("404 Not Found", 40401, "page not found", "closed"),
    ];
    for (status, code, error, expected) in cases {
        let body = format!("{{\"code\":{code},\"http\":{},\"error\":\"{error}\"}}", &status[..3]);
        let server = Server::start(move |_| Reply::whole(status, &[], &body));
        let (found, answer) = match post(&topic(&server.url("/"), None)).await {
            Outcome::Refused { answer } => ("never", answer),
            Outcome::Later { answer, .. } => ("later", answer),
            Outcome::Closed { answer } => ("closed", answer),
            other => panic!("{other:?}"),
        };
        assert_eq!(found, expected, "{answer}");
        assert!(answer.contains(&format!("({code}) {error}")), "{answer}");
    }
}

#[tokio::test]
async fn another_server_that_says_yes_is_not_believed() {
    let server =
        Server::start(|_| Reply::whole("200 OK", &["content-type: text/html"], "<h1>It works, lab-tidings!</h1>"));
    let Outcome::Closed { answer } = post(&topic(&server.url("/"), None)).await else { panic!("no ntfy") };
    assert!(answer.contains("no ntfy server") && !answer.contains("lab-tidings"), "{answer}");
}

#[test]
fn what_is_not_urgent_does_not_ring() {
    let digest = digest(vec![telling(1)]);
    let rendered = render::digest(&digest).unwrap();
    let bytes = super::channels::written(ChannelName::Ntfy, Message::Digest(&digest, &rendered));
    let value: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!((&value["priority"], &value["tags"]), (&3.into(), &Value::Array(Vec::new())));
}
