//! Business: money, people who come and go, politics, customers, events. Rarely what a lab reads for its work.

use std::sync::LazyLock;

use regex::Regex;

use super::{Finding, Rule, Sight, pattern};
use crate::source::Trust::{Community, Expert, Official};
use crate::verdict::Level;

pub const RULES: &[Rule] = &[
    Rule {
        name: "promotion",
        find: promotion,
        is: &[
            (Community, "We raised $40M to build agents", "Our Series B."),
            (Expert, "Join our webinar on agents", "Register now."),
        ],
        is_not: &[(Expert, "Gradients raised to a power", "A note on optimisers.")],
    },
    Rule {
        name: "money",
        find: money,
        is: &[(Community, "Maker of models to invest $5B in chips", ""), (Community, "Run-rate revenue doubles", "")],
        is_not: &[(Expert, "Interest in proofs", ""), (Community, "Token budgets for agents", "")],
    },
    Rule {
        name: "people",
        find: people,
        is: &[
            (Community, "Maker's CEO says models are dangerous", ""),
            (Community, "An economist joins the board", ""),
        ],
        is_not: &[(Expert, "Joining tables", ""), (Official, "lantern-code 4.13.0", "")],
    },
    Rule {
        name: "politics",
        find: politics,
        is: &[(Community, "White House wants to block a model", ""), (Community, "Maker sued over books", "")],
        is_not: &[(Expert, "Policy gradients", ""), (Official, "Hooks in lantern-code", "")],
    },
    Rule {
        name: "customer",
        find: customer,
        is: &[(Official, "How a bank uses Claude to answer mail", ""), (Official, "Two firms partner on agents", "")],
        is_not: &[(Official, "How we use tests", ""), (Expert, "Partial orders", "")],
    },
    Rule {
        name: "event",
        find: event,
        is: &[(Official, "A podcast on agents, episode 12", ""), (Official, "Apply for our grants", "")],
        is_not: &[(Expert, "Events in a queue", ""), (Expert, "Application of proofs", "")],
    },
];

static PROMOTION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:\b(?:raise[sd]?|raising) \$\d|\bseries [a-h]\b|\bwebinar\b|\bregister now\b|\bwe(?:'|\u{2019})?(?:re| are) hiring\b|\bjoin our team\b|\bsponsored\b|\bearly[- ]bird\b|\blimited[- ]time\b|\bdiscount code\b)",
    )
});

/// Advertising, hiring and money.
fn promotion(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    let sign = sight.find(&PROMOTION)?.words;
    let mut finding = Finding::new(rule, format!("advertises: \u{201c}{}\u{201d}", sign.to_lowercase()));
    finding.at_most = Some(Level::Noise);
    Some(finding)
}

fn names(sight: &Sight<'_>, rule: &'static str, sign: &Regex, words: &str) -> Option<Finding> {
    let found = sight.in_title(sign)?;
    Some(Finding::new(rule, format!("{words}: \u{201c}{}\u{201d}", found.to_lowercase())))
}

static MONEY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:\$\d[\d.,]*\s?(?:m|b|bn|k|million|billion|trillion)\b|\b(?:billions?|revenue|valuation|invest(?:s|ed|ing|ment|or|ors)?|ipo|stocks?|shares?|funding|acquir(?:es|ed|ing)|acquisition|buys|earnings|market cap|profit\w*|spending|seed round|price cuts?|slash\w* prices|sources say)\b)",
    )
});

fn money(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    names(sight, rule, &MONEY, "speaks of money")
}

static PEOPLE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:ceo|cto|founder|co-founder|hir(?:es|ed|ing)|joins|to leave|leaves|left|resigns?|appoint\w*|employees?|staff|billionaire|backlash|rumou?r\w*|board|trust|silicon valley|twitter)\b",
    )
});

fn people(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    names(sight, rule, &PEOPLE, "speaks of people and their quarrels")
}

static POLITICS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:white ?house|trump|senat(?:e|or|ors)|congress|governments?|pentagon|nsa|cia|military|lawsuits?|su(?:es|ed|ing)|courts?|trade secrets?|legal threats?|judge rules|regulators?|regulation|export|ai act|commerce (?:department|secretary)|department of \w+|officials?|china|chinese|europe(?:an)?|mou|national security|election|minister)\b",
    )
});

fn politics(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    // Who is let in again is no mere politics.
    if super::access::changes_access(sight) {
        return None;
    }
    names(sight, rule, &POLITICS, "speaks of politics")
}

static CUSTOMER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:\bhow (?:an? |one |the )?\w+(?: \w+){0,2} (?:uses?|used|built|rebuilt|cut|cuts|saves?|saved|scales?|brought|deploys?|powers?|reduced|transforms?|transformed|automated)\b|\b(?:customers?|case stud(?:y|ies)|partners?(?:hip)?|(?:for|in|to) (?:the )?(?:enterprises?|every team|every business|small business(?:es)?|creative work))\b)",
    )
});
/// The makers' own "how we built" is no customer's story.
static OWN: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\bhow (?:we|i|our|to)\b"));

fn customer(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    if sight.in_title(&OWN).is_some() {
        return None;
    }
    names(sight, rule, &CUSTOMER, "a customer's story")
}

static EVENT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:podcast|episode|webinar|conference|summit|hackathon|meetup|grants?|fellowships?|apply (?:for|to|now)|keynote|\[video\]|cohort|funding \d+|workshop|offices?|universit(?:y|ies)|scholarships?|institute|awards?|template|giveaway)\b",
    )
});

fn event(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    names(sight, rule, &EVENT, "an event or an offer")
}
