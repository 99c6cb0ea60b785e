//! A home that is opened again holds what was kept, however it was left.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use tidings::item::{Fault, FaultKind};
use tidings::keep::{Keep, OpenError, status};
use tidings::page::Mark;
use tidings::work::Duty;

use super::{copy, entry, keep, noon, open, source};

#[test]
fn what_was_kept_is_there_after_reopening() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let mark = Mark { etag: Some("\"abc\"".to_owned()), ..Mark::default() };
    let page = super::reading(vec![entry("g-1", "One", "The text of one."), entry("g-2", "Two", "")]);
    let kept = store.keep_reading(&source("feed"), page, mark.clone(), noon()).unwrap();
    drop(store);

    let store = open(home.path());
    let item = store.item(&kept.new[0]).unwrap().unwrap();
    assert_eq!(item.title, "One");
    assert_eq!(store.text(&item).unwrap(), "The text of one.");
    let empty = store.item(&kept.new[1]).unwrap().unwrap();
    assert_eq!(store.text(&empty).unwrap(), "");
    let watched = store.watched("feed").unwrap().unwrap();
    assert_eq!((watched.mark, watched.entries, watched.answered), (mark, 2, Some(noon())));
    assert_eq!(store.work(Duty::Judge).unwrap().len(), 2);
    assert_eq!(store.first_run().unwrap(), noon());
}

#[test]
fn a_second_holder_is_told_who_is_at_work() {
    let home = tempfile::tempdir().unwrap();
    let first = open(home.path());
    let Err(OpenError::Busy(holder)) = Keep::open(home.path(), "tidings digest", noon()) else {
        panic!("the home is held");
    };
    assert_eq!((holder.command.as_str(), holder.pid, holder.since), ("tidings run", std::process::id(), noon()));
    let words = OpenError::Busy(holder).to_string();
    assert!(words.contains("`tidings run`") && words.contains("2026-11-21T12:00:00Z"), "{words}");
    drop(first);
    Keep::open(home.path(), "tidings digest", noon()).unwrap();
}

#[test]
fn a_home_is_opened_again_at_once_and_many_times() {
    let home = tempfile::tempdir().unwrap();
    for number in 0..20 {
        let mut store = open(home.path());
        let text = format!("Text {number}.");
        assert_eq!(keep(&mut store, vec![entry(&format!("g-{number}"), &text, &text)]).new.len(), 1);
    }
    assert_eq!(open(home.path()).watched("feed").unwrap().unwrap().entries, 20);
}

#[test]
fn a_home_of_a_killed_process_opens_with_all_that_was_checkpointed() {
    let (home, after) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut store = open(home.path());
    let kept = keep(&mut store, vec![entry("g-1", "One", "The text of one.")]);
    store.checkpoint().unwrap();
    copy(home.path(), after.path());
    drop(store);

    let mut store = open(after.path());
    let item = store.item(&kept.new[0]).unwrap().unwrap();
    assert_eq!(store.text(&item).unwrap(), "The text of one.");
    assert!(keep(&mut store, vec![entry("g-1", "One", "The text of one.")]).new.is_empty());
}

#[test]
fn a_half_written_snapshot_does_not_lock_people_out() {
    let home = tempfile::tempdir().unwrap();
    let kept = keep(&mut open(home.path()), vec![entry("g-1", "One", "Text.")]);
    let folder = home.path().join("state/store");
    fs::write(folder.join("snap.00000000000FFFFF.generating"), [7; 64]).unwrap();
    assert!(open(home.path()).item(&kept.new[0]).unwrap().is_some());
    assert!(!folder.join("set-aside").exists(), "the good snapshot was used");
}

#[test]
fn a_damaged_snapshot_is_moved_aside_and_the_log_is_read() {
    let home = tempfile::tempdir().unwrap();
    let kept = keep(&mut open(home.path()), vec![entry("g-1", "One", "Text.")]);
    let folder = home.path().join("state/store");
    fs::write(folder.join("snap.00000000000FFFFF"), [7; 64]).unwrap();
    assert!(open(home.path()).item(&kept.new[0]).unwrap().is_some());
    assert!(folder.join("set-aside/snap.00000000000FFFFF").exists());
}

#[test]
fn what_was_appended_to_an_archive_and_never_recorded_is_cut_off() {
    let home = tempfile::tempdir().unwrap();
    let kept = keep(&mut open(home.path()), vec![entry("g-1", "One", "The text of one.")]);
    let file = home.path().join("state/archive/items/2026-11.zst");
    let length = fs::metadata(&file).unwrap().len();
    OpenOptions::new().append(true).open(&file).unwrap().write_all(&[9; 100]).unwrap();

    let mut store = open(home.path());
    assert_eq!(fs::metadata(&file).unwrap().len(), length);
    let more = keep(&mut store, vec![entry("g-2", "Two", "The text of two.")]);
    for (id, text) in [(&kept.new[0], "The text of one."), (&more.new[0], "The text of two.")] {
        let item = store.item(id).unwrap().unwrap();
        assert_eq!(store.text(&item).unwrap(), text);
    }
}

#[test]
fn a_lost_store_leaves_the_texts_and_gives_the_same_ids_again() {
    let home = tempfile::tempdir().unwrap();
    let kept = keep(&mut open(home.path()), vec![entry("g-1", "One", "The text of one.")]);
    let file = home.path().join("state/archive/items/2026-11.zst");
    let length = fs::metadata(&file).unwrap().len();
    fs::remove_dir_all(home.path().join("state/store")).unwrap();

    let mut store = open(home.path());
    assert_eq!(fs::metadata(&file).unwrap().len(), length);
    let again = keep(&mut store, vec![entry("g-1", "One", "The text of one.")]);
    assert_eq!(again.new, kept.new);
    assert_eq!(store.text(&store.item(&again.new[0]).unwrap().unwrap()).unwrap(), "The text of one.");
}

#[test]
fn the_state_is_closed_to_other_users() {
    let home = tempfile::tempdir().unwrap();
    let state = home.path().join("state");
    fs::create_dir(&state).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o755)).unwrap();
    keep(&mut open(home.path()), vec![entry("g-1", "One", "Text.")]);
    let mode = |path: &str| fs::metadata(state.join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(""), mode("archive"), mode("archive/items/2026-11.zst")), (0o700, 0o700, 0o600));
    assert_eq!(mode("told.jsonl"), 0o600);
}

#[test]
fn many_texts_of_one_page_are_each_read_back() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let text = |number: usize| format!("{number} ").repeat(number % 700);
    let entries = (0..2_500).map(|number| entry(&format!("g-{number}"), &format!("Title {number}"), &text(number)));
    let kept = keep(&mut store, entries.collect());
    assert_eq!(kept.new.len(), 2_500);
    for (number, id) in kept.new.iter().enumerate() {
        assert_eq!(store.text(&store.item(id).unwrap().unwrap()).unwrap(), text(number));
    }
}

#[test]
fn faults_are_counted_and_a_good_answer_ends_them() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let feed = source("feed");
    let mark = Mark { etag: Some("\"1\"".to_owned()), ..Mark::default() };
    store.keep_reading(&feed, super::reading(vec![entry("g-1", "One", "Text.")]), mark.clone(), noon()).unwrap();
    store.keep_fault(&feed, &Fault::new(FaultKind::Timeout, "asking it took too long"), noon()).unwrap();
    store.keep_fault(&feed, &Fault::new(FaultKind::Waiting, "it asked us to wait"), noon()).unwrap();
    // An empty answer is a fault too, and its mark is not taken: the next request asks for the whole page.
    let other = Mark { etag: Some("\"2\"".to_owned()), ..Mark::default() };
    let kept = store.keep_reading(&feed, super::reading(Vec::new()), other, noon()).unwrap();
    assert_eq!(kept.fault.unwrap().kind, FaultKind::Empty);
    let watched = store.watched("feed").unwrap().unwrap();
    assert_eq!((watched.failures, watched.mark.clone(), watched.entries), (3, mark.clone(), 1));
    assert_eq!(watched.recovered, None);

    store.keep_not_modified(&feed, mark.clone(), noon()).unwrap();
    let watched = store.watched("feed").unwrap().unwrap();
    assert_eq!((watched.failures, watched.fault, watched.recovered), (0, None, Some(noon())));
}

#[test]
fn the_status_is_read_without_the_lock() {
    let home = tempfile::tempdir().unwrap();
    assert_eq!(status(home.path()).unwrap(), None);
    let mut store = open(home.path());
    keep(&mut store, vec![entry("g-1", "One", "Text.")]);
    store.write_views(noon()).unwrap();
    let status = status(home.path()).unwrap().unwrap();
    assert_eq!((status.judge, status.index, status.sources.len()), (1, 1, 1));
    assert_eq!((status.sources[0].name.as_str(), status.sources[0].watched.entries), ("feed", 1));
}

#[test]
fn waits_and_closed_editions_are_remembered() {
    let home = tempfile::tempdir().unwrap();
    let holds = std::collections::BTreeMap::from([("a.example".to_owned(), noon())]);
    let edition = tidings::edition::EditionId::Digest("2026-W47".to_owned());
    let mut store = open(home.path());
    assert_eq!(store.closed(&edition).unwrap(), None);
    store.keep_holds(&holds).unwrap();
    store.close(&edition, &[], noon()).unwrap();
    drop(store);
    let store = open(home.path());
    assert_eq!(store.holds().unwrap(), holds);
    assert_eq!(store.closed(&edition).unwrap(), Some(noon()));
}

#[test]
fn a_page_of_more_entries_than_are_kept_at_a_time_is_kept_whole_and_once() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let text = |number: usize| format!("Words of entry {number}.");
    let name = |number: usize| entry(&format!("g-{number}"), &format!("Title {number}"), &text(number));
    let mut entries: Vec<_> = (0..1_300).map(name).collect();
    // Far behind it, the first one is listed again.
    entries.push(entries[0].clone());
    let kept = keep(&mut store, entries.clone());
    assert_eq!((kept.new.len(), kept.updated.len()), (1_300, 0));
    let again = keep(&mut store, entries);
    assert_eq!((again.new.len(), again.updated.len()), (0, 0));
    drop(store);

    let store = open(home.path());
    for (number, id) in kept.new.iter().enumerate() {
        let item = store.item(id).unwrap().unwrap();
        assert_eq!(store.text(&item).unwrap(), text(number));
    }
    assert_eq!(store.watched("feed").unwrap().unwrap().entries, 1_300);
}
