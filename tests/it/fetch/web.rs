//! What one request says, and what its answer becomes.

use std::io::Write as _;

use flate2::Compression;
use tidings::fetch::Carrier as _;
use tidings::fetch::client::user_agent;
use tidings::fetch::web::Web;
use tidings::item::FaultKind;
use tidings::page::{Answer, Mark, Request};
use url::Url;

use super::{carry, fault, network, page, request, web};
use crate::support::server::{Reply, Server};

#[tokio::test]
async fn a_page_comes_with_its_bytes_type_address_and_mark() {
    let headers =
        ["content-type: application/rss+xml", "etag: W/\"7\"", "last-modified: Mon, 16 Nov 2026 06:00:00 GMT"];
    let server = Server::start(move |_| Reply::whole("200 OK", &headers, b"<rss>\xff</rss>"));
    let url = server.url("/feed.xml?format=rss");
    let page = page(carry(&web(&network()), &url).await);
    assert_eq!(page.bytes, b"<rss>\xff</rss>");
    assert_eq!(page.content_type.as_deref(), Some("application/rss+xml"));
    assert_eq!(page.url, url);
    let mark = Mark {
        url: Some(url),
        etag: Some("W/\"7\"".into()),
        last_modified: Some("Mon, 16 Nov 2026 06:00:00 GMT".into()),
        ..Mark::default()
    };
    assert_eq!(page.mark, mark);
}

#[tokio::test]
async fn a_mark_is_sent_back_as_it_came_and_304_refreshes_it() {
    let server = Server::start(|asked| match asked.header("if-none-match") {
        Some("W/\"é\"") => Reply::head("304 Not Modified", &["etag: \"new\""]),
        _ => Reply::whole("200 OK", &["etag: W/\"é\"", "last-modified: a  date"], "x"),
    });
    let (web, url) = (web(&network()), server.url("/feed"));
    let mark = page(carry(&web, &url).await).mark;
    let again = Request { mark, ..request(&url) };
    let Ok(Answer::NotModified(mark)) = web.carry(&again).await else { panic!("not modified") };
    assert_eq!(server.log()[1].header("if-modified-since"), Some("a  date"));
    assert_eq!(mark.etag.as_deref(), Some("\"new\""));
    assert_eq!(mark.last_modified.as_deref(), Some("a  date"), "a 304 without a date keeps the old one");
    assert_eq!(mark.url, Some(url));
}

#[tokio::test]
async fn validators_go_only_to_the_address_they_came_from() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/old" => Reply::head("301 Moved Permanently", &["location: /new"]),
        _ => Reply::whole("200 OK", &["etag: \"1\""], "x"),
    });
    let (web, url) = (web(&network()), server.url("/old"));
    let mark = page(carry(&web, &url).await).mark;
    let again = Request { mark: mark.clone(), ..request(&url) };
    page(web.carry(&again).await);
    let elsewhere = Request { mark, ..request(&server.url("/other")) };
    page(web.carry(&elsewhere).await);
    let sent: Vec<_> =
        server.log().iter().map(|asked| (asked.path.clone(), asked.header("if-none-match").is_some())).collect();
    let expected = [("/old", false), ("/new", false), ("/old", false), ("/new", true), ("/other", false)]
        .map(|(path, sent)| (path.to_owned(), sent));
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn a_304_that_nobody_asked_for_is_a_broken_answer() {
    let server = Server::start(|_| Reply::head("304 Not Modified", &["etag: \"1\""]));
    let fault = fault(carry(&web(&network()), &server.url("/feed")).await, FaultKind::Broken);
    assert!(fault.message.contains("304"), "{fault}");
}

#[tokio::test]
async fn a_validator_of_unreasonable_length_is_not_kept() {
    let long = format!("etag: \"{}\"", "x".repeat(5000));
    let server = Server::start(move |_| Reply::whole("200 OK", &[&long], "x"));
    assert_eq!(page(carry(&web(&network()), &server.url("/feed")).await).mark, Mark::default());
}

#[tokio::test]
async fn we_say_who_we_are_and_nothing_else_about_us() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/first" => Reply::head("302 Found", &["location: /second", "set-cookie: a=b"]),
        _ => Reply::whole("200 OK", &["set-cookie: c=d"], "x"),
    });
    let web = web(&network());
    page(carry(&web, &server.url("/first")).await);
    page(carry(&web, &server.url("/third")).await);
    for asked in server.log() {
        let expected = format!("tidings/{} (+news@lab.example.org)", env!("CARGO_PKG_VERSION"));
        assert_eq!(asked.header("user-agent"), Some(&*expected));
        assert_eq!(asked.method, "GET");
        let mut names: Vec<_> = asked.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["accept", "accept-encoding", "host", "user-agent"]);
    }
    assert_eq!(server.log().len(), 3);
}

#[test]
fn without_a_contact_the_user_agent_is_the_name_alone() {
    assert_eq!(user_agent(" "), concat!("tidings/", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_contact_that_cannot_stand_in_a_header_is_refused_at_once() {
    let mut network = network();
    network.contact = "a\r\nx-evil: 1".into();
    let error = Web::new(&network, Default::default()).expect_err("a refusal");
    assert!(format!("{error:#}").contains("`contact`"), "{error:#}");
}

#[tokio::test]
async fn packed_answers_are_unpacked() {
    let text = "<rss>words words words words</rss>".repeat(20);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(text.as_bytes()).expect("packing");
    let mut deflate = flate2::write::ZlibEncoder::new(Vec::new(), Compression::default());
    deflate.write_all(text.as_bytes()).expect("packing");
    let zstd = zstd::encode_all(text.as_bytes(), 3).expect("packing");
    // RFC 7932 by hand: one stored block of five letters, then the empty last one.
    let brotli = b"\x0b\x02\x80hello\x03".to_vec();
    let (gzip, deflate) = (gzip.finish().expect("packing"), deflate.finish().expect("packing"));
    let cases = [("gzip", gzip, &*text), ("deflate", deflate, &text), ("zstd", zstd, &text), ("br", brotli, "hello")];
    for (coding, packed, plain) in cases {
        let header = format!("content-encoding: {coding}");
        let server = Server::start(move |_| Reply::whole("200 OK", &[&header], &packed));
        let page = page(carry(&web(&network()), &server.url("/feed")).await);
        assert!(page.bytes == plain.as_bytes(), "{coding}");
        let log = server.log();
        let offered = log[0].header("accept-encoding").unwrap_or_default();
        assert!(offered.split([',', ' ']).any(|known| known == coding), "{coding} is offered in {offered}");
    }
}

#[tokio::test]
async fn an_answer_packed_in_a_way_we_did_not_ask_for_is_broken() {
    let server = Server::start(|_| Reply::whole("200 OK", &["content-encoding: compress"], "x"));
    let fault = fault(carry(&web(&network()), &server.url("/feed")).await, FaultKind::Broken);
    assert!(fault.message.contains("`compress`"), "{fault}");
}

#[tokio::test]
async fn a_status_of_400_or_more_is_a_fault_that_names_it() {
    let web = web(&network());
    for status in [400, 401, 403, 404, 410, 418, 451, 500, 502, 503, 599] {
        let server = Server::start(move |_| Reply::whole(&format!("{status} Whatever"), &[], "<rss/>"));
        let kind = if status == 410 { FaultKind::Gone } else { FaultKind::Status };
        let fault = fault(carry(&web, &server.url("/feed")).await, kind);
        assert!(fault.message.contains(&status.to_string()), "{fault}");
        assert_eq!(fault.retry_at, None);
    }
}

#[tokio::test]
async fn what_is_no_http_or_breaks_off_is_broken() {
    let cut_gzip = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\xcb".to_vec();
    let replies = [
        ("not HTTP", Reply::default().then("SSH-2.0-OpenSSH_9.2\r\n")),
        ("nothing", Reply::default()),
        ("half a head", Reply::default().then("HTTP/1.1 200 OK\r\ncontent-ty")),
        ("short body", Reply::head("200 OK", &["content-length: 100"]).then("half")),
        ("bad chunks", Reply::head("200 OK", &["transfer-encoding: chunked"]).then("5\r\nhello\r\nzz\r\n")),
        ("cut gzip", Reply::whole("200 OK", &["content-encoding: gzip"], cut_gzip)),
        ("no gzip", Reply::whole("200 OK", &["content-encoding: gzip"], "<rss/>")),
    ];
    let web = web(&network());
    for (what, reply) in replies {
        let server = Server::start(move |_| reply.clone());
        let answer = carry(&web, &server.url("/feed")).await;
        assert_eq!(answer.as_ref().err().map(|fault| fault.kind), Some(FaultKind::Broken), "{what}: {answer:?}");
    }
    let server = Server::start(|_| Reply::default());
    let url = Url::parse(&format!("https://{}/feed", server.address())).expect("a URL");
    fault(carry(&web, &url).await, FaultKind::Broken);
}

#[tokio::test]
async fn a_port_where_nobody_listens_and_a_name_that_does_not_resolve_are_unreachable() {
    // No test listens at this address.
    let free = std::net::UdpSocket::bind("127.0.0.77:0").expect("a port").local_addr().expect("an address");
    let closed = Url::parse(&format!("http://{free}/feed")).expect("a URL");
    fault(carry(&web(&network()), &closed).await, FaultKind::Unreachable);
    // A label of 64 letters is no name (RFC 1035, 2.3.4), so no resolver anywhere is asked.
    let nowhere = Url::parse(&format!("http://{}.example/feed", "x".repeat(64))).expect("a URL");
    fault(carry(&web(&network()), &nowhere).await, FaultKind::Unreachable);
}

#[tokio::test]
async fn messages_show_host_and_path_and_no_secret() {
    let server = Server::start(|asked| match asked.path.split('?').next() {
        Some("/status") => Reply::whole("500 Oops", &[], ""),
        Some("/wait") => Reply::whole("429 Slow", &["retry-after: 1"], ""),
        Some("/cut") => Reply::default(),
        Some("/large") => Reply::whole("200 OK", &[], vec![b'x'; 2_000_000]),
        Some("/to-forbidden") => Reply::head("302 Found", &["location: http://10.0.0.1/x?token=SECRET"]),
        Some("/to-user") => Reply::head("302 Found", &["location: http://me:SECRET@example.org/"]),
        Some("/to-scheme") => Reply::head("302 Found", &["location: ftp://example.org/?token=SECRET"]),
        Some("/loop") => Reply::head("302 Found", &["location: /loop?token=SECRET"]),
        path => panic!("no script for {path:?}"),
    });
    let web = web(&network());
    for path in ["/status", "/cut", "/large", "/to-forbidden", "/to-user", "/to-scheme", "/loop", "/wait"] {
        let url = server.url(&format!("{path}?token=SECRET#SECRET"));
        let fault = carry(&web, &url).await.expect_err(path);
        assert!(!fault.message.contains("SECRET"), "{fault}");
        assert!(fault.message.contains("http://") || fault.message.contains("ftp://"), "{fault}");
    }
    let user = Url::parse("http://me:SECRET@example.org/feed").expect("a URL");
    let refused = fault(carry(&web, &user).await, FaultKind::Forbidden);
    assert!(!refused.message.contains("SECRET") && refused.message.contains("example.org/feed"), "{refused}");
}
