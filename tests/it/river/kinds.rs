//! Each kind of source through the whole river: what is there is history, what is unchanged is not sent again, what comes
//! is news once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use tidings::config::{Config, Network, read_sources};
use tidings::fetch::web::Web;
use tidings::fetch::{Carried, Carrier};
use tidings::flow::{self, Asked, Doors, Setup, Unwatched};
use tidings::home::Home;
use tidings::page::Request;
use url::Url;

use crate::support::server::{Reply, Server};

/// The web, but every host of it is one server on loopback.
struct Toward {
    web: Web,
    server: Url,
}

impl Carrier for Toward {
    fn carry<'a>(&'a self, request: &'a Request) -> Carried<'a> {
        let mut url = self.server.clone();
        url.set_path(request.url.path());
        url.set_query(request.url.query());
        let request = Request { url, ..request.clone() };
        Box::pin(async move { self.web.carry(&request).await })
    }

    fn holds(&self) -> BTreeMap<String, Timestamp> {
        self.web.holds()
    }
}

/// May ask loopback, and is in no hurry.
pub fn network() -> Network {
    Network {
        allow: vec!["127.0.0.0/8".parse().unwrap()],
        gap: Duration::ZERO,
        total_timeout: Duration::from_secs(20),
        ..Network::default()
    }
}

pub fn home(folder: &tempfile::TempDir, source: &str) -> Setup {
    Setup {
        sessions: Vec::new(),
        home: Home::at(folder.path().join("home")),
        sources: read_sources("sources.toml", &format!("[[source]]\nname = \"A\"\n{source}\n")).unwrap(),
        config: Config { network: network(), ..Config::default() },
    }
}

/// Entries, new and updated of one run, and its fault.
pub async fn run(setup: &Setup, carrier: Arc<dyn Carrier>, now: &str) -> (usize, usize, usize, Option<String>) {
    let doors = Doors { carrier, channels: BTreeMap::new(), model: flow::ModelDoor::Shut, forge: Default::default() };
    let report = flow::run(setup, &doors, &Asked::All, now.parse().unwrap(), &Unwatched).await.unwrap();
    let source = &report.sources[0];
    (source.entries, source.new, source.updated, source.fault.as_ref().map(|fault| fault.message.clone()))
}

/// Four runs: first, unchanged, with one item more, and unchanged again.
async fn check(source: &str, first: &str, later: &str) {
    let body = Arc::new(Mutex::new(first.to_owned()));
    let answered = Arc::clone(&body);
    let server = Server::start(move |asked| {
        let body = answered.lock().unwrap();
        let etag = format!("\"{}\"", body.len());
        match asked.header("if-none-match") {
            Some(known) if known == etag => Reply::head("304 Not Modified", &[&format!("etag: {etag}")]),
            _ => Reply::whole("200 OK", &[&format!("etag: {etag}")], body.as_bytes()),
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let setup = home(&folder, source);
    let toward = || -> Arc<dyn Carrier> {
        Arc::new(Toward { web: Web::new(&network(), BTreeMap::new()).unwrap(), server: server.url("/") })
    };
    assert_eq!(run(&setup, toward(), "2026-11-16T08:00:00Z").await, (1, 1, 0, None), "{source}");
    assert_eq!(run(&setup, toward(), "2026-11-17T08:00:00Z").await, (0, 0, 0, None), "{source}");
    *body.lock().unwrap() = later.to_owned();
    assert_eq!(run(&setup, toward(), "2026-11-18T08:00:00Z").await, (2, 1, 0, None), "{source}");
    assert_eq!(run(&setup, toward(), "2026-11-19T08:00:00Z").await, (0, 0, 0, None), "{source}");
    assert_eq!(server.log().len(), 4);
}

#[tokio::test]
async fn a_changelog_is_news_version_by_version() {
    let first = "# Changelog\n\n## 1.0.0\n\n- one\n";
    let later = "# Changelog\n\n## Unreleased\n\n- soon\n\n## 1.0.1\n\n- one\n\n## 1.0.0\n\n- one\n";
    check("from.changelog = \"https://docs.wren.example/CHANGELOG.md\"", first, later).await;
}

#[tokio::test]
async fn a_list_in_json_is_news_item_by_item() {
    let first = r#"{"hits":[{"objectID":"1","title":"One","points":21}]}"#;
    let later = r#"{"hits":[{"objectID":"2","title":"Two"},{"objectID":"1","title":"One","points":400}]}"#;
    check("from.hacker-news = \"lantern\"", first, later).await;
    check(
        "from.json = { url = \"https://wren.example/list\", items = \"/hits\", id = \"/objectID\", title = \"/title\" }",
        first,
        later,
    )
    .await;
    let first = r#"[{"paper":{"id":"2611.00001","title":"One","upvotes":1}}]"#;
    let later =
        r#"[{"paper":{"id":"2611.00002","title":"Two"}},{"paper":{"id":"2611.00001","title":"One","upvotes":9}}]"#;
    check("from.hugging-face-papers = {}", first, later).await;
}

#[tokio::test]
async fn a_second_version_of_a_paper_is_no_news_and_a_second_paper_is() {
    let entry =
        |id: &str, title: &str| format!("<entry><id>http://arxiv.org/abs/{id}</id><title>{title}</title></entry>");
    let feed = |entries: String| format!("<feed xmlns=\"http://www.w3.org/2005/Atom\">{entries}</feed>");
    let first = feed(entry("2611.00001v1", "One paper on agents"));
    let later = feed(entry("2611.00002v1", "Another paper on agents") + &entry("2611.00001v2", "One paper on agents"));
    check("from.arxiv = \"cat:cs.AI\"", &first, &later).await;
}
