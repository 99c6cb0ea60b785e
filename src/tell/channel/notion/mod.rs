//! Notion: the lab's knowledge base, a database for each sort of story, in which pages are updated and never doubled.

mod pages;
mod upsert;

use std::sync::Arc;

use anyhow::{Context, Result};

use super::{Kind, Secrets, reader};
use crate::config::Config;
use crate::edition::{ChannelName, EditionKind, Letter, Reader};
use crate::tell::Channel;
use crate::tell::gist::gist;
use crate::tell::message::Message;

pub use upsert::Base;

/// `[notion]`.
pub struct Notion;

impl Kind for Notion {
    fn readers(&self, config: &Config) -> Vec<Reader> {
        config.notion.iter().flat_map(|notion| reader(ChannelName::Notion, &notion.name)).collect()
    }

    fn tells<'c>(&self, config: &'c Config) -> &'c [EditionKind] {
        config.notion.as_ref().map_or(&[], |notion| &notion.tells)
    }

    fn place(&self, config: &Config) -> Option<String> {
        let notion = config.notion.as_ref()?;
        let names: Vec<&str> = notion.databases.keys().map(|database| database.word()).collect();
        Some(format!("{} on {}", names.join(", "), notion.url.host_str()?))
    }

    /// The pages, whatever databases are named: which of them are written is settled when they leave.
    fn write(&self, message: Message<'_>, _letter: &mut Letter, _config: &Config) -> Result<Vec<u8>> {
        serde_json::to_vec(&pages::sheaf(&gist(message))).context("writing the pages for Notion as JSON")
    }

    fn open(&self, config: &Config, secrets: Secrets<'_>) -> Result<Option<Arc<dyn Channel>>> {
        let Some(notion) = &config.notion else { return Ok(None) };
        Ok(Some(Arc::new(Base::new(notion, secrets(&notion.token)?)?)))
    }
}
