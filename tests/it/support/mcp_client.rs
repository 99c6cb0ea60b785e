//! A client of `tidings mcp` that speaks the protocol line by line, in one of its eras.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

use serde_json::{Value, json};

/// The protocol in which each request names its version; older ones begin with a handshake.
pub const MODERN: &str = "2026-07-28";

pub struct Client {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    era: String,
    id: u64,
    /// What the server said of itself.
    pub about: Value,
    /// Bytes of the last line that came.
    pub bytes: usize,
}

impl Client {
    /// Starts the real program on a home, as a client does, and asks what it can.
    pub fn start(home: &Path, era: &str) -> Client {
        Client::called_by(home, era, None)
    }

    /// The same, started by an agent's session.
    pub fn called_by(home: &Path, era: &str, session: Option<&str>) -> Client {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
        command.env_clear().envs(session.map(|session| ("CLAUDE_CODE_SESSION_ID", session)));
        command.args(["mcp", "--now", "2026-11-24T08:00:00Z", "--home"]).arg(home);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (input, output) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        let mut client = Client { child, input, output, era: era.to_owned(), id: 0, about: Value::Null, bytes: 0 };
        client.about = match era {
            MODERN => client.ask("server/discover", json!({})),
            _ => {
                let me = json!({ "name": "a test", "version": "1" });
                let hello = json!({ "protocolVersion": era, "capabilities": {}, "clientInfo": me });
                let about = client.ask("initialize", hello);
                client.write(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }).to_string());
                about
            }
        };
        client
    }

    /// Writes one line, whatever it is.
    pub fn write(&mut self, line: &str) {
        let input = self.input.as_mut().unwrap();
        input.write_all(format!("{line}\n").as_bytes()).unwrap();
        input.flush().unwrap();
    }

    pub fn read(&mut self) -> Value {
        let mut line = String::new();
        self.bytes = self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// Asks and gives the whole answer, with a result or an error.
    pub fn answer(&mut self, method: &str, mut params: Value) -> Value {
        self.id += 1;
        if self.era == MODERN {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": MODERN,
                "io.modelcontextprotocol/clientInfo": { "name": "a test", "version": "1" },
                "io.modelcontextprotocol/clientCapabilities": {},
            });
        }
        self.write(&json!({ "jsonrpc": "2.0", "id": self.id, "method": method, "params": params }).to_string());
        let answer = self.read();
        assert_eq!(answer["id"], self.id, "{answer}");
        answer
    }

    /// Asks for something that must succeed.
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let mut answer = self.answer(method, params);
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].take()
    }

    /// Calls a tool and gives its result, an error of the tool included.
    pub fn call(&mut self, tool: &str, arguments: Value) -> Value {
        self.ask("tools/call", json!({ "name": tool, "arguments": arguments }))
    }

    /// What a tool found.
    pub fn told(&mut self, tool: &str, arguments: Value) -> Value {
        let mut result = self.call(tool, arguments);
        assert_eq!(result["isError"], false, "{tool}: {result}");
        result["structuredContent"].take()
    }

    /// Why a tool found nothing.
    pub fn trouble(&mut self, tool: &str, arguments: Value) -> String {
        let result = self.call(tool, arguments);
        assert_eq!(result["isError"], true, "{tool}: {result}");
        assert!(result["structuredContent"].is_null(), "{result}");
        result["content"][0]["text"].as_str().unwrap().to_owned()
    }

    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Hangs up; says how the server ended, and what it still wrote.
    pub fn hang_up(mut self) -> (ExitStatus, String) {
        self.input.take();
        let mut rest = String::new();
        while self.output.read_line(&mut rest).unwrap() > 0 {}
        (self.child.wait().unwrap(), rest)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.input.take();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
