//! The daemon, agents' hooks, and which sessions run.

mod hooks;
mod life;
mod program;
mod pushes;
mod running;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tidings::config::{SessionSource, read_settings};
use tidings::flow::Setup;
use tidings::home::Home;
use tidings::session::Agent;

const ONE: &str = "0b9d2c1e-5a4f-4c3b-9a51-6f0e7d8c9b10";
const TWO: &str = "7c1f4e2a-8b3d-4f60-b2a9-1d5c3e7f9a24";

/// A home that reads one folder of Claude Code's sessions.
struct Desk {
    folder: tempfile::TempDir,
    setup: Setup,
}

impl Desk {
    fn new(settings: &str) -> Desk {
        let folder = tempfile::tempdir().unwrap();
        let source = SessionSource {
            name: "Mine".to_owned(),
            folder: folder.path().join("claude/projects"),
            format: Agent::ClaudeCode.into(),
            owner: Some("ada".to_owned()),
            host: Some("node7".to_owned()),
        };
        fs::create_dir_all(source.folder.join("-home-ada")).unwrap();
        let home = Home::at(folder.path().join("home"));
        fs::create_dir(home.folder()).unwrap();
        let config = read_settings("tidings.toml", settings).unwrap();
        let setup = Setup { home, sources: Vec::new(), sessions: vec![source], config };
        Desk { folder, setup }
    }

    fn transcript(&self, session: &str) -> PathBuf {
        self.setup.sessions[0].folder.join(format!("-home-ada/{session}.jsonl"))
    }

    /// Adds a prompt to a session that works in a project, as if it were written at this time.
    fn writes(&self, session: &str, project: &str, words: &str, at: Timestamp) {
        write_prompt(&self.transcript(session), session, project, words, at);
        self.touch(session, at);
    }

    fn touch(&self, session: &str, at: Timestamp) {
        let file = OpenOptions::new().append(true).open(self.transcript(session)).unwrap();
        file.set_modified(at.into()).unwrap();
    }
}

fn write_prompt(path: &Path, session: &str, project: &str, words: &str, at: Timestamp) {
    let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
    let line = serde_json::json!({
        "type": "user", "uuid": format!("{session}-{at}"), "sessionId": session, "cwd": format!("/home/ada/{project}"),
        "gitBranch": "main", "version": "2.1.218", "timestamp": at, "message": { "role": "user", "content": words },
    });
    file.write_all(format!("{line}\n").as_bytes()).unwrap();
}

fn at(text: &str) -> Timestamp {
    format!("2026-11-{}Z", text.replace(' ', "T")).parse().unwrap()
}

/// What Claude Code gives a hook.
fn event(session: &str, name: &str, transcript: &Path, more: &str) -> String {
    format!(
        r#"{{"session_id":"{session}","transcript_path":"{}","cwd":"/home/ada/atlas","hook_event_name":"{name}"{more}}}"#,
        transcript.display()
    )
}
