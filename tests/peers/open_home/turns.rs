//! The turns of a home as its index has them, each with what the archive holds for it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tantivy::{Index, ReloadPolicy};
use tidings::keep::sessions::{Kept, turns_at};

/// A line for each turn of the index, sorted: whose it is, what it is, and a hash of its text. What the archive holds beside
/// is an error, and what the index alone holds is too.
pub fn turns(home: &Path) -> Result<Vec<String>> {
    let mut views: BTreeMap<String, Value> = BTreeMap::new();
    for line in fs::read_to_string(home.join("state/views/sessions.jsonl"))?.lines() {
        let value: Value = serde_json::from_str(line)?;
        views.insert(value["id"].as_str().unwrap_or_default().to_owned(), value);
    }
    let mut archived = archived(home)?;
    let mut lines = Vec::new();
    let index = Index::open_in_dir(home.join("index/sessions"))?;
    let searcher = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?.searcher();
    for segment in searcher.segment_readers() {
        let fast = segment.fast_fields();
        let (sessions, generations) =
            (fast.str("session")?.context("session")?, fast.str("generation")?.context("generation")?);
        let numbers = ["line", "part", "frame", "number"].map(|name| fast.u64(name));
        for doc in segment.doc_ids_alive() {
            let text = |column: &tantivy::columnar::StrColumn| -> Result<String> {
                let mut text = String::new();
                column.ord_to_str(column.ords().first(doc).context("a document without a name")?, &mut text)?;
                Ok(text)
            };
            let (session, generation) = (text(&sessions)?, text(&generations)?);
            let mut number = [0; 4];
            for (place, column) in number.iter_mut().zip(&numbers) {
                *place = column.as_ref().map_err(|error| anyhow::anyhow!("{error}"))?.first(doc).unwrap_or_default();
            }
            let [line, part, frame, number] = number;
            let Some(kept) = archived.remove(&(generation.clone(), frame, number as u32)) else {
                bail!("the index holds {generation}@{frame}.{number}, twice or without any in the archive");
            };
            let turn = &kept.turn;
            if (turn.line, u64::from(turn.part)) != (line, part) {
                bail!("{generation}@{frame}.{number} is line {line} in the index and {} in the archive", turn.line);
            }
            let transcript = generation.rsplit_once('.').map_or("", |(transcript, _)| transcript);
            let view = views.get(transcript).with_context(|| format!("no view speaks of {transcript}"))?;
            let hash: String = Sha256::digest(&turn.text).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            lines.push(
                json!([
                    session,
                    view["subagent"],
                    view["path"],
                    line,
                    part,
                    turn.role.word(),
                    turn.tool,
                    turn.at,
                    turn.model(),
                    turn.version(),
                    turn.branch(),
                    turn.cwd(),
                    turn.uuid,
                    turn.is_error,
                    turn.subagent,
                    turn.text.len(),
                    hash,
                ])
                .to_string(),
            );
        }
    }
    if let Some(((generation, frame, number), _)) = archived.first_key_value() {
        bail!("{} archived turns are not in the index, as {generation}@{frame}.{number}", archived.len());
    }
    lines.sort();
    Ok(lines)
}

fn archived(home: &Path) -> Result<BTreeMap<(String, u64, u32), Kept>> {
    let mut archived = BTreeMap::new();
    let folder = home.join("state/archive/sessions");
    let Ok(entries) = fs::read_dir(&folder) else { return Ok(archived) };
    for entry in entries {
        let path = entry?.path();
        let Some(generation) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".zst")) else { continue };
        for kept in turns_at(&home.join("state"), generation, 0, fs::metadata(&path)?.len())? {
            archived.insert((generation.to_owned(), kept.frame, kept.number), kept);
        }
    }
    Ok(archived)
}
