//! Work is done once, on the input it was asked for, and what it leads to is kept with it.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use tidings::item::ItemId;
use tidings::keep::Keep;
use tidings::source::Trust;
use tidings::story::{Member, Rise, Story, StoryId};
use tidings::verdict::{Category, Level, Verdict};
use tidings::work::{Duty, TRIES, Work};

use super::{copy, entry, keep, noon, open};

pub fn verdict(level: Level, at: Timestamp) -> Verdict {
    Verdict {
        level,
        relevance: 0.5,
        critical: 0.0,
        category: Category::Feature,
        topics: Vec::new(),
        action: None,
        alarm: false,
        old: false,
        floor: None,
        ceiling: None,
        why: Vec::new(),
        at,
    }
}

pub fn story(item: &ItemId, level: Level, at: Timestamp) -> Story {
    let member = Member {
        item: item.clone(),
        source: "Notes".to_owned(),
        trust: Trust::Official,
        site: "notes.example".to_owned(),
        level,
        leg: false,
        bare: false,
        maker: false,
        sketch: None,
    };
    Story {
        id: StoryId::founded_by(item),
        members: vec![member],
        lead: item.clone(),
        verdict: verdict(level, at),
        rises: vec![Rise::to(level, at)],
        weighed: None,
    }
}

/// Judges one item at a level; whether the result was taken.
pub fn judge(store: &mut Keep, work: &Work, level: Level, follow: &[Work], at: Timestamp) -> bool {
    let id = ItemId(work.id.clone());
    let keys = ["version:tool:1".to_owned()];
    store.keep_judgement(work, &verdict(level, at), &story(&id, level, at), &keys, follow, at).unwrap()
}

#[test]
fn keys_are_forgotten_when_their_time_is_over_and_those_of_advisories_stay() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    keep(&mut store, vec![entry("g-1", "One", "Text."), entry("g-2", "Two", "Text.")]);
    let later = |days: i64| noon() + SignedDuration::from_hours(24 * days);
    let near = format!("near:{:05}:heron", tidings::judge::group::day(noon()));
    let page = "url:notes.example/1".to_owned();
    let advisory = "advisory:CVE-2026-12345".to_owned();
    let keys = [near.clone(), page.clone(), advisory.clone()];
    let works = store.work(Duty::Judge).unwrap();
    let told = story(&ItemId(works[0].id.clone()), Level::Routine, noon());
    // The page is told of again after twenty days, the word is not.
    for (work, keys, at) in [(&works[0], &keys[..], noon()), (&works[1], &keys[1..2], later(20))] {
        assert!(store.keep_judgement(work, &verdict(Level::Routine, at), &told, keys, &[], at).unwrap());
    }
    let known = |store: &mut Keep, days: i64| {
        store.forget_keys(later(days)).unwrap();
        [
            !store.stories_near(&near).unwrap().is_empty(),
            store.story_of(&page).unwrap().is_some(),
            store.story_of(&advisory).unwrap().is_some(),
        ]
    };
    assert_eq!(known(&mut store, 28), [true, true, true]);
    assert_eq!(known(&mut store, 29), [false, true, true], "words after four weeks");
    assert_eq!(known(&mut store, 31), [false, true, true], "the page was told of on day 20");
    assert_eq!(known(&mut store, 50), [false, true, true]);
    assert_eq!(known(&mut store, 51), [false, false, true], "pages after thirty days");
    drop(store);
    let mut store = open(home.path());
    assert_eq!(known(&mut store, 400), [false, false, true], "an advisory's id is its own for ever");
}

#[test]
fn a_judgement_ends_its_work_and_asks_for_what_follows() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let id = keep(&mut store, vec![entry("g-1", "One", "Text.")]).new[0].clone();
    store.index_pending().unwrap();
    let work = store.work(Duty::Judge).unwrap().remove(0);
    let alert = Work::new(Duty::Alert, StoryId::founded_by(&id).0, "once", noon());
    assert!(judge(&mut store, &work, Level::Critical, std::slice::from_ref(&alert), noon()));
    drop(store);

    let store = open(home.path());
    assert_eq!(store.work(Duty::Judge).unwrap(), []);
    assert_eq!(store.work(Duty::Alert).unwrap(), [alert]);
    assert_eq!(store.work(Duty::Index).unwrap()[0].id, id.0, "its level has changed");
    assert_eq!(store.judged(&id).unwrap().unwrap().verdict.level, Level::Critical);
    let keys = ["nothing".to_owned(), "version:tool:1".to_owned(), "version:tool:1".to_owned()];
    assert_eq!(store.stories_of(&keys).unwrap(), [story(&id, Level::Critical, noon())]);
}

#[test]
fn verdicts_that_wait_for_one_another_count_at_once_and_a_kill_takes_back_whole_ones_only() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let name = |number: i32| entry(&format!("g-{number}"), &format!("Title {number}"), &format!("Text {number}."));
    keep(&mut store, (0..300).map(name).collect());
    store.checkpoint().unwrap();
    let works = store.work(Duty::Judge).unwrap();
    assert_eq!(works.len(), 300);
    for work in &works {
        assert!(judge(&mut store, work, Level::Routine, &[], noon()));
        assert!(store.judged(&ItemId(work.id.clone())).unwrap().is_some());
        assert!(!judge(&mut store, work, Level::Critical, &[], noon()), "its work is done");
    }
    let killed = tempfile::tempdir().unwrap();
    copy(home.path(), killed.path());
    store.checkpoint().unwrap();
    let ended = tempfile::tempdir().unwrap();
    copy(home.path(), ended.path());
    drop(store);

    let store = open(killed.path());
    let left: BTreeSet<String> = store.work(Duty::Judge).unwrap().into_iter().map(|work| work.id).collect();
    for work in &works {
        let judged = store.judged(&ItemId(work.id.clone())).unwrap();
        assert_ne!(judged.is_some(), left.contains(&work.id), "{}: judged, or still to be", work.id);
    }
    let store = open(ended.path());
    assert_eq!(store.work(Duty::Judge).unwrap(), []);
    assert_eq!(store.judged_count(noon(), noon() + SignedDuration::from_hours(1)).unwrap(), 300);
}

#[test]
fn a_judgement_on_words_that_have_changed_meanwhile_does_not_count() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let id = keep(&mut store, vec![entry("g-1", "One", "Text.")]).new[0].clone();
    let stale = store.work(Duty::Judge).unwrap().remove(0);
    assert_eq!(keep(&mut store, vec![entry("g-1", "One", "Quite other words.")]).updated, vec![id.clone()]);
    assert!(!judge(&mut store, &stale, Level::Critical, &[], noon()));
    assert_eq!(store.judged(&id).unwrap(), None);
    let current = store.work(Duty::Judge).unwrap().remove(0);
    assert_ne!(current.input, stale.input);
    assert!(judge(&mut store, &current, Level::Routine, &[], noon()));
    assert_eq!(store.text(&store.item(&id).unwrap().unwrap()).unwrap(), "Quite other words.");
}

#[test]
fn an_item_that_is_judged_again_was_still_first_judged_then() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let id = keep(&mut store, vec![entry("g-1", "One", "Text.")]).new[0].clone();
    let later = noon() + SignedDuration::from_hours(200);
    let work = store.work(Duty::Judge).unwrap().remove(0);
    judge(&mut store, &work, Level::Routine, &[], noon());
    keep(&mut store, vec![entry("g-1", "One", "Quite other words.")]);
    let work = store.work(Duty::Judge).unwrap().remove(0);
    judge(&mut store, &work, Level::Notable, &[], later);
    let judged = store.judged(&id).unwrap().unwrap();
    assert_eq!((judged.first, judged.verdict.level), (noon(), Level::Notable));
    assert_eq!(store.judged_count(later, later + SignedDuration::from_hours(1)).unwrap(), 0);
}

#[test]
fn what_fails_too_often_is_set_aside_by_name() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    keep(&mut store, vec![entry("g-1", "One", "Text.")]);
    for _ in 0..TRIES {
        let work = store.work(Duty::Judge).unwrap().remove(0);
        store.work_failed(&work, "it would not be judged").unwrap();
    }
    assert_eq!(store.work(Duty::Judge).unwrap(), []);
    let aside = store.aside().unwrap();
    assert_eq!(aside.len(), 1);
    assert_eq!(aside[0].fault.as_deref(), Some("it would not be judged"));
}

#[test]
fn work_is_given_oldest_first() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let later = noon() + SignedDuration::from_hours(1);
    for (native, at) in [("late", later), ("early", noon())] {
        let page = super::reading(vec![entry(native, native, "Text.")]);
        store.keep_reading(&super::source(native), page, Default::default(), at).unwrap();
    }
    let since: Vec<Timestamp> = store.work(Duty::Judge).unwrap().iter().map(|work| work.since).collect();
    assert_eq!(since, [noon(), later]);
}

#[test]
fn a_week_holds_what_rose_and_was_first_judged_in_it() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let hour = SignedDuration::from_hours(1);
    let ids = keep(&mut store, (1..=3).map(|n| entry(&format!("g-{n}"), &format!("Item {n}"), "Text.")).collect()).new;
    let works = store.work(Duty::Judge).unwrap();
    let work = |id: &ItemId| works.iter().find(|work| work.id == id.0).unwrap().clone();
    judge(&mut store, &work(&ids[0]), Level::Notable, &[], noon() - hour);
    judge(&mut store, &work(&ids[1]), Level::Notable, &[], noon());
    judge(&mut store, &work(&ids[2]), Level::Notable, &[], noon() + hour);

    let risen = |from, to| store.stories_risen(from, to).unwrap().iter().map(|s| s.lead.clone()).collect::<Vec<_>>();
    assert_eq!(risen(noon() - hour, noon()), [ids[0].clone()], "the end is not part of the period");
    assert_eq!(risen(noon(), noon() + hour + hour), [ids[1].clone(), ids[2].clone()]);
    assert_eq!(store.judged_count(noon() - hour, noon() + hour).unwrap(), 2);
    assert_eq!(store.judged_count(noon(), noon()).unwrap(), 0);
}
