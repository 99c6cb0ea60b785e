//! A store is made anew from an export; told.jsonl and the archive add what they know better.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use tidings::edition::{ChannelName, EditionId, Letter, LetterState, Reader, letter_key, message_hash};
use tidings::keep::{Keep, OpenError};
use tidings::work::Duty;

use super::{entry, keep, noon, open, time};

fn export(home: &Path, day: &str) -> PathBuf {
    home.join(format!("state/exports/{day}.jsonl.zst"))
}

fn exports(home: &Path) -> Vec<String> {
    let entries = fs::read_dir(home.join("state/exports")).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn lines(path: &Path) -> Vec<String> {
    let mut text = String::new();
    zstd::Decoder::new(fs::File::open(path).unwrap()).unwrap().read_to_string(&mut text).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn later(hours: i64) -> Timestamp {
    noon() + SignedDuration::from_hours(hours)
}

fn damage(home: &Path) {
    fs::write(home.join("state/store/db"), [0xA7; 4096]).unwrap();
    assert!(matches!(Keep::open(home, "tidings run", noon()), Err(OpenError::Damaged { .. })));
}

fn letter(address: &str) -> (Letter, Vec<u8>) {
    let reader = Reader { channel: ChannelName::Mail, address: address.to_owned(), name: String::new() };
    let edition = EditionId::Digest("2026-W47".to_owned());
    let key = letter_key(&edition, &reader);
    let letter = Letter {
        edition: edition.to_string(),
        reader,
        message_id: format!("<{}@lab.example>", message_hash(&key)),
        stories: Vec::new(),
        file: format!("{}.eml", message_hash(&key)),
        state: LetterState::Queued,
        tries: 0,
        next_try: noon(),
        answer: None,
        reason: None,
        key,
    };
    (letter, format!("To: {address}").into_bytes())
}

#[test]
fn a_restored_store_is_the_exported_one() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let entries = (0..1_500).map(|number| entry(&format!("g-{number}"), "A “title”", &format!("Text {number}.\n")));
    let kept = keep(&mut store, entries.collect());
    store.keep_letters(&[letter("ana@lab.example")], noon()).unwrap();
    store.checkpoint().unwrap();
    store.export_daily(noon()).unwrap();
    let seen = |store: &Keep| {
        let items: Vec<_> = kept.new.iter().map(|id| store.item(id).unwrap().unwrap()).collect();
        let texts: Vec<_> = items.iter().map(|item| store.text(item).unwrap()).collect();
        (items, texts, store.work(Duty::Judge).unwrap(), store.letters().unwrap(), store.all_watched().unwrap())
    };
    let before = seen(&store);
    drop(store);
    damage(home.path());

    let (mut store, restored) = Keep::restore(home.path(), None, later(1)).unwrap();
    assert_eq!(seen(&store), before);
    assert_eq!((restored.from, restored.at), (export(home.path(), "2026-11-21"), noon()));
    let aside = restored.aside.unwrap();
    assert_eq!(aside, home.path().join("state/store.bad-20261121T130000Z"));
    assert!(aside.join("db").exists());
    assert_eq!(store.reindex().unwrap(), 1_500);
    store.checkpoint().unwrap();
    drop(store);
    assert_eq!(seen(&open(home.path())), before);
}

#[test]
fn an_export_is_json_lines_behind_a_header() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    keep(&mut store, vec![entry("g-1", "One", "Text.")]);
    store.export_daily(noon()).unwrap();
    let lines = lines(&export(home.path(), "2026-11-21"));
    let header: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!((&header["tidings_export"], &header["at"]), (&1.into(), &"2026-11-21T12:00:00Z".into()));
    let pairs: Vec<serde_json::Value> = lines[1..].iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let watched = pairs.iter().find(|pair| pair["key"] == "watched/feed").unwrap();
    assert_eq!(watched["value"]["entries"], 1);
}

#[test]
fn a_day_has_one_export_and_seven_days_are_kept() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    store.export_daily(noon()).unwrap();
    let first = fs::read(export(home.path(), "2026-11-21")).unwrap();
    keep(&mut store, vec![entry("g-1", "One", "Text.")]);
    store.export_daily(later(11)).unwrap();
    assert_eq!(fs::read(export(home.path(), "2026-11-21")).unwrap(), first, "the day's first run wrote it");
    // What a killed run left is no export, and is written over.
    fs::write(home.path().join("state/exports/unfinished"), "half").unwrap();
    for day in 1..9 {
        store.export_daily(later(24 * day)).unwrap();
    }
    let days: Vec<String> = (23..30).map(|day| format!("2026-11-{day}.jsonl.zst")).collect();
    assert_eq!(exports(home.path()), days);
}

#[test]
fn an_export_that_a_wrong_clock_dated_is_the_last_to_be_restored_and_the_first_to_go() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    store.export_daily(time("2027-11-21")).unwrap();
    for day in 0..7 {
        store.export_daily(later(24 * day)).unwrap();
    }
    assert!(!export(home.path(), "2027-11-21").exists());
    store.export_daily(time("2027-11-21")).unwrap();
    drop(store);
    let (_, restored) = Keep::restore(home.path(), None, later(24 * 7)).unwrap();
    assert_eq!(restored.from, export(home.path(), "2026-11-27"));
}

#[test]
fn an_export_that_cannot_be_read_is_passed_over_for_an_older_one() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let kept = keep(&mut store, vec![entry("g-1", "One", "Text.")]);
    for day in 0..5 {
        store.export_daily(later(24 * day)).unwrap();
    }
    drop(store);
    let whole = fs::read(export(home.path(), "2026-11-25")).unwrap();
    fs::write(export(home.path(), "2026-11-25"), &whole[..whole.len() - 5]).unwrap();
    fs::write(export(home.path(), "2026-11-24"), [0xA7; 300]).unwrap();
    fs::write(export(home.path(), "2026-11-23"), "").unwrap();
    let mut other = zstd::Encoder::new(fs::File::create(export(home.path(), "2026-11-22")).unwrap(), 3).unwrap();
    other.write_all(b"{\"tidings_export\":2,\"at\":\"2026-11-22T12:00:00Z\",\"program\":\"tidings 9\"}\n").unwrap();
    other.finish().unwrap();
    damage(home.path());

    // One that a person names is taken or refused; nothing is changed.
    let before = fs::read(home.path().join("state/store/db")).unwrap();
    for (day, words) in [("2026-11-25", "reading the export"), ("2026-11-22", "a newer tidings reads it")] {
        let Err(error) = Keep::restore(home.path(), Some(&export(home.path(), day)), later(96)) else {
            panic!("{day}")
        };
        let shown = error.to_string();
        assert!(shown.contains(words) && shown.contains(day) && shown.contains("nothing was changed"), "{shown}");
    }
    assert_eq!(fs::read(home.path().join("state/store/db")).unwrap(), before);

    let (store, restored) = Keep::restore(home.path(), None, later(96)).unwrap();
    assert_eq!(restored.from, export(home.path(), "2026-11-21"));
    assert_eq!(restored.passed_over.len(), 4, "{:?}", restored.passed_over);
    assert!(store.item(&kept.new[0]).unwrap().is_some());
}

#[test]
fn where_there_is_no_export_it_says_how_to_begin_anew() {
    let home = tempfile::tempdir().unwrap();
    keep(&mut open(home.path()), vec![entry("g-1", "One", "Text.")]);
    let Err(error) = Keep::restore(home.path(), None, noon()) else { panic!("there is no export") };
    let words = error.to_string();
    assert!(words.contains("state/exports") && words.contains("state/store away and run again"), "{words}");
    assert_eq!(open(home.path()).watched("feed").unwrap().unwrap().entries, 1, "nothing was changed");
}

#[test]
fn what_was_kept_after_the_export_comes_back_under_the_same_ids_and_overwrites_no_text() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let one = keep(&mut store, vec![entry("g-1", "One", "The text of one.")]).new.remove(0);
    store.export_daily(noon()).unwrap();
    let two = keep(&mut store, vec![entry("g-2", "Two", "The text of two.")]).new.remove(0);
    let second = store.item(&two).unwrap().unwrap();
    store.checkpoint().unwrap();
    drop(store);
    let file = home.path().join("state/archive/items/2026-11.zst");
    let length = fs::metadata(&file).unwrap().len();
    damage(home.path());

    let (mut store, _) = Keep::restore(home.path(), None, later(1)).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().len(), length, "what was appended since is kept");
    assert!(store.item(&two).unwrap().is_none());
    let kept = keep(&mut store, vec![entry("g-2", "Two", "The text of two."), entry("g-1", "One", "The text of one.")]);
    assert_eq!(kept.new, std::slice::from_ref(&two));
    for (id, text) in [(&one, "The text of one."), (&two, "The text of two.")] {
        assert_eq!(store.text(&store.item(id).unwrap().unwrap()).unwrap(), text);
    }
    assert_eq!(store.text(&second).unwrap(), "The text of two.", "a place once given stays");
}

#[test]
fn letters_stand_as_told_jsonl_says_whatever_the_export_says() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let [ana, bo, cy, di, ed] = ["ana", "bo", "cy", "di", "ed"].map(|name| letter(&format!("{name}@lab.example")));
    store.keep_letters(&[ana.clone(), bo.clone()], noon()).unwrap();
    store.export_daily(noon()).unwrap();
    // After the export: one known letter leaves, and of three new ones one leaves, one waits, one is refused.
    store.keep_letters(&[cy.clone(), di.clone(), ed.clone()], later(1)).unwrap();
    for (letter, state) in
        [(&ana, LetterState::Sent), (&cy, LetterState::Sent), (&di, LetterState::Queued), (&ed, LetterState::Dead)]
    {
        let begun = store.letter_begins(&letter.0, later(1)).unwrap().unwrap();
        store.letter_ends(&begun, state, later(2), "an answer", later(1)).unwrap();
    }
    store.checkpoint().unwrap();
    drop(store);
    damage(home.path());
    let told = fs::read(home.path().join("state/told.jsonl")).unwrap();

    let (mut store, restored) = Keep::restore(home.path(), None, later(3)).unwrap();
    assert_eq!(fs::read(home.path().join("state/told.jsonl")).unwrap(), told, "no export replaces it");
    assert_eq!(restored.letters, 1);
    let waiting: Vec<_> = store.pending_letters(later(3)).unwrap();
    assert_eq!(waiting.iter().map(|letter| &letter.key).collect::<Vec<_>>(), [&bo.0.key, &di.0.key]);
    assert_eq!(waiting[1].tries, 1);
    assert_eq!(store.bytes(&waiting[1]).unwrap(), di.1, "the same bytes");
    assert_eq!(waiting[1].message_id, di.0.message_id);
    assert_eq!(store.letter(&ed.0.key).unwrap().unwrap().state, LetterState::Dead);
    let all = [ana, bo, cy, di, ed];
    assert_eq!(store.keep_letters(&all, later(3)).unwrap(), 0, "all of them are known");
    assert!(store.closed(&EditionId::Digest("2026-W47".to_owned())).unwrap().is_some(), "what was told is closed");
}

#[test]
fn a_restore_that_was_stopped_is_not_taken_for_a_new_home() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let kept = keep(&mut store, vec![entry("g-1", "One", "Text.")]);
    store.export_daily(noon()).unwrap();
    drop(store);
    // It was killed between its two renames.
    let state = home.path().join("state");
    fs::create_dir(state.join("store.restoring")).unwrap();
    fs::rename(state.join("store"), state.join("store.bad-20261121T120000Z")).unwrap();
    let Err(error) = Keep::open(home.path(), "tidings run", noon()) else { panic!("it is no new home") };
    assert!(error.to_string().contains("tidings restore"), "{error}");
    let (store, _) = Keep::restore(home.path(), None, noon()).unwrap();
    assert!(store.item(&kept.new[0]).unwrap().is_some());
}

#[test]
fn a_home_that_is_held_is_not_restored() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    store.export_daily(noon()).unwrap();
    assert!(matches!(Keep::restore(home.path(), None, noon()), Err(OpenError::Busy(_))));
}
