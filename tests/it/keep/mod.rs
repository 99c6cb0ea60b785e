//! The memory of tidings: what it keeps, how it recognises, finds and survives.

mod reopening;
mod damage;
mod restoring;
mod recognising;
mod made;
mod histories;
pub mod working;
mod letters;
mod lessons;
mod searching;
pub mod turns;

use std::path::Path;

use jiff::Timestamp;
use tidings::item::{Entry, Reading};
use tidings::keep::{Keep, Kept};
use tidings::page::Mark;
use tidings::source::{Origin, Source, Trust};

pub fn time(text: &str) -> Timestamp {
    let text = if text.contains('T') { text.to_owned() } else { format!("{text}T00:00:00Z") };
    text.parse().unwrap()
}

pub fn noon() -> Timestamp {
    time("2026-11-21T12:00:00Z")
}

pub fn source(name: &str) -> Source {
    Source {
        name: name.to_owned(),
        from: Origin::Feed("https://feed.example/feed.xml".parse().unwrap()),
        every: jiff::SignedDuration::from_hours(1),
        is_every_written: true,
        trust: Trust::Official,
        most: None,
        topics: vec!["agents".to_owned()],
    }
}

pub fn entry(native: &str, title: &str, text: &str) -> Entry {
    Entry {
        native: Some(native.to_owned()),
        native_is_stable: false,
        link: Some(format!("https://feed.example/{native}").parse().unwrap()),
        title: title.to_owned(),
        text: text.to_owned(),
        author: None,
        published: None,
        updated: None,
        tags: Vec::new(),
    }
}

pub fn reading(entries: Vec<Entry>) -> Reading {
    Reading { entries, faults: Vec::new() }
}

pub fn open(home: &Path) -> Keep {
    Keep::open(home, "tidings run", noon()).unwrap()
}

/// Keeps one reading of the source `feed`, at noon.
pub fn keep(keep: &mut Keep, entries: Vec<Entry>) -> Kept {
    keep.keep_reading(&source("feed"), reading(entries), Mark::default(), noon()).unwrap()
}

/// Copies a folder, as a disk would look after the process was killed at this moment.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
