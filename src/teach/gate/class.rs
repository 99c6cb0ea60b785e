//! Small grammars that several fields share: versions, models, numbers, branches, paths below the project.

use std::sync::LazyLock;

use regex::Regex;

macro_rules! grammar {
    ($(#[$doc:meta])* $name:ident, $pattern:expr) => {
        $(#[$doc])*
        pub(super) fn $name(text: &str) -> bool {
            static GRAMMAR: LazyLock<Regex> = LazyLock::new(|| Regex::new(concat!("^(?:", $pattern, ")$")).expect("a literal"));
            GRAMMAR.is_match(text)
        }
    };
}

grammar!(
    /// `2.1.214`, `v0.9`, `2.x`, `1.0.0-beta.2`, `1.0rc1`, `3.14t`; three figures a part at most but for the year of a date.
    is_version,
    r"v?[0-9]{1,4}(?:\.(?:[0-9]{1,6}|x|\*)){0,2}(?:\.[0-9]{1,6})?(?:-?(?:alpha|beta|rc|preview|dev|a|b|post|pre|canary|next|nightly)[.-]?[0-9]{0,8}(?:\.[0-9]{1,4})?|[tx])?"
);

grammar!(
    /// `opus`, `claude-opus-4-5`, `gpt-5.1-codex`, `sonnet[1m]`.
    is_model,
    r"(?:(?:claude|gpt|o|codex|gemini|qwen|llama)-?[0-9a-z]{1,10}(?:[-.][0-9a-z]{1,10}){0,5}|(?:opus|sonnet|haiku|opusplan|fable|default|inherit)(?:-[0-9]{1,2}(?:[-.][0-9]{1,2})?)?)(?:\[1m\])?"
);

grammar!(is_number, r"[0-9]{1,8}|[0-9]{1,3}(?:\.[0-9]{1,3})?%?|[0-9]{1,6}(?:ms|s|m|h|d|k|K|KB|MB|GB)");

grammar!(
    /// Letters, figures and hyphens, beginning with a letter; `_` between them.
    is_word,
    r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*"
);

grammar!(is_date, r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,3}\.(?:days|weeks|months)|yesterday");

grammar!(
    /// A branch, tag or commit: no `+` (which forces), no `:` (which names another), no `..`, no look of an option.
    is_ref,
    r"(?:HEAD|ORIG_HEAD|FETCH_HEAD)(?:[~^][0-9]{0,3})?|[A-Za-z0-9][A-Za-z0-9_-]*(?:[./][A-Za-z0-9_-]+)*(?:[~^][0-9]{0,3})?"
);

grammar!(is_range, r"[A-Za-z0-9][A-Za-z0-9/_.~^-]*?\.{2,3}[A-Za-z0-9][A-Za-z0-9/_~^-]*");

/// What a path may begin with that is no file itself.
const FOLDERS: [&str; 38] = [
    ".claude",
    ".claude-plugin",
    ".codex",
    ".agents",
    ".cursor",
    ".github",
    ".gitlab",
    ".vscode",
    ".devcontainer",
    ".worktrees",
    "src",
    "tests",
    "test",
    "docs",
    "doc",
    "examples",
    "benches",
    "lib",
    "app",
    "apps",
    "packages",
    "crates",
    "plugins",
    "skills",
    "agents",
    "commands",
    "rules",
    "references",
    "scripts",
    "node_modules",
    "target",
    "dist",
    "build",
    "notebooks",
    "data",
    "results",
    "worktrees",
    "output-styles",
];

/// Files below a home that hold settings and no secrets.
const HOME_FILES: [&str; 26] = [
    "~/.claude.json",
    "~/.claude/rules",
    "~/.claude/plugins",
    "~/.claude/plugins/",
    "~/.claude/tasks",
    "~/.claude/teams",
    "~/.claude",
    "~/.claude/",
    "~/.claude/settings.json",
    "~/.claude/CLAUDE.md",
    "~/.claude/keybindings.json",
    "~/.claude/skills",
    "~/.claude/skills/",
    "~/.claude/agents",
    "~/.claude/agents/",
    "~/.claude/commands",
    "~/.claude/commands/",
    "~/.claude/projects",
    "~/.claude/projects/",
    "~/.claude/rules/",
    "~/.claude/plans",
    "~/.claude/plans/",
    "~/.codex/config.toml",
    "~/.codex/AGENTS.md",
    "~/.codex/sessions",
    "~/.codex/skills",
];

/// What holds secrets, or runs by itself: no path to it is written down.
const CLOSED: [&str; 26] = [
    ".env",
    ".envrc",
    ".ssh",
    ".aws",
    ".gnupg",
    ".netrc",
    ".pypirc",
    ".kube",
    ".docker",
    ".git",
    ".git-credentials",
    ".bashrc",
    ".zshrc",
    ".profile",
    ".bash_profile",
    "authorized_keys",
    "id_rsa",
    "id_ed25519",
    "credentials",
    ".credentials.json",
    "secrets",
    "passwd",
    "shadow",
    ".husky",
    "cookies",
    "keychain",
];

/// A file, folder or pattern below the project, or one of the few known ones below a home: nothing absolute, nothing above, nothing that
/// holds secrets or runs by itself.
pub(super) fn is_path(text: &str) -> bool {
    static GRAMMAR: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"^(?:\./)?(?:\*\*?|[A-Za-z0-9._-]*\*?[A-Za-z0-9._-]*)(?:/(?:\*\*?|[A-Za-z0-9._-]*\*?[A-Za-z0-9._-]+))*/?$",
        )
        .expect("a literal")
    });
    if HOME_FILES.contains(&text) {
        return true;
    }
    // The harness' own folder; what it holds of secrets is closed by name.
    let text = match text.strip_prefix("~/.claude/") {
        Some(below) => &format!(".claude/{below}"),
        None => text,
    };
    if !GRAMMAR.is_match(text) || text.len() > 80 || text == "/" || text == "." {
        return false;
    }
    let segments: Vec<&str> = text.trim_start_matches("./").trim_end_matches('/').split('/').collect();
    let (last, folders) = segments.split_last().expect("splitting gives one");
    // A dot within a folder's name is how a host is written.
    let folder = |name: &&str| !name.is_empty() && !name.trim_start_matches('.').contains('.');
    segments.iter().all(|name| !name.contains("..") && !is_closed(name) && !name.starts_with('-') && !is_program(name))
        && folders.iter().all(folder)
        && (text.starts_with("./")
            || text.ends_with('/')
            || last.contains('.')
            || FOLDERS.contains(&segments[0])
            || last.contains('*'))
}

/// Whether a name is one that holds secrets, or runs by itself.
pub(super) fn is_closed(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    CLOSED.contains(&lower.as_str())
        || lower.starts_with(".env.")
        || lower.contains("id_rsa")
        || lower.contains("credential")
}

/// What a system starts when it is opened.
fn is_program(name: &str) -> bool {
    let ends = [
        ".sh", ".bash", ".zsh", ".exe", ".bat", ".cmd", ".ps1", ".com", ".scr", ".jar", ".msi", ".dmg", ".pkg", ".apk",
    ];
    let lower = name.to_ascii_lowercase();
    ends.iter().any(|end| lower.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_below_the_project() {
        for path in [
            "src/main.rs",
            ".claude/settings.json",
            ".claude/rules/",
            "docs/*.md",
            "**/*.ts",
            "./notes/a.txt",
            "~/.claude/skills/",
        ] {
            assert!(is_path(path), "{path}");
        }
        for path in [
            "/etc/passwd",
            "../x.txt",
            "~/.ssh/id_rsa",
            ".env",
            ".env.local",
            "evil.com/x.json",
            "a//b.json",
            ".git/hooks/x",
            "setup.sh",
        ] {
            assert!(!is_path(path), "{path}");
        }
    }

    #[test]
    fn versions_are_short() {
        for version in ["2.1.214", "v0.9", "2.x", "1.0.0-beta.2", "1.0rc1", "3.14t", "2026.11.1"] {
            assert!(is_version(version), "{version}");
        }
        for version in ["", "latest", "2.1.214.evil", "2..1", "1.2.3+build", "-1.2"] {
            assert!(!is_version(version), "{version}");
        }
    }
}
