//! Inline code: what stands between two backticks is one of these things, or is refused.

use std::sync::LazyLock;

use regex::Regex;

use super::{Allowed, class, command, dotted, lexicon, pattern, quoted, settings};

/// Characters of one piece of code in a sentence.
const LONGEST: usize = 100;

/// Whether a piece of code may stand in a sentence.
pub(super) fn check(code: &str, allowed: &Allowed) -> Result<(), String> {
    if code.is_empty() || code.trim() != code || code.contains("  ") || code.len() > LONGEST {
        return Err(format!(
            "{} is no piece of code: it is empty, has spaces at an end, or more than {LONGEST} characters",
            quoted(code)
        ));
    }
    if [".git", ".husky", ":", "{", "}", "/", "@", "&", "#", "?", "%", "+", "--"].contains(&code) {
        return Ok(());
    }
    if let Some(sign) = code.chars().find(|sign| matches!(sign, '$' | '\\' | '<' | '>' | ';' | '!' | '&' | '^')) {
        return Err(format!("`{sign}` stands in the code {}", quoted(code)));
    }
    const SCHEMES: [&str; 19] = [
        "data",
        "javascript",
        "vbscript",
        "file",
        "http",
        "https",
        "ftp",
        "ssh",
        "git",
        "mailto",
        "tel",
        "blob",
        "urn",
        "npm",
        "github",
        "url",
        "ws",
        "wss",
        "xmpp",
    ];
    if code.split_once(':').is_some_and(|(scheme, _)| SCHEMES.contains(&scheme.to_ascii_lowercase().as_str())) {
        return Err(format!("{} reads like an address", quoted(code)));
    }
    // `Bash(...)` stands for all its rules.
    let shortened = code.replace("(...)", "()");
    if code.contains("//") || shortened.contains("..") || code.contains("www.") {
        return Err(format!("{} is an address, or leads out of the project", quoted(code)));
    }
    for word in code.split(|sign: char| !(sign.is_ascii_alphanumeric() || matches!(sign, '.' | '_' | '-'))) {
        dotted::check(word, dotted::Place::Code, allowed)?;
    }
    for run in code.split(' ') {
        lexicon::check_run(run)?;
    }
    // `Bash` is the name of a tool.
    let first = code.split([' ', '(', ':']).next().unwrap_or_default();
    if first != "Bash" && code != "env" && STARTED.contains(&first.to_ascii_lowercase().as_str()) {
        return Err(format!("{} starts a program that advice does not name", quoted(code)));
    }
    if is_one_of(code)
        || is_setting(code)
        || is_tool_rule(code, allowed)
        || is_short_for_claude(code, allowed)
        || command::may_be_named(code, allowed)
        || pattern::is_package(code, allowed)
    {
        Ok(())
    } else {
        Err(format!("{} is code of no kind that may stand in a sentence", quoted(code)))
    }
}

/// `and/or`, `/cost` or `.claude/settings.json` outside of code.
pub(super) fn is_slashed_prose(word: &str) -> bool {
    static JOINED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^[A-Za-z0-9+.-]*[A-Za-z0-9+](?:/[A-Za-z0-9+-]*[A-Za-z0-9+.-]+){1,4}$").expect("a literal")
    });
    // Between two pieces of code stands the sign alone.
    let word = word.strip_suffix('/').unwrap_or(word);
    word.is_empty()
        || is_slash_command(word)
        || class::is_path(word)
        || !word.contains('/')
        || (JOINED.is_match(word) && !word.contains(".."))
}

/// Folders of a system that look like slash commands.
const SYSTEM: [&str; 19] = [
    "/etc", "/tmp", "/usr", "/bin", "/sbin", "/dev", "/proc", "/root", "/home", "/var", "/opt", "/sys", "/boot",
    "/mnt", "/lib", "/srv", "/run", "/users", "/private",
];

fn is_slash_command(text: &str) -> bool {
    static GRAMMAR: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(/[a-z][a-z0-9-]{1,30}(?::[a-z][a-z0-9-]{1,30})?)((?: (?:--|/)?[a-z0-9][a-z0-9-]{0,30}){0,5})$")
            .expect("a literal")
    });
    const ARGUMENTS: [&str; 24] = [
        "install",
        "add",
        "marketplace",
        "run",
        "exec",
        "eval",
        "import",
        "connect",
        "trust",
        "allow",
        "bypass",
        "off",
        "disable",
        "none",
        "never",
        "all",
        "any",
        "false",
        "open",
        "grant",
        "remove",
        "delete",
        "sudo",
        "root",
    ];
    if ["/plugin install", "/plugin marketplace", "/plugin marketplace add", "/plugin enable", "/plugin disable"]
        .contains(&text)
    {
        return true;
    }
    GRAMMAR.captures(text).is_some_and(|parts| {
        let arguments = &parts[2];
        !SYSTEM.contains(&&parts[1])
            && !arguments.split(' ').any(|word| SYSTEM.contains(&word))
            && !arguments.split(' ').any(|word| ARGUMENTS.contains(&word.trim_start_matches('-')))
    })
}

/// What runs whatever it is given, or fetches it.
const STARTED: [&str; 41] = [
    "sudo",
    "doas",
    "su",
    "rm",
    "curl",
    "wget",
    "nc",
    "ncat",
    "netcat",
    "eval",
    "exec",
    "sh",
    "bash",
    "zsh",
    "fish",
    "source",
    "dd",
    "mkfs",
    "base64",
    "xxd",
    "chmod",
    "chown",
    "ssh",
    "scp",
    "sftp",
    "rsync",
    "telnet",
    "socat",
    "crontab",
    "osascript",
    "powershell",
    "pwsh",
    "iex",
    "cmd",
    "perl",
    "ruby",
    "php",
    "nohup",
    "xargs",
    "env",
    "printenv",
];

/// Names, flags, values, keys and versions.
fn is_one_of(code: &str) -> bool {
    static GRAMMARS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
        let grammars = [
            // A flag, with a value of one word: `--resume`, `-p`, `--output-format json`, `--effort=high`.
            r"-{1,2}[A-Za-z][A-Za-z0-9-]{0,40}(?:[ =][a-z0-9][a-z0-9.-]{0,30})?",
            r"-{1,2}[a-z][a-z0-9-]{0,30}(?:/-{1,2}[a-z][a-z0-9-]{0,30}){1,2}",
            // A name in code: `agent_id`, `SubagentStop`, `mcp__server__tool`, `fixup`, `foo()`, `asyncio.run()`.
            r"[A-Za-z_][A-Za-z0-9_]{0,50}(?:\(\))?",
            r"[A-Za-z_][A-Za-z0-9_-]{0,40}(?:\.[A-Za-z_][A-Za-z0-9_-]{0,40}){1,4}(?:\(\))?",
            r"[A-Za-z0-9]{1,20}(?:-[A-Za-z0-9]{1,20}){1,6}",
            r"\.[a-z][a-z0-9-]{0,20}(?:\.[a-z]{2,5})?",
            r"mcp__[a-z0-9_*-]{1,40}",
            // `selection:clear`, `user:inference`, `plugin:skill`
            r"[a-zA-Z][a-zA-Z0-9_-]{0,25}:[a-zA-Z][a-zA-Z0-9_-]{0,25}",
            // Tools of a matcher: `Edit|Write`.
            r"[A-Z][A-Za-z]{1,20}(?:\|[A-Z][A-Za-z]{1,20}){1,4}",
            // Keys of the keyboard: `Ctrl+R`, `Shift+Tab`, `Esc Esc`.
            r"(?i:(?:ctrl|alt|shift|cmd|option|opt|meta|super)(?: ?[+-] ?(?:ctrl|alt|shift|cmd|option|opt|meta|super)){0,2} ?[+-] ?(?:[a-z0-9]|tab|enter|space|esc|escape|backspace|up|down|left|right|home|end|f[0-9]{1,2})(?: ctrl[+][a-z])?)",
            // A key of front matter, a method of MCP.
            r"[A-Za-z][A-Za-z0-9_-]{1,30}:",
            r"(?:roots|tools|resources|prompts|notifications|sampling|elicitation|completion|server)/[a-z_]{2,20}(?:/[a-z_]{2,20})?",
            r"(?:Esc|Tab|Enter|Space)(?: (?:Esc|Tab|Enter))?",
            // A call, an index, a type: `asyncio.timeout(5)`, `list[int]`.
            r"[a-z_][A-Za-z0-9_.]{0,40}\([A-Za-z0-9_=, .-]{0,40}\)",
            r"[a-z][A-Za-z0-9_.]{0,30}\[[A-Za-z0-9_, -]{1,24}\]",
            // What a hook answers.
            r#"\{ ?"?(?:decision|ok|continue|retry|async|suppressOutput)"?: ?(?:"block"|"deny"|"ask"|true|false) ?\}"#,
            // Codex' settings.
            r#"sandbox_mode ?= ?"(?:read-only|workspace-write)"|approval_policy ?= ?"(?:untrusted|on-request)"|model_reasoning_effort ?= ?"(?:minimal|low|medium|high|xhigh)"|exclude-newer ?= ?"(?:[0-9]{1,3} (?:days|weeks)|[0-9]{4}-[0-9]{2}-[0-9]{2})""#,
            // A table of TOML, a span of time.
            r"\[{1,2}[a-z][a-z0-9.-]{1,30}\]{1,2}",
            r"[0-9]{1,4} (?:seconds|minutes|hours|days|weeks|months|tokens|lines)",
            // Values, and a header of a skill with one of its own words.
            r#""[A-Za-z][A-Za-z0-9_-]{0,30}""#,
            r#"(?:context: "?fork"?|isolation: "?worktree"?|model: (?:haiku|sonnet|opus|inherit)|effort: (?:low|medium|high|xhigh|max)|user-invocable: (?:true|false)|disable-model-invocation: (?:true|false)|background: (?:true|false)|memory: (?:user|project|local)|agent: [a-z-]{1,30}|once: true|async: true|type: "?(?:prompt|command|agent|http|sdk|mcp_tool)"?|alwaysLoad: true|shell: (?:bash|powershell))"#,
        ];
        grammars.iter().map(|grammar| Regex::new(&format!("^(?:{grammar})$")).expect("a literal")).collect()
    });
    let is_hidden_file = code.starts_with('.') && class::is_closed(code);
    (!is_hidden_file && GRAMMARS.iter().any(|grammar| grammar.is_match(code)))
        || class::is_version(code)
        || class::is_number(code)
        || class::is_model(code)
        || class::is_path(code)
        || is_slash_command(code)
        || is_words(code)
}

/// `plugin install` for `claude plugin install`.
fn is_short_for_claude(code: &str, allowed: &Allowed) -> bool {
    (code.starts_with("plugin ") || code.starts_with("mcp "))
        && command::may_be_named(&format!("claude {code}"), allowed)
}

/// Two or three plain words, which could stand outside of code as well: `aws login`, `plan mode`. Not of a program that has its own table,
/// and not what fetches or starts something.
fn is_words(code: &str) -> bool {
    static GRAMMAR: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^[A-Za-z][A-Za-z0-9-]{0,20}(?: [A-Za-z][A-Za-z0-9-]{0,20}){1,2}$").expect("a literal")
    });
    const DOING: [&str; 36] = [
        "install", "add", "exec", "run", "dlx", "eval", "get", "load", "import", "rm", "clone", "fetch", "download",
        "publish", "push", "pull", "trust", "allow", "enable", "disable", "start", "python", "python3", "node", "npx",
        "bunx", "pnpx", "deno", "bun", "delete", "remove", "reset", "kill", "apply", "destroy", "x",
    ];
    let code = code.to_ascii_lowercase();
    let started = |word: &str| DOING.contains(&word) || STARTED.contains(&word);
    GRAMMAR.is_match(&code)
        && !code.split(' ').any(started)
        && !command::is_program(code.split(' ').next().unwrap_or_default())
}

/// `channelsEnabled: true`: a switch of the settings whose name touches nothing that protects.
fn is_toggle(code: &str) -> bool {
    static GRAMMAR: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"^"?([a-z][A-Za-z]{3,40}(?:\.[a-z][A-Za-z]{3,40})?)"?(?:: ?|=)(?:true|false)$"#)
            .expect("a literal")
    });
    const TOUCHY: [&str; 39] = [
        "skip",
        "bypass",
        "sandbox",
        "permission",
        "trust",
        "allow",
        "safe",
        "secur",
        "tls",
        "ssl",
        "cert",
        "verif",
        "auth",
        "token",
        "key",
        "hook",
        "url",
        "proxy",
        "scrub",
        "danger",
        "approv",
        "polic",
        "managed",
        "confirm",
        "warn",
        "auto",
        "update",
        "ignore",
        "strict",
        "check",
        "deny",
        "block",
        "protect",
        "guard",
        "restrict",
        "enableall",
        "sign",
        "public",
        "disable",
    ];
    GRAMMAR.captures(code).is_some_and(|parts| {
        let key = parts[1].to_ascii_lowercase();
        !TOUCHY.iter().any(|word| key.contains(word))
    })
}

/// A key with a value that settings may have: `sandbox.enabled: true`, `MAX_THINKING_TOKENS=8000`, `{"cleanupPeriodDays": 30}`.
fn is_setting(code: &str) -> bool {
    if code.starts_with('{') {
        // Of a key that stands twice readers differ in which they take: written again it has fewer quotation marks.
        let quotes = |text: &str| text.matches('"').count();
        let is_whole = |settings: &serde_json::Map<String, serde_json::Value>| {
            serde_json::to_string(settings).is_ok_and(|written| quotes(&written) == quotes(code))
        };
        return serde_json::from_str(code)
            .is_ok_and(|settings| is_whole(&settings) && settings::check(&settings).is_ok());
    }
    let Some((key, value)) = code.split_once(['=', ':']) else { return false };
    let (key, value) = (key.trim().trim_matches('"'), value.trim());
    let value = serde_json::from_str(value).unwrap_or_else(|_| serde_json::Value::from(value));
    settings::may_be(key, &value) || is_switch(code) || is_toggle(code)
}

/// `CLAUDE_CODE_SIMPLE=1`: a switch of the environment whose name touches nothing that protects.
fn is_switch(code: &str) -> bool {
    static GRAMMAR: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^([A-Z][A-Z0-9_]{1,50})=(?:0|1|true|false|[0-9]{1,7})$").expect("a literal"));
    const TOUCHY: [&str; 30] = [
        "INSECURE",
        "UPDATE",
        "IGNORE",
        "SKIP",
        "BYPASS",
        "SANDBOX",
        "PERMISSION",
        "TRUST",
        "ALLOW",
        "SAFE",
        "SECUR",
        "TLS",
        "SSL",
        "CERT",
        "VERIF",
        "AUTH",
        "TOKEN_",
        "KEY",
        "HOOK",
        "URL",
        "PROXY",
        "HOST",
        "SCRUB",
        "DANGER",
        "APPROV",
        "POLIC",
        "MANAGED",
        "REMOTE",
        "CONFIRM",
        "WARN",
    ];
    GRAMMAR.captures(code).is_some_and(|parts| !TOUCHY.iter().any(|word| parts[1].contains(word)))
}

/// Commands that do little, whatever follows them.
const TAME: [&str; 40] = [
    "ls",
    "pytest",
    "ruff",
    "ruff check",
    "npm test",
    "npm run",
    "npm run test",
    "npm run lint",
    "npm run build",
    "mkdir",
    "touch",
    "grep",
    "rg",
    "head",
    "tail",
    "wc",
    "pwd",
    "which",
    "tree",
    "jq",
    "git status",
    "git diff",
    "git log",
    "git show",
    "git add",
    "git commit",
    "git branch",
    "git fetch",
    "git worktree list",
    "gh pr view",
    "gh pr diff",
    "gh pr checks",
    "gh run view",
    "gh issue view",
    "cargo check",
    "cargo test",
    "cargo clippy",
    "uv sync",
    "uv run pytest",
    "make test",
];

/// A rule for one tool: `Bash(git diff *)`, `Read(./docs/**)`, `WebFetch`. What it lets through must be harmless, since a sentence may say
/// "allow" as well as "deny".
fn is_tool_rule(code: &str, allowed: &Allowed) -> bool {
    static GRAMMAR: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"^(Bash|PowerShell|Read|Edit|Write|Glob|Grep|Skill|Agent|Task|WebFetch|Cd)\(([A-Za-z0-9 ./:*_-]+)\)$",
        )
        .expect("a literal")
    });
    let Some(parts) = GRAMMAR.captures(code) else { return false };
    let inner = &parts[2];
    match &parts[1] {
        "Bash" | "PowerShell" => {
            // What follows may be anything, so that it is asked for here: to look, to test and to format.
            TAME.contains(&inner.trim_end_matches('*').trim_end_matches([':', ' ']))
        }
        "Read" | "Edit" | "Write" | "Glob" | "Grep" | "Cd" => {
            inner.trim_matches('*').trim_matches('/').len() > 1 && class::is_path(inner)
        }
        "Skill" | "Agent" | "Task" => class::is_word(inner),
        _ => inner.strip_prefix("domain:").is_some_and(|host| allowed.has_host(host)),
    }
}
