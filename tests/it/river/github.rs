//! GitHub as a source: whole runs against a GitHub that holds us to its rules.

use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tidings::config::{SecretName, read_settings, read_sources};
use tidings::flow::{self, Asked, Doors, Report, Setup, SourceReport, Status, Unwatched};
use tidings::home::Home;
use tidings::item::FaultKind;

use crate::support::github::{GithubServer, TOKEN, advisory, refusal, release, repository};
use crate::support::server::{Reply, Server};

const RELEASES: &str = "/repos/octo-org/lantern-code/releases";
const FROM_RELEASES: &str = "from.github-releases = \"octo-org/lantern-code\"";

/// A home that watches what a test names, at a GitHub of its own.
struct Watch {
    _folder: tempfile::TempDir,
    setup: Setup,
    github: GithubServer,
    /// What the environment holds as GITHUB_TOKEN; None: it is not set.
    token: Mutex<Option<String>>,
}

fn at(hours: i64) -> Timestamp {
    let start: Timestamp = "2026-11-16T07:00:00Z".parse().unwrap();
    start + SignedDuration::from_hours(hours)
}

impl Watch {
    fn new(settings: &str, from: &[&str]) -> Watch {
        Watch::below("", settings, from)
    }

    /// The sources are called A, B, C …
    fn below(prefix: &'static str, settings: &str, from: &[&str]) -> Watch {
        let github = GithubServer::start(prefix);
        github.world().reset = Some(at(1));
        let settings = format!(
            "[interests]\nwatch = [\"lantern-code\"]\n[network]\nallow = [\"127.0.0.0/8\"]\ngap = \"0s\"\n\
             [github]\napi = \"{}\"\n{settings}\n",
            github.url(prefix)
        );
        let sources: String = from
            .iter()
            .zip('A'..)
            .map(|(from, name)| {
                format!("[[source]]\nname = \"{name}\"\ntrust = \"official\"\nevery = \"1h\"\n{from}\n")
            })
            .collect();
        let folder = tempfile::tempdir().unwrap();
        let setup = Setup {
            sessions: Vec::new(),
            home: Home::at(folder.path().join("home")),
            sources: read_sources("sources.toml", &sources).unwrap(),
            config: read_settings("tidings.toml", &settings).unwrap(),
        };
        Watch { _folder: folder, setup, github, token: Mutex::new(Some(TOKEN.to_owned())) }
    }

    fn with_token(from: &[&str]) -> Watch {
        Watch::new("token_env = \"GITHUB_TOKEN\"", from)
    }

    /// A run of a program that was started anew.
    async fn run(&self, now: Timestamp) -> Report {
        let secrets = |name: &SecretName| {
            assert_eq!(*name, SecretName::Env("GITHUB_TOKEN".to_owned()));
            self.token.lock().unwrap().clone().ok_or_else(|| anyhow::anyhow!("GITHUB_TOKEN is not set"))
        };
        let doors = Doors::open(&self.setup.config, None, &secrets, now).unwrap();
        flow::run(&self.setup, &doors, &Asked::Due, now, &Unwatched).await.unwrap()
    }

    /// A run of a home with one source.
    async fn one(&self, now: Timestamp) -> SourceReport {
        let mut report = self.run(now).await;
        assert_eq!(report.sources.len(), 1);
        report.sources.remove(0)
    }
}

#[track_caller]
fn fault(report: &SourceReport, kind: FaultKind) -> String {
    let fault = report.fault.as_ref().unwrap_or_else(|| panic!("a fault: {report:?}"));
    assert_eq!(fault.kind, kind, "{}", fault.message);
    assert!(!fault.message.contains(TOKEN), "no token in messages");
    fault.message.clone()
}

#[tokio::test]
async fn a_release_is_news_once_and_an_unchanged_list_is_asked_for_conditionally_and_for_free() {
    let watch = Watch::with_token(&[FROM_RELEASES]);
    watch.github.has(RELEASES, &[release(2, "v4.12.2"), release(1, "v4.12.1")]);
    let first = watch.one(at(0)).await;
    assert_eq!((first.status, first.entries, first.new), (Status::Ok, 2, 2), "{first:?}");

    let second = watch.one(at(1)).await;
    assert_eq!((second.status, second.new), (Status::NotModified, 0), "{second:?}");
    assert!(watch.github.log()[1].header("if-none-match").is_some());
    assert_eq!(watch.github.world().counted, 1, "a 304 is free");

    let mut draft = release(5, "v5.0.0");
    draft["draft"] = json!(true);
    let mut early = release(4, "v5.0.0-rc.1");
    early["prerelease"] = json!(true);
    // The text of a known release is mended, and one is new.
    let mut mended = release(2, "v4.12.2");
    mended["body"] = json!("What is new: nothing.");
    watch.github.has(RELEASES, &[draft, early, release(3, "v4.12.3"), mended, release(1, "v4.12.1")]);
    let third = watch.one(at(2)).await;
    assert_eq!((third.status, third.entries, third.new, third.updated), (Status::Ok, 3, 1, 1), "{third:?}");
    assert_eq!(third.fault, None);
    watch.github.assert_well_asked();
    assert!(watch.github.log().iter().all(|asked| asked.header("authorization") == Some(&format!("Bearer {TOKEN}"))));
}

#[tokio::test]
async fn pre_releases_and_drafts_come_where_a_line_asks_for_them() {
    let from = "from.github-releases = { repository = \"octo-org/lantern-code\", prereleases = true, drafts = true }";
    let watch = Watch::with_token(&[from]);
    let (mut draft, mut early) = (release(2, "v5.0.0"), release(1, "v5.0.0-rc.1"));
    draft["draft"] = json!(true);
    draft["published_at"] = Value::Null;
    early["prerelease"] = json!(true);
    watch.github.has(RELEASES, &[draft, early]);
    assert_eq!(watch.one(at(0)).await.new, 2);
}

#[tokio::test]
async fn an_advisory_of_a_watched_product_is_alerted_with_the_version_to_update_to() {
    let watch = Watch::with_token(&["from.github-advisories = \"octo-org/lantern-code\""]);
    let path = "/repos/octo-org/lantern-code/security-advisories";
    let mut old = advisory();
    old["ghsa_id"] = json!("GHSA-3333-4444-5555");
    old["cve_id"] = Value::Null;
    old["summary"] = json!("An old one");
    watch.github.has(path, &[old.clone()]);
    assert_eq!(watch.run(at(0)).await.acts.alerted, 0, "history alerts nobody");
    // What its own people may see already is none of our business.
    let mut secret = advisory();
    secret["ghsa_id"] = json!("GHSA-6666-7777-8888");
    secret["state"] = json!("draft");
    watch.github.has(path, &[secret, advisory(), old]);
    let report = watch.run(at(1)).await;
    assert_eq!((report.sources[0].new, report.acts.alerted), (1, 1), "{report:?}");
    let mut pages = Vec::new();
    for day in std::fs::read_dir(watch.setup.home.digests().join("alerts")).unwrap() {
        for file in std::fs::read_dir(day.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }
    assert_eq!(pages.len(), 1);
    for words in ["lantern-code: Hooks run before they are trusted", "Update lantern-code to 4.12.3 or later"] {
        assert!(pages[0].contains(words), "{words}: {}", pages[0]);
    }
    watch.github.assert_well_asked();
}

#[tokio::test]
async fn a_repository_that_a_search_finds_is_news_once_whatever_its_stars_do() {
    let watch = Watch::with_token(&["from.github-search = { repositories = \"topic:lanterns pushed:>{week_ago}\" }"]);
    watch.github.has("/search/repositories", &[repository(1, "octo-org/wick", 51)]);
    assert_eq!(watch.one(at(0)).await.new, 1);
    watch.github.has("/search/repositories", &[repository(2, "octo-org/oil", 60), repository(1, "octo-org/wick", 99)]);
    let next = watch.one(at(24)).await;
    assert_eq!((next.new, next.updated), (1, 0), "{next:?}");
    // Nothing found is a quiet day.
    watch.github.has("/search/repositories", &[]);
    let quiet = watch.one(at(48)).await;
    assert_eq!((quiet.status, &quiet.fault), (Status::Ok, &None));
    let paths: Vec<String> = watch.github.log().into_iter().map(|asked| asked.path).collect();
    assert!(paths[0].contains("2026-11-09") && paths[1].contains("2026-11-10"), "{paths:?}");
    watch.github.assert_well_asked();
}

#[tokio::test]
async fn a_count_that_is_used_up_is_kept_across_runs_and_is_not_the_searches() {
    let from = [
        FROM_RELEASES,
        "from.github-commits = \"octo-org/lantern-code\"",
        "from.github-search = { issues = \"is:issue\" }",
    ];
    let watch = Watch::new("", &from);
    watch.github.has(RELEASES, &[release(1, "v4.12.1")]);
    watch.github.has("/search/issues", &[]);
    watch.github.world().left.insert("core", 0);
    // Half an hour from now.
    watch.github.world().reset = Some(at(0) + SignedDuration::from_mins(150));
    let report = watch.run(at(0)).await;
    let waiting: Vec<_> = report.sources[..2].iter().map(|source| fault(source, FaultKind::Waiting)).collect();
    assert!(waiting.iter().any(|message| message.contains("5,000 with one")), "{waiting:?}");
    assert_eq!(report.sources[2].status, Status::Ok, "searches are counted apart: {report:?}");
    let asked = watch.github.log().len();

    let report = watch.run(at(2)).await;
    let states: Vec<_> = report.sources.iter().map(|source| source.status).collect();
    assert_eq!(states, [Status::NotDue, Status::NotDue, Status::NotModified]);
    assert_eq!(watch.github.log().len(), asked + 1);

    watch.github.world().left.insert("core", 60);
    let report = watch.run(at(3)).await;
    assert_eq!(report.sources[0].status, Status::Ok, "{report:?}");
    watch.github.assert_well_asked();
}

#[tokio::test]
async fn the_last_request_of_a_count_ends_the_runs_requests_without_a_no() {
    let from: Vec<String> =
        (0..4).map(|number| format!("from.github-search = {{ issues = \"is:issue lamp {number}\" }}")).collect();
    let watch = Watch::new("", &from.iter().map(String::as_str).collect::<Vec<_>>());
    watch.github.has("/search/issues", &[]);
    watch.github.world().left.insert("search", 1);
    watch.github.world().reset = Some(at(0) + SignedDuration::from_secs(60));
    let report = watch.run(at(0)).await;
    let answered = report.sources.iter().filter(|source| source.status == Status::Ok).count();
    assert_eq!(answered, 1, "{report:?}");
    // Two may be under way at once; the second of them is told no, and nobody else asks.
    assert!(watch.github.log().len() <= 2, "{:?}", watch.github.log());
    watch.github.world().left.insert("search", 10);
    let report = watch.run(at(1)).await;
    assert!(report.sources.iter().all(|source| source.status == Status::Ok || source.status == Status::NotModified));
}

#[tokio::test]
async fn who_is_asked_to_go_slower_asks_github_nothing_until_then() {
    let from = [FROM_RELEASES, "from.github-search = { issues = \"is:issue\" }"];
    let watch = Watch::with_token(&from);
    watch.github.has("/search/issues", &[]);
    let words = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    watch
        .github
        .replies(RELEASES, refusal("403 Forbidden", &["retry-after: 10800", "x-ratelimit-remaining: 4000"], words));
    let report = watch.run(at(0)).await;
    let message = fault(&report.sources[0], FaultKind::Waiting);
    assert!(message.contains("slower") && message.contains("2026-11-16T10:00:00Z"), "{message}");
    let asked = watch.github.log().len();
    assert!(watch.run(at(2)).await.sources.iter().all(|source| source.status == Status::NotDue));
    assert_eq!(watch.github.log().len(), asked);

    // Without a number it is a minute, as GitHub's documentation says.
    watch.github.replies(RELEASES, refusal("403 Forbidden", &[], words));
    let report = watch.run(at(3)).await;
    assert!(fault(&report.sources[0], FaultKind::Waiting).contains("2026-11-16T10:01:00Z"));
}

#[tokio::test]
async fn a_refused_token_is_told_once_a_run_and_asked_no_further() {
    let from: Vec<String> = (0..5).map(|number| format!("from.github-releases = \"octo-org/lamp-{number}\"")).collect();
    let watch = Watch::with_token(&from.iter().map(String::as_str).collect::<Vec<_>>());
    *watch.token.lock().unwrap() = Some("github_pat_that_ended".to_owned());
    let report = watch.run(at(0)).await;
    let messages: Vec<_> = report.sources.iter().map(|source| fault(source, FaultKind::Status)).collect();
    let long: Vec<_> = messages.iter().filter(|message| message.contains("personal-access-tokens/new")).collect();
    assert_eq!(long.len(), 1, "{messages:#?}");
    assert!(long[0].contains("401") && long[0].contains("Bad credentials"), "{long:?}");
    assert!(!format!("{report:?}").contains("github_pat_that_ended"));
    assert!(watch.github.log().len() <= 2, "at most those under way");
}

#[tokio::test]
async fn a_token_that_is_not_there_is_a_fault_of_githubs_sources_alone() {
    let feed = Server::start(|_| Reply::whole("200 OK", &[], "<rss version=\"2.0\"><channel/></rss>"));
    let from = format!("from.feed = \"{}\"", feed.url("/feed.xml"));
    let watch = Watch::with_token(&[FROM_RELEASES, &from]);
    *watch.token.lock().unwrap() = None;
    let report = watch.run(at(0)).await;
    let message = fault(&report.sources[0], FaultKind::Status);
    assert!(message.contains("GITHUB_TOKEN is not set") && message.contains("personal-access-tokens/new"), "{message}");
    assert_eq!(report.sources[1].status, Status::Ok);
    assert!(watch.github.log().is_empty());
}

#[tokio::test]
async fn a_renamed_repository_is_followed_and_named() {
    let watch = Watch::with_token(&["from.github-releases = \"octo-org/old-lantern\""]);
    let moved = Reply::head("301 Moved Permanently", &["location: /repositories/77/releases?per_page=100"]);
    watch.github.replies("/repos/octo-org/old-lantern/releases", moved);
    watch.github.has("/repositories/77/releases", &[release(1, "v4.12.1")]);
    let first = watch.one(at(0)).await;
    assert_eq!((first.status, first.new), (Status::Ok, 1), "{first:?}");
    let message = fault(&first, FaultKind::Renamed);
    assert!(message.contains("octo-org/old-lantern") && message.contains("octo-org/lantern-code now"), "{message}");
    let second = watch.one(at(1)).await;
    assert_eq!(second.status, Status::NotModified, "{second:?}");
    let log = watch.github.log();
    assert!(log[2].header("if-none-match").is_none(), "the old address knows no such validator");
    assert!(log[3].header("if-none-match").is_some());
    watch.github.assert_well_asked();
}

#[tokio::test]
async fn a_redirect_to_elsewhere_gets_neither_token_nor_question() {
    let thief = Server::start(|_| Reply::whole("200 OK", &[], "[]"));
    let watch = Watch::with_token(&[FROM_RELEASES]);
    let location = format!("location: {}", thief.url("/repos/x"));
    watch.github.replies(RELEASES, Reply::head("302 Found", &[&location]));
    fault(&watch.one(at(0)).await, FaultKind::Redirect);
    assert!(thief.log().is_empty());
    // Nor in circles.
    let location = format!("location: {RELEASES}");
    watch.github.replies(RELEASES, Reply::head("302 Found", &[&location]));
    fault(&watch.one(at(30)).await, FaultKind::Redirect);
    assert!(watch.github.log().len() < 10);
}

#[tokio::test]
async fn every_no_says_what_to_mend() {
    let search = "from.github-search = { issues = \"is:issue label:\" }";
    let table = [
        (FROM_RELEASES, RELEASES, "404 Not Found", "Not Found", "private"),
        (search, "/search/issues", "422 Unprocessable Entity", "Validation Failed", "`is:issue label:`"),
        (FROM_RELEASES, RELEASES, "451 Unavailable For Legal Reasons", "Repository access blocked", "legal"),
        (
            FROM_RELEASES,
            RELEASES,
            "403 Forbidden",
            "Repository access blocked",
            "(\u{201c}Repository access blocked\u{201d})",
        ),
        (FROM_RELEASES, RELEASES, "500 Internal Server Error", "Server Error", "next run"),
    ];
    for (from, path, status, said, remedy) in table {
        let watch = Watch::with_token(&[from]);
        watch.github.replies(path, refusal(status, &[], said));
        let message = fault(&watch.one(at(0)).await, FaultKind::Status);
        assert!(message.contains(&status[..3]) && message.contains(said) && message.contains(remedy), "{message}");
    }
}

#[tokio::test]
async fn an_answer_that_is_no_list_is_a_fault_and_the_mark_stays() {
    let watch = Watch::with_token(&[FROM_RELEASES]);
    watch.github.has(RELEASES, &[release(1, "v4.12.1")]);
    assert_eq!(watch.one(at(0)).await.new, 1);
    let whole = |body: &str| Reply::whole("200 OK", &["etag: \"odd\""], body);
    let broken = Reply::head("200 OK", &["content-length: 4000"]).then("[{\"id\": 1,");
    let table = [
        (whole("<!DOCTYPE html><title>A firewall</title>"), FaultKind::NotAFeed, "a web page"),
        (whole("[{\"id\": 1,"), FaultKind::NotAFeed, "broken JSON"),
        (whole(""), FaultKind::NotAFeed, "an empty answer"),
        (whole("{\"message\": \"Not today\"}"), FaultKind::NotAFeed, "Not today"),
        (whole("{\"items\": []}"), FaultKind::NotAFeed, "another kind"),
        (whole(&format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000))), FaultKind::NotAFeed, "1 of its 1"),
        (broken, FaultKind::Broken, "broke off"),
        (Reply::whole("304 Not Modified", &[], ""), FaultKind::Broken, "304"),
    ];
    for (number, (reply, kind, words)) in table.into_iter().enumerate() {
        // Each at a first reading, which sends no validators.
        let watch = Watch::with_token(&[FROM_RELEASES]);
        watch.github.replies(RELEASES, reply);
        let message = fault(&watch.one(at(30 * number as i64)).await, kind);
        assert!(message.contains(words), "{message}");
    }
    // What was known is known, and the old validator is sent again.
    watch.github.replies(RELEASES, whole("<html></html>"));
    fault(&watch.one(at(1)).await, FaultKind::NotAFeed);
    watch.github.world().replies.clear();
    assert_eq!(watch.one(at(40)).await.status, Status::NotModified);
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_not_read_to_its_end() {
    let watch = Watch::with_token(&[FROM_RELEASES]);
    let mut setup = watch.setup.clone();
    setup.config.network.max_bytes = 10_000;
    let watch = Watch { setup, ..watch };
    let reply = Reply::head("200 OK", &[]).then("[").then_repeat(" ".repeat(1000), 100).then("]");
    watch.github.replies(RELEASES, reply);
    fault(&watch.one(at(0)).await, FaultKind::TooLarge);
}

#[tokio::test]
async fn an_enterprise_server_is_asked_below_its_own_path() {
    let watch = Watch::below("/api/v3", "token_env = \"GITHUB_TOKEN\"", &[FROM_RELEASES]);
    watch.github.has(RELEASES, &[release(1, "v4.12.1")]);
    assert_eq!(watch.one(at(0)).await.new, 1);
    assert_eq!(watch.one(at(1)).await.status, Status::NotModified);
    assert!(watch.github.log().iter().all(|asked| asked.path.starts_with("/api/v3/repos/")));
    watch.github.assert_well_asked();
}

#[tokio::test]
async fn an_api_behind_the_firewall_is_asked_only_where_it_is_allowed() {
    let mut watch = Watch::with_token(&[FROM_RELEASES]);
    watch.github.has(RELEASES, &[release(1, "v4.12.1")]);
    watch.setup.config.network.allow.clear();
    let message = fault(&watch.one(at(0)).await, FaultKind::Forbidden);
    assert!(message.contains("allow"), "{message}");
    assert!(watch.github.log().is_empty());
}
