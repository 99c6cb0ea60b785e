//! The demo's week with a model that reads it, and with one that fails in every way that models and their servers have.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tidings::config::{self, Endpoint, Prices, Route};
use tidings::edition::Digest;
use tidings::fetch::recorded;
use tidings::flow::credit::{Measured, keep_measured, measured};
use tidings::flow::{self, Doors, Lookup, ModelDoor, Report, Setup, Unwatched};
use tidings::judge::calibration::{Calibration, Platt, Weight};
use tidings::judge::model::{Dialect, Limits, Places};
use tidings::judge::screening::Screening;
use tidings::keep::Keep;
use tidings::story::Story;
use tidings::verdict::Level;
use url::Url;

use super::demo::set_up;
use super::stories;
use crate::support::model_server::Stub;
use crate::support::server::{Asked, Reply};

/// The demo's home after its three passes.
struct Week {
    _folder: tempfile::TempDir,
    setup: Setup,
    reports: Vec<Report>,
}

/// A door to whoever stands at an address, with little patience.
fn door(url: Url, canaries: bool) -> ModelDoor {
    let config = config::Model {
        endpoint: Endpoint::At(url),
        canaries,
        load_timeout: Duration::from_millis(300),
        ..config::Model::default()
    };
    let limits = Limits {
        choose: Duration::from_millis(400),
        about: Duration::from_secs(2),
        pause: Duration::from_millis(20),
        ..Limits::default()
    };
    ModelDoor::to(Lookup { config, key: None, places: Places::default(), limits })
}

/// Plays the demo, each pass with the door that `open` gives for it.
async fn week(canaries: bool, open: impl Fn(usize) -> ModelDoor) -> Week {
    week_of(|_| {}, canaries, open).await
}

/// The same, in a home that was prepared.
async fn week_of(prepare: impl Fn(&Setup), canaries: bool, open: impl Fn(usize) -> ModelDoor) -> Week {
    let folder = tempfile::tempdir().unwrap();
    let mut setup = set_up(folder.path());
    prepare(&setup);
    setup.config.model.canaries = canaries;
    let mut reports = Vec::new();
    for (place, (now, pass)) in recorded::passes(&folder.path().join("world")).unwrap().into_iter().enumerate() {
        let carrier = Arc::new(recorded::Recorded::new(pass));
        let doors = Doors { carrier, channels: BTreeMap::new(), model: open(place), forge: Default::default() };
        reports.push(flow::run(&setup, &doors, &flow::Asked::All, now, &Unwatched).await.unwrap());
    }
    Week { _folder: folder, setup, reports }
}

impl Week {
    fn digest(&self) -> Digest {
        let path = self.setup.home.digests().join("2026-W47/digest.json");
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    }

    fn page(&self) -> String {
        fs::read_to_string(self.setup.home.digests().join("2026-W47/digest.txt")).unwrap()
    }

    fn stories(&self) -> Vec<Story> {
        let keep = Keep::open(self.setup.home.folder(), "a test", "2026-11-24T08:00:00Z".parse().unwrap()).unwrap();
        stories(&keep)
    }

    fn judged(&self) -> usize {
        self.reports.iter().map(|report| report.acts.judged).sum()
    }

    fn read(&self) -> usize {
        self.reports.iter().map(|report| report.acts.read_by_model).sum()
    }

    /// What is told, by title and level.
    fn told(&self) -> BTreeSet<(String, Level)> {
        let sections = self.digest().sections;
        sections.into_iter().flat_map(|section| section.stories).map(|story| (story.title, story.level)).collect()
    }
}

fn shut(_: usize) -> ModelDoor {
    ModelDoor::Shut
}

#[tokio::test]
async fn a_model_that_reads_the_week_is_named_at_its_top_and_takes_no_alarm_away() {
    // Everything is noise to it.
    let standing = Stub::of(Dialect::LlamaServer).judging(|_| [0.01, 0.02, 0.07, 0.9]).start();
    let with = week(false, |_| door(standing.url(), false)).await;
    let without = week(false, shut).await;
    assert_eq!(with.judged(), without.judged());
    assert!(with.read() > 50, "{}", with.read());
    assert_eq!(with.digest().ranked, "ranked with qwen3:8b");
    assert!(with.page().replace('\n', " ").contains("ranked with qwen3:8b"), "{}", with.page());
    assert_eq!(with.told().len(), without.told().len(), "it orders, and hides nothing");
    let alarms =
        |week: &Week| week.told().into_iter().filter(|(_, level)| *level == Level::Critical).collect::<Vec<_>>();
    assert_eq!(alarms(&with), alarms(&without));
    let disagreements = with
        .stories()
        .into_iter()
        .filter(|story| story.weighed.as_ref().is_some_and(|weighed| weighed.disagreement.is_some()));
    assert!(disagreements.count() > 0, "a person sees where the two are far apart");
    let status = flow::ask::status(&with.setup.home).unwrap().unwrap();
    assert!(!status.disagreements.is_empty());
    assert_eq!((status.model.name.as_deref(), status.model.trouble), (Some("qwen3:8b"), None));
}

#[tokio::test]
async fn another_model_is_asked_where_rules_and_the_first_are_far_apart_and_a_person_sees_both() {
    let first = Stub::of(Dialect::LlamaServer).judging(|_| [0.01, 0.02, 0.07, 0.9]).start();
    let mut stub = Stub::of(Dialect::Vllm);
    stub.models = vec!["lantern-32b"];
    let second = stub.judging(|_| [0.6, 0.3, 0.06, 0.04]).start();
    let config = config::Config {
        model: config::Model { endpoint: Endpoint::At(first.url()), canaries: false, ..config::Model::default() },
        endpoints: vec![config::Lab {
            name: "lab".to_owned(),
            url: second.url().join("v1").unwrap(),
            model: None,
            key: None,
            prices: Prices { input: 1_000_000, output: 1_000_000, a_month: 10_000_000 },
        }],
        routes: config::Routes { second_opinion: vec![Route::Lab("lab".to_owned())], ..config::Routes::default() },
        ..config::Config::default()
    };
    let open = |_: usize| ModelDoor::of(&config, &|_| Err(anyhow::anyhow!("no secret is asked for")));
    let with = week_of(|_| {}, false, open).await;

    let contested: Vec<Story> = with
        .stories()
        .into_iter()
        .filter(|story| story.weighed.as_ref().is_some_and(|weighed| weighed.disagreement.is_some()))
        .collect();
    assert!(!contested.is_empty());
    for story in &contested {
        let weighed = story.weighed.as_ref().unwrap();
        assert_eq!(weighed.opinion.model, "qwen3:8b");
        let second = weighed.second.as_ref().expect("a second opinion");
        assert_eq!(second.model, "lantern-32b");
        assert_eq!(second.input, weighed.opinion.input, "on the same words");
    }
    let asked: usize = with.reports.iter().map(|report| report.acts.second_opinions).sum();
    assert_eq!(asked, contested.len(), "each once");
    assert_eq!(second.questions().len(), contested.len(), "and nobody else's");
    let alone = week(false, |_| door(first.url(), false)).await;
    assert_eq!(with.told(), alone.told(), "it changes nothing by itself");

    let status = flow::ask::status(&with.setup.home).unwrap().unwrap();
    let words = &status.disagreements[0].words;
    assert!(words.contains("qwen3:8b gives 0.97") && words.contains("lantern-32b gives 0.10 that it may"), "{words}");
    assert_eq!(status.spending.iter().map(|spent| spent.payer.as_str()).collect::<Vec<_>>(), ["lab"]);
    let shown = flow::explain(&with.setup.home, &contested[0].id.0).unwrap().unwrap();
    assert_eq!(shown.why.second.unwrap().model, "lantern-32b");
}

#[tokio::test]
async fn a_model_is_no_second_opinion_on_itself() {
    let first = Stub::of(Dialect::LlamaServer).judging(|_| [0.01, 0.02, 0.07, 0.9]).start();
    let mut config = config::Config::default();
    (config.model.endpoint, config.model.canaries) = (Endpoint::At(first.url()), false);
    config.routes.second_opinion = vec![Route::Local];
    let open = |_: usize| ModelDoor::of(&config, &|_| Err(anyhow::anyhow!("no secret is asked for")));
    let with = week_of(|_| {}, false, open).await;
    assert_eq!(with.reports.iter().map(|report| report.acts.second_opinions).sum::<usize>(), 0);
    assert!(with.stories().iter().filter_map(|story| story.weighed.as_ref()).all(|weighed| weighed.second.is_none()));
    assert!(!flow::ask::status(&with.setup.home).unwrap().unwrap().disagreements.is_empty());
}

/// Keeps a calibration by which qwen3:8b may overrule, under the prompt of the home's own interests or under another.
fn keep_credit(setup: &Setup, prompt: Option<&str>) {
    let own = Screening::new(&setup.config.interests).hash().to_owned();
    let exact = Platt { a: 1.0, b: 0.0, error_before: 0.0, error_after: 0.0 };
    let calibration = Calibration {
        model: "qwen3:8b".to_owned(),
        prompt: prompt.map_or(own, str::to_owned),
        n: 120,
        critical: exact,
        relevance: exact,
    };
    let figures = Weight { w: 0.6, n: 120, alone: 0.5, fused: 0.8, sure: 0.2 };
    let at = "2026-11-16T08:00:00Z".parse().unwrap();
    keep_measured(&setup.home, &Measured::new(calibration, figures, Vec::new(), at)).unwrap();
}

#[tokio::test]
async fn a_model_that_has_shown_that_it_is_better_passes_over_noise_but_nothing_that_a_rule_holds_up() {
    let standing = Stub::of(Dialect::LlamaServer).judging(|_| [0.01, 0.02, 0.07, 0.9]).start();
    let open = |_| door(standing.url(), false);
    let week = week_of(|setup| keep_credit(setup, None), false, open).await;
    let (mut passed_over, mut held) = (0, 0);
    for story in week.stories().iter().filter(|story| story.weighed.is_some()) {
        let (level, told) = (story.verdict.level, story.told_level());
        let floor = story.verdict.floor.unwrap_or(Level::Noise);
        assert!(told >= floor && told <= level, "{:?}", story.verdict.why);
        assert!(level < Level::Critical || told == level, "{:?}", story.verdict.why);
        passed_over += usize::from(level == Level::Notable && told == Level::Routine);
        held += usize::from(floor >= Level::Notable);
    }
    assert!(passed_over > 0 && held > 0, "{passed_over} {held}");
    // Where nobody has measured it, it passes over nothing: with a calibration of another prompt, and with a damaged one.
    let plain = week_of(|_| {}, false, open).await;
    let other = week_of(|setup| keep_credit(setup, Some("another")), false, open).await;
    let damage = |setup: &Setup| {
        keep_credit(setup, None);
        fs::write(setup.home.folder().join("state/calibration.json"), "{\"version\": 1, \"mod").unwrap();
    };
    let damaged = week_of(damage, false, open).await;
    assert!(week.digest().sections != plain.digest().sections);
    for same in [&other, &damaged] {
        assert_eq!(same.digest().sections, plain.digest().sections);
        assert!(same.stories().iter().all(|story| story.told_level() == story.verdict.level));
    }
    let error = measured(&damaged.setup.home).unwrap_err();
    let words = format!("{error:#}");
    assert!(words.contains("state/calibration.json") && words.contains("--with-model --keep"), "{words}");
    assert!(measured(&other.setup.home).unwrap().is_some(), "a run leaves it as it is");
}

#[tokio::test]
async fn a_model_that_cries_wolf_lifts_into_the_digest_and_alarms_nobody_by_itself() {
    let standing = Stub::of(Dialect::LlamaServer).judging(|_| [0.97, 0.01, 0.01, 0.01]).start();
    let with = week(false, |_| door(standing.url(), false)).await;
    for story in with.stories() {
        let known = story.members.iter().any(|member| member.trust > tidings::source::Trust::Community);
        assert!(story.verdict.level < Level::Critical || known, "{:?}", story.verdict.why);
    }
}

#[tokio::test]
async fn canaries_that_flip_leave_the_week_without_the_model() {
    let standing = Stub::of(Dialect::LlamaServer).judging(|_| [0.97, 0.01, 0.01, 0.01]).start();
    let with = week(true, |_| door(standing.url(), true)).await;
    assert_eq!(with.read(), 0);
    assert_eq!(with.digest().ranked, "ranked without a model");
    let words = with.digest().ranked_by;
    assert!(words.contains("canary"), "{words}");
}

#[tokio::test]
async fn what_no_model_read_is_read_when_one_is_back() {
    let standing = Stub::of(Dialect::LlamaServer).start();
    let away = Url::parse("http://127.0.0.1:9/").unwrap();
    let back = week(false, |pass| door(if pass < 2 { away.clone() } else { standing.url() }, false)).await;
    assert_eq!(back.reports[1].acts.read_by_model, 0);
    assert!(back.reports[1].acts.unread > 0);
    assert!(back.reports[2].acts.read_by_model >= back.reports[1].acts.unread, "the waiting ones too");
    assert_eq!(back.reports[2].acts.unread, 0);
}

#[tokio::test]
async fn nothing_is_read_twice() {
    let standing = Stub::of(Dialect::LlamaServer).start();
    let one = week(false, |_| door(standing.url(), false)).await;
    let is_letter = |body: &serde_json::Value| body["max_tokens"].as_u64().is_some_and(|most| most <= 8);
    let asked = standing.questions().iter().filter(|body| is_letter(body)).count();
    // One question more for each run, without the grammar: whether the model follows the prompt.
    assert!((one.read()..=one.read() + 3).contains(&asked), "{asked} questions for {} stories", one.read());
}

/// What a server may do wrong: a name, the stand-in, and whether the model reads nothing then.
fn failures() -> Vec<(&'static str, Stub, bool)> {
    let stub = || Stub::of(Dialect::LlamaServer);
    let says = |status: &'static str, body: &'static str| {
        stub().meddling(move |_, _| Some(Reply::whole(status, &["content-type: application/json"], body)))
    };
    let content = |content: &'static str, logprobs: serde_json::Value| {
        let body = json!({ "model": "qwen3:8b", "choices": [{ "index": 0, "finish_reason": "length", "logprobs": logprobs,
            "message": { "role": "assistant", "content": content } }],
            "usage": { "prompt_tokens": 100, "completion_tokens": 1 } });
        let body = body.to_string();
        stub().meddling(move |_, _| Some(Reply::whole("200 OK", &["content-type: application/json"], body.clone())))
    };
    let odd = |first: serde_json::Value| content("A", json!({ "content": [first] }));
    let mut keyed = stub();
    keyed.key = Some("secret");
    let mut loading = stub();
    loading.loading = usize::MAX;
    let mut small = stub();
    small.context = 40;
    let mut empty = Stub::of(Dialect::Ollama);
    empty.models = Vec::new();
    vec![
        ("loading for ever", loading, true),
        ("a wrong key", keyed, true),
        ("no model", empty, true),
        (
            "404",
            says(
                "404 Not Found",
                r#"{"error":{"message":"The model does not exist.","type":"NotFoundError","code":404}}"#,
            ),
            true,
        ),
        ("too long for it", small, true),
        (
            "500 on what it wrote itself",
            says(
                "500 Internal Server Error",
                r#"{"error":{"message":"The model produced output that does not match the expected peg-native format","type":"server_error","code":500}}"#,
            ),
            true,
        ),
        ("cut JSON", says("200 OK", r#"{"choices":[{"message":{"content":"A"#), true),
        ("prose", content("I think that this is quite critical.", serde_json::Value::Null), true),
        ("fenced JSON", content("```json\n{\"letter\":\"A\"}\n```", serde_json::Value::Null), true),
        ("a letter that is none", content("E", serde_json::Value::Null), true),
        ("thoughts", content("<think>Let me see.", serde_json::Value::Null), true),
        ("NaN", odd(json!({ "token": "A", "top_probs": [{ "token": "A", "prob": "NaN" }] })), true),
        (
            "negative",
            odd(json!({ "token": "A", "top_probs": [{ "token": "A", "prob": -1.0 }, { "token": "B", "prob": 2.0 }] })),
            true,
        ),
        ("hanging", stub().meddling(|_, _| Some(Reply::head("200 OK", &["content-length: 100"]).then_hang())), true),
        (
            "every second answer bad",
            stub().meddling(|_, number| {
                number.is_multiple_of(2).then(|| Reply::whole("200 OK", &["content-type: application/json"], "{}"))
            }),
            false,
        ),
    ]
}

#[tokio::test]
async fn however_the_model_fails_no_item_is_lost_and_the_header_tells_the_truth() {
    let plain = week(false, shut).await;
    let refused = Url::parse("http://127.0.0.1:9/").unwrap();
    let mut weeks = vec![("refused".to_owned(), week(false, |_| door(refused.clone(), false)).await, true)];
    for (name, stub, reads_nothing) in failures() {
        let standing = stub.start();
        weeks.push((name.to_owned(), week(false, |_| door(standing.url(), false)).await, reads_nothing));
    }
    for (name, week, reads_nothing) in weeks {
        assert_eq!(week.judged(), plain.judged(), "{name}");
        assert_eq!(week.stories().len(), plain.stories().len(), "{name}");
        let digest = week.digest();
        let truth = week.stories().iter().any(|story| story.weighed.is_some());
        assert_eq!(truth, week.read() > 0, "{name}");
        assert_eq!(week.read() == 0, reads_nothing, "{name}: {}", week.read());
        if reads_nothing {
            assert_eq!(digest.ranked, "ranked without a model", "{name}");
            assert_eq!(week.told(), plain.told(), "{name}: the order without a model is the result");
            assert!(
                digest.ranked_by.starts_with("rules and relevance; no model read them ("),
                "{name}: {}",
                digest.ranked_by
            );
        } else {
            assert!(digest.ranked.starts_with("ranked with qwen3:8b, which read "), "{name}: {}", digest.ranked);
        }
        let status = flow::ask::status(&week.setup.home).unwrap().unwrap();
        assert!(status.model.trouble.is_some(), "{name}: the reason is shown");
        assert!(status.aside.is_empty(), "{name}: nothing is given up");
    }
}

/// What a model may write of the week: one sentence that rests on a story, one that rests on none, one with a made-up id, one
/// with a number that nobody told.
fn week_in_short(asked: &Asked) -> Option<Reply> {
    let body: serde_json::Value = serde_json::from_str(&asked.body).ok()?;
    if body["response_format"]["json_schema"]["name"] != "editorial" {
        return None;
    }
    let user = body["messages"][1]["content"].as_str().unwrap();
    let id = regex::Regex::new(r"\ns-[0-9a-z]{10}\n").unwrap().find(user).unwrap().as_str().trim().to_owned();
    let sentence = |text: &str, stories: &[&str]| json!({ "text": text, "stories": stories });
    let written = json!({ "paragraphs": [{ "sentences": [
        sentence("Approval rules were applied before the trust prompt was answered.", &[&id]),
        sentence("Everything else is fine.", &[]),
        sentence("Nothing else happened.", &["s-0000000000"]),
        sentence("It hit 98765 machines.", &[&id]),
    ] }] });
    let answer = json!({ "model": "qwen3:8b", "choices": [{ "index": 0, "finish_reason": "stop",
        "message": { "role": "assistant", "content": written.to_string() } }],
        "usage": { "prompt_tokens": 100, "completion_tokens": 90 } });
    Some(Reply::whole("200 OK", &["content-type: application/json"], answer.to_string()))
}

#[tokio::test]
async fn the_week_in_short_says_only_what_rests_on_its_stories_and_who_wrote_it() {
    let standing = Stub::of(Dialect::LlamaServer).meddling(|asked, _| week_in_short(asked)).start();
    let with = week(false, |_| door(standing.url(), false)).await;
    let editorial = with.digest().editorial.expect("a sentence is left");
    assert_eq!(editorial.model, "qwen3:8b");
    let page = with.page().replace('\n', " ");
    assert!(page.contains("Approval rules were applied before the trust prompt was answered."), "{page}");
    for dropped in ["Everything else is fine", "Nothing else happened", "98765"] {
        assert!(!page.contains(dropped), "{dropped}");
    }
    // What the model wrote of the items themselves was no form, and nobody can tell.
    let extracted: usize = with.reports.iter().map(|report| report.acts.extracted).sum();
    assert!(extracted > 0);
}
