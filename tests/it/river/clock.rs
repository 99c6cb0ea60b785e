//! A clock that jumps a year ahead or back: nothing is told twice, and nothing waits until the clock is right.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use tidings::edition::ChannelName;
use tidings::fetch::{Carried, Carrier};
use tidings::flow::{self, Asked, Doors, Report, Status, Unwatched};
use tidings::keep::Keep;
use tidings::page::Request;
use tidings::tell::{Channel, Outcome};

use super::{Lab, Told};

const OLD: Told = ("old", "lantern-code 4.12.0", "It was there before.");
const HOOKS: Told = ("hooks", "lantern-code 4.13.0", "New hooks for coding agents.");
const NEXT: Told = ("next", "lantern-code 4.14.0", "Newer hooks.");
const LAST: Told = ("last", "lantern-code 4.15.0", "The newest hooks.");
const HOLE: Told =
    ("hole", "Sandbox escape in lantern-code", "GHSA-2x4c-9f3m-77qp. A sandbox escape. Fixed in 4.12.3.");

/// A server that asks, at any time, to be left alone for an hour.
struct Tired {
    inner: Arc<dyn Carrier>,
    until: Timestamp,
}

impl Carrier for Tired {
    fn carry<'a>(&'a self, request: &'a Request) -> Carried<'a> {
        self.inner.carry(request)
    }

    fn holds(&self) -> BTreeMap<String, Timestamp> {
        BTreeMap::from([("lantern.example".to_owned(), self.until)])
    }
}

async fn run(lab: &Lab, carrier: Arc<dyn Carrier>, now: &str) -> Report {
    let mail: Arc<dyn Channel> = lab.postbox.clone();
    let doors = Doors {
        carrier,
        channels: BTreeMap::from([(ChannelName::Mail, mail)]),
        model: flow::ModelDoor::Shut,
        forge: Default::default(),
    };
    flow::run(&lab.setup, &doors, &Asked::Due, now.parse().unwrap(), &Unwatched).await.unwrap()
}

/// How often each story stands in the digests of these weeks.
fn tellings(lab: &Lab, weeks: &[&str]) -> BTreeMap<String, usize> {
    let mut count = BTreeMap::new();
    let is_written = |week: &&&str| lab.setup.home.digests().join(week).exists();
    for (title, _) in weeks.iter().filter(is_written).flat_map(|week| lab.told(week)) {
        *count.entry(title).or_default() += 1;
    }
    count
}

fn once(told: &[Told]) -> BTreeMap<String, usize> {
    told.iter().map(|told| (told.1.to_owned(), 1)).collect()
}

#[tokio::test]
async fn sources_are_asked_again_at_once_after_a_run_in_the_future() {
    let lab = Lab::new();
    let until = "2027-11-17T09:00:00Z".parse().unwrap();
    let tired = Arc::new(Tired { inner: lab.page(&[OLD]), until });
    run(&lab, tired, "2027-11-17T08:00:00Z").await;
    let report = run(&lab, lab.page(&[OLD]), "2027-11-17T08:30:00Z").await;
    assert_eq!(report.sources[0].status, Status::NotDue, "the server's wish holds");

    let report = run(&lab, lab.page(&[HOOKS, OLD]), "2026-11-17T08:30:00Z").await;
    assert_eq!((report.sources[0].status, report.sources[0].new), (Status::Ok, 1));
}

#[tokio::test]
async fn a_letter_put_off_in_the_future_leaves_with_the_next_run() {
    let lab = Lab::new();
    lab.run("2026-11-17T08:00:00Z", &[OLD]).await;
    let not_before = Some("2027-11-17T20:00:00Z".parse().unwrap());
    let later = || Outcome::Later { answer: "451".to_owned(), not_before };
    lab.answers([later(), later()]);
    let fresh = (HOLE.0, HOLE.1, HOLE.2);
    lab.run("2026-11-17T09:00:00Z", &[fresh, OLD]).await;
    assert_eq!(lab.postbox.keys().len(), 2);
    // Within a day of it the other side's word counts; a year before, the clock was wrong.
    let keep = |now: &str| {
        let now: Timestamp = now.parse().unwrap();
        Keep::open(lab.setup.home.folder(), "test", now).unwrap().pending_letters(now).unwrap().len()
    };
    assert_eq!((keep("2026-11-17T10:00:00Z"), keep("2026-11-18T09:00:00Z")), (0, 2));
    assert_eq!(keep("2025-11-17T09:00:00Z"), 2);
    let report = lab.run("2025-11-17T09:00:00Z", &[OLD]).await;
    assert_eq!(report.acts.letters_sent, 2);
}

#[tokio::test]
async fn a_run_in_the_future_neither_skips_nor_doubles_what_the_week_tells() {
    let lab = Lab::new();
    lab.run("2026-11-10T08:00:00Z", &[OLD]).await;
    lab.run("2026-11-16T08:00:00Z", &[OLD]).await;
    lab.run("2026-11-17T08:00:00Z", &[HOOKS, OLD]).await;
    // A clock a year ahead closes the open week, with what it has so far, and reads something new.
    lab.run("2027-11-17T08:00:00Z", &[NEXT, HOOKS, OLD]).await;
    // The clock is right again, in the same week.
    lab.run("2026-11-18T08:00:00Z", &[LAST, NEXT, HOOKS, OLD]).await;
    lab.run("2026-11-23T08:00:00Z", &[LAST, NEXT, HOOKS, OLD]).await;
    lab.run("2026-11-30T08:00:00Z", &[LAST, NEXT, HOOKS, OLD]).await;
    assert_eq!(tellings(&lab, &["2026-W47", "2026-W48"]), once(&[HOOKS, NEXT, LAST]));
    let keys = lab.postbox.keys();
    let unique: std::collections::BTreeSet<_> = keys.iter().collect();
    assert_eq!(unique.len(), keys.len(), "no letter left twice: {keys:?}");
}

#[tokio::test]
async fn a_run_in_the_past_neither_skips_nor_doubles_what_the_week_tells() {
    let lab = Lab::new();
    lab.run("2026-11-10T08:00:00Z", &[OLD]).await;
    lab.run("2026-11-16T08:00:00Z", &[OLD]).await;
    lab.run("2026-11-17T08:00:00Z", &[HOOKS, OLD]).await;
    lab.run("2025-11-18T08:00:00Z", &[NEXT, HOOKS, OLD]).await;
    lab.run("2026-11-18T08:00:00Z", &[LAST, NEXT, HOOKS, OLD]).await;
    lab.run("2026-11-23T08:00:00Z", &[LAST, NEXT, HOOKS, OLD]).await;
    lab.run("2026-11-30T08:00:00Z", &[LAST, NEXT, HOOKS, OLD]).await;
    assert_eq!(tellings(&lab, &["2026-W47"]), once(&[HOOKS, NEXT, LAST]));
    assert!(!lab.setup.home.digests().join("2026-W48").exists(), "an empty week is no edition");
    assert!(!lab.setup.home.digests().join("2025-W46").exists());
}

#[tokio::test]
async fn a_home_that_began_under_a_clock_a_year_ahead_has_its_digests_now() {
    let lab = Lab::new();
    lab.run("2027-11-17T08:00:00Z", &[OLD]).await;
    lab.run("2026-11-17T08:00:00Z", &[HOOKS, OLD]).await;
    let report = lab.run("2026-11-23T08:00:00Z", &[HOOKS, OLD]).await;
    assert_eq!(report.acts.digests, ["2026-W47"]);
    assert!(lab.told("2026-W47").iter().any(|(title, _)| title == HOOKS.1));
    let report = lab.run("2026-11-23T09:00:00Z", &[HOOKS, OLD]).await;
    assert_eq!(report.acts.digests, Vec::<String>::new());
}
