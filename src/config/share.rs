//! Reads `[share]`: which sessions their owner shares, and into which folder.

use std::path::{Component, Path, PathBuf};

use jiff::SignedDuration;

use super::sources::read_duration;
use super::table::Table;

/// A day to think again about what was said in a session.
const USUAL_WAIT: SignedDuration = SignedDuration::from_hours(24);

/// Longer than a year is never, which is said otherwise.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(24 * 366);

const FOLDER: &str = "a folder from the root or from your home, which is there: \"/srv/lab/sessions/ada\"";
const PROJECTS: &str = "folders from the root or from your home: [\"~/code/atlas\"]";

/// What of a home's sessions is shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Where shared sessions are written: the owner's own folder.
    pub folder: PathBuf,
    /// Sessions that worked in these folders alone, or below them, are shared.
    pub projects: Vec<PathBuf>,
    /// How long a session must have been quiet.
    pub wait: SignedDuration,
    /// Ids of sessions that are never shared.
    pub never: Vec<String>,
    /// The home folder of whoever runs this, if known: what lies above it says nothing about a project in it.
    pub home: Option<PathBuf>,
}

impl Share {
    /// With `~/` read as this home folder.
    pub fn at_home(self, home: Option<&Path>) -> Share {
        let whole = |path: PathBuf| match (path.strip_prefix("~"), home) {
            (Ok(below), Some(home)) => home.join(below),
            _ => path,
        };
        let projects = self.projects.into_iter().map(whole).collect();
        Share { folder: whole(self.folder), projects, home: home.map(Path::to_owned), ..self }
    }
}

pub(super) fn read(table: Table<'_, '_>) -> Option<Share> {
    let folder = table.parsed("folder", read_path, FOLDER);
    if !table.entries().any(|(key, ..)| key == "folder") {
        table.mistake("[share] needs a folder".to_owned(), "folder = \"/srv/lab/sessions/ada\"");
    }
    let mut projects = Vec::new();
    for found in table.strings("projects").unwrap_or_default() {
        match read_path(&found.value) {
            Ok(path) => projects.push(path),
            Err(error) => table.document.mistake(found.span, format!("`projects`: {error}"), PROJECTS.to_owned()),
        }
    }
    let read_wait = |text: &str| {
        let wait = read_duration(text)?;
        (wait <= LONGEST_WAIT).then_some(wait).ok_or_else(|| format!("`{text}` is more than a year"))
    };
    let wait = table.parsed("wait", read_wait, "a number and a unit: \"24h\", \"3d\"");
    let never = table.strings("never").unwrap_or_default().into_iter().map(|id| id.value.trim().to_owned()).collect();
    table.finish();
    let wait = wait.map_or(USUAL_WAIT, |wait| wait.value);
    Some(Share { folder: folder?.value, projects, wait, never, home: None })
}

fn read_path(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let is_known = path.is_absolute() || path.starts_with("~");
    let is_plain = !path.components().any(|part| part == Component::ParentDir);
    (is_known && is_plain).then_some(path).ok_or_else(|| format!("`{text}` is no folder from the root"))
}
