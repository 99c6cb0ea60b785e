//! vLLM: the letters as the only choice, and the twenty most probable tokens before that choice binds.

use serde_json::{Value, json};

use super::{Choice, Order, Prompt, Trouble, chat, shares};

/// The most that a server started without `--max-logprobs` gives.
const TOP: usize = 20;

pub(super) fn choosing(model: &str, prompt: &Prompt, letters: &[char]) -> Value {
    let letters: Vec<String> = letters.iter().map(char::to_string).collect();
    let mut body = json!({
        "model": model, "messages": chat::messages(prompt, &[]), "max_completion_tokens": 1, "seed": 1,
        "temperature": 1, "top_k": 0, "top_p": 1, "min_p": 0, "logprobs": true, "top_logprobs": TOP,
        "structured_outputs": { "choice": letters },
    });
    chat::unthinking(&mut body);
    body
}

pub(super) fn chosen(answer: &Value, letters: &[char]) -> Result<Choice, Trouble> {
    let Some(found) = chat::listed(&chat::first_token(answer)["top_logprobs"], "logprob") else {
        return Err(Trouble::Nonsense("the server gave no probabilities".to_owned()));
    };
    let (shares, measure, mass) = shares::among(letters, &found)?;
    Ok(Choice { shares, measure, mass: Some(mass), tokens: chat::tokens(answer) })
}

pub(super) fn writing(model: &str, order: &Order) -> Value {
    let mut body = json!({
        "model": model, "messages": chat::messages(&order.prompt, &order.corrections),
        "max_completion_tokens": order.most_tokens, "seed": 1, "temperature": 0,
    });
    chat::form(order, &mut body);
    chat::unthinking(&mut body);
    body
}
