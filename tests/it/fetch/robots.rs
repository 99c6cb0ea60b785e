//! Pages are asked only where the site's robots.txt lets programs in; feeds are made for programs.

use std::time::Duration;

use jiff::ToSpan as _;
use tidings::fetch::Carrier as _;
use tidings::item::FaultKind;
use tidings::page::{Request, Wanted};
use url::Url;

use super::{carry, fault, network, page, request, web};
use crate::support::server::{Reply, Server};

fn page_request(url: &Url) -> Request {
    Request { wanted: Wanted::Page, ..request(url) }
}

fn site(status: &'static str, robots: &'static str) -> Server {
    Server::start(move |asked| match asked.path.as_str() {
        "/robots.txt" => Reply::whole(status, &[], robots),
        _ => Reply::whole("200 OK", &[], "<p>page"),
    })
}

#[tokio::test]
async fn a_page_that_robots_txt_forbids_is_not_asked_and_a_feed_is() {
    let server = site("200 OK", "User-agent: *\nAllow: /\n\nUser-agent: tidings\nDisallow: /private");
    let web = web(&network());
    let forbidden = fault(web.carry(&page_request(&server.url("/private/a"))).await, FaultKind::Forbidden);
    assert!(
        forbidden.message.contains("robots.txt keeps programs out (`Disallow: /private`)"),
        "{}",
        forbidden.message
    );
    assert!(forbidden.message.contains("ask its owner"), "{}", forbidden.message);
    page(web.carry(&page_request(&server.url("/public"))).await);
    page(carry(&web, &server.url("/private/feed.xml")).await);
    // The rules were asked for once.
    assert_eq!(server.paths(), ["/robots.txt", "/public", "/private/feed.xml"]);
    assert!(server.log()[0].header("user-agent").is_some_and(|agent| agent.starts_with("tidings/")));
}

#[tokio::test]
async fn no_rules_are_no_hindrance_and_a_broken_site_is_left_alone() {
    for status in ["404 Not Found", "403 Forbidden", "410 Gone", "401 Unauthorized"] {
        let server = site(status, "User-agent: *\nDisallow: /");
        page(web(&network()).carry(&page_request(&server.url("/a"))).await);
    }
    for (status, kind) in
        [("500 Oops", FaultKind::Status), ("503 Busy", FaultKind::Status), ("429 Slow", FaultKind::Waiting)]
    {
        let server = site(status, "");
        let fault = fault(web(&network()).carry(&page_request(&server.url("/a"))).await, kind);
        assert!(fault.message.contains("until its robots.txt can be read"), "{}", fault.message);
        assert_eq!(server.paths(), ["/robots.txt"], "{status}");
    }
}

#[tokio::test]
async fn robots_txt_may_be_long_and_may_have_moved() {
    let long = format!("User-agent: *\nDisallow: /private\n{}", "# words\n".repeat(400_000));
    let server = Server::start(move |asked| match asked.path.as_str() {
        "/robots.txt" => Reply::head("301 Moved", &["location: /elsewhere/robots.txt"]),
        "/elsewhere/robots.txt" => Reply::whole("200 OK", &[], &long),
        _ => Reply::whole("200 OK", &[], "<p>page"),
    });
    let web = web(&network());
    fault(web.carry(&page_request(&server.url("/private"))).await, FaultKind::Forbidden);
    page(web.carry(&page_request(&server.url("/public"))).await);
    // In circles, it is nowhere.
    let circle = Server::start(|asked| match asked.path.as_str() {
        "/robots.txt" => Reply::head("302 Found", &["location: /robots.txt"]),
        _ => Reply::whole("200 OK", &[], "<p>page"),
    });
    page(web.carry(&page_request(&circle.url("/a"))).await);
}

#[tokio::test]
async fn where_a_page_moves_its_new_site_is_asked_as_well() {
    let closed = site("200 OK", "User-agent: *\nDisallow: /");
    let target = format!("location: {}", closed.url("/article"));
    let open = Server::start(move |asked| match asked.path.as_str() {
        "/robots.txt" => Reply::whole("404 Not Found", &[], ""),
        _ => Reply::head("302 Found", &[&target]),
    });
    let web = web(&network());
    let answer = web.carry(&page_request(&open.url("/a"))).await;
    fault(answer, FaultKind::Forbidden);
    assert!(!closed.paths().contains(&"/article".to_owned()));
}

#[tokio::test]
async fn rules_are_asked_for_anew_after_a_day() {
    let server = site("200 OK", "");
    let web = web(&network());
    let mut request = page_request(&server.url("/a"));
    page(web.carry(&request).await);
    request.now = request.now.checked_add(25.hours()).unwrap();
    page(web.carry(&request).await);
    assert_eq!(server.paths(), ["/robots.txt", "/a", "/robots.txt", "/a"]);
}

#[tokio::test]
async fn a_site_that_wants_to_be_asked_slowly_is() {
    let server = site("200 OK", "User-agent: *\nCrawl-delay: 0.4");
    let web = web(&network());
    page(web.carry(&page_request(&server.url("/a"))).await);
    page(web.carry(&page_request(&server.url("/b"))).await);
    let log = server.log();
    assert!(log[2].at.duration_since(log[1].at) >= Duration::from_millis(350), "the second page waited");
}
