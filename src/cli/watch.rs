//! `tidings watch`: the daemon. What it does is logged in people's words, and told to systemd.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tidings::flow::{self, Doors, Due, ForgeDoor, Happening, Means, Onlooker, Setup, TakenIn, Watcher};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch::Sender;
use tokio::time::Instant;
use tracing::{error, info, warn};

use super::exit::Failure;
use super::home::secret;
use super::run::{count, words};
use super::systemd::{self, Pulse};
use super::{Desk, say};

/// A step that does not wait for anything has so long to end; then it is ended, which is as safe as any kill.
const GRACE: Duration = Duration::from_secs(20);

pub async fn watch(desk: &Desk) -> Result<ExitCode, Failure> {
    if desk.is_pretended {
        let words = "`tidings watch` lives with the real clock; `tidings run --now TIME` tries a schedule";
        return Err(Failure::Wrong(words.to_owned()));
    }
    // Before anything else: who starts it and thinks better of it is heard.
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let signals = || Ok([signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?]);
    let signals = signals().map_err(|error: std::io::Error| anyhow!(error)).context("listening for signals")?;
    let setup = desk.setup()?;
    // On a thread of its own: the daemon's has steps that do not wait.
    tokio::spawn(end(signals, stop));
    let pulse = Arc::new(Pulse::new());
    let beating = pulse.clone();
    tokio::spawn(async move { beating.beat().await });

    let journal = Journal { json: desk.json, pulse };
    let doors = |setup: &Setup, now: Timestamp| {
        let doors = Doors::open(&setup.config, None, &secret, now)?;
        Ok(Doors { forge: ForgeDoor::With(secret), ..doors })
    };
    let read = || desk.setup().map_err(Failure::in_words);
    let clock = desk.clock();
    let means = Means { setup: &read, doors: &doors, clock, onlooker: &journal };
    flow::watch(setup, means, stopped).await?;
    Ok(ExitCode::SUCCESS)
}

/// The first signal asks, the second one ends.
async fn end([mut terminate, mut interrupt]: [Signal; 2], stop: Sender<bool>) {
    let mut either = async || tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} };
    either().await;
    stop.send_replace(true);
    systemd::stopping("Stopping");
    tokio::select! {
        () = either() => {}
        () = tokio::time::sleep(GRACE) => warn!("ended within a step; the next run goes on from there"),
    }
    std::process::exit(0);
}

/// Where a daemon's life is written down: the log, systemd, and with `--json` the reports on stdout, one a line.
struct Journal {
    json: bool,
    pulse: Arc<Pulse>,
}

impl Watcher for Journal {
    fn asking(&self, sources: usize) {
        if sources > 0 {
            systemd::status(&format!("Asking {}", count(sources, "source")));
        }
    }

    fn doing(&self, what: &str) {
        let mut letters = what.chars();
        let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
        systemd::status(&(first + letters.as_str()));
    }
}

impl Onlooker for Journal {
    fn happens(&self, happening: Happening<'_>) {
        match happening {
            Happening::Ready => {
                info!("Watching; SIGTERM ends it.");
                systemd::ready();
            }
            Happening::Begins(due) => systemd::status(begins(due)),
            Happening::Passed(report, setup) => {
                words(report, setup).lines().for_each(|line| info!("{line}"));
                self.print(report);
            }
            Happening::TookIn(taken) => taken_in(taken).iter().for_each(|line| info!("{line}")),
            Happening::Rests { until, due, setup } => {
                systemd::status(&rests(until, due, &setup.config.schedule.zone));
            }
            Happening::Busy(error) => {
                warn!("Waiting: {error:#}");
                systemd::status("Waiting for another command to end");
            }
            Happening::Failed { error, again } => {
                error!("{error:#}. It is tried again in {}.", span(again));
                systemd::status(&format!("The last pass failed, the next one begins in {}", span(again)));
            }
            Happening::Mistaken(error) => {
                error!("{error:#}");
                error!("Until that is mended, what the two files said before goes on.");
            }
            Happening::Read => info!("The two files are right again, and are followed."),
            Happening::Blind { folder, why } => {
                warn!("{}: {why}; it is looked at each minute.", folder.display());
            }
            Happening::Stopping => {
                systemd::stopping("Stopping");
                info!("Stopped.");
            }
        }
    }

    fn lives_until(&self, until: Instant) {
        self.pulse.lives_until(until);
    }
}

impl Journal {
    fn print(&self, report: &flow::Report) {
        if self.json
            && let Ok(line) = serde_json::to_string(report)
            && let Err(error) = say(&line)
        {
            warn!("printing the report: {error:#}");
        }
    }
}

fn begins(due: Due) -> &'static str {
    match due {
        Due::Sources => "Asking the sources whose turn it is",
        Due::Digest => "Writing the week's digest",
        Due::Trends => "Writing the month's trends",
        Due::Alerts => "Telling the day's other alerts",
        Due::Letters => "Sending letters that waited",
        Due::Look => "Looking whether something is due",
    }
}

fn rests(until: Timestamp, due: Due, zone: &TimeZone) -> String {
    let time = until.to_zoned(zone.clone()).strftime("%H:%M");
    let what = match due {
        Due::Sources => "a source's turn",
        Due::Digest => "the week's digest",
        Due::Trends => "the month's trends",
        Due::Alerts => "the day's other alerts",
        Due::Letters => "letters that wait",
        Due::Look => "a look around",
    };
    format!("Resting until {time}: {what}")
}

/// Nothing where nothing was new.
fn taken_in(taken: &TakenIn) -> Vec<String> {
    let mut lines = Vec::new();
    let news = |report: &&flow::SessionReport| report.new + report.grown + report.rewritten + report.turns > 0;
    for report in taken.sessions.iter().filter(news) {
        let (turns, seconds) = (count(report.turns, "turn"), taken.seconds);
        lines.push(format!("{}: {turns} taken in, {seconds:.1} s.", report.name));
    }
    for report in taken.sessions.iter() {
        lines.extend(report.trouble.iter().map(|trouble| format!("{}: {trouble}", report.name)));
        lines.extend(report.unread.iter().map(|unread| format!("{}: {unread}", report.name)));
    }
    if taken.pushed {
        lines.push("Told a phone that a session waits.".to_owned());
    }
    lines
}

/// "40 seconds", "2 minutes".
fn span(wait: Duration) -> String {
    match wait.as_secs() {
        seconds @ ..120 => count(seconds as usize, "second"),
        seconds => count((seconds / 60) as usize, "minute"),
    }
}
