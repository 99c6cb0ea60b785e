//! Works are kept with what causes them, taken oldest first, and set aside when they fail too often.

use anyhow::Result;

use super::Keep;
use super::store::{Changes, Store};
use crate::work::{Duty, Work};

fn work_key(duty: Duty, id: &str) -> Vec<u8> {
    format!("work/{}/{id}", duty.word()).into_bytes()
}

/// Puts work into a transaction; work of the same duty on the same thing is replaced.
pub(super) fn put(changes: &mut Changes, work: &Work) {
    changes.put(&work_key(work.duty, &work.id), work);
}

pub(super) fn remove(changes: &mut Changes, work: &Work) {
    changes.remove(&work_key(work.duty, &work.id));
}

/// Whether the work is still asked for, on the same input.
pub(super) fn is_current(store: &Store, work: &Work) -> Result<bool> {
    let current: Option<Work> = store.get(&work_key(work.duty, &work.id))?;
    Ok(current.is_some_and(|current| current.input == work.input))
}

impl Keep {
    /// What is to be done, oldest first, without what was set aside.
    pub fn work(&self, duty: Duty) -> Result<Vec<Work>> {
        Ok(self.all_work(duty)?.into_iter().filter(|work| !work.is_aside()).collect())
    }

    /// What failed too often, of any duty; a person looks at it.
    pub fn aside(&self) -> Result<Vec<Work>> {
        let mut aside = Vec::new();
        for duty in [Duty::Judge, Duty::Index, Duty::Alert, Duty::Screen, Duty::IndexTurns, Duty::DropTurns] {
            aside.extend(self.all_work(duty)?.into_iter().filter(Work::is_aside));
        }
        Ok(aside)
    }

    /// Counts a failed try and keeps what it said. Nothing happens if the work has changed meanwhile.
    pub fn work_failed(&mut self, work: &Work, message: &str) -> Result<()> {
        if !is_current(&self.store, work)? {
            return Ok(());
        }
        let failed = Work { tries: work.tries + 1, fault: Some(message.to_owned()), ..work.clone() };
        let mut changes = Changes::default();
        put(&mut changes, &failed);
        self.store.commit(changes)
    }

    /// Removes work that is done, if it is still the same.
    pub fn work_done(&mut self, work: &Work) -> Result<()> {
        let mut changes = Changes::default();
        if is_current(&self.store, work)? {
            remove(&mut changes, work);
        }
        self.store.commit(changes)
    }

    fn all_work(&self, duty: Duty) -> Result<Vec<Work>> {
        let prefix = work_key(duty, "");
        let mut works: Vec<Work> = self.store.scan(&prefix).map(|pair| Ok(pair?.1)).collect::<Result<_>>()?;
        works.sort_by(|a, b| a.since.cmp(&b.since).then_with(|| a.id.cmp(&b.id)));
        Ok(works)
    }
}
