//! Redirects, hop by hop.

use tidings::fetch::Carrier as _;
use tidings::item::FaultKind;

use super::{carry, fault, network, page, web};
use crate::support::server::{Reply, Server};

#[tokio::test]
async fn all_five_kinds_of_redirect_are_followed_and_the_page_knows_where_it_was() {
    for status in [301, 302, 303, 307, 308] {
        let server = Server::start(move |asked| match asked.path.as_str() {
            "/a/feed?x=1" => Reply::head(&format!("{status} Moved"), &["location: ../b/./feed?y=2#part"]),
            _ => Reply::whole("200 OK", &[], "x"),
        });
        let page = page(carry(&web(&network()), &server.url("/a/feed?x=1#old")).await);
        assert_eq!(page.url, server.url("/b/feed?y=2"), "{status}");
    }
}

#[tokio::test]
async fn five_hops_are_followed_and_a_sixth_is_not() {
    let server = Server::start(|asked| match asked.path[1..].parse::<u32>() {
        Ok(0) => Reply::whole("200 OK", &[], "x"),
        Ok(left) => Reply::head("302 Found", &[&format!("location: /{}", left - 1)]),
        Err(_) => Reply::default(),
    });
    let web = web(&network());
    page(carry(&web, &server.url("/5")).await);
    let fault = fault(carry(&web, &server.url("/6")).await, FaultKind::Redirect);
    assert!(fault.message.contains("6th in a row"), "{fault}");
    assert_eq!(server.paths().last().map(String::as_str), Some("/1"), "the sixth target is never asked");
}

#[tokio::test]
async fn a_redirect_in_circles_ends_where_it_closes() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/ping" => Reply::head("302 Found", &["location: /pong"]),
        _ => Reply::head("302 Found", &["location: /ping#again"]),
    });
    let fault = fault(carry(&web(&network()), &server.url("/ping")).await, FaultKind::Redirect);
    assert!(fault.message.contains("circles"), "{fault}");
    assert_eq!(server.paths(), ["/ping", "/pong"]);
}

#[tokio::test]
async fn a_redirect_that_names_no_address_is_told_as_one() {
    for headers in [&[][..], &["location: http://["], &["location: http:///"], &["location: \u{1}\u{ff}"]] {
        let server = Server::start(move |_| Reply::head("302 Found", headers));
        let answer = carry(&web(&network()), &server.url("/feed")).await;
        assert!(
            matches!(&answer, Err(fault) if [FaultKind::Redirect, FaultKind::Broken].contains(&fault.kind)),
            "{headers:?}: {answer:?}"
        );
    }
    let server = Server::start(|_| Reply::head("300 Multiple Choices", &[]));
    fault(carry(&web(&network()), &server.url("/feed")).await, FaultKind::Redirect);
}

#[tokio::test]
async fn a_redirect_to_a_host_that_asked_us_to_wait_waits() {
    let busy = Server::start_at([127, 0, 0, 3].into(), |_| Reply::whole("429 Too Many Requests", &[], ""));
    let target = busy.url("/feed");
    let server =
        Server::start_at([127, 0, 0, 3].into(), move |_| Reply::head("302 Found", &[&format!("location: {target}")]));
    let web = web(&network());
    fault(carry(&web, &busy.url("/feed")).await, FaultKind::Waiting);
    fault(carry(&web, &server.url("/feed")).await, FaultKind::Waiting);
    assert_eq!(server.log().len(), 0, "a host is one host on all its ports");
    assert_eq!(web.holds().len(), 1);
}

#[tokio::test]
async fn a_fault_behind_a_redirect_names_both_ends() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/old?key=1" => Reply::head("302 Found", &["location: /new"]),
        "/inside" => Reply::head("302 Found", &["location: http://10.0.0.1/"]),
        _ => Reply::whole("404 Not Found", &[], ""),
    });
    let web = web(&network());
    for (path, kind, end) in
        [("/old?key=1", FaultKind::Status, "/new:"), ("/inside", FaultKind::Forbidden, "10.0.0.1/:")]
    {
        let fault = fault(carry(&web, &server.url(path)).await, kind);
        let begin = format!("(redirected from {})", server.url(path.split('?').next().unwrap_or(path)));
        assert!(fault.message.contains(end) && fault.message.ends_with(&begin), "{fault}");
    }
}
