//! Claude Code: one JSON object a line, `type` first of all. Read with versions 1.0.31 to 2.1.220 in view.
//!
//! <https://docs.claude.com/en/docs/claude-code>: "The entry format is internal to Claude Code and changes between versions."
//!
//! Left out because a better copy stands elsewhere: `progress` records, `toolUseResult` (but for the whole output where the
//! record has only its beginning), `last-prompt`, lists of tasks and of skills, the summary of files' history.

mod user;
mod assistant;
mod attachment;
mod system;

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Error;

use crate::session::{Errand, Facts, Role, Summary, hash};

use super::draft::{Draft, TitleOrigin, moment};
use super::object::{self, word};
use super::{envelope, words};

/// Fields of a record; `Record` has them in this order.
const FIELDS: [&str; 35] = [
    "type",
    "uuid",
    "parentUuid",
    "logicalParentUuid",
    "timestamp",
    "sessionId",
    "cwd",
    "gitBranch",
    "version",
    "agentId",
    "isSidechain",
    "isMeta",
    "isCompactSummary",
    "isApiErrorMessage",
    "message",
    "requestId",
    "toolUseResult",
    "origin",
    "promptSource",
    "subtype",
    "content",
    "error",
    "hookErrors",
    "hookAdditionalContext",
    "attachment",
    "operation",
    "summary",
    "leafUuid",
    "customTitle",
    "agentName",
    "aiTitle",
    "prUrl",
    "result",
    "relocatedCwd",
    "frameUrl",
];

/// Records of which nothing is a text, or only a copy of one.
const SILENT: [&str; 11] = [
    "progress",
    "file-history-snapshot",
    "file-history-delta",
    "last-prompt",
    "permission-mode",
    "mode",
    "bridge-session",
    "worktree-state",
    "agent-setting",
    "started",
    "fork-context-ref",
];

/// A record's fields as they stand in the line.
struct Record<'a> {
    fields: [Option<&'a str>; FIELDS.len()],
}

impl<'a> Record<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        let at = FIELDS.iter().position(|field| *field == name)?;
        self.fields[at]
    }

    fn word(&self, name: &str) -> Option<Cow<'a, str>> {
        word(self.get(name))
    }

    fn is(&self, name: &str) -> bool {
        object::is_true(self.get(name))
    }

    fn parent(&self) -> Option<Cow<'a, str>> {
        self.word("parentUuid").or_else(|| self.word("logicalParentUuid"))
    }
}

/// Reads one record.
pub(super) fn record(draft: &mut Draft, json: &str) -> Result<(), Error> {
    let record = Record { fields: object::try_fields(json, &FIELDS)? };
    // Programs that call the model by themselves leave the type out; the message says who speaks.
    let spoken = || word(object::field(record.get("message")?, "role"));
    let kind = record.word("type").or_else(spoken).unwrap_or(Cow::Borrowed("none"));
    draft.at = moment(record.get("timestamp"));
    draft.uuid = record.word("uuid").map(|uuid| uuid.as_ref().into());
    if record.is("isSidechain") && draft.subagent.is_none() {
        // Until 2.1.2 a subagent's records could stand in the session's own file.
        draft.subagent = Some(record.word("agentId").map_or_else(|| Arc::from("sidechain"), |id| Arc::from(&*id)));
    }
    draft.set(
        record.word("cwd").as_deref(),
        record.word("gitBranch").as_deref(),
        record.word("version").as_deref(),
        None,
    );
    if draft.passage.facts.session.is_none() {
        draft.passage.facts.session = record.word("sessionId").map(|id| id.as_ref().into());
    }
    if kind == "assistant" {
        assistant::spend(draft, &record);
    }
    if draft.is_repeated() {
        draft.passage.counts.record(&kind);
        return Ok(());
    }
    match &*kind {
        "user" => user::record(draft, &record),
        "assistant" => assistant::record(draft, &record),
        "attachment" => return attachment::record(draft, &record),
        "system" => return system::record(draft, &record),
        "queue-operation" => queued(draft, &record),
        "summary" => summary(draft, &record),
        "custom-title" => draft.title(TitleOrigin::Person, record.get("customTitle")),
        "ai-title" => draft.title(TitleOrigin::Program, record.get("aiTitle")),
        "agent-name" => draft.title(TitleOrigin::Team, record.get("agentName")),
        "pr-link" => {
            draft.passage.facts.pull_requests.extend(record.word("prUrl").map(Cow::into_owned));
        }
        "relocated" => draft.set(record.word("relocatedCwd").as_deref(), None, None, None),
        "frame-link" => draft.say(Role::Note, record.get("frameUrl").and_then(words::of)),
        // In the journal of a workflow: what one of its subagents brought back.
        "result" => {
            draft.subagent = record.word("agentId").map(|id| Arc::from(&*id)).or(draft.subagent.take());
            draft.tool(Role::ToolOutput, Some(Arc::from("workflow")), record.get("result").and_then(words::of), false);
        }
        silent if SILENT.contains(&silent) => {}
        unknown => draft.passage.counts.is_unknown(unknown),
    }
    draft.passage.counts.record(&kind);
    Ok(())
}

/// A prompt that was typed while the agent was at work. Often this is its only copy; else a `user` record or an
/// attachment `queued_command` repeats it, which is then left out.
fn queued(draft: &mut Draft, record: &Record) {
    if record.word("operation").as_deref() != Some("enqueue") {
        return;
    }
    let Some(content) = record.get("content") else { return };
    let mut say = |json: &str| {
        let Some(text) = words::of(json) else { return };
        // One that came again with its block of lines: the queue has no ids.
        let id = hash(&format!("{:?} {}", draft.at, text));
        if draft.memory.seen.has(id) {
            draft.passage.counts.repeated += 1;
            return;
        }
        draft.memory.seen.insert(id);
        draft.memory.copies.expect(QUEUED, &text);
        for (role, part) in envelope::open(text) {
            let role = if role == Role::Prompt && draft.memory.subagent.is_some() { Role::Task } else { role };
            draft.say(role, words::said(part));
        }
    };
    match object::is_list(content) {
        true => {
            object::every_item(content, |block| {
                if let Some(text) = object::field(block, "text") {
                    say(text);
                }
            });
        }
        false => say(content),
    }
}

/// Copies of prompts: in the queue, and where they were said.
const QUEUED: u8 = 0;
const SAID: u8 = 1;

/// The summary of a session, which is often not this one: `leafUuid` tells.
fn summary(draft: &mut Draft, record: &Record) {
    let Some(text) = record.get("summary").and_then(words::of) else { return };
    let leaf = record.word("leafUuid").unwrap_or_default();
    let id = hash(&format!("{leaf} {text}"));
    if draft.memory.seen.has(id) {
        return;
    }
    draft.memory.seen.insert(id);
    draft.passage.facts.summaries.push(Summary { leaf: leaf.as_ref().into(), text: text.clone() });
    draft.say(Role::Title, Some(text));
}

/// What a subagent was sent for: the `.meta.json` beside its transcript. Empty if it is not JSON.
pub fn errand(bytes: &[u8]) -> Facts {
    let text = String::from_utf8_lossy(bytes);
    let names = ["agentType", "description", "name", "model", "toolUseId"];
    let Some([kind, description, name, model, call]) = object::fields(text.trim(), &names) else {
        return Facts::default();
    };
    let plain = |json: Option<&str>| word(json).map(|word| word.as_ref().into());
    let errand = Errand {
        kind: plain(kind),
        description: description.and_then(words::of),
        name: name.and_then(words::of),
        model: plain(model),
        call: plain(call),
    };
    Facts { given_title: errand.description.clone(), errand: Some(errand), ..Facts::default() }
}
