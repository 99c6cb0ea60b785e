//! New models, and what their makers say with them.

use std::sync::LazyLock;

use regex::Regex;

use super::{Finding, Rule, Sight, Via, pattern};
use crate::source::Trust::{self, Community, Expert, Official};
use crate::verdict::{Category, Level};

pub const RULES: &[Rule] = &[
    Rule {
        name: "launch",
        find: launch,
        is: &[
            (Official, "Claude Opus 9", ""),
            (Community, "What's new in Claude Haiku 9", ""),
            (Official, "Introducing Claude Opus 9", "Our best model."),
            (Community, "System Card: Claude Opus 9 [pdf]", ""),
            (Official, "Claude Opus 9 and Claude Haiku 9 are now available", ""),
        ],
        is_not: &[
            (Community, "I asked Claude Opus 9 to do my taxes", ""),
            (Community, "Claude Opus 9 became ruthless with a vending machine", ""),
            (Official, "lantern-code 4.13.0", ""),
        ],
    },
    Rule {
        name: "other-launch",
        find: other_launch,
        is: &[(Official, "Introducing GPT-9", ""), (Community, "Qwen 9 Coder released", "")],
        is_not: &[(Expert, "Why I left", ""), (Official, "Claude Opus 9", "")],
    },
    Rule {
        name: "announcement",
        find: announcement,
        is: &[(Official, "Introducing a memory tool for agents", ""), (Official, "Scanning is now available", "")],
        is_not: &[(Community, "Introducing my cat", ""), (Official, "On care", "")],
    },
];

/// The lab's own model family: a new one is tried the same day.
const FAMILY: &str = r"(?:anthropic(?:'s)? )?(?:claude )?(?:opus|sonnet|haiku|fable|mythos|claude) \d+(?:\.\d+)?";

static LAUNCH: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?i)^(?:(?:introducing|announcing|meet|what's new in|new:?|system card:?|release:) )?{FAMILY}(?:(?:,? and | ?/ ?|, | & ){FAMILY})*(?: (?:system card|is (?:now )?(?:here|out|available)|are (?:now )?(?:here|out|available)|(?:now )?(?:generally )?available(?: today)?|released|is live|launch(?:es|ed)?|model card|announced))*(?: \[pdf\])?[.!]?$"
    ))
});

/// A new model of the family that the lab uses.
fn launch(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    let found = sight.in_title(&LAUNCH)?;
    let mut finding = Finding::new(rule, format!("a new model: \u{201c}{found}\u{201d}"));
    finding.alarm = true;
    finding.category = Some(Category::Feature);
    if sight.item.trust >= Trust::Expert {
        finding.at_least = Some(Level::Notable);
    }
    Some(finding)
}

static OTHERS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:gpt-? ?\d|o\d-?\w* |gemini \d|gemma ?\d|qwen ?\d|deepseek[- ]?[vr]?\d|llama[- ]?\d|mistral (?:\w+ )?\d|grok[- ]?\d|kimi[- ]k?\d|glm[- ]?\d|phi-?\d|nemotron)",
    )
});

/// A model of another family.
fn other_launch(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    let found = sight.in_title(&OTHERS)?;
    let mut finding = Finding::new(rule, format!("about a model of another family: \u{201c}{}\u{201d}", found.trim()));
    finding.category = Some(Category::Feature);
    Some(finding)
}

static ANNOUNCEMENT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)(?:^(?:introducing|announcing|releasing|launching)\b|\b(?:is|are) now (?:generally )?available\b)")
});

/// A maker introduces something.
fn announcement(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    let found =
        sight.in_title(&ANNOUNCEMENT).filter(|_| sight.via == Via::Itself && sight.item.trust == Trust::Official)?;
    Some(Finding::new(rule, format!("its maker announces it: \u{201c}{}\u{201d}", found.to_lowercase())))
}
