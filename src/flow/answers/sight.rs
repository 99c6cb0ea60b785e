//! Whose sessions somebody may see.

use std::collections::HashSet;
use std::sync::Arc;

use super::super::ask::SessionLine;
use super::known::Known;
use crate::config::SessionSource;
use crate::session::Format;

/// What of a home's sessions is shown.
#[derive(Debug, Clone, Default)]
pub enum Sight {
    /// The owner of the home sees all.
    #[default]
    All,
    /// Only these transcripts.
    Of(Arc<HashSet<String>>),
}

impl Sight {
    /// What a person sees who is not the owner of the home: what was shared, and what is his own.
    pub fn of_person(person: &str, sources: &[SessionSource], known: &Known) -> Sight {
        let shared: HashSet<&str> = sources
            .iter()
            .filter(|source| source.format == Format::Shared)
            .map(|source| source.name.as_str())
            .collect();
        let is_seen = |line: &&SessionLine| {
            shared.contains(line.source.as_str())
                || line.owner.as_deref().is_some_and(|owner| owner.to_lowercase() == person.to_lowercase())
        };
        Sight::Of(Arc::new(known.all().filter(is_seen).map(|line| line.id.to_string()).collect()))
    }

    pub fn sees(&self, transcript: &str) -> bool {
        match self {
            Sight::All => true,
            Sight::Of(transcripts) => transcripts.contains(transcript),
        }
    }

    pub(super) fn narrowed(&self) -> Option<Arc<HashSet<String>>> {
        match self {
            Sight::All => None,
            Sight::Of(transcripts) => Some(transcripts.clone()),
        }
    }
}
