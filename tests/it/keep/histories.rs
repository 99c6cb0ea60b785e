//! Made histories under every damage: each item is raised once, at the step that first shows it, and none is lost.

use std::collections::HashSet;

use tidings::keep::Keep;
use tidings::page::Mark;

use super::made::{ACTS, Act, History, MANNERS, damaged, made};
use super::{noon, open, reading, source};

/// Keeps a history as one source of the home; says what was raised wrongly, if anything.
fn faults(keep: &mut Keep, name: &str, history: &History) -> Vec<String> {
    let mut known = HashSet::new();
    let mut faults = Vec::new();
    for (step, page) in history.iter().enumerate() {
        let entries = page.iter().map(|shown| shown.entry.clone()).collect();
        let kept = keep.keep_reading(&source(name), reading(entries), Mark::default(), noon()).unwrap();
        let mut raised: Vec<_> = kept.new.iter().map(|id| keep.item(id).unwrap().unwrap().link.unwrap()).collect();
        let mut due: Vec<_> = page
            .iter()
            .filter(|shown| known.insert(shown.item))
            .map(|shown| shown.entry.link.clone().unwrap())
            .collect();
        raised.sort();
        due.sort();
        if raised != due {
            let list = |links: &[url::Url]| links.iter().map(url::Url::as_str).collect::<Vec<_>>().join(" ");
            faults.push(format!("{name}, step {step}: new are [{}], raised were [{}]", list(&due), list(&raised)));
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
