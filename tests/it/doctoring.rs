//! Doctor: what it finds on an ill home, and that it says how to mend it.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::command::{output, tidings};
use crate::support::mail_server::{MailServer, Script, Tls};
use crate::support::server::{Reply, Server};

const QUIET: &str = "[model]\nendpoint = \"off\"\n[routes]\neditorial = [\"none\"]\n[network]\nallow = [\"127.0.0.0/8\"]\ngap = \"1ms\"\n";

/// A home that watches one address.
fn home(url: &str, settings: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("sources.toml"), format!("[[source]]\nname = \"A\"\nfrom.feed = \"{url}\"\n")).unwrap();
    fs::write(home.path().join("tidings.toml"), format!("{QUIET}{settings}")).unwrap();
    home
}

fn doctor(home: &Path, words: &[&str]) -> (i32, String) {
    let (code, page, stderr) = output(tidings(home).env("PASSWORD", "hunter2").arg("doctor").args(words));
    assert_eq!(stderr, "");
    assert!(!page.contains("hunter2"), "{page}");
    (code, page)
}

#[track_caller]
fn says(page: &str, line: &str, remedy: &str) {
    let mut lines = page.lines().skip_while(|found| !found.contains(line));
    assert!(lines.next().is_some(), "{line:?} is not in\n{page}");
    assert!(lines.next().unwrap_or_default().contains(remedy), "{remedy:?} does not follow {line:?} in\n{page}");
}

#[test]
fn rights_and_links_of_a_home_are_looked_at() {
    let home = home("http://127.0.0.1:9/", "");
    let path = home.path();
    let (code, page) = doctor(path, &[]);
    assert_eq!(code, 0, "{page}");
    says(&page, "could  nothing has run here yet", "try: tidings run");
    says(&page, "could  neither your crontab nor a unit", "tidings install cron --yes");
    assert!(page.contains("fine   the home is yours, and only you write to it"), "{page}");
    assert!(page.contains(" free on the disk, the home takes "), "{page}");

    fs::create_dir(path.join("state")).unwrap();
    fs::set_permissions(path.join("state"), fs::Permissions::from_mode(0o750)).unwrap();
    symlink("/nowhere/digests", path.join("digests")).unwrap();
    symlink(path.join("state"), path.join("index")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
    let (code, page) = doctor(path, &[]);
    assert_eq!(code, 1, "{page}");
    says(&page, "wrong  other users may write to the home", "chmod go-w ");
    says(&page, "wrong  other users may read state/", "chmod 700 ");
    says(&page, "wrong  digests is a link that leads nowhere", "mend the link");
    assert!(page.contains("fine   index is a link to "), "{page}");
    let (_, json) = doctor(path, &["--json"]);
    let findings: Value = serde_json::from_str(&json).unwrap();
    let broken = findings["findings"].as_array().unwrap().iter().filter(|finding| finding["state"] == "broken");
    assert!(
        broken.clone().count() >= 3 && broken.clone().all(|finding| !finding["remedy"].as_str().unwrap().is_empty())
    );
}

#[test]
fn who_may_see_the_pages_is_told_and_a_token_that_will_not_do() {
    let token = |name: &str| format!("[web]\nlisten = \"0.0.0.0:80\"\ntoken_env = \"{name}\"\n");
    for (settings, line, remedy) in [
        (String::new(), "fine   pages: `tidings serve` at http://127.0.0.1:8410/, for this user's programs", ""),
        (
            "[web]\nuser_header = \"X-User\"\n".to_owned(),
            "for this user's programs, people whom a proxy names in x-user",
            "",
        ),
        (
            token("TIDINGS_NO_SUCH"),
            "wrong  pages: reading the token of [web]",
            "[web] in tidings.toml, or set the secret",
        ),
        (token("PASSWORD"), "wrong  pages: the token of [web] is short", "[web] in tidings.toml"),
    ] {
        let home = home("http://127.0.0.1:9/", &settings);
        let (code, page) = doctor(home.path(), &[]);
        assert_eq!(code, i32::from(line.starts_with("wrong")), "{page}");
        says(&page, line, remedy);
    }
}

#[test]
fn a_clock_that_is_wrong_is_told_beside_those_of_servers() {
    let feed =
        "<rss version=\"2.0\"><channel><title>A</title><item><guid>1</guid><title>One</title></item></channel></rss>";
    for (date, age, words) in [
        ("Sat, 21 Nov 2026 12:03:00 GMT", "age: 0", "fine   the clock agrees with those of 1 server"),
        ("Sat, 21 Nov 2026 11:00:00 GMT", "age: 3600", "fine   the clock agrees with those of 1 server"),
        ("Sat, 21 Nov 2026 14:30:00 GMT", "age: x", "wrong  the clock was 2 hours behind those of 1 server"),
        ("Wed, 18 Nov 2026 12:00:00 GMT", "age: -9", "wrong  the clock was 3 days ahead of those of 1 server"),
        ("soon", "age: 1", "fine   last run 2026-11-21T12:00:00Z"),
    ] {
        let headers = ["content-type: application/rss+xml".to_owned(), format!("date: {date}"), age.to_owned()];
        let server = Server::start(move |_| Reply::whole("200 OK", &headers.each_ref().map(String::as_str), feed));
        let home = home(server.url("/").as_str(), "");
        let (code, _, stderr) = output(tidings(home.path()).args(["run", "--now", "2026-11-21T12:00:00Z"]));
        assert_eq!(code, 0, "{stderr}");
        let (code, page) = doctor(home.path(), &["--now", "2026-11-21T12:01:00Z"]);
        assert!(page.contains(words) && (code == 1) == words.starts_with("wrong"), "{date}: {page}");
        if words.starts_with("wrong") {
            says(&page, words, "timedatectl set-ntp true");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mail_server_is_asked_to_sign_in_and_gets_no_letter() {
    for (auth, words, code) in [
        (Some("235 2.7.0 welcome"), "answers without TLS and signs us in", 0),
        (Some("535 5.7.8 wrong password"), "535", 1),
    ] {
        let server = MailServer::start(Script { tls: Tls::None, auth, ..Script::default() }).await;
        let mail = format!(
            "[mail]\nsmtp = \"smtp://lab@127.0.0.1:{}\"\nallow_plain = [\"127.0.0.1\"]\nfrom = \"t@lab.example\"\n\
             password_env = \"PASSWORD\"\n",
            server.port
        );
        let home = home("http://127.0.0.1:9/", &mail);
        let (found, page) = doctor(home.path(), &[]);
        let line = page.lines().find(|line| line[7..].starts_with("mail: ") || line[7..].contains("signing in"));
        assert!(found == code && line.is_some_and(|line| line.contains(words)), "{page}");
        let verbs = server.verbs();
        assert!(verbs.iter().any(|verb| verb == "AUTH") && !verbs.iter().any(|verb| verb == "MAIL"), "{verbs:?}");
    }
}

#[test]
fn sessions_that_will_be_deleted_before_they_are_taken_in_are_told() {
    let user = tempfile::tempdir().unwrap();
    let project = user.path().join(".claude/projects/-home-ana-atlas");
    fs::create_dir_all(&project).unwrap();
    let line = r#"{"type":"user","uuid":"u1","sessionId":"11111111-2222-4333-8444-555555555555","cwd":"/home/ana/atlas","timestamp":"2026-11-01T10:00:00Z","message":{"role":"user","content":"hello there"}}"#;
    let transcript = project.join("11111111-2222-4333-8444-555555555555.jsonl");
    fs::write(&transcript, format!("{line}\n")).unwrap();
    let old = SystemTime::now() - Duration::from_secs(9 * 86_400);
    File::options().write(true).open(&transcript).unwrap().set_modified(old).unwrap();
    fs::write(user.path().join(".claude/settings.json"), "{\"cleanupPeriodDays\": 10}").unwrap();
    let home = user.path().join("news");
    fs::create_dir(&home).unwrap();
    let sources =
        "[[source]]\nname = \"mine\"\nfrom.sessions = { path = \"~/.claude/projects\", format = \"claude-code\" }\n";
    fs::write(home.join("sources.toml"), sources).unwrap();
    fs::write(home.join("tidings.toml"), QUIET).unwrap();
    let tell = |words: &[&str]| {
        let mut command = tidings(&home);
        output(command.env("HOME", user.path()).args(words))
    };
    let (code, page, _) = tell(&["doctor"]);
    assert_eq!(code, 1, "{page}");
    let line = "wrong  Claude Code keeps transcripts for 10 days: 1 transcript will go within a week, 1 of them not yet taken in";
    says(&page, line, "cleanupPeriodDays");
    says(&page, "could  no hook takes a session in when it ends", "tidings install claude-code --hooks --yes");
    says(&page, "could  Claude Code does not know tidings", "tidings install claude-code --yes");
    assert!(cfg!(not(target_os = "linux")) || page.contains("sessions lie in 2 folders"), "{page}");

    assert_eq!(tell(&["run"]).0, 0);
    assert_eq!(tell(&["install", "claude-code", "--hooks", "--yes"]).0, 0);
    let (_, page, _) = tell(&["doctor"]);
    assert!(
        page.contains(
            "fine   Claude Code keeps transcripts for 10 days: 1 transcript will go within a week, all taken in"
        ),
        "{page}"
    );
    assert!(page.contains("fine   Claude Code knows tidings as an MCP server"), "{page}");
    assert!(
        page.contains("fine   hooks of Claude Code tell of SessionStart, Notification, Stop, SessionEnd"),
        "{page}"
    );
    let (code, _, _) = tell(&["status", "--check"]);
    assert_eq!(code, 0, "a home of sessions alone runs well");
}

#[test]
fn who_runs_a_home_is_found() {
    let home = home("http://127.0.0.1:9/", "");
    let units = home.path().join(".config/systemd/user");
    let to = units.to_str().unwrap();
    assert_eq!(output(tidings(home.path()).args(["install", "systemd", "--pages", "--yes", "--to", to])).0, 0);
    let (_, page) = doctor(home.path(), &[]);
    says(&page, "could  neither your crontab nor a unit", "tidings install cron --yes");
    assert_eq!(output(tidings(home.path()).args(["install", "systemd", "--yes", "--to", to])).0, 0);
    let (_, page) = doctor(home.path(), &[]);
    assert!(page.contains("fine   run by systemd (") && page.contains("tidings.service"), "{page}");
}
