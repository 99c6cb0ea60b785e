//! Writing the index of turns: a frame is written whole, and takes the place of what was written of it before.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use fail::fail_point;
use tantivy::directory::MmapDirectory;
use tantivy::indexer::{LogMergePolicy, NoMergePolicy};
use tantivy::{Index, IndexWriter, TantivyDocument, Term};

use super::super::date;
use super::super::writing::{MOST_DELETED, clear, sweep};
use super::{Fields, STAMP, open, register, schema, stamp};
use crate::guard::panic::quietly;
use crate::keep::private_folder;
use crate::keep::sessions::{Kept, Transcript};
use crate::session::project_of;

/// The writer's memory, in bytes: fewer segments to merge than with tantivy's least of 15 MB, and a tenth of what the whole
/// program may take.
const WRITER_BYTES: usize = 50_000_000;

/// How much text may stand in line for the writer, in bytes; its line is 10,000 turns long whatever their size.
const WAITING_BYTES: usize = 48_000_000;

/// Fills the index of turns. One at a time: tantivy's own lock holds a second one off.
pub struct Writer {
    folder: PathBuf,
    writer: IndexWriter,
    fields: Fields,
    is_new: bool,
    /// The frame that is being written.
    current: String,
    waiting: usize,
}

impl Writer {
    /// Opens the index in this folder, or begins one where there is none.
    ///
    /// # Errors
    /// When it is damaged, of another version, or can't be written: [`Writer::anew`] makes it anew.
    pub fn open(folder: &Path) -> Result<Writer> {
        if !folder.join("meta.json").exists() {
            return Writer::anew(folder);
        }
        let doing = || format!("opening the index {}; `tidings reindex` makes it anew", folder.display());
        private_folder(folder)?;
        sweep(folder).with_context(doing)?;
        // On garbage tantivy may panic instead of saying so.
        let opened = quietly(|| -> tantivy::Result<Writer> {
            let (index, fields) = open(MmapDirectory::open(folder)?)?;
            index.reader()?;
            Ok(Writer::over(folder, writer(&index)?, fields, false))
        });
        opened.context("tantivy panicked").and_then(|opened| Ok(opened?)).with_context(doing)
    }

    /// Begins a new index, whatever there was.
    ///
    /// # Errors
    /// When the folder can't be written.
    pub fn anew(folder: &Path) -> Result<Writer> {
        let doing = || format!("making the index {} anew; check the disk's free space", folder.display());
        clear(folder).with_context(doing)?;
        // Its words in their places are the texts, and those are their owner's alone.
        private_folder(folder)?;
        let (schema, fields) = schema();
        let index = Index::create_in_dir(folder, schema).with_context(doing)?;
        register(&index);
        let writer = writer(&index).with_context(doing)?;
        Ok(Writer::over(folder, writer, fields, true))
    }

    fn over(folder: &Path, writer: IndexWriter, fields: Fields, is_new: bool) -> Writer {
        let folder = folder.to_path_buf();
        Writer { folder, writer, fields, is_new, current: String::new(), waiting: 0 }
    }

    /// It was begun now: every turn of every transcript has to be written, not only what was appended.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Writes a turn. The turns of a frame are given in a row: with the first of them, what the index held of that frame goes, so
    /// that a frame may be written again.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn add(&mut self, transcript: &Transcript, kept: &Kept) -> Result<()> {
        let generation = transcript.generation_name();
        let frame = format!("{generation}@{}", kept.frame);
        let doing = || format!("writing {frame} into the index of sessions; check the disk's free space");
        let fields = self.fields;
        if frame != self.current {
            if self.waiting > WAITING_BYTES {
                self.commit()?;
            }
            self.writer.delete_term(Term::from_field_text(fields.frame_name, &frame));
            self.current.clone_from(&frame);
        }
        let turn = &kept.turn;
        let yes_or_no = |yes| if yes { "yes" } else { "no" };
        let mut document = TantivyDocument::default();
        document.add_text(fields.text, &turn.text);
        document.add_text(fields.role, turn.role.word());
        if let Some(tool) = &turn.tool {
            document.add_text(fields.tool, tool.to_lowercase());
        }
        document.add_text(fields.agent, transcript.session.agent.word());
        document.add_text(fields.subagent, yes_or_no(transcript.subagent.is_some() || turn.subagent.is_some()));
        document.add_text(fields.error, yes_or_no(turn.is_error));
        document.add_text(fields.session, transcript.session.to_string());
        document.add_text(fields.generation, &generation);
        document.add_text(fields.frame_name, &frame);
        for (field, value) in [
            (fields.model, turn.model()),
            (fields.branch, turn.branch().map(String::as_str)),
            (fields.project, turn.cwd().map(|cwd| project_of(cwd))),
            (fields.host, transcript.host.as_deref()),
            (fields.owner, transcript.owner.as_deref()),
            (fields.version, turn.version()),
        ] {
            if let Some(value) = value {
                document.add_text(field, value);
            }
        }
        if let Some(at) = turn.at {
            document.add_date(fields.at, date(at));
        }
        document.add_u64(fields.line, turn.line);
        document.add_u64(fields.part, u64::from(turn.part));
        document.add_u64(fields.frame, kept.frame);
        document.add_u64(fields.number, u64::from(kept.number));
        self.writer.add_document(document).with_context(doing)?;
        self.waiting += turn.text.len();
        Ok(())
    }

    /// Takes every turn of a transcript's generation out: `t-7k3m9q2xwd.0`.
    pub fn drop_generation(&mut self, generation: &str) {
        self.writer.delete_term(Term::from_field_text(self.fields.generation, generation));
        self.current.clear();
    }

    /// From now on readers find what was written, and work on it is done.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn commit(&mut self) -> Result<()> {
        self.writer.commit().with_context(|| writing(&self.folder))?;
        self.current.clear();
        self.waiting = 0;
        Ok(())
    }

    /// Commits, and writes every segment that holds dropped turns anew without them, down to its bytes.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn purge(&mut self) -> Result<()> {
        let doing = || writing(&self.folder);
        // A merge of its own would take the same segments.
        self.writer.set_merge_policy(Box::new(NoMergePolicy));
        self.writer.commit().with_context(doing)?;
        let metas = self.writer.index().searchable_segment_metas().with_context(doing)?;
        let segments: Vec<_> = metas.iter().filter(|meta| meta.has_deletes()).map(|meta| meta.id()).collect();
        if !segments.is_empty() {
            self.writer.merge(&segments).wait().with_context(doing)?;
            self.writer.commit().with_context(doing)?;
            self.writer.garbage_collect_files().wait().with_context(doing)?;
        }
        Ok(())
    }

    /// After a commit: waits until what is to be merged is merged, and calls a new index finished.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn close(self) -> Result<()> {
        let doing = || writing(&self.folder);
        // Without waiting, a program that ends at once never merges, and segments pile up.
        self.writer.wait_merging_threads().with_context(doing)?;
        fail_point!("turns-before-stamp");
        if self.is_new {
            // The stamp comes last: an index that was not finished is made anew.
            fs::write(self.folder.join(STAMP), stamp()).with_context(doing)?;
        }
        Ok(())
    }
}

fn writing(folder: &Path) -> String {
    format!("writing the index {}; check the disk's free space", folder.display())
}

fn writer(index: &Index) -> tantivy::Result<IndexWriter> {
    let writer = index.writer_with_num_threads(1, WRITER_BYTES)?;
    let mut policy = LogMergePolicy::default();
    policy.set_del_docs_ratio_before_merge(MOST_DELETED);
    writer.set_merge_policy(Box::new(policy));
    Ok(writer)
}
