//! The commands that an agent gave to a shell, taken apart as the shell would.
//!
//! Only as far as counting and comparing need it: words, quotation marks, what separates one command from the next, where output
//! goes. Nothing is expanded and nothing is run. What stands in `$(…)`, backticks and parentheses is told as commands of its own,
//! and the line is no longer plain.

mod line;
mod name;

use super::{Role, Turn};

pub use line::split;
pub use name::has_subcommands;

/// A command line, command by command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommandLine {
    /// In their order; those of a substitution come after what they stand in.
    pub commands: Vec<Command>,
    /// Commands joined by `&&`, `||`, `;`, `|`, `&` and line ends, and nothing else: no substitution, loop, condition or subshell.
    pub is_plain: bool,
}

/// One simple command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Command {
    /// As it was typed, without what leads its output elsewhere.
    pub text: String,
    /// `NAME=value` before the program.
    pub assignments: Vec<String>,
    /// The program and its arguments, without their quotation marks.
    pub words: Vec<String>,
    /// Its output goes to a file.
    pub writes: bool,
}

/// Tools that run a shell's command line, in lower case: Claude Code's and those of Codex, by version.
const SHELLS: [&str; 6] = ["bash", "shell", "local_shell", "exec_command", "shell_command", "container.exec"];

/// Other fields of such a call. A call is kept with a line for each of its fields, and a command has lines of its own: it ends where
/// one of these begins.
const FIELDS: [&str; 22] = [
    "description",
    "timeout",
    "run_in_background",
    "dangerouslyDisableSandbox",
    "sandbox",
    "workdir",
    "working_directory",
    "cwd",
    "timeout_ms",
    "justification",
    "with_escalated_permissions",
    "sandbox_permissions",
    "additional_permissions",
    "prefix_rule",
    "yield_time_ms",
    "max_output_tokens",
    "login",
    "shell",
    "tty",
    "env",
    "type",
    "restart",
];

/// Whether a turn calls a shell.
pub fn is_shell(turn: &Turn) -> bool {
    let is_one = |tool: &str| SHELLS.iter().any(|shell| tool.eq_ignore_ascii_case(shell));
    turn.role == Role::ToolCall && turn.tool.as_deref().is_some_and(is_one)
}

/// The command line that a call of a shell gives it; None for any other turn, and where the call names none.
pub fn command_line(turn: &Turn) -> Option<String> {
    if !is_shell(turn) {
        return None;
    }
    let command = field(&turn.text, "command").or_else(|| field(&turn.text, "cmd"))?;
    let command = match command {
        Field::Text(text) => text,
        Field::List(items) => match &items[..] {
            [shell, flag, script @ ..] if is_script(shell, flag) => script.join("\n"),
            words => words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "),
        },
    };
    (!command.trim().is_empty()).then(|| command.trim().to_owned())
}

/// Whether the call itself asks for leave: Codex does so for what its sandbox would stop.
pub fn asks_leave(turn: &Turn) -> bool {
    is_shell(turn)
        && turn
            .text
            .lines()
            .any(|line| matches!(line, "with_escalated_permissions: true" | "sandbox_permissions: require_escalated"))
}

enum Field {
    Text(String),
    List(Vec<String>),
}

/// A field of a call as it is kept: `name: text`, or `name:` and a line for each item.
fn field(call: &str, name: &str) -> Option<Field> {
    let is_other = |line: &str| {
        line.split_once(':').is_some_and(|(key, rest)| {
            FIELDS.contains(&key) && key != name && (rest.is_empty() || rest.starts_with(' '))
        })
    };
    let mut lines = call.lines().skip_while(|line| {
        !line
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix(':'))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    });
    let first = lines.next()?.get(name.len() + 1..)?;
    let rest: Vec<&str> = lines.take_while(|line| !is_other(line)).collect();
    if first.is_empty() {
        return Some(Field::List(rest.into_iter().map(str::to_owned).collect()));
    }
    let text = [&first[1..]].into_iter().chain(rest).collect::<Vec<_>>().join("\n");
    Some(Field::Text(text))
}

/// `bash -lc SCRIPT`.
fn is_script(shell: &str, flag: &str) -> bool {
    let program = shell.rsplit('/').next().unwrap_or(shell);
    matches!(program, "bash" | "sh" | "zsh" | "dash") && matches!(flag, "-c" | "-lc")
}

fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "/._-+:@%=,~*".contains(letter);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}
