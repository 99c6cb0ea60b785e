//! Finding a server: told apart, waited for, named, or refused in words that help.

use std::time::Duration;

use tidings::config::{self, Endpoint};
use tidings::judge::model::{Dialect, Model, Places, Trouble, find};

use super::{ALL, at, found, limits, nowhere, refused, stub};
use crate::support::server::{Reply, Server};

#[tokio::test]
async fn each_server_is_known_by_how_it_answers() {
    for (dialect, context, slots) in [
        (Dialect::LlamaServer, Some(4096), 4),
        (Dialect::Vllm, Some(4096), 16),
        (Dialect::Ollama, Some(8192), 1),
        (Dialect::Plain, None, 4),
    ] {
        let standing = stub(dialect).start();
        let server = found(&standing).await;
        let about = server.about();
        assert_eq!((about.dialect, about.context, about.slots), (dialect, context, slots));
        assert_eq!((server.name(), server.slots()), ("qwen3:8b", slots));
        assert!(!about.owned);
    }
    let mut many = stub(Dialect::LlamaServer);
    many.slots = 64;
    assert_eq!(found(&many.start()).await.slots(), 8, "more slots gain nothing");
}

#[tokio::test]
async fn an_address_may_be_written_with_v1_as_other_programs_want_it() {
    let standing = stub(Dialect::LlamaServer).start();
    for path in ["v1", "v1/", ""] {
        let url = standing.url().join(path).unwrap();
        let server = find(&at(url), None, &nowhere(), limits()).await.unwrap().unwrap();
        assert_eq!(server.about().address, standing.url().as_str().trim_end_matches('/'));
    }
}

#[tokio::test]
async fn a_server_that_loads_is_waited_for_and_one_that_is_off_is_not() {
    let mut loading = stub(Dialect::LlamaServer);
    loading.loading = 2;
    let standing = loading.start();
    found(&standing).await;
    assert_eq!(standing.log().iter().filter(|asked| asked.path == "/v1/models").count(), 3);

    let mut never = stub(Dialect::LlamaServer);
    never.loading = usize::MAX;
    let standing = never.start();
    let config = config::Model { load_timeout: Duration::from_millis(20), ..at(standing.url()) };
    let trouble = refused(&config, None, &nowhere()).await;
    assert!(matches!(&trouble, Trouble::Away(words) if words.contains("still loading")), "{trouble:?}");

    let gone = nowhere().ollama;
    let trouble = refused(&at(gone), None, &nowhere()).await;
    assert!(matches!(&trouble, Trouble::Away(words) if words.contains("nothing answers at http://127.0.0.1")));
}

#[tokio::test]
async fn auto_takes_ollama_then_llama_server_and_no_stranger() {
    let (ollama, llama) = (stub(Dialect::Ollama).start(), stub(Dialect::LlamaServer).start());
    let auto = config::Model::default();
    let both = Places { ollama: ollama.url(), llama_server: llama.url(), ..nowhere() };
    let server = find(&auto, Some("secret"), &both, limits()).await.unwrap().unwrap();
    assert_eq!(server.about().dialect, Dialect::Ollama);
    assert!(ollama.log().iter().all(|asked| asked.header("authorization").is_none()), "the key was meant for another");

    let one = Places { llama_server: llama.url(), ..nowhere() };
    let server = find(&auto, None, &one, limits()).await.unwrap().unwrap();
    assert_eq!(server.about().dialect, Dialect::LlamaServer);

    let web = Server::start(|_| Reply::whole("200 OK", &["content-type: text/html"], "<h1>My page</h1>"));
    let stranger = Places { llama_server: web.url("/"), ..nowhere() };
    let trouble = refused(&auto, None, &stranger).await;
    assert!(matches!(&trouble, Trouble::Away(words) if words.contains("serves no models")), "{trouble:?}");

    let trouble = refused(&auto, None, &nowhere()).await;
    assert!(matches!(&trouble, Trouble::Away(words) if words.contains("ollama serve")), "{trouble:?}");
}

#[tokio::test]
async fn off_asks_nobody() {
    let config = config::Model { endpoint: Endpoint::Off, ..config::Model::default() };
    assert!(find(&config, None, &nowhere(), limits()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_model_is_taken_by_its_name_and_never_another_for_it() {
    for dialect in ALL {
        let mut server = stub(dialect);
        server.models = vec!["nomic-embed-text:latest", "llama3:latest", "qwen3:8b"];
        let standing = server.start();
        assert_eq!(found(&standing).await.name(), "qwen3:8b", "{dialect:?}: the one that the prompts were written for");
        let named = |name: &str| config::Model { name: Some(name.to_owned()), ..at(standing.url()) };
        let trouble = refused(&named("qwen3:32b"), None, &nowhere()).await;
        let expected = "[model] name is qwen3:32b";
        assert!(matches!(&trouble, Trouble::Refused(words) if words.contains(expected) && words.contains("llama3")));
        if dialect == Dialect::Ollama {
            let server = find(&named("llama3"), None, &nowhere(), limits()).await.unwrap().unwrap();
            assert_eq!(server.name(), "llama3:latest");
        }
    }
}

#[tokio::test]
async fn an_ollama_without_models_says_how_to_get_one() {
    let mut empty = stub(Dialect::Ollama);
    empty.models = Vec::new();
    let standing = empty.start();
    let trouble = refused(&at(standing.url()), None, &nowhere()).await;
    assert!(matches!(&trouble, Trouble::Refused(words) if words.contains("ollama pull")), "{trouble:?}");
}

#[tokio::test]
async fn a_wrong_key_is_refused_in_words_and_never_shown() {
    let mut locked = stub(Dialect::Vllm);
    locked.key = Some("right-key");
    let standing = locked.start();
    assert!(find(&at(standing.url()), Some("right-key"), &nowhere(), limits()).await.unwrap().is_some());
    let trouble = refused(&at(standing.url()), Some("wrong-key"), &nowhere()).await;
    let words = trouble.to_string();
    assert!(matches!(trouble, Trouble::Refused(_)) && words.contains("[model] key_env"), "{words}");
    assert!(!words.contains("wrong-key"), "{words}");
}

#[tokio::test]
async fn no_redirect_is_followed_and_no_key_leaves_with_it() {
    let other = stub(Dialect::Vllm).start();
    let to = format!("location: {}v1/models", other.url());
    let door = Server::start(move |_| Reply::whole("307 Temporary Redirect", &[&to], ""));
    let trouble = refused(&at(door.url("/")), Some("key"), &nowhere()).await;
    assert!(matches!(&trouble, Trouble::Refused(words) if words.contains("[model] endpoint")), "{trouble:?}");
    assert!(other.log().is_empty());
}
