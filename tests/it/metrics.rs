//! What monitors see: metrics that equal what servers were asked, health, and logs with the run's id.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tidings::flow::Pulse;
use tidings::home::Home;
use tidings::keep::{Heartbeat, Keep};
use tidings::serve::metrics::{health, metrics};

use crate::command::{output, tidings};
use crate::support::mail_server::{MailServer, Script, Tls};
use crate::support::server::{Reply, Server};

const FEED: &str =
    "<rss version=\"2.0\"><channel><title>A</title><item><guid>1</guid><title>One</title></item></channel></rss>";

/// The samples of a page, by family and labels.
fn samples(page: &str) -> BTreeMap<String, f64> {
    let lines = page.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| line.rsplit_once(' ').unwrap())
        .map(|(name, value)| (name.to_owned(), value.parse().unwrap()))
        .collect()
}

/// A server with a fault for each path, and the home that watches them all.
fn world() -> (Server, tempfile::TempDir) {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/good" if asked.header("if-none-match").is_some() => Reply::whole("304 Not Modified", &[], ""),
        "/good" => Reply::whole("200 OK", &["content-type: application/rss+xml", "etag: \"1\""], FEED),
        "/always" => Reply::whole("200 OK", &["content-type: application/rss+xml"], FEED),
        "/page" => Reply::whole("200 OK", &["content-type: text/html"], "<html><body>hello</body></html>"),
        "/gone" => Reply::whole("410 Gone", &[], ""),
        "/500" => Reply::whole("500 Internal Server Error", &[], ""),
        "/short" => Reply::head("200 OK", &["content-length: 100"]).then("half"),
        _ => Reply::whole("404 Not Found", &[], ""),
    });
    let home = tempfile::tempdir().unwrap();
    let source = |path: &&str| {
        format!("[[source]]\nname = 'a \"b\" {path}'\nfrom.feed = \"{}\"\nevery = \"1h\"\n", server.url(path))
    };
    let sources: String = ["/good", "/always", "/page", "/gone", "/500", "/short", "/404"].iter().map(source).collect();
    fs::write(home.path().join("sources.toml"), sources).unwrap();
    fs::write(
        home.path().join("tidings.toml"),
        "[model]\nendpoint = \"off\"\n[network]\nallow = [\"127.0.0.0/8\"]\ngap = \"1ms\"\n",
    )
    .unwrap();
    (server, home)
}

fn run(home: &Path, now: &str) -> Value {
    let (_, stdout, stderr) = output(tidings(home).args(["run", "--json", "--now", now]));
    serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}{stderr}"))
}

#[test]
fn counters_equal_what_the_servers_were_asked() {
    let (server, folder) = world();
    let home = Home::at(folder.path());
    let before = metrics(&home, "2026-11-21T00:00:00Z".parse().unwrap()).unwrap();
    assert_eq!(samples(&before)["tidings_healthy"], 0.0);
    assert_eq!(health(&home, "2026-11-21T00:00:00Z".parse().unwrap()).unwrap(), Pulse::NeverRan);

    for now in ["2026-11-21T00:00:00Z", "2026-11-21T01:00:00Z", "2026-11-21T01:01:00Z", "2026-11-22T05:00:00Z"] {
        run(folder.path(), now);
    }
    let now = "2026-11-22T05:01:00Z".parse().unwrap();
    let page = metrics(&home, now).unwrap();
    let found = samples(&page);
    let mut asked: BTreeMap<String, f64> = BTreeMap::new();
    for path in server.paths() {
        *asked.entry(path).or_default() += 1.0;
    }
    let fetched = |path: &str, outcome: &str| {
        let name = format!("tidings_source_fetches_total{{outcome=\"{outcome}\",source=\"a \\\"b\\\" {path}\"}}");
        found.get(&name).copied().unwrap_or_default()
    };
    assert_eq!(asked.len(), 7, "{asked:?}");
    for (path, outcome) in [
        ("/always", "ok"),
        ("/page", "not-a-feed"),
        ("/gone", "gone"),
        ("/500", "status"),
        ("/short", "broken"),
        ("/404", "status"),
    ] {
        assert_eq!(fetched(path, outcome), asked[path], "{path}: {page}");
    }
    let unchanged = server.log().iter().filter(|asked| asked.header("if-none-match").is_some()).count() as f64;
    assert!(unchanged >= 1.0 && asked["/good"] > unchanged);
    assert_eq!((fetched("/good", "not_modified"), fetched("/good", "ok")), (unchanged, asked["/good"] - unchanged));
    let all: f64 =
        found.iter().filter(|(name, _)| name.starts_with("tidings_source_fetches_total")).map(|(_, value)| value).sum();
    assert_eq!(all, server.paths().len() as f64, "each request is counted once, and nothing else");

    assert_eq!(found["tidings_runs_total{outcome=\"good\"}"], 3.0);
    assert_eq!(found["tidings_runs_total{outcome=\"idle\"}"], 1.0);
    assert_eq!(found["tidings_items_indexed"], 2.0);
    assert_eq!(found["tidings_source_up{source=\"a \\\"b\\\" /500\"}"], 0.0);
    assert_eq!(found["tidings_source_up{source=\"a \\\"b\\\" /good\"}"], 1.0);
    assert_eq!(found["tidings_healthy"], 1.0);
    assert!(found["tidings_disk_free_bytes"] > 0.0 && found["tidings_folder_bytes{folder=\"store\"}"] > 0.0);
    assert!(found.contains_key("tidings_run_last_good_timestamp_seconds"));
    let (_, printed, _) = output(tidings(folder.path()).args(["status", "--metrics", "--now", "2026-11-22T05:01:00Z"]));
    assert_eq!(samples(&printed).len(), found.len(), "the command prints the same");
}

#[test]
fn health_is_what_status_check_says() {
    let (_server, folder) = world();
    let home = Home::at(folder.path());
    run(folder.path(), "2026-11-21T00:00:00Z");
    for (now, is_good) in
        [("2026-11-21T12:00:00Z", true), ("2026-11-22T02:00:00Z", true), ("2026-11-22T03:00:00Z", false)]
    {
        let health = health(&home, now.parse().unwrap()).unwrap();
        assert_eq!(health.is_good(), is_good, "{now}: {}", health.words());
        let (code, stdout, _) = output(tidings(folder.path()).args(["status", "--check", "--now", now]));
        assert_eq!(code == 0, is_good, "{now}: {stdout}");
        assert!(is_good || stdout.starts_with(&health.words()), "{stdout}");
    }
}

#[test]
fn a_run_that_was_stopped_is_counted_by_the_next() {
    let (_server, folder) = world();
    run(folder.path(), "2026-11-21T00:00:00Z");
    // As a run leaves it that is killed in its midst.
    let mut keep = Keep::open(folder.path(), "a test", "2026-11-23T08:00:00Z".parse().unwrap()).unwrap();
    let begun = Some("2026-11-23T08:00:00Z".parse().unwrap());
    keep.keep_heartbeat(&Heartbeat { begun, ..keep.heartbeat().unwrap() }).unwrap();
    keep.checkpoint().unwrap();
    drop(keep);
    run(folder.path(), "2026-11-23T10:00:00Z");
    let page = metrics(&Home::at(folder.path()), "2026-11-23T10:01:00Z".parse().unwrap()).unwrap();
    let runs = |outcome: &str| samples(&page)[&format!("tidings_runs_total{{outcome=\"{outcome}\"}}")];
    assert_eq!((runs("good"), runs("unfinished")), (2.0, 1.0), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_for_programs_names_time_and_run_and_no_person() {
    let (_server, folder) = world();
    let no = Script { tls: Tls::None, auth: Some("535 5.7.8 wrong password for ana@lab.example"), ..Script::default() };
    let mail = MailServer::start(no).await;
    let mut settings = fs::read_to_string(folder.path().join("tidings.toml")).unwrap();
    settings.push_str(&format!(
        "[mail]\nsmtp = \"smtp://lab@127.0.0.1:{}\"\nallow_plain = [\"127.0.0.1\"]\nfrom = \"tidings@lab.example\"\n\
         password_env = \"PASSWORD\"\nadmin = \"admin@lab.example\"\n[[people]]\naddress = \"ana@lab.example\"\n",
        mail.port
    ));
    fs::write(folder.path().join("tidings.toml"), settings).unwrap();
    for now in ["2026-11-21T00:00:00Z", "2026-11-21T06:00:00Z", "2026-11-24T12:00:00Z", "2026-11-24T18:00:00Z"] {
        if now == "2026-11-24T18:00:00Z" {
            // Letters whose bytes are gone are told, too.
            let outbox = folder.path().join("state/outbox");
            let gone =
                fs::read_dir(&outbox).unwrap().map(|entry| fs::remove_file(entry.unwrap().path()).unwrap()).count();
            assert!(gone > 0);
        }
        let mut command = tidings(folder.path());
        command
            .env("PASSWORD", "hunter2")
            .env("TIDINGS_LOG_FORMAT", "json")
            .args(["-vv", "run", "--json", "--now", now]);
        let (_, stdout, stderr) = output(&mut command);
        let report: Value = serde_json::from_str(&stdout).unwrap();
        let run = report["run"].as_str().unwrap();
        assert!(run.starts_with("r-") && run.len() == 12, "{run}");
        let lines: Vec<Value> = stderr.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
        assert!(!lines.is_empty());
        for line in &lines {
            assert!(
                line["timestamp"].is_string() && line["level"].is_string() && line["message"].is_string(),
                "{line}"
            );
        }
        assert!(lines.iter().any(|line| line["span"]["id"] == run), "{stderr}");
        let view = fs::read_to_string(folder.path().join("state/views/status.json")).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&view).unwrap()["run"], run);
        assert!(now != "2026-11-24T18:00:00Z" || stderr.contains("reading a letter of "), "{stderr}");
        for secret in ["ana@", "admin@", "hunter2"] {
            assert!(!stderr.contains(secret), "{secret}: {stderr}");
        }
    }
    assert!(mail.connections() > 0, "letters were tried");
}
