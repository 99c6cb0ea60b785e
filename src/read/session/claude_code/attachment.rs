//! Attachments: what the harness gave the model beside the conversation.

use serde_json::Error;

use crate::session::Role;

use super::super::draft::Draft;
use super::super::object::{self, field, word};
use super::super::words;
use super::{Record, user};

/// Kinds that only repeat the program's own lists and states, or name a file.
const SILENT: [&str; 31] = [
    "task_reminder",
    "todo_reminder",
    "todo",
    "deferred_tools_delta",
    "skill_listing",
    "agent_listing_delta",
    "mcp_instructions_delta",
    "command_permissions",
    "dynamic_skill",
    "invoked_skills",
    "date_change",
    "plan_mode",
    "plan_mode_exit",
    "plan_mode_reentry",
    "auto_mode",
    "auto_mode_exit",
    "ultra_effort_enter",
    "ultra_effort_exit",
    "budget_usd",
    "token_usage",
    "total_tokens_reminder",
    "output_token_usage",
    "batching_reminder_sent",
    "silent_turn_reminder",
    "read_truncation_notice",
    "compact_file_reference",
    "opened_file_in_ide",
    "already_read_file",
    "hook_cancelled",
    "compaction_reminder",
    "directory",
];

/// Kinds with one text under a name of their own.
const KNOWN: [&str; 7] = [
    "hook_additional_context",
    "hook_system_message",
    "diagnostics",
    "goal_status",
    "task_status",
    "critical_system_reminder",
    "teammate_mailbox",
];

pub(super) fn record(draft: &mut Draft, record: &Record) -> Result<(), Error> {
    let attachment = record.get("attachment").unwrap_or("null");
    let kind = word(field(attachment, "type"));
    let kind = kind.as_deref().unwrap_or("none");
    draft.passage.counts.record(&format!("attachment/{kind}"));
    let text = |name: &str| field(attachment, name).and_then(words::of);
    match kind {
        "queued_command" => user::queued(draft, record, attachment),
        "plan_file_reference" | "plan_file" => draft.say(Role::Plan, text("planContent").or_else(|| text("content"))),
        // On success `stderr` is the hook's own log; what the model got is the content or, without one, the output.
        "hook_success" | "async_hook_response" => {
            draft.say(Role::Injected, text("content").or_else(|| text("stdout")));
        }
        "hook_blocking_error" => {
            let error = field(attachment, "blockingError").unwrap_or("null");
            draft.fail(field(error, "blockingError").and_then(words::of).or_else(|| words::of(error)));
        }
        "hook_non_blocking_error" => {
            draft.fail(text("stderr"));
            draft.say(Role::Injected, text("stdout"));
        }
        "file" | "nested_memory" => {
            let content = field(attachment, "content").unwrap_or("null");
            let file = field(content, "file").unwrap_or(content);
            let inside = field(file, "content").and_then(words::of).or_else(|| words::of(file));
            draft.say(Role::Injected, named(text("filename").or_else(|| text("path")), inside));
        }
        "edited_text_file" | "selected_lines_in_ide" => {
            draft.say(Role::Injected, named(text("filename"), text("snippet").or_else(|| text("content"))));
        }
        silent if SILENT.contains(&silent) => {}
        other => {
            if !KNOWN.contains(&other) {
                draft.passage.counts.is_unknown(&format!("attachment/{other}"));
            }
            let aside = ["type", "hookName", "hookEvent", "toolUseID", "taskId", "outputFilePath"];
            let content = field(attachment, "content").filter(|content| !object::is_object(content));
            draft.say(Role::Injected, content.and_then(words::of).or_else(|| words::without(attachment, &aside)));
        }
    }
    Ok(())
}

/// What a file holds, under its name.
fn named(name: Option<String>, inside: Option<String>) -> Option<String> {
    match (name, inside) {
        (Some(name), Some(inside)) => Some(format!("{name}\n{inside}")),
        (name, inside) => inside.or(name),
    }
}
