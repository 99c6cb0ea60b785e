//! A stand-in for servers of language models: it speaks as llama-server, vLLM, Ollama or a plain server does, and keeps their
//! rules: what the real one refuses, it refuses with the same status and words.
//!
//! The shapes were recorded from llama-server (llama.cpp b10488) and read in the sources of vLLM 0.33 and Ollama (August 2026).
//! How the "model" judges is a closure of the test: the share of each letter for a user's text.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tidings::judge::model::Dialect;
use url::Url;

use super::server::{Asked, Reply, Server};

/// How probable A, B, C and D are after this text; what is missing to 1 belongs to other tokens.
type Judging = Arc<dyn Fn(&str) -> [f64; 4] + Send + Sync>;
/// What stands in place of an answer to a question; None: the right one.
type Meddling = Arc<dyn Fn(&Asked, usize) -> Option<Reply> + Send + Sync>;

/// What the stand-in is.
#[derive(Clone)]
pub struct Stub {
    pub dialect: Dialect,
    pub models: Vec<&'static str>,
    /// Longest prompt, in tokens of four bytes.
    pub context: u64,
    pub slots: u64,
    pub key: Option<&'static str>,
    /// Answers 503 so many times first, as a llama-server that loads.
    pub loading: usize,
    /// What it writes where a text is asked for.
    pub writes: &'static str,
    /// llama-server only: the file it says it has loaded.
    pub model_path: String,
    /// Knows no `reasoning_effort: none`, as vLLM before 2026.
    pub is_old: bool,
    judging: Judging,
    meddling: Meddling,
}

impl Stub {
    pub fn of(dialect: Dialect) -> Stub {
        Stub {
            dialect,
            models: vec!["qwen3:8b"],
            context: 4096,
            slots: 4,
            key: None,
            loading: 0,
            writes: r#"{"title":"short"}"#,
            model_path: String::new(),
            is_old: false,
            judging: Arc::new(|_| [0.1, 0.6, 0.2, 0.1]),
            meddling: Arc::new(|_, _| None),
        }
    }

    pub fn judging(mut self, judging: impl Fn(&str) -> [f64; 4] + Send + Sync + 'static) -> Stub {
        self.judging = Arc::new(judging);
        self
    }

    /// `meddling` sees each question (not what is asked about the server) with its number from 0 on.
    pub fn meddling(mut self, meddling: impl Fn(&Asked, usize) -> Option<Reply> + Send + Sync + 'static) -> Stub {
        self.meddling = Arc::new(meddling);
        self
    }

    pub fn start(self) -> Standing {
        let (looks, questions) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let server = Server::start(move |asked| self.reply(asked, &looks, &questions));
        Standing { server }
    }

    fn reply(&self, asked: &Asked, looks: &AtomicUsize, questions: &AtomicUsize) -> Reply {
        if looks.fetch_add(1, Ordering::SeqCst) < self.loading {
            return self.said(503, "unavailable_error", "Loading model");
        }
        if let Some(key) = self.key
            && asked.header("authorization") != Some(&format!("Bearer {key}"))
        {
            return self.said(401, "authentication_error", "Invalid API Key");
        }
        match (self.dialect, asked.method.as_str(), asked.path.as_str()) {
            (_, "GET", "/v1/models") => self.answer(200, &self.listed()),
            (Dialect::LlamaServer, "GET", "/props") => {
                let settings = json!({ "n_ctx": self.context });
                let props = json!({ "default_generation_settings": settings, "total_slots": self.slots,
                    "model_path": self.model_path });
                self.answer(200, &props)
            }
            (Dialect::Ollama, "GET", "/api/version") => self.answer(200, &json!({ "version": "0.40.1" })),
            (Dialect::Ollama, "GET", "/api/tags") => {
                let models: Vec<Value> =
                    self.models.iter().map(|name| json!({ "name": name, "model": name })).collect();
                self.answer(200, &json!({ "models": models }))
            }
            (Dialect::Ollama, "POST", "/api/show") => self.answer(
                200,
                &json!({ "model_info": { "general.architecture": "qwen3", "qwen3.context_length": 40960 } }),
            ),
            (Dialect::Ollama, "POST", "/api/chat") | (_, "POST", "/v1/chat/completions") => {
                let number = questions.fetch_add(1, Ordering::SeqCst);
                (self.meddling)(asked, number).unwrap_or_else(|| self.question(asked))
            }
            _ => self.said(404, "not_found_error", "File Not Found"),
        }
    }

    fn listed(&self) -> Value {
        let owner = match self.dialect {
            Dialect::LlamaServer => "llamacpp",
            Dialect::Vllm => "vllm",
            Dialect::Ollama => "library",
            Dialect::Plain => "somebody",
        };
        let one = |name: &&str| match self.dialect {
            Dialect::LlamaServer => json!({ "id": name, "aliases": [name], "object": "model", "owned_by": owner,
                "meta": { "n_ctx": self.context, "n_ctx_train": 40960 } }),
            Dialect::Vllm => json!({ "id": name, "object": "model", "owned_by": owner, "max_model_len": self.context }),
            Dialect::Ollama | Dialect::Plain => json!({ "id": name, "object": "model", "owned_by": owner }),
        };
        json!({ "object": "list", "data": self.models.iter().map(one).collect::<Vec<_>>() })
    }

    fn question(&self, asked: &Asked) -> Reply {
        let Ok(body) = serde_json::from_str::<Value>(&asked.body) else {
            let status = if self.dialect == Dialect::LlamaServer { 500 } else { 400 };
            return self.said(status, "server_error", "parse error at line 1, column 1");
        };
        if let Err((status, kind, words)) = self.check(&body) {
            return self.said(status, kind, &words);
        }
        let texts = body["messages"].as_array().unwrap().iter().map(|message| message["content"].as_str().unwrap());
        let (user, bytes) = (texts.clone().next_back().unwrap(), texts.map(str::len).sum::<usize>());
        let tokens = bytes as u64 / 4;
        let room = if self.dialect == Dialect::Ollama {
            // As asked for, where the machine has the memory.
            body["options"]["num_ctx"].as_u64().unwrap_or(4096).min(self.context)
        } else {
            self.context
        };
        let mut read = tokens;
        if tokens > room {
            match self.dialect {
                Dialect::LlamaServer => {
                    let words = format!("request ({tokens} tokens) exceeds the available context size ({room} tokens)");
                    let error = json!({ "code": 400, "message": words, "type": "exceed_context_size_error",
                        "n_prompt_tokens": tokens, "n_ctx": room });
                    return self.answer(400, &json!({ "error": error }));
                }
                Dialect::Vllm | Dialect::Plain => {
                    let words = format!(
                        "This model's maximum context length is {room} tokens. However, your request has {tokens} input \
                         tokens. Please reduce the length of the input messages."
                    );
                    return self.said(400, "BadRequestError", &words);
                }
                // Cut without a word.
                Dialect::Ollama => read = room,
            }
        }
        self.answer(200, &self.answered(&body, user, read))
    }

    /// The rules of each server for a question.
    fn check(&self, body: &Value) -> Result<(), (u16, &'static str, String)> {
        let bad = |words: &str| Err((400, "invalid_request_error", words.to_owned()));
        let is_list = |field: &str| body[field].is_array();
        if !is_list("messages") {
            return bad("'messages' is required");
        }
        let has_texts = body["messages"].as_array().unwrap().iter().all(|message| {
            matches!(message["role"].as_str(), Some("system" | "user" | "assistant")) && message["content"].is_string()
        });
        if !has_texts {
            return bad("a message needs a role and a text");
        }
        for (field, is_right) in [
            ("temperature", body["temperature"].is_null() || body["temperature"].is_number()),
            ("max_tokens", body["max_tokens"].is_null() || body["max_tokens"].is_u64()),
            (
                "max_completion_tokens",
                body["max_completion_tokens"].is_null() || body["max_completion_tokens"].is_u64(),
            ),
            ("logprobs", body["logprobs"].is_null() || body["logprobs"].is_boolean()),
            ("top_logprobs", body["top_logprobs"].is_null() || body["top_logprobs"].is_u64()),
            ("seed", body["seed"].is_null() || body["seed"].is_i64()),
        ] {
            if !is_right {
                return bad(&format!("invalid type for {field:?}"));
            }
        }
        let kwargs = &body["chat_template_kwargs"]["enable_thinking"];
        if !kwargs.is_null() && !kwargs.is_boolean() {
            return bad("invalid type for \"enable_thinking\" (expected boolean, got string)");
        }
        let top = body["top_logprobs"].as_u64().unwrap_or(0);
        let knows = self.models.iter().any(|name| body["model"] == *name);
        match self.dialect {
            // One model answers whatever it is called.
            Dialect::LlamaServer => {
                if top > 0 && body["logprobs"] != true {
                    return bad("top_logprobs requires logprobs to be set to true");
                }
                let grammar = &body["grammar"];
                if !grammar.is_null() && !grammar.as_str().is_some_and(|grammar| grammar.starts_with("root ::= \"")) {
                    return bad("Failed to initialize samplers: failed to parse grammar");
                }
            }
            Dialect::Vllm => {
                if !knows {
                    return Err((404, "NotFoundError", format!("The model `{}` does not exist.", body["model"])));
                }
                if top > 20 {
                    return bad(&format!("Requested sample logprobs of {top}, which is greater than max allowed: 20"));
                }
                if top > 0 && body["logprobs"] != true {
                    return bad("when using `top_logprobs`, `logprobs` must be set to true.");
                }
                let effort = body["reasoning_effort"].as_str();
                if self.is_old && effort == Some("none") {
                    return bad("reasoning_effort: Input should be 'low', 'medium' or 'high'");
                }
                let outputs = &body["structured_outputs"];
                if !outputs.is_null() && outputs["choice"].as_array().is_none_or(Vec::is_empty) {
                    return bad("You must use one kind of structured outputs constraint");
                }
                let form = &body["response_format"];
                if form["type"] == "json_schema" && !form["json_schema"]["name"].is_string() {
                    return bad("response_format.json_schema.name: Field required");
                }
            }
            Dialect::Ollama => {
                if !knows {
                    return Err((404, "", format!("model {} not found, try pulling it first", body["model"])));
                }
                if top > 20 {
                    return bad("top_logprobs must be between 0 and 20");
                }
                let (format, think) = (&body["format"], &body["think"]);
                if !(format.is_null() || format.is_object() || format == "json") {
                    return bad("invalid format: expected \"json\" or a JSON schema");
                }
                if !(think.is_null() || think.is_boolean() || think.is_string()) {
                    return bad("json: cannot unmarshal number into Go struct field ChatRequest.think");
                }
                for option in ["num_ctx", "num_predict", "seed"] {
                    let value = &body["options"][option];
                    if !value.is_null() && !value.is_i64() {
                        return bad(&format!("option {option:?} must be of type integer"));
                    }
                }
                // Its answers would come as a stream of lines.
                assert_eq!(body["stream"], false, "a client that reads one answer asks for one");
            }
            Dialect::Plain => {
                // OpenAI's own rule: what is not known is refused.
                let known = ["model", "messages", "max_tokens", "temperature", "seed", "response_format"];
                if let Some((field, _)) =
                    body.as_object().unwrap().iter().find(|(field, _)| !known.contains(&field.as_str()))
                {
                    return bad(&format!("Unrecognized request argument supplied: {field}"));
                }
                if !knows {
                    return Err((404, "invalid_request_error", format!("The model {} does not exist", body["model"])));
                }
            }
        }
        Ok(())
    }

    fn answered(&self, body: &Value, user: &str, tokens: u64) -> Value {
        let is_letter =
            ["max_tokens", "max_completion_tokens"].iter().any(|field| body[field].as_u64().is_some_and(|n| n <= 8))
                || body["options"]["num_predict"] == 1;
        let model = if self.dialect == Dialect::LlamaServer { json!(self.models[0]) } else { body["model"].clone() };
        if !is_letter {
            return self.chat(model, self.writes, "stop", Value::Null, tokens);
        }
        let shares = (self.judging)(user);
        let best = (0..4).max_by(|one, other| shares[*one].total_cmp(&shares[*other])).unwrap();
        let letters = ["A", "B", "C", "D"];
        // What was drawn is chance at temperature 1: another letter than the best shows who reads it.
        let drawn = if body["temperature"] == 0 { letters[best] } else { letters[(best + 1) % 4] };
        let top = body["top_logprobs"].as_u64().unwrap_or(0) as usize;
        if body["logprobs"] != true {
            return self.chat(model, drawn, "length", Value::Null, tokens);
        }
        let mass: f64 = shares.iter().sum();
        let mut listed: Vec<(String, f64)> = letters.iter().map(|letter| letter.to_string()).zip(shares).collect();
        let after_grammar = body["post_sampling_probs"] == true && body["grammar"].is_string();
        if after_grammar {
            listed.iter_mut().for_each(|(_, share)| *share /= mass);
        } else {
            // The rest belongs to fifty other tokens.
            listed.extend((0..50).map(|number| (format!("w{number}"), (1.0 - mass).max(1e-9) / 50.0)));
        }
        listed.sort_by(|one, other| other.1.total_cmp(&one.1));
        listed.truncate(top);
        let shown: Vec<Value> = listed
            .iter()
            .filter(|(_, share)| *share > 0.0)
            .map(|(token, share)| match after_grammar {
                true => json!({ "id": 7, "token": token, "bytes": token.as_bytes(), "prob": share }),
                false => json!({ "token": token, "bytes": token.as_bytes(), "logprob": share.ln() }),
            })
            .collect();
        let list = if after_grammar { "top_probs" } else { "top_logprobs" };
        let mut first = json!({ "token": drawn });
        first[list] = shown.into();
        self.chat(model, drawn, "length", first, tokens)
    }

    fn chat(&self, model: Value, content: &str, reason: &str, first: Value, tokens: u64) -> Value {
        if self.dialect == Dialect::Ollama {
            let mut answer = json!({ "model": model, "created_at": "2026-11-21T08:00:00Z", "done": true, "done_reason": reason,
                "message": { "role": "assistant", "content": content },
                "prompt_eval_count": tokens, "eval_count": 1 });
            if !first.is_null() {
                answer["logprobs"] = json!([first]);
            }
            return answer;
        }
        let logprobs = if first.is_null() { Value::Null } else { json!({ "content": [first] }) };
        json!({ "id": "chatcmpl-1", "object": "chat.completion", "model": model,
            "choices": [{ "index": 0, "finish_reason": reason, "logprobs": logprobs,
                "message": { "role": "assistant", "content": content } }],
            "usage": { "prompt_tokens": tokens, "completion_tokens": 1,
                "prompt_tokens_details": { "cached_tokens": tokens / 2 } } })
    }

    fn said(&self, status: u16, kind: &str, words: &str) -> Reply {
        let error = match self.dialect {
            Dialect::Ollama => json!(words),
            _ => json!({ "message": words, "type": kind, "code": status }),
        };
        self.answer(status, &json!({ "error": error }))
    }

    pub fn answer(&self, status: u16, body: &Value) -> Reply {
        let mut headers = vec!["content-type: application/json"];
        match self.dialect {
            Dialect::LlamaServer => headers.push("server: llama.cpp"),
            Dialect::Vllm | Dialect::Plain => headers.push("server: uvicorn"),
            Dialect::Ollama => {}
        }
        Reply::whole(&status.to_string(), &headers, body.to_string())
    }
}

/// The stand-in at work; it ends when it is dropped.
pub struct Standing {
    server: Server,
}

impl Standing {
    pub fn url(&self) -> Url {
        self.server.url("/")
    }

    pub fn port(&self) -> u16 {
        self.server.address().port()
    }

    /// What was asked of the model, in order.
    pub fn questions(&self) -> Vec<Value> {
        self.asked().iter().map(|asked| serde_json::from_str(&asked.body).unwrap_or(Value::Null)).collect()
    }

    pub fn asked(&self) -> Vec<Asked> {
        let is_question = |asked: &Asked| asked.path.ends_with("/chat") || asked.path.ends_with("/chat/completions");
        self.server.log().into_iter().filter(is_question).collect()
    }

    pub fn log(&self) -> Vec<Asked> {
        self.server.log()
    }
}
