//! Sessions in `tidings search` and `show`, and `tidings resume`.

use std::process::ExitCode;

use serde_json::json;
use tidings::flow::answers::{
    self, File, Known, Meant, Sight, branch_of, files_json, first_letters, folder_of, hit_id, split,
};
use tidings::flow::ask::{self, FoundSession, TurnPage};

use super::args::ShowArgs;
use super::exit::Failure;
use super::search::Style;
use super::{Desk, say};

/// A session that was found, for people who look at a terminal.
pub fn print_session(session: &FoundSession, known: &Known, style: &Style) -> anyhow::Result<()> {
    let line = known.session(&session.session);
    let title = line.and_then(|line| line.title.as_deref()).map(first_letters);
    say(&style.strong(title.as_deref().unwrap_or(&session.session)))?;
    let turn = session.hits.first().and_then(|hit| hit.turn.as_ref());
    let at = line.and_then(|line| line.ended).or_else(|| session.hits.first().and_then(|hit| hit.at));
    let at = at.map(|at| at.strftime("%Y-%m-%d %H:%M").to_string());
    let hits = match session.count {
        1 => "1 hit".to_owned(),
        count => format!("{count} hits"),
    };
    let about = [at, folder_of(line, turn), branch_of(line, turn), Some(hits), Some(session.session.clone())];
    say(&format!("  {}", about.into_iter().flatten().collect::<Vec<_>>().join(" · ")))?;
    if let Some(prompt) = line.and_then(|line| line.prompt.as_deref()) {
        let prompt = first_letters(prompt);
        if title.as_deref() != Some(prompt.as_str()) {
            say(&format!("  “{prompt}”"))?;
        }
    }
    for hit in &session.hits {
        let role = hit.turn.as_ref().map_or("unreadable", |turn| turn.role.word());
        let tool = hit.turn.as_ref().and_then(|turn| turn.tool.as_deref()).map(|tool| format!(" {tool}"));
        let marked = style.marked(&hit.snippet.text, &hit.snippet.marks);
        say(&format!("    {} {role}{}: {marked}", hit_id(hit), tool.unwrap_or_default()))?;
    }
    say("")
}

/// Shows turns of a session; None where no session has this id.
pub fn show(desk: &Desk, args: &ShowArgs) -> Result<Option<ExitCode>, Failure> {
    let home = desk.home()?;
    let Some(chronicle) = ask::chronicle(&home)? else { return Ok(None) };
    let Some(meant) = Meant::by(&chronicle, &args.id, &Sight::All).map_err(Failure::of_question)? else {
        return Ok(None);
    };
    let known = Known::read(&home)?;
    let page = match args.around.or(meant.line) {
        Some(line) => Some(TurnPage::Around { line, context: args.context }),
        None => args.all.then_some(TurnPage::All),
    };
    // A line is one of the main file, unless a transcript is named.
    let parts = &meant.parts;
    let shown = if matches!(page, Some(TurnPage::Around { .. })) { &parts[..1] } else { &parts[..] };
    let mut files = Vec::new();
    for part in shown {
        files.push((part, page.map(|page| chronicle.read(&part.generation, page)).transpose()?));
    }
    match desk.json {
        true => desk.print_json(&files_json(&meant.session, &files, &known, args.bytes))?,
        false => print_parts(&meant.session, &files, &known)?,
    }
    Ok(Some(ExitCode::SUCCESS))
}

fn print_parts(session: &str, files: &[File<'_>], known: &Known) -> anyhow::Result<()> {
    let line = known.session(session);
    let title = line.and_then(|line| line.title.as_deref()).map(first_letters);
    say(&Style::for_stdout().strong(title.as_deref().unwrap_or(session)))?;
    let at = line.and_then(|line| line.started).map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string());
    let about = [Some(session.to_owned()), at, folder_of(line, None), branch_of(line, None)];
    say(&about.into_iter().flatten().collect::<Vec<_>>().join(" · "))?;
    for (part, turns) in files {
        let path = known.transcript(&part.transcript).map(|line| format!(" · {}", line.path)).unwrap_or_default();
        let of = if part.is_subagent { " · a subagent's" } else { "" };
        say(&format!("\n{} · {} turns{of}{path}", part.transcript, part.turns))?;
        for turn in turns.iter().flatten() {
            let at = turn.at.map(|at| at.strftime(" · %Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default();
            let tool = turn.tool.as_deref().map(|tool| format!(" {tool}")).unwrap_or_default();
            let failed = if turn.is_error { " · failed" } else { "" };
            say(&format!("\n--- {} {}{tool}{failed}{at}\n{}", turn.line, turn.role.word(), turn.text.trim_end()))?;
        }
    }
    if files.iter().all(|(_, turns)| turns.is_none()) {
        eprintln!("\n--all shows every turn, --around LINE those around a line");
    }
    Ok(())
}

/// Prints what takes a session up again.
pub fn resume(desk: &Desk, id: &str) -> Result<ExitCode, Failure> {
    let unknown = || {
        Failure::Wrong(format!("no session has the id `{id}`; `tidings search` prints ids, and a beginning will do"))
    };
    let home = desk.home()?;
    let chronicle = ask::chronicle(&home)?.ok_or_else(unknown)?;
    // A subagent is taken up with the session that called it.
    let meant = Meant::by(&chronicle, id, &Sight::All).map_err(Failure::of_question)?.ok_or_else(unknown)?;
    let resume = answers::resume(&chronicle, &Known::read(&home)?, &meant.session)?;
    let (agent, native) = split(&meant.session);
    if desk.json {
        desk.print_json(&json!({
            "version": 1, "session": native, "agent": agent, "folder": resume.folder,
            "folder_exists": resume.folder_is_there, "transcript_exists": resume.transcript_is_there,
            "command": resume.command,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    say(&resume.command)?;
    if let Some(folder) = resume.folder.filter(|_| !resume.folder_is_there) {
        eprintln!("tidings: the folder {folder} is gone; make it again, or resume from another");
    }
    if !resume.transcript_is_there {
        eprintln!("tidings: the agent's own file of this session is gone; `tidings show {native} --all` still has it");
    }
    Ok(ExitCode::SUCCESS)
}
