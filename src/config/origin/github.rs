//! Reads the `from.github-…` kinds.

use super::super::table::{Found, Table};
use crate::source::{Github, Origin, Repository, Search};

const REPOSITORY: &str = "owner/name, as in the address of the repository's page: \"octo-org/lantern\"";

/// Those of GitHub's advisory database, by its documentation.
const ECOSYSTEMS: [&str; 13] = [
    "actions", "composer", "erlang", "go", "maven", "npm", "nuget", "other", "pip", "pub", "rubygems", "rust", "swift",
];

/// `"owner/name"` or `{ repository, prereleases, drafts }`.
pub fn releases(from: &Table<'_, '_>) -> Option<Found<Origin>> {
    read(from, "github-releases", |repository, table| {
        let flag = |key| table.and_then(|table| table.boolean(key)).unwrap_or(false);
        Some(Github::Releases { prereleases: flag("prereleases"), drafts: flag("drafts"), repository: repository? })
    })
}

/// `"owner/name"` or `{ repository, branch, path }`.
pub fn commits(from: &Table<'_, '_>) -> Option<Found<Origin>> {
    read(from, "github-commits", |repository, table| {
        let words = |key, example| Some(table?.parsed(key, read_words, example)?.value);
        let branch = words("branch", "a branch: \"main\"");
        let path = words("path", "a file or folder of the repository: \"docs/hooks.md\"");
        let path = path.map(|path| path.trim_start_matches('/').to_owned());
        Some(Github::Commits { repository: repository?, branch, path })
    })
}

/// `"owner/name"`, `{ repository }` or `{ ecosystem, package }`.
pub fn advisories(from: &Table<'_, '_>) -> Option<Found<Origin>> {
    let is_package = |table: &Table<'_, '_>| table.entries().any(|(key, ..)| matches!(key, "ecosystem" | "package"));
    let (table, span) = table(from, "github-advisories").unzip();
    let Some(table) = table.filter(is_package) else {
        return read(from, "github-advisories", |repository, _| Some(Github::Advisories(repository?)));
    };
    let ecosystem = required(&table, "ecosystem", read_ecosystem, "ecosystem = \"npm\"");
    let package = required(&table, "package", read_package, "package = \"@octo-org/lantern-code\"");
    table.finish();
    let value = Origin::Github(Github::PackageAdvisories { ecosystem: ecosystem?, package: package? });
    Some(Found { value, span: span? })
}

/// `{ repositories = "…" }` or `{ issues = "…" }`.
pub fn search(from: &Table<'_, '_>) -> Option<Found<Origin>> {
    const EXAMPLE: &str = "{ repositories = \"topic:evals stars:>50 pushed:>{week_ago}\" }";
    let Some((table, span)) = table(from, "github-search") else {
        // Notes the wrong type, if there is one.
        from.table("github-search");
        return None;
    };
    let words = |key| Some(Search(table.parsed(key, read_search, EXAMPLE)?.value));
    let repositories = words("repositories").map(Github::RepositorySearch);
    let issues = words("issues").map(Github::IssueSearch);
    let given = table.entries().filter(|(key, ..)| matches!(*key, "repositories" | "issues")).count();
    if given != 1 {
        let message = "a search looks for either `repositories` or `issues`".to_owned();
        table.document.mistake(span.clone(), message, format!("from.github-search = {EXAMPLE}"));
    }
    table.finish();
    let value = Origin::Github(repositories.or(issues).filter(|_| given == 1)?);
    Some(Found { value, span })
}

/// A kind that is about one repository, given by its name or by a table with more.
fn read(
    from: &Table<'_, '_>,
    kind: &'static str,
    make: impl FnOnce(Option<Repository>, Option<&Table<'_, '_>>) -> Option<Github>,
) -> Option<Found<Origin>> {
    if let Some((table, span)) = table(from, kind) {
        let repository = required(&table, "repository", read_repository, REPOSITORY);
        let value = make(repository, Some(&table)).map(Origin::Github);
        table.finish();
        return Some(Found { value: value?, span });
    }
    let Found { value, span } = from.parsed(kind, read_repository, REPOSITORY)?;
    Some(Found { value: Origin::Github(make(Some(value), None)?), span })
}

/// The table that a kind is given by, and where it stands; None where it is given by a text, or not at all.
fn table<'d, 'i>(from: &Table<'d, 'i>, kind: &'static str) -> Option<(Table<'d, 'i>, std::ops::Range<usize>)> {
    let (.., span) = from.entries().find(|(key, value, ..)| *key == kind && value.is_table())?;
    Some((from.table(kind)?, span))
}

fn required<T>(
    table: &Table<'_, '_>,
    key: &'static str,
    parse: impl Fn(&str) -> Result<T, String>,
    remedy: &str,
) -> Option<T> {
    if !table.entries().any(|(given, ..)| given == key) {
        table.mistake(format!("`{key}` is missing"), remedy);
    }
    table.parsed(key, parse, remedy).map(|found| found.value)
}

pub fn read_repository(text: &str) -> Result<Repository, String> {
    let is_plain = |part: &str, odd: &str| {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || odd.contains(letter);
        (1..=100).contains(&part.len()) && part.chars().all(plain) && !matches!(part, "." | "..")
    };
    match text.trim().split_once('/') {
        Some((owner, name)) if is_plain(owner, "-_") && is_plain(name, "-_.") => {
            Ok(Repository { owner: owner.to_owned(), name: name.to_owned() })
        }
        _ => Err(format!("`{text}` is no repository's name")),
    }
}

fn read_words(text: &str) -> Result<String, String> {
    let words = text.trim();
    // GitHub takes no longer search, and no longer names of branches and files.
    match (1..=256).contains(&words.chars().count()) && !words.chars().any(char::is_control) {
        true => Ok(words.to_owned()),
        false => Err("it should have 1 to 256 characters on one line".to_owned()),
    }
}

fn read_ecosystem(text: &str) -> Result<String, String> {
    let known = ECOSYSTEMS.contains(&text);
    known.then(|| text.to_owned()).ok_or_else(|| format!("GitHub knows the ecosystems {}", ECOSYSTEMS.join(", ")))
}

fn read_package(text: &str) -> Result<String, String> {
    // A comma would make two of it.
    match text.contains(|letter: char| letter.is_whitespace() || letter == ',') {
        true => Err(format!("`{text}` is not the name of one package")),
        false => read_words(text),
    }
}

fn read_search(text: &str) -> Result<String, String> {
    let words = read_words(text)?;
    let plain = Search::PLACEHOLDERS.iter().fold(words.clone(), |words, (name, _)| words.replace(name, ""));
    match plain.contains(['{', '}']) {
        true => {
            Err(format!("what stands in braces is one of {}", Search::PLACEHOLDERS.map(|(name, _)| name).join(", ")))
        }
        false => Ok(words),
    }
}
