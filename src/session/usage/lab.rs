//! What may be said of many people's usage without telling of one: sums over enough of them, and nothing from which a smaller
//! sum follows.
//!
//! The rule. Everything printed is a sum of *pieces*; a piece has answers of at least five people, of whom each gave a hundredth
//! or more of what was read and of what was written in it. Pieces are never cut further, so whatever is added to or taken from
//! what is printed, what remains is whole pieces again.
//!
//! - Time is cut first: whole days of the lab's zone are joined until they are a piece. What comes after the last piece is not
//!   counted yet, nor is today, nor an answer of which the time is not known. A window is rounded inwards.
//! - Groups (projects, models) are cut within each week apart, when it is over: a week has the pieces of time that end in it. A group
//!   that is no piece goes into the week's `other`, and with it the smallest of the rest until `other` is a piece: else it would
//!   follow from the total. A row sums up the weeks in which its group is a piece. So what is told today and what is told next
//!   week, or over two windows, differ by whole pieces.
//! - Branches are cut within each project that is a piece of its week, and those of all others are one `other`: else they would
//!   follow from their project.
//! - Money is told only where every model has a price and five people have a part in that of every piece. Five people and their
//!   two figures are all that a piece tells: not how many answers, sessions or people it has.
//! - Sessions and blocks belong to one person each: there are none.
//!
//! What it does not hide: who knows the shares of others in a piece can subtract them; who compares what was printed before and
//! after sessions of earlier days were shared sees their sum; and who knows from elsewhere that a model was used in one project
//! only can subtract across two tables. The owner of the home can read its files in any case.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::count::merged;
use super::{Cell, Cost, Key, PriceList, Sum, Window};

/// Fewer people than this are never summed up.
pub const PEOPLE: usize = 5;

/// Whoever has less than this part of a figure could as well be absent from it: it would be the others' figure.
const PART: u128 = 100;

/// What is told of a piece, or of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabRow {
    /// Which it is; None: all the others.
    pub key: Option<LabKey>,
    /// Tokens that models were given, from the cache or not.
    pub read: u64,
    pub written: u64,
    /// None: it is not told.
    pub cost: Option<Cost>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum LabKey {
    /// From a day to a day, both included.
    Days(Date, Date),
    Group(Key),
    /// The other branches of a project.
    OtherOf(Option<Arc<str>>),
}

/// What may be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabUsage {
    pub first: Date,
    /// What comes later is not counted yet.
    pub last: Date,
    pub rows: Vec<LabRow>,
    pub total: LabRow,
}

/// Days from the first to the last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub first: Date,
    pub last: Date,
}

impl Span {
    pub fn window(self, zone: &TimeZone) -> Window {
        let end = self.last.tomorrow().ok().and_then(|next| start_of(next, zone));
        Window { since: start_of(self.first, zone), until: Some(end.unwrap_or(Timestamp::MAX)) }
    }

    /// Whether all of it lies in the window.
    fn is_within(self, window: Window, zone: &TimeZone) -> bool {
        let own = self.window(zone);
        window.since.is_none_or(|since| own.since.is_some_and(|start| since <= start))
            && window.until.is_none_or(|until| own.until.is_some_and(|end| end <= until))
    }
}

fn start_of(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    zone.to_zoned(day.at(0, 0, 0, 0)).ok().map(|start| start.timestamp())
}

/// Days that are one piece.
#[derive(Debug, Clone)]
struct Piece {
    span: Span,
    cell: Cell,
}

/// Whole days before today, joined to pieces.
fn pieces(days: BTreeMap<Key, Cell>, today: Date) -> Vec<Piece> {
    let (mut pieces, mut open) = (Vec::new(), None::<Piece>);
    for (key, cell) in days {
        let Key::Day(Some(day)) = key else { continue };
        if day >= today {
            break;
        }
        let mut piece =
            open.take().unwrap_or_else(|| Piece { span: Span { first: day, last: day }, cell: Cell::new() });
        piece.span.last = day;
        merge(&mut piece.cell, cell);
        match is_enough(&piece.cell) {
            true => pieces.push(piece),
            false => open = Some(piece),
        }
    }
    pieces
}

/// The days of the window; None where no piece lies in it.
pub fn lab_days(
    days: BTreeMap<Key, Cell>,
    today: Date,
    window: Window,
    zone: &TimeZone,
    prices: &PriceList,
) -> Option<LabUsage> {
    let pieces = pieces(days, today);
    let has_costs = have_costs(pieces.iter().map(|piece| &piece.cell), prices);
    let prices = has_costs.then_some(prices);
    let within: Vec<&Piece> = pieces.iter().filter(|piece| piece.span.is_within(window, zone)).collect();
    let (first, last) = (within.first()?.span.first, within.last()?.span.last);
    let sums: Vec<Sum> = within.iter().map(|piece| merged(&piece.cell)).collect();
    let key = |piece: &Piece| LabKey::Days(piece.span.first, piece.span.last);
    let rows = within.iter().zip(&sums).map(|(piece, sum)| row(Some(key(piece)), sum, prices)).collect();
    Some(LabUsage { first, last, rows, total: row(None, &total(&sums), prices) })
}

/// The weeks that are over, of all days that are told: those of [`lab_days`] without a window.
pub fn lab_weeks(days: &LabUsage, today: Date) -> Vec<Span> {
    let week = |day: Date| (day.iso_week_date().year(), day.iso_week_date().week());
    let mut weeks: Vec<Span> = Vec::new();
    for row in &days.rows {
        let Some(LabKey::Days(first, last)) = row.key else { continue };
        match weeks.last_mut().filter(|before| week(before.last) == week(last)) {
            Some(before) => before.last = last,
            None => weeks.push(Span { first, last }),
        }
    }
    weeks.retain(|span| week(span.last) < week(today));
    weeks
}

/// The groups of the window; None where no week lies in it. `weeks` are all that [`lab_weeks`] names, each with a count of its
/// [own answers](Span::window).
pub fn lab_groups(
    weeks: Vec<(Span, BTreeMap<Key, Cell>)>,
    window: Window,
    zone: &TimeZone,
    prices: &PriceList,
) -> Option<LabUsage> {
    let cut = |(span, cells): (Span, BTreeMap<Key, Cell>)| match cells.keys().next() {
        Some(Key::Branch { .. }) => (span, branches(cells)),
        _ => (span, grouped(cells.into_iter().map(|(key, cell)| (LabKey::Group(key), cell)).collect(), None)),
    };
    let weeks: Vec<(Span, Groups)> = weeks.into_iter().map(cut).collect();
    let cells = weeks.iter().flat_map(|(_, groups)| groups).map(|(_, cell)| cell);
    let prices = have_costs(cells, prices).then_some(prices);
    let within: Vec<(Span, Groups)> = weeks.into_iter().filter(|(span, _)| span.is_within(window, zone)).collect();
    let (first, last) = (within.first()?.0.first, within.last()?.0.last);
    let mut sums: BTreeMap<Option<LabKey>, Sum> = BTreeMap::new();
    for (key, cell) in within.into_iter().flat_map(|(_, groups)| groups) {
        sums.entry(key).or_default().merge(&merged(&cell));
    }
    let mut rows: Vec<LabRow> = sums.iter().map(|(key, sum)| row(key.clone(), sum, prices)).collect();
    rows.sort_by_key(|row| (row.key.is_none(), std::cmp::Reverse(row.read.saturating_add(row.written))));
    Some(LabUsage { first, last, rows, total: row(None, &total(sums.values()), prices) })
}

fn total<'s>(sums: impl IntoIterator<Item = &'s Sum>) -> Sum {
    let mut total = Sum::default();
    sums.into_iter().for_each(|sum| total.merge(sum));
    total
}

fn row(key: Option<LabKey>, sum: &Sum, prices: Option<&PriceList>) -> LabRow {
    let tokens = sum.tokens();
    LabRow { key, read: tokens.read(), written: tokens.output, cost: prices.map(|prices| sum.cost(prices)) }
}

/// None names all the others.
type Groups = Vec<(Option<LabKey>, Cell)>;
type Named = Vec<(LabKey, Cell)>;

/// Groups that are pieces, and the others as one piece under `other`; where all are not enough for one, they are it all the same:
/// their sum is the week's, which is told.
fn grouped(groups: Named, other: Option<LabKey>) -> Groups {
    let (mut shown, small): (Vec<_>, Vec<_>) = groups.into_iter().partition(|(_, cell)| is_enough(cell));
    let mut rest = Cell::new();
    small.into_iter().for_each(|(_, cell)| merge(&mut rest, cell));
    shown.sort_by_key(|(_, cell)| std::cmp::Reverse(merged(cell).tokens().all()));
    while !rest.is_empty() && !is_enough(&rest) {
        let Some((_, cell)) = shown.pop() else { break };
        merge(&mut rest, cell);
    }
    let mut groups: Groups = shown.into_iter().map(|(key, cell)| (Some(key), cell)).collect();
    if !rest.is_empty() {
        groups.push((other, rest));
    }
    groups
}

/// Branches within projects, so that what is told of a project and of its branches has the same pieces.
fn branches(cells: BTreeMap<Key, Cell>) -> Groups {
    let mut projects: BTreeMap<Option<Arc<str>>, (Cell, Named)> = BTreeMap::new();
    for (key, cell) in cells {
        let Key::Branch { project, .. } = &key else { continue };
        let (all, branches) = projects.entry(project.clone()).or_default();
        merge(all, cell.clone());
        branches.push((LabKey::Group(key), cell));
    }
    let whole = projects.iter().map(|(project, (all, _))| (LabKey::OtherOf(project.clone()), all.clone()));
    let mut groups = Groups::new();
    for (key, cell) in grouped(whole.collect(), None) {
        match &key {
            Some(LabKey::OtherOf(project)) => {
                let (_, branches) = projects.remove(project).expect("a project that was just grouped");
                groups.extend(grouped(branches, key));
            }
            _ => groups.push((key, cell)),
        }
    }
    groups
}

fn merge(into: &mut Cell, cell: Cell) {
    for (owner, sum) in cell {
        into.entry(owner).or_default().merge(&sum);
    }
}

/// Whether five people have a part in each figure that is told.
fn is_enough(cell: &Cell) -> bool {
    let figure = |figure: fn(&Sum) -> u64| cell.values().map(move |sum| u128::from(figure(sum)));
    cell.len() >= PEOPLE && is_shared(figure(|sum| sum.tokens().read())) && is_shared(figure(|sum| sum.tokens().output))
}

/// Whether no figure is nearly that of fewer than five; one that is nothing is nobody's.
fn is_shared(parts: impl Iterator<Item = u128> + Clone) -> bool {
    let sum: u128 = parts.clone().sum();
    sum == 0 || parts.filter(|part| part.saturating_mul(PART) >= sum).count() >= PEOPLE
}

/// Whether the money of every piece may be told.
fn have_costs<'c>(cells: impl Iterator<Item = &'c Cell>, prices: &PriceList) -> bool {
    let mut cells = cells.map(|cell| {
        let costs: Option<Vec<u128>> = cell
            .values()
            .map(|sum| match sum.cost(prices) {
                Cost::Exact(cost) => Some(cost),
                Cost::AtLeast(_) | Cost::Unknown => None,
            })
            .collect();
        costs.is_some_and(|costs| is_shared(costs.iter().copied()))
    });
    cells.all(|is_told| is_told)
}
