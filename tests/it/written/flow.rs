//! The two passes that have something written: what a digest says of it, and what is kept when a model fails midway.

use std::sync::Arc;
use std::time::Duration;

use tidings::config::{Prices, SecretName, read_settings};
use tidings::edition::Telling;
use tidings::extraction::By;
use tidings::flow::{LONGEST, Writer, add_editorial, dollars, extract_stories};
use tidings::judge::model::{Answered, Choice, Model, Order, Prompt, Trouble, Written};

use tidings::story::Story;
use tidings::verdict::Level;

use super::Scripted;
use crate::keep::working::story;
use crate::keep::{entry, keep, noon, open};
use crate::tell::samples::{digest, telling};

const PRICES: Prices = Prices { input: 4_000_000, output: 20_000_000, a_month: 10_000_000 };

fn writer(route: &str, model: Arc<dyn Model>, prices: Option<Prices>) -> Writer {
    Writer { route: route.to_owned(), model, prices, beyond: 0 }
}

fn in_short() -> String {
    let sentence = serde_json::json!({ "text": "It says something in its own words.", "stories": ["s-0000000001"] });
    serde_json::json!({ "paragraphs": [{ "sentences": [sentence] }] }).to_string()
}

fn own_words() -> Telling {
    Telling { excerpt: "It says something in its own words.".to_owned(), ..telling(1) }
}

/// Never answers.
struct Silent;

impl Model for Silent {
    fn name(&self) -> &str {
        "silent-8b"
    }

    fn slots(&self) -> usize {
        1
    }

    fn choose<'a>(&'a self, _: &'a Prompt, _: &'a [char]) -> Answered<'a, Choice> {
        Box::pin(std::future::pending())
    }

    fn write<'a>(&'a self, _: &'a Order) -> Answered<'a, Written> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn a_digest_has_the_week_in_short_and_says_what_it_cost() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let mut digest = digest(vec![own_words()]);
    let claude = writer("claude", Arc::new(Scripted::new([Ok(in_short())])), Some(PRICES));
    add_editorial(&store, &mut digest, &[claude], LONGEST, noon()).await;
    assert_eq!(digest.editorial.unwrap().model, "lantern-8b");
    assert_eq!(digest.remarks, ["Spent this month: $0.01 of $10.00 on lantern-8b."]);
}

#[tokio::test]
async fn the_next_model_of_the_route_writes_where_the_first_can_not() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let mut digest = digest(vec![own_words()]);
    let away = Arc::new(Scripted::new([Err(Trouble::Away("nothing answers".to_owned()))]));
    let poor = Prices { a_month: 1, ..PRICES };
    let writers = [
        writer("claude", Arc::new(Scripted::new([])), Some(poor)),
        writer("lab", away, None),
        writer("local", Arc::new(Scripted::new([Ok(in_short())])), None),
    ];
    add_editorial(&store, &mut digest, &writers, LONGEST, noon()).await;
    assert!(digest.editorial.is_some() && digest.remarks.is_empty(), "{:?}", digest.remarks);
}

#[tokio::test]
async fn a_digest_without_the_week_in_short_says_why_in_one_line_and_never_waits() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let mut late = digest(vec![own_words()]);
    add_editorial(&store, &mut late, &[writer("local", Arc::new(Silent), None)], Duration::ZERO, noon()).await;
    assert_eq!(late.remarks, ["Without the week in short: silent-8b took longer than 0 s."]);
    let mut wrong = digest(vec![own_words()]);
    let prose = Arc::new(Scripted::new([Ok("All is well.".to_owned()), Ok("All is well.".to_owned())]));
    add_editorial(&store, &mut wrong, &[writer("local", prose, None)], LONGEST, noon()).await;
    assert_eq!(wrong.remarks, ["Without the week in short: nothing that lantern-8b wrote rests on the stories."]);
    let mut alone = digest(vec![own_words()]);
    add_editorial(&store, &mut alone, &[], LONGEST, noon()).await;
    assert_eq!(alone, digest(vec![own_words()]), "without a model nothing is said about it");
    let mut empty = digest(Vec::new());
    add_editorial(&store, &mut empty, &[writer("local", Arc::new(Scripted::new([])), None)], LONGEST, noon()).await;
    assert_eq!(empty, digest(Vec::new()), "a week without stories asks nobody");
}

fn form() -> String {
    serde_json::json!({
        "title": "One", "summary": "A hook is asked about first.", "claim": "A hook is asked about first.",
        "technique": null, "commands": [], "severity": "none", "category": "feature", "affected_versions": [],
        "quote": "A hook is asked about first",
    })
    .to_string()
}

#[tokio::test]
async fn what_was_extracted_is_kept_and_not_asked_again_until_the_words_change() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let said = "A hook is asked about first.";
    let ids = keep(&mut store, vec![entry("a", "One", said), entry("b", "Two", said), entry("c", "Three", said)]).new;
    let stories: Vec<Story> = [(0, Level::Notable), (1, Level::Critical), (2, Level::Routine)]
        .map(|(place, level)| story(&ids[place], level, noon()))
        .into();
    // The model answers once, then it is gone.
    let model = Arc::new(Scripted::new([Ok(form()), Err(Trouble::Away("gone".to_owned()))]));
    let pass = extract_stories(&mut store, &stories, &[writer("local", model, None)], 10, noon()).await.unwrap();
    assert_eq!((pass.extracted, pass.trouble), (1, Some(Trouble::Away("gone".to_owned()))));
    assert_eq!(store.extraction(&ids[0]).unwrap().unwrap().by, By::Model("lantern-8b".to_owned()));
    // The next pass asks only for what is missing, and never for what is only routine.
    let model = Arc::new(Scripted::new([Ok(form().replace("One", "Two"))]));
    let pass = extract_stories(&mut store, &stories, &[writer("local", model, None)], 10, noon()).await.unwrap();
    assert_eq!((pass.extracted, pass.trouble), (1, None));
    assert!(store.extraction(&ids[2]).unwrap().is_none());
    let idle = Arc::new(Scripted::new([]));
    let pass = extract_stories(&mut store, &stories, &[writer("local", idle, None)], 10, noon()).await.unwrap();
    assert_eq!(pass.extracted, 0);
    keep(&mut store, vec![entry("a", "One", "A hook is asked about first. And more.")]);
    let model = Arc::new(Scripted::new([Ok(form())]));
    let pass = extract_stories(&mut store, &stories, &[writer("local", model, None)], 10, noon()).await.unwrap();
    assert_eq!(pass.extracted, 1, "other words are extracted anew");
}

#[test]
fn claude_without_its_key_is_no_candidate() {
    let text = "[claude]\nmodel = \"claude-lantern-5\"\ndollars_in = 4\ndollars_out = 20\n";
    let config = read_settings("tidings.toml", text).unwrap();
    let none = |_: &SecretName| -> anyhow::Result<String> { anyhow::bail!("not set") };
    assert!(Writer::claude(&config, &none).unwrap().is_none());
    assert!(Writer::claude(&config, &|_| Ok(" ".to_owned())).unwrap().is_none());
    let writer = Writer::claude(&config, &|_| Ok("sk-ant-test".to_owned())).unwrap().unwrap();
    assert_eq!((writer.route.as_str(), writer.model.name()), ("claude", "claude-lantern-5"));
    let nothing = read_settings("tidings.toml", "").unwrap();
    assert!(Writer::claude(&nothing, &|_| Ok("sk-ant-test".to_owned())).unwrap().is_none(), "nobody wrote [claude]");
    assert_eq!((dollars(0), dollars(1), dollars(4_209_999)), ("$0.00".into(), "$0.01".into(), "$4.21".into()));
}
