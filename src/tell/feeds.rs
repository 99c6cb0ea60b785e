//! digests/ as feeds, Atom (RFC 4287) and JSON Feed 1.1: feed.* of the digests, alerts.* of what could not wait; each made
//! anew from the editions there are.

use std::collections::HashSet;

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde_json::json;

use crate::edition::{Alert, Digest, Rollup};
use crate::tell::digest::stem;
use crate::tell::render;

/// The newest digests that a feed holds, four months of them; older ones stay in digests/.
const MOST_DIGESTS: usize = 17;

/// feed.atom and feed.json as (path below digests/, bytes), newest digest first whatever the order given. `authority` is
/// the domain that owns the ids (RFC 4151), usually that of the mail's sender; it must not change, or readers see every
/// digest again. The same digests give the same bytes.
pub fn write(digests: &[Digest], authority: &str) -> Result<Vec<(String, Vec<u8>)>> {
    let mut newest: Vec<&Digest> = digests.iter().collect();
    newest.sort_by(|one, other| other.week.cmp(&one.week));
    newest.truncate(MOST_DIGESTS);
    let posts = newest.into_iter().map(|digest| post(digest, authority)).collect::<Result<Vec<_>>>()?;
    files("feed", "tidings: the week's digest", &id(authority, "digests"), &posts)
}

/// An alert or a roll-up, and where it lies below digests/ without the ending.
#[derive(Debug, Clone, PartialEq)]
pub enum Raised {
    Alert(String, Box<Alert>),
    Rollup(String, Rollup),
}

impl Raised {
    fn at(&self) -> Timestamp {
        match self {
            Raised::Alert(_, alert) => alert.at,
            Raised::Rollup(_, rollup) => rollup.at,
        }
    }
}

/// The newest alerts and roll-ups that a feed holds; a reader that asks once a day misses none in a month.
pub const MOST_ALERTS: usize = 50;

/// alerts.atom and alerts.json, in the manner of the feed of digests.
pub fn write_alerts(raised: &[Raised], authority: &str) -> Result<Vec<(String, Vec<u8>)>> {
    let mut posts = raised.iter().map(|one| Ok((one.at(), alert_post(one, authority)?))).collect::<Result<Vec<_>>>()?;
    posts.sort_by(|(one_at, one), (other_at, other)| other_at.cmp(one_at).then_with(|| one.id.cmp(&other.id)));
    let mut seen = HashSet::new();
    // The same alert in the folders of two days is one entry.
    let posts = posts.into_iter().map(|(_, post)| post).filter(|post| seen.insert(post.id.clone()));
    let posts: Vec<Post> = posts.take(MOST_ALERTS).collect();
    files("alerts", "tidings: alerts", &id(authority, "alerts"), &posts)
}

fn alert_post(raised: &Raised, authority: &str) -> Result<Post> {
    let (stem, name, rendered) = match raised {
        Raised::Alert(stem, alert) => (stem, format!("alert/{}", alert.telling.story), render::alert(alert)?),
        Raised::Rollup(stem, rollup) => (stem, format!("rollup/{}", rollup.date), render::rollup(rollup)?),
    };
    Ok(Post {
        id: id(authority, &name),
        title: rendered.subject,
        updated: raised.at().to_string(),
        href: format!("{stem}.html"),
        html: match raised {
            Raised::Alert(_, alert) => render::alert_fragment(alert)?,
            Raised::Rollup(_, rollup) => render::rollup_fragment(rollup)?,
        },
        text: rendered.text,
    })
}

/// Both forms of a feed, as (path below digests/, bytes).
fn files(name: &str, title: &str, id: &str, posts: &[Post]) -> Result<Vec<(String, Vec<u8>)>> {
    let json = serde_json::to_string_pretty(&json_feed(title, posts)).context("writing a feed as JSON")? + "\n";
    let atom = render::atom(&json!({
        "id": id,
        "title": title,
        "file": format!("{name}.atom"),
        "updated": posts.first().map_or("1970-01-01T00:00:00Z", |post| post.updated.as_str()),
        "posts": posts,
    }))?;
    Ok(vec![(format!("{name}.atom"), atom.into_bytes()), (format!("{name}.json"), json.into_bytes())])
}

/// An edition as an entry.
#[derive(serde::Serialize)]
struct Post {
    id: String,
    title: String,
    updated: String,
    /// Relative to the feed.
    href: String,
    html: String,
    text: String,
}

fn post(digest: &Digest, authority: &str) -> Result<Post> {
    let rendered = render::digest(digest)?;
    Ok(Post {
        id: id(authority, &format!("digest/{}", digest.week)),
        title: rendered.subject,
        updated: digest.to.to_string(),
        href: format!("{}.html", stem(&digest.week)),
        html: render::fragment(digest)?,
        text: rendered.text,
    })
}

/// A `tag:` URI (RFC 4151). The year is a date on which the authority held its domain, not that of the digest.
fn id(authority: &str, name: &str) -> String {
    format!("tag:{authority},2026:tidings/{name}")
}

fn json_feed(title: &str, posts: &[Post]) -> serde_json::Value {
    let items = posts.iter().map(|post| {
        json!({
            "id": post.id,
            "title": post.title,
            "date_published": post.updated,
            "language": "en",
            "content_html": post.html,
            "content_text": post.text,
        })
    });
    json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": title,
        "language": "en",
        "items": items.collect::<Vec<_>>(),
    })
}
