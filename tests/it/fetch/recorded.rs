//! Recorded worlds: written down by a run or by hand, and given again.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use jiff::Timestamp;
use tempfile::tempdir;
use tidings::fetch::recorded::{Recorded, Recorder, passes};
use tidings::fetch::{Carried, Carrier};
use tidings::item::{Fault, FaultKind};
use tidings::page::{Answer, Mark, Page, Request, Room};
use url::Url;

use super::{carry, fault, network, now, page, request, web};
use crate::support::server::{Reply, Server};

/// Gives the answers it was made with, by URL.
struct Scripted(Mutex<BTreeMap<Url, Result<Answer, Fault>>>);

impl Carrier for Scripted {
    fn carry<'a>(&'a self, request: &'a Request) -> Carried<'a> {
        let answer = self.0.lock().expect("no panic").remove(&request.url).expect("an answer for the URL");
        Box::pin(std::future::ready(answer))
    }

    fn holds(&self) -> BTreeMap<String, Timestamp> {
        [("example.org".to_owned(), now())].into()
    }
}

fn url(text: &str) -> Url {
    Url::parse(text).expect("a URL")
}

fn mark(url: &Url) -> Mark {
    let last_modified = Some("Mon, 16 Nov 2026 06:00:00 GMT".to_owned());
    Mark { url: Some(url.clone()), etag: Some("W/\"é 1\"".into()), last_modified, ..Mark::default() }
}

/// A world by hand: one pass with these files.
fn world(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempdir().expect("a folder");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("a file");
    }
    folder
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect();
    names.sort();
    names
}

#[tokio::test]
async fn what_was_recorded_is_given_again() {
    let bodies: [&[u8]; 4] = [b"", b"<rss/>\r\n\n", b"\n\nHTTP/1.1 404\n\n", b"\x00\xff\xfe\r\n"];
    let mut answers = BTreeMap::new();
    for (number, body) in bodies.into_iter().enumerate() {
        let found = url(&format!("https://example.org/{number}.xml"));
        let content_type = (number > 0).then(|| "text/xml; charset=utf-8".to_owned());
        let mark = if number == 0 { Mark::default() } else { mark(&found) };
        let page = Page { url: found.clone(), content_type, bytes: body.to_vec(), mark, room: Room::default() };
        answers.insert(found, Ok(Answer::Page(page)));
    }
    let moved = url("https://elsewhere.example.net/feed?key=1");
    let page = Page {
        url: moved.clone(),
        content_type: None,
        bytes: b"x".to_vec(),
        mark: mark(&moved),
        room: Room::default(),
    };
    answers.insert(url("http://example.org/moved"), Ok(Answer::Page(page)));
    for kind in [
        FaultKind::Unreachable,
        FaultKind::Timeout,
        FaultKind::Broken,
        FaultKind::Status,
        FaultKind::Forbidden,
        FaultKind::Redirect,
        FaultKind::TooLarge,
    ] {
        let said = Fault::new(kind, format!("asking it: {kind:?}: so it was"));
        answers.insert(url(&format!("https://example.org/{kind:?}")), Err(said));
    }
    let held = Fault { retry_at: Some(now()), ..Fault::new(FaultKind::Waiting, "wait") };
    answers.insert(url("https://wait.example.org/"), Err(held));

    let world = tempdir().expect("a folder");
    let script = Scripted(Mutex::new(answers.clone()));
    let recorder = Recorder::new(script, &world.path().join("not/yet"), now()).expect("a recorder");
    for (asked, expected) in &answers {
        assert_eq!(format!("{:?}", carry(&recorder, asked).await), format!("{expected:?}"), "passed on as it was");
    }
    assert_eq!(recorder.holds(), [("example.org".to_owned(), now())].into());

    let passes = passes(&world.path().join("not/yet")).expect("passes");
    let [(at, pass)] = &passes[..] else { panic!("one pass, not {passes:?}") };
    assert_eq!(*at, now());
    assert!(pass.ends_with("20261116T070000Z"));
    let recorded = Recorded::new(pass);
    for (asked, expected) in &answers {
        assert_eq!(format!("{:?}", carry(&recorded, asked).await), format!("{expected:?}"), "{asked}");
    }
    assert_eq!(recorded.holds(), [("wait.example.org".to_owned(), now())].into());
}

#[tokio::test]
async fn a_304_is_recorded_and_given_again_to_who_has_a_mark() {
    let feed = url("https://example.org/feed");
    let fresh = Mark { etag: Some("\"2\"".into()), ..mark(&feed) };
    let script = Scripted(Mutex::new([(feed.clone(), Ok(Answer::NotModified(fresh.clone())))].into()));
    let world = tempdir().expect("a folder");
    let recorder = Recorder::new(script, world.path(), now()).expect("a recorder");
    carry(&recorder, &feed).await.expect("an answer");
    let recorded = Recorded::new(world.path().join("20261116T070000Z"));
    let conditional = Request { mark: mark(&feed), ..request(&feed) };
    let Ok(Answer::NotModified(found)) = recorded.carry(&conditional).await else { panic!("not modified") };
    assert_eq!(found, fresh);
    fault(carry(&recorded, &feed).await, FaultKind::Broken);
}

#[tokio::test]
async fn a_live_answer_and_its_record_are_the_same() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/old?key=1" => Reply::head("301 Moved", &["location: /new"]),
        "/new" => Reply::whole("200 OK", &["etag: \"1\"", "content-type: text/xml"], "<rss>\u{fc}</rss>"),
        "/busy" => Reply::whole("503 Busy", &["retry-after: 60"], ""),
        _ => Reply::whole("404 Not Found", &[], "gone"),
    });
    let world = tempdir().expect("a folder");
    let recorder = Recorder::new(web(&network()), world.path(), now()).expect("a recorder");
    let recorded = Recorded::new(world.path().join("20261116T070000Z"));
    for path in ["/old?key=1", "/nowhere", "/busy"] {
        let asked = server.url(path);
        let live = carry(&recorder, &asked).await;
        assert_eq!(format!("{live:?}"), format!("{:?}", carry(&recorded, &asked).await));
    }
    assert_eq!(recorded.holds(), recorder.holds());
}

#[tokio::test]
async fn a_person_writes_records_with_either_line_end() {
    let world = world(&[
        (
            "example.org-a.xml.http",
            "HTTP/1.1 200 OK\nContent-Type:  text/xml\nETag: \"1\"\nX-Odd: ignored\n\n<rss>\r\n</rss>\n",
        ),
        ("example.org-b.xml.http", "HTTP/1.1 200\r\ncontent-type: text/xml\r\netag: \"1\"\r\n\r\n<rss>\r\n</rss>\n"),
        ("example.org-empty.http", "HTTP/1.1 200 OK\n"),
    ]);
    let recorded = Recorded::new(world.path());
    for path in ["a.xml", "b.xml"] {
        let page = page(carry(&recorded, &url(&format!("https://example.org/{path}"))).await);
        assert_eq!(page.bytes, b"<rss>\r\n</rss>\n");
        assert_eq!(page.content_type.as_deref(), Some("text/xml"));
        assert_eq!(page.mark.etag.as_deref(), Some("\"1\""));
    }
    assert!(page(carry(&recorded, &url("https://example.org/empty/")).await).bytes.is_empty());
}

#[tokio::test]
async fn a_record_answers_304_as_its_server_would() {
    let dated = "HTTP/1.1 200 OK\nlast-modified: Mon, 16 Nov 2026 06:00:00 GMT\n\nx";
    let tagged = "HTTP/1.1 200 OK\netag: \"1\"\nlast-modified: Mon, 16 Nov 2026 06:00:00 GMT\n\nx";
    let world = world(&[("example.org-dated.http", dated), ("example.org-tagged.http", tagged)]);
    let recorded = Recorded::new(world.path());
    let (none, old, same, new) =
        (None, "Sun, 15 Nov 2026 06:00:00 GMT", "Mon, 16 Nov 2026 06:00:00 GMT", "Tue, 17 Nov 2026 06:00:00 GMT");
    for (path, etag, last_modified, unchanged) in [
        ("tagged", Some("\"1\""), none, true),
        ("tagged", Some("W/\"1\""), Some(old), true),
        ("tagged", Some("\"2\""), Some(same), false),
        ("tagged", none, Some(same), true),
        ("dated", Some("\"1\""), Some(same), false),
        ("dated", none, Some(old), false),
        ("dated", none, Some(same), true),
        ("dated", none, Some(new), true),
        ("dated", none, Some("no date"), false),
        ("dated", none, none, false),
    ] {
        let mark = Mark { etag: etag.map(Into::into), last_modified: last_modified.map(Into::into), ..Mark::default() };
        let asked = Request { mark, ..request(&url(&format!("https://example.org/{path}"))) };
        let answer = recorded.carry(&asked).await.expect("an answer");
        assert_eq!(matches!(answer, Answer::NotModified(_)), unchanged, "{path} {etag:?} {last_modified:?}");
    }
}

#[tokio::test]
async fn a_record_goes_through_the_same_rules_as_the_web() {
    let world = world(&[
        ("example.org-gone.http", "HTTP/1.1 410 Gone\n\nold words"),
        ("example.org-busy.http", "HTTP/1.1 429 Too Many Requests\nretry-after: 120\n\n"),
        ("example.org-moved.http", "HTTP/1.1 301 Moved Permanently\nlocation: /b\n\n"),
        ("example.org-fault.http", "FAULT timeout: asking example.org: it hung: for long\n"),
    ]);
    let recorded = Recorded::new(world.path());
    let ask = async |path: &str| carry(&recorded, &url(&format!("https://example.org/{path}"))).await;
    assert!(fault(ask("gone").await, FaultKind::Gone).message.contains("410"));
    assert_eq!(fault(ask("busy").await, FaultKind::Waiting).retry_at, "2026-11-16T07:02:00Z".parse().ok());
    assert!(fault(ask("moved").await, FaultKind::Redirect).message.contains("x-final-url"));
    assert_eq!(fault(ask("fault").await, FaultKind::Timeout).message, "asking example.org: it hung: for long");
    let missing = fault(ask("feed.xml?x=1").await, FaultKind::Unreachable);
    assert!(missing.message.contains("not in the recorded world"), "{missing}");
}

#[tokio::test]
async fn a_record_with_a_mistake_names_file_line_and_remedy() {
    for (text, remedy) in [
        ("", "line 1 should be like"),
        ("<rss/>", "line 1 should be like"),
        ("HTTP/1.1 abc\n\n", "line 1 should be like"),
        ("HTTP/1.1 200 OK\netag \"1\"\n\n", "line 2 should be like"),
        ("FAULT timeout", "line 1 should be like"),
        ("FAULT tired: of it\n", "`tired` is no kind"),
        ("FAULT waiting: x\nretry-at: soon\n", "line 2: `soon` is no time"),
        ("HTTP/1.1 200 OK\nx-final-url: /b\n\n", "x-final-url that is no URL"),
    ] {
        let world = world(&[("example.org-feed.http", text)]);
        let said =
            fault(carry(&Recorded::new(world.path()), &url("https://example.org/feed")).await, FaultKind::Broken);
        assert!(said.message.contains(remedy), "{said}");
    }
}

#[tokio::test]
async fn a_record_is_named_so_that_a_person_finds_it_and_no_two_urls_share_one() {
    let long = format!("https://example.org/{}", "long/".repeat(100));
    let asked = [
        "https://example.org/",
        "https://example.org/blog/feed.xml",
        "https://example.org/blog-feed.xml",
        "http://127.0.0.1:8080/f",
        "https://example.org/feed?tag=a",
        "https://example.org/feed?tag=b",
        "https://example.org/feed",
        "https://example.org/%C3%BC/../..//x y",
        &long,
        &format!("{long}b"),
        "https://[2001:db8::1]/feed",
    ]
    .map(url);
    let answers = asked.iter().map(|asked| {
        let page = Page {
            url: asked.clone(),
            content_type: None,
            bytes: asked.to_string().into(),
            mark: Mark::default(),
            room: Room::default(),
        };
        (asked.clone(), Ok(Answer::Page(page)))
    });
    let world = tempdir().expect("a folder");
    let recorder = Recorder::new(Scripted(Mutex::new(answers.collect())), world.path(), now()).expect("a recorder");
    for asked in &asked {
        carry(&recorder, asked).await.expect("an answer");
    }
    let pass = world.path().join("20261116T070000Z");
    let recorded = Recorded::new(&pass);
    for asked in &asked {
        assert_eq!(page(carry(&recorded, asked).await).bytes, asked.as_str().as_bytes());
    }
    let names = names(&pass);
    assert_eq!(names.len(), asked.len(), "no half file is left: {names:?}");
    for plain in
        ["example.org.http", "example.org-blog-feed.xml.http", "127.0.0.1-8080-f.http", "example.org-feed.http"]
    {
        assert!(names.iter().any(|name| name == plain), "{plain} in {names:?}");
    }
    assert!(names.iter().all(|name| name.len() < 150 && name.ends_with(".http")), "{names:?}");
}

#[test]
fn passes_come_in_order_of_time() {
    let world = tempdir().expect("a folder");
    for name in ["20261123T070000Z", "20251116T235959Z", "20261116T070000Z", ".hidden"] {
        fs::create_dir(world.path().join(name)).expect("a folder");
    }
    fs::write(world.path().join("README.md"), "about this world").expect("a file");
    let found: Vec<_> = passes(world.path()).expect("passes").into_iter().map(|(at, _)| at.to_string()).collect();
    assert_eq!(found, ["2025-11-16T23:59:59Z", "2026-11-16T07:00:00Z", "2026-11-23T07:00:00Z"]);
}

#[test]
fn a_folder_that_is_no_world_is_refused_with_a_remedy() {
    let world = tempdir().expect("a folder");
    let said = |path: &Path| format!("{:#}", passes(path).expect_err("a refusal"));
    assert!(said(world.path()).contains("there is no pass in it"), "{}", said(world.path()));
    fs::create_dir(world.path().join("2026-11-16")).expect("a folder");
    assert!(said(world.path()).contains("`2026-11-16` is no pass"), "{}", said(world.path()));
    let nowhere = world.path().join("nowhere");
    assert!(said(&nowhere).contains("nowhere"), "{}", said(&nowhere));
}
