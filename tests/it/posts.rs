//! What reading makes of Reddit's listings and feeds.

use tidings::read;
use tidings::source::{Origin, Reddit};

use crate::support::cases::{check_fixtures, page};

const LISTING: &str = include_str!("../fixtures/reddit/listing.json");
const FEED: &str = include_str!("../fixtures/reddit/feed.atom");

fn titles(text: &str, source: Reddit) -> Vec<String> {
    let reading = read::page(&page("https://www.reddit.com/r/LanternCode/new.json", text), &Origin::Reddit(source));
    reading.entries.into_iter().map(|entry| entry.title).collect()
}

#[test]
fn each_listing_and_feed_is_read_as_expected() {
    check_fixtures("reddit", 7, |_, bytes| {
        read::page(
            &page("https://www.reddit.com/r/LanternCode/new.json?x=secret", bytes),
            &Origin::Reddit(Reddit::of("LanternCode")),
        )
    });
}

#[test]
fn a_post_says_the_same_with_an_account_and_without() {
    let read = |text: &str| {
        let page = page("https://www.reddit.com/r/LanternCode/new.json", text);
        let entries = read::page(&page, &Origin::Reddit(Reddit::of("LanternCode"))).entries;
        entries.into_iter().find(|entry| entry.native.as_deref() == Some("t3_1aa02")).unwrap()
    };
    let (api, feed) = (read(LISTING), read(FEED));
    assert_eq!((&api.link, &api.author, api.content_hash()), (&feed.link, &feed.author, feed.content_hash()));
}

#[test]
fn filters_leave_out_what_they_say() {
    let of = |change: &dyn Fn(&mut Reddit)| {
        let mut source = Reddit::of("LanternCode");
        change(&mut source);
        titles(LISTING, source)
    };
    let all = ["4.12.2 asks twice & stops", "A talk about sandboxes", "Words of nobody"];
    assert_eq!(of(&|_| ()), all);
    assert_eq!(of(&|source| source.pinned = true).len(), 4);
    assert_eq!(of(&|source| source.least_score = 12), all[..2]);
    assert_eq!(of(&|source| source.flairs = vec!["news".to_owned()]), all[1..2]);
    assert_eq!(of(&|source| source.keywords = vec!["sandbox".to_owned(), "nobody".to_owned()]), all[1..]);
    assert_eq!(of(&|source| source.keywords = vec!["quantum".to_owned()]), Vec::<String>::new());
}
