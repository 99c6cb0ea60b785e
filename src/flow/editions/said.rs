//! Said: an edition as its typed value, and as a page shows it.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::edition::trends::Trends;
use crate::edition::{Alert, Digest, EditionKind, Rollup};
use crate::tell::shown::{self, AlertView, DigestView, RollupView, TrendsView};

/// Of the JSON of every kind of edition: what this program can read.
const VERSION: u32 = 1;

/// What an edition says.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    Digest(Box<Digest>),
    Alert(Box<Alert>),
    Rollup(Box<Rollup>),
    Trends(Box<Trends>),
}

/// What became of opening an edition.
#[derive(Debug, Clone, PartialEq)]
pub enum Opened {
    Whole(Said),
    /// Its JSON can't be read. The text is the plain one, or the Markdown.
    Damaged {
        why: String,
        text: Option<String>,
    },
}

/// An edition as a template shows it: every date, number and foreign text fit to print.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum EditionView {
    Digest(Box<DigestView>),
    Alert(Box<AlertView>),
    Rollup(Box<RollupView>),
    Trends(Box<TrendsView>),
}

impl Said {
    /// An edition of a kind from its JSON. The error says in words what is wrong with it.
    pub(super) fn read(kind: EditionKind, bytes: &[u8]) -> Result<Said, String> {
        match kind {
            EditionKind::Digest => parse(bytes).map(|digest| Said::Digest(Box::new(digest))),
            EditionKind::Alert => parse(bytes).map(|alert| Said::Alert(Box::new(alert))),
            EditionKind::Rollup => parse(bytes).map(|rollup| Said::Rollup(Box::new(rollup))),
            EditionKind::Trends => parse(bytes).map(|trends| Said::Trends(Box::new(trends))),
            EditionKind::Notice | EditionKind::Push | EditionKind::Trial => {
                Err("it is no edition that is kept".to_owned())
            }
        }
    }

    /// When it was written.
    pub fn at(&self) -> Timestamp {
        match self {
            Said::Digest(digest) => digest.to,
            Said::Alert(alert) => alert.at,
            Said::Rollup(rollup) => rollup.at,
            Said::Trends(trends) => trends.at,
        }
    }

    /// In one line of at most 200 characters.
    pub fn headline(&self) -> String {
        match self.view() {
            EditionView::Digest(view) => view.subject,
            EditionView::Alert(view) => view.story.title,
            EditionView::Rollup(view) => view.subject,
            EditionView::Trends(view) => view.subject,
        }
    }

    pub fn view(&self) -> EditionView {
        match self {
            Said::Digest(digest) => EditionView::Digest(Box::new(shown::digest(digest))),
            Said::Alert(alert) => EditionView::Alert(Box::new(shown::alert(alert))),
            Said::Rollup(rollup) => EditionView::Rollup(Box::new(shown::rollup(rollup))),
            Said::Trends(trends) => EditionView::Trends(Box::new(shown::trends(trends))),
        }
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let damaged = |error: serde_json::Error| format!("it is damaged ({error})");
    let Versioned { version } = serde_json::from_slice(bytes).map_err(damaged)?;
    if version != VERSION {
        return Err(format!("it has version {version}, and this program reads {VERSION}"));
    }
    serde_json::from_slice(bytes).map_err(damaged)
}
