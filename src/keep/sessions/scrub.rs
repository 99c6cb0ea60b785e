//! What is kept is scrubbed again by other rules: turns, facts and settings become a new generation, with the mark as it was.

use std::collections::BTreeMap;

use anyhow::Result;
use jiff::Timestamp;

use super::super::store::{BATCH, Changes};
use super::super::{Keep, works};
use super::{MEMORY, Transcript, archive, key, put_removal, put_transcript, spent_key};
use crate::guard::scrub::Scrubbed;
use crate::session::{Memory, Passage};
use crate::work::{Duty, Work};

impl Keep {
    /// Transcripts that were scrubbed by other rules than these.
    pub fn scrubbed_otherwise(&self, rules: &str) -> Result<Vec<Transcript>> {
        Ok(self.transcripts()?.into_iter().filter(|one| !one.is_unread() && one.rules != rules).collect())
    }

    /// What is replaced from now on is not to be found on the disk after [`Keep::cleared`].
    pub fn begin_scrubbing(&mut self) -> Result<()> {
        self.begin_clearing()
    }

    /// All that is kept of a transcript's content.
    pub fn content_of(&self, transcript: &Transcript) -> Result<(Passage, Memory)> {
        let turns = self.turns_of(transcript)?.into_iter().map(|kept| kept.turn).collect();
        let passage = Passage {
            turns,
            spent: self.spent_of(transcript)?,
            facts: transcript.facts.clone(),
            counts: transcript.counts.clone(),
        };
        Ok((passage, self.memory_of(transcript)?))
    }

    /// Puts that content, scrubbed again, in the place of what is kept: all or nothing.
    pub fn replace_content(
        &mut self,
        transcript: &mut Transcript,
        passage: Passage<Scrubbed>,
        memory: &Memory,
        redacted: BTreeMap<String, u64>,
        rules: &str,
        now: Timestamp,
    ) -> Result<()> {
        let mut changes = Changes::default();
        put_removal(&mut changes, transcript, now);
        transcript.generation += 1;
        transcript.bytes = 0;
        let end = archive::append(&self.state(), transcript, &passage.turns)?;
        if end > 0 {
            self.unsynced().insert(transcript.generation_name());
            let work = Work::new(Duty::IndexTurns, transcript.frame_name(0), end.to_string(), now);
            works::put(&mut changes, &work);
        }
        transcript.bytes = end;
        // Many answers are many values of moderate size: one value of megabytes is no good to the store.
        for (number, chunk) in passage.spent.chunks(BATCH).enumerate() {
            changes.put(&spent_key(transcript, number as u64), &chunk);
        }
        let Passage { facts, counts, .. } = passage.map(Scrubbed::into_string);
        (transcript.facts, transcript.counts) = (facts, counts);
        for (rule, times) in redacted {
            *transcript.redacted.entry(rule).or_default() += times;
        }
        transcript.rules = rules.to_owned();
        changes.put(&key(MEMORY, &transcript.id.0), memory);
        put_transcript(&mut changes, transcript);
        self.store.commit(changes)
    }
}
