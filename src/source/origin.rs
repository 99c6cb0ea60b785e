//! Origin: where a source's bytes come from, and what is asked for there.

use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::{Github, List, Reddit, WebPage, feed_of};
use crate::page::Wanted;

/// Closed: a new kind is a new arm here, and the compiler shows what it touches.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Origin {
    /// RSS, Atom or JSON Feed at an address.
    Feed(Url),
    /// What a YouTube channel publishes, by the channel's id (`UC…`).
    Youtube(String),
    /// A changelog in Markdown: an entry for each version or date with a heading.
    Changelog(Url),
    /// A list in JSON.
    List(Box<List>),
    /// A search of arXiv's papers, newest first.
    Arxiv(String),
    /// Posts of a subreddit.
    Reddit(Reddit),
    /// A list of GitHub's REST API.
    Github(Github),
    /// A web page that lists items.
    Page(Box<WebPage>),
}

impl Origin {
    /// The word that names the kind in sources.toml: `from.feed = "…"`.
    pub fn kind(&self) -> &'static str {
        match self {
            Origin::Feed(_) => "feed",
            Origin::Youtube(_) => "youtube",
            Origin::Changelog(_) => "changelog",
            Origin::List(list) => list.kind,
            Origin::Arxiv(_) => "arxiv",
            Origin::Reddit(_) => "reddit",
            Origin::Github(github) => github.kind(),
            Origin::Page(_) => "page",
        }
    }

    /// The address that is asked. `now` counts only where a search looks back from today.
    pub fn url(&self, now: Timestamp) -> Url {
        match self {
            Origin::Feed(url) | Origin::Changelog(url) => url.clone(),
            Origin::List(list) => list.url.clone(),
            Origin::Page(page) => page.url.clone(),
            Origin::Arxiv(query) => arxiv(query),
            Origin::Reddit(reddit) => reddit.url(),
            Origin::Youtube(channel) => {
                let mut url = Url::parse("https://www.youtube.com/feeds/videos.xml").expect("an address");
                url.query_pairs_mut().append_pair("channel_id", channel);
                url
            }
            Origin::Github(github) => github.url(now),
        }
    }

    /// The feed that any reader could ask instead, if there is one.
    pub fn feed(&self, now: Timestamp) -> Option<Url> {
        match self {
            Origin::Feed(_) | Origin::Youtube(_) | Origin::Arxiv(_) => Some(self.url(now)),
            Origin::Reddit(reddit) => Some(feed_of(&reddit.url())),
            Origin::Page(_) | Origin::Changelog(_) | Origin::List(_) | Origin::Github(_) => None,
        }
    }

    pub fn wanted(&self) -> Wanted {
        match self {
            Origin::Feed(_) | Origin::Youtube(_) | Origin::Arxiv(_) => Wanted::Feed,
            Origin::Changelog(_) => Wanted::Text,
            Origin::Page(_) => Wanted::Page,
            Origin::List(_) => Wanted::Json,
            Origin::Reddit(_) => Wanted::Reddit,
            Origin::Github(_) => Wanted::Github,
        }
    }

    /// The least time between two requests where a source's line names none; see [`Source::pace`](super::Source::pace).
    pub fn usual_interval(&self) -> SignedDuration {
        match self {
            // `tidings run` is an hourly cron job.
            Origin::Feed(_) => SignedDuration::from_hours(1),
            Origin::Youtube(_) => SignedDuration::from_hours(6),
            Origin::Changelog(_) => SignedDuration::from_hours(6),
            Origin::List(list) if list.kind == "hugging-face-papers" => SignedDuration::from_hours(24),
            Origin::List(_) | Origin::Reddit(_) => SignedDuration::from_hours(1),
            // New papers are announced once a day.
            Origin::Arxiv(_) => SignedDuration::from_hours(24),
            Origin::Github(github) => github.usual_interval(),
            // A page is larger than a feed, and its server has to make it.
            Origin::Page(_) => SignedDuration::from_hours(6),
        }
    }

    /// Whether an answer without entries is a quiet day rather than a fault, where there were some before.
    pub fn may_be_empty(&self) -> bool {
        match self {
            // arXiv's own feeds hold the papers of a day, and none at weekends.
            Origin::Feed(url) => url.host_str() == Some("rss.arxiv.org"),
            Origin::Youtube(_) | Origin::Arxiv(_) | Origin::Page(_) => false,
            Origin::List(list) => list.may_be_empty,
            // Filters may leave nothing; a listing without posts is noticed when it is read.
            Origin::Reddit(_) => true,
            // All may be unreleased, but what was released stays.
            Origin::Changelog(_) => false,
            Origin::Github(github) => github.may_be_empty(),
        }
    }

    /// The names under which a wait is remembered that concerns it: its host's, and others where a host counts more finely.
    pub fn waits(&self, now: Timestamp) -> Vec<String> {
        match self {
            Origin::Github(github) => github.waits(),
            _ => vec![self.url(now).host_str().unwrap_or_default().to_owned()],
        }
    }
}

/// The query at arXiv's API (<https://info.arxiv.org/help/api/user-manual.html>).
fn arxiv(query: &str) -> Url {
    let mut url = Url::parse("https://export.arxiv.org/api/query").expect("an address");
    url.query_pairs_mut()
        .append_pair("search_query", query)
        .append_pair("sortBy", "submittedDate")
        .append_pair("sortOrder", "descending")
        .append_pair("max_results", "100");
    url
}
