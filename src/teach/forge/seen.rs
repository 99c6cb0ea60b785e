//! What stands at the forge: the skill as it is, our branch, and what people said to our requests.

use jiff::Timestamp;

use crate::lesson::LessonId;

/// All that a look found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What it is called now; it may have been renamed.
    pub default_branch: String,
    /// The commit at its head, and that commit's tree.
    pub base: String,
    pub base_tree: String,
    /// The texts at the base; None where there is no such file.
    pub reference: Option<String>,
    pub manifest: Option<String>,
    pub body: Option<String>,
    pub us: Us,
    /// Our branch, if there is one.
    pub branch: Option<Branch>,
    /// Every request ever made of it (the newest hundred), newest first.
    pub requests: Vec<Request>,
    /// Lessons that people who may write have rejected by a comment.
    pub rejections: Vec<Rejection>,
    /// Lessons that somebody took out of a request's branch.
    pub removals: Vec<Removal>,
    /// Requests on which we have said that they are left alone.
    pub remarked: Vec<u64>,
}

impl Seen {
    /// The request that is open now; into the default branch, if there are several.
    pub fn open_request(&self) -> Option<&Request> {
        let mut open: Vec<&Request> = self.requests.iter().filter(|request| request.state == State::Open).collect();
        open.sort_by_key(|request| (request.base == self.default_branch, request.number));
        open.pop()
    }
}

/// Who the token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Us {
    /// None for the token of an app, which has no account.
    pub login: Option<String>,
    /// Author and committer of our commits. A person whose token we use commits under another name.
    pub person: Person,
}

/// As git names people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub name: String,
    pub email: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    pub head: String,
    pub parents: Vec<String>,
    /// The first line of the head's message.
    pub subject: String,
    /// The texts there.
    pub reference: Option<String>,
    pub manifest: Option<String>,
    /// Commits that the base does not have.
    pub ahead: Vec<Commit>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    pub id: String,
    pub author: Person,
    pub committer: Person,
}

/// A pull request of our branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub number: u64,
    pub url: String,
    pub title: String,
    pub body: String,
    pub state: State,
    /// The branch it goes into.
    pub base: String,
    /// The commit at its head: the last one, if it is over.
    pub head: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    Open,
    /// Without a merge, which means no.
    Closed,
    Merged {
        commit: String,
        at: Timestamp,
    },
}

/// `tidings reject ID` in a comment by somebody who may write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    pub request: u64,
    /// The comment's number: each is heard once, so that it means what stood there when it was written.
    pub comment: u64,
    pub id: LessonId,
    pub by: String,
}

/// A lesson that our last commit had and the branch's head has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    pub request: u64,
    pub id: LessonId,
}
