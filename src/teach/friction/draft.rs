//! A draft of a line for CLAUDE.md: what not to do, and what to do instead, from templates of our own.
//!
//! Where the sessions do not say what to do instead, it is a hint and says so: a person knows.

use super::correction::{Correction, Shape};

/// A line to start from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub line: String,
    /// It says what was met, and a person must say what to do.
    pub is_hint: bool,
}

fn line(line: impl Into<String>) -> Draft {
    Draft { line: line.into(), is_hint: false }
}

fn hint(line: impl Into<String>) -> Draft {
    Draft { line: line.into(), is_hint: true }
}

/// What to do instead of a command, as far as there is one thing.
const INSTEAD: &[(&str, &str)] = &[
    ("git push --force", "push a new commit, or ask first"),
    ("git push --delete", "ask first"),
    ("git push", "say that it is ready; a person pushes"),
    ("git reset --hard", "`git stash` puts changes away and keeps them"),
    ("git clean -f", "name the files, and ask first"),
    ("git checkout --", "`git stash` puts changes away and keeps them"),
    ("git restore", "`git stash` puts changes away and keeps them"),
    ("git commit --no-verify", "mend what the hook says"),
    ("git commit --amend", "make a new commit"),
    ("git commit", "show the diff and wait until a person asks for a commit"),
    ("git add -A", "name the files that belong to the change"),
    ("git rebase", "ask first"),
    ("rm -rf", "move it aside, or name the files and ask first"),
    ("rm -r", "move it aside, or name the files and ask first"),
    ("rm", "name the files and ask first"),
    ("find -delete", "list what would go, and ask first"),
    ("sed -i", "edit the file with the editing tool, so that the change is shown"),
    ("pip install", "say which package is missing and ask first"),
    ("npm install", "say which package is missing and ask first"),
    ("python -c", "write a small script that can be read and kept"),
    ("python3 -c", "write a small script that can be read and kept"),
    ("sudo", "say what needs it; a person runs it"),
    ("curl", "say which address is needed and ask first"),
    ("wget", "say which address is needed and ask first"),
    ("sbatch", "show the script and ask first: a job costs hours of a GPU"),
    ("scancel", "name the job and ask first"),
];

/// Of a command or a tool that a person did not let through.
pub fn of_denied(what: &str, is_command: bool) -> Draft {
    if !is_command {
        return match what {
            "a plan" => hint("Plans came back: write down here what a plan must hold before it is shown."),
            _ => hint(format!("{what} was turned down: write down here when it is wanted.")),
        };
    }
    match INSTEAD.iter().find(|(command, _)| *command == what) {
        Some((_, instead)) => line(format!("Do not run `{what}`; {instead}.")),
        None => line(format!("Do not run `{what}` unasked; say why it is needed and wait.")),
    }
}

/// Of a call that the settings denied.
pub fn of_ruled_out(what: &str, is_command: bool) -> Draft {
    match is_command {
        true => line(format!("Do not try `{what}`: the settings here deny it.")),
        false => hint(format!("The settings here deny {what}: write down what to do instead.")),
    }
}

/// Of a call that waited for a person who was not there.
pub fn of_unanswered(what: &str, is_command: bool) -> Draft {
    match is_command {
        true => hint(format!("`{what}` waits for leave: `tidings lessons permissions` says whether it is harmless.")),
        false => hint(format!("{what} waits for leave: allow it in the settings, or say here to do without.")),
    }
}

/// Of an error, with the command that met it most often.
pub fn of_error(error: &str, command: Option<&str>) -> Draft {
    let between = |before: &str, after: &str| {
        let rest = &error[error.find(before)? + before.len()..];
        let name = rest[..rest.find(after)?].trim_matches(['\'', '"', '`', ' ', ':']);
        let is_name = !name.is_empty() && name.len() <= 40 && !name.contains([' ', '<', '…']);
        is_name.then(|| name.to_owned())
    };
    let has = |words: &str| error.contains(words);
    if let Some(module) = between("No module named '", "'") {
        return line(format!("Run Python in the project's environment: outside of it `{module}` is missing."));
    }
    if let Some(before) = error.strip_suffix(": command not found").or_else(|| error.strip_suffix(": not found"))
        && let Some(program) =
            before.split([' ', ':']).next_back().filter(|name| !name.is_empty() && !name.contains('<'))
    {
        return line(format!("Do not call `{program}`: it is not installed here."));
    }
    if has("has not been read yet") {
        return line("Read a file before you edit it.");
    }
    if has("modified since read") || has("has been modified") {
        return line("Read a file again before you edit it: formatters and people change it meanwhile.");
    }
    if has("String to replace not found") {
        return line("Read the lines again right before an edit, and copy them letter by letter.");
    }
    if has("matches of the string to replace") {
        return line("Give an edit enough lines around it to fit one place only.");
    }
    if has("not a git repository") {
        return line("Go to the repository's folder before git; this project has several.");
    }
    if has("exceeds maximum allowed") {
        return line("Read long files in parts, or search them first.");
    }
    if has("unrecognized arguments")
        || has("unexpected argument")
        || has("unknown option")
        || has("unrecognized option")
    {
        let program = command.map_or("a program".to_owned(), |command| format!("`{command}`"));
        return line(format!("Ask {program} for `--help` before you guess its flags."));
    }
    if has("non-fast-forward") || has("failed to push some refs") {
        return line("Fetch and look before a push; do not force it.");
    }
    if has("out of memory") {
        return hint("Memory runs out: write down here the batch size and the machine that fit.");
    }
    if has("No such file or directory") || has("does not exist") || has("ENOENT") {
        return hint("Paths are guessed: write down here where things lie, and look with `ls` first.");
    }
    if has("timed out") || has("Timeout") {
        let what = command.map_or("Some commands take".to_owned(), |command| format!("`{command}` takes"));
        return hint(format!("{what} long: say here how long, and to run it in the background."));
    }
    match command {
        Some(command) => hint(format!("`{command}` often ends so: write down here what mends it.")),
        None => hint("It comes again and again: write down here what mends it."),
    }
}

/// Of a correction.
pub fn of_correction(correction: &Correction) -> Draft {
    match &correction.shape {
        Shape::Use { this, not: Some(not) } => line(format!("Do not use `{not}`; use `{this}`.")),
        Shape::Use { this, not: None } => line(format!("Use `{this}`.")),
        Shape::Dont(_) if is_participle(&correction.words) => line(format!("No {}.", correction.words)),
        Shape::Dont(_) => line(format!("Do not {}.", correction.words)),
        Shape::Always(_) => line(format!("Always {}.", correction.words)),
        Shape::Said => hint("You say things twice: what you asked for belongs here, so that it is not forgotten."),
        Shape::Undo => hint("Changes are taken back: write down here what must not be touched unasked."),
        Shape::Wrong => hint("Results are wrong: write down here how to check before saying that it is done."),
        Shape::No => hint("You often begin with no: look at what was done before, and write down what not to do."),
    }
}

/// "stop adding comments" leaves "adding comments".
fn is_participle(words: &str) -> bool {
    words.split(' ').next().is_some_and(|first| first.len() > 5 && first.ends_with("ing"))
}
