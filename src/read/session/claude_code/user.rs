//! What came to the model: prompts, what the harness put in, and the outputs of tools.

use crate::session::Role;

use super::super::draft::Draft;
use super::super::object::{self, field, word};
use super::super::{envelope, words};
use super::{QUEUED, Record, SAID};

/// How an output begins whose whole text is stored apart or in `toolUseResult`.
const PERSISTED: &str = "<persisted-output>";

/// What stands in place of an output that the model no longer needed.
const CLEARED: &str = "[Old tool result content cleared]";

pub(super) fn record(draft: &mut Draft, record: &Record) {
    let message = record.get("message").unwrap_or("{}");
    let content = field(message, "content").or(record.get("content")).unwrap_or("null");
    let mut is_typed = false;
    if object::is_string(content) {
        is_typed = say(draft, record, content);
    } else if object::is_object(content) {
        is_typed = read_block(draft, record, content);
    } else {
        object::every_item(content, |block| is_typed |= read_block(draft, record, block));
    }
    if is_typed {
        draft.prompted(record.parent().as_deref());
    }
}

/// Whether a person typed it.
fn read_block(draft: &mut Draft, record: &Record, block: &str) -> bool {
    if object::is_string(block) {
        return say(draft, record, block);
    }
    let Some([kind, text, source]) = object::fields(block, &["type", "text", "source"]) else { return false };
    match word(kind).as_deref() {
        Some("text") => return text.is_some_and(|text| say(draft, record, text)),
        Some("tool_result") => output(draft, record, block),
        Some("image" | "document") => {
            let text = data(draft, source);
            let role = match is_injected(record) {
                true => Role::Injected,
                false if draft.subagent.is_some() => Role::Task,
                false => Role::Prompt,
            };
            draft.say(role, words::said(text));
        }
        other => {
            draft.passage.counts.is_unknown(&format!("block/{}", other.unwrap_or("none")));
            draft.say(Role::Injected, text.and_then(words::of));
        }
    }
    false
}

/// A text that came in the user's name. Whether a person typed it, be it now or before, into the queue.
fn say(draft: &mut Draft, record: &Record, json: &str) -> bool {
    let Some(text) = words::of(json) else { return false };
    if draft.memory.copies.is_second(SAID, &text) {
        return !is_injected(record) && !envelope::is_envelope(&text);
    }
    if record.is("isCompactSummary") {
        draft.say(Role::Summary, Some(text));
        return false;
    }
    if is_injected(record) {
        draft.say(Role::Injected, Some(text));
        return false;
    }
    envelope::say(draft, text)
}

/// The record says that the harness wrote it.
fn is_injected(record: &Record) -> bool {
    let origin = record.get("origin").and_then(|origin| word(field(origin, "kind")));
    record.is("isMeta")
        || origin.is_some_and(|origin| origin != "human")
        || record.word("promptSource").as_deref() == Some("system")
}

/// A block `tool_result`.
fn output(draft: &mut Draft, record: &Record, block: &str) {
    let names = ["tool_use_id", "content", "is_error"];
    let Some([id, content, is_error]) = object::fields(block, &names) else { return };
    let tool = word(id).and_then(|id| draft.memory.answer(&id));
    let mut text = content.and_then(|content| answer(draft, content));
    let mut apart = None;
    if text.as_deref().is_none_or(|text| text.starts_with(PERSISTED) || text == CLEARED) {
        apart = text.as_deref().and_then(stored);
        // Some versions keep the whole output in the record as well.
        let whole = record.get("toolUseResult").and_then(|result| field(result, "stdout")).and_then(words::of);
        let told = text.as_deref().filter(|text| *text != CLEARED).map_or(0, str::len);
        text = whole.filter(|whole| whole.len() > told).or(text);
    }
    draft.put(Role::ToolOutput, tool, text, object::is_true(is_error), apart);
}

/// What a tool answered: a string, or blocks of which only texts are read.
pub(super) fn answer(draft: &mut Draft, content: &str) -> Option<String> {
    if !object::is_list(content) {
        return words::of(content);
    }
    let mut whole: Option<String> = None;
    object::every_item(content, |block| {
        let text = match object::fields(block, &["type", "text", "source", "tool_name"]) {
            Some([_, Some(text), _, _]) => words::of(text),
            Some([_, _, Some(source), _]) => Some(data(draft, Some(source))),
            // A tool that was found; its name is all there is.
            Some([_, _, _, Some(name)]) => words::of(name),
            _ => words::of(block),
        };
        match (&mut whole, text) {
            (Some(whole), Some(text)) => {
                whole.push('\n');
                whole.push_str(&text);
            }
            (whole @ None, text) => *whole = text,
            (_, None) => {}
        }
    });
    whole
}

/// Names an image or a document.
fn data(draft: &mut Draft, source: Option<&str>) -> String {
    let names = ["type", "media_type", "data", "url"];
    let [kind, media, data, url] = source.and_then(|source| object::fields(source, &names)).unwrap_or_default();
    let media = word(media);
    match (data, url) {
        (None, Some(url)) => words::of(url).unwrap_or_default(),
        (Some(text), _) if word(kind).as_deref() == Some("text") => words::of(text).unwrap_or_default(),
        _ => draft.data(media.as_deref(), data.map_or(0, |data| data.len().saturating_sub(2))),
    }
}

/// The file of `tool-results/` that a notice names: `Full output saved to: …/tool-results/NAME`.
fn stored(text: &str) -> Option<Box<str>> {
    const FOLDER: &str = "tool-results";
    let at = text.find(FOLDER)? + FOLDER.len();
    let name = text[at..].strip_prefix(['/', '\\'])?.lines().next()?.trim();
    (!name.is_empty() && !name.contains(['/', '\\'])).then(|| name.into())
}

/// A prompt that waited in the queue and was given to the model in the middle of its work: a second copy of what the queue
/// says, or the only one.
pub(super) fn queued(draft: &mut Draft, record: &Record, attachment: &str) {
    let names = ["prompt", "commandMode", "isMeta", "origin"];
    let Some([prompt, mode, is_meta, origin]) = object::fields(attachment, &names) else { return };
    let origin = origin.and_then(|origin| word(field(origin, "kind")));
    let is_injected = object::is_true(is_meta)
        || word(mode).is_some_and(|mode| mode != "prompt" && mode != "bash")
        || origin.is_some_and(|origin| origin != "human");
    let Some(text) = prompt.and_then(|prompt| answer(draft, prompt)) else { return };
    if draft.memory.copies.is_second(SAID, &text) {
        return;
    }
    // A `user` record may still bring it again.
    draft.memory.copies.expect(QUEUED, &text);
    if is_injected || record.is("isMeta") {
        return draft.say(Role::Injected, Some(text));
    }
    for (role, part) in envelope::open(text) {
        draft.say(role, words::said(part));
    }
}
