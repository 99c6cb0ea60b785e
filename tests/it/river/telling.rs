//! Who is told what, and how often.

use std::fs;

use tidings::flow::{self, Asked, Unwatched, What, is_busy};
use tidings::keep::Keep;
use tidings::tell::Outcome;

use super::{Lab, Told};

const OLD: Told = ("old", "lantern-code 4.12.0", "It was there before.");
const HOLE: Told =
    ("hole", "Sandbox escape in lantern-code", "GHSA-2x4c-9f3m-77qp. A sandbox escape. Fixed in 4.12.3.");
const NEXT: Told = ("next", "lantern-code 4.14.0", "Newer hooks.");
const HOOKS: Told = ("hooks", "lantern-code 4.13.0", "New hooks for coding agents.");

#[tokio::test]
async fn an_advisory_is_told_to_each_person_at_once_and_once() {
    let lab = Lab::new();

    lab.run("2026-11-17T08:00:00Z", &[OLD]).await;
    assert_eq!(lab.postbox.keys(), Vec::<String>::new(), "what was there before is no news");

    let report = lab.run("2026-11-17T09:00:00Z", &[HOLE, OLD]).await;
    assert_eq!((report.acts.alerted, report.acts.letters_sent), (1, 2));
    let keys = lab.postbox.keys();
    assert!(keys[0].starts_with("alert/s-") && keys[0].ends_with("/ana@lab.example/mail"), "{keys:?}");
    assert!(keys[1].ends_with("/ben@lab.example/mail"), "{keys:?}");

    lab.run("2026-11-17T10:00:00Z", &[HOLE, OLD]).await;
    assert_eq!(lab.postbox.keys().len(), 2, "told once");

    // A store lost with everything in it: told.jsonl still knows.
    fs::remove_dir_all(lab.setup.home.folder().join("state/store")).unwrap();
    lab.run("2026-11-17T11:00:00Z", &[OLD]).await;
    lab.run("2026-11-17T12:00:00Z", &[HOLE, OLD]).await;
    assert_eq!(lab.postbox.keys().len(), 2, "told once, even by a store made anew");
}

/// Five holes in the watched product.
const HOLES: [Told; 5] = [
    ("hole-0", "Commands run unasked in lantern-code: hooks", "GHSA-2x4c-9f3m-77qp. Fixed in 4.12.0."),
    ("hole-1", "Commands run unasked in lantern-code: the shell tool", "GHSA-3x4c-9f3m-77qp. Fixed in 4.12.1."),
    ("hole-2", "Commands run unasked in lantern-code: a settings file", "GHSA-4x4c-9f3m-77qp. Fixed in 4.12.2."),
    ("hole-3", "Commands run unasked in lantern-code: the plugin loader", "GHSA-5x4c-9f3m-77qp. Fixed in 4.12.3."),
    ("hole-4", "Commands run unasked in lantern-code: remote sessions", "GHSA-6x4c-9f3m-77qp. Fixed in 4.12.4."),
];

#[tokio::test]
async fn a_day_has_two_alerts_and_one_roll_up_and_nothing_is_told_twice() {
    let lab = Lab::new();
    lab.run("2026-11-17T08:00:00Z", &[OLD]).await;
    let report = lab.run("2026-11-17T09:00:00Z", &HOLES[..4]).await;
    assert_eq!((report.acts.alerted, report.acts.held_for_rollup, report.acts.letters_sent), (2, 2, 4));
    let report = lab.run("2026-11-17T16:59:59Z", &HOLES[..4]).await;
    assert_eq!((report.acts.alerted, report.acts.rolled_up, report.acts.letters_sent), (0, 0, 0));
    let report = lab.run("2026-11-17T17:00:00Z", &HOLES[..4]).await;
    assert_eq!((report.acts.rolled_up, report.acts.held_for_rollup, report.acts.letters_sent), (2, 0, 2));
    assert!(lab.postbox.keys()[4].starts_with("rollup/2026-11-17/ana@lab.example"), "{:?}", lab.postbox.keys());

    // What comes after the roll-up waits for the next day's alerts.
    let report = lab.run("2026-11-17T18:00:00Z", &HOLES).await;
    assert_eq!((report.acts.alerted, report.acts.rolled_up, report.acts.held_for_rollup), (0, 0, 1));
    let report = lab.run("2026-11-18T00:00:00Z", &HOLES).await;
    assert_eq!((report.acts.alerted, report.acts.letters_sent), (1, 2));
    let report = lab.run("2026-11-18T18:00:00Z", &HOLES).await;
    assert_eq!((report.acts.alerted, report.acts.rolled_up, report.acts.letters_sent), (0, 0, 0));

    let text = fs::read_to_string(lab.setup.home.digests().join("alerts/2026-11-17/rollup.txt")).unwrap();
    let alerts = |day: &str| {
        let files = fs::read_dir(lab.setup.home.digests().join("alerts").join(day)).unwrap();
        let texts = files.map(|file| file.unwrap().path()).filter(|path| path.extension().unwrap() == "txt");
        texts.map(|path| fs::read_to_string(path).unwrap()).filter(|page| *page != text).collect::<String>()
    };
    let (first, second) = (alerts("2026-11-17"), alerts("2026-11-18"));
    for (_, title, _) in HOLES {
        let times = [&first, &second, &text].map(|page| page.matches(title).count());
        assert_eq!(times.iter().sum::<usize>(), 1, "{title} is told once: {times:?}");
    }
}

#[tokio::test]
async fn a_store_that_was_lost_tells_no_roll_up_twice() {
    let lab = Lab::new();
    lab.run("2026-11-17T08:00:00Z", &[OLD]).await;
    lab.run("2026-11-17T17:30:00Z", &HOLES[..4]).await;
    let letters = lab.postbox.keys().len();
    assert_eq!(letters, 6, "two alerts and a roll-up, to two people");
    fs::remove_dir_all(lab.setup.home.folder().join("state/store")).unwrap();
    lab.run("2026-11-17T18:00:00Z", &[OLD]).await;
    for time in ["2026-11-17T18:30:00Z", "2026-11-18T08:00:00Z", "2026-11-18T17:30:00Z"] {
        lab.run(time, &HOLES[..4]).await;
    }
    assert_eq!(lab.postbox.keys().len(), letters, "{:?}", lab.postbox.keys());
}

#[tokio::test]
async fn a_letter_put_off_leaves_with_the_next_run_unchanged() {
    let lab = Lab::new();
    lab.run("2026-11-17T08:00:00Z", &[OLD]).await;

    lab.answers([Outcome::later("451 try again")]);
    let report = lab.run("2026-11-17T09:00:00Z", &[HOLE, OLD]).await;
    assert_eq!((report.acts.letters_sent, report.acts.letters_waiting), (1, 1));

    let report = lab.run("2026-11-17T09:00:01Z", &[HOLE, OLD]).await;
    assert_eq!((report.acts.letters_sent, report.acts.letters_waiting), (1, 0));
    let tries = lab.postbox.tries.lock().unwrap();
    let anas: Vec<_> = tries.iter().filter(|(key, _)| key.contains("ana@")).collect();
    assert_eq!(anas.len(), 2);
    assert_eq!(anas[0].1, anas[1].1, "the second try carries the same bytes");
}

#[tokio::test]
async fn a_refused_letter_is_not_tried_again_and_holds_nobody_up() {
    let lab = Lab::new();
    lab.run("2026-11-17T08:00:00Z", &[OLD]).await;

    lab.answers([Outcome::Refused { answer: "550 no such user".to_owned() }]);
    let report = lab.run("2026-11-17T09:00:00Z", &[HOLE, OLD]).await;
    assert_eq!((report.acts.letters_sent, report.acts.letters_dead), (1, 1));
    lab.run("2026-11-18T09:00:00Z", &[HOLE, OLD]).await;
    assert_eq!(lab.postbox.keys().len(), 2);
}

#[tokio::test]
async fn the_digest_is_sent_once_after_its_week_has_closed() {
    let lab = Lab::new();

    lab.run("2026-11-17T08:00:00Z", &[OLD]).await;
    let report = lab.run("2026-11-23T06:59:59Z", &[HOOKS, OLD]).await;
    assert_eq!(report.acts.digests, Vec::<String>::new(), "the week is still open");
    let report = lab.run("2026-11-23T07:00:00Z", &[HOOKS, OLD]).await;
    assert_eq!((report.acts.digests, report.acts.letters_sent), (vec!["2026-W47".to_owned()], 2));
    for hour in 8..12 {
        lab.run(&format!("2026-11-23T{hour:02}:00:00Z"), &[HOOKS, OLD]).await;
    }
    let keys = lab.postbox.keys();
    assert_eq!(keys, ["digest/2026-W47/ana@lab.example/mail", "digest/2026-W47/ben@lab.example/mail"]);
    let text = fs::read_to_string(lab.setup.home.digests().join("2026-W47/digest.txt")).unwrap();
    assert!(text.contains("lantern-code 4.13.0"), "{text}");
}

#[tokio::test]
async fn what_rises_after_closing_is_told_a_week_later_and_only_there() {
    let lab = Lab::new();
    lab.run("2026-11-17T08:00:00Z", &[OLD]).await;
    lab.run("2026-11-18T08:00:00Z", &[HOOKS, OLD]).await;
    // The run that closes the week also reads something new: that belongs to the next.
    lab.run("2026-11-23T08:00:00Z", &[NEXT, HOOKS, OLD]).await;
    lab.run("2026-11-30T08:00:00Z", &[NEXT, HOOKS, OLD]).await;
    assert_eq!(lab.told("2026-W47"), [("lantern-code 4.13.0".to_owned(), false)]);
    assert_eq!(lab.told("2026-W48"), [("lantern-code 4.14.0".to_owned(), false)]);
}

#[tokio::test]
async fn a_story_that_rises_after_it_was_told_is_told_again_as_an_update() {
    let lab = Lab::new();
    let grown = (HOOKS.0, HOOKS.1, "New hooks. GHSA-2x4c-9f3m-77qp: earlier hooks ran too soon. Fixed in 4.13.0.");
    lab.run("2026-11-17T08:00:00Z", &[OLD]).await;
    lab.run("2026-11-18T08:00:00Z", &[HOOKS, OLD]).await;
    let report = lab.run("2026-11-24T08:00:00Z", &[grown, OLD]).await;
    assert_eq!((report.sources[0].updated, report.acts.alerted), (1, 1));
    lab.run("2026-11-30T08:00:00Z", &[grown, OLD]).await;
    assert_eq!(lab.told("2026-W47"), [("lantern-code 4.13.0".to_owned(), false)]);
    assert_eq!(lab.told("2026-W48"), [("lantern-code 4.13.0".to_owned(), true)]);
}

#[tokio::test]
async fn missed_weeks_are_caught_up_with_one_letter_for_each_that_has_something() {
    let lab = Lab::new();
    lab.run("2026-10-27T08:00:00Z", &[OLD]).await;
    lab.run("2026-11-03T06:00:00Z", &[HOOKS, OLD]).await;
    let before = lab.postbox.keys().len();
    assert_eq!(before, 4, "the first week and its month, which only had the baseline");
    // The machine is off for three weeks, two of them after a closing time.
    let report = lab.run("2026-11-23T06:00:00Z", &[HOOKS, OLD]).await;
    assert_eq!(report.acts.digests, ["2026-W45"], "weeks in which nothing was read are no editions");
    assert_eq!(lab.postbox.keys().len(), before + 2);
}

#[tokio::test]
async fn a_rehearsal_leaves_everything_as_it_was_and_sends_nothing() {
    let lab = Lab::new();
    lab.run("2026-11-17T08:00:00Z", &[OLD]).await;

    let before = contents(lab.setup.home.folder());
    let carrier = lab.page(&[HOLE, OLD]);
    let now = "2026-11-17T09:00:00Z".parse().unwrap();
    let report = flow::rehearse(&lab.setup, carrier, &Asked::All, now, &Unwatched).await.unwrap();
    assert_eq!((report.sources[0].new, report.acts.alerted, report.acts.letters_sent), (1, 1, 0));
    assert_eq!(contents(lab.setup.home.folder()), before);
    assert_eq!(lab.postbox.keys(), Vec::<String>::new());
}

/// Every file below a folder with its bytes; the lock names its last holder and is left out.
fn contents(folder: &std::path::Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(contents(&path));
        } else if !path.ends_with("lock") {
            let bytes = fs::read(&path).unwrap();
            files.push((path, bytes));
        }
    }
    files.sort();
    files
}

#[tokio::test]
async fn a_second_run_says_who_is_at_work() {
    let lab = Lab::new();
    let now = "2026-11-17T08:00:00Z".parse().unwrap();
    let held = Keep::open(lab.setup.home.folder(), "tidings run", now).unwrap();
    let carrier = lab.page(&[OLD]);
    let doors =
        flow::Doors { carrier, channels: Default::default(), model: flow::ModelDoor::Shut, forge: Default::default() };
    let error = flow::run(&lab.setup, &doors, &Asked::Due, now, &Unwatched).await.unwrap_err();
    assert!(is_busy(&error), "{error:#}");
    assert!(error.to_string().contains(&std::process::id().to_string()), "{error:#}");
    drop(held);
    flow::run(&lab.setup, &doors, &Asked::Due, now, &Unwatched).await.unwrap();
}

#[tokio::test]
async fn a_digest_that_somebody_broke_and_a_letter_whose_bytes_are_gone_stop_nobody_else() {
    let lab = Lab::new();
    lab.run("2026-11-17T08:00:00Z", &[OLD]).await;
    lab.answers([Outcome::later("451 try again")]);
    let report = lab.run("2026-11-24T08:00:00Z", &[HOOKS, OLD]).await;
    assert_eq!((report.acts.letters_sent, report.acts.letters_waiting), (1, 1));

    fs::write(lab.setup.home.digests().join("2026-W47/digest.json"), "{").unwrap();
    for file in fs::read_dir(lab.setup.home.folder().join("state/outbox")).unwrap() {
        fs::remove_file(file.unwrap().path()).unwrap();
    }
    let report = lab.run("2026-12-01T08:00:00Z", &[NEXT, HOOKS, OLD]).await;
    assert_eq!(
        (report.acts.failed, report.acts.letters_sent),
        (1, 4),
        "the next digest and the month's trends reach both"
    );
    assert_eq!(report.acts.indexed, 1);
}

#[tokio::test]
async fn a_source_that_falls_quiet_is_told_of_once_and_in_one_digest() {
    let lab = Lab::new();
    let items: [Told; 6] = [
        ("f", "lantern-code 4.5.0", "Hooks for coding agents."),
        ("e", "lantern-code 4.4.0", "Tools for coding agents."),
        ("d", "lantern-code 4.3.0", "Plans for coding agents."),
        ("c", "lantern-code 4.2.0", "Rules for coding agents."),
        ("b", "lantern-code 4.1.0", "Tests for coding agents."),
        ("a", "lantern-code 4.0.0", "It was there before."),
    ];
    let mut told = Vec::new();
    for (day, known) in [(9, 1), (10, 2), (11, 3), (12, 4), (13, 5), (20, 5), (21, 5), (22, 5), (23, 5), (24, 6)] {
        let report = lab.run(&format!("2026-11-{day:02}T08:00:00Z"), &items[items.len() - known..]).await;
        told.extend(report.changes.into_iter().map(|change| (day, change.what, change.message)));
        if day > 20 {
            let now = format!("2026-11-{day}T08:00:00Z").parse().unwrap();
            let digest = flow::preview_digest(&lab.setup, None, now).unwrap();
            // On the 23rd the next week has begun, but none of the one before was told.
            assert_eq!(digest.text.contains("quiet"), day < 24, "{day}: {}", digest.text);
        }
    }
    let [(21, What::Quiet, words), (24, What::Ok, _)] = &told[..] else { panic!("{told:?}") };
    assert!(words.contains("newest item is of 13 Nov 2026") && words.contains("one every 24 hours"), "{words}");
    lab.run("2026-11-30T08:00:00Z", &items).await;
    let text = |week: &str| fs::read_to_string(lab.setup.home.digests().join(week).join("digest.md")).unwrap();
    assert!(!text("2026-W46").contains("quiet") && !text("2026-W48").contains("quiet"));
}
