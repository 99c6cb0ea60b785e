//! Kinds of post: by what way it came and in what form, before a word of it is weighed.

use std::sync::LazyLock;

use regex::Regex;

use super::{Finding, Rule, Sight, pattern};
use crate::source::Trust::{Community, Expert};

pub const RULES: &[Rule] = &[
    Rule {
        name: "showcase",
        find: showcase,
        is: &[(Community, "Show HN: I made a bot", "")],
        is_not: &[(Community, "The show goes on", "")],
    },
    Rule {
        name: "question",
        find: question,
        is: &[(Community, "Ask HN: Which agent do you use?", ""), (Community, "Is it just me?", "")],
        is_not: &[(Community, "Questions of style", "")],
    },
    Rule {
        name: "complaint",
        find: complaint,
        is: &[(Community, "I'm cancelling my subscription", ""), (Community, "They have nerfed every model", "")],
        is_not: &[(Expert, "A model of patience", "")],
    },
    Rule {
        name: "comparison",
        find: comparison,
        is: &[(Community, "Codex vs. Claude", "")],
        is_not: &[(Community, "On canvas", "")],
    },
    Rule {
        name: "roundup",
        find: roundup,
        is: &[
            (Expert, "The week in models, #12", "Weekly roundup."),
            (Expert, "This month: papers, tools, links", "A newsletter."),
        ],
        is_not: &[(Expert, "Rounding numbers", "")],
    },
];

static SHOWCASE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)^show hn\b"));

fn showcase(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    sight.in_title(&SHOWCASE)?;
    Some(Finding::new(rule, "somebody shows what they made".to_owned()))
}

static QUESTION: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)(?:^(?:ask|tell) hn\b|\?$)"));

fn question(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    sight.in_title(&QUESTION)?;
    Some(Finding::new(rule, "it asks".to_owned()))
}

static COMPLAINT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:cancell?(?:ing|ed) my|nerf(?:ed|s)?|sucks?|banned me|hype|is dead|fed up|done with|why i (?:left|quit|stopped)|rant)\b",
    )
});

fn complaint(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    let found = sight.in_title(&COMPLAINT)?;
    Some(Finding::new(rule, format!("it complains: \u{201c}{}\u{201d}", found.to_lowercase())))
}

static COMPARISON: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\b(?:vs\.?|versus)(?:\s|$)"));

fn comparison(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    sight.in_title(&COMPARISON)?;
    Some(Finding::new(rule, "it compares".to_owned()))
}

static ROUNDUP: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:weekly (?:roundup|digest|news)|round-?up|newsletter|news and insights|this week in|links for|highlights from)\b",
    )
});

fn roundup(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    let found = sight.find(&ROUNDUP)?;
    Some(Finding::new(rule, format!("a round-up: \u{201c}{}\u{201d}", found.words.to_lowercase())))
}
