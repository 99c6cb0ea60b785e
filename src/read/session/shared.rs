//! Transcripts that their owners share: lines of our own, which anybody may have written all the same.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::de::Error;

use crate::guard::panic::quietly;
use crate::guard::text;
use crate::session::{Facts, Header, Lines, Passage, Setting, SharedLine, Spent, Turn};

use super::draft::Draft;
use super::words;

/// Name of the file that lists what was shared and is taken back: an id of a transcript a line. It speaks for its folder and what
/// lies below.
pub const WITHDRAWN: &str = "withdrawn";

/// No transcript has so many lines; larger numbers are a jest.
const MOST_LINES: u64 = 1 << 40;

/// No answer costs so many tokens.
const MOST_TOKENS: u64 = 1 << 40;

/// Letters of a name: of a model, a tool, a version, a record.
const NAME: usize = 200;

/// What the first line of a shared file says of it; None if it is no such file, or a newer program's.
pub fn header(line: &[u8]) -> Option<Header> {
    let line = quietly(|| serde_json::from_slice::<SharedLine>(line))?.ok()?;
    let SharedLine::Header(header) = line else { return None };
    let mut header = *header;
    header.session.native = name(&header.session.native);
    if header.version > Header::VERSION || header.session.native.is_empty() {
        return None;
    }
    for word in [&mut header.subagent, &mut header.owner, &mut header.host] {
        *word = word.take().map(|word| name(&word)).filter(|word| !word.is_empty());
    }
    Some(header)
}

/// Ids of the transcripts that are taken back.
pub fn withdrawn(bytes: &[u8]) -> BTreeSet<String> {
    String::from_utf8_lossy(bytes)
        .lines()
        .map(|line| line.trim().to_owned())
        .filter(|id| id.starts_with("t-"))
        .collect()
}

/// One line.
pub(super) fn record(draft: &mut Draft, line: &str) -> Result<(), serde_json::Error> {
    match serde_json::from_str(line)? {
        SharedLine::Header(header) => {
            draft.passage.counts.record("header");
            let facts = cleaned(header.facts);
            let (branch, cwd) = (facts.branch.clone(), facts.cwd.clone());
            draft.settle(Arc::new(Setting { branch, cwd, ..Setting::default() }));
            draft.passage.facts.merge(facts);
        }
        SharedLine::Turn(turn) => {
            if turn.line > MOST_LINES {
                return Err(serde_json::Error::custom("no transcript has so many lines"));
            }
            draft.passage.counts.record("turn");
            let Some(text) = words::said(turn.text) else { return Ok(()) };
            draft.repeat(Turn {
                text,
                tool: turn.tool.map(named),
                setting: setting(turn.setting),
                uuid: turn.uuid.map(|uuid| name(&uuid).into()),
                subagent: turn.subagent.map(named),
                // What lies beside the owner's own file does not lie here.
                apart: None,
                ..turn
            });
        }
        SharedLine::Spent(spent) => {
            draft.passage.counts.record("spent");
            let tokens = |number: u64| number.min(MOST_TOKENS);
            draft.repeat_spent(Spent {
                message: name(&spent.message).into(),
                line: spent.line.min(MOST_LINES),
                setting: setting(spent.setting),
                subagent: spent.subagent.map(named),
                input: tokens(spent.input),
                output: tokens(spent.output),
                cache_write_5m: tokens(spent.cache_write_5m),
                cache_write_1h: tokens(spent.cache_write_1h),
                cache_read: tokens(spent.cache_read),
                ..spent
            });
        }
        SharedLine::Facts(facts) => {
            draft.passage.counts.record("facts");
            draft.passage.facts.merge(cleaned(*facts));
        }
    }
    Ok(())
}

fn name(text: &str) -> String {
    let line = text::one_line(&text[..text.floor_char_boundary(NAME * 4)]);
    line.chars().take(NAME).collect()
}

fn named(text: Arc<str>) -> Arc<str> {
    match text.len() <= NAME && text::is_clean(&text) {
        true => text,
        false => name(&text).into(),
    }
}

fn setting(setting: Arc<Setting>) -> Arc<Setting> {
    let Setting { model, version, branch, cwd } = Arc::unwrap_or_clone(setting);
    let text = |text: Option<String>| text.and_then(words::said);
    Arc::new(Setting { model: model.map(named), version: version.map(named), branch: text(branch), cwd: text(cwd) })
}

fn cleaned(facts: Facts) -> Facts {
    let passage = Passage { facts, ..Passage::default() };
    let mut facts = passage.map(|text| words::said(text).unwrap_or_default()).facts;
    let is_honest = |lines: &Lines| lines.first <= lines.last && lines.last <= MOST_LINES;
    facts.abandoned.retain(is_honest);
    if let Some(prompt) = &mut facts.prompt {
        prompt.truncate(prompt.floor_char_boundary(Facts::<String>::PROMPT_BYTES));
    }
    facts
}
