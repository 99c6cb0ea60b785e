//! A home as it would be if nothing were scrubbed: archive and index of turns alone. It shows what a check can find.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use tidings::keep::index::turns::{Writer, folder};
use tidings::keep::sessions::{Transcript, turns_at};
use tidings::read::session::{self, Kind};
use tidings::session::{Agent, Memory, SessionId, Turn};

/// Bytes of a frame, as in the program.
const FRAME_BYTES: usize = 128 << 10;

/// Fills a home with the transcripts below a folder of projects.
pub fn build(projects: &Path, home: &Path) -> Result<usize> {
    let mut files = Vec::new();
    walk(projects, &mut files)?;
    let mut aparts = HashMap::new();
    for file in &files {
        if let Some(session::Place { kind: Kind::Apart(name), .. }) = place(projects, file) {
            aparts.insert(name, session::apart(&fs::read(file)?));
        }
    }
    let mut writer = Writer::open(&folder(home))?;
    let mut count = 0;
    for file in &files {
        let Some(place) = place(projects, file) else { continue };
        if !matches!(place.kind, Kind::Main | Kind::Subagent | Kind::Journal) {
            continue;
        }
        let passage =
            session::read(Agent::ClaudeCode, &fs::read(file)?, 1, &mut Memory::new(place.subagent.as_deref()));
        let mut turns = passage.turns;
        for turn in &mut turns {
            if let Some(Some(whole)) = turn.apart.as_deref().and_then(|name| aparts.get(name)) {
                *turn = turn.whole(whole.clone());
            }
        }
        let path = file.strip_prefix(projects)?.to_string_lossy().into_owned();
        let session = SessionId { agent: Agent::ClaudeCode, native: place.session.unwrap_or_default() };
        let transcript = Transcript::new("raw", &path, 0, session, place.subagent);
        let end = archive(home, &transcript.generation_name(), &turns)?;
        for kept in turns_at(&home.join("state"), &transcript.generation_name(), 0, end)? {
            writer.add(&transcript, &kept)?;
            count += 1;
        }
    }
    writer.close()?;
    Ok(count)
}

fn place(projects: &Path, file: &Path) -> Option<session::Place> {
    session::place(Agent::ClaudeCode, file.strip_prefix(projects).ok()?)
}

pub fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    entries.sort();
    for path in entries {
        match path.is_dir() {
            true => walk(&path, files)?,
            false => files.push(path),
        }
    }
    Ok(())
}

fn archive(home: &Path, generation: &str, turns: &[Turn]) -> Result<u64> {
    if turns.is_empty() {
        return Ok(0);
    }
    let archive = home.join("state/archive/sessions");
    fs::create_dir_all(&archive)?;
    let (mut bytes, mut frame) = (Vec::new(), Vec::new());
    for (number, turn) in turns.iter().enumerate() {
        serde_json::to_writer(&mut frame, turn)?;
        frame.push(b'\n');
        if frame.len() >= FRAME_BYTES || number + 1 == turns.len() {
            bytes.extend(zstd::bulk::compress(&frame, 3)?);
            frame.clear();
        }
    }
    fs::write(archive.join(format!("{generation}.zst")), &bytes)?;
    Ok(bytes.len() as u64)
}
