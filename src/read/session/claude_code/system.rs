//! What the program says of itself: states, errors, and what a local command put out.

use serde_json::Error;

use crate::session::Role;

use super::super::draft::Draft;
use super::super::object::{self, field};
use super::super::{envelope, words};
use super::Record;

pub(super) fn record(draft: &mut Draft, record: &Record) -> Result<(), Error> {
    let subtype = record.word("subtype");
    let subtype = subtype.as_deref().unwrap_or("none");
    let kind = format!("system/{subtype}");
    draft.passage.counts.record(&kind);
    let content = record.get("content").and_then(words::of);
    match subtype {
        // They say nothing but that it happened.
        "compact_boundary" | "microcompact_boundary" | "turn_duration" | "bridge_status" => {}
        // What was going on, for a person who comes back.
        "away_summary" => draft.say(Role::Summary, content),
        "local_command" => {
            for (role, part) in content.map(envelope::open).unwrap_or_default() {
                draft.say(role, words::said(part));
            }
        }
        "scheduled_task_fire" => draft.say(Role::Injected, content),
        "stop_hook_summary" => {
            for name in ["hookErrors", "hookAdditionalContext"] {
                if let Some(list) = record.get(name).filter(|list| object::is_list(list)) {
                    match name {
                        "hookErrors" => draft.fail(words::of(list)),
                        _ => draft.say(Role::Injected, words::of(list)),
                    }
                }
            }
        }
        "api_error" | "error" => draft.fail(content.or_else(|| error(record))),
        "informational" | "model_refusal_fallback" | "api_refusal" | "none" => draft.say(Role::Note, content),
        _ => {
            draft.passage.counts.is_unknown(&kind);
            draft.say(Role::Note, content);
        }
    }
    Ok(())
}

/// The words of an error, which lie in several places.
fn error(record: &Record) -> Option<String> {
    let error = record.get("error")?;
    if !object::is_object(error) {
        return words::of(error);
    }
    let inner = field(error, "error").filter(|inner| object::is_object(inner)).unwrap_or(error);
    let inner = field(inner, "error").filter(|inner| object::is_object(inner)).unwrap_or(inner);
    field(inner, "message").or(field(error, "message")).and_then(words::of).or_else(|| {
        // Headers of the answer are no words, and may hold ids of an account.
        words::without(error, &["headers", "requestID", "rateLimits"])
    })
}
