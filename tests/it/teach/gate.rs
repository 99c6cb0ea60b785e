//! The gate lets honest lessons through: facts of real changelogs and documentation, told in our own words, code included.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value};
use tidings::lesson::{Advice, Lesson, Since};
use tidings::teach::gate;

use super::made::{allowed, sound};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct True {
    claim: String,
    when: String,
    command: Option<String>,
    settings: Option<Map<String, Value>>,
    since: Option<String>,
}

/// The lessons of true.jsonl.
fn true_lessons() -> Vec<Lesson> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/teach/true.jsonl");
    let read = |line: &str| {
        let told: True = serde_json::from_str(line).unwrap();
        let since = told.since.map(|since| {
            let (product, version) = since.split_once(' ').unwrap();
            Since { product: product.into(), version: version.into() }
        });
        let advice = told.command.map(Advice::Command).or(told.settings.map(Advice::Settings));
        Lesson { claim: told.claim, use_when: told.when, advice, since, ..sound() }
    };
    fs::read_to_string(path).unwrap().lines().map(read).collect()
}

#[test]
fn true_lessons_pass() {
    let lessons = true_lessons();
    assert!(lessons.len() >= 100, "{}", lessons.len());
    let refused: Vec<String> = lessons
        .iter()
        .filter_map(|lesson| Some(format!("{}\n    {:?}", lesson.claim, gate::check(lesson, &allowed()).err()?)))
        .collect();
    assert!(
        refused.len() * 100 <= lessons.len() * 5,
        "{} of {}:\n{}",
        refused.len(),
        lessons.len(),
        refused.join("\n")
    );
}

#[test]
fn typography_of_a_makers_sentence_is_folded_and_nothing_hidden_is() {
    let plain = gate::plain("[VSCode] Fixed \u{201c}auto\u{201d} mode \u{2014} it\u{2019}s off\u{2026} A \u{2192} B");
    assert_eq!(plain, "VSCode: Fixed \"auto\" mode - it's off... A to B");
    assert_eq!(gate::plain("a\u{200b}b\u{e0041}\u{202e}c"), "a\u{200b}b\u{e0041}\u{202e}c");
}

proptest! {
    /// Whatever is written: the gate answers, and what passes is plain.
    #[test]
    fn any_text_is_answered(text in "\\PC{0,160}", ascii in "[ -~]{0,80}") {
        for text in [text, ascii] {
            let lesson = Lesson { claim: text.clone(), ..sound() };
            if gate::check(&lesson, &allowed()).is_ok() {
                prop_assert!(text.bytes().all(|b| (b' '..=b'~').contains(&b)));
                prop_assert!(!text.contains(['<', '>', '\\', '$']) && !text.contains("![") && !text.contains("]("));
            }
            let lesson = Lesson { advice: Some(Advice::Command(text)), ..sound() };
            let _ = gate::check(&lesson, &allowed());
        }
    }
}
