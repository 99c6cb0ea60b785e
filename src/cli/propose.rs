//! `tidings propose`: the pull request on the lab's skill, written down; with --open, opened.

use std::process::ExitCode;

use tidings::flow::{self, Doors, ForgeDoor, Offered};
use tidings::lesson::Proposal;

use super::args::ProposeArgs;
use super::exit::Failure;
use super::home::secret;
use super::run::count;
use super::{Desk, say};

pub async fn propose(desk: &Desk, args: &ProposeArgs) -> Result<ExitCode, Failure> {
    let mut setup = desk.setup()?;
    // Nothing is mailed here.
    setup.config.mute();
    let doors = Doors::open(&setup.config, None, &secret, desk.now)?;
    let doors = Doors { forge: ForgeDoor::With(secret), ..doors };
    let offered = flow::propose(&setup, &doors, args.checkout.as_deref(), args.open, desk.now).await?;
    if desk.json {
        let mut value = serde_json::to_value(&offered).map_err(anyhow::Error::new)?;
        value["version"] = 1.into();
        desk.print_json(&value)?;
        return Ok(ExitCode::SUCCESS);
    }
    for line in lines(&offered) {
        say(&line)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn lines(offered: &Offered) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(Proposal { title, reference, manifest, entries, .. }) = &offered.proposal {
        lines.push(title.clone());
        lines.extend(entries.iter().map(|(id, content)| format!("  {id}  {content}")));
        for file in [reference, manifest].into_iter().filter(|file| file.is_changed()) {
            let what = if file.before.is_some() { "changed" } else { "new" };
            lines.push(format!("  {} ({what})", file.path));
        }
    }
    lines.push(format!("{}.", sentence(&offered.outcome)));
    if let Some(folder) = &offered.folder {
        lines.push(format!("Request, patch and calls are in {}", folder.display()));
        lines.push("  git am 0001-best-practices.patch    in a clone makes the same commit".to_owned());
    }
    if !offered.waiting.is_empty() {
        let ids: Vec<String> = offered.waiting.iter().map(ToString::to_string).collect();
        lines.push(format!("{}: {}.", count(ids.len(), "lesson") + " waiting", ids.join(", ")));
    }
    if !offered.refused.is_empty() {
        lines.push("Turned away by the gate:".to_owned());
        lines.extend(offered.refused.iter().map(|(id, why)| format!("  {id}: {why}")));
    }
    lines
}

fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
