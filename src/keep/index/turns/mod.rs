//! The index of turns: what sessions hold, found by word, phrase and circumstance.
//!
//! It lies in index/sessions/ with a stamp of its own, beside the index of items. It stores no text: a document says where in
//! the archive its turn lies, and a snippet is read from there. `chronicle` reads it, `writing` fills it.

mod writing;
mod query;
mod chronicle;
mod collect;
mod expression;
mod snippet;
mod only;

use std::path::{Path, PathBuf};

use tantivy::Index;
use tantivy::directory::MmapDirectory;
use tantivy::schema::{
    DateOptions, DateTimePrecision, FAST, Field, INDEXED, IndexRecordOption, NumericOptions, STRING, Schema,
    TextFieldIndexing, TextOptions,
};

pub use chronicle::{Chronicle, Found, FoundSession, Leaf, Opening, Page, Part, TurnHit, Wanted};
pub use query::{Unclear, check_question, is_about_items, is_about_turns};
pub use snippet::Snippet;
pub use writing::Writer;

use super::{CODE, NAME, STAMP, register};

/// Name of its folder in index/.
pub(super) const FOLDER: &str = "sessions";

/// Counts up when fields or tokenizers change; an index with another number is made anew.
const SHAPE: u32 = 1;

/// Where the index of turns of a home lies.
pub fn folder(home: &Path) -> PathBuf {
    home.join("index").join(FOLDER)
}

/// Whether the folder holds a finished index of this version. Anything else is made anew, never mended.
pub fn is_ours(folder: &Path) -> bool {
    std::fs::read_to_string(folder.join(STAMP)).is_ok_and(|text| text == stamp())
}

fn stamp() -> String {
    format!("tidings sessions {SHAPE}, {}\n", tantivy::version_string())
}

/// The fields of a turn. What is exact is in lower case but for ids; what is named is found by words in a row.
#[derive(Clone, Copy)]
struct Fields {
    text: Field,
    role: Field,
    tool: Field,
    agent: Field,
    /// `yes` or `no`.
    subagent: Field,
    /// `yes` or `no`.
    error: Field,
    /// `claude-code:1b0c…`.
    session: Field,
    /// `t-7k3m9q2xwd.0`.
    generation: Field,
    /// `t-7k3m9q2xwd.0@1024`: what is written again is first taken out by it.
    frame_name: Field,
    model: Field,
    branch: Field,
    project: Field,
    host: Field,
    owner: Field,
    version: Field,
    at: Field,
    line: Field,
    part: Field,
    frame: Field,
    number: Field,
}

fn schema() -> (Schema, Fields) {
    let words = |tokenizer: &str, option| {
        // Lengths count for the text alone.
        let indexing = TextFieldIndexing::default().set_tokenizer(tokenizer).set_index_option(option);
        TextOptions::default().set_indexing_options(indexing.set_fieldnorms(tokenizer == CODE))
    };
    let name = || words(NAME, IndexRecordOption::WithFreqsAndPositions);
    let exact = || words("raw", IndexRecordOption::Basic);
    let number = || NumericOptions::default().set_fast();
    let at = DateOptions::from(INDEXED).set_fast().set_precision(DateTimePrecision::Microseconds);
    let mut builder = Schema::builder();
    let fields = Fields {
        text: builder.add_text_field("text", words(CODE, IndexRecordOption::WithFreqsAndPositions)),
        role: builder.add_text_field("role", exact()),
        tool: builder.add_text_field("tool", exact()),
        agent: builder.add_text_field("agent", exact()),
        subagent: builder.add_text_field("subagent", exact()),
        error: builder.add_text_field("error", exact()),
        session: builder.add_text_field("session", STRING | FAST),
        generation: builder.add_text_field("generation", STRING | FAST),
        frame_name: builder.add_text_field("frame_name", exact()),
        model: builder.add_text_field("model", name()),
        branch: builder.add_text_field("branch", name()),
        project: builder.add_text_field("project", name()),
        host: builder.add_text_field("host", name()),
        owner: builder.add_text_field("owner", name()),
        version: builder.add_text_field("version", name()),
        at: builder.add_date_field("at", at),
        line: builder.add_u64_field("line", number()),
        part: builder.add_u64_field("part", number()),
        frame: builder.add_u64_field("frame", number()),
        number: builder.add_u64_field("number", number()),
    };
    (builder.build(), fields)
}

/// Opens an index as it is. An error: it is damaged, or its fields are not ours.
fn open(directory: MmapDirectory) -> tantivy::Result<(Index, Fields)> {
    let index = Index::open(directory)?;
    let (schema, fields) = schema();
    if index.schema() != schema {
        return Err(tantivy::TantivyError::SchemaError("the fields are of another version".to_owned()));
    }
    register(&index);
    Ok((index, fields))
}
