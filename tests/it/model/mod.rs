//! The local model: finding it, asking it, what it says, and what that is worth.

mod asking;
mod calibration;
mod finding;
mod owned;
mod screening;

use std::time::Duration;

use tidings::config::{self, Endpoint};
use tidings::judge::model::{Dialect, Limits, Places, Prompt, Server, Trouble, find};
use url::Url;

use crate::support::model_server::{Standing, Stub};

const LETTERS: [char; 4] = ['A', 'B', 'C', 'D'];
const ALL: [Dialect; 4] = [Dialect::LlamaServer, Dialect::Vllm, Dialect::Ollama, Dialect::Plain];

/// Patience for servers on the same machine; loading ones are asked again at once.
fn limits() -> Limits {
    Limits { pause: Duration::from_millis(1), ..Limits::default() }
}

fn at(url: Url) -> config::Model {
    config::Model { endpoint: Endpoint::At(url), ..config::Model::default() }
}

/// Nothing listens at these places.
fn nowhere() -> Places {
    // Below 1024, where no test and no server of a person's own listens.
    let shut = || Url::parse("http://127.0.0.1:1").unwrap();
    Places { ollama: shut(), llama_server: shut(), program: "/nonexistent/llama-server".into(), port: None }
}

async fn found(standing: &Standing) -> Server {
    found_with(standing, limits()).await
}

async fn found_with(standing: &Standing, limits: Limits) -> Server {
    find(&at(standing.url()), None, &nowhere(), limits).await.unwrap().unwrap()
}

async fn refused(config: &config::Model, key: Option<&str>, places: &Places) -> Trouble {
    match find(config, key, places, limits()).await {
        Err(trouble) => trouble,
        Ok(_) => panic!("a server was found"),
    }
}

fn stub(dialect: Dialect) -> Stub {
    Stub::of(dialect)
}

fn prompt() -> Prompt {
    Prompt { system: "You sort news.".to_owned(), user: "A hole in lantern-code. Letter:".to_owned() }
}
