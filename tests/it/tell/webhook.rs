//! Editions posted to a webhook: the body, the signature, and what each answer means.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use tidings::config::{self, Config};
use tidings::edition::{Letter, Telling};
use tidings::tell::channel::webhook::Hook;
use tidings::tell::letter;
use tidings::tell::message::Message;
use tidings::tell::{Channel, Outcome, alert, render};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use url::Url;

use crate::support::server::{Reply, Server};

use super::samples::{desk, digest, period, telling, time};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn posted() -> (Letter, Vec<u8>) {
    let digest = digest(vec![telling(1)]);
    let rendered = render::digest(&digest).unwrap();
    letter::write(Message::Digest(&digest, &rendered), &desk(), &Config::default(), now()).unwrap()
}

fn now() -> Timestamp {
    time("2026-11-23T07:05:00Z")
}

fn hook(url: &str, secret: Option<&str>) -> anyhow::Result<Hook> {
    let (name, url) = ("desk".to_owned(), url.parse::<Url>().unwrap());
    Hook::new(&config::Webhook { name, url, secret: None, tells: Vec::new() }, secret)
}

/// Posts once to a server that gives this answer; returns what became of it and what the server was sent.
async fn post(answer: &str, secret: Option<&str>) -> (Outcome, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = listener.local_addr().unwrap();
    let answer = answer.to_owned();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut seen = Vec::new();
        loop {
            let mut chunk = [0; 4096];
            let count = stream.read(&mut chunk).await.unwrap();
            seen.extend_from_slice(&chunk[..count]);
            let words = String::from_utf8_lossy(&seen).into_owned();
            if let Some((head, body)) = words.split_once("\r\n\r\n") {
                let length = head
                    .to_lowercase()
                    .split("content-length: ")
                    .nth(1)
                    .unwrap()
                    .lines()
                    .next()
                    .unwrap()
                    .parse::<usize>();
                if body.len() >= length.unwrap() || count == 0 {
                    break;
                }
            }
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        String::from_utf8(seen).unwrap()
    });
    let (letter, bytes) = posted();
    let hook = hook(&format!("http://{place}/in?token=t0p"), secret).unwrap();
    let outcome = hook.deliver(&letter, &bytes, now()).await;
    (outcome, server.await.unwrap())
}

fn response(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

fn header<'a>(request: &'a str, name: &str) -> &'a str {
    let line = request.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}: ")));
    line.unwrap_or_else(|| panic!("no {name}")).split_once(": ").unwrap().1
}

/// HMAC-SHA256 by its definition (RFC 2104), without the crate that made the signature.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0u8; 64];
    block[..key.len()].copy_from_slice(key);
    let pad = |byte: u8| block.iter().map(|b| b ^ byte).collect::<Vec<u8>>();
    let inner = Sha256::digest([pad(0x36), message.to_vec()].concat());
    Sha256::digest([pad(0x5c), inner.to_vec()].concat()).to_vec()
}

#[tokio::test]
async fn the_signature_is_the_one_a_receiver_computes() {
    let (outcome, request) = post(&response("200 OK", "", "fine"), Some(SECRET)).await;
    assert_eq!(outcome, Outcome::Taken { answer: "200 fine".to_owned() });
    let (letter, bytes) = posted();
    assert_eq!(header(&request, "webhook-id"), letter.message_id);
    assert_eq!(header(&request, "webhook-timestamp"), now().as_second().to_string());
    assert_eq!(request.split_once("\r\n\r\n").unwrap().1.as_bytes(), bytes, "the stored bytes, as they are");
    let key = STANDARD.decode(SECRET.trim_start_matches("whsec_")).unwrap();
    let signed = format!("{}.{}.{}", letter.message_id, now().as_second(), String::from_utf8(bytes).unwrap());
    let expected = format!("v1,{}", STANDARD.encode(hmac(&key, signed.as_bytes())));
    assert_eq!(header(&request, "webhook-signature"), expected);
}

/// The example of the Standard Webhooks specification, so that both computations above are checked by a third.
#[test]
fn the_tests_own_hmac_gives_the_specifications_example() {
    let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let signed = "msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{\"test\": 2432232314}";
    assert_eq!(STANDARD.encode(hmac(&key, signed.as_bytes())), "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

#[tokio::test]
async fn without_a_secret_nothing_is_signed() {
    let (_, request) = post(&response("204 No Content", "", ""), None).await;
    assert!(!request.to_lowercase().contains("webhook-signature"));
}

#[tokio::test]
async fn each_answer_means_taken_later_or_never() {
    for status in ["200 OK", "202 Accepted", "204 No Content"] {
        assert!(matches!(post(&response(status, "", ""), None).await.0, Outcome::Taken { .. }), "{status}");
    }
    assert!(matches!(post(&response("410 Gone", "", ""), None).await.0, Outcome::Closed { .. }));
    for status in ["400 Bad Request", "403 Forbidden", "404 Not Found", "413 Content Too Large"] {
        assert!(matches!(post(&response(status, "", ""), None).await.0, Outcome::Refused { .. }), "{status}");
    }
    for status in ["401 Unauthorized", "408 Request Timeout", "429 Too Many Requests", "500 Oh", "503 Busy"] {
        assert!(matches!(post(&response(status, "", ""), None).await.0, Outcome::Later { .. }), "{status}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_said() {
    let (outcome, _) = post(&response("302 Found", "Location: http://127.0.0.1:1/\r\n", ""), None).await;
    let Outcome::Later { answer, .. } = outcome else { panic!("{outcome:?}") };
    assert!(answer.contains("mend `url` under [webhook]"), "{answer}");
}

#[tokio::test]
async fn retry_after_is_understood_in_both_forms() {
    let asked = |value: &'static str| async move {
        match post(&response("429 Too Many Requests", &format!("Retry-After: {value}\r\n"), ""), None).await.0 {
            Outcome::Later { not_before, .. } => not_before,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(asked("90").await, Some(now() + SignedDuration::from_secs(90)));
    assert_eq!(asked("Mon, 23 Nov 2026 08:00:00 GMT").await, Some(time("2026-11-23T08:00:00Z")));
    assert_eq!(asked("soon").await, None);
}

#[tokio::test]
async fn an_answer_that_breaks_off_leaves_it_unknown_and_names_no_address() {
    let (outcome, _) = post("HTTP/1.1 2", Some(SECRET)).await;
    let Outcome::Unknown { answer } = outcome else { panic!("{outcome:?}") };
    assert!(!answer.contains("t0p"), "the address holds a token: {answer}");
}

#[tokio::test]
async fn a_server_that_repeats_the_address_shows_no_secret_of_it() {
    let page = "The requested URL /in/h00k-t0ken?key=passw0rd1 was not found here.";
    let server = Server::start(move |_| Reply::whole("404 Not Found", &[], page));
    let (letter, bytes) = posted();
    let hook = hook(server.url("/in/h00k-t0ken?key=passw0rd1").as_str(), None).unwrap();
    let Outcome::Refused { answer } = hook.deliver(&letter, &bytes, now()).await else { panic!("404") };
    assert_eq!(answer, "404 The requested URL …?… was not found here.");
}

#[tokio::test]
async fn where_nobody_listens_it_is_tried_later() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = listener.local_addr().unwrap();
    drop(listener);
    let (letter, bytes) = posted();
    let outcome = hook(&format!("http://{place}/?token=t0p"), None).unwrap().deliver(&letter, &bytes, now()).await;
    let Outcome::Later { answer, .. } = outcome else { panic!("{outcome:?}") };
    assert!(answer.starts_with("nothing answers at 127.0.0.1") && !answer.contains("t0p"), "{answer}");
}

#[test]
fn a_secret_of_another_form_is_named_and_not_shown() {
    for secret in ["hunter2", "whsec_!!!", "whsec_c2hvcnQ="] {
        let error = hook("https://desk.example/", Some(secret)).err().unwrap().to_string();
        assert!(error.contains("webhook desk") && !error.contains(secret), "{error}");
    }
}

#[test]
fn the_body_is_thin_and_says_what_happened() {
    let (letter, bytes) = posted();
    assert_eq!(letter.key, "digest/2026-W47/desk/webhook");
    let body: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(body["type"], "digest.published");
    assert_eq!(body["timestamp"], "2026-11-23T07:00:00Z");
    assert_eq!(body["data"]["edition"], "digest/2026-W47");
    assert_eq!(body["data"]["stories"][0]["title"], "Title 1");
    assert_eq!(body["data"]["stories"][0]["url"], "https://news.example/1");
    let alert = alert::raise(telling(3), now(), &period().zone);
    let rendered = render::alert(&alert).unwrap();
    let (letter, bytes) = letter::write(Message::Alert(&alert, &rendered), &desk(), &Config::default(), now()).unwrap();
    assert_eq!(letter.key, "alert/s-0000000003/desk/webhook");
    let body: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!((&body["type"], &body["data"]["stories"][0]["level"]), (&"alert.raised".into(), &"notable".into()));
}

#[test]
fn the_largest_body_stays_below_20_kb_and_counts_what_is_left_out() {
    let long = |n: usize| Telling {
        title: "記事".repeat(100),
        action: Some("記".repeat(240)),
        url: Some(format!("https://news.example/{}", "a".repeat(170)).parse().unwrap()),
        level: tidings::verdict::Level::Critical,
        source: "長".repeat(80),
        ..telling(n)
    };
    let digest = digest((0..30).map(long).collect());
    let rendered = render::digest(&digest).unwrap();
    let (_, bytes) = letter::write(Message::Digest(&digest, &rendered), &desk(), &Config::default(), now()).unwrap();
    assert!(bytes.len() < 20_000, "{}", bytes.len());
    let body: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    let told = body["data"]["stories"].as_array().unwrap().len() as u64;
    assert_eq!(told + body["data"]["more"].as_u64().unwrap(), 30);
    assert!(told > 5);
}
