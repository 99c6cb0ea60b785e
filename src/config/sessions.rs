//! Reads `from.sessions`: a folder in which coding agents write their sessions down.

use std::path::PathBuf;

use super::table::{Found, Table};
use crate::session::Format;

const EXAMPLE: &str = "from.sessions = { path = \"~/.claude/projects\", format = \"claude-code\" }";

/// A folder of transcripts that is read at every run: an agent's own, or what people shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionSource {
    pub name: String,
    /// As it is written, `~/` included.
    pub folder: PathBuf,
    pub format: Format,
    /// Whose sessions they are, and on which machine; None where the file does not say.
    pub owner: Option<String>,
    pub host: Option<String>,
}

impl SessionSource {
    /// The folder with `~/` read as the home folder of whoever runs this.
    pub fn folder_of(&self, home: Option<&std::path::Path>) -> PathBuf {
        match (self.folder.strip_prefix("~"), home) {
            (Ok(below), Some(home)) => home.join(below),
            _ => self.folder.clone(),
        }
    }
}

/// Whether a `[[source]]` is one of sessions.
pub(super) fn is_one(table: &Table<'_, '_>) -> bool {
    let from = table.entries().find(|(key, ..)| *key == "from");
    from.and_then(|(_, value, ..)| value.as_table()?.get("sessions")).is_some()
}

/// Reads the `from` of a `[[source]]` of sessions, without its name.
pub(super) fn read(table: &Table<'_, '_>) -> Option<Found<SessionSource>> {
    let from = table.table("from")?;
    let span = from.entries().find(|(key, ..)| *key == "sessions").map(|(.., span)| span)?;
    let sessions = from.table("sessions");
    from.finish();
    let sessions = sessions?;
    let path = sessions.parsed("path", read_path, "a folder from the root or from your home: \"~/.claude/projects\"");
    let format = sessions.parsed(
        "format",
        |word| {
            Format::ALL.into_iter().find(|format| format.word() == word).ok_or_else(|| format!("`{word}` is no format"))
        },
        "one of \"claude-code\", \"codex\", \"diary\", \"shared\"",
    );
    let named = |key: &'static str| {
        let name = |text: &str| {
            let is_name = !text.trim().is_empty() && text.len() <= 80 && !text.chars().any(char::is_control);
            is_name.then(|| text.trim().to_owned()).ok_or("a name has 1 to 80 characters on one line")
        };
        sessions.parsed(key, name, "a name, such as \"ana\"").map(|found| found.value)
    };
    let (owner, host) = (named("owner"), named("host"));
    for key in ["path", "format"] {
        if !sessions.entries().any(|(known, ..)| known == key) {
            sessions.mistake(format!("`sessions` needs a {key}"), EXAMPLE);
        }
    }
    sessions.finish();
    let source = SessionSource { name: String::new(), folder: path?.value, format: format?.value, owner, host };
    Some(Found { value: source, span })
}

fn read_path(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let is_known = path.is_absolute() || path.starts_with("~");
    is_known.then_some(path).ok_or_else(|| format!("`{text}` is no folder from the root"))
}
