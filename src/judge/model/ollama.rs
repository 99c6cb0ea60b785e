//! Ollama's own API, since its OpenAI-like one can't set the length of the context.
//!
//! Ollama cuts a prompt that is too long without a word. What can't be too long (a token has a byte at least) is sent as it
//! is; longer prompts are measured by the tokens that a byte had before.

use serde_json::{Value, json};

use super::{Choice, Order, Prompt, Trouble, Written, bare, chat, shares};
use crate::opinion::{Measure, Tokens};

pub(super) const PATH: &str = "/api/chat";
/// Asked for with each question, so that Ollama never loads the model anew between two. Enough for the longest text that
/// is asked about, and small beside a model of 8 billion parameters (about 1 GB at 16 bits).
pub(super) const CONTEXT: u64 = 8_192;
/// The most that the API gives.
const TOP: usize = 20;
/// Between the questions of a run, and until the next run's where they are frequent.
const KEEP_ALIVE: &str = "30m";
/// Tokens of a chat's own marks around system and user text, generously.
const MARKS: u64 = 64;
/// Tokens a byte where nothing is known yet: English has 0.25, code 0.35.
const USUAL: f64 = 0.4;

pub(super) fn choosing(model: &str, prompt: &Prompt, context: u64) -> Value {
    json!({
        "model": model, "messages": chat::messages(prompt, &[]), "stream": false, "think": false, "keep_alive": KEEP_ALIVE,
        "logprobs": true, "top_logprobs": TOP,
        // The logarithms are those before the temperature.
        "options": { "num_ctx": context, "num_predict": 1, "temperature": 0, "seed": 1 },
    })
}

pub(super) fn chosen(answer: &Value, letters: &[char]) -> Result<Choice, Trouble> {
    let tokens = tokens(answer);
    let first = &answer["logprobs"][0];
    if first.is_null() {
        // Versions before 2026 know no logarithms.
        let content = answer["message"]["content"].as_str().unwrap_or_default();
        let shares = shares::of_letter(letters, bare::without_thoughts(content).unwrap_or_default())?;
        return Ok(Choice { shares, measure: Measure::Letter, mass: None, tokens });
    }
    let Some(found) = chat::listed(&first["top_logprobs"], "logprob") else {
        return Err(Trouble::Nonsense("the server gave no probabilities".to_owned()));
    };
    let (shares, measure, mass) = shares::among(letters, &found)?;
    Ok(Choice { shares, measure, mass: Some(mass), tokens })
}

pub(super) fn writing(model: &str, order: &Order, context: u64) -> Value {
    let mut body = json!({
        "model": model, "messages": chat::messages(&order.prompt, &order.corrections), "stream": false, "think": false,
        "keep_alive": KEEP_ALIVE,
        "options": { "num_ctx": context, "num_predict": order.most_tokens, "temperature": 0, "seed": 1 },
    });
    if let Some(schema) = &order.schema {
        body["format"] = schema.clone();
    }
    body
}

pub(super) fn written(answer: &Value, order: &Order) -> Result<Written, Trouble> {
    let cut = answer["done_reason"] == "length";
    let text = chat::text(answer["message"]["content"].as_str(), cut, order)?;
    Ok(Written { text, tokens: tokens(answer) })
}

/// Ollama does not say what it had in its cache.
fn tokens(answer: &Value) -> Tokens {
    Tokens {
        prompt: answer["prompt_eval_count"].as_u64().unwrap_or(0),
        cached: 0,
        generated: answer["eval_count"].as_u64().unwrap_or(0),
    }
}

/// Bytes of all messages.
pub(super) fn size(body: &Value) -> u64 {
    let messages = body["messages"].as_array().into_iter().flatten();
    messages.filter_map(|message| message["content"].as_str()).map(|content| content.len() as u64).sum()
}

/// About how many tokens a prompt of so many bytes has; None where it fits for certain. `rate` is tokens a byte.
pub(super) fn estimate(bytes: u64, room: u64, rate: Option<f64>) -> Option<u64> {
    (bytes + MARKS > room).then(|| (bytes as f64 * rate.unwrap_or(USUAL)) as u64 + MARKS)
}

/// Whether a prompt that was estimated at so many tokens was cut: much less was read.
pub(super) fn was_cut(estimate: u64, read: u64) -> bool {
    read * 10 < estimate * 6
}
