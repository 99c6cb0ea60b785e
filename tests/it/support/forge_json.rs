//! Objects of GitHub's REST API with every field that its OpenAPI description wants: tests/peers/run forge holds them to it.

use serde_json::{Map, Value, json};

use super::forge_git::{Commit, Signature};

pub const API: &str = "https://api.github.example";
const SITE: &str = "https://github.example";
const SINCE: &str = "2026-01-05T09:00:00Z";

fn urls(base: &str, names: &str) -> Map<String, Value> {
    names.split_whitespace().map(|name| (format!("{name}_url"), format!("{base}/{name}").into())).collect()
}

fn merged(parts: impl IntoIterator<Item = Value>) -> Value {
    let maps = parts.into_iter().flat_map(|part| match part {
        Value::Object(map) => map,
        _ => Map::new(),
    });
    Value::Object(maps.collect())
}

pub fn user(login: &str) -> Value {
    let id = 1000 + login.len();
    let base = format!("{API}/users/{login}");
    let links = urls(
        &base,
        "avatar events followers following gists organizations received_events repos starred subscriptions",
    );
    merged([
        Value::Object(links),
        json!({
            "login": login, "id": id, "node_id": format!("U_{login}"), "gravatar_id": "", "url": base,
            "html_url": format!("{SITE}/{login}"), "type": "User", "site_admin": false,
        }),
    ])
}

/// The user whom a token belongs to.
pub fn own_user(login: &str) -> Value {
    merged([
        user(login),
        json!({
            "user_view_type": "public", "bio": null, "blog": "", "company": null, "email": null, "followers": 0,
            "following": 0, "hireable": null, "location": null, "name": null, "public_gists": 0, "public_repos": 1,
            "created_at": SINCE, "updated_at": SINCE,
        }),
    ])
}

pub struct Facts<'a> {
    pub name: &'a str,
    pub id: usize,
    pub default_branch: &'a str,
    pub archived: bool,
    pub push: bool,
    /// The name of what it is a fork of.
    pub fork_of: Option<&'a str>,
}

/// A repository, small as it stands in a request, or with what only its own address gives.
pub fn repository(facts: &Facts<'_>, full: bool) -> Value {
    let (owner, name) = facts.name.split_once('/').unwrap();
    let base = format!("{API}/repos/{}", facts.name);
    let page = format!("{SITE}/{}", facts.name);
    let links = urls(
        &base,
        "archive assignees blobs branches collaborators comments commits compare contents contributors deployments \
         downloads events forks git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels \
         languages merges milestones notifications pulls releases stargazers statuses subscribers subscription tags \
         teams trees",
    );
    let own = json!({
        "id": facts.id, "node_id": format!("R_{}", facts.id), "name": name, "full_name": facts.name, "private": false,
        "owner": user(owner), "html_url": page, "description": null, "fork": facts.fork_of.is_some(), "url": base,
        "clone_url": format!("{page}.git"), "git_url": format!("git://github.example/{}.git", facts.name),
        "ssh_url": format!("git@github.example:{}.git", facts.name), "svn_url": page, "mirror_url": null,
        "default_branch": facts.default_branch, "forks": 0, "forks_count": 0, "has_issues": true, "has_projects": false,
        "has_wiki": false, "has_pages": false, "has_discussions": false, "has_downloads": true, "homepage": null,
        "language": null, "archived": facts.archived, "disabled": false, "open_issues": 0, "open_issues_count": 0,
        "license": null, "pushed_at": SINCE, "size": 12, "stargazers_count": 0, "watchers": 0, "watchers_count": 0,
        "created_at": SINCE, "updated_at": SINCE, "visibility": "public",
    });
    let permissions = json!({ "permissions": {
        "admin": false, "maintain": false, "push": facts.push, "triage": facts.push, "pull": true,
    } });
    let more = if full { json!({ "network_count": 0, "subscribers_count": 0 }) } else { Value::Null };
    let mut all = merged([Value::Object(links), own, permissions, more]);
    if let (true, Some(of)) = (full, facts.fork_of) {
        let of = Facts { name: of, fork_of: None, ..*facts };
        all["parent"] = repository(&of, false);
        all["source"] = repository(&of, false);
    }
    all
}

pub fn reference(repository: &str, name: &str, commit: &str) -> Value {
    let base = format!("{API}/repos/{repository}/git");
    json!({
        "ref": format!("refs/{name}"), "node_id": "REF_1", "url": format!("{base}/refs/{name}"),
        "object": { "type": "commit", "sha": commit, "url": format!("{base}/commits/{commit}") },
    })
}

fn signature(who: &Signature) -> Value {
    json!({ "name": who.name, "email": who.email, "date": who.date })
}

fn unsigned() -> Value {
    json!({ "verified": false, "reason": "unsigned", "signature": null, "payload": null, "verified_at": null })
}

/// A commit of the Git database.
pub fn git_commit(repository: &str, id: &str, commit: &Commit) -> Value {
    let base = format!("{API}/repos/{repository}/git");
    let page = format!("{SITE}/{repository}/commit");
    let parent =
        |id: &String| json!({ "sha": id, "url": format!("{base}/commits/{id}"), "html_url": format!("{page}/{id}") });
    json!({
        "sha": id, "node_id": format!("C_{id}"), "url": format!("{base}/commits/{id}"), "html_url": format!("{page}/{id}"),
        "author": signature(&commit.author), "committer": signature(&commit.committer), "message": commit.message,
        "tree": { "sha": commit.tree, "url": format!("{base}/trees/{}", commit.tree) },
        "parents": commit.parents.iter().map(parent).collect::<Vec<_>>(), "verification": unsigned(),
    })
}

/// A commit as a comparison shows it.
pub fn commit(repository: &str, id: &str, commit: &Commit) -> Value {
    let base = format!("{API}/repos/{repository}");
    let page = format!("{SITE}/{repository}/commit");
    let parent =
        |id: &String| json!({ "sha": id, "url": format!("{base}/commits/{id}"), "html_url": format!("{page}/{id}") });
    json!({
        "sha": id, "node_id": format!("C_{id}"), "url": format!("{base}/commits/{id}"), "html_url": format!("{page}/{id}"),
        "comments_url": format!("{base}/commits/{id}/comments"), "author": null, "committer": null,
        "parents": commit.parents.iter().map(parent).collect::<Vec<_>>(),
        "commit": {
            "url": format!("{base}/git/commits/{id}"), "author": signature(&commit.author),
            "committer": signature(&commit.committer), "message": commit.message, "comment_count": 0,
            "tree": { "sha": commit.tree, "url": format!("{base}/git/trees/{}", commit.tree) },
            "verification": unsigned(),
        },
    })
}

pub fn comparison(repository: &str, base: Value, common: Value, ahead: Vec<Value>, behind: usize) -> Value {
    let url = format!("{API}/repos/{repository}/compare");
    let status = match (ahead.len(), behind) {
        (0, 0) => "identical",
        (_, 0) => "ahead",
        (0, _) => "behind",
        _ => "diverged",
    };
    json!({
        "url": url, "html_url": url, "permalink_url": url, "diff_url": url, "patch_url": url, "base_commit": base,
        "merge_base_commit": common, "status": status, "ahead_by": ahead.len(), "behind_by": behind,
        "total_commits": ahead.len(), "commits": ahead, "files": [],
    })
}

pub fn file(repository: &str, path: &str, id: &str, size: usize, content: &str, encoding: &str) -> Value {
    let url = format!("{API}/repos/{repository}/contents/{path}");
    let page = format!("{SITE}/{repository}/blob/main/{path}");
    json!({
        "type": "file", "encoding": encoding, "size": size, "name": path.rsplit('/').next(), "path": path,
        "content": content, "sha": id, "url": url, "git_url": url, "html_url": page, "download_url": page,
        "_links": { "git": url, "self": url, "html": page },
    })
}

/// One end of a request.
pub struct End<'a> {
    pub repository: Value,
    pub owner: &'a str,
    pub branch: &'a str,
    pub commit: &'a str,
}

pub struct PullFacts<'a> {
    pub repository: &'a str,
    pub number: u64,
    pub title: &'a str,
    pub body: Option<&'a str>,
    pub is_open: bool,
    pub merged: Option<(&'a str, &'a str)>,
    pub closed_at: Option<&'a str>,
    pub by: &'a str,
    pub head: End<'a>,
    pub base: End<'a>,
    pub at: &'a str,
}

/// A request, as a list has it, or (`full`) alone.
pub fn pull(facts: &PullFacts<'_>, full: bool) -> Value {
    let url = format!("{API}/repos/{}/pulls/{}", facts.repository, facts.number);
    let issue = format!("{API}/repos/{}/issues/{}", facts.repository, facts.number);
    let page = format!("{SITE}/{}/pull/{}", facts.repository, facts.number);
    let end = |end: &End<'_>| {
        json!({
            "label": format!("{}:{}", end.owner, end.branch), "ref": end.branch, "sha": end.commit,
            "user": user(end.owner), "repo": end.repository,
        })
    };
    let link = |url: &str| json!({ "href": url });
    let own = json!({
        "url": url, "id": facts.number, "node_id": format!("PR_{}", facts.number), "html_url": page,
        "diff_url": format!("{page}.diff"), "patch_url": format!("{page}.patch"), "issue_url": issue,
        "commits_url": format!("{url}/commits"), "review_comments_url": format!("{url}/comments"),
        "review_comment_url": format!("{url}/comments"), "comments_url": format!("{issue}/comments"),
        "statuses_url": format!("{url}/statuses"), "number": facts.number,
        "state": if facts.is_open { "open" } else { "closed" }, "locked": false, "title": facts.title,
        "user": user(facts.by), "body": facts.body, "labels": [], "milestone": null, "assignee": null,
        "created_at": facts.at, "updated_at": facts.at, "closed_at": facts.closed_at,
        "merged_at": facts.merged.map(|(_, at)| at), "merge_commit_sha": facts.merged.map(|(id, _)| id),
        "head": end(&facts.head), "base": end(&facts.base), "author_association": "CONTRIBUTOR", "auto_merge": null,
        "draft": false,
        "_links": {
            "self": link(&url), "html": link(&page), "issue": link(&issue), "comments": link(&issue),
            "review_comments": link(&url), "review_comment": link(&url), "commits": link(&url), "statuses": link(&url),
        },
    });
    let more = json!({
        "additions": 1, "deletions": 1, "changed_files": 2, "comments": 0, "commits": 1, "mergeable": null,
        "mergeable_state": "unknown", "merged": facts.merged.is_some(), "maintainer_can_modify": false,
        "merged_by": null, "review_comments": 0,
    });
    if full { merged([own, more]) } else { own }
}

pub fn comment(repository: &str, id: u64, number: u64, by: &str, body: &str, association: &str) -> Value {
    let url = format!("{API}/repos/{repository}/issues/comments/{id}");
    json!({
        "id": id, "node_id": format!("IC_{id}"), "url": url, "body": body, "user": user(by), "created_at": SINCE,
        "updated_at": SINCE, "author_association": association,
        "html_url": format!("{SITE}/{repository}/pull/{number}#issuecomment-{id}"),
        "issue_url": format!("{API}/repos/{repository}/issues/{number}"),
    })
}

pub fn permission(login: &str, role: &str) -> Value {
    // The older word knows no maintain and no triage.
    let permission = match role {
        "maintain" => "write",
        "triage" => "read",
        other => other,
    };
    let user = merged([user(login), json!({ "role_name": role })]);
    json!({ "permission": permission, "role_name": role, "user": user })
}
