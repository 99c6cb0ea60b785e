//! The program as people and cron call it: words, JSON, exit codes.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;
use tidings::keep::Keep;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::mail_server::{MailServer, Script, Tls};
use crate::support::ntfy_server::NtfyServer;
use crate::support::server::{Reply, Server};
use crate::support::tls::certified;

pub fn tidings(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
    // Nothing of the machine it is tested on may matter.
    command.env_clear().env("HOME", home).env("TIDINGS_HOME", home).current_dir(home);
    command
}

pub fn output(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn json(command: &mut Command) -> Value {
    let (code, stdout, stderr) = output(command.arg("--json"));
    assert_eq!(code, 0, "{stderr}");
    serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}"))
}

/// A home in which the demo has run.
fn demo() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let (code, stdout, stderr) = output(tidings(home.path()).arg("demo"));
    assert_eq!(code, 0, "{stdout}{stderr}");
    assert!(stdout.contains("2026-W47/"), "it says where the digest lies: {stdout}");
    home
}

#[test]
fn help_reads_as_it_was_last_looked_at() {
    let home = tempfile::tempdir().unwrap();
    let mut pages = String::new();
    for words in [
        "",
        "run",
        "watch",
        "hook",
        "demo",
        "search",
        "show",
        "resume",
        "init",
        "sources",
        "sources list",
        "sources check",
        "sources test",
        "sources add",
        "sources import",
        "sources export",
        "sessions running",
        "sessions usage",
        "sessions share",
        "sessions unshare",
        "digest",
        "digest preview",
        "digest write",
        "digest send",
        "lessons friction",
        "lessons permissions",
        "judge",
        "judge explain",
        "judge eval",
        "thumbs",
        "thumbs up",
        "thumbs down",
        "lessons",
        "lessons list",
        "lessons accept",
        "lessons reject",
        "lessons retire",
        "lessons export",
        "people",
        "people list",
        "people import",
        "people unsubscribe",
        "people subscribe",
        "channels",
        "channels list",
        "channels dead",
        "channels replay",
        "channels test",
        "status",
        "doctor",
        "install",
        "install cron",
        "install systemd",
        "install claude-code",
        "completions",
        "man",
        "mcp",
        "reindex",
        "restore",
    ] {
        let (code, stdout, _) = output(tidings(home.path()).args(words.split_whitespace()).arg("--help"));
        assert_eq!(code, 0, "{words}");
        pages.push_str(&format!("$ tidings {words} --help\n{stdout}\n"));
    }
    insta::assert_snapshot!(pages);
}

#[test]
fn the_readme_lists_the_commands_that_there_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let listed: Vec<&str> =
        readme.lines().filter_map(|line| line.strip_prefix("| `tidings ")?.split([' ', '`']).next()).collect();
    let home = tempfile::tempdir().unwrap();
    let (_, help, _) = output(tidings(home.path()).arg("--help"));
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let there: Vec<&str> = commands
        .lines()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next().filter(|word| !word.is_empty()))
        .filter(|word| *word != "help")
        .collect();
    assert!(!there.is_empty());
    assert_eq!(listed, there);
}

#[test]
fn the_demos_home_answers_every_question() {
    let home = demo();
    let found = json(tidings(home.path()).args(["search", "sandbox", "-n", "3"]));
    assert_eq!((&found["version"], &found["query"]), (&Value::from(1), &Value::from("sandbox")));
    let hits = found["hits"].as_array().unwrap();
    assert_eq!((hits.len(), found["capped"].as_bool()), (3, Some(true)));
    for field in ["kind", "id", "title", "score", "snippet", "at", "url", "source", "level"] {
        assert!(!hits[0][field].is_null(), "a hit has {field}: {}", hits[0]);
    }
    let shown = json(tidings(home.path()).args(["show", hits[0]["id"].as_str().unwrap()]));
    assert_eq!(shown["title"], hits[0]["title"]);
    assert!(shown["text"].as_str().unwrap().len() > 20);

    let status = json(tidings(home.path()).arg("status"));
    assert_eq!(status["sources"].as_array().unwrap().len(), 31);
    let now = ["--now", "2026-11-23T08:30:00Z"];
    let (code, stdout, _) = output(tidings(home.path()).args(now).arg("doctor"));
    assert_eq!(code, 0, "{stdout}");
    let (code, stdout, _) = output(tidings(home.path()).args(now).args(["digest", "preview", "--week", "2026-W47"]));
    assert!(code == 0 && stdout.contains("Update lantern-code to 4.12.3"), "{stdout}");

    // Scores shift a little, since an index that grew still counts what was replaced; the hits and their order don't.
    let ids = || -> Vec<Value> {
        let found = json(tidings(home.path()).args(["search", "sandbox"]));
        found["hits"].as_array().unwrap().iter().map(|hit| hit["id"].clone()).collect()
    };
    let before = ids();
    fs::remove_dir_all(home.path().join("index")).unwrap();
    let (code, _, stderr) = output(tidings(home.path()).args(["search", "sandbox"]));
    assert!(code == 1 && stderr.contains("tidings reindex"), "{stderr}");
    assert_eq!(output(tidings(home.path()).arg("reindex")).0, 0);
    assert_eq!(ids(), before, "the index is made anew as it was");
}

#[test]
fn the_list_of_sources_stands_in_80_columns() {
    let home = demo();
    let (_, list, _) = output(tidings(home.path()).args(["sources", "list", "--now", "2026-11-23T09:00:00Z"]));
    let (rows, notes): (Vec<&str>, Vec<&str>) = list.lines().partition(|line| !line.starts_with(' '));
    assert_eq!(rows[0].split_whitespace().collect::<Vec<_>>().join(" "), "state source good newest rhythm next fails");
    assert_eq!(rows.len(), 32, "{list}");
    let width = |row: &&str| row.chars().count();
    assert!(rows.iter().all(|row| width(row) == width(&rows[0]) && width(row) < 80), "{list}");
    assert!(
        notes.iter().any(|note| note.starts_with("        asking ") || note.starts_with("        reading ")),
        "{list}"
    );
    assert!(notes.iter().all(|note| note.starts_with("        ") && width(note) < 80), "{list}");
    let all = json(tidings(home.path()).args(["sources", "list"]));
    for field in ["state", "state_since", "last_good", "newest", "rhythm_seconds", "next_try", "failures", "reason"] {
        assert!(all["sources"][0].get(field).is_some(), "{field}");
    }
}

#[test]
fn a_replay_prints_a_report_for_each_pass() {
    let home = demo();
    let (code, stdout, _) = output(tidings(home.path()).args(["run", "--json", "--replay", "world"]));
    assert_eq!(code, 0);
    let reports: Vec<Value> = serde_json::Deserializer::from_str(&stdout).into_iter().map(Result::unwrap).collect();
    assert_eq!(reports.len(), 3);
    for field in ["version", "now", "sources", "acts", "seconds"] {
        assert!(!reports[0][field].is_null(), "{field}");
    }
    assert_eq!(reports[2]["acts"]["alerted"], 0, "a world seen twice alerts nobody twice");
}

#[test]
fn without_network_the_run_says_so_in_one_sentence_and_exits_1() {
    let home = tempfile::tempdir().unwrap();
    // A port that nobody listens on any more.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let sources = format!(
        "[[source]]\nname = \"A\"\nfrom.feed = \"http://127.0.0.1:{port}/a\"\n\
         [[source]]\nname = \"B\"\nfrom.feed = \"http://127.0.0.1:{port}/b\"\n"
    );
    fs::write(home.path().join("sources.toml"), sources).unwrap();
    fs::write(
        home.path().join("tidings.toml"),
        "[model]\nendpoint = \"off\"\n[network]\nallow = [\"127.0.0.0/8\"]\ngap = \"1ms\"\n",
    )
    .unwrap();
    let (code, stdout, stderr) = output(tidings(home.path()).arg("run"));
    assert_eq!((code, stdout.as_str()), (1, ""));
    assert!(stderr.starts_with("None of the 2 sources asked could be reached"), "{stderr}");
    assert!(home.path().join("state/views/status.json").exists(), "the local work was done");
}

#[test]
fn a_night_without_network_makes_no_source_wait_longer() {
    let home = tempfile::tempdir().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let source =
        |name: &str| format!("[[source]]\nname = \"{name}\"\nfrom.feed = \"http://127.0.0.1:{port}/{name}\"\n");
    fs::write(home.path().join("sources.toml"), source("A") + &source("B")).unwrap();
    fs::write(
        home.path().join("tidings.toml"),
        "[model]\nendpoint = \"off\"\n[network]\nallow = [\"127.0.0.0/8\"]\ngap = \"1ms\"\n",
    )
    .unwrap();
    for hour in 20..24 {
        let now = format!("2026-11-20T{hour}:07:00Z");
        let (_, stdout, _) = output(tidings(home.path()).args(["run", "--json", "--now", &now]));
        let report: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(report["sources"][0]["fault"]["kind"], "unreachable", "{now}: it is asked every hour");
    }
}

#[test]
fn a_machine_without_certificates_does_its_local_work_and_says_why_it_asked_nobody() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("sources.toml"), "[[source]]\nname = \"A\"\nfrom.feed = \"https://a.example/\"\n")
        .unwrap();
    let empty = home.path().join("empty.pem");
    fs::write(&empty, "").unwrap();
    let (code, _, stderr) = output(tidings(home.path()).env("SSL_CERT_FILE", &empty).arg("run"));
    assert!(code == 1 && stderr.contains("certificate"), "{stderr}");
    assert!(home.path().join("state/views/status.json").exists());
}

#[test]
fn one_source_that_answers_is_enough_to_exit_0() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/a" => Reply::whole(
            "200 OK",
            &["content-type: application/rss+xml"],
            "<rss version=\"2.0\"><channel><title>A</title><item><guid>1</guid><title>One</title></item></channel></rss>",
        ),
        _ => Reply::whole("404 Not Found", &[], ""),
    });
    let home = tempfile::tempdir().unwrap();
    let sources = format!(
        "[[source]]\nname = \"A\"\nfrom.feed = \"{}\"\n[[source]]\nname = \"B\"\nfrom.feed = \"{}\"\n",
        server.url("/a"),
        server.url("/gone")
    );
    fs::write(home.path().join("sources.toml"), sources).unwrap();
    fs::write(
        home.path().join("tidings.toml"),
        "[model]\nendpoint = \"off\"\n[network]\nallow = [\"127.0.0.0/8\"]\ngap = \"1ms\"\n",
    )
    .unwrap();
    let report = json(tidings(home.path()).arg("run"));
    let sources = report["sources"].as_array().unwrap();
    assert_eq!((&sources[0]["status"], &sources[0]["new"]), (&Value::from("ok"), &Value::from(1)));
    assert_eq!(sources[1]["fault"]["kind"], "status");
    let (_, stdout, _) = output(tidings(home.path()).args(["sources", "test", "A"]));
    assert!(stdout.contains("One"), "{stdout}");
    let report = json(tidings(home.path()).arg("run"));
    assert_eq!(report["sources"][0]["status"], "not_due");
}

#[test]
fn what_was_recorded_is_replayed_elsewhere_without_a_server() {
    let feed =
        "<rss version=\"2.0\"><channel><title>A</title><item><guid>1</guid><title>One</title></item></channel></rss>";
    let server =
        Server::start(move |_| Reply::whole("200 OK", &["content-type: application/rss+xml", "etag: \"1\""], feed));
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for home in [first.path(), second.path()] {
        let source = format!("[[source]]\nname = \"A\"\nfrom.feed = \"{}\"\n", server.url("/a"));
        fs::write(home.join("sources.toml"), source).unwrap();
        fs::write(home.join("tidings.toml"), "[model]\nendpoint = \"off\"\n[network]\nallow = [\"127.0.0.0/8\"]\n")
            .unwrap();
    }
    let world = first.path().join("world");
    let recorded = json(tidings(first.path()).args(["run", "--record"]).arg(&world));
    drop(server);
    let replayed = json(tidings(second.path()).args(["run", "--replay"]).arg(&world));
    assert_eq!(recorded["sources"], replayed["sources"]);
    assert_eq!(replayed["sources"][0]["new"], 1);
}

#[test]
fn a_host_that_asked_us_to_wait_is_left_alone_by_later_runs_too() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/busy" => Reply::whole("429 Too Many Requests", &["retry-after: 3600"], ""),
        _ => Reply::whole("200 OK", &[], "<rss version=\"2.0\"><channel><title>A</title></channel></rss>"),
    });
    let home = tempfile::tempdir().unwrap();
    let sources = format!(
        "[[source]]\nname = \"Busy\"\nfrom.feed = \"{}\"\nevery = \"1m\"\n\
         [[source]]\nname = \"Beside\"\nfrom.feed = \"{}\"\nevery = \"1m\"\n",
        server.url("/busy"),
        server.url("/beside")
    );
    fs::write(home.path().join("sources.toml"), sources).unwrap();
    fs::write(
        home.path().join("tidings.toml"),
        "[model]\nendpoint = \"off\"\n[network]\nallow = [\"127.0.0.0/8\"]\ngap = \"1ms\"\nper_host = 1\n",
    )
    .unwrap();
    let run = |now: &str| {
        output(tidings(home.path()).args(["--now", now, "run"]));
        server.paths().len()
    };
    let asked = run("2026-11-21T08:00:00Z");
    assert_eq!(run("2026-11-21T08:10:00Z"), asked, "both sources are on the host that asked for an hour");
    assert_eq!(run("2026-11-21T08:59:59Z"), asked);
    assert!(run("2026-11-21T09:00:01Z") > asked, "and then it is asked again");
}

#[test]
fn an_https_feed_is_read_if_its_certificate_is_trusted_and_only_then() {
    let (acceptor, authority) = certified();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.spawn(async move {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut stream = acceptor.accept(stream).await?;
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await?;
                let body =
                    "<rss version=\"2.0\"><channel><title>A</title><item><title>One</title></item></channel></rss>";
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                stream.write_all(head.as_bytes()).await?;
                stream.write_all(body.as_bytes()).await?;
                stream.shutdown().await
            });
        }
    });
    let home = tempfile::tempdir().unwrap();
    let source = format!("[[source]]\nname = \"A\"\nfrom.feed = \"https://127.0.0.1:{port}/a\"\n");
    fs::write(home.path().join("sources.toml"), source).unwrap();
    fs::write(home.path().join("tidings.toml"), "[model]\nendpoint = \"off\"\n[network]\nallow = [\"127.0.0.0/8\"]\n")
        .unwrap();
    let run = |authority: &str| {
        let file = home.path().join("authority.pem");
        fs::write(&file, authority).unwrap();
        output(tidings(home.path()).env("SSL_CERT_FILE", &file).args(["run", "--source", "A"]))
    };
    let (code, _, stderr) = run(&certified().1);
    assert!(code == 1 && stderr.contains("certificate"), "another authority vouches for nothing: {stderr}");
    let (code, _, stderr) = run(&authority);
    assert!(code == 0 && stderr.contains("1 new item"), "{stderr}");
}

#[test]
fn mistakes_in_both_files_end_with_exit_code_2_and_nothing_done() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("sources.toml"), "[[source]]\nname = \"A\"\n").unwrap();
    fs::write(home.path().join("tidings.toml"), "[netwerk]\n").unwrap();
    for words in [&["sources", "check"][..], &["run"]] {
        let (code, _, stderr) = output(tidings(home.path()).args(words));
        assert_eq!(code, 2, "{stderr}");
        assert!(stderr.contains("sources.toml:1:1") && stderr.contains("tidings.toml:1:2"), "{stderr}");
        assert!(stderr.contains("2 mistakes"), "{stderr}");
    }
    assert!(!home.path().join("state").exists());
}

#[test]
fn wrong_use_ends_with_exit_code_2() {
    let home = demo();
    for words in [
        &["run", "--source", "Nobody"][..],
        &["sources", "test", "Nobody"],
        &["show", "i-nothing"],
        &["search", "x", "--since", "yesterday"],
        &["frobnicate"],
        &["demo"],
    ] {
        let (code, _, stderr) = output(tidings(home.path()).args(words));
        assert_eq!(code, 2, "{words:?}: {stderr}");
    }
}

#[test]
fn a_home_that_is_held_ends_with_exit_code_75() {
    let home = demo();
    let held = Keep::open(home.path(), "a test", jiff::Timestamp::UNIX_EPOCH).unwrap();
    for words in [&["run"][..], &["reindex"], &["digest"]] {
        let (code, _, stderr) = output(tidings(home.path()).args(words));
        assert_eq!(code, 75, "{stderr}");
        assert!(stderr.contains("a test"), "it says who is at work: {stderr}");
    }
    // Readers need nobody's leave.
    assert_eq!(output(tidings(home.path()).args(["search", "sandbox"])).0, 0);
    assert_eq!(output(tidings(home.path()).arg("status")).0, 0);
    drop(held);
}

#[test]
fn a_folder_without_a_home_is_told_how_to_make_one_and_init_makes_it() {
    let home = tempfile::tempdir().unwrap();
    let (code, _, stderr) = output(tidings(home.path()).arg("run"));
    assert!(code == 1 && stderr.contains("tidings init"), "{stderr}");
    let (code, stdout, stderr) = output(tidings(home.path()).args(["init", "--yes"]));
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("sources in sources.toml"), "{stdout}");
    assert_eq!(output(tidings(home.path()).args(["sources", "check"])).0, 0);
    let shipped = tidings::config::read_sources("s", include_str!("../../sources.toml")).unwrap();
    let made = fs::read_to_string(home.path().join("sources.toml")).unwrap();
    assert_eq!(tidings::config::read_sources("s", &made).unwrap(), shipped);
    let offered: Vec<&str> = made.split("\n\n").filter(|block| block.starts_with("# [[source]]")).collect();
    let taken = offered.join("\n").replace("# ", "");
    let (_, sessions) = tidings::config::read_every_source("s", &taken).unwrap();
    assert_eq!(sessions.len(), 2, "sessions are offered, and not read unasked: {made}");
    let (code, _, stderr) = output(tidings(home.path()).args(["init", "--yes"]));
    assert!(code == 2 && stderr.contains("never writes over"), "{stderr}");
}

#[test]
fn people_are_imported_all_or_none_and_once() {
    let home = demo();
    let list = home.path().join("people.txt");
    fs::write(
        &list,
        "Ana Ruiz <Ana@lab.example>\nben@lab.example\ncleo@lab.example,Cleo \"C\" O'Hara\n\n# a comment\n",
    )
    .unwrap();
    let import = || output(tidings(home.path()).args(["people", "import"]).arg(&list));
    let (code, stdout, stderr) = import();
    assert_eq!((code, stdout.as_str()), (0, "3 people added, 0 there already.\n"), "{stderr}");
    assert_eq!(import().1, "no people added, 3 there already.\n");
    let people = json(tidings(home.path()).args(["people", "list"]));
    assert_eq!(people["people"][0]["address"], "ana@lab.example");
    assert_eq!(people["people"][2]["name"], "Cleo \"C\" O'Hara");

    let before = fs::read_to_string(home.path().join("tidings.toml")).unwrap();
    fs::write(&list, "dora@lab.example\nnot an address\n").unwrap();
    let (code, _, stderr) = import();
    assert!(code == 2 && stderr.contains("people.txt:2"), "{stderr}");
    assert_eq!(fs::read_to_string(home.path().join("tidings.toml")).unwrap(), before);
}

#[test]
fn channels_are_listed_tried_and_replayed() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let script = Script { tls: Tls::None, rcpt: vec!["250 ok", "550 5.1.1 no such person"], ..Script::default() };
    let server = runtime.block_on(MailServer::start(script));
    let home = tempfile::tempdir().unwrap();
    let channels = |words: &[&str]| output(tidings(home.path()).arg("channels").args(words));
    fs::write(home.path().join("sources.toml"), "").unwrap();
    assert!(channels(&["list"]).1.contains("mail not set up: no letters sent"));
    assert_eq!(channels(&["test", "mail", "--to", "ana@lab.example"]).0, 2);

    let settings = format!(
        "[mail]\nsmtp = \"smtp://127.0.0.1:{}\"\nfrom = \"Tidings <tidings@lab.example>\"\nallow_plain = [\"127.0.0.1\"]\n\
         [[people]]\naddress = \"ana@lab.example\"\n",
        server.port
    );
    fs::write(home.path().join("tidings.toml"), settings).unwrap();
    assert_eq!(channels(&["test", "mail"]).0, 2, "a reader must be named");
    let (code, stdout, stderr) = channels(&["test", "mail", "--to", "ana@lab.example"]);
    assert!(code == 0 && stdout.contains("Taken: 250"), "{stdout}{stderr}");
    let taken = String::from_utf8(server.letters().remove(0)).unwrap();
    assert!(taken.contains("To: ana@lab.example") && taken.contains("A test message from tidings"), "{taken}");
    let (code, _, stderr) = channels(&["test", "mail", "--to", "ben@lab.example"]);
    assert!(code == 1 && stderr.contains("no such person"), "{stderr}");
    assert!(!home.path().join("state").exists(), "a test message leaves no trace");

    let ntfy = NtfyServer::start(Some("tk_lab"));
    let mut settings = fs::read_to_string(home.path().join("tidings.toml")).unwrap();
    settings.push_str(&format!("[ntfy]\nurl = \"{}\"\ntopic = \"lab\"\ntoken_env = \"NTFY\"\n", ntfy.url()));
    fs::write(home.path().join("tidings.toml"), settings).unwrap();
    let (code, _, stderr) = channels(&["test", "ntfy"]);
    assert!(code == 1 && stderr.contains("NTFY is not set"), "{stderr}");
    let doctor = |token: Option<&str>| {
        let mut command = tidings(home.path());
        output(command.envs(token.map(|token| ("NTFY", token))).arg("doctor")).1
    };
    assert!(doctor(None).contains("wrong  ntfy: the environment variable NTFY is not set"), "{}", doctor(None));
    let page = doctor(Some("tk_lab"));
    assert!(page.contains("fine   ntfy to a topic on 127.0.0.1, for alert, rollup, notice"), "{page}");
    assert!(page.contains("not set up: webhook, slack, apprise, notion"), "{page}");
    let (code, stdout, stderr) = output(tidings(home.path()).env("NTFY", "tk_lab").args(["channels", "test", "ntfy"]));
    assert!(code == 0 && stdout.contains("Taken: 200 m00000000000"), "{stdout}{stderr}");
    assert!(channels(&["list"]).1.contains("ntfy to a topic on 127.0.0.1: no letters sent"));
    assert_eq!(channels(&["test", "pigeon"]).0, 2);

    assert!(channels(&["dead"]).2.contains("No letter was refused"));
    assert_eq!(channels(&["replay"]).0, 2, "a key or --all");
    assert_eq!(channels(&["replay", "--all"]).1, "no letters queued again; the next run sends them.\n");
    let listed = json(tidings(home.path()).args(["channels", "list"]));
    assert_eq!(listed["channels"][0]["to"], "1 person through 127.0.0.1");
}

/// From a page without a feed to an article's text: politely, and each item once.
#[test]
fn a_page_is_watched_and_an_article_of_it_shown() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/robots.txt" => Reply::whole("200 OK", &[], "User-agent: *\nDisallow: /posts/secret"),
        "/posts" if asked.header("if-none-match") == Some("\"1\"") => Reply::head("304 Not Modified", &["etag: \"1\""]),
        "/posts" => Reply::whole(
            "200 OK",
            &["content-type: text/html", "etag: \"1\""],
            "<main><p><a href=/posts/keel>The keel is laid</a> May 6, 2026</p><p><a href=/posts/secret>A secret</a></p></main>",
        ),
        _ => {
            let words =
                "The yard has worked on the hull ever since, in rain and in fog, and nobody has drowned. ".repeat(8);
            let page = format!(
                "<title>The keel is laid</title><nav>Menu</nav><article><p>{words}</p><p>{words}</p></article>"
            );
            Reply::whole("200 OK", &["content-type: text/html"], page)
        }
    });
    let home = tempfile::tempdir().unwrap();
    let source = format!(
        "[[source]]\nname = \"Harbour\"\nfrom.page = {{ url = \"{}\", item = 'a[href^=\"/posts/\"]' }}\n",
        server.url("/posts")
    );
    fs::write(home.path().join("sources.toml"), source).unwrap();
    fs::write(
        home.path().join("tidings.toml"),
        "[model]\nendpoint = \"off\"\n[network]\nallow = [\"127.0.0.0/8\"]\ngap = \"0s\"\n",
    )
    .unwrap();
    let run = || json(tidings(home.path()).args(["run", "--source", "Harbour"]));
    let first = run();
    assert_eq!((&first["sources"][0]["status"], &first["sources"][0]["new"]), (&"ok".into(), &2.into()), "{first}");
    let second = run();
    assert_eq!((&second["sources"][0]["status"], &second["sources"][0]["new"]), (&"not_modified".into(), &0.into()));

    let article = |words: &str| {
        let hits = json(tidings(home.path()).args(["search", words]));
        let id = hits["hits"][0]["id"].as_str().unwrap().to_owned();
        output(tidings(home.path()).args(["show", &id, "--article"]))
    };
    let (code, text, stderr) = article("keel");
    assert_eq!(code, 0, "{stderr}");
    assert!(
        text.starts_with("The keel is laid\n") && text.contains("in rain and in fog") && !text.contains("Menu"),
        "{text}"
    );
    let (code, _, stderr) = article("secret");
    assert_eq!(code, 1);
    assert!(stderr.contains("keeps programs out"), "{stderr}");
    assert!(!server.paths().contains(&"/posts/secret".to_owned()));
}

#[test]
fn an_item_is_explained_on_a_page_that_fits_a_terminal() {
    let home = demo();
    let found = json(tidings(home.path()).args(["search", "GHSA-7q4f-9mxc-h2vr", "level:critical"]));
    let id = found["hits"][0]["id"].as_str().unwrap().to_owned();
    let (code, stdout, stderr) = output(tidings(home.path()).args(["judge", "explain", &id]));
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.lines().all(|line| line.chars().count() < 80), "{stdout}");
    insta::assert_snapshot!(stdout);

    let explained = json(tidings(home.path()).args(["judge", "explain", &id]));
    assert_eq!((&explained["version"], &explained["item"]), (&Value::from(1), &Value::from(id.as_str())));
    let story = explained["story"].as_str().unwrap().to_owned();
    let members = explained["members"].as_array().unwrap();
    assert!(members.len() > 1 && members[0]["by"] == Value::Array(Vec::new()), "{members:?}");
    assert!(members[1..].iter().all(|member| !member["by"].as_array().unwrap().is_empty()), "{members:?}");
    assert_eq!(json(tidings(home.path()).args(["judge", "explain", &story]))["story"], Value::from(story));

    for words in [["judge", "explain", "i-nope"], ["thumbs", "up", "i-nope"], ["thumbs", "down", "s-nope"]] {
        let (code, _, stderr) = output(tidings(home.path()).args(words));
        assert!(code == 2 && stderr.contains("no item or story"), "{words:?}: {stderr}");
    }
    let (code, stdout, _) = output(tidings(home.path()).args(["thumbs", "down", &id]));
    assert!(code == 0 && stdout.contains("It will count from the next run."), "{stdout}");
    let (code, stdout, _) = output(tidings(home.path()).arg("status"));
    assert!(code == 0 && stdout.contains("1 more to be taken in by the next run"), "{stdout}");
    assert_eq!(json(tidings(home.path()).arg("status"))["thumbs_waiting"], 1);
}

#[test]
fn a_labs_rules_for_secrets_are_read_or_nothing_runs() {
    let home = tempfile::tempdir().unwrap();
    let sessions = home.path().join("projects/p");
    fs::create_dir_all(&sessions).unwrap();
    let prompt = "{\"type\":\"user\",\"uuid\":\"u1\",\"sessionId\":\"5b1f6d7e-0000-4000-8000-000000000001\",\
        \"timestamp\":\"2026-11-20T10:00:00Z\",\"cwd\":\"/lab\",\"version\":\"2.1.200\",\
        \"message\":{\"role\":\"user\",\"content\":\"the badge is badge-123456, and that is all\"}}\n";
    fs::write(sessions.join("5b1f6d7e-0000-4000-8000-000000000001.jsonl"), prompt).unwrap();
    let source = "[[source]]\nname = \"Mine\"\nfrom.sessions = { path = \"~/projects\", format = \"claude-code\" }\n";
    let write = |name: &str, text: &str| fs::write(home.path().join(name), text).unwrap();
    write("sources.toml", source);
    write("tidings.toml", "[scrub]\nrules = [\"gitleaks.toml\", \"more.toml\"]\n");
    write("gitleaks.toml", "[[rules]]\nid = \"badge\"\nregex = '''badge-(\\d{6}'''\n");
    let tidings = |words: &[&str]| output(tidings(home.path()).args(words));

    for words in [["sessions", "scrub"], ["sources", "check"]] {
        assert_eq!(tidings(&words).0, 2, "{words:?}");
    }
    let (code, _, stderr) = tidings(&["run"]);
    assert!(code == 2 && stderr.contains("2 mistakes; nothing was done"), "{stderr}");
    assert!(stderr.contains("gitleaks.toml:3:9: rule `badge`: unclosed group"), "{stderr}");
    assert!(stderr.contains("try: write it in RE2's syntax"), "{stderr}");
    assert!(
        stderr.contains("more.toml:1:1: tidings.toml names this file in [scrub], and it can't be read"),
        "{stderr}"
    );
    assert!(!home.path().join("state").exists(), "nothing was begun");
    assert!(tidings(&["doctor"]).1.contains("wrong  2 mistakes in tidings.toml or the rules it names"));

    write(
        "gitleaks.toml",
        "[extend]\ndisabledRules = [\"age-key\"]\n[[rules]]\nid = \"badge\"\nregex = '''badge-\\d{6}'''\n",
    );
    write(
        "more.toml",
        "[[rules]]\nid = \"by-path\"\npath = '''\\.pem$'''\n[[rules]]\nid = \"desk\"\nregex = 'desk-[0-9]'\n",
    );
    let (_, page, _) = tidings(&["doctor"]);
    assert!(page.contains("rules for what is a secret, with those of gitleaks.toml, more.toml"), "{page}");
    assert!(page.contains("rules of tidings that gitleaks.toml, more.toml switched off: age-key"), "{page}");
    assert!(page.contains("more.toml:3: rule `by-path` goes by a file's path"), "{page}");
    let (code, _, stderr) = tidings(&["run"]);
    assert_eq!(code, 0, "{stderr}");
    let shown = tidings(&["show", "5b1f6d7e-0000-4000-8000-000000000001", "--all"]).1;
    assert!(shown.contains("[redacted:badge:") && !shown.contains("123456"), "{shown}");
}

#[test]
fn doctor_counts_what_lies_in_a_folder_of_sessions() {
    let home = tempfile::tempdir().unwrap();
    let projects = home.path().join("agents/projects");
    let said = |path: &str| {
        let source = format!(
            "[[source]]\nname = \"Mine\"\nfrom.sessions = {{ path = \"{}\", format = \"claude-code\" }}\n",
            home.path().join(path).display()
        );
        fs::write(home.path().join("sources.toml"), source).unwrap();
        output(tidings(home.path()).arg("doctor")).1
    };
    assert!(
        said("agents/projects").contains("Mine: ") && said("agents/projects").contains("is not there, or is empty")
    );
    fs::create_dir_all(projects.join("p")).unwrap();
    fs::write(projects.join("p/0b9d2c1e-5a4f-4c3b-8a7d-1e2f3a4b5c6d.jsonl"), "{}\n").unwrap();
    fs::write(projects.join("p/1b9d2c1e-5a4f-4c3b-8a7d-1e2f3a4b5c6d.jsonl"), "{}\n{\"half").unwrap();
    std::os::unix::fs::symlink(&projects, projects.join("p/circle")).unwrap();
    let said_of = said("agents/projects");
    let words = "Mine: 2 transcripts; 1 half line at an end, waiting for the rest; 1 link passed over";
    assert!(said_of.contains(words), "{said_of}");
    fs::create_dir(home.path().join("other")).unwrap();
    fs::write(home.path().join("other/history.jsonl"), "{}\n").unwrap();
    let said_of = said("other");
    assert!(said_of.contains("Mine: no transcript, but 1 file in JSON Lines elsewhere below"), "{said_of}");
}
