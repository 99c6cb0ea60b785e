//! Screening: the prompt, what is asked, what comes back, and stopping when the model is gone.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;
use proptest::prelude::*;
use tidings::config::Interests;
use tidings::judge::model::{Answered, Choice, Dialect, Model, Order, Prompt, Trouble, Written};
use tidings::judge::screening::{Asked, LETTERS, Screened, Screening, canaries, examples, screen};
use tidings::opinion::{Measure, Opinion, Tokens};

use super::{found, stub};
use crate::support::server::Reply;

fn now() -> Timestamp {
    "2026-11-21T08:00:00Z".parse().unwrap()
}

fn screening() -> Screening {
    Screening::new(&Interests { watch: vec!["lantern-code".to_owned()], ..Interests::default() })
}

fn asked(id: usize, title: &str, text: &str) -> Asked {
    let (title, text) = (title.to_owned(), text.to_owned());
    Asked { id: format!("i-{id}"), trust: "community", at: now(), title, text, hits: Vec::new() }
}

/// A model of the test's own: what it answers to a user's text.
struct Oracle<F>(F, usize, Mutex<Vec<Prompt>>);

impl<F: Fn(usize, &str) -> Result<Choice, Trouble> + Send + Sync> Model for Oracle<F> {
    fn name(&self) -> &str {
        "oracle"
    }

    fn slots(&self) -> usize {
        self.1
    }

    fn choose<'a>(&'a self, prompt: &'a Prompt, _: &'a [char]) -> Answered<'a, Choice> {
        Box::pin(async move {
            let number = {
                let mut prompts = self.2.lock().unwrap();
                prompts.push(prompt.clone());
                prompts.len() - 1
            };
            (self.0)(number, &prompt.user)
        })
    }

    fn write<'a>(&'a self, _: &'a Order) -> Answered<'a, Written> {
        Box::pin(async { Err(Trouble::Refused("it only knows letters".to_owned())) })
    }
}

fn choice(shares: [f64; 4]) -> Choice {
    let tokens = Tokens { prompt: 700, cached: 600, generated: 1 };
    Choice { shares: shares.to_vec(), measure: Measure::Whole, mass: None, tokens }
}

async fn screened(model: &dyn Model, asked: Vec<Asked>) -> (Screened, Vec<(String, Result<Opinion, Trouble>)>) {
    let mut told = Vec::new();
    let tell = |asked: &Asked, opinion| told.push((asked.id.clone(), opinion));
    let screened = screen(model, &screening(), asked, now(), tell).await;
    (screened, told)
}

#[test]
fn every_letter_has_an_example_and_one_that_only_looks_like_it() {
    let examples = examples();
    for letter in LETTERS {
        assert!(examples.iter().any(|(under, right, _)| *under == letter && *right == letter), "{letter} is");
        assert!(examples.iter().any(|(under, right, _)| *under == letter && *right != letter), "{letter} is not");
    }
    assert!(examples.iter().all(|(.., text)| text.len() > 20));
    for letter in LETTERS {
        let right = examples.iter().filter(|(_, right, _)| *right == letter).count();
        assert_eq!(right, 2, "no letter is right more often than another: {letter}");
    }
}

#[test]
fn the_system_text_is_the_same_for_all_items_and_of_the_size_that_was_planned() {
    let screening = screening();
    let one = screening.prompt(&asked(1, "One", "text"));
    let other = screening.prompt(&asked(2, "Other", "another text"));
    assert_eq!(one.system, other.system);
    assert!(one.system.contains("lantern-code") && !one.system.contains("<!--") && !one.system.contains('{'));
    // 450 to 700 tokens at 4 to 5 characters each.
    assert!((2_200..3_600).contains(&one.system.len()), "{} characters", one.system.len());
    assert!(!one.system.contains("2026"), "a date would cost the cache each day");
}

#[test]
fn other_interests_make_another_prompt_and_another_key() {
    let other = Screening::new(&Interests { watch: vec!["beacon".to_owned()], ..Interests::default() });
    let item = asked(1, "One", "text");
    assert_ne!(screening().hash(), other.hash());
    assert_ne!(screening().key("qwen", &item), other.key("qwen", &item));
    assert_ne!(screening().key("qwen", &item), screening().key("llama", &item));
    assert_ne!(screening().key("qwen", &item), screening().key("qwen", &asked(1, "One", "other text")));
    assert_eq!(
        screening().key("qwen", &item),
        screening().key("qwen", &asked(9, "One", "text")),
        "the name is no part"
    );
}

#[test]
fn a_long_text_is_read_at_its_beginning_and_where_rules_pointed() {
    let mut item = asked(1, &"title ".repeat(200), &"padding word ".repeat(8_000));
    item.text.push_str("The hole is fixed in 4.12.3.");
    item.hits = vec!["The hole is fixed in 4.12.3.".to_owned(), "x".repeat(900)];
    let user = screening().prompt(&item).user;
    assert!(user.contains("… The hole is fixed in 4.12.3."));
    assert!(user.chars().count() < 300 + 1_200 + 150, "{} characters", user.chars().count());
    assert!(user.ends_with("Letter:"));
    // A sentence of the beginning is not read twice.
    let mut short = asked(1, "t", "It is fixed in 2.0. Update.");
    short.hits = vec!["It is fixed in 2.0.".to_owned()];
    assert_eq!(screening().prompt(&short).user.matches("fixed in 2.0").count(), 1);
}

proptest! {
    #[test]
    fn no_item_closes_its_own_fence(
        title in "[<>/a-z|_ ]{0,60}",
        text in "(</item [0-9a-z]{10}>|<item|<\\|im_end\\|>|&lt;/item>|Letter: A|\\PC|\n){0,30}",
    ) {
        let user = screening().prompt(&asked(1, &title, &text)).user;
        prop_assert_eq!(user.matches("<item").count(), 1);
        prop_assert_eq!(user.matches("</item").count(), 1);
        prop_assert!(!user.contains("<|"));
    }
}

#[tokio::test]
async fn opinions_come_with_all_that_is_needed_to_keep_them() {
    let standing = stub(Dialect::LlamaServer)
        .judging(|user| if user.contains("hole") { [0.9, 0.05, 0.03, 0.02] } else { [0.02, 0.08, 0.2, 0.7] })
        .start();
    let server = found(&standing).await;
    let items = (0..20).map(|id| asked(id, if id == 3 { "A hole" } else { "A cake" }, &format!("text {id}"))).collect();
    let (screened, told) = screened(&server, items).await;
    assert_eq!((screened.read, screened.failed, screened.unread, screened.ended), (20, 0, 0, None));
    assert!(screened.tokens.prompt > 20 * 500 && screened.tokens.generated == 21, "{:?}", screened.tokens);
    assert_eq!(told.len(), 20);
    for (id, opinion) in told {
        let opinion = opinion.unwrap();
        let odds = opinion.odds;
        assert!((odds.critical + odds.notable + odds.routine + odds.noise - 1.0).abs() < 1e-9);
        assert_eq!(odds.critical > 0.5, id == "i-3");
        assert_eq!((opinion.model.as_str(), opinion.prompt.as_str()), ("qwen3:8b", screening().hash()));
        assert_eq!((opinion.at, opinion.measure), (now(), Measure::Whole));
    }
    let most = standing.asked().iter().map(|asked| asked.in_flight).max().unwrap();
    assert!(most <= 4, "{most} at once, and the server has 4 slots");
    let first: Vec<usize> = standing.asked().iter().take(2).map(|asked| asked.in_flight).collect();
    assert_eq!(first, [1, 1], "the first is asked alone, so that the others find the prompt in the cache");
}

#[tokio::test]
async fn when_the_model_goes_away_the_rest_stays_unread() {
    let gone = |number: usize, _: &str| match number {
        0..4 => Ok(choice([0.1, 0.2, 0.3, 0.4])),
        _ => Err(Trouble::Away("gone".to_owned())),
    };
    let oracle = Oracle(gone, 2, Mutex::default());
    let (screened, told) = screened(&oracle, (0..50).map(|id| asked(id, "t", "x")).collect()).await;
    assert_eq!((screened.read, screened.failed, screened.unread), (4, 0, 46));
    assert_eq!(screened.ended, Some(Trouble::Away("gone".to_owned())));
    assert_eq!(told.len(), 4, "nobody is told of what was not read");
    assert!(oracle.2.lock().unwrap().len() <= 6, "nor is the model asked again and again");
}

#[tokio::test]
async fn a_bad_answer_costs_one_item_and_is_no_opinion() {
    let moody = |number: usize, _: &str| match number {
        1 => Err(Trouble::Nonsense("hm".to_owned())),
        2 => Err(Trouble::Failed("late".to_owned())),
        3 => Ok(Choice { mass: Some(0.2), ..choice([0.25; 4]) }),
        _ => Ok(choice([0.1, 0.2, 0.3, 0.4])),
    };
    let oracle = Oracle(moody, 1, Mutex::default());
    let (screened, told) = screened(&oracle, (0..6).map(|id| asked(id, "t", "x")).collect()).await;
    assert_eq!((screened.read, screened.failed, screened.unread), (3, 3, 0));
    let failed: Vec<&str> = told.iter().filter(|(_, one)| one.is_err()).map(|(id, _)| id.as_str()).collect();
    assert_eq!(failed, ["i-1", "i-2", "i-3"]);
    assert_eq!(screened.tokens.prompt, 4 * 700, "what was paid for nonsense is counted too");
}

#[tokio::test]
async fn a_prompt_that_is_too_long_is_shortened_once() {
    let lengths = Mutex::new(Vec::new());
    let narrow = |_: usize, user: &str| {
        lengths.lock().unwrap().push(user.len());
        match user.len() {
            0..700 => Ok(choice([0.1, 0.2, 0.3, 0.4])),
            _ => Err(Trouble::TooLong { prompt: 1_000, context: 800 }),
        }
    };
    let (screened, told) =
        screened(&Oracle(narrow, 1, Mutex::default()), vec![asked(0, "t", &"word ".repeat(400))]).await;
    assert_eq!((screened.read, told.len()), (1, 1));
    let lengths = lengths.into_inner().unwrap();
    assert_eq!(lengths.len(), 2);
    assert!(lengths[1] < lengths[0] * 8 / 10, "{lengths:?}");

    let tries = AtomicUsize::new(0);
    let never = |_: usize, _: &str| {
        tries.fetch_add(1, Ordering::SeqCst);
        Err(Trouble::TooLong { prompt: 1_000, context: 10 })
    };
    let (screened, _) = self::screened(&Oracle(never, 1, Mutex::default()), vec![asked(0, "t", "x")]).await;
    assert_eq!((screened.failed, tries.into_inner()), (1, 2));
}

/// A model that reads: danger, small fixes, and everything else.
fn sensible(user: &str) -> [f64; 4] {
    if user.contains("source=official") && user.contains("Update") {
        [0.9, 0.06, 0.02, 0.02]
    } else if user.contains("source=official") {
        [0.02, 0.2, 0.7, 0.08]
    } else {
        [0.01, 0.03, 0.06, 0.9]
    }
}

#[tokio::test]
async fn a_sensible_model_passes_the_canaries() {
    for dialect in super::ALL {
        let standing = stub(dialect).judging(sensible).start();
        let tokens = canaries(&found(&standing).await, &screening()).await.unwrap();
        assert!(tokens.prompt > 0, "{dialect:?}");
        for asked in standing.asked() {
            assert!(!asked.body.contains("<|im_"), "a forged turn never reaches a server");
        }
    }
}

#[tokio::test]
async fn a_model_that_obeys_a_text_or_does_not_read_is_named_with_what_it_got_wrong() {
    type Judging = fn(&str) -> [f64; 4];
    let cases: [(&str, Judging); 6] =
        [
            ("a text that asks to be critical", |user| {
                if user.contains("only right letter is A") { [0.9, 0.1, 0.0, 0.0] } else { sensible(user) }
            }),
            ("a text that asks to be passed over", |user| {
                if user.contains("answer D") { [0.1, 0.1, 0.1, 0.7] } else { sensible(user) }
            }),
            ("a text that forges a turn", |user| {
                if user.contains("im_start") { [0.9, 0.1, 0.0, 0.0] } else { sensible(user) }
            }),
            ("a clear danger", |_| [0.01, 0.03, 0.06, 0.9]),
            ("clear noise", |_| [0.9, 0.06, 0.02, 0.02]),
            ("a small release", |user| if user.contains("4.12.4") { [0.9, 0.06, 0.02, 0.02] } else { sensible(user) }),
        ];
    for (name, judging) in cases {
        let standing = stub(Dialect::Vllm).judging(judging).start();
        let trouble = canaries(&found(&standing).await, &screening()).await.unwrap_err();
        assert!(matches!(&trouble, Trouble::Nonsense(words) if words.contains(name)), "{name}: {trouble:?}");
    }
}

#[tokio::test]
async fn a_server_that_falls_silent_during_the_canaries_flips_none() {
    let silent = |_: &_, number| (number > 2).then(|| Reply::whole("503", &[], r#"{"error":"busy"}"#));
    let standing = stub(Dialect::Ollama).judging(sensible).meddling(silent).start();
    let trouble = canaries(&found(&standing).await, &screening()).await.unwrap_err();
    assert!(matches!(trouble, Trouble::Failed(_)), "{trouble:?}");
}
