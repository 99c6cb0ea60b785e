//! Editions handed to an apprise box, and what its answers mean.

use serde_json::Value;
use tidings::config;
use tidings::edition::{ChannelName, Reader};
use tidings::tell::channel::apprise::Relay;
use tidings::tell::letter;
use tidings::tell::message::Message;
use tidings::tell::{Channel, Outcome, alert, render};

use crate::support::server::{Reply, Server};

use super::channels::settings;
use super::samples::{period, telling, time};

const NOW: &str = "2026-11-23T07:05:00Z";

async fn post(status: &'static str, words: &'static str) -> (Outcome, Value) {
    let server = Server::start(move |_| Reply::whole(status, &[], words));
    let apprise = config::Apprise { url: server.url("/notify/lab"), ..settings().apprise.unwrap() };
    let alert = alert::raise(telling(1), time(NOW), &period().zone);
    let rendered = render::alert(&alert).unwrap();
    let reader = Reader { channel: ChannelName::Apprise, address: "lab".to_owned(), name: String::new() };
    let message = Message::Alert(&alert, &rendered);
    let (letter, bytes) = letter::write(message, &reader, &settings(), time(NOW)).unwrap();
    let outcome = Relay::new(&apprise).unwrap().deliver(&letter, &bytes, time(NOW)).await;
    let asked = server.log().remove(0);
    assert_eq!((asked.path.as_str(), asked.header("content-type")), ("/notify/lab", Some("application/json")));
    (outcome, serde_json::from_str(&asked.body).unwrap())
}

#[tokio::test]
async fn an_alert_is_a_failure_in_apprises_words_with_one_text_under_both_names() {
    let (outcome, body) = post("200 OK", "").await;
    assert!(matches!(outcome, Outcome::Taken { .. }), "{outcome:?}");
    assert_eq!((&body["version"], &body["type"]), (&"1.0".into(), &"failure".into()));
    assert_eq!(body["attachments"], Value::Array(Vec::new()));
    assert_eq!(body["message"], body["body"]);
    assert!(body["message"].as_str().unwrap().contains("https://news.example/1"));
}

#[tokio::test]
async fn a_box_without_services_is_closed_and_one_that_reached_some_is_not_asked_again() {
    let (outcome, _) = post("204 No Content", "").await;
    assert!(matches!(&outcome, Outcome::Closed { answer } if answer.contains("[apprise]")), "{outcome:?}");
    let (outcome, _) = post("424 Failed Dependency", "one failed").await;
    assert!(matches!(&outcome, Outcome::Refused { answer } if answer.contains("its log says which")), "{outcome:?}");
    for status in ["429 Too Many Requests", "500 Internal Server Error", "502 Bad Gateway"] {
        assert!(matches!(post(status, "").await.0, Outcome::Later { .. }), "{status}");
    }
    assert!(matches!(post("400 Bad Request", "no body").await.0, Outcome::Refused { .. }));
}
