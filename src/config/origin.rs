//! Reads `from`: what kind of source it is, and where.

mod github;
mod lists;
mod page;
mod reddit;

use super::sources::read_web_address;
use super::table::{Found, Table, nearest};
use crate::source::Origin;
pub use github::read_repository;
use page::read_page;

const EXAMPLE: &str = "from.feed = \"https://example.org/feed.xml\"";

/// Reads the value of one key of `from`; None where it is absent or a mistake, which is then noted.
type Read = fn(&Table<'_, '_>) -> Option<Found<Origin>>;

/// The kinds of source this version knows, and who reads them.
const KINDS: [(&str, Read); 13] = [
    ("feed", feed),
    ("youtube", youtube),
    ("page", read_page),
    ("changelog", changelog),
    ("json", lists::json),
    ("hacker-news", lists::hacker_news),
    ("hugging-face-papers", lists::hugging_face_papers),
    ("arxiv", lists::arxiv),
    ("reddit", reddit::reddit),
    ("github-releases", github::releases),
    ("github-commits", github::commits),
    ("github-advisories", github::advisories),
    ("github-search", github::search),
];

/// The words that name a kind in sources.toml: `from.<kind>`.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|(name, _)| *name)
}

/// Reads the `from` of a `[[source]]`.
pub fn read_from(table: &Table<'_, '_>) -> Option<Found<Origin>> {
    if let Some((_, _, _, span)) = table.entries().find(|(key, value, ..)| *key == "from" && !value.is_table()) {
        table.known("from");
        table.document.mistake(span, "`from` says no kind".to_owned(), EXAMPLE.to_owned());
        return None;
    }
    let Some(from) = table.table("from") else {
        if !table.entries().any(|(key, ..)| key == "from") {
            table.mistake("a source needs to say where it comes from".to_owned(), EXAMPLE);
        }
        return None;
    };
    let names = KINDS.map(|(name, _)| name);
    let mut given = 0;
    for (key, _, span, _) in from.entries() {
        given += 1;
        if names.contains(&key) {
            if given > 1 {
                let remedy = "make two sources of it, each with a name of its own";
                from.document.mistake(span, "a source comes from one place".to_owned(), remedy.to_owned());
            }
            continue;
        }
        let remedy = match nearest(key, &names).or(nearest(key, &["sessions"])) {
            Some(near) => format!("did you mean from.{near}?"),
            None => format!(
                "this version knows: {}",
                names.map(|name| format!("from.{name}")).join(", ") + ", from.sessions"
            ),
        };
        from.document.mistake(span, format!("no kind of source is called `{key}`"), remedy);
    }
    if given == 0 {
        table.mistake("`from` is empty".to_owned(), EXAMPLE);
    }
    // Each is read, so that each mistake is found.
    KINDS.map(|(_, read)| read(&from)).into_iter().flatten().next()
}

fn feed(from: &Table<'_, '_>) -> Option<Found<Origin>> {
    let found = from.parsed("feed", read_web_address, "an address that begins with https:// or http://")?;
    Some(Found { value: Origin::Feed(found.value), span: found.span })
}

fn youtube(from: &Table<'_, '_>) -> Option<Found<Origin>> {
    let read = |text: &str| {
        let id = text.trim();
        let is_id = id.len() == 24
            && id.starts_with("UC")
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        is_id.then(|| id.to_owned()).ok_or("that is no channel's id")
    };
    let remedy = "the 24 letters that begin with UC; the channel's page names them as \"channelId\"";
    let found = from.parsed("youtube", read, remedy)?;
    Some(Found { value: Origin::Youtube(found.value), span: found.span })
}

fn changelog(from: &Table<'_, '_>) -> Option<Found<Origin>> {
    let remedy = "the address of the raw Markdown: \"https://raw.githubusercontent.com/owner/name/main/CHANGELOG.md\"";
    let found = from.parsed("changelog", read_web_address, remedy)?;
    Some(Found { value: Origin::Changelog(found.value), span: found.span })
}
