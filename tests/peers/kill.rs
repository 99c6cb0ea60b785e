//! Kills tidings at each of its fail points under many seeds, and at random moments, and counts what is lost or doubled.
//!
//!     cargo test --release --test kill -- SEEDS RANDOM_KILLS

#[path = "../it/support/mod.rs"]
#[expect(dead_code, reason = "the other stand-ins are for the gate")]
mod support;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use support::stage::{Dice, Figures, Moment, POINTS, Stage};

fn main() {
    let mut numbers = std::env::args().skip(1).map(|word| word.parse::<u64>().expect("a number"));
    let (seeds, random) = (numbers.next().unwrap_or(20), numbers.next().unwrap_or(200));
    println!("{} points x {seeds} seeds, {random} random moments", POINTS.len());
    println!("| killed | kills | runs | items lost or doubled | letters | letters missing | second copies | share |");
    println!("|---|---|---|---|---|---|---|---|");
    let mut all = Figures::default();
    for point in POINTS.into_iter().filter(|_| seeds > 0) {
        all += row(point, together(seeds, |seed| at(point, seed)));
    }
    if seeds > 0 {
        row("at all points", all);
    }
    let run_millis = run_millis();
    all += row("at random moments", together(random, |seed| at_random(100_000 + seed, run_millis)));
    row("in all", all);
    println!("copies of letters that the server took without a word: {} more", all.copies_of_cuts);
}

/// A broken promise panics in the stage, so that a row is only printed where nothing was lost or doubled.
fn row(name: &str, figures: Figures) -> Figures {
    let share = 100.0 * figures.copies_of_kills as f64 / figures.letters as f64;
    println!(
        "| {name} | {} | {} | 0 of {} | {} | 0 | {} | {share:.2} % |",
        figures.kills, figures.runs, figures.items, figures.letters, figures.copies_of_kills
    );
    figures
}

/// Plays every seed once, two at a time.
fn together(seeds: u64, play: impl Fn(u64) -> Figures + Sync) -> Figures {
    let (next, sum) = (AtomicU64::new(0), Mutex::new(Figures::default()));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= seeds {
                        return;
                    }
                    *sum.lock().unwrap() += play(seed);
                }
            });
        }
    });
    sum.into_inner().unwrap()
}

/// One kill at a point: in a run and at a pass that the seed gives, or as soon as the point comes if that moment never does.
fn at(point: &'static str, seed: u64) -> Figures {
    let mut dice = Dice::new(seed);
    let moment = Moment { point, run: dice.roll(3) as usize, pass: 1 + dice.roll(6) as usize };
    let (figures, missed) = Stage::new(seed).perform(vec![moment], |_, _| {});
    if missed.is_empty() {
        return figures;
    }
    let (figures, missed) = Stage::new(seed).perform(vec![Moment { run: 0, pass: 1, ..moment }], |_, _| {});
    assert!(missed.is_empty(), "{point} never comes");
    figures
}

/// One kill at a random moment of one of the first three runs. A run lasts about `run_millis`; if it ended before its moment
/// came, another moment is tried.
fn at_random(seed: u64, run_millis: u64) -> Figures {
    let mut dice = Dice::new(seed);
    loop {
        let (chosen, wait) = (dice.roll(3) as usize, Duration::from_millis(dice.roll(run_millis)));
        let met = AtomicU64::new(0);
        let (figures, _) = Stage::new(seed).perform(Vec::new(), |run, child| {
            if run == chosen && met.fetch_add(1, Ordering::SeqCst) == 0 {
                thread::sleep(wait);
                let _ = child.kill();
            }
        });
        if figures.kills == 1 {
            return figures;
        }
    }
}

/// How long a run of some twenty items and some ten letters lasts on this machine now, a little generously.
fn run_millis() -> u64 {
    let begun = Instant::now();
    let (figures, _) = Stage::new(0).perform(Vec::new(), |_, _| {});
    begun.elapsed().as_millis() as u64 / figures.runs as u64
}
