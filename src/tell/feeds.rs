//! digests/ as feeds: feed.atom (RFC 4287) and feed.json (JSON Feed 1.1), made anew from the digests there are.

use anyhow::{Context, Result};
use serde_json::json;

use crate::edition::Digest;
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
    let json = serde_json::to_string_pretty(&json_feed(&posts)).context("writing feed.json")? + "\n";
    let atom = render::atom(&json!({
        "id": id(authority, "digests"),
        "updated": posts.first().map_or("1970-01-01T00:00:00Z", |post| post.updated.as_str()),
        "posts": posts,
    }))?;
    Ok(vec![("feed.atom".to_owned(), atom.into_bytes()), ("feed.json".to_owned(), json.into_bytes())])
}

/// One digest as an entry.
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

fn json_feed(posts: &[Post]) -> serde_json::Value {
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
        "title": "tidings: the week's digest",
        "language": "en",
        "items": items.collect::<Vec<_>>(),
    })
}
