//! Security advisories of a GitHub repository, and of GitHub's own database.

use std::fmt::Write as _;

use serde::Deserialize;
use url::Url;

use super::github::{Account, login, markdown, titled};
use super::{date, link, prose};
use crate::item::Entry;

/// One object of `GET /repos/{owner}/{repo}/security-advisories` or of `GET /advisories`.
#[derive(Deserialize)]
pub(super) struct Advisory {
    ghsa_id: String,
    cve_id: Option<String>,
    html_url: Url,
    summary: String,
    description: Option<String>,
    severity: Option<String>,
    /// A repository's own alone: `published`, or what is not yet for everybody.
    state: Option<String>,
    published_at: Option<String>,
    updated_at: Option<String>,
    withdrawn_at: Option<String>,
    publisher: Option<Account>,
    vulnerabilities: Option<Vec<Vulnerability>>,
}

#[derive(Deserialize)]
struct Vulnerability {
    package: Option<Package>,
    vulnerable_version_range: Option<String>,
    /// A repository's own.
    patched_versions: Option<String>,
    /// The database's.
    first_patched_version: Option<Patched>,
}

#[derive(Deserialize)]
struct Package {
    ecosystem: Option<String>,
    name: Option<String>,
}

/// A version; events and older answers wrap it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Patched {
    Version(String),
    Wrapped { identifier: String },
}

/// The GHSA id is the native id. Before the description stand the facts, always in the same form, which rules and people
/// read first:
///
/// ```text
/// GHSA-2x4c-9f3m-77qp, CVE-2026-1234
/// Severity: high
/// Affected: npm lantern-code, versions < 4.12.3. Patched in 4.12.3.
/// ```
///
/// What changes every day (EPSS) is left out, or each day would bring the advisory again. Withdrawn advisories and drafts
/// are no news.
pub(super) fn entry(advisory: Advisory, product: &str) -> Option<Entry> {
    let is_public = advisory.state.as_deref().is_none_or(|state| state == "published");
    if advisory.withdrawn_at.is_some() || !is_public {
        return None;
    }
    let mut text = advisory.ghsa_id.clone();
    if let Some(cve) = advisory.cve_id.filter(|cve| !cve.is_empty()) {
        let _ = write!(text, ", {cve}");
    }
    let severity = advisory.severity.map(|severity| severity.to_lowercase());
    if let Some(severity) = &severity {
        let _ = write!(text, "\nSeverity: {severity}");
    }
    for vulnerability in advisory.vulnerabilities.unwrap_or_default() {
        text.push('\n');
        text.push_str(&vulnerability.words());
    }
    let facts = prose::text(&text);
    let description = markdown(advisory.description.as_deref());
    let whole = format!("{facts}\n\n{description}");
    Some(Entry {
        // Given once and for all.
        native: Some(advisory.ghsa_id),
        native_is_stable: true,
        link: link::read(advisory.html_url.as_str(), &advisory.html_url),
        // A package is called by its last name, as its product is: `@octo-org/lantern-code`, `github.com/octo/lantern`.
        title: titled(product.rsplit('/').next().unwrap_or(product), &prose::line(&advisory.summary), ": "),
        text: prose::prefix(whole.trim_end(), prose::MAX_TEXT_BYTES).to_owned(),
        author: login(advisory.publisher),
        published: advisory.published_at.as_deref().and_then(date::read),
        updated: advisory.updated_at.as_deref().and_then(date::read),
        tags: severity.into_iter().collect(),
    })
}

impl Vulnerability {
    fn words(self) -> String {
        let package = self.package.map(|Package { ecosystem, name }| {
            [ecosystem, name].into_iter().flatten().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
        });
        let package =
            package.filter(|package| !package.is_empty()).unwrap_or_else(|| "a package without name".to_owned());
        let is_given = |text: &String| !text.trim().is_empty();
        let range = self.vulnerable_version_range.filter(is_given);
        let range = range.map_or_else(|| "all versions".to_owned(), |range| format!("versions {}", range.trim()));
        let patched = self.first_patched_version.map(|patched| match patched {
            Patched::Version(version) | Patched::Wrapped { identifier: version } => version,
        });
        // Makers write `>= 4.12.3` as well as `4.12.3`.
        let bare = |text: String| text.trim().trim_start_matches(['>', '=', '^', '~', ' ']).to_owned();
        match patched.or(self.patched_versions).map(bare).filter(is_given) {
            Some(version) => format!("Affected: {package}, {range}. Patched in {version}."),
            None => format!("Affected: {package}, {range}. No patched version yet."),
        }
    }
}
