//! Mail: letters as RFC 5322 messages, sent over SMTP. The only room that names lettre.

mod compose;
mod pace;
mod smtp;

use std::sync::Arc;

use anyhow::{Context, Result};

use super::{Kind, Secrets};
use crate::config::{Config, Person};
use crate::edition::{ChannelName, EditionKind, Letter, Reader};
use crate::tell::Channel;
use crate::tell::message::Message;

pub use compose::Sender;
pub use smtp::Smtp;

/// `[mail]` and the `[[people]]`.
pub struct Mail;

impl Kind for Mail {
    fn readers(&self, config: &Config) -> Vec<Reader> {
        let by_mail = |person: &&Person| config.mail.is_some() && person.channels.contains(&ChannelName::Mail);
        let people = config.people.iter().filter(by_mail);
        let reader = |address: &str, name: &str| Reader {
            channel: ChannelName::Mail,
            address: address.to_owned(),
            name: name.to_owned(),
        };
        people.map(|person| reader(&person.address, &person.name)).collect()
    }

    fn tells<'c>(&self, config: &'c Config) -> &'c [EditionKind] {
        config.mail.as_ref().map_or(&[], |mail| &mail.tells)
    }

    fn place(&self, config: &Config) -> Option<String> {
        let host = config.mail.as_ref()?.smtp.host_str()?;
        let people = match config.people.len() {
            1 => "1 person".to_owned(),
            many => format!("{many} people"),
        };
        Some(format!("{people} through {host}"))
    }

    fn write(&self, message: Message<'_>, letter: &mut Letter, config: &Config) -> Result<Vec<u8>> {
        let mail = config.mail.as_ref().context("tidings.toml has no [mail]")?;
        post(message, letter, &Sender::new(mail)?)
    }

    fn open(&self, config: &Config, secrets: Secrets<'_>) -> Result<Option<Arc<dyn Channel>>> {
        let Some(mail) = &config.mail else { return Ok(None) };
        let password = mail.password.as_ref().map(secrets).transpose()?;
        Ok(Some(Arc::new(Smtp::new(mail, password)?)))
    }
}

/// The bytes of a letter from this sender, and its Message-ID.
pub(in crate::tell) fn post(message: Message<'_>, letter: &mut Letter, sender: &Sender) -> Result<Vec<u8>> {
    letter.message_id = sender.message_id(&letter.key);
    sender.write(letter, message.rendered(), message.at())
}
