//! A message: an edition together with how it reads, ready to be put into letters.

use jiff::Timestamp;

use crate::edition::trends::Trends;
use crate::edition::{Alert, Digest, EditionId, EditionKind, Rollup};
use crate::story::StoryId;
use crate::tell::render::Rendered;

/// What a letter says.
#[derive(Debug, Clone, Copy)]
pub enum Message<'a> {
    Digest(&'a Digest, &'a Rendered),
    Trends(&'a Trends, &'a Rendered),
    Alert(&'a Alert, &'a Rendered),
    Rollup(&'a Rollup, &'a Rendered),
    /// To whoever looks after the home.
    Notice {
        name: &'a str,
        at: Timestamp,
        rendered: &'a Rendered,
    },
    /// To whom sessions wait for.
    Push {
        name: &'a str,
        at: Timestamp,
        rendered: &'a Rendered,
    },
    /// A person tries a channel.
    Trial(Timestamp, &'a Rendered),
}

impl Message<'_> {
    /// The edition's name.
    pub fn edition(&self) -> EditionId {
        match self {
            Message::Digest(digest, _) => EditionId::Digest(digest.week.clone()),
            Message::Trends(trends, _) => EditionId::Trends(trends.month.clone()),
            Message::Alert(alert, _) => EditionId::Alert(alert.telling.story.clone()),
            Message::Rollup(rollup, _) => EditionId::Rollup(rollup.date),
            Message::Notice { name, .. } => EditionId::Notice((*name).to_owned()),
            Message::Push { name, .. } => EditionId::Push((*name).to_owned()),
            Message::Trial(at, _) => EditionId::Trial(*at),
        }
    }

    pub fn kind(&self) -> EditionKind {
        match self {
            Message::Digest(..) => EditionKind::Digest,
            Message::Trends(..) => EditionKind::Trends,
            Message::Alert(..) => EditionKind::Alert,
            Message::Rollup(..) => EditionKind::Rollup,
            Message::Notice { .. } => EditionKind::Notice,
            Message::Push { .. } => EditionKind::Push,
            Message::Trial(..) => EditionKind::Trial,
        }
    }

    pub fn rendered(&self) -> &Rendered {
        match self {
            Message::Digest(_, rendered) | Message::Trends(_, rendered) | Message::Alert(_, rendered) => rendered,
            Message::Rollup(_, rendered) | Message::Trial(_, rendered) => rendered,
            Message::Notice { rendered, .. } | Message::Push { rendered, .. } => rendered,
        }
    }

    /// The edition's own time: the end of the week, when the month closed, or when the alert was raised. It dates the letter, so that a letter
    /// written again has the same bytes.
    pub fn at(&self) -> Timestamp {
        match self {
            Message::Digest(digest, _) => digest.to,
            Message::Trends(trends, _) => trends.at,
            Message::Alert(alert, _) => alert.at,
            Message::Rollup(rollup, _) => rollup.at,
            Message::Notice { at, .. } | Message::Push { at, .. } | Message::Trial(at, _) => *at,
        }
    }

    /// The stories it tells.
    pub fn stories(&self) -> Vec<StoryId> {
        match self {
            Message::Digest(digest, _) => {
                digest.sections.iter().flat_map(|section| &section.stories).map(|one| one.story.clone()).collect()
            }
            Message::Alert(alert, _) => vec![alert.telling.story.clone()],
            Message::Rollup(rollup, _) => rollup.told.clone(),
            Message::Trends(..) | Message::Notice { .. } | Message::Push { .. } | Message::Trial(..) => Vec::new(),
        }
    }
}
