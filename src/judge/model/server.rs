//! A server of models that was found: what it is, and how it is asked.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;

use super::line::Line;
use super::owned::Owned;
use super::{Answered, Choice, Model, Order, Prompt, Trouble, Written};
use super::{chat, llama_server, ollama, plain, refusal, vllm};

/// After so many failures one after the other nobody is asked any more in this run: a server that is stuck would cost a
/// timeout for each item.
const MOST_FAILURES: u32 = 3;

/// How a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    LlamaServer,
    Vllm,
    Ollama,
    /// OpenAI's chat completions, and nothing known beyond them: an answer is a letter without probabilities.
    Plain,
}

impl Dialect {
    pub fn word(self) -> &'static str {
        match self {
            Dialect::LlamaServer => "llama-server",
            Dialect::Vllm => "vLLM",
            Dialect::Ollama => "Ollama",
            Dialect::Plain => "OpenAI-like",
        }
    }
}

/// What is known of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// `http://127.0.0.1:8080`.
    pub address: String,
    pub dialect: Dialect,
    /// The model, as the server names it.
    pub model: String,
    /// The longest prompt with its answer, in tokens; None where the server does not say.
    pub context: Option<u64>,
    /// Questions at once.
    pub slots: usize,
    /// It was started by this run and ends with it.
    pub owned: bool,
}

/// "Ollama at http://127.0.0.1:11434: qwen3:8b, context of 8192 tokens, 1 question at once".
impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.dialect.word(), self.address, self.model)?;
        if let Some(context) = self.context {
            write!(f, ", context of {context} tokens")?;
        }
        let questions = if self.slots == 1 { "question" } else { "questions" };
        write!(f, ", {} {questions} at once", self.slots)
    }
}

/// How long is waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub connect: Duration,
    /// For what a server tells of itself.
    pub about: Duration,
    /// For one letter: two cores read a prompt of 700 tokens in half a minute, and others may wait before it.
    pub choose: Duration,
    /// For a written answer.
    pub write: Duration,
    /// Before asking a loading server again the first time; then twice as long, up to five seconds.
    pub pause: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connect: Duration::from_secs(5),
            about: Duration::from_secs(10),
            choose: Duration::from_secs(180),
            write: Duration::from_secs(600),
            pause: Duration::from_millis(200),
        }
    }
}

/// The model behind a server.
pub struct Server {
    about: About,
    line: Line,
    limits: Limits,
    /// How long a model may take to load: Ollama loads with the first question.
    load: Duration,
    /// No question was answered yet.
    fresh: AtomicBool,
    /// The server is too old for the field `reasoning_effort`.
    is_old: AtomicBool,
    state: Mutex<State>,
    owned: Option<Owned>,
}

#[derive(Default)]
struct State {
    /// One after the other.
    failures: u32,
    /// Why nobody is asked any more.
    shut: Option<Trouble>,
    /// Tokens a byte, of the first answer.
    rate: Option<f64>,
}

impl Server {
    pub(super) fn new(about: About, line: Line, limits: Limits, load: Duration, owned: Option<Owned>) -> Server {
        let (fresh, is_old) = (AtomicBool::new(true), AtomicBool::new(false));
        Server { about, line, limits, load, fresh, is_old, state: Mutex::default(), owned }
    }

    pub fn about(&self) -> &About {
        &self.about
    }

    async fn choice(&self, prompt: &Prompt, letters: &[char]) -> Result<Choice, Trouble> {
        let model = self.about.model.as_str();
        let (path, body) = match self.about.dialect {
            Dialect::LlamaServer => (chat::PATH, llama_server::choosing(model, prompt, letters)),
            Dialect::Vllm => (chat::PATH, vllm::choosing(model, prompt, letters)),
            Dialect::Ollama => (ollama::PATH, ollama::choosing(model, prompt, self.context())),
            Dialect::Plain => (chat::PATH, plain::choosing(model, prompt)),
        };
        let is_first = self.fresh.load(Ordering::Relaxed);
        let answer = self.ask(path, body, self.limits.choose).await?;
        let mut choice = self.read(match self.about.dialect {
            Dialect::LlamaServer => llama_server::chosen(&answer, letters),
            Dialect::Vllm => vllm::chosen(&answer, letters),
            Dialect::Ollama => ollama::chosen(&answer, letters),
            Dialect::Plain => plain::chosen(&answer, letters),
        })?;
        if is_first && self.about.dialect == Dialect::LlamaServer {
            // Under the grammar nobody sees whether the model meant to answer with a letter; once in a run is enough.
            let free = self.ask(path, llama_server::unbound(model, prompt), self.limits.choose).await?;
            choice.mass = Some(llama_server::mass(&free, letters));
            choice.tokens += chat::tokens(&free);
        }
        self.fresh.store(false, Ordering::Relaxed);
        Ok(choice)
    }

    async fn written(&self, order: &Order) -> Result<Written, Trouble> {
        let model = self.about.model.as_str();
        let (path, body) = match self.about.dialect {
            Dialect::LlamaServer => (chat::PATH, llama_server::writing(model, order)),
            Dialect::Vllm => (chat::PATH, vllm::writing(model, order)),
            Dialect::Ollama => (ollama::PATH, ollama::writing(model, order, self.context())),
            Dialect::Plain => (chat::PATH, plain::writing(model, order)),
        };
        let answer = self.ask(path, body, self.limits.write).await?;
        self.read(match self.about.dialect {
            Dialect::Ollama => ollama::written(&answer, order),
            Dialect::LlamaServer | Dialect::Vllm | Dialect::Plain => chat::written(&answer, order),
        })
    }

    /// Of Ollama, which is told with each question.
    fn context(&self) -> u64 {
        self.about.context.unwrap_or(ollama::CONTEXT)
    }

    /// Asks once, unless it has become clear that asking is no use.
    async fn ask(&self, path: &str, body: Value, timeout: Duration) -> Result<Value, Trouble> {
        if let Some(shut) = self.state().shut.clone() {
            return Err(shut);
        }
        let result = self.answer(path, body, timeout).await;
        let mut state = self.state();
        match &result {
            Ok(_) | Err(Trouble::Nonsense(_) | Trouble::TooLong { .. }) => state.failures = 0,
            Err(refused @ (Trouble::Refused(_) | Trouble::Spent(_))) => state.shut = Some(refused.clone()),
            Err(failed @ (Trouble::Failed(_) | Trouble::Away(_))) => {
                state.failures += 1;
                if state.failures >= MOST_FAILURES {
                    let words = format!("{failed}; that was the {MOST_FAILURES}rd failure in a row");
                    state.shut = Some(Trouble::Away(words));
                }
            }
        }
        result
    }

    async fn answer(&self, path: &str, mut body: Value, mut timeout: Duration) -> Result<Value, Trouble> {
        if self.is_old.load(Ordering::Relaxed) {
            without_effort(&mut body);
        }
        let bytes = ollama::size(&body);
        let is_ollama = self.about.dialect == Dialect::Ollama;
        let mut estimate = None;
        if is_ollama {
            if self.fresh.load(Ordering::Relaxed) {
                timeout += self.load;
            }
            let generated = body["options"]["num_predict"].as_u64().unwrap_or(1);
            let room = self.context().saturating_sub(generated);
            let rate = self.state().rate;
            estimate = ollama::estimate(bytes, room, rate);
            if let Some(prompt) = estimate.filter(|prompt| *prompt > room) {
                return Err(Trouble::TooLong { prompt, context: room });
            }
        }
        let mut heard = self.post(path, &body, timeout).await?;
        if refusal::is_about(&heard, "reasoning_effort") && body.get("reasoning_effort").is_some() {
            self.is_old.store(true, Ordering::Relaxed);
            without_effort(&mut body);
            heard = self.post(path, &body, timeout).await?;
        }
        if !heard.status.is_success() {
            return Err(refusal::trouble(&heard, self.line.address(), &self.about.model));
        }
        let answer: Value = serde_json::from_slice(&heard.bytes)
            .map_err(|error| Trouble::Nonsense(format!("{} answered no JSON: {error}", self.line.address())))?;
        self.check_model(&answer)?;
        if is_ollama {
            let read = answer["prompt_eval_count"].as_u64();
            if let (Some(estimate), Some(read)) = (estimate, read)
                && ollama::was_cut(estimate, read)
            {
                return Err(Trouble::Nonsense(format!(
                    "Ollama read {read} tokens of a prompt of about {estimate}: it was cut"
                )));
            }
            if let Some(read) = read {
                self.state().rate.get_or_insert(read as f64 / bytes.max(1) as f64);
            }
        }
        Ok(answer)
    }

    async fn post(&self, path: &str, body: &Value, timeout: Duration) -> Result<super::line::Heard, Trouble> {
        let heard = self.line.post(path, body, timeout).await;
        let (Err(Trouble::Failed(_) | Trouble::Away(_)), Some(owned)) = (&heard, &self.owned) else { return heard };
        // A server that dies breaks its connections before its shell has seen it.
        for _ in 0..10 {
            if let Some(words) = owned.ended() {
                return Err(Trouble::Away(words));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        heard
    }

    /// A gateway may hand a question to another model; its opinion would be kept under the wrong name.
    fn check_model(&self, answer: &Value) -> Result<(), Trouble> {
        let asked = self.about.model.as_str();
        match answer["model"].as_str() {
            // Hosted models answer with the dated name of what stands behind the short one.
            Some(said) if said != asked && !(self.about.dialect == Dialect::Plain && said.starts_with(asked)) => {
                let said = crate::guard::text::excerpt(said, 80);
                Err(Trouble::Refused(format!(
                    "{} was asked for {asked} and lets {said} answer; write the name that is meant into [model] name",
                    self.line.address()
                )))
            }
            _ => Ok(()),
        }
    }

    /// Nonsense in an answer that was well-formed is no failure of the server.
    fn read<T>(&self, read: Result<T, Trouble>) -> Result<T, Trouble> {
        read.map_err(|trouble| match trouble {
            Trouble::Nonsense(words) => Trouble::Nonsense(format!("{}: {words}", self.about.model)),
            other => other,
        })
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Model for Server {
    fn name(&self) -> &str {
        &self.about.model
    }

    fn slots(&self) -> usize {
        self.about.slots
    }

    fn choose<'a>(&'a self, prompt: &'a Prompt, letters: &'a [char]) -> Answered<'a, Choice> {
        Box::pin(self.choice(prompt, letters))
    }

    fn write<'a>(&'a self, order: &'a Order) -> Answered<'a, Written> {
        Box::pin(self.written(order))
    }
}

fn without_effort(body: &mut Value) {
    if let Some(fields) = body.as_object_mut() {
        fields.remove("reasoning_effort");
    }
}
