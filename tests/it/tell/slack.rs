//! Editions on a channel of Slack: within its limits, and what each of its words means.

use jiff::SignedDuration;
use tidings::edition::{ChannelName, Letter, Telling};
use tidings::tell::channel::slack::Incoming;
use tidings::tell::message::Message;
use tidings::tell::{Channel, Outcome, alert, render};
use tidings::verdict::Level;

use crate::support::server::{Reply, Server};
use crate::support::slack_server::SlackServer;

use super::channels::{settings, written};
use super::samples::{digest, period, telling, time};

const NOW: &str = "2026-11-23T07:05:00Z";

fn letter() -> Letter {
    let digest = digest(vec![telling(1)]);
    let rendered = render::digest(&digest).unwrap();
    let reader =
        tidings::edition::Reader { channel: ChannelName::Slack, address: "lab".to_owned(), name: String::new() };
    tidings::tell::letter::write(Message::Digest(&digest, &rendered), &reader, &settings(), time(NOW)).unwrap().0
}

async fn post(address: &str, tellings: Vec<Telling>) -> Outcome {
    let digest = digest(tellings);
    let rendered = render::digest(&digest).unwrap();
    let bytes = written(ChannelName::Slack, Message::Digest(&digest, &rendered));
    Incoming::new(address).unwrap().deliver(&letter(), &bytes, time(NOW)).await
}

#[tokio::test]
async fn a_digest_is_taken_with_a_text_for_notifications_and_linked_stories() {
    let server = SlackServer::start();
    assert_eq!(post(&server.address(), vec![telling(1)]).await, Outcome::Taken { answer: "200 ok".to_owned() });
    let message = &server.messages()[0];
    assert!(message["text"].as_str().unwrap().starts_with("Nothing needs your action this week"));
    let blocks = message["blocks"].to_string();
    assert!(blocks.contains("<https://news.example/1|Title 1>"), "{blocks}");
}

#[tokio::test]
async fn the_largest_edition_keeps_every_limit_in_every_script() {
    let server = SlackServer::start();
    for word in ["word ", "語", "𝔴", "&", "<", "\"", "\\"] {
        let long = |n: usize| Telling {
            title: word.repeat(5_000),
            source: word.repeat(500),
            excerpt: word.repeat(5_000),
            action: Some(word.repeat(5_000)),
            url: Some(format!("https://news.example/?a=1&b={}", "&".repeat(900)).parse().unwrap()),
            level: Level::Critical,
            ..telling(n)
        };
        let outcome = post(&server.address(), (0..60).map(long).collect()).await;
        assert!(matches!(outcome, Outcome::Taken { .. }), "{word}: {outcome:?}");
        let alert = alert::raise(long(1), time(NOW), &period().zone);
        let bytes = written(ChannelName::Slack, Message::Alert(&alert, &render::alert(&alert).unwrap()));
        let outcome = Incoming::new(&server.address()).unwrap().deliver(&letter(), &bytes, time(NOW)).await;
        assert!(matches!(outcome, Outcome::Taken { .. }), "{word}: {outcome:?}");
    }
    let many = (0..120).map(|n| Telling { level: Level::Critical, ..telling(n) }).collect();
    assert!(matches!(post(&server.address(), many).await, Outcome::Taken { .. }), "short ones, many");
}

#[tokio::test]
async fn a_channel_that_is_gone_is_closed_with_a_remedy() {
    let server = SlackServer::start();
    for (status, words) in [
        ("403 Forbidden", "action_prohibited"),
        ("404 Not Found", "no_service"),
        ("404 Not Found", "channel_not_found"),
        ("410 Gone", "channel_is_archived"),
    ] {
        server.answers(status, &[], words);
        let Outcome::Closed { answer } = post(&server.address(), vec![telling(1)]).await else { panic!("{words}") };
        assert!(answer.starts_with(&format!("{} {words}; make a new incoming webhook", &status[..3])), "{answer}");
        assert!(!answer.contains("hush"), "{answer}");
    }
}

#[tokio::test]
async fn a_message_that_is_refused_is_refused_alone() {
    let server = SlackServer::start();
    for words in ["invalid_payload", "no_text", "msg_blocks_too_long"] {
        server.answers("400 Bad Request", &[], words);
        let outcome = post(&server.address(), vec![telling(1)]).await;
        assert_eq!(outcome, Outcome::Refused { answer: format!("400 {words}") });
    }
}

#[tokio::test]
async fn slack_says_how_long_to_wait() {
    let server = SlackServer::start();
    server.answers("429 Too Many Requests", &["retry-after: 30"], "rate_limited");
    let Outcome::Later { not_before, .. } = post(&server.address(), vec![telling(1)]).await else { panic!("429") };
    assert_eq!(not_before, Some(time(NOW) + SignedDuration::from_secs(30)));
    server.answers("500 Internal Server Error", &[], "rollup_error");
    assert!(matches!(post(&server.address(), vec![telling(1)]).await, Outcome::Later { .. }));
}

#[tokio::test]
async fn another_server_that_says_yes_is_not_believed() {
    let server = Server::start(|_| Reply::whole("200 OK", &[], "<h1>Sign in to the lab's proxy</h1>"));
    let outcome = post(server.url("/services/x").as_str(), vec![telling(1)]).await;
    assert!(matches!(&outcome, Outcome::Closed { answer } if answer.contains("that is not Slack")), "{outcome:?}");
}

#[test]
fn an_address_that_is_none_or_would_travel_in_the_clear_is_not_repeated() {
    for address in ["hooks.slack.com/services/hush", "http://hooks.slack.example/services/hush", ""] {
        let error = Incoming::new(address).err().unwrap().to_string();
        assert!(error.contains("Slack's webhook") && !error.contains("hush"), "{error}");
    }
}
