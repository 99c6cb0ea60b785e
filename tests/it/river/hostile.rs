//! The table: what a server may do to us, and what must come of it.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use tidings::item::FaultKind::{self, *};

use crate::support::server::Reply;

/// What a case must come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// So many entries, and no fault.
    Items(usize),
    /// So many entries, and the fault that the feed is damaged.
    Mended(usize),
    /// None, and a fault of this kind: counted, with a reason and a later try.
    Fault(FaultKind),
}

/// The largest answer that the run may take, so that small bodies can be too large.
pub const MAX_BYTES: u64 = 1_000_000;

/// Entries of a good feed.
pub const GOOD: usize = 5;

/// Each case: its name, its answer, what must come of it. `own` is the address of the server that answers, `canary` one that
/// no answer may lead us to.
pub fn table(own: &str, canary: &str) -> Vec<(&'static str, Reply, Outcome)> {
    use Outcome::*;
    let fine = good(own);
    let text = String::from_utf8(fine.clone()).unwrap();
    let third = text.find("<item><title>Entry 2").unwrap();
    let to = |place: &str| moved("302 Found", place);
    let status = |line: &str, headers: &[&str]| Reply::whole(line, headers, "<html><body>no</body></html>");
    let rss = |head: &str, body: &str| page(format!("{head}<rss version=\"2.0\"><channel>{body}</channel></rss>"));
    let titled = |title: &str| {
        format!("<title>{title}</title><item><title>{title}</title><link>http://a.example/1</link></item>")
    };
    let packed = |body: Vec<u8>| Reply::whole("200 OK", &["content-encoding: gzip"], body);
    let zeros = gzip(&vec![b' '; 30_000_000]);
    let in_charset =
        |name: &str| Reply::whole("200 OK", &[&format!("content-type: application/rss+xml; charset={name}")], &fine);
    let utf16: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let html = |body: &str| {
        Reply::whole("200 OK", &["content-type: text/html"], format!("<!DOCTYPE html><html>{body}</html>"))
    };
    let many: Vec<String> = (0..300).map(|number| item(number, "")).collect();
    let ten = |change: &dyn Fn(usize) -> String| rss("", &(0..10).map(change).collect::<String>());
    let half = &fine[..fine.len() / 2];
    let length = format!("content-length: {}", fine.len());
    let laughs: String = (1..=10)
        .map(|level| {
            let below = if level > 1 { format!("&l{};", level - 1) } else { "lol".to_owned() };
            format!("<!ENTITY l{level} \"{}\">", below.repeat(10))
        })
        .collect();

    vec![
        // Status.
        ("404", status("404 Not Found", &[]), Fault(Status)),
        ("410", status("410 Gone", &[]), Fault(Gone)),
        ("401", status("401 Unauthorized", &["www-authenticate: Basic realm=\"x\""]), Fault(Status)),
        ("403", status("403 Forbidden", &[]), Fault(Status)),
        ("403 with a rate limit", status("403 Forbidden", &["x-ratelimit-remaining: 0"]), Fault(Status)),
        ("403 that asks to wait", status("403 Forbidden", &["retry-after: 30"]), Fault(Waiting)),
        ("418", status("418 Teapot", &[]), Fault(Status)),
        ("500", status("500 Internal Server Error", &[]), Fault(Status)),
        ("502", status("502 Bad Gateway", &[]), Fault(Status)),
        ("503", status("503 Service Unavailable", &[]), Fault(Status)),
        ("503 that asks to wait", status("503 Service Unavailable", &["retry-after: 3600"]), Fault(Waiting)),
        ("429", status("429 Too Many Requests", &["retry-after: 5"]), Fault(Waiting)),
        (
            "429 with a date",
            status("429 Too Many Requests", &["retry-after: Mon, 16 Nov 2026 09:00:00 GMT"]),
            Fault(Waiting),
        ),
        ("429 without a time", status("429 Too Many Requests", &[]), Fault(Waiting)),
        ("204", Reply::head("204 No Content", &[]), Fault(NotAFeed)),
        // Time.
        ("slow", Reply::head("200 OK", &[]).then_drip(&fine, Duration::from_millis(50)), Fault(Timeout)),
        ("hangs", Reply::default().then_hang(), Fault(Timeout)),
        ("hangs after its head", Reply::head("200 OK", &[&length]).then_hang(), Fault(Timeout)),
        ("hangs midway", Reply::head("200 OK", &[&length]).then(half).then_hang(), Fault(Timeout)),
        // Cutting.
        ("nothing", Reply::default(), Fault(Broken)),
        ("no HTTP", Reply::default().then("SSH-2.0-OpenSSH_9.2\r\n"), Fault(Broken)),
        ("too short", Reply::head("200 OK", &[&length]).then(half), Fault(Broken)),
        (
            "bad chunks",
            Reply::head("200 OK", &["transfer-encoding: chunked"]).then("5\r\n<rss>\r\nzz\r\nno\r\n"),
            Fault(Broken),
        ),
        ("two lengths", Reply::head("200 OK", &[&length, "content-length: 5"]).then(&fine), Fault(Broken)),
        ("cut XML", page(&text[..third + 20]), Mended(2)),
        ("cut gzip", packed(gzip(&fine)[..100].to_vec()), Fault(Broken)),
        ("bad gzip", packed(fine.clone()), Fault(Broken)),
        // Redirects.
        ("301", moved("301 Moved Permanently", "/good"), Items(GOOD)),
        ("303", moved("303 See Other", "/good"), Items(GOOD)),
        ("307", moved("307 Temporary Redirect", "/good"), Items(GOOD)),
        ("308", moved("308 Permanent Redirect", "/good"), Items(GOOD)),
        ("redirect in circles", to("/"), Fault(Redirect)),
        ("redirect between two", to("/back"), Fault(Redirect)),
        ("redirects without end", to("/hop/1"), Fault(Redirect)),
        ("redirect to nowhere", Reply::head("302 Found", &[]), Fault(Redirect)),
        ("redirect to the cloud's data", to("http://169.254.169.254/latest/meta-data/"), Fault(Forbidden)),
        ("redirect to loopback", to(&format!("http://{canary}/")), Fault(Forbidden)),
        (
            "redirect to a number",
            to(&format!("http://{}/", canary.replace("127.0.0.1", "2130706433"))),
            Fault(Forbidden),
        ),
        (
            "redirect to a mapped address",
            to(&format!("http://{}/", canary.replace("127.0.0.1", "[::ffff:127.0.0.1]"))),
            Fault(Forbidden),
        ),
        (
            "redirect to IPv6 loopback",
            to(&format!("http://{}/", canary.replace("127.0.0.1", "[::1]"))),
            Fault(Forbidden),
        ),
        ("redirect with credentials", to(&format!("http://me:word@{canary}/")), Fault(Forbidden)),
        ("redirect to a file", to("file:///etc/passwd"), Fault(Forbidden)),
        // Type.
        ("wrong type", Reply::whole("200 OK", &["content-type: text/html"], &fine), Items(GOOD)),
        ("no type", Reply::whole("200 OK", &[], &fine), Items(GOOD)),
        ("plain XML", Reply::whole("200 OK", &["content-type: application/xml"], &fine), Items(GOOD)),
        ("soft 404", html("<head><title>Blog</title></head><body></body>"), Fault(NotAFeed)),
        ("challenge", html("<head><title>Just a moment...</title></head>"), Fault(NotAFeed)),
        ("empty body", page(""), Fault(NotAFeed)),
        ("empty feed", rss("", "<title>empty</title>"), Items(0)),
        ("wrong charset", in_charset("iso-8859-1"), Items(GOOD)),
        ("UTF-16", Reply::whole("200 OK", &[], utf16), Items(GOOD)),
        ("byte order mark", page(format!("\u{feff}{text}")), Items(GOOD)),
        // Size.
        ("gzip bomb", packed(zeros.clone()), Fault(TooLarge)),
        ("nested gzip", Reply::whole("200 OK", &["content-encoding: gzip, gzip"], gzip(&zeros)), Fault(Broken)),
        ("big", Reply::head("200 OK", &["content-length: 50000000"]).then_hang(), Fault(TooLarge)),
        ("endless", Reply::head("200 OK", &[]).then_repeat(vec![b'x'; 65_536], usize::MAX), Fault(TooLarge)),
        ("many items", rss("", &many.concat()), Items(300)),
        ("long header", Reply::whole("200 OK", &[&format!("x-long: {}", "a".repeat(100_000))], &fine), Items(GOOD)),
        (
            "endless header",
            Reply::default().then("HTTP/1.1 200 OK\r\nx: ").then_repeat(vec![b'x'; 65_536], usize::MAX),
            Fault(Broken),
        ),
        ("many headers", Reply::whole("200 OK", &["x: y"; 500], &fine), Fault(Broken)),
        ("deep nesting", rss("", &format!("{}{}", "<a>".repeat(10_000), "</a>".repeat(10_000))), Items(0)),
        ("long title", rss("", &item(1, &"t".repeat(100_000))), Items(1)),
        // Content.
        ("bad UTF-8", page(broken(&fine, third + 14, b"bad \xff\xfe\xc3\x28 \xed\xa0\x80 ")), Mended(GOOD)),
        ("control characters", page(broken(&fine, third + 14, b"\x00\x01\x0b")), Mended(GOOD)),
        ("billion laughs", rss(&format!("<!DOCTYPE rss [{laughs}]>"), &titled("&l10;")), Items(1)),
        (
            "quadratic entities",
            rss(&format!("<!DOCTYPE rss [<!ENTITY a \"{}\">]>", "a".repeat(100_000)), &titled(&"&a;".repeat(50_000))),
            Fault(NotAFeed),
        ),
        (
            "external entity",
            rss(&format!("<!DOCTYPE rss [<!ENTITY x SYSTEM \"http://{canary}/x\">]>"), &titled("&x;")),
            Items(1),
        ),
        (
            "external document type",
            rss(&format!("<!DOCTYPE rss SYSTEM \"http://{canary}/dtd\">"), &titled("t")),
            Items(1),
        ),
        ("one guid for all", ten(&|number| item(number, "").replace(&format!(">urn:{number}<"), ">same<")), Items(10)),
        (
            "no guids",
            ten(&|number| format!("<item><title>T {number}</title><link>http://a.example/{number}</link></item>")),
            Items(10),
        ),
        ("dates ahead", ten(&|number| item(number, "").replace("2026", "2099")), Items(10)),
        ("bad dates", ten(&|number| item(number, "").replace("Nov 2026", "Foo 20261")), Items(10)),
        (
            "scripts",
            ten(&|number| {
                item(number, "&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt; Bcc: a@b")
            }),
            Items(10),
        ),
        // Caching.
        ("304 to nobody's question", Reply::head("304 Not Modified", &["etag: \"never sent\""]), Fault(Broken)),
        ("weak ETag", Reply::whole("200 OK", &["etag: W/\"1\""], &fine), Items(GOOD)),
        ("ETag with a tab", Reply::whole("200 OK", &["etag: \"a\tb\""], &fine), Items(GOOD)),
        (
            "modified in the future",
            Reply::whole("200 OK", &["last-modified: Mon, 16 Nov 2099 09:00:00 GMT"], &fine),
            Items(GOOD),
        ),
    ]
}

/// A good feed of five entries; `name` makes its entries its own.
pub fn good(name: &str) -> Vec<u8> {
    let items: String =
        (0..GOOD).map(|number| item(number, &format!("Entry {number} of {name}, à la carte"))).collect();
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><rss version=\"2.0\"><channel><title>Feed</title>{items}</channel></rss>")
        .into_bytes()
}

fn item(number: usize, title: &str) -> String {
    let title = if title.is_empty() { format!("Entry {number}") } else { title.to_owned() };
    format!(
        "<item><title>{title}</title><link>http://a.example/{number}</link><guid isPermaLink=\"false\">urn:{number}</guid>\
         <pubDate>Mon, 09 Nov 2026 09:00:00 GMT</pubDate><description>Text {number}.</description></item>"
    )
}

fn page(body: impl AsRef<[u8]>) -> Reply {
    Reply::whole("200 OK", &["content-type: application/rss+xml"], body)
}

fn moved(status: &str, place: &str) -> Reply {
    Reply::head(status, &[&format!("location: {place}")])
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// The bytes with others put in at a place.
fn broken(bytes: &[u8], at: usize, inserted: &[u8]) -> Vec<u8> {
    [&bytes[..at], inserted, &bytes[at..]].concat()
}
