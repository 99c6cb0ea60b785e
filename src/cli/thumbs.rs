//! `tidings thumbs`: more like this, or less.

use std::process::ExitCode;

use serde_json::json;
use tidings::flow;

use super::args::{ThumbArgs, ThumbsCommand};
use super::exit::Failure;
use super::{Desk, say};

pub fn thumbs(desk: &Desk, command: &ThumbsCommand) -> Result<ExitCode, Failure> {
    let home = desk.home()?;
    let (ThumbArgs { id, clear }, up) = match command {
        ThumbsCommand::Up(args) => (args, true),
        ThumbsCommand::Down(args) => (args, false),
    };
    let up = Some(up).filter(|_| !clear);
    let Some(thumbed) = flow::give_thumb(&home, id, up, desk.now)? else {
        return Err(Failure::Wrong(format!(
            "no item or story has the id `{id}`; `tidings search` and the digest print ids like i-7k3m9q2xwd"
        )));
    };
    let word = match up {
        Some(true) => "up",
        Some(false) => "down",
        None => "cleared",
    };
    if desk.json {
        desk.print_json(&json!({
            "version": 1, "item": thumbed.item, "title": thumbed.title, "thumb": word, "counts": "from the next run",
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let what = if *clear { "Thumb taken back".to_owned() } else { format!("Thumb {word}") };
    say(&format!("{what}: {} ({}). It will count from the next run.", thumbed.title, thumbed.item))?;
    Ok(ExitCode::SUCCESS)
}
