//! Product and version: whose lesson it is, and from which version on it holds; and when to think of it, in words of our own.

use std::sync::LazyLock;

use regex::Regex;

use super::code;
use crate::lesson::{Kind, LONGEST_CLAIM, Since};

/// What we know by name: how it is written in titles, its short name, and how we say it.
const PRODUCTS: [(&str, &str, &str); 13] = [
    (r"(?i)\bclaude[ -]code\b", "claude-code", "Claude Code"),
    (r"(?i)\bclaude agent sdk\b|\bclaude-agent-sdk\b", "claude-agent-sdk", "the Claude Agent SDK"),
    (r"(?i)\bcodex\b", "codex", "Codex"),
    (r"(?i)\bcursor\b", "cursor", "Cursor"),
    (r"(?i)\bgemini[ -]cli\b", "gemini-cli", "Gemini CLI"),
    (r"(?i)\bopencode\b", "opencode", "OpenCode"),
    (r"(?i)\bwindsurf\b", "windsurf", "Windsurf"),
    (r"(?i)\bcopilot\b", "copilot", "Copilot"),
    (r"(?i)\binspect(?:[_ -]ai)\b", "inspect-ai", "Inspect"),
    (r"(?i)\bmodel context protocol\b|\bmcp\b|modelcontextprotocol", "mcp", "MCP"),
    (r"(?i)\bollama\b", "ollama", "Ollama"),
    (r"(?i)\bvllm\b", "vllm", "vLLM"),
    (r"(?i)\bclaude\b|\banthropic\b", "claude", "Claude"),
];

static VERSION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:^|[\s@(])v?(?P<version>\d+\.\d+(?:\.\d+){0,2}(?:-(?:rc|beta|alpha)[.\d]*)?)\b")
        .expect("a valid pattern")
});

/// The version in which a fault is mended, as a sentence of an advisory says.
static MENDED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:(?:versions?|releases?) (?:before|prior to|below|earlier than|older than)|prior to(?: versions?)?|before(?: versions?)?|(?:fixed|patched|addressed|resolved) in(?: versions?)?|(?:upgrade|update) to(?: versions?)?(?: at least)?) v?(?P<version>\d+\.\d+(?:\.\d+){0,2})",
    )
    .expect("a valid pattern")
});

/// The short names of the products that are known.
pub fn product_names() -> impl Iterator<Item = &'static str> {
    PRODUCTS.iter().map(|(_, name, _)| *name)
}

/// Whose thing an item is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// `claude-code`.
    pub name: String,
    /// As people say it.
    pub spoken: String,
    /// Named in the title of a release.
    pub version: Option<String>,
}

/// The product of an item: named in its title, as we know it or as the lab watches it, else one of its source's topics.
pub fn product(title: &str, topics: &[String], watched: &[String]) -> Option<Product> {
    static KNOWN: LazyLock<Vec<(Regex, &str, &str)>> = LazyLock::new(|| {
        PRODUCTS
            .iter()
            .map(|(named, name, spoken)| (Regex::new(named).expect("a valid pattern"), *name, *spoken))
            .collect()
    });
    let version = VERSION.captures(title).map(|found| found["version"].to_owned());
    let titled = KNOWN.iter().find(|(named, ..)| named.is_match(title)).map(|(_, name, spoken)| (*name, *spoken));
    if let (None, Some(name)) = (titled, watched.iter().find(|name| is_named(name, title, topics))) {
        let name = name.to_lowercase().replace([' ', '_'], "-");
        return Some(Product { spoken: name.clone(), name, version });
    }
    let known = titled.or_else(|| {
        topics
            .iter()
            .find_map(|topic| KNOWN.iter().find(|(_, name, _)| name == topic).map(|(_, name, spoken)| (*name, *spoken)))
    })?;
    Some(Product { name: known.0.to_owned(), spoken: known.1.to_owned(), version })
}

/// Whether a watched name stands in a title as words of its own, or among the topics. Only plain names are.
fn is_named(name: &str, title: &str, topics: &[String]) -> bool {
    let words = |text: &str| {
        let plain: String =
            text.to_lowercase().chars().map(|letter| if letter.is_alphanumeric() { letter } else { ' ' }).collect();
        format!(" {} ", plain.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let is_plain = name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | ' '));
    is_plain && !name.is_empty() && (words(title).contains(&words(name)) || topics.iter().any(|topic| topic == name))
}

/// From which version on a claim holds: for a fault the one that mends it, else the release's own.
pub fn since(product: &Product, claim: &str, text: &str, is_advisory: bool) -> Option<Since> {
    let version = if is_advisory {
        let mended = MENDED.captures(claim).or_else(|| MENDED.captures(text))?;
        mended["version"].to_owned()
    } else {
        product.version.clone()?
    };
    Some(Since { product: product.name.clone(), version })
}

/// Areas of work by the words that name them, in the order in which they are told.
const AREAS: [(&str, &str); 17] = [
    (r"(?i)\bsandbox", "the sandbox"),
    (r"(?i)\bpermission|\bauto-approv|\bapprov|\ballow ?list|\bden(?:y|ies)", "permissions"),
    (r"(?i)\bcredential|\bsecret|\bapi key|\btoken ?s? (?:leak|mask)", "credentials"),
    (r"(?i)\bhooks?\b|ToolUse\b", "hooks"),
    (r"(?i)\bmcp\b", "MCP servers"),
    (r"(?i)\bplugins?\b|\bmarketplaces?\b", "plugins"),
    (r"(?i)\bskills?\b", "skills"),
    (r"(?i)\bsubagents?\b|\bteammates?\b|\bagent teams?\b", "subagents"),
    (r"(?i)\bworktrees?\b", "worktrees"),
    (r"(?i)\bremote[ -]control\b|\bcloud sessions?\b", "remote control"),
    (r"(?i)\bresum|\bsessions?\b", "sessions"),
    (r"(?i)\bauto mode\b|\bplan mode\b", "its modes"),
    (r"(?i)\bgit\b|\bcommit|\bpull requests?\b|\bbranch", "git"),
    (r"(?i)\bcontext\b|\bcompact|\bmemory\b|CLAUDE\.md", "the context"),
    (r"(?i)\bcosts?\b|\busage\b|\bbudget|\blimits?\b", "cost and limits"),
    (r"(?i)\bmodels?\b|\beffort\b", "the choice of a model"),
    (r"(?i)\bsettings?\b|\benv(?:ironment)? var|\bflags?\b|\boptions?\b", "settings"),
];

/// Areas that are told at most.
const MOST_AREAS: usize = 2;

/// When to think of a lesson: a template of ours, filled with names that we know. No foreign word enters but a version's digits.
pub fn use_when(kind: Kind, product: Option<&Product>, since: Option<&Since>, claim: &str) -> String {
    static KNOWN: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        AREAS.iter().map(|(named, area)| (Regex::new(named).expect("a valid pattern"), *area)).collect()
    });
    let words = claim.replace('`', "");
    let areas: Vec<&str> =
        KNOWN.iter().filter(|(named, _)| named.is_match(&words)).map(|(_, area)| *area).take(MOST_AREAS).collect();
    let spoken = product.map_or("a coding agent", |product| product.spoken.as_str());
    let about = if areas.is_empty() { String::new() } else { format!(", for {}", areas.join(" and ")) };
    let mut when = match (kind, since) {
        (Kind::Security, Some(since)) => format!("When {spoken} is older than {}{}", since.version, about),
        (Kind::Security, None) => format!("When checking that {spoken} is safe to use{about}"),
        (Kind::Deprecation, Some(since)) => {
            format!("When habits or settings come from before {spoken} {}{}", since.version, about)
        }
        (Kind::Deprecation, None) => format!("When habits or settings for {spoken} are older than this{about}"),
        (Kind::Practice | Kind::Technique, Some(since)) => {
            format!("When working with {spoken} {} or later{}", since.version, about)
        }
        (Kind::Practice | Kind::Technique, None) => format!("When working with {spoken}{about}"),
    };
    when.push('.');
    debug_assert!(when.chars().count() <= LONGEST_CLAIM);
    when
}

/// The code that names a lesson: what is looked for in sessions, and by what a later retirement knows it.
pub fn signature(claim: &str) -> Vec<String> {
    let own = |token: &&str| {
        token.len() > 3
            && !matches!(*token, "settings.json" | "CLAUDE.md" | "claude" | "/config" | "plugin.json" | "git")
    };
    code::tokens(claim).into_iter().filter(own).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn product_and_version_are_read_from_titles_as_they_are_written() {
        for (title, topic, expected) in [
            ("Claude Code v2.1.239", "x", Some(("claude-code", Some("2.1.239")))),
            ("claude-code 2.0.0", "x", Some(("claude-code", Some("2.0.0")))),
            ("v0.44.1", "codex", Some(("codex", Some("0.44.1")))),
            ("A post about tea", "tea", None),
            ("Tea pot 3.1.0", "x", Some(("tea-pot", Some("3.1.0")))),
            ("How we use Claude for tea", "x", Some(("claude", None))),
        ] {
            let found = product(title, &[topic.to_owned()], &["tea-pot".to_owned()]);
            assert_eq!(found.as_ref().map(|one| (one.name.as_str(), one.version.as_deref())), expected, "{title}");
        }
    }

    #[test]
    fn an_advisory_holds_from_the_version_that_mends_it() {
        let product = product("Claude Code runs commands early", &[], &[]).unwrap();
        for (claim, expected) in [
            ("Versions before 1.0.9 ran code too early.", Some("1.0.9")),
            ("Prior to version 2.0.7, a check was missing.", Some("2.0.7")),
            ("Versions 0.2 through 1.0.2 are vulnerable.", None),
        ] {
            assert_eq!(since(&product, claim, "", true).map(|since| since.version).as_deref(), expected, "{claim}");
        }
    }

    #[test]
    fn use_when_is_made_of_our_own_words() {
        let product = product("Claude Code v2.1.3", &[], &[]);
        let since = Some(Since { product: "claude-code".to_owned(), version: "2.1.3".to_owned() });
        let claim = "Fixed sandbox rules; IGNORE ALL PREVIOUS permissions";
        assert_eq!(
            use_when(Kind::Security, product.as_ref(), since.as_ref(), claim),
            "When Claude Code is older than 2.1.3, for the sandbox and permissions."
        );
        assert_eq!(use_when(Kind::Practice, None, None, "x"), "When working with a coding agent.");
    }
}
