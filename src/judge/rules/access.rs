//! Access: who may use a model or an agent, on what terms, within what limits, at what price.

use std::sync::LazyLock;

use regex::Regex;

use super::{Finding, Rule, Sight, pattern};
use crate::source::Trust::{self, Community, Expert, Official};
use crate::verdict::Category;

pub const RULES: &[Rule] = &[
    Rule {
        name: "access",
        find: access,
        is: &[
            (Official, "API keys created before March stop working tomorrow", "Make new ones."),
            (Community, "Export controls on Claude lifted", ""),
            (Official, "Plan mode is now the default in lantern-code", ""),
            (Community, "Anthropic requires 30 day data retention", ""),
        ],
        is_not: &[
            (Community, "A ban on scooters lifted", "In the old town."),
            (Official, "lantern-code 4.13.0", "Faster start."),
        ],
    },
    Rule {
        name: "terms",
        find: terms,
        is: &[
            (Official, "Higher usage limits for Claude", ""),
            (Community, "Claude access extended through Sunday", ""),
            (Official, "lantern-code pricing changes in May", ""),
        ],
        is_not: &[(Community, "The price of bread", "It rose."), (Expert, "Limits of formal proof", "")],
    },
    Rule {
        name: "outage",
        find: outage,
        is: &[(Official, "Elevated errors on Claude", "We are investigating."), (Community, "Codex is down", "")],
        is_not: &[(Expert, "Prices of GPUs are down", ""), (Official, "lantern-code 4.13.0", "Fixes a down arrow.")],
    },
];

/// Models and agents, whoever makes them: their terms are news for those who use them.
static SERVICE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:claude|anthropic|fable|mythos|opus|sonnet|haiku|codex|openai|gpt|gemini|api|copilot|cursor|bedrock|vertex)\b",
    )
});

fn of_service(sight: &Sight<'_>) -> bool {
    sight.about_product || SERVICE.is_match(&sight.ready.title)
}

static ACCESS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:\b(?:export (?:controls?|bans?|restrictions?)|ban|restrictions?|freeze) (?:\w+ ){0,8}lifted\b|\blift(?:s|ed|ing)? (?:\w+ ){0,3}(?:controls?|bans?|restrictions?)\b|\brestor(?:es?|ed|ing) access\b|\baccess (?:\w+ ){0,4}(?:restored|returns?|suspended|revoked|ends)\b|\b(?:to )?bring(?:s|ing)? back\b|\b(?:api )?keys?\b.{0,60}\b(?:stop working|expire|be revoked)|\bstops? working\b|\bis now the default\b|\bby default (?:from|starting|as of)\b|\b(?:data )?retention\b|\bwill (?:no longer|stop|require|be required)\b|\brequires? (?:\w+ ){0,3}(?:verification|retention|consent)|\bterms of service\b|\busage polic(?:y|ies)\b|\btrain(?:ing)? on (?:your |user |consumer )?(?:data|chats)|(?:will be|is being|are) retired\b)",
    )
});

/// What one may do, or must do, changes.
fn access(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    let found = sight.in_title(&ACCESS).filter(|_| changes_access(sight))?;
    let mut finding = Finding::new(rule, format!("changes who may use it, or how: \u{201c}{found}\u{201d}"));
    finding.alarm = true;
    // What strangers alone say does not stand among the maker's own.
    finding.category = (sight.item.trust > Trust::Community).then_some(Category::Breaking);
    Some(finding)
}

/// Its title says that somebody's access changes.
pub fn changes_access(sight: &Sight<'_>) -> bool {
    of_service(sight) && ACCESS.is_match(&sight.ready.title)
}

static TERMS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:(?:usage|rate|weekly|session|higher|lower) limits?|pric(?:e|es|ing)|bill(?:s|ed|ing)?|extend(?:s|ed) (?:to|through|until)|free (?:\w+ )?(?:access )?(?:through|until)|quotas?|credits?|subscriptions?|(?:fast|auto|plan) mode|not available (?:on|in)|sharing data)\b",
    )
});

/// Limits and prices.
fn terms(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    let found = sight.in_title(&TERMS).filter(|_| of_service(sight))?;
    Some(Finding::new(rule, format!("speaks of limits or prices: \u{201c}{}\u{201d}", found.to_lowercase())))
}

static OUTAGE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:outage|elevated errors?|degraded (?:performance|quality|service)|is down|are down|unavailable|incident report|quality reports?|postmortem|service disruption)\b",
    )
});

/// A service fails, or is told to have failed.
fn outage(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    let found = sight.in_title(&OUTAGE).filter(|_| of_service(sight))?;
    Some(Finding::new(rule, format!("tells of a failing service: \u{201c}{}\u{201d}", found.to_lowercase())))
}
