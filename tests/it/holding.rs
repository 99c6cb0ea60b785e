//! Real processes in one home: two at once, one that was killed, and one that cannot write.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use tidings::keep::{Keep, status};

use crate::support::server::{Reply, Server};

const FEED: &str =
    "<rss version=\"2.0\"><channel><title>A</title><item><guid>1</guid><title>One</title></item></channel></rss>";

/// A home with one source, at this server.
fn home(server: &Server) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let source = format!("[[source]]\nname = \"A\"\nfrom.feed = \"{}\"\nevery = \"1m\"\n", server.url("/a"));
    fs::write(home.path().join("sources.toml"), source).unwrap();
    fs::write(
        home.path().join("tidings.toml"),
        "[model]\nendpoint = \"off\"\n[network]\nallow = [\"127.0.0.0/8\"]\ngap = \"1ms\"\n",
    )
    .unwrap();
    home
}

fn good() -> Reply {
    Reply::whole("200 OK", &["content-type: application/rss+xml"], FEED)
}

fn command(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
    command.env_clear().env("HOME", home).env("TIDINGS_HOME", home).current_dir(home);
    command
}

fn run(home: &Path) -> (i32, String) {
    ended(command(home).arg("run").output().unwrap())
}

fn ended(output: Output) -> (i32, String) {
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// A server that never answers, and tells when it is asked; a run that asks it is at work until it is killed.
fn silent() -> (Server, Receiver<()>) {
    let (asked, is_asked) = channel();
    let asked = Arc::new(Mutex::new(asked));
    let server = Server::start(move |_| {
        let _ = asked.lock().unwrap().send(());
        Reply::default().then_hang()
    });
    (server, is_asked)
}

/// Killed when dropped, so that a test that fails leaves nobody behind.
struct Running(Child);

impl Running {
    fn start(home: &Path) -> Running {
        Running(command(home).arg("run").stderr(Stdio::null()).spawn().unwrap())
    }

    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn of_two_runs_one_works_and_the_other_says_who_and_leaves_with_75() {
    let (server, is_asked) = silent();
    let home = home(&server);
    let first = Running::start(home.path());
    is_asked.recv().unwrap();
    let (code, stderr) = run(home.path());
    assert_eq!(code, 75, "{stderr}");
    assert!(stderr.contains(&format!("`tidings run`, process {}", first.0.id())), "{stderr}");
    let (code, stderr) = ended(command(home.path()).arg("restore").output().unwrap());
    assert_eq!(code, 75, "{stderr}");
    first.kill();
}

#[test]
fn the_lock_of_a_killed_run_holds_nobody_up() {
    let (server, is_asked) = silent();
    let home = home(&server);
    let first = Running::start(home.path());
    is_asked.recv().unwrap();
    first.kill();
    let lock = fs::read_to_string(home.path().join("state/lock")).unwrap();
    assert!(lock.contains("tidings run"), "the killed one still stands there: {lock}");

    let good = Server::start(|_| good());
    let source = format!("[[source]]\nname = \"A\"\nfrom.feed = \"{}\"\n", good.url("/a"));
    fs::write(home.path().join("sources.toml"), source).unwrap();
    let (code, stderr) = run(home.path());
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(status(home.path()).unwrap().unwrap().sources[0].watched.entries, 1);
}

/// Many at once: whoever is not at work leaves with 75, and nothing is kept twice.
#[test]
fn of_many_runs_at_once_none_fails_and_everything_is_kept_once() {
    let server = Server::start(|_| good());
    let home = home(&server);
    let runs: Vec<Child> =
        (0..8).map(|_| command(home.path()).arg("run").stderr(Stdio::piped()).spawn().unwrap()).collect();
    let codes: Vec<(i32, String)> = runs.into_iter().map(|run| ended(run.wait_with_output().unwrap())).collect();
    assert!(codes.iter().all(|(code, _)| [0, 75].contains(code)), "{codes:?}");
    assert!(codes.iter().any(|(code, _)| *code == 0), "{codes:?}");
    assert_eq!(status(home.path()).unwrap().unwrap().sources[0].watched.entries, 1);
}

/// Runs with a limit on the size of any file, in blocks of 512 bytes. With `ignored`, a write beyond it fails as on a full
/// disk; without, the kernel kills the process there.
fn limited(home: &Path, blocks: usize, ignored: bool) -> Output {
    let trap = if ignored { "trap '' XFSZ; " } else { "" };
    let mut command = Command::new("/bin/sh");
    command.env_clear().env("HOME", home).env("TIDINGS_HOME", home).current_dir(home);
    command.arg("-c").arg(format!("{trap}ulimit -f {blocks} && exec \"$0\" run")).arg(env!("CARGO_BIN_EXE_tidings"));
    command.output().unwrap()
}

#[test]
fn a_run_that_cannot_write_says_so_and_the_next_one_finishes_its_work() {
    // Texts that hardly shrink, more than the smaller limits allow.
    let words = |seed: u64| -> String {
        let mut state = seed + 1;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            format!("{:016x}", state)
        };
        (0..60).map(|_| next()).collect::<Vec<_>>().join(" ")
    };
    let items: String = (0..150)
        .map(|number| {
            format!(
                "<item><guid>{number}</guid><title>Title {number}</title><description>{}</description></item>",
                words(number)
            )
        })
        .collect();
    let feed = format!("<rss version=\"2.0\"><channel><title>A</title>{items}</channel></rss>");
    let server = Server::start(move |_| Reply::whole("200 OK", &["content-type: application/rss+xml"], &feed));
    let home = home(&server);
    let mut failed = 0;
    for (blocks, ignored) in
        [(0, true), (1, true), (16, true), (64, true), (128, false), (256, true), (700, true), (1_200, true)]
    {
        let output = limited(home.path(), blocks, ignored);
        let stderr = String::from_utf8(output.stderr).unwrap();
        if output.status.success() {
            continue;
        }
        failed += 1;
        if let Some(code) = output.status.code() {
            assert_eq!(code, 1, "{blocks} blocks: {stderr}");
            assert!(stderr.contains(home.path().to_str().unwrap()), "{blocks} blocks: it names the place: {stderr}");
            assert!(!stderr.contains("panicked"), "{blocks} blocks: {stderr}");
        }
    }
    assert!(failed >= 4, "the limits were felt: {failed}");
    let (code, stderr) = ended(command(home.path()).args(["run", "--source", "A"]).output().unwrap());
    assert_eq!(code, 0, "{stderr}");
    let status = status(home.path()).unwrap().unwrap();
    assert_eq!((status.sources[0].watched.entries, status.judge, status.index, status.aside.len()), (150, 0, 0, 0));
    let keep = Keep::open(home.path(), "a test", jiff::Timestamp::now()).unwrap();
    assert_eq!(keep.unreadable(), []);
}
