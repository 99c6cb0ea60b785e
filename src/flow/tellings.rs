//! Tellings: a story as a reader sees it, gathered from what is kept.

use anyhow::{Context, Result};

use crate::edition::{Also, ChannelName, Reader, Telling};
use crate::guard::text;
use crate::keep::Keep;
use crate::source::Trust;
use crate::story::Story;
use crate::tell::channel::mail::Sender;

use super::Setup;

/// Characters of a story's own words that are shown: two or three sentences.
const EXCERPT: usize = 300;

pub(super) fn telling(keep: &Keep, story: &Story, update: bool) -> Result<Telling> {
    let lead =
        keep.item(&story.lead)?.with_context(|| format!("the item {} of story {} is gone", story.lead, story.id))?;
    let words = keep.text_or_nothing(&lead);
    let others = keep.members(story)?.into_iter().filter(|item| item.id != story.lead);
    let also = others.map(|item| Also { source: item.source, url: item.link }).collect();
    Ok(Telling {
        story: story.id.clone(),
        item: lead.id.clone(),
        level: story.told_level(),
        category: story.verdict.category,
        at: lead.at(),
        title: lead.title,
        url: lead.link,
        source: lead.source,
        trust: lead.trust,
        excerpt: text::excerpt(&words, EXCERPT),
        action: story.verdict.action.clone(),
        why: story.verdict.why.clone(),
        also,
        update,
        unverified: story.verdict.alarm && story.members.iter().all(|member| member.trust == Trust::Community),
    })
}

/// Everybody an edition goes to.
pub(super) fn readers(setup: &Setup) -> Vec<Reader> {
    let mut readers = Vec::new();
    if setup.config.mail.is_some() {
        readers.extend(setup.config.people.iter().map(|person| Reader {
            channel: ChannelName::Mail,
            address: person.address.clone(),
            name: person.name.clone(),
        }));
    }
    if let Some(webhook) = &setup.config.webhook {
        readers.push(Reader { channel: ChannelName::Webhook, address: webhook.name.clone(), name: String::new() });
    }
    readers
}

/// Who looks after this home: where alerts of a machine's kind arrive, and the admin's mail.
pub(super) fn operators(setup: &Setup) -> Vec<Reader> {
    let admin = setup.config.mail.as_ref().and_then(|mail| mail.admin.clone());
    let mail = admin.map(|address| Reader { channel: ChannelName::Mail, address, name: String::new() });
    mail.into_iter().chain(readers(setup).into_iter().filter(|reader| reader.channel != ChannelName::Mail)).collect()
}

/// Who mail comes from; None where no mail is set up.
pub(super) fn sender(setup: &Setup) -> Result<Option<Sender>> {
    setup.config.mail.as_ref().map(Sender::new).transpose()
}
