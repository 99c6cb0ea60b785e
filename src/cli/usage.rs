//! `tidings sessions usage`: what sessions cost in tokens and dollars.

mod json;
mod words;

use std::process::ExitCode;

use anyhow::anyhow;
use tidings::flow::answers::{Costs, usage_window};
use tidings::flow::ask::{self, Usage, WantedUsage};
use tidings::session::Format;
use tidings::session::usage::{By, PEOPLE, blocks};

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
    let window =
        usage_window(args.since.as_deref(), args.until.as_deref(), today, &zone).map_err(Failure::of_question)?;
    let wanted = WantedUsage { by: args.by, window, zone, today, prices: setup.config.prices, is_lab };
    let told = match ask::usage(&setup.home, &wanted)? {
        Usage::Own(own) => {
            let blocks = if args.by == By::Block { blocks(&own.rows, wanted.window) } else { Vec::new() };
            let shown = Costs::new(&own, &blocks, &wanted.prices, args.by);
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
