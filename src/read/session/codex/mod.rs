//! Codex rollouts: `{timestamp, type, payload}` a line, and before that bare items; compressed ones are unpacked by whoever
//! reads files.
//!
//! Read with codex-rs/rollout and codex-rs/protocol of 2026 in view (<https://github.com/openai/codex>, Apache-2.0), and files
//! of versions 0.50 to 0.146. Most texts stand twice, as a `response_item` and as an `event_msg`, in either order: the first is
//! taken and the second left out. Outputs that events repeat (`exec_command_end`, `mcp_tool_call_end`), the history that a
//! compaction puts in place of another, and instructions of the program are left out.

mod item;
mod event;

use std::borrow::Cow;

use serde_json::Error;

use crate::session::Role;

use super::draft::{Draft, moment};
use super::object::{self, field, word};
use super::{envelope, words};

/// Where a text stands.
const ITEM: u8 = 0;
const EVENT: u8 = 1;

/// Reads one record.
pub(super) fn record(draft: &mut Draft, json: &str) -> Result<(), Error> {
    let names = ["timestamp", "created_at", "type", "payload", "record_type", "role"];
    let [timestamp, created, kind, payload, record_type, role] = object::try_fields(json, &names)?;
    draft.at = moment(timestamp.or(created));
    let kind = word(kind);
    let Some(payload) = payload.filter(|payload| object::is_object(payload)) else {
        bare(draft, json, kind.as_deref(), record_type.is_some(), role.is_some());
        return Ok(());
    };
    let kind = kind.unwrap_or(Cow::Borrowed("none"));
    match &*kind {
        "session_meta" => meta(draft, payload),
        "turn_context" => {
            let [cwd, model] = object::fields(payload, &["cwd", "model"]).unwrap_or_default();
            draft.set(word(cwd).as_deref(), None, None, word(model).as_deref());
        }
        "response_item" => item::read(draft, payload),
        "event_msg" => event::read(draft, payload),
        "compacted" => draft.say(Role::Summary, field(payload, "message").and_then(words::of)),
        "inter_agent_communication" => {
            draft.say(Role::Task, field(payload, "content").or(field(payload, "message")).and_then(words::of));
        }
        // The text of these lies in the file they name, which is a session of its own.
        "rollout_reference" | "fork_reference" => {}
        "world_state" | "inter_agent_communication_metadata" => {}
        unknown => draft.passage.counts.is_unknown(unknown),
    }
    draft.passage.counts.record(&kind);
    Ok(())
}

/// A line of an older file: the session's own data first, then items without an envelope.
fn bare(draft: &mut Draft, json: &str, kind: Option<&str>, is_state: bool, has_role: bool) {
    draft.passage.counts.record(kind.unwrap_or(if has_role { "message" } else { "none" }));
    match kind {
        Some(_) => item::read(draft, json),
        None if has_role => item::read(draft, json),
        None if is_state => {}
        None if field(json, "id").is_some() => meta(draft, json),
        None => draft.passage.counts.is_unknown("none"),
    }
}

/// The head of a session. A fork has its parent's head as well, after its own.
fn meta(draft: &mut Draft, json: &str) {
    let names =
        ["id", "cwd", "cli_version", "git", "forked_from_id", "parent_thread_id", "agent_nickname", "agent_role"];
    let Some([id, cwd, version, git, forked, parent, nickname, role]) = object::fields(json, &names) else { return };
    draft.passage.facts.happened(draft.at);
    if draft.memory.root.is_some() {
        return;
    }
    let branch = git.and_then(|git| word(field(git, "branch")));
    draft.set(word(cwd).as_deref(), branch.as_deref(), word(version).as_deref(), None);
    let plain = |word: Cow<str>| Box::from(&*word);
    let forked = word(forked).map(plain);
    let parent = word(parent).map(plain);
    draft.memory.root = forked.clone().or_else(|| word(id).map(plain));
    draft.passage.facts.session = word(id).map(plain);
    if parent.is_some() {
        // A thread that another one spawned: what it is told comes from an agent.
        let name = word(nickname).or_else(|| word(role)).unwrap_or(Cow::Borrowed("subagent"));
        draft.memory.subagent = Some((&*name).into());
    }
    draft.passage.facts.parent = parent.or(forked);
}

/// A text that may stand in a record of the other kind as well.
fn say(draft: &mut Draft, place: u8, role: Role, text: Option<String>) {
    let Some(text) = text else { return };
    if draft.memory.copies.is_second(place, &text) {
        return;
    }
    draft.memory.copies.expect(place, &text);
    if draft.memory.setting.cwd.is_none()
        && let Some(folder) = envelope::folder(&text)
    {
        // The head of an older file does not say where it was.
        draft.set(Some(folder), None, None, None);
    }
    if role != Role::Prompt {
        return draft.say(role, Some(text));
    }
    if envelope::say(draft, text) {
        draft.prompted(None);
    }
}
