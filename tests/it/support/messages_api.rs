//! A stand-in for Anthropic's Messages API on loopback: it refuses what the documentation says the real one refuses.
//!
//! Rules from docs.claude.com of November 2026: "Messages", "Structured outputs" (what its grammar does not know), "Errors".

use std::sync::Mutex;

use serde_json::{Value, json};

use super::server::{Asked, Reply, Server};

pub const KEY: &str = "sk-ant-test";
pub const MODEL: &str = "claude-lantern-5";

/// What it answers to a request that it accepts, in order; the last one again and again.
pub fn start(replies: Vec<Reply>) -> Server {
    let next = Mutex::new(0);
    Server::start(move |asked| match refusal(asked) {
        Some((status, kind, message)) => error(status, kind, &message, &[]),
        None => {
            let mut next = next.lock().unwrap();
            let reply = replies[(*next).min(replies.len() - 1)].clone();
            *next += 1;
            reply
        }
    })
}

/// A message with this text.
pub fn message(text: &str) -> Reply {
    whole(json!([{ "type": "text", "text": text }]), "end_turn", MODEL)
}

pub fn stopped(text: &str, stop_reason: &str) -> Reply {
    whole(json!([{ "type": "text", "text": text }]), stop_reason, MODEL)
}

pub fn whole(content: Value, stop_reason: &str, model: &str) -> Reply {
    let body = json!({
        "id": "msg_01", "type": "message", "role": "assistant", "model": model, "content": content,
        "stop_reason": stop_reason, "stop_sequence": null,
        "usage": { "input_tokens": 1_000, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 200 },
    });
    Reply::whole("200 OK", &["content-type: application/json"], body.to_string())
}

pub fn error(status: &str, kind: &str, message: &str, headers: &[&str]) -> Reply {
    let body = json!({ "type": "error", "error": { "type": kind, "message": message }, "request_id": "req_01" });
    Reply::whole(status, headers, body.to_string())
}

fn refusal(asked: &Asked) -> Option<(&'static str, &'static str, String)> {
    let bad = |message: &str| Some(("400 Bad Request", "invalid_request_error", message.to_owned()));
    if asked.method != "POST" || asked.path != "/v1/messages" {
        return Some(("404 Not Found", "not_found_error", "Not Found".to_owned()));
    }
    match asked.header("x-api-key") {
        None => return Some(("401 Unauthorized", "authentication_error", "x-api-key header is required".to_owned())),
        Some(key) if key != KEY => {
            return Some(("401 Unauthorized", "authentication_error", "invalid x-api-key".to_owned()));
        }
        Some(_) => {}
    }
    if asked.header("anthropic-version") != Some("2023-06-01") {
        return bad("anthropic-version: header is required");
    }
    if asked.header("content-type") != Some("application/json") {
        return bad("content-type: application/json is required");
    }
    let Ok(Value::Object(body)) = serde_json::from_str(&asked.body) else { return bad("the body is no JSON object") };
    let known = ["model", "max_tokens", "system", "messages", "output_config"];
    if let Some(field) = body.keys().find(|field| !known.contains(&field.as_str())) {
        return bad(&format!("{field}: Extra inputs are not permitted"));
    }
    match body.get("model").and_then(Value::as_str) {
        None => return bad("model: Field required"),
        Some(MODEL) => {}
        Some(other) => return Some(("404 Not Found", "not_found_error", format!("model: {other}"))),
    }
    if body.get("max_tokens").and_then(Value::as_u64).is_none_or(|most| most == 0 || most > 128_000) {
        return bad("max_tokens: Field required");
    }
    if body.get("system").is_some_and(|system| system.as_str().is_none_or(str::is_empty)) {
        return bad("system: text content blocks must be non-empty");
    }
    let Some(messages) = body.get("messages").and_then(Value::as_array).filter(|list| !list.is_empty()) else {
        return bad("messages: at least one message is required");
    };
    for (place, message) in messages.iter().enumerate() {
        let role = if place % 2 == 0 { "user" } else { "assistant" };
        if message["role"] != role {
            return bad("messages: roles must alternate between \"user\" and \"assistant\"");
        }
        let content = message["content"].as_str().unwrap_or_default();
        if content.trim().is_empty() {
            return bad("messages: text content blocks must contain non-whitespace text");
        }
        if role == "assistant" && content.ends_with(char::is_whitespace) {
            return bad("messages: final assistant content cannot end with trailing whitespace");
        }
    }
    if messages.len() % 2 == 0 {
        return bad("This model does not support assistant message prefill");
    }
    if let Some(config) = body.get("output_config") {
        let format = &config["format"];
        if format["type"] != "json_schema" || !format["schema"].is_object() {
            return bad("output_config.format: Field required");
        }
        if let Some(wrong) = unknown_to_grammar(&format["schema"]) {
            return bad(&format!("output_config.format.schema: {wrong}"));
        }
    }
    None
}

fn unknown_to_grammar(schema: &Value) -> Option<String> {
    let fields = schema.as_object()?;
    let unknown = ["minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum", "pattern", "multipleOf"];
    if let Some(field) = fields.keys().find(|field| unknown.contains(&field.as_str())) {
        return Some(format!("property '{field}' is not supported"));
    }
    if fields.get("type") == Some(&json!("object")) && fields.get("additionalProperties") != Some(&json!(false)) {
        return Some("'additionalProperties' must be explicitly set to false".to_owned());
    }
    let inner = fields.get("properties").and_then(Value::as_object).into_iter().flat_map(|inner| inner.values());
    inner.chain(fields.get("items")).find_map(unknown_to_grammar)
}
