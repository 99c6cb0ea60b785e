//! Limits: of time, of size, and what servers that ask us to wait get.

use std::io::Write as _;
use std::time::Duration;

use flate2::{Compress, Compression, FlushCompress};
use tidings::fetch::Carrier as _;
use tidings::fetch::web::Web;
use tidings::item::FaultKind;

use super::{carry, fault, network, now, page, web};
use crate::support::memory;
use crate::support::server::{Reply, Server};

#[tokio::test]
async fn a_server_that_hangs_or_drips_is_given_up_after_the_total_time() {
    let replies = [
        Reply::default().then_hang(),
        Reply::default().then("HTTP/1.1 200 OK\r\n").then_hang(),
        Reply::head("200 OK", &[]).then("begin").then_hang(),
        Reply::head("200 OK", &[]).then_drip("x".repeat(10_000), Duration::from_millis(20)),
    ];
    let mut network = network();
    network.total_timeout = Duration::from_millis(300);
    let web = web(&network);
    for reply in replies {
        let server = Server::start(move |_| reply.clone());
        let begin = std::time::Instant::now();
        fault(carry(&web, &server.url("/feed")).await, FaultKind::Timeout);
        assert!(begin.elapsed() >= network.total_timeout);
    }
}

#[tokio::test]
async fn the_total_time_is_for_all_hops_together() {
    // 35 pauses of 10 ms: each hop alone would fit, two do not.
    let slow = |next: &str| {
        let text = format!("HTTP/1.1 302 Found\r\nlocation: {next}\r\n\r\n");
        Reply::default().then_drip(&text[..35], Duration::from_millis(10)).then(&text[35..])
    };
    let server = Server::start(move |asked| match asked.path.as_str() {
        "/1" => slow("/2"),
        "/2" => slow("/3"),
        _ => Reply::whole("200 OK", &[], "x"),
    });
    let mut network = network();
    network.total_timeout = Duration::from_millis(500);
    fault(carry(&web(&network), &server.url("/1")).await, FaultKind::Timeout);
}

#[tokio::test]
async fn waiting_for_a_turn_does_not_count_as_the_servers_time() {
    let server = Server::start(|_| Reply::whole("200 OK", &[], "x"));
    let mut network = network();
    (network.gap, network.total_timeout) = (Duration::from_millis(300), Duration::from_secs(1));
    let (web, url) = (web(&network), server.url("/feed"));
    let all = futures_util::future::join_all((0..6).map(|_| carry(&web, &url))).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
}

#[tokio::test]
async fn an_answer_of_just_the_limit_comes_and_one_byte_more_does_not() {
    let server = Server::start(|asked| {
        let body = vec![b'x'; if asked.path.ends_with("fits") { 1_000_000 } else { 1_000_001 }];
        match asked.path.starts_with("/known") {
            true => Reply::whole("200 OK", &[], body),
            false => Reply::head("200 OK", &[]).then(body),
        }
    });
    let web = web(&network());
    for form in ["known", "unknown"] {
        assert_eq!(page(carry(&web, &server.url(&format!("/{form}/fits"))).await).bytes.len(), 1_000_000);
        let fault = fault(carry(&web, &server.url(&format!("/{form}/large"))).await, FaultKind::TooLarge);
        assert!(fault.message.contains("1000000 bytes"), "{fault}");
    }
}

#[tokio::test]
async fn an_endless_answer_is_stopped_at_the_limit() {
    let server = Server::start(|_| Reply::head("200 OK", &[]).then_repeat([b'x'; 65536], usize::MAX));
    let peak = memory::from_now();
    fault(carry(&web(&network()), &server.url("/feed")).await, FaultKind::TooLarge);
    assert!(peak.bytes() < 8_000_000, "{} bytes", peak.bytes());
}

/// 300 MB of zeros: each block unpacks to a megabyte, on its own.
fn bomb() -> Reply {
    let mut packer = Compress::new(Compression::best(), false);
    let mut block = Vec::with_capacity(10_000);
    packer.compress_vec(&[0; 1_000_000], &mut block, FlushCompress::Full).expect("packing");
    assert_eq!(packer.total_in(), 1_000_000);
    let head = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff";
    Reply::head("200 OK", &["content-encoding: gzip"]).then(head).then_repeat(block, 300)
}

#[tokio::test]
async fn a_bomb_is_stopped_before_it_takes_memory() {
    let server = Server::start(|_| bomb());
    let web = web(&network());
    let peak = memory::from_now();
    fault(carry(&web, &server.url("/feed")).await, FaultKind::TooLarge);
    // The limit is one megabyte; the rest is the growing buffer's slack and the connection.
    assert!(peak.bytes() < 4_000_000, "{} bytes", peak.bytes());
}

#[tokio::test]
async fn a_bomb_in_any_packing_is_stopped() {
    let zeros = vec![0; 30_000_000];
    let mut deflate = flate2::write::ZlibEncoder::new(Vec::new(), Compression::fast());
    deflate.write_all(&zeros).expect("packing");
    let zstd = zstd::encode_all(&zeros[..], 1).expect("packing");
    for (coding, packed) in [("deflate", deflate.finish().expect("packing")), ("zstd", zstd)] {
        let server = Server::start(move |_| Reply::whole("200 OK", &[&format!("content-encoding: {coding}")], &packed));
        fault(carry(&web(&network()), &server.url("/feed")).await, FaultKind::TooLarge);
    }
}

#[tokio::test]
async fn a_host_that_asks_us_to_wait_is_not_asked_again_in_this_run() {
    for (status, header, retry_at) in [
        ("429 Too Many Requests", "retry-after: 120", "2026-11-16T07:02:00Z"),
        ("429 Too Many Requests", "x: y", "2026-11-16T07:15:00Z"),
        ("503 Service Unavailable", "retry-after: Mon, 16 Nov 2026 09:00:00 GMT", "2026-11-16T09:00:00Z"),
        ("503 Service Unavailable", "retry-after: 999999999", "2026-11-17T07:00:00Z"),
    ] {
        let server = Server::start(move |_| Reply::whole(status, &[header], ""));
        let web = web(&network());
        for path in ["/one", "/two"] {
            let fault = fault(carry(&web, &server.url(path)).await, FaultKind::Waiting);
            assert_eq!(fault.retry_at, retry_at.parse().ok(), "{status} {header} {path}");
        }
        assert_eq!(server.paths(), ["/one"]);
        assert_eq!(web.holds(), [("127.0.0.1".to_owned(), retry_at.parse().expect("a time"))].into());
    }
}

#[tokio::test]
async fn those_who_already_stood_in_line_are_not_sent_either() {
    let server = Server::start(|_| Reply::whole("429 Too Many Requests", &["retry-after: 60"], ""));
    let mut network = network();
    network.per_host = 1;
    let (web, url) = (web(&network), server.url("/feed"));
    for answer in futures_util::future::join_all((0..4).map(|_| carry(&web, &url))).await {
        fault(answer, FaultKind::Waiting);
    }
    assert_eq!(server.log().len(), 1);
}

#[tokio::test]
async fn a_wait_from_an_earlier_run_counts_until_it_is_over() {
    let server = Server::start(|_| Reply::whole("200 OK", &[], "x"));
    let url = server.url("/feed");
    let later = now() + jiff::SignedDuration::from_secs(1);
    let web = Web::new(&network(), [("127.0.0.1".to_owned(), later)].into()).expect("a web client");
    assert_eq!(fault(carry(&web, &url).await, FaultKind::Waiting).retry_at, Some(later));
    assert_eq!(server.log().len(), 0);
    let web = Web::new(&network(), [("127.0.0.1".to_owned(), now())].into()).expect("a web client");
    page(carry(&web, &url).await);
    assert!(web.holds().is_empty(), "a wait that is over is forgotten");
}

#[tokio::test]
async fn one_hosts_wait_is_not_anothers() {
    let busy = Server::start(|_| Reply::whole("429 Too Many Requests", &[], ""));
    let free = Server::start_at([127, 0, 0, 2].into(), |_| Reply::whole("200 OK", &[], "x"));
    let web = web(&network());
    fault(carry(&web, &busy.url("/feed")).await, FaultKind::Waiting);
    page(carry(&web, &free.url("/feed")).await);
}

#[tokio::test]
async fn a_body_of_several_gzip_members_is_read_to_its_end() {
    let packed = |text: &str| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(text.as_bytes()).unwrap();
        packer.finish().unwrap()
    };
    let body = [packed("<rss>"), packed(&"x".repeat(100_000)), packed("</rss>")].concat();
    let server = Server::start(move |_| Reply::whole("200 OK", &["content-encoding: gzip"], &body));
    let page = page(carry(&web(&network()), &server.url("/")).await);
    assert_eq!(page.bytes.len(), 100_011);
    assert!(page.bytes.ends_with(b"x</rss>"));
}

#[tokio::test]
async fn what_follows_the_last_gzip_member_is_no_harm_and_a_member_without_end_is() {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all("words ".repeat(1000).as_bytes()).unwrap();
    let whole = packer.finish().unwrap();
    let padded = [&whole[..], &[0; 512]].concat();
    let server = Server::start(move |_| Reply::whole("200 OK", &["content-encoding: gzip"], &padded));
    assert_eq!(page(carry(&web(&network()), &server.url("/")).await).bytes.len(), 6000);
    let cut = [&whole[..], &whole[..whole.len() - 9]].concat();
    let server = Server::start(move |_| Reply::whole("200 OK", &["content-encoding: gzip"], &cut));
    fault(carry(&web(&network()), &server.url("/")).await, FaultKind::Broken);
    let server = Server::start(|_| Reply::whole("200 OK", &["content-encoding: gzip"], "no gzip at all"));
    fault(carry(&web(&network()), &server.url("/")).await, FaultKind::Broken);
}
