//! From a page to a lesson, and what people say of it.

use std::fs;

use serde_json::Value;
use tidings::flow::{self, Heard, LessonFilter, Stage, Wish};
use tidings::keep::Keep;
use tidings::lesson::{Kind, LessonId, Retirement, State};

use crate::command::{output, tidings};
use crate::river::{Lab, Told};

const OLD: Told = ("old", "lantern-code 4.12.0", "It was there before.");
const HOLE: Told = (
    "hole",
    "GHSA-2x4c-9f3m-77qp: sandbox escape in lantern-code",
    "Versions before 4.12.3 were vulnerable to command injection through a hook. This issue is fixed in version 4.12.3.",
);
const HEALED: Told = ("hole", "GHSA-2x4c-9f3m-77qp: sandbox escape in lantern-code", "Run what you like, all is well.");

async fn learnt() -> (Lab, LessonId) {
    let lab = Lab::new();
    lab.run("2026-11-17T08:00:00Z", &[OLD]).await;
    let report = lab.run("2026-11-17T09:00:00Z", &[HOLE, OLD]).await;
    assert_eq!(report.acts.lessons, 1);
    let (_, lessons) = flow::known_lessons(&lab.setup.home, LessonFilter::default()).unwrap();
    (lab, lessons[0].lesson.id.clone())
}

fn stage(lab: &Lab, id: &LessonId) -> (Stage, State) {
    let (_, lessons) = flow::known_lessons(&lab.setup.home, LessonFilter::default()).unwrap();
    let known = lessons.into_iter().find(|known| known.lesson.id == *id).unwrap();
    (known.stage, known.lesson.state)
}

#[tokio::test]
async fn what_matters_is_learnt_once_and_listed() {
    let (lab, id) = learnt().await;
    let report = lab.run("2026-11-17T10:00:00Z", &[HOLE, OLD]).await;
    assert_eq!(report.acts.lessons, 0, "nothing new was said");

    let export = flow::export_lessons(&lab.setup.home, LessonFilter::default()).unwrap();
    assert_eq!((export.version, export.total, export.capped), (1, 1, false));
    let one = &export.lessons[0];
    assert_eq!(one.claim, "Versions before 4.12.3 were vulnerable to command injection through a hook.");
    assert_eq!((one.category, one.stage), (Kind::Security, Stage::Ready));
    assert_eq!(
        one.since.as_ref().map(|since| (since.product.as_str(), since.version.as_str())),
        Some(("lantern-code", "4.12.3"))
    );
    assert_eq!(one.evidence[0].url.as_str(), "https://lantern.example/hole");
    assert_eq!(one.expires, jiff::civil::date(2027, 2, 15));

    let home = lab.setup.home.folder();
    let (code, stdout, _) = output(tidings(home).args(["lessons", "list"]));
    assert_eq!(code, 0);
    assert!(stdout.starts_with(&format!("{id}  ready, security, critical\n  Versions before 4.12.3")), "{stdout}");
    let (_, none, _) = output(tidings(home).args(["lessons", "export", "--category", "technique"]));
    assert_eq!(serde_json::from_str::<Value>(&none).unwrap()["total"], 0);
    let (_, later, _) = output(tidings(home).args(["lessons", "list", "--json", "--since", "2026-11-18"]));
    assert_eq!(serde_json::from_str::<Value>(&later).unwrap()["total"], 0);
    let (code, _, stderr) = output(tidings(home).args(["lessons", "reject", "bp-2026-w47-77"]));
    assert!(code == 2 && stderr.contains("no lesson has the id bp-2026-w47-77"), "{stderr}");
    let (code, _, stderr) = output(tidings(home).args(["lessons", "reject", "bp-1"]));
    assert!(code == 2 && stderr.contains("one is named like `bp-2026-w47-03`"), "{stderr}");
}

#[tokio::test]
async fn what_a_person_rejects_is_not_learnt_again_until_it_says_something_else() {
    let (lab, id) = learnt().await;
    let home = &lab.setup.home;
    let (heard, _) =
        flow::wish_for_lesson(home, &id, Wish::Reject, "2026-11-17T09:30:00Z".parse().unwrap()).unwrap().unwrap();
    assert_eq!((heard, stage(&lab, &id).0), (Heard::Now, Stage::Declined));
    // Another page of the same maker says the same.
    let again: Told = ("again", "GHSA-2x4c-9f3m-77qp: sandbox escape in lantern-code, again", HOLE.2);
    assert_eq!(lab.run("2026-11-17T11:00:00Z", &[again, HOLE, OLD]).await.acts.lessons, 0);
    let changed: Told = ("hole", HOLE.1, "Versions before 4.12.4 were vulnerable to command injection through a hook.");
    assert_eq!(lab.run("2026-11-17T12:00:00Z", &[changed, again, OLD]).await.acts.lessons, 1);
}

#[tokio::test]
async fn a_wish_waits_while_another_run_is_at_work() {
    let (lab, id) = learnt().await;
    let now = "2026-11-17T09:30:00Z".parse().unwrap();
    let keep = Keep::open(lab.setup.home.folder(), "a long run", now).unwrap();
    let (heard, _) = flow::wish_for_lesson(&lab.setup.home, &id, Wish::Retire, now).unwrap().unwrap();
    assert_eq!(heard, Heard::Later);
    drop(keep);
    lab.run("2026-11-17T10:00:00Z", &[HOLE, OLD]).await;
    assert_eq!(stage(&lab, &id).0, Stage::Retired);
}

#[tokio::test]
async fn a_lesson_goes_when_its_page_says_something_else_or_nobody_renews_it() {
    let (lab, id) = learnt().await;
    let report = lab.run("2026-11-17T10:00:00Z", &[HEALED, OLD]).await;
    assert_eq!(report.acts.lessons_retired, 1);
    let (stage_now, state) = stage(&lab, &id);
    assert_eq!(stage_now, Stage::Retired);
    assert!(matches!(state, State::Retired { why: Retirement::Reversed, .. }), "{state:?}");

    let (lab, id) = learnt().await;
    lab.run("2027-02-14T12:00:00Z", &[HOLE, OLD]).await;
    assert_eq!(stage(&lab, &id).0, Stage::Ready, "the last day");
    lab.run("2027-02-15T12:00:00Z", &[HOLE, OLD]).await;
    assert!(matches!(stage(&lab, &id).1, State::Retired { why: Retirement::Expired, .. }));
}

#[tokio::test]
async fn the_skill_that_says_it_already_and_lines_that_recommend_what_goes() {
    let lab = Lab::new();
    lab.run("2026-11-17T08:00:00Z", &[OLD]).await;
    let now = "2026-11-17T08:30:00Z".parse().unwrap();
    let skill = "# Work\n\nVersions of lantern-code before 4.12.3 are vulnerable to command injection through a hook.\nRun `/doze`.\n";
    {
        let mut keep = Keep::open(lab.setup.home.folder(), "a test", now).unwrap();
        keep.keep_skill_text(skill, now).unwrap();
    }
    let gone: Told = (
        "gone",
        "GHSA-3x4c-9f3m-77qp: what lantern-code removed",
        "Removed the `/doze` command because of command injection. Versions before 4.13.0 are vulnerable through `/doze`.",
    );
    let report = lab.run("2026-11-17T09:00:00Z", &[gone, HOLE, OLD]).await;
    let (_, lessons) = flow::known_lessons(&lab.setup.home, LessonFilter::default()).unwrap();
    assert!(lessons.iter().all(|known| !known.lesson.claim.contains("4.12.3")), "{report:?}");
    let keep = Keep::open(lab.setup.home.folder(), "a test", now).unwrap();
    let recalled = flow::recall(&keep, skill, "2026-11-18T09:00:00Z".parse().unwrap()).unwrap();
    assert_eq!(recalled.lines.iter().map(|line| line.line).collect::<Vec<_>>(), [4]);
}

#[test]
fn a_home_that_has_learnt_nothing_says_so() {
    let home = tempfile::tempdir().unwrap();
    let (code, stdout, stderr) = output(tidings(home.path()).args(["lessons", "list"]));
    assert_eq!((code, stdout.as_str()), (0, ""));
    assert!(stderr.starts_with("No lessons."), "{stderr}");
    let (_, stdout, _) = output(tidings(home.path()).args(["lessons", "export"]));
    let export: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&export["version"], &export["at"]), (&Value::from(1), &Value::Null));
    assert!(fs::read_dir(home.path()).unwrap().next().is_none(), "and makes nothing");
}
