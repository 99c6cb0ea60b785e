//! Claude, over the wire: what is sent is what the API takes, and each way in which it fails is told as what it is.

use std::time::Duration;

use serde_json::{Value, json};
use tidings::config::{self, Prices, SecretName};
use tidings::judge::model::claude::{Claude, Patience, THOUGHTS};
use tidings::judge::model::{Model, Order, Prompt, Trouble, Written};
use url::Url;

use crate::support::messages_api::{KEY, MODEL, error, message, start, stopped, whole};
use crate::support::server::{Reply, Server};

fn order() -> Order {
    let schema = json!({
        "type": "object",
        "properties": { "words": { "type": "string", "maxLength": 20 }, "list": { "type": "array", "maxItems": 2, "items": { "type": "string", "minLength": 1 } } },
        "required": ["words", "list"], "additionalProperties": false,
    });
    Order {
        prompt: Prompt { system: "Fill in the form.".to_owned(), user: "An item.".to_owned() },
        corrections: Vec::new(),
        name: "form",
        schema: Some(schema),
        most_tokens: 500,
    }
}

fn claude(url: Url, model: &str, key: &str) -> Claude {
    let prices = Prices { input: 4_000_000, output: 20_000_000, a_month: 10_000_000 };
    let config = config::Claude { model: model.to_owned(), key: SecretName::Env("KEY".to_owned()), url, prices };
    let patience =
        Patience { connect: Duration::from_secs(5), answer: Duration::from_millis(1_500), pause: Duration::ZERO };
    Claude::new(&config, key, patience).unwrap()
}

fn asked(server: &Server, order: &Order) -> Result<Written, Trouble> {
    asked_as(server, order, MODEL, KEY)
}

fn asked_as(server: &Server, order: &Order, model: &str, key: &str) -> Result<Written, Trouble> {
    let claude = claude(server.url(""), model, key);
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(claude.write(order))
}

#[test]
fn what_is_asked_is_what_the_api_takes() {
    let server = start(vec![message("{\"words\":\"a\",\"list\":[]}")]);
    let mut order = order();
    let written = asked(&server, &order).unwrap();
    assert_eq!(written.text, "{\"words\":\"a\",\"list\":[]}");
    assert_eq!((written.tokens.prompt, written.tokens.generated), (1_000, 200));
    order.corrections = vec![("{} \n".to_owned(), "Rejected.".to_owned()), (String::new(), "Rejected.".to_owned())];
    asked(&server, &order).unwrap();
    order.schema = None;
    asked(&server, &order).unwrap();
    let body: Value = serde_json::from_str(&server.log()[1].body).unwrap();
    assert_eq!(body["messages"].as_array().unwrap().len(), 5);
    assert_eq!(body["max_tokens"], 500 + THOUGHTS);
    assert!(body.get("temperature").is_none(), "newer models refuse it");
}

#[test]
fn thoughts_are_no_part_of_the_answer() {
    let content = json!([{ "type": "thinking", "thinking": "hm", "signature": "x" }, { "type": "text", "text": "{}" }]);
    let server = start(vec![whole(content, "end_turn", "claude-lantern-5-20261001")]);
    assert_eq!(asked(&server, &order()).unwrap().text, "{}");
}

#[test]
fn an_overloaded_server_is_asked_again_and_one_that_asks_for_long_patience_is_not() {
    let busy = || error("529 Overloaded", "overloaded_error", "Overloaded", &[]);
    let server = start(vec![busy(), busy(), message("{}")]);
    assert!(asked(&server, &order()).is_ok());
    assert_eq!(server.log().len(), 3);
    let server = start(vec![busy()]);
    assert!(matches!(asked(&server, &order()), Err(Trouble::Failed(words)) if words.contains("overloaded")));
    assert_eq!(server.log().len(), 3, "twice more, then no more");
    let limited = |header: &str| error("429 Too Many Requests", "rate_limit_error", "too many tokens", &[header]);
    let server = start(vec![limited("retry-after: 0"), message("{}")]);
    assert!(asked(&server, &order()).is_ok());
    let server = start(vec![limited("retry-after: 3600"), message("{}")]);
    assert!(matches!(asked(&server, &order()), Err(Trouble::Failed(_))));
    assert_eq!(server.log().len(), 1);
}

#[test]
fn a_limit_of_the_account_is_money_and_not_asked_again() {
    for (status, kind, message) in [
        ("429 Too Many Requests", "rate_limit_error", "You have reached your spend limit"),
        ("400 Bad Request", "invalid_request_error", "Your credit balance is too low"),
        ("402 Payment Required", "billing_error", "pay first"),
    ] {
        let server = start(vec![error(status, kind, message, &[])]);
        let trouble = asked(&server, &order()).unwrap_err();
        assert!(matches!(&trouble, Trouble::Spent(_)), "{status}: {trouble:?}");
        assert_eq!(server.log().len(), 1);
    }
}

#[test]
fn what_will_not_help_to_ask_again_is_refused_with_its_remedy_and_without_the_key() {
    let server = start(vec![message("{}")]);
    for (model, key, words) in [(MODEL, "sk-ant-wrong", "key_env"), ("claude-unknown", KEY, "[claude] model")] {
        let trouble = asked_as(&server, &order(), model, key).unwrap_err();
        assert!(matches!(&trouble, Trouble::Refused(said) if said.contains(words)), "{trouble:?}");
        assert!(!trouble.to_string().contains(key) || key == KEY, "{trouble}");
    }
    for (status, kind) in [
        ("400 Bad Request", "invalid_request_error"),
        ("403 Forbidden", "permission_error"),
        ("413 Payload Too Large", "request_too_large"),
        ("302 Found", "moved"),
    ] {
        let server = start(vec![error(status, kind, "no", &["location: http://127.0.0.1:1/"])]);
        let trouble = asked(&server, &order()).unwrap_err();
        assert!(matches!(&trouble, Trouble::Refused(_)), "{status}: {trouble:?}");
        assert_eq!(server.log().len(), 1, "{status}");
    }
    let too_long =
        error("400 Bad Request", "invalid_request_error", "prompt is too long: 1001 tokens > 1000 maximum", &[]);
    let server = start(vec![too_long]);
    assert_eq!(asked(&server, &order()).unwrap_err(), Trouble::TooLong { prompt: 1_001, context: 1_000 });
}

#[test]
fn an_answer_that_can_not_be_used_is_nonsense() {
    let headers = ["content-type: application/json"];
    for (name, reply) in [
        ("cut off", stopped("{\"words\":", "max_tokens")),
        ("window", stopped("{}", "model_context_window_exceeded")),
        ("refusal", stopped("", "refusal")),
        ("a tool", stopped("{}", "tool_use")),
        ("empty", message(" ")),
        ("no words", whole(json!([]), "end_turn", MODEL)),
        ("another model", whole(json!([{ "type": "text", "text": "{}" }]), "end_turn", "claude-other-1")),
        ("cut JSON", Reply::whole("200 OK", &headers, "{\"type\":\"message\",\"content\":[{")),
        ("prose", Reply::whole("200 OK", &headers, "Service is fine")),
        ("endless", Reply::head("200 OK", &headers).then_repeat(vec![b' '; 65_536], 40)),
    ] {
        let server = start(vec![reply]);
        let trouble = asked(&server, &order()).unwrap_err();
        assert!(matches!(&trouble, Trouble::Nonsense(_)), "{name}: {trouble:?}");
    }
}

#[test]
fn who_does_not_answer_is_away_or_has_failed() {
    let server = start(vec![message("{}")]);
    let nobody = server.url("");
    drop(server);
    let gone = claude(nobody, MODEL, KEY);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let trouble = runtime.block_on(gone.write(&order())).unwrap_err();
    assert!(matches!(&trouble, Trouble::Away(_)), "{trouble:?}");
    for reply in [
        Reply::default().then_hang(),
        Reply::head("200 OK", &["content-length: 100"]).then("{"),
        error("500 Internal Server Error", "api_error", "Internal server error", &[]),
    ] {
        let server = start(vec![reply]);
        let trouble = asked(&server, &order()).unwrap_err();
        assert!(matches!(&trouble, Trouble::Failed(_)), "{trouble:?}");
    }
}

#[test]
fn claude_is_never_asked_for_a_letter() {
    let server = start(vec![message("{}")]);
    let claude = claude(server.url(""), MODEL, KEY);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let choice = runtime.block_on(claude.choose(&order().prompt, &['A', 'B']));
    assert!(matches!(choice, Err(Trouble::Refused(_))));
    assert!(server.log().is_empty());
    let config = config::Claude {
        model: MODEL.to_owned(),
        key: SecretName::Env("KEY".to_owned()),
        url: server.url(""),
        prices: Prices { input: 1, output: 1, a_month: 1 },
    };
    let odd = Claude::new(&config, "two\nlines", Patience::default());
    assert!(matches!(odd, Err(Trouble::Refused(words)) if !words.contains("two")));
}
