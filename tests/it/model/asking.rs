//! Asking a server: the same question in four dialects, and every way in which an answer can be bad.

use std::time::Duration;

use serde_json::{Value, json};
use tidings::judge::model::{Dialect, Limits, Model, Order, Prompt, Trouble};
use tidings::opinion::Measure;

use super::{ALL, LETTERS, found, found_with, limits, prompt, stub};
use crate::support::server::Reply;

fn close(one: &[f64], other: [f64; 4]) -> bool {
    one.len() == 4 && one.iter().zip(other).all(|(one, other)| (one - other).abs() < 1e-6)
}

fn order(schema: Option<Value>) -> Order {
    let corrections = vec![("{}".to_owned(), "Rejected: title: missing".to_owned())];
    Order { prompt: prompt(), corrections, name: "note", schema, most_tokens: 64 }
}

fn schema() -> Option<Value> {
    Some(json!({ "type": "object", "properties": { "title": { "type": "string" } }, "required": ["title"] }))
}

fn json_reply(body: &str) -> Reply {
    Reply::whole("200 OK", &["content-type: application/json"], body)
}

#[tokio::test]
async fn the_distribution_is_read_and_not_the_letter_that_was_drawn() {
    for dialect in [Dialect::LlamaServer, Dialect::Vllm, Dialect::Ollama] {
        let standing = stub(dialect).judging(|_| [0.08, 0.6, 0.04, 0.08]).start();
        let choice = found(&standing).await.choose(&prompt(), &LETTERS).await.unwrap();
        assert!(close(&choice.shares, [0.1, 0.75, 0.05, 0.1]), "{dialect:?}: {:?}", choice.shares);
        assert_eq!(choice.measure, Measure::Whole, "{dialect:?}");
        assert!((choice.mass.unwrap() - 0.8).abs() < 1e-6, "{dialect:?}: {:?}", choice.mass);
        assert!(choice.tokens.prompt > 0 && choice.tokens.generated > 0);
    }
}

#[tokio::test]
async fn llama_server_is_asked_without_its_grammar_once() {
    let standing = stub(Dialect::LlamaServer).start();
    let server = found(&standing).await;
    assert!(server.choose(&prompt(), &LETTERS).await.unwrap().mass.is_some());
    assert_eq!(server.choose(&prompt(), &LETTERS).await.unwrap().mass, None);
    let grammars: Vec<bool> = standing.questions().iter().map(|body| body["grammar"].is_string()).collect();
    assert_eq!(grammars, [true, false, true]);
}

#[tokio::test]
async fn a_server_without_probabilities_gives_a_letter_and_is_called_so() {
    let standing = stub(Dialect::Plain).judging(|_| [0.7, 0.1, 0.1, 0.1]).start();
    let choice = found(&standing).await.choose(&prompt(), &LETTERS).await.unwrap();
    assert_eq!((choice.measure, choice.mass), (Measure::Letter, None));
    assert!(choice.shares[0] > 0.5 && (choice.shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
}

#[tokio::test]
async fn thinking_is_switched_off_in_every_way_that_a_server_knows() {
    for dialect in [Dialect::LlamaServer, Dialect::Vllm, Dialect::Ollama] {
        let standing = stub(dialect).start();
        let server = found(&standing).await;
        server.choose(&prompt(), &LETTERS).await.unwrap();
        server.write(&order(None)).await.unwrap();
        for body in standing.questions() {
            if dialect == Dialect::Ollama {
                assert_eq!(body["think"], false);
            } else {
                assert_eq!(body["chat_template_kwargs"]["enable_thinking"], false);
                assert_eq!(body["reasoning_effort"], "none");
            }
        }
    }
}

#[tokio::test]
async fn a_server_too_old_for_the_second_switch_is_asked_without_it() {
    let mut old = stub(Dialect::Vllm);
    old.is_old = true;
    let standing = old.start();
    let server = found(&standing).await;
    for _ in 0..2 {
        server.choose(&prompt(), &LETTERS).await.unwrap();
    }
    let efforts: Vec<bool> = standing.questions().iter().map(|body| body["reasoning_effort"].is_string()).collect();
    assert_eq!(efforts, [true, false, false], "learned once");
}

#[tokio::test]
async fn a_letter_below_the_twenty_shown_is_given_the_last_ones_bound() {
    for dialect in [Dialect::Vllm, Dialect::Ollama] {
        // 0.1 is shared by fifty others, 0.002 each.
        let standing = stub(dialect).judging(|_| [0.5, 0.4, 0.0, 0.0001]).start();
        let choice = found(&standing).await.choose(&prompt(), &LETTERS).await.unwrap();
        assert_eq!(choice.measure, Measure::Partial, "{dialect:?}");
        let bound = 0.0999 / 50.0;
        let sum = 0.9 + 2.0 * bound;
        assert!(close(&choice.shares, [0.5 / sum, 0.4 / sum, bound / sum, bound / sum]), "{:?}", choice.shares);
    }
}

#[tokio::test]
async fn a_model_that_does_not_follow_the_prompt_shows_by_its_mass() {
    let standing = stub(Dialect::Ollama).judging(|_| [0.05, 0.05, 0.05, 0.05]).start();
    let choice = found(&standing).await.choose(&prompt(), &LETTERS).await.unwrap();
    assert!((choice.mass.unwrap() - 0.2).abs() < 1e-6);
}

/// Asks once where the server answers like this.
async fn trouble(dialect: Dialect, status: &'static str, body: &'static str) -> Trouble {
    let meddling = move |_: &_, _| Some(Reply::whole(status, &["content-type: application/json"], body));
    let standing = stub(dialect).meddling(meddling).start();
    found(&standing).await.choose(&prompt(), &LETTERS).await.unwrap_err()
}

#[tokio::test]
async fn every_bad_answer_has_its_kind() {
    use Dialect::{LlamaServer, Ollama, Plain, Vllm};
    let cases: [(&str, Dialect, &'static str, &'static str); 24] = [
        ("away", LlamaServer, "503", r#"{"error":{"message":"Loading model","type":"unavailable_error","code":503}}"#),
        ("failed", Ollama, "503", r#"{"error":"server busy, please try again.  maximum pending requests exceeded"}"#),
        ("failed", Vllm, "500", r#"{"error":{"message":"engine died"}}"#),
        ("failed", Plain, "502", "<html>Bad gateway</html>"),
        ("refused", Ollama, "404", r#"{"error":"model \"qwen3:8b\" not found, try pulling it first"}"#),
        ("refused", Vllm, "404", r#"{"error":{"message":"The model `qwen3:8b` does not exist.","code":404}}"#),
        ("refused", LlamaServer, "401", r#"{"error":{"message":"Invalid API Key","type":"authentication_error"}}"#),
        ("refused", LlamaServer, "400", r#"{"error":{"message":"Failed to initialize samplers","code":400}}"#),
        ("refused", Plain, "302", ""),
        (
            "nonsense",
            LlamaServer,
            "500",
            r#"{"error":{"code":500,"message":"The model produced output that does not match the expected peg-native format"}}"#,
        ),
        ("nonsense", LlamaServer, "200", r#"{"choices":[{"message":{"content":"A"#),
        ("nonsense", LlamaServer, "200", "I think that is critical."),
        ("nonsense", LlamaServer, "200", r#"{"choices":[{"message":{"content":"A"}}]}"#),
        (
            "nonsense",
            LlamaServer,
            "200",
            r#"{"choices":[{"logprobs":{"content":[{"top_probs":[{"token":"E","prob":0.9},{"token":"A","prob":0.1}]}]}}]}"#,
        ),
        (
            "nonsense",
            LlamaServer,
            "200",
            r#"{"choices":[{"logprobs":{"content":[{"top_probs":[{"token":"A","prob":1.4},{"token":"B","prob":-0.4}]}]}}]}"#,
        ),
        (
            "nonsense",
            LlamaServer,
            "200",
            r#"{"choices":[{"logprobs":{"content":[{"top_probs":[{"token":"A","prob":0.3},{"token":"B","prob":0.1}]}]}}]}"#,
        ),
        (
            "nonsense",
            Vllm,
            "200",
            r#"{"choices":[{"logprobs":{"content":[{"top_logprobs":[{"token":"A","logprob":NaN}]}]}}]}"#,
        ),
        (
            "nonsense",
            Vllm,
            "200",
            r#"{"choices":[{"logprobs":{"content":[{"top_logprobs":[{"token":"A","logprob":0.7}]}]}}]}"#,
        ),
        (
            "nonsense",
            Vllm,
            "200",
            r#"{"choices":[{"logprobs":{"content":[{"top_logprobs":[{"token":"A","logprob":null}]}]}}]}"#,
        ),
        (
            "nonsense",
            Ollama,
            "200",
            r#"{"done":true,"logprobs":[{"top_logprobs":[{"token":"The","logprob":-0.1},{"token":"It","logprob":-3.0}]}]}"#,
        ),
        ("nonsense", Plain, "200", r#"{"choices":[{"message":{"content":"Sure! This one is A"}}]}"#),
        ("nonsense", Plain, "200", r#"{"choices":[{"message":{"content":"<think>A or B"}}]}"#),
        ("nonsense", Plain, "200", r#"{"choices":[]}"#),
        ("refused", Vllm, "200", r#"{"model":"qwen3:0.6b","choices":[]}"#),
    ];
    for (kind, dialect, status, body) in cases {
        let trouble = trouble(dialect, status, body).await;
        let found = match trouble {
            Trouble::Away(_) => "away",
            Trouble::TooLong { .. } => "too long",
            Trouble::Nonsense(_) => "nonsense",
            Trouble::Refused(_) => "refused",
            Trouble::Failed(_) => "failed",
            Trouble::Spent(_) => "spent",
        };
        assert_eq!(found, kind, "{dialect:?} {status} {body}: {trouble}");
        assert!(trouble.to_string().len() > 20, "words that help: {trouble}");
    }
}

#[tokio::test]
async fn letters_in_quotation_marks_and_behind_thoughts_are_letters() {
    for body in [
        r#"{"choices":[{"message":{"content":"<think>\nhm\n</think>\n\n\"A\"."}}]}"#,
        r#"{"choices":[{"message":{"content":" A\n"}}]}"#,
        r#"{"model":"qwen3:8b-2026-08-01","choices":[{"message":{"content":"**A**"}}]}"#,
    ] {
        let standing = stub(Dialect::Plain).meddling(move |_, _| Some(json_reply(body))).start();
        let choice = found(&standing).await.choose(&prompt(), &LETTERS).await.unwrap();
        assert!(choice.shares[0] > 0.5, "{body}");
    }
}

#[tokio::test]
async fn a_server_that_hangs_or_breaks_off_has_failed() {
    let short = Limits { choose: Duration::from_millis(100), ..limits() };
    let hanging = stub(Dialect::LlamaServer).meddling(|_, _| Some(Reply::default().then_hang())).start();
    let trouble = found_with(&hanging, short).await.choose(&prompt(), &LETTERS).await.unwrap_err();
    assert!(
        matches!(&trouble, Trouble::Failed(words) if words.contains("no whole answer within 0.1 s")),
        "{trouble:?}"
    );

    let broken = |_: &_, _| Some(Reply::head("200 OK", &["content-length: 900"]).then("{\"choices\":"));
    let standing = stub(Dialect::LlamaServer).meddling(broken).start();
    let trouble = found(&standing).await.choose(&prompt(), &LETTERS).await.unwrap_err();
    assert!(matches!(trouble, Trouble::Failed(_)), "{trouble:?}");
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let endless = |_: &_, _| Some(Reply::head("200 OK", &[]).then_repeat([b' '; 65_536], 1_000));
    let standing = stub(Dialect::Vllm).meddling(endless).start();
    let trouble = found(&standing).await.choose(&prompt(), &LETTERS).await.unwrap_err();
    assert!(matches!(&trouble, Trouble::Nonsense(words) if words.contains("more than")), "{trouble:?}");
}

#[tokio::test]
async fn after_three_failures_in_a_row_nobody_is_asked_any_more() {
    let failing = |_: &_, number| (number != 2).then(|| Reply::whole("500", &[], "{\"error\":\"no\"}"));
    let standing = stub(Dialect::Ollama).meddling(failing).start();
    let server = found(&standing).await;
    let mut troubles = Vec::new();
    for _ in 0..8 {
        troubles.push(server.choose(&prompt(), &LETTERS).await.err());
    }
    assert!(troubles[2].is_none(), "a good answer between begins the count anew");
    assert!(matches!(troubles[4], Some(Trouble::Failed(_))));
    assert!(matches!(troubles[6], Some(Trouble::Away(_))), "{:?}", troubles[6]);
    assert_eq!(standing.asked().len(), 6, "the last two were not asked");
}

#[tokio::test]
async fn a_refusal_ends_the_asking_at_once() {
    let standing = stub(Dialect::Vllm).meddling(|_, _| Some(Reply::whole("401", &[], "{}"))).start();
    let server = found(&standing).await;
    for _ in 0..3 {
        assert!(matches!(server.choose(&prompt(), &LETTERS).await, Err(Trouble::Refused(_))));
    }
    assert_eq!(standing.asked().len(), 1);
}

#[tokio::test]
async fn a_prompt_that_is_too_long_is_told_with_both_lengths() {
    let long = Prompt { user: "word ".repeat(5_000), ..prompt() };
    let tokens = (long.user.len() + long.system.len()) as u64 / 4;
    for dialect in [Dialect::LlamaServer, Dialect::Vllm] {
        let standing = stub(dialect).start();
        let trouble = found(&standing).await.choose(&long, &LETTERS).await.unwrap_err();
        assert_eq!(trouble, Trouble::TooLong { prompt: tokens, context: 4096 }, "{dialect:?}");
    }
}

#[tokio::test]
async fn ollamas_silent_cutting_is_noticed() {
    // Far too long for what we ask Ollama to read: not even sent.
    let standing = stub(Dialect::Ollama).start();
    let server = found(&standing).await;
    let long = Prompt { user: "word ".repeat(20_000), ..prompt() };
    let trouble = server.choose(&long, &LETTERS).await.unwrap_err();
    assert!(matches!(trouble, Trouble::TooLong { prompt, context } if prompt > context), "{trouble:?}");
    assert!(standing.asked().is_empty());

    // It should fit, but this Ollama has less room than it was asked for.
    server.choose(&prompt(), &LETTERS).await.unwrap();
    let fits = Prompt { user: "word ".repeat(6_000), ..prompt() };
    let trouble = server.choose(&fits, &LETTERS).await.unwrap_err();
    assert!(matches!(&trouble, Trouble::Nonsense(words) if words.contains("it was cut")), "{trouble:?}");
}

#[tokio::test]
async fn a_written_answer_is_asked_for_in_each_servers_own_form() {
    for dialect in ALL {
        let standing = stub(dialect).start();
        let written = found(&standing).await.write(&order(schema())).await.unwrap();
        assert_eq!(written.text, r#"{"title":"short"}"#);
        assert!(written.tokens.prompt > 0);
        let body = &standing.questions()[0];
        let (form, room) = match dialect {
            Dialect::Ollama => (&body["format"], &body["options"]["num_predict"]),
            Dialect::Vllm => (&body["response_format"]["json_schema"]["schema"], &body["max_completion_tokens"]),
            _ => (&body["response_format"]["json_schema"]["schema"], &body["max_tokens"]),
        };
        assert_eq!((Some(form), room.as_u64()), (schema().as_ref(), Some(64)), "{dialect:?}");
        let roles: Vec<&str> =
            body["messages"].as_array().unwrap().iter().map(|one| one["role"].as_str().unwrap()).collect();
        assert_eq!(roles, ["system", "user", "assistant", "user"], "what was wrong is said after what was written");
    }
}

#[tokio::test]
async fn what_models_put_around_their_answer_is_taken_off() {
    for (written, expected) in [
        ("<think>\nA title, then.\n</think>\n\n{\"title\":\"x\"}", "{\"title\":\"x\"}"),
        ("```json\n{\"title\":\"x\"}\n```", "{\"title\":\"x\"}"),
        ("\n```\n{\"title\":\"x\"}\n```\n", "{\"title\":\"x\"}"),
        ("Here it is: {\"title\"", "Here it is: {\"title\""),
    ] {
        for dialect in ALL {
            let mut server = stub(dialect);
            server.writes = written;
            let standing = server.start();
            let text = found(&standing).await.write(&order(schema())).await.unwrap().text;
            assert_eq!(text, expected, "{dialect:?}");
        }
    }
    let mut server = stub(Dialect::Vllm);
    server.writes = "```json\n{}\n```";
    let standing = server.start();
    let text = found(&standing).await.write(&order(None)).await.unwrap().text;
    assert_eq!(text, "```json\n{}\n```", "plain text keeps its fences");
}

#[tokio::test]
async fn an_answer_that_was_cut_off_or_is_empty_is_nonsense() {
    for (content, reason) in [("{\"title\":\"sh", "length"), ("", "stop"), ("<think>on and on", "stop")] {
        let body = json!({ "choices": [{ "finish_reason": reason, "message": { "content": content } }] }).to_string();
        let ours = body.clone();
        let standing = stub(Dialect::LlamaServer).meddling(move |_, _| Some(json_reply(&ours))).start();
        let trouble = found(&standing).await.write(&order(schema())).await.unwrap_err();
        assert!(matches!(trouble, Trouble::Nonsense(_)), "{body}: {trouble:?}");

        let body = json!({ "done_reason": reason, "message": { "content": content } }).to_string();
        let standing = stub(Dialect::Ollama).meddling(move |_, _| Some(json_reply(&body))).start();
        let trouble = found(&standing).await.write(&order(schema())).await.unwrap_err();
        assert!(matches!(trouble, Trouble::Nonsense(_)), "{trouble:?}");
    }
}
