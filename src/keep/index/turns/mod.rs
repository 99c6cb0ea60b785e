//! The index of turns: one document a turn, named by its transcript's generation and its place in the archive.

use std::path::Path;

use anyhow::{Context, Result};
use tantivy::schema::{Field, STORED, STRING, Schema};
use tantivy::{Index, IndexWriter, TantivyDocument, Term};

use super::super::sessions::{Kept, Transcript};

/// The writer's memory, in bytes.
const WRITER_BYTES: usize = 50_000_000;

struct Fields {
    generation: Field,
    place: Field,
}

fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let generation = builder.add_text_field("generation", STRING | STORED);
    let place = builder.add_text_field("place", STRING | STORED);
    (builder.build(), Fields { generation, place })
}

/// Writes turns. Nothing counts before [`Writer::commit`].
pub struct Writer {
    writer: IndexWriter,
    fields: Fields,
}

impl Writer {
    /// Opens the index in the folder, or makes one where there is none.
    pub fn open(folder: &Path) -> Result<Writer> {
        let doing = || format!("opening the index of sessions {}; `tidings reindex` makes it anew", folder.display());
        std::fs::create_dir_all(folder).with_context(doing)?;
        let (schema, fields) = schema();
        let place = tantivy::directory::MmapDirectory::open(folder).with_context(doing)?;
        let index = Index::open_or_create(place, schema).with_context(doing)?;
        let writer = index.writer_with_num_threads(1, WRITER_BYTES).with_context(doing)?;
        Ok(Writer { writer, fields })
    }

    pub fn add(&mut self, transcript: &Transcript, kept: &Kept) -> Result<()> {
        let mut document = TantivyDocument::default();
        document.add_text(self.fields.generation, transcript.generation_name());
        document.add_text(self.fields.place, format!("{}.{}", kept.frame, kept.number));
        self.writer.add_document(document).context("writing a turn into the index")?;
        Ok(())
    }

    /// Every turn of a generation (`t-7k3m9q2xwd.0`) that was added before this.
    pub fn drop_generation(&mut self, generation: &str) {
        self.writer.delete_term(Term::from_field_text(self.fields.generation, generation));
    }

    pub fn commit(&mut self) -> Result<()> {
        self.writer.commit().context("writing the index of sessions; check the disk's free space")?;
        Ok(())
    }

    /// After a commit: segments that hold dropped turns are written anew without them.
    pub fn purge(&mut self) -> Result<()> {
        let index = self.writer.index().clone();
        let metas = index.searchable_segment_metas().context("looking at the index of sessions")?;
        let segments: Vec<_> = metas.iter().filter(|meta| meta.has_deletes()).map(|meta| meta.id()).collect();
        if !segments.is_empty() {
            self.writer.merge(&segments).wait().context("merging the index of sessions")?;
            self.commit()?;
            self.writer.garbage_collect_files().wait().context("clearing up the index of sessions")?;
        }
        Ok(())
    }

    /// Waits for what goes on in the background.
    pub fn close(self) -> Result<()> {
        self.writer.wait_merging_threads().context("merging the index of sessions")
    }
}

/// Generation and place of every turn that is found, in no order.
pub fn places(folder: &Path) -> Result<Vec<(String, String)>> {
    let index = Index::open_in_dir(folder).context("opening the index of sessions")?;
    let (_, fields) = schema();
    let searcher = index.reader()?.searcher();
    let mut places = Vec::new();
    for reader in searcher.segment_readers() {
        let store = reader.get_store_reader(1)?;
        for document in store.iter::<TantivyDocument>(reader.alive_bitset()) {
            let document = document?;
            let text = |field: Field| {
                use tantivy::schema::Value;
                document.get_first(field).and_then(|value| value.as_str()).unwrap_or_default().to_owned()
            };
            places.push((text(fields.generation), text(fields.place)));
        }
    }
    Ok(places)
}
