//! The tools, in the order in which every client sees them: each reads, and changes nothing.

use std::sync::Arc;

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::answer::{Told, Trouble};
use super::desk::Desk;
use super::{items, practices, sessions, source_status, whats_new};

type Call = Arc<dyn Fn(&Desk, JsonObject) -> Told<Value> + Send + Sync>;

/// A tool: what agents read of it, and what it does.
#[derive(Clone)]
pub struct Offer {
    pub tool: Tool,
    pub call: Call,
}

pub fn all() -> Vec<Offer> {
    vec![
        offer(
            "search_sessions",
            "Search past agent sessions",
            "Search the lab's past sessions with coding agents (Claude Code, Codex, diaries) by their words: has this error, \
             file, decision or approach come up before, and how did it end? Gives the best sessions with snippets, each with \
             session id, transcript:line id, time, project and branch; read_session reads on from such an id. Best asked with \
             two to five distinctive words (identifiers, file names, the telling part of an error message). The session that \
             asks is left out unless `include_own`.",
            sessions::search,
        ),
        offer(
            "read_session",
            "Read a past agent session",
            "Read the turns of a past session in their order, page by page: what was asked, thought, run and answered. Begin \
             at a hit of search_sessions (its id names the line), or at the beginning. Secrets were taken out when it was \
             kept.",
            sessions::read,
        ),
        offer(
            "search_items",
            "Search gathered news",
            "Search all that was gathered about coding agents and research practice: releases, security advisories, \
             changelogs, posts, papers. Gives title, snippet, source, date and how much it matters (level); get_item gives \
             one whole. For what happened lately, whats_new is shorter.",
            items::search,
        ),
        offer(
            "get_item",
            "Read one gathered item",
            "One item or story whole: its text (page by page where it is long), its source and how far that is trusted, why it \
             was weighed as it was, who else tells it, in which editions it was told, and the lessons learnt of it.",
            items::get,
        ),
        offer(
            "whats_new",
            "What is new",
            "What is new about coding agents and research practice: the stories that matter, newest first, each told once \
             however many sources tell it. Of the last week unless `since` says otherwise; `product` with `for_version` gives \
             what is newer than the version in use.",
            whats_new::whats_new,
        ),
        offer(
            "list_practices",
            "List lessons learnt",
            "List lessons for working with coding agents, each one sentence of advice with its evidence: security fixes, \
             deprecations, practices, techniques. The same entries that are proposed to the lab's skill.",
            practices::list,
        ),
        offer(
            "get_practice",
            "Read one lesson",
            "One lesson whole: its advice, the pages that bear it out with the words quoted from them, how far it has come, and \
             the items it was learnt of.",
            practices::get,
        ),
        offer(
            "source_status",
            "How current the answers are",
            "How far the other answers can be relied on: when the last run was, which sources fail or are quiet and why, how \
             many items and turns can be searched, what waits to be done, and which model reads.",
            source_status::source_status,
        ),
    ]
}

fn offer<I, O>(name: &'static str, title: &str, description: &'static str, act: fn(&Desk, I) -> Told<O>) -> Offer
where
    I: DeserializeOwned + JsonSchema + 'static,
    O: Serialize + JsonSchema + 'static,
{
    let settings = SchemaSettings::draft2020_12();
    let tool = Tool::new(name, description, schema::<I>(settings.clone()))
        .with_title(title)
        .with_raw_output_schema(schema::<O>(settings.for_serialize()))
        .with_annotations(
            ToolAnnotations::with_title(title).read_only(true).destructive(false).idempotent(true).open_world(false),
        );
    let call: Call = Arc::new(move |desk, arguments| {
        let asked: I = serde_json::from_value(Value::Object(arguments)).map_err(|error| {
            Trouble(format!("the arguments do not fit this tool's input schema: {error}; nothing was looked up"))
        })?;
        let (about, answer) = act(desk, asked)?;
        let value = serde_json::to_value(&answer).map_err(anyhow::Error::new)?;
        Ok((about, value))
    });
    Offer { tool, call }
}

/// A schema as every client takes it: nothing nullable, no reference, no format that JSON Schema does not know.
fn schema<T: JsonSchema>(mut settings: SchemaSettings) -> Arc<JsonObject> {
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let mut value = schema.to_value();
    plain(&mut value);
    let mut object = value.as_object().cloned().unwrap_or_default();
    for of_the_type in ["title", "description"] {
        object.remove(of_the_type);
    }
    Arc::new(object)
}

fn plain(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if object.get("format").is_some_and(Value::is_string) {
                object.remove("format");
            }
            object.values_mut().for_each(plain);
        }
        Value::Array(values) => values.iter_mut().for_each(plain),
        _ => {}
    }
}
