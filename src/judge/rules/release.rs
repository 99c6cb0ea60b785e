//! Releases: of watched products, of anything else, and those that say nothing.

use std::sync::LazyLock;

use regex::Regex;

use super::{Finding, Rule, Sight, pattern};
use crate::judge::product::{begins_a_line, version_in};
use crate::source::Trust::{self, Community, Official};
use crate::verdict::{Category, Level};

pub const RULES: &[Rule] = &[
    Rule {
        name: "release",
        find: release,
        is: &[(Official, "lantern-code 4.13.0", "New: hooks."), (Official, "lantern-code v4.12.3", "Fixes.")],
        is_not: &[(Official, "Why we like lantern-code", "It is good."), (Community, "Movie player 2.1", "Codecs.")],
    },
    Rule {
        name: "other-release",
        find: other_release,
        is: &[(Community, "Movie player 2.1", "Codecs."), (Community, "release: date-tools 0.1a0", "")],
        is_not: &[(Official, "lantern-code 4.13.0", ""), (Official, "Version control for prompts", "")],
    },
    Rule {
        name: "quiet-release",
        find: quiet_release,
        is: &[(Official, "lantern-code 4.12.4", "- Bug fixes and reliability improvements")],
        is_not: &[
            (Official, "lantern-code 4.12.4", "- Fixed hooks that ran twice\n- Bug fixes"),
            (Official, "Notes", ""),
        ],
    },
];

/// A release of a watched product, from its maker.
fn release(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    let product = sight.product.filter(|_| sight.about_product)?;
    let version = version_in(&sight.ready.title)?;
    let mut finding = Finding::new(rule, format!("a release of {}: {version}", product.name));
    if sight.item.trust == Trust::Official {
        finding.category = Some(Category::Feature);
        finding.at_least = Some(if begins_a_line(version) { Level::Notable } else { Level::Routine });
    }
    Some(finding)
}

static NUMBERED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)^(?:release: )?[\w./@-]+(?: [\w./@-]+){0,3} v?\d+\.\d+[\w.-]*(?: (?:is out|released|is here))?$")
});

/// A release of something that nobody here watches.
fn other_release(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    if sight.about_product || !NUMBERED.is_match(&sight.ready.title) {
        return None;
    }
    Some(Finding::new(rule, "a release of something that is not watched".to_owned()))
}

static QUIET: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^\W*(?:(?:various |minor |small )?(?:bug ?fixes|fixes|improvements|stability|reliability|performance)[\s,&and]*(?:(?:various|minor|reliability|performance|stability|other|general)\s*(?:and )?)*(?:improvements|fixes|enhancements)?)\W*$",
    )
});

/// Release notes that say nothing.
fn quiet_release(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    version_in(&sight.ready.title)?;
    let points = &sight.ready.points;
    let is_quiet = if points.is_empty() {
        QUIET.is_match(sight.ready.text.trim())
    } else {
        points.iter().all(|point| QUIET.is_match(point))
    };
    (is_quiet && !sight.ready.text.trim().is_empty())
        .then(|| Finding::new(rule, "its notes name nothing that changed".to_owned()))
}
