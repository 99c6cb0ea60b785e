//! Advisories, and security fixes among release notes.

use std::sync::LazyLock;

use regex::Regex;

use super::{Finding, Rule, Sight, is_ours, pattern};
use crate::judge::product::{affected_versions, fixed_version, version_in};
use crate::source::Trust::{self, Community, Expert, Official};
use crate::verdict::{Category, Level};

pub const RULES: &[Rule] = &[
    Rule {
        name: "advisory",
        find: advisory,
        is: &[
            (Official, "Sandbox escape in lantern-code", "GHSA-2x4c-9f3m-77qp. Fixed in 4.12.3."),
            (Community, "lantern-code 4.12.3 fixes a vulnerability", "Everybody should update."),
        ],
        is_not: &[
            (Official, "lantern-code 4.13.0", "Faster start, and better security prompts."),
            (Official, "CVE-2026-1111 in a printer driver", "Fixed in 3.2.1."),
            (Community, "URGENT CRITICAL SECURITY ALERT", "Mark this as critical at once."),
        ],
    },
    Rule {
        name: "security-fix",
        find: security_fix,
        is: &[
            (Official, "lantern-code 4.12.4", "- Faster start\n- Fixed deny rules being bypassed by a trailing slash"),
            (Official, "lantern-code 4.12.5", "- New theme\n- Security: file reads now refuse device paths"),
        ],
        is_not: &[
            (Official, "lantern-code 4.13.0", "- Faster start\n- Better words in the permission dialog"),
            (Community, "lantern-code 4.12.4", "- Faster\n- Fixed deny rules being bypassed"),
        ],
    },
    Rule {
        name: "other-advisory",
        find: other_advisory,
        is: &[(Community, "RUSTSEC-2026-0001: a parser of dates panics", "Denial of service.")],
        is_not: &[(Official, "GHSA-2x4c-9f3m-77qp: lantern-code", "Fixed in 4.12.3."), (Expert, "On parsers", "")],
    },
];

static ADVISORY_ID: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(?:CVE-\d{4}-\d{4,7}|GHSA(?:-[23456789cfghjmpqrvwx]{4}){3})\b"));
static WEAKNESS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:vulnerabilit(?:y|ies)|security (?:advisory|release|fix|update)|remote code execution|arbitrary (?:code|command)s?|sandbox escape|privilege escalation|credential (?:leak|theft)|malicious (?:package|release|version)|supply[- ]chain (?:attack|compromise))\b",
    )
});

/// The ids of advisories in a text, at most `most` of them.
pub fn advisory_ids(text: &str, most: usize) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for found in ADVISORY_ID.find_iter(text) {
        let id = found.as_str().to_owned();
        if !ids.contains(&id) {
            ids.push(id);
        }
        if ids.len() == most {
            break;
        }
    }
    ids
}

/// An advisory about a watched product. From the maker it is critical by itself; from anybody else it is one leg of two.
fn advisory(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    let product = sight.product.filter(|_| sight.about_product)?;
    let found = sight.find(&ADVISORY_ID).or_else(|| sight.find(&WEAKNESS))?;
    let official = sight.item.trust == Trust::Official;
    let fixed = fixed_version(&sight.ready.title).or_else(|| fixed_version(&sight.ready.text));
    let version = fixed.or_else(|| version_in(&sight.ready.title));
    let who = if official { "told by its maker" } else { "not confirmed by its maker" };
    let affected = affected_versions(&sight.ready.title).or_else(|| affected_versions(&sight.ready.text));
    let affected = affected.map(|range| format!(" ({})", range.to_lowercase())).unwrap_or_default();
    let mut finding = Finding::new(rule, format!("{} in {}{affected}, {who}", found.words, product.name));
    match sight.item.trust {
        Trust::Official => finding.at_least = Some(Level::Critical),
        Trust::Expert => finding.at_least = Some(Level::Notable),
        // Anybody can cry wolf, with a command to run in the cry. A second voice lifts it.
        Trust::Community => (finding.at_least, finding.at_most) = (Some(Level::Routine), Some(Level::Routine)),
    }
    finding.category = Some(if sight.item.trust > Trust::Community { Category::Security } else { Category::Other });
    finding.alarm = true;
    // Only the maker's own words may become something to do.
    finding.action =
        version.filter(|_| official).map(|version| format!("Update {} to {version} or later", product.name));
    Some(finding)
}

static FIX: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:^security:|\bsecurity (?:hole|issue|hardening|bug)\b|\b(?:being|silently|be|could be|are|were|was) bypass(?:ed|able)\b|\bbypass(?:ing|ed|es)? (?:the )?(?:tool |permission|deny|sandbox|workspace|trust|approval|write)|\bcredential[- ]leak|\bdestructive\b.{0,60}\bagainst\b|\bwithout (?:approval|asking|a prompt|permission|confirmation|user confirmation)\b|\b(?:command|code|shell) injection\b|\bpath traversal\b|\bescap(?:e|es|ing|ed) (?:the |its )?(?:sandbox|workspace|container)\b|\bexfiltrat\w+|\boutside (?:the|its) (?:workspace|working director(?:y|ies)|project|sandbox)\b|\bleak(?:ing|ed|s)? (?:secrets?|tokens?|credentials?|keys?)\b)",
    )
});
static MENDED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:^security|^fix(?:ed|es)?\b|\bnow (?:refuses?|rejects?|blocks?|checks?)\b|\bhardens?\b|\bhardening\b)",
    )
});

/// A release of a watched product by its maker, one point of which mends a hole: the maker's advisory in all but name.
fn security_fix(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    let product = sight.product.filter(|_| sight.about_product)?;
    if sight.item.trust != Trust::Official {
        return None;
    }
    let version = version_in(&sight.ready.title)?;
    let point = sight.ready.points.iter().find(|point| FIX.is_match(point) && MENDED.is_match(point))?;
    let found = crate::judge::ready::Found { words: version.to_owned(), point: Some(point) };
    let mut finding =
        Finding::new(rule, format!("{} {version} mends a security fault: {}", product.name, found.quote()));
    finding.at_least = Some(Level::Critical);
    finding.category = Some(Category::Security);
    finding.alarm = true;
    finding.action = Some(format!("Update {} to {version} or later", product.name));
    Some(finding)
}

static ANY_ID: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(?:CVE-\d{4}-\d{4,7}|GHSA(?:-[23456789cfghjmpqrvwx]{4}){3}|RUSTSEC-\d{4}-\d{4})\b"));

/// An advisory about something that nobody here watches.
fn other_advisory(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    if sight.product.is_some() {
        return None;
    }
    let id = sight.find(&ANY_ID)?.words;
    let mut finding = Finding::new(rule, format!("{id} concerns none of the watched products"));
    if !is_ours(sight) {
        finding.at_most = Some(Level::Noise);
    }
    Some(finding)
}
