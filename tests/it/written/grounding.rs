//! Grounding, case by case: one thing changed in an answer that was right, and random answers.

use proptest::prelude::*;
use serde_json::{Value, json};
use tidings::judge::extraction::{Asked, ground, instructions};
use tidings::judge::grounding::Ground;
use tidings::verdict::Category;

use super::{item, now};

const TITLE: &str = "Lantern Code 4.12.3 closes a hole in its sandbox";
const TEXT: &str = "Lantern Code 4.12.3 is out. A repository could run a command before the person had agreed to trust \
    the folder (CVE-2026-41234); versions 4.10.0 to 4.12.2 are affected. Update with `npm install -g lantern-code@4.12.3`, \
    or run `lantern update --channel stable`.\n\nWe don’t know of any use of it. Hooks in .lantern/hooks.json are now asked \
    about first; set LANTERN_HOOKS=ask to keep that. The report came from Mara Oduya’s team: “it took us an hour”. Details: \
    https://lantern.example/advisories/2026-07 and https://lantern.example/changelog.\n\nThe café build is 37 MB smaller. \
    cat <file> | lantern -p shows 1,204 lines in 0.5 s. Ключ безопасности теперь обязателен.";

fn good() -> Value {
    json!({
        "title": "Lantern Code 4.12.3 closes a hole in its sandbox",
        "summary": "A repository could run a command before the person had agreed to trust the folder. It is CVE-2026-41234.",
        "claim": "A repository could run a command before the folder was trusted; 4.12.3 closes the hole.",
        "technique": null,
        "commands": ["npm install -g lantern-code@4.12.3"],
        "severity": "high",
        "category": "security",
        "affected_versions": ["4.10.0 to 4.12.2"],
        "quote": "A repository could run a command before the person had agreed to trust the folder",
    })
}

fn check(answer: &str) -> Result<tidings::extraction::Extraction, String> {
    let item = item(TITLE);
    let asked = Asked { item: &item, text: TEXT, category: Category::Other };
    ground(asked, 6_000, answer, "lantern-8b", now())
}

fn with(field: &str, value: Value) -> String {
    let mut form = good();
    form[field] = value;
    form.to_string()
}

#[test]
fn what_stands_in_the_item_is_kept_with_its_place() {
    let kept = check(&good().to_string()).unwrap();
    assert_eq!(&TEXT[kept.quote.start..kept.quote.end], kept.quote.text);
    assert!(kept.quote.text.starts_with("A repository could"), "{kept:?}");
    for (field, value) in [
        ("quote", json!("We don't know of any use of it. Hooks in")),
        ("quote", json!("  Hooks in   .lantern/hooks.json are\nnow asked about first ")),
        ("quote", json!("The report came from Mara Oduya's team: \"it took us an hour\"")),
        ("quote", json!("Lantern Code 4.12.3 closes a hole in its sandbox")),
        ("quote", json!("The cafe\u{301} build is 37 MB smaller")),
        ("quote", json!("The ｃａｆé build is 37 MB smaller")),
        ("quote", json!("Ключ безопасности теперь обязателен")),
        ("commands", json!([])),
        ("commands", json!(["lantern update --channel stable", "cat <file> | lantern -p"])),
        ("commands", json!(["cat ‹file> | lantern -p"])),
        ("affected_versions", json!([])),
        ("affected_versions", json!(["4.10.0", "4.12.2"])),
        ("title", json!("Lantern Code closes a hole in its sandbox")),
        ("summary", json!("Attackers could run a command. Update to v4.12.3.")),
        ("summary", json!("Hooks in .lantern/hooks.json are asked about first, says Mara Oduya.")),
        ("summary", json!("Details stand at https://lantern.example/advisories/2026-07.")),
        ("summary", json!("Details: https://lantern.example/releases/4.12.3")),
        ("summary", json!("The build is 37 MB smaller, and 1,204 lines take 0.5 s.")),
        ("technique", json!("Set LANTERN_HOOKS=ask to be asked about hooks.")),
        ("technique", json!("Run `lantern update --channel stable`.")),
        ("technique", json!("")),
        ("claim", json!("Lantern's sandbox had a hole.")),
    ] {
        let answer = with(field, value.clone());
        let kept = check(&answer).unwrap_or_else(|wrong| panic!("{field} {value}: {wrong}"));
        assert!(TEXT.contains(&kept.quote.text) || TITLE.contains(&kept.quote.text), "the item's own characters");
        for words in kept.commands.iter().chain(&kept.affected_versions) {
            assert!(TEXT.contains(words.as_str()), "{words}: the item's own characters");
        }
    }
}

#[test]
fn what_does_not_is_refused_by_its_field() {
    let long = "x".repeat(121);
    let cases: Vec<(&str, Value, &str)> = vec![
        // Commands: one character, a flag, another version, two made one, a homoglyph, a part of one.
        ("commands", json!(["npm install -g lantern-code@4.12.4"]), "does not stand"),
        ("commands", json!(["npm install -g lantem-code@4.12.3"]), "does not stand"),
        ("commands", json!(["npm install -g lantern-code"]), "does not stand"),
        ("commands", json!(["npm install lantern-code@4.12.3"]), "does not stand"),
        ("commands", json!(["sudo npm install -g lantern-code@4.12.3"]), "does not stand"),
        ("commands", json!(["npm install -g lantern-code@4.12.3 --force"]), "does not stand"),
        ("commands", json!(["npm install -g lаntern-code@4.12.3"]), "does not stand"),
        ("commands", json!(["lantern update -channel stable"]), "does not stand"),
        ("commands", json!(["lantern update --channel stabl"]), "does not stand"),
        ("commands", json!(["NPM install -g lantern-code@4.12.3"]), "does not stand"),
        ("commands", json!(["npm install -g lantern-code@4.12.3; lantern update --channel stable"]), "does not stand"),
        ("commands", json!(["curl https://lantern.example/install.sh | sh"]), "does not stand"),
        ("commands", json!(["obligatory\nWe don’t know"]), "does not stand"),
        ("commands", json!([""]), "empty"),
        ("commands", json!(["a", "b", "c", "d", "e", "f"]), "at most 5"),
        ("commands", json!([7]), "JSON"),
        // Versions: one more, one less, a part, a range turned round.
        ("affected_versions", json!(["4.12.1"]), "does not stand"),
        ("affected_versions", json!(["4.10.0 to 4.12.3"]), "does not stand"),
        ("affected_versions", json!(["4.12"]), "does not stand"),
        ("affected_versions", json!(["12.2"]), "does not stand"),
        ("affected_versions", json!(["4.10"]), "does not stand"),
        ("affected_versions", json!(["< 4.12.2"]), "does not stand"),
        ("affected_versions", json!(["are affected"]), "no version"),
        ("affected_versions", json!(["４.12.2"]), "does not stand"),
        // Quotes: stitched, shortened in the middle, too short, too long, another word, translated, half a word, a number cut.
        ("quote", json!("Lantern Code 4.12.3 is out. versions 4.10.0 to 4.12.2 are affected"), "these words"),
        ("quote", json!("A repository could run a command … to trust the folder"), "these words"),
        ("quote", json!("is out. A"), "20 to 240"),
        ("quote", json!("4.12.3"), "20 to 240"),
        ("quote", json!(TEXT), "20 to 240"),
        ("quote", json!("A repository can run a command before the person"), "these words"),
        ("quote", json!("A repository could run a command before the perso"), "these words"),
        ("quote", json!("epository could run a command before the person"), "these words"),
        ("quote", json!("12.3 is out. A repository could run a command"), "these words"),
        ("quote", json!("versions 4.10.0 to 4.12 are affected by this"), "these words"),
        ("quote", json!("a repository could run a command before the person"), "these words"),
        ("quote", json!("Ein Repositorium konnte einen Befehl ausführen"), "these words"),
        ("quote", json!("A rеpository could run a command before the person"), "these words"),
        ("quote", json!(""), "20 to 240"),
        // Sentences: numbers, identifiers, names, addresses, scripts.
        ("summary", json!("It is CVE-2026-41235."), "number"),
        ("summary", json!("It is CVE-2026-4123."), "number"),
        ("summary", json!("Versions 4.10.1 to 4.12.2 are affected."), "number"),
        ("summary", json!("It took 2 hours."), "number"),
        ("summary", json!("The build is 38 MB smaller."), "number"),
        ("summary", json!("It has a CVSS of 9.8."), "name"),
        ("summary", json!("Fixed by 12.3."), "number"),
        ("claim", json!("Lantern Code and Wrenpilot had a hole."), "name"),
        ("claim", json!("Wrenpilot had a hole."), "name"),
        ("claim", json!("OpenLantern had a hole."), "name"),
        ("claim", json!("It was found by John Smith."), "name"),
        ("claim", json!("A hole in lantern-helper is closed."), "name"),
        ("claim", json!("Set LANTERN_HOOKS=off."), "identifier"),
        ("claim", json!("Pass --dangerously-skip."), "identifier"),
        ("claim", json!("Look into hooks.yaml."), "identifier"),
        ("claim", json!("Look into ~/.lantern/hooks.json."), "identifier"),
        ("claim", json!("The 沙盒 has a hole."), "word"),
        ("claim", json!("沙盒有一个漏洞。"), "word"),
        ("claim", json!("Lantеrn had a hole."), "word"),
        ("claim", json!("Run `lantern update --channel beta`."), "does not stand"),
        ("summary", json!("See https://lantern.example/advisories/2026-08."), "address"),
        ("summary", json!("See https://lantern.example/advisories."), "address"),
        ("summary", json!("See https://lantern.example/advisories/2026-07?ref=x"), "address"),
        ("summary", json!("See https://lantern.example.evil.example/advisories/2026-07"), "address"),
        ("summary", json!("See http://lantern.example/advisories/2026-07"), "address"),
        ("summary", json!("See www.lantern.example"), "address"),
        ("summary", json!("See lantern.exampl"), "identifier"),
        ("summary", json!("Write to help@lantern.example."), "identifier"),
        // Form: markup, tokens, controls, instructions, lengths.
        ("title", json!(long), "at most 120"),
        ("title", json!(""), "nothing"),
        ("title", json!("…"), "nothing"),
        ("summary", json!("a <b>hole</b> in it"), "markup"),
        ("summary", json!("a [hole](x) in it"), "markup"),
        ("summary", json!("a **hole** in it"), "markup"),
        ("summary", json!("a hole &lt;b&gt; in it"), "markup"),
        ("summary", json!("a hole <|im_end|> in it"), "control token"),
        ("summary", json!("a hole </think> in it"), "control token"),
        ("summary", json!("a hole\nin it"), "line break"),
        ("summary", json!("a ho\u{200b}le in it"), "hidden"),
        ("summary", json!("a hole \u{202e}ni it"), "hidden"),
        ("summary", json!("{\"title\": \"a hole\"}"), "markup"),
        (
            "summary",
            json!("people read the form instead of the item so it must say what the item says"),
            "instructions",
        ),
        ("claim", json!("opening a cloned project started its build hooks without asking"), "instructions"),
        ("severity", json!("urgent"), "JSON"),
        ("severity", json!("unknown"), "severity"),
        ("category", json!("malware"), "JSON"),
        ("category", json!(null), "JSON"),
        ("extra", json!("field"), "JSON"),
    ];
    assert!(cases.len() >= 60, "{} cases", cases.len());
    for (field, value, words) in cases {
        match check(&with(field, value.clone())) {
            Ok(kept) => panic!("{field} {value} was kept: {kept:?}"),
            Err(wrong) => {
                assert!(wrong.contains(words), "{field} {value}: {wrong}");
                assert!(words == "JSON" || wrong.starts_with(field), "{field} {value}: {wrong}");
            }
        }
    }
}

#[test]
fn an_answer_is_read_through_thoughts_and_fences_and_nothing_else() {
    let good = good().to_string();
    for answer in [
        format!("<think>\nhm {{\n</think>\n\n{good}"),
        format!("```json\n{good}\n```"),
        format!("```\n{good}\n```\n"),
        format!("\n  {good}\n"),
    ] {
        check(&answer).unwrap();
    }
    for answer in [
        format!("Here is the form: {good}"),
        format!("{good} I hope this helps."),
        format!("<think>{good}"),
        format!("[{good}]"),
        good[..good.len() - 20].to_owned(),
        good.replace("null", "NaN"),
        json!(good).to_string(),
        String::new(),
        "null".to_owned(),
    ] {
        assert!(check(&answer).is_err(), "{answer}");
    }
    let mut form = self::good();
    form.as_object_mut().unwrap().remove("technique");
    assert!(check(&form.to_string()).is_err(), "a field that is missing");
}

#[test]
fn the_example_of_the_instructions_holds_to_them() {
    let prompt = instructions();
    let item_text = prompt.split("date=2026-03-02>").nth(1).unwrap().split("</item").next().unwrap().trim();
    let (title, text) = item_text.split_once("\n\n").unwrap();
    let form = prompt.lines().find(|line| line.starts_with("{\"title\"")).unwrap();
    let mut item = item(title);
    item.source = "Lantern Kit releases".to_owned();
    let asked = Asked { item: &item, text, category: Category::Other };
    ground(asked, 6_000, form, "lantern-8b", now()).unwrap();
    let longer = form.replace("lantern-kit self-update", "lantern-kit self-update --yes");
    assert!(ground(asked, 6_000, &longer, "lantern-8b", now()).is_err(), "the prompt's own counter-example");
}

#[test]
fn only_what_the_model_was_shown_counts() {
    let item = item(TITLE);
    let asked = Asked { item: &item, text: TEXT, category: Category::Other };
    let answer = with("quote", json!("The café build is 37 MB smaller"));
    assert!(ground(asked, 6_000, &answer, "m", now()).is_ok());
    assert!(ground(asked, 300, &answer, "m", now()).is_err());
}

/// Pieces of the item and of its surroundings, changed and put together.
fn words() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => (0..TEXT.chars().count(), 1..60usize)
            .prop_map(|(start, length)| TEXT.chars().skip(start).take(length).collect::<String>()),
        1 => "[a-z0-9./:@_ -]{1,12}",
        1 => prop::sample::select(vec!["4.12.4", "https://evil.example/x", "rm -rf ~", "CVE-2026-99999", "‹", "<|im_end|>"])
            .prop_map(str::to_owned),
        1 => "\\PC{1,6}",
    ];
    prop::collection::vec(piece, 1..4).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever a model writes, what is kept as a quote, a command or a version is the item's own characters, and no
    /// sentence has a number or an address that is not in the item.
    #[test]
    fn nothing_ungrounded_is_kept(words in words(), more in words()) {
        let ground = Ground::new(TITLE, TEXT, "Lantern releases", &[], instructions());
        if let Ok(quote) = ground.quote(&words) {
            let whole = if quote.part == tidings::extraction::Part::Text { TEXT } else { TITLE };
            prop_assert_eq!(&whole[quote.start..quote.end], quote.text.as_str());
            prop_assert!(quote.text.chars().count() <= 260);
        }
        if let Ok(command) = ground.verbatim(&words) {
            prop_assert!(TEXT.contains(command.as_str()) || TITLE.contains(command.as_str())
                || TEXT.split_whitespace().collect::<Vec<_>>().join(" ").contains(&command));
        }
        let sentence = format!("{words} {more}");
        if ground.prose(&sentence, 400).is_ok() {
            for number in sentence.split(|letter: char| !letter.is_ascii_digit()).filter(|run| !run.is_empty()) {
                prop_assert!(TEXT.contains(number) || TITLE.contains(number), "{sentence}");
            }
            prop_assert!(!sentence.contains("evil.example") && !sentence.contains("<|"), "{sentence}");
        }
    }
}
