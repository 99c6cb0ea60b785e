//! Research: results, and above all those on the safety of models.

use std::sync::LazyLock;

use regex::Regex;

use super::{Finding, Rule, Sight, pattern};
use crate::source::Trust::{Community, Expert};
use crate::verdict::Category;

pub const RULES: &[Rule] = &[
    Rule {
        name: "safety-research",
        find: safety,
        is: &[
            (Expert, "Measuring sabotage in coding agents", "Monitors miss a tenth."),
            (Community, "Automatically jailbreaking language models", ""),
            (Expert, "Features of a small model", "Scalable interpretability."),
        ],
        is_not: &[(Expert, "Alignment of columns in CSS", ""), (Community, "A faster parser", "")],
    },
    Rule {
        name: "research",
        find: research,
        is: &[(Expert, "Measuring sabotage in coding agents", "In this paper we show that monitors miss a tenth.")],
        is_not: &[(Expert, "My week", "I read the newspaper.")],
    },
];

static SAFETY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:interpretability|interpreting (?:\w+ ){0,2}models?|mechanistic|sparse autoencoders?|circuit tracing|jailbreak(?:s|ing)?|red[- ]team(?:s|ing)?|reward hacking|scheming|sabotage|sycophancy|deception|deceptive|model organisms?|scalable oversight|alignment (?:research|science|faking|auditing)|ai (?:alignment|control|safety)|safety (?:case|evaluation|failure|research)s?|evaluation awareness|dangerous capabilit\w+|autonomy evaluations?|situational awareness|chain[- ]of[- ]thought (?:faithfulness|monitor\w+)|cyber capabilit\w+|watermark\w*|internal representations|steering vectors?|activation steering|training data attribution|(?:safety|agent|capability) evaluations|backdoor(?:s|ed)? (?:in )?(?:language )?models?)\b",
    )
});

/// On the safety of models.
fn safety(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    let found = sight.find(&SAFETY)?;
    let words = found.words.to_lowercase();
    let mut finding = Finding::new(rule, format!("on the safety of models: \u{201c}{words}\u{201d}"));
    finding.category = Some(Category::Research);
    Some(finding)
}

static RESEARCH: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:in this paper|this paper|preprint|arxiv|we (?:show|find|measure|propose|present|evaluate|study|trained)|our (?:results|experiments)|system card)\b",
    )
});

/// Research results.
fn research(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    let words = sight.find(&RESEARCH)?.words.to_lowercase();
    let mut finding = Finding::new(rule, format!("reports results: \u{201c}{words}\u{201d}"));
    finding.category = Some(Category::Research);
    Some(finding)
}
