//! What sessions cost: each answer once, summed and priced exactly, and never so that one of many people could be told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use tidings::session::project_of;
use tidings::session::usage::{
    Answer, Block, By, Cell, Cost, Count, Key, LabKey, LabUsage, PEOPLE, Price, PriceList, Repeats, Row, Span, Tokens,
    Window, blocks, lab_days, lab_groups, lab_weeks,
};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn answer(message: u64, time: &str, output: u64) -> Answer {
    Answer {
        message,
        session: 0,
        owner: 0,
        at: Some(at(time)),
        model: Some("opus-4".into()),
        branch: Some("main".into()),
        cwd: Some("/w/atlas".into()),
        tokens: Tokens { input: 10, output, cache_write_5m: 2, cache_write_1h: 1, cache_read: 100 },
    }
}

fn once(answers: &[Answer]) -> Vec<Answer> {
    let mut repeats = Repeats::default();
    answers.iter().for_each(|answer| repeats.note(answer.message));
    let mut joined = repeats.finish();
    let mut once: Vec<Answer> = answers.iter().filter_map(|answer| joined.pass(answer.clone())).collect();
    once.extend(joined.rest());
    once
}

fn count(by: By, zone: &TimeZone, window: Window, answers: &[Answer]) -> Count {
    let mut count = Count::new(by, zone.clone(), window);
    answers.iter().for_each(|answer| count.take(answer));
    count
}

fn rows(by: By, answers: &[Answer]) -> Vec<Row> {
    count(by, &TimeZone::UTC, Window::default(), answers).into_rows()
}

/// Each group and what was written in it.
fn outputs(by: By, answers: &[Answer]) -> Vec<(Key, u64)> {
    rows(by, answers).into_iter().map(|row| (row.key, row.sum.tokens().output)).collect()
}

fn price(input: u64, output: u64) -> Price {
    Price { input, output, cache_write_5m: Some(0), cache_write_1h: Some(0), cache_read: Some(0) }
}

#[test]
fn an_answer_copied_by_forks_counts_once_where_it_stood_first() {
    let first = answer(1, "2026-11-20T10:00:00Z", 3);
    let fork = Answer { session: 4, branch: Some("fork".into()), ..answer(1, "2026-11-20T10:00:00Z", 90) };
    let later = Answer {
        session: 2,
        tokens: Tokens { cache_read: 700, ..Tokens::default() },
        ..answer(1, "2026-11-21T10:00:00Z", 0)
    };
    let other = answer(2, "2026-11-20T11:00:00Z", 5);
    for order in [[&first, &fork, &later, &other], [&other, &later, &fork, &first], [&fork, &other, &first, &later]] {
        let once = once(&order.map(Clone::clone));
        assert_eq!(outputs(By::Session, &once), [(Key::Session(0), 95)]);
        assert_eq!(outputs(By::Day, &once), [(Key::Day(Some(date(2026, 11, 20))), 95)]);
        let all = rows(By::Model, &once).remove(0).sum;
        assert_eq!((all.answers, all.tokens().cache_read, all.tokens().input), (2, 800, 20));
    }
}

#[test]
fn a_day_is_one_of_the_labs_zone() {
    let auckland = TimeZone::get("Pacific/Auckland").unwrap();
    let answers = [answer(1, "2026-11-20T10:59:59Z", 1), answer(2, "2026-11-20T11:00:00Z", 2)];
    let rows = count(By::Day, &auckland, Window::default(), &answers).into_rows();
    let days: Vec<Key> = rows.into_iter().map(|row| row.key).collect();
    assert_eq!(days, [Key::Day(Some(date(2026, 11, 20))), Key::Day(Some(date(2026, 11, 21)))]);
}

#[test]
fn a_repositorys_worktrees_are_one_project_and_a_branch_is_of_a_project() {
    let tree = Answer { cwd: Some("/w/atlas/.claude/worktrees/fix".into()), ..answer(1, "2026-11-20T10:00:00Z", 1) };
    let other = Answer { cwd: Some("/w/borealis".into()), ..answer(3, "2026-11-20T10:00:00Z", 4) };
    let nowhere = Answer { cwd: None, branch: None, ..answer(4, "2026-11-20T10:00:00Z", 8) };
    let answers = [tree, answer(2, "2026-11-20T10:00:00Z", 2), other, nowhere];
    let name = |name: &str| Some(Arc::from(name));
    let projects =
        [(Key::Project(None), 8), (Key::Project(name("/w/atlas")), 3), (Key::Project(name("/w/borealis")), 4)];
    assert_eq!(outputs(By::Project, &answers), projects);
    let main = |project: &str| Key::Branch { project: name(project), branch: name("main") };
    let nowhere = Key::Branch { project: None, branch: None };
    assert_eq!(outputs(By::Branch, &answers), [(nowhere, 8), (main("/w/atlas"), 3), (main("/w/borealis"), 4)]);
}

#[test]
fn a_window_holds_its_first_moment_and_not_its_end_and_nothing_without_a_time() {
    let window = Window { since: Some(at("2026-11-20T00:00:00Z")), until: Some(at("2026-11-21T00:00:00Z")) };
    let undated = Answer { at: None, ..answer(9, "2026-11-20T00:00:00Z", 100) };
    let mut answers = vec![undated];
    for (message, time) in
        ["2026-11-19T23:59:59Z", "2026-11-20T00:00:00Z", "2026-11-20T23:59:59Z", "2026-11-21T00:00:00Z"]
            .into_iter()
            .enumerate()
    {
        answers.push(answer(message as u64, time, 1 << message));
    }
    let within = count(By::Model, &TimeZone::UTC, window, &answers);
    assert_eq!(within.undated, 1);
    assert_eq!(within.into_rows()[0].sum.tokens().output, 2 + 4);
    let all = count(By::Model, &TimeZone::UTC, Window::default(), &answers);
    assert_eq!(all.undated, 0);
    assert_eq!(all.into_rows()[0].sum.tokens().output, 115);
}

#[test]
fn the_longest_beginning_of_a_models_name_has_its_price() {
    let names = [("claude", 1), ("claude-opus-4", 2), ("claude-opus-4-5", 3), ("gpt", 4)];
    let prices = PriceList(names.map(|(name, dollars)| (name.to_owned(), price(dollars, 0))).into());
    for (model, input) in [
        ("claude-opus-4-5-20251101", Some(3)),
        ("claude-opus-4-1-20250805", Some(2)),
        ("claude-haiku-4", Some(1)),
        ("gpt-5", Some(4)),
        ("anthropic.claude-opus-4", None),
        ("", None),
    ] {
        assert_eq!(prices.of(model).map(|(_, price)| price.input), input, "{model}");
    }
}

#[test]
fn what_has_no_price_costs_an_unknown_sum_and_never_nothing() {
    // Dollars for a million: 15 and 75, 18.75 and 30, 1.5.
    let opus = Price {
        input: 15_000_000,
        output: 75_000_000,
        cache_write_5m: Some(18_750_000),
        cache_write_1h: Some(30_000_000),
        cache_read: Some(1_500_000),
    };
    let prices = PriceList([("opus".to_owned(), opus)].into());
    let exact = rows(By::Project, &[answer(1, "2026-11-20T10:00:00Z", 7)]).remove(0).sum.cost(&prices);
    assert_eq!(exact, Cost::Exact(892_500_000));
    assert_eq!(exact.dollars(), Some(0.000_893));
    let other = |model: Option<&str>| Answer { model: model.map(Arc::from), ..answer(2, "2026-11-20T10:00:00Z", 7) };
    let both = rows(By::Project, &[answer(1, "2026-11-20T10:00:00Z", 7), other(Some("qwen3")), other(None)]);
    assert_eq!(both[0].sum.cost(&prices), Cost::AtLeast(892_500_000));
    let named: Vec<String> = both[0].sum.unpriced(&prices).iter().map(|name| name.to_string()).collect();
    assert_eq!(named, ["?", "qwen3"]);
    let none = rows(By::Project, &[other(Some("qwen3"))]).remove(0).sum;
    assert_eq!((none.cost(&prices), none.cost(&prices).dollars()), (Cost::Unknown, None));
    // A price that lacks one kind of tokens is no price for an answer that has them.
    let partial = PriceList([("opus".to_owned(), Price { cache_read: None, ..opus })].into());
    let sum = rows(By::Project, &[answer(1, "2026-11-20T10:00:00Z", 7)]).remove(0).sum;
    assert_eq!(sum.cost(&partial), Cost::Unknown);
    assert_eq!(sum.unpriced(&partial).len(), 1);
    // What is free by its table costs nothing, and that is known.
    assert_eq!(sum.cost(&PriceList([("opus".to_owned(), price(0, 0))].into())), Cost::Exact(0));
}

#[test]
fn sums_of_a_broken_transcript_stop_at_the_largest_number() {
    let huge = Answer {
        tokens: Tokens { output: u64::MAX, input: u64::MAX, ..Tokens::default() },
        ..answer(1, "2026-11-20T10:00:00Z", 0)
    };
    let sum = rows(By::Model, &[huge, answer(2, "2026-11-20T10:00:00Z", 5)]).remove(0).sum;
    assert_eq!((sum.tokens().output, sum.tokens().all()), (u64::MAX, u64::MAX));
    let prices = PriceList([("opus".to_owned(), price(u64::MAX, u64::MAX))].into());
    assert!(matches!(sum.cost(&prices), Cost::Exact(_) | Cost::Unknown));
}

fn five_hours(answers: &[Answer], window: Window) -> Vec<Block> {
    blocks(&rows(By::Block, answers), window)
}

#[test]
fn a_block_begins_with_the_hour_of_its_first_answer_and_ends_five_hours_later() {
    let times = [
        "2026-11-20T09:40:00Z",
        "2026-11-20T13:59:59Z", // the last second of the first block
        "2026-11-20T14:00:00Z", // a second block without a pause
        "2026-11-20T19:00:00Z", // a third
        "2026-11-21T08:30:00Z", // a fourth after a night
    ];
    let answers: Vec<Answer> =
        times.iter().enumerate().map(|(message, time)| answer(message as u64, time, 1 << message)).collect();
    let shown = |blocks: &[Block]| {
        let show = |block: &Block| (block.start.to_string(), block.sum.tokens().output);
        blocks.iter().map(show).collect::<Vec<_>>()
    };
    let all = five_hours(&answers, Window::default());
    let expected = [("09", "20", 3), ("14", "20", 4), ("19", "20", 8), ("08", "21", 16)]
        .map(|(hour, day, output)| (format!("2026-11-{day}T{hour}:00:00Z"), output));
    assert_eq!(shown(&all), expected);
    assert!(all.iter().all(|block| block.end.duration_since(block.start) == SignedDuration::from_hours(5)));
    // A window shows whole blocks: where they begin does not depend on it.
    let window = Window { since: Some(at("2026-11-20T13:00:00Z")), until: Some(at("2026-11-20T14:00:00Z")) };
    assert_eq!(shown(&five_hours(&answers, window)), expected[..1]);
    let undated = Answer { at: None, ..answer(9, "2026-11-20T00:00:00Z", 100) };
    assert_eq!(five_hours(&[undated], Window::default()), []);
}

#[test]
fn the_running_block_says_what_is_left_and_how_fast_it_goes() {
    let answers = [answer(1, "2026-11-20T09:40:00Z", 700), answer(2, "2026-11-20T10:00:00Z", 74)];
    let block = five_hours(&answers, Window::default()).remove(0);
    assert_eq!(block.sum.tokens().all(), 1000);
    for (now, is_running, left_minutes, rate) in [
        ("2026-11-20T08:59:59Z", false, 300, 50.0), // a clock that is behind: until the last answer
        ("2026-11-20T09:00:00Z", true, 300, 50.0),
        ("2026-11-20T10:20:00Z", true, 220, 25.0),
        ("2026-11-20T13:00:00Z", true, 60, 5.0),
        ("2026-11-20T14:00:00Z", false, 0, 1000.0 / 260.0),
    ] {
        let now = at(now);
        assert_eq!(block.is_running(now), is_running, "{now}");
        assert_eq!(block.left(now).as_mins(), left_minutes, "{now}");
        assert_eq!(block.tokens_per_minute(now), rate, "{now}");
    }
    let one = five_hours(&answers[..1], Window::default()).remove(0);
    assert_eq!(one.tokens_per_minute(at("2026-11-20T09:40:01Z")), 813.0, "less than a minute counts as one");
}

/// Answers of people on one day in one project.
fn of_people(people: std::ops::Range<u32>, day: &str, project: &str, branch: &str) -> Vec<Answer> {
    people
        .map(|owner| Answer {
            owner,
            cwd: Some(format!("/w/{project}").into()),
            branch: Some(branch.into()),
            ..answer(0, &format!("{day}T12:00:00Z"), 10)
        })
        .collect()
}

const TODAY: Date = date(2026, 11, 21);

fn days(answers: &[Answer], window: Window, prices: &PriceList) -> Option<LabUsage> {
    let cells = count(By::Day, &TimeZone::UTC, Window::default(), answers).into_cells();
    lab_days(cells, TODAY, window, &TimeZone::UTC, prices)
}

/// As the keeper of the views has it: the days say which weeks count.
fn weeks(answers: &[Answer], today: Date) -> Vec<Span> {
    let cells = count(By::Day, &TimeZone::UTC, Window::default(), answers).into_cells();
    let days = lab_days(cells, today, Window::default(), &TimeZone::UTC, &PriceList::default());
    days.map(|days| lab_weeks(&days, today)).unwrap_or_default()
}

fn groups_of(by: By, answers: &[Answer], weeks: Vec<Span>, window: Window, prices: &PriceList) -> Option<LabUsage> {
    let cells = |span: Span| (span, count(by, &TimeZone::UTC, span.window(&TimeZone::UTC), answers).into_cells());
    lab_groups(weeks.into_iter().map(cells).collect(), window, &TimeZone::UTC, prices)
}

fn groups(by: By, answers: &[Answer], prices: &PriceList) -> Option<LabUsage> {
    groups_of(by, answers, weeks(answers, TODAY), Window::default(), prices)
}

/// Rows as a person reads them, with what was written.
fn told(usage: Option<LabUsage>) -> Vec<(String, u64)> {
    let name = |name: &Option<Arc<str>>| name.as_deref().unwrap_or("-").to_owned();
    let rows = usage.into_iter().flat_map(|usage| usage.rows);
    rows.map(|row| {
        let key = match row.key {
            None => "other".to_owned(),
            Some(LabKey::OtherOf(project)) => format!("other of {}", name(&project)),
            Some(LabKey::Days(first, last)) => format!("{first} {last}"),
            Some(LabKey::Group(Key::Project(project))) => name(&project),
            Some(LabKey::Group(Key::Branch { project, branch })) => format!("{} {}", name(&project), name(&branch)),
            Some(LabKey::Group(key)) => format!("{key:?}"),
        };
        (key, row.written)
    })
    .collect()
}

fn expect(rows: &[(&str, u64)]) -> Vec<(String, u64)> {
    rows.iter().map(|(key, written)| ((*key).to_owned(), *written)).collect()
}

#[test]
fn fewer_than_five_people_are_never_summed_up() {
    let four = of_people(0..4, "2026-11-10", "atlas", "main");
    assert_eq!(days(&four, Window::default(), &PriceList::default()), None);
    let five = of_people(0..5, "2026-11-10", "atlas", "main");
    assert_eq!(told(days(&five, Window::default(), &PriceList::default())), expect(&[("2026-11-10 2026-11-10", 50)]));
    // Four who gave next to nothing beside the one who did it all.
    let mut one = five.clone();
    one[2].tokens.output = 5_000;
    assert_eq!(days(&one, Window::default(), &PriceList::default()), None);
    one[2].tokens.output = 10;
    one[3].tokens.cache_read = 1_000_000;
    assert_eq!(days(&one, Window::default(), &PriceList::default()), None, "nor may the other figure tell");
}

#[test]
fn days_are_joined_until_five_people_worked_and_today_waits() {
    let answers = [
        of_people(0..2, "2026-11-10", "atlas", "main"),
        of_people(1..4, "2026-11-12", "atlas", "main"),
        of_people(4..5, "2026-11-13", "atlas", "main"),
        of_people(0..6, "2026-11-14", "atlas", "main"),
        of_people(0..4, "2026-11-15", "atlas", "main"),
        of_people(0..9, "2026-11-21", "atlas", "main"),
    ]
    .concat();
    let none = PriceList::default();
    let all = days(&answers, Window::default(), &none).unwrap();
    assert_eq!((all.first, all.last, all.total.written), (date(2026, 11, 10), date(2026, 11, 14), 120));
    let (early, late) = (("2026-11-10 2026-11-13", 60), ("2026-11-14 2026-11-14", 60));
    assert_eq!(told(Some(all)), expect(&[early, late]));
    // A window is rounded inwards: half of a piece is not told.
    for (since, until, expected) in [
        (None, Some("2026-11-14T00:00:00Z"), vec![early]),
        (None, Some("2026-11-13T00:00:00Z"), vec![]),
        (Some("2026-11-11T00:00:00Z"), None, vec![late]),
        (Some("2026-11-10T00:00:00Z"), Some("2026-11-30T00:00:00Z"), vec![early, late]),
    ] {
        let window = Window { since: since.map(at), until: until.map(at) };
        assert_eq!(told(days(&answers, window, &none)), expect(&expected), "{since:?} {until:?}");
    }
    // What has no time may be of any day, so of none.
    let mut undated = of_people(0..9, "2026-11-10", "atlas", "main");
    undated.iter_mut().for_each(|answer| answer.at = None);
    assert_eq!(days(&undated, Window::default(), &none), None);
}

#[test]
fn small_groups_take_a_larger_one_with_them_so_that_the_total_does_not_tell_them() {
    let none = PriceList::default();
    let day = "2026-11-10";
    let two = [of_people(0..6, day, "atlas", "main"), of_people(0..5, day, "borealis", "main")].concat();
    assert_eq!(told(groups(By::Project, &two, &none)), expect(&[("/w/atlas", 60), ("/w/borealis", 50)]));
    // Two people in a third: the smaller of the others stands with them.
    let three = [two.clone(), of_people(6..8, day, "cirrus", "main")].concat();
    assert_eq!(told(groups(By::Project, &three, &none)), expect(&[("/w/atlas", 60), ("other", 70)]));
    // Five people in small ones together are enough.
    let many = [
        two,
        of_people(6..8, day, "cirrus", "main"),
        of_people(8..10, day, "dune", "main"),
        of_people(0..1, day, "ember", "main"),
    ]
    .concat();
    let expected = [("/w/atlas", 60), ("/w/borealis", 50), ("other", 50)];
    assert_eq!(told(groups(By::Project, &many, &none)), expect(&expected));
    // One project alone with two others: all is told as one.
    let alone = [of_people(0..6, day, "atlas", "main"), of_people(6..8, day, "cirrus", "main")].concat();
    assert_eq!(told(groups(By::Project, &alone, &none)), expect(&[("other", 80)]));
}

#[test]
fn branches_never_tell_more_of_a_project_than_five_people_share() {
    let none = PriceList::default();
    let day = "2026-11-10";
    let answers = [
        of_people(0..9, day, "atlas", "main"),
        of_people(0..6, day, "atlas", "dev"),
        of_people(2..4, day, "atlas", "ben-tries"),
        of_people(0..7, day, "borealis", "main"),
        of_people(7..9, day, "borealis", "fix"),
        of_people(0..5, day, "cirrus", "main"),
        of_people(0..2, day, "dune", "main"),
    ]
    .concat();
    let expected = [("/w/atlas", 170), ("/w/borealis", 90), ("other", 70)];
    assert_eq!(told(groups(By::Project, &answers, &none)), expect(&expected));
    let expected = [("/w/atlas main", 90), ("other of /w/borealis", 90), ("other of /w/atlas", 80), ("other", 70)];
    assert_eq!(told(groups(By::Branch, &answers, &none)), expect(&expected));
}

#[test]
fn groups_are_told_by_weeks_so_that_next_weeks_table_tells_no_one_person() {
    let none = PriceList::default();
    let answers = [
        of_people(0..6, "2026-11-04", "atlas", "main"),
        of_people(0..5, "2026-11-05", "borealis", "main"),
        of_people(0..6, "2026-11-10", "atlas", "main"),
        // In the second week only two people work on it.
        of_people(3..5, "2026-11-11", "borealis", "main"),
        of_people(0..9, "2026-11-11", "cirrus", "main"),
        of_people(0..9, "2026-11-17", "cirrus", "main"),
    ]
    .concat();
    let told_on =
        |day: Date, window: Window| told(groups_of(By::Project, &answers, weeks(&answers, day), window, &none));
    let open = Window::default();
    assert_eq!(told_on(date(2026, 11, 8), open), [], "the first week is not over");
    let first = [("/w/atlas", 60), ("/w/borealis", 50)];
    assert_eq!(told_on(date(2026, 11, 9), open), expect(&first));
    assert_eq!(told_on(date(2026, 11, 15), open), expect(&first));
    let both = [("/w/cirrus", 90), ("/w/atlas", 60), ("/w/borealis", 50), ("other", 80)];
    assert_eq!(told_on(date(2026, 11, 16), open), expect(&both), "what two people added to a project is not told");
    assert_eq!(told_on(date(2026, 11, 21), open), expect(&both), "the third week is not over");
    let since = Window { since: Some(at("2026-11-06T00:00:00Z")), until: None };
    assert_eq!(told_on(date(2026, 11, 16), since), expect(&[("/w/cirrus", 90), ("other", 80)]));
}

#[test]
fn money_is_told_where_it_is_that_of_five_people_everywhere() {
    let five = of_people(0..5, "2026-11-10", "atlas", "main");
    let all = PriceList([("opus".to_owned(), price(0, 1_000_000)), ("free".to_owned(), price(0, 0))].into());
    let dollars = |usage: Option<LabUsage>| usage.unwrap().total.cost.and_then(Cost::dollars);
    assert_eq!(dollars(days(&five, Window::default(), &all)), Some(0.000_05));
    // A model without a price: the rest would be the money of whoever did not use it.
    let mut one = five.clone();
    one[0].model = Some("qwen3".into());
    assert_eq!(days(&one, Window::default(), &all).unwrap().total.cost, None);
    // A model that costs nothing: the money is that of four.
    one[0].model = Some("free".into());
    assert_eq!(days(&one, Window::default(), &all).unwrap().total.cost, None);
}

/// Which answers a row sums up.
fn answers_of(usage: &LabUsage, answers: &[Answer]) -> Vec<BTreeSet<usize>> {
    let day = |answer: &Answer| TimeZone::UTC.to_datetime(answer.at.unwrap()).date();
    let project = |answer: &Answer| answer.cwd.as_deref().map(|cwd| Arc::<str>::from(project_of(cwd)));
    let of = |holds: &dyn Fn(&Answer) -> bool| -> BTreeSet<usize> {
        let counted = |answer: &Answer| (usage.first..=usage.last).contains(&day(answer));
        (0..answers.len()).filter(|at| counted(&answers[*at]) && holds(&answers[*at])).collect()
    };
    let named: Vec<_> = usage
        .rows
        .iter()
        .map(|row| match &row.key {
            Some(LabKey::Days(first, last)) => of(&|answer| (*first..=*last).contains(&day(answer))),
            Some(LabKey::Group(Key::Project(name))) => of(&|answer| project(answer) == *name),
            Some(LabKey::Group(Key::Model(name))) => of(&|answer| answer.model == *name),
            Some(LabKey::Group(Key::Branch { project: name, branch })) => {
                of(&|answer| project(answer) == *name && answer.branch == *branch)
            }
            Some(LabKey::OtherOf(name)) => of(&|answer| project(answer) == *name),
            None => of(&|_| true),
            key => panic!("{key:?} is told of nobody"),
        })
        .collect();
    // `other` is what no row names more closely.
    let is_rest = |key: &Option<LabKey>| matches!(key, None | Some(LabKey::OtherOf(_)));
    let mut sets = named.clone();
    for (place, row) in usage.rows.iter().enumerate().filter(|(_, row)| is_rest(&row.key)) {
        for (other, others) in named.iter().enumerate() {
            let is_closer = match (&row.key, &usage.rows[other].key) {
                (None, key) => key.is_some(),
                (_, key) => !is_rest(key),
            };
            if is_closer {
                sets[place].retain(|at| !others.contains(at));
            }
        }
    }
    sets.push(of(&|_| true));
    for (set, row) in sets.iter().zip(usage.rows.iter().chain([&usage.total])) {
        let written: u64 = set.iter().map(|at| answers[*at].tokens.output).sum();
        let read: u64 = set.iter().map(|at| answers[*at].tokens.read()).sum();
        assert_eq!((written, read), (row.written, row.read), "{:?} sums up what it names", row.key);
    }
    sets
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn no_two_sums_that_are_told_leave_fewer_than_five_people_between_them(
        spread in prop::collection::vec((0_u32..9, 8_i8..23, 0_u8..3, 0_u8..3, 0_u8..2, 1_u64..40, 0_u64..3), 1..90),
    ) {
        let answers: Vec<Answer> = spread
            .iter()
            .enumerate()
            .map(|(message, (owner, day, project, branch, model, output, cache_read))| Answer {
                owner: *owner,
                cwd: Some(format!("/w/{project}").into()),
                branch: Some(format!("b{branch}").into()),
                model: Some(format!("m{model}").into()),
                tokens: Tokens { output: *output, cache_read: *cache_read * 50, ..Tokens::default() },
                ..answer(message as u64, &format!("2026-11-{day:02}T12:00:00Z"), 0)
            })
            .collect();
        let none = PriceList::default();
        let mut by_days = Vec::new();
        for since in [None, Some("2026-11-11T00:00:00Z"), Some("2026-11-15T00:00:00Z")] {
            for until in [None, Some("2026-11-14T00:00:00Z"), Some("2026-11-18T00:00:00Z")] {
                let window = Window { since: since.map(at), until: until.map(at) };
                by_days.extend(days(&answers, window, &none).iter().flat_map(|usage| answers_of(usage, &answers)));
            }
        }
        // Rows sum up what each week has of them, so it is enough that each week keeps the rule, and that its days do.
        let weeks = weeks(&answers, TODAY);
        let grouped = |by: By| -> Vec<Vec<BTreeSet<usize>>> {
            let all = groups_of(by, &answers, weeks.clone(), Window::default(), &none);
            let apart = weeks.iter().map(|week| groups_of(by, &answers, vec![*week], Window::default(), &none).unwrap());
            let apart: Vec<LabUsage> = apart.collect();
            let written = apart.iter().map(|week| week.total.written).sum::<u64>();
            assert_eq!(all.map_or(0, |all| all.total.written), written);
            apart.iter().map(|week| answers_of(week, &answers)).collect()
        };
        let folders = grouped(By::Project).into_iter().zip(grouped(By::Branch)).map(|(one, other)| [one, other].concat());
        let spans = weeks.iter().map(|week| {
            let within = |at: &usize| week.window(&TimeZone::UTC).holds(answers[*at].at);
            (0..answers.len()).filter(within).collect::<BTreeSet<usize>>()
        });
        by_days.extend(spans);
        for sets in std::iter::once(by_days).chain(folders).chain(grouped(By::Model)) {
            for one in &sets {
                for other in &sets {
                    let left: BTreeSet<u32> = one.difference(other).map(|at| answers[*at].owner).collect();
                    let is_within = other.is_subset(one);
                    prop_assert!(!is_within || left.is_empty() || left.len() >= PEOPLE, "{left:?} can be told");
                }
                let people: BTreeSet<u32> = one.iter().map(|at| answers[*at].owner).collect();
                prop_assert!(people.len() >= PEOPLE || one.is_empty(), "{people:?} are told");
            }
        }
    }

    #[test]
    fn every_way_of_summing_has_the_same_sum(
        spread in prop::collection::vec((0_u64..20, 0_u32..4, 0_i64..900_000, 0_u8..3, prop::array::uniform5(0_u64..50)), 0..60),
    ) {
        let answers: Vec<Answer> = spread
            .iter()
            .map(|(message, session, seconds, place, [input, output, cache_write_5m, cache_write_1h, cache_read])| Answer {
                session: *session,
                at: Some(at("2026-11-01T00:00:00Z") + SignedDuration::from_secs(*seconds)),
                cwd: Some(format!("/w/{place}").into()),
                branch: (*place > 0).then(|| format!("b{place}").into()),
                model: (*place > 1).then(|| format!("m{place}").into()),
                tokens: Tokens {
                    input: *input,
                    output: *output,
                    cache_write_5m: *cache_write_5m,
                    cache_write_1h: *cache_write_1h,
                    cache_read: *cache_read,
                },
                ..answer(*message, "2026-11-01T00:00:00Z", 0)
            })
            .collect();
        // The plain way: the largest of each figure by message.
        let mut plain: BTreeMap<u64, Tokens> = BTreeMap::new();
        for answer in &answers {
            let known = plain.entry(answer.message).or_default();
            *known = known.max(answer.tokens);
        }
        let mut expected = Tokens::default();
        plain.values().for_each(|tokens| expected += *tokens);
        let once = once(&answers);
        prop_assert_eq!(once.len(), plain.len());
        for by in By::ALL {
            let mut sum = Tokens::default();
            rows(by, &once).iter().for_each(|row| sum += row.sum.tokens());
            prop_assert_eq!(sum, expected, "{}", by.word());
        }
        let mut sum = Tokens::default();
        five_hours(&once, Window::default()).iter().for_each(|block| sum += block.sum.tokens());
        prop_assert_eq!(sum, expected);
    }
}

#[test]
fn a_cell_keeps_people_apart_until_it_is_known_what_may_be_told() {
    let answers = of_people(0..3, "2026-11-10", "atlas", "main");
    let cells: BTreeMap<Key, Cell> = count(By::Model, &TimeZone::UTC, Window::default(), &answers).into_cells();
    assert_eq!(cells.values().map(Cell::len).collect::<Vec<_>>(), [3]);
}
