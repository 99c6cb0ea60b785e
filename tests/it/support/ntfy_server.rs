//! A stand-in for an ntfy server: it takes both forms of publishing, holds them to the documented limits, and answers in JSON.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use url::Url;

use super::server::{Asked, Reply, Server};

/// Bytes of a message; from here on a real server makes an attachment of it, which this one refuses.
const MOST_BYTES: usize = 4_096;

pub struct NtfyServer {
    server: Server,
    topic: Arc<Mutex<Topic>>,
}

#[derive(Default)]
struct Topic {
    /// None: anybody may write.
    token: Option<String>,
    /// Messages that are still taken before the limit is reached.
    room: Option<usize>,
    messages: Vec<Value>,
}

impl NtfyServer {
    pub fn start(token: Option<&str>) -> NtfyServer {
        let topic = Arc::new(Mutex::new(Topic { token: token.map(str::to_owned), ..Topic::default() }));
        let own = topic.clone();
        let server = Server::start(move |asked| own.lock().unwrap().answer(asked));
        NtfyServer { server, topic }
    }

    pub fn url(&self) -> Url {
        self.server.url("/")
    }

    /// Takes so many more messages.
    pub fn has_room_for(&self, messages: usize) {
        self.topic.lock().unwrap().room = Some(messages);
    }

    /// What was taken, in order.
    pub fn messages(&self) -> Vec<Value> {
        self.topic.lock().unwrap().messages.clone()
    }

    pub fn requests(&self) -> usize {
        self.server.log().len()
    }
}

impl Topic {
    fn answer(&mut self, asked: &Asked) -> Reply {
        match self.take(asked) {
            Ok(message) => {
                self.messages.push(message.clone());
                Reply::whole("200 OK", &["content-type: application/json"], message.to_string())
            }
            Err((status, code, error)) => {
                let http: u32 = status[..3].parse().unwrap();
                let link = "https://ntfy.sh/docs/publish/";
                let body = json!({ "code": code, "http": http, "error": error, "link": link });
                Reply::whole(status, &["content-type: application/json"], body.to_string())
            }
        }
    }

    fn take(&mut self, asked: &Asked) -> Result<Value, (&'static str, u32, &'static str)> {
        const INVALID: &str = "400 Bad Request";
        let path = asked.path.split('?').next().unwrap();
        if asked.method != "POST" || path[1..].contains('/') {
            return Err(("404 Not Found", 40401, "page not found"));
        }
        if let Some(token) = &self.token {
            match asked.header("authorization") {
                None => return Err(("403 Forbidden", 40301, "forbidden")),
                Some(given) if *given != format!("Bearer {token}") => {
                    return Err(("401 Unauthorized", 40101, "unauthorized"));
                }
                Some(_) => {}
            }
        }
        if self.room == Some(0) {
            return Err(("429 Too Many Requests", 42901, "limit reached: too many requests"));
        }
        let mut message = match path {
            "/" => serde_json::from_str::<Value>(&asked.body)
                .ok()
                .filter(|message| message["topic"].is_string())
                .ok_or((INVALID, 40017, "invalid request: request body must be valid JSON"))?,
            topic => json!({ "topic": &topic[1..], "message": asked.body, "title": asked.header("x-title") }),
        };
        // A second client says the rest in headers.
        if let Some(priority) = asked.header("x-priority").and_then(|priority| priority.parse::<u64>().ok()) {
            message["priority"] = priority.into();
        }
        let topic = message["topic"].as_str().unwrap();
        let is_sign = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
        if topic.is_empty() || topic.len() > 64 || !topic.chars().all(is_sign) {
            return Err((INVALID, 40009, "invalid request: topic invalid"));
        }
        if !matches!(&message["priority"], Value::Null) && !(1..=5).contains(&message["priority"].as_u64().unwrap_or(9))
        {
            return Err((INVALID, 40007, "invalid priority parameter"));
        }
        let is_text = |value: &Value| value.is_null() || value.is_string();
        let tags_are_texts = message["tags"].is_null()
            || message["tags"].as_array().is_some_and(|tags| tags.iter().all(Value::is_string));
        if !is_text(&message["title"]) || !is_text(&message["click"]) || !tags_are_texts {
            return Err((INVALID, 40017, "invalid request: request body must be valid JSON"));
        }
        if message["message"].as_str().unwrap_or_default().len() >= MOST_BYTES {
            return Err(("413 Request Entity Too Large", 41301, "attachment too large, or bandwidth limit reached"));
        }
        self.room = self.room.map(|room| room - 1);
        message["id"] = format!("m{:011}", self.messages.len()).into();
        message["event"] = "message".into();
        Ok(message)
    }
}
