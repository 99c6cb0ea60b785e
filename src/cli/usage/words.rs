//! Usage in words: a calendar of figures, or Markdown to paste into a diary.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tidings::flow::answers::{CostRow, Costs, duration, lab_name, money, name, plain, thousands};
use tidings::flow::ask::WantedUsage;
use tidings::session::project_of;
use tidings::session::usage::{By, Cost, Key, LabRow, LabUsage, Row, SessionAbout, Sum};

use super::super::args::UsageArgs;
use super::super::grid::{Grid, GridRow};
use super::super::run::count;
use super::{ROWS, Told};

const NO_PRICES: &str =
    "No prices are known: [prices.\"claude-opus-4\"] and its like in tidings.toml make dollars of tokens.";

pub fn own(own: &Costs<'_>, wanted: &WantedUsage, now: Timestamp, args: &UsageArgs) -> Told {
    let mut remarks = Vec::new();
    if own.rows.is_empty() {
        let why = if wanted.window.is_open() { "yet" } else { "then" };
        remarks.push(format!("No answer of a model {why}; `from.sessions` in sources.toml names folders of sessions."));
        return Told { lines: Vec::new(), remarks };
    }
    let has_prices = !own.prices.0.is_empty();
    let rows = &own.rows[shown(own.rows.len(), args, own.by_time(), &mut remarks)];
    let lines = match (args.markdown, own.by) {
        (true, By::Session) => rows.iter().filter_map(|row| diary_line(row, own, wanted)).collect(),
        _ => {
            let mut grid = Grid { heads: heads(own.by, has_prices), rows: Vec::new() };
            for (at, row) in rows.iter().enumerate() {
                let is_apart = at > 0 && week(row) != week(&rows[at - 1]);
                grid.rows.push(GridRow { is_apart, ..grid_row(row, own, wanted, now) });
            }
            if own.rows.len() != 1 {
                grid.rows.push(GridRow { name: "total".to_owned(), is_apart: true, ..amounts(&own.total, own) });
            }
            match args.markdown {
                true => grid.markdown(own.by.word()),
                false => grid.lines(),
            }
        }
    };
    let unpriced: Vec<String> = own.total.unpriced(own.prices).iter().map(|name| plain(name)).collect();
    match has_prices {
        false => remarks.push(NO_PRICES.to_owned()),
        true if unpriced.is_empty() => {}
        true => {
            let names = unpriced.join(", ");
            remarks.push(format!("No price in tidings.toml for {names}: what they cost is not known."));
        }
    }
    let hourly = own.total.tokens().cache_write_1h;
    if hourly > 0 && own.by != By::Session {
        remarks.push(format!(
            "Of the cache writes {} tokens were for an hour, the others for five minutes.",
            thousands(hourly)
        ));
    }
    if own.undated > 0 {
        remarks.push(format!("{} without a time left out.", count(own.undated as usize, "answer")));
    }
    if own.unlisted > 0 {
        remarks.push(format!(
            "{} left out, of sessions that a run is just writing down.",
            count(own.unlisted as usize, "answer")
        ));
    }
    Told { lines, remarks }
}

pub fn lab(lab: &LabUsage, people: usize, wanted: &WantedUsage, args: &UsageArgs) -> Told {
    let mut remarks = Vec::new();
    let has_costs = lab.total.cost.is_some() && !wanted.prices.0.is_empty();
    let range = shown(lab.rows.len(), args, wanted.by == By::Day, &mut remarks);
    let mut heads = vec!["read", "written"];
    heads.extend(has_costs.then_some("cost"));
    let row = |name: String, row: &LabRow| GridRow {
        name,
        amounts: vec![row.read, row.written],
        cost: row.cost.filter(|_| has_costs).map(money),
        ..GridRow::default()
    };
    let mut grid = Grid { heads, rows: lab.rows[range].iter().map(|one| row(lab_name(one), one)).collect() };
    grid.rows.push(GridRow { is_apart: true, ..row("total".to_owned(), &lab.total) });
    let lines = match args.markdown {
        true => grid.markdown(wanted.by.word()),
        false => grid.lines(),
    };
    remarks.push(format!(
        "Sums of {people} people, {} to {}; what is later follows when enough of them worked.",
        lab.first, lab.last
    ));
    Told { lines, remarks }
}

/// Which rows are shown; says so if not all.
fn shown(rows: usize, args: &UsageArgs, by_time: bool, remarks: &mut Vec<String>) -> std::ops::Range<usize> {
    if args.all || rows <= ROWS {
        return 0..rows;
    }
    let which = if by_time { "latest" } else { "largest" };
    remarks.push(format!("The {which} {ROWS} of {}; --all shows every one.", thousands(rows as u64)));
    if by_time { rows - ROWS..rows } else { 0..ROWS }
}

fn heads(by: By, has_prices: bool) -> Vec<&'static str> {
    let mut heads = match by {
        By::Session => vec!["length", "turns", "read", "output"],
        _ => vec!["input", "output", "cache write", "cache read"],
    };
    heads.extend(has_prices.then_some("cost"));
    heads
}

fn grid_row(row: &CostRow<'_>, own: &Costs<'_>, wanted: &WantedUsage, now: Timestamp) -> GridRow {
    let (name, details, words) = match row {
        CostRow::Group(row) => (name(&row.key), Vec::new(), Vec::new()),
        CostRow::Session(about, _) => {
            let started = about.started.map_or("-".to_owned(), |at| minute(at, &wanted.zone));
            (started, about_words(about), vec![length(about), thousands(about.turns)])
        }
        CostRow::Block(block) => {
            let end = wanted.zone.to_datetime(block.end).strftime("%H:%M").to_string();
            let running = block.is_running(now).then(|| {
                let rate = thousands(block.tokens_per_minute(now).round() as u64);
                format!("running, {} left, {rate} tokens a minute", duration(block.left(now)))
            });
            (format!("{}-{end}", minute(block.start, &wanted.zone)), running.into_iter().collect(), Vec::new())
        }
    };
    let amounts = amounts(row.sum(), own);
    let words = if words.is_empty() { amounts.words } else { words };
    GridRow { name, details, words, ..amounts }
}

fn amounts(sum: &Sum, own: &Costs<'_>) -> GridRow {
    let tokens = sum.tokens();
    let (words, amounts) = match own.by {
        By::Session => (vec![String::new(); 2], vec![tokens.read(), tokens.output]),
        _ => (Vec::new(), vec![tokens.input, tokens.output, tokens.cache_write(), tokens.cache_read]),
    };
    let cost = (!own.prices.0.is_empty()).then(|| money(sum.cost(own.prices)));
    GridRow { words, amounts, cost, ..GridRow::default() }
}

/// `- 2026-11-20 09:12, 2 h 10 min: Fix the loader (atlas, main). 214 turns, 1,204 tokens read, 80 written, $3.20.`
fn diary_line(row: &CostRow<'_>, own: &Costs<'_>, wanted: &WantedUsage) -> Option<String> {
    let CostRow::Session(about, sum) = row else { return None };
    let at = about.started.map_or("No time".to_owned(), |at| minute(at, &wanted.zone));
    let title = about.title.as_deref().map_or("without a title".to_owned(), plain);
    let place: Vec<String> =
        about.cwd.as_deref().map(last_name).into_iter().chain(about.branch.as_deref().map(plain)).collect();
    let place = if place.is_empty() { String::new() } else { format!(" ({})", place.join(", ")) };
    let tokens = sum.tokens();
    let cost = if own.prices.0.is_empty() { String::new() } else { format!(", {}", money_words(sum.cost(own.prices))) };
    let (turns, read, written) =
        (count(about.turns as usize, "turn"), thousands(tokens.read()), thousands(tokens.output));
    Some(format!("- {at}, {}: {title}{place}. {turns}, {read} tokens read, {written} written{cost}.", length(about)))
}

/// Its title, and where it belongs with the id that `show` and `resume` take.
fn about_words(about: &SessionAbout) -> Vec<String> {
    let place = [about.cwd.as_deref().map(last_name), about.branch.as_deref().map(plain), Some(about.id.clone())];
    let place = place.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    about.title.as_deref().map(plain).into_iter().chain([place]).collect()
}

/// The last part of a project's folder.
fn last_name(cwd: &str) -> String {
    let project = project_of(cwd);
    plain(project.rsplit('/').find(|part| !part.is_empty()).unwrap_or(project))
}

/// Weeks stand apart in a calendar.
fn week(row: &CostRow<'_>) -> Option<(i16, i8)> {
    match row {
        CostRow::Group(Row { key: Key::Day(Some(day)), .. }) => {
            let day = day.iso_week_date();
            Some((day.year(), day.week()))
        }
        _ => None,
    }
}

fn minute(at: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string()
}

fn length(about: &SessionAbout) -> String {
    about.length().map_or("-".to_owned(), duration)
}

/// Within a sentence.
fn money_words(cost: Cost) -> String {
    match cost {
        Cost::Unknown => "at a cost that is not known".to_owned(),
        cost => money(cost),
    }
}
