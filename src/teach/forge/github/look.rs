//! Looking: the skill at its base, our branch, and what people said. Nothing here writes.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::calls::{below, word};
use super::super::entries::{named, rejected};
use super::super::memory::Memory;
use super::super::seen::{Branch, Commit, Person, Rejection, Removal, Request, Seen, State, Us};
use super::super::trouble::Trouble;
use super::answers::{self, Comparison, File, Permission, Pull, Reference, Tree, User};
use super::visit::Visit;
use super::write::REMARK;
use crate::source::{Repository, github::API};

/// A request with more comments than this was talked about by machines.
const MOST_PAGES: usize = 10;
/// Requests of the past whose end we have not heard of: a home that is new reads so many of their talks.
const MOST_TALKS: usize = 10;

impl Visit<'_> {
    pub(super) async fn look(&mut self, memory: &Memory) -> Result<Seen, Trouble> {
        let skills = self.github.skills.clone();
        let us = self.us().await?;
        let default_branch = self.repository().await?;
        let base = self.base(&default_branch).await?;
        let commit: answers::Commit =
            self.read(&below(&skills.repository, &format!("/git/commits/{base}")), "for the newest commit").await?;
        let base_tree = commit.tree.sha;
        self.plain_files(&base_tree).await?;
        let reference = self.text(&skills.repository, &skills.reference, &base).await?;
        let manifest = self.text(&skills.repository, &skills.manifest, &base).await?;
        let body = match &skills.body {
            Some(path) => self.text(&skills.repository, path, &base).await?,
            None => None,
        };
        let branch = match self.head().await? {
            Some(head) => Some(self.branch(&base, head).await?),
            None => None,
        };
        let requests = self.requests().await?;
        let mut seen = Seen {
            default_branch,
            base,
            base_tree,
            reference,
            manifest,
            body,
            us,
            branch,
            requests,
            rejections: Vec::new(),
            removals: Vec::new(),
            remarked: Vec::new(),
        };
        self.talks(&mut seen, memory).await?;
        self.removals(&mut seen, memory).await?;
        Ok(seen)
    }

    /// Who the token is. An app's has no account behind it, and GitHub says so with 403.
    async fn us(&mut self) -> Result<Us, Trouble> {
        let said = self.find_user().await?;
        let api = &self.github.skills.api;
        let host = match api.as_str().trim_end_matches('/') {
            API => "github.com",
            _ => api.host_str().unwrap_or("localhost"),
        };
        let mailbox = said.as_ref().map_or_else(|| "tidings".to_owned(), |user| format!("{}+{}", user.id, user.login));
        let person = Person { name: "tidings".to_owned(), email: format!("{mailbox}@users.noreply.{host}") };
        Ok(Us { login: said.map(|user| user.login), person })
    }

    async fn find_user(&mut self) -> Result<Option<User>, Trouble> {
        let said = self.get("/user", "who the token is").await?;
        match said.status {
            200 => self.parsed(said.json, "who the token is").map(Some),
            _ => Ok(None),
        }
    }

    /// The name of the default branch, of a repository that can be proposed to.
    async fn repository(&mut self) -> Result<String, Trouble> {
        let skills = self.github.skills.clone();
        let there: answers::Repository =
            self.read(&below(&skills.repository, ""), &format!("for {}", skills.repository)).await?;
        if there.archived {
            let message = format!("{} is archived: nothing can be proposed to it any more", skills.repository);
            return Err(Trouble::Refused(message));
        }
        let holder = match &skills.fork {
            None => there.permissions,
            Some(fork) => {
                let copy: answers::Repository = self.read(&below(fork, ""), &format!("for {fork}")).await?;
                let names = [copy.parent, copy.source].into_iter().flatten();
                if !names
                    .map(|name| name.full_name)
                    .any(|name| name.eq_ignore_ascii_case(&skills.repository.to_string()))
                {
                    let message = format!("{fork} is no fork of {}; mend `fork` under [skills]", skills.repository);
                    return Err(Trouble::Refused(message));
                }
                copy.permissions
            }
        };
        if holder.is_some_and(|permissions| !permissions.push) {
            let message = format!(
                "whoever the token of [skills] belongs to may not write to {}; let them, or name a fork of theirs (`fork`)",
                skills.home_of_branch()
            );
            return Err(Trouble::Refused(message));
        }
        Ok(there.default_branch)
    }

    async fn base(&mut self, default_branch: &str) -> Result<String, Trouble> {
        let path = format!("/git/ref/{}", word(&format!("heads/{default_branch}")));
        let path = below(&self.github.skills.repository.clone(), &path);
        let reference: Reference = self.read(&path, &format!("for the branch {default_branch}")).await?;
        Ok(reference.object.sha)
    }

    /// The head of our branch.
    pub(super) async fn head(&mut self) -> Result<Option<String>, Trouble> {
        let skills = self.github.skills.clone();
        let path = format!("/git/ref/{}", word(&format!("heads/{}", skills.branch)));
        let doing = format!("for the branch {}", skills.branch);
        let reference: Option<Reference> = self.find(&below(skills.home_of_branch(), &path), &doing).await?;
        Ok(reference.map(|reference| reference.object.sha))
    }

    /// Refuses files of ours that are links or programs, and folders on their way that are.
    async fn plain_files(&mut self, tree: &str) -> Result<(), Trouble> {
        let skills = self.github.skills.clone();
        let path = below(&skills.repository, &format!("/git/trees/{tree}?recursive=1"));
        let tree: Option<Tree> = self.find(&path, "for the files of the newest commit").await?;
        // Of a tree that is too large to be listed the contents alone must do.
        let leaves = tree.into_iter().filter(|tree| !tree.truncated).flat_map(|tree| tree.tree);
        let leaves: BTreeMap<String, String> = leaves.map(|leaf| (leaf.path, leaf.mode)).collect();
        for path in [&skills.reference, &skills.manifest] {
            for (at, _) in path.match_indices('/') {
                if leaves.get(&path[..at]).is_some_and(|mode| *mode != "040000") {
                    let message = format!("{} is no folder in {}; mend [skills]", &path[..at], skills.repository);
                    return Err(Trouble::Refused(message));
                }
            }
            if leaves.get(path.as_str()).is_some_and(|mode| *mode != "100644") {
                let message =
                    format!("{path} is no plain file in {}: a link or a program is never changed", skills.repository);
                return Err(Trouble::Refused(message));
            }
        }
        Ok(())
    }

    /// The text of a file; None where there is none.
    async fn text(&mut self, repository: &Repository, path: &str, at: &str) -> Result<Option<String>, Trouble> {
        let refused = |why: &str| Err(Trouble::Refused(format!("{path} in {repository} {why}; mend [skills]")));
        let address = below(repository, &format!("/contents/{}?ref={at}", word(path)));
        let Some(found) = self.find::<serde_json::Value>(&address, &format!("for {path}")).await? else {
            return Ok(None);
        };
        if found.is_array() {
            return refused("is a folder");
        }
        let file: File = self.parsed(found, &format!("for {path}"))?;
        if file.kind != "file" {
            return refused("is no plain file");
        }
        if file.encoding != "base64" {
            return refused("is larger than 1 MB");
        }
        let letters: String = file.content.split_whitespace().collect();
        match STANDARD.decode(letters).ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
            Some(text) => Ok(Some(text)),
            None => refused("is no text in UTF-8"),
        }
    }

    async fn branch(&mut self, base: &str, head: String) -> Result<Branch, Trouble> {
        let skills = self.github.skills.clone();
        let place = skills.home_of_branch();
        let doing = format!("for the branch {}", skills.branch);
        let commit: answers::Commit = self.read(&below(place, &format!("/git/commits/{head}")), &doing).await?;
        let path = below(place, &format!("/compare/{base}...{head}?per_page=100"));
        let compared: Option<Comparison> = self.find(&path, &doing).await?;
        let ahead = match compared {
            Some(compared) => {
                let seen = |commit: answers::Compared| Commit {
                    id: commit.sha,
                    author: answers::Person::seen(commit.commit.author),
                    committer: answers::Person::seen(commit.commit.committer),
                };
                compared.commits.into_iter().map(seen).collect()
            }
            // Nothing in common with the base.
            None => vec![Commit {
                id: commit.sha.clone(),
                author: answers::Person::seen(commit.author),
                committer: answers::Person::seen(commit.committer),
            }],
        };
        Ok(Branch {
            parents: commit.parents.into_iter().map(|parent| parent.sha).collect(),
            subject: commit.message.lines().next().unwrap_or_default().to_owned(),
            reference: self.text(place, &skills.reference, &head).await?,
            manifest: self.text(place, &skills.manifest, &head).await?,
            ahead,
            head,
        })
    }

    /// Every request of our branch, the newest hundred.
    pub(super) async fn requests(&mut self) -> Result<Vec<Request>, Trouble> {
        let skills = self.github.skills.clone();
        let label = format!("{}:{}", skills.home_of_branch().owner, skills.branch);
        let query = format!("/pulls?state=all&head={}&sort=created&direction=desc&per_page=100", word(&label));
        let pulls: Vec<Pull> = self.read(&below(&skills.repository, &query), "for earlier requests").await?;
        // A filter that GitHub can't read counts as none.
        let is_ours = |pull: &Pull| {
            let same = |label_: &str| label_.eq_ignore_ascii_case(&label);
            pull.head.label.as_deref().map_or(pull.head.branch == skills.branch, same)
        };
        let mut requests: Vec<Request> = pulls.into_iter().filter(is_ours).map(Pull::seen).collect();
        requests.sort_by_key(|request| std::cmp::Reverse(request.number));
        Ok(requests)
    }

    /// What people said on the request that is open, and on those whose end is news.
    async fn talks(&mut self, seen: &mut Seen, memory: &Memory) -> Result<(), Trouble> {
        let repository = self.github.skills.repository.clone();
        let is_news = |request: &&Request| request.state == State::Open || !memory.over.contains(&request.number);
        let numbers: Vec<u64> =
            seen.requests.iter().filter(is_news).map(|request| request.number).take(MOST_TALKS).collect();
        let mut may: BTreeMap<String, bool> = BTreeMap::new();
        for number in numbers {
            for page in 1..=MOST_PAGES {
                let path = below(&repository, &format!("/issues/{number}/comments?per_page=100&page={page}"));
                let comments: Vec<answers::Comment> = self.read(&path, &format!("for comments on #{number}")).await?;
                let is_last = comments.len() < 100;
                for comment in comments {
                    let text = comment.body.unwrap_or_default();
                    let Some(user) = comment.user else { continue };
                    let is_us = seen.us.login.as_ref().is_none_or(|login| login.eq_ignore_ascii_case(&user.login));
                    if text.starts_with(REMARK) && is_us {
                        seen.remarked.push(number);
                        continue;
                    }
                    let ids = rejected(&text);
                    if ids.is_empty() || memory.heard.contains(&comment.id) {
                        continue;
                    }
                    let may_write = match may.get(&user.login) {
                        Some(known) => *known,
                        None => self.may_write(&user.login, &comment.author_association).await?,
                    };
                    may.insert(user.login.clone(), may_write);
                    if may_write {
                        let rejection =
                            |id| Rejection { request: number, comment: comment.id, id, by: user.login.clone() };
                        seen.rejections.extend(ids.into_iter().map(rejection));
                    }
                }
                if is_last {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Whether a person may write to the repository. A fork's own bot may not ask; then its owner alone counts.
    async fn may_write(&mut self, login: &str, association: &str) -> Result<bool, Trouble> {
        let repository = self.github.skills.repository.clone();
        let path = below(&repository, &format!("/collaborators/{}/permission", word(login)));
        let said = self.get(&path, "who may write").await?;
        if said.status != 200 {
            return Ok(association == "OWNER");
        }
        let Permission { permission, role_name } = self.parsed(said.json, "who may write")?;
        let counts = |word: &str| matches!(word, "admin" | "maintain" | "write");
        Ok(counts(&permission) || counts(&role_name))
    }

    /// Lessons that our last commit had and the newest request's branch has not.
    async fn removals(&mut self, seen: &mut Seen, memory: &Memory) -> Result<(), Trouble> {
        let skills = self.github.skills.clone();
        let (Some(newest), Some(pushed)) = (seen.requests.first(), &memory.pushed) else { return Ok(()) };
        if newest.head == pushed.commit || memory.over.contains(&newest.number) {
            return Ok(());
        }
        let number = newest.number;
        let head = newest.head.clone();
        let place = skills.home_of_branch();
        let Some(ours) = self.text(place, &skills.reference, &pushed.commit).await? else { return Ok(()) };
        let theirs = self.text(place, &skills.reference, &head).await?.unwrap_or_default();
        let left = named(&theirs);
        let gone = named(&ours).into_iter().filter(|id| !left.contains(id));
        seen.removals.extend(gone.map(|id| Removal { request: number, id }));
        Ok(())
    }
}
