//! Hostile items: what feeds may write to be told louder, or to have others told softer. Each line of hostile.jsonl is one.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use regex::Regex;
use serde::Deserialize;
use tidings::config::Interests;
use tidings::guard::prompt::neutral;
use tidings::guard::text::{clean, is_clean, one_line};
use tidings::item::{Item, ItemId, Place};
use tidings::judge::Judge;
use tidings::judge::group::Grouping;
use tidings::source::Trust;
use tidings::verdict::Level;
use unicode_normalization::UnicodeNormalization;

#[derive(Debug, Deserialize)]
struct Hostile {
    id: String,
    kind: String,
    trust: Trust,
    source: String,
    title: String,
    text: String,
    /// The text is repeated until it has so many kB, and then comes `then`.
    #[serde(default)]
    pad_kb: usize,
    #[serde(default)]
    then: String,
    url: String,
    /// Items of one name tell one story.
    story: Option<String>,
    must: Must,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Must {
    NotCritical,
    StaysCritical,
}

impl Must {
    fn holds(self, level: Level) -> bool {
        (level == Level::Critical) == (self == Must::StaysCritical)
    }
}

impl Hostile {
    fn raw_text(&self) -> String {
        let times = (self.pad_kb * 1_000).div_ceil(self.text.len().max(1)).max(1);
        self.text.repeat(times) + &self.then
    }

    /// As reading would have kept it.
    fn item(&self) -> (Item, String) {
        let item = Item {
            id: ItemId::first_seen(&self.source, &self.id, 0),
            source: self.source.clone(),
            trust: self.trust,
            topics: Vec::new(),
            title: one_line(&self.title),
            link: self.url.parse().ok(),
            author: None,
            published: Some(now()),
            seen: now(),
            changed: None,
            content: String::new(),
            baseline: false,
            place: Place { file: String::new(), frame: 0, start: 0, length: 0 },
        };
        (item, clean(&self.raw_text()))
    }
}

fn now() -> Timestamp {
    "2026-11-21T08:00:00Z".parse().unwrap()
}

fn judge() -> Judge {
    Judge::new(&Interests { watch: vec!["lantern-code".to_owned(), "beacon".to_owned()], ..Interests::default() })
}

fn hostile() -> Vec<Hostile> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/judge/hostile.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[test]
fn there_are_hostile_items_of_every_kind() {
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for one in hostile() {
        *kinds.entry(one.kind).or_default() += 1;
    }
    let wanted = ["collude", "disguise", "escalate", "exfiltrate", "flood", "forge", "hidden", "language", "suppress"];
    assert_eq!(kinds.keys().collect::<Vec<_>>(), wanted);
    assert!(kinds.values().sum::<usize>() >= 110, "{kinds:?}");
}

#[test]
fn no_text_raises_its_own_level_and_none_silences_a_rule() {
    let judge = judge();
    let mut wrong = Vec::new();
    for one in hostile() {
        let (item, text) = one.item();
        let verdict = judge.verdict(&item, &text, now());
        if !one.must.holds(verdict.level) {
            wrong.push(format!("{} is {}: {:?}", one.id, verdict.level.word(), verdict.why));
        }
        if one.trust == Trust::Community && verdict.action.is_some() {
            wrong.push(format!("{} has readers do something: {:?}", one.id, verdict.action));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn strangers_that_agree_raise_no_alarm_together() {
    let judge = judge();
    let mut told: BTreeMap<String, Vec<Hostile>> = BTreeMap::new();
    for one in hostile() {
        if let Some(name) = &one.story {
            told.entry(name.clone()).or_default().push(one);
        }
    }
    assert_eq!(told.len(), 4);
    for (name, items) in told {
        let mut grouping = Grouping::new(&judge);
        for one in &items {
            let (item, text) = one.item();
            grouping.place_judged(&item, &text, &judge.verdict(&item, &text, now()));
        }
        let stories = grouping.stories();
        assert_eq!(stories.len(), 1, "{name} is one story");
        assert!(stories[0].members.len() >= 2 && items[0].must.holds(stories[0].verdict.level), "{name}");
    }
}

/// What a server may take for a token or a template for a turn, and what would end our own fence.
fn obeyed(text: &str) -> Option<String> {
    let pattern = Regex::new(
        r"(?x) <\|[^>]*\|> | <\s*/?\s*(?i:think|tool_call|tool_response|item|system|user|assistant|start_of_\w+|end_of_turn
        |image_soft_token|fim_\w+|s)\b[^>]*> | \[/?(?:INST|IMG|IMG_END)\] | <</?SYS>>
        | (?im:^[\#\s]*(?:human|assistant|system|user|instruction|response|letter)\s*:)",
    )
    .unwrap();
    let folded: String = text.nfkc().collect();
    pattern.find(&folded).map(|found| found.as_str().to_owned())
}

#[test]
fn none_of_them_speaks_with_another_voice_in_a_prompt() {
    let mut forged = 0;
    for one in hostile() {
        for text in [one.title.clone(), one.raw_text()] {
            forged += usize::from(obeyed(&clean(&text)).is_some());
            let neutral = neutral(&text);
            assert_eq!(obeyed(&neutral), None, "{}: {neutral:.300}", one.id);
        }
    }
    assert!(forged >= 30, "only {forged} of them forge anything");
}

#[test]
fn a_text_that_is_said_to_be_clean_is_left_as_it_is() {
    let mut unsure = 0;
    for character in char::MIN..=char::MAX {
        // Behind a whole chunk of plain letters, and within one.
        let text = format!("{}{character}b", "a".repeat(if character.is_ascii() { 1 } else { 33 }));
        match is_clean(&text) {
            true => assert_eq!(clean(&text), text, "{:x}", character as u32),
            false => unsure += 1,
        }
    }
    // It is of use only if it is sure of nearly all.
    assert!((65..10_000).contains(&unsure), "{unsure}");
}
