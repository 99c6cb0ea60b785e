//! The digests as feeds.

use tidings::edition::Digest;
use tidings::tell::feeds;

use super::samples::{digest, telling};

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
