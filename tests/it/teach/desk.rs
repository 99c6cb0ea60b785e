//! A home that reads sessions which a test writes by hand.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;
use tidings::config::SessionSource;
use tidings::flow::Setup;
use tidings::home::Home;
use tidings::session::{Agent, Facts, Format, Header, Role, SessionId, Setting, SharedLine, Turn};

use crate::river::sessions::run_at;

pub const NOW: &str = "2026-11-21T12:00:00Z";

pub struct Desk {
    folder: TempDir,
    pub setup: Setup,
}

impl Desk {
    /// A home whose own sessions are those of one person.
    pub fn new() -> Desk {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        let own = folder.path().join("projects");
        fs::create_dir_all(&own).unwrap();
        fs::create_dir_all(&home).unwrap();
        let text = format!(
            "[[source]]\nname = \"Mine\"\nfrom.sessions = {{ path = {:?}, format = \"claude-code\", owner = \"ana\" }}\n",
            own
        );
        fs::write(home.join("sources.toml"), text).unwrap();
        let setup =
            Setup { home: Home::at(home), sources: Vec::new(), sessions: Vec::new(), config: Default::default() };
        let mut desk = Desk { folder, setup };
        desk.setup.sessions.push(source("Mine", &own, Format::Of(Agent::ClaudeCode), Some("ana")));
        desk
    }

    /// The home of a lab, which reads what people share and no sessions of its own.
    pub fn lab() -> Desk {
        let mut desk = Desk::new();
        let shared = desk.folder.path().join("shared");
        fs::create_dir_all(&shared).unwrap();
        desk.setup.sessions = vec![source("Lab", &shared, Format::Shared, None)];
        let text =
            format!("[[source]]\nname = \"Lab\"\nfrom.sessions = {{ path = {shared:?}, format = \"shared\" }}\n");
        fs::write(desk.home().join("sources.toml"), text).unwrap();
        desk
    }

    pub fn home(&self) -> &Path {
        self.setup.home.folder()
    }

    /// A second folder of sessions, of somebody else.
    pub fn also_reads(&mut self, owner: &str) {
        let folder = self.folder.path().join(owner);
        fs::create_dir_all(&folder).unwrap();
        self.setup.sessions.push(source(owner, &folder, Format::Of(Agent::ClaudeCode), Some(owner)));
    }

    pub fn write(&self, tale: &Tale) {
        self.write_at("projects", tale);
    }

    pub fn write_at(&self, folder: &str, tale: &Tale) {
        let path = self.folder.path().join(folder).join("-w-atlas").join(format!("{}.jsonl", tale.session));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, tale.lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    }

    /// A session that somebody shares: one call of a shell, and its output.
    pub fn share(&self, owner: &str, session: &str, at: &str, command: &str, output: Option<&str>) {
        let session = SessionId { agent: Agent::ClaudeCode, native: session.to_owned() };
        let header = Header {
            version: Header::VERSION,
            edition: 1,
            session: session.clone(),
            subagent: None,
            owner: Some(owner.to_owned()),
            host: Some("node7".to_owned()),
            rules: "r1".to_owned(),
            facts: Facts::default(),
        };
        let turn = |line, role, text: String, is_error| Turn {
            line,
            part: 0,
            role,
            tool: Some("Bash".into()),
            text,
            setting: Setting::default().into(),
            at: Some(at.parse::<Timestamp>().unwrap()),
            uuid: None,
            is_error,
            subagent: None,
            apart: None,
        };
        let mut lines = vec![SharedLine::Header(Box::new(header))];
        lines.push(SharedLine::Turn(turn(1, Role::ToolCall, format!("command: {command}\n"), false)));
        lines.extend(output.map(|output| SharedLine::Turn(turn(2, Role::ToolOutput, output.to_owned(), true))));
        let folder = self.folder.path().join("shared").join(owner).join(&session.native);
        fs::create_dir_all(&folder).unwrap();
        let text: String = lines.iter().map(|line| format!("{}\n", serde_json::to_string(line).unwrap())).collect();
        fs::write(folder.join("t-0000000001.jsonl"), text).unwrap();
    }

    pub async fn run(&self) {
        run_at(&self.setup, NOW).await;
    }
}

fn source(name: &str, folder: &Path, format: Format, owner: Option<&str>) -> SessionSource {
    let owner = owner.map(str::to_owned);
    SessionSource { name: name.to_owned(), folder: folder.to_owned(), format, owner, host: Some("node7".to_owned()) }
}

/// A session as Claude Code writes it, an event a minute.
pub struct Tale {
    pub session: String,
    lines: Vec<Value>,
    day: u8,
    cwd: String,
    calls: usize,
}

impl Tale {
    pub fn new(session: &str, day: u8) -> Tale {
        Tale { session: session.to_owned(), lines: Vec::new(), day, cwd: "/w/atlas".to_owned(), calls: 0 }
    }

    pub fn within(mut self, cwd: &str) -> Tale {
        self.cwd = cwd.to_owned();
        self
    }

    fn add(mut self, kind: &str, role: &str, content: Value) -> Tale {
        let minute = self.lines.len();
        self.lines.push(json!({
            "type": kind, "sessionId": self.session, "cwd": self.cwd, "version": "2.1.200",
            "uuid": format!("{}-{minute}", self.session),
            "timestamp": format!("2026-11-{:02}T{:02}:{:02}:00Z", self.day, 10 + minute / 60, minute % 60),
            "message": { "id": format!("m{}-{minute}", self.session), "role": role, "model": "atlas-9", "content": content },
        }));
        self
    }

    pub fn prompt(self, text: &str) -> Tale {
        self.add("user", "user", json!(text))
    }

    pub fn answer(self, text: &str) -> Tale {
        self.add("assistant", "assistant", json!([{ "type": "text", "text": text }]))
    }

    pub fn call(mut self, tool: &str, input: Value) -> Tale {
        self.calls += 1;
        let id = format!("toolu_{}", self.calls);
        self.add("assistant", "assistant", json!([{ "type": "tool_use", "id": id, "name": tool, "input": input }]))
    }

    fn output(self, call: usize, text: &str, is_error: bool) -> Tale {
        let block = json!({ "type": "tool_result", "tool_use_id": format!("toolu_{call}"), "content": text, "is_error": is_error });
        self.add("user", "user", json!([block]))
    }

    pub fn bash(self, command: &str) -> Tale {
        let tale = self.call("Bash", json!({ "command": command, "description": "A step" }));
        let call = tale.calls;
        tale.output(call, "fine", false)
    }

    /// A command, or a call of another tool, that fails with these words.
    pub fn fails(self, tool: &str, input: Value, words: &str) -> Tale {
        let tale = self.call(tool, input);
        let call = tale.calls;
        tale.output(call, words, true)
    }

    pub fn denied(self, command: &str, said: Option<&str>) -> Tale {
        let said = match said {
            Some(said) => format!("To tell you how to proceed, the user said:\n{said}"),
            None => "STOP what you are doing and wait for the user to tell you how to proceed.".to_owned(),
        };
        let words = format!(
            "The user doesn't want to proceed with this tool use. The tool use was rejected (eg. if it was a file edit, the \
             new_string was NOT written to the file). {said}"
        );
        self.fails("Bash", json!({ "command": command }), &words)
    }
}
