//! Items of the conversation as the model's service has them: messages, thoughts, calls and their outputs.

use std::borrow::Cow;
use std::sync::Arc;

use crate::session::Role;

use super::super::draft::Draft;
use super::super::object::{self, field, number, word};
use super::super::words;
use super::{ITEM, say};

pub(super) fn read(draft: &mut Draft, item: &str) {
    let kind = word(field(item, "type"));
    // Some programs leave the type of messages out.
    let kind = kind.as_deref().unwrap_or("message");
    let get = |name: &str| field(item, name);
    match kind {
        "message" => message(draft, item),
        "agent_message" => each_text(draft, get("content"), |draft, text| say(draft, ITEM, Role::Task, text)),
        "reasoning" => {
            for name in ["summary", "content"] {
                each_text(draft, get(name), |draft, text| say(draft, ITEM, Role::Thinking, text));
            }
        }
        "function_call" | "custom_tool_call" => {
            let input = get("arguments").or(get("input")).or(get("summary"));
            call(draft, get("call_id"), word(get("name")), input.and_then(arguments));
        }
        "local_shell_call" => {
            call(draft, get("call_id"), Some("local_shell".into()), get("action").and_then(words::of))
        }
        "web_search_call" => call(draft, get("id"), Some("web_search".into()), get("action").and_then(words::of)),
        "tool_search_call" => {
            call(draft, get("call_id"), Some("tool_search".into()), get("arguments").and_then(arguments))
        }
        "image_generation_call" => {
            if let Some(result) = get("result") {
                draft.data(Some("image"), result.len().saturating_sub(2));
            }
            call(draft, get("id"), Some("image_generation".into()), get("revised_prompt").and_then(words::of));
        }
        "function_call_output" | "custom_tool_call_output" => output(draft, get("call_id"), get("output")),
        // Lists of tools, encrypted histories, snapshots of the working folder.
        "tool_search_output" | "additional_tools" | "compaction" | "context_compaction" | "compaction_summary"
        | "compaction_trigger" | "ghost_snapshot" => {}
        unknown => {
            draft.passage.counts.is_unknown(&format!("item/{unknown}"));
            draft.say(Role::Note, words::without(item, &["type", "id", "call_id"]));
        }
    }
}

fn message(draft: &mut Draft, item: &str) {
    let role = match word(field(item, "role")).as_deref() {
        Some("assistant") => Role::Answer,
        Some("user") => Role::Prompt,
        _ => Role::Injected,
    };
    let content = field(item, "content").or(field(item, "message"));
    each_part(draft, content, |draft, part| match part {
        Part::Text(text) => say(draft, ITEM, role, text),
        Part::Picture(name) => draft.say(role, name),
    });
}

enum Part {
    Text(Option<String>),
    /// Its name; an event has no copy of it.
    Picture(Option<String>),
}

/// The texts of a list of parts, or the one text, with pictures by name.
fn each_text(draft: &mut Draft, content: Option<&str>, mut take: impl FnMut(&mut Draft, Option<String>)) {
    each_part(draft, content, |draft, part| match part {
        Part::Text(text) | Part::Picture(text) => take(draft, text),
    });
}

fn each_part(draft: &mut Draft, content: Option<&str>, mut take: impl FnMut(&mut Draft, Part)) {
    let Some(content) = content else { return };
    if !object::is_list(content) {
        return take(draft, Part::Text(words::of(content)));
    }
    object::every_item(content, |part| {
        if object::is_string(part) {
            return take(draft, Part::Text(words::of(part)));
        }
        let Some([text, image]) = object::fields(part, &["text", "image_url"]) else { return };
        match (text, image) {
            (Some(text), _) => take(draft, Part::Text(words::of(text))),
            (None, Some(image)) => {
                let name = picture(draft, image);
                take(draft, Part::Picture(name));
            }
            // `encrypted_content`
            (None, None) => {}
        }
    });
}

/// A picture: named if it is in the file, else its address.
fn picture(draft: &mut Draft, image: &str) -> Option<String> {
    let inner = image.strip_prefix('"')?;
    match inner.strip_prefix("data:") {
        Some(data) => {
            let media = data.split([';', ',']).next().filter(|media| media.len() < 100);
            Some(draft.data(media, data.len()))
        }
        None => words::of(image),
    }
}

fn call(draft: &mut Draft, id: Option<&str>, tool: Option<Cow<str>>, text: Option<String>) {
    let tool: Arc<str> = tool.as_deref().unwrap_or("unnamed").into();
    if let Some(id) = word(id) {
        draft.memory.call(&id, &tool);
    }
    draft.tool(Role::ToolCall, Some(tool), text, false);
}

/// What a tool was called with: an object, JSON inside a string, or the tool's own language.
fn arguments(json: &str) -> Option<String> {
    let Some(inner) = object::string(json) else { return words::of(json) };
    match object::is_object(inner.trim_start()) && serde_json::from_str::<serde::de::IgnoredAny>(&inner).is_ok() {
        true => words::of(inner.trim()),
        false => words::said(inner),
    }
}

/// What a tool gave: a string; parts; `{content, success}`; or, in a string, `{"output": …, "metadata": {"exit_code": 1}}`.
fn output(draft: &mut Draft, id: Option<&str>, output: Option<&str>) {
    let tool = word(id).and_then(|id| draft.memory.answer(&id));
    let Some(output) = output else { return };
    let mut is_error = false;
    let text = if object::is_list(output) {
        let mut whole: Vec<String> = Vec::new();
        each_text(draft, Some(output), |_, text| whole.extend(text));
        words::said(whole.join("\n"))
    } else if object::is_object(output) {
        let [content, text, success] = object::fields(output, &["content", "text", "success"]).unwrap_or_default();
        is_error = success == Some("false");
        content.or(text).and_then(words::of).or_else(|| words::of(output))
    } else {
        let inner = object::string(output).unwrap_or_default();
        let parts = object::fields(inner.trim(), &["output", "metadata"]);
        match parts {
            Some([Some(text), metadata]) => {
                let code = metadata.and_then(|metadata| number(field(metadata, "exit_code")));
                is_error = code.is_some_and(|code| code != 0);
                words::of(text)
            }
            _ => words::said(inner),
        }
    };
    draft.tool(Role::ToolOutput, tool, text, is_error);
}
