//! Claude, behind Anthropic's Messages API: it writes; it shows no probabilities, so it is never asked for a letter.
//!
//! Source of the facts: docs.claude.com, "Messages", "Structured outputs", "Errors" and "Stop reasons", November 2026. Sent is
//! what every current model takes: no temperature (refused since Opus 4.7), no forced tool (refused since Opus 5.5), and
//! room for thoughts, which newer models always have and which count as output.

use std::sync::LazyLock;
use std::time::Duration;

use regex::Regex;
use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, StatusCode, redirect};
use serde_json::{Map, Value, json};
use tokio::time::sleep;
use url::Url;

use super::{Answered, Choice, Model, Order, Prompt, Trouble, Written};
use crate::config;
use crate::guard::text::excerpt;
use crate::opinion::Tokens;

/// Of the API; the only one that models of all ages take.
const VERSION: &str = "2023-06-01";
/// Tokens for thoughts before the answer: `max_tokens` holds both.
pub const THOUGHTS: u32 = 6_000;
/// Of an answer, in bytes.
const MOST_ANSWER: usize = 1 << 20;
/// An overloaded server is asked so often again; what waits longer than a run should is left for the next run.
const RETRIES: u32 = 2;
const LONGEST_WAIT: Duration = Duration::from_secs(20);
const SLOTS: usize = 4;
/// What the API's grammar does not know: it refuses a schema that has them. The lengths are checked here anyway.
const UNKNOWN_TO_GRAMMAR: [&str; 8] =
    ["minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum", "pattern", "multipleOf"];

/// How long is waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    pub connect: Duration,
    /// For one whole answer.
    pub answer: Duration,
    /// Before asking an overloaded server again, where it does not say how long; then twice as long.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience { connect: Duration::from_secs(10), answer: Duration::from_secs(300), pause: Duration::from_secs(2) }
    }
}

/// The client; it speaks to one address, with one key.
pub struct Claude {
    client: Client,
    url: Url,
    key: HeaderValue,
    model: String,
    patience: Patience,
}

impl Claude {
    /// # Errors
    /// Refused when the key cannot stand in a header. Nothing is asked yet.
    pub fn new(config: &config::Claude, key: &str, patience: Patience) -> Result<Claude, Trouble> {
        let mut key = HeaderValue::from_str(key.trim())
            .map_err(|_| Trouble::Refused("the key of [claude] cannot stand in a header; copy it again".to_owned()))?;
        key.set_sensitive(true);
        // A redirect would carry the key elsewhere.
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .connect_timeout(patience.connect)
            .timeout(patience.answer)
            .user_agent(concat!("tidings/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Trouble::Refused(format!("preparing to ask Claude: {error}")))?;
        let mut url = config.url.clone();
        let path = url.path().trim_end_matches('/').trim_end_matches("/v1").to_owned();
        url.set_path(&format!("{path}/v1/messages"));
        Ok(Claude { client, url, key, model: config.model.clone(), patience })
    }

    async fn written(&self, order: &Order) -> Result<Written, Trouble> {
        let body = self.body(order);
        let mut pause = self.patience.pause;
        let mut tries = 0;
        loop {
            let (status, headers, bytes) = self.post(&body).await?;
            if status == StatusCode::OK {
                return self.read(&bytes, order);
            }
            let trouble = self.trouble(status, &bytes);
            let wait = match retry_after(&headers) {
                Some(wait) => wait,
                // A rate limit says how long it holds; one that does not is the month's limit of the account.
                None if status == StatusCode::TOO_MANY_REQUESTS => return Err(trouble),
                None => pause,
            };
            let is_passing = matches!(status.as_u16(), 429 | 500 | 502..=504 | 529) && trouble_may_pass(&trouble);
            if !is_passing || tries == RETRIES || wait > LONGEST_WAIT {
                return Err(trouble);
            }
            tries += 1;
            pause *= 2;
            sleep(wait).await;
        }
    }

    fn body(&self, order: &Order) -> Value {
        let mut messages = vec![json!({ "role": "user", "content": order.prompt.user })];
        for (written, wrong) in &order.corrections {
            // An empty turn is refused.
            let written = if written.trim().is_empty() { "(nothing)" } else { written.trim_end() };
            messages.push(json!({ "role": "assistant", "content": written }));
            messages.push(json!({ "role": "user", "content": wrong }));
        }
        let mut body = json!({
            "model": self.model,
            "max_tokens": u64::from(order.most_tokens) + u64::from(THOUGHTS),
            "system": order.prompt.system,
            "messages": messages,
        });
        if let Some(schema) = &order.schema {
            body["output_config"] = json!({ "format": { "type": "json_schema", "schema": known_to_grammar(schema) } });
        }
        body
    }

    async fn post(&self, body: &Value) -> Result<(StatusCode, HeaderMap, Vec<u8>), Trouble> {
        let request = self.client.post(self.url.clone()).header("x-api-key", self.key.clone());
        let request = request.header("anthropic-version", VERSION).json(body);
        let mut response = request.send().await.map_err(|error| self.broken(error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.broken(error))? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MOST_ANSWER {
                let words = format!("{} answered with more than {MOST_ANSWER} bytes", self.host());
                return Err(Trouble::Nonsense(words));
            }
        }
        Ok((status, headers, bytes))
    }

    fn read(&self, bytes: &[u8], order: &Order) -> Result<Written, Trouble> {
        let answer: Value = serde_json::from_slice(bytes)
            .map_err(|error| Trouble::Nonsense(format!("{} answered no JSON: {error}", self.host())))?;
        let said = answer["model"].as_str().unwrap_or_default();
        // A short name is answered by the dated model behind it.
        if !said.starts_with(&self.model) && !self.model.ends_with("-latest") {
            let said = excerpt(said, 80);
            let words = format!("{} was asked for {} and let \"{said}\" answer", self.host(), self.model);
            return Err(Trouble::Nonsense(words));
        }
        let text: String = answer["content"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|block| block["type"] == "text")
            .filter_map(|block| block["text"].as_str())
            .collect();
        match answer["stop_reason"].as_str() {
            Some("end_turn" | "stop_sequence") => {}
            Some("max_tokens" | "model_context_window_exceeded") => {
                let words = format!("the answer was cut off after {} tokens", order.most_tokens);
                return Err(Trouble::Nonsense(words));
            }
            Some("refusal") => {
                return Err(Trouble::Nonsense(format!("{} declined to write this", self.model)));
            }
            other => {
                let words = format!("the answer stopped for \"{}\"", excerpt(other.unwrap_or("no reason"), 40));
                return Err(Trouble::Nonsense(words));
            }
        }
        if text.trim().is_empty() {
            return Err(Trouble::Nonsense("the model wrote nothing".to_owned()));
        }
        let usage = |name: &str| answer["usage"][name].as_u64().unwrap_or(0);
        let cached = usage("cache_read_input_tokens");
        let prompt = usage("input_tokens") + usage("cache_creation_input_tokens") + cached;
        Ok(Written { text, tokens: Tokens { prompt, cached, generated: usage("output_tokens") } })
    }

    fn trouble(&self, status: StatusCode, bytes: &[u8]) -> Trouble {
        static LENGTHS: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"(\d+) tokens > (\d+) maximum").expect("a regular expression that a test uses")
        });
        let value: Value = serde_json::from_slice(bytes).unwrap_or(Value::Null);
        let error = &value["error"];
        let message = error["message"].as_str().unwrap_or_default();
        let said = excerpt(if message.is_empty() { "no words" } else { message }, 200);
        let (host, model, status) = (self.host(), &self.model, status.as_u16());
        if let Some(found) = LENGTHS.captures(message)
            && let (Ok(prompt), Ok(context)) = (found[1].parse(), found[2].parse())
        {
            return Trouble::TooLong { prompt, context };
        }
        let is_limit = error["details"]["error_code"] == "enforced_spend_limit_reached"
            || error["type"] == "billing_error"
            || message.contains("spend limit")
            || message.contains("credit balance");
        if is_limit {
            return Trouble::Spent(format!("the account's own limit at {host} is reached ({said})"));
        }
        match status {
            300..=399 => Trouble::Refused(format!("{host} sends us elsewhere; mend [claude] url")),
            401 | 403 => Trouble::Refused(format!("{host} refuses the key ({status} {said}); mend [claude] key_env")),
            404 => Trouble::Refused(format!("{host} does not know the model {model} ({said}); mend [claude] model")),
            413 => Trouble::Refused(format!("the question is too large for {host} (413 {said})")),
            429 => Trouble::Failed(format!("{host} is asked too often (429 {said})")),
            529 => Trouble::Failed(format!("{host} is overloaded (529 {said})")),
            400..=499 => Trouble::Refused(format!("{host} refuses the question ({status} {said})")),
            _ => Trouble::Failed(format!("{host} failed ({status} {said})")),
        }
    }

    fn broken(&self, error: reqwest::Error) -> Trouble {
        let host = self.host();
        if error.is_connect() {
            return Trouble::Away(format!("nothing answers at {host}"));
        }
        if error.is_timeout() {
            let seconds = self.patience.answer.as_secs_f64();
            return Trouble::Failed(format!("{host} gave no whole answer within {seconds} s"));
        }
        Trouble::Failed(format!("no whole answer from {host}: {}", excerpt(&error.without_url().to_string(), 200)))
    }

    fn host(&self) -> &str {
        self.url.host_str().unwrap_or("Claude's API")
    }
}

impl Model for Claude {
    fn name(&self) -> &str {
        &self.model
    }

    fn slots(&self) -> usize {
        SLOTS
    }

    fn choose<'a>(&'a self, _prompt: &'a Prompt, _letters: &'a [char]) -> Answered<'a, Choice> {
        Box::pin(async {
            Err(Trouble::Refused("Claude shows no probabilities; it is not asked for a letter".to_owned()))
        })
    }

    fn write<'a>(&'a self, order: &'a Order) -> Answered<'a, Written> {
        Box::pin(self.written(order))
    }
}

/// The same form without what the API's grammar refuses.
fn known_to_grammar(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let known = fields.iter().filter(|(name, _)| !UNKNOWN_TO_GRAMMAR.contains(&name.as_str()));
            Value::Object(known.map(|(name, value)| (name.clone(), known_to_grammar(value))).collect::<Map<_, _>>())
        }
        Value::Array(values) => values.iter().map(known_to_grammar).collect(),
        other => other.clone(),
    }
}

fn trouble_may_pass(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Failed(_))
}

/// How long the server wants us to wait; it writes whole seconds.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}
