//! `tidings sessions usage`: what sessions cost in tokens and dollars.

mod json;
mod words;

use std::process::ExitCode;

use anyhow::anyhow;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use tidings::flow::ask::{self, Usage, WantedUsage};
use tidings::session::Format;
use tidings::session::usage::{Block, By, Key, PEOPLE, PriceList, Row, SessionAbout, Sum, Window, blocks};

use super::args::UsageArgs;
use super::exit::Failure;
use super::{Desk, say};

/// Rows that a person is shown at once.
const ROWS: usize = 50;
/// Of JSON: what a calling agent can take, in bytes.
const BYTES: usize = 16_384;

pub fn usage(desk: &Desk, args: &UsageArgs) -> Result<ExitCode, Failure> {
    if desk.json && args.markdown {
        return Err(Failure::Wrong("either --json or --markdown".to_owned()));
    }
    let setup = desk.setup()?;
    let zone = setup.config.schedule.zone.clone();
    let today = zone.to_datetime(desk.now).date();
    let is_lab = setup.sessions.iter().any(|source| source.format == Format::Shared);
    let window = window(args, today, &zone)?;
    let wanted = WantedUsage { by: args.by, window, zone, today, prices: setup.config.prices, is_lab };
    let told = match ask::usage(&setup.home, &wanted)? {
        Usage::Own(own) => {
            let blocks = if args.by == By::Block { blocks(&own.rows, wanted.window) } else { Vec::new() };
            let shown = Own::new(&own, &blocks, &wanted.prices, args.by);
            match desk.json {
                true => return print_json(desk, args, &json::own(&shown, &wanted, desk.now), shown.by_time()),
                false => words::own(&shown, &wanted, desk.now, args),
            }
        }
        Usage::Lab { people, told: Some(lab) } => match desk.json {
            true => return print_json(desk, args, &json::lab(&lab, people, &wanted), args.by == By::Day),
            false => words::lab(&lab, people, &wanted, args),
        },
        Usage::Lab { people, told: None } | Usage::TooFew { people } => return Err(too_few(people)),
        Usage::OneByOne(by) => {
            let words = "this home has sessions of several people, and each";
            let remedy = "--by day, project, model or branch sums them up";
            return Err(Failure::Wrong(format!("{words} {} is one person's; {remedy}", by.word())));
        }
    };
    for line in told.lines {
        say(&line)?;
    }
    for remark in told.remarks {
        eprintln!("{remark}");
    }
    Ok(ExitCode::SUCCESS)
}

fn too_few(people: usize) -> Failure {
    anyhow!(
        "this home has sessions of {people} people; sums are told only of whole days before today, and by project, model or \
         branch of whole weeks before this one, in which {PEOPLE} or more worked, each with a hundredth of it or more; if all \
         are yours, give their sources in sources.toml the same `owner`"
    )
    .into()
}

/// What is told to people: on stdout, and beside it.
struct Told {
    lines: Vec<String>,
    remarks: Vec<String>,
}

/// One person's usage, in the order in which it is shown.
struct Own<'a> {
    by: By,
    rows: Vec<Shown<'a>>,
    total: Sum,
    prices: &'a PriceList,
    undated: u64,
    unlisted: u64,
}

/// A row with what it is of.
enum Shown<'a> {
    Group(&'a Row),
    Session(&'a SessionAbout, &'a Sum),
    Block(&'a Block),
}

impl<'a> Own<'a> {
    fn new(own: &'a ask::OwnUsage, blocks: &'a [Block], prices: &'a PriceList, by: By) -> Own<'a> {
        let mut rows: Vec<Shown<'a>> = match by {
            By::Block => blocks.iter().map(Shown::Block).collect(),
            By::Session => {
                let session = |row: &'a Row| match row.key {
                    Key::Session(place) => Shown::Session(&own.sessions[place as usize], &row.sum),
                    _ => Shown::Group(row),
                };
                own.rows.iter().map(session).collect()
            }
            _ => own.rows.iter().map(Shown::Group).collect(),
        };
        match by {
            // The calendar's own order, with what has no time first.
            By::Day | By::Block => {}
            By::Session => rows.sort_by_key(|row| row.sum().first),
            By::Project | By::Model | By::Branch => rows.sort_by_key(|row| std::cmp::Reverse(row.sum().tokens().all())),
        }
        let mut total = Sum::default();
        rows.iter().for_each(|row| total.merge(row.sum()));
        // Blocks are made of all hours there are, and what has no time is in none.
        let in_no_block =
            own.rows.iter().filter(|row| row.key == Key::Hour(None)).map(|row| row.sum.answers).sum::<u64>();
        Own { by, rows, total, prices, undated: own.undated + in_no_block, unlisted: own.unlisted }
    }

    /// Whether the latest rows count most, which stand last; else the largest, which stand first.
    fn by_time(&self) -> bool {
        matches!(self.by, By::Day | By::Session | By::Block)
    }
}

impl Shown<'_> {
    fn sum(&self) -> &Sum {
        match self {
            Shown::Group(row) => &row.sum,
            Shown::Session(_, sum) => sum,
            Shown::Block(block) => &block.sum,
        }
    }
}

/// Prints an answer with as many of its rows as fit: the last ones where they stand in the order of time, else the first.
fn print_json(
    desk: &Desk,
    args: &UsageArgs,
    answer: &serde_json::Value,
    keeps_last: bool,
) -> Result<ExitCode, Failure> {
    let mut answer = answer.clone();
    let mut rows = answer["rows"].as_array().cloned().unwrap_or_default();
    let total = rows.len();
    answer["total"] = total.into();
    loop {
        answer["capped"] = (rows.len() < total).into();
        answer["rows"] = rows.clone().into();
        let bytes = serde_json::to_string_pretty(&answer).map_err(anyhow::Error::new)?.len() + 1;
        if args.all || bytes <= BYTES || rows.is_empty() {
            break;
        }
        let keep = (rows.len() * BYTES / bytes).min(rows.len() - 1);
        match keeps_last {
            true => drop(rows.drain(..rows.len() - keep)),
            false => rows.truncate(keep),
        }
    }
    desk.print_json(&answer)?;
    Ok(ExitCode::SUCCESS)
}

/// Whole days of the lab's zone, both included.
fn window(args: &UsageArgs, today: Date, zone: &TimeZone) -> Result<Window, Failure> {
    let day = |text: &Option<String>| text.as_deref().map(|text| read_day(text, today)).transpose();
    let start = |day: Date| -> Result<Timestamp, Failure> {
        Ok(zone.to_zoned(day.at(0, 0, 0, 0)).map_err(anyhow::Error::new)?.timestamp())
    };
    let (since, until) = (day(&args.since)?, day(&args.until)?);
    if let (Some(since), Some(until)) = (since, until)
        && since > until
    {
        return Err(Failure::Wrong(format!("no day lies from {since} to {until}; --since is the earlier one")));
    }
    let end = until.map(|day| day.tomorrow().map_err(anyhow::Error::new)).transpose()?;
    Ok(Window { since: since.map(start).transpose()?, until: end.map(start).transpose()? })
}

/// `2026-11-01`, or so many days or weeks before today: `30d`, `2w`.
fn read_day(text: &str, today: Date) -> Result<Date, Failure> {
    let wrong =
        || Failure::Wrong(format!("`{text}` is no day: write a date (2026-11-01) or a span back from today (30d, 2w)"));
    if let Ok(date) = text.parse::<Date>() {
        return Ok(date);
    }
    let (number, days) = match (text.strip_suffix('d'), text.strip_suffix('w')) {
        (Some(number), _) => (number, 1),
        (_, Some(number)) => (number, 7),
        _ => return Err(wrong()),
    };
    let number: u16 = number.parse().map_err(|_| wrong())?;
    today.checked_sub(Span::new().days(i64::from(number) * days)).map_err(|_| wrong())
}
