//! Reads `[skills]`: the lab's skills repository, the one file of it that tidings owns, and as whom it proposes.

use std::fmt;
use std::ops::Range;

use url::Url;

use super::origin::read_repository;
use super::settings::{read_api, read_secret};
use super::table::{Found, Table};
use super::{Github, SecretName};
use crate::source::Repository;

/// Where the token lies unless tidings.toml says otherwise. Not GITHUB_TOKEN: that one is at hand wherever the web is asked, and
/// this one may write.
const USUAL_TOKEN: &str = "TIDINGS_SKILLS_TOKEN";

/// One branch for ever, so that there is never a second request.
const USUAL_BRANCH: &str = "tidings/best-practices";

/// A minor version asks everybody to update; more than one a week is noise.
const USUAL_MINOR_DAYS: u16 = 7;

const REPOSITORY: &str = "owner/name, as in the address of the repository's page: repository = \"octo-org/skills\"";
const REFERENCE: &str = "reference = \"plugins/x/references/recent-practices.md\", below the repository's root";
const MANIFEST: &str = "manifest = \"plugins/x/.claude-plugin/plugin.json\", below the repository's root";
const BODY: &str = "body = \"plugins/x/skills/x/SKILL.md\" or \"plugins/x/commands/x.md\": where people are told to read the reference";

/// `[skills]`: where lessons are proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skills {
    pub repository: Repository,
    /// The one file that tidings owns there, below the root.
    pub reference: String,
    /// The plugin's manifest, of which `version` changes.
    pub manifest: String,
    /// What should point at the reference; tidings reads it and never writes it.
    pub body: Option<String>,
    /// What people type to have a new version; None: a digest tells the version alone.
    pub plugin: Option<Plugin>,
    pub token: SecretName,
    /// Whether the weekly run opens the request; otherwise it only writes down what it would propose.
    pub open: bool,
    pub branch: String,
    /// Where the branch is, if not in the repository itself.
    pub fork: Option<Repository>,
    /// Least days between two minor versions.
    pub minor_days: u16,
    /// The base of the API.
    pub api: Url,
}

/// `mats@lab-skills`: a plugin of a marketplace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plugin {
    pub name: String,
    pub marketplace: String,
}

impl fmt::Display for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.marketplace)
    }
}

impl Skills {
    /// The repository that holds the branch.
    pub fn home_of_branch(&self) -> &Repository {
        self.fork.as_ref().unwrap_or(&self.repository)
    }
}

pub(super) fn read(table: Table<'_, '_>, github: &Github) -> Option<Skills> {
    let repository = table.parsed("repository", read_repository, REPOSITORY);
    let reference = table.parsed("reference", read_reference, REFERENCE);
    let manifest = table.parsed("manifest", read_manifest, MANIFEST);
    let body = table.parsed("body", read_markdown, BODY);
    let plugin =
        table.parsed("plugin", read_plugin, "plugin = \"practices@lab-skills\", as `claude plugin list` names it");
    for (key, remedy) in [("repository", REPOSITORY), ("reference", REFERENCE), ("manifest", MANIFEST)] {
        if !table.entries().any(|(given, ..)| given == key) {
            table.mistake(format!("[skills] needs `{key}`"), remedy);
        }
    }
    no_file_twice(&table, &[("reference", &reference), ("manifest", &manifest), ("body", &body)]);
    let branch = table.parsed("branch", read_branch, "branch = \"tidings/best-practices\", a branch of its own");
    let fork = table.parsed("fork", read_repository, "fork = \"bot/skills\", a fork of the repository");
    if let (Some(fork), Some(repository)) = (&fork, &repository)
        && fork.value == repository.value
    {
        let remedy = "leave it out: the branch is then in the repository itself";
        table.document.mistake(fork.span.clone(), "`fork` is the repository itself".to_owned(), remedy.to_owned());
    }
    let token = read_secret(&table, ["token", "token_env", "token_file"]);
    let token = token.unwrap_or_else(|| SecretName::Env(USUAL_TOKEN.to_owned()));
    if github.token.as_ref() == Some(&token) {
        let remedy = "a token of its own: fine-grained, this one repository, contents and pull requests: write";
        table.mistake("[skills] and [github] name one token, and this one may write".to_owned(), remedy);
    }
    let api = read_api(&table).unwrap_or_else(|| github.api.clone());
    if api.scheme() == "http" && !super::routes::is_here(&api) {
        table.mistake("the token would travel in the clear".to_owned(), "api = \"https://…\"");
    }
    let open = table.boolean("open").unwrap_or(false);
    let minor_days = table.integer("minor_days", 1..=365).map_or(USUAL_MINOR_DAYS, |days| days as u16);
    table.finish();
    Some(Skills {
        repository: repository?.value,
        reference: reference?.value,
        manifest: manifest?.value,
        body: body.map(|found| found.value),
        plugin: plugin.map(|found| found.value),
        token,
        open,
        branch: branch.map_or_else(|| USUAL_BRANCH.to_owned(), |found| found.value),
        fork: fork.map(|found| found.value),
        minor_days,
        api,
    })
}

/// What is proposed is checked file by file; one file under two names would be two things at once.
fn no_file_twice(table: &Table<'_, '_>, files: &[(&str, &Option<Found<String>>)]) {
    let mut known: Vec<(&str, &str, Range<usize>)> = Vec::new();
    for (key, found) in files {
        let Some(Found { value, span }) = found else { continue };
        // Some file systems, and so some people, see no difference between letters' cases.
        if let Some((other, ..)) = known.iter().find(|(_, path, _)| path.eq_ignore_ascii_case(value)) {
            let message = format!("`{key}` and `{other}` are one file");
            table.document.mistake(span.clone(), message, format!("another path for `{key}`"));
        }
        known.push((key, value, span.clone()));
    }
}

/// A plain path below the repository's root, and not one by which a repository runs something.
fn read_path(text: &str) -> Result<String, String> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_. /".contains(letter);
    let parts: Vec<&str> = text.split('/').collect();
    if text.starts_with('/') || text.starts_with('~') {
        return Err("a path below the repository's root does not begin so".to_owned());
    }
    if parts.iter().any(|part| matches!(*part, "." | "..")) {
        return Err(format!("`{text}` leads astray"));
    }
    if parts.iter().any(|part| part.is_empty() || part.trim() != *part) || !text.chars().all(is_plain) {
        return Err(format!("`{text}` is no plain path: letters, digits, -, _, . and / between them"));
    }
    if text.len() > 200 {
        return Err("it is longer than 200 characters".to_owned());
    }
    let keeps_out = |part: &&str| [".github", ".git"].iter().any(|folder| part.eq_ignore_ascii_case(folder));
    match parts.iter().find(|part| keeps_out(part)) {
        Some(part) => Err(format!("tidings never touches {part}/")),
        None => Ok(text.to_owned()),
    }
}

fn read_markdown(text: &str) -> Result<String, String> {
    let path = read_path(text)?;
    path.ends_with(".md").then_some(path).ok_or_else(|| format!("`{text}` is no file in Markdown (.md)"))
}

/// The reference is read with a tool that expands nothing; in a body or a command words would run.
fn read_reference(text: &str) -> Result<String, String> {
    let path = read_markdown(text)?;
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let runs = ["commands", "agents", "hooks"].iter().any(|name| folder.split('/').any(|part| part == *name));
    let is_taken =
        ["skill.md", "claude.md", "agents.md", "readme.md"].iter().any(|name_| name.eq_ignore_ascii_case(name_));
    match runs || is_taken {
        true => Err(format!("`{text}` is read as instructions by itself; tidings owns a reference file only")),
        false => Ok(path),
    }
}

fn read_manifest(text: &str) -> Result<String, String> {
    let path = read_path(text)?;
    let is_manifest = path.rsplit('/').next() == Some("plugin.json");
    is_manifest.then_some(path).ok_or_else(|| format!("`{text}` is no plugin.json"))
}

/// It stands in commands that people paste into a shell.
fn read_plugin(text: &str) -> Result<Plugin, String> {
    let is_plain = |name: &str| {
        let letters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        letters && !name.is_empty() && name.len() <= 64 && !name.starts_with('-')
    };
    match text.split_once('@') {
        Some((name, marketplace)) if is_plain(name) && is_plain(marketplace) => {
            Ok(Plugin { name: name.to_owned(), marketplace: marketplace.to_owned() })
        }
        _ => Err(format!("`{text}` is no plugin of a marketplace")),
    }
}

/// As `git check-ref-format` allows, and narrower.
fn read_branch(text: &str) -> Result<String, String> {
    let is_plain = |part: &str| {
        !part.is_empty()
            && part.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter))
            && !part.starts_with(['.', '-'])
            && !part.ends_with('.')
            && !part.ends_with(".lock")
            && !part.contains("..")
    };
    match text.len() <= 100 && text.split('/').all(is_plain) {
        true if ["main", "master", "HEAD"].contains(&text) => Err(format!("`{text}` is where people work")),
        true if text.starts_with("refs/") => Err("a branch is named without refs/heads/".to_owned()),
        true => Ok(text.to_owned()),
        false => Err(format!("`{text}` is no plain name of a branch")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::read_settings;

    const GOOD: &str = "[skills]\nrepository = \"octo-org/skills\"\nreference = \"plugins/x/references/recent-practices.md\"\n\
         manifest = \"plugins/x/.claude-plugin/plugin.json\"\n";

    #[test]
    fn what_is_left_out_has_a_default() {
        let config = read_settings("tidings.toml", GOOD).unwrap();
        let skills = config.skills.unwrap();
        assert_eq!(skills.repository.to_string(), "octo-org/skills");
        assert_eq!(skills.token, SecretName::Env("TIDINGS_SKILLS_TOKEN".to_owned()));
        assert_eq!((skills.branch.as_str(), skills.minor_days, skills.open), ("tidings/best-practices", 7, false));
        assert_eq!((skills.body, skills.fork), (None, None));
        assert_eq!(skills.api.as_str(), "https://api.github.com/");

        let elsewhere =
            format!("{GOOD}fork = \"bot/skills\"\nopen = true\n[github]\napi = \"https://git.lab.example/api/v3\"\n");
        let skills = read_settings("tidings.toml", &elsewhere).unwrap().skills.unwrap();
        assert_eq!(skills.api.as_str(), "https://git.lab.example/api/v3");
        assert_eq!(skills.home_of_branch().to_string(), "bot/skills");
        assert!(skills.open);
    }

    #[test]
    fn a_line_that_could_touch_another_file_is_a_mistake_with_its_place() {
        for (key, value, words) in [
            ("reference", "/etc/passwd.md", "does not begin so"),
            ("reference", "~/notes.md", "does not begin so"),
            ("reference", "plugins/../../x.md", "leads astray"),
            ("reference", "./x.md", "leads astray"),
            ("reference", "plugins//x.md", "no plain path"),
            ("reference", "plugins\\\\x.md", "no plain path"),
            ("reference", ".github/workflows/x.md", "never touches .github/"),
            ("reference", "plugins/.GitHub/x.md", "never touches"),
            ("reference", "plugins/.git/x.md", "never touches"),
            ("reference", "plugins/x/notes.txt", "no file in Markdown"),
            ("reference", "plugins/x/skills/x/SKILL.md", "as instructions by itself"),
            ("reference", "plugins/x/commands/best-practices.md", "as instructions by itself"),
            ("reference", "CLAUDE.md", "as instructions by itself"),
            ("manifest", "plugins/x/package.json", "no plugin.json"),
            ("manifest", "plugins/x/plugin.json/x", "no plugin.json"),
            ("body", "plugins/x/hooks.json", "no file in Markdown"),
            ("body", "plugins/x/references/recent-practices.md", "are one file"),
            ("branch", "main", "where people work"),
            ("branch", "tidings/../main", "no plain name"),
            ("branch", "refs/heads/x", "without refs/heads/"),
            ("fork", "octo-org/skills", "is the repository itself"),
            ("fork", "no-owner", "no repository's name"),
            ("api", "http://git.lab.example", "in the clear"),
            ("token_env", "GITHUB_TOKEN", "name one token"),
            ("minor_days", "0", "whole number"),
            ("brunch", "x", "does not know `brunch`"),
        ] {
            let mut lines: Vec<String> =
                GOOD.lines().filter(|line| !line.starts_with(key)).map(str::to_owned).collect();
            lines.push(format!("{key} = \"{value}\""));
            lines.push("[github]\ntoken_env = \"GITHUB_TOKEN\"\n".to_owned());
            let mistakes = read_settings("tidings.toml", &lines.join("\n")).unwrap_err();
            let told: Vec<&str> = mistakes.iter().map(|mistake| mistake.message.as_str()).collect();
            assert!(told.len() == 1 && told[0].contains(words), "{key} = {value}: {told:?}");
            assert!(mistakes[0].line > 0 && mistakes[0].column > 0 && !mistakes[0].remedy.is_empty());
        }
    }

    #[test]
    fn a_table_without_its_files_names_them_and_a_token_in_the_file_is_not_repeated() {
        let text = "[skills]\ntoken = \"github_pat_not_for_eyes\"\n";
        let mistakes = read_settings("tidings.toml", text).unwrap_err();
        let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 4, "{told:?}");
        assert!(told.iter().all(|mistake| !mistake.contains("not_for_eyes")), "{told:?}");
        for key in ["`repository`", "`reference`", "`manifest`"] {
            assert!(told.iter().any(|mistake| mistake.contains(key)), "{key}: {told:?}");
        }
    }
}
