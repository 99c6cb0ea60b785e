//! Adoption: how long lessons take from being found to being proposed, merged, and used for the first time.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// When each thing first happened to a lesson; None: not yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adoption {
    pub found: Timestamp,
    pub proposed: Option<Timestamp>,
    pub merged: Option<Timestamp>,
    /// In a session of the home, after it was found.
    pub used: Option<Timestamp>,
}

/// How far lessons came, and how many days each step took in the middle.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Pace {
    pub found: usize,
    pub proposed: Step,
    pub merged: Step,
    pub used: Step,
}

/// Lessons that took a step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub lessons: usize,
    /// The median of days since the step before, to a tenth; of a use since the merge or, where it came first, since it was
    /// proposed or found. None without a lesson.
    pub days: Option<f64>,
}

impl Pace {
    pub fn of(adoptions: &[Adoption]) -> Pace {
        let step = |times: &dyn Fn(&Adoption) -> Option<(Timestamp, Timestamp)>| {
            let mut days: Vec<f64> = adoptions
                .iter()
                .filter_map(times)
                // What is kept of two machines may stand in the wrong order.
                .map(|(from, to)| (to.duration_since(from).as_secs_f64() / 86_400.0).max(0.0))
                .collect();
            Step { lessons: days.len(), days: median(&mut days) }
        };
        Pace {
            found: adoptions.len(),
            proposed: step(&|one| Some((one.found, one.proposed?))),
            merged: step(&|one| Some((one.proposed.unwrap_or(one.found), one.merged?))),
            used: step(&|one| {
                let used = one.used?;
                let before = [one.merged, one.proposed, Some(one.found)].into_iter().flatten().find(|at| *at <= used);
                Some((before.unwrap_or(one.found), used))
            }),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.found == 0
    }

    /// "3 found, 2 proposed (2 days after they were found), 1 merged (1 day later), 0 used"; None where nothing was found.
    pub fn words(&self) -> Option<String> {
        let steps = [
            ("proposed", self.proposed, "after they were found"),
            ("merged", self.merged, "later"),
            ("used", self.used, "later"),
        ];
        let words = |(name, step, after): (&str, Step, &str)| match step.days {
            None => format!("0 {name}"),
            Some(..0.1) => format!("{} {name} (the same day)", step.lessons),
            Some(1.0) => format!("{} {name} (1 day {after})", step.lessons),
            Some(days) => format!("{} {name} ({days} days {after})", step.lessons),
        };
        (!self.is_empty()).then(|| format!("{} found, {}", self.found, steps.map(words).join(", ")))
    }
}

fn median(days: &mut [f64]) -> Option<f64> {
    days.sort_by(f64::total_cmp);
    let middle = days.len() / 2;
    let median = match days.len() {
        0 => return None,
        length if length % 2 == 1 => days[middle],
        _ => (days[middle - 1] + days[middle]) / 2.0,
    };
    Some((median * 10.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i8, hour: i8) -> Timestamp {
        format!("2026-11-{day:02}T{hour:02}:00:00Z").parse().unwrap()
    }

    #[test]
    fn each_step_is_counted_from_the_one_before() {
        let one =
            Adoption { found: at(1, 0), proposed: Some(at(2, 12)), merged: Some(at(4, 12)), used: Some(at(5, 12)) };
        let two = Adoption { found: at(1, 0), proposed: Some(at(3, 12)), merged: None, used: Some(at(3, 0)) };
        let three = Adoption { found: at(9, 0), proposed: None, merged: None, used: None };
        let pace = Pace::of(&[one, two, three]);
        assert_eq!(pace.proposed, Step { lessons: 2, days: Some(2.0) });
        assert_eq!(pace.merged, Step { lessons: 1, days: Some(2.0) });
        assert_eq!(
            pace.used,
            Step { lessons: 2, days: Some(1.5) },
            "a use before the proposal counts from the discovery"
        );
        let said =
            "3 found, 2 proposed (2 days after they were found), 1 merged (2 days later), 2 used (1.5 days later)";
        assert_eq!(pace.words().as_deref(), Some(said));
        assert_eq!(Pace::of(&[]).words(), None);
        assert_eq!(Pace::of(&[three]).words().as_deref(), Some("1 found, 0 proposed, 0 merged, 0 used"));
        let at_once = Adoption { found: at(1, 0), proposed: Some(at(1, 1)), merged: Some(at(2, 1)), used: None };
        let said = "1 found, 1 proposed (the same day), 1 merged (1 day later), 0 used";
        assert_eq!(Pace::of(&[at_once]).words().as_deref(), Some(said));
    }
}
