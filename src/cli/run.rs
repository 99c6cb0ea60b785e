//! `tidings run`, `tidings reindex` and `tidings restore`.

use std::path::Path;
use std::process::ExitCode;

use tidings::flow::{self, Asked, Doors, ForgeDoor, Report, SessionReport, Setup, SourceReport, Status};

use super::args::RunArgs;
use super::exit::Failure;
use super::home::secret;
use super::progress::Progress;
use super::sharing::share_lines;
use super::{Desk, logs, say};

/// Faults that are named one by one; more are counted.
const NAMED_FAULTS: usize = 6;

pub async fn run(desk: &Desk, args: RunArgs) -> Result<ExitCode, Failure> {
    let setup = desk.setup()?;
    let asked = if args.source.is_empty() { Asked::Due } else { Asked::Named(args.source.clone()) };
    if let Asked::Named(names) = &asked
        && let Some(odd) = names.iter().find(|name| !setup.names().any(|known| known == *name))
    {
        return Err(Failure::Wrong(format!("there is no source named `{odd}`; `tidings sources list` names them")));
    }
    let progress = Progress::new();
    let reports = if let Some(world) = &args.replay {
        flow::replay(&setup, world, &asked, &secret, &progress).await?
    } else {
        let doors = Doors::open(&setup.config, args.record.as_deref(), &secret, desk.now)?;
        let doors = Doors { forge: ForgeDoor::With(secret), ..doors };
        let report = if args.dry_run {
            flow::rehearse(&setup, doors.carrier, &asked, desk.now, &progress).await?
        } else {
            flow::run(&setup, &doors, &asked, desk.now, &progress).await?
        };
        vec![report]
    };
    drop(progress);
    for report in &reports {
        if desk.json {
            desk.print_json(report)?;
        }
        logs::tell_of_run(&report.run, &words(report, &setup));
    }
    let stopped = reports.iter().any(|report| !report.acts.stopped.is_empty());
    let failed = stopped || reports.last().is_some_and(Report::nothing_answered);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

pub fn reindex(desk: &Desk) -> Result<ExitCode, Failure> {
    let setup = desk.setup()?;
    let items = flow::reindex(&setup.home, desk.now)?;
    if desk.json {
        desk.print_json(&serde_json::json!({ "version": 1, "items": items }))?;
    } else {
        say(&format!("The index is made anew: {}.", count(items, "item")))?;
    }
    Ok(ExitCode::SUCCESS)
}

pub fn restore(desk: &Desk, from: Option<&Path>) -> Result<ExitCode, Failure> {
    let home = desk.home()?;
    let (restored, items) = flow::restore(&home, from, desk.now)?;
    if desk.json {
        desk.print_json(&serde_json::json!({ "version": 1, "restored": restored, "items": items }))?;
        return Ok(ExitCode::SUCCESS);
    }
    for words in &restored.passed_over {
        say(&format!("Passed over: {words}"))?;
    }
    say(&format!(
        "The store is made anew from {}, written {}: {}, {} indexed.",
        restored.from.display(),
        restored.at,
        count(restored.values, "value"),
        count(items, "item")
    ))?;
    if restored.letters > 0 {
        say(&format!("{} queued later wait again.", count(restored.letters, "letter")))?;
    }
    if let Some(aside) = &restored.aside {
        say(&format!("The store that was there lies in {}; delete it when all is well.", aside.display()))?;
    }
    say("What was read later comes back with the next run, as far as the feeds still have it; nobody is told twice.")?;
    Ok(ExitCode::SUCCESS)
}

/// What a run did, for a person.
pub fn words(report: &Report, setup: &Setup) -> String {
    // A home of sessions alone asks nobody.
    let only_sessions = report.sources.is_empty() && !report.sessions.is_empty();
    let mut lines = if only_sessions { Vec::new() } else { vec![sources_line(report)] };
    lines.extend(fault_lines(report));
    lines.extend(report.changes.iter().map(|change| format!("  {}: {}", change.source, change.message)));
    let new: usize = report.sources.iter().map(|source| source.new).sum();
    let updated: usize = report.sources.iter().map(|source| source.updated).sum();
    let acts = &report.acts;
    if new + updated + acts.judged > 0 {
        let changed = if updated > 0 { format!(", {updated} changed") } else { String::new() };
        lines.push(format!("{}{changed}; {} weighed, {} indexed.", count(new, "new item"), acts.judged, acts.indexed));
    } else if !only_sessions {
        lines.push("Nothing new.".to_owned());
    }
    lines.extend(report.sessions.iter().flat_map(session_lines));
    lines.extend(report.share.iter().flat_map(share_lines));
    if acts.alerted > 0 {
        let folder = setup.home.digests().join("alerts");
        lines.push(format!("{} written to {}.", count(acts.alerted, "alert"), folder.display()));
    }
    if acts.rolled_up > 0 {
        let stories = if acts.rolled_up == 1 { "story" } else { "stories" };
        lines.push(format!("{} critical {stories} beyond the day's alerts, told in its roll-up.", acts.rolled_up));
    }
    if acts.held_for_rollup > 0 {
        let stories = if acts.held_for_rollup == 1 { "story waits" } else { "stories wait" };
        lines.push(format!("{} critical {stories} for the day's roll-up: its alerts are sent.", acts.held_for_rollup));
    }
    if acts.lessons > 0 {
        lines.push(format!("{} learnt: `tidings lessons list`.", count(acts.lessons, "lesson")));
    }
    for week in &acts.digests {
        lines.push(format!("Digest {week}: {}", setup.home.digests().join(week).join("digest.html").display()));
    }
    for month in &acts.trends {
        let page = setup.home.digests().join("trends").join(month).join("trends.html");
        lines.push(format!("Trends {month}: {}", page.display()));
    }
    if acts.letters_sent + acts.letters_waiting + acts.letters_dead > 0 {
        let mut parts = vec![format!("{} sent", count(acts.letters_sent, "letter"))];
        if acts.letters_waiting > 0 {
            parts.push(format!("{} wait for another try", acts.letters_waiting));
        }
        if acts.letters_dead > 0 {
            parts.push(format!("{} refused for good (`tidings channels dead` names them)", acts.letters_dead));
        }
        lines.push(format!("{}.", parts.join(", ")));
    }
    if acts.letters_quiet > 0 {
        lines.push(format!(
            "{} for the end of the quiet hours.",
            match acts.letters_quiet {
                1 => "1 letter waits".to_owned(),
                many => format!("{many} letters wait"),
            }
        ));
    }
    for channel in &acts.closed {
        lines.push(format!("{channel} was closed from the other side; `tidings channels list` says how to mend it."));
    }
    if acts.letters_held > 0 {
        let letters = count(acts.letters_held, "letter");
        lines.push(format!("{letters} too old to leave without being asked (`tidings channels dead` names them)."));
    }
    if acts.letters_withdrawn > 0 {
        lines.push(format!("{} withdrawn: their readers left the list.", count(acts.letters_withdrawn, "letter")));
    }
    for stopped in &acts.stopped {
        lines.push(format!("Not mailed, {}: {}.", stopped.edition, stopped.why.join("; ")));
        lines.push(
            "  Look at it; `tidings digest send` mails it once that is mended, and with --force REASON as it is."
                .into(),
        );
    }
    if !acts.not_mailed.is_empty() {
        lines.push(format!("Not mailed, since it is more than two weeks old: {}.", acts.not_mailed.join(", ")));
    }
    if acts.texts_lost > 0 {
        let names: Vec<&str> = report.lost.iter().map(|id| id.0.as_str()).collect();
        let more = if acts.texts_lost > names.len() { ", …" } else { "" };
        lines.push(format!(
            "{} could not be read from the archive ({}{more}); the items stand with title and link.",
            count(acts.texts_lost, "text"),
            names.join(", ")
        ));
    }
    if acts.failed > 0 {
        lines.push(format!("{} failed and will be tried again.", count(acts.failed, "piece of work")));
    }
    lines.join("\n")
}

fn sources_line(report: &Report) -> String {
    let with = |status: Status| report.sources.iter().filter(|source| source.status == status).count();
    let all = report.sources.len();
    let (ok, unchanged) = (with(Status::Ok), with(Status::NotModified));
    let (not_due, failed) = (with(Status::NotDue), with(Status::Fault));
    if report.nothing_answered() {
        return format!(
            "None of the {} asked could be reached, so only the local work was done; is there a network?",
            count(failed, "source")
        );
    }
    let mut parts = vec![format!("{} answered", ok + unchanged)];
    if unchanged > 0 {
        parts[0].push_str(&format!(" ({unchanged} unchanged)"));
    }
    if not_due > 0 {
        parts.push(format!("{not_due} not due"));
    }
    if failed > 0 {
        parts.push(format!("{failed} gave nothing"));
    }
    format!("{}: {}.", count(all, "source"), parts.join(", "))
}

/// "12 sessions, 3 new, 1 grown, 45 turns; 2 secrets taken out."
fn session_lines(report: &SessionReport) -> Vec<String> {
    if let Some(trouble) = &report.trouble {
        return vec![format!("{}: {trouble}; what is known of its sessions stays.", report.name)];
    }
    let mut parts = vec![count(report.files, "transcript")];
    let kinds = [
        (report.new, "new"),
        (report.grown, "grown"),
        (report.rewritten, "written anew"),
        (report.moved, "moved"),
        (report.gone, "gone"),
        (report.withdrawn, "taken back"),
    ];
    parts.extend(kinds.iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}")));
    parts.push(count(report.turns, "turn"));
    let secrets = report.redacted.values().sum::<u64>() as usize;
    let taken = if secrets > 0 { format!("; {} taken out", count(secrets, "secret")) } else { String::new() };
    let mut lines = vec![format!("{}: {}{taken}.", report.name, parts.join(", "))];
    lines.extend(report.unread.iter().map(|unread| format!("  {unread}")));
    if report.unread_count > report.unread.len() {
        lines.push(format!("  and {} more could not be read", report.unread_count - report.unread.len()));
    }
    lines
}

fn fault_lines(report: &Report) -> Vec<String> {
    let faults: Vec<(&SourceReport, &str)> =
        report.sources.iter().filter_map(|source| Some((source, source.fault.as_ref()?.message.as_str()))).collect();
    let shown = if report.nothing_answered() { 1 } else { NAMED_FAULTS };
    let mut lines: Vec<String> =
        faults.iter().take(shown).map(|(source, message)| format!("  {}: {message}", source.name)).collect();
    if faults.len() > shown {
        lines.push(format!("  and {} more; `tidings status` names them all", faults.len() - shown));
    }
    lines
}

/// "1 item", "3 items", "no items".
pub fn count(number: usize, noun: &str) -> String {
    let plural = match noun {
        "piece of work" => "pieces of work".to_owned(),
        "person" => "people".to_owned(),
        _ => format!("{noun}s"),
    };
    match number {
        0 => format!("no {plural}"),
        1 => format!("1 {noun}"),
        _ => format!("{number} {plural}"),
    }
}
