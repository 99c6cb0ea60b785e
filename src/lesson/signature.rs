//! A lesson's signature: what stands in a session when somebody follows the lesson.

use serde_json::Value;

use super::{Advice, Lesson};
use crate::session::command::{CommandLine, command_line, has_subcommands, is_shell, split};
use crate::session::{Role, Turn};

/// Names by which one lesson is recognised; any of them will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    pub marks: Vec<Mark>,
}

/// One thing to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// A command that an agent runs: the program, its subcommand, and flags that must all be there.
    Command { program: String, subcommand: Option<String>, flags: Vec<String> },
    /// A key in a settings file that an agent edits, and an item of its list.
    Setting { key: String, item: Option<String> },
    /// A variable of the environment, set for a command or in a settings file.
    Variable(String),
    /// A command to the agent that a person types: `/compact`.
    Slash(String),
    /// What a program says when it fails. It is met, and no use of a lesson.
    Message(String),
}

/// Files in which agents are set up.
const SETTINGS: [&str; 6] =
    ["settings.json", "settings.local.json", "managed-settings.json", ".claude.json", ".mcp.json", "config.toml"];

/// Endings of names that are files, and no keys.
const ENDINGS: [&str; 14] =
    ["md", "json", "jsonl", "toml", "yaml", "yml", "rs", "py", "ts", "js", "sh", "txt", "lock", "log"];

impl Signature {
    /// What a lesson's advice names; without advice, the code in its claim. None where nothing in it could be recognised.
    pub fn of(lesson: &Lesson) -> Option<Signature> {
        let product = lesson.since.as_ref().map(|since| since.product.as_str());
        let mut marks = match &lesson.advice {
            Some(Advice::Command(command)) => of_command(command).into_iter().collect(),
            Some(Advice::Settings(settings)) => of_settings(settings),
            None => lesson.claim.split('`').skip(1).step_by(2).filter_map(|code| of_code(code, product)).collect(),
        };
        marks.dedup();
        (!marks.is_empty()).then_some(Signature { marks })
    }
}

impl Mark {
    /// Words that stand in every turn that holds it.
    pub fn words(&self) -> Vec<String> {
        match self {
            Mark::Command { program, subcommand, flags } => {
                [program].into_iter().chain(subcommand).chain(flags).cloned().collect()
            }
            Mark::Setting { key, item } => [key].into_iter().chain(item).cloned().collect(),
            Mark::Variable(text) | Mark::Slash(text) | Mark::Message(text) => vec![text.clone()],
        }
    }

    /// In which turns it can stand.
    pub fn role(&self) -> Role {
        match self {
            Mark::Command { .. } | Mark::Setting { .. } | Mark::Variable(_) => Role::ToolCall,
            Mark::Slash(_) => Role::Prompt,
            Mark::Message(_) => Role::ToolOutput,
        }
    }

    /// Whether meeting it means that the lesson is followed.
    pub fn is_use(&self) -> bool {
        !matches!(self, Mark::Message(_))
    }

    /// Whether a turn holds it.
    pub fn is_in(&self, turn: &Turn) -> bool {
        if turn.role != self.role() {
            return false;
        }
        match self {
            Mark::Command { program, subcommand, flags } => command_line(turn).is_some_and(|line| {
                split(&line).commands.iter().any(|one| is_one(one, program, subcommand.as_deref(), flags))
            }),
            Mark::Setting { key, item } => settings_edit(turn).is_some_and(|edit| {
                let is_key = edit.contains(&format!("\"{key}\"")) || edit.lines().any(|line| is_key_of(line, key));
                is_key && item.as_ref().is_none_or(|item| edit.contains(item.as_str()))
            }),
            Mark::Variable(name) => {
                let line = command_line(turn);
                line.is_some_and(|line| sets(&split(&line), name))
                    || settings_edit(turn).is_some_and(|edit| edit.contains(&format!("\"{name}\"")))
            }
            Mark::Slash(name) => turn.text.split_whitespace().next() == Some(name),
            Mark::Message(message) => turn.is_error && turn.text.contains(message.as_str()),
        }
    }
}

fn is_one(
    command: &crate::session::command::Command,
    program: &str,
    subcommand: Option<&str>,
    flags: &[String],
) -> bool {
    let words = command.bare_words();
    let has = |flag: &String| {
        words
            .iter()
            .any(|word| word == flag || word.strip_prefix(flag.as_str()).is_some_and(|rest| rest.starts_with('=')))
    };
    words.first() == Some(&program)
        && subcommand.is_none_or(|subcommand| {
            command.subcommand().is_some_and(|(found, _)| found == subcommand) || words.get(1) == Some(&subcommand)
        })
        && flags.iter().all(has)
}

fn sets(line: &CommandLine, name: &str) -> bool {
    let is_set = |word: &String| word.split_once('=').is_some_and(|(set, _)| set == name);
    line.commands.iter().any(|command| command.assignments.iter().chain(&command.words).any(is_set))
}

/// What a call writes into a settings file, as far as it is new: of an edit, what takes the old one's place.
fn settings_edit(turn: &Turn) -> Option<&str> {
    let text = turn.text.as_str();
    let is_settings = |path: &str| SETTINGS.contains(&path.rsplit('/').next().unwrap_or(path));
    if is_shell(turn) {
        return SETTINGS.iter().any(|file| text.contains(file)).then_some(text);
    }
    let path = text.lines().find_map(|line| line.strip_prefix("file_path: ").or_else(|| line.strip_prefix("path: ")));
    match path {
        Some(path) if is_settings(path) => Some(match text.find("new_string: ") {
            Some(at) => &text[at..],
            None => text,
        }),
        Some(_) => None,
        // A patch names its files amid its lines.
        None => SETTINGS.iter().any(|file| text.contains(file)).then_some(text),
    }
}

/// `key = value`, `+key: value`.
fn is_key_of(line: &str, key: &str) -> bool {
    line.trim_start_matches(['+', ' ', '\t'])
        .strip_prefix(key)
        .is_some_and(|rest| rest.trim_start().starts_with(['=', ':']))
}

fn of_command(command: &str) -> Option<Mark> {
    let line = split(command);
    let command = line.commands.first()?;
    let program = command.program()?.to_owned();
    let subcommand = command.subcommand().map(|(subcommand, _)| subcommand.to_owned());
    let is_flag = |word: &&str| word.starts_with('-') && word.chars().any(char::is_alphanumeric);
    let bare = |word: &str| word.split('=').next().unwrap_or(word).to_owned();
    let flags = command.bare_words().into_iter().filter(is_flag).map(bare).collect();
    Some(Mark::Command { program, subcommand, flags })
}

/// Each key that has a value, whatever it stands in.
fn of_settings(settings: &serde_json::Map<String, Value>) -> Vec<Mark> {
    let mut marks = Vec::new();
    for (key, value) in settings {
        match value {
            Value::Object(inner) => marks.extend(of_settings(inner)),
            // `permissions.allow` stands in most files: what tells is what it allows.
            Value::Array(items) if items.iter().any(Value::is_string) => {
                let items = items.iter().filter_map(Value::as_str);
                marks.extend(items.map(|item| Mark::Setting { key: key.clone(), item: Some(item.to_owned()) }));
            }
            _ if is_variable(key) => marks.push(Mark::Variable(key.clone())),
            _ => marks.push(Mark::Setting { key: key.clone(), item: None }),
        }
    }
    marks
}

/// What a piece of code in a claim names.
fn of_code(code: &str, product: Option<&str>) -> Option<Mark> {
    let code = code.trim();
    let words: Vec<&str> = code.split_whitespace().collect();
    let first = *words.first()?;
    let name = first.split('=').next().unwrap_or(first);
    let is_low =
        |text: &str| text.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-');
    if let Some(slash) = first.strip_prefix('/') {
        return (!slash.is_empty() && is_low(slash)).then(|| Mark::Slash(first.to_owned()));
    }
    if words.len() == 1 && is_variable(name) {
        return Some(Mark::Variable(name.to_owned()));
    }
    if first.starts_with("--") && words.len() <= 2 {
        // A flag alone is one of its product's program; of another it would be another.
        let program = match product {
            Some("claude-code") => "claude",
            Some("codex") => "codex",
            _ => return None,
        };
        return Some(Mark::Command { program: program.to_owned(), subcommand: None, flags: vec![name.to_owned()] });
    }
    if words.len() == 1 {
        let key = first.rsplit('.').next().unwrap_or(first);
        let is_low = |text: &str| text.starts_with(|letter: char| letter.is_ascii_lowercase());
        // `sandbox.enabled`, `cleanupPeriodDays`: words that prose does not have, and no names of files.
        let is_path = first.contains('.') && is_low(first) && !ENDINGS.contains(&key);
        let is_key = is_low(key)
            && key.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
            && !first.contains('/')
            && (is_path || !first.contains('.') && key.chars().any(|letter| letter.is_ascii_uppercase()));
        return is_key.then(|| Mark::Setting { key: key.to_owned(), item: None });
    }
    // What a program says has words too: only a program that is known, or a flag, tells a command from it.
    if is_low(first) && (has_subcommands(first) || words[1].starts_with('-')) {
        return of_command(code);
    }
    (words.len() > 2).then(|| Mark::Message(code.to_owned()))
}

fn is_variable(name: &str) -> bool {
    name.len() > 3
        && name.contains('_')
        && name.starts_with(|letter: char| letter.is_ascii_uppercase())
        && name.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_')
}
