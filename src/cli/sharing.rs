//! `tidings sessions share` and `unshare`.

use std::process::ExitCode;

use serde_json::json;
use tidings::flow::{self, Scope, ShareReport, SharedSession};

use super::args::{ScopeArgs, ShareArgs};
use super::exit::Failure;
use super::run::count;
use super::{Desk, say};

/// Characters of a title in the list.
const TITLE: usize = 60;

pub fn share(desk: &Desk, args: ShareArgs) -> Result<ExitCode, Failure> {
    let setup = desk.setup()?;
    let scope = scope(args.scope)?;
    let Some(report) = flow::share_sessions(&setup, scope.as_ref(), args.dry_run, desk.now)? else {
        let remedy = "a table [share] in tidings.toml names the folder and the projects; README.md shows one";
        return Err(Failure::Wrong(format!("no session is shared: {remedy}")));
    };
    let failed = if report.trouble.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    if desk.json {
        desk.print_json(&json!({ "version": 1, "dry_run": args.dry_run, "share": report }))?;
        return Ok(failed);
    }
    let is_named = |session: &&SharedSession| match &scope {
        Some(Scope::Session(id)) => session.session.split_once(':').is_some_and(|(_, native)| native == id),
        _ => false,
    };
    for session in report.sessions.iter().filter(|session| args.dry_run || is_named(session)) {
        let title = session.title.as_deref().unwrap_or_default();
        let title: String = title.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(TITLE).collect();
        let back = if session.is_shared { ", and is taken back" } else { "" };
        let fate = match (session.fate, &session.till, &session.why) {
            ("waits", Some(till), _) => format!("waits till {till:.0}"),
            ("held" | "elsewhere", _, Some(why)) => format!("stays here{back}: {why}"),
            (_, _, Some(why)) => format!("stays as it is: {why}"),
            _ => "goes".to_owned(),
        };
        say(&format!("{}  {fate}", session.session))?;
        say(format!("    {} {title}", session.cwd.as_deref().unwrap_or("-")).trim_end())?;
    }
    if args.dry_run {
        say(&summary(&report))?;
    } else {
        for line in share_lines(&report) {
            say(&line)?;
        }
    }
    Ok(failed)
}

pub fn unshare(desk: &Desk, args: ScopeArgs) -> Result<ExitCode, Failure> {
    let Some(scope) = scope(args)? else {
        return Err(Failure::Wrong("name a session, or --project DIR, or --all".to_owned()));
    };
    let taken = flow::unshare_sessions(&desk.home()?, &scope, desk.now)?;
    if desk.json {
        desk.print_json(&json!({ "version": 1, "withdrawn": taken }))?;
        return Ok(ExitCode::SUCCESS);
    }
    say(&format!(
        "Taken back: {}. The lab's home drops what it has of them with its next run; nothing of it is shared again.",
        count(taken, "transcript")
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn scope(args: ScopeArgs) -> Result<Option<Scope>, Failure> {
    if let Some(project) = args.project {
        let project = std::path::absolute(project).map_err(|error| Failure::Wrong(error.to_string()))?;
        return Ok(Some(Scope::Project(project)));
    }
    Ok(args.id.map(Scope::Session).or(args.all.then_some(Scope::All)))
}

/// What became of the folder of what is shared, for a person.
pub fn share_lines(report: &ShareReport) -> Vec<String> {
    let kinds = [
        (report.new, "new"),
        (report.grown, "grown"),
        (report.rewritten, "written anew"),
        (report.withdrawn, "taken back"),
    ];
    let mut parts: Vec<String> =
        kinds.iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}")).collect();
    if parts.is_empty() {
        parts.push("nothing new".to_owned());
    }
    let folder = report.folder.display();
    let mut lines = vec![format!("Shared into {folder}: {}; {}", parts.join(", "), summary(report))];
    if let Some(trouble) = &report.trouble {
        lines.push(format!("  {trouble}; the next run tries again"));
    }
    lines
}

/// "3 sessions go, 1 waits, 2 stay here."
fn summary(report: &ShareReport) -> String {
    let mut parts = vec![format!("{} shared", count(report.shared, "session"))];
    let private = report.held + report.elsewhere;
    let others = [(report.waiting, "waiting"), (report.doubtful, "in doubt"), (private, "kept private")];
    parts.extend(others.iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}")));
    format!("{}.", parts.join(", "))
}
