//! The program is killed at each of its points, and the next run goes on from there. `tests/peers/run kill` does it at length.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use regex::Regex;

use crate::forge::lab as forge;
use crate::support::stage::{Dice, Figures, Moment, POINTS, Stage};

/// Plays a world by seed, killed at every point that it comes to, each in the run and at the pass that `moment` says.
fn killed_everywhere(seed: u64, mut moment: impl FnMut(&'static str) -> Moment) -> (Figures, Vec<Moment>) {
    Stage::new(seed).perform(POINTS.map(&mut moment).to_vec(), |_, _| {})
}

#[test]
fn killed_at_each_point_as_soon_as_it_comes_every_item_is_kept_once_and_everybody_told_once() {
    let (figures, missed) = killed_everywhere(1, |point| Moment { point, run: 0, pass: 1 });
    assert!(missed.is_empty(), "{missed:?}");
    assert_eq!(figures.kills, POINTS.len());
}

#[test]
fn killed_at_each_point_once_more_in_later_runs_and_passes_nothing_is_lost_or_doubled() {
    let mut dice = Dice::new(2);
    let mut later = |point| Moment { point, run: 1 + dice.roll(2) as usize, pass: 1 + dice.roll(3) as usize };
    let (figures, missed) = killed_everywhere(2, &mut later);
    // Some moments never come: the index is made anew only in the first run, alerts and weeks come but once.
    assert!(figures.kills >= 28, "{missed:?}");
}

#[test]
fn the_list_of_fail_points_is_the_sources() {
    fn walk(folder: &Path, found: &mut Vec<String>) {
        let name = Regex::new(r#"fail_point!\(\s*"([^"]+)""#).unwrap();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else {
                let text = fs::read_to_string(&path).unwrap_or_default();
                found.extend(name.captures_iter(&text).map(|point| point[1].to_owned()));
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert_eq!(found.len(), found.iter().collect::<BTreeSet<_>>().len(), "no name is used twice: {found:?}");
    // A run comes to the forge only where a skills repository is named; tests/it/forge is killed there.
    let known = POINTS.iter().chain(&forge::POINTS).chain(&forge::OTHER_POINTS);
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), known.map(|point| (*point).to_owned()).collect());
}
