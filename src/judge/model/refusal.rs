//! What a server means when it does not answer a question: its status and its words, made into trouble.
//!
//! The words are those of llama.cpp b10488 (tools/server), vLLM 0.33 and Ollama of August 2026.

use std::sync::LazyLock;

use regex::Regex;
use reqwest::StatusCode;
use serde_json::Value;

use super::Trouble;
use super::line::Heard;
use crate::guard::text::excerpt;

/// Whether the server says that it is still loading its model: llama-server's 503, on every route.
pub(super) fn is_loading(heard: &Heard) -> bool {
    let value = heard.value();
    heard.status == StatusCode::SERVICE_UNAVAILABLE
        && (value["error"]["type"] == "unavailable_error" || words(&value).contains("Loading model"))
}

/// The trouble behind an answer that is no success.
pub(super) fn trouble(heard: &Heard, address: &str, model: &str) -> Trouble {
    let value = heard.value();
    let said = said(heard, &value);
    let status = heard.status.as_u16();
    if let Some(too_long) = too_long(&value) {
        return too_long;
    }
    match status {
        300..=399 => {
            let to = heard.location.as_deref().unwrap_or("elsewhere");
            Trouble::Refused(format!(
                "{address} sends us to {to}; no redirect is followed: write the right address into [model] endpoint"
            ))
        }
        401 | 403 => Trouble::Refused(format!("{address} refuses the key ({status} {said}); mend [model] key_env")),
        404 => Trouble::Refused(format!(
            "{address} does not know the model {model} ({said}); `tidings doctor` says which it has"
        )),
        400..=407 | 409..=428 => Trouble::Refused(format!("{address} refuses the question ({status} {said})")),
        503 if is_loading(heard) => Trouble::Away(format!("{address} is still loading its model")),
        // llama-server reads what its model wrote, and gives this where it can't.
        500 if said.contains("does not match the expected") => {
            Trouble::Nonsense(format!("the model wrote what {address} could not read ({said})"))
        }
        _ => Trouble::Failed(format!("{address} failed ({status} {said})")),
    }
}

/// Whether the server does not know a field that older versions lack.
pub(super) fn is_about(heard: &Heard, field: &str) -> bool {
    matches!(heard.status.as_u16(), 400 | 422) && String::from_utf8_lossy(&heard.bytes).contains(field)
}

/// llama-server gives numbers of their own; vLLM's are in its words: "This model's maximum context length is 4096 tokens.
/// However, your request has 5011 input tokens" (and older: "you requested 5011 tokens").
fn too_long(value: &Value) -> Option<Trouble> {
    static CONTEXT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"maximum context length is (\d+) tokens").expect("a regular expression that a test uses")
    });
    static PROMPT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(\d+) input tokens|requested (\d+) tokens").expect("a regular expression that a test uses")
    });
    let error = &value["error"];
    if error["type"] == "exceed_context_size_error" {
        let (prompt, context) = (error["n_prompt_tokens"].as_u64()?, error["n_ctx"].as_u64()?);
        return Some(Trouble::TooLong { prompt, context });
    }
    let words = words(value);
    let context: u64 = CONTEXT.captures(&words)?[1].parse().ok()?;
    let prompt = PROMPT.captures(&words).and_then(|found| found.get(1).or(found.get(2))?.as_str().parse().ok());
    // Where it does not say how long: at least too long.
    Some(Trouble::TooLong { prompt: prompt.unwrap_or(0).max(context + 1), context })
}

/// The message of an error: an object's (llama-server, vLLM), or a plain one (Ollama).
fn words(value: &Value) -> String {
    let error = &value["error"];
    let message = error["message"].as_str().or(error.as_str()).or(value["message"].as_str());
    message.unwrap_or_default().to_owned()
}

fn said(heard: &Heard, value: &Value) -> String {
    match words(value) {
        none if none.is_empty() => excerpt(&String::from_utf8_lossy(&heard.bytes), 200),
        words => excerpt(&words, 200),
    }
}
