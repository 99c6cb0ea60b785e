//! What is changed or dropped that people rely on, and by when.

use std::sync::LazyLock;

use regex::Regex;

use super::{Finding, Rule, Sight, pattern};
use crate::source::Trust::{self, Community, Official};
use crate::verdict::{Category, Level};

pub const RULES: &[Rule] = &[Rule {
    name: "breaking",
    find: breaking,
    is: &[
        (Official, "lantern-code 5.0: breaking changes", "Hooks move to a new file."),
        (Official, "Model retirement", "lantern-code will no longer accept lantern-2 after 2027-01-15."),
    ],
    is_not: &[
        (Community, "Breaking: a startup moves office", "They will no longer be in the old building."),
        (Official, "lantern-code 4.13.0", "Faster start."),
    ],
}];

static BREAKING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:breaking changes?|backwards?[- ]incompatible|(?:is|are|was|were|will be|now) (?:deprecated|retired|removed|sunset)|no longer (?:supports?|supported|accepts?|accepted|works?|available|reads?)|end[- ]of[- ](?:life|support)|retirement|deprecat(?:ion|es|ed)|sunsetting)\b",
    )
});

/// A day, as makers write it beside a retirement.
static DAY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:20\d\d-\d\d-\d\d|(?:january|february|march|april|may|june|july|august|september|october|november|december) \d{1,2}(?:, 20\d\d)?|\d{1,2} (?:january|february|march|april|may|june|july|august|september|october|november|december)(?: 20\d\d)?)\b",
    )
});

/// A watched product changes or drops something people rely on.
fn breaking(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    let product = sight.product?;
    let found = sight.find(&BREAKING)?;
    // The day in the same point or, where there are no points, anywhere beside it.
    let day = match found.point {
        Some(point) => DAY.find(point),
        None => DAY.find(&sight.ready.title).or_else(|| DAY.find(&sight.ready.text)),
    };
    let day = day.map(|day| format!(", {}", day.as_str())).unwrap_or_default();
    let mut finding =
        Finding::new(rule, format!("{} changes or drops something: {}{day}", product.name, found.quote()));
    if sight.item.trust >= Trust::Expert || sight.about_product {
        finding.at_least = Some(Level::Notable);
    }
    finding.category = Some(Category::Breaking);
    Some(finding)
}
