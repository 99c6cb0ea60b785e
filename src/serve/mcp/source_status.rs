//! How far what is answered can be relied on: which sources fail, how old everything is, what is still to be done.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::{Told, Trouble, is_zero, time};
use super::desk::{Desk, or_wait};
use super::foreign::{self, Foreign, neutral};
use crate::flow::ask::{self, Query};
use crate::flow::skill_standing;
use crate::source::Health;

/// Sources of one sort that an answer names.
const NAMED: usize = 25;

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SourceStatus {
    /// Also the sources that are well.
    all: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Standing {
    now: String,
    /// When the last run ended; what was told since is not known.
    last_run: String,
    hours_since_last_run: i64,
    /// When a run last went well; empty: none ever did.
    #[serde(skip_serializing_if = "String::is_empty")]
    last_good_run: String,
    sources: usize,
    failing: Vec<Source>,
    #[serde(skip_serializing_if = "is_zero")]
    failing_left_out: usize,
    /// They answer, and have brought nothing new for long.
    quiet: Vec<Source>,
    #[serde(skip_serializing_if = "is_zero")]
    quiet_left_out: usize,
    /// With `all`: those that are well.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    well: Vec<Source>,
    #[serde(skip_serializing_if = "is_zero")]
    well_left_out: usize,
    index: Index,
    /// Pieces of work that wait for the next run.
    pending: Pending,
    /// Work that failed too often and was set aside.
    set_aside: usize,
    model: Model,
    /// The request on the lab's skill that waits for a person.
    #[serde(skip_serializing_if = "String::is_empty")]
    open_request: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Source {
    name: String,
    /// ok, quiet, failing or parked.
    health: String,
    #[serde(skip_serializing_if = "is_none")]
    failures: u32,
    #[serde(skip_serializing_if = "String::is_empty")]
    last_good: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    newest_item: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    next_try: String,
    #[serde(skip_serializing_if = "Fault::is_empty")]
    quoted_untrusted: Fault,
}

fn is_none(number: &u32) -> bool {
    *number == 0
}

#[derive(Debug, Default, Serialize, JsonSchema)]
struct Fault {
    fault: Foreign,
}

impl Fault {
    fn is_empty(&self) -> bool {
        self.fault.is_empty()
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct Index {
    /// Items that can be searched.
    items: usize,
    /// Turns of sessions that can be searched.
    turns: u64,
    /// The newest item.
    #[serde(skip_serializing_if = "String::is_empty")]
    newest_item: String,
    /// Why it can't be asked, and what to do.
    #[serde(skip_serializing_if = "String::is_empty")]
    trouble: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Pending {
    to_judge: usize,
    to_index: usize,
    to_alert: usize,
    /// Stories that no model has read.
    to_be_read_by_model: usize,
    letters: usize,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Model {
    /// Empty: no model reads; rules and relevance decide alone.
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    last_answer: String,
    #[serde(skip_serializing_if = "Fault::is_empty")]
    quoted_untrusted: Fault,
}

pub fn source_status(desk: &Desk, asked: SourceStatus) -> Told<Standing> {
    let home = desk.home()?;
    let status = ask::status(home)?.ok_or_else(|| {
        Trouble(format!("nothing has run in {} yet: `tidings run` asks the sources", home.folder().display()))
    })?;
    let fails = |one: &&ask::SourceStatus| {
        one.watched.failures > 0 || matches!(one.watched.health, Health::Failing | Health::Parked)
    };
    let is_quiet = |one: &&ask::SourceStatus| !fails(one) && one.watched.health == Health::Quiet;
    let is_well = |one: &&ask::SourceStatus| asked.all && !fails(one) && !is_quiet(one);
    let (failing, failing_left_out) = first(status.sources.iter().filter(fails));
    let (quiet, quiet_left_out) = first(status.sources.iter().filter(is_quiet));
    let (well, well_left_out) = first(status.sources.iter().filter(is_well));
    let now = desk.now();
    let answer = Standing {
        now: time(Some(now)),
        last_run: time(Some(status.at)),
        hours_since_last_run: now.duration_since(status.at).as_hours(),
        last_good_run: time(status.heartbeat.good),
        sources: status.sources.len(),
        failing,
        failing_left_out,
        quiet,
        quiet_left_out,
        well,
        well_left_out,
        index: index(desk)?,
        pending: Pending {
            to_judge: status.judge,
            to_index: status.index,
            to_alert: status.alert,
            to_be_read_by_model: status.screen,
            letters: status.letters_waiting,
        },
        set_aside: status.aside.len(),
        model: Model {
            name: status.model.name.as_deref().map(foreign::id).unwrap_or_default(),
            last_answer: time(status.model.answered),
            quoted_untrusted: fault(status.model.trouble.as_deref()),
        },
        open_request: skill_standing(home)?
            .and_then(|standing| standing.request)
            .map(|url| foreign::id(&url))
            .unwrap_or_default(),
    };
    let about = format!(
        "Last run {}; {} of {} sources fail, {} are quiet; {} items and {} turns can be searched.",
        answer.last_run,
        answer.failing.len() + answer.failing_left_out,
        answer.sources,
        answer.quiet.len() + answer.quiet_left_out,
        answer.index.items,
        answer.index.turns
    );
    Ok((about, answer))
}

fn first<'a>(sources: impl Iterator<Item = &'a ask::SourceStatus> + Clone) -> (Vec<Source>, usize) {
    let left_out = sources.clone().count().saturating_sub(NAMED);
    (sources.take(NAMED).map(source).collect(), left_out)
}

fn source(source: &ask::SourceStatus) -> Source {
    let watched = &source.watched;
    Source {
        name: neutral(&source.name).into_owned(),
        health: watched.health.word().to_owned(),
        failures: watched.failures,
        last_good: time(watched.answered),
        newest_item: time(watched.newest()),
        next_try: time(watched.next_try),
        quoted_untrusted: fault(watched.fault.as_ref().map(|fault| fault.message.as_str())),
    }
}

fn fault(message: Option<&str>) -> Fault {
    Fault { fault: message.map(Foreign::line).unwrap_or_default() }
}

/// The index stands in a status even where it can't be asked: that is what a status is for.
fn index(desk: &Desk) -> Result<Index, Trouble> {
    desk.home()?;
    let mut index = Index { items: 0, turns: 0, newest_item: String::new(), trouble: String::new() };
    match or_wait(desk.shelf.library().and_then(|library| library.search(&Query { limit: 1, ..Query::default() }))) {
        Ok(found) => {
            index.items = found.total;
            index.newest_item = time(found.hits.first().map(|hit| hit.at));
        }
        Err(Trouble(words)) => index.trouble = words,
    }
    match or_wait(desk.shelf.chronicle()) {
        Ok(chronicle) => index.turns = chronicle.map_or(0, |chronicle| chronicle.len()),
        Err(Trouble(words)) => index.trouble = words,
    }
    Ok(index)
}
