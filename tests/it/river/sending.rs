//! What leaves by itself, what a person has to ask for, and what a restored backup does not mail again.

use std::fs;
use std::path::Path;

use tidings::flow::{self, Doors, Replayed, ask, replay_letters};
use tidings::tell::Outcome;

use super::{Lab, Told};

const OLD: Told = ("old", "lantern-code 4.12.0", "It was there before.");
const HOLE: Told =
    ("hole", "Sandbox escape in lantern-code", "GHSA-2x4c-9f3m-77qp. A sandbox escape. Fixed in 4.12.3.");
const HOOKS: Told = ("hooks", "lantern-code 4.13.0", "New hooks for coding agents.");

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn doors(lab: &Lab) -> Doors {
    let mail: std::sync::Arc<dyn tidings::tell::Channel> = lab.postbox.clone();
    Doors {
        carrier: lab.page(&[OLD]),
        channels: [(tidings::edition::ChannelName::Mail, mail)].into(),
        model: flow::ModelDoor::Shut,
        forge: Default::default(),
    }
}

#[tokio::test]
async fn a_restored_backup_does_not_mail_last_month_again() {
    let lab = Lab::new();
    let state = lab.setup.home.folder().join("state");
    lab.run("2026-11-10T08:00:00Z", &[OLD]).await;
    // An alert for two people; one of them is put off. So stands the backup: store, told.jsonl and outbox.
    lab.answers([Outcome::later("451 come back")]);
    lab.run("2026-11-17T09:00:00Z", &[HOOKS, HOLE, OLD]).await;
    let backup = tempfile::tempdir().unwrap();
    copy(&state, backup.path());

    lab.run("2026-11-17T10:00:00Z", &[HOOKS, HOLE, OLD]).await;
    lab.run("2026-11-23T08:00:00Z", &[HOOKS, HOLE, OLD]).await;
    let late = ("late", "Second sandbox escape in lantern-code", "GHSA-3x4c-9f3m-77qp. An escape. Fixed in 4.13.1.");
    lab.run("2026-11-24T08:00:00Z", &[late, HOOKS, HOLE, OLD]).await;
    lab.run("2026-11-30T08:00:00Z", &[late, HOOKS, HOLE, OLD]).await;
    let (before, taken) =
        (lab.postbox.keys(), lab.postbox.keys().into_iter().collect::<std::collections::BTreeSet<_>>());
    assert_eq!(taken.len(), 10, "two alerts, and the digests of three weeks, for two people: {taken:?}");

    fs::remove_dir_all(&state).unwrap();
    copy(backup.path(), &state);
    let report = lab.run("2026-12-20T08:00:00Z", &[late, HOOKS, HOLE, OLD]).await;
    assert_eq!(lab.postbox.keys(), before, "nobody is told again");
    assert_eq!(report.acts.letters_held, 1, "the letter that was put off when the backup was made");
    assert!(report.acts.not_mailed.iter().any(|edition| edition.starts_with("alert/")), "{:?}", report.acts);
    // Another run says it no more: nothing was left to be done over and over.
    let report = lab.run("2026-12-20T09:00:00Z", &[late, HOOKS, HOLE, OLD]).await;
    assert_eq!((lab.postbox.keys(), report.acts.not_mailed, report.acts.digests), (before, vec![], vec![]));
}

#[tokio::test]
async fn a_week_that_closed_long_ago_is_written_but_mailed_only_for_a_reason() {
    let lab = Lab::new();
    lab.run("2026-11-10T08:00:00Z", &[OLD]).await;
    lab.run("2026-11-18T08:00:00Z", &[HOOKS, OLD]).await;
    let before = lab.postbox.keys().len();
    // The machine is off until 15 days after the week closed.
    let now = "2026-12-08T08:00:00Z";
    let report = lab.run(now, &[HOOKS, OLD]).await;
    // What leaves is the trends of November, which closed a week ago.
    assert_eq!((report.acts.not_mailed, report.acts.letters_sent), (vec!["digest/2026-W47".to_owned()], 2));
    assert_eq!(lab.told("2026-W47").len(), 1, "it is written");

    let send = |reason| {
        let (setup, doors) = (lab.setup.clone(), doors(&lab));
        async move { flow::send_digest(&setup, &doors, Some("2026-W47"), reason, now.parse().unwrap()).await }
    };
    let error = send(None).await.unwrap_err().to_string();
    assert!(error.contains("closed 15 days ago") && error.contains("--force"), "{error}");
    let report = send(Some("the lab was away")).await.unwrap();
    assert_eq!((report.acts.letters_sent, lab.postbox.keys().len()), (2, before + 4));
    let told = fs::read_to_string(lab.setup.home.folder().join("state/told.jsonl")).unwrap();
    assert!(told.lines().last().unwrap().contains("\"reason\":\"the lab was away\""), "{told}");
    assert_eq!(send(Some("again")).await.unwrap().acts.letters_sent, 0, "told once, whatever the reason");
}

#[tokio::test]
async fn a_clock_that_ran_ahead_for_one_run_costs_no_letter() {
    let lab = Lab::new();
    lab.run("2026-11-17T08:00:00Z", &[OLD]).await;
    lab.answers([Outcome::later("451"), Outcome::later("451")]);
    lab.run("2026-11-17T09:00:00Z", &[HOOKS, HOLE, OLD]).await;
    let report = lab.run("2027-11-17T09:00:00Z", &[HOOKS, HOLE, OLD]).await;
    assert_eq!((report.acts.letters_held, report.acts.letters_sent), (2, 0));
    let report = lab.run("2026-11-17T10:00:00Z", &[HOOKS, HOLE, OLD]).await;
    assert_eq!(report.acts.letters_sent, 2);
    let report = lab.run("2026-11-23T08:00:00Z", &[HOOKS, HOLE, OLD]).await;
    assert_eq!((report.acts.digests, report.acts.letters_sent), (vec!["2026-W47".to_owned()], 2));
}

#[tokio::test]
async fn a_refused_letter_is_shown_with_its_reason_and_replayed_with_the_same_bytes() {
    let lab = Lab::new();
    lab.run("2026-11-17T08:00:00Z", &[OLD]).await;
    lab.answers([Outcome::Refused { answer: "550 mailbox is full for ever".to_owned() }]);
    lab.run("2026-11-17T09:00:00Z", &[HOLE, OLD]).await;
    let dead = ask::outbox(&lab.setup.home).unwrap().unwrap().dead;
    assert_eq!((dead.len(), dead[0].answer.as_deref()), (1, Some("550 mailbox is full for ever")));

    let now = "2026-11-18T08:30:00Z".parse().unwrap();
    let replay = |which: Replayed| replay_letters(&lab.setup, &which, "the mailbox was emptied", now);
    let unknown = replay(Replayed::Key("digest/none".to_owned())).unwrap_err().to_string();
    assert!(unknown.contains("channels dead"), "{unknown}");
    assert_eq!(replay(Replayed::Key(dead[0].key.clone())).unwrap(), [dead[0].key.clone()]);
    assert_eq!(replay(Replayed::All).unwrap(), Vec::<String>::new(), "it waits already");

    // Even a store that lost the replay knows of it from told.jsonl.
    let report = lab.run("2026-11-18T09:00:00Z", &[HOLE, OLD]).await;
    assert_eq!(report.acts.letters_sent, 1);
    assert_eq!(ask::outbox(&lab.setup.home).unwrap().unwrap().dead, []);
    let tries = lab.postbox.tries.lock().unwrap();
    let tries: Vec<_> = tries.iter().filter(|(key, _)| *key == dead[0].key).collect();
    assert_eq!(tries.len(), 2);
    assert_eq!(tries[0].1, tries[1].1);
}
