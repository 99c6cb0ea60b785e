//! What the model said, the tools it called, and what that cost.

use std::sync::Arc;

use crate::session::Role;

use super::super::draft::{Draft, Tokens};
use super::super::object::{self, field, number, word};
use super::super::words;
use super::{Record, user};

/// The model's name in records that the program itself wrote: errors, "No response requested."
const SYNTHETIC: &str = "<synthetic>";

pub(super) fn record(draft: &mut Draft, record: &Record) {
    let content = record.get("message").and_then(|message| field(message, "content")).unwrap_or("null");
    let is_synthetic = is_synthetic(record);
    if object::is_string(content) {
        return say(draft, record, is_synthetic, content);
    }
    if object::is_object(content) {
        return read_block(draft, record, is_synthetic, content);
    }
    object::every_item(content, |block| read_block(draft, record, is_synthetic, block));
}

/// What a record cost. It is asked of repeated records as well: the same figures change nothing.
pub(super) fn spend(draft: &mut Draft, record: &Record) {
    let message = record.get("message").unwrap_or("null");
    let Some([model, id, usage]) = object::fields(message, &["model", "id", "usage"]) else { return };
    if is_synthetic(record) {
        return;
    }
    draft.speak(word(model).as_deref());
    let Some(tokens) = usage.and_then(tokens) else { return };
    let message = word(id).or_else(|| record.word("requestId")).or_else(|| record.word("uuid"));
    // Without any id it is nobody's copy: its place is its name.
    let place = || format!("{}:{}", record.word("sessionId").unwrap_or_default(), draft.line).into();
    let message = message.unwrap_or_else(place);
    draft.spend(&message, &tokens);
}

fn is_synthetic(record: &Record) -> bool {
    let model = record.get("message").and_then(|message| word(field(message, "model")));
    record.is("isApiErrorMessage") || model.as_deref() == Some(SYNTHETIC)
}

fn say(draft: &mut Draft, record: &Record, is_synthetic: bool, json: &str) {
    let text = words::of(json);
    match is_synthetic {
        true if record.is("isApiErrorMessage") => draft.fail(text),
        true => draft.say(Role::Note, text),
        false => draft.say(Role::Answer, text),
    }
}

fn read_block(draft: &mut Draft, record: &Record, is_synthetic: bool, block: &str) {
    let names = ["type", "text", "thinking", "id", "name", "input", "content", "tool_use_id", "is_error"];
    let Some([kind, text, thinking, id, name, input, content, answers, is_error]) = object::fields(block, &names)
    else {
        return;
    };
    match word(kind).as_deref() {
        Some("text") => {
            if let Some(text) = text {
                say(draft, record, is_synthetic, text);
            }
        }
        // Since 2.1.78 most have no text, only a signature.
        Some("thinking") => draft.say(Role::Thinking, thinking.and_then(words::of)),
        Some("tool_use" | "server_tool_use" | "mcp_tool_use") => call(draft, id, name, input.unwrap_or("null")),
        Some("redacted_thinking" | "fallback") => {}
        // Of a tool that ran at the service: `web_search_tool_result`, `advisor_tool_result`.
        Some(result) if result.ends_with("_tool_result") => {
            let tool = word(answers).and_then(|id| draft.memory.answer(&id));
            let text = content.and_then(|content| user::answer(draft, content));
            draft.tool(Role::ToolOutput, tool, text, object::is_true(is_error));
        }
        other => {
            draft.passage.counts.is_unknown(&format!("block/{}", other.unwrap_or("none")));
            draft.say(Role::Note, text.and_then(words::of));
        }
    }
}

fn call(draft: &mut Draft, id: Option<&str>, name: Option<&str>, input: &str) {
    let tool: Arc<str> = word(name).as_deref().unwrap_or("unnamed").into();
    if let Some(id) = word(id) {
        draft.memory.call(&id, &tool);
    }
    if &*tool == "ExitPlanMode"
        && let Some(plan) = field(input, "plan")
    {
        draft.tool(Role::Plan, Some(Arc::clone(&tool)), words::of(plan), false);
        return draft.tool(Role::ToolCall, Some(tool), words::without(input, &["plan"]), false);
    }
    draft.tool(Role::ToolCall, Some(tool), words::of(input), false);
}

/// The figures of `usage`; None if there is none. Writes to the cache that are not divided count as of five minutes.
fn tokens(usage: &str) -> Option<Tokens> {
    let names =
        ["input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "cache_creation"];
    let [input, output, cache_read, cache_write, divided] = object::fields(usage, &names)?;
    let divided = divided
        .and_then(|divided| object::fields(divided, &["ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"]));
    let [five_minutes, hour] = divided.unwrap_or_default();
    let hour = number(hour).unwrap_or(0);
    let all = number(cache_write).unwrap_or_else(|| hour + number(five_minutes).unwrap_or(0));
    Some(Tokens {
        input: number(input).unwrap_or(0),
        output: number(output).unwrap_or(0),
        cache_write_5m: all.saturating_sub(hour),
        cache_write_1h: hour.min(all),
        cache_read: number(cache_read).unwrap_or(0),
    })
}
