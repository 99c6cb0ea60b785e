//! Releases of a GitHub repository.

use serde::Deserialize;
use url::Url;

use super::github::{Account, login, markdown, titled};
use super::{date, link, prose};
use crate::item::Entry;
use crate::source::Repository;

/// One object of `GET /repos/{owner}/{repo}/releases`.
#[derive(Deserialize)]
pub(super) struct Release {
    id: u64,
    tag_name: String,
    name: Option<String>,
    body: Option<String>,
    html_url: Url,
    #[serde(default)]
    draft: bool,
    #[serde(default)]
    prerelease: bool,
    created_at: Option<String>,
    /// None: it is a draft.
    published_at: Option<String>,
    author: Option<Account>,
}

/// `id` is the native id: a tag can be moved and a release renamed.
pub(super) fn entry(release: Release, repository: &Repository, prereleases: bool, drafts: bool) -> Option<Entry> {
    if (release.draft && !drafts) || (release.prerelease && !prereleases) {
        return None;
    }
    let tag = prose::line(&release.tag_name);
    let mut title = release.name.as_deref().map(prose::line).filter(|name| !name.is_empty()).unwrap_or_default();
    if title.is_empty() {
        title.clone_from(&tag);
    }
    let marks = [(release.draft, "draft"), (release.prerelease, "pre-release")];
    Some(Entry {
        // Given once and for all.
        native: Some(release.id.to_string()),
        native_is_stable: true,
        link: link::read(release.html_url.as_str(), &release.html_url),
        title: titled(&repository.name, &title, " "),
        text: markdown(release.body.as_deref()),
        author: login(release.author),
        published: release.published_at.or(release.created_at).as_deref().and_then(date::read),
        updated: None,
        tags: marks.into_iter().filter(|(is, _)| *is).map(|(_, mark)| mark.to_owned()).collect(),
    })
}
