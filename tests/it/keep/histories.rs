//! Made histories under every damage: each item is raised once, at the step that first shows it, and none is lost.

use std::collections::{HashMap, HashSet};

use tidings::item::ItemId;
use tidings::keep::Keep;
use tidings::page::Mark;
use url::Url;

use super::made::{ACTS, Act, History, MANNERS, damaged, made};
use super::{noon, open, reading, source};

/// Keeps a history as one source of the home; says what was raised wrongly or taken for another, if anything.
fn faults(keep: &mut Keep, name: &str, history: &History) -> Vec<String> {
    let mut known = HashSet::new();
    let mut items: HashMap<ItemId, usize> = HashMap::new();
    let mut faults = Vec::new();
    for (step, page) in history.iter().enumerate() {
        let entries = page.iter().map(|shown| shown.entry.clone()).collect();
        let kept = keep.keep_reading(&source(name), reading(entries), Mark::default(), noon()).unwrap();
        // A page gives each item a link of its own.
        let by_link: HashMap<&Url, usize> =
            page.iter().map(|shown| (shown.entry.link.as_ref().unwrap(), shown.item)).collect();
        let link = |id: &ItemId| keep.item(id).unwrap().unwrap().link.unwrap();
        let mut raised: Vec<usize> = Vec::new();
        for id in &kept.new {
            let item = by_link[&link(id)];
            items.insert(id.clone(), item);
            raised.push(item);
        }
        let mut due: Vec<usize> = page.iter().map(|shown| shown.item).filter(|item| known.insert(*item)).collect();
        raised.sort();
        due.sort();
        if raised != due {
            faults.push(format!("{name}, step {step}: new are {due:?}, raised were {raised:?}"));
        }
        for (id, item) in &items {
            if let Some(other) = by_link.get(&link(id)).filter(|other| *other != item) {
                faults.push(format!("{name}, step {step}: item {item} was taken for {other}"));
            }
        }
    }
    faults
}

fn check(plays: impl Iterator<Item = (usize, Vec<Act>)>) {
    let home = tempfile::tempdir().unwrap();
    let mut keep = open(home.path());
    let mut wrong = Vec::new();
    for (number, (manner, acts)) in plays.enumerate() {
        let manner = MANNERS[manner % MANNERS.len()];
        let (has_guids, dated) = (number % 3 != 0, number % 4 != 0);
        let history = made(manner, 20, 6, if number % 2 == 0 { 12 } else { 30 }, has_guids, dated, number as u64);
        let name = format!("{number} {manner:?}, guids {has_guids}, dated {dated}, {acts:?}");
        wrong.extend(faults(&mut keep, &name, &damaged(&history, &acts)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_history_under_any_damage_raises_each_item_once() {
    check((0..MANNERS.len()).flat_map(|manner| {
        std::iter::once((manner, Vec::new())).chain(ACTS.iter().map(move |act| (manner, vec![*act])))
    }));
}
