//! The two files a person writes: what they may say, and how mistakes in them are told.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use tidings::config::{Database, Endpoint, Mistake, Route, SecretName, read_settings, read_sources};
use tidings::edition::EditionKind;
use tidings::source::Trust;

fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/config");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

fn told(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(|mistake| format!("{mistake}\n\n")).collect()
}

#[test]
fn every_mistake_in_sources_is_told_at_once_with_its_place_and_remedy() {
    let mistakes = read_sources("sources.toml", &fixture("mistaken-sources.toml")).unwrap_err();
    insta::assert_snapshot!("mistaken_sources", told(&mistakes));
}

#[test]
fn every_mistake_in_settings_is_told_at_once_and_no_secret_with_it() {
    let mistakes = read_settings("tidings.toml", &fixture("mistaken-settings.toml")).unwrap_err();
    insta::assert_snapshot!("mistaken_settings", told(&mistakes));
}

#[test]
fn what_is_no_toml_is_a_mistake_with_a_place_too() {
    let mistakes = read_sources("sources.toml", "[[source]\nname = \"a\n").unwrap_err();
    assert!(mistakes.iter().any(|mistake| mistake.line == 1), "{mistakes:?}");
    assert!(mistakes.iter().all(|mistake| !mistake.remedy.is_empty()), "{mistakes:?}");
}

#[test]
fn the_shipped_list_has_no_mistake_and_watches_what_the_lab_asked_for() {
    let text = include_str!("../../sources.toml");
    let sources = read_sources("sources.toml", text).unwrap();
    assert!(sources.len() >= 70, "{} sources", sources.len());
    assert!(
        sources
            .iter()
            .all(|source| source.from.url(Timestamp::UNIX_EPOCH).scheme() == "https" && !source.topics.is_empty())
    );
    for trust in Trust::ALL {
        assert!(sources.iter().any(|source| source.trust == trust), "some are {}", trust.word());
    }
}

#[test]
fn a_source_needs_only_a_name_and_an_address() {
    let text = "[[source]]\nname = \"A\"\nfrom.feed = \"https://a.example/feed\"\n";
    let sources = read_sources("sources.toml", text).unwrap();
    assert_eq!((sources[0].every, sources[0].trust), (SignedDuration::from_hours(1), Trust::Community));
}

#[test]
fn an_empty_settings_file_is_all_defaults() {
    let config = read_settings("tidings.toml", "").unwrap();
    assert_eq!((config.network.per_host, config.network.gap.as_secs()), (2, 1));
    assert!(config.mail.is_none() && config.people.is_empty());
    assert!(config.interests.profile.contains("prompt injection"));
}

#[test]
fn a_model_is_an_address_a_file_or_what_answers_here() {
    let model = |text: &str| read_settings("tidings.toml", text).unwrap().model;
    assert_eq!((model("").endpoint, model("").gguf, model("").canaries), (Endpoint::Auto, None, true));
    let at = model("[model]\nendpoint = \"http://gpu.lab.example:8000/v1\"\nkey_env = \"KEY\"\ncanaries = false\n");
    assert!(matches!(&at.endpoint, Endpoint::At(url) if url.host_str() == Some("gpu.lab.example")));
    assert_eq!((at.key, at.canaries), (Some(SecretName::Env("KEY".to_owned())), false));
    assert_eq!(model("[model]\nendpoint = \"off\"\n").endpoint, Endpoint::Off);
    let file = model("[model]\ngguf = \"/models/qwen3.gguf\"\nload_timeout = \"5m\"\n");
    assert_eq!((file.gguf, file.load_timeout.as_secs()), (Some("/models/qwen3.gguf".into()), 300));
}

#[test]
fn settings_say_where_a_secret_lies_and_never_the_secret() {
    let text = "[mail]\nsmtp = \"smtp://bot@mail.example.org\"\nfrom = \"Tidings <t@example.org>\"\npassword_env = \"PASS\"\n\
                [webhook]\nurl = \"https://hooks.example.org/x\"\nsecret_file = \"/run/hook\"\n";
    let config = read_settings("tidings.toml", text).unwrap();
    assert_eq!(config.mail.unwrap().password, Some(SecretName::Env("PASS".to_owned())));
    assert_eq!(config.webhook.unwrap().secret, Some(SecretName::File("/run/hook".into())));
}

#[test]
fn routes_name_models_and_what_they_cost() {
    let text = "[[endpoint]]\nname = \"lab-vllm\"\nurl = \"http://gpu1:8000/v1\"\nmodel = \"Qwen/Qwen3-32B\"\nkey_env = \"LAB_KEY\"\n\
                [claude]\nmodel = \"claude-lantern-5\"\ndollars_in = 4\ndollars_out = 0.5\n\
                [routes]\nextraction = [\"lab-vllm\", \"local\"]\neditorial = [\"none\"]\nsecond_opinion = [\"local\"]\n";
    let config = read_settings("tidings.toml", text).unwrap_or_else(|mistakes| panic!("{}", told(&mistakes)));
    let claude = config.claude.unwrap();
    assert_eq!((claude.prices.input, claude.prices.output, claude.prices.a_month), (4_000_000, 500_000, 10_000_000));
    assert_eq!(claude.key, SecretName::Env("ANTHROPIC_API_KEY".to_owned()));
    assert_eq!(claude.url.as_str(), "https://api.anthropic.com/");
    assert_eq!(config.routes.screening, [Route::Local]);
    assert_eq!(config.routes.extraction, [Route::Lab("lab-vllm".to_owned()), Route::Local]);
    assert!(config.routes.editorial.is_empty());
    assert_eq!(config.routes.second_opinion, [Route::Local]);
    let lab = &config.endpoints[0];
    assert!(lab.prices.are_nothing());
    let model = lab.as_model();
    assert_eq!(model.endpoint, Endpoint::At(lab.url.clone()));
    assert_eq!((model.name, model.key), (lab.model.clone(), lab.key.clone()));
    let default = read_settings("tidings.toml", "").unwrap();
    assert!(default.claude.is_none() && default.endpoints.is_empty());
    assert_eq!(default.routes.editorial, [Route::Claude, Route::Local]);
}

#[test]
fn prices_stand_under_the_beginning_of_a_models_name() {
    let text =
        "[prices.\"lantern-9\"]\ninput = 3\noutput = 15.5\ncache_read = 0.3\n[prices.beacon]\ninput = 0\noutput = 0\n";
    let prices = read_settings("tidings.toml", text).unwrap_or_else(|mistakes| panic!("{}", told(&mistakes))).prices;
    let (name, price) = prices.of("lantern-9-20261101").unwrap();
    assert_eq!(
        (name, price.input, price.output, price.cache_read),
        ("lantern-9", 3_000_000, 15_500_000, Some(300_000))
    );
    assert_eq!((price.cache_write_5m, price.cache_write_1h), (None, None));
    assert!(prices.of("beacon-2").is_some() && prices.of("lantern").is_none());
    assert!(read_settings("tidings.toml", "").unwrap().prices.0.is_empty(), "none are shipped");
}

#[test]
fn channels_tell_what_suits_them_unless_their_line_says_otherwise() {
    let text = "[ntfy]\nurl = \"https://ntfy.example\"\ntopic = \"lab\"\n[slack]\nurl_file = \"/run/slack\"\n\
                [apprise]\nurl = \"http://box.example:8000/notify/lab\"\ntells = [\"alert\"]\n\
                [notion]\ntoken_env = \"NOTION\"\ntools = \"2f3c4d5e-0000-4000-8000-0123456789AB\"\n";
    let config = read_settings("tidings.toml", text).unwrap_or_else(|mistakes| panic!("{}", told(&mistakes)));
    let words = |tells: &[EditionKind]| tells.iter().map(|kind| kind.word()).collect::<Vec<_>>().join(" ");
    assert_eq!(words(&config.ntfy.unwrap().tells), "alert rollup notice");
    assert_eq!(words(&config.slack.unwrap().tells), "alert rollup digest");
    assert_eq!(words(&config.apprise.unwrap().tells), "alert");
    let notion = config.notion.unwrap();
    assert_eq!((words(&notion.tells).as_str(), notion.gap.as_millis()), ("alert digest trends", 350));
    assert_eq!(notion.databases[&Database::Tools], "2f3c4d5e0000400080000123456789ab");
}

#[test]
fn every_mistake_in_channels_is_told_at_once_and_no_secret_with_it() {
    let mistakes = read_settings("tidings.toml", &fixture("mistaken-channels.toml")).unwrap_err();
    let told = told(&mistakes);
    assert!(!told.contains("not_for_eyes"), "{told}");
    insta::assert_snapshot!("mistaken_channels", told);
}

#[test]
fn quiet_hours_may_pass_midnight() {
    let schedule = |hours: &str| {
        let text = format!("[schedule]\nzone = \"Europe/London\"\nquiet = \"{hours}\"\n");
        read_settings("tidings.toml", &text).unwrap().schedule
    };
    let is_quiet = |hours: &str, time: &str| {
        schedule(hours).is_quiet(Some(EditionKind::Digest), format!("2026-11-21T{time}Z").parse().unwrap())
    };
    for (time, quiet) in
        [("21:59:59", false), ("22:00:00", true), ("00:00:00", true), ("06:59:59", true), ("07:00:00", false)]
    {
        assert_eq!(is_quiet("22:00-07:00", time), quiet, "{time}");
    }
    assert!(is_quiet("09:00-17:00", "09:00:00") && !is_quiet("09:00-17:00", "17:00:00"));
    let night = "2026-11-21T23:00:00Z".parse().unwrap();
    assert!(!schedule("22:00-07:00").is_quiet(Some(EditionKind::Alert), night), "alerts are spared");
    assert!(schedule("22:00-07:00").is_quiet(None, night));
}

#[test]
fn pushes_of_sessions_are_read_strictly_and_need_a_way_to_the_phone() {
    let ntfy = "[ntfy]\nurl = \"https://ntfy.example\"\ntopic = \"lab\"\n";
    let read = |text: &str| read_settings("tidings.toml", &format!("{ntfy}{text}")).map(|config| config.push);
    let push = read("[sessions]\npush = [\"waiting\"]\nafter = \"5m\"\ntopic = \"mine\"\n").unwrap();
    assert_eq!((push.waiting, push.done, push.topic.as_deref()), (true, false, Some("mine")));
    assert_eq!(push.after, SignedDuration::from_mins(5));
    assert_eq!(read("[sessions]\npush = [\"done\"]\n").unwrap().after, SignedDuration::from_mins(1));
    let none = read("").unwrap();
    assert!(!none.waiting && !none.done);
    for (text, words) in [
        ("[sessions]\npush = [\"wating\"]\n", "did you mean \"waiting\"?"),
        ("[sessions]\npush = [\"typing\"]\n", "any of waiting, done"),
        ("[sessions]\nafter = \"2d\"\n", "more than six hours"),
        ("[sessions]\ntopic = \"no topic\"\n", "no topic"),
        ("[sessions]\npsh = []\n", "did you mean `push`?"),
    ] {
        assert!(told(&read(text).unwrap_err()).contains(words), "{text}");
    }
    let alone = read_settings("tidings.toml", "[sessions]\npush = [\"done\"]\n").unwrap_err();
    assert!(told(&alone).contains("[sessions] pushes over [ntfy], and there is none"));
}
