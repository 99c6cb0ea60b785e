//! Answers of GitHub's REST API, as far as we read them ("REST API endpoints for Git database", "… pull requests", "… issues").

use jiff::Timestamp;
use serde::Deserialize;

use super::super::seen;

#[derive(Deserialize)]
pub(super) struct User {
    pub(super) login: String,
    #[serde(default)]
    pub(super) id: u64,
}

#[derive(Deserialize)]
pub(super) struct Repository {
    pub(super) default_branch: String,
    #[serde(default)]
    pub(super) archived: bool,
    pub(super) permissions: Option<Permissions>,
    /// Of a fork: what it was made of, and the first of that line.
    pub(super) parent: Option<Named>,
    pub(super) source: Option<Named>,
}

#[derive(Deserialize)]
pub(super) struct Permissions {
    #[serde(default)]
    pub(super) push: bool,
}

#[derive(Deserialize)]
pub(super) struct Named {
    pub(super) full_name: String,
}

#[derive(Deserialize)]
pub(super) struct Reference {
    pub(super) object: Id,
}

#[derive(Deserialize)]
pub(super) struct Id {
    pub(super) sha: String,
}

/// A commit of the Git database.
#[derive(Deserialize)]
pub(super) struct Commit {
    pub(super) sha: String,
    pub(super) tree: Id,
    #[serde(default)]
    pub(super) parents: Vec<Id>,
    pub(super) message: String,
    pub(super) author: Option<Person>,
    pub(super) committer: Option<Person>,
}

#[derive(Deserialize)]
pub(super) struct Person {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) email: String,
}

impl Person {
    pub(super) fn seen(person: Option<Person>) -> seen::Person {
        let Person { name, email } = person.unwrap_or(Person { name: String::new(), email: String::new() });
        seen::Person { name, email }
    }
}

#[derive(Deserialize)]
pub(super) struct Tree {
    pub(super) sha: String,
    #[serde(default)]
    pub(super) tree: Vec<Leaf>,
    #[serde(default)]
    pub(super) truncated: bool,
}

#[derive(Deserialize)]
pub(super) struct Leaf {
    pub(super) path: String,
    pub(super) mode: String,
}

/// A file's text, by `contents`.
#[derive(Deserialize)]
pub(super) struct File {
    #[serde(default, rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) encoding: String,
    #[serde(default)]
    pub(super) content: String,
}

#[derive(Deserialize)]
pub(super) struct Comparison {
    #[serde(default)]
    pub(super) commits: Vec<Compared>,
}

#[derive(Deserialize)]
pub(super) struct Compared {
    pub(super) sha: String,
    pub(super) commit: Signed,
}

#[derive(Deserialize)]
pub(super) struct Signed {
    pub(super) author: Option<Person>,
    pub(super) committer: Option<Person>,
}

#[derive(Deserialize)]
pub(super) struct Pull {
    pub(super) number: u64,
    #[serde(default)]
    pub(super) html_url: String,
    #[serde(default)]
    pub(super) title: String,
    pub(super) body: Option<String>,
    pub(super) state: String,
    pub(super) merged_at: Option<Timestamp>,
    pub(super) merge_commit_sha: Option<String>,
    pub(super) base: End,
    pub(super) head: End,
}

#[derive(Deserialize)]
pub(super) struct End {
    #[serde(rename = "ref")]
    pub(super) branch: String,
    pub(super) sha: String,
    /// `owner:branch`.
    pub(super) label: Option<String>,
}

impl Pull {
    pub(super) fn seen(self) -> seen::Request {
        let state = match (self.merged_at, self.state.as_str()) {
            (Some(at), _) => seen::State::Merged { commit: self.merge_commit_sha.unwrap_or_default(), at },
            (None, "open") => seen::State::Open,
            (None, _) => seen::State::Closed,
        };
        seen::Request {
            number: self.number,
            url: self.html_url,
            title: self.title,
            body: self.body.unwrap_or_default(),
            state,
            base: self.base.branch,
            head: self.head.sha,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Comment {
    pub(super) id: u64,
    pub(super) body: Option<String>,
    pub(super) user: Option<User>,
    #[serde(default)]
    pub(super) author_association: String,
}

#[derive(Deserialize)]
pub(super) struct Permission {
    #[serde(default)]
    pub(super) permission: String,
    #[serde(default)]
    pub(super) role_name: String,
}
