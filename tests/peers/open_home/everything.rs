//! Everything that lies in a folder, decoded: files as they are and unpacked, texts of JSON, values of sled, all of tantivy.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;
use tantivy::postings::Postings;
use tantivy::schema::{FieldType, IndexRecordOption};
use tantivy::{DocSet, Index, ReloadPolicy, SegmentReader, TERMINATED};

use super::windows::bare;

/// How something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// A file's bytes, or its name.
    Raw,
    /// What zstd unpacks.
    Unpacked,
    /// A text of a JSON value, without escapes.
    Json,
    /// A key or value of sled that counts.
    Store,
    /// A word of an index.
    Term,
    /// A text as its places in an index give it back: letters and digits alone. Of dropped documents as well.
    Places,
    /// What an index stores of a document, or keeps in a column.
    Stored,
}

pub type Sink<'a> = dyn FnMut(Way, &str, &[u8]) + 'a;

/// Hands over all that lies below a folder. The folder is not changed: stores are opened as copies.
pub fn everything(folder: &Path, sink: &mut Sink<'_>) -> Result<()> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    entries.sort();
    let has = |name: &str| entries.iter().any(|path| path.ends_with(name));
    let name = folder.display().to_string();
    if has("db") && has("conf") {
        store(folder, &name, sink).with_context(|| format!("opening the store {name}"))?;
    }
    if has("meta.json") {
        index(folder, &name, sink).with_context(|| format!("opening the index {name}"))?;
    }
    for path in entries {
        let name = path.display().to_string();
        sink(Way::Raw, "names of files", name.as_bytes());
        if path.is_dir() {
            everything(&path, sink)?;
        } else if path.is_file() {
            file(&path, &name, sink).with_context(|| format!("reading {name}"))?;
        }
    }
    Ok(())
}

fn file(path: &Path, name: &str, sink: &mut Sink<'_>) -> Result<()> {
    let bytes = fs::read(path)?;
    sink(Way::Raw, name, &bytes);
    if bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        let mut unpacked = Vec::new();
        zstd::Decoder::new(&bytes[..])?.read_to_end(&mut unpacked)?;
        sink(Way::Unpacked, name, &unpacked);
        lines(&unpacked, name, sink);
    } else if bytes.first().is_some_and(|byte| b"{[".contains(byte)) {
        match serde_json::from_slice(&bytes) {
            Ok(value) => texts(&value, &mut |text| sink(Way::Json, name, text.as_bytes())),
            Err(_) => lines(&bytes, name, sink),
        }
    }
    Ok(())
}

fn lines(bytes: &[u8], name: &str, sink: &mut Sink<'_>) {
    for line in bytes.split(|byte| *byte == b'\n') {
        if let Ok(value) = serde_json::from_slice(line) {
            texts(&value, &mut |text| sink(Way::Json, name, text.as_bytes()));
        }
    }
}

/// Every text of a JSON value, also those that are JSON once more.
pub fn texts(value: &Value, each: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => {
            each(text);
            if text.starts_with(['{', '['])
                && let Ok(inner) = serde_json::from_str(text)
            {
                texts(&inner, each);
            }
        }
        Value::Array(all) => all.iter().for_each(|one| texts(one, each)),
        Value::Object(all) => {
            for (key, one) in all {
                each(key);
                texts(one, each);
            }
        }
        _ => {}
    }
}

fn store(folder: &Path, name: &str, sink: &mut Sink<'_>) -> Result<()> {
    let copy = tempfile::tempdir()?;
    copy_files(folder, copy.path())?;
    let tree = sled::Config::new().path(copy.path()).open()?;
    for of in tree.tree_names() {
        for pair in tree.open_tree(of)?.iter() {
            let (key, value) = pair?;
            sink(Way::Store, name, &key);
            sink(Way::Store, name, &value);
            if let Ok(value) = serde_json::from_slice(&value) {
                texts(&value, &mut |text| sink(Way::Store, name, text.as_bytes()));
            }
        }
    }
    Ok(())
}

fn copy_files(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            fs::create_dir(&target)?;
            copy_files(&path, &target)?;
        } else {
            fs::copy(&path, &target)?;
        }
    }
    Ok(())
}

fn index(folder: &Path, name: &str, sink: &mut Sink<'_>) -> Result<()> {
    let index = Index::open_in_dir(folder)?;
    let searcher = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?.searcher();
    for segment in searcher.segment_readers() {
        for (field, entry) in index.schema().fields() {
            let place = format!("{name}, {}", entry.name());
            let option = match entry.field_type() {
                FieldType::Str(options) => options.get_indexing_options().map(|options| options.index_option()),
                _ if entry.is_indexed() => Some(IndexRecordOption::Basic),
                _ => None,
            };
            if let Some(option) = option {
                let inverted = segment.inverted_index(field)?;
                let mut words = inverted.terms().stream()?;
                let (mut places, mut known) = (Vec::new(), Vec::new());
                while words.advance() {
                    sink(Way::Term, &place, words.key());
                    if option != IndexRecordOption::WithFreqsAndPositions {
                        continue;
                    }
                    let mut postings = inverted.read_postings_from_terminfo(words.value(), option)?;
                    let mut at = Vec::new();
                    while postings.doc() != TERMINATED {
                        postings.positions(&mut at);
                        places.extend(at.iter().map(|at| (postings.doc(), *at, known.len() as u32)));
                        postings.advance();
                    }
                    known.push(bare(&String::from_utf8_lossy(words.key())));
                }
                given_back(places, &known, |text| sink(Way::Places, &place, text));
            }
            columns(segment, entry.name(), |text| sink(Way::Stored, &place, text))?;
        }
        let stored = segment.get_store_reader(1)?;
        for doc in 0..segment.max_doc() {
            sink(Way::Stored, name, &stored.get_document_bytes(doc)?);
        }
    }
    Ok(())
}

/// Each document's text from the places of its words, once of the parts of identifiers and once of whole ones. A whole one stands
/// where its first part does; both in one text would bring letters together that no text has side by side.
fn given_back(mut places: Vec<(u32, u32, u32)>, known: &[String], mut each: impl FnMut(&[u8])) {
    places.sort_unstable_by_key(|(doc, at, word)| (*doc, *at, known[*word as usize].len()));
    let (mut parts, mut whole) = (String::new(), String::new());
    for document in places.chunk_by(|one, next| one.0 == next.0) {
        // What of the last whole identifier its parts have still to say.
        let mut rest = "";
        for words in document.chunk_by(|one, next| one.1 == next.1) {
            let part = known[words[0].2 as usize].as_str();
            let longest = known[words[words.len() - 1].2 as usize].as_str();
            parts.push_str(part);
            rest = match rest.strip_prefix(part).filter(|_| words.len() == 1) {
                Some(rest) => rest,
                None => {
                    whole.push_str(longest);
                    longest.strip_prefix(part).unwrap_or_default()
                }
            };
        }
        each(parts.as_bytes());
        each(whole.as_bytes());
        parts.clear();
        whole.clear();
    }
}

fn columns(segment: &SegmentReader, name: &str, mut each: impl FnMut(&[u8])) -> Result<()> {
    // A column of numbers has no text; one that is not there is none.
    let Ok(Some(column)) = segment.fast_fields().str(name) else { return Ok(()) };
    let mut text = String::new();
    for ordinal in 0..column.num_terms() as u64 {
        text.clear();
        column.ord_to_str(ordinal, &mut text)?;
        each(text.as_bytes());
    }
    Ok(())
}
