//! Redirects, hop by hop.

use tidings::fetch::Carrier as _;
use tidings::fetch::web::Web;
use tidings::item::FaultKind;
use tidings::page::{Mark, Moved, Request};
use url::Url;

use super::{carry, fault, network, page, request, web};
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

/// Asks with the mark of the answer before; gives the next mark.
async fn again(web: &Web, url: &Url, mark: Mark) -> Mark {
    page(web.carry(&Request { mark, ..request(url) }).await).mark
}

#[tokio::test]
async fn a_feed_that_moves_is_asked_at_its_new_place_after_two_sights() {
    for status in [301, 308] {
        let server = Server::start(move |asked| match asked.path.as_str() {
            "/old" => Reply::head(&format!("{status} Moved"), &["location: /between"]),
            "/between" => Reply::head("301 Moved", &["location: /new"]),
            _ if asked.header("if-none-match") == Some("\"1\"") => Reply::head("304 Not Modified", &[]),
            _ => Reply::whole("200 OK", &["etag: \"1\""], "x"),
        });
        let (web, old) = (web(&network()), server.url("/old"));
        let mut mark = again(&web, &old, Mark::default()).await;
        assert!(!mark.moved.as_ref().unwrap().is_believed(), "{mark:?}");
        for _ in 0..3 {
            mark = web.carry(&Request { mark, ..request(&old) }).await.unwrap().mark_mut().clone();
            let moved = Moved { from: old.clone(), to: server.url("/new"), sights: 2 };
            assert_eq!(mark.moved.as_ref(), Some(&moved), "{status}");
        }
        assert_eq!(server.paths(), ["/old", "/between", "/new", "/old", "/between", "/new", "/new", "/new"]);
        let conditional = server.log().iter().filter(|asked| asked.header("if-none-match").is_some()).count();
        assert_eq!(conditional, 3, "the new place's own validators are sent to it, and to no other");
        // Another address in sources.toml knows nothing of it.
        let other = server.url("/other");
        assert_eq!(again(&web, &other, Mark { etag: None, ..mark }).await.moved, None);
    }
}

#[tokio::test]
async fn a_redirect_for_a_while_is_followed_anew_each_time() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/old" => Reply::head("301 Moved", &["location: /between"]),
        "/between" => Reply::head("302 Found", &["location: /new"]),
        _ => Reply::whole("200 OK", &[], "x"),
    });
    let (web, mut mark) = (web(&network()), Mark::default());
    for _ in 0..4 {
        mark = again(&web, &server.url("/old"), mark).await;
        assert_eq!(mark.moved, None);
    }
    assert_eq!(server.paths().iter().filter(|path| *path == "/old").count(), 4);
}

fn moved(from: &Url, to: &Url) -> Mark {
    Mark { moved: Some(Moved { from: from.clone(), to: to.clone(), sights: 2 }), ..Mark::default() }
}

#[tokio::test]
async fn a_new_place_that_fails_leads_back_to_the_old_one() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/old" => Reply::whole("200 OK", &[], "x"),
        _ => Reply::whole("404 Not Found", &[], ""),
    });
    let (old, new) = (server.url("/old"), server.url("/new"));
    let mark = again(&web(&network()), &old, moved(&old, &new)).await;
    assert_eq!(mark.moved, None);
    assert_eq!(server.paths(), ["/new", "/old"]);
}

#[tokio::test]
async fn a_new_place_that_fails_is_not_asked_twice_though_the_old_one_still_leads_there() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/old" => Reply::head("301 Moved", &["location: /new"]),
        _ => Reply::whole("404 Not Found", &[], ""),
    });
    let (old, new) = (server.url("/old"), server.url("/new"));
    let fault =
        fault(web(&network()).carry(&Request { mark: moved(&old, &new), ..request(&old) }).await, FaultKind::Status);
    assert!(fault.message.contains("/new"), "{fault}");
    assert_eq!(server.paths(), ["/new", "/old"]);
}

#[tokio::test]
async fn a_new_place_is_never_allowed_because_a_server_said_so() {
    let inside = Server::start(|_| Reply::whole("200 OK", &[], "secret"));
    let server = Server::start_at([127, 0, 0, 2].into(), |_| Reply::whole("200 OK", &[], "x"));
    let old = server.url("/old");
    let mark = again(&web(&network()), &old, moved(&old, &inside.url("/new"))).await;
    assert_eq!((inside.log().len(), mark.moved), (0, None));
}
