//! What takes a session up again: a command for the shell, in its folder.

use std::path::Path;

use anyhow::{Result, anyhow};

use super::super::ask::{Chronicle, TurnPage};
use super::known::Known;
use super::session::split;
use crate::session::Turn;

/// How to take a session up again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resume {
    /// For a POSIX shell: `cd DIR && claude --resume ID`.
    pub command: String,
    /// Where the session last worked; None: nothing says.
    pub folder: Option<String>,
    /// The folder is there, or none is needed.
    pub folder_is_there: bool,
    /// The agent still has its own file of the session, as far as is known.
    pub transcript_is_there: bool,
}

/// # Errors
/// When it is no session of an agent, or the index can't be read.
pub fn resume(chronicle: &Chronicle, known: &Known, session: &str) -> Result<Resume> {
    let line = known.session(session);
    let (agent, native) = split(session);
    let program = match agent {
        "claude-code" => "claude --resume",
        "codex" => "codex resume",
        _ => return Err(anyhow!("{session} is no session of an agent; it cannot be taken up again")),
    };
    let folder = match line.and_then(|line| line.cwd.clone()) {
        Some(folder) => Some(folder),
        None => last_folder(chronicle, session)?,
    };
    let start = format!("{program} {}", quoted(native));
    Ok(Resume {
        command: match &folder {
            Some(folder) => format!("cd {} && {start}", quoted(folder)),
            None => start,
        },
        folder_is_there: folder.as_ref().is_none_or(|folder| Path::new(folder).is_dir()),
        folder,
        transcript_is_there: line.is_none_or(|line| line.gone.is_none()),
    })
}

/// Where the session last worked, as its turns say.
fn last_folder(chronicle: &Chronicle, session: &str) -> Result<Option<String>> {
    let parts = chronicle.parts(session)?;
    let Some(main) = parts.iter().find(|part| part.session == session) else { return Ok(None) };
    let turns = chronicle.read(&main.generation, TurnPage::Around { line: u64::MAX, context: 20 })?;
    Ok(turns.iter().rev().find_map(Turn::cwd).cloned())
}

/// A word as a POSIX shell takes it literally.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+:@%=,".contains(letter);
    match !word.is_empty() && !word.starts_with(['-', '=']) && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_word_reaches_the_program_as_it_is() {
        for word in
            ["/home/ada/atlas", "/home/ada/my folder", "it's", "$(rm -rf x)", "`x`", "a\"b", "", "東京", "a\nb", "~x"]
        {
            let shell = std::process::Command::new("sh").args(["-c", &format!("printf %s {}", quoted(word))]).output();
            assert_eq!(String::from_utf8(shell.unwrap().stdout).unwrap(), word);
        }
    }
}
