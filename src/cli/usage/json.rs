//! Usage as JSON: exact tokens, times in UTC, dollars to a millionth or null where no price is known.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tidings::flow::answers::{CostRow, Costs};
use tidings::flow::ask::WantedUsage;
use tidings::session::project_of;
use tidings::session::usage::{By, Cost, Key, LabKey, LabRow, LabUsage, PriceList, Sum};

/// Models without a price that are named.
const NAMES: usize = 20;

pub fn own(own: &Costs<'_>, wanted: &WantedUsage, now: Timestamp) -> Value {
    let unpriced = own.total.unpriced(own.prices);
    let rows: Vec<Value> = own
        .rows
        .iter()
        .map(|row| {
            let mut fields = of(row, wanted, now);
            fields.extend(sum(row.sum(), own.prices));
            Value::Object(fields)
        })
        .collect();
    let mut answer = frame(wanted);
    answer["people"] = 1.into();
    answer["sum"] = Value::Object(sum(&own.total, own.prices));
    answer["unpriced"] = unpriced.iter().take(NAMES).map(|name| name.to_string()).collect();
    answer["undated_left_out"] = own.undated.into();
    answer["unlisted_left_out"] = own.unlisted.into();
    answer["rows"] = rows.into();
    answer
}

pub fn lab(lab: &LabUsage, people: usize, wanted: &WantedUsage) -> Value {
    let rows: Vec<Value> = lab
        .rows
        .iter()
        .map(|row| {
            let mut fields = match &row.key {
                None => object(json!({ "other": true })),
                Some(LabKey::OtherOf(project)) => object(json!({ "project": project.as_deref(), "other": true })),
                Some(LabKey::Days(first, last)) => object(json!({ "first_day": first, "last_day": last })),
                Some(LabKey::Group(key)) => group(key),
            };
            fields.extend(lab_sum(row));
            Value::Object(fields)
        })
        .collect();
    let mut answer = frame(wanted);
    answer["people"] = people.into();
    answer["first_day"] = lab.first.to_string().into();
    answer["last_day"] = lab.last.to_string().into();
    answer["sum"] = Value::Object(lab_sum(&lab.total));
    answer["rows"] = rows.into();
    answer
}

fn frame(wanted: &WantedUsage) -> Value {
    json!({
        "version": 1, "by": wanted.by.word(), "zone": wanted.zone.iana_name(), "since": wanted.window.since,
        "until": wanted.window.until, "total": 0, "capped": false,
    })
}

/// What a row is of.
fn of(row: &CostRow<'_>, wanted: &WantedUsage, now: Timestamp) -> Map<String, Value> {
    match row {
        CostRow::Group(row) => group(&row.key),
        CostRow::Session(about, _) => {
            let (agent, native) = about.id.split_once(':').unwrap_or(("", &about.id));
            object(json!({
                "session": native, "agent": agent,
                "day": about.started.map(|at| wanted.zone.to_datetime(at).date()),
                "started": about.started, "ended": about.ended,
                "seconds": about.length().map(|length| length.as_secs()),
                "project": about.cwd.as_deref().map(project_of), "branch": about.branch, "title": about.title,
                "turns": about.turns,
            }))
        }
        CostRow::Block(block) => {
            let mut fields = object(json!({
                "start": block.start, "end": block.end, "first": block.sum.first, "last": block.sum.last,
                "running": block.is_running(now),
            }));
            if block.is_running(now) {
                let rate = (block.tokens_per_minute(now) * 10.0).round() / 10.0;
                fields.extend(object(json!({ "seconds_left": block.left(now).as_secs(), "tokens_per_minute": rate })));
            }
            fields
        }
    }
}

fn group(key: &Key) -> Map<String, Value> {
    object(match key {
        Key::Day(day) => json!({ By::Day.word(): day }),
        Key::Project(project) => json!({ By::Project.word(): project.as_deref() }),
        Key::Model(model) => json!({ By::Model.word(): model.as_deref() }),
        Key::Branch { project, branch } => {
            json!({ By::Project.word(): project.as_deref(), By::Branch.word(): branch.as_deref() })
        }
        Key::Session(_) | Key::Hour(_) => json!({}),
    })
}

fn sum(sum: &Sum, prices: &PriceList) -> Map<String, Value> {
    let tokens = sum.tokens();
    let mut fields = object(json!({
        "answers": sum.answers, "input": tokens.input, "output": tokens.output, "cache_write_5m": tokens.cache_write_5m,
        "cache_write_1h": tokens.cache_write_1h, "cache_read": tokens.cache_read,
    }));
    fields.extend(money(Some(sum.cost(prices))));
    fields
}

fn lab_sum(row: &LabRow) -> Map<String, Value> {
    let mut fields = object(json!({ "read": row.read, "written": row.written }));
    fields.extend(money(row.cost));
    fields
}

/// What is not told is as unknown as what has no price.
fn money(cost: Option<Cost>) -> Map<String, Value> {
    let cost = cost.unwrap_or(Cost::Unknown);
    object(json!({ "dollars": cost.dollars(), "cost": cost.word() }))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
