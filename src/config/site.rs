//! Addresses of sites that have a kind of source of their own: what a person who names one means.

use url::Url;

/// What would stand in sources.toml for such an address: a name, and the line that begins with `from`. None: no such site;
/// look for a feed.
pub fn site_line(url: &Url) -> Option<(String, String)> {
    let host = url.host_str()?.trim_start_matches("www.");
    let parts: Vec<&str> = url.path_segments()?.filter(|part| !part.is_empty()).collect();
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let (name, line) = match (host, &parts[..]) {
        ("github.com", [owner, name, rest @ ..]) => {
            let repository = format!("{owner}/{}", name.trim_end_matches(".git"));
            match rest {
                [] | ["releases", ..] | ["tags", ..] => {
                    (format!("{repository} releases"), format!("from.github-releases = {}", quoted(&repository)))
                }
                ["commits"] => {
                    (format!("{repository} commits"), format!("from.github-commits = {}", quoted(&repository)))
                }
                ["commits", branch, path @ ..] => {
                    let branch = branch.trim_end_matches(".atom");
                    let mut table = format!("repository = {}, branch = {}", quoted(&repository), quoted(branch));
                    if !path.is_empty() {
                        table.push_str(&format!(", path = {}", quoted(&path.join("/"))));
                    }
                    (format!("{repository} commits"), format!("from.github-commits = {{ {table} }}"))
                }
                ["security", ..] => {
                    (format!("{repository} advisories"), format!("from.github-advisories = {}", quoted(&repository)))
                }
                _ => return None,
            }
        }
        ("reddit.com" | "old.reddit.com", ["r", subreddit, ..]) => {
            (format!("r/{subreddit}"), format!("from.reddit = {}", quoted(subreddit)))
        }
        ("youtube.com", ["channel", id, ..]) => (format!("YouTube {id}"), format!("from.youtube = {}", quoted(id))),
        ("raw.githubusercontent.com", [owner, name, .., file]) if file.to_lowercase().ends_with(".md") => {
            (format!("{owner}/{name} {file}"), format!("from.changelog = {}", quoted(url.as_str())))
        }
        _ => return None,
    };
    Some((name, line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::read_sources;

    #[test]
    fn an_address_of_a_known_site_becomes_a_line_that_reads() {
        for (address, kind, asked) in [
            ("https://github.com/octo-org/lantern", "github-releases", "/repos/octo-org/lantern/releases"),
            ("https://github.com/octo-org/lantern.git", "github-releases", "/repos/octo-org/lantern/releases"),
            (
                "https://github.com/octo-org/lantern/releases/tag/v1",
                "github-releases",
                "/repos/octo-org/lantern/releases",
            ),
            ("https://github.com/octo-org/lantern/commits/main/docs/hooks.md", "github-commits", "docs%2Fhooks.md"),
            ("https://github.com/octo-org/lantern/commits/main.atom", "github-commits", "sha=main"),
            ("https://github.com/octo-org/lantern/security/advisories", "github-advisories", "security-advisories"),
            ("https://www.reddit.com/r/ClaudeAI/", "reddit", "/r/ClaudeAI/new.json"),
            ("https://www.youtube.com/channel/UC0123456789abcdefghijkl", "youtube", "UC0123456789abcdefghijkl"),
            ("https://raw.githubusercontent.com/octo-org/lantern/main/CHANGELOG.md", "changelog", "CHANGELOG.md"),
        ] {
            let (name, line) = site_line(&address.parse().expect("an address")).expect(address);
            let sources = read_sources("sources.toml", &format!("[[source]]\nname = \"{name}\"\n{line}\n"));
            let sources = sources.unwrap_or_else(|mistakes| panic!("{line}: {mistakes:?}"));
            assert_eq!(sources[0].from.kind(), kind, "{address}");
            let url = sources[0].from.url(jiff::Timestamp::UNIX_EPOCH);
            assert!(url.as_str().contains(asked), "{address}: {url}");
        }
        for address in
            ["https://github.com/octo-org", "https://github.com/octo-org/lantern/issues", "https://a.example/"]
        {
            assert_eq!(site_line(&address.parse().expect("an address")), None, "{address}");
        }
    }
}
