//! Editions, feeds and trends in the browser.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use reqwest::Method;
use tidings::edition::trends::Trends;
use tidings::edition::{Alert, Digest, Rollup};
use tidings::flow::{self, Asked, Setup, Unwatched};
use tidings::home::Home;
use tidings::tell::feeds::{self, Raised};
use tidings::tell::render::{self, Rendered};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::pages::Pages;

pub const NOW: &str = "2026-12-02T09:00:00Z";

/// A home in which nothing was said.
pub fn empty(folder: &Path, settings: &str) -> Setup {
    Setup {
        home: Home::at(folder),
        sources: Vec::new(),
        sessions: Vec::new(),
        config: tidings::config::read_settings("tidings.toml", settings).unwrap(),
    }
}

fn fixture(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)).unwrap()
}

fn digest(case: &str) -> Digest {
    serde_json::from_str(&fixture(&format!("digest/{case}.json"))).unwrap()
}

fn trends(case: &str) -> Trends {
    serde_json::from_str(&fixture(&format!("trends/{case}.json"))).unwrap()
}

fn lay(home: &Path, rendered: &Rendered, stem: &str) {
    lay_files(home, rendered.files(stem));
}

fn lay_files(home: &Path, files: Vec<(String, Vec<u8>)>) {
    for (path, bytes) in files {
        let path = home.join("digests").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// A home with two weeks, an alert, a roll-up, two months and the feeds of them.
fn said(folder: &Path) -> Setup {
    let first = Digest { week: "2026-W46".to_owned(), ..digest("quiet") };
    let full = Digest { week: "2026-W47".to_owned(), ..digest("full") };
    for digest in [&first, &full] {
        lay(folder, &render::digest(digest).unwrap(), &format!("{}/digest", digest.week));
    }
    let alert: Alert = serde_json::from_str(&fixture("alert/critical.json")).unwrap();
    let rollup: Rollup = serde_json::from_str(&fixture("rollup/two.json")).unwrap();
    lay(folder, &render::alert(&alert).unwrap(), "alerts/2026-11-19/s-abc");
    lay(folder, &render::rollup(&rollup).unwrap(), "alerts/2026-11-20/rollup");
    let october = Trends { month: "2026-10".to_owned(), ..trends("first") };
    for trends in [october, trends("full")] {
        lay(folder, &render::trends(&trends).unwrap(), &format!("trends/{0}/trends", trends.month));
    }
    lay_files(folder, feeds::write(&[first, full], "lab.example").unwrap());
    let raised = [Raised::Alert("alerts/2026-11-19/s-abc".to_owned(), Box::new(alert))];
    lay_files(folder, feeds::write_alerts(&raised, "lab.example").unwrap());
    empty(folder, "")
}

/// What no page of ours may hold.
pub fn assert_plain(page: &str, words: &str) {
    for never in ["<script", "=\"javascript:", " style=\"", "<style", "<img src=x", "\u{202e}", "\u{200b}"] {
        assert!(!page.contains(never), "{words} holds {never:?}");
    }
    assert!(page.len() < 60_000, "{words} has {} bytes", page.len());
}

#[tokio::test]
async fn a_digest_is_a_page_of_ours_with_what_to_do_first_and_every_story() {
    let folder = tempfile::tempdir().unwrap();
    let setup = said(folder.path());
    let pages = Pages::of(&setup, NOW).await;
    let page = pages.page("/editions/2026-W47").await;
    assert_plain(&page, "a digest");
    let digest = digest("full");
    let at = |words: &str| page.find(words).unwrap_or_else(|| panic!("{words:?} is not on the page"));
    let mut last = at("Do this week");
    for action in &digest.actions {
        assert!(page.contains(&format!("/stories/{}", action.story)), "why to do it");
    }
    for section in &digest.sections {
        let here = at(&format!("<h2>{}</h2>", section.title));
        assert!(here > last, "sections keep their order, after what to do");
        last = here;
        for story in &section.stories {
            at(&format!("href=\"/stories/{}\"", story.story));
        }
    }
    assert!(page.contains("href=\"/editions/2026-W46\" rel=\"prev\""), "the week before");
    assert!(!page.contains("rel=\"next\""), "no week after");
    assert!(page.contains("type=\"application/atom+xml\"") && page.contains("type=\"application/feed+json\""));
    for (ending, kind) in [("md", "text/markdown"), ("txt", "text/plain"), ("json", "application/json")] {
        let path = format!("/editions/2026-W47/digest.{ending}");
        assert!(page.contains(&format!("href=\"{path}\"")), "{path}");
        let response = pages.get(&path).await;
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with(kind), "{path}");
        let file = fs::read(folder.path().join(format!("digests/2026-W47/digest.{ending}"))).unwrap();
        assert_eq!(response.bytes().await.unwrap(), file, "{path}");
    }
    // What is mailed has its styles inline, which our own policy would strip.
    let mailed = pages.get("/editions/2026-W47/digest.html").await;
    assert_eq!(
        (mailed.status().as_u16(), &mailed.headers()["location"]),
        (303, &"/editions/2026-W47".parse().unwrap())
    );
}

#[tokio::test]
async fn alerts_rollups_and_months_have_their_pages_and_the_list_leads_to_all_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let setup = said(folder.path());
    let pages = Pages::of(&setup, NOW).await;
    let list = pages.page("/editions").await;
    for path in [
        "/editions/2026-W47",
        "/editions/2026-W46",
        "/editions/alerts/2026-11-19/s-abc",
        "/editions/alerts/2026-11-20/rollup",
        "/trends/2026-11",
        "/trends/2026-10",
        "/feeds/feed.atom",
        "/feeds/alerts.json",
    ] {
        assert!(list.contains(&format!("href=\"{path}\"")), "{path} is listed");
        let page = pages.page(path).await;
        if !path.starts_with("/feeds") {
            assert_plain(&page, path);
            assert_eq!(page.matches("<h1").count(), 1, "{path} has one h1");
        }
    }
    assert!(list.find("2026-W47").unwrap() < list.find("2026-W46").unwrap(), "the newest first");
    // One sort alone, and from one edition on.
    let weeks = pages.page("/editions?of=weeks&after=2026-W47").await;
    assert!(weeks.contains("/editions/2026-W46") && !weeks.contains("/editions/2026-W47"), "{weeks}");
    assert!(!weeks.contains("/trends/2026-11"));
    for unclear in ["/editions?of=novels", "/editions?of=weeks&after=2020-W01", "/editions?of=weeks&of=months"] {
        assert_eq!(pages.get(unclear).await.status(), 400, "{unclear}");
    }
}

#[tokio::test]
async fn trends_show_pictures_with_tables_beside_them_and_lead_to_the_months_around() {
    let folder = tempfile::tempdir().unwrap();
    let setup = said(folder.path());
    let pages = Pages::of(&setup, NOW).await;
    let newest = pages.page("/trends").await;
    assert_eq!(
        newest.replace("/trends/2026-11\"", ""),
        pages.page("/trends/2026-11").await.replace("/trends/2026-11\"", "")
    );
    assert!(newest.contains("href=\"/trends/2026-10\" rel=\"prev\""), "the month before");
    let rise = &trends("full").rising[0];
    assert!(
        newest.contains("alt=\"Bars of the stories") && newest.matches(&rise.term).count() > 2,
        "said in words too"
    );
    for picture in ["rising.png", "months.png"] {
        let path = format!("/editions/trends/2026-11/{picture}");
        assert!(newest.contains(&format!("src=\"{path}\"")), "{path}");
        let response = pages.get(&path).await;
        assert_eq!(response.headers()["content-type"], "image/png");
        assert!(response.bytes().await.unwrap().starts_with(b"\x89PNG"), "{path}");
    }
    let earlier = pages.page("/trends/2026-10").await;
    assert!(earlier.contains("href=\"/trends/2026-11\" rel=\"next\""), "the month after");
    assert!(earlier.contains("not yet two months"), "nothing is compared yet");
    let moved = pages.get("/editions/trends/2026-11").await;
    assert_eq!(moved.headers()["location"], "/trends/2026-11");
}

#[tokio::test]
async fn feeds_are_feeds_their_entries_lead_to_pages_and_who_has_them_gets_304() {
    let folder = tempfile::tempdir().unwrap();
    let setup = said(folder.path());
    let pages = Pages::of(&setup, NOW).await;
    for (name, kind) in [
        ("feed.atom", "application/atom+xml; charset=utf-8"),
        ("feed.json", "application/feed+json; charset=utf-8"),
        ("alerts.atom", "application/atom+xml; charset=utf-8"),
        ("alerts.json", "application/feed+json; charset=utf-8"),
    ] {
        let path = format!("/feeds/{name}");
        let response = pages.get(&path).await;
        assert_eq!(response.headers()["content-type"], kind);
        let tag = response.headers()["etag"].to_str().unwrap().to_owned();
        let address = response.url().clone();
        let bytes = response.bytes().await.unwrap();
        let feed = feed_rs::parser::Builder::new().base_uri(Some(address.as_str())).build().parse(&bytes[..]).unwrap();
        assert!(!feed.entries.is_empty(), "{name}");
        for link in feed.entries.iter().flat_map(|entry| &entry.links).filter(|_| name.ends_with("atom")) {
            let to = pages.get(url::Url::parse(&link.href).unwrap().path()).await;
            assert_eq!(to.status(), 303, "{}", link.href);
            pages.page(to.headers()["location"].to_str().unwrap()).await;
        }
        let known =
            async |tags: &str| pages.ask(Method::GET, &path).header("if-none-match", tags).send().await.unwrap();
        for tags in [tag.as_str(), tag.trim_start_matches("W/"), "*", &format!("\"other\", {tag}")] {
            let again = known(tags).await;
            assert_eq!((again.status().as_u16(), &again.headers()["etag"]), (304, &tag.parse().unwrap()), "{tags}");
            assert!(again.bytes().await.unwrap().is_empty());
        }
        assert_eq!(known("W/\"0123456789abcdef\"").await.status(), 200, "other bytes are another feed");
    }
}

#[tokio::test]
async fn a_home_that_has_said_nothing_says_what_will_be_there_and_when() {
    let folder = tempfile::tempdir().unwrap();
    for is_there in [false, true] {
        if is_there {
            fs::create_dir(folder.path().join("digests")).unwrap();
        }
        let pages = Pages::of(&empty(folder.path(), ""), NOW).await;
        for (path, words) in [
            ("/editions", "a run writes the digest when a week has closed"),
            ("/trends", "No month has closed yet"),
            ("/lessons", "Nothing was learnt yet"),
        ] {
            let page = pages.page(path).await;
            assert!(page.contains(words), "{path}: {page}");
            assert_plain(&page, path);
        }
        for path in ["/feeds/feed.atom", "/editions/2026-W47", "/trends/2026-11", "/editions/2026-W47/digest.md"] {
            assert_eq!(pages.get(path).await.status(), 404, "{path}");
        }
    }
}

#[tokio::test]
async fn what_is_damaged_or_newer_is_said_and_its_plain_words_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    let setup = said(folder.path());
    let pages = Pages::of(&setup, NOW).await;
    let week = folder.path().join("digests/2026-W47");
    let whole = fs::read_to_string(week.join("digest.json")).unwrap();
    let newer = whole.replacen("\"version\": 1", "\"version\": 2", 1);
    for (json, words) in [
        (&whole[..whole.len() / 2], "it is damaged"),
        ("", "it is damaged"),
        ("[]", "it is damaged"),
        (&newer, "it has version 2, and this program reads 1"),
    ] {
        fs::write(week.join("digest.json"), json).unwrap();
        let page = pages.page("/editions/2026-W47").await;
        assert!(page.contains(words) && page.contains("<pre>3 CHANGES TO MAKE THIS WEEK"), "{words}: {page}");
        assert_plain(&page, words);
        assert!(pages.page("/editions").await.contains("can’t be read"), "{words}");
    }
    fs::remove_file(week.join("digest.json")).unwrap();
    assert!(pages.page("/editions/2026-W47").await.contains("it is not there"));
    fs::remove_file(week.join("digest.txt")).unwrap();
    assert!(pages.page("/editions/2026-W47").await.contains("## Do this week"), "Markdown stands in for plain text");
    fs::write(week.join("digest.json"), "{").unwrap();
    fs::remove_file(week.join("digest.md")).unwrap();
    assert!(pages.page("/editions/2026-W47").await.contains("not there either"));
    // One damaged month hides no other.
    fs::write(folder.path().join("digests/trends/2026-11/trends.json"), "{}").unwrap();
    assert!(pages.page("/trends").await.contains("it is damaged"));
    assert!(pages.page("/trends/2026-10").await.contains("October 2026"));
}

/// Asks for an address as it stands, which a proper client would first make right.
async fn raw(pages: &Pages, target: &[u8]) -> String {
    let mut stream = TcpStream::connect(pages.address).await.unwrap();
    stream.write_all(b"GET ").await.unwrap();
    stream.write_all(target).await.unwrap();
    let head = format!(" HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", pages.address);
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn no_path_leads_out_of_what_was_said() {
    let folder = tempfile::tempdir().unwrap();
    let setup = said(folder.path());
    let outside = tempfile::tempdir().unwrap();
    let secret = "a secret that nobody told";
    for file in ["digest.md", "digest.json", "digest.txt", "rising.png", "feed.atom", "told.jsonl"] {
        fs::write(outside.path().join(file), secret).unwrap();
        fs::write(folder.path().join(file), secret).unwrap();
    }
    let digests = folder.path().join("digests");
    symlink(outside.path(), digests.join("2026-W40")).unwrap();
    fs::create_dir(digests.join("2026-W41")).unwrap();
    symlink(outside.path().join("digest.md"), digests.join("2026-W41/digest.md")).unwrap();
    symlink("../../digest.json", digests.join("2026-W41/digest.json")).unwrap();
    fs::remove_file(digests.join("alerts.json")).unwrap();
    symlink(outside.path().join("told.jsonl"), digests.join("alerts.json")).unwrap();
    symlink(digests.join("loop"), digests.join("loop")).unwrap();
    let pages = Pages::of(&setup, NOW).await;
    for target in [
        "/editions/../digest.md",
        "/editions/..%2fdigest.md",
        "/editions/..%2Fdigest.md",
        "/editions/%2e%2e/digest.md",
        "/editions/%2e%2e%2fdigest.md",
        "/editions/2026-W47/../../digest.md",
        "/editions/2026-W47%2f..%2f..%2fdigest.md",
        "/editions/2026-W47%00/digest.md",
        "/editions/2026-W47/digest.md%00.png",
        "/editions//etc/passwd",
        "/editions/%2fetc%2fpasswd",
        "/editions/2026-W47\\..\\..\\digest.md",
        "/editions/2026-W40/digest.md",
        "/editions/2026-W40",
        "/editions/2026-W41/digest.md",
        "/editions/2026-W41/digest.json",
        "/editions/2026-W41",
        "/editions/trends/2026-11/..%2f..%2f..%2ftold.jsonl",
        "/editions/alerts/2026-11-19/s-..%2f..%2fx.md",
        "/editions/%ff%fe",
        "/feeds/alerts.json",
        "/feeds/../told.jsonl",
        "/feeds/..%2ffeed.atom",
        "/feeds/%2e%2e%2f%2e%2e%2ftold.jsonl",
        "/feeds/told.jsonl",
        "/trends/..%2f..",
        "/trends/%00",
        "/lessons/..%2f..%2fstate",
    ] {
        let answer = raw(&pages, target.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 404") || answer.starts_with("HTTP/1.1 400"), "{target}: {answer}");
        assert!(!answer.contains(secret) && !answer.contains("root:"), "{target}: {answer}");
    }
    let list = pages.page("/editions").await;
    assert!(!list.contains("2026-W40") && !list.contains("2026-W41") && list.contains("2026-W47"), "{list}");
    // A folder of digests that lies elsewhere as a whole is the owner's wish.
    let other = tempfile::tempdir().unwrap();
    symlink(&digests, other.path().join("digests")).unwrap();
    let pages = Pages::of(&empty(other.path(), ""), NOW).await;
    assert!(pages.page("/editions").await.contains("2026-W47"));
}

#[tokio::test]
async fn hostile_words_stay_words_on_every_page() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    let mut digest = Digest { week: "2026-W47".to_owned(), ..digest("hostile") };
    let told = digest.sections.iter_mut().flat_map(|section| &mut section.stories);
    for (place, story) in told.enumerate() {
        story.story.0 = ["s-ok", "../../lessons", "s-\"><script>", "javascript:alert(1)"][place % 4].to_owned();
    }
    lay(home, &render::digest(&digest).unwrap(), "2026-W47/digest");
    let mut alert: Alert = serde_json::from_str(&fixture("alert/hostile.json")).unwrap();
    alert.telling.title = "<script>alert(1)</script>\u{202e}\u{200b} \"'><img src=x onerror=alert(1)>".to_owned();
    lay(home, &render::alert(&alert).unwrap(), "alerts/2026-11-19/s-abc");
    lay(home, &render::trends(&trends("hostile")).unwrap(), &format!("trends/{}/trends", trends("hostile").month));
    let pages = Pages::of(&empty(home, ""), NOW).await;
    for path in ["/editions", "/editions/2026-W47", "/editions/alerts/2026-11-19/s-abc", "/trends"] {
        let page = pages.page(path).await;
        assert_plain(&page, path);
        assert!(!page.contains("href=\"/stories/.."), "{path}");
    }
    let alert = pages.page("/editions/alerts/2026-11-19/s-abc").await;
    assert!(alert.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{alert}");
}

#[tokio::test]
async fn the_demos_editions_and_lessons_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    let setup = crate::river::demo::set_up(folder.path());
    let no_secrets = |name: &_| panic!("the demo needs no secret, not even {name:?}");
    let world = folder.path().join("world");
    flow::replay(&setup, &world, &Asked::Due, &no_secrets, &Unwatched).await.unwrap();
    let pages = Pages::of(&setup, "2026-11-23T09:00:00Z").await;
    let list = pages.page("/editions").await;
    assert!(list.contains("Update lantern-code to 4.12.3 or later") && list.contains("/feeds/alerts.atom"), "{list}");
    let alert = list.split("href=\"").find(|link| link.starts_with("/editions/alerts/")).unwrap();
    for path in ["/editions/2026-W47", alert.split('"').next().unwrap(), "/trends", "/lessons"] {
        assert_plain(&pages.page(path).await, path);
    }
    assert!(pages.page("/lessons").await.contains("Ready to be proposed (2)"));
}
