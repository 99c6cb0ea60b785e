//! Channels carry letters away; one file or folder each, and one line for each below.

pub mod mail;
pub mod webhook;
pub mod ntfy;
pub mod slack;
pub mod apprise;
pub mod notion;

mod post;

use std::sync::Arc;

use anyhow::Result;

use crate::config::{Config, SecretName};
use crate::edition::{ChannelName, EditionKind, Letter, Reader};
use crate::tell::Channel;
use crate::tell::message::Message;

/// Gives the secret that lies in a place; who may look there is decided by the caller.
pub type Secrets<'s> = &'s dyn Fn(&SecretName) -> Result<String>;

/// A kind of channel in both its halves: how a message is written for it, and the door through which it leaves.
pub trait Kind: Sync {
    /// Who gets its letters; nobody where tidings.toml has no table for it.
    fn readers(&self, config: &Config) -> Vec<Reader>;

    /// The editions that it tells by itself.
    fn tells<'c>(&self, config: &'c Config) -> &'c [EditionKind];

    /// Where it leads, in words without a secret; None where it is not set up.
    fn place(&self, config: &Config) -> Option<String>;

    /// The exact bytes of a letter. The same message gives the same bytes.
    ///
    /// # Errors
    /// When the reader or a setting is none that can be written to.
    fn write(&self, message: Message<'_>, letter: &mut Letter, config: &Config) -> Result<Vec<u8>>;

    /// The door, or None where it is not set up.
    ///
    /// # Errors
    /// When a secret is missing or a setting can't be used; nothing is asked or sent.
    fn open(&self, config: &Config, secrets: Secrets<'_>) -> Result<Option<Arc<dyn Channel>>>;
}

/// What carries letters under this name.
pub fn kind(name: ChannelName) -> &'static dyn Kind {
    match name {
        ChannelName::Mail => &mail::Mail,
        ChannelName::Webhook => &webhook::Webhook,
        ChannelName::Ntfy => &ntfy::Ntfy,
        ChannelName::Slack => &slack::Slack,
        ChannelName::Apprise => &apprise::Apprise,
        ChannelName::Notion => &notion::Notion,
    }
}

/// The one reader of a channel that leads to one place.
fn reader(channel: ChannelName, name: &str) -> Vec<Reader> {
    vec![Reader { channel, address: name.to_owned(), name: String::new() }]
}
