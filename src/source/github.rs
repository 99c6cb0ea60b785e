//! GitHub: what may be asked of its REST API, and at which address.

use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use url::Url;

/// The public API. Addresses here always begin with it; whoever asks an Enterprise server translates.
pub const API: &str = "https://api.github.com";

/// The name under which a wait that GitHub asks for is remembered, whatever server stands in for it.
pub const HOST: &str = "api.github.com";

/// The most that the API gives at once.
const PER_PAGE: &str = "100";

/// One list of the API.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Github {
    Releases {
        repository: Repository,
        /// Those that are marked as pre-releases too.
        prereleases: bool,
        /// Those that are not published yet too; only a token of the repository's own people sees them.
        drafts: bool,
    },
    Commits {
        repository: Repository,
        /// None: the default branch.
        branch: Option<String>,
        /// Only commits that touch this file or folder.
        path: Option<String>,
    },
    /// What a repository published about itself.
    Advisories(Repository),
    /// What the global database has about a package.
    PackageAdvisories {
        ecosystem: String,
        package: String,
    },
    RepositorySearch(Search),
    IssueSearch(Search),
}

/// `owner/name`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Repository {
    pub owner: String,
    pub name: String,
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

/// The words of a search; `{week_ago}` and `{month_ago}` stand for dates.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Search(pub String);

impl Search {
    /// The placeholders, and how many days they look back.
    pub const PLACEHOLDERS: [(&'static str, i64); 2] = [("{week_ago}", 7), ("{month_ago}", 30)];

    /// The words as they are asked on the day of `now`, in UTC.
    pub fn words(&self, now: Timestamp) -> String {
        Search::PLACEHOLDERS.iter().fold(self.0.clone(), |words, (name, days)| {
            let back = SignedDuration::from_hours(24 * days);
            let then = now.checked_sub(back).unwrap_or(now);
            let date: Date = then.to_zoned(TimeZone::UTC).date();
            words.replace(name, &date.to_string())
        })
    }
}

impl Github {
    pub fn kind(&self) -> &'static str {
        match self {
            Github::Releases { .. } => "github-releases",
            Github::Commits { .. } => "github-commits",
            Github::Advisories(_) | Github::PackageAdvisories { .. } => "github-advisories",
            Github::RepositorySearch(_) | Github::IssueSearch(_) => "github-search",
        }
    }

    /// The newest page, by the documentation of the REST API, version 2022-11-28.
    pub fn url(&self, now: Timestamp) -> Url {
        let below = |repository: &Repository, list: &str| {
            let Repository { owner, name } = repository;
            address(&["repos", owner, name, list])
        };
        let mut url = match self {
            Github::Releases { repository, .. } => below(repository, "releases"),
            Github::Commits { repository, .. } => below(repository, "commits"),
            Github::Advisories(repository) => below(repository, "security-advisories"),
            Github::PackageAdvisories { .. } => address(&["advisories"]),
            Github::RepositorySearch(_) => address(&["search", "repositories"]),
            Github::IssueSearch(_) => address(&["search", "issues"]),
        };
        let mut query = url.query_pairs_mut();
        match self {
            Github::Releases { .. } => {}
            Github::Commits { branch, path, .. } => {
                for (key, value) in [("sha", branch), ("path", path)] {
                    if let Some(value) = value {
                        query.append_pair(key, value);
                    }
                }
            }
            // A token of the repository's own people would see drafts, which are nobody else's business yet.
            Github::Advisories(_) => {
                query.append_pair("state", "published").append_pair("sort", "published");
            }
            Github::PackageAdvisories { ecosystem, package } => {
                query.append_pair("ecosystem", ecosystem).append_pair("affects", package);
            }
            Github::RepositorySearch(search) => {
                query.append_pair("q", &search.words(now)).append_pair("sort", "updated");
            }
            Github::IssueSearch(search) => {
                query.append_pair("q", &search.words(now)).append_pair("sort", "created");
            }
        }
        query.append_pair("per_page", PER_PAGE);
        drop(query);
        url
    }

    pub fn usual_interval(&self) -> SignedDuration {
        SignedDuration::from_hours(match self {
            Github::Releases { .. } | Github::Advisories(_) | Github::PackageAdvisories { .. } => 1,
            Github::Commits { .. } => 6,
            // Without a token ten searches a minute are allowed, and what is found is no news of the hour.
            Github::RepositorySearch(_) | Github::IssueSearch(_) => 24,
        })
    }

    /// A branch has commits for ever. A page of releases may be all pre-releases.
    pub fn may_be_empty(&self) -> bool {
        !matches!(self, Github::Commits { .. })
    }

    /// The repository that the list belongs to.
    pub fn repository(&self) -> Option<&Repository> {
        match self {
            Github::Releases { repository, .. } | Github::Commits { repository, .. } => Some(repository),
            Github::Advisories(repository) => Some(repository),
            Github::PackageAdvisories { .. } | Github::RepositorySearch(_) | Github::IssueSearch(_) => None,
        }
    }

    /// The names under which a wait is remembered that concerns this list: GitHub as a whole, and the count it draws on.
    pub fn waits(&self) -> Vec<String> {
        let count = match self {
            Github::RepositorySearch(_) | Github::IssueSearch(_) => "search",
            _ => "core",
        };
        vec![HOST.to_owned(), counted(count)]
    }
}

/// The name of the wait for one of GitHub's counts of requests (`x-ratelimit-resource`).
pub fn counted(resource: &str) -> String {
    format!("{HOST}#{resource}")
}

fn address(path: &[&str]) -> Url {
    let mut url = Url::parse(API).expect("an address");
    url.path_segments_mut().expect("it has a path").clear().extend(path);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_looks_back_from_the_day_of_the_asking() {
        let search = Search("topic:lanterns pushed:>{week_ago} created:>{month_ago}".to_owned());
        let now = "2026-11-03T00:30:00Z".parse().expect("a time");
        assert_eq!(search.words(now), "topic:lanterns pushed:>2026-10-27 created:>2026-10-04");
        let url = Github::RepositorySearch(search).url(now);
        assert_eq!(
            url.as_str(),
            "https://api.github.com/search/repositories?q=topic%3Alanterns+pushed%3A%3E2026-10-27+created%3A%3E2026-10-04\
             &sort=updated&per_page=100"
        );
    }
}
