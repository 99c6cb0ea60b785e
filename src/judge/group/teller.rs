//! A teller: one item as grouping sees it.

use std::rc::Rc;

use crate::item::ItemId;
use crate::judge::product::fixed_version;
use crate::judge::rules::Sight;
use crate::judge::words::words;
use crate::source::Trust;
use crate::story::{Member, Sketch};
use crate::verdict::Verdict;

use super::headline::Headline;
use super::keys::{Keys, advisories, keys};
use super::version::canonical;
use super::{address, prints, site};

/// Characters of a title that are kept for comparing.
const TITLE: usize = 300;
/// "lantern-code 4.12.3", "Release v4.12.3".
const BARE_WORDS: usize = 2;

/// What grouping knows of an item.
#[derive(Debug, Clone)]
pub struct Teller {
    pub item: ItemId,
    pub source: String,
    pub trust: Trust,
    pub site: String,
    pub maker: bool,
    pub keys: Keys,
    pub sketch: Sketch,
    pub(super) headline: Rc<Headline>,
}

impl Teller {
    pub(in crate::judge) fn of(sight: &Sight<'_>) -> Teller {
        let item = sight.item;
        let ids = advisories(sight);
        let fixed = fixed_version(&item.title)
            .or_else(|| fixed_version(sight.text))
            .filter(|_| item.trust >= Trust::Expert)
            .and_then(canonical);
        let page = site::page(item.link.as_ref(), sight.text);
        let site = page.as_ref().map(site::of).unwrap_or_default();
        let mut headline = Headline::read(&item.title);
        headline.product = sight.product.map(|product| words(&product.name)).unwrap_or_default();
        let text_prints = prints::of(sight.text);
        let paper = address::paper(page.as_ref(), &item.title, sight.text);
        let keys = keys(sight, &ids, paper.as_deref(), page.as_ref(), &headline, &text_prints);
        let title = item.title.chars().take(TITLE).collect();
        Teller {
            item: item.id.clone(),
            source: item.source.clone(),
            trust: item.trust,
            maker: is_maker(&site, &sight.title_words, &keys),
            site,
            keys,
            sketch: Sketch { at: item.at(), title, ids, paper, fixed, prints: text_prints },
            headline: Rc::new(headline),
        }
    }

    /// The item as a member of its story.
    pub fn member(&self, verdict: &Verdict) -> Member {
        Member {
            item: self.item.clone(),
            source: self.source.clone(),
            trust: self.trust,
            site: self.site.clone(),
            level: verdict.level,
            leg: verdict.alarm,
            bare: self.sketch.title.split_whitespace().count() <= BARE_WORDS,
            maker: self.maker,
            sketch: Some(self.sketch.clone()),
        }
    }
}

/// `anthropic.com` on Anthropic, `github.com/owner` on the owner's things, arXiv on a paper.
fn is_maker(site: &str, title_words: &[String], keys: &Keys) -> bool {
    if site == "arxiv.org" {
        return keys.strong.iter().any(|key| key.starts_with("paper:"));
    }
    let name = match site.split_once('/') {
        Some((_, owner)) => owner,
        None => site.split('.').next().unwrap_or_default(),
    };
    name.len() > 2 && title_words.iter().any(|word| word == name)
}
