//! The door to a language model: one question, one answer. It has no tools, and nothing it says is done.
//!
//! [`find`] finds a server as tidings.toml says: llama-server, vLLM, Ollama, or any that speaks OpenAI's chat completions.

mod find;
mod server;
mod owned;
mod line;
mod refusal;
pub(super) mod bare;
mod chat;
mod shares;
mod llama_server;
mod vllm;
mod ollama;
mod plain;

pub mod claude;

use std::future::Future;
use std::pin::Pin;

use thiserror::Error;

use crate::opinion::{Measure, Tokens};

pub use find::{Places, find, program_answers};
pub use server::{About, Dialect, Limits, Server};

/// An answer on its way.
pub type Answered<'a, T> = Pin<Box<dyn Future<Output = Result<T, Trouble>> + Send + 'a>>;

/// The door to a model: a server that was found, or a test's.
pub trait Model: Send + Sync {
    /// The model, as its server names it: opinions and calibrations are kept under this name.
    fn name(&self) -> &str;

    /// How many questions it answers at once.
    fn slots(&self) -> usize;

    /// How the probability of the next token is shared among these one-letter answers, in their order.
    fn choose<'a>(&'a self, prompt: &'a Prompt, letters: &'a [char]) -> Answered<'a, Choice>;

    /// A text in the form that the order's schema gives.
    fn write<'a>(&'a self, order: &'a Order) -> Answered<'a, Written>;
}

/// What a model is asked. The same system text for many questions is read by the server once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    pub system: String,
    pub user: String,
}

/// The shares of the letters.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// In the order of the letters; the sum is 1.
    pub shares: Vec<f64>,
    pub measure: Measure,
    /// How much of the whole probability the letters had together, before anything else was ruled out; None where the
    /// server does not show it. Little of it means that the model does not follow the prompt.
    pub mass: Option<f64>,
    pub tokens: Tokens,
}

/// A text to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    pub prompt: Prompt,
    /// What was said after an earlier try: what the model wrote, and what is wrong with it.
    pub corrections: Vec<(String, String)>,
    /// Names the schema: letters and `_`.
    pub name: &'static str,
    /// JSON schema of the answer; None for plain text.
    pub schema: Option<serde_json::Value>,
    pub most_tokens: u32,
}

/// What was written, as it came: not yet read, not yet believed.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    pub text: String,
    pub tokens: Tokens,
}

/// Why there is no answer. The kinds are what callers choose by; the words are for people.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Trouble {
    /// Nobody answers there, or it is still loading after the time one waits.
    #[error("{0}")]
    Away(String),
    /// The prompt is longer than the model's context, in tokens.
    #[error("the prompt has {prompt} tokens, the model reads {context}")]
    TooLong { prompt: u64, context: u64 },
    /// The model answered something that can't be used.
    #[error("{0}")]
    Nonsense(String),
    /// The server does not know the model, or refuses the key or the request: asking again will not help.
    #[error("{0}")]
    Refused(String),
    /// A timeout, a broken connection, a server's own fault: another time perhaps.
    #[error("{0}")]
    Failed(String),
    /// The month's money for this model is spent.
    #[error("{0}")]
    Spent(String),
}
