//! Stories: what is one happening, who speaks for it, and when it is news again.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tidings::config::Interests;
use tidings::item::{Item, ItemId, Place};
use tidings::judge::Judge;
use tidings::judge::group::Grouping;
use tidings::source::Trust::{self, Community, Expert, Official};
use tidings::story::{Rise, Story};
use tidings::verdict::Level;

/// Of the pairs that are not one story, so many may be joined.
const MOST_JOINED: usize = 3;
/// Of the pairs that are one story, so many are found.
const LEAST_FOUND: usize = 58;

fn judge() -> Judge {
    Judge::new(&Interests { watch: vec!["lantern-code".to_owned(), "beacon".to_owned()], ..Interests::default() })
}

fn at(day: &str) -> Timestamp {
    format!("{day}T12:00:00Z").parse().unwrap()
}

fn item(source: &str, trust: Trust, title: &str, link: &str, at: Timestamp) -> Item {
    Item {
        id: ItemId::first_seen(source, &format!("{title} {link} {at}"), 0),
        source: source.to_owned(),
        trust,
        topics: Vec::new(),
        title: title.to_owned(),
        link: link.parse().ok(),
        author: None,
        published: Some(at),
        seen: at,
        changed: None,
        content: String::new(),
        baseline: false,
        place: Place { file: String::new(), frame: 0, start: 0, length: 0 },
    }
}

/// Whether two items come to one story, whichever comes first.
fn are_one(judge: &Judge, pair: &Value) -> [bool; 2] {
    let read = |side: &str| {
        let side = &pair[side];
        let words = |name: &str| side[name].as_str().unwrap();
        let item = item(words("source"), Community, words("title"), words("url"), at(words("date")));
        (item, words("text").to_owned())
    };
    let (a, b) = (read("a"), read("b"));
    [[&a, &b], [&b, &a]].map(|order| {
        let mut grouping = Grouping::new(judge);
        let ids = order.map(|(item, text)| grouping.place(item, text));
        ids[0] == ids[1]
    })
}

#[test]
fn hard_pairs_stay_apart_and_true_pairs_come_together() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/judge/pairs.jsonl");
    let (mut joined, mut missed, mut apart, mut one) = (Vec::new(), Vec::new(), 0, 0);
    for line in fs::read_to_string(path).unwrap().lines() {
        let pair: Value = serde_json::from_str(line).unwrap();
        let found = are_one(&judge(), &pair);
        let words = format!("{}: {} / {}", pair["why"], pair["a"]["title"], pair["b"]["title"]);
        if pair["same"].as_bool().unwrap() {
            one += 1;
            if found != [true, true] {
                missed.push(words);
            }
        } else {
            apart += 1;
            if found != [false, false] {
                joined.push(words);
            }
        }
    }
    println!("{} of {apart} other pairs joined: {joined:#?}", joined.len());
    println!("{} of {one} true pairs missed: {missed:#?}", missed.len());
    assert!(apart >= 100 && one >= 60, "{apart} other pairs, {one} true ones");
    assert!(joined.len() <= MOST_JOINED, "joined: {joined:#?}");
    assert!(one - missed.len() >= LEAST_FOUND, "missed: {missed:#?}");
}

/// Which story each title comes to, told on a day of November by a source of its own or by a named one.
fn placed(told: &[(i64, &str, &str)]) -> Vec<String> {
    let judge = judge();
    let mut grouping = Grouping::new(&judge);
    let place = |(number, (day, source, title)): (usize, &(i64, &str, &str))| {
        let source = if source.is_empty() { format!("s{number}") } else { (*source).to_owned() };
        let at = at("2026-11-01") + SignedDuration::from_hours(24 * day);
        grouping.place(&item(&source, Community, title, &format!("https://{source}.example/{number}"), at), "").0
    };
    told.iter().enumerate().map(place).collect()
}

#[test]
fn a_story_goes_on_for_two_weeks_where_its_words_are_its_own() {
    let first = (0, "", "Marlow Foundry sues Tessel over stolen wafer drawings");
    let later = |day| (day, "", "Tessel answers Marlow Foundry over the wafer drawings");
    let are_one = |told: &[_]| placed(told).windows(2).all(|pair| pair[0] == pair[1]);
    assert!(are_one(&[first, later(10)]));
    assert!(!are_one(&[first, later(16)]), "after two weeks it is another");
    assert!(!are_one(&[first, (10, "", "Marlow Foundry opens a plant in Ghent")]), "one name is not enough");
}

#[test]
fn what_a_story_keeps_repeating_finds_more_of_it_unless_it_was_told_of_before() {
    let burst = [
        (20, "", "Lumen's chatbot quarantine angers teachers"),
        (20, "", "The chatbot quarantine angers parents of Lumen's pupils"),
        (21, "", "Who asked for a quarantine?"),
    ];
    let ids = placed(&burst);
    assert!(ids[0] == ids[1] && ids[1] == ids[2], "{ids:?}");

    // A word that many others used in the weeks before is nobody's.
    let places = ["Oslo", "Lima", "Ghent", "Kyoto", "Perth", "Tunis"];
    let titles: Vec<String> = places.iter().map(|place| format!("{place} ends its quarantine")).collect();
    let earlier = titles.iter().enumerate().map(|(day, title)| (8 + day as i64, "", title.as_str()));
    let ids = placed(&earlier.chain(burst).collect::<Vec<_>>());
    let ids = &ids[places.len()..];
    assert!(ids[0] == ids[1] && ids[1] != ids[2], "{ids:?}");
}

#[test]
fn a_source_that_tells_a_story_from_several_sites_carries_others_words() {
    let judge = judge();
    let mut grouping = Grouping::new(&judge);
    let mut place = |source: &str, title: &str, link: &str| {
        grouping.place(&item(source, Community, title, link, at("2026-11-17")), "")
    };
    let first = place("lists", "Heron 5 system card", "https://heron.example/card");
    assert_ne!(place("maker", "Osprey 3 system card", "https://osprey.example/card"), first);
    assert_eq!(place("lists", "Heron 5 benchmark results", "https://bench.example/heron"), first);
    assert_eq!(place("lists", "Meet Heron 5", "https://heron.example/news"), first, "a carrier's third voice");
}

/// The one story of items given as source, trust, title, link and text, an hour apart.
fn story(items: &[(&str, Trust, &str, &str, &str)]) -> Story {
    let judge = judge();
    let mut grouping = Grouping::new(&judge);
    let mut ids = Vec::new();
    for (hours, (source, trust, title, link, text)) in items.iter().enumerate() {
        let item = item(source, *trust, title, link, at("2026-11-17") + SignedDuration::from_hours(hours as i64));
        ids.push(grouping.place_judged(&item, text, &judge.verdict(&item, text, item.seen)));
    }
    assert!(ids.iter().all(|id| *id == ids[0]), "one story: {ids:?}");
    grouping.story(&ids[0]).unwrap()
}

const HOLE: &str = "GHSA-2x4c-9f3m-77qp: lantern-code runs commands too early.";

#[test]
fn sites_are_registered_domains_and_carriers_lend_theirs_to_the_page_they_link_to() {
    let site = |link: &str, text: &str| {
        let items = [("any", Community, "A title of no weight", link, text)];
        story(&items).members[0].site.clone()
    };
    for (link, text, expected) in [
        ("https://blog.lab.co.uk/post", "", "lab.co.uk"),
        ("https://www.vale.example/x", "", "vale.example"),
        ("https://one.github.io/x", "", "one.github.io"),
        ("https://one.blogspot.com/x", "", "one.blogspot.com"),
        ("https://one.substack.com/p/x", "", "one.substack.com"),
        ("https://github.com/One/tool/releases", "", "github.com/one"),
        ("https://news.ycombinator.com/item?id=1", "", "ycombinator.com"),
        ("https://www.reddit.com/r/ml/comments/1/x/", "https://news.vale.example/x", "vale.example"),
        ("https://xcancel.com/one/status/1", "", "x.com"),
        ("https://twitter.com/one/status/1", "", "x.com"),
        ("http://127.0.0.1:8080/x", "", "127.0.0.1"),
    ] {
        assert_eq!(site(link, text), expected, "{link}");
    }
}

#[test]
fn a_link_post_of_the_page_itself_is_no_second_leg() {
    let blog = ("blog", Expert, "A hole in lantern-code", "https://vale.example/hole", HOLE);
    let level = |page: &str| {
        let text = format!("{page} {HOLE}");
        let post =
            ("reddit", Community, "lantern-code runs anything", "https://www.reddit.com/r/x/comments/1/", &*text);
        story(&[blog, post]).verdict.level
    };
    assert_eq!(level("https://www.vale.example/hole?utm_source=reddit"), Level::Notable);
    assert_eq!(level("https://other.example/hole"), Level::Critical);
}

#[test]
fn the_lead_is_chosen_in_the_order_that_is_written_down() {
    let lead = |items: &[(&str, Trust, &str, &str, &str)]| {
        let story = story(items);
        story.members.iter().find(|member| member.item == story.lead).unwrap().source.clone()
    };
    let id = "GHSA-2x4c-9f3m-77qp";
    let forum = ("forum", Community, "lantern-code told in very many words here", "https://forum.example/1", id);
    let paper = ("paper", Expert, "lantern-code in the news of today", "https://paper.example/1", id);
    let maker = ("maker", Expert, "lantern-code, told by lantern itself", "https://lantern.example/1", id);
    let bare = ("bare", Expert, "lantern-code 4.12.3", "https://bare.example/1", id);
    let terse = ("terse", Expert, "Mind lantern-code, people", "https://terse.example/1", id);
    assert_eq!(lead(&[forum, paper]), "paper", "trust first");
    assert_eq!(lead(&[paper, maker]), "maker", "then the maker of the thing");
    assert_eq!(lead(&[bare, paper]), "paper", "then a telling title");
    assert_eq!(lead(&[terse, paper]), "paper", "and a fuller one");
    assert_eq!(
        lead(&[paper, ("later", paper.1, paper.2, "https://later.example/1", id)]),
        "paper",
        "then the earliest"
    );
}

#[test]
fn a_new_id_or_version_reopens_an_alarm_and_a_stranger_cannot() {
    let first = ("blog", Official, "Hole in lantern-code", "https://lantern.example/1", HOLE);
    let fix = (
        "advisories",
        Official,
        "lantern-code: hole mended",
        "https://lantern.example/2",
        "GHSA-2x4c-9f3m-77qp: fixed in 4.12.3.",
    );
    let rises = |items: &[_]| -> Vec<Rise> { story(items).rises };
    let both = rises(&[first, fix]);
    assert_eq!(both.len(), 2);
    assert_eq!((both[1].level, both[1].asks, both[1].is_told()), (Level::Critical, true, true));
    assert_eq!(both[1].news.as_deref(), Some("new: mended in 4.12.3"));

    let id = (
        "expert",
        Expert,
        "lantern-code hole numbered",
        "https://vale.example/3",
        "GHSA-2x4c-9f3m-77qp is CVE-2026-12345.",
    );
    let numbered = rises(&[first, fix, id]);
    assert_eq!(numbered[2].news.as_deref(), Some("new: now known as CVE-2026-12345"));
    assert!(!numbered[2].is_told(), "nothing new to do");

    let stranger = (
        "forum",
        Community,
        "lantern-code hole mended",
        "https://forum.example/4",
        "GHSA-2x4c-9f3m-77qp is CVE-2026-99999, fixed in 9.9.9.",
    );
    assert_eq!(rises(&[first, stranger]).len(), 1);
    assert_eq!(
        rises(&[first, fix, ("mirror", fix.1, fix.2, "https://mirror.example/2", fix.4)]).len(),
        2,
        "what was said before is no news"
    );
}

#[test]
fn what_the_maker_confirms_is_news_of_a_rumour() {
    let rumour = ("blog", Expert, "A hole in lantern-code", "https://vale.example/1", HOLE);
    let other = ("forum", Community, "lantern-code runs anything", "https://forum.example/1", HOLE);
    let maker = ("maker", Official, "lantern-code advisory", "https://lantern.example/1", HOLE);
    let story = story(&[rumour, other, maker]);
    assert_eq!(story.rises.last().unwrap().news.as_deref(), Some("new: confirmed by the maker"));
    assert_eq!(story.verdict.level, Level::Critical);
}

#[test]
fn a_story_of_an_older_store_is_read_and_joined() {
    let old = r#"{"item":"i-0000000000","source":"blog","trust":"expert","site":"vale.example","level":"notable",
        "leg":true,"bare":false}"#;
    let member: tidings::story::Member = serde_json::from_str(old).unwrap();
    assert_eq!((member.maker, member.sketch), (false, None));
    let rise: Rise = serde_json::from_str(r#"{"at":"2026-11-17T12:00:00Z","level":"notable"}"#).unwrap();
    assert_eq!(rise, Rise::to(Level::Notable, at("2026-11-17")));
}

#[test]
fn time_grows_with_the_items_and_not_with_their_square() {
    let judge = judge();
    let mut grouping = Grouping::new(&judge);
    let names = ["otter", "heron", "kestrel", "osprey", "marlow", "thistle", "foxglove", "linden", "harrow", "quill"];
    let begun = Instant::now();
    for number in 0..2_000_usize {
        let title: Vec<String> = (0..6)
            .map(|place| format!("{}{}", names[(number * 7 + place * 3) % 10], (number * 31 + place * 17) % 97))
            .collect();
        let source = format!("s{}", number % 50);
        let item = item(
            &source,
            Community,
            &title.join(" "),
            &format!("https://{source}.example/{number}"),
            at("2026-11-01") + SignedDuration::from_mins(number as i64 * 4),
        );
        grouping.place(&item, "");
    }
    // A bound against growth by the square; the figure of an optimised build is in tests/peers/FIGURES.md.
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}
