//! Elsewhere: other people's fields, in which models are used too.

use std::sync::LazyLock;

use regex::Regex;

use super::{Finding, Rule, Sight, pattern};
use crate::source::Trust::{Community, Expert, Official};

pub const RULES: &[Rule] = &[
    Rule {
        name: "other-field",
        find: other_field,
        is: &[
            (Official, "A model for drug discovery", ""),
            (Official, "Clone a voice from a short recording", ""),
            (Community, "AI in dentistry", ""),
        ],
        is_not: &[(Expert, "Voices on alignment", ""), (Expert, "Coding agents at work", "")],
    },
    Rule {
        name: "product-marketing",
        find: product_marketing,
        is: &[(Community, "Free SaaS landing page template", ""), (Community, "A BI tool for your SEO", "")],
        is_not: &[(Expert, "Landing a plane", ""), (Expert, "Marking tests", "")],
    },
];

static OTHER_FIELD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:drug discovery|chemi(?:st|stry|cal)|medicin\w+|health ?care|medical|life sciences?|biology|protein|rare disease|dentistry|robot(?:s|ics)?|humanoid|text[- ]to[- ]speech|speech|voices?(?: (?:search|library|agents?)|\b.{0,30}\brecording)|tts|image generation|images?|video|music|games?|fashion|shopping|travel|holiday|education|teachers?|students?|marketing|sales|legal|law firms?|banking|insurance|accounting|real estate|weather|climate|data[- ]centers?|phones?|macos|ios|iphone|economic(?:s)?|mathematic\w+)\b",
    )
});

/// Models at work in somebody else's field.
fn other_field(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    let found = sight.in_title(&OTHER_FIELD)?;
    Some(Finding::new(rule, format!("about another field: \u{201c}{}\u{201d}", found.to_lowercase())))
}

static PRODUCT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:saas|crm|landing pages?|seo|bi tool|no[- ]code|low[- ]code|dashboards?|social posts?|react|figma|design|analytics|uptime|chatbots?|vector (?:database|search)|hybrid search|knowledge layer|content strateg\w+|productivity)\b",
    )
});

/// Products for businesses.
fn product_marketing(sight: &Sight<'_>, rule: &'static str) -> Option<Finding> {
    let found = sight.in_title(&PRODUCT)?;
    Some(Finding::new(rule, format!("a product for other people: \u{201c}{}\u{201d}", found.to_lowercase())))
}
