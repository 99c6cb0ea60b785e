//! llama.cpp's server: the whole distribution over the letters, by a grammar and the probabilities after it.

use serde_json::{Value, json};

use super::{Choice, Order, Prompt, Trouble, chat, shares};
use crate::opinion::Measure;

/// Without a grammar the letters are looked for among so many; a model that follows the prompt has them at the top.
const LOOKED_AT: usize = 50;

/// One token under the grammar. `post_sampling_probs` gives what the grammar leaves, where the ordinary logarithms are those
/// before it; temperature 1 and samplers that let everything pass keep it the model's own distribution.
pub(super) fn choosing(model: &str, prompt: &Prompt, letters: &[char]) -> Value {
    let answers: Vec<String> = letters.iter().map(|letter| format!("\"{letter}\"")).collect();
    let mut body = free(model, prompt, letters.len());
    body["post_sampling_probs"] = true.into();
    body["grammar"] = format!("root ::= {}", answers.join(" | ")).into();
    body
}

/// The same without the grammar: shows how much of the whole probability the letters have.
pub(super) fn unbound(model: &str, prompt: &Prompt) -> Value {
    free(model, prompt, LOOKED_AT)
}

fn free(model: &str, prompt: &Prompt, top: usize) -> Value {
    let mut body = json!({
        "model": model, "messages": chat::messages(prompt, &[]), "max_tokens": 1, "seed": 1,
        "temperature": 1, "top_k": 0, "top_p": 1, "min_p": 0, "logprobs": true, "top_logprobs": top,
    });
    chat::unthinking(&mut body);
    body
}

/// Reads the distribution, never the letter that was drawn: at temperature 1 that is chance.
pub(super) fn chosen(answer: &Value, letters: &[char]) -> Result<Choice, Trouble> {
    let first = chat::first_token(answer);
    let tokens = chat::tokens(answer);
    if let Some(found) = chat::listed(&first["top_probs"], "prob") {
        let shares = shares::bound(letters, &found)?;
        return Ok(Choice { shares, measure: Measure::Whole, mass: None, tokens });
    }
    // A server too old for the probabilities after the grammar.
    let Some(found) = chat::listed(&first["top_logprobs"], "logprob") else {
        return Err(Trouble::Nonsense("the server gave no probabilities".to_owned()));
    };
    let (shares, measure, mass) = shares::among(letters, &found)?;
    Ok(Choice { shares, measure, mass: Some(mass), tokens })
}

/// Of an [`unbound`] answer: how much of the probability the letters had; nothing where none is among the first.
pub(super) fn mass(answer: &Value, letters: &[char]) -> f64 {
    let found = chat::listed(&chat::first_token(answer)["top_logprobs"], "logprob");
    found.and_then(|found| shares::among(letters, &found).ok()).map_or(0.0, |(_, _, mass)| mass)
}

pub(super) fn writing(model: &str, order: &Order) -> Value {
    let mut body = json!({
        "model": model, "messages": chat::messages(&order.prompt, &order.corrections),
        "max_tokens": order.most_tokens, "seed": 1, "temperature": 0,
    });
    chat::form(order, &mut body);
    chat::unthinking(&mut body);
    body
}
