//! A damaged home says so, or heals; it never loses anything in silence.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use tidings::item::ItemId;
use tidings::keep::{Keep, OpenError, status};

use super::{copy, entry, keep, noon, open};

/// Fills a home by three runs, and returns the ids of what was kept. After the second the store's file is copied.
fn live_in(home: &Path) -> Vec<ItemId> {
    let mut ids = Vec::new();
    for run in 0..3 {
        if run == 2 {
            fs::copy(home.join("state/store/db"), home.join("state/db-before")).unwrap();
        }
        let mut store = open(home);
        let entries = (0..40).map(|number| entry(&format!("g-{run}-{number}"), "A title", &"A text. ".repeat(20)));
        ids.extend(keep(&mut store, entries.collect()).new);
        store.checkpoint().unwrap();
    }
    ids
}

/// What became of a home whose store was damaged.
#[derive(Debug, PartialEq)]
enum Found {
    Whole,
    Damaged,
}

fn look(home: &Path, ids: &[ItemId]) -> Found {
    match Keep::open(home, "tidings run", noon()) {
        Ok(store) => {
            for id in ids {
                match store.item(id) {
                    Ok(item) => assert!(item.is_some(), "{id} was lost in silence"),
                    Err(error) => {
                        assert!(format!("{error:#}").contains("tidings restore"), "{error:#}");
                        return Found::Damaged;
                    }
                }
            }
            Found::Whole
        }
        Err(error @ OpenError::Damaged { .. }) => {
            let words = error.to_string();
            assert!(words.contains("tidings restore"), "{words}");
            assert!(words.contains("state/store"), "it names the place: {words}");
            Found::Damaged
        }
        Err(error) => panic!("{error:#}"),
    }
}

fn snapshots(store: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(store).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("snap.")).collect()
}

/// Writes the same byte over a part of a file.
fn overwrite(path: &Path, from: u64, to: u64, byte: u8) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(&vec![byte; (to - from) as usize], from).unwrap();
}

fn cut(path: &Path, length: u64) {
    OpenOptions::new().write(true).open(path).unwrap().set_len(length).unwrap();
}

#[test]
fn every_damage_of_the_store_heals_or_is_named_with_its_remedy() {
    use Found::{Damaged, Whole};
    type Harm = fn(&Path, &Path);
    let harms: [(&str, Found, Harm); 19] = [
        ("cut to nothing", Damaged, |db, _| cut(db, 0)),
        ("cut to a few bytes", Damaged, |db, _| cut(db, 5)),
        ("cut to half of what is used", Damaged, |db, _| cut(db, 40_000)),
        ("zeroed", Damaged, |db, _| overwrite(db, 0, fs::metadata(db).unwrap().len(), 0)),
        ("full of garbage", Damaged, |db, _| overwrite(db, 0, fs::metadata(db).unwrap().len(), 0xA7)),
        ("garbage at its beginning", Damaged, |db, _| overwrite(db, 0, 512, 0xA7)),
        ("garbage in its middle", Damaged, |db, _| overwrite(db, 20_000, 24_000, 0xA7)),
        ("zeroes in its middle", Damaged, |db, _| overwrite(db, 20_000, 60_000, 0)),
        ("missing", Damaged, |db, _| fs::remove_file(db).unwrap()),
        ("missing with its snapshots, settings and blobs beside it", Damaged, |db, store| {
            fs::remove_file(db).unwrap();
            fs::remove_file(store.join("seal")).unwrap();
            fs::write(store.join("blobs/77"), [7; 100]).unwrap();
        }),
        ("a folder", Damaged, |db, _| {
            fs::remove_file(db).unwrap();
            fs::create_dir(db).unwrap();
        }),
        ("of an earlier day", Damaged, |db, store| fs::copy(store.join("../db-before"), db).map(drop).unwrap()),
        ("well, but its settings are garbage", Whole, |_, store| fs::write(store.join("conf"), [0xA7; 300]).unwrap()),
        ("well, but its settings are empty", Whole, |_, store| fs::write(store.join("conf"), []).unwrap()),
        ("well, but its settings are missing", Whole, |_, store| fs::remove_file(store.join("conf")).unwrap()),
        ("well, but its snapshots are cut", Whole, |_, store| snapshots(store).iter().for_each(|path| cut(path, 10))),
        ("well, but its snapshots are garbage", Whole, |_, store| {
            snapshots(store).iter().for_each(|path| fs::write(path, [7; 999]).unwrap());
        }),
        ("well, but its snapshots are missing", Whole, |_, store| {
            snapshots(store).iter().for_each(|path| fs::remove_file(path).unwrap());
        }),
        ("well, but its seal is garbage", Whole, |_, store| fs::write(store.join("seal"), [0xA7; 9]).unwrap()),
    ];
    let lived_in = tempfile::tempdir().unwrap();
    let ids = live_in(lived_in.path());
    for (name, expected, harm) in harms {
        let home = tempfile::tempdir().unwrap();
        copy(lived_in.path(), home.path());
        let store = home.path().join("state/store");
        assert!(!snapshots(&store).is_empty());
        harm(&store.join("db"), &store);
        assert_eq!(look(home.path(), &ids), expected, "db is {name}");
    }
}

/// Wherever the damage lies, nothing panics and nothing is lost in silence.
#[test]
fn garbage_anywhere_in_the_store_is_harmless_or_named() {
    let lived_in = tempfile::tempdir().unwrap();
    let ids = live_in(lived_in.path());
    let used = 160_000;
    for part in 0..12 {
        let home = tempfile::tempdir().unwrap();
        copy(lived_in.path(), home.path());
        let from = part * used / 12;
        overwrite(&home.path().join("state/store/db"), from, from + 300, 0xA7);
        look(home.path(), &ids);
    }
}

#[test]
fn what_said_who_was_told_is_not_passed_over() {
    let home = tempfile::tempdir().unwrap();
    live_in(home.path());
    let told = home.path().join("state/told.jsonl");
    fs::remove_file(&told).unwrap();
    fs::create_dir(&told).unwrap();
    let Err(error) = Keep::open(home.path(), "tidings run", noon()) else { panic!("nothing is sent without it") };
    let words = format!("{:#}", anyhow(error));
    assert!(words.contains("told.jsonl") && words.contains("nothing is sent without it"), "{words}");
}

#[test]
fn what_stands_in_the_place_of_a_folder_is_named() {
    for name in ["store", "archive", "outbox", "views", "archive/items"] {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("state").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "a file").unwrap();
        let Err(error) = Keep::open(home.path(), "tidings run", noon()) else { panic!("{name} is a file") };
        let words = format!("{:#}", anyhow(error));
        assert!(words.contains(path.to_str().unwrap()), "{words}");
    }
}

fn anyhow(error: OpenError) -> impl std::fmt::Display {
    match error {
        OpenError::Other(error) => format!("{error:#}"),
        error => error.to_string(),
    }
}

#[test]
fn an_archive_that_was_cut_costs_the_texts_it_lost_and_they_come_back_with_the_feed() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let first = keep(&mut store, vec![entry("g-1", "One", "The text of one.")]).new.remove(0);
    let file = home.path().join("state/archive/items/2026-11.zst");
    let length = fs::metadata(&file).unwrap().len();
    let second = keep(&mut store, vec![entry("g-2", "Two", "The text of two.")]).new.remove(0);
    drop(store);
    cut(&file, length + 3);

    let mut store = open(home.path());
    let text = |store: &Keep, id: &ItemId| store.text_or_nothing(&store.item(id).unwrap().unwrap());
    assert_eq!((text(&store, &first).as_str(), text(&store, &second).as_str()), ("The text of one.", ""));
    assert_eq!(store.unreadable(), std::slice::from_ref(&second));
    store.write_views(noon()).unwrap();
    assert_eq!(status(home.path()).unwrap().unwrap().archives_short, ["items/2026-11.zst"]);

    // What is appended now lies behind the hole: no item shows another one's text.
    let third = keep(&mut store, vec![entry("g-3", "Three", "The text of three")]).new.remove(0);
    assert_eq!((text(&store, &second).as_str(), text(&store, &third).as_str()), ("", "The text of three"));
    assert_eq!(store.reindex().unwrap(), 3);
    drop(store);

    let mut store = open(home.path());
    let kept = keep(&mut store, vec![entry("g-1", "One", "The text of one."), entry("g-2", "Two", "The text of two.")]);
    assert_eq!((kept.new.len(), kept.updated.len()), (0, 0), "a text that is back is no news");
    for (id, words) in [(&first, "The text of one."), (&second, "The text of two."), (&third, "The text of three")] {
        assert_eq!(text(&store, id), words);
    }
    assert_eq!(store.unreadable(), []);
}

#[test]
fn a_missing_archive_costs_its_texts_and_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let first = keep(&mut store, vec![entry("g-1", "One", "The text of one."), entry("g-2", "Two", "")]).new.remove(0);
    drop(store);
    fs::remove_dir_all(home.path().join("state/archive")).unwrap();

    let mut store = open(home.path());
    assert_eq!(store.text_or_nothing(&store.item(&first).unwrap().unwrap()), "");
    let third = keep(&mut store, vec![entry("g-3", "Three", "The text of three")]).new.remove(0);
    assert_eq!(store.text_or_nothing(&store.item(&first).unwrap().unwrap()), "", "no other item's text");
    assert_eq!(store.text_or_nothing(&store.item(&third).unwrap().unwrap()), "The text of three");
    assert_eq!(store.unreadable(), [first]);
    assert_eq!(store.index_pending().unwrap(), 3);
}

#[test]
fn a_bit_that_rots_in_the_archive_is_noticed() {
    let home = tempfile::tempdir().unwrap();
    let text = "Some words that hardly shrink: 8f2k 1q9z 7x3c 5v0b.";
    let id = keep(&mut open(home.path()), vec![entry("g-1", "One", text)]).new.remove(0);
    let file = home.path().join("state/archive/items/2026-11.zst");
    let middle = fs::metadata(&file).unwrap().len() / 2;
    overwrite(&file, middle, middle + 1, b'!');
    let store = open(home.path());
    assert_eq!(store.text_or_nothing(&store.item(&id).unwrap().unwrap()), "");
}
