//! How people work with agents, and the tools they make for it.

use std::sync::LazyLock;

use regex::Regex;

use super::{Finding, Rule, Sight, pattern};
use crate::source::Trust::{Community, Expert, Official};
use crate::verdict::Category;

pub const RULES: &[Rule] = &[
    Rule {
        name: "technique",
        find: technique,
        is: &[(Expert, "How we review what a coding agent writes", "Three lessons from a year.")],
        is_not: &[(Expert, "A new office", "We moved.")],
    },
    Rule {
        name: "craft",
        find: craft,
        is: &[
            (Expert, "Harnesses for long-running agents", ""),
            (Official, "Context engineering", "For agents."),
            (Community, "Loops in lantern-code", ""),
        ],
        is_not: &[(Expert, "A horse's harness", ""), (Expert, "Loops in music", "")],
    },
    Rule {
        name: "guarding",
        find: guarding,
        is: &[
            (Community, "Keep secrets out of your AI agents", ""),
            (Community, "Audit your lantern-code permissions", ""),
        ],
        is_not: &[(Community, "Secrets of bread", ""), (Expert, "Coding agents write tests", "")],
    },
    Rule {
        name: "tool",
        find: tool,
        is: &[(Expert, "Introducing a small MCP server for Slurm", "It is open source.")],
        is_not: &[(Expert, "On tools and thinking", "An essay.")],
    },
];

/// What the lab works with.
static AGENTS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:claudes?|claude code|codex|coding agents?|agents?|agentic|subagents?|mcp|llms?|skills?|opencode)\b",
    )
});

fn with_agents(sight: &Sight<'_>) -> bool {
    sight.product.is_some() || sight.find(&AGENTS).is_some()
}

static TECHNIQUE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:how (?:we|i|to|our)|lessons (?:from|learned)|best practices?|workflows?|playbook|a guide to|guide|handbook|field notes|patterns? for|what (?:we|i) learned|checklist|postmortem|getting started)\b",
    )
});

/// Somebody tells how they work.
fn technique(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    let sign = sight.in_title(&TECHNIQUE)?.to_lowercase();
    let mut finding = Finding::new(rule, format!("tells how somebody works: \u{201c}{sign}\u{201d}"));
    finding.category = Some(Category::Technique);
    Some(finding)
}

static CRAFT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:harness(?:es)?|context (?:engineering|windows?)|subagents?|multi-?agent|parallel (?:agents?|claudes?|sessions?)|loops?|tool use|tools for agents|code execution|system prompts?|prompt caching|claude\.md|agents\.md|hooks?|skills?|slash commands?|auto mode|plan mode|permissions?|long[- ]running|worktrees?|compaction|agentic coding|dynamic workflows?|effort|tokens?)\b",
    )
});

/// A part of the craft of working with agents.
fn craft(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    let found = sight.in_title(&CRAFT).filter(|_| with_agents(sight))?;
    let mut finding =
        Finding::new(rule, format!("on the craft of working with agents: \u{201c}{}\u{201d}", found.to_lowercase()));
    finding.category = Some(Category::Technique);
    Some(finding)
}

static GUARDING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:sandbox(?:es|ed|ing)?|isolat(?:e|es|ed|ion)|contain(?:ment)?|permissions?|secrets?|credentials?|guard(?:s|rails?)?|air-?gap|least privilege|audit(?:s|ing)?|approval|safer|safety)\b",
    )
});

/// How agents are held within bounds.
fn guarding(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    let found = sight.in_title(&GUARDING).filter(|_| with_agents(sight))?;
    Some(Finding::new(rule, format!("on holding agents within bounds: \u{201c}{}\u{201d}", found.to_lowercase())))
}

static TOOL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:^add resource:|\b(?:introducing|announcing|open[- ]sourc(?:e|ed|ing)|released|releasing|launch(?:es|ed|ing)?|show hn:?)\b.{0,60}\b(?:tool|cli|server|plugin|library|extension|skill|sdk|framework|package|runner|mcp)s?\b)",
    )
});

/// A new tool.
fn tool(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    sight.in_title(&TOOL)?;
    let mut finding = Finding::new(rule, "a tool is introduced".to_owned());
    finding.category = Some(Category::Tool);
    Some(finding)
}
