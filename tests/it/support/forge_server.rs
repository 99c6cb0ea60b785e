//! A forge on loopback that behaves as GitHub documents: repositories with real commits, branches, pull requests, comments,
//! rights of tokens, and a log of every call.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use url::Url;

use super::forge_git::{Commit, Git, Signature, Tree};
use super::forge_json::{self, End, Facts, PullFacts};
use super::server::{Asked, Reply, Server};

/// A token that may write contents and requests of every repository here.
pub const TOKEN: &str = "github_pat_11AAAAAAA0of_a_test_and_not_for_eyes";

#[derive(Clone, Default)]
pub struct Repository {
    pub default_branch: String,
    pub archived: bool,
    /// It answers to another name now.
    pub moved: bool,
    pub fork_of: Option<String>,
    /// By name of the branch.
    pub branches: BTreeMap<String, String>,
}

#[derive(Clone)]
pub struct Pull {
    pub number: u64,
    pub repository: String,
    pub title: String,
    pub body: Option<String>,
    pub is_open: bool,
    /// The commit and the time.
    pub merged: Option<(String, String)>,
    pub closed_at: Option<String>,
    pub by: String,
    pub at: String,
    pub base: String,
    pub head_repository: String,
    pub head: String,
    /// What its branch held last.
    pub head_commit: String,
}

#[derive(Clone)]
pub struct Comment {
    pub id: u64,
    pub number: u64,
    pub by: String,
    pub body: String,
}

/// What a token may do.
#[derive(Clone)]
pub struct Rights {
    pub login: String,
    pub contents: bool,
    pub pulls: bool,
    /// Of a classic token: what X-OAuth-Scopes says.
    pub scopes: Option<&'static str>,
    /// The repositories that it was made for; None: all.
    pub repositories: Option<Vec<String>>,
}

impl Rights {
    pub fn of(login: &str) -> Rights {
        Rights { login: login.to_owned(), contents: true, pulls: true, scopes: None, repositories: None }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub method: String,
    /// As it was asked, with its query.
    pub path: String,
    pub writes: bool,
    pub status: u16,
}

/// What goes wrong with a call, once.
#[derive(Clone)]
pub enum Fault {
    /// It is answered so, and nothing is done.
    Says(&'static str, Vec<String>, Value),
    /// The connection breaks before anything is done.
    Lost,
    /// It is done, and the connection breaks before the answer.
    LostAfter,
    /// Somebody does this meanwhile, and then it is done.
    Meanwhile(Arc<dyn Fn(&mut World) + Send + Sync>),
}

#[derive(Default)]
pub struct World {
    pub git: Git,
    pub repositories: BTreeMap<String, Repository>,
    pub pulls: Vec<Pull>,
    pub comments: Vec<Comment>,
    /// What people may do, by login; owners may all.
    pub roles: BTreeMap<String, &'static str>,
    pub tokens: BTreeMap<String, Rights>,
    pub calls: Vec<Call>,
    /// What was asked against the rules of the API.
    pub violations: Vec<String>,
    /// The method, a part of the path, and what goes wrong there.
    pub faults: Vec<(&'static str, &'static str, Fault)>,
    ticks: i64,
}

pub struct ForgeServer {
    server: Server,
    world: Arc<Mutex<World>>,
}

impl ForgeServer {
    /// With a repository of these files on `main`, and the token of `tidings-bot`.
    pub fn start(repository: &str, files: &[(&str, &str)]) -> ForgeServer {
        let world = World::new(repository, files);
        let world = Arc::new(Mutex::new(world));
        let own = world.clone();
        let server = Server::start(move |asked| own.lock().unwrap_or_else(|broken| broken.into_inner()).answer(asked));
        ForgeServer { server, world }
    }

    pub fn url(&self) -> Url {
        self.server.url("/")
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(|broken| broken.into_inner())
    }

    /// Every header and body that came, for those who look for what should not be there.
    pub fn asked(&self) -> Vec<Asked> {
        self.server.log()
    }
}

/// Status, headers, body.
type Given = (&'static str, Vec<String>, Value);

fn wrong(status: &'static str, message: &str) -> Given {
    (
        status,
        Vec::new(),
        json!({ "message": message, "documentation_url": "https://docs.github.com/rest", "status": status[..3] }),
    )
}

fn invalid(resource: &str, field: &str, message: Option<&str>) -> Given {
    let error = match message {
        Some(message) => json!({ "resource": resource, "code": "custom", "message": message }),
        None => json!({ "resource": resource, "field": field, "code": "invalid" }),
    };
    let body = json!({
        "message": "Validation Failed", "errors": [error], "documentation_url": "https://docs.github.com/rest", "status": "422",
    });
    ("422 Unprocessable Entity", Vec::new(), body)
}

const GONE: &str = "404 Not Found";
const UNFIT: &str = "422 Unprocessable Entity";

fn gone() -> Given {
    wrong(GONE, "Not Found")
}

/// What people do there, as they would on the site or with git.
impl World {
    pub fn new(repository: &str, files: &[(&str, &str)]) -> World {
        let mut world = World::default();
        world.tokens.insert(TOKEN.to_owned(), Rights::of("tidings-bot"));
        world.roles.insert("tidings-bot".to_owned(), "write");
        world.found(repository, files);
        world
    }

    /// A repository with its first commit.
    pub fn found(&mut self, name: &str, files: &[(&str, &str)]) {
        let repository = Repository { default_branch: "main".to_owned(), ..Repository::default() };
        self.repositories.insert(name.to_owned(), repository);
        self.commit(name, "main", "ana", files);
    }

    /// A fork, with the branches of its source.
    pub fn fork(&mut self, source: &str, name: &str) {
        let copy = Repository { fork_of: Some(source.to_owned()), ..self.repositories[source].clone() };
        self.repositories.insert(name.to_owned(), copy);
    }

    /// A commit by somebody on a branch, on top of what is there; an empty text takes a file away.
    pub fn commit(&mut self, repository: &str, branch: &str, who: &str, files: &[(&str, &str)]) -> String {
        let at = self.tick();
        let signature = Signature { name: who.to_owned(), email: format!("{who}@lab.example"), date: at };
        let parents: Vec<String> = self.head(repository, branch).into_iter().collect();
        let mut tree = match parents.first() {
            Some(parent) => self.git.commits[parent].tree.clone(),
            None => self.git.tree(Tree::new()),
        };
        for (path, text) in files {
            let leaf = (!text.is_empty()).then(|| ("100644".to_owned(), self.git.blob(text.as_bytes())));
            tree = self.git.with(&tree, path, leaf);
        }
        let (author, committer) = (signature.clone(), signature);
        let message = format!("Work of {who}");
        let id = self.git.commit(Commit { tree, parents, author, committer, message });
        self.put(repository, branch, &id);
        id
    }

    /// The head of a branch amended by somebody, under the same author.
    pub fn amend(&mut self, repository: &str, branch: &str, who: &str) -> String {
        let mut commit = self.git.commits[&self.head(repository, branch).unwrap()].clone();
        commit.committer = Signature { name: who.to_owned(), email: format!("{who}@lab.example"), date: self.tick() };
        commit.message.push_str(", amended");
        let id = self.git.commit(commit);
        self.put(repository, branch, &id);
        id
    }

    pub fn head(&self, repository: &str, branch: &str) -> Option<String> {
        self.repositories[repository].branches.get(branch).cloned()
    }

    pub fn put(&mut self, repository: &str, branch: &str, commit: &str) {
        let branches = &mut self.repositories.get_mut(repository).unwrap().branches;
        branches.insert(branch.to_owned(), commit.to_owned());
        for pull in self.pulls.iter_mut().filter(|pull| pull.is_open) {
            if pull.head_repository == repository && pull.head == branch {
                pull.head_commit = commit.to_owned();
            }
        }
    }

    pub fn text(&self, repository: &str, branch: &str, path: &str) -> Option<String> {
        let bytes = self.git.file(&self.head(repository, branch)?, path)?;
        Some(String::from_utf8(bytes).unwrap())
    }

    /// Takes a branch away, which closes what was open for it.
    pub fn drop_branch(&mut self, repository: &str, branch: &str) {
        self.repositories.get_mut(repository).unwrap().branches.remove(branch);
        let open = |pull: &&Pull| pull.is_open && pull.head_repository == repository && pull.head == branch;
        let numbers: Vec<u64> = self.pulls.iter().filter(open).map(|pull| pull.number).collect();
        numbers.into_iter().for_each(|number| self.close(number));
    }

    /// Renames the default branch; open requests follow.
    pub fn rename_default(&mut self, repository: &str, name: &str) {
        let repository_ = self.repositories.get_mut(repository).unwrap();
        let old = std::mem::replace(&mut repository_.default_branch, name.to_owned());
        let head = repository_.branches.remove(&old).unwrap();
        repository_.branches.insert(name.to_owned(), head);
        for pull in
            self.pulls.iter_mut().filter(|pull| pull.repository == repository && pull.is_open && pull.base == old)
        {
            pull.base = name.to_owned();
        }
    }

    pub fn pull(&mut self, number: u64) -> &mut Pull {
        self.pulls.iter_mut().find(|pull| pull.number == number).unwrap()
    }

    pub fn close(&mut self, number: u64) {
        let at = self.tick();
        let pull = self.pull(number);
        (pull.is_open, pull.closed_at) = (false, Some(at));
    }

    pub fn reopen(&mut self, number: u64) {
        let pull = self.pull(number);
        (pull.is_open, pull.closed_at) = (true, None);
    }

    /// Merges a request with a merge commit.
    pub fn merge(&mut self, number: u64) -> String {
        let pull = self.pull(number).clone();
        let base = self.head(&pull.repository, &pull.base).unwrap();
        let head_tree = self.git.commits[&pull.head_commit].tree.clone();
        let common = self.common(&base, &pull.head_commit).unwrap();
        let common_tree = self.git.commits[&common].tree.clone();
        let mut tree = self.git.commits[&base].tree.clone();
        let files = self.git.files(&head_tree);
        for path in self.git.changed(&common_tree, &head_tree) {
            tree = self.git.with(&tree, &path, files.get(&path).cloned());
        }
        let at = self.tick();
        let signature = Signature { name: "ana".into(), email: "ana@lab.example".into(), date: at.clone() };
        let (author, committer) = (signature.clone(), signature);
        let parents = vec![base, pull.head_commit.clone()];
        let id = self.git.commit(Commit { tree, parents, author, committer, message: format!("Merge #{number}") });
        self.put(&pull.repository, &pull.base, &id);
        let pull = self.pull(number);
        (pull.is_open, pull.closed_at, pull.merged) = (false, Some(at.clone()), Some((id.clone(), at)));
        id
    }

    pub fn comment(&mut self, number: u64, by: &str, body: &str) {
        let id = 9_000 + self.comments.len() as u64;
        self.comments.push(Comment { id, number, by: by.to_owned(), body: body.to_owned() });
    }

    /// Calls that wrote, in order.
    pub fn writes(&self) -> Vec<String> {
        let writing = self.calls.iter().filter(|call| call.writes);
        writing.map(|call| format!("{} {} {}", call.method, call.path, call.status)).collect()
    }

    pub fn open_pulls(&self) -> Vec<&Pull> {
        self.pulls.iter().filter(|pull| pull.is_open).collect()
    }

    pub fn goes_wrong(&mut self, method: &'static str, path: &'static str, fault: Fault) {
        self.faults.push((method, path, fault));
    }

    fn tick(&mut self) -> String {
        self.ticks += 1;
        let start: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        (start + SignedDuration::from_secs(self.ticks)).to_string()
    }

    fn common(&self, one: &str, other: &str) -> Option<String> {
        let known = self.git.history(one);
        self.git.history(other).into_iter().find(|commit| known.contains(commit))
    }
}

/// What the API does.
impl World {
    fn answer(&mut self, asked: &Asked) -> Reply {
        let place =
            self.faults.iter().position(|(method, path, _)| asked.method == *method && asked.path.contains(path));
        let fault = place.map(|place| self.faults.remove(place).2);
        let mut given = match fault {
            Some(Fault::Lost) => {
                self.log(asked, 0);
                return Reply::default();
            }
            Some(Fault::Says(status, headers, body)) => Err((status, headers, body)),
            Some(Fault::Meanwhile(act)) => {
                act(self);
                self.act(asked)
            }
            Some(Fault::LostAfter) => {
                let given = self.act(asked);
                self.log(asked, if given.is_ok() { 201 } else { 422 });
                return Reply::default();
            }
            None => self.act(asked),
        };
        let rights = self.rights(asked);
        if let (Some(scopes), Ok((_, headers, _)) | Err((_, headers, _))) =
            (rights.and_then(|rights| rights.scopes), &mut given)
        {
            headers.push(format!("X-OAuth-Scopes: {scopes}"));
        }
        let (Ok((status, headers, body)) | Err((status, headers, body))) = given;
        self.log(asked, status[..3].parse().unwrap());
        let mut headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        headers.push("content-type: application/json; charset=utf-8");
        Reply::whole(status, &headers, body.to_string())
    }

    fn log(&mut self, asked: &Asked, status: u16) {
        let writes = asked.method != "GET";
        self.calls.push(Call { method: asked.method.clone(), path: asked.path.clone(), writes, status });
    }

    fn rights(&self, asked: &Asked) -> Option<Rights> {
        self.tokens.get(asked.header("authorization")?.strip_prefix("Bearer ")?).cloned()
    }

    fn act(&mut self, asked: &Asked) -> Result<Given, Given> {
        let mut broken = |words: &str| self.violations.push(format!("{} {}: {words}", asked.method, asked.path));
        if asked.header("accept") != Some("application/vnd.github+json") {
            broken("Accept is not what GitHub recommends");
        }
        if asked.header("x-github-api-version") != Some("2022-11-28") {
            broken("no version of the API");
        }
        if asked.header("user-agent").is_none_or(str::is_empty) {
            return Err(wrong(
                "403 Forbidden",
                "Request forbidden by administrative rules. Please make sure your request has a User-Agent header",
            ));
        }
        let Some(rights) = self.rights(asked) else { return Err(wrong("401 Unauthorized", "Bad credentials")) };
        let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
        let decode = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        let parts: Vec<String> = path.trim_start_matches('/').split('/').map(decode).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let query: BTreeMap<String, String> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let body: Value = serde_json::from_str(&asked.body).unwrap_or_default();
        if parts == ["user"] {
            return Ok(fine(forge_json::own_user(&rights.login)));
        }
        let ["repos", owner, name, rest @ ..] = &parts[..] else { return Err(gone()) };
        let name = format!("{owner}/{name}");
        let Some(repository) = self.repositories.get(&name).cloned() else { return Err(gone()) };
        let writes = asked.method != "GET";
        let is_his = rights.repositories.as_ref().is_none_or(|names| names.contains(&name));
        if repository.moved {
            let location = format!("Location: {}/repositories/7", forge_json::API);
            return Err((
                "301 Moved Permanently",
                vec![location],
                json!({ "message": "Moved Permanently", "url": "", "documentation_url": "" }),
            ));
        }
        let right = match rest {
            ["git", ..] => ("contents=write", rights.contents),
            ["pulls", ..] | ["issues", ..] => ("pull_requests=write", rights.pulls),
            _ => ("", true),
        };
        if writes && (!right.1 || !is_his) {
            let (status, _, body) = wrong("403 Forbidden", "Resource not accessible by personal access token");
            return Err((status, vec![format!("X-Accepted-GitHub-Permissions: {}", right.0)], body));
        }
        match (asked.method.as_str(), rest) {
            ("GET", []) => Ok(fine(self.repository(&name, &rights, true))),
            ("GET", ["git", "ref", rest @ ..]) => {
                let full = rest.join("/");
                let branch = full.strip_prefix("heads/").ok_or_else(gone)?;
                if repository.branches.is_empty() {
                    return Err(wrong("409 Conflict", "Git Repository is empty."));
                }
                let commit = repository.branches.get(branch).ok_or_else(gone)?;
                Ok(fine(forge_json::reference(&name, &full, commit)))
            }
            ("GET", ["git", "commits", id]) => {
                let commit = self.git.commits.get(*id).ok_or_else(gone)?;
                Ok(fine(forge_json::git_commit(&name, id, commit)))
            }
            ("GET", ["git", "trees", id]) => self.tree(&name, id, query.contains_key("recursive")).map(fine),
            ("GET", ["contents", rest @ ..]) => {
                self.contents(&name, &repository, &rest.join("/"), query.get("ref")).map(fine)
            }
            ("GET", ["compare", ends]) => self.compare(&name, ends).map(fine),
            ("GET", ["pulls"]) => Ok(fine(self.list(&name, &query, &rights).into())),
            ("GET", ["issues", number, "comments"]) => {
                let number: u64 = number.parse().map_err(|_| gone())?;
                let page: usize = query.get("page").map_or(1, |page| page.parse().unwrap());
                let of =
                    self.comments.iter().filter(|comment| comment.number == number).skip((page - 1) * 100).take(100);
                let shown = of.map(|one| {
                    let association = if one.by == *owner {
                        "OWNER"
                    } else if self.roles.contains_key(&one.by) {
                        "COLLABORATOR"
                    } else {
                        "NONE"
                    };
                    forge_json::comment(&name, one.id, number, &one.by, &one.body, association)
                });
                Ok(fine(shown.collect::<Vec<_>>().into()))
            }
            ("GET", ["collaborators", login, "permission"]) => {
                if self.role(&name, &rights.login) < 2 {
                    return Err(wrong("403 Forbidden", "Must have push access to view collaborator permission."));
                }
                let role = if login == owner { "admin" } else { self.roles.get(*login).copied().unwrap_or("read") };
                Ok(fine(forge_json::permission(login, role)))
            }
            ("POST", ["git", "trees"]) => self.make_tree(&name, &body).map(made),
            ("POST", ["git", "commits"]) => self.make_commit(&name, &rights, &body).map(made),
            ("POST", ["git", "refs"]) => self.make_reference(&name, &body).map(made),
            ("PATCH", ["git", "refs", rest @ ..]) => self.move_reference(&name, &rest.join("/"), &body).map(fine),
            ("POST", ["pulls"]) => self.make_pull(&name, &rights, &body).map(made),
            ("PATCH", ["pulls", number]) => self.edit_pull(&name, number, &rights, &body).map(fine),
            ("POST", ["issues", number, "comments"]) => {
                let number: u64 = number.parse().map_err(|_| gone())?;
                let text = body["body"]
                    .as_str()
                    .filter(|text| !text.is_empty())
                    .ok_or_else(|| invalid("IssueComment", "body", None))?;
                self.comment(number, &rights.login, text);
                let id = self.comments.last().unwrap().id;
                Ok(made(forge_json::comment(&name, id, number, &rights.login, text, "COLLABORATOR")))
            }
            _ => Err(gone()),
        }
    }

    /// 3 for those who may all, 2 for those who may write, 1 for the others.
    fn role(&self, repository: &str, login: &str) -> u8 {
        let is_owner = repository.split('/').next() == Some(login);
        match self.roles.get(login) {
            _ if is_owner => 3,
            Some(&("admin" | "maintain" | "write")) => 2,
            _ => 1,
        }
    }

    fn repository(&self, name: &str, rights: &Rights, full: bool) -> Value {
        let repository = &self.repositories[name];
        let facts = Facts {
            name,
            id: 40 + name.len(),
            default_branch: &repository.default_branch,
            archived: repository.archived,
            push: self.role(name, &rights.login) >= 2,
            fork_of: repository.fork_of.as_deref(),
        };
        forge_json::repository(&facts, full)
    }

    fn tree(&self, name: &str, id: &str, recursive: bool) -> Result<Value, Given> {
        let own = self.git.trees.get(id).ok_or_else(gone)?;
        let files = if recursive { self.git.files(id) } else { own.clone() };
        let leaf = |(path, (mode, id)): (&String, &(String, String))| {
            let kind = if mode == "040000" { "tree" } else { "blob" };
            let url = format!("{}/repos/{name}/git/{kind}s/{id}", forge_json::API);
            json!({ "path": path, "mode": mode, "type": kind, "sha": id, "url": url })
        };
        let url = format!("{}/repos/{name}/git/trees/{id}", forge_json::API);
        Ok(json!({ "sha": id, "url": url, "tree": files.iter().map(leaf).collect::<Vec<_>>(), "truncated": false }))
    }

    fn contents(&self, name: &str, repository: &Repository, path: &str, at: Option<&String>) -> Result<Value, Given> {
        let at = at.unwrap_or(&repository.default_branch);
        let commit = repository.branches.get(at).unwrap_or(at);
        let Some(found) = self.git.commits.get(commit) else {
            return Err(wrong(GONE, &format!("No commit found for the ref {at}")));
        };
        let (mode, id) = self.git.files(&found.tree).remove(path).ok_or_else(gone)?;
        if mode == "040000" {
            return Ok(json!([]));
        }
        let bytes = &self.git.blobs[&id];
        let lines: Vec<String> = STANDARD
            .encode(bytes)
            .as_bytes()
            .chunks(60)
            .map(|line| String::from_utf8_lossy(line).into_owned() + "\n")
            .collect();
        match bytes.len() > 1_000_000 {
            true => Ok(forge_json::file(name, path, &id, bytes.len(), "", "none")),
            false => Ok(forge_json::file(name, path, &id, bytes.len(), &lines.concat(), "base64")),
        }
    }

    fn compare(&self, name: &str, ends: &str) -> Result<Value, Given> {
        let (base, head) = ends.split_once("...").ok_or_else(gone)?;
        for id in [base, head] {
            self.git.commits.get(id).ok_or_else(gone)?;
        }
        let Some(common) = self.common(base, head) else {
            return Err(wrong(GONE, &format!("No common ancestor between {base} and {head}.")));
        };
        let (before, after) = (self.git.history(base), self.git.history(head));
        let shown = |id: &String| forge_json::commit(name, id, &self.git.commits[id]);
        let ahead = after.iter().rev().filter(|id| !before.contains(id)).map(shown).collect();
        let behind = before.iter().filter(|id| !after.contains(id)).count();
        Ok(forge_json::comparison(name, shown(&base.to_owned()), shown(&common), ahead, behind))
    }

    fn shown(&self, pull: &Pull, rights: &Rights, full: bool) -> Value {
        let base_commit = self.head(&pull.repository, &pull.base).unwrap_or_default();
        let owner = |name: &str| name.split('/').next().unwrap_or_default().to_owned();
        let (head_owner, base_owner) = (owner(&pull.head_repository), owner(&pull.repository));
        let facts = PullFacts {
            repository: &pull.repository,
            number: pull.number,
            title: &pull.title,
            body: pull.body.as_deref(),
            is_open: pull.is_open,
            merged: pull.merged.as_ref().map(|(id, at)| (id.as_str(), at.as_str())),
            closed_at: pull.closed_at.as_deref(),
            by: &pull.by,
            head: End {
                repository: self.repository(&pull.head_repository, rights, false),
                owner: &head_owner,
                branch: &pull.head,
                commit: &pull.head_commit,
            },
            base: End {
                repository: self.repository(&pull.repository, rights, false),
                owner: &base_owner,
                branch: &pull.base,
                commit: &base_commit,
            },
            at: &pull.at,
        };
        forge_json::pull(&facts, full)
    }

    /// A head that is not `owner:branch` filters nothing, as on GitHub.
    fn list(&self, name: &str, query: &BTreeMap<String, String>, rights: &Rights) -> Vec<Value> {
        let head = query.get("head").and_then(|head| head.split_once(':'));
        let state = query.get("state").map_or("open", String::as_str);
        let mut found: Vec<&Pull> = self
            .pulls
            .iter()
            .filter(|pull| pull.repository == name)
            .filter(|pull| state == "all" || pull.is_open == (state == "open"))
            .filter(|pull| {
                head.is_none_or(|(owner, branch)| {
                    pull.head_repository.starts_with(&format!("{owner}/")) && pull.head == branch
                })
            })
            .collect();
        found.sort_by_key(|pull| std::cmp::Reverse(pull.number));
        found.into_iter().take(100).map(|pull| self.shown(pull, rights, false)).collect()
    }

    fn make_tree(&mut self, name: &str, body: &Value) -> Result<Value, Given> {
        let unfit = |words: &str| wrong(UNFIT, words);
        let mut tree = match body["base_tree"].as_str() {
            Some(base) if self.git.trees.contains_key(base) => base.to_owned(),
            Some(_) => return Err(unfit("base_tree is not a valid tree")),
            None => self.git.tree(Tree::new()),
        };
        let leaves =
            body["tree"].as_array().filter(|leaves| !leaves.is_empty()).ok_or_else(|| unfit("Invalid tree info"))?;
        for leaf in leaves {
            let path = leaf["path"].as_str().unwrap_or_default();
            if path.is_empty() || path.split('/').any(|part| matches!(part, "" | "." | ".." | ".git")) {
                return Err(unfit("tree.path contains a malformed path component"));
            }
            let mode = leaf["mode"].as_str().unwrap_or_default();
            if !["100644", "100755", "040000", "160000", "120000"].contains(&mode) || leaf["type"] != "blob" {
                return Err(unfit("tree.mode must be one of 100644, 100755, 040000, 160000, or 120000"));
            }
            let id = match (leaf["content"].as_str(), leaf["sha"].as_str()) {
                (Some(text), None) => self.git.blob(text.as_bytes()),
                (None, Some(id)) if self.git.blobs.contains_key(id) => id.to_owned(),
                _ => return Err(unfit("tree.sha is not a valid blob")),
            };
            tree = self.git.with(&tree, path, Some((mode.to_owned(), id)));
        }
        self.tree(name, &tree, false)
    }

    fn make_commit(&mut self, name: &str, rights: &Rights, body: &Value) -> Result<Value, Given> {
        let message = body["message"].as_str().filter(|text| !text.is_empty());
        let message = message.ok_or_else(|| invalid("Commit", "message", None))?.to_owned();
        let tree = body["tree"].as_str().filter(|id| self.git.trees.contains_key(*id));
        let tree = tree.ok_or_else(|| wrong(UNFIT, "Tree SHA does not exist"))?.to_owned();
        let parents: Vec<String> =
            body["parents"].as_array().into_iter().flatten().filter_map(|id| id.as_str().map(str::to_owned)).collect();
        if parents.iter().any(|id| !self.git.commits.contains_key(id)) {
            return Err(wrong(UNFIT, "Parent SHA does not exist or is not a commit object"));
        }
        let at = self.tick();
        let signature = |value: &Value| {
            let word = |key: &str, other: String| value[key].as_str().map_or(other, str::to_owned);
            Signature {
                name: word("name", rights.login.clone()),
                email: word("email", format!("{}@users.noreply.github.example", rights.login)),
                date: word("date", at.clone()),
            }
        };
        let (author, committer) = (signature(&body["author"]), signature(&body["committer"]));
        let commit = Commit { tree, parents, author, committer, message };
        let id = self.git.commit(commit.clone());
        Ok(forge_json::git_commit(name, &id, &commit))
    }

    fn make_reference(&mut self, name: &str, body: &Value) -> Result<Value, Given> {
        let full = body["ref"].as_str().unwrap_or_default();
        let branch = full.strip_prefix("refs/heads/").filter(|branch| !branch.is_empty());
        let branch = branch.ok_or_else(|| wrong(UNFIT, "Reference name must start with refs/"))?.to_owned();
        let id = body["sha"].as_str().unwrap_or_default().to_owned();
        if !self.git.commits.contains_key(&id) {
            return Err(wrong(UNFIT, "Object does not exist"));
        }
        if self.head(name, &branch).is_some() {
            return Err(wrong(UNFIT, "Reference already exists"));
        }
        self.put(name, &branch, &id);
        Ok(forge_json::reference(name, &format!("heads/{branch}"), &id))
    }

    fn move_reference(&mut self, name: &str, full: &str, body: &Value) -> Result<Value, Given> {
        let branch = full.strip_prefix("heads/").ok_or_else(gone)?;
        let id = body["sha"].as_str().unwrap_or_default().to_owned();
        let Some(old) = self.head(name, branch) else { return Err(wrong(UNFIT, "Reference does not exist")) };
        if !self.git.commits.contains_key(&id) {
            return Err(wrong(UNFIT, "Object does not exist"));
        }
        if body["force"] != true && !self.git.history(&id).contains(&old) {
            return Err(wrong(UNFIT, "Update is not a fast forward"));
        }
        self.put(name, branch, &id);
        Ok(forge_json::reference(name, full, &id))
    }

    fn make_pull(&mut self, name: &str, rights: &Rights, body: &Value) -> Result<Value, Given> {
        let word = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
        let (title, base, head) = (word("title"), word("base"), word("head"));
        if title.is_empty() || title.chars().count() > 256 {
            return Err(invalid("PullRequest", "title", None));
        }
        if word("body").chars().count() > 65_536 {
            return Err(invalid("PullRequest", "body", Some("body is too long (maximum is 65536 characters)")));
        }
        let Some(base_commit) = self.head(name, &base) else { return Err(invalid("PullRequest", "base", None)) };
        let own = name.split('/').next().unwrap_or_default();
        let (owner, branch) = head.split_once(':').unwrap_or((own, &head));
        let is_there = |(other, repository): (&String, &Repository)| {
            let is_akin = other == name || repository.fork_of.as_deref() == Some(name);
            let commit = repository.branches.get(branch)?.clone();
            (is_akin && other.starts_with(&format!("{owner}/"))).then(|| (other.clone(), commit))
        };
        let Some((head_repository, head_commit)) = self.repositories.iter().find_map(is_there) else {
            return Err(invalid("PullRequest", "head", None));
        };
        let is_same = |pull: &&Pull| {
            pull.is_open && pull.head_repository == head_repository && pull.head == branch && pull.base == base
        };
        if self.pulls.iter().any(|pull| is_same(&pull)) {
            let words = format!("A pull request already exists for {owner}:{branch}.");
            return Err(invalid("PullRequest", "", Some(&words)));
        }
        if self.git.history(&base_commit).contains(&head_commit) {
            let words = format!("No commits between {base} and {owner}:{branch}");
            return Err(invalid("PullRequest", "", Some(&words)));
        }
        let at = self.tick();
        let pull = Pull {
            number: 12 + self.pulls.len() as u64,
            repository: name.to_owned(),
            title,
            body: body["body"].as_str().map(str::to_owned),
            is_open: true,
            merged: None,
            closed_at: None,
            by: rights.login.clone(),
            at,
            base,
            head_repository,
            head: branch.to_owned(),
            head_commit,
        };
        self.pulls.push(pull.clone());
        Ok(self.shown(&pull, rights, true))
    }

    fn edit_pull(&mut self, name: &str, number: &str, rights: &Rights, body: &Value) -> Result<Value, Given> {
        let number: u64 = number.parse().map_err(|_| gone())?;
        let there = self.pulls.iter().any(|pull| pull.number == number && pull.repository == name);
        there.then_some(()).ok_or_else(gone)?;
        if let Some(base) = body["base"].as_str() {
            self.head(name, base).ok_or_else(|| invalid("PullRequest", "base", None))?;
            self.pull(number).base = base.to_owned();
        }
        if let Some(title) = body["title"].as_str() {
            self.pull(number).title = title.to_owned();
        }
        if let Some(text) = body["body"].as_str() {
            self.pull(number).body = Some(text.to_owned());
        }
        match body["state"].as_str() {
            Some("closed") if self.pull(number).is_open => self.close(number),
            Some("open") if self.pull(number).merged.is_none() => self.reopen(number),
            _ => {}
        }
        let pull = self.pull(number).clone();
        Ok(self.shown(&pull, rights, true))
    }
}

fn fine(body: Value) -> Given {
    ("200 OK", Vec::new(), body)
}

fn made(body: Value) -> Given {
    ("201 Created", Vec::new(), body)
}
