//! What is known of sessions beside their turns: titles, prompts, folders, times.

use std::collections::BTreeMap;

use anyhow::Result;

use super::super::ask::{self, SessionLine};
use crate::home::Home;

/// Letters of a title or a first prompt that a search shows.
const PROMPT_LETTERS: usize = 160;

/// Every transcript that is kept, as the last run wrote it down.
#[derive(Debug, Default)]
pub struct Known {
    /// By transcript.
    lines: BTreeMap<String, SessionLine>,
    /// The main file's transcript by session, `claude-code:1b0c…`.
    main: BTreeMap<String, String>,
    /// Turns by session.
    turns: BTreeMap<String, u64>,
}

impl Known {
    /// # Errors
    /// When the view can't be read.
    pub fn read(home: &Home) -> Result<Known> {
        let mut known = Known::default();
        for line in ask::session_lines(home)? {
            let session = line.session.to_string();
            if line.subagent.is_none() {
                known.main.insert(session.clone(), line.id.to_string());
            }
            *known.turns.entry(session).or_default() += line.turns;
            known.lines.insert(line.id.to_string(), line);
        }
        Ok(known)
    }

    /// What its main file says of a session.
    pub fn session(&self, session: &str) -> Option<&SessionLine> {
        self.lines.get(self.main.get(session)?)
    }

    /// Turns of all its files.
    pub fn turns(&self, session: &str) -> u64 {
        self.turns.get(session).copied().unwrap_or_default()
    }

    /// Every file, in the order of their ids.
    pub fn all(&self) -> impl Iterator<Item = &SessionLine> {
        self.lines.values()
    }

    /// What is known of one file.
    pub fn transcript(&self, transcript: &str) -> Option<&SessionLine> {
        self.lines.get(transcript)
    }
}

/// The beginning of a text, on one line.
pub fn first_letters(text: &str) -> String {
    let mut words = String::new();
    for word in text.split_whitespace() {
        if words.len() > PROMPT_LETTERS * 4 {
            break;
        }
        words.push_str(if words.is_empty() { "" } else { " " });
        words.push_str(word);
    }
    match words.char_indices().nth(PROMPT_LETTERS) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}
