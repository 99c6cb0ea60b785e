//! What Claude Code gives a hook on its standard input, as far as it says how a session stands
//! (<https://code.claude.com/docs/en/hooks#hook-input>).

use std::path::PathBuf;

use serde::Deserialize;

use crate::session::sign::Word;

/// Of an id, in bytes; a session's has 36.
const MOST_ID: usize = 128;
/// Of a path, in bytes, as Linux has it.
const MOST_PATH: usize = 4_096;

/// What a hook said, without the words that people or agents wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub session: String,
    pub word: Word,
    pub transcript: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Input {
    hook_event_name: String,
    session_id: String,
    #[serde(default)]
    transcript_path: Option<PathBuf>,
    /// Of a notification: the sort of it, which older versions do not say.
    #[serde(default)]
    notification_type: Option<String>,
    #[serde(default)]
    message: Option<String>,
}

/// What these bytes say; None where it is no event that says how a session stands, or nothing that we understand.
pub fn hook(bytes: &[u8]) -> Option<Said> {
    let input: Input = serde_json::from_slice(bytes).ok()?;
    let word = match input.hook_event_name.as_str() {
        "SessionStart" => Word::Started,
        "SessionEnd" => Word::Ended,
        "Stop" => Word::Done,
        "Notification" => notification(input.notification_type.as_deref(), input.message.as_deref())?,
        _ => return None,
    };
    let is_sign = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    let is_id = (1..=MOST_ID).contains(&input.session_id.len()) && input.session_id.chars().all(is_sign);
    let transcript = input.transcript_path.filter(|path| path.is_absolute() && path.as_os_str().len() <= MOST_PATH);
    is_id.then_some(Said { session: input.session_id, word, transcript })
}

/// Some notifications tell of something that is over.
fn notification(kind: Option<&str>, message: Option<&str>) -> Option<Word> {
    match kind {
        Some("permission_prompt") => Some(Word::AsksLeave),
        Some("idle_prompt" | "elicitation_dialog") => Some(Word::AsksAnswer),
        Some(_) => None,
        // The two that older versions know, by their first words.
        None => match message.unwrap_or_default() {
            message if message.starts_with("Claude needs your permission") => Some(Word::AsksLeave),
            message if message.starts_with("Claude is waiting") => Some(Word::AsksAnswer),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, word: Option<Word>) {
        assert_eq!(hook(input.as_bytes()).map(|said| said.word), word, "{input}");
    }

    fn event(name: &str, more: &str) -> String {
        format!(
            r#"{{"session_id":"0b9d2c1e-5a4f","transcript_path":"/p/0b9d.jsonl","cwd":"/p","hook_event_name":"{name}"{more}}}"#
        )
    }

    #[test]
    fn four_events_say_how_a_session_stands() {
        check(&event("SessionStart", r#","source":"resume""#), Some(Word::Started));
        check(&event("SessionEnd", r#","reason":"prompt_input_exit""#), Some(Word::Ended));
        check(&event("Stop", r#","stop_hook_active":false,"last_assistant_message":"It is done.""#), Some(Word::Done));
        check(&event("Notification", r#","notification_type":"permission_prompt""#), Some(Word::AsksLeave));
        check(&event("Notification", r#","notification_type":"idle_prompt","message":"…""#), Some(Word::AsksAnswer));
        check(
            &event("Notification", r#","message":"Claude needs your permission to use Bash""#),
            Some(Word::AsksLeave),
        );
        check(&event("Notification", r#","message":"Claude is waiting for your input""#), Some(Word::AsksAnswer));
    }

    #[test]
    fn what_says_nothing_of_it_or_is_none_of_ours_is_passed_over() {
        for input in [
            "",
            "null",
            "[]",
            "{}",
            "{\"hook_event_name\":\"Stop\"}",
            "{\"hook_event_name\":7,\"session_id\":\"a\"}",
            "\u{0}\u{1}",
            r#"{"hook_event_name":"Stop","session_id":"../../etc/passwd"}"#,
            r#"{"hook_event_name":"Stop","session_id":""}"#,
            &event("PreToolUse", ""),
            &event("SubagentStop", ""),
            &event("Notification", r#","notification_type":"auth_success""#),
            &event("Notification", ""),
            &"[".repeat(100_000),
        ] {
            check(input, None);
        }
        let long = format!(r#"{{"hook_event_name":"Stop","session_id":"{}"}}"#, "a".repeat(129));
        check(&long, None);
        let relative = r#"{"hook_event_name":"Stop","session_id":"a","transcript_path":"../a.jsonl"}"#;
        assert_eq!(hook(relative.as_bytes()).unwrap().transcript, None);
    }
}
