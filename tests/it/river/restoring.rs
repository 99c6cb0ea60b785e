//! A home that was restored goes on where it was: nobody is told twice, and nothing is lost that the feeds still have.

use std::fs;

use tidings::flow::{self, Asked, Unwatched};
use tidings::keep::Keep;
use tidings::story::StoryId;

use super::{Lab, Told};

const OLD: Told = ("old", "lantern-code 4.12.0", "It was there before.");
const HOOKS: Told = ("hooks", "lantern-code 4.13.0", "New hooks for coding agents.");
const NEXT: Told = ("next", "lantern-code 4.14.0", "Newer hooks.");
const HOLE: Told =
    ("hole", "Sandbox escape in lantern-code", "GHSA-2x4c-9f3m-77qp. A sandbox escape. Fixed in 4.12.3.");

/// The store of the lab is damaged; a run says so, and it is restored.
fn lose_and_restore(lab: &Lab, now: &str) {
    let home = &lab.setup.home;
    fs::write(home.folder().join("state/store/db"), [0xA7; 9_000]).unwrap();
    let now = now.parse().unwrap();
    let Err(error) = Keep::open(home.folder(), "tidings run", now) else { panic!("the store is damaged") };
    assert!(error.to_string().contains("`tidings restore`"), "{error}");
    flow::restore(home, None, now).unwrap();
}

#[tokio::test]
async fn an_alert_that_left_after_the_export_does_not_leave_again() {
    let lab = Lab::new();
    lab.run("2026-11-17T08:00:00Z", &[OLD]).await;
    let report = lab.run("2026-11-17T09:00:00Z", &[HOLE, OLD]).await;
    assert_eq!((report.sources[0].new, report.acts.letters_sent), (1, 2));

    lose_and_restore(&lab, "2026-11-17T10:00:00Z");
    let report = lab.run("2026-11-17T11:00:00Z", &[HOLE, OLD]).await;
    assert_eq!((report.sources[0].new, report.acts.letters_sent), (1, 0), "it is read again, and known to be told");
    assert_eq!(lab.postbox.keys().len(), 2);
}

#[tokio::test]
async fn a_digest_that_left_after_the_export_stays_and_what_it_told_is_in_no_other() {
    let lab = Lab::new();
    lab.run("2026-11-16T08:00:00Z", &[OLD]).await;
    // The export of Monday is written at 00:30; hooks come later, and the week closes at 07:00.
    lab.run("2026-11-23T00:30:00Z", &[OLD]).await;
    lab.run("2026-11-23T06:00:00Z", &[HOOKS, OLD]).await;
    let report = lab.run("2026-11-23T07:10:00Z", &[HOOKS, OLD]).await;
    assert_eq!(report.acts.digests, ["2026-W47"]);
    let said = lab.told("2026-W47");
    assert!(said.iter().any(|(title, _)| title == HOOKS.1), "{said:?}");

    lose_and_restore(&lab, "2026-11-23T08:00:00Z");
    lab.run("2026-11-23T09:00:00Z", &[NEXT, HOOKS, OLD]).await;
    lab.run("2026-11-30T09:00:00Z", &[NEXT, HOOKS, OLD]).await;
    assert_eq!(lab.told("2026-W47"), said, "what was said is not rewritten");
    assert_eq!(lab.told("2026-W48"), [(NEXT.1.to_owned(), false)]);
    let keys = lab.postbox.keys();
    assert_eq!(keys.len(), 4, "each person has each week once: {keys:?}");
}

/// Two sources tell one story. Which of them founded it decides its name, and so the key of the letters.
#[tokio::test]
async fn a_story_keeps_its_name_though_its_items_come_back_at_once() {
    for order in [["Lantern", "Mirror"], ["Mirror", "Lantern"]] {
        let mut lab = Lab::new();
        let mut mirror = lab.setup.sources[0].clone();
        mirror.name = "Mirror".to_owned();
        lab.setup.sources.push(mirror);
        let run = async |now: &str, source: Option<&str>, items: &[Told]| {
            let channel: std::sync::Arc<dyn tidings::tell::Channel> = lab.postbox.clone();
            let channels = [(tidings::edition::ChannelName::Mail, channel)].into();
            let doors = flow::Doors {
                carrier: lab.page(items),
                channels,
                model: flow::ModelDoor::Shut,
                forge: Default::default(),
            };
            let asked = source.map_or(Asked::All, |name| Asked::Named(vec![name.to_owned()]));
            flow::run(&lab.setup, &doors, &asked, now.parse().unwrap(), &Unwatched).await.unwrap()
        };
        run("2026-11-17T08:00:00Z", None, &[OLD]).await;
        run("2026-11-17T09:00:00Z", Some(order[0]), &[HOLE, OLD]).await;
        run("2026-11-17T10:00:00Z", Some(order[1]), &[HOLE, OLD]).await;
        assert_eq!(lab.postbox.keys().len(), 2);
        let names = || -> Vec<(StoryId, usize)> {
            let now = "2026-11-17T13:00:00Z".parse().unwrap();
            let keep = Keep::open(lab.setup.home.folder(), "tidings run", now).unwrap();
            let stories = keep.stories_risen("2026-11-17T08:30:00Z".parse().unwrap(), now).unwrap();
            stories.into_iter().map(|story| (story.id, story.members.len())).collect()
        };
        let known = names();
        assert!(matches!(known[..], [(_, 2)]), "one story of two items: {known:?}");

        lose_and_restore(&lab, "2026-11-17T11:00:00Z");
        let report = run("2026-11-17T12:00:00Z", None, &[HOLE, OLD]).await;
        assert_eq!(report.sources.iter().map(|source| source.new).sum::<usize>(), 2);
        assert_eq!(lab.postbox.keys().len(), 2, "founded by {}", order[0]);
        assert_eq!(names(), known, "the same name, and both items in it");
    }
}

#[tokio::test]
async fn a_text_that_is_lost_is_counted_and_named_and_stops_nobody() {
    let lab = Lab::new();
    lab.run("2026-11-16T08:00:00Z", &[OLD]).await;
    lab.run("2026-11-17T08:00:00Z", &[HOOKS, OLD]).await;
    fs::remove_file(lab.setup.home.folder().join("state/archive/items/2026-11.zst")).unwrap();
    fs::remove_dir_all(lab.setup.home.folder().join("index")).unwrap();
    // The feed no longer has the items, and the week closes.
    let report = lab.run("2026-11-23T08:00:00Z", &[NEXT]).await;
    assert_eq!((report.acts.texts_lost, report.lost.len(), report.acts.failed), (2, 2, 0));
    assert_eq!((report.acts.digests.len(), report.acts.letters_sent, report.acts.indexed), (1, 2, 3));
    assert!(lab.told("2026-W47").iter().any(|(title, _)| title == HOOKS.1), "it is told by its title");
}
