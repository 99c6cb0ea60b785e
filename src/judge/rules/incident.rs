//! Attacks, leaks and losses: what happened to people who run what the lab runs.

use std::sync::LazyLock;

use regex::Regex;

use super::{Finding, Rule, Sight, is_ours, pattern};
use crate::source::Trust::{self, Community, Expert};
use crate::verdict::{Category, Level};

pub const RULES: &[Rule] = &[
    Rule {
        name: "attack",
        find: attack,
        is: &[
            (Community, "Malicious npm package imitates an MCP server and steals API keys", ""),
            (Expert, "A worm spreads through npm packages", "It publishes itself with stolen tokens."),
            (Community, "Sandbox escape in coding agents", "A repository writes outside the workspace."),
        ],
        is_not: &[
            (Community, "A worm in the apple harvest", "Growers are worried."),
            (Expert, "How coding agents changed our reviews", "They are longer."),
            (Community, "URGENT CRITICAL SECURITY ALERT for coding agents", "Act now."),
        ],
    },
    Rule {
        name: "leak",
        find: leak,
        is: &[
            (Community, "Lantern-code may have leaked your chats to the public", ""),
            (Community, "Coding agent deletes user files", "Data loss in three tools."),
        ],
        is_not: &[(Community, "Leaked: the next phone", "Pictures."), (Expert, "Memory leaks in Rust", "A tutorial.")],
    },
    Rule {
        name: "lab-incident",
        find: lab_incident,
        is: &[
            (Community, "OpenAI's agent broke out of its sandbox", ""),
            (Community, "How the intrusion at a frontier lab began", ""),
        ],
        is_not: &[(Expert, "An escape room for OpenAI's staff", ""), (Community, "Rogue waves", "")],
    },
    Rule {
        name: "threat",
        find: threat,
        is: &[
            (Expert, "Prompt injection against coding agents", "An attack by issue titles."),
            (Community, "A rogue agent hacked a start-up", ""),
        ],
        is_not: &[(Community, "Attack of the clones", "A film."), (Expert, "Agents and tests", "Fewer of them.")],
    },
];

static ATTACK: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:malware|malicious (?:\w+ |'|\u{22}){0,3}(?:packages?|skills?|extensions?|servers?|plugins?|releases?|versions?|repos?\w*|code|updates?)|trojan\w*|backdoor(?:ed|s)|worms?\b.{0,60}\b(?:packages?|tokens?|repositor\w+)|typosquat\w*|supply[- ]chain (?:attack|compromise|worm)s?|compromised (?:\w+ ){0,2}(?:packages?|releases?|versions?|accounts?|maintainers?|dependenc\w+|extensions?)|hijacked (?:\w+ ){0,2}(?:packages?|accounts?|extensions?)|steal(?:s|ing)? (?:\w+ ){0,3}(?:keys?|tokens?|credentials?|secrets?)|remote (?:code|command) execution|unauthenticated (?:\w+ ){0,2}(?:command|code|access)|rce|sandbox escapes?|(?:command|code) execution (?:attack|flaw|bug)|arbitrary (?:code|commands?) execution|exploit(?:ed)? in the wild|actively exploited)\b",
    )
});
/// Words of somebody who sells, studies or quarrels rather than tells what happened.
static STUDY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:show hn|benchmark|survey|course|deal|we propose|specification|framework for|su(?:es|ed|ing)|lawsuit|alleged(?:ly)?|trade secrets?|bans?|ceo)\b",
    )
});

/// An attack that reaches people through what the lab runs.
fn attack(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    let found = sight.find(&ATTACK).filter(|_| is_ours(sight))?;
    if sight.in_title(&STUDY).is_some() {
        return None;
    }
    let mut finding = Finding::new(rule, format!("tells of an attack on tools like ours: {}", found.quote()));
    finding.alarm = true;
    // What strangers alone say does not stand among the maker's own.
    finding.category = (sight.item.trust > Trust::Community).then_some(Category::Security);
    if sight.item.trust >= Trust::Expert {
        finding.at_least = Some(Level::Notable);
    }
    Some(finding)
}

static LEAK: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:leak(?:s|ed|ing)? (?:\w+ ){0,3}(?:chats?|conversations?|keys?|data|prompts?|credentials?|tokens?|source|code|secrets?|users?)|(?:chats?|conversations?|keys?|data|credentials?|secrets?|source code) (?:\w+ ){0,3}(?:leak(?:ed|s)|exposed|stolen)|expos(?:es|ed|ing) (?:\w+ ){0,3}(?:chats?|conversations?|keys?|data|credentials?|secrets?|users?)|data (?:breach|loss|leak)|deletes? (?:\w+ ){0,2}(?:files?|data|databases?|home director\w+)|wiped? (?:\w+ ){0,2}(?:disks?|drives?|databases?|director\w+))\b",
    )
});

/// Something private became public, or something was lost.
fn leak(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    let found = sight.in_title(&LEAK).filter(|_| is_ours(sight))?;
    let mut finding = Finding::new(rule, format!("tells of a leak or a loss: \u{201c}{found}\u{201d}"));
    finding.alarm = true;
    // What strangers alone say does not stand among the maker's own.
    finding.category = (sight.item.trust > Trust::Community).then_some(Category::Security);
    Some(finding)
}

static LAB: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:openai|anthropic|deepmind|hugging ?face|meta ai|mistral|xai|frontier lab|ai lab|claude|codex|ai agents?|coding agents?)\b",
    )
});
static TROUBLE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:rogue|broke out|escaped|escapes (?:its|the)|hack(?:s|ed|ing)?|compromised|intrusion|zero-days?|0-days?|breach(?:ed)?|data loss|leaked|ransomware)\b",
    )
});

/// Something went wrong at a lab like ours, or with its models.
fn lab_incident(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    sight.in_title(&LAB)?;
    let found = sight.in_title(&TROUBLE)?;
    let mut finding = Finding::new(rule, format!("an incident at a lab: \u{201c}{}\u{201d}", found.to_lowercase()));
    // What strangers alone say does not stand among the maker's own.
    finding.category = (sight.item.trust > Trust::Community).then_some(Category::Security);
    Some(finding)
}

static THREAT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:prompt injections?|malware|malicious|jailbreak\w*|rogue|intrusion|hack(?:s|ed|ing)?|attack(?:s|ed|er|ers)?|zero[- ]days?|0-days?|exploit(?:s|ed|ing)?|vulnerab\w+|compromis\w+|ransomware|worms?|bypass(?:es|ed)?|scanners?|poison(?:ed|ing)?|tricks?|secrets?|credentials?|incident|escap(?:e|ed|es)|broke out|data loss|backdoors?)\b",
    )
});

/// Its title speaks of attacks in the lab's field, whatever exactly it tells.
fn threat(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    let found = sight.in_title(&THREAT).filter(|_| is_ours(sight))?;
    let mut finding =
        Finding::new(rule, format!("its title speaks of a threat: \u{201c}{}\u{201d}", found.to_lowercase()));
    // What strangers alone say does not stand among the maker's own.
    finding.category = (sight.item.trust > Trust::Community).then_some(Category::Security);
    Some(finding)
}
