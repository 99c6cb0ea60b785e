//! An edition that needs a person's look is written, not mailed, and leaves when the person says so.

use std::fs;

use tidings::config::Person;
use tidings::edition::ChannelName;
use tidings::flow::{self, Doors, ask};

use super::{Lab, Told};

const OLD: Told = ("old", "lantern-code 4.12.0", "It was there before.");
const HOOKS: Told = ("hooks", "lantern-code 4.13.0", "New hooks for coding agents.");
const LATER: Told = ("later", "lantern-code 4.14.0", "New skills for coding agents.");

fn add_people(lab: &mut Lab, number: usize) {
    lab.setup.config.people.extend((0..number).map(|n| Person {
        address: format!("p{n}@lab.example"),
        name: String::new(),
        streams: Vec::new(),
        channels: vec![ChannelName::Mail],
    }));
}

fn doors(lab: &Lab) -> Doors {
    let mail: std::sync::Arc<dyn tidings::tell::Channel> = lab.postbox.clone();
    Doors {
        carrier: lab.page(&[OLD]),
        channels: [(ChannelName::Mail, mail)].into(),
        model: flow::ModelDoor::Shut,
        forge: Default::default(),
    }
}

#[tokio::test]
async fn far_more_people_than_last_time_stop_a_digest_until_somebody_says_so() {
    let mut lab = Lab::new();
    lab.setup.config.mail.as_mut().unwrap().admin = Some("admin@lab.example".to_owned());
    lab.run("2026-11-17T08:00:00Z", &[OLD]).await;
    lab.run("2026-11-18T08:00:00Z", &[HOOKS, OLD]).await;
    lab.run("2026-11-23T08:00:00Z", &[HOOKS, OLD]).await;
    // Two digests, and the notice that runs go well again after five days without one.
    assert_eq!(lab.postbox.keys().len(), 3);
    add_people(&mut lab, 6);
    lab.run("2026-11-25T08:00:00Z", &[LATER, HOOKS, OLD]).await;

    let report = lab.run("2026-11-30T08:00:00Z", &[LATER, HOOKS, OLD]).await;
    assert_eq!(report.acts.stopped.len(), 1, "{:?}", report.acts);
    assert_eq!(report.acts.stopped[0].edition, "digest/2026-W48");
    assert_eq!(report.acts.stopped[0].why, ["8 people would get it, and 2 got the last one; look at [[people]]"]);
    assert_eq!(lab.told("2026-W48").len(), 1, "its files are written");
    let keys = lab.postbox.keys();
    assert_eq!(&keys[3..], ["notice/stopped-2026-W48/admin@lab.example/mail"], "nobody but the admin is told");
    assert_eq!(ask::status(&lab.setup.home).unwrap().unwrap().stopped, report.acts.stopped);

    let report = lab.run("2026-11-30T09:00:00Z", &[LATER, HOOKS, OLD]).await;
    assert_eq!(
        (report.acts.stopped, report.acts.digests),
        (Vec::new(), Vec::new()),
        "said once, and not written again"
    );

    let now = "2026-11-30T10:00:00Z".parse().unwrap();
    let send = |reason| {
        let (setup, doors) = (lab.setup.clone(), doors(&lab));
        async move { flow::send_digest(&setup, &doors, Some("2026-W48"), reason, now).await }
    };
    let error = send(None).await.unwrap_err().to_string();
    assert!(error.contains("8 people would get it") && error.contains("--force"), "{error}");
    assert_eq!(lab.postbox.keys().len(), 4);
    let report = send(Some("six people joined")).await.unwrap();
    assert_eq!((report.acts.letters_sent, lab.postbox.keys().len()), (8, 12));
    let told = fs::read_to_string(lab.setup.home.folder().join("state/told.jsonl")).unwrap();
    assert!(told.lines().last().unwrap().contains("\"reason\":\"six people joined\""), "{told}");
    assert!(ask::status(&lab.setup.home).unwrap().unwrap().stopped.is_empty());
    assert_eq!(send(None).await.unwrap().acts.letters_sent, 0, "told once");
}

#[tokio::test]
async fn what_is_mended_leaves_without_a_reason() {
    let mut lab = Lab::new();
    lab.run("2026-11-17T08:00:00Z", &[OLD]).await;
    lab.run("2026-11-18T08:00:00Z", &[HOOKS, OLD]).await;
    lab.run("2026-11-23T08:00:00Z", &[HOOKS, OLD]).await;
    add_people(&mut lab, 50);
    lab.run("2026-11-25T08:00:00Z", &[LATER, HOOKS, OLD]).await;
    assert_eq!(lab.run("2026-11-30T08:00:00Z", &[LATER, HOOKS, OLD]).await.acts.stopped.len(), 1);
    lab.setup.config.people.truncate(2);
    let now = "2026-11-30T10:00:00Z".parse().unwrap();
    let report = flow::send_digest(&lab.setup, &doors(&lab), None, None, now).await.unwrap();
    assert_eq!(report.acts.letters_sent, 2);
}
