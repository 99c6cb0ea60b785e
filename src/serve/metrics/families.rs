//! Which families there are, and what they are computed from.

use std::collections::HashSet;

use anyhow::Result;
use jiff::Timestamp;

use super::text::{Page, Samples};
use crate::edition::ChannelName;
use crate::flow::{LessonFilter, Room, ask, known_lessons, pulse_of, room};
use crate::home::Home;
use crate::source::Health;

/// Prometheus should not keep more of one lab than this; the sources beyond are added up under one name.
const MOST_SOURCES: usize = 1_000;
const OTHERS: &str = "(others)";

/// Millionths of a dollar.
const MICRO: f64 = 1e6;

/// Everything of one home.
pub fn home(page: &mut Page, home: &Home, now: Timestamp) -> Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    page.gauge("tidings_build_info", "The program that wrote this.", &["version"], vec![(vec![version], 1.0)])?;
    disk(page, &room(home))?;
    searched(page, home)?;
    lessons(page, home)?;
    if let Some(outbox) = ask::outbox(home)? {
        letters(page, &outbox)?;
    }
    let status = ask::status(home)?;
    page.one(
        "tidings_healthy",
        "1 while runs go well: one in which a source answered, and which ended, in the last 26 hours.",
        Some(flag(status.as_ref().is_some_and(|status| pulse_of(status, now).is_good()))),
    )?;
    let Some(status) = status else { return Ok(()) };
    runs(page, &status)?;
    sources(page, &status)?;
    work(page, &status)?;
    models(page, &status)
}

fn runs(page: &mut Page, status: &ask::Status) -> Result<()> {
    let heartbeat = &status.heartbeat;
    let runs = &heartbeat.runs;
    page.counter(
        "tidings_runs_total",
        "Runs since the home began: good (a source answered), idle (no source's turn), unanswered, unfinished (stopped).",
        &["outcome"],
        [("good", runs.good), ("idle", runs.idle), ("unanswered", runs.unanswered), ("unfinished", runs.unfinished)]
            .map(|(outcome, number)| (vec![outcome], number as f64))
            .to_vec(),
    )?;
    page.one(
        "tidings_run_last_duration_seconds",
        "Of the last run that ended.",
        Some(heartbeat.milliseconds as f64 / 1e3),
    )?;
    page.one("tidings_run_last_good_timestamp_seconds", "When the last good run began.", heartbeat.good.map(seconds))?;
    page.one("tidings_status_timestamp_seconds", "When all this was last written down.", Some(seconds(status.at)))
}

fn sources(page: &mut Page, status: &ask::Status) -> Result<()> {
    let name =
        |place: usize| status.sources.get(place).filter(|_| place < MOST_SOURCES).map_or(OTHERS, |source| &source.name);
    let each = |value: &dyn Fn(&ask::Watched) -> Option<f64>| -> Samples<'_> {
        let values = status.sources.iter().enumerate();
        values.filter_map(|(place, source)| Some((vec![name(place)], value(&source.watched)?))).collect()
    };
    // Times can't be added up.
    let first = |value: &dyn Fn(&ask::Watched) -> Option<f64>| -> Samples<'_> {
        let values = status.sources.iter().take(MOST_SOURCES);
        values.filter_map(|source| Some((vec![&*source.name], value(&source.watched)?))).collect()
    };
    let by = ["source"];
    let is_up = |watched: &ask::Watched| Some(flag(matches!(watched.health, Health::Ok | Health::Quiet)));
    page.gauge("tidings_source_up", "0 of a source that is failing or parked.", &by, first(&is_up))?;
    let is_quiet = |watched: &ask::Watched| Some(flag(watched.health == Health::Quiet));
    page.gauge(
        "tidings_source_quiet",
        "1 of a source that answers and has long brought nothing new.",
        &by,
        first(&is_quiet),
    )?;
    let failures = |watched: &ask::Watched| Some(f64::from(watched.failures));
    page.gauge("tidings_source_failures", "Faults in a row since the last good answer.", &by, each(&failures))?;
    let answered = |watched: &ask::Watched| watched.answered.map(seconds);
    page.gauge(
        "tidings_source_last_good_timestamp_seconds",
        "When it last gave a good answer.",
        &by,
        first(&answered),
    )?;
    let newest = |watched: &ask::Watched| watched.newest().map(seconds);
    page.gauge("tidings_source_newest_item_timestamp_seconds", "When its newest item is dated.", &by, first(&newest))?;
    let entries = |watched: &ask::Watched| Some(watched.entries as f64);
    page.counter("tidings_source_items_total", "Items that it ever gave.", &by, each(&entries))?;
    let mut fetches: Samples<'_> = Vec::new();
    for (place, source) in status.sources.iter().enumerate() {
        let turns = &source.watched.turns;
        fetches.push((vec![name(place), "ok"], turns.ok as f64));
        fetches.push((vec![name(place), "not_modified"], turns.not_modified as f64));
        fetches.extend(turns.faults.iter().map(|(kind, number)| (vec![name(place), kind.word()], *number as f64)));
    }
    page.counter(
        "tidings_source_fetches_total",
        "Turns of a source since the home began, by what came of them: ok, not_modified, or the kind of fault.",
        &["source", "outcome"],
        fetches,
    )
}

fn work(page: &mut Page, status: &ask::Status) -> Result<()> {
    let pending = [
        ("judge", status.judge),
        ("index", status.index),
        ("alert", status.alert),
        ("screen", status.screen),
        ("index-turns", status.index_turns),
    ];
    let pending = pending.map(|(duty, number)| (vec![duty], number as f64)).to_vec();
    page.gauge("tidings_work_pending", "Pieces of work that wait, by what is to be done.", &["duty"], pending)?;
    page.one(
        "tidings_work_aside",
        "Pieces of work that failed too often and were set aside.",
        Some(status.aside.len() as f64),
    )?;
    page.one(
        "tidings_editions_stopped",
        "Editions that were written and wait for a person's look.",
        Some(status.stopped.len() as f64),
    )
}

fn models(page: &mut Page, status: &ask::Status) -> Result<()> {
    let model = &status.model;
    if let Some(name) = &model.name {
        let up = flag(model.trouble.is_none());
        page.gauge(
            "tidings_model_up",
            "1 if the model answered when it was last needed.",
            &["model"],
            vec![(vec![name], up)],
        )?;
    }
    page.one(
        "tidings_model_last_answer_timestamp_seconds",
        "When a model last gave an opinion.",
        model.answered.map(seconds),
    )?;
    let labels = ["payer", "model"];
    let of = |value: &dyn Fn(&ask::Spent) -> u64| -> Samples<'_> {
        status.spending.iter().map(|spent| (vec![&*spent.payer, &*spent.model], value(spent) as f64 / MICRO)).collect()
    };
    page.gauge(
        "tidings_spending_month_dollars",
        "What models have cost in this month (UTC).",
        &labels,
        of(&|spent| spent.spent),
    )?;
    page.gauge("tidings_spending_month_limit_dollars", "What they may cost in it.", &labels, of(&|spent| spent.limit))
}

fn letters(page: &mut Page, outbox: &ask::Outbox) -> Result<()> {
    let by = ["channel"];
    let each = |number: &dyn Fn(ChannelName) -> usize| -> Samples<'_> {
        ChannelName::ALL.iter().map(|channel| (vec![channel.word()], number(*channel) as f64)).collect()
    };
    let count = |letters: &[crate::edition::Letter], channel| {
        letters.iter().filter(|letter| letter.reader.channel == channel).count()
    };
    let sent = |channel| outbox.sent.get(&channel).copied().unwrap_or_default();
    page.counter("tidings_letters_sent_total", "Letters that left, since the home began.", &by, each(&sent))?;
    page.gauge(
        "tidings_letters_waiting",
        "Letters that wait for a try.",
        &by,
        each(&|channel| count(&outbox.waiting, channel)),
    )?;
    page.gauge(
        "tidings_letters_refused",
        "Letters refused for good.",
        &by,
        each(&|channel| count(&outbox.dead, channel)),
    )?;
    let closed = |channel| usize::from(outbox.shut.contains_key(&channel));
    page.gauge("tidings_channel_closed", "1 of a channel that the other side has closed.", &by, each(&closed))
}

fn lessons(page: &mut Page, home: &Home) -> Result<()> {
    let (at, lessons) = known_lessons(home, LessonFilter::default())?;
    if at.is_none() {
        return Ok(());
    }
    let stages = crate::flow::Stage::ALL;
    let count = |stage| lessons.iter().filter(|known| known.stage == stage).count() as f64;
    let samples = stages.iter().map(|stage| (vec![stage.word()], count(*stage))).collect();
    page.gauge("tidings_lessons", "Lessons that are known, by how far they came.", &["stage"], samples)
}

/// What can be searched. An index that can't be read is told, and costs nothing else on the page.
fn searched(page: &mut Page, home: &Home) -> Result<()> {
    let (items, turns) =
        (ask::items_indexed(home), ask::chronicle(home).map(|chronicle| chronicle.map(|index| index.len())));
    let readable = vec![(vec!["items"], flag(items.is_ok())), (vec!["turns"], flag(turns.is_ok()))];
    page.gauge(
        "tidings_index_readable",
        "1 of an index that can be searched; an index of turns may be missing.",
        &["index"],
        readable,
    )?;
    page.one("tidings_items_indexed", "Items that can be searched.", items.ok().map(|number| number as f64))?;
    page.one(
        "tidings_turns_indexed",
        "Turns of sessions that can be searched.",
        turns.ok().flatten().map(|number| number as f64),
    )?;
    let lines = ask::session_lines(home)?;
    let sessions: HashSet<_> = lines.iter().map(|line| &line.session).collect();
    page.one("tidings_sessions", "Sessions that are kept.", Some(sessions.len() as f64))?;
    page.one("tidings_transcripts", "Transcripts of sessions that are kept.", Some(lines.len() as f64))
}

fn disk(page: &mut Page, room: &Room) -> Result<()> {
    let bytes = |bytes: u64| bytes as f64;
    page.one("tidings_disk_free_bytes", "Free on the home's disk, for its user.", room.free.map(bytes))?;
    page.one("tidings_disk_size_bytes", "Of the home's disk.", room.total.map(bytes))?;
    let folders = [("index", room.index), ("archive", room.archive), ("store", room.store)];
    let samples = folders.map(|(folder, number)| (vec![folder], bytes(number))).to_vec();
    page.gauge("tidings_folder_bytes", "What folders of the home take.", &["folder"], samples)?;
    let written = [("items", room.index_written), ("turns", room.turns_written)];
    let samples = written.into_iter().filter_map(|(index, at)| Some((vec![index], seconds(at?)))).collect();
    page.gauge("tidings_index_written_timestamp_seconds", "When an index was last written.", &["index"], samples)?;
    page.one("tidings_export_timestamp_seconds", "When the store was last exported.", room.exported.map(seconds))
}

fn flag(flag: bool) -> f64 {
    if flag { 1.0 } else { 0.0 }
}

fn seconds(at: Timestamp) -> f64 {
    at.as_second() as f64
}
