//! A look at a folder of sessions as it lies there, without the store: what a run would meet in it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use crate::config::SessionSource;
use crate::fetch::disk::{Listing, list};
use crate::read::session::{self, Kind};

/// What was met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionFolder {
    pub transcripts: usize,
    /// Of them, those that end within a line, whose rest is waited for.
    pub half: usize,
    /// Files and folders that can't be read, and why.
    pub unread: Vec<(PathBuf, String)>,
    /// Links that are passed over.
    pub links: usize,
    /// Other files in JSON Lines: many of them and no transcript say that another folder was meant.
    pub others: usize,
}

/// None where the folder is not there, or is empty.
pub fn look_at_sessions(source: &SessionSource) -> Option<SessionFolder> {
    let is_lines = |path: &std::path::Path| path.extension().is_some_and(|ending| ending == "jsonl");
    let is_wanted = |path: &std::path::Path| is_lines(path) || session::place(source.format, path).is_some();
    let Listing { files, unseen, links } = list(&source.folder, &is_wanted)?;
    let mut folder = SessionFolder { unread: unseen, links, ..SessionFolder::default() };
    for found in files {
        let place = session::place(source.format, &found.path);
        let Some(Kind::Main | Kind::Subagent | Kind::Journal) = place.map(|place| place.kind) else {
            folder.others += usize::from(is_lines(&found.path) && session::place(source.format, &found.path).is_none());
            continue;
        };
        folder.transcripts += 1;
        match ends_within_a_line(&source.folder.join(&found.path), found.stamp.size) {
            Ok(is_half) => folder.half += usize::from(is_half && is_lines(&found.path)),
            Err(error) => folder.unread.push((found.path, error.to_string())),
        }
    }
    Some(folder)
}

fn ends_within_a_line(path: &std::path::Path, size: u64) -> io::Result<bool> {
    let mut last = [b'\n'];
    let file = File::open(path)?;
    if size > 0 {
        file.read_at(&mut last, size - 1)?;
    }
    Ok(last != [b'\n'])
}
