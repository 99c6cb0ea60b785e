//! Who may come in, what every answer carries, and what happens to those who ask badly.

use std::fs;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use tidings::config::{Proxy, SecretName};
use tidings::flow::ask;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::pages::{Pages, TOKEN};
use crate::river::Lab;

const NOW: &str = "2026-11-17T10:00:00Z";
const HOLE: (&str, &str, &str) = (
    "hole",
    "Security: lantern-code 4.12.3 fixes &amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt; &amp;amp; \u{202e}more",
    "Every version before 4.12.3 runs commands of a repository. Update to 4.12.3. CVE-2026-99001, severity critical.",
);
const OLD: (&str, &str, &str) = ("old", "lantern-code 4.0.0", "The first one.");

/// A home that told of a hole.
async fn lab() -> Lab {
    let lab = Lab::new();
    lab.run("2026-11-17T08:00:00Z", &[OLD]).await;
    lab.run("2026-11-17T09:00:00Z", &[HOLE, OLD]).await;
    lab
}

#[tokio::test]
async fn today_tells_what_mattered_and_each_story_says_why() {
    let lab = lab().await;
    let pages = Pages::of(&lab.setup, NOW).await;
    let today = pages.page("/").await;
    assert!(today.contains("class=\"level critical\""), "{today}");
    assert!(today.contains("Last good run <time datetime=\"2026-11-17T09:00:00Z\""), "{today}");
    // What a publisher writes is words, on every page.
    assert!(today.contains("fixes &lt;script&gt;alert(1)&lt;/script&gt; &amp; more"), "{today}");
    assert!(!today.contains("<script") && !today.contains('\u{202e}'), "{today}");
    let story = today.split("/stories/").nth(1).unwrap().split('"').next().unwrap();
    let page = pages.page(&format!("/stories/{story}")).await;
    for words in ["What to do:", "Why it was weighed so", "rule", "rose to critical", "runs commands of a repository"] {
        assert!(page.contains(words), "no {words:?} in {page}");
    }
    let item = page.split("/items/").nth(1).unwrap().split('"').next().unwrap();
    assert!(pages.page(&format!("/items/{item}")).await.contains("What to do:"));
}

#[tokio::test]
async fn a_home_in_which_nothing_ran_says_what_to_do() {
    let lab = Lab::new();
    fs::create_dir_all(lab.setup.home.folder()).unwrap();
    let pages = Pages::of(&lab.setup, NOW).await;
    assert!(pages.page("/").await.contains("<code>tidings run</code>"));
    for path in ["/items/i-0000000000", "/stories/s-0000000000"] {
        let response = pages.get(path).await;
        assert!(response.status().is_client_error() || response.status() == StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(response.text().await.unwrap().contains("<h1>"), "{path}");
    }
    // Looking changed nothing.
    assert_eq!(fs::read_dir(lab.setup.home.folder()).unwrap().count(), 0);
}

#[tokio::test]
async fn an_index_that_is_gone_costs_the_texts_and_not_the_stories() {
    let lab = lab().await;
    fs::remove_dir_all(lab.setup.home.folder().join("index")).unwrap();
    let pages = Pages::of(&lab.setup, NOW).await;
    let today = pages.page("/").await;
    let story = today.split("/stories/").nth(1).unwrap().split('"').next().unwrap();
    assert!(pages.page(&format!("/stories/{story}")).await.contains("rose to critical"));
}

#[tokio::test]
async fn a_thumb_goes_to_the_inbox_and_leads_back() {
    let lab = lab().await;
    let pages = Pages::of(&lab.setup, NOW).await;
    let today = pages.page("/").await;
    let story = today.split("/stories/").nth(1).unwrap().split('"').next().unwrap();
    let response = pages.send("/thumbs", &[("id", story), ("way", "up"), ("back", "/?said=down")]).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(response.headers()["location"], "/?said=up");
    assert_eq!(ask::inbox(&lab.setup.home).unwrap().waiting, 1);
    assert!(pages.page("/?said=up").await.contains("Noted: worth reading"));
    let bad = [
        [("id", "i-0000000000"), ("way", "up"), ("back", "/")],
        [("id", story), ("way", "sideways"), ("back", "/")],
        [("id", "../../etc/passwd"), ("way", "up"), ("back", "/")],
    ];
    for form in bad {
        assert!(pages.send("/thumbs", &form).await.status().is_client_error(), "{form:?}");
    }
    let away = pages.send("/thumbs", &[("id", story), ("way", "down"), ("back", "//evil.example/")]).await;
    assert_eq!(away.headers()["location"], "/?said=down");
    assert_eq!(ask::inbox(&lab.setup.home).unwrap().waiting, 1, "a later thumb on the same item replaces it");
    assert!(pages.get("/thumbs").await.status() == StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn another_page_can_neither_read_these_nor_press_their_buttons() {
    let lab = lab().await;
    let pages = Pages::of(&lab.setup, NOW).await;
    let story = pages.page("/").await.split("/stories/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    for host in ["evil.example", "localhost.evil.example:80", "", "a b"] {
        let response = pages.ask(Method::GET, "/").header("host", host).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::MISDIRECTED_REQUEST, "{host}");
        assert!(!response.text().await.unwrap().contains("lantern"), "{host}");
    }
    let form = format!("id={story}&way=up&back=/");
    for (name, value) in [
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let sent = pages.ask(Method::POST, "/thumbs").header("content-type", "application/x-www-form-urlencoded");
        let response = sent.header(name, value).body(form.clone()).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{name}: {value}");
    }
    assert_eq!(ask::inbox(&lab.setup.home).unwrap().waiting, 0);
}

#[tokio::test]
async fn every_answer_forbids_scripts_frames_and_guesses() {
    let lab = lab().await;
    let pages = Pages::of(&lab.setup, NOW).await;
    let style =
        pages.page("/").await.split("rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    for path in ["/", "/nothing", "/items/i-0000000000", &style, "/%2e%2e/%2e%2e/etc/passwd", "/items/..%2f..%2fetc"] {
        let response = pages.get(path).await;
        let headers = response.headers();
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert!(!policy.contains("script-src") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        let caching = headers["cache-control"].to_str().unwrap();
        assert_eq!(caching.contains("no-store"), path != style, "{path}: {caching}");
        assert!(!response.text().await.unwrap().contains("root:"), "{path}");
    }
}

#[tokio::test]
async fn from_elsewhere_the_token_opens_or_the_proxys_word() {
    let mut lab = lab().await;
    let web = &mut lab.setup.config.web;
    web.token = Some(SecretName::Env("TIDINGS_WEB_TOKEN".to_owned()));
    web.proxy = Some(Proxy { user_header: "x-user".to_owned(), from: vec!["127.0.0.1/32".parse().unwrap()] });
    let pages = Pages::of(&lab.setup, NOW).await;
    // What another program hands on comes from elsewhere, although that program is ours.
    let from_elsewhere = || pages.ask(Method::GET, "/").header("x-forwarded-for", "203.0.113.9");
    let stranger = from_elsewhere().send().await.unwrap();
    assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);
    let offered: Vec<_> = stranger.headers().get_all("www-authenticate").iter().collect();
    assert!(offered.len() == 2 && offered[0].to_str().unwrap().starts_with("Basic"), "{offered:?}");
    assert!(!stranger.text().await.unwrap().contains("lantern"));
    assert_eq!(from_elsewhere().bearer_auth("a guess of that length, perhaps?").send().await.unwrap().status(), 401);
    assert_eq!(from_elsewhere().bearer_auth(TOKEN).send().await.unwrap().status(), 200);
    assert_eq!(from_elsewhere().basic_auth("ana", Some(TOKEN)).send().await.unwrap().status(), 200);
    let named = from_elsewhere().header("x-user", "ana@lab.example").send().await.unwrap();
    assert!(named.text().await.unwrap().contains("you are ana@lab.example"));
    // The style of the page that says so is no secret, nor is whether the house stands.
    let style =
        pages.page("/").await.split("rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let response = pages.ask(Method::GET, &style).header("x-forwarded-for", "203.0.113.9").send().await.unwrap();
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn odd_and_huge_requests_get_a_plain_answer_and_the_next_visitor_a_page() {
    let lab = lab().await;
    let pages = Pages::of(&lab.setup, NOW).await;
    let long = |bytes: usize| format!("GET /?q={} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(bytes)).into_bytes();
    let many = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "x: y\r\n".repeat(50_000)).into_bytes();
    let body = b"POST /thumbs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
        Content-Length: 999999999\r\n\r\n";
    for (asked, status) in [
        (long(10_000), "414"),
        (long(1_000_000), "431"),
        (many, "431"),
        (body.to_vec(), "413"),
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), "421"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n".to_vec(), "421"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a greeting in TLS\r\n\r\n".to_vec(), "400"),
        (b"BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(), "405"),
        (b"GET /items/i-%00%ff HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(), "40"),
    ] {
        let mut stream = TcpStream::connect(pages.address).await.unwrap();
        // Who is refused early may find the line shut while still sending.
        let _ = stream.write_all(&asked).await;
        let mut answer = vec![0; 64];
        let read = tokio::time::timeout(Duration::from_secs(20), stream.read(&mut answer)).await.unwrap().unwrap_or(0);
        let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
        let expected = format!("HTTP/1.1 {status}");
        assert!(
            answer.starts_with(&expected),
            "{:?}: {answer:?}",
            String::from_utf8_lossy(&asked[..60.min(asked.len())])
        );
    }
    pages.page("/").await;
}

#[tokio::test]
async fn those_who_never_end_their_request_keep_nobody_out() {
    let lab = lab().await;
    let pages = Pages::of(&lab.setup, NOW).await;
    let mut slow = Vec::new();
    for _ in 0..100 {
        let mut stream = TcpStream::connect(pages.address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: local").await.unwrap();
        slow.push(stream);
    }
    pages.page("/").await;
}

#[tokio::test]
async fn a_thumb_that_cannot_be_written_is_told_with_its_place_and_is_not_said_to_count() {
    let lab = lab().await;
    let pages = Pages::of(&lab.setup, NOW).await;
    let story = pages.page("/").await.split("/stories/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    // As on a full disk: nothing can be made where thumbs go.
    let inbox = lab.setup.home.folder().join("state/inbox");
    let _ = fs::remove_dir_all(&inbox);
    fs::write(&inbox, "").unwrap();
    let response = pages.send("/thumbs", &[("id", &story), ("way", "up"), ("back", "/")]).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let words = response.text().await.unwrap();
    assert!(words.contains("state/inbox") && words.contains("This can&#39;t be done now"), "{words}");
    pages.page("/").await;
}
