//! Where a section of a changelog is shown to people: the page, and the anchor of its heading.

use std::collections::HashMap;

use url::Url;

use super::heading::Heading;

/// Sites that give each of their pages as Markdown at the same address with `.md` behind it.
const MARKDOWN_TWINS: [&str; 3] = ["platform.claude.com", "docs.claude.com", "code.claude.com"];

/// Words of a title that say what the document is, and not of what.
const GENERIC: [&str; 9] = ["changelog", "change", "log", "release", "notes", "releases", "history", "changes", "news"];

/// The page that shows what is written here.
pub(super) fn for_people(url: &Url) -> Url {
    let mut page = url.clone();
    page.set_fragment(None);
    // What is asked for with a key is shown without it.
    page.set_query(None);
    let path = url.path().to_owned();
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match (url.host_str().unwrap_or_default(), segments.as_slice()) {
        ("raw.githubusercontent.com", [owner, name, "refs", "heads" | "tags", reference @ ..])
        | ("raw.githubusercontent.com", [owner, name, reference @ ..])
        | ("github.com", [owner, name, "raw", "refs", "heads" | "tags", reference @ ..])
        | ("github.com", [owner, name, "raw", reference @ ..])
            if reference.len() > 1 =>
        {
            let shown = format!("https://github.com/{owner}/{name}/blob/{}", reference.join("/"));
            Url::parse(&shown).unwrap_or(page)
        }
        (host, _) if MARKDOWN_TWINS.contains(&host) => {
            page.set_path(path.strip_suffix(".md").unwrap_or(&path));
            page
        }
        _ => {
            page.set_path(&path.replacen("/-/raw/", "/-/blob/", 1));
            page
        }
    }
}

/// What a bare version is a version of: the repository, else the document's title without words like "Changelog". May be
/// empty.
pub(super) fn document_name(url: &Url, title: Option<&Heading>) -> String {
    let hosts = ["raw.githubusercontent.com", "github.com"];
    if url.host_str().is_some_and(|host| hosts.contains(&host))
        && let Some(name) = url.path().split('/').nth(2).filter(|name| !name.is_empty())
    {
        return name.to_owned();
    }
    let is_telling = |word: &&str| {
        let word = word.trim_matches(|letter: char| !letter.is_alphanumeric()).to_lowercase();
        !word.is_empty() && !GENERIC.contains(&word.as_str())
    };
    let words = title.map(|title| title.words.as_str()).unwrap_or_default();
    words.split_whitespace().filter(is_telling).collect::<Vec<_>>().join(" ")
}

/// The anchors of a document's headings, in order.
#[derive(Default)]
pub(super) struct Anchors(HashMap<String, usize>);

impl Anchors {
    /// As GitHub makes them: lower case, letters, digits, `-` and `_`, spaces as `-`; the second of a kind gets `-1`.
    /// There is no specification; this is what GitHub's own html-pipeline does in its table of contents.
    pub(super) fn next(&mut self, words: &str) -> String {
        let letters = words.to_lowercase();
        let slug: String = letters
            .chars()
            .filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'))
            .map(|letter| if letter == ' ' { '-' } else { letter })
            .collect();
        let count = self.0.entry(slug.clone()).or_default();
        *count += 1;
        match *count {
            1 => slug,
            again => format!("{slug}-{}", again - 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raw_file_leads_to_the_page_that_people_read() {
        let check = |raw: &str, shown: &str| {
            assert_eq!(for_people(&Url::parse(raw).unwrap()).as_str(), shown);
        };
        let blob = "https://github.com/lantern/code/blob/main/CHANGELOG.md";
        check("https://raw.githubusercontent.com/lantern/code/main/CHANGELOG.md?token=x", blob);
        check("https://raw.githubusercontent.com/lantern/code/refs/heads/main/CHANGELOG.md", blob);
        check("https://github.com/lantern/code/raw/main/CHANGELOG.md", blob);
        check(
            "https://gitlab.example/lantern/code/-/raw/main/NEWS.md",
            "https://gitlab.example/lantern/code/-/blob/main/NEWS.md",
        );
        check("https://platform.claude.com/docs/en/x.md", "https://platform.claude.com/docs/en/x");
        check("https://lantern.example/changes.md", "https://lantern.example/changes.md");
    }

    #[test]
    fn anchors_are_as_github_makes_them() {
        let mut anchors = Anchors::default();
        let made = ["2.1.240", "[1.2.0] - 2026-01-02", "Fixed", "Fixed", "What's new_here", "Größe & Form"]
            .map(|words| anchors.next(words));
        assert_eq!(made, ["21240", "120---2026-01-02", "fixed", "fixed-1", "whats-new_here", "größe--form"]);
    }
}
