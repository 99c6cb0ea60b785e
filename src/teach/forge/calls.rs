//! The calls that write, as they leave: for the visit that makes them, and for whoever wants to read them first.

use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::{Value, json};

use super::plan::Plan;
use super::seen::{Request, Seen};
use crate::config::Skills;
use crate::lesson::{Proposal, ProposedFile};
use crate::source::Repository;

/// Also `/`: in a path of the API a file or a branch is one word.
const WORD: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// One call of GitHub's REST API.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Call {
    pub method: &'static str,
    pub path: String,
    pub body: Value,
}

/// What a plan would send, in order. What an answer gives first stands in it as `<tree>` and `<commit>`.
pub fn calls(plan: &Plan, proposal: &Proposal, seen: &Seen, skills: &Skills, now: Timestamp) -> Vec<Call> {
    let (push, edit) = match plan {
        Plan::Open { push } => (*push, true),
        Plan::Update { push, edit } => (*push, *edit),
        _ => return Vec::new(),
    };
    let mut calls = Vec::new();
    if push {
        calls.push(tree(proposal, seen, skills));
        calls.push(commit(proposal, seen, skills, "<tree>", now));
        calls.push(branch(seen, skills, "<commit>"));
    }
    match seen.open_request() {
        None => calls.push(request(proposal, seen, skills)),
        Some(request) if edit => calls.push(self::edit(request, proposal, seen, skills)),
        Some(_) => {}
    }
    calls
}

/// The two files on top of the base's.
pub(super) fn tree(proposal: &Proposal, seen: &Seen, skills: &Skills) -> Call {
    let leaf =
        |file: &ProposedFile| json!({ "path": file.path, "mode": "100644", "type": "blob", "content": file.after });
    let changed = [&proposal.reference, &proposal.manifest].into_iter().filter(|file| file.is_changed());
    let body = json!({ "base_tree": seen.base_tree, "tree": changed.map(leaf).collect::<Vec<_>>() });
    Call { method: "POST", path: below(skills.home_of_branch(), "/git/trees"), body }
}

pub(super) fn commit(proposal: &Proposal, seen: &Seen, skills: &Skills, tree: &str, now: Timestamp) -> Call {
    let us = json!({ "name": seen.us.person.name, "email": seen.us.person.email, "date": now.to_string() });
    let body = json!({
        "message": proposal.title, "tree": tree, "parents": [seen.base], "author": us, "committer": us,
    });
    Call { method: "POST", path: below(skills.home_of_branch(), "/git/commits"), body }
}

/// The branch on that commit: made, or moved.
pub(super) fn branch(seen: &Seen, skills: &Skills, commit: &str) -> Call {
    let place = skills.home_of_branch();
    match seen.branch {
        None => {
            let body = json!({ "ref": format!("refs/heads/{}", skills.branch), "sha": commit });
            Call { method: "POST", path: below(place, "/git/refs"), body }
        }
        Some(_) => {
            let path = below(place, &format!("/git/refs/{}", word(&format!("heads/{}", skills.branch))));
            Call { method: "PATCH", path, body: json!({ "sha": commit, "force": true }) }
        }
    }
}

pub(super) fn request(proposal: &Proposal, seen: &Seen, skills: &Skills) -> Call {
    let mut body = json!({
        "title": proposal.title,
        "body": proposal.body,
        "head": format!("{}:{}", skills.home_of_branch().owner, skills.branch),
        "base": seen.default_branch,
    });
    if skills.fork.is_some() {
        body["maintainer_can_modify"] = true.into();
    }
    Call { method: "POST", path: below(&skills.repository, "/pulls"), body }
}

pub(super) fn edit(request: &Request, proposal: &Proposal, seen: &Seen, skills: &Skills) -> Call {
    let mut body = json!({ "title": proposal.title, "body": proposal.body });
    if request.base != seen.default_branch {
        body["base"] = seen.default_branch.as_str().into();
    }
    Call { method: "PATCH", path: below(&skills.repository, &format!("/pulls/{}", request.number)), body }
}

/// A path of the API below a repository.
pub(super) fn below(repository: &Repository, path: &str) -> String {
    format!("/repos/{}/{}{path}", repository.owner, repository.name)
}

/// A name as one word of a path or a query.
pub(super) fn word(text: &str) -> String {
    utf8_percent_encode(text, WORD).to_string()
}
