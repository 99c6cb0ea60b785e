//! `tidings status`: how the sources fare, what is still to be done, and what was set aside.

use std::process::ExitCode;

use jiff::{SignedDuration, Timestamp};
use tidings::flow::credit::{Measured, is_in_force, measured};
use tidings::flow::{self, Pulse, ask, dollars, pulse_of};
use tidings::home::Home;
use tidings::source::Health;

use super::exit::Failure;
use super::home::read_files;
use super::run::count;
use super::{Desk, say};

/// How long a recovery is told: a person who looks once a week sees it.
const RECOVERY_TOLD: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How a model is measured.
pub const MEASURE: &str = "tidings judge eval FILE --with-model --keep";

pub fn status(desk: &Desk) -> Result<ExitCode, Failure> {
    let home = desk.home()?;
    let Some(status) = ask::status(&home)? else {
        return Err(Failure::Wrong(format!(
            "nothing has run in {} yet; `tidings run` asks the sources",
            home.folder().display()
        )));
    };
    if desk.json {
        let inbox = ask::inbox(&home)?;
        let mut value = serde_json::to_value(&status).map_err(anyhow::Error::new)?;
        value["thumbs_waiting"] = inbox.waiting.into();
        value["inbox_aside"] = inbox.aside.into();
        value["people_waiting"] = inbox.people_waiting.into();
        value["wishes_waiting"] = inbox.wishes_waiting.into();
        let standings = ask::standings(&home)?;
        if let Some(standing) = flow::skill_standing(&home)? {
            value["skill"] = serde_json::to_value(&standing).map_err(anyhow::Error::new)?;
        }
        value["people_suppressed"] = standings.values().filter(|standing| standing.suppressed.is_some()).count().into();
        if let Some((measured, in_force)) = calibration(&home, &status)? {
            value["calibration"] = serde_json::to_value(&measured).map_err(anyhow::Error::new)?;
            value["calibration"]["in_force"] = in_force.into();
        }
        desk.print_json(&value)?;
        return Ok(ExitCode::SUCCESS);
    }
    say(&format!("Last run {} ({}), in {}.", ago(status.at, desk.now), status.at, home.folder().display()))?;
    if let Some(words) = silence(&status, desk.now) {
        say(&format!("{words}."))?;
    }
    let failing: Vec<_> = status.sources.iter().filter(|source| source.watched.failures > 0).collect();
    let items: u64 = status.sources.iter().map(|source| source.watched.entries).sum();
    say(&format!(
        "{}, {} failing; {} in all.",
        count(status.sources.len(), "source"),
        failing.len(),
        count(items as usize, "item")
    ))?;
    for source in failing {
        let since = source
            .watched
            .answered
            .map_or("never answered".to_owned(), |at| format!("last good {}", ago(at, desk.now)));
        let message = source.watched.fault.as_ref().map_or("no reason kept", |fault| fault.message.as_str());
        let next = source.watched.next_try.map_or("when it is due".to_owned(), |at| ahead(at, desk.now));
        let failures = source.watched.failures;
        say(&format!("  {} ({failures} in a row, {since}, next try {next}): {message}", source.name))?;
    }
    for source in status.sources.iter().filter(|source| source.watched.health == Health::Quiet) {
        let newest = source.watched.newest().map_or("long ago".to_owned(), |at| ago(at, desk.now));
        say(&format!("  {} is quiet: its newest item is of {newest}.", source.name))?;
    }
    for source in &status.sources {
        if let Some(at) = source.watched.recovered
            && desk.now.duration_since(at) < RECOVERY_TOLD
        {
            say(&format!("  {} failed before; good since {} ({}).", source.name, at, ago(at, desk.now)))?;
        }
    }
    for source in &status.sources {
        if source.watched.failures == 0
            && let Some(fault) = &source.watched.fault
        {
            say(&format!("  {} answers, but: {}", source.name, fault.message))?;
        }
    }
    for source in &status.sources {
        if let Some(moved) = source.watched.mark.moved.as_ref().filter(|moved| moved.is_believed()) {
            say(&format!("  {}: {}", source.name, moved.words()))?;
        }
    }
    let waiting = status.judge + status.index + status.alert;
    say(&format!(
        "{} to do; {} set aside; {} waiting, {} refused for good.",
        count(waiting, "piece of work"),
        status.aside.len(),
        count(status.letters_waiting, "letter"),
        status.letters_dead
    ))?;
    for (channel, shut) in ask::outbox(&home)?.into_iter().flat_map(|outbox| outbox.shut) {
        say(&format!("  {} is closed since {}: {}", channel.word(), shut.at, shut.answer))?;
    }
    for stopped in &status.stopped {
        say(&format!("  {} was written and not mailed: {}", stopped.edition, stopped.why.join("; ")))?;
        say("    `tidings digest send --week WEEK` mails it once that is mended, and with --force REASON as it is")?;
    }
    let suppressed = ask::standings(&home)?.values().filter(|standing| standing.suppressed.is_some()).count();
    if suppressed > 0 {
        say(&format!("{} no more letters, since theirs bounced; `tidings people list` names them.", gets(suppressed)))?;
    }
    let inbox = ask::inbox(&home)?;
    if status.thumbs_up + status.thumbs_down + inbox.waiting > 0 {
        let waiting = match inbox.waiting {
            0 => String::new(),
            waiting => format!("; {waiting} more to be taken in by the next run"),
        };
        say(&format!("Thumbs: {} up, {} down{waiting}.", status.thumbs_up, status.thumbs_down))?;
    }
    for name in &inbox.aside {
        say(&format!("  state/inbox/aside/{name} is nothing that tidings left there; look at it, then delete it"))?;
    }
    for line in model_lines(&status, desk.now) {
        say(&line)?;
    }
    if let Some(words) = status.lessons.words() {
        say(&format!("Lessons: {words}."))?;
    }
    for line in skill_lines(&home, desk.now)? {
        say(&line)?;
    }
    for spent in &status.spending {
        say(&format!(
            "{} of {} spent on {} in {} ({}).",
            dollars(spent.spent),
            dollars(spent.limit),
            spent.model,
            spent.month,
            count(spent.calls as usize, "call")
        ))?;
    }
    match calibration(&home, &status) {
        Ok(None) => {}
        Ok(Some((measured, true))) => say(&format!("{}.", upper(&calibration_words(&measured))))?,
        Ok(Some((measured, false))) => say(&format!(
            "Not in force: {}; runs use another model or prompt, which orders and lifts only. `{MEASURE}` measures it.",
            calibration_words(&measured)
        ))?,
        Err(error) => say(&format!("{error:#}."))?,
    }
    for file in &status.archives_short {
        say(&format!(
            "  state/archive/{file} lost a part of its texts; they come back as far as the feeds still give them"
        ))?;
    }
    for work in &status.aside {
        let fault = work.fault.as_deref().unwrap_or("no reason kept");
        say(&format!("  {} {}: failed {} times, last: {fault}", work.duty.word(), work.id, work.tries))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// For Prometheus: what `/metrics` answers, for its node_exporter to read from a file.
pub fn metrics(desk: &Desk) -> Result<ExitCode, Failure> {
    say(tidings::serve::metrics::metrics(&desk.home()?, desk.now)?.trim_end())?;
    Ok(ExitCode::SUCCESS)
}

/// For monitors: nothing is said while all is well.
pub fn check(desk: &Desk) -> Result<ExitCode, Failure> {
    let home = desk.home()?;
    let words = match ask::status(&home)? {
        None => Some(format!("nothing has run in {} yet", home.folder().display())),
        Some(status) => silence(&status, desk.now),
    };
    let Some(words) = words else { return Ok(ExitCode::SUCCESS) };
    say(&format!("{words}; `tidings status` and `tidings doctor` say more."))?;
    Ok(ExitCode::FAILURE)
}

/// How it stands with the request on the lab's skill; nothing where it was never looked at.
fn skill_lines(home: &Home, now: Timestamp) -> Result<Vec<String>, Failure> {
    let Some(standing) = flow::skill_standing(home)? else { return Ok(Vec::new()) };
    let mut lines = Vec::new();
    if let Some(request) = &standing.request {
        lines.push(format!("A request on the skill waits for a person: {request}"));
    }
    if let Some(merged) = standing.merged.last() {
        lines.push(format!("The skill is at {}, merged {}.", merged.version, ago(merged.at, now)));
    }
    if let Some(until) = standing.not_before.filter(|until| *until > now) {
        lines.push(format!("  the forge asked to be left alone; next try {}", ahead(until, now)));
    }
    if let Some(trouble) = &standing.trouble {
        lines.push(format!("  proposing to the skill stopped: {trouble}"));
    }
    Ok(lines)
}

/// That no run goes well, if so.
fn silence(status: &ask::Status, now: Timestamp) -> Option<String> {
    match pulse_of(status, now) {
        pulse @ Pulse::Silent { since, .. } => Some(format!("{} ({})", pulse.words(), ago(since, now))),
        _ => None,
    }
}

/// What was measured of a model, and whether it counts for the one that runs use.
fn calibration(home: &Home, status: &ask::Status) -> anyhow::Result<Option<(Measured, bool)>> {
    let Some(measured) = measured(home)? else { return Ok(None) };
    let interests = read_files(home).ok().and_then(|(_, config)| config.ok()).unwrap_or_default().interests;
    let in_force = is_in_force(&measured, status.model.name.as_deref(), &interests);
    Ok(Some((measured, in_force)))
}

/// "calibration of qwen3:8b on 120 labels (2026-11-21): it has 0.45 of the say beside relevance, and may overrule".
pub fn calibration_words(measured: &Measured) -> String {
    let Measured { calibration, share, at, .. } = measured;
    let may = match measured.overrules {
        true => "and may overrule".to_owned(),
        false => format!("and may not overrule: {}", measured.why_not.join("; ")),
    };
    let (model, n, day) = (&calibration.model, calibration.n, at.strftime("%Y-%m-%d"));
    format!("calibration of {model} on {n} labels ({day}): it has {share:.2} of the say beside relevance, {may}")
}

fn upper(words: &str) -> String {
    words.replacen("calibration", "Calibration", 1)
}

/// Which model reads, what it has not read, and where it and the rules are far apart.
fn model_lines(status: &ask::Status, now: Timestamp) -> Vec<String> {
    let mut lines = Vec::new();
    let unread = match status.screen {
        0 => String::new(),
        1 => "; 1 story waits to be read by it".to_owned(),
        many => format!("; {many} stories wait to be read by it"),
    };
    let model = &status.model;
    match (&model.name, &model.trouble) {
        (_, Some(trouble)) => lines.push(format!("No model reads: {trouble}{unread}.")),
        (Some(name), None) => {
            let when = model.answered.map_or("not yet asked".to_owned(), |at| format!("answered {}", ago(at, now)));
            lines.push(format!("Model {name}: {when}{unread}."));
        }
        (None, None) if status.screen > 0 => lines.push(format!("No model was asked yet{unread}.")),
        (None, None) => {}
    }
    for disagreement in &status.disagreements {
        lines.push(format!("  {} \u{201c}{}\u{201d}: {}", disagreement.story, disagreement.title, disagreement.words));
    }
    lines
}

/// "1 person gets", "3 people get".
fn gets(number: usize) -> String {
    format!("{} {}", count(number, "person"), if number == 1 { "gets" } else { "get" })
}

/// "3 hours ago".
fn ago(then: Timestamp, now: Timestamp) -> String {
    match now.duration_since(then).as_secs() {
        ..0 => "in the future".to_owned(),
        0..60 => "just now".to_owned(),
        seconds => format!("{} ago", length(seconds)),
    }
}

/// "in 3 hours"; what should have been is done by the next run.
fn ahead(then: Timestamp, now: Timestamp) -> String {
    match then.duration_since(now).as_secs() {
        ..=0 => "with the next run".to_owned(),
        1..60 => "in a minute".to_owned(),
        seconds => format!("in {}", length(seconds)),
    }
}

/// Of a minute or more, in the largest unit of which there are two.
fn length(seconds: i64) -> String {
    let (number, unit) = match seconds {
        ..3_600 => (seconds / 60, "minute"),
        3_600..172_800 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    count(number as usize, unit)
}
