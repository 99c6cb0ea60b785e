//! The real calendar: what a run on each item's day would have told at once.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use crate::config::Schedule;
use crate::judge::Judge;
use crate::judge::group::Grouping;
use crate::story::StoryId;
use crate::verdict::{Level, Verdict};

use super::Alerts;
use super::figures::WEEK;
use super::labelled::Labelled;
use super::standing::Standing;

/// Groups the items day by day as a run would, and counts the stories that become critical.
pub fn alerts(judge: &Judge, items: &[Labelled], verdicts: &[Verdict], standing: &Standing, now: Timestamp) -> Alerts {
    let mut order: Vec<usize> = (0..items.len()).filter(|at| items[*at].synthetic.is_none()).collect();
    order.sort_by_key(|at| (items[*at].date, &items[*at].id));
    let cap = Schedule::default().alerts_a_day;
    let mut grouping = Grouping::new(judge);
    let mut members: BTreeMap<StoryId, Vec<usize>> = BTreeMap::new();
    let mut told: BTreeMap<StoryId, usize> = BTreeMap::new();
    let mut days: BTreeMap<Option<Date>, usize> = BTreeMap::new();
    for at in order {
        let (labelled, verdict) = (&items[at], &verdicts[at]);
        let verdict = Verdict { at: labelled.at().unwrap_or(now), ..verdict.clone() };
        let story = grouping.place_judged(&standing.item(labelled), &labelled.summary, &verdict);
        members.entry(story.clone()).or_default().push(at);
        let is_critical = grouping.story(&story).is_some_and(|story| story.verdict.level == Level::Critical);
        let today = days.entry(labelled.date).or_default();
        if is_critical && !told.contains_key(&story) && *today < cap {
            *today += 1;
            told.insert(story, at);
        }
    }

    let real = || items.iter().filter(|item| item.synthetic.is_none());
    let critical: BTreeSet<&str> = real().filter(|item| item.is_critical()).map(Labelled::story).collect();
    let mut weeks: BTreeMap<(i16, i8), usize> = BTreeMap::new();
    for week in real().filter_map(Labelled::week) {
        *weeks.entry(week).or_default() += 1;
    }
    // Weeks of which only a few items are there would make alerts look rarer than they are.
    weeks.retain(|_, count| *count >= WEEK);
    let is_counted = |at: &usize| items[*at].week().is_some_and(|week| weeks.contains_key(&week));
    // A story is right if any of its items is labelled critical, or tells a critical story.
    let is_right = |story: &StoryId| members[story].iter().any(|at| critical.contains(items[*at].story()));
    let counted: Vec<&StoryId> = told.iter().filter(|(_, at)| is_counted(at)).map(|(story, _)| story).collect();
    let mistaken: Vec<String> = told
        .iter()
        .filter(|(story, _)| !is_right(story))
        .map(|(_, at)| format!("{} ({})", items[*at].title, items[*at].source))
        .collect();
    let caught: BTreeSet<&str> = told
        .keys()
        .flat_map(|story| &members[story])
        .map(|at| items[*at].story())
        .filter(|story| critical.contains(story))
        .collect();
    let false_counted = counted.iter().filter(|story| !is_right(story)).count();
    let number = weeks.len().max(1) as f64;
    Alerts {
        weeks: weeks.len(),
        stories: told.len(),
        false_stories: mistaken.len(),
        per_week: counted.len() as f64 / number,
        false_per_week: false_counted as f64 / number,
        precision: (!told.is_empty()).then(|| (told.len() - mistaken.len()) as f64 / told.len() as f64),
        caught: caught.len(),
        critical_stories: critical.len(),
        mistaken,
    }
}
