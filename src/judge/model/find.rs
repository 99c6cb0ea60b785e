//! Finding a model: which server answers, how it speaks, which model it has, and waiting while it loads.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use url::Url;

use super::line::{Heard, Line};
use super::owned::{self, Owned};
use super::server::{About, Dialect, Limits, Server};
use super::{Trouble, ollama, refusal};
use crate::config::{self, Endpoint};
use crate::guard::text::excerpt;

/// llama-server copies the prefix for each slot; more than these gain nothing on one GPU.
const MOST_SLOTS: u64 = 8;
/// vLLM forms its batches itself.
const VLLM_SLOTS: usize = 16;
/// A server of which nothing is known.
const PLAIN_SLOTS: usize = 4;
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How a model can be had, for those who have none.
const REMEDY: &str = "start `ollama serve` or `llama-server -m MODEL.gguf`, or name one under [model] in tidings.toml";

/// Where a model is looked for; tests have places of their own.
#[derive(Debug, Clone)]
pub struct Places {
    pub ollama: Url,
    pub llama_server: Url,
    /// The program that serves a gguf, found on the PATH.
    pub program: OsString,
    /// Where a started server listens; None: a free port.
    pub port: Option<u16>,
}

impl Default for Places {
    fn default() -> Places {
        let place = |address: &str| Url::parse(address).expect("an address that a test uses");
        Places {
            ollama: place("http://127.0.0.1:11434"),
            llama_server: place("http://127.0.0.1:8080"),
            program: "llama-server".into(),
            port: None,
        }
    }
}

/// The model that `[model]` describes: found, named and loaded. None: it says that none is to be asked.
///
/// # Errors
/// Away where nobody answers, or loading takes longer than `load_timeout`; Refused where the server does not let us, has no such
/// model, or is none that serves models; Failed where it answers badly. The words say what to try.
pub async fn find(
    config: &config::Model,
    key: Option<&str>,
    places: &Places,
    limits: Limits,
) -> Result<Option<Server>, Trouble> {
    let wanted = Wanted { name: config.name.as_deref(), key, limits, load: config.load_timeout };
    match (&config.endpoint, &config.gguf) {
        (Endpoint::Off, _) => Ok(None),
        (Endpoint::At(address), _) => wanted.at(address, None).await.map(Some),
        (Endpoint::Auto, Some(gguf)) => {
            let mut refused = None;
            for extra in owned::EXTRA {
                let (server, address) = Owned::start(&places.program, gguf, places.port, extra)?;
                match wanted.at(&address, Some(server)).await {
                    // Older builds have other words for the same.
                    Err(Trouble::Away(words)) if words.contains("invalid argument") => refused = Some(words),
                    found => return found.map(Some),
                }
            }
            Err(Trouble::Away(refused.unwrap_or_default()))
        }
        // A key belongs to the address it was made for, not to whoever listens here.
        (Endpoint::Auto, None) => Wanted { key: None, ..wanted }.near(places).await.map(Some),
    }
}

/// Whether a program that serves ggufs can be started, in its own first words; None: there is none.
pub async fn program_answers(program: &OsString) -> Option<String> {
    let program = program.clone();
    let asked = tokio::task::spawn_blocking(move || std::process::Command::new(program).arg("--version").output());
    let output = asked.await.ok()?.ok()?;
    let words = [output.stdout, output.stderr].concat();
    let words = String::from_utf8_lossy(&words);
    Some(excerpt(words.lines().find(|line| line.contains("version")).unwrap_or_default(), 80))
}

struct Wanted<'a> {
    name: Option<&'a str>,
    key: Option<&'a str>,
    limits: Limits,
    load: Duration,
}

/// What one look at an address gave.
enum Seen {
    Loading,
    Ready(Dialect, Vec<Listed>),
    /// Something that serves no models.
    Other(String),
}

/// A model that a server names.
struct Listed {
    name: String,
    /// Other names of it.
    aliases: Vec<String>,
    context: Option<u64>,
}

impl Wanted<'_> {
    /// Ollama or llama-server on this machine.
    async fn near(&self, places: &Places) -> Result<Server, Trouble> {
        let mut troubles = Vec::new();
        for place in [&places.ollama, &places.llama_server] {
            match self.at(place, None).await {
                Ok(server) => return Ok(server),
                Err(Trouble::Away(words)) if words.starts_with("nothing answers") => {}
                Err(trouble) => troubles.push(trouble.to_string()),
            }
        }
        let nobody = format!("no model answers on this machine; {REMEDY}");
        Err(Trouble::Away(if troubles.is_empty() { nobody } else { format!("{nobody} ({})", troubles.join("; ")) }))
    }

    async fn at(&self, address: &Url, owned: Option<Owned>) -> Result<Server, Trouble> {
        let line = Line::new(address, self.key, self.limits.connect)?;
        let (dialect, listed) = self.ready(&line, owned.as_ref()).await?;
        let model = self.choose(dialect, listed, line.address())?;
        let (context, slots) = self.room(&line, dialect, &model, owned.as_ref()).await?;
        let about = About {
            address: line.address().to_owned(),
            dialect,
            model: model.name,
            context,
            slots,
            owned: owned.is_some(),
        };
        Ok(Server::new(about, line, self.limits, self.load, owned))
    }

    /// Asks until the server is no longer loading. Who does not answer at all is not waited for, unless we started it.
    async fn ready(&self, line: &Line, owned: Option<&Owned>) -> Result<(Dialect, Vec<Listed>), Trouble> {
        let started = Instant::now();
        let mut pause = self.limits.pause;
        loop {
            match self.look(line).await {
                Ok(Seen::Ready(dialect, listed)) => return Ok((dialect, listed)),
                Ok(Seen::Other(words)) => return Err(Trouble::Refused(words)),
                Ok(Seen::Loading) => {}
                Err(Trouble::Away(_)) if owned.is_some() => {}
                Err(trouble) => return Err(trouble),
            }
            if let Some(words) = owned.and_then(Owned::ended) {
                return Err(Trouble::Away(words));
            }
            if started.elapsed() + pause > self.load {
                let seconds = self.load.as_secs_f64();
                let words = format!("{} is still loading its model after {seconds} s", line.address());
                return Err(Trouble::Away(format!("{words}; [model] load_timeout may be longer")));
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn look(&self, line: &Line) -> Result<Seen, Trouble> {
        let heard = line.get("/v1/models", self.limits.about).await?;
        if refusal::is_loading(&heard) {
            return Ok(Seen::Loading);
        }
        if matches!(heard.status.as_u16(), 300..=399 | 401 | 403) {
            return Err(refusal::trouble(&heard, line.address(), self.name.unwrap_or("any")));
        }
        let value = heard.value();
        let listed = listed(&value);
        let owner = value["data"][0]["owned_by"].as_str().unwrap_or_default();
        if heard.server.starts_with("llama.cpp") || owner == "llamacpp" {
            return Ok(Seen::Ready(Dialect::LlamaServer, listed));
        }
        if owner == "vllm" {
            return Ok(Seen::Ready(Dialect::Vllm, listed));
        }
        let version = line.get("/api/version", self.limits.about).await?;
        if version.status.is_success() && version.value()["version"].is_string() {
            let tags = self.told(line.get("/api/tags", self.limits.about).await?, line)?;
            let tags = tags["models"].as_array().into_iter().flatten();
            let names = tags.filter_map(|tag| tag["name"].as_str());
            let listed = names.map(|name| Listed { name: name.to_owned(), aliases: aliases(name), context: None });
            return Ok(Seen::Ready(Dialect::Ollama, listed.collect()));
        }
        if heard.status.is_success() && value["data"].is_array() {
            return Ok(Seen::Ready(Dialect::Plain, listed));
        }
        let status = heard.status.as_u16();
        if status >= 500 {
            return Err(refusal::trouble(&heard, line.address(), "any"));
        }
        Ok(Seen::Other(format!("{} serves no models: /v1/models gives {status}; {REMEDY}", line.address())))
    }

    fn told(&self, heard: Heard, line: &Line) -> Result<Value, Trouble> {
        match heard.status.is_success() {
            true => Ok(heard.value()),
            false => Err(refusal::trouble(&heard, line.address(), self.name.unwrap_or("any"))),
        }
    }

    /// The model that was asked for, else the first that can answer.
    fn choose(&self, dialect: Dialect, listed: Vec<Listed>, address: &str) -> Result<Listed, Trouble> {
        let names: Vec<String> = listed.iter().map(|one| excerpt(&one.name, 80)).collect();
        let Some(name) = self.name else {
            // A model that only makes vectors can't answer; one that is called Qwen is what the prompts were written for.
            let rank = |one: &Listed| {
                let name = one.name.to_lowercase();
                (name.contains("embed") || name.contains("bge") || name.contains("minilm"), !name.contains("qwen"))
            };
            return listed.into_iter().min_by_key(rank).ok_or_else(|| {
                let remedy = if dialect == Dialect::Ollama { "ollama pull qwen3:8b" } else { "start it with a model" };
                Trouble::Refused(format!("{address} has no model; try: {remedy}"))
            });
        };
        let is_it = |one: &Listed| one.name == name || one.aliases.iter().any(|alias| alias == name);
        listed.into_iter().find(is_it).ok_or_else(|| {
            let has = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            Trouble::Refused(format!("[model] name is {name}, and {address} has {has}"))
        })
    }

    /// Context and slots.
    async fn room(
        &self,
        line: &Line,
        dialect: Dialect,
        model: &Listed,
        owned: Option<&Owned>,
    ) -> Result<(Option<u64>, usize), Trouble> {
        match dialect {
            Dialect::LlamaServer => {
                let props = line.get("/props", self.limits.about).await?.value();
                if let (Some(owned), Some(path)) = (owned, props["model_path"].as_str())
                    && Path::new(path) != owned.gguf()
                {
                    // Another took the port between our choice and our server's start.
                    return Err(Trouble::Away(format!("a stranger answers at {}; run again", line.address())));
                }
                let slots = props["total_slots"].as_u64().unwrap_or(1).clamp(1, MOST_SLOTS);
                let context = props["default_generation_settings"]["n_ctx"].as_u64().or(model.context);
                Ok((context, slots as usize))
            }
            Dialect::Vllm => Ok((model.context, VLLM_SLOTS)),
            Dialect::Ollama => {
                let asked = json!({ "model": model.name });
                let shown = self.told(line.post("/api/show", &asked, self.limits.about).await?, line)?;
                let facts = shown["model_info"].as_object().into_iter().flatten();
                let longest =
                    facts.filter(|(name, _)| name.ends_with(".context_length")).find_map(|(_, length)| length.as_u64());
                Ok((Some(longest.unwrap_or(ollama::CONTEXT).min(ollama::CONTEXT)), 1))
            }
            Dialect::Plain => Ok((None, PLAIN_SLOTS)),
        }
    }
}

fn listed(value: &Value) -> Vec<Listed> {
    let data = value["data"].as_array().into_iter().flatten();
    data.filter_map(|one| {
        let aliases = one["aliases"].as_array().into_iter().flatten().filter_map(Value::as_str);
        Some(Listed {
            name: one["id"].as_str()?.to_owned(),
            aliases: aliases.map(str::to_owned).collect(),
            context: one["max_model_len"].as_u64().or(one["meta"]["n_ctx"].as_u64()),
        })
    })
    .collect()
}

/// `qwen3` is `qwen3:latest` to Ollama.
fn aliases(name: &str) -> Vec<String> {
    name.strip_suffix(":latest").map(str::to_owned).into_iter().collect()
}
