//! Reads recorded answers of GitHub's API below a folder as tidings does, and prints what came of them.
//!
//! `cargo run --release --example read-github -- FOLDER`. A recording says which address gave it: WireMock's mappings and
//! nock's fixtures do. Other JSON is taken for what its objects look like. Stdout has one line for each file with a fault,
//! and the sums at the end: answers of addresses that tidings asks, and answers of others that hold the same objects (one
//! release, the commits of a pull request), which are put into a list for it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tidings::item::FaultKind;
use tidings::page::{Mark, Page, Room};
use tidings::source::{Github, Origin, Repository, Search};

/// What a document is to tidings.
struct Answer {
    origin: Github,
    /// As tidings would get it.
    document: Value,
    is_asked: bool,
}

#[derive(Default)]
struct Sum {
    files: usize,
    entries: usize,
    faults: usize,
    /// Objects that octocrab's own model of the same thing takes.
    by_octocrab: usize,
    objects: usize,
}

fn main() -> std::io::Result<()> {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: read-github FOLDER");
        std::process::exit(2);
    };
    let mut files = Vec::new();
    walk(&folder, &mut files)?;
    files.sort();
    let mut sums: BTreeMap<(bool, &str), Sum> = BTreeMap::new();
    let (mut documents, mut others) = (0, 0);
    for file in &files {
        let shown = file.strip_prefix(&folder).unwrap_or(file).display().to_string();
        let Ok(document) = serde_json::from_slice::<Value>(&std::fs::read(file)?) else { continue };
        documents += 1;
        let answers = answers(file, document)?;
        if answers.is_empty() {
            others += 1;
        }
        for Answer { origin, document, is_asked } in answers {
            let sum = sums.entry((!is_asked, name(&origin))).or_default();
            let (objects, taken) = by_octocrab(&origin, &document);
            let origin = Origin::Github(origin);
            let page = Page {
                url: origin.url(jiff::Timestamp::UNIX_EPOCH),
                content_type: None,
                bytes: serde_json::to_vec(&document)?,
                mark: Mark::default(),
                room: Room::default(),
            };
            let reading = tidings::read::page(&page, &origin);
            sum.files += 1;
            sum.entries += reading.entries.len();
            sum.objects += objects;
            sum.by_octocrab += taken;
            // Whose the objects are is not known here.
            for fault in reading.faults.iter().filter(|fault| fault.kind != FaultKind::Renamed) {
                sum.faults += 1;
                println!("{shown}: {}", fault.message);
            }
        }
    }
    println!("{} files, {documents} JSON documents, {others} of them about something else", files.len());
    for ((is_other, name), sum) in sums {
        let asked = if is_other { "same objects elsewhere" } else { "asked by tidings" };
        println!(
            "{asked}, {name}: {} answers, {} objects, {} entries, {} faults; octocrab's model takes {}",
            sum.files, sum.objects, sum.entries, sum.faults, sum.by_octocrab
        );
    }
    Ok(())
}

/// The answers in a document, each with what it is to tidings.
fn answers(file: &Path, document: Value) -> std::io::Result<Vec<Answer>> {
    // A WireMock mapping: the request, and a body beside it.
    if let (Some(url), Some(response)) = (document["request"]["url"].as_str(), document.get("response")) {
        let is_get = document["request"]["method"] == "GET" && response["status"] == 200;
        let body = match (&response["bodyFileName"], &response["body"]) {
            (Value::String(name), _) => {
                let path = file.parent().and_then(Path::parent).map(|case| case.join("__files").join(name));
                path.and_then(|path| std::fs::read(path).ok()).and_then(|bytes| serde_json::from_slice(&bytes).ok())
            }
            (_, Value::String(text)) => serde_json::from_str(text).ok(),
            _ => None,
        };
        return Ok(body.filter(|_| is_get).and_then(|body| by_path(url, body)).into_iter().collect());
    }
    // The bodies of WireMock are read with their mapping.
    if file.parent().is_some_and(|folder| folder.ends_with("__files")) {
        return Ok(Vec::new());
    }
    // A nock fixture: a list of exchanges.
    if let Some(exchanges) = document.as_array()
        && exchanges.iter().any(|exchange| exchange.get("scope").is_some())
    {
        let found = exchanges.iter().filter(|exchange| exchange["method"] == "get" && exchange["status"] == 200);
        return Ok(found.filter_map(|found| by_path(found["path"].as_str()?, found["response"].clone())).collect());
    }
    Ok(by_look(document, None).into_iter().collect())
}

fn by_path(url: &str, body: Value) -> Option<Answer> {
    let path = url.split('?').next().unwrap_or_default().trim_matches('/');
    let parts: Vec<&str> = path.split('/').collect();
    let is_asked = match parts[..] {
        ["search", "issues" | "repositories"] | ["advisories"] => true,
        ["repos", _, _, "releases" | "commits" | "security-advisories"] => true,
        ["search", "commits"] | ["repos", ..] => false,
        _ => return None,
    };
    by_look(body, Some(is_asked))
}

/// Told by the first object. `is_asked` where the address is known; a list without one is what the kind's own gives.
fn by_look(document: Value, is_asked: Option<bool>) -> Option<Answer> {
    let repository = || Repository { owner: "octo-org".to_owned(), name: "lantern".to_owned() };
    let is_search = is_asked.unwrap_or(false);
    let is_asked = is_asked.unwrap_or(document.is_array());
    let list = match &document {
        Value::Array(_) => document.clone(),
        Value::Object(object) => ["items", "commits"]
            .into_iter()
            .find_map(|key| object.get(key).filter(|list| list.is_array()).cloned())
            .unwrap_or_else(|| json!([document.clone()])),
        _ => return None,
    };
    let first = list.get(0)?;
    let has = |key: &str| first.get(key).is_some();
    let (origin, document) = if has("tag_name") {
        (Github::Releases { repository: repository(), prereleases: true, drafts: true }, list)
    } else if has("ghsa_id") {
        (Github::Advisories(repository()), list)
    } else if has("sha") && has("commit") && has("html_url") {
        (Github::Commits { repository: repository(), branch: None, path: None }, list)
    } else if is_asked && has("repository_url") {
        (Github::IssueSearch(Search("all".to_owned())), document)
    } else if has("full_name") && has("stargazers_count") {
        // Without an address it is some list of repositories, and no search.
        let origin = Github::RepositorySearch(Search("all".to_owned()));
        return Some(Answer { origin, document: list, is_asked: is_search });
    } else {
        return None;
    };
    Some(Answer { origin, document, is_asked })
}

fn name(origin: &Github) -> &'static str {
    match origin {
        Github::IssueSearch(_) => "issues of a search",
        Github::RepositorySearch(_) => "repositories of a search",
        other => other.kind(),
    }
}

/// How many objects there are, and how many octocrab's model takes.
fn by_octocrab(origin: &Github, document: &Value) -> (usize, usize) {
    let objects = document.get("items").unwrap_or(document).as_array().cloned().unwrap_or_default();
    let takes = |object: &&Value| match origin {
        Github::Releases { .. } => is::<octocrab::models::repos::Release>(object),
        Github::Commits { .. } => is::<octocrab::models::repos::RepoCommit>(object),
        Github::Advisories(_) => is::<octocrab::models::security_advisories::RepositoryAdvisory>(object),
        Github::PackageAdvisories { .. } => is::<octocrab::models::security_advisories::SecurityAdvisory>(object),
        Github::RepositorySearch(_) => is::<octocrab::models::Repository>(object),
        Github::IssueSearch(_) => is::<octocrab::models::issues::Issue>(object),
    };
    (objects.len(), objects.iter().filter(takes).count())
}

fn is<T: DeserializeOwned>(object: &Value) -> bool {
    serde_json::from_value::<T>(object.clone()).is_ok()
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for child in std::fs::read_dir(folder)? {
        let path = child?.path();
        if path.is_dir() { walk(&path, files)? } else { files.push(path) }
    }
    Ok(())
}
