//! `tidings install`: shows what it would write for cron, systemd or Claude Code, and writes it when asked to.

pub mod claude_code;
pub mod cron;
mod json_text;
mod plan;
pub mod place;
mod quote;
mod seal;
mod systemd;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use tidings::config::Config;

use super::args::{ClaudeCodeArgs, CronArgs, Deed, InstallCommand, SystemdArgs};
use super::exit::Failure;
use super::home::read_files;
use super::{Desk, say, secrets};
use place::Surroundings;
use plan::{Change, Place, Plan, Wanted};
use seal::Seal;

/// Who may read what is written.
const PRIVATE: u32 = 0o600;
const PUBLIC: u32 = 0o644;

pub fn install(desk: &Desk, command: &InstallCommand) -> Result<ExitCode, Failure> {
    let around = Surroundings::look();
    let (deed, plan) = match command {
        InstallCommand::Cron(args) => (&args.deed, with_cron(desk, args, &around)?),
        InstallCommand::Systemd(args) => (&args.deed, with_systemd(desk, args, &around)?),
        InstallCommand::ClaudeCode(args) => (&args.deed, with_claude_code(desk, args, &around)?),
    };
    if deed.yes && !plan.is_none() {
        if let InstallCommand::Systemd(SystemdArgs { to: None, .. }) = command {
            around.has_systemd()?;
        }
        for change in plan.changes.iter().filter(|change| !change.is_none()) {
            place::write(change)?;
        }
    }
    if desk.json {
        desk.print_json(&plan.json(deed.yes))?;
        return Ok(ExitCode::SUCCESS);
    }
    say(&plan.words())?;
    let is_none = plan.is_none();
    match (is_none, deed.yes) {
        (true, _) => say("Nothing to do.")?,
        (false, false) => say("Nothing was written; the same with --yes writes it.")?,
        (false, true) => say("Written.")?,
    }
    if deed.yes && !is_none && !plan.next.is_empty() {
        say("Then:")?;
        plan.next.iter().try_for_each(|line| say(&format!("  {line}")))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What all three kinds need, looked at before anything is planned.
fn wanted(desk: &Desk, deed: &Deed, secrets: Option<&Path>, around: &Surroundings) -> Result<Wanted, Failure> {
    let home = desk.home()?;
    let program = match &deed.program {
        Some(program) => std::path::absolute(program).map_err(anyhow::Error::new)?,
        None => around.program()?,
    };
    let secrets = secrets.map(std::path::absolute).transpose().map_err(anyhow::Error::new)?;
    if !deed.remove {
        // Without a home every run would fail.
        let _ = read_files(&home)?;
        place::is_program(&program)?;
        if let Some(file) = &secrets {
            secrets::read(file)?;
        }
    }
    Ok(Wanted { home: home.folder().to_owned(), program, secrets })
}

fn with_cron(desk: &Desk, args: &CronArgs, around: &Surroundings) -> Result<Plan, Failure> {
    let wanted = wanted(desk, &args.deed, args.env_file.as_deref(), around)?;
    let script = wanted.home.join("state/cron.sh");
    let before = place::read_crontab()?;
    let minute = args.at.unwrap_or_else(|| cron::minute(&wanted.home));
    let is_wanted = !args.deed.remove;
    let after = cron::crontab(&before, &wanted.home, is_wanted.then_some((script.as_path(), minute)))?;
    let text = if is_wanted { Some(cron::script(&wanted)?) } else { None };
    let next = match is_wanted {
        true => vec![format!(
            "look at {} after the first run, or `tidings doctor`",
            wanted.home.join("state/cron.log").display()
        )],
        false => Vec::new(),
    };
    let mut changes = vec![ours(script, PRIVATE, text)?, Change::lines(Place::Crontab, Some(before), Some(after))];
    if !is_wanted {
        // The line first, so that it never starts a script that is gone.
        changes.reverse();
    }
    Ok(Plan { changes, next })
}

fn with_systemd(desk: &Desk, args: &SystemdArgs, around: &Surroundings) -> Result<Plan, Failure> {
    let wanted = wanted(desk, &args.deed, args.env_file.as_deref(), around)?;
    let name = &args.name;
    if name.is_empty() || !name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter)) {
        return Err(Failure::Wrong(format!("`{name}` is no name for a unit; letters, digits, `-`, `_` and `.` are")));
    }
    let folder = match &args.to {
        Some(folder) => std::path::absolute(folder).map_err(anyhow::Error::new)?,
        None => systemd::folder(args.system, around.config_folder())
            .context("HOME is not set, so nobody knows where your units lie; set it, or use --system or --to DIR")?,
    };
    let needs = if args.deed.remove { None } else { Some(needs(desk, args, &wanted)?) };
    let text = |write: &dyn Fn(&systemd::Needs) -> Result<String>| needs.as_ref().map(write).transpose();
    let service = match (args.timer, args.pages) {
        (true, _) => format!("{name}-run"),
        (_, true) => format!("{name}-pages"),
        _ => name.clone(),
    };
    let mut texts = Vec::new();
    if args.timer {
        let minute = cron::minute(&wanted.home);
        texts.push((format!("{service}.service"), text(&|needs| systemd::one_run(&wanted, needs))?));
        texts.push((format!("{service}.timer"), text(&|needs| systemd::timer(&wanted, needs, minute))?));
    } else if args.pages {
        texts.push((format!("{service}.service"), text(&|needs| systemd::pages(&wanted, needs))?));
    } else {
        texts.push((format!("{service}.service"), text(&|needs| systemd::daemon(&wanted, needs))?));
    }
    let unit = format!("{service}.{}", if args.timer { "timer" } else { "service" });
    let mut changes = Vec::new();
    for (file, text) in texts {
        let change = ours(folder.join(file), PUBLIC, text)?;
        let theirs = change.before.as_deref().and_then(systemd::home_of);
        if let Some(other) = theirs.filter(|home| Path::new(home) != wanted.home) {
            let place = change.place.words();
            let words = format!("{place} serves the home {other}; --name NAME gives this one a unit of its own");
            return Err(anyhow::anyhow!(words).into());
        }
        changes.push(change);
    }
    let next =
        if args.to.is_some() { Vec::new() } else { systemd::next(&unit, &service, args.system, args.deed.remove) };
    Ok(Plan { changes, next })
}

/// What this home's two files say that a unit must allow.
fn needs(desk: &Desk, args: &SystemdArgs, wanted: &Wanted) -> Result<systemd::Needs, Failure> {
    let setup = desk.setup()?;
    let Config { share, model, .. } = &setup.config;
    let user = if args.system { Some(place::owner(&wanted.home)?) } else { None };
    // Pages only read, and leave what people say in the home.
    Ok(systemd::Needs {
        user,
        written: share.iter().filter(|_| !args.pages).map(|share| share.folder.clone()).collect(),
        read: setup.sessions.iter().map(|source| source.folder.clone()).collect(),
        starts_model: model.gguf.is_some() && !args.pages,
    })
}

fn with_claude_code(desk: &Desk, args: &ClaudeCodeArgs, around: &Surroundings) -> Result<Plan, Failure> {
    let wanted = wanted(desk, &args.deed, None, around)?;
    let (servers, settings) = match &args.project {
        Some(project) => {
            let project = std::path::absolute(project).map_err(anyhow::Error::new)?;
            if !project.is_dir() {
                return Err(Failure::Wrong(format!("{} is no folder", project.display())));
            }
            (project.join(".mcp.json"), project.join(".claude/settings.local.json"))
        }
        None => {
            around.claude_code().context("HOME is not set, so nobody knows where Claude Code's settings lie; set it")?
        }
    };
    let mut plan = Plan::default();
    let mode = if args.project.is_some() { PUBLIC } else { PRIVATE };
    plan.changes.push(edited(servers, mode, |before| claude_code::servers(before, &wanted, args.deed.remove))?);
    if args.hooks || args.deed.remove {
        plan.changes.push(edited(settings, PRIVATE, |before| claude_code::hooks(before, &wanted, args.deed.remove))?);
    }
    if !args.deed.remove {
        plan.next =
            vec!["claude mcp list    # says whether it connects; sessions that run already do not see it".to_owned()];
    }
    Ok(plan)
}

/// The unit in a folder that runs a home, if tidings wrote one.
pub fn unit_of(home: &Path, folder: &Path) -> Option<PathBuf> {
    let files = std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let runs = |path: &PathBuf| {
        let is_unit = path.extension().is_some_and(|ending| ending == "service");
        let is_of_home = |text: &str| systemd::home_of(text).map(Path::new) == Some(home);
        is_unit && std::fs::read_to_string(path).is_ok_and(|text| is_of_home(&text) && systemd::does_runs(&text))
    };
    files.into_iter().find(runs)
}

/// A file that is ours alone: written anew, or taken away.
fn ours(path: PathBuf, mode: u32, after: Option<String>) -> Result<Change> {
    let before = place::read(&path)?;
    match before.as_deref().map(seal::seal) {
        None | Some(Seal::Whole) => {}
        Some(Seal::Broken) => bail!(
            "{}: somebody changed this file since tidings wrote it; move what is yours elsewhere, and the file away",
            path.display()
        ),
        Some(Seal::None) => bail!("{}: there is a file that tidings did not write; move it away", path.display()),
    }
    Ok(Change::lines(Place::File { path, mode }, before, after))
}

/// A file of a person's in which something of ours stands.
fn edited(path: PathBuf, mode: u32, edit: impl Fn(Option<&str>) -> Result<claude_code::Edited>) -> Result<Change> {
    let before = place::read(&path)?;
    let (after, view) = edit(before.as_deref()).with_context(|| path.display().to_string())?;
    let after = if view.is_empty() { before.clone() } else { Some(after) };
    Ok(Change { place: Place::File { path, mode }, before, after, view })
}
