//! What reading makes of lists in JSON and of arXiv's feeds.

use jiff::Timestamp;
use tidings::config::{Mistake, read_settings, read_sources};
use tidings::item::FaultKind;
use tidings::read;
use tidings::source::{List, Origin};

use crate::support::cases::{check_fixtures, page};

/// What a line of sources.toml says.
fn origin(from: &str) -> Origin {
    read_sources("sources.toml", &format!("[[source]]\nname = \"A\"\n{from}\n")).unwrap().remove(0).from
}

#[test]
fn each_list_is_read_as_expected() {
    let own = origin(
        "from.json = { url = \"https://wren.example/api\", items = \"/data/posts\", id = \"/slug/current\", title = \"/name\", \
         link = \"/posts/{/slug/current}\", date = \"/published\", author = \"/by/name\", tags = \"/tags\" }",
    );
    check_fixtures("list", 10, |name, bytes| {
        let origin = match name {
            "json.json" => own.clone(),
            "hugging-face-papers.json" => Origin::List(Box::new(List::hugging_face_papers())),
            _ => Origin::List(Box::new(List::hacker_news("lantern code", 20))),
        };
        read::page(&page("https://api.example.org/v1/list?key=secret", bytes), &origin)
    });
}

#[test]
fn each_feed_of_arxiv_is_read_as_expected() {
    check_fixtures("arxiv", 4, |_, bytes| {
        read::page(&page("https://export.arxiv.org/api/query", bytes), &Origin::Arxiv("cat:cs.AI".to_owned()))
    });
}

#[test]
fn points_and_comments_do_not_change_an_items_words() {
    let story = |points: u32| {
        format!("{{\"hits\":[{{\"objectID\":\"1\",\"title\":\"A\",\"points\":{points},\"num_comments\":{points}}}]}}")
    };
    let read = |points| {
        let list = Origin::List(Box::new(List::hacker_news("a", 20)));
        read::page(&page("https://hn.example/", story(points)), &list).entries[0].content_hash()
    };
    assert_eq!(read(21), read(4000));
}

#[test]
fn a_paper_has_one_id_in_the_api_and_in_the_feed_and_an_empty_weekend_is_no_fault() {
    let url = "https://rss.arxiv.org/rss/cs.AI";
    let feed = origin(&format!("from.feed = \"{url}\""));
    let item = "<item><guid>oai:arXiv.org:2611.01234v7</guid><title>A</title></item>";
    let reading = read::page(&page(url, format!("<rss version=\"2.0\"><channel>{item}</channel></rss>")), &feed);
    assert_eq!(reading.entries[0].native.as_deref(), Some("arXiv:2611.01234"));
    assert_eq!(reading.entries[0].link.as_ref().map(|link| link.as_str()), Some("https://arxiv.org/abs/2611.01234"));
    assert!(feed.may_be_empty());
    assert!(!origin("from.feed = \"https://wren.example/feed\"").may_be_empty());
}

#[test]
fn addresses_are_as_the_services_document_them() {
    let check =
        |from: &str, address: &str| assert_eq!(origin(from).url(Timestamp::UNIX_EPOCH).as_str(), address, "{from}");
    check(
        "from.hacker-news = \"claude code\"",
        "https://hn.algolia.com/api/v1/search_by_date?query=claude+code&tags=story&numericFilters=points%3E20&hitsPerPage=100",
    );
    check(
        "from.hacker-news = { query = \"mcp\", points = 30 }",
        "https://hn.algolia.com/api/v1/search_by_date?query=mcp&tags=story&numericFilters=points%3E30&hitsPerPage=100",
    );
    check("from.hugging-face-papers = {}", "https://huggingface.co/api/daily_papers");
    check("from.hugging-face-papers = \"daily\"", "https://huggingface.co/api/daily_papers");
    check(
        "from.arxiv = 'cat:cs.AI AND abs:\"prompt injection\"'",
        "https://export.arxiv.org/api/query?search_query=cat%3Acs.AI+AND+abs%3A%22prompt+injection%22&sortBy=submittedDate\
         &sortOrder=descending&max_results=100",
    );
    check("from.reddit = \"r/ClaudeAI\"", "https://www.reddit.com/r/ClaudeAI/new.json?limit=100&raw_json=1");
    check(
        "from.reddit = { subreddit = \"ClaudeAI\", listing = \"top\", period = \"week\" }",
        "https://www.reddit.com/r/ClaudeAI/top.json?t=week&limit=100&raw_json=1",
    );
}

#[test]
fn hostile_json_is_a_fault_and_no_more() {
    let list = Origin::List(Box::new(List::hacker_news("a", 20)));
    let deep = format!("{{\"hits\":{}", "[".repeat(200_000));
    let many = format!("{{\"hits\":[{}]}}", vec!["{}"; 200_000].join(","));
    let long = format!("{{\"hits\":[{{\"title\":\"{}\"}}]}}", "word ".repeat(1_000_000));
    for text in [deep.as_str(), &many, "[[[[", "{\"hits\":{\"hits\":7}}", "null", "\u{0}"] {
        let reading = read::page(&page("https://hn.example/", text), &list);
        assert!(reading.entries.is_empty());
        assert_eq!(reading.faults[0].kind, FaultKind::NotAFeed, "{}", reading.faults[0].message);
    }
    let reading = read::page(&page("https://hn.example/", long), &list);
    assert!(reading.entries[0].title.chars().count() <= 500);
}

fn told(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(|mistake| format!("{mistake}\n\n")).collect()
}

#[test]
fn every_mistake_in_a_line_is_told_with_its_place_and_remedy() {
    let sources = include_str!("../fixtures/config/mistaken-kinds.toml");
    insta::assert_snapshot!("mistaken_kinds", told(&read_sources("sources.toml", sources).unwrap_err()));
}

#[test]
fn reddits_account_is_named_by_its_places_and_never_written_out() {
    let text =
        "[reddit]\nuser = \"two words\"\nsecret = \"hunter2\"\nid_env = \"ID\"\nuser_env = \"ME\"\napi = \"reddit\"\n";
    let told = told(&read_settings("tidings.toml", text).unwrap_err());
    assert!(!told.contains("hunter2"), "{told}");
    insta::assert_snapshot!("mistaken_reddit", told);
}
