//! What GitHub's search finds: repositories and issues.

use serde::Deserialize;
use url::Url;

use super::github::{Account, login, markdown};
use super::{date, link, prose};
use crate::item::Entry;

/// Of the topics or labels that become tags; GitHub allows 20 topics.
const MOST_TAGS: usize = 40;

/// One of the `items` of `GET /search/repositories`.
#[derive(Deserialize)]
pub(super) struct Repository {
    id: u64,
    full_name: String,
    html_url: Url,
    description: Option<String>,
    owner: Option<Account>,
    created_at: Option<String>,
    #[serde(default)]
    topics: Vec<String>,
}

/// A repository is news once. Its stars, pushes and topics, which change every day, are neither title nor text.
pub(super) fn repository(found: Repository) -> Option<Entry> {
    Some(Entry {
        // Given once and for all; names change.
        native: Some(found.id.to_string()),
        native_is_stable: true,
        link: link::read(found.html_url.as_str(), &found.html_url),
        title: prose::line(&found.full_name),
        text: markdown(found.description.as_deref()),
        author: login(found.owner),
        published: found.created_at.as_deref().and_then(date::read),
        updated: None,
        tags: tags(found.topics),
    })
}

/// One of the `items` of `GET /search/issues`; pull requests are among them.
#[derive(Deserialize)]
pub(super) struct Issue {
    id: u64,
    title: String,
    body: Option<String>,
    html_url: Url,
    user: Option<Account>,
    #[serde(default)]
    labels: Vec<Label>,
    created_at: Option<String>,
}

/// By its name alone in old answers.
#[derive(Deserialize)]
#[serde(untagged)]
enum Label {
    Name(String),
    Whole { name: Option<String> },
}

/// Comments and reactions change nothing.
pub(super) fn issue(found: Issue) -> Option<Entry> {
    let labels = found.labels.into_iter().filter_map(|label| match label {
        Label::Name(name) => Some(name),
        Label::Whole { name } => name,
    });
    Some(Entry {
        // Given once and for all; a number is only the repository's.
        native: Some(found.id.to_string()),
        native_is_stable: true,
        link: link::read(found.html_url.as_str(), &found.html_url),
        title: prose::line(&found.title),
        text: markdown(found.body.as_deref()),
        author: login(found.user),
        published: found.created_at.as_deref().and_then(date::read),
        updated: None,
        tags: tags(labels),
    })
}

fn tags(words: impl IntoIterator<Item = String>) -> Vec<String> {
    words.into_iter().map(|word| prose::line(&word)).filter(|word| !word.is_empty()).take(MOST_TAGS).collect()
}
