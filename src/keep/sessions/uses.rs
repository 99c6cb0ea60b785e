//! Whether a lesson is followed: its signature, looked for in the sessions that this home keeps. What comes out are times and numbers.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use jiff::Timestamp;

use super::super::Keep;
use super::super::index::turns::Chronicle;
use crate::lesson::{LessonId, Signature};
use crate::session::usage::PEOPLE;

impl Keep {
    /// Of each lesson that was used since it was found (the time beside its signature): when first, and in how many sessions, own
    /// and shared. Only what is indexed counts, so that it is asked after indexing.
    ///
    /// # Errors
    /// When the index can't be read; the message names the remedy.
    pub fn first_uses(&self, wanted: &[(LessonId, Signature, Timestamp)]) -> Result<Vec<(LessonId, Timestamp, u32)>> {
        let Some(chronicle) = Chronicle::open(&self.home)? else { return Ok(Vec::new()) };
        let mut uses = Vec::new();
        for (lesson, signature, found) in wanted {
            let met = met(&chronicle, signature, Some(*found), true)?;
            if let Some(first) = met.values().min() {
                uses.push((lesson.clone(), *first, met.len() as u32));
            }
        }
        Ok(uses)
    }

    /// In how many sessions that people share in these sources something came up, be it a use or an error. It may be told to
    /// others: 0 where they are those of fewer than five people.
    ///
    /// # Errors
    /// When the index or the store can't be read.
    pub fn sessions_seen(&self, signature: &Signature, shared: &BTreeSet<String>) -> Result<u32> {
        let Some(chronicle) = Chronicle::open(&self.home)? else { return Ok(0) };
        let met = met(&chronicle, signature, None, false)?;
        if met.is_empty() || shared.is_empty() {
            return Ok(0);
        }
        let mut sessions: BTreeMap<String, Option<String>> = BTreeMap::new();
        for transcript in self.transcripts()?.into_iter().filter(|one| shared.contains(&one.source)) {
            let session = transcript.session.to_string();
            if met.contains_key(&session) {
                sessions.insert(session, transcript.owner);
            }
        }
        let people: BTreeSet<&Option<String>> = sessions.values().collect();
        Ok(if people.len() >= PEOPLE { sessions.len() as u32 } else { 0 })
    }
}

/// When each session first met one of a signature's marks.
fn met(
    chronicle: &Chronicle,
    signature: &Signature,
    since: Option<Timestamp>,
    only_uses: bool,
) -> Result<BTreeMap<String, Timestamp>> {
    let mut met: BTreeMap<String, Timestamp> = BTreeMap::new();
    for mark in signature.marks.iter().filter(|mark| mark.is_use() || !only_uses) {
        for (session, at) in chronicle.earliest(mark.role(), &mark.words(), since, &|turn| mark.is_in(turn))? {
            let known = met.entry(session).or_insert(at);
            *known = at.min(*known);
        }
    }
    Ok(met)
}
