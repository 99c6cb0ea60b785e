//! The earliest turn of each session that holds something: found by word, then proved in its text.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use jiff::Timestamp;
use tantivy::DocAddress;
use tantivy::collector::DocSetCollector;

use super::super::query::{Filter, Group, Part};
use super::{Chronicle, Frames, Wanted, damaged};
use crate::guard::panic::quietly;
use crate::session::{Role, Turn};

impl Chronicle {
    /// When each session first held a turn of this role with all of these words that is one of those meant, at `since` or later.
    /// Turns of which the time is not known never count. Of a session, texts are read only up to the first that is.
    ///
    /// # Errors
    /// When the index can't be read. A text that can't be is passed over.
    pub fn earliest(
        &self,
        role: Role,
        words: &[String],
        since: Option<Timestamp>,
        is_meant: &dyn Fn(&Turn) -> bool,
    ) -> Result<BTreeMap<String, Timestamp>> {
        let part = |part: Part| Group { any: vec![part], not: false, typed: String::new() };
        let mut groups: Vec<Group> = words
            .iter()
            .filter(|word| word.contains(char::is_alphanumeric))
            .map(|word| part(Part::Words(word.clone())))
            .collect();
        if groups.is_empty() {
            return Ok(BTreeMap::new());
        }
        groups.push(part(Part::Filter(Filter::Role, role.word().to_owned())));
        quietly(|| self.find_earliest(&groups, since, is_meant)).with_context(damaged)?
    }

    fn find_earliest(
        &self,
        groups: &[Group],
        since: Option<Timestamp>,
        is_meant: &dyn Fn(&Turn) -> bool,
    ) -> Result<BTreeMap<String, Timestamp>> {
        let query = self.build(&Wanted { since, ..Wanted::default() }, groups, None);
        let mut sessions: BTreeMap<String, Vec<(Timestamp, DocAddress)>> = BTreeMap::new();
        for address in self.searcher.search(&*query, &DocSetCollector)? {
            if let Some(at) = self.at(address)?.filter(|at| since.is_none_or(|since| *at >= since)) {
                sessions.entry(self.session_of(address)?).or_default().push((at, address));
            }
        }
        let mut frames = Frames::new(&self.state);
        let mut found = BTreeMap::new();
        for (session, mut spots) in sessions {
            spots.sort_unstable();
            for (at, address) in spots {
                let lying = self.lying(address)?;
                if lying.turn(&mut frames).is_some_and(|turn| is_meant(&turn)) {
                    found.insert(session, at);
                    break;
                }
            }
        }
        Ok(found)
    }
}
