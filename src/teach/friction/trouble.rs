//! The line that tells an error, folded so that the same error is one line wherever and whenever it comes.

use std::sync::LazyLock;

use regex::Regex;

use crate::session::command::is_shell;
use crate::session::{Role, Turn};

/// Lines of an output that are looked at: what fails says so at its beginning or at its end.
const FIRST: usize = 200;
const LAST: usize = 100;
/// Characters of a folded line.
const LONGEST: usize = 120;

static EXCEPTION: LazyLock<Regex> =
    LazyLock::new(|| expression(r"^(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Exit|Interrupt): \S"));
static SAYS_ERROR: LazyLock<Regex> =
    LazyLock::new(|| expression(r"^(?:error(?:\[\w+\])?|fatal|ERROR|Error|E  ?)(?::| )\s*\S"));
static TELLS: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"(?i)\b(?:error|fatal|failed|failure|cannot|can't|could not|couldn't|not found|no such file|denied|unknown|unrecognized|unexpected|invalid|refused|timed out|panicked|unable to|does not exist|missing|out of memory)\b",
    )
});

/// From what to what; in this order.
static FOLDS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (r#"\b[a-z][a-z0-9+.-]*://[^\s'"<>)]+"#, "<url>"),
        (r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b", "<id>"),
        (r"\[redacted:[^\]]*\]", "<secret>"),
        // A path from a root, from home or from here, or one with folders and an ending; a place in it goes with it.
        (r#"(?:~|\.{1,2})?(?:/[\w.@+~%-]+)+/?(?::\d+)*"#, "<path>"),
        (r"\b[\w.@+-]+<path>", "<path>"),
        (r"\b[\w-]+\.(?:rs|py|ts|tsx|js|jsx|go|c|h|cpp|java|md|toml|json|ya?ml|sh|txt|lock)\b(?::\d+)*", "<file>"),
        (r"\b0x[0-9a-fA-F]+\b|\b[0-9a-f]{40}\b|\b[0-9a-f]*\d[0-9a-f]*[a-f][0-9a-f]*\b", "<hash>"),
        (r"\b\d+(?:[.,:]\d+)*(?:%|ms|s|MiB|GiB|MB|GB|KB)?\b", "<n>"),
        (r#"'[^']*[ <][^']*'|"[^"]*[ <][^"]*""#, "'…'"),
        (r"\s+", " "),
    ]
    .map(|(pattern, into)| (expression(pattern), into))
    .into()
});

fn expression(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

/// The error that a failed call's output tells, folded; None where it failed without saying why.
pub fn trouble(turn: &Turn) -> Option<String> {
    if turn.role != Role::ToolOutput || !turn.is_error {
        return None;
    }
    let all: Vec<&str> = turn.text.lines().collect();
    let lines = all.iter().take(FIRST).chain(all.iter().skip(FIRST.max(all.len().saturating_sub(LAST))));
    let lines: Vec<&str> = lines.map(|line| bare(line)).filter(|line| !is_frame(line)).collect();
    let first = |pattern: &Regex| lines.iter().find(|line| pattern.is_match(line)).copied();
    let last = |pattern: &Regex| lines.iter().rev().find(|line| pattern.is_match(line)).copied();
    let is_program = turn
        .tool
        .as_deref()
        .is_some_and(|_| is_shell(&Turn { role: Role::ToolCall, text: String::new(), ..turn.clone() }));
    let line = last(&EXCEPTION).or_else(|| first(&SAYS_ERROR)).or_else(|| first(&TELLS));
    // A tool of the agent's own says what is wrong in its first line; a program may print anything there.
    let line = line.or_else(|| lines.first().copied().filter(|_| !is_program))?;
    let folded = fold(line);
    folded.contains(|letter: char| letter.is_alphabetic()).then_some(folded)
}

fn bare(line: &str) -> &str {
    line.trim().trim_start_matches("<tool_use_error>").trim_end_matches("</tool_use_error>").trim()
}

/// Lines that say that something failed, and nothing of what.
fn is_frame(line: &str) -> bool {
    line.is_empty()
        || line.starts_with("Exit code ")
        || line.starts_with("Error: Exit code ")
        || line.starts_with("Traceback (most recent call last)")
        || line.starts_with("Chunk ID:")
        || line.starts_with("Wall time:")
        || line.starts_with("Process exited with code")
        || line == "Output:"
}

/// Paths, addresses, hashes, figures and long quotations become their kind.
pub fn fold(line: &str) -> String {
    let mut folded = line.to_owned();
    for (pattern, into) in FOLDS.iter() {
        folded = pattern.replace_all(&folded, *into).into_owned();
    }
    let folded = folded.trim();
    match folded.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", folded[..end].trim_end()),
        None => folded.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn the_same_error_is_one_line_wherever_it_comes() {
        for (lines, folded) in [
            (
                &[
                    "error[E0308]: mismatched types at src/keep/mod.rs:12:4",
                    "error[E0308]: mismatched types at /w/b/lib.rs:9",
                ][..],
                "error[E0308]: mismatched types at <path>",
            ),
            (&["ModuleNotFoundError: No module named 'torch'"], "ModuleNotFoundError: No module named 'torch'"),
            (
                &["fatal: bad object 3f9ac01d22", "fatal: bad object 00aa11bb22cc33dd44ee55ff66aa77bb88cc99dd"],
                "fatal: bad object <hash>",
            ),
            (
                &["Timeout after 30s on https://a.example/x?y=1", "Timeout after 120s on http://b.example"],
                "Timeout after <n> on <url>",
            ),
            (&["cat: /home/ada/x y: No such file", "cat: ~/notes y: No such file"], "cat: <path> y: No such file"),
            (&["loader.py:3: error: Name 'x' is not defined"], "<file>: error: Name 'x' is not defined"),
            (&["CUDA out of memory. Tried to allocate 2.50 GiB"], "CUDA out of memory. Tried to allocate <n> GiB"),
            (&["no match for 'a long text of somebody'"], "no match for '…'"),
        ] {
            for line in lines {
                assert_eq!(fold(line), folded, "{line}");
            }
        }
        assert_eq!(fold(&"é ".repeat(400)).chars().count(), 120);
    }
}
