//! Chat completions as OpenAI's API shapes them: what three of the four dialects share.

use serde_json::{Value, json};

use super::bare::{without_fence, without_thoughts};
use super::{Order, Prompt, Trouble, Written};
use crate::guard::text::excerpt;
use crate::opinion::Tokens;

pub(super) const PATH: &str = "/v1/chat/completions";

/// The examples stand in the system text, not in turns of their own: Ollama drops the oldest turns of a long prompt first.
pub(super) fn messages(prompt: &Prompt, corrections: &[(String, String)]) -> Value {
    let mut messages =
        vec![json!({ "role": "system", "content": prompt.system }), json!({ "role": "user", "content": prompt.user })];
    for (written, wrong) in corrections {
        messages.push(json!({ "role": "assistant", "content": written }));
        messages.push(json!({ "role": "user", "content": wrong }));
    }
    messages.into()
}

/// What asks for an answer in a form.
pub(super) fn form(order: &Order, body: &mut Value) {
    if let Some(schema) = &order.schema {
        let form = json!({ "name": order.name, "strict": true, "schema": schema });
        body["response_format"] = json!({ "type": "json_schema", "json_schema": form });
    }
}

/// Both switches that turn thinking off: templates know one, newer servers the other.
pub(super) fn unthinking(body: &mut Value) {
    body["chat_template_kwargs"] = json!({ "enable_thinking": false });
    body["reasoning_effort"] = "none".into();
}

pub(super) fn tokens(answer: &Value) -> Tokens {
    let usage = &answer["usage"];
    Tokens {
        prompt: usage["prompt_tokens"].as_u64().unwrap_or(0),
        cached: usage["prompt_tokens_details"]["cached_tokens"].as_u64().unwrap_or(0),
        generated: usage["completion_tokens"].as_u64().unwrap_or(0),
    }
}

/// Tokens and their values from a list of objects; None where one lacks its value.
pub(super) fn listed(list: &Value, value: &str) -> Option<Vec<(String, f64)>> {
    let list = list.as_array().filter(|list| !list.is_empty())?;
    list.iter().map(|one| Some((one["token"].as_str()?.to_owned(), one[value].as_f64()?))).collect()
}

/// What the server tells of the first token that was generated.
pub(super) fn first_token(answer: &Value) -> &Value {
    &answer["choices"][0]["logprobs"]["content"][0]
}

pub(super) fn written(answer: &Value, order: &Order) -> Result<Written, Trouble> {
    let choice = &answer["choices"][0];
    let cut = choice["finish_reason"] == "length";
    text(choice["message"]["content"].as_str(), cut, order).map(|text| Written { text, tokens: tokens(answer) })
}

/// The text without what some models put around it: thoughts before it, a fence around JSON.
///
/// # Errors
/// Nonsense where nothing was written, or the room for it was not enough.
pub(super) fn text(content: Option<&str>, cut: bool, order: &Order) -> Result<String, Trouble> {
    let content = content.unwrap_or_default();
    if cut {
        let begins = excerpt(content, 80);
        let words = format!("the answer was cut off after {} tokens; it begins {begins:?}", order.most_tokens);
        return Err(Trouble::Nonsense(words));
    }
    let mut text = without_thoughts(content)
        .ok_or_else(|| Trouble::Nonsense("the model thought, and came to no answer".to_owned()))?
        .trim();
    if order.schema.is_some() {
        text = without_fence(text);
    }
    if text.is_empty() {
        return Err(Trouble::Nonsense("the model wrote nothing".to_owned()));
    }
    Ok(text.to_owned())
}
