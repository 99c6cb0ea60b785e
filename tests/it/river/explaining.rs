//! What people ask and say between runs: why an item was weighed as it was, and whether it was worth reading.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use tidings::flow::{self, ask};
use tidings::item::ItemId;
use tidings::keep::Keep;
use tidings::verdict::Level;

use super::{Lab, Told, stories};

const OLD: Told = ("old", "lantern-code 4.12.0", "It was there before.");
const HOLE: Told =
    ("hole", "Sandbox escape in lantern-code", "GHSA-2x4c-9f3m-77qp. A sandbox escape. Fixed in 4.12.3.");
const HOOKS: Told = ("hooks", "lantern-code 4.13.0", "New hooks for coding agents.");

fn open(lab: &Lab) -> Keep {
    Keep::open(lab.setup.home.folder(), "a test", "2026-11-20T00:00:00Z".parse().unwrap()).unwrap()
}

fn id(lab: &Lab, title: &str) -> ItemId {
    let query = ask::Query { words: title.to_owned(), limit: 10, ..ask::Query::default() };
    let hits = ask::search(&lab.setup.home, &query).unwrap().hits;
    hits.into_iter().find(|hit| hit.title == title).unwrap().id
}

/// Ends with the alert sent and the home free.
async fn alerted() -> Lab {
    let lab = Lab::new();
    lab.run("2026-11-17T08:00:00Z", &[OLD]).await;
    lab.run("2026-11-18T09:00:00Z", &[HOLE, OLD]).await;
    lab
}

#[tokio::test]
async fn an_item_is_explained_from_its_rules_to_the_letters_while_a_run_is_at_work() {
    let lab = alerted().await;
    let _held = open(&lab);
    let home = &lab.setup.home;
    let explanation = flow::explain(home, &id(&lab, HOLE.1).0).unwrap().unwrap();
    assert_eq!((explanation.why.title.as_str(), explanation.story_level), (HOLE.1, Level::Critical));
    assert!(explanation.why.verdict.why.iter().any(|reason| reason.by == "rule:advisory"));
    assert_eq!(explanation.members.len(), 1);
    assert_eq!(explanation.rises.len(), 1);
    let told = &explanation.told[0];
    assert_eq!((told.edition.clone(), told.letters, told.sent), (format!("alert/{}", explanation.why.story), 2, 2));
    let by_story = flow::explain(home, &explanation.why.story.0).unwrap().unwrap();
    assert_eq!(by_story, explanation);
    let json = serde_json::to_string(&explanation).unwrap();
    assert!(json.starts_with("{\"version\":1,") && !json.contains("lab.example"), "no address is shown: {json}");
    assert!(flow::explain(home, "i-0000000000").unwrap().is_none());
    assert!(flow::explain(home, "s-0000000000").unwrap().is_none());
}

#[tokio::test]
async fn only_days_in_which_something_changed_are_written_anew() {
    let lab = alerted().await;
    let folder = lab.setup.home.folder().join("state/views/why");
    let day = |day: &str| folder.join(format!("{day}.jsonl"));
    assert_eq!(fs::read_to_string(day("2026-11-17")).unwrap().lines().count(), 1);
    assert_eq!(fs::metadata(day("2026-11-17")).unwrap().permissions().mode() & 0o777, 0o600);
    for name in ["2026-11-17", "2026-11-18"] {
        fs::write(day(name), "as it was\n").unwrap();
    }
    lab.run("2026-11-19T09:00:00Z", &[HOOKS, HOLE, OLD]).await;
    assert_eq!(fs::read_to_string(day("2026-11-17")).unwrap(), "as it was\n");
    assert!(fs::read_to_string(day("2026-11-19")).unwrap().contains(HOOKS.1));
    // An item that changes is judged again, and stays in the day of its first judgement.
    lab.run("2026-11-20T09:00:00Z", &[HOOKS, ("hole", HOLE.1, "GHSA-2x4c-9f3m-77qp. Fixed in 4.12.5."), OLD]).await;
    let written = fs::read_to_string(day("2026-11-18")).unwrap();
    assert!(written.contains(HOLE.1) && written.contains("4.12.5") && !day("2026-11-20").exists(), "{written}");
    flow::reindex(&lab.setup.home, "2026-11-20T10:00:00Z".parse().unwrap()).unwrap();
    assert!(fs::read_to_string(day("2026-11-17")).unwrap().contains(OLD.1), "made anew from what is kept");
}

#[tokio::test]
async fn a_thumb_is_left_at_any_time_counts_from_the_next_run_and_the_last_wins() {
    let lab = alerted().await;
    let home = &lab.setup.home;
    let now = "2026-11-18T10:00:00Z".parse().unwrap();
    let hole = id(&lab, HOLE.1);
    {
        let held = open(&lab);
        flow::give_thumb(home, &hole.0, Some(false), now).unwrap().unwrap();
        let story = stories(&held).into_iter().find(|story| story.lead == hole).unwrap();
        let thumbed = flow::give_thumb(home, &story.id.0, Some(true), now).unwrap().unwrap();
        assert_eq!((thumbed.item, thumbed.title.as_str()), (hole.clone(), HOLE.1), "a story's thumb is its lead's");
        flow::give_thumb(home, &id(&lab, OLD.1).0, Some(false), now).unwrap().unwrap();
        assert_eq!(flow::give_thumb(home, "i-0000000000", Some(true), now).unwrap(), None);
        assert!(held.thumbs().unwrap().is_empty());
    }
    assert_eq!(ask::inbox(home).unwrap().waiting, 2);
    let file = home.folder().join(format!("state/inbox/thumb-{hole}.json"));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    lab.run("2026-11-18T11:00:00Z", &[HOLE, OLD]).await;
    assert_eq!(ask::inbox(home).unwrap(), ask::Inbox::default());
    let status = ask::status(home).unwrap().unwrap();
    assert_eq!((status.thumbs_up, status.thumbs_down), (1, 1));
    let thumbs = open(&lab).thumbs().unwrap();
    assert!(thumbs.iter().any(|thumb| thumb.up && thumb.item.id == hole && thumb.text.contains("sandbox escape")));

    flow::give_thumb(home, &hole.0, None, now).unwrap().unwrap();
    lab.run("2026-11-18T12:00:00Z", &[HOLE, OLD]).await;
    assert_eq!(open(&lab).thumbs().unwrap().len(), 1, "it was taken back");
    // The export of the next day has it.
    lab.run("2026-11-19T09:00:00Z", &[HOLE, OLD]).await;
    flow::restore(home, None, "2026-11-19T10:00:00Z".parse().unwrap()).unwrap();
    let thumbs = open(&lab).thumbs().unwrap();
    assert_eq!((thumbs.len(), thumbs[0].item.title.as_str(), thumbs[0].up), (1, OLD.1, false));
}

#[tokio::test]
async fn what_is_no_thumb_is_set_aside_by_name_and_stops_nothing() {
    let lab = alerted().await;
    let home = &lab.setup.home;
    let inbox = home.folder().join("state/inbox");
    let hole = id(&lab, HOLE.1);
    flow::give_thumb(home, &hole.0, Some(true), "2026-11-18T10:00:00Z".parse().unwrap()).unwrap().unwrap();
    fs::write(inbox.join("thumb-i-0000000001.json"), "{").unwrap();
    fs::write(inbox.join("notes.txt"), [0xff; 40]).unwrap();
    fs::write(
        inbox.join("thumb-i-0000000002.json"),
        "{\"version\":9,\"item\":\"i-0000000002\",\"at\":\"2026-11-18T10:00:00Z\"}",
    )
    .unwrap();
    let other = format!("{{\"version\":1,\"item\":\"{hole}\",\"up\":false,\"at\":\"2026-11-18T10:00:00Z\"}}");
    fs::write(inbox.join("thumb-i-0000000003.json"), other).unwrap();
    std::os::unix::fs::symlink("/dev/zero", inbox.join("thumb-i-0000000004.json")).unwrap();
    fs::create_dir(inbox.join("thumb-i-0000000005.json")).unwrap();
    fs::write(inbox.join(".thumb-half"), "{").unwrap();
    // Of an item that this store does not know, perhaps yet.
    let unknown = "{\"version\":1,\"item\":\"i-0000000006\",\"up\":true,\"at\":\"2026-11-18T10:00:00Z\"}";
    fs::write(inbox.join("thumb-i-0000000006.json"), unknown).unwrap();

    lab.run("2026-11-18T11:00:00Z", &[HOLE, OLD]).await;
    let found = ask::inbox(home).unwrap();
    assert_eq!((found.waiting, found.aside.len()), (1, 6), "{found:?}");
    assert!(found.aside.contains(&"notes.txt".to_owned()));
    let thumbs = open(&lab).thumbs().unwrap();
    assert_eq!((thumbs.len(), thumbs[0].up), (1, true));
}
