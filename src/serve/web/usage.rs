//! Usage: what sessions cost, as far as the visitor may see it.

use axum::extract::{Extension, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::asked::{Asked, part};
use super::page::{Frame, Trouble};
use super::visitor::Visitor;
use super::{Shared, Site};
use crate::flow::answers::{CostRow, Costs, duration, first_letters, lab_name, money, name, thousands, usage_window};
use crate::flow::ask::{self, OwnUsage, Unclear, Usage, WantedUsage};
use crate::session::usage::{By, LabUsage, PEOPLE, Sum, Tokens, Window, blocks};
use crate::session::{Format, project_of};

/// Rows of a page: the latest, or the largest.
const ROWS: usize = 60;

const NOTHING: &str = "No answer of a model is known yet. `from.sessions` in sources.toml names folders of sessions.";

#[derive(Debug, Default, Serialize)]
struct Given {
    by: &'static str,
    ways: Vec<&'static str>,
    since: String,
    until: String,
    /// Why there are no figures.
    trouble: Option<String>,
    heads: Vec<&'static str>,
    rows: Vec<Row>,
    total: Option<Row>,
    /// Of the largest row, in tokens: what bars are measured by.
    most: u64,
    remarks: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Row {
    name: String,
    link: Option<String>,
    details: Option<String>,
    /// All tokens.
    all: u64,
    amounts: Vec<String>,
    cost: Option<String>,
}

pub(super) async fn usage(
    State(site): Shared,
    Extension(visitor): Extension<Visitor>,
    RawQuery(query): RawQuery,
) -> Result<Response, Trouble> {
    let asked = Asked::read(query.as_deref());
    let person = visitor.clone();
    let (is_wrong, given) = site.look(move |site| answer(site, &person, &asked)).await?;
    let mut page =
        Frame { site: &site, visitor: &visitor, tab: "/usage", title: "Usage" }.page("usage.html", &given)?;
    if is_wrong {
        *page.status_mut() = StatusCode::BAD_REQUEST;
    }
    Ok(page)
}

/// What is asked, and whether it was asked wrongly.
fn answer(site: &Site, visitor: &Visitor, asked: &Asked) -> anyhow::Result<(bool, Given)> {
    let mut given = Given {
        by: By::Day.word(),
        ways: By::ALL.map(By::word).to_vec(),
        since: asked.text("since"),
        until: asked.text("until"),
        ..Given::default()
    };
    let wanted = match wanted(site, visitor, asked) {
        Ok(wanted) => wanted,
        Err(error) => {
            given.trouble = Some(format!("{:#}", error.downcast::<Unclear>()?));
            return Ok((true, given));
        }
    };
    given.by = wanted.by.word();
    match ask::usage(site.home(), &wanted)? {
        Usage::Own(own) => fill_own(site, &mut given, &own, &wanted),
        Usage::Lab { people, told: Some(lab) } => fill_lab(&mut given, &lab, people, &wanted),
        Usage::TooFew { people: 0 } => given.trouble = Some(NOTHING.to_owned()),
        Usage::Lab { people, told: None } | Usage::TooFew { people } => {
            given.trouble = Some(format!(
                "This home has sessions of {people} {}. Sums are told only of whole days before today, and by project, \
                 model or branch of whole weeks before this one, in which {PEOPLE} people or more worked.",
                if people == 1 { "person" } else { "people" }
            ));
        }
        Usage::OneByOne(by) => {
            given.trouble = Some(format!(
                "Here are sessions of several people, and each {} is one person's. By day, project, model or branch \
                 they are summed up.",
                by.word()
            ));
        }
    }
    Ok((false, given))
}

fn wanted(site: &Site, visitor: &Visitor, asked: &Asked) -> anyhow::Result<WantedUsage> {
    let zone = site.setup().config.schedule.zone.clone();
    let today = zone.to_datetime(site.now()).date();
    let by = match asked.some("by") {
        None => By::Day,
        Some(word) => By::ALL.into_iter().find(|by| by.word() == word).ok_or_else(|| {
            Unclear(format!("nothing is summed by `{word}`; there are {}", By::ALL.map(By::word).join(", ")))
        })?,
    };
    let window = usage_window(asked.some("since").as_deref(), asked.some("until").as_deref(), today, &zone)?;
    Ok(WantedUsage {
        by,
        window,
        zone,
        today,
        prices: site.setup().config.prices.clone(),
        is_lab: site.is_lab_for(visitor)?,
    })
}

impl Site {
    /// Whether this visitor is shown sums over several people only: the home is a lab's, or somebody else's.
    fn is_lab_for(&self, visitor: &Visitor) -> anyhow::Result<bool> {
        let is_lab = self.setup().sessions.iter().any(|source| source.format == Format::Shared);
        let Visitor::Person(name) = visitor else { return Ok(is_lab) };
        let is_own = |owner: Option<&str>| owner.is_some_and(|owner| owner.to_lowercase() == name.to_lowercase());
        Ok(is_lab || !self.shelf.known()?.all().all(|line| is_own(line.owner.as_deref())))
    }

    /// What a session cost; None where that is not told to this visitor, or not known.
    pub(super) fn cost_of(&self, visitor: &Visitor, session: &str) -> anyhow::Result<Option<Sum>> {
        if self.is_lab_for(visitor)? {
            return Ok(None);
        }
        let zone = self.setup().config.schedule.zone.clone();
        let today = zone.to_datetime(self.now()).date();
        let prices = self.setup().config.prices.clone();
        let wanted = WantedUsage { by: By::Session, window: Window::default(), zone, today, prices, is_lab: false };
        Ok(self.shelf.costs(&wanted)?.get(session).cloned())
    }
}

fn fill_own(site: &Site, given: &mut Given, own: &OwnUsage, wanted: &WantedUsage) {
    let blocks = if wanted.by == By::Block { blocks(&own.rows, wanted.window) } else { Vec::new() };
    let costs = Costs::new(own, &blocks, &wanted.prices, wanted.by);
    let has_prices = !wanted.prices.0.is_empty();
    if costs.rows.is_empty() {
        let words = if wanted.window.is_open() { NOTHING } else { "No answer of a model then." };
        given.trouble = Some(words.to_owned());
        return;
    }
    given.heads = vec!["input", "output", "cache write", "cache read"];
    given.heads.extend(has_prices.then_some("cost"));
    let tell = |name: String, link: Option<String>, details: Option<String>, sum: &Sum| {
        let tokens: Tokens = sum.tokens();
        let amounts = [tokens.input, tokens.output, tokens.cache_write(), tokens.cache_read].map(thousands).to_vec();
        let cost = has_prices.then(|| money(sum.cost(&wanted.prices)));
        Row { name, link, details, all: tokens.all(), amounts, cost }
    };
    let minute = |at| wanted.zone.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string();
    let row = |row: &CostRow<'_>| match row {
        CostRow::Group(group) => tell(name(&group.key), None, None, &group.sum),
        CostRow::Session(about, sum) => {
            let title = about.title.as_deref().map(first_letters).filter(|title| !title.is_empty());
            let about_it = [
                about.started.map(minute),
                about.length().map(duration),
                about.cwd.as_deref().map(|cwd| project_of(cwd).to_owned()),
                about.branch.clone(),
            ];
            let details = about_it.into_iter().flatten().collect::<Vec<_>>().join(" · ");
            let link = format!("/sessions/{}", part(&about.id));
            tell(title.unwrap_or_else(|| about.id.clone()), Some(link), Some(details), sum)
        }
        CostRow::Block(block) => {
            let end = wanted.zone.to_datetime(block.end).strftime("%H:%M").to_string();
            let now = site.now();
            let running = block.is_running(now).then(|| {
                let rate = thousands(block.tokens_per_minute(now).round() as u64);
                format!("running, {} left, {rate} tokens a minute", duration(block.left(now)))
            });
            tell(format!("{} to {end}", minute(block.start)), None, running, &block.sum)
        }
    };
    let all = costs.rows.len();
    // The latest first, or the largest.
    let mut rows: Vec<&CostRow<'_>> = costs.rows.iter().collect();
    if costs.by_time() {
        rows.reverse();
    }
    given.rows = rows.into_iter().take(ROWS).map(row).collect();
    given.most = given.rows.iter().map(|row| row.all).max().unwrap_or(0);
    given.total = Some(tell("total".to_owned(), None, None, &costs.total));
    if all > ROWS {
        let which = if costs.by_time() { "latest" } else { "largest" };
        given.remarks.push(format!("The {which} {ROWS} of {}; the total is of all.", thousands(all as u64)));
    }
    let unpriced = costs.total.unpriced(costs.prices);
    if !has_prices {
        given.remarks.push("No prices are known: [prices] in tidings.toml makes dollars of tokens.".to_owned());
    } else if !unpriced.is_empty() {
        let names = unpriced.iter().take(10).map(|name| name.to_string()).collect::<Vec<_>>().join(", ");
        given.remarks.push(format!("No price in tidings.toml for {names}: what they cost is not known."));
    }
    if costs.undated > 0 {
        given.remarks.push(format!("{} answers without a time left out.", thousands(costs.undated)));
    }
    if costs.unlisted > 0 {
        let words = "answers left out, of sessions that a run is just writing down.";
        given.remarks.push(format!("{} {words}", thousands(costs.unlisted)));
    }
}

fn fill_lab(given: &mut Given, lab: &LabUsage, people: usize, wanted: &WantedUsage) {
    let has_costs = lab.total.cost.is_some() && !wanted.prices.0.is_empty();
    given.heads = vec!["read", "written"];
    given.heads.extend(has_costs.then_some("cost"));
    let row = |name: String, row: &crate::session::usage::LabRow| Row {
        name,
        link: None,
        details: None,
        all: row.read.saturating_add(row.written),
        amounts: vec![thousands(row.read), thousands(row.written)],
        cost: row.cost.filter(|_| has_costs).map(money),
    };
    let mut rows: Vec<Row> = lab.rows.iter().map(|one| row(lab_name(one), one)).collect();
    let all = rows.len();
    if wanted.by == By::Day {
        rows.reverse();
    }
    rows.truncate(ROWS);
    given.most = rows.iter().map(|row| row.all).max().unwrap_or(0);
    given.rows = rows;
    given.total = Some(row("total".to_owned(), &lab.total));
    if all > ROWS {
        given.remarks.push(format!("{ROWS} of {}; the total is of all.", thousands(all as u64)));
    }
    given.remarks.push(format!(
        "Sums of {people} people, {} to {}; what is later follows when enough of them worked.",
        lab.first, lab.last
    ));
}
