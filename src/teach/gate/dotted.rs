//! Words with dots: versions, files and settings keys may stand, names of hosts may not.

use super::{Allowed, class, quoted};

/// Where a word stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Prose,
    Code,
}

/// What is called by a name with a dot in it and is known to everybody; hosts among them are their makers' own.
const NAMES: [&str; 44] = [
    "asyncio.run",
    "subprocess.run",
    "date.now",
    "claude.ai",
    "code.claude.com",
    "docs.claude.com",
    "platform.claude.com",
    "console.anthropic.com",
    "chatgpt.com",
    "github.com",
    "gitlab.com",
    "pypi.org",
    "npmjs.com",
    "crates.io",
    "docs.rs",
    "arxiv.org",
    "huggingface.co",
    "node.js",
    "next.js",
    "vue.js",
    "three.js",
    "d3.js",
    "nuxt.js",
    "deno.land",
    "e.g",
    "i.e",
    "a.m",
    "p.m",
    "u.s",
    "u.k",
    "vs.code",
    "asp.net",
    "terminal.app",
    "iterm2.app",
    "socket.io",
    "127.0.0.1",
    "claude.exe",
    "git.exe",
    "bun.lockb",
    "llama.cpp",
    ".net",
    "claude.com",
    "www",
    "tool.uv",
];

/// Ends of files that no top-level domain is called.
const FILE_ENDS: [&str; 34] = [
    "json", "jsonl", "json5", "jsonc", "toml", "yaml", "yml", "txt", "lock", "js", "jsx", "mjs", "cjs", "ts", "tsx",
    "css", "html", "htm", "xml", "csv", "tsv", "ini", "cfg", "conf", "log", "ipynb", "pdf", "png", "jpg", "sql", "env",
    "mdx", "mdc", "svg",
];

/// Files whose end is some country's or anybody's domain: known by their whole name.
const FILES: [&str; 40] = [
    "CLAUDE.md",
    "CLAUDE.local.md",
    "AGENTS.md",
    "AGENTS.override.md",
    "SKILL.md",
    "README.md",
    "MEMORY.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "LICENSE.md",
    "GEMINI.md",
    "PLAN.md",
    "TODO.md",
    "NOTES.md",
    "SPEC.md",
    "REVIEW.md",
    "copilot-instructions.md",
    "best-practices.md",
    "recent-practices.md",
    "conftest.py",
    "setup.py",
    "manage.py",
    "noxfile.py",
    "__init__.py",
    "__main__.py",
    "main.py",
    "app.py",
    "main.rs",
    "lib.rs",
    "mod.rs",
    "build.rs",
    "main.go",
    "main.c",
    "index.md",
    "settings.py",
    "test.py",
    "tests.py",
    "pyvenv.cfg",
    "main.cc",
];

/// What the first part of a dotted key or a function's name is called where code is written.
const ROOTS: [&str; 95] = [
    "thinking",
    "effort",
    "fs",
    // settings.json
    "permissions",
    "sandbox",
    "env",
    "hooks",
    "attribution",
    "worktree",
    "statusLine",
    "mcpServers",
    "enabledPlugins",
    "voice",
    "autoMode",
    "spinnerVerbs",
    "fileSuggestion",
    "extraKnownMarketplaces",
    "pluginConfigs",
    "allowedMcpServers",
    "settings",
    "network",
    "filesystem",
    "keybindings",
    "metadata",
    "frontmatter",
    "plugin",
    "marketplace",
    "userConfig",
    "agent",
    "skill",
    "skillOverrides",
    "tui",
    "vim",
    "ui",
    "editor",
    "workspace",
    "plugins",
    "tools",
    "hookSpecificOutput",
    "workflow",
    // git config
    "pull",
    "push",
    "fetch",
    "merge",
    "rebase",
    "diff",
    "commit",
    "branch",
    "core",
    "init",
    "rerere",
    "user",
    "tag",
    "log",
    "column",
    "remote",
    "submodule",
    "transfer",
    "receive",
    "maintenance",
    "feature",
    "gc",
    "safe",
    "advice",
    "blame",
    "rebase",
    // pyproject.toml, Cargo.toml, package.json
    "tool",
    "project",
    "package",
    "dependencies",
    "workspace",
    "profile",
    "scripts",
    "engines",
    "build-system",
    // modules
    "os",
    "sys",
    "asyncio",
    "torch",
    "numpy",
    "np",
    "pd",
    "pandas",
    "json",
    "time",
    "subprocess",
    "pathlib",
    "anthropic",
    "openai",
    "httpx",
    "process",
    "console",
    "array",
    "string",
    "math",
];

/// Ends that are domains of the whole world and words of code at once, or domains only; every end of two letters is a country's.
const DOMAINS: [&str; 108] = [
    "com",
    "net",
    "org",
    "edu",
    "gov",
    "mil",
    "int",
    "info",
    "biz",
    "name",
    "pro",
    "mobi",
    "app",
    "dev",
    "xyz",
    "top",
    "site",
    "online",
    "store",
    "shop",
    "club",
    "live",
    "link",
    "click",
    "page",
    "pages",
    "cloud",
    "host",
    "website",
    "space",
    "fun",
    "icu",
    "vip",
    "win",
    "work",
    "works",
    "world",
    "zone",
    "today",
    "tech",
    "tools",
    "tool",
    "systems",
    "solutions",
    "services",
    "support",
    "software",
    "codes",
    "code",
    "computer",
    "network",
    "digital",
    "design",
    "email",
    "mail",
    "chat",
    "blog",
    "news",
    "wiki",
    "wtf",
    "lol",
    "ninja",
    "rocks",
    "run",
    "sh",
    "zip",
    "mov",
    "exe",
    "bat",
    "cmd",
    "ps1",
    "scr",
    "jar",
    "apk",
    "dmg",
    "pkg",
    "msi",
    "deb",
    "rpm",
    "bin",
    "onion",
    "local",
    "internal",
    "lan",
    "home",
    "corp",
    "test",
    "example",
    "invalid",
    "localhost",
    "data",
    "download",
    "file",
    "files",
    "stream",
    "build",
    "team",
    "plus",
    "global",
    "inc",
    "llc",
    "ltd",
    "foo",
    "bar",
    "new",
    "now",
    "one",
    "red",
];

/// Whether a word may stand as far as its dots go.
pub(super) fn check(word: &str, place: Place, allowed: &Allowed) -> Result<(), String> {
    let word = word.trim_start_matches('~').trim_end_matches('.').trim_end_matches("()");
    if !word.trim_start_matches('.').contains('.') {
        return Ok(());
    }
    let lower = word.to_ascii_lowercase();
    // `.claude` and `.mcp.json` begin with their dot.
    let bare = lower.trim_start_matches('.');
    if word.starts_with("..") {
        return if word.chars().all(|c| c == '.') {
            Ok(())
        } else {
            Err(format!("{} leaves the project", quoted(word)))
        };
    }
    if is_address(bare) && bare != "127.0.0.1" {
        return Err(format!("{} is an address in numbers", quoted(word)));
    }
    let Some((_, end)) = bare.rsplit_once('.') else { return Ok(()) };
    let root = word.split('.').find(|label| !label.is_empty()).unwrap_or_default();
    let is_file = FILE_ENDS.contains(&end) || FILES.contains(&word);
    let is_key = ROOTS.contains(&root) && end.len() > 2 && !DOMAINS.contains(&end) && is_labels(bare);
    // `sandbox.network.allowedDomains`: hosts have no capitals, and who writes them so is nobody's habit.
    let last = word.rsplit('.').next().unwrap_or_default();
    let is_camel = is_labels(bare) && is_camel(last) && !DOMAINS.contains(&end);
    // No domain of the top level has an underscore, or begins with a figure: `1.6k`, `GPT-5.6`.
    let is_no_host = is_labels(bare) && (end.starts_with(|first: char| first.is_ascii_digit()) || end.contains('_'));
    let is_metric = is_labels(bare) && bare.contains('_') && end.len() > 2 && !DOMAINS.contains(&end);
    let known =
        is_no_host || is_metric || NAMES.contains(&lower.as_str()) || class::is_version(word) || allowed.has_host(bare);
    if known || is_file || is_key || is_camel || (place == Place::Code && class::is_model(word)) {
        Ok(())
    } else {
        Err(format!("{} reads like the name of a host", quoted(word)))
    }
}

/// A plain list of labels, none of which hides anything.
fn is_labels(word: &str) -> bool {
    word.split('.').all(|label| {
        !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
            && !label.starts_with('-')
    })
}

/// `allowedDomains`, `Timeout`: letters with a capital after a small one or at the start before small ones.
fn is_camel(label: &str) -> bool {
    let inner = label.as_bytes().windows(2).any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
    inner && label.len() > 5 && label.bytes().all(|b| b.is_ascii_alphabetic())
}

fn is_address(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    parts.len() == 4 && parts.iter().all(|part| part.parse::<u16>().is_ok_and(|number| number < 256))
}
