//! What sessions cost, arranged as people read it, and in words.

use std::sync::Arc;

use anyhow::{Result, anyhow};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::super::ask::{OwnUsage, Unclear};
use super::times::read_day;
use crate::session::usage::{Block, By, Cost, Key, LabKey, LabRow, PriceList, Row, SessionAbout, Sum, Window};

pub use crate::tell::thousands;

/// One person's usage, in the order in which it is shown.
pub struct Costs<'a> {
    pub by: By,
    pub rows: Vec<CostRow<'a>>,
    pub total: Sum,
    pub prices: &'a PriceList,
    /// Answers that were left out because their time is not known.
    pub undated: u64,
    /// Answers of transcripts that the list of sessions does not have yet.
    pub unlisted: u64,
}

/// A row with what it is of.
pub enum CostRow<'a> {
    Group(&'a Row),
    Session(&'a SessionAbout, &'a Sum),
    Block(&'a Block),
}

impl<'a> Costs<'a> {
    pub fn new(own: &'a OwnUsage, blocks: &'a [Block], prices: &'a PriceList, by: By) -> Costs<'a> {
        let mut rows: Vec<CostRow<'a>> = match by {
            By::Block => blocks.iter().map(CostRow::Block).collect(),
            By::Session => {
                let session = |row: &'a Row| match row.key {
                    Key::Session(place) => CostRow::Session(&own.sessions[place as usize], &row.sum),
                    _ => CostRow::Group(row),
                };
                own.rows.iter().map(session).collect()
            }
            _ => own.rows.iter().map(CostRow::Group).collect(),
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
        Costs { by, rows, total, prices, undated: own.undated + in_no_block, unlisted: own.unlisted }
    }

    /// Whether the latest rows count most, which stand last; else the largest, which stand first.
    pub fn by_time(&self) -> bool {
        matches!(self.by, By::Day | By::Session | By::Block)
    }
}

impl CostRow<'_> {
    pub fn sum(&self) -> &Sum {
        match self {
            CostRow::Group(row) => &row.sum,
            CostRow::Session(_, sum) => sum,
            CostRow::Block(block) => &block.sum,
        }
    }
}

/// Whole days of a zone, both included.
///
/// # Errors
/// [`Unclear`] where one is no day, or none lies between them.
pub fn usage_window(since: Option<&str>, until: Option<&str>, today: Date, zone: &TimeZone) -> Result<Window> {
    let day = |text: Option<&str>| text.map(|text| read_day(text, today)).transpose();
    let start = |day: Date| -> Result<Timestamp> { Ok(zone.to_zoned(day.at(0, 0, 0, 0))?.timestamp()) };
    let (since, until) = (day(since)?, day(until)?);
    if let (Some(since), Some(until)) = (since, until)
        && since > until
    {
        return Err(anyhow!(Unclear(format!("no day lies from {since} to {until}; --since is the earlier one"))));
    }
    let end = until.map(|day| day.tomorrow()).transpose()?;
    Ok(Window { since: since.map(start).transpose()?, until: end.map(start).transpose()? })
}

/// What a row is of, in words.
pub fn name(key: &Key) -> String {
    let known = |name: &Option<Arc<str>>| name.as_deref().map_or("-".to_owned(), plain);
    match key {
        Key::Day(Some(day)) => weekday(*day),
        Key::Day(None) => "no time".to_owned(),
        Key::Project(name) | Key::Model(name) => known(name),
        Key::Branch { project, branch } => format!("{} {}", known(project), known(branch)),
        Key::Session(_) | Key::Hour(_) => String::new(),
    }
}

/// Likewise of several people's.
pub fn lab_name(row: &LabRow) -> String {
    match &row.key {
        None => "other".to_owned(),
        Some(LabKey::OtherOf(project)) => format!("{} other", project.as_deref().map_or("-".to_owned(), plain)),
        Some(LabKey::Days(first, last)) if first == last => weekday(*first),
        Some(LabKey::Days(first, last)) => format!("{first} to {last}"),
        Some(LabKey::Group(key)) => name(key),
    }
}

/// "Sat 2026-11-21"
pub fn weekday(day: Date) -> String {
    day.strftime("%a %Y-%m-%d").to_string()
}

/// `2 h 10 min`; under a minute is one.
pub fn duration(length: SignedDuration) -> String {
    match length.as_mins().max(1) {
        minutes @ ..60 => format!("{minutes} min"),
        minutes => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}

/// For a column.
pub fn money(cost: Cost) -> String {
    match (cost, cost.dollars()) {
        (Cost::Exact(_), Some(dollars)) => dollars_words(dollars),
        (_, Some(dollars)) => format!("at least {}", dollars_words(dollars)),
        (_, None) => "unknown".to_owned(),
    }
}

/// "$1,204.50"
pub fn dollars_words(dollars: f64) -> String {
    let cents = (dollars * 100.0).round() as u64;
    match cents {
        0 if dollars > 0.0 => "under $0.01".to_owned(),
        _ => format!("${}.{:02}", thousands(cents / 100), cents % 100),
    }
}

/// On one line and without what a terminal would take as a command.
pub fn plain(text: &str) -> String {
    let visible: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}
