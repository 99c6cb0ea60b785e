//! Rising and fading terms of made years.

use tidings::judge::trends::{Moves, check_pain_examples, check_retirement_examples};

use crate::support::made_year::{Plant, Year};

/// Month and term of all that rose.
fn rising(year: &Year, months: usize) -> Vec<(usize, String)> {
    let terms = |(month, moves): (usize, Moves)| {
        // What a failing test shows.
        moves.rising.iter().for_each(|rise| println!("{month}: {rise:?} of {:?}", moves.compared));
        moves.rising.into_iter().map(move |rise| (month, rise.term.to_lowercase())).collect::<Vec<_>>()
    };
    year.compared(months).into_iter().enumerate().flat_map(terms).collect()
}

/// More of them: tests/peers/run trends.
const SEEDS: [u64; 2] = [1, 2];

#[test]
fn what_carries_examples_gets_them_right() {
    assert_eq!(check_retirement_examples(), Vec::<String>::new());
    assert_eq!(check_pain_examples(), Vec::<String>::new());
}

#[test]
fn a_planted_burst_is_found_in_its_month_and_eleven_flat_months_report_none() {
    for seed in SEEDS {
        let year = Year::flat(seed).with(Plant::Burst { month: 8, phrase: "lantern mesh", stories: 12 });
        assert_eq!(rising(&year, 12), [(8, "lantern mesh".to_owned())], "seed {seed}");
    }
}

#[test]
fn a_busy_month_makes_nothing_rise() {
    for seed in SEEDS {
        assert_eq!(rising(&Year::flat(seed).with(Plant::Busy { month: 6, times: 4 }), 8), [], "seed {seed}");
    }
}

#[test]
fn a_new_source_that_doubles_the_volume_makes_nothing_rise() {
    for seed in SEEDS {
        let year = Year::flat(seed).with(Plant::NewSource { month: 6 });
        let mut found = year.compared(8);
        assert!(found.iter().all(|moves| moves.rising.is_empty()), "seed {seed}");
        let moves = found.swap_remove(6);
        assert_eq!(moves.compared.left_out, ["The new one"]);
    }
}

#[test]
fn one_loud_blog_is_no_trend() {
    for seed in SEEDS {
        let year = Year::flat(seed).with(Plant::LoudBlog { month: 7, phrase: "lantern mesh", stories: 60 });
        assert_eq!(rising(&year, 9), [], "seed {seed}");
    }
}

#[test]
fn what_is_no_longer_told_fades() {
    for seed in SEEDS {
        let year = Year::flat(seed).with(Plant::Gone { month: 9, phrase: "ember" });
        let found = year.compared(10);
        let fading = |month: usize| found[month].fading.iter().map(|fade| fade.term.as_str()).collect::<Vec<_>>();
        assert_eq!(fading(9), ["ember"], "seed {seed}");
        assert_eq!((0..9).flat_map(fading).collect::<Vec<_>>(), Vec::<&str>::new(), "seed {seed}");
    }
}

#[test]
fn without_two_months_before_nothing_is_compared() {
    let found = Year::flat(1).with(Plant::Burst { month: 1, phrase: "lantern mesh", stories: 40 }).compared(3);
    assert_eq!((found[0].compared.terms, found[1].compared.terms), (0, 0));
    assert!(found[2].compared.terms > 1_000);
}

#[test]
fn the_same_month_gives_the_same_result() {
    let year = Year::flat(5).with(Plant::Burst { month: 7, phrase: "lantern mesh", stories: 30 });
    assert_eq!(year.compared(9), year.compared(9));
}
