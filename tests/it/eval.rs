//! `tidings judge eval` and `fit`, on made items.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::{Value, json};

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/judge/examples.jsonl")
}

/// Runs it in an empty home of its own; exit code, stdout, stderr.
fn tidings(arguments: &[&str]) -> (i32, String, String) {
    let home = tempfile::tempdir().unwrap();
    let output = Command::cargo_bin("tidings")
        .unwrap()
        .arg("--home")
        .arg(home.path())
        .args(["--now", "2026-11-21T08:00:00Z"])
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_shipped_examples_are_labelled_well_and_enough() {
    let text = fs::read_to_string(examples()).unwrap();
    let items = tidings::flow::eval::read_labelled("examples.jsonl", &text).unwrap();
    assert!(items.len() >= 60, "{}", items.len());
}

#[test]
fn a_wrong_line_is_named_with_its_place_and_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("labels.jsonl");
    let good =
        json!({"id": "a", "source": "s", "title": "t", "relevance": 2, "severity": "notable", "date": "2026-11-02"});
    let mut high = good.clone();
    (high["id"], high["relevance"]) = (json!("b"), json!(7));
    let mut word = good.clone();
    (word["id"], word["severity"]) = (json!("c"), json!("urgent"));
    let lines = [good.to_string(), high.to_string(), word.to_string(), "{".to_owned(), good.to_string()];
    fs::write(&file, lines.join("\n")).unwrap();
    let (code, out, error) = tidings(&["judge", "eval", file.to_str().unwrap()]);
    assert_eq!((code, out.as_str()), (2, ""));
    for words in [
        "labels.jsonl, line 2: relevance is 7; write a number from 0 to 3",
        "line 3, column",
        "`urgent`",
        "line 4, column",
        "line 5: the id `a` is that of line 1 too",
    ] {
        assert!(error.contains(words), "{words}\n{error}");
    }
    fs::write(&file, "\n").unwrap();
    assert!(tidings(&["judge", "eval", file.to_str().unwrap()]).2.contains("it holds no items"));
}

#[test]
fn the_figures_are_those_of_the_definitions_worked_out_by_hand() {
    // Twenty items of one week; the three that are wanted are worded so that their order is plain.
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (folder.path().join("labels.jsonl"), folder.path().join("out.jsonl"));
    let mut lines = String::new();
    for number in 0..20 {
        let (title, relevance) = match number {
            3 => ("Prompt injection against coding agents in Claude Code", 3),
            7 => ("How we sandbox coding agents: lessons from a year", 2),
            11 => ("Pebbles of the eastern shore", 2),
            _ => ("Weather in the valley", 0),
        };
        let severity = if number == 3 { "critical" } else { "routine" };
        let line = json!({"id": format!("{number:02}"), "source": "s", "title": title, "relevance": relevance,
            "severity": severity, "date": "2026-11-03", "url": format!("https://one.example/{number}")});
        lines.push_str(&format!("{line}\n"));
    }
    fs::write(&file, lines).unwrap();
    let (code, page, error) =
        tidings(&["--json", "judge", "eval", file.to_str().unwrap(), "--predictions", out.to_str().unwrap()]);
    assert_eq!((code, error.as_str()), (0, ""));
    let page: Value = serde_json::from_str(&page).unwrap();
    let predictions: Vec<Value> =
        fs::read_to_string(&out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(predictions.len(), 20);
    let score = |at: usize, head: &str| predictions[at][head].as_f64().unwrap();
    assert!(
        predictions
            .iter()
            .all(|one| ["relevance", "critical"].iter().all(|head| (0.0..=1.0).contains(&one[head].as_f64().unwrap())))
    );

    // Average precision and nDCG once more, the long way round.
    let wanted = [(3, 3.0_f64), (7, 2.0), (11, 2.0)];
    let rank = |at: usize| {
        let better = (0..20).filter(|other| {
            let (one, other_score) = (score(at, "relevance"), score(*other, "relevance"));
            other_score > one || (other_score == one && *other < at)
        });
        better.count() + 1
    };
    let mut ranks: Vec<usize> = wanted.iter().map(|(at, _)| rank(*at)).collect();
    ranks.sort_unstable();
    let precision = ranks.iter().enumerate().map(|(hit, rank)| (hit + 1) as f64 / *rank as f64).sum::<f64>() / 3.0;
    let gain = |rank: usize, label: f64| {
        if rank <= 10 { (2.0_f64.powf(label) - 1.0) / (rank as f64 + 1.0).log2() } else { 0.0 }
    };
    let best = gain(1, 3.0) + gain(2, 2.0) + gain(3, 2.0);
    let ndcg = wanted.iter().map(|(at, label)| gain(rank(*at), *label)).sum::<f64>() / best;
    let figures = &page["scores"][0]["figures"];
    assert!((figures["ap_relevant"]["value"].as_f64().unwrap() - precision).abs() < 1e-9);
    assert!((figures["ndcg10_week"]["value"].as_f64().unwrap() - ndcg).abs() < 1e-9);
    assert_eq!(figures["dense_recall_5"]["value"], 1.0, "20 items make one day, and it is among the first five");
    assert_eq!(page["scores"].as_array().unwrap().len(), 3, "beside keywords and BM25");
}

#[test]
fn fitting_twice_gives_the_same_bytes_and_weights_that_rank() {
    let file = examples();
    let arguments = ["judge", "fit", file.to_str().unwrap()];
    let (code, weights, _) = tidings(&arguments);
    assert_eq!((code, &weights), (0, &tidings(&arguments).1));
    assert!(weights.lines().any(|line| line.starts_with("rule:showcase\t-")), "{weights}");
    let (code, page, error) = tidings(&["judge", "eval", file.to_str().unwrap(), "--cross-validate"]);
    assert_eq!((code, error.as_str()), (0, ""));
    assert!(page.contains("each week judged by weights fitted to the others"), "{page}");
}
