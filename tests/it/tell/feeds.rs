//! The digests as feeds.

use jiff::SignedDuration;
use tidings::edition::{Digest, Telling};
use tidings::tell::feeds::Raised;
use tidings::tell::{alert, feeds};
use tidings::verdict::Level;

use super::samples::{digest, period, telling, time};

fn week(name: &str) -> Digest {
    Digest { week: name.to_owned(), ..digest(vec![telling(1)]) }
}

fn feed(digests: &[Digest], file: &str) -> String {
    let files = feeds::write(digests, "lab.example").unwrap();
    let (_, bytes) = files.into_iter().find(|(name, _)| name == file).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn the_newest_digest_comes_first_whatever_the_order_given() {
    let digests = [week("2026-W46"), week("2026-W47"), week("2025-W52")];
    let atom = feed(&digests, "feed.atom");
    let places: Vec<usize> = ["2026-W47", "2026-W46", "2025-W52"]
        .iter()
        .map(|week| atom.find(&format!("<id>tag:lab.example,2026:tidings/digest/{week}</id>")).unwrap())
        .collect();
    assert!(places.is_sorted());
    let mut turned = digests.to_vec();
    turned.reverse();
    assert_eq!(atom, feed(&turned, "feed.atom"));
}

#[test]
fn both_feeds_are_read_back_by_a_feed_reader() {
    let digests = [week("2026-W46"), week("2026-W47")];
    for file in ["feed.atom", "feed.json"] {
        let feed = feed_rs::parser::parse(feed(&digests, file).as_bytes()).unwrap();
        assert_eq!(feed.entries.len(), 2, "{file}");
        assert_eq!(feed.entries[0].id, "tag:lab.example,2026:tidings/digest/2026-W47");
        assert_eq!(feed.entries[0].title.as_ref().unwrap().content, "Nothing needs your action this week (2026-W47)");
        assert!(
            feed.entries[0]
                .content
                .as_ref()
                .unwrap()
                .body
                .as_ref()
                .unwrap()
                .contains("<h3><a href=\"https://news.example/1\">Title 1</a></h3>")
        );
    }
}

#[test]
fn no_digests_make_empty_feeds() {
    assert!(!feed(&[], "feed.atom").contains("<entry>"));
    let json: serde_json::Value = serde_json::from_str(&feed(&[], "feed.json")).unwrap();
    assert_eq!(json["items"].as_array().unwrap().len(), 0);
}

fn alerts(numbers: &[usize]) -> Vec<Raised> {
    let raise = |n: &usize| {
        let at = time("2026-11-17T09:00:00Z") + SignedDuration::from_hours(*n as i64);
        let alert = alert::raise(telling(*n), at, &period().zone);
        Raised::Alert(format!("alerts/2026-11-17/s-{n:010}"), Box::new(alert))
    };
    numbers.iter().map(raise).collect()
}

fn alert_feed(raised: &[Raised], file: &str) -> String {
    let files = feeds::write_alerts(raised, "lab.example").unwrap();
    String::from_utf8(files.into_iter().find(|(name, _)| name == file).unwrap().1).unwrap()
}

#[test]
fn a_feed_reader_is_told_alerts_and_roll_ups_newest_first_and_each_once() {
    let mut raised = alerts(&[1, 3, 2]);
    raised.extend(alerts(&[3]));
    let tellings = vec![Telling { level: Level::Critical, ..telling(8) }, telling(9)];
    let date = jiff::civil::date(2026, 11, 18);
    let rollup = alert::roll_up(tellings, date, time("2026-11-18T17:00:00Z"), &period().zone);
    raised.push(Raised::Rollup("alerts/2026-11-18/rollup".to_owned(), rollup));
    for file in ["alerts.atom", "alerts.json"] {
        let feed = feed_rs::parser::parse(alert_feed(&raised, file).as_bytes()).unwrap();
        let ids: Vec<&str> = feed.entries.iter().map(|entry| entry.id.as_str()).collect();
        let id = |name: &str| format!("tag:lab.example,2026:tidings/{name}");
        let expected = ["rollup/2026-11-18", "alert/s-0000000003", "alert/s-0000000002", "alert/s-0000000001"].map(id);
        assert_eq!(ids, expected, "{file}");
        let content = feed.entries[1].content.as_ref().unwrap().body.as_ref().unwrap();
        assert!(content.contains("<h3><a href=\"https://news.example/3\">Title 3</a></h3>"), "{content}");
    }
    assert!(alert_feed(&raised, "alerts.atom").contains("href=\"alerts/2026-11-17/s-0000000003.html\""));
}

#[test]
fn the_feed_of_alerts_holds_the_newest_fifty_and_the_same_ones_give_the_same_bytes() {
    let raised = alerts(&(0..60).collect::<Vec<_>>());
    let feed = alert_feed(&raised, "alerts.atom");
    assert_eq!(feed.matches("<entry>").count(), 50);
    assert!(feed.contains("alert/s-0000000059") && !feed.contains("alert/s-0000000009<"));
    let turned: Vec<Raised> = raised.into_iter().rev().collect();
    assert_eq!(feed, alert_feed(&turned, "alerts.atom"));
    assert!(!alert_feed(&[], "alerts.atom").contains("<entry>"));
}

#[test]
fn hostile_words_are_no_markup_in_the_feed_of_alerts() {
    let evil = "<script>alert(1)</script> ]]> & <img src=x>";
    let evil = Telling { title: evil.to_owned(), excerpt: evil.to_owned(), source: evil.to_owned(), ..telling(1) };
    let alert = alert::raise(evil, time("2026-11-17T09:00:00Z"), &period().zone);
    let feed = alert_feed(&[Raised::Alert("alerts/2026-11-17/s-1".to_owned(), Box::new(alert))], "alerts.atom");
    let feed = feed_rs::parser::parse(feed.as_bytes()).unwrap();
    let content = feed.entries[0].content.as_ref().unwrap().body.as_ref().unwrap();
    assert!(!content.contains("<script") && !content.contains("<img"), "{content}");
}
