//! What is recognised and what is new: each case is a file of readings, found by walking the folder.

use std::collections::{BTreeMap, HashSet};

use proptest::prelude::*;
use tidings::item::{Entry, ItemId};

use super::{entry, keep, noon, open, time};

/// One entry of a case: the item it is, whether its words changed (`*`), the entry. A native id that its reader vouches for
/// begins with `=`.
struct Row {
    label: String,
    changed: bool,
    entry: Entry,
}

fn row(line: &str) -> Row {
    let cells: Vec<&str> = line.split(" | ").map(str::trim).collect();
    let [label, native, link, title, text, date] = cells[..] else { panic!("six cells are needed: {line}") };
    let cell = |cell: &str| (cell != "-").then(|| cell.to_owned());
    Row {
        label: label.trim_end_matches('*').to_owned(),
        changed: label.ends_with('*'),
        entry: Entry {
            native: cell(native).map(|native| native.trim_start_matches('=').to_owned()),
            native_is_stable: native.starts_with('='),
            link: cell(link).map(|link| link.parse().unwrap()),
            title: cell(title).unwrap_or_default(),
            text: cell(text).unwrap_or_default(),
            author: None,
            published: cell(date).map(|date| time(&date)),
            updated: None,
            tags: Vec::new(),
        },
    }
}

fn readings(text: &str) -> Vec<Vec<Row>> {
    let mut readings = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if line == "reading" {
            readings.push(Vec::new());
        } else {
            readings.last_mut().expect("a case begins with `reading`").push(row(line));
        }
    }
    readings
}

#[test]
fn every_case_of_identity_raises_each_item_once_and_loses_none() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/identity");
    let mut cases = 0;
    let mut wrong = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let home = tempfile::tempdir().unwrap();
        let mut store = open(home.path());
        let mut ids: BTreeMap<String, ItemId> = BTreeMap::new();
        for (number, rows) in readings(&std::fs::read_to_string(&path).unwrap()).into_iter().enumerate() {
            let mut labels = HashSet::new();
            let new: Vec<String> = rows
                .iter()
                .map(|row| row.label.clone())
                .filter(|label| !ids.contains_key(label) && labels.insert(label.clone()))
                .collect();
            let changed: Vec<String> = rows.iter().filter(|row| row.changed).map(|row| row.label.clone()).collect();
            let kept = keep(&mut store, rows.into_iter().map(|row| row.entry).collect());
            let title = |id: &ItemId| store.item(id).unwrap().unwrap().title;
            let updated: Vec<ItemId> = changed.iter().filter_map(|label| ids.get(label).cloned()).collect();
            if kept.new.len() != new.len() || kept.updated != updated {
                wrong.push(format!(
                    "{} reading {}: new should be {new:?} and is {:?}; changed should be {changed:?} and is {:?}",
                    path.file_name().unwrap().display(),
                    number + 1,
                    kept.new.iter().map(title).collect::<Vec<_>>(),
                    kept.updated.iter().map(title).collect::<Vec<_>>(),
                ));
                break;
            }
            ids.extend(new.into_iter().zip(kept.new));
        }
        cases += 1;
    }
    assert!(cases >= 25, "only {cases} cases were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_id_depends_on_the_source_and_the_first_key_only() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = keep(&mut open(one.path()), vec![entry("g-1", "One", "Text."), entry("g-2", "Two", "Text too.")]);
    let second = keep(&mut open(other.path()), vec![entry("g-2", "Other words", "All."), entry("g-1", "And", "more.")]);
    assert_eq!(first.new, second.new.into_iter().rev().collect::<Vec<_>>());
    // These two are in people's mails and links: they can't be renamed by a later version.
    assert_eq!(first.new, [ItemId("i-0d1qddhbg8".to_owned()), ItemId("i-hx1xrg0g99".to_owned())]);
}

#[test]
fn a_date_far_ahead_is_no_date() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let at = |days: i64| Some(noon() + jiff::SignedDuration::from_hours(24 * days));
    let kept = keep(
        &mut store,
        vec![
            Entry { published: at(300), ..entry("far", "Far", "ahead") },
            Entry { published: at(1), ..entry("near", "Near", "ahead") },
        ],
    );
    let published: Vec<_> = kept.new.iter().map(|id| store.item(id).unwrap().unwrap().published).collect();
    assert_eq!(published, [None, at(1)]);
}

#[test]
fn the_first_reading_with_entries_is_a_baseline_and_the_next_is_news() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    assert_eq!(keep(&mut store, Vec::new()).new.len(), 0);
    let first = keep(&mut store, vec![entry("g-1", "One", "Text.")]);
    let second = keep(&mut store, vec![entry("g-2", "Two", "Text too."), entry("g-1", "One", "Text.")]);
    let baseline = |id: &ItemId| store.item(id).unwrap().unwrap().baseline;
    assert!(baseline(&first.new[0]));
    assert!(!baseline(&second.new[0]));
    assert_eq!(second.new.len(), 1);
}

fn any_entry() -> impl Strategy<Value = Entry> {
    ("[a-z]{3,8} [a-z]{3,8} [0-9]{1,3}", "([a-z]{2,7} ){0,30}", any::<(bool, bool, bool)>(), 0i64..400).prop_map(
        |(title, text, (native, link, dated), day)| {
            let full = entry(&title.replace(' ', "-"), &title, &text);
            Entry {
                native: full.native.filter(|_| native),
                link: full.link.filter(|_| link),
                published: dated.then(|| noon() - jiff::SignedDuration::from_hours(24 * day)),
                ..full
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_feed_that_is_reordered_and_dated_anew_raises_nothing(
        entries in proptest::collection::vec(any_entry(), 1..12),
        order in any::<proptest::sample::Index>(),
        days in 0i64..300,
    ) {
        let home = tempfile::tempdir().unwrap();
        let mut store = open(home.path());
        let mut titles = HashSet::new();
        let entries: Vec<Entry> = entries.into_iter().filter(|entry| titles.insert(entry.title.clone())).collect();
        let first = keep(&mut store, entries.clone());
        prop_assert_eq!(first.new.len(), titles.len(), "entries with titles of their own are items of their own");
        let mut again = entries;
        let turn = order.index(again.len());
        again.rotate_left(turn);
        again.reverse();
        for entry in &mut again {
            entry.published = entry.published.map(|date| date - jiff::SignedDuration::from_hours(24 * days));
        }
        let second = keep(&mut store, again);
        prop_assert_eq!(second.new, Vec::<ItemId>::new());
        prop_assert_eq!(second.updated, Vec::<ItemId>::new());
    }
}
