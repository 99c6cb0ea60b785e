//! The tables from which settings are made, each line looked at by a person: what is harmless, what must not happen, what a person
//! should see first.
//!
//! A rule allows whatever follows its words, so a command is only here if no flag of it writes where it likes, runs what it is given,
//! or prints a file that lies elsewhere. Single flags that would are denied beside it; git takes the beginning of a long flag for the
//! whole, and so do these. What runs the project's own code can do all of that, and says so.
//!
//! That is why these are absent: `cat`, `grep` and `find` (Claude Code lets their harmless forms run by itself, and a rule would add
//! only the others), `rg` (`--pre` runs), `sed`, `awk`, `sort` with flags (they write and run), `env`, `xargs`, `python`, `bash`, `node`,
//! `npx`, `docker run`, `ssh` (they run anything), `git branch`, `git remote`, `git tag`, `git reflog` with words (they change),
//! `git grep` (`-O` runs), `git fetch` with words (`--upload-pack` runs), `jq` and `ps e` (they print the environment).

/// What a harmless command does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    Reads,
    Checks,
    Makes,
    /// Whoever may edit the tests may run anything through them: no more harmless than that.
    Runs,
    Asks,
}

impl Class {
    pub fn words(self) -> &'static str {
        match self {
            Class::Reads => "shows something and changes nothing",
            Class::Checks => "looks at the code and changes nothing",
            Class::Makes => "makes or formats files and deletes none",
            Class::Runs => "builds or tests with the project's code",
            Class::Asks => "asks GitHub and changes nothing there",
        }
    }
}

/// A harmless command.
pub struct Harmless {
    /// With `:*` whatever follows; else exactly this.
    pub pattern: &'static str,
    pub class: Class,
    /// Flags with which it would not be harmless: denied together with it.
    pub but: &'static [&'static str],
}

const fn harmless(class: Class, pattern: &'static str) -> Harmless {
    Harmless { pattern, class, but: &[] }
}

const fn but(class: Class, pattern: &'static str, but: &'static [&'static str]) -> Harmless {
    Harmless { pattern, class, but }
}

use Class::{Asks, Checks, Makes, Reads, Runs};

const CARGO: &[&str] = &["cargo *--config*"];
const GO: &[&str] =
    &["go * -exec*", "go * --exec*", "go * -toolexec*", "go * --toolexec*", "go * -vettool*", "go * --vettool*"];
const RUFF: &[&str] = &["ruff *--output-file*", "ruff * -o *"];
const UV_RUFF: &[&str] = &["uv run ruff *--output-file*", "uv run ruff * -o *"];

pub const HARMLESS: &[Harmless] = &[
    harmless(Reads, "git status:*"),
    but(Reads, "git diff:*", &["git diff *--out*", "git diff *--no-ind*", "git diff *--ext*"]),
    but(Reads, "git log:*", &["git log *--out*", "git log *--ext*"]),
    but(Reads, "git show:*", &["git show *--out*", "git show *--ext*"]),
    harmless(Reads, "git ls-files:*"),
    harmless(Reads, "git rev-parse:*"),
    harmless(Reads, "git describe:*"),
    harmless(Reads, "git merge-base:*"),
    harmless(Reads, "git rev-list:*"),
    harmless(Reads, "git branch"),
    harmless(Reads, "git branch -a"),
    harmless(Reads, "git branch -v"),
    harmless(Reads, "git branch -vv"),
    harmless(Reads, "git branch --show-current"),
    harmless(Reads, "git remote"),
    harmless(Reads, "git remote -v"),
    harmless(Reads, "git stash list"),
    harmless(Reads, "git worktree list"),
    harmless(Reads, "git tag"),
    harmless(Reads, "git reflog"),
    harmless(Reads, "ls:*"),
    harmless(Reads, "pwd"),
    harmless(Reads, "which:*"),
    harmless(Reads, "command -v:*"),
    harmless(Reads, "wc:*"),
    harmless(Reads, "du:*"),
    harmless(Reads, "df:*"),
    harmless(Reads, "stat:*"),
    harmless(Reads, "tree"),
    harmless(Reads, "tree -L 2"),
    harmless(Reads, "tr:*"),
    harmless(Reads, "basename:*"),
    harmless(Reads, "dirname:*"),
    harmless(Reads, "realpath:*"),
    harmless(Reads, "sort"),
    harmless(Reads, "sort -n"),
    harmless(Reads, "sort -rn"),
    harmless(Reads, "sort -u"),
    harmless(Reads, "uniq"),
    harmless(Reads, "uniq -c"),
    harmless(Reads, "sleep:*"),
    harmless(Reads, "true"),
    harmless(Reads, "test:*"),
    harmless(Reads, "date"),
    harmless(Reads, "whoami"),
    harmless(Reads, "id"),
    harmless(Reads, "hostname"),
    harmless(Reads, "uname:*"),
    harmless(Reads, "nproc"),
    harmless(Reads, "uptime"),
    harmless(Reads, "free:*"),
    harmless(Reads, "lscpu"),
    harmless(Reads, "nvidia-smi"),
    harmless(Reads, "nvidia-smi -L"),
    harmless(Reads, "squeue:*"),
    harmless(Reads, "sinfo:*"),
    harmless(Reads, "sacct:*"),
    harmless(Reads, "scontrol show:*"),
    harmless(Reads, "python --version"),
    harmless(Reads, "python3 --version"),
    harmless(Reads, "pip list"),
    harmless(Reads, "pip freeze"),
    harmless(Reads, "pip show:*"),
    harmless(Reads, "uv --version"),
    harmless(Reads, "uv pip list"),
    harmless(Reads, "uv tree"),
    harmless(Reads, "conda list"),
    harmless(Reads, "conda env list"),
    harmless(Reads, "node --version"),
    harmless(Reads, "npm --version"),
    harmless(Reads, "npm ls"),
    harmless(Reads, "npm list"),
    harmless(Reads, "rustc --version"),
    harmless(Reads, "cargo --version"),
    harmless(Reads, "go version"),
    harmless(Reads, "docker ps"),
    harmless(Reads, "docker images"),
    harmless(Reads, "docker compose ps"),
    harmless(Checks, "ruff check"),
    harmless(Checks, "ruff check ."),
    harmless(Checks, "ruff format --check:*"),
    harmless(Checks, "black --check:*"),
    harmless(Checks, "cargo fmt --check"),
    harmless(Checks, "cargo fmt --all --check"),
    harmless(Checks, "gofmt -l ."),
    harmless(Checks, "shellcheck:*"),
    harmless(Checks, "prettier --check ."),
    harmless(Makes, "mkdir:*"),
    harmless(Makes, "cargo fmt"),
    harmless(Makes, "cargo fmt --all"),
    but(Makes, "ruff check:*", RUFF),
    but(Makes, "uv run ruff check:*", UV_RUFF),
    but(Makes, "gofmt -l:*", &["gofmt *-cpuprofile*"]),
    harmless(Makes, "ruff format:*"),
    harmless(Makes, "uv run ruff format:*"),
    harmless(Makes, "black ."),
    harmless(Makes, "isort ."),
    but(Runs, "cargo check:*", CARGO),
    but(Runs, "cargo test:*", CARGO),
    but(Runs, "cargo nextest run:*", CARGO),
    but(Runs, "cargo clippy:*", CARGO),
    but(Runs, "cargo build:*", CARGO),
    but(Runs, "cargo doc:*", CARGO),
    but(Runs, "cargo tree:*", CARGO),
    but(Runs, "cargo metadata:*", CARGO),
    harmless(Runs, "pytest:*"),
    harmless(Runs, "python -m pytest:*"),
    harmless(Runs, "python3 -m pytest:*"),
    harmless(Runs, "uv run pytest:*"),
    harmless(Runs, "uv run mypy:*"),
    harmless(Runs, "mypy:*"),
    harmless(Runs, "pyright:*"),
    but(Runs, "go test:*", GO),
    but(Runs, "go vet:*", GO),
    but(Runs, "go build:*", GO),
    harmless(Runs, "npm test"),
    harmless(Runs, "npm run test"),
    harmless(Runs, "npm run lint"),
    harmless(Runs, "npm run build"),
    harmless(Runs, "npm run check"),
    harmless(Runs, "npm run typecheck"),
    harmless(Runs, "pnpm test"),
    harmless(Runs, "pnpm lint"),
    harmless(Runs, "pnpm build"),
    harmless(Runs, "pnpm typecheck"),
    harmless(Runs, "yarn test"),
    harmless(Runs, "yarn lint"),
    harmless(Runs, "yarn build"),
    harmless(Runs, "bun test"),
    harmless(Runs, "bun run test"),
    harmless(Runs, "bun run lint"),
    harmless(Runs, "bun run build"),
    harmless(Runs, "make test"),
    harmless(Runs, "make check"),
    harmless(Runs, "make lint"),
    harmless(Runs, "make build"),
    harmless(Runs, "just test"),
    harmless(Runs, "just check"),
    harmless(Runs, "just lint"),
    harmless(Runs, "mise run test"),
    harmless(Runs, "mise run lint"),
    harmless(Runs, "mise run check"),
    harmless(Asks, "git fetch"),
    harmless(Asks, "git fetch origin"),
    harmless(Asks, "gh pr view:*"),
    harmless(Asks, "gh pr list:*"),
    harmless(Asks, "gh pr diff:*"),
    harmless(Asks, "gh pr checks:*"),
    harmless(Asks, "gh issue view:*"),
    harmless(Asks, "gh issue list:*"),
    harmless(Asks, "gh run view:*"),
    harmless(Asks, "gh run list:*"),
    harmless(Asks, "gh repo view:*"),
];

/// Several rules for one reason.
pub struct Group {
    pub tool: &'static str,
    pub patterns: &'static [&'static str],
    pub why: &'static str,
}

const fn bash(why: &'static str, patterns: &'static [&'static str]) -> Group {
    Group { tool: "Bash", patterns, why }
}

/// What no preset lets happen.
pub const NEVER: &[Group] = &[
    bash(
        "writes over what others have pushed",
        &[
            "git push *--force*",
            "git push -f*",
            "git push * -f*",
            "git push * +*",
            "git push *--mirror*",
            "git push *--delete*",
            "git push -d *",
            "git push * -d *",
            "git -C * push *--force*",
            "git -C * push -f*",
            "git -C * push * -f*",
            "git -C * push * +*",
            "git -c * push *--force*",
            "git -c * push -f*",
            "git -c * push * -f*",
            "git -c * push * +*",
        ],
    ),
    bash(
        "throws away work that is not committed",
        &[
            "git reset --hard:*",
            "git reset * --hard:*",
            "git -C * reset --hard:*",
            "git clean -*f*",
            "git clean *--force*",
            "git -C * clean -*f*",
            "git checkout -f:*",
            "git checkout .",
            "git restore .",
            "git stash clear",
        ],
    ),
    bash(
        "destroys history",
        &[
            "git filter-branch:*",
            "git filter-repo:*",
            "git reflog expire:*",
            "git reflog delete:*",
            "git update-ref -d:*",
        ],
    ),
    bash(
        "deletes folders with all that is in them",
        &[
            "rm -rf*",
            "rm -fr*",
            "rm -Rf*",
            "rm -fR*",
            "rm -r -f*",
            "rm -f -r*",
            "rm --recursive*",
            "rm * -rf*",
            "rm * -fr*",
            "find *-delete*",
            "find * -exec rm*",
            "find * -execdir rm*",
            "shred:*",
            "rsync *--delete*",
        ],
    ),
    bash(
        "deletes data that lies elsewhere",
        &[
            "aws s3 rm:*",
            "aws s3 rb:*",
            "aws s3 sync *--delete*",
            "gsutil rm:*",
            "gsutil -m rm:*",
            "gcloud storage rm:*",
            "rclone purge:*",
            "rclone delete:*",
            "hf repo delete:*",
            "huggingface-cli repo delete:*",
            "gh repo delete:*",
            "kubectl delete:*",
            "terraform destroy:*",
            "dropdb:*",
            "docker volume rm:*",
            "docker volume prune:*",
            "docker system prune:*",
        ],
    ),
    bash("acts on the whole machine", &["sudo:*", "dd *of=*", "mkfs*", "wipefs:*", "chmod -R 777:*"]),
    bash("prints secrets", &["cat *.env", "cat *.ssh/*", "cat *.aws/*", "cat *.netrc", "cat *.git-credentials"]),
    Group {
        tool: "Read",
        patterns: &[
            "./.env",
            "./.env.*",
            "**/.env",
            "**/*.pem",
            "**/id_rsa",
            "**/id_ed25519",
            "~/.ssh/**",
            "~/.aws/**",
            "~/.config/gcloud/**",
            "~/.config/gh/**",
            "~/.netrc",
            "~/.git-credentials",
            "~/.cache/huggingface/token",
            "~/.kaggle/**",
        ],
        why: "holds secrets",
    },
];

/// What a person should see before it happens; where nobody is there, it does not.
pub const ASK: &[Group] = &[
    bash("goes to others", &["git push:*", "gh pr merge:*", "gh release create:*"]),
    bash("publishes", &["npm publish:*", "cargo publish:*", "twine upload:*", "uv publish:*", "docker push:*"]),
    bash("deletes", &["rm:*", "git branch -D:*", "git stash drop:*", "git worktree remove:*"]),
    bash("throws away changes", &["git restore:*", "git checkout -- *"]),
    bash("changes history", &["git rebase:*", "git commit *--amend*", "git commit *--no-verify*"]),
    bash("stops what runs", &["scancel:*", "kill:*", "pkill:*", "killall:*"]),
    bash("prints the environment, and the secrets in it", &["env", "printenv:*"]),
];

/// By what an agent could widen its own rules, or have git run something later.
pub const OWN_RULES: &[Group] = &[Group {
    tool: "Edit",
    patterns: &["/.claude/settings.json", "/.claude/settings.local.json", "/.git/hooks/**"],
    why: "would change the rules themselves, or what git runs",
}];

/// What reaches other machines.
pub const NETWORK: &[Group] =
    &[bash("reaches other machines", &["curl:*", "wget:*", "nc:*", "ssh:*", "scp:*", "sftp:*"])];

/// What brings other people's code in.
pub const INSTALLS: &[Group] = &[bash(
    "brings other people's code in",
    &[
        "pip install:*",
        "pip3 install:*",
        "uv pip install:*",
        "uv add:*",
        "npm install:*",
        "npm i:*",
        "pnpm add:*",
        "yarn add:*",
        "cargo add:*",
        "cargo install:*",
        "conda install:*",
        "brew install:*",
        "apt install:*",
        "apt-get install:*",
        "npx:*",
        "uvx:*",
    ],
)];

/// Commits, where each is to be looked at.
pub const COMMITS: &[Group] = &[bash("enters the history", &["git commit:*", "git add:*"])];

/// Whole tools that reach the web.
pub const WEB: &[Group] = &[
    Group {
        tool: "WebFetch",
        patterns: &[""],
        why: "reaches the web; a page may carry orders, an address may carry secrets",
    },
    Group { tool: "WebSearch", patterns: &[""], why: "reaches the web" },
];

/// Hosts of documentation that only its makers write.
pub const DOCUMENTATION: [&str; 14] = [
    "docs.rs",
    "doc.rust-lang.org",
    "docs.python.org",
    "docs.pytest.org",
    "numpy.org",
    "pytorch.org",
    "docs.pytorch.org",
    "jax.readthedocs.io",
    "docs.astral.sh",
    "developer.mozilla.org",
    "nodejs.org",
    "go.dev",
    "code.claude.com",
    "slurm.schedmd.com",
];

/// Why a command that is often asked stays so, by its program.
pub fn why_asked(name: &str) -> &'static str {
    let program = name.split(' ').next().unwrap_or(name);
    match program {
        "python" | "python3" | "node" | "bun" | "deno" | "ruby" | "perl" => "runs any code",
        "bash" | "sh" | "zsh" | "eval" | "source" | "." => "runs any command",
        "env" | "xargs" | "npx" | "uvx" | "docker" | "ssh" | "tmux" | "screen" | "watch" | "parallel" => {
            "runs what it is given"
        }
        "uv" | "poetry" | "pipx" | "mise" | "just" | "make" | "npm" | "pnpm" | "yarn" => "runs what the project names",
        "cat" | "head" | "tail" | "grep" | "rg" | "less" | "cut" | "find" | "fd" | "jq" => {
            "asked where it writes, or meets more than plain words"
        }
        "sed" | "awk" | "sort" | "tee" | "patch" => "can write files, and run commands",
        "git" | "gh" | "cp" | "mv" | "touch" | "chmod" | "ln" => "changes things",
        "curl" | "wget" | "scp" | "rsync" | "nc" => "reaches other machines",
        "pip" | "pip3" | "conda" | "brew" | "apt" | "apt-get" | "cargo" => "may bring other people's code in",
        "echo" | "printf" => "asked where it writes a file",
        "cd" => "asked where it stands beside git or leaves the folder",
        _ if program.contains('/') => "a script: what it does may change",
        _ => "not in the table of harmless commands",
    }
}
