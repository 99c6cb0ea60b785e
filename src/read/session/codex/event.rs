//! Events that the program showed: mostly second copies of items, and what was spent.

use crate::session::{Lines, Role};

use super::super::draft::{Draft, TitleOrigin, Tokens};
use super::super::object::{self, field, number, word};
use super::super::words;
use super::{EVENT, say};

/// Events of which nothing is a text, or only a copy of an item.
const SILENT: [&str; 26] = [
    "task_started",
    "turn_started",
    "task_complete",
    "turn_complete",
    "turn_aborted",
    "context_compacted",
    "exec_command_end",
    "patch_apply_end",
    "mcp_tool_call_end",
    "web_search_begin",
    "image_generation_end",
    "view_image_tool_call",
    "dynamic_tool_call_request",
    "dynamic_tool_call_response",
    "collab_agent_spawn_end",
    "collab_agent_interaction_end",
    "collab_waiting_end",
    "collab_close_end",
    "collab_resume_end",
    "sub_agent_activity",
    "thread_settings_applied",
    "guardian_assessment",
    "undo_completed",
    "model_reroute",
    "account/rateLimits/updated",
    "session_configured",
];

pub(super) fn read(draft: &mut Draft, event: &str) {
    let kind = word(field(event, "type"));
    let kind = kind.as_deref().unwrap_or("none");
    let text = |name: &str| field(event, name).and_then(words::of);
    match kind {
        "user_message" => say(draft, EVENT, Role::Prompt, text("message")),
        "agent_message" => say(draft, EVENT, Role::Answer, text("message")),
        "agent_reasoning" | "agent_reasoning_raw_content" => say(draft, EVENT, Role::Thinking, text("text")),
        "token_count" => spent(draft, field(event, "info").unwrap_or("null")),
        "thread_name_updated" => draft.title(TitleOrigin::Program, field(event, "thread_name")),
        "thread_goal_updated" => {
            draft.say(Role::Plan, field(event, "goal").and_then(|goal| field(goal, "objective")).and_then(words::of));
        }
        "thread_rolled_back" => roll_back(draft, number(field(event, "num_turns")).unwrap_or(0)),
        // The call is an item; what was found stands only here.
        "web_search_end" => {
            draft.tool(Role::ToolOutput, Some("web_search".into()), text("results"), false);
        }
        "entered_review_mode" => draft.say(Role::Injected, text("prompt").or_else(|| text("user_facing_hint"))),
        "exited_review_mode" => draft.say(Role::Answer, text("review_output")),
        // Of these only a plan has no item of its own.
        "item_completed" => {
            let item = field(event, "item").unwrap_or("null");
            if word(field(item, "type")).as_deref() == Some("Plan") {
                draft.say(Role::Plan, field(item, "text").and_then(words::of));
            }
        }
        "error" | "stream_error" | "warning" => {
            let inner = field(event, "error").and_then(|error| field(error, "message")).and_then(words::of);
            draft.fail(text("message").or(inner));
        }
        silent if SILENT.contains(&silent) => {}
        unknown => draft.passage.counts.is_unknown(&format!("event/{unknown}")),
    }
}

/// The person took back the last turns.
fn roll_back(draft: &mut Draft, turns: u64) {
    let prompts = &mut draft.memory.prompts;
    let kept = prompts.len().saturating_sub(usize::try_from(turns).unwrap_or(usize::MAX));
    let Some((_, first)) = prompts.get(kept).copied() else { return };
    prompts.truncate(kept);
    draft.passage.facts.abandon(Lines { first, last: draft.line });
}

/// Counts of a session run on from its start and are told again unchanged: what was spent is what they grew by. Where they
/// shrank, the program began to count anew.
fn spent(draft: &mut Draft, info: &str) {
    let Some(total) = field(info, "total_token_usage").and_then(figures) else { return };
    let before = std::mem::replace(&mut draft.memory.told, total);
    let grown = match before.iter().zip(&total).all(|(before, now)| before <= now) {
        true => [0, 1, 2, 3].map(|at| total[at] - before[at]),
        false => field(info, "last_token_usage").and_then(figures).unwrap_or(total),
    };
    if grown == [0; 4] {
        return;
    }
    let [input, cached, written, output] = grown;
    // A fork repeats its parent's counts: with the parent's name and the same totals they are known to be the same.
    let root = draft.memory.root.as_deref().unwrap_or("codex");
    let message = format!("{root}:{}-{}-{}-{}", total[0], total[1], total[2], total[3]);
    let tokens = Tokens {
        input: input.saturating_sub(cached).saturating_sub(written),
        output,
        cache_write_5m: written,
        cache_write_1h: 0,
        cache_read: cached,
    };
    draft.spend(&message, &tokens);
}

/// Input with what is cached and written to the cache, these two, and output with thoughts.
fn figures(usage: &str) -> Option<[u64; 4]> {
    let names = ["input_tokens", "cached_input_tokens", "cache_write_input_tokens", "output_tokens"];
    Some(object::fields(usage, &names)?.map(|figure| number(figure).unwrap_or(0)))
}
