//! Code in a sentence: which of its words are code, set between backticks.
//!
//! Feeds lose the marks of code where they make HTML plain. What cannot be a word of prose gets them back: flags, environment
//! variables, slash commands, keys of settings, files and paths, and commands of the agents we know. Not a letter changes.

use std::sync::LazyLock;

use regex::Regex;

static CODE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?x)
          (?P<command>\bclaude(?:\ (?:mcp|plugin|config|agents|doctor|update|install|rc|setup-token|remote-control|self-hosted-runner|auto-mode|ultrareview)\b(?:\ (?:add|remove|list|install|uninstall|update|enable|disable|validate|marketplace|details|serve|get)\b)*)?(?:\ --[a-z][a-z0-9-]+(?:=[\w.-]+)?\b)*)
        | (?P<flag>(?:^|[\s(,/])--[a-z][a-z0-9-]+(?:=[\w.-]+)?)
        | (?P<variable>\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?:=[\w.-]+)?\b)
        | (?P<slash>(?:^|[\s(,])/[a-z][a-z0-9]*(?:[-:][a-z0-9]+)*\b)
        | (?P<path>(?:^|[\s(,"])(?:~/|\./|\.)[A-Za-z][\w.-]*(?:/[\w.*-]+)*/?)
        | (?P<file>\b[A-Za-z][\w-]*(?:/[\w.-]+)*\.(?:json|jsonc|md|toml|ya?ml|py|sh|ts|js|ini|cfg|env)\b)
        | (?P<dotted>\b[a-z][A-Za-z0-9]*(?:\.[a-z][A-Za-z0-9]*)+\b)
        | (?P<camel>\b[a-z]+(?:[A-Z][a-z0-9]+)+\b)
        | (?P<model>\b(?:claude|gpt|gemini)-[a-z0-9]+(?:[.-][a-z0-9]+)*\b)
        "#,
    )
    .expect("a valid pattern")
});

/// Names that are written like code and are none.
const NAMES: [&str; 18] = [
    "claude.ai",
    "anthropic.com",
    "github.com",
    "openai.com",
    "e.g",
    "i.e",
    "iPhone",
    "iPad",
    "eBay",
    "arXiv",
    "node.js",
    "next.js",
    "vue.js",
    "openSUSE",
    "macOS",
    "iOS",
    "iTerm",
    "platform.claude.com",
];

/// The sentence with its code between backticks. None where the marks it came with don't close.
pub fn mark(sentence: &str) -> Option<String> {
    if sentence.contains('`') {
        let is_sound = sentence.matches('`').count().is_multiple_of(2) && !sentence.contains("``");
        return is_sound.then(|| sentence.to_owned());
    }
    let mut marked = String::with_capacity(sentence.len() + 8);
    let mut done = 0;
    for (start, end) in spans(sentence) {
        marked.push_str(&sentence[done..start]);
        marked.push('`');
        marked.push_str(&sentence[start..end]);
        marked.push('`');
        done = end;
    }
    marked.push_str(&sentence[done..]);
    Some(marked)
}

/// The code of a sentence: what stands between backticks, else what can be nothing else.
pub fn tokens(sentence: &str) -> Vec<&str> {
    if sentence.contains('`') {
        return sentence.split('`').skip(1).step_by(2).filter(|token| !token.is_empty()).collect();
    }
    spans(sentence).into_iter().map(|(start, end)| &sentence[start..end]).collect()
}

fn spans(sentence: &str) -> Vec<(usize, usize)> {
    let mut spans = Vec::new();
    for found in CODE.find_iter(sentence) {
        let token = found.as_str();
        // What stands before a token was matched to see that it begins there.
        let start = found.start() + (token.len() - token.trim_start_matches([' ', '\t', '(', ',', '"']).len());
        let start = if sentence[start..].starts_with("/--") { start + 1 } else { start };
        let end = start + sentence[start..found.end()].trim_end_matches(['.', '/']).len();
        let token = &sentence[start..end];
        let is_name = token == "claude" || NAMES.contains(&token) || token.len() < 3 || is_pair(sentence, start);
        if !is_name {
            spans.push((start, end));
        }
    }
    spans
}

/// Whether a slash stands between two words of prose: `and /or`.
fn is_pair(sentence: &str, start: usize) -> bool {
    sentence[start..].starts_with("/or") && !sentence[start + 3..].starts_with(|letter: char| letter.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_code_gets_its_marks_back() {
        for (sentence, expected) in [
            ("Run claude plugin update before --bare works", "Run `claude plugin update` before `--bare` works"),
            ("Set CLAUDE_CODE_NAP=1 in .claude/settings.json", "Set `CLAUDE_CODE_NAP=1` in `.claude/settings.json`"),
            ("Changed /nap (and /wake) to ask", "Changed `/nap` (and `/wake`) to ask"),
            (
                "Added napLength and sandbox.naps to settings.json.",
                "Added `napLength` and `sandbox.naps` to `settings.json`.",
            ),
            ("Claude Code on claude.ai reads words and/or marks", "Claude Code on claude.ai reads words and/or marks"),
            ("It kept `its marks` and --this", "It kept `its marks` and --this"),
        ] {
            assert_eq!(mark(sentence).as_deref(), Some(expected));
            assert_eq!(mark(sentence).unwrap().replace('`', ""), sentence.replace('`', ""), "no letter changes");
        }
        assert_eq!(mark("A mark ` that does not close"), None);
    }
}
