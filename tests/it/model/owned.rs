//! A server that a run owns: started for a model's file, waited for, and ended with the run. The program is a script here;
//! what answers at its port is a stand-in.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tidings::config;
use tidings::judge::model::{Dialect, Model, Places, Trouble, find};

use super::{limits, nowhere, refused, stub};

/// A script that stands for llama-server, and the model's file beside it.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new(script: &str) -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("llama-server");
        let here = folder.path().display();
        fs::write(&program, format!("#!/bin/sh\ncd '{here}'\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(folder.path().join("qwen3-8b.gguf"), "GGUF").unwrap();
        Bench { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn config(&self) -> config::Model {
        config::Model { gguf: Some(self.path("qwen3-8b.gguf")), ..config::Model::default() }
    }

    fn places(&self, port: Option<u16>) -> Places {
        Places { program: self.path("llama-server").into(), port, ..nowhere() }
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn standing(&self) -> crate::support::model_server::Stub {
        let mut server = stub(Dialect::LlamaServer);
        server.models = vec!["qwen3-8b"];
        server.model_path = self.path("qwen3-8b.gguf").display().to_string();
        server
    }
}

/// Writes down who it is and what it was told, then serves.
const SERVES: &str = "echo $$ > pid.new; printf '%s\\n' \"$@\" > arguments; mv pid.new pid; exec sleep 600";

fn is_alive(pid: &str) -> bool {
    Path::new("/proc").join(pid.trim()).exists()
}

/// The script writes its pid when it gets to it; the stand-in may answer before.
async fn pid(bench: &Bench) -> String {
    while !bench.path("pid").exists() {
        tokio::task::yield_now().await;
    }
    bench.read("pid")
}

#[tokio::test]
async fn a_server_is_started_for_a_file_and_ended_with_the_run() {
    let bench = Bench::new(SERVES);
    let mut loading = bench.standing();
    loading.loading = 2;
    let standing = loading.start();
    let server = find(&bench.config(), None, &bench.places(Some(standing.port())), limits()).await.unwrap().unwrap();
    assert!(server.about().owned);
    assert_eq!(server.name(), "qwen3-8b", "the file's name, without its folders");
    let pid = pid(&bench).await;
    assert!(is_alive(&pid));
    let arguments = bench.read("arguments");
    let port = standing.port().to_string();
    for expected in ["--host\n127.0.0.1\n", &format!("--port\n{port}\n"), "--offline\n", "--no-ui\n", "qwen3-8b.gguf\n"]
    {
        assert!(arguments.contains(expected), "{expected} in {arguments}");
    }
    drop(server);
    assert!(!is_alive(&pid), "it ends before the run goes on");
}

#[tokio::test]
async fn an_older_program_is_told_in_its_own_words() {
    let refuses =
        format!("case \"$*\" in *--no-ui*) echo 'error: invalid argument: --no-ui' >&2; exit 1;; esac\n{SERVES}");
    let bench = Bench::new(&refuses);
    let mut loading = bench.standing();
    // Long enough for the first start to end before the second answers.
    loading.loading = usize::MAX;
    let patient = config::Model { load_timeout: std::time::Duration::from_secs(60), ..bench.config() };
    let standing = loading.start();
    let finding = async { find(&patient, None, &bench.places(Some(standing.port())), limits()).await };
    // It is never ready; what matters is that the second start came, with the other word.
    tokio::select! {
        found = finding => panic!("it is never ready, but {:?}", found.err()),
        _ = pid(&bench) => {}
    }
    assert!(bench.read("arguments").contains("--no-webui\n"));
}

#[tokio::test]
async fn a_server_that_ends_while_it_loads_says_why() {
    let bench = Bench::new("echo 'E failed to load: error: not a GGUF file' >&2; exit 1");
    let trouble = refused(&bench.config(), None, &bench.places(None)).await;
    assert!(matches!(&trouble, Trouble::Away(words) if words.contains("not a GGUF file")), "{trouble:?}");
}

#[tokio::test]
async fn a_server_that_dies_during_the_run_is_away() {
    let bench = Bench::new(SERVES);
    let breaking = |_: &_, _| Some(crate::support::server::Reply::default());
    let standing = bench.standing().meddling(breaking).start();
    let server = find(&bench.config(), None, &bench.places(Some(standing.port())), limits()).await.unwrap().unwrap();
    let pid = pid(&bench).await;
    assert!(std::process::Command::new("kill").args(["-9", pid.trim()]).status().unwrap().success());
    let trouble = server.choose(&super::prompt(), &super::LETTERS).await.unwrap_err();
    assert!(matches!(&trouble, Trouble::Away(words) if words.contains("llama-server has ended")), "{trouble:?}");
}

#[tokio::test]
async fn a_stranger_on_the_chosen_port_is_not_asked() {
    let bench = Bench::new(SERVES);
    let mut stranger = bench.standing();
    stranger.model_path = "/somewhere/else.gguf".to_owned();
    let standing = stranger.start();
    let trouble = refused(&bench.config(), None, &bench.places(Some(standing.port()))).await;
    assert!(matches!(&trouble, Trouble::Away(words) if words.contains("a stranger")), "{trouble:?}");
    assert!(standing.asked().is_empty());
}

#[tokio::test]
async fn a_missing_program_and_a_missing_file_are_named() {
    let bench = Bench::new(SERVES);
    let trouble = refused(&bench.config(), None, &nowhere()).await;
    assert!(matches!(&trouble, Trouble::Away(words) if words.contains("no llama-server on the PATH")), "{trouble:?}");
    let config = config::Model { gguf: Some(bench.path("gone.gguf")), ..config::Model::default() };
    let trouble = refused(&config, None, &bench.places(None)).await;
    assert!(matches!(&trouble, Trouble::Refused(words) if words.contains("gone.gguf")), "{trouble:?}");
}
