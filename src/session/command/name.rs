//! What a command is called when it is counted: its program, its subcommand, and the flags that make it another thing.

use super::Command;

/// Programs that do nothing but run another, as far as counting goes.
const WRAPPERS: [&str; 9] = ["timeout", "time", "nice", "nohup", "stdbuf", "env", "command", "builtin", "exec"];

/// Programs of many commands: the first word that is no flag says which.
const MANY: [&str; 42] = [
    "apt",
    "apt-get",
    "aws",
    "brew",
    "bun",
    "bundle",
    "cargo",
    "claude",
    "codex",
    "conda",
    "deno",
    "docker",
    "dotnet",
    "gcloud",
    "gh",
    "git",
    "go",
    "gradle",
    "gsutil",
    "helm",
    "just",
    "kubectl",
    "make",
    "mamba",
    "mise",
    "npm",
    "npx",
    "pip",
    "pip3",
    "pipx",
    "pnpm",
    "poetry",
    "rclone",
    "rustup",
    "systemctl",
    "terraform",
    "tmux",
    "uv",
    "uvx",
    "yarn",
    "hf",
    "wandb",
];

/// Of these the second word says more: `npm run build`, `uv pip install`.
const DEEPER: [&str; 16] = [
    "npm run",
    "pnpm run",
    "yarn run",
    "bun run",
    "uv run",
    "uv pip",
    "poetry run",
    "gh pr",
    "gh issue",
    "gh run",
    "gh repo",
    "docker compose",
    "aws s3",
    "git stash",
    "git worktree",
    "git remote",
];

/// Flags before a subcommand that take a word with them.
const TAKES_WORD: [&str; 8] =
    ["-C", "-c", "--git-dir", "--work-tree", "--manifest-path", "-n", "--context", "--prefix"];

/// Whether a program of this name has commands of its own: `git`, `cargo`.
pub fn has_subcommands(program: &str) -> bool {
    MANY.contains(&program)
}

impl Command {
    /// The words without wrappers (`timeout 30`, `env A=1`, `nohup`), the program by its name alone.
    pub fn bare_words(&self) -> Vec<&str> {
        let mut words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        while let Some(first) = words.first().map(|first| base(first)) {
            if !WRAPPERS.contains(&first) || words.len() == 1 {
                break;
            }
            let is_duration = |word: &str| word.starts_with(|letter: char| letter.is_ascii_digit());
            let own = words[1..].iter().take_while(|word| {
                word.starts_with('-')
                    || word.contains('=')
                    || first == "timeout" && is_duration(word)
                    || first == "nice" && is_duration(word)
            });
            let own = own.count();
            words.drain(..=own);
        }
        if let Some(first) = words.first_mut()
            && first.starts_with('/')
        {
            *first = base(first);
        }
        words
    }

    /// The program; `git` of `/usr/bin/git -C x push`.
    pub fn program(&self) -> Option<&str> {
        self.bare_words().first().copied()
    }

    /// The subcommand, and what follows it; without flags that stand before it.
    pub fn subcommand(&self) -> Option<(&str, Vec<&str>)> {
        let words = self.bare_words();
        let program = *words.first()?;
        let mut rest = words[1..].iter().copied();
        if matches!(program, "python" | "python3") {
            // `python -m pytest` is as good as `pytest`.
            let first = rest.next()?;
            let rest: Vec<&str> = rest.collect();
            return (first == "-m")
                .then(|| rest.split_first())
                .flatten()
                .map(|(module, rest)| (*module, rest.to_vec()));
        }
        if !MANY.contains(&program) {
            return None;
        }
        while let Some(word) = rest.next() {
            match word {
                _ if TAKES_WORD.contains(&word) => drop(rest.next()),
                _ if word.starts_with(['-', '+']) => {}
                _ => return Some((word, rest.collect())),
            }
        }
        None
    }

    /// `git push --force`, `rm -rf`, `cargo test`, `python -m pytest`: never an argument that names a file or a person's own thing,
    /// but for targets of `make` and names of scripts. None where there is no program.
    pub fn name(&self) -> Option<String> {
        let words = self.bare_words();
        let program = *words.first().filter(|program| is_name(program))?;
        let mut name = program.to_owned();
        let mut rest = words[1..].to_vec();
        if let Some((subcommand, after)) = self.subcommand().filter(|(subcommand, _)| is_name(subcommand)) {
            let module = if program.starts_with("python") { "-m " } else { "" };
            name = format!("{program} {module}{subcommand}");
            rest = after;
            if DEEPER.contains(&name.as_str())
                && let Some(next) = rest.iter().position(|word| !word.starts_with('-')).filter(|at| is_name(rest[*at]))
            {
                name = format!("{name} {}", rest[next]);
                rest.drain(..=next);
            }
        }
        for flag in telling_flags(&name, &rest) {
            name.push(' ');
            name.push_str(flag);
        }
        Some(name)
    }
}

/// The flags without which the command would be another thing.
fn telling_flags(name: &str, words: &[&str]) -> Vec<&'static str> {
    let has = |flags: &[&str]| words.iter().any(|word| flags.contains(word));
    // `-rf`, `-fr` and `-r -f` are the same.
    let letters = |letter: char| {
        words.iter().any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains(letter))
    };
    let mut flags = Vec::new();
    let mut add = |is: bool, flag: &'static str| flags.extend(is.then_some(flag));
    match name {
        "git push" => {
            let is_forced =
                letters('f') || words.iter().any(|word| word.starts_with("--force") || word.starts_with('+'));
            add(is_forced, "--force");
            add(has(&["--delete", "-d"]), "--delete");
        }
        "git reset" => add(has(&["--hard"]), "--hard"),
        "git clean" => add(letters('f') || has(&["--force"]), "-f"),
        "git commit" => {
            add(has(&["--amend"]), "--amend");
            add(has(&["--no-verify", "-n"]), "--no-verify");
        }
        "git add" => add(has(&["-A", "--all", "."]), "-A"),
        "git checkout" => add(has(&["--"]), "--"),
        "git branch" => add(has(&["-D"]), "-D"),
        "rm" => match (letters('r') || letters('R') || has(&["--recursive"]), letters('f') || has(&["--force"])) {
            (true, true) => add(true, "-rf"),
            (true, false) => add(true, "-r"),
            _ => {}
        },
        "sed" => add(words.iter().any(|word| word.starts_with("-i") || *word == "--in-place"), "-i"),
        "find" => {
            add(has(&["-delete"]), "-delete");
            add(has(&["-exec", "-execdir", "-ok"]), "-exec");
        }
        "python" | "python3" | "bash" | "sh" | "zsh" => add(has(&["-c", "-lc"]), "-c"),
        "node" | "perl" | "ruby" => add(has(&["-e"]), "-e"),
        _ => {}
    }
    flags
}

fn base(word: &str) -> &str {
    word.rsplit('/').next().filter(|base| !base.is_empty()).unwrap_or(word)
}

/// A word that can be a program's or a subcommand's: no variable, no pattern, nothing long.
fn is_name(word: &str) -> bool {
    !word.is_empty()
        && word.len() <= 60
        && word.starts_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '.' || letter == '_')
        && word.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-/:+@".contains(letter))
}

#[cfg(test)]
mod tests {
    use super::super::split;

    #[test]
    fn a_command_has_one_name_however_it_was_typed() {
        for (line, name) in [
            ("git push -f origin main", Some("git push --force")),
            ("git -C /w/atlas push origin +main", Some("git push --force")),
            ("git push --force-with-lease", Some("git push --force")),
            ("/usr/bin/git -c user.name=x status --short", Some("git status")),
            ("timeout 30 cargo test --locked", Some("cargo test")),
            ("cargo +nightly test", Some("cargo test")),
            ("env A=1 B=2 nohup rm -r -f build", Some("rm -rf")),
            ("FOO=1 rm -fr x", Some("rm -rf")),
            ("rm notes.txt", Some("rm")),
            ("python3 -m pytest tests/test_loader.py", Some("python3 -m pytest")),
            ("python -c 'print(1)'", Some("python -c")),
            ("python train.py --lr 1e-4", Some("python")),
            ("npm run build", Some("npm run build")),
            ("uv run --frozen pytest -x", Some("uv run pytest")),
            ("git reset --hard HEAD~1", Some("git reset --hard")),
            ("git clean -fdx", Some("git clean -f")),
            ("./scripts/deploy.sh prod", Some("./scripts/deploy.sh")),
            ("sed -i.bak s/a/b/ x", Some("sed -i")),
            ("find . -name '*.py' -delete", Some("find -delete")),
            ("$TOOL x", None),
            ("A=1", None),
            ("timeout", Some("timeout")),
        ] {
            let found = split(line).commands.first().and_then(|command| command.name());
            assert_eq!(found.as_deref(), name, "{line}");
        }
    }
}
