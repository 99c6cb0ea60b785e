//! `tidings judge eval FILE --with-model`: a model is measured on made labels, and what was learned is kept.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use assert_cmd::Command;
use serde_json::{Value, json};
use tidings::judge::model::Dialect;

use crate::support::model_server::{Standing, Stub};

/// Labelled items of which a third is wanted and one in twelve cannot wait. Rules and relevance see no difference between
/// them; the metal in their text gives them away to whoever knows.
fn labels(n: usize) -> String {
    let line = |number: usize| {
        let (metal, relevance, severity) = match number {
            number if number.is_multiple_of(12) => ("silver", 3, "critical"),
            number if number.is_multiple_of(3) => ("copper", 2, "notable"),
            _ => ("pewter", 0, "routine"),
        };
        let date = format!("2026-11-{:02}", 1 + number % 20);
        let item = json!({"id": format!("{number:03}"), "source": "s", "title": format!("Letter {number} from the harbour"),
            "summary": format!("A tale of {metal} kettles, told for the {number}th time."), "relevance": relevance,
            "severity": severity, "date": date, "url": format!("https://one.example/{number}")});
        format!("{item}\n")
    };
    (0..n).map(line).collect()
}

fn knows(text: &str) -> [f64; 4] {
    match text {
        text if text.contains("silver") => [0.8, 0.15, 0.03, 0.02],
        text if text.contains("copper") => [0.05, 0.7, 0.2, 0.05],
        _ => [0.01, 0.09, 0.3, 0.6],
    }
}

/// The wrong way round.
fn errs(text: &str) -> [f64; 4] {
    if text.contains("pewter") { [0.2, 0.6, 0.1, 0.1] } else { [0.02, 0.08, 0.3, 0.6] }
}

/// A home with a model and a file of labels.
struct Lab {
    home: tempfile::TempDir,
    _model: Option<Standing>,
}

impl Lab {
    fn new(n: usize, stub: Option<Stub>) -> Lab {
        let home = tempfile::tempdir().unwrap();
        let model = stub.map(Stub::start);
        let endpoint = model.as_ref().map_or("off".to_owned(), |model| model.url().to_string());
        fs::write(home.path().join("sources.toml"), "").unwrap();
        fs::write(home.path().join("labels.jsonl"), labels(n)).unwrap();
        let lab = Lab { home, _model: model };
        lab.settings(&endpoint, "");
        lab
    }

    fn settings(&self, endpoint: &str, more: &str) {
        let text = format!("[model]\nendpoint = \"{endpoint}\"\ncanaries = false\n{more}");
        fs::write(self.home.path().join("tidings.toml"), text).unwrap();
    }

    fn path(&self, name: &str) -> String {
        self.home.path().join(name).display().to_string()
    }

    /// Exit code, stdout, stderr.
    fn tidings(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = Command::cargo_bin("tidings").unwrap();
        command.arg("--home").arg(self.home.path()).args(["--now", "2026-11-21T08:00:00Z"]).args(arguments);
        let output = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    }

    fn eval(&self, more: &[&str]) -> (i32, String, String) {
        let file = self.path("labels.jsonl");
        self.tidings(&[&["judge", "eval", &file, "--with-model"], more].concat())
    }

    fn kept(&self) -> Option<Value> {
        Some(serde_json::from_slice(&fs::read(self.path("state/calibration.json")).ok()?).unwrap())
    }
}

fn model(judging: fn(&str) -> [f64; 4]) -> Option<Stub> {
    Some(Stub::of(Dialect::LlamaServer).judging(judging))
}

#[test]
fn a_good_model_earns_overruling_and_what_was_learned_is_kept_if_asked_for() {
    let lab = Lab::new(96, model(knows));
    let (code, page, error) = lab.eval(&[]);
    assert_eq!((code, error.as_str()), (0, ""));
    for words in
        ["qwen3:8b read 96 real items. On", "it alone", "so it may overrule", "Nothing is kept; `tidings judge eval"]
    {
        assert!(page.contains(words), "{words}\n{page}");
    }
    assert_eq!(lab.kept(), None);

    let out = lab.path("out.jsonl");
    let (code, page, _) = lab.eval(&["--keep", "--json", "--predictions", &out]);
    assert_eq!(code, 0);
    let page: Value = serde_json::from_str(&page).unwrap();
    let beside = &page["with_model"];
    let ap = |by: &str| beside[by]["ap_relevant"]["value"].as_f64().unwrap();
    assert!(ap("without") < 0.7 && ap("alone") > 0.99 && ap("together") > 0.99, "{beside}");
    assert!(beside["gain"]["ap_relevant"]["value"].as_f64() > beside["gain"]["ap_relevant"]["error"].as_f64());
    let ndcg = |by: &str| beside[by]["ndcg10_week"]["value"].as_f64().unwrap();
    assert!(ndcg("without") < ndcg("together") && ndcg("together") > 0.9, "{beside}");
    let off = |by: &str| beside[by]["ece_relevance"]["value"].as_f64().unwrap();
    assert!(off("calibrated") < off("alone"), "{beside}");
    assert_eq!((&beside["may_overrule"], &beside["why_not"]), (&json!(true), &json!([])));

    let kept = lab.kept().unwrap();
    let (model, n, overrules) = (&kept["model"], &kept["n"], &kept["overrules"]);
    assert_eq!((model, n, overrules, &kept["version"]), (&json!("qwen3:8b"), &json!(96), &json!(true), &json!(1)));
    assert!(kept["share"].as_f64().unwrap() > 0.0 && kept["relevance"]["a"].as_f64().unwrap() > 0.0, "{kept}");
    let mode = fs::metadata(lab.path("state/calibration.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let predictions: Vec<Value> =
        fs::read_to_string(out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let score = |at: usize| predictions[at]["relevance"].as_f64().unwrap();
    let (wanted, others): (Vec<usize>, Vec<usize>) = (0..96).partition(|number: &usize| number.is_multiple_of(3));
    let least = wanted.into_iter().map(score).fold(1.0, f64::min);
    assert!(others.into_iter().all(|at| score(at) < least), "the predictions are those with the model");
}

#[test]
fn a_bad_model_is_kept_as_one_that_may_not_overrule() {
    let lab = Lab::new(96, model(errs));
    let (code, page, error) = lab.eval(&["--keep"]);
    assert_eq!((code, error.as_str()), (0, ""));
    assert!(page.contains("It may not overrule: its gain in average precision"), "{page}");
    let kept = lab.kept().unwrap();
    assert_eq!((&kept["overrules"], &kept["share"]), (&json!(false), &json!(0.0)));
    assert!(kept["why_not"][0].as_str().unwrap().contains("within the error"), "{kept}");
}

#[test]
fn one_that_is_right_on_59_labels_may_not_and_nothing_is_kept() {
    let lab = Lab::new(59, model(knows));
    let (code, page, error) = lab.eval(&["--keep"]);
    assert_eq!(code, 1);
    assert!(page.contains("It may not overrule: 59 labels; a calibration needs 60"), "{page}");
    assert!(error.contains("nothing was kept: 59 labels"), "{error}");
    assert_eq!(lab.kept(), None);
    fs::write(lab.path("labels.jsonl"), labels(60)).unwrap();
    assert_eq!(lab.eval(&["--keep"]).0, 0);
    assert_eq!(lab.kept().unwrap()["overrules"], true, "one label more is enough");
}

#[test]
fn one_that_left_items_unread_may_not() {
    let stub = model(knows).unwrap().meddling(|asked, _| {
        let busy = || crate::support::server::Reply::whole("200 OK", &["content-type: application/json"], "{}");
        asked.body.contains("Letter 7 from").then(busy)
    });
    let lab = Lab::new(96, Some(stub));
    let (code, page, _) = lab.eval(&["--json"]);
    assert_eq!(code, 0);
    let page: Value = serde_json::from_str(&page).unwrap();
    let beside = &page["with_model"];
    assert_eq!((&beside["read"], &beside["unread"], &beside["may_overrule"]), (&json!(95), &json!(1), &json!(false)));
    assert!(beside["why_not"][0].as_str().unwrap().contains("it left 1 of the items unread"), "{beside}");
}

#[test]
fn without_a_model_or_a_home_the_error_says_what_to_do() {
    let lab = Lab::new(60, None);
    let (code, out, error) = lab.eval(&[]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(error.contains("endpoint is \"off\"") && error.contains("tidings.toml"), "{error}");
    lab.settings("http://127.0.0.1:9/", "");
    let (code, _, error) = lab.eval(&[]);
    assert!(code == 1 && error.contains("127.0.0.1:9"), "{error}");
    fs::remove_file(lab.path("sources.toml")).unwrap();
    let (code, _, error) = lab.eval(&["--keep"]);
    assert!(code == 2 && error.contains("tidings init"), "{error}");
}

#[test]
fn canaries_come_first() {
    let lab = Lab::new(60, model(|_| [0.97, 0.01, 0.01, 0.01]));
    let model = lab._model.as_ref().unwrap();
    let text = format!("[model]\nendpoint = \"{}\"\n", model.url());
    fs::write(lab.path("tidings.toml"), text).unwrap();
    let (code, out, error) = lab.eval(&[]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(error.contains("canary"), "{error}");
    let asked = |question: &Value| question.to_string().contains("from the harbour");
    assert!(!model.questions().iter().any(asked), "no item was shown to it");
}

#[test]
fn status_and_doctor_say_what_a_calibration_allows_and_a_damaged_one_is_told() {
    let lab = Lab::new(96, model(knows));
    let url = lab._model.as_ref().unwrap().url().to_string();
    let (_, page, _) = lab.tidings(&["doctor"]);
    assert!(page.contains("the model is not measured: it orders and lifts only"), "{page}");
    assert!(page.contains("try: tidings judge eval FILE --with-model --keep"), "{page}");
    assert_eq!(lab.eval(&["--keep"]).0, 0);
    let (code, _, error) = lab.tidings(&["run"]);
    assert!(code == 0 && !error.contains("calibration"), "{error}");
    let (_, page, _) = lab.tidings(&["status"]);
    assert!(page.contains("Calibration of qwen3:8b on 96 labels (2026-11-21)"), "{page}");
    assert!(page.contains("and may overrule."), "{page}");
    let (_, page, _) = lab.tidings(&["doctor"]);
    assert!(page.contains("calibration of qwen3:8b") && !page.contains("not measured"), "{page}");
    let (_, page, _) = lab.tidings(&["status", "--json"]);
    let page: Value = serde_json::from_str(&page).unwrap();
    assert_eq!((&page["calibration"]["overrules"], &page["calibration"]["in_force"]), (&json!(true), &json!(true)));

    // Other interests make another prompt.
    lab.settings(&url, "[interests]\nwatch = [\"lantern-code\"]\n");
    let (_, page, _) = lab.tidings(&["status"]);
    assert!(page.contains("Not in force: calibration of qwen3:8b"), "{page}");
    let (_, page, _) = lab.tidings(&["doctor"]);
    assert!(page.contains("the model is not measured"), "{page}");

    let path = lab.path("state/calibration.json");
    let whole = fs::read_to_string(&path).unwrap();
    for damaged in
        ["{", "", &whole.replace("\"n\": 96", "\"n\": 12"), &whole.replace("\"version\": 1", "\"version\": 9")]
    {
        fs::write(&path, damaged).unwrap();
        let (code, _, error) = lab.tidings(&["run"]);
        assert_eq!(code, 0, "{error}");
        assert!(error.contains("state/calibration.json") && error.contains("measures it anew"), "{damaged}\n{error}");
        let (code, page, _) = lab.tidings(&["status"]);
        assert!(code == 0 && page.contains("reading state/calibration.json"), "{page}");
    }
}
