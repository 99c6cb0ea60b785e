//! `tidings digest`: preview, write, send.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use serde_json::json;
use tidings::edition::ChannelName;
use tidings::flow::{self, Doors, ModelDoor};

use super::args::DigestCommand;
use super::exit::Failure;
use super::home::secret;
use super::run::words;
use super::{Desk, say};

pub async fn digest(desk: &Desk, command: Option<DigestCommand>) -> Result<ExitCode, Failure> {
    match command.unwrap_or(DigestCommand::Preview { week: None, to: None }) {
        DigestCommand::Preview { week, to } => preview(desk, week.as_deref(), to.as_deref()),
        DigestCommand::Write { week } => {
            let setup = desk.setup()?;
            let models = ModelDoor::of(&setup.config, &secret);
            let week = flow::write_digest(&setup, &models, week.as_deref(), desk.now).await?;
            let path = setup.home.digests().join(&week).join("digest.html");
            if desk.json {
                desk.print_json(&json!({ "version": 1, "week": week, "html": path }))?;
            } else {
                say(&format!("Digest {week}: {}", path.display()))?;
            }
            Ok(ExitCode::SUCCESS)
        }
        DigestCommand::Send { week, force } => {
            let setup = desk.setup()?;
            let doors = Doors::open(&setup.config, None, &secret, desk.now)?;
            if doors.channels.is_empty() {
                let tables = ChannelName::ALL.map(|channel| format!("[{}]", channel.word())).join(", ");
                let message = format!("there is nowhere to send to: tidings.toml has none of {tables}");
                return Err(Failure::Wrong(message));
            }
            let report = flow::send_digest(&setup, &doors, week.as_deref(), force.as_deref(), desk.now).await?;
            if desk.json {
                desk.print_json(&report)?;
            }
            eprintln!("{}", words(&report, &setup));
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn preview(desk: &Desk, week: Option<&str>, to: Option<&Path>) -> Result<ExitCode, Failure> {
    let setup = desk.setup()?;
    let rendered = flow::preview_digest(&setup, week, desk.now)?;
    if let Some(folder) = to {
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        for (name, bytes) in rendered.files("digest") {
            let path = folder.join(name);
            fs::write(&path, bytes).with_context(|| format!("writing {}", path.display()))?;
        }
        eprintln!("Written to {}", folder.display());
    }
    say(if desk.json { rendered.json.trim_end() } else { rendered.text.trim_end() })?;
    Ok(ExitCode::SUCCESS)
}
