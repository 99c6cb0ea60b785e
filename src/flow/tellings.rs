//! Tellings: a story as a reader sees it, gathered from what is kept.

use anyhow::{Context, Result};

use crate::edition::{Also, ChannelName, EditionKind, Facts, Reader, Telling};
use crate::guard::text;
use crate::item::Item;
use crate::judge::facts::facts;
use crate::keep::{self, Keep};
use crate::source::Trust;
use crate::story::Story;
use crate::tell::channel::kind;
use crate::tell::channel::mail::Sender;
use crate::verdict::Category;

use super::Setup;

/// Characters of a story's own words that are shown: two or three sentences.
const EXCERPT: usize = 300;

pub(super) fn telling(keep: &Keep, setup: &Setup, story: &Story, update: bool) -> Result<Telling> {
    let lead =
        keep.item(&story.lead)?.with_context(|| format!("the item {} of story {} is gone", story.lead, story.id))?;
    let words = keep.text_or_nothing(&lead);
    let others = keep.members(story)?.into_iter().filter(|item| item.id != story.lead);
    let also = others.map(|item| Also { source: item.source, url: item.link }).collect();
    let facts = facts_of(keep, setup, story, &lead, &words)?;
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
        facts,
        // Only what is told gets its streams: see `digests`.
        streams: Vec::new(),
    })
}

/// What the lead says of product and versions, with the advisories and the mending version that other members know; nothing of
/// stories that neither break nor endanger.
fn facts_of(keep: &Keep, setup: &Setup, story: &Story, lead: &Item, words: &str) -> Result<Facts> {
    let is_asked = matches!(story.verdict.category, Category::Security | Category::Breaking);
    if !is_asked && story.verdict.action.is_none() {
        return Ok(Facts::default());
    }
    let commands = keep.extraction(&lead.id)?.filter(|known| known.input == lead.content).map(|known| known.commands);
    let mut facts = facts(lead, words, &commands.unwrap_or_default(), &setup.config.interests.watch);
    for sketch in
        story.members.iter().filter(|member| member.trust > Trust::Community).filter_map(|m| m.sketch.as_ref())
    {
        if facts.fixed.is_none() && facts.product.is_some() {
            facts.fixed.clone_from(&sketch.fixed);
        }
        for id in &sketch.ids {
            if !facts.advisories.contains(id) {
                facts.advisories.push(id.clone());
            }
        }
    }
    Ok(facts)
}

/// Everybody an edition of this sort goes to.
pub(super) fn readers(setup: &Setup, edition: EditionKind) -> Vec<Reader> {
    let telling = ChannelName::ALL.into_iter().map(kind).filter(|kind| kind.tells(&setup.config).contains(&edition));
    telling.flat_map(|kind| kind.readers(&setup.config)).collect()
}

/// Who looks after this home: the admin by mail, and the channels that tell notices.
pub(super) fn operators(setup: &Setup) -> Vec<Reader> {
    let admin = setup.config.mail.as_ref().and_then(|mail| mail.admin.clone());
    let admin = admin.map(|address| Reader { channel: ChannelName::Mail, address, name: String::new() });
    admin.into_iter().chain(readers(setup, EditionKind::Notice)).collect()
}

/// Who mail comes from; None where no mail is set up.
pub(super) fn sender(setup: &Setup) -> Result<Option<Sender>> {
    let Some(mail) = &setup.config.mail else { return Ok(None) };
    let sender = Sender::new(mail)?;
    let Some(url) = &setup.config.web.url else { return Ok(Some(sender)) };
    Ok(Some(sender.with_page(url.clone(), keep::leaving_key(setup.home.folder())?)))
}
