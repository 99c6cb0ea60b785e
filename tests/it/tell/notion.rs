//! Editions in Notion: pages in their databases, changed and never doubled, and what each of its errors means.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::Value;
use tidings::config::{self, Database};
use tidings::edition::{ChannelName, Letter, Reader, Telling};
use tidings::tell::channel::notion::Base;
use tidings::tell::letter;
use tidings::tell::message::Message;
use tidings::tell::{Channel, Outcome, alert, render, trial};
use tidings::verdict::{Category, Level};

use crate::support::notion_server::{NotionServer, TOKEN};

use super::channels::{settings, written};
use super::samples::{digest, period, telling, time};

const NOW: &str = "2026-11-23T07:05:00Z";
const IDS: [&str; 6] = ["d0", "d1", "d2", "d3", "d4", "d5"];

fn base(server: &NotionServer, token: &str, named: &[Database]) -> Base {
    let databases: BTreeMap<_, _> = Database::ALL
        .into_iter()
        .zip(IDS)
        .filter(|(database, _)| named.contains(database))
        .map(|(database, id)| (database, id.to_owned()))
        .collect();
    let notion = config::Notion { url: server.url(), databases, gap: Duration::ZERO, ..settings().notion.unwrap() };
    Base::new(&notion, token.to_owned()).unwrap()
}

fn letter() -> Letter {
    let rendered = trial::rendered();
    let reader = Reader { channel: ChannelName::Notion, address: "lab".to_owned(), name: String::new() };
    letter::write(Message::Trial(time(NOW), &rendered), &reader, &settings(), time(NOW)).unwrap().0
}

/// A story of each category, one of them with something to do.
fn week() -> Vec<u8> {
    let kinds = [
        Category::Security,
        Category::Breaking,
        Category::Feature,
        Category::Technique,
        Category::Tool,
        Category::Research,
        Category::Other,
    ];
    let mut tellings: Vec<Telling> =
        kinds.iter().enumerate().map(|(n, kind)| Telling { category: *kind, ..telling(n) }).collect();
    tellings[0].action = Some("Update lantern-code to 4.12.3.".to_owned());
    let digest = digest(tellings);
    let rendered = render::digest(&digest).unwrap();
    written(ChannelName::Notion, Message::Digest(&digest, &rendered))
}

async fn carry(base: &Base, bytes: &[u8]) -> Outcome {
    base.deliver(&letter(), bytes, time(NOW)).await
}

/// The pages by database, each by its id.
fn found(server: &NotionServer) -> BTreeMap<String, Vec<String>> {
    let mut pages: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for page in server.pages() {
        let id = page["properties"]["tidings id"]["rich_text"][0]["text"]["content"].as_str().unwrap().to_owned();
        pages.entry(page["parent"]["data_source_id"].as_str().unwrap().to_owned()).or_default().push(id);
    }
    pages
}

#[tokio::test]
async fn each_story_has_a_page_where_its_category_belongs() {
    let server = NotionServer::start(&IDS);
    let outcome = carry(&base(&server, TOKEN, &Database::ALL), &week()).await;
    assert_eq!(outcome, Outcome::Taken { answer: "200 7 pages made, 0 changed".to_owned() });
    let expected = [
        ("d0", vec!["digest/2026-W47"]),
        ("d1", vec!["s-0000000002"]),
        ("d2", vec!["s-0000000003"]),
        ("d3", vec!["s-0000000004"]),
        ("d4", vec!["s-0000000000", "s-0000000001"]),
        ("d5", vec!["action/s-0000000000"]),
    ];
    let expected: BTreeMap<String, Vec<String>> =
        expected.map(|(id, pages)| (id.to_owned(), pages.into_iter().map(str::to_owned).collect())).into();
    assert_eq!(found(&server), expected);
    let report = &server.pages()[0];
    assert_eq!(
        report["properties"]["What"]["title"][0]["text"]["content"],
        "1 change to make this week: Update lantern-code to 4.12.3"
    );
    assert!(report["children"].to_string().contains("Title 5"), "research stands in the report");
}

#[tokio::test]
async fn a_letter_carried_twice_changes_its_pages_and_doubles_none() {
    let server = NotionServer::start(&IDS);
    let base = base(&server, TOKEN, &Database::ALL);
    carry(&base, &week()).await;
    let before = server.pages();
    let outcome = carry(&base, &week()).await;
    assert_eq!(outcome, Outcome::Taken { answer: "200 0 pages made, 7 changed".to_owned() });
    assert_eq!(server.pages(), before);
}

#[tokio::test]
async fn a_story_that_is_told_again_changes_its_page_and_leaves_what_people_added() {
    let server = NotionServer::start(&IDS);
    let base = base(&server, TOKEN, &Database::ALL);
    let raise = |title: &str| {
        let telling = Telling { title: title.to_owned(), level: Level::Critical, ..telling(1) };
        let alert = alert::raise(telling, time(NOW), &period().zone);
        written(ChannelName::Notion, Message::Alert(&alert, &render::alert(&alert).unwrap()))
    };
    carry(&base, &raise("First words")).await;
    carry(&base, &raise("Later words")).await;
    let pages = server.pages();
    assert_eq!(pages.len(), 1);
    assert_eq!(pages[0]["properties"]["What"]["title"][0]["text"]["content"], "Later words");
    let change = server.requests().into_iter().rfind(|asked| asked.method == "PATCH").unwrap();
    let change: Value = serde_json::from_str(&change.body).unwrap();
    assert!(change["properties"].get("Owner").is_none() && change.get("children").is_none(), "{change}");
}

#[tokio::test]
async fn a_delivery_cut_anywhere_is_repeated_without_a_second_page() {
    let whole = NotionServer::start(&IDS);
    carry(&base(&whole, TOKEN, &Database::ALL), &week()).await;
    let requests = whole.requests().len();
    assert!(requests > 15, "{requests}");
    for cut in 0..requests {
        let server = NotionServer::start(&IDS);
        let base = base(&server, TOKEN, &Database::ALL);
        server.fails(cut, "500 Internal Server Error", "internal_server_error", &[]);
        assert!(matches!(carry(&base, &week()).await, Outcome::Later { .. }), "cut at {cut}");
        assert!(matches!(carry(&base, &week()).await, Outcome::Taken { .. }), "after the cut at {cut}");
        assert_eq!(found(&server), found(&whole), "cut at {cut}");
    }
}

#[tokio::test]
async fn databases_that_are_not_named_are_passed_over_without_a_request() {
    let server = NotionServer::start(&IDS);
    let outcome = carry(&base(&server, TOKEN, &[Database::Tools]), &week()).await;
    assert_eq!(outcome, Outcome::Taken { answer: "200 1 pages made, 0 changed".to_owned() });
    assert!(server.requests().iter().all(|asked| !asked.path.contains("d0")));
    let none = Telling { category: Category::Research, ..telling(1) };
    let alert = alert::raise(none, time(NOW), &period().zone);
    let before = server.requests().len();
    let bytes = written(ChannelName::Notion, Message::Alert(&alert, &render::alert(&alert).unwrap()));
    assert!(matches!(carry(&base(&server, TOKEN, &[Database::Tools]), &bytes).await, Outcome::Taken { .. }));
    assert_eq!(server.requests().len(), before);
}

#[tokio::test]
async fn a_trial_looks_at_every_database_and_writes_nothing() {
    let server = NotionServer::start(&IDS);
    let rendered = trial::rendered();
    let bytes = written(ChannelName::Notion, Message::Trial(time(NOW), &rendered));
    let Outcome::Taken { answer } = carry(&base(&server, TOKEN, &Database::ALL), &bytes).await else { panic!("taken") };
    assert_eq!(answer, "6 of 6 databases are there, with their `tidings id`");
    assert!(server.pages().is_empty() && server.requests().len() == 6);
    server.forgets("d3", "tidings id");
    let Outcome::Closed { answer } = carry(&base(&server, TOKEN, &Database::ALL), &bytes).await else {
        panic!("closed")
    };
    assert!(answer.contains("`tools` has no property `tidings id`"), "{answer}");
}

#[tokio::test]
async fn a_property_that_the_lab_does_not_keep_is_left_out() {
    let server = NotionServer::start(&IDS);
    for name in ["Link", "Level", "Date", "Summary", "Source"] {
        server.forgets("d1", name);
    }
    let outcome = carry(&base(&server, TOKEN, &[Database::Features]), &week()).await;
    assert!(matches!(outcome, Outcome::Taken { .. }), "{outcome:?}");
    assert_eq!(server.pages()[0]["properties"].as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn what_is_not_shared_or_not_allowed_closes_the_channel_with_a_remedy() {
    let server = NotionServer::start(&IDS[..3]);
    let closed = |outcome| match outcome {
        Outcome::Closed { answer } => answer,
        other => panic!("{other:?}"),
    };
    let answer = closed(carry(&base(&server, TOKEN, &[Database::Tools]), &week()).await);
    assert!(answer.contains("object_not_found") && answer.contains("shared with the integration"), "{answer}");
    let answer = closed(carry(&base(&server, "ntn_other-secret", &[Database::Features]), &week()).await);
    assert!(answer.contains("unauthorized") && answer.contains("[notion]") && !answer.contains("ntn_"), "{answer}");
    server.fails(0, "403 Forbidden", "restricted_resource", &[]);
    let answer = closed(carry(&base(&server, TOKEN, &[Database::Features]), &week()).await);
    assert!(answer.contains("read, insert and update content"), "{answer}");
}

#[tokio::test]
async fn a_conflict_and_a_limit_mean_later_and_a_wrong_value_never() {
    let server = NotionServer::start(&IDS);
    let base = base(&server, TOKEN, &Database::ALL);
    server.fails(2, "409 Conflict", "conflict_error", &[]);
    assert!(matches!(carry(&base, &week()).await, Outcome::Later { .. }));
    server.fails(1, "429 Too Many Requests", "rate_limited", &["retry-after: 7"]);
    let Outcome::Later { not_before, answer } = carry(&base, &week()).await else { panic!("429") };
    assert_eq!(not_before, Some(time(NOW) + SignedDuration::from_secs(7)));
    assert!(answer.starts_with("429 rate_limited"), "{answer}");
    server.fails(2, "400 Bad Request", "validation_error", &[]);
    let Outcome::Refused { answer } = carry(&base, &week()).await else { panic!("400") };
    assert_eq!(answer, "400 validation_error: made by the test");
    server.fails(0, "503 Service Unavailable", "service_unavailable", &[]);
    assert!(matches!(carry(&base, &week()).await, Outcome::Later { .. }));
}

#[tokio::test]
async fn the_largest_edition_keeps_every_limit() {
    let server = NotionServer::start(&IDS);
    let base = base(&server, TOKEN, &Database::ALL);
    for word in ["語", "𝔴", "&"] {
        let long = |n: usize| Telling {
            title: word.repeat(5_000),
            source: word.repeat(500),
            excerpt: word.repeat(5_000),
            action: Some(format!("{n}{}", word.repeat(5_000))),
            url: Some(format!("https://news.example/{}", "a".repeat(970)).parse().unwrap()),
            level: Level::Critical,
            category: Category::Security,
            ..telling(n)
        };
        let digest = digest((0..120).map(long).collect());
        let rendered = render::digest(&digest).unwrap();
        let bytes = written(ChannelName::Notion, Message::Digest(&digest, &rendered));
        let outcome = carry(&base, &bytes).await;
        assert!(matches!(outcome, Outcome::Taken { .. }), "{word}: {outcome:?}");
    }
    assert_eq!(server.pages()[0]["children"].as_array().unwrap().len(), 100);
}

#[test]
fn another_database_is_another_place_to_try() {
    let server = NotionServer::start(&IDS);
    let mark = |token: &str, named: &[Database]| base(&server, token, named).mark();
    assert_eq!(mark(TOKEN, &[Database::Tools]), mark(TOKEN, &[Database::Tools]));
    assert_ne!(mark(TOKEN, &[Database::Tools]), mark(TOKEN, &[Database::Features]));
    assert_ne!(mark(TOKEN, &[Database::Tools]), mark("ntn_other", &[Database::Tools]));
    assert!(!mark(TOKEN, &Database::ALL).contains(TOKEN));
}
