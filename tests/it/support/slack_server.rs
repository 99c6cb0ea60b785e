//! A stand-in for Slack's incoming webhooks: it counts blocks and characters as documented, and answers in words.

use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::server::{Asked, Reply, Server};

pub struct SlackServer {
    server: Server,
    channel: Arc<Mutex<Room>>,
}

#[derive(Default)]
struct Room {
    /// Answers in place of looking at the message: status, headers, words.
    answers: Vec<(&'static str, &'static [&'static str], &'static str)>,
    /// For ever: the channel is gone.
    gone: Option<(&'static str, &'static str)>,
    messages: Vec<Value>,
}

impl SlackServer {
    pub fn start() -> SlackServer {
        let channel: Arc<Mutex<Room>> = Arc::default();
        let own = channel.clone();
        let server = Server::start(move |asked| own.lock().unwrap().answer(asked));
        SlackServer { server, channel }
    }

    /// The address that is a secret.
    pub fn address(&self) -> String {
        self.server.url("/services/T00000000/B00000000/hushhushhushhush").to_string()
    }

    /// Says this once instead of looking at the message.
    pub fn answers(&self, status: &'static str, headers: &'static [&'static str], words: &'static str) {
        self.channel.lock().unwrap().answers.push((status, headers, words));
    }

    /// Says this to everything.
    pub fn is_gone(&self, gone: Option<(&'static str, &'static str)>) {
        self.channel.lock().unwrap().gone = gone;
    }

    pub fn messages(&self) -> Vec<Value> {
        self.channel.lock().unwrap().messages.clone()
    }

    pub fn requests(&self) -> usize {
        self.server.log().len()
    }
}

impl Room {
    fn answer(&mut self, asked: &Asked) -> Reply {
        let words = |status: &str, headers: &[&str], words: &str| {
            Reply::whole(status, &[&["content-type: text/plain"], headers].concat(), words)
        };
        if let Some((status, said)) = self.gone {
            return words(status, &[], said);
        }
        if !self.answers.is_empty() {
            let (status, headers, said) = self.answers.remove(0);
            return words(status, headers, said);
        }
        if asked.path != "/services/T00000000/B00000000/hushhushhushhush" {
            return words("404 Not Found", &[], "no_service");
        }
        let Ok(message) = serde_json::from_str::<Value>(&asked.body) else {
            return words("400 Bad Request", &[], "invalid_payload");
        };
        match fault(&message) {
            Some(fault) => words("400 Bad Request", &[], fault),
            None => {
                self.messages.push(message);
                words("200 OK", &[], "ok")
            }
        }
    }
}

/// What is wrong with a message, in Slack's words; limits of the Block Kit reference, and the total that none names.
fn fault(message: &Value) -> Option<&'static str> {
    let length = |value: &Value| value.as_str().map_or(0, |text| text.encode_utf16().count());
    if length(&message["text"]) == 0 {
        return Some("no_text");
    }
    let blocks = message["blocks"].as_array().cloned().unwrap_or_default();
    let total: usize = message["blocks"].to_string().encode_utf16().count();
    if total > 13_200 {
        return Some("msg_blocks_too_long");
    }
    let is_fine = |block: &Value| match block["type"].as_str() {
        Some("header") => block["text"]["type"] == "plain_text" && (1..=150).contains(&length(&block["text"]["text"])),
        Some("section") => {
            let text = block["text"]["text"].as_str().unwrap_or_default();
            let angles = text.matches('<').count();
            // Every `<` begins one of our links, and nothing else.
            let links = text.matches("<http://").count() + text.matches("<https://").count();
            let ampersands = text.split('&').skip(1);
            let escaped =
                ampersands.into_iter().all(|rest| ["amp;", "lt;", "gt;"].iter().any(|end| rest.starts_with(end)));
            (1..=3_000).contains(&length(&block["text"]["text"])) && angles == links && escaped
        }
        _ => false,
    };
    (blocks.len() > 50 || !blocks.iter().all(is_fine)).then_some("invalid_blocks")
}
