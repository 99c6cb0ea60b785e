//! Rules of Claude Code's settings.json, and what becomes of a command under them.
//!
//! As Anthropic's documentation has it ("Configure permissions", code.claude.com/docs/en/permissions, read in November 2026):
//! a command is split at `&&`, `||`, `;`, `|`, `|&`, `&` and line ends, and each part is looked at by itself. Rules are asked in the
//! order deny, ask, allow; the first that matches decides, however narrow another is. `*` stands for any letters, spaces included;
//! ` *` at the end wants a space or the end before it, and `:*` at the end is the same. Before that, `timeout`, `time`, `nice`,
//! `nohup`, `stdbuf` and a bare `xargs` are taken off; deny and ask also look past `NAME=value`. Some commands only read, and
//! run unasked in every mode.
//!
//! Where the page is silent we take the careful side: what has a substitution, a loop or a subshell is asked, and so is what writes to
//! a file; an assignment is looked past by no allow rule.

use std::fmt;

use crate::session::command::{Command, split};

/// One rule as settings.json has it: `Bash(git status:*)`, `Read(./.env)`, `WebFetch`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    tool: &'static str,
    /// What stands in the parentheses; none where there are none.
    pattern: Option<String>,
}

impl Rule {
    pub fn new(tool: &'static str, pattern: &str) -> Rule {
        Rule { tool, pattern: (!pattern.is_empty()).then(|| pattern.to_owned()) }
    }

    pub fn bash(pattern: &str) -> Rule {
        Rule::new("Bash", pattern)
    }

    pub fn tool(&self) -> &'static str {
        self.tool
    }

    pub fn pattern(&self) -> Option<&str> {
        self.pattern.as_deref()
    }

    /// Whether it speaks of this one simple command, as it was typed.
    pub fn matches(&self, command: &str) -> bool {
        self.tool == "Bash" && self.pattern.as_deref().is_none_or(|pattern| matches(pattern, command.trim()))
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.pattern {
            Some(pattern) => write!(f, "{}({pattern})", self.tool),
            None => f.write_str(self.tool),
        }
    }
}

/// Whether the whole command fits the pattern.
fn matches(pattern: &str, command: &str) -> bool {
    if let Some(prefix) = pattern.strip_suffix(":*").or_else(|| pattern.strip_suffix(" *")) {
        return fits(prefix, command) || fits(&format!("{prefix} *"), command);
    }
    fits(pattern, command)
}

/// `*` is any run of letters; everything else is itself.
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// What becomes of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// A rule forbids it.
    Denied,
    /// A rule wants a person asked.
    Asked,
    /// It runs, and nobody is asked.
    Runs,
    /// No rule speaks of it, so that the mode decides: as a rule, a person is asked.
    Prompts,
}

/// Rules that belong together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    pub allow: Vec<Rule>,
    pub ask: Vec<Rule>,
    pub deny: Vec<Rule>,
}

impl Rules {
    /// What becomes of a command line that is given to the tool Bash.
    pub fn answer(&self, line: &str) -> Answer {
        let line = split(line);
        let is_any = |rules: &[Rule]| line.commands.iter().any(|command| is_spoken_of(rules, command));
        if is_any(&self.deny) {
            return Answer::Denied;
        }
        if is_any(&self.ask) {
            return Answer::Asked;
        }
        // Changing the folder before git is always asked: another repository has other hooks.
        let changes_folder = line.commands.iter().any(|command| command.program() == Some("cd"))
            && line.commands.iter().any(|command| command.program() == Some("git"));
        let runs = |command: &Command| {
            command.assignments.is_empty()
                && !command.writes
                && (is_read_only(command)
                    || self.allow.iter().any(|rule| unwrapped(&command.text).iter().any(|text| rule.matches(text))))
        };
        match line.is_plain && !changes_folder && !line.commands.is_empty() && line.commands.iter().all(runs) {
            true => Answer::Runs,
            false => Answer::Prompts,
        }
    }

    /// The rule that lets one of the line's commands run; whatever another rule says of it.
    pub fn allowed_by(&self, line: &str) -> Option<&Rule> {
        let line = split(line);
        let texts: Vec<&str> = line.commands.iter().flat_map(|command| unwrapped(&command.text)).collect();
        self.allow.iter().find(|rule| texts.iter().any(|text| rule.matches(text)))
    }
}

/// Whether one of these rules speaks of the command: as typed, without wrappers, past assignments.
fn is_spoken_of(rules: &[Rule], command: &Command) -> bool {
    let texts = unwrapped(past_assignments(command));
    rules.iter().any(|rule| texts.iter().any(|text| rule.matches(text)))
}

fn past_assignments(command: &Command) -> &str {
    let mut text = command.text.as_str();
    for assignment in &command.assignments {
        // Values between quotation marks may hold a space; the name tells where one begins.
        let name = assignment.split('=').next().unwrap_or_default();
        let Some(rest) = text.strip_prefix(name) else { break };
        let mut mark = None;
        let end = rest.find(|letter: char| {
            match (mark, letter) {
                (Some(open), _) if open == letter => mark = None,
                (None, '\'' | '"') => mark = Some(letter),
                _ => {}
            }
            mark.is_none() && letter.is_whitespace()
        });
        text = rest[end.unwrap_or(rest.len())..].trim_start();
    }
    text
}

/// The command as it was typed, and each time without one more of the wrappers that are taken off.
pub fn unwrapped(text: &str) -> Vec<&str> {
    let mut texts = vec![text];
    let mut rest = text;
    while let Some((first, mut after)) = rest.split_once(' ').map(|(first, after)| (first, after.trim_start())) {
        let is_flag = |word: &str| word.starts_with('-');
        let is_figure = |word: &str| word.starts_with(|letter: char| letter.is_ascii_digit());
        match first {
            "timeout" | "nice" | "stdbuf" => {
                while let Some((word, more)) = after.split_once(' ')
                    && (is_flag(word) || is_figure(word))
                {
                    after = more.trim_start();
                }
            }
            "time" | "nohup" => {}
            "xargs" if !is_flag(after) => {}
            _ => break,
        }
        texts.push(after);
        rest = after;
    }
    texts
}

/// The commands that the documentation names as running unasked because they only read; of git its reading forms that are common.
fn is_read_only(command: &Command) -> bool {
    const READ: [&str; 13] =
        ["ls", "cat", "echo", "pwd", "head", "tail", "grep", "wc", "which", "diff", "stat", "du", "cd"];
    const GIT: [&str; 4] = ["status", "log", "diff", "show"];
    const CHANGES: [&str; 8] = ["-delete", "-exec", "-execdir", "-ok", "-okdir", "-fprint", "-fls", "-fprintf"];
    let words = &command.words;
    match words.first().map(String::as_str) {
        // A pattern could stand for a file that is named like a flag.
        Some("find") => !has_pattern(command) && !words.iter().any(|word| CHANGES.contains(&word.as_str())),
        Some("git") => {
            !has_pattern(command)
                && words.get(1).is_some_and(|word| GIT.contains(&word.as_str()))
                && !words.iter().any(|word| word.starts_with("--output") || word == "--ext-diff")
        }
        Some(program) => READ.contains(&program),
        None => false,
    }
}

/// A pattern between quotation marks is not the shell's.
fn has_pattern(command: &Command) -> bool {
    let mut mark = None;
    command.text.chars().any(|letter| {
        match (mark, letter) {
            (Some(open), _) if open == letter => mark = None,
            (None, '\'' | '"') => mark = Some(letter),
            _ => {}
        }
        mark.is_none() && matches!(letter, '*' | '?' | '[')
    })
}
