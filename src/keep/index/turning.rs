//! Turns that were appended or dropped since the last run come into their index, and out of it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::Result;
use fail::fail_point;
use tracing::warn;

use super::super::sessions::{Transcript, TranscriptId, each_frame};
use super::super::store::{BATCH, Changes};
use super::super::{Keep, works};
use super::turns::{Writer, folder, is_ours};
use crate::work::{Duty, Work};

/// Generations that a commit is about: written before it, and removed with the work when it is done. What is found here was
/// stopped between the two, and is written whole again.
const COMMITTING: &[u8] = b"turns-committing";

impl Keep {
    /// Does the pending work on the index of turns, and returns how many turns were written. An index that is missing or
    /// damaged is made anew from the archive.
    pub fn index_turns_pending(&mut self) -> Result<usize> {
        let folder = self.turns_folder();
        let (appended, dropped) = (self.work(Duty::IndexTurns)?, self.work(Duty::DropTurns)?);
        if !is_ours(&folder) {
            return match self.has_transcripts()? {
                true => self.reindex_turns(),
                false => Ok(0),
            };
        }
        let doubtful: BTreeSet<String> = self.store.get(COMMITTING)?.unwrap_or_default();
        if appended.is_empty() && dropped.is_empty() && doubtful.is_empty() {
            return Ok(0);
        }
        let writer = Writer::open(&folder)?;
        match writer.is_new() {
            true => self.write_all_turns(writer),
            false => self.write_turns(writer, appended, dropped, doubtful),
        }
    }

    /// Makes the index of turns anew from the archive, and returns how many turns it holds.
    pub fn reindex_turns(&mut self) -> Result<usize> {
        let writer = Writer::anew(&self.turns_folder())?;
        self.write_all_turns(writer)
    }

    fn write_all_turns(&mut self, mut writer: Writer) -> Result<usize> {
        let (appended, dropped) = (self.work(Duty::IndexTurns)?, self.work(Duty::DropTurns)?);
        let mut count = 0;
        for transcript in self.transcripts()? {
            match self.write_frames(&mut writer, &transcript, 0, transcript.bytes) {
                Ok(turns) => count += turns,
                Err(error) => warn!("{error:#}; its turns are missing in the index"),
            }
        }
        writer.commit()?;
        // All work is done by it, and must not be done again on an index that counts.
        self.turns_done(&appended, &dropped)?;
        self.checkpoint()?;
        writer.close()?;
        Ok(count)
    }

    fn write_turns(
        &mut self,
        mut writer: Writer,
        appended: Vec<Work>,
        dropped: Vec<Work>,
        doubtful: BTreeSet<String>,
    ) -> Result<usize> {
        let touched: BTreeSet<String> = appended
            .iter()
            .filter_map(|work| frame(work).map(|(generation, ..)| generation.to_owned()))
            .chain(doubtful.iter().cloned())
            .collect();
        let mut changes = Changes::default();
        changes.put(COMMITTING, &touched);
        self.store.commit(changes)?;
        // On the disk before the index is: a kill takes what the store has only in memory, and the turns would be kept and
        // indexed once more.
        self.checkpoint()?;
        for generation in doubtful.iter().map(String::as_str).chain(dropped.iter().map(|work| work.id.as_str())) {
            writer.drop_generation(generation);
        }
        let (mut done, mut count) = (Vec::new(), 0);
        for generation in &doubtful {
            if let Some(transcript) = self.present(generation)? {
                count += self.write_frames(&mut writer, &transcript, 0, transcript.bytes)?;
            }
        }
        for work in appended {
            let Some((generation, begin, end)) = frame(&work) else {
                done.push(work);
                continue;
            };
            if !doubtful.contains(generation)
                && let Some(transcript) = self.present(generation)?
            {
                match self.write_frames(&mut writer, &transcript, begin, end) {
                    Ok(turns) => count += turns,
                    Err(error) => {
                        self.work_failed(&work, &format!("{error:#}"))?;
                        continue;
                    }
                }
            }
            done.push(work);
        }
        fail_point!("turns-before-commit");
        writer.commit()?;
        fail_point!("turns-committed");
        writer.close()?;
        self.turns_done(&done, &dropped)?;
        Ok(count)
    }

    /// The transcript of a generation, if that is its present one.
    fn present(&self, generation: &str) -> Result<Option<Transcript>> {
        let Some((id, _)) = generation.split_once('.') else { return Ok(None) };
        let transcript = self.transcript(&TranscriptId(id.to_owned()))?;
        Ok(transcript.filter(|transcript| transcript.generation_name() == generation))
    }

    fn write_frames(&self, writer: &mut Writer, transcript: &Transcript, begin: u64, end: u64) -> Result<usize> {
        let mut count = 0;
        each_frame(&self.state(), &transcript.generation_name(), begin, end, |frame| {
            count += frame.len();
            frame.iter().try_for_each(|kept| writer.add(transcript, kept))
        })?;
        Ok(count)
    }

    /// Takes every generation of these transcripts out of the index, down to its bytes.
    pub(in super::super) fn drop_turns_for_good(&mut self, ids: &BTreeSet<&str>) -> Result<()> {
        let is_theirs = |work: &Work| ids.contains(work.id.split('.').next().unwrap_or_default());
        let mut writer = match is_ours(&self.turns_folder()) {
            true => Writer::open(&self.turns_folder())?,
            false => Writer::anew(&self.turns_folder())?,
        };
        // A new one has no stamp before it is closed: the next run fills it.
        if !writer.is_new() {
            // Which of their generations it holds is not known exactly; those that ever were are few.
            for id in ids {
                let last = self.transcript(&TranscriptId((*id).to_owned()))?.map_or(0, |one| one.generation);
                for generation in 0..=last {
                    writer.drop_generation(&format!("{id}.{generation}"));
                }
            }
            writer.purge()?;
            writer.close()?;
        }
        let theirs = |works: Vec<Work>| works.into_iter().filter(is_theirs).collect::<Vec<_>>();
        let (appended, dropped) = (self.work(Duty::IndexTurns)?, self.work(Duty::DropTurns)?);
        for work in theirs(appended).into_iter().chain(theirs(dropped)) {
            self.work_done(&work)?;
        }
        Ok(())
    }

    fn turns_done(&mut self, appended: &[Work], dropped: &[Work]) -> Result<()> {
        for work in dropped {
            self.remove_generation(&work.id)?;
        }
        // What has no index work left is not in doubt any more; the list goes first with the last of it.
        let all: Vec<&Work> = appended.iter().chain(dropped).collect();
        let last = all.len().div_ceil(BATCH / 2).max(1);
        let mut chunks = all.chunks(BATCH / 2);
        for number in 1..=last {
            let mut changes = Changes::default();
            for work in chunks.next().unwrap_or_default() {
                works::remove(&mut changes, work);
            }
            if number == last {
                changes.remove(COMMITTING);
            }
            self.store.commit(changes)?;
        }
        Ok(())
    }

    fn has_transcripts(&self) -> Result<bool> {
        Ok(!self.transcripts()?.is_empty())
    }

    fn turns_folder(&self) -> PathBuf {
        folder(&self.home)
    }
}

/// Generation, begin and end of what was appended.
fn frame(work: &Work) -> Option<(&str, u64, u64)> {
    let (generation, begin) = work.id.split_once('@')?;
    Some((generation, begin.parse().ok()?, work.input.parse().ok()?))
}
