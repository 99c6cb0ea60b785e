//! Standing: how far a labelled item is believed, since its line does not say.
//!
//! Whoever hands on a link (Hacker News, Reddit, a list of commits) is community, whatever the link leads to: the title is
//! theirs. An advisory of GitHub's is official. Everything else has the trust that sources.toml gives to the site it links
//! to, by its registered name (`platform.claude.com` speaks for `claude.com`), or on GitHub to the repository; on hosts of
//! many tenants only the very host counts. What links nowhere known is community.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::item::{Item, ItemId, Place};
use crate::source::{Source, Trust};

use super::labelled::Labelled;

/// Hosts whose neighbours are strangers to each other.
const TENANTS: [&str; 8] = [
    "substack.com",
    "github.io",
    "githubusercontent.com",
    "github.com",
    "huggingface.co",
    "arxiv.org",
    "reddit.com",
    "ycombinator.com",
];

/// The sites and repositories that sources.toml believes.
pub struct Standing {
    sites: BTreeMap<String, Trust>,
}

impl Standing {
    pub fn of(sources: &[Source], now: Timestamp) -> Standing {
        let mut sites: BTreeMap<String, Trust> = BTreeMap::new();
        for source in sources.iter().filter(|source| source.trust > Trust::Community) {
            let url = source.from.url(now);
            let mut names = Vec::new();
            if url.host_str() == Some("api.github.com") {
                let mut parts = url.path().split('/').filter(|part| !part.is_empty());
                if parts.next() == Some("repos")
                    && let (Some(owner), Some(repository)) = (parts.next(), parts.next())
                {
                    names.push(format!("github.com/{owner}/{repository}").to_lowercase());
                }
            } else if let Some(host) = url.host_str() {
                names.push(site(host));
            }
            for name in names {
                let trust = sites.entry(name).or_insert(source.trust);
                *trust = (*trust).max(source.trust);
            }
        }
        Standing { sites }
    }

    pub fn trust(&self, labelled: &Labelled) -> Trust {
        let handed_on = ["reddit", "github-commits", "synthetic"].contains(&labelled.kind.as_str())
            || ["hackernews", "hacker-news", "reddit"]
                .iter()
                .any(|name| labelled.source.to_lowercase().starts_with(name));
        if handed_on {
            return Trust::Community;
        }
        if labelled.kind == "github-advisory" {
            return Trust::Official;
        }
        let Some(url) = &labelled.url else { return Trust::Community };
        let host = url.host_str().unwrap_or_default();
        let name = if host == "github.com" {
            let parts: Vec<&str> = url.path().split('/').filter(|part| !part.is_empty()).take(2).collect();
            format!("github.com/{}", parts.join("/")).to_lowercase()
        } else {
            site(host)
        };
        self.sites.get(&name).copied().unwrap_or(Trust::Community)
    }

    /// The item that a run would have kept.
    pub fn item(&self, labelled: &Labelled) -> Item {
        let at = labelled.at();
        Item {
            id: ItemId(format!("i-{}", labelled.id)),
            source: labelled.source.clone(),
            trust: self.trust(labelled),
            topics: Vec::new(),
            title: labelled.title.clone(),
            link: labelled.url.clone(),
            author: None,
            published: at,
            seen: at.unwrap_or(Timestamp::UNIX_EPOCH),
            changed: None,
            content: String::new(),
            baseline: false,
            place: Place { file: String::new(), frame: 0, start: 0, length: 0 },
        }
    }
}

/// `anthropic.com` of `www.anthropic.com`; `aisi.gov.uk` of `www.aisi.gov.uk`.
fn site(host: &str) -> String {
    let parts: Vec<&str> = host.split('.').collect();
    if let Some(tenant) = TENANTS.iter().find(|tenant| host.ends_with(*tenant)) {
        return if host == *tenant { (*tenant).to_owned() } else { host.to_owned() };
    }
    let two_level = parts.len() > 2
        && parts[parts.len() - 1].len() == 2
        && ["co", "gov", "ac", "org", "com", "edu", "net"].contains(&parts[parts.len() - 2]);
    parts[parts.len().saturating_sub(if two_level { 3 } else { 2 })..].join(".")
}
