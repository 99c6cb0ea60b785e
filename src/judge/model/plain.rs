//! Any other server of OpenAI's chat completions: the letter alone, asked for with fields that all of them know.

use serde_json::{Value, json};

use super::{Choice, Order, Prompt, Trouble, bare, chat, shares};
use crate::opinion::Measure;

/// Room for a letter with a quotation mark or a line's end around it.
const ROOM: u32 = 8;

pub(super) fn choosing(model: &str, prompt: &Prompt) -> Value {
    json!({ "model": model, "messages": chat::messages(prompt, &[]), "max_tokens": ROOM, "temperature": 0 })
}

pub(super) fn chosen(answer: &Value, letters: &[char]) -> Result<Choice, Trouble> {
    let content = answer["choices"][0]["message"]["content"].as_str().unwrap_or_default();
    let letter = bare::without_thoughts(content).unwrap_or_default();
    let shares = shares::of_letter(letters, letter)?;
    Ok(Choice { shares, measure: Measure::Letter, mass: None, tokens: chat::tokens(answer) })
}

pub(super) fn writing(model: &str, order: &Order) -> Value {
    let mut body = json!({
        "model": model, "messages": chat::messages(&order.prompt, &order.corrections),
        "max_tokens": order.most_tokens, "temperature": 0,
    });
    chat::form(order, &mut body);
    body
}
