//! How transcripts write down that a call was not let through.
//!
//! Claude Code tells it as the call's own output, in sentences that its versions share; Codex in shorter ones
//! (codex-rs, `exec command rejected by user`). What was asked and then granted is written down by neither.

use crate::session::{Role, Turn};

/// Who did not let a call through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denial {
    /// A person, with what was said at it.
    Person(Option<String>),
    /// A rule of the settings, or a judge that the program asks.
    Rule,
    /// A person was to be asked, and none was there.
    Unanswered,
}

const PERSON: [&str; 6] = [
    "The user doesn't want to proceed with this tool use",
    "The user doesn't want to take this action right now",
    "[Request interrupted by user",
    "exec command rejected by user",
    "patch rejected by user",
    "rejected by user",
];

/// What the person said follows one of these.
const SAID: [&str; 2] = ["the user said:", "the following reason for the rejection:"];

const RULE: [&str; 4] = [
    "Permission for this action was denied by",
    "File is in a directory that is denied by your permission settings",
    "This action was rejected due to unacceptable risk",
    "Permission to use",
];

const UNANSWERED: [&str; 3] = [
    "This command requires approval",
    "This Bash command contains multiple operations. The following part requires approval",
    "This Bash command contains multiple operations. The following parts require approval",
];

/// Whether this output says that its call was not let through. A program that prints such a sentence prints it behind other words, or
/// does not fail.
pub fn denial(turn: &Turn) -> Option<Denial> {
    if turn.role != Role::ToolOutput {
        return None;
    }
    let text = turn.text.trim_start();
    let text = text.strip_prefix("<tool_use_error>").or_else(|| text.strip_prefix("Error: ")).unwrap_or(text);
    let begins = |sentences: &[&str]| sentences.iter().any(|sentence| text.starts_with(sentence));
    if begins(&PERSON) {
        let said = SAID.iter().find_map(|opening| text.split_once(opening)).map(|(_, said)| said.trim().to_owned());
        return Some(Denial::Person(said.filter(|said| !said.is_empty())));
    }
    if begins(&RULE) && (text.contains("denied") || text.contains("rejected")) {
        return Some(Denial::Rule);
    }
    let is_unanswered =
        text.starts_with("Claude requested permissions to") && text.contains("you haven't granted it yet");
    (is_unanswered || begins(&UNANSWERED)).then_some(Denial::Unanswered)
}
