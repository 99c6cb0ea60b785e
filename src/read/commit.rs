//! Commits of a GitHub repository.

use serde::Deserialize;
use url::Url;

use super::github::{Account, login, markdown};
use super::{date, link, prose};
use crate::item::Entry;

/// One object of `GET /repos/{owner}/{repo}/commits`.
#[derive(Deserialize)]
pub(super) struct Commit {
    sha: String,
    html_url: Url,
    commit: Words,
    /// None: no account has the author's address.
    author: Option<Account>,
}

#[derive(Deserialize)]
struct Words {
    message: String,
    author: Option<Signature>,
    committer: Option<Signature>,
}

/// Who and when, as git keeps it.
#[derive(Deserialize)]
struct Signature {
    name: Option<String>,
    date: Option<String>,
}

/// The sha is the native id. The first line is the title, the rest the text. The committer's date counts, since an author's
/// may be years older than the day on which the commit came in.
pub(super) fn entry(found: Commit) -> Option<Entry> {
    let Words { message, author, committer } = found.commit;
    let message = message.trim();
    let (title, rest) = message.split_once('\n').unwrap_or((message, ""));
    let (name, written) = author.map_or((None, None), |author| (author.name, author.date));
    let came = committer.and_then(|committer| committer.date).or(written);
    let title = prose::line(title);
    Some(Entry {
        // A hash of all that it is.
        link: link::read(found.html_url.as_str(), &found.html_url),
        title: if title.is_empty() {
            format!("commit {}", found.sha.chars().take(10).collect::<String>())
        } else {
            title
        },
        native: Some(found.sha),
        native_is_stable: true,
        text: markdown(Some(rest)),
        author: login(found.author).or(name.as_deref().map(prose::line)).filter(|name| !name.is_empty()),
        published: came.as_deref().and_then(date::read),
        updated: None,
        tags: Vec::new(),
    })
}
