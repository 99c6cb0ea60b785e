//! The daemon as a service manager runs it: the real program, between a feed server, a folder of sessions and systemd's socket.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tidings::keep::{self, Keep};
use tidings::session::sign::Word;

use super::{ONE, event, write_prompt};
use crate::command::{output, tidings};
use crate::support::server::{Reply, Server};

/// Nothing is waited for longer; the machine may be busy.
const LIMIT: Duration = Duration::from_secs(120);

/// What one side says, line by line.
struct Voice {
    lines: Receiver<String>,
    heard: Vec<String>,
}

impl Voice {
    /// Waits for a line with these words.
    fn says(&mut self, words: &str) -> String {
        let end = Instant::now() + LIMIT;
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.heard.push(line.clone());
                    if line.contains(words) {
                        return line;
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("{words:?} was never said, only: {:#?}", self.heard)
                }
            }
        }
    }
}

struct Daemon {
    child: Child,
    log: Voice,
    systemd: Voice,
}

impl Daemon {
    fn start(home: &Path, watchdog: Option<Duration>) -> Daemon {
        let path = home.join("notify");
        let _ = fs::remove_file(&path);
        let socket = UnixDatagram::bind(&path).unwrap();
        // As systemd does, it is told that the pulse is asked of it and not of its parent.
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "WATCHDOG_PID=$$ exec \"$0\" watch", env!("CARGO_BIN_EXE_tidings")]);
        command.env_clear().env("HOME", home).env("TIDINGS_HOME", home).env("NOTIFY_SOCKET", &path).current_dir(home);
        if let Some(watchdog) = watchdog {
            command.env("WATCHDOG_USEC", watchdog.as_micros().to_string());
        }
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let (said, lines) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| said.send(line)));
        let log = Voice { lines, heard: Vec::new() };
        let (said, lines) = channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read) = socket.recv(&mut bytes) {
                for line in String::from_utf8_lossy(&bytes[..read]).lines() {
                    if said.send(line.to_owned()).is_err() {
                        return;
                    }
                }
            }
        });
        Daemon { child, log, systemd: Voice { lines, heard: Vec::new() } }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("/bin/sh").args(["-c", &format!("kill -{name} {}", self.child.id())]).status();
        assert!(sent.unwrap().success());
    }

    fn ends(&mut self) -> ExitStatus {
        let end = Instant::now() + LIMIT;
        // Its log ends when it does.
        while self.log.lines.recv_timeout(end.saturating_duration_since(Instant::now())).is_ok() {}
        assert!(Instant::now() < end, "it does not end");
        self.child.wait().unwrap()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Place {
    folder: tempfile::TempDir,
    server: Server,
}

impl Place {
    fn new() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(|_| {
            let item = "<item><guid>a</guid><title>Lantern one</title><description>A note.</description></item>";
            let feed = format!("<rss version=\"2.0\"><channel><title>Lantern</title>{item}</channel></rss>");
            Reply::whole("200 OK", &["content-type: application/rss+xml"], feed)
        });
        let place = Place { folder, server };
        fs::create_dir_all(place.projects()).unwrap();
        fs::create_dir(place.home()).unwrap();
        let sources = format!(
            "[[source]]\nname = \"Lantern\"\nfrom.feed = \"{}\"\n\
             [[source]]\nname = \"Mine\"\nfrom.sessions = {{ path = \"{}\", format = \"claude-code\" }}\n",
            place.server.url("/feed.xml"),
            place.folder.path().join("projects").display()
        );
        fs::write(place.home().join("sources.toml"), sources).unwrap();
        place.settings("[network]\nallow = [\"127.0.0.0/8\"]\n");
        place
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    fn projects(&self) -> PathBuf {
        self.folder.path().join("projects/-home-ada")
    }

    fn settings(&self, text: &str) {
        fs::write(self.home().join("tidings.toml"), text).unwrap();
    }

    fn writes(&self, session: &str, words: &str) -> PathBuf {
        let path = self.projects().join(format!("{session}.jsonl"));
        write_prompt(&path, session, "atlas", words, Timestamp::now());
        path
    }

    fn finds(&self, words: &str) -> bool {
        let (code, stdout, _) = output(tidings(&self.home()).args(["search", words]));
        code == 0 && stdout.contains("0b9d2c1e")
    }
}

#[test]
fn a_daemon_lives_its_day() {
    let place = Place::new();
    place.writes(ONE, "Please count the herons.");
    let mut daemon = Daemon::start(&place.home(), Some(Duration::from_millis(300)));
    daemon.systemd.says("READY=1");
    daemon.log.says("1 source: 1 answered");
    daemon.systemd.says("STATUS=Resting until");
    daemon.systemd.says("WATCHDOG=1");
    assert_eq!(place.server.paths().iter().filter(|path| *path == "/feed.xml").count(), 1);
    let asked = place.server.log().len();
    assert!(place.finds("herons"));

    // Between passes the home is free.
    let (code, _, stderr) = output(tidings(&place.home()).arg("reindex"));
    assert_eq!(code, 0, "{stderr}");
    // A second daemon has nothing to do here.
    let (code, _, stderr) = output(tidings(&place.home()).arg("watch"));
    assert_eq!((code, stderr.contains("`tidings watch`, process")), (75, true), "{stderr}");

    // A session grows, and is found without any source being asked.
    let transcript = place.writes(ONE, "Now the quaggas.");
    daemon.log.says("1 turn taken in");
    assert!(place.finds("quaggas"));
    // A session in a folder that has just come.
    fs::create_dir(place.folder.path().join("projects/-home-new")).unwrap();
    let path = place.folder.path().join("projects/-home-new/0b9d2c1e-0000-4c3b-9a51-6f0e7d8c9b10.jsonl");
    write_prompt(&path, "0b9d2c1e-0000-4c3b-9a51-6f0e7d8c9b10", "new", "And the okapis.", Timestamp::now());
    daemon.log.says("1 turn taken in");
    assert!(place.finds("okapis"));
    assert_eq!(place.server.log().len(), asked, "no source was asked");

    // An agent's hook is heard.
    let end = event(ONE, "SessionEnd", &transcript, "");
    write_prompt(&transcript, ONE, "atlas", "The last of the tapirs.", Timestamp::now());
    tidings(&place.home()).arg("hook").write_stdin(end).assert().code(0);
    daemon.log.says("1 turn taken in");
    assert!(place.finds("tapirs"));
    assert_eq!(keep::signs(&place.home()).unwrap()[ONE].word, Word::Ended);
    let (code, stdout, _) = output(tidings(&place.home()).args(["sessions", "running", "--all"]));
    assert_eq!((code, stdout.contains("ended")), (0, true), "{stdout}");

    // A file that is wrong is told, and what it said before goes on; then it is right again.
    place.settings("[network]\nalow = []\n");
    daemon.log.says("does not know `alow`");
    daemon.log.says("what the two files said before goes on");
    place.writes(ONE, "Also the pangolins.");
    daemon.log.says("1 turn taken in");
    place.settings("[network]\nallow = [\"127.0.0.0/8\"]\n");
    daemon.log.says("right again");

    let began = Instant::now();
    daemon.signal("TERM");
    daemon.systemd.says("STOPPING=1");
    assert_eq!(daemon.ends().code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert!(place.finds("pangolins"));
}

#[test]
fn a_home_that_is_held_is_waited_for() {
    let place = Place::new();
    let keep = Keep::open(&place.home(), "tidings run", Timestamp::now()).unwrap();
    let mut daemon = Daemon::start(&place.home(), None);
    daemon.log.says("Waiting: another run is at work");
    daemon.systemd.says("STATUS=Waiting for another command to end");
    drop(keep);
    daemon.log.says("1 source: 1 answered");
    daemon.signal("INT");
    assert_eq!(daemon.ends().code(), Some(0));
}

#[test]
fn asked_to_stop_while_a_source_is_silent_it_ends_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(|_| Reply::default().then_hang());
    let source = format!("[[source]]\nname = \"Lantern\"\nfrom.feed = \"{}\"\n", server.url("/feed.xml"));
    fs::write(folder.path().join("sources.toml"), source).unwrap();
    fs::write(folder.path().join("tidings.toml"), "[network]\nallow = [\"127.0.0.0/8\"]\n").unwrap();
    let mut daemon = Daemon::start(folder.path(), None);
    daemon.systemd.says("STATUS=Asking 1 source");
    let began = Instant::now();
    daemon.signal("TERM");
    assert_eq!(daemon.ends().code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    // The home is free, and the next run goes on.
    assert!(Keep::open(folder.path(), "a test", Timestamp::now()).is_ok());
}

#[test]
fn it_does_not_begin_with_a_pretended_time_or_a_file_that_is_wrong() {
    let place = Place::new();
    let (code, _, stderr) = output(tidings(&place.home()).args(["watch", "--now", "2026-11-23T07:00:00Z"]));
    assert_eq!((code, stderr.contains("the real clock")), (2, true), "{stderr}");
    place.settings("[network]\nalow = []\n");
    let (code, _, stderr) = output(tidings(&place.home()).arg("watch"));
    assert_eq!((code, stderr.contains("does not know `alow`")), (2, true), "{stderr}");
    let nowhere = tempfile::tempdir().unwrap();
    let (code, _, stderr) = output(tidings(nowhere.path()).arg("watch"));
    assert_eq!((code, stderr.contains("tidings init")), (1, true), "{stderr}");
}
