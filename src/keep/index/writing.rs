//! Writing the index: items are written again under their id, and their work is done when all are committed.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use anyhow::{Context, Result};
use fail::fail_point;
use tantivy::directory::MmapDirectory;
use tantivy::indexer::LogMergePolicy;
use tantivy::{Index, IndexWriter, TantivyDocument, TantivyError, Term};
use tracing::warn;

use super::super::store::{BATCH, Changes};
use super::super::{Keep, works};
use super::{Card, Fields, STAMP, date, is_ours, open, register, schema, stamp, turns};
use crate::guard::panic::quietly;
use crate::item::Item;
use crate::work::{Duty, Work};

/// The writer's memory, in bytes: tantivy's least is 15 MB, and an hour's items need no more than twice that.
const WRITER_BYTES: usize = 30_000_000;

/// How much text may stand in line for the writer, in bytes. Its line is 10,000 items long whatever their size, which with the
/// longest texts would be gigabytes.
const WAITING_BYTES: usize = 8_000_000;

/// Segments with more than this share of replaced items are merged; tantivy's default never does.
pub(super) const MOST_DELETED: f32 = 0.3;

impl Keep {
    /// Does the pending `Index` work and returns how many items were written. An index that is missing, damaged or of
    /// another version is made anew from all items.
    pub fn index_pending(&mut self) -> Result<usize> {
        let folder = self.home.join("index");
        if is_ours(&folder) {
            let works = self.work(Duty::Index)?;
            // On garbage tantivy may panic instead of saying so.
            match quietly(|| sound(&folder, !works.is_empty())) {
                Some(Ok(None)) => return Ok(0),
                Some(Ok(Some((writer, fields)))) => {
                    sweep(&folder).with_context(|| format!("clearing up the index {}", folder.display()))?;
                    return self.write_works(writer, &fields, works);
                }
                Some(Err(error)) => warn!("the index {} is damaged ({error}); making it anew", folder.display()),
                None => warn!("the index {} is damaged; making it anew", folder.display()),
            }
        }
        self.reindex()
    }

    /// Makes the whole index anew and returns how many items it holds.
    pub fn reindex(&mut self) -> Result<usize> {
        let folder = self.home.join("index");
        let doing = || format!("making the index {} anew; check the disk's free space", folder.display());
        clear(&folder).with_context(doing)?;
        fail_point!("index-cleared");
        let (schema, fields) = schema();
        let index = Index::create_in_dir(&folder, schema).with_context(doing)?;
        register(&index);
        let mut writer = writer(&index).with_context(doing)?;
        let (mut count, mut waiting) = (0, 0);
        for item in self.items() {
            waiting += self.write_item(&writer, &fields, &item?)?;
            count += 1;
            if waiting > WAITING_BYTES {
                finish(&mut writer).with_context(doing)?;
                waiting = 0;
            }
        }
        finish(&mut writer).with_context(doing)?;
        writer.wait_merging_threads().with_context(doing)?;
        fail_point!("index-before-stamp");
        // The stamp comes last: an index that was not finished is made anew.
        fs::write(folder.join(STAMP), stamp()).with_context(doing)?;
        let works = self.work(Duty::Index)?;
        self.works_done(&works)?;
        Ok(count)
    }

    fn write_works(&mut self, mut writer: IndexWriter, fields: &Fields, works: Vec<Work>) -> Result<usize> {
        let folder = self.home.join("index");
        let doing = || {
            format!(
                "writing {} items into the index {}; check the disk's free space, or let `tidings reindex` make it anew",
                works.len(),
                folder.display()
            )
        };
        let (mut done, mut waiting) = (Vec::new(), 0);
        for work in &works {
            let id = crate::item::ItemId(work.id.clone());
            writer.delete_term(Term::from_field_text(fields.id, &work.id));
            let written = match self.item(&id)? {
                Some(item) => self.write_item(&writer, fields, &item),
                None => Ok(0),
            };
            match written {
                Ok(bytes) => {
                    waiting += bytes;
                    done.push(work.clone());
                }
                Err(error) => self.work_failed(work, &format!("{error:#}"))?,
            }
            if waiting > WAITING_BYTES {
                finish(&mut writer).with_context(doing)?;
                waiting = 0;
            }
        }
        finish(&mut writer).with_context(doing)?;
        // Without waiting, a program that ends at once never merges, and segments pile up.
        writer.wait_merging_threads().with_context(doing)?;
        self.works_done(&done)?;
        Ok(done.len())
    }

    /// Returns the length of its text.
    fn write_item(&self, writer: &IndexWriter, fields: &Fields, item: &Item) -> Result<usize> {
        let text = self.text_or_nothing(item);
        let judged = self.judged(&item.id)?;
        let card = Card {
            id: item.id.clone(),
            title: item.title.clone(),
            url: item.link.clone(),
            source: item.source.clone(),
            trust: item.trust,
            topics: item.topics.clone(),
            author: item.author.clone(),
            at: item.at(),
            published: item.published,
            seen: item.seen,
            changed: item.changed,
            level: judged.as_ref().map(|judged| judged.verdict.level),
            category: judged.as_ref().map(|judged| judged.verdict.category),
            why: judged.as_ref().map(|judged| judged.verdict.why.clone()).unwrap_or_default(),
            story: judged.map(|judged| judged.story),
            place: item.place.clone(),
        };
        let mut document = TantivyDocument::default();
        document.add_text(fields.id, &card.id.0);
        document.add_text(fields.kind, "item");
        if let Some(category) = card.category {
            document.add_text(fields.kind, category.word());
        }
        document.add_text(fields.source, &card.source);
        if let Some(level) = card.level {
            document.add_text(fields.level, level.word());
        }
        document.add_date(fields.at, date(card.at));
        document.add_text(fields.title, &card.title);
        document.add_text(fields.title_code, &card.title);
        document.add_text(fields.body, &text);
        document.add_text(fields.body_code, &text);
        document.add_bytes(fields.card, &serde_json::to_vec(&card).context("writing an item's card")?);
        writer.add_document(document).with_context(|| format!("writing {} into the index", card.id))?;
        Ok(text.len())
    }

    fn works_done(&mut self, done: &[Work]) -> Result<()> {
        for chunk in done.chunks(BATCH) {
            let mut changes = Changes::default();
            for work in chunk {
                works::remove(&mut changes, work);
            }
            self.store.commit(changes)?;
        }
        Ok(())
    }
}

/// Opens an index that can be read, and a writer if it is to be written to. Before that every byte is held against its
/// checksum: what is merged is believed from then on.
fn sound(folder: &Path, to_write: bool) -> tantivy::Result<Option<(IndexWriter, Fields)>> {
    let (index, fields) = open(MmapDirectory::open(folder)?)?;
    index.reader()?;
    if !to_write {
        return Ok(None);
    }
    let damaged = index.validate_checksum()?;
    if let Some(path) = damaged.iter().next() {
        return Err(TantivyError::SystemError(format!("{} has not the bytes that were written", path.display())));
    }
    Ok(Some((writer(&index)?, fields)))
}

fn writer(index: &Index) -> tantivy::Result<IndexWriter> {
    let writer = index.writer_with_num_threads(1, WRITER_BYTES)?;
    let mut policy = LogMergePolicy::default();
    policy.set_del_docs_ratio_before_merge(MOST_DELETED);
    writer.set_merge_policy(Box::new(policy));
    Ok(writer)
}

fn finish(writer: &mut IndexWriter) -> tantivy::Result<()> {
    fail_point!("index-before-commit");
    writer.commit()?;
    fail_point!("index-committed");
    Ok(())
}

/// Removes what tantivy had begun to write when a process was killed; its own cleaning does not know these names.
pub(super) fn sweep(folder: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().as_encoded_bytes().starts_with(b".tmp") {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Empties the folder of everything but .gitignore and the index of sessions, the stamp first.
pub(super) fn clear(folder: &Path) -> std::io::Result<()> {
    if folder.symlink_metadata().is_ok_and(|there| there.is_file()) {
        fs::remove_file(folder)?;
    }
    // The words of sessions are nobody else's.
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    remove(&folder.join(STAMP))?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name() != ".gitignore" && entry.file_name() != turns::FOLDER {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Removes whatever stands there.
fn remove(path: &Path) -> std::io::Result<()> {
    match path.symlink_metadata() {
        Ok(there) if there.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}
