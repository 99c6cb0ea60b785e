//! A GitHub on loopback that holds its callers to what GitHub documents, and counts as it does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use super::server::{Asked, Reply, Server};

/// The token it knows.
pub const TOKEN: &str = "github_pat_of_a_test";

/// What it has and how it answers; tests change it between runs.
#[derive(Default)]
pub struct World {
    /// Lists by path, newest first.
    pub lists: BTreeMap<String, Vec<Value>>,
    /// Answers by path that stand before all else.
    pub replies: BTreeMap<String, Reply>,
    /// Requests left without a token, by count.
    pub left: BTreeMap<&'static str, u32>,
    /// When they are given anew.
    pub reset: Option<Timestamp>,
    /// What was asked against the rules.
    pub violations: Vec<String>,
    /// Requests that counted.
    pub counted: usize,
}

pub struct GithubServer {
    server: Server,
    world: Arc<Mutex<World>>,
}

impl GithubServer {
    /// `prefix` is the path before the API's own: nothing, or `/api/v3`.
    pub fn start(prefix: &'static str) -> GithubServer {
        let world = Arc::new(Mutex::new(World { left: [("core", 60), ("search", 10)].into(), ..World::default() }));
        let answering = Arc::clone(&world);
        let server = Server::start(move |asked| answer(&mut answering.lock().unwrap(), asked, prefix));
        GithubServer { server, world }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    pub fn has(&self, path: &str, list: &[Value]) {
        self.world().lists.insert(path.to_owned(), list.to_vec());
    }

    pub fn replies(&self, path: &str, reply: Reply) {
        self.world().replies.insert(path.to_owned(), reply);
    }

    pub fn url(&self, path: &str) -> Url {
        self.server.url(path)
    }

    pub fn log(&self) -> Vec<Asked> {
        self.server.log()
    }

    /// Nothing was asked against the rules.
    #[track_caller]
    pub fn assert_well_asked(&self) {
        assert_eq!(self.world().violations, Vec::<String>::new());
    }
}

fn answer(world: &mut World, asked: &Asked, prefix: &str) -> Reply {
    let url = Url::parse("http://github.test").unwrap().join(&asked.path).unwrap();
    let Some(path) = url.path().strip_prefix(prefix).map(str::to_owned) else {
        return no(world, "404 Not Found", &[], "Not Found");
    };
    let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    let resource = if path.starts_with("/search/") { "search" } else { "core" };
    let mut broken = Vec::new();
    let mut rule = |holds: bool, words: &str| {
        if !holds {
            broken.push(format!("{words}: {} {} {:?}", asked.method, asked.path, asked.headers));
        }
    };
    rule(asked.method == "GET", "only reading");
    rule(asked.header("accept") == Some("application/vnd.github+json"), "Accept as recommended");
    let mut names: Vec<&str> = asked.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    rule(names.windows(2).all(|pair| pair[0] != pair[1]), "each header once");
    rule(asked.header("x-github-api-version") == Some("2022-11-28"), "a version");
    rule(asked.header("user-agent").is_some_and(|name| name.starts_with("tidings/")), "our own User-Agent");
    let per_page = query.get("per_page").and_then(|number| number.parse::<u32>().ok());
    rule(per_page.is_some_and(|number| (1..=100).contains(&number)), "per_page up to 100");
    rule(resource != "search" || query.contains_key("q"), "a search has words");
    let token = asked.header("authorization");
    rule(token.is_none_or(|token| token.starts_with("Bearer ")), "the scheme is Bearer");
    world.violations.extend(broken);

    if let Some(token) = token
        && token.strip_prefix("Bearer ") != Some(TOKEN)
    {
        return no(world, "401 Unauthorized", &[], "Bad credentials");
    }
    let reset = world.reset.map_or(0, Timestamp::as_second);
    let left = if token.is_some() { 5000 } else { world.left[resource] };
    let limit = |left: u32| {
        let (remaining, reset) = (format!("x-ratelimit-remaining: {left}"), format!("x-ratelimit-reset: {reset}"));
        vec![remaining, reset, format!("x-ratelimit-resource: {resource}")]
    };
    if left == 0 {
        let headers = limit(0);
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        return no(world, "403 Forbidden", &headers, "API rate limit exceeded for 127.0.0.1.");
    }
    if let Some(reply) = world.replies.get(&path) {
        return reply.clone();
    }
    let Some(list) = world.lists.get(&path) else {
        return no(world, "404 Not Found", &[], "Not Found");
    };
    let (page, size) = (number(&query, "page", 1), number(&query, "per_page", 30));
    let shown: Vec<&Value> = list.iter().skip((page - 1) * size).take(size).collect();
    let has_more = list.len() > page * size;
    let body = match resource {
        "search" => json!({ "total_count": list.len(), "incomplete_results": false, "items": shown }),
        _ => json!(shown),
    }
    .to_string();
    let etag = format!("\"{:x}\"", Sha256::digest(&body));
    let is_known = asked.header("if-none-match") == Some(etag.as_str());
    // "If a 304 response is returned and the request was made while correctly authorized", it does not count.
    let mut left_now = left;
    if !(is_known && token.is_some()) {
        world.counted += 1;
        left_now -= 1;
        if token.is_none() {
            world.left.insert(resource, left_now);
        }
    }
    let mut headers = limit(left_now);
    headers.push(format!("etag: {etag}"));
    headers.push("content-type: application/json; charset=utf-8".to_owned());
    if has_more {
        let mut next = url.clone();
        let pairs: Vec<(String, String)> = query.into_iter().filter(|(key, _)| key != "page").collect();
        next.query_pairs_mut().clear().extend_pairs(pairs).append_pair("page", &(page + 1).to_string());
        let host = asked.header("host").unwrap_or_default();
        let next = format!("http://{host}{}?{}", next.path(), next.query().unwrap_or_default());
        headers.push(format!("link: <{next}>; rel=\"next\", <{next}>; rel=\"last\""));
    }
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    match is_known {
        true => Reply::head("304 Not Modified", &headers),
        false => Reply::whole("200 OK", &headers, body),
    }
}

fn number(query: &BTreeMap<String, String>, key: &str, usual: usize) -> usize {
    query.get(key).and_then(|number| number.parse().ok()).unwrap_or(usual)
}

fn no(world: &mut World, status: &str, headers: &[&str], message: &str) -> Reply {
    world.counted += 1;
    refusal(status, headers, message)
}

/// An answer that says no, with GitHub's words.
pub fn refusal(status: &str, headers: &[&str], message: &str) -> Reply {
    let mut headers = headers.to_vec();
    headers.push("content-type: application/json; charset=utf-8");
    let body = json!({ "message": message, "documentation_url": "https://docs.github.com/rest" });
    Reply::whole(status, &headers, body.to_string())
}

/// A release as the API gives it.
pub fn release(id: u64, tag: &str) -> Value {
    json!({
        "id": id, "tag_name": tag, "name": null, "body": format!("What is new in {tag}.\n\n* A lamp\n* A wick"),
        "html_url": format!("https://github.com/octo-org/lantern-code/releases/tag/{tag}"), "draft": false,
        "prerelease": false, "created_at": "2026-11-10T08:00:00Z", "published_at": "2026-11-10T09:00:00Z",
        "author": { "login": "keeper", "id": 1 }, "assets": [],
    })
}

/// A repository as a search gives it.
pub fn repository(id: u64, name: &str, stars: u32) -> Value {
    json!({
        "id": id, "full_name": name, "html_url": format!("https://github.com/{name}"), "description": "Small lights.",
        "owner": { "login": "octo-org" }, "created_at": "2026-10-01T00:00:00Z", "stargazers_count": stars,
        "pushed_at": format!("2026-11-16T00:00:{:02}Z", stars % 60), "topics": ["lanterns"],
    })
}

/// An advisory as a repository gives it.
pub fn advisory() -> Value {
    json!({
        "ghsa_id": "GHSA-2x4c-9f3m-77qp", "cve_id": "CVE-2026-4242", "summary": "Hooks run before they are trusted",
        "html_url": "https://github.com/octo-org/lantern-code/security/advisories/GHSA-2x4c-9f3m-77qp",
        "description": "A folder that is opened runs its hooks.\n\nUpdate.", "severity": "high", "state": "published",
        "published_at": "2026-11-16T07:30:00Z", "updated_at": "2026-11-16T07:30:00Z", "withdrawn_at": null,
        "vulnerabilities": [{
            "package": { "ecosystem": "npm", "name": "lantern-code" }, "vulnerable_version_range": "< 4.12.3",
            "patched_versions": ">= 4.12.3",
        }],
    })
}
