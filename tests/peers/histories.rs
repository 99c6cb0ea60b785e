//! Reads and keeps every step of every feed history below a folder, and prints what each step was taken for.
//!
//! `cargo run --example keep-histories -- FOLDER`. A history is a folder with truth.jsonl, one line a step, whose `file` is the
//! page of that step, plain or `.gz` (null: the server answered 404). Each has a home of its own. Prints one JSON line for a
//! step: the history, the step, the ids that were raised as new, and the link and title of each item that has others now than
//! after the step before.

#[path = "read_files.rs"]
#[expect(dead_code, reason = "its walk and its unpacking are used here, its printing there")]
mod read_files;

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tidings::item::ItemId;
use tidings::keep::Keep;
use tidings::page::{Mark, Page, Room};
use tidings::source::{Origin, Source, Trust};
use url::Url;

fn main() -> anyhow::Result<()> {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: keep-histories FOLDER");
        std::process::exit(2);
    };
    let mut files = Vec::new();
    read_files::walk(&folder, &mut files)?;
    files.retain(|file| file.file_name().is_some_and(|name| name == "truth.jsonl"));
    files.sort();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for truth in files {
        keep_history(truth.parent().expect("a file lies in a folder"), &mut out)?;
    }
    Ok(out.flush()?)
}

fn keep_history(folder: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    let home = tempfile::tempdir()?;
    let start: Timestamp = "2026-11-21T12:00:00Z".parse()?;
    let name = folder.file_name().expect("it has a name").to_string_lossy();
    let url = Url::parse("https://feeds.example.org/folder/feed.xml")?;
    let source = Source {
        name: name.to_string(),
        from: Origin::Feed(url.clone()),
        every: SignedDuration::from_hours(1),
        is_every_written: true,
        most: None,
        trust: Trust::Expert,
        topics: Vec::new(),
    };
    let mut keep = Keep::open(home.path(), "keep-histories", start)?;
    let mut known: Vec<ItemId> = Vec::new();
    let mut seen: HashMap<ItemId, (Option<Url>, String)> = HashMap::new();
    for (step, line) in std::fs::read_to_string(folder.join("truth.jsonl"))?.lines().enumerate() {
        let row: Value = serde_json::from_str(line)?;
        let Some(file) = row["file"].as_str() else { continue };
        let page = Page {
            url: url.clone(),
            content_type: None,
            bytes: read_files::unpacked(&folder.join(file))?,
            mark: Mark::default(),
            room: Room::default(),
        };
        let now = start + SignedDuration::from_hours(25 * i64::try_from(step)?);
        let kept = keep.keep_reading(&source, tidings::read::feed(&page), Mark::default(), now)?;
        known.extend(kept.new.iter().cloned());
        let mut faces = serde_json::Map::new();
        for id in &known {
            let Some(item) = keep.item(id)? else { continue };
            let face = (item.link, item.title);
            if seen.get(id) != Some(&face) {
                faces.insert(id.to_string(), json!([face.0, face.1]));
                seen.insert(id.clone(), face);
            }
        }
        writeln!(out, "{}", json!({"history": name, "step": step, "new": kept.new, "faces": faces}))?;
    }
    Ok(())
}
