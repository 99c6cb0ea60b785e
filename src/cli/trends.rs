//! `tidings trends`: preview, write, send.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use serde_json::json;
use tidings::flow::{self, Doors};

use super::args::TrendsCommand;
use super::exit::Failure;
use super::home::secret;
use super::run::words;
use super::{Desk, say};

pub async fn trends(desk: &Desk, command: Option<TrendsCommand>) -> Result<ExitCode, Failure> {
    match command.unwrap_or(TrendsCommand::Preview { month: None, to: None }) {
        TrendsCommand::Preview { month, to } => preview(desk, month.as_deref(), to.as_deref()),
        TrendsCommand::Write { month } => {
            let setup = desk.setup()?;
            let month = flow::write_trends(&setup, month.as_deref(), desk.now)?;
            let path = setup.home.digests().join("trends").join(&month).join("trends.html");
            if desk.json {
                desk.print_json(&json!({ "version": 1, "month": month, "html": path }))?;
            } else {
                say(&format!("Trends {month}: {}", path.display()))?;
            }
            Ok(ExitCode::SUCCESS)
        }
        TrendsCommand::Send { month, force } => {
            let setup = desk.setup()?;
            let doors = Doors::open(&setup.config, None, &secret, desk.now)?;
            if doors.channels.is_empty() {
                let message = "there is nowhere to send to: tidings.toml has neither [mail] nor [webhook]";
                return Err(Failure::Wrong(message.to_owned()));
            }
            let report = flow::send_trends(&setup, &doors, month.as_deref(), force.as_deref(), desk.now).await?;
            if desk.json {
                desk.print_json(&report)?;
            }
            eprintln!("{}", words(&report, &setup));
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn preview(desk: &Desk, month: Option<&str>, to: Option<&Path>) -> Result<ExitCode, Failure> {
    let setup = desk.setup()?;
    let rendered = flow::preview_trends(&setup, month, desk.now)?;
    if let Some(folder) = to {
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        for (name, bytes) in rendered.files("trends") {
            let path = folder.join(name);
            fs::write(&path, bytes).with_context(|| format!("writing {}", path.display()))?;
        }
        eprintln!("Written to {}", folder.display());
    }
    say(if desk.json { rendered.json.trim_end() } else { rendered.text.trim_end() })?;
    Ok(ExitCode::SUCCESS)
}
