//! Web pages as sources, and the main text of articles.

use std::path::Path;
use std::time::{Duration, Instant};

use tidings::config::read_sources;
use tidings::item::{Entry, FaultKind, Reading};
use tidings::page::{Mark, Page, Room};
use tidings::read;
use tidings::source::{Origin, Source};
use url::Url;

fn page(bytes: impl Into<Vec<u8>>) -> Page {
    Page {
        url: Url::parse("https://harbour.example/posts").unwrap(),
        content_type: Some("text/html; charset=utf-8".to_owned()),
        bytes: bytes.into(),
        mark: Mark::default(),
        room: Room::default(),
    }
}

fn origin(from: &str) -> Origin {
    let text = format!("[[source]]\nname = \"Harbour\"\n{from}\n");
    let [source] = <[Source; 1]>::try_from(read_sources("sources.toml", &text).unwrap()).unwrap();
    source.from
}

fn fixture(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/page").join(name)).unwrap()
}

fn read_with(from: &str, html: &str) -> Reading {
    read::page(&page(html), &origin(&format!("from.page = {{ url = \"https://harbour.example/posts\", {from} }}")))
}

fn lines(reading: &Reading) -> Vec<String> {
    assert_eq!(reading.faults, []);
    let line = |entry: &Entry| {
        let date = entry.published.map_or("undated".to_owned(), |at| at.strftime("%Y-%m-%d").to_string());
        let link = entry.link.as_ref().map_or("no link", Url::as_str);
        format!("{date} {} <{link}> {}", entry.title, entry.text.replace('\n', "/"))
    };
    reading.entries.iter().map(line).collect()
}

#[test]
fn cards_are_found_by_their_links_and_each_counts_once() {
    let reading = read_with("item = 'a[href^=\"/posts\"]', title = 'h3, [class*=\"title\"]'", &fixture("cards.html"));
    let expected = [
        "2026-05-06 Lanterns in the fog: how we read logs <https://harbour.example/posts/lanterns> ",
        "2026-04-02 Anchors & buoys <https://harbour.example/posts/anchors> ",
        "2026-03-30 Tides <https://harbour.example/posts/tides> ",
    ];
    assert_eq!(lines(&reading), expected);
}

#[test]
fn headings_take_what_follows_them_and_their_anchor_is_their_link() {
    let expected = [
        "2026-05-06 May 6, 2026 <https://harbour.example/posts#may-6> * Lights go on by themselves. See lights./* Fog \
         horns have a volume.",
        "2026-04-30 April 30th, 2026 <https://harbour.example/posts#april-30th> The old pier is gone.//Use the new one.",
        "undated Undated <no link> A section without an anchor.",
    ];
    assert_eq!(lines(&read_with("item = \"h3\"", &fixture("sections.html"))), expected);
}

#[test]
fn items_are_read_out_of_json_that_the_page_carries() {
    let flight = "json = { items = \"/**\", title = \"/title\", link = \"/news/{/slug/current}\", date = \"/publishedOn\", \
                  text = \"/summary\" }";
    let expected = ["2026-05-06 Keel laid <https://harbour.example/news/keel> A ship begins."];
    assert_eq!(lines(&read_with(flight, &fixture("flight.html"))), expected);
    let expected = [
        "2026-03-01 Moorings <https://harbour.example/blog/moorings> ",
        "2026-02-01 Ballast <https://harbour.example/blog/ballast> ",
    ];
    assert_eq!(lines(&read_with("preset = \"json-ld\"", &fixture("json-ld.html"))), expected);
}

#[test]
fn a_known_page_needs_only_its_address_and_falls_back_on_its_markup() {
    let news = origin("from.page = \"https://www.anthropic.com/news\"");
    let at_news = |html: &str| {
        let page = Page { url: Url::parse("https://www.anthropic.com/news").unwrap(), ..page(html) };
        lines(&read::page(&page, &news))
    };
    assert_eq!(
        at_news(&fixture("flight.html")),
        ["2026-05-06 Keel laid <https://www.anthropic.com/news/keel> A ship begins."]
    );
    let markup =
        "<li><a href=\"/news/keel\"><time>May 6, 2026</time><span class=\"a_title__1\">Keel laid</span></a></li>";
    assert_eq!(at_news(markup), ["2026-05-06 Keel laid <https://www.anthropic.com/news/keel> "]);
}

#[test]
fn a_page_in_which_nothing_is_found_says_what_was_looked_for() {
    for html in ["<p>Rebuilt</p>", "<a href=\"/other\">x</a>"] {
        let reading = read_with("item = \"article.post\"", html);
        assert_eq!((reading.entries.len(), reading.faults[0].kind), (0, FaultKind::Empty));
        let message = &reading.faults[0].message;
        assert!(message.contains("`article.post`") && message.contains("from.page"), "{message}");
    }
    for bytes in ["", "{\"error\": 1}", "plain words"] {
        let reading = read_with("item = \"article\"", bytes);
        assert_eq!(reading.faults[0].kind, FaultKind::NotAFeed, "{bytes}");
    }
}

#[test]
fn mistakes_about_pages_have_a_place_and_a_remedy() {
    let text = "[[source]]\nname = \"A\"\nfrom.page = \"https://unknown.example/\"\n\
                [[source]]\nname = \"B\"\nfrom.page = { url = \"https://b.example/\", item = \"a..b\" }\n\
                [[source]]\nname = \"C\"\nfrom.page = { url = \"https://c.example/\", json = { items = \"posts\" } }\n\
                [[source]]\nname = \"D\"\nfrom.page = { url = \"https://d.example/\", preset = \"claude-blogs\" }\n\
                [[source]]\nname = \"E\"\nfrom.page = { item = \"article\", titel = \"h2\" }\n";
    let mistakes = read_sources("sources.toml", text).unwrap_err();
    let told: Vec<String> = mistakes.iter().map(|mistake| format!("{mistake}\n")).collect();
    insta::assert_snapshot!("mistaken_pages", told.join("\n"));
}

/// Hundreds of times the size of any page, in less time than a person would wait.
#[test]
fn hostile_pages_cost_bounded_time_and_never_panic() {
    let deep = format!("{}<p>words</p>{}", "<div><a href=/posts/x>".repeat(100_000), "</a></div>".repeat(100_000));
    let many = "<p><a href='/posts/x'>word</a>".repeat(1_000_000);
    let cases = [
        deep,
        many,
        "<b><i><font color=red>".repeat(100_000) + &"<p>x".repeat(100_000),
        "<a href=\"".repeat(300_000),
        "<p x='<".repeat(300_000),
        "<table>".repeat(200_000),
        "x".repeat(10_000_000),
        format!("<p>{}", "word ".repeat(2_000_000)),
        "<script>self.__next_f.push([1,\"1:[[[[".repeat(50_000),
        "<html>".to_owned(),
        "<body></body>".to_owned(),
        "\u{0}\u{1}<p>\u{fffe}</p>".to_owned(),
    ];
    let started = Instant::now();
    for case in cases {
        let reading = read_with("item = 'a[href^=\"/posts\"]'", &case);
        assert!(reading.entries.len() <= 2000);
        if let Ok(entry) = read::article(&page(case)) {
            assert!(entry.text.len() <= 200_000);
        }
    }
    // Without optimisation, on a busy machine.
    assert!(started.elapsed() < Duration::from_secs(240), "{:?}", started.elapsed());
}

#[test]
fn an_article_is_its_text_without_what_stands_around_it() {
    let paragraph = "The keel was laid in spring, and the yard has worked on the hull ever since, in rain and in fog. ";
    let html = format!(
        "<html><head><title>Keel laid | Harbour</title><meta name=author content=\"Ada Moor\">\
         <meta property=\"article:published_time\" content=\"2026-05-06T09:00:00Z\"></head><body>\
         <nav><a href=/>Home</a> <a href=/posts>Posts</a></nav><div class=cookie-banner>We bake cookies.</div>\
         <article><h1>Keel laid</h1><p>{0}</p><p>{0}</p><ul><li>Oak for the frames, {0}</li></ul>\
         <pre><code>lay --keel\n  oak</code></pre><table><tr><td>Length</td><td>12 m</td></tr></table>\
         <figure><img alt=\"A picture\"><figcaption>The yard in May</figcaption></figure><p>{0}</p>\
         <div class=\"sharedaddy\">Share this with your crew</div></article>\
         <div id=comments><p>First! {0}</p></div><footer>Made in a harbour</footer></body></html>",
        paragraph.repeat(3)
    );
    let entry = read::article(&page(html)).unwrap();
    assert_eq!((entry.title.as_str(), entry.author.as_deref()), ("Keel laid", Some("Ada Moor")));
    assert_eq!(entry.published.map(|at| at.to_string()).as_deref(), Some("2026-05-06T09:00:00Z"));
    for kept in ["Oak for the frames", "lay --keel\n  oak", "Length | 12 m"] {
        assert!(entry.text.contains(kept), "{kept}: {}", entry.text);
    }
    for gone in ["Home", "cookies", "The yard in May", "A picture", "Share this", "First!", "Made in"] {
        assert!(!entry.text.contains(gone), "{gone}: {}", entry.text);
    }
    let fault = read::article(&page("%PDF-1.7 no page")).unwrap_err();
    assert!(fault.message.contains("no web page"), "{}", fault.message);
}
