//! The index is what can be searched: made by the holder of a home, read by anyone, made anew when it is missing or strange.
//!
//! It stores no long text: a hit's snippet is read from the archive.

mod tokens;
mod query;
mod writing;
mod turning;
pub mod turns;
mod library;

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tantivy::directory::{Advice, MmapDirectory};
use tantivy::schema::{
    DateOptions, Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{Language, LowerCaser, RemoveLongFilter, SimpleTokenizer, Stemmer, TextAnalyzer};
use tantivy::{DateTime, Index, IndexReader, ReloadPolicy, Searcher};
use url::Url;

pub use library::{Hit, Library, Query, Results};
pub use tokens::code_words;

use super::version::Version;
use crate::item::{ItemId, Place};
use crate::source::Trust;
use crate::story::StoryId;
use crate::verdict::{Category, Level, Reason};

/// Counts up when fields or tokenizers change; an index with another number is made anew. tantivy's own version is part of
/// the stamp, because its files are tied to it.
const SHAPE: u32 = 3;

/// Name of the stamp in index/.
const STAMP: &str = "tidings.version";

/// Names of our tokenizers.
const PROSE: &str = "tidings_prose";
const CODE: &str = "tidings_code";
const NAME: &str = "tidings_name";

/// A longer word is no word (a base64 block, a data URI); in bytes.
const MOST_WORD_BYTES: usize = 80;

/// What the index says of an item without asking anything else: `tidings show` prints it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Card {
    pub id: ItemId,
    pub title: String,
    pub url: Option<Url>,
    pub source: String,
    pub trust: Trust,
    pub topics: Vec<String>,
    pub author: Option<String>,
    /// The publisher's date, else when we first saw it.
    pub at: Timestamp,
    pub published: Option<Timestamp>,
    pub seen: Timestamp,
    pub changed: Option<Timestamp>,
    /// None until it is judged.
    pub level: Option<Level>,
    pub category: Option<Category>,
    pub why: Vec<Reason>,
    pub story: Option<StoryId>,
    pub place: Place,
}

/// The fields of the index.
#[derive(Clone, Copy)]
struct Fields {
    id: Field,
    kind: Field,
    source: Field,
    level: Field,
    at: Field,
    title: Field,
    title_code: Field,
    body: Field,
    body_code: Field,
    card: Field,
}

/// A time as the index writes it. It counts nanoseconds and has no room for times before 1677 or after 2262; the nearest it has
/// stands for them.
fn date(at: Timestamp) -> DateTime {
    const MOST: i64 = i64::MAX / 1_000;
    DateTime::from_timestamp_micros(at.as_microsecond().clamp(-MOST, MOST))
}

fn schema() -> (Schema, Fields) {
    let text = |tokenizer: &str| {
        TextOptions::default().set_indexing_options(
            TextFieldIndexing::default()
                .set_tokenizer(tokenizer)
                .set_index_option(IndexRecordOption::WithFreqsAndPositions),
        )
    };
    let mut builder = Schema::builder();
    let fields = Fields {
        id: builder.add_text_field("id", STRING),
        kind: builder.add_text_field("kind", STRING),
        source: builder.add_text_field("source", text(NAME)),
        level: builder.add_text_field("level", STRING),
        at: builder.add_date_field("at", DateOptions::from(INDEXED).set_fast()),
        title: builder.add_text_field("title", text(PROSE)),
        title_code: builder.add_text_field("title_code", text(CODE)),
        body: builder.add_text_field("body", text(PROSE)),
        body_code: builder.add_text_field("body_code", text(CODE)),
        card: builder.add_bytes_field("card", STORED),
    };
    (builder.build(), fields)
}

fn prose() -> TextAnalyzer {
    TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(RemoveLongFilter::limit(MOST_WORD_BYTES))
        .filter(LowerCaser)
        .filter(Stemmer::new(Language::English))
        .build()
}

fn code() -> TextAnalyzer {
    TextAnalyzer::builder(tokens::CodeTokenizer).filter(RemoveLongFilter::limit(MOST_WORD_BYTES)).build()
}

fn name() -> TextAnalyzer {
    TextAnalyzer::builder(SimpleTokenizer::default()).filter(LowerCaser).build()
}

fn register(index: &Index) {
    index.tokenizers().register(PROSE, prose());
    index.tokenizers().register(CODE, code());
    index.tokenizers().register(NAME, name());
}

/// What the stamp must say for an index to be ours.
fn stamp() -> String {
    format!("tidings {SHAPE}, {}\n", tantivy::version_string())
}

/// Whether the files in the folder are an index of this program. Anything else is made anew, never mended.
fn is_ours(folder: &Path) -> bool {
    std::fs::read_to_string(folder.join(STAMP)).is_ok_and(|text| text == stamp())
}

/// The files of an index for one question, which looks at a few places of each: what lies around those is not read ahead. Where a
/// disk reads 8 MB ahead, a question after a start of the machine read 125 MB of an index of 190.
fn to_ask(folder: &Path) -> tantivy::Result<MmapDirectory> {
    Ok(MmapDirectory::open_with_madvice(folder, Advice::Random)?)
}

/// What tells whether an index was written since it was opened; None: there is none that is finished.
fn version_of(folder: &Path) -> Option<Version> {
    let version = Version::of(&[&folder.join(STAMP), &folder.join("meta.json")]);
    version.is_whole().then_some(version)
}

/// An index as it stands: nobody watches its files for what is written later.
fn as_it_stands(index: &Index) -> tantivy::Result<Searcher> {
    let reader: IndexReader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
    Ok(reader.searcher())
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
