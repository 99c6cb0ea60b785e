//! Gather: ask the sources that are due, read what they answer, and keep it.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::fetch::Carrier;
use crate::item::{Fault, FaultKind, Reading};
use crate::keep::{Keep, Watched};
use crate::page::{Answer, Mark, Request, Room, Wanted};
use crate::read;
use crate::source::{Origin, Source};

use super::due::{is_due, is_held};
use super::report::{Change, FaultReport, SourceReport, Status, What};
use super::{Setup, Watcher, health};

/// Pages that are read at once: reading is work for a processor, and each takes up to three times its page's memory.
const READING: usize = 2;

/// Which sources a run asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Those whose interval is over.
    Due,
    /// All, whatever their interval.
    All,
    /// These alone, whatever their interval.
    Named(Vec<String>),
}

/// What came of asking one source.
enum Answered {
    /// The room is given back when the reading is kept.
    Read {
        reading: Reading,
        mark: Mark,
        room: Room,
    },
    NotModified(Mark),
    Fault(Fault),
}

pub(super) async fn gather(
    keep: &mut Keep,
    setup: &Setup,
    carrier: &Arc<dyn Carrier>,
    asked: &Asked,
    now: Timestamp,
    watcher: &dyn Watcher,
) -> Result<(Vec<SourceReport>, Vec<Change>)> {
    if let Asked::Named(names) = asked {
        for name in names {
            if !setup.names().any(|known| known == name) {
                bail!("there is no source named `{name}`; `tidings sources list` names them");
            }
        }
    }
    let holds = keep.holds()?;
    let (mut reports, mut changes) = (Vec::new(), Vec::new());
    let mut unreached = Vec::new();
    let mut answers = JoinSet::new();
    let reading = Arc::new(Semaphore::new(READING));
    for (place, source) in setup.sources.iter().enumerate() {
        let watched = keep.watched(&source.name)?;
        let moved = watched.as_ref().and_then(|watched| moved(source, watched, now));
        reports.push(SourceReport { moved, ..SourceReport::new(&source.name, Status::NotDue) });
        if !is_asked(source, watched.as_ref(), &holds, asked, now) {
            continue;
        }
        let carrier = Arc::clone(carrier);
        let mark = watched.map(|watched| watched.mark).unwrap_or_default();
        let request = Request { url: source.from.url(now), wanted: source.from.wanted(), mark, now };
        let reading = Arc::clone(&reading);
        let origin = source.from.clone();
        answers.spawn(async move { (place, ask(carrier, reading, origin, request).await) });
    }
    watcher.asking(answers.len());
    while let Some(answer) = answers.join_next().await {
        let (place, answered) = answer.context("asking a source")?;
        let source = &setup.sources[place];
        watcher.answered(&source.name);
        if let Answered::Fault(fault) = &answered
            && fault.kind == FaultKind::Unreachable
        {
            // Whose trouble it is shows only when all have answered.
            let moved = reports[place].moved.take();
            reports[place] = SourceReport { moved, ..SourceReport::failed(&source.name, fault) };
            unreached.push((source, fault.clone()));
            continue;
        }
        let known = reports[place].moved.take();
        reports[place] = keep_answer(keep, source, answered, now)?;
        let watched = keep.watched(&source.name)?.unwrap_or_default();
        reports[place].moved = moved(source, &watched, now);
        if let Some(message) = reports[place].moved.clone().filter(|_| known.is_none()) {
            let (source, last_good) = (source.name.clone(), watched.answered);
            changes.push(Change { source, what: What::Moved, message, last_good });
        }
    }
    let is_outage = is_outage(&reports);
    for (source, fault) in unreached {
        if is_outage {
            keep.keep_outage(source, &fault, now)?;
        } else {
            keep.keep_fault(source, &fault, now)?;
        }
    }
    if !is_outage {
        changes.extend(health::look(keep, setup, now)?);
    }
    // What earlier runs were told holds until it is over; what this one was told comes on top.
    let mut holds: BTreeMap<_, _> = holds.into_iter().filter(|(_, until)| is_held(*until, now)).collect();
    holds.extend(carrier.holds());
    keep.keep_holds(&holds)?;
    Ok((reports, changes))
}

/// That a source moved for good, in words, if that is known of the address that is in sources.toml now.
fn moved(source: &Source, watched: &Watched, now: Timestamp) -> Option<String> {
    let moved = watched.mark.moved.as_ref()?;
    (moved.is_believed() && moved.from == source.from.url(now)).then(|| moved.words())
}

/// Several sources were asked and none could be reached: the network is down here, and a night of it must not make the
/// sources wait for a day.
fn is_outage(reports: &[SourceReport]) -> bool {
    let mut asked = reports.iter().filter(|report| report.status != Status::NotDue);
    let unreached =
        |report: &SourceReport| report.fault.as_ref().is_some_and(|fault| fault.kind == FaultKind::Unreachable);
    asked.clone().count() > 1 && asked.all(unreached)
}

fn is_asked(
    source: &Source,
    watched: Option<&Watched>,
    holds: &BTreeMap<String, Timestamp>,
    asked: &Asked,
    now: Timestamp,
) -> bool {
    let waits = source.from.waits(now);
    if waits.iter().any(|name| holds.get(name).is_some_and(|until| is_held(*until, now))) {
        return false;
    }
    match asked {
        Asked::All => true,
        Asked::Named(names) => names.contains(&source.name),
        Asked::Due => is_due(source, watched, now),
    }
}

/// Asks and reads. Reading may take long, so it leaves the async threads.
async fn ask(carrier: Arc<dyn Carrier>, reading: Arc<Semaphore>, origin: Origin, request: Request) -> Answered {
    match carrier.carry(&request).await {
        Ok(Answer::NotModified(mark)) => Answered::NotModified(mark),
        Err(fault) => Answered::Fault(fault),
        Ok(Answer::Page(page)) => {
            let turn = reading.acquire_owned().await;
            let read = tokio::task::spawn_blocking(move || {
                let _turn = turn;
                let mut mark = page.mark.clone();
                if origin.wanted() == Wanted::Feed {
                    mark.fresh_seconds = mark.fresh_seconds.max(read::pace(&page));
                }
                (read::page(&page, &origin), mark, page.room)
            });
            match read.await {
                Ok((reading, mark, room)) => Answered::Read { reading, mark, room },
                Err(_) => {
                    Answered::Fault(Fault::new(FaultKind::Damaged, "reading it ended in a panic; nothing was kept"))
                }
            }
        }
    }
}

fn keep_answer(keep: &mut Keep, source: &Source, answered: Answered, now: Timestamp) -> Result<SourceReport> {
    let (reading, mark, _room) = match answered {
        Answered::NotModified(mark) => {
            keep.keep_not_modified(source, mark, now)?;
            return Ok(SourceReport::new(&source.name, Status::NotModified));
        }
        Answered::Fault(fault) => {
            keep.keep_fault(source, &fault, now)?;
            return Ok(SourceReport::failed(&source.name, &fault));
        }
        Answered::Read { reading, mark, room } => (reading, mark, room),
    };
    let kept = keep.keep_reading(source, reading, mark, now)?;
    let failed = kept.fault.as_ref().is_some_and(|fault| !fault.kind.is_minor());
    let status = if failed { Status::Fault } else { Status::Ok };
    Ok(SourceReport {
        entries: kept.entries,
        new: kept.new.len(),
        updated: kept.updated.len(),
        fault: kept.fault.as_ref().map(FaultReport::of),
        ..SourceReport::new(&source.name, status)
    })
}
